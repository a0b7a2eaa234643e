//! What a user proves an identity with: [`PasswordVerifier`] and [`SecondFactor`].
//!
//! Neither prints, serialises or gives back what it was made from.

use std::fmt;
use std::num::NonZeroU32;

use ring::{hmac, pbkdf2};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroize as _;

use crate::base::{Lifetime, Secret, Timestamp};

/// Octets of a verifier's hash.
const HASH_LEN: usize = 32;

/// A password, kept as PBKDF2-HMAC-SHA256 of it (RFC 8018 section 5.2).
///
/// # Simulated
/// Entra does not say how it keeps passwords.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordVerifier {
    salt: Vec<u8>,
    hash: Secret<[u8; HASH_LEN]>,
    iterations: NonZeroU32,
}

/// Why the parts of a verifier or of a second factor were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialFault {
    /// The hash is not base64url of exactly 32 octets.
    #[error("the hash is not base64url of 32 octets")]
    Hash,
    /// The iteration count is 0 or above [`PasswordVerifier::MAX_ITERATIONS`].
    #[error("{0} iterations are not between 1 and 1000000")]
    Iterations(u32),
    /// The salt is not base64url of 8 to 64 octets.
    #[error("the salt is not base64url of 8 to 64 octets")]
    Salt,
    /// The shared secret is not base64url of 16 to 64 octets.
    #[error("the shared secret is not base64url of 16 to 64 octets")]
    SharedSecret,
}

impl PasswordVerifier {
    /// The lab's iteration count. It is low on purpose: scenarios sign in many users in
    /// simulated time, and nobody guards anything with these passwords. A product needs
    /// several hundred thousand.
    pub const DEFAULT_ITERATIONS: NonZeroU32 = NonZeroU32::MIN.saturating_add(999);

    /// The largest count that a directory file may ask for, so that a hostile file cannot stop
    /// the provider with one sign-in.
    pub const MAX_ITERATIONS: u32 = 1_000_000;

    /// The verifier of `password`.
    #[must_use]
    pub fn make(password: &Secret<String>, salt: &[u8; 16], iterations: NonZeroU32) -> Self {
        let mut hash = [0; HASH_LEN];
        let password = password.expose_secret().as_bytes();
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, iterations, salt, password, &mut hash);
        let kept = Self { salt: salt.to_vec(), hash: Secret::new(hash), iterations };
        hash.zeroize();
        kept
    }

    /// A verifier from a directory file.
    pub(super) fn from_parts(
        salt: Vec<u8>,
        hash: &[u8],
        iterations: u32,
    ) -> Result<Self, CredentialFault> {
        if !(8..=64).contains(&salt.len()) {
            return Err(CredentialFault::Salt);
        }
        let hash: [u8; HASH_LEN] = hash.try_into().map_err(|_| CredentialFault::Hash)?;
        let iterations = NonZeroU32::new(iterations)
            .filter(|count| count.get() <= Self::MAX_ITERATIONS)
            .ok_or(CredentialFault::Iterations(iterations))?;
        Ok(Self { salt, hash: Secret::new(hash), iterations })
    }

    /// Whether `password` is the one; the comparison takes the same time for every wrong one.
    #[must_use]
    pub fn matches(&self, password: &Secret<String>) -> bool {
        pbkdf2::verify(
            pbkdf2::PBKDF2_HMAC_SHA256,
            self.iterations,
            &self.salt,
            password.expose_secret().as_bytes(),
            self.hash.expose_secret(),
        )
        .is_ok()
    }
}

impl fmt::Debug for PasswordVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PasswordVerifier(<redacted>, {} iterations)", self.iterations)
    }
}

/// A one-time password generator shared with the user: RFC 6238 with HMAC-SHA-256, steps of 30
/// seconds and six digits.
///
/// # Simulated
/// It stands for whatever second factor a tenant uses. It keeps no memory: that a code is good once
/// only (RFC 6238 section 5.2) is for the provider to see to, until [`SecondFactor::good_until`].
#[derive(Clone, Debug)]
pub struct SecondFactor {
    shared_secret: Secret<Vec<u8>>,
}

