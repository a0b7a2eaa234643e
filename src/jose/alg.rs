//! [`SignatureAlgorithm`]: the JWS algorithms a key of this lab can have.

use std::fmt;

/// A registered JWS algorithm (RFC 7518 section 3.1). RS256 has its place here and no code yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum SignatureAlgorithm {
    /// ECDSA with P-256 and SHA-256; the signature is r and s, 64 octets (RFC 7518 section 3.4).
    Es256,
    /// HMAC with SHA-256; the MAC is 32 octets (RFC 7518 section 3.2).
    Hs256,
}

impl SignatureAlgorithm {
    /// The `alg` text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Hs256 => "HS256",
        }
    }
}

impl fmt::Display for SignatureAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
