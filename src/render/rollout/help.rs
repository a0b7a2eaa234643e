//! The sentence for the help desk: what to tell a user whose sign-in is refused, and what to do.
//!
//! The text that the user sees never names the cause, so the desk needs it by cause.
//!
//! # Source
//! conditional-access 1.5 (self-remedies), 9 (pitfalls).

use crate::render::remedy;
use crate::rollout::{CauseRow, Method, Trouble};

/// What to tell the user.
pub(super) fn tell(cause: &CauseRow) -> &'static str {
    use Trouble as T;
    match cause.trouble {
        T::AppOutsideBroker => {
            "your computer is fine; this app signs in on its own and cannot prove which computer \
             it runs on"
        }
        T::AppTooOld => "your computer is fine; this release of the app is too old, update it",
        T::GuestWithoutTrust => {
            "the organisation that you visit cannot check your computer; your password is fine"
        }
        T::LegacyMail => "this mail program sends your password; use Outlook or a browser instead",
        T::LegacyRegistration => {
            "this computer was connected to the organisation without a fresh sign-in; disconnect \
             the account and add it again"
        }
        T::OldSystem => {
            "this operating system is too old; use another computer until it is updated"
        }
        T::Ordinary => "an earlier request of this sign-in was refused; sign in again",
        T::OtherPlatform => "this system cannot prove that it is yours; use the browser for now",
        T::PooledDesktop => {
            "your virtual desktop was reset and is not registered yet; sign out and in again in a \
             few minutes"
        }
        T::PortalElsewhere | T::UnregisteredJumpBox => {
            "this machine is not registered with the organisation; use your own computer or a \
             registered jump box"
        }
        T::ServerNotHybrid => {
            "this server is joined in a way that is not supported; use your own computer"
        }
        T::SharedAccount => {
            "this computer is registered for somebody else; add your own account to it first"
        }
        T::SoftwareKey => "this device keeps its key outside the hardware; sign in once more",
        T::Unmanaged => {
            "this computer is not registered with the organisation; use a company computer, or \
             register this one"
        }
        T::UnmanagedApple => "this device is not managed by the organisation; enrol it first",
        T::UnsupportedKind => "this room device cannot do it; nothing is wrong with your account",
        T::UnsupportedMethod(Method::AvdSessionHost | Method::CloudPc) => {
            "your virtual desktop was set up in a way that is not supported; use your own computer"
        }
        T::UnsupportedMethod(_) => {
            "this machine was set up in a way that is not supported; use your own computer"
        }
    }
}

/// What the desk does.
pub(super) fn act(cause: &CauseRow) -> String {
    let general = remedy::status_advice(cause.status);
    match cause.trouble {
        Trouble::GuestWithoutTrust => {
            "ask whether the guest's home device is compliant, and whether its tenant is trusted"
                .to_owned()
        }
        Trouble::PooledDesktop => {
            "look at the device ids of this user's sign-ins: they change; let the image register \
             itself before users sign in"
                .to_owned()
        }
        _ => general.to_owned(),
    }
}
