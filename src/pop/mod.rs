//! Proof of possession: evidence that the presenter holds a key, made and checked.
//!
//! Each proof method has one module with both sides: how the presenter builds it and how the
//! recipient checks it. A check ends in [`Possession`], which only this room can make, so a caller
//! that holds one knows that a key was used in *this* request. Nonces and used-once windows say
//! whether the proof was made for now.
//!
//! The room does not know what a device or a token is; it sees keys, texts and times.
//!
//! | method | key | signs | bound to the request by |
//! | --- | --- | --- | --- |
//! | [`session_key`] | derived from the PRT's session key, HS256 | the whole request | its body, and a server nonce |
//! | [`device_key`] | the registered device key, ES256 | the whole request | its body, and a server nonce |
//! | [`dpop`] | any key of the presenter, named by the token's `cnf.jkt`, ES256 | a proof beside the request | method, URI, token and time; not its body |
//! | [`certificate`] | that of the connection, named by `cnf.x5t#S256` | the TLS handshake | the connection |
//!
//! The first two sign what is asked for: whoever alters the request breaks the proof. DPoP signs
//! where it goes, so a request intercepted before it arrives can be sent on with another body.

pub mod certificate;
pub mod confirmation;
pub mod device_key;
pub mod dpop;
pub mod nonce;
pub mod possession;
pub mod replay;
pub mod session_key;
pub mod used_once;

pub use certificate::CertificateThumbprint;
pub use confirmation::Confirmation;
pub use nonce::{FreshNonce, NonceMint};
pub use possession::{Possession, PossessionMethod, Protocol};
pub use replay::{ReplayError, ReplayKey, ReplayTag, ReplayWindow, SharedReplay, Window};
pub use used_once::UsedOnce;

/// Why a proof was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// USE-02.
    #[error("the `ctx` header is missing, not standard base64, or not 16 to 64 octets long")]
    Ctx,
    /// The JWS itself: shape, `crit`, `alg` or signature.
    #[error(transparent)]
    Jose(#[from] crate::jose::Error),
    /// USE-03.
    #[error("KDF version 1 is not accepted here")]
    KdfVersion,
    /// USE-03: a number that is no version.
    #[error("the KDF version is none that exists")]
    KdfVersionUnknown,
    /// NON-03.
    #[error("the nonce is older than its limit")]
    NonceExpired,
    /// NON-02.
    #[error("the nonce was not issued by this provider")]
    NonceForeign,
    /// NON-04, USE-09 or COD-02.
    #[error("it was used before")]
    UsedBefore,
    /// The memory of used values is full; nothing is accepted until old ones expire.
    #[error("the memory of used values is full")]
    WindowFull,
}

impl ProofError {
    /// The stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Ctx => "pop.ctx",
            Self::Jose(error) => error.code(),
            Self::KdfVersion => "pop.kdf_version",
            Self::KdfVersionUnknown => "pop.kdf_version_unknown",
            Self::NonceExpired => "pop.nonce_expired",
            Self::NonceForeign => "pop.nonce_foreign",
            Self::UsedBefore => "pop.used_before",
            Self::WindowFull => "pop.window_full",
        }
    }
}
