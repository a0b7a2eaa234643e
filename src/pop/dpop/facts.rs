//! What a recipient knows of a request besides the proof itself.

use std::fmt;

use super::TargetUri;
use crate::base::Lifetime;
use crate::jose::JwkThumbprint;
use crate::pop::NonceMint;

/// The request as it arrived: method, public URI, `DPoP` fields and authentication scheme.
#[derive(Clone, Copy, Debug)]
pub struct RequestFacts<'a> {
    /// The method as it stands in the request line; compared byte for byte (RFC 9110 section 9.1).
    pub method: &'a str,
    /// The public URI of the endpoint, from configuration and not from `Host` of any sender.
    pub uri: &'a TargetUri,
    /// The values of all `DPoP` fields as they came: none, one, or too many.
    pub proofs: &'a [&'a [u8]],
    /// The scheme of the `Authorization` field.
    pub scheme: Scheme,
}

/// The scheme an access token came under (RFC 9449 section 7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// `Authorization: Bearer`.
    Bearer,
    /// `Authorization: DPoP`.
    Dpop,
    /// Another scheme, or no such field.
    None,
}

/// What comes with the proof.
#[derive(Clone, Copy)]
pub enum Presented<'a> {
    /// An access token that was verified before, at a resource.
    AccessToken {
        /// The token as it stands in the request; `ath` is the hash of it.
        token: &'a str,
        /// The thumbprint of its `cnf`, if it has one.
        jkt: Option<JwkThumbprint>,
    },
    /// A code or refresh token that is bound to a key (`dpop_jkt`, or a public client's refresh
    /// token; RFC 9449 sections 5 and 10), at the token endpoint.
    BoundGrant {
        /// The thumbprint of that key.
        jkt: JwkThumbprint,
    },
    /// Nothing that is bound: a request that is to bind what it asks for.
    NoToken,
}

impl Presented<'_> {
    /// The key that what is presented is bound to.
    pub(super) const fn bound_key(&self) -> Option<JwkThumbprint> {
        match self {
            Self::AccessToken { jkt, .. } => *jkt,
            Self::BoundGrant { jkt } => Some(*jkt),
            Self::NoToken => None,
        }
    }
}

/// The token is a secret.
impl fmt::Debug for Presented<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::AccessToken { .. } => "AccessToken",
            Self::BoundGrant { .. } => "BoundGrant",
            Self::NoToken => "NoToken",
        };
        f.debug_struct(kind).field("jkt", &self.bound_key()).finish_non_exhaustive()
    }
}

/// Which nonces are taken. Each server has its own (RFC 9449 section 9).
#[derive(Clone, Copy)]
pub enum NonceRule<'a> {
    /// This server gives out none: a proof that has one all the same is refused, since it is none
    /// that this server supplied (RFC 9449 section 8).
    NotUsed,
    /// Every proof has a nonce of this mint that is not older than the lifetime.
    Demanded(&'a NonceMint, Lifetime),
    /// Every proof has one of these: for servers that remember what they gave out.
    OneOf(&'a [&'a str]),
}