/// Seconds of one time step (RFC 6238 section 4.1).
const STEP: i64 = 30;

impl SecondFactor {
    /// A generator over a shared secret of 16 to 64 octets.
    ///
    /// # Errors
    /// [`CredentialFault::SharedSecret`] for any other length.
    pub fn from_octets(shared_secret: &[u8]) -> Result<Self, CredentialFault> {
        if !(16..=64).contains(&shared_secret.len()) {
            return Err(CredentialFault::SharedSecret);
        }
        Ok(Self { shared_secret: Secret::new(shared_secret.to_vec()) })
    }

    /// The code the user would type at `now`: six decimal digits.
    #[must_use]
    pub fn code(&self, now: Timestamp) -> String {
        format!("{:06}", self.number(step_of(now)) % 1_000_000)
    }

    /// The last second at which `code` is right, if it is right at `now`: it is the code of its step
    /// and of the one after (RFC 6238 section 5.2: one step for the delay of the network).
    #[must_use]
    pub fn good_until(&self, code: &str, now: Timestamp) -> Option<Timestamp> {
        let step = step_of(now);
        let is = |step: u64| {
            let right = format!("{:06}", self.number(step) % 1_000_000);
            bool::from(right.as_bytes().ct_eq(code.as_bytes()))
        };
        // No short cut: both are compared whichever of them is right.
        match (is(step), is(step.saturating_sub(1))) {
            (true, _) => Some(last_second_of(step.saturating_add(1))),
            (false, true) => Some(last_second_of(step)),
            (false, false) => None,
        }
    }

    /// The first second of the step after that of `now`: from then on another code is shown.
    #[must_use]
    pub fn next_code_at(now: Timestamp) -> Timestamp {
        last_second_of(step_of(now)) + Lifetime::from_secs(1)
    }

    /// The 31-bit number of a step (RFC 4226 section 5.3, dynamic truncation).
    fn number(&self, step: u64) -> u32 {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.shared_secret.expose_secret());
        let mac = hmac::sign(&key, &step.to_be_bytes());
        let mac = mac.as_ref();
        let offset = usize::from(mac.last().copied().unwrap_or(0) & 0x0f);
        let four = mac.iter().skip(offset).take(4);
        four.fold(0, |number, &octet| number << 8 | u32::from(octet)) & 0x7fff_ffff
    }
}

/// Time steps since the epoch; times before it count as step 0.
fn step_of(now: Timestamp) -> u64 {
    u64::try_from(now.as_unix() / STEP).unwrap_or(0)
}

