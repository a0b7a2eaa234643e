//! What an administrator would do: advice for each check and each binding status.
//!
//! The match has no wildcard, so a new check does not compile until someone decides what to advise.
//!
//! # Source
//! conditional-access 1.5 (self-remedies) and 1.6; Entra troubleshooting of token protection.

use crate::base::Check;

/// What a binding status code means, as a sentence.
///
/// # Source
/// conditional-access 1.5.
#[must_use]
pub const fn status_meaning(code: u16) -> &'static str {
    match code {
        0 => "Bound: the request proved possession of the device's key.",
        1002 => "Unbound: no registered or joined device was shown.",
        1003 => {
            "Unbound: the device's registration is of a kind that is not supported, or needs a fresh \
             sign-in first."
        }
        1004 => "Unbound: the device's key is not in hardware.",
        1005 => "Unbound, for no reason that has a code of its own.",
        1006 => "Unbound: the operating system is too old or not supported.",
        1007 => "Unbound: the key is not in hardware, and the user does not own the device.",
        1008 => "Unbound: the app does not go through the broker.",
        _ => "A code that no source documents.",
    }
}

/// What an administrator would do about a refusal by this check; `status` is the binding status of
/// its record, if it left one.
#[must_use]
pub const fn advice(check: Check, status: Option<u16>) -> &'static str {
    match (check, status) {
        (Check::PolicyTokenProtection, Some(code)) => status_advice(code),
        (check, _) => of_check(check),
    }
}

/// What an administrator would do about requests with this binding status.
///
/// # Source
/// conditional-access 1.5.
#[must_use]
pub const fn status_advice(code: u16) -> &'static str {
    match code {
        1002 => {
            "find the sign-in by its correlation id; a real user registers or joins the device; \
             if it was nobody's device, revoke the user's tokens"
        }
        1003 => {
            "on Windows register the device again, signing in freshly, or exclude its kind by a \
             device filter; on Apple let the user sign in again once"
        }
        1004 => "let the user sign in again once, so that a key in hardware is made",
        1006 => "upgrade the operating system, or leave its platform out of the policy",
        1007 => "let the owner upgrade, or register the device to this user again",
        1008 => "move the user to a version of the app that goes through the broker",
        _ => "find the sign-in by its correlation id; an earlier request of it tells more",
    }
}

