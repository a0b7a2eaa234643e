//! People: what a user knows and carries, which no machine stores.

use crate::base::id::UserId;
use crate::base::stream::{Stream, octets};
use crate::base::time::ManualClock;
use crate::base::{Lifetime, Secret, Timestamp, b64};
use crate::directory::{CredentialFault, PasswordVerifier, SecondFactor};
use crate::wire::authorize::Login;

/// PBKDF2 rounds of the lab's own passwords: few, so that a run stays quick.
const ITERATIONS: std::num::NonZeroU32 = std::num::NonZeroU32::MIN.saturating_add(999);

/// A user as a person.
pub(super) struct Person {
    pub(super) id: UserId,
    /// The full user principal name.
    pub(super) upn: String,
    password: Secret<String>,
    second_factor: SecondFactor,
    /// When the code that was typed last is replaced by another.
    next_code: Timestamp,
}

impl Person {
    /// A person with a password and a second factor drawn from `rng`.
    pub(super) fn new(id: UserId, upn: &str, rng: &mut Stream) -> Result<Self, CredentialFault> {
        Ok(Self {
            id,
            upn: upn.to_owned(),
            password: draw_password(rng),
            second_factor: SecondFactor::from_octets(&octets::<32>(rng))?,
            next_code: Timestamp::from_unix(0),
        })
    }

    /// What the directory may know of the second factor: all of it, it is a shared secret.
    pub(super) const fn second_factor(&self) -> &SecondFactor {
        &self.second_factor
    }

    /// What the directory may know of the password.
    pub(super) fn verifier(&self, rng: &mut Stream) -> PasswordVerifier {
        PasswordVerifier::make(&self.password, &octets::<16>(rng), ITERATIONS)
    }

    /// Picks a new password.
    pub(super) fn change_password(&mut self, rng: &mut Stream) {
        self.password = draw_password(rng);
    }

    /// The password, typed.
    pub(super) const fn password(&self) -> &Secret<String> {
        &self.password
    }

    /// The code that the second factor shows. A code is good once, so a person who has typed this
    /// one already waits for the next.
    pub(super) fn second_factor_code(&mut self, clock: &mut ManualClock) -> String {
        let wait = self.next_code.seconds_since(clock.now());
        clock.advance_by(Lifetime::from_secs(u32::try_from(wait).unwrap_or(0)));
        self.next_code = SecondFactor::next_code_at(clock.now());
        self.second_factor.code(clock.now())
    }

    /// What the person types into a sign-in page.
    pub(super) fn login(&mut self, clock: &mut ManualClock, with_second_factor: bool) -> Login {
        let otc = with_second_factor.then(|| Secret::new(self.second_factor_code(clock)));
        Login { username: self.upn.clone(), password: self.password.clone(), otc }
    }
}

fn draw_password(rng: &mut Stream) -> Secret<String> {
    Secret::new(format!("pw-{}", b64::encode_url(octets::<12>(rng))))
}