/// The last second of a step.
fn last_second_of(step: u64) -> Timestamp {
    let after = i64::try_from(step).unwrap_or(i64::MAX).saturating_add(1).saturating_mul(STEP);
    Timestamp::from_unix(after.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verifier(password: &str) -> PasswordVerifier {
        PasswordVerifier::make(&password.into(), &[7; 16], PasswordVerifier::DEFAULT_ITERATIONS)
    }

    #[test]
    fn a_password_matches_its_own_verifier_only() {
        let kept = verifier("correct horse");
        assert!(kept.matches(&"correct horse".into()));
        for wrong in ["", "correct horse ", "Correct horse", "battery staple"] {
            assert!(!kept.matches(&wrong.into()), "{wrong:?}");
        }
        assert_eq!(format!("{kept:?}"), "PasswordVerifier(<redacted>, 1000 iterations)");
    }

    /// Compiles as long as neither type has one of these traits: where one does, both impls of
    /// `Absent` fit and the call is ambiguous.
    #[test]
    fn credentials_have_no_way_out() {
        macro_rules! assert_lacks {
            ($type:ty: $($forbidden:path),+) => {$({
                struct Has;
                trait Absent<Marker> {
                    fn holds() {}
                }
                impl<T: ?Sized> Absent<()> for T {}
                impl<T: ?Sized + $forbidden> Absent<Has> for T {}
                <$type as Absent<_>>::holds();
            })+};
        }
        assert_lacks!(PasswordVerifier: serde::Serialize, fmt::Display, AsRef<[u8]>);
        assert_lacks!(PasswordVerifier: std::ops::Deref, Copy);
        assert_lacks!(SecondFactor: serde::Serialize, fmt::Display, AsRef<[u8]>);
        assert_lacks!(SecondFactor: std::ops::Deref, Copy);
    }

    /// Made with CPython's `hashlib.pbkdf2_hmac("sha256", b"lab", b"0123456789abcdef", 3)`.
    #[test]
    fn it_is_pbkdf2_with_hmac_sha256() {
        let hash = "WC5QOhb0dcLZiKtuoINAeqIBlitZ2O-uDF3MN-45zFs";
        let hash = crate::base::b64::decode_url(hash).unwrap();
        let salt = b"0123456789abcdef".to_vec();
        let kept = PasswordVerifier::from_parts(salt, &hash, 3).unwrap();
        assert!(kept.matches(&"lab".into()) && !kept.matches(&"lab2".into()));
    }

    #[test]
    fn parts_out_of_bounds_are_refused() {
        let parts = PasswordVerifier::from_parts;
        assert_eq!(parts(vec![0; 7], &[0; 32], 1).unwrap_err(), CredentialFault::Salt);
        assert_eq!(parts(vec![0; 65], &[0; 32], 1).unwrap_err(), CredentialFault::Salt);
        assert_eq!(parts(vec![0; 8], &[0; 31], 1).unwrap_err(), CredentialFault::Hash);
        assert_eq!(parts(vec![0; 8], &[0; 32], 0).unwrap_err(), CredentialFault::Iterations(0));
        let too_many = PasswordVerifier::MAX_ITERATIONS + 1;
        let fault = parts(vec![0; 8], &[0; 32], too_many).unwrap_err();
        assert_eq!(fault, CredentialFault::Iterations(too_many));
        assert!(parts(vec![0; 64], &[0; 32], PasswordVerifier::MAX_ITERATIONS).is_ok());
        for length in [15, 65] {
            let fault = SecondFactor::from_octets(&vec![0; length]).unwrap_err();
            assert_eq!(fault, CredentialFault::SharedSecret);
        }
    }

    /// RFC 6238 appendix B, the SHA-256 rows: eight digits there, the last six of them here.
    #[test]
    fn codes_are_those_of_rfc_6238() {
        let factor = SecondFactor::from_octets(b"12345678901234567890123456789012").unwrap();
        for (seconds, eight) in [
            (59, "46119246"),
            (1_111_111_109, "68084774"),
            (1_111_111_111, "67062674"),
            (1_234_567_890, "91819424"),
            (2_000_000_000, "90698825"),
            (20_000_000_000, "77737706"),
        ] {
            let now = Timestamp::from_unix(seconds);
            let number = factor.number(step_of(now));
            assert_eq!(format!("{:08}", number % 100_000_000), eight, "{seconds}");
            assert_eq!(factor.code(now), eight[2..], "{seconds}");
        }
    }

    #[test]
    fn a_code_is_good_for_its_step_and_the_next() {
        let factor = SecondFactor::from_octets(&[9; 20]).unwrap();
        let at = |seconds| Timestamp::from_unix(seconds);
        let code = factor.code(at(3000));
        for (seconds, good) in
            [(2999, false), (3000, true), (3029, true), (3059, true), (3060, false)]
        {
            let until = good.then(|| at(3059));
            assert_eq!(factor.good_until(&code, at(seconds)), until, "{seconds}");
        }
        for wrong in [String::new(), format!("{code}0")] {
            assert_eq!(factor.good_until(&wrong, at(3000)), None);
        }
        assert_eq!(SecondFactor::next_code_at(at(3000)), at(3030));
        assert_eq!(SecondFactor::next_code_at(at(3029)), at(3030));
        assert_eq!(factor.code(at(-1)), factor.code(at(0)));
        assert!(!format!("{factor:?}").contains('9'));
    }
}
