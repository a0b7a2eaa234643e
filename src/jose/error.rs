//! [`Error`]: every reason this room refuses a text or a key for.

use super::alg::SignatureAlgorithm;

/// Why a JWS, JWE, key, `ctx` or sealed text was refused. No variant carries any part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The compact text is longer than is looked at.
    #[error("the compact text is longer than {limit} octets")]
    TooLong {
        /// The limit in octets.
        limit: usize,
    },
    /// The compact text has more or fewer parts than its kind.
    #[error("the compact text does not have {expected} parts")]
    PartCount {
        /// How many parts the kind has.
        expected: usize,
    },
    /// A part or member is not strict base64url.
    #[error("a part is not base64url without padding")]
    NotBase64Url,
    /// The header is not a JSON object with unique members of the registered kinds.
    #[error("the header is not a JSON object of the registered members")]
    MalformedHeader,
    /// The header asks for an extension.
    #[error("the header carries `crit`, and no extension is understood")]
    CriticalExtension,
    /// The header's `alg` is not that of the key.
    #[error("the header's `alg` is not `{expected}`, which the key is for")]
    WrongAlgorithm {
        /// The algorithm of the key.
        expected: SignatureAlgorithm,
    },
    /// The signature or MAC does not match.
    #[error("the signature does not match")]
    BadSignature,
    /// The payload is not JSON of the expected shape.
    #[error("the payload is not JSON of the expected shape: line {line}, column {column}")]
    PayloadNotJson {
        /// Line of the fault, from 1.
        line: usize,
        /// Column of the fault, from 1.
        column: usize,
    },
    /// The signing backend failed.
    #[error("the key could not sign")]
    SigningFailed,
    /// The key is not a JWK with the members its type needs.
    #[error("the key is not a JWK with the members its type needs")]
    MalformedJwk,
    /// A public key was expected and a private member is there.
    #[error("the key holds a private member where a public key is expected")]
    PrivateMember,
    /// The key's `kty` has no code here.
    #[error("the key type is not supported")]
    UnsupportedKeyType,
    /// The key's `crv` is not P-256.
    #[error("the curve is not P-256")]
    UnsupportedCurve,
    /// A coordinate or scalar is not 32 octets long.
    #[error("a coordinate is not exactly 32 octets long")]
    CoordinateLength,
    /// The coordinates are not a point of the curve.
    #[error("the coordinates are not a point of the curve")]
    NotOnCurve,
    /// The key says that it is not for signatures.
    #[error("the key's `use` or `key_ops` does not allow it to verify signatures")]
    KeyUse,
    /// The private scalar is zero, too large or not that of the public point.
    #[error("the private key does not belong to the public key beside it")]
    KeyPairMismatch,
    /// The text is not a thumbprint.
    #[error("a thumbprint is 43 characters of base64url")]
    NotAThumbprint,
    /// The `ctx` header is not strict standard base64.
    #[error("the `ctx` header is not standard base64")]
    MalformedCtx,
    /// The `kdf_ver` header names no known version.
    #[error("the `kdf_ver` header is neither 1 nor 2")]
    UnknownKdfVersion,
    /// The JWE's `alg` is not the one this key is for.
    #[error("the encrypted text's `alg` is not the one the key is for")]
    KeyManagementAlgorithm,
    /// The JWE's `enc` is not `A256GCM`.
    #[error("the encrypted text's `enc` is not `A256GCM`")]
    ContentEncryption,
    /// The encrypted-key part is not empty.
    #[error("the encrypted-key part is not empty")]
    EncryptedKeyPresent,
    /// The JWE has no ephemeral public key.
    #[error("the encrypted text has no `epk`")]
    EphemeralKeyMissing,
    /// `apv` does not name this recipient or request.
    #[error("the encrypted text's `apv` is not the recipient's")]
    PartyInfoMismatch,
    /// The initialisation vector is not 12 octets long.
    #[error("the initialisation vector is not 12 octets long")]
    IvLength,
    /// The authentication tag is not 16 octets long.
    #[error("the authentication tag is not 16 octets long")]
    TagLength,
    /// The tag does not match: other key, other header or altered text.
    #[error("the encrypted text does not open under this key")]
    NotOpened,
    /// The wrapped session key is not 32 octets long.
    #[error("the wrapped session key is not 32 octets long")]
    SessionKeyLength,
    /// The text was not sealed by this key for this kind.
    #[error("the text was not sealed by this key for this use")]
    NotSealed,
}

impl Error {
    /// The stable code, for example `jose.bad_signature`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "jose.too_long",
            Self::PartCount { .. } => "jose.part_count",
            Self::NotBase64Url => "jose.not_base64url",
            Self::MalformedHeader => "jose.malformed_header",
            Self::CriticalExtension => "jose.critical_extension",
            Self::WrongAlgorithm { .. } => "jose.wrong_algorithm",
            Self::BadSignature => "jose.bad_signature",
            Self::PayloadNotJson { .. } => "jose.payload_not_json",
            Self::SigningFailed => "jose.signing_failed",
            Self::MalformedJwk => "jose.malformed_jwk",
            Self::PrivateMember => "jose.private_member",
            Self::UnsupportedKeyType => "jose.unsupported_key_type",
            Self::UnsupportedCurve => "jose.unsupported_curve",
            Self::CoordinateLength => "jose.coordinate_length",
            Self::NotOnCurve => "jose.not_on_curve",
            Self::KeyUse => "jose.key_use",
            Self::KeyPairMismatch => "jose.key_pair_mismatch",
            Self::NotAThumbprint => "jose.not_a_thumbprint",
            Self::MalformedCtx => "jose.malformed_ctx",
            Self::UnknownKdfVersion => "jose.unknown_kdf_version",
            Self::KeyManagementAlgorithm => "jose.key_management_algorithm",
            Self::ContentEncryption => "jose.content_encryption",
            Self::EncryptedKeyPresent => "jose.encrypted_key_present",
            Self::EphemeralKeyMissing => "jose.ephemeral_key_missing",
            Self::PartyInfoMismatch => "jose.party_info_mismatch",
            Self::IvLength => "jose.iv_length",
            Self::TagLength => "jose.tag_length",
            Self::NotOpened => "jose.not_opened",
            Self::SessionKeyLength => "jose.session_key_length",
            Self::NotSealed => "jose.not_sealed",
        }
    }
}