const fn of_check(check: Check) -> &'static str {
    use Check as C;
    match check {
        C::PolicyTokenProtection => "find the sign-in by its correlation id and read its status",
        C::PolicyGrants => {
            "read which policy and control failed in the sign-in record; a real user meets the \
             control, a thief cannot"
        }
        C::SignInTainted => "nothing for a real user: a new sign-in starts clean",

        C::MessageShape | C::JwsShape | C::HeaderAlgorithm | C::HeaderCritical => {
            "nothing: no client of the vendor sends this; note where it came from"
        }
        C::MemoryRoom => {
            "look for a flood of requests: the provider refuses rather than forget what it needs to \
             know; room comes back as tokens grow too old"
        }
        C::ResponseUnreadable => {
            "the provider saw a good request and answered: look for its sign-in record, and revoke \
             the user's tokens, since somebody replays them"
        }
        C::NonceMissing | C::NonceIssued | C::NonceFresh => {
            "nothing for a real client, which asks for a new nonce; many of these from one address \
             are a replay"
        }
        C::NonceUnused | C::PrtUseJti => "look for the first use: somebody recorded this request",

        C::UserPassword | C::UserSecondFactor => "watch for more of these against the same user",
        C::UserSecondFactorUnused => {
            "ask the user whether both sign-ins were theirs: one may have been watched or relayed; a \
             real user waits for the next code"
        }
        C::UserEnabled => "nothing: the account is disabled or gone, as it was meant to be",
        C::DeviceKnown | C::DeviceEnabled => {
            "nothing if the device was removed on purpose; otherwise register it again"
        }

        C::RegistrationToken | C::RegistrationNonce | C::RegistrationDeviceKey => {
            "nothing: a real client signs in again and repeats the registration"
        }
        C::RegistrationKeysDiffer | C::RegistrationJoinType => {
            "look at the client: this is no bug of a user"
        }
        C::RegistrationQuota => "remove devices that the user no longer has, or raise the quota",
        C::RegistrationReplace | C::RegistrationRemoval => {
            "disable the device and ask its user: somebody tried to take it over"
        }
        C::UserKeyStrongAuth => "let the user give a second factor first",

        C::PrtRequestPurpose | C::PrtRequestProtocol | C::PrtUseProtocol | C::PrtUsePurpose => {
            "look at the client: it was altered, or is too old or too new for this provider"
        }
        C::PrtRequestSignature | C::PrtUseMac | C::PrtUseDeviceSignature => {
            "revoke the user's tokens and look at the device: a token of it was used without its key"
        }
        C::PrtRequestBrokerToken | C::PrtKind => {
            "revoke the user's tokens: one was tried as another"
        }
        C::AssertionSignature | C::AssertionNonce | C::AssertionTimes => {
            "remove the user key if its device is lost, and let the user register a new one"
        }
        C::PrtUseCtx | C::PrtUseTimes => {
            "look at the client: it was altered, or its clock is wrong"
        }
        C::PrtUseKdfVersion => {
            "update the client; version 1 would let one derived key sign anything for its PRT"
        }
        C::PrtUnseal => "nothing: the token is not one of this provider",
        C::PrtExpired | C::BrokerTokenExpired | C::RefreshExpired | C::CodeExpired => {
            "nothing: a real user signs in again"
        }
        C::ClientKnown | C::ResourceKnown => "register the application, if it should be known",
        C::FamilyLive | C::TokensNotRevoked | C::PasswordUnchanged => {
            "nothing: the revocation works; the user signs in again"
        }

        C::BrokerTokenBinding => {
            "revoke the user's tokens: one that is bound to a device was tried without its key"
        }
        C::BrokerTokenNoPrt | C::BrokerTokenResource => {
            "look at the client that asked: it wants more than its token was issued for"
        }
        C::BrokerTokenClient | C::RefreshClient | C::CodeClient => {
            "look at the client that asked: it shows a token of another one"
        }
        C::RefreshUnused | C::CodeUnused => {
            "ask the user to sign in again: somebody else has a copy of what was used before"
        }
        C::RedirectUri | C::CodeRedirectUri => "register the redirect URI, if it is the app's own",
        C::PkceRequired | C::CodePkce => "look at the client: it must send its own code challenge",
        C::BrowserPurpose | C::DeviceCredentialPurpose => {
            "nothing: a signed text was tried where another was meant"
        }
        C::DeviceCredentialSignature => {
            "look at the device: somebody signs for it with another key"
        }

        C::CodeDpopKey | C::RefreshDpopKey => {
            "revoke the user's tokens: a code or refresh token was tried without its DPoP key"
        }
        C::DpopDemanded | C::DpopDemandedOfClient => {
            "update the client, or switch DPoP on in it: bearer tokens are not given out here"
        }
        C::CertificateDemanded => {
            "look at the client and what ends its TLS: its certificate did not arrive"
        }
        C::RegistrationTokenProof => {
            "revoke the user's tokens: a token for the registration service was tried without its key"
        }

        C::AccessTokenSignature | C::AccessTokenType | C::AccessTokenIssuer => {
            "nothing: the resource refuses what this provider did not issue"
        }
        C::AccessTokenAudience => "look at the client: it shows a token for another resource",
        C::AccessTokenLifetime => "nothing: a real client gets a new access token",
        C::AccessTokenBound => {
            "nothing, once tokens from before the change have expired; then look at the client: it \
             shows a token that nobody should have issued"
        }
        C::AccessTokenConfirmation => {
            "look at the resource: tokens made for it are bound in a way that it cannot check"
        }

        C::DpopProofPresent
        | C::DpopTokenHashPresent
        | C::DpopTokenHash
        | C::DpopBoundKey
        | C::DpopScheme
        | C::CertificateBound => {
            "revoke the user's tokens if it was nobody's client: a bound token was tried without \
             its key"
        }
        C::DpopOneProof
        | C::DpopProofSize
        | C::DpopProofShape
        | C::DpopCritical
        | C::DpopMembers
        | C::DpopJtiSize
        | C::DpopType
        | C::DpopAlgorithm
        | C::DpopKey
        | C::DpopKeyUse
        | C::DpopSignature
        | C::DpopKeyPublic
        | C::DpopTokenHashAbsent => {
            "look at the client: its proofs are none, or something altered them on the way"
        }
        C::DpopMethod => {
            "look at the client: it sends a proof with a method for which it was not made; if it \
             does not, somebody else tried the proof"
        }
        C::DpopUri => {
            "compare the public URI that the server is configured with; else a proof was tried \
             at an address for which it was not made"
        }
        C::DpopNoncePresent | C::DpopNonce => {
            "nothing: a real client calls again with the nonce of the answer"
        }
        C::DpopAge | C::DpopAhead | C::DpopExpiry | C::DpopNotBefore => {
            "look at the clock of the device; proofs kept for later are refused for this as well"
        }
        C::DpopTokenBound => "look at the client: it shows a bearer token under the DPoP scheme",
        C::DpopReplay => "nothing: the first use was served; find out who sends requests again",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_protection_is_advised_by_status() {
        assert_ne!(
            advice(Check::PolicyTokenProtection, Some(1002)),
            advice(Check::PolicyTokenProtection, Some(1008))
        );
        assert_eq!(advice(Check::PrtUseMac, Some(1002)), advice(Check::PrtUseMac, None));
    }

    #[test]
    fn another_method_and_another_address_are_told_apart() {
        let (method, uri) = (advice(Check::DpopMethod, None), advice(Check::DpopUri, None));
        assert!(method.contains("method") && !method.contains("URI"), "{method}");
        assert!(uri.contains("URI") && !uri.contains("method"), "{uri}");
    }

    #[test]
    fn every_advice_is_a_sentence_without_a_full_stop() {
        for check in Check::ALL {
            let advice = advice(*check, None);
            assert!(!advice.is_empty() && !advice.ends_with('.'), "{check}");
        }
    }
}
