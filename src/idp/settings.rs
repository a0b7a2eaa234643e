//! What the provider insists on. Strict by default; every strict choice that a real client cannot
//! meet is a setting here and not a wall (`docs/reference/fidelity.md`).

use crate::base::{Danger, Lifetime};
use crate::pop::session_key::AcceptedKdf;
use crate::token::{FamilyCapacity, Lifetimes, Rotation};

/// Whether a nonce may serve several requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NonceUse {
    /// Until it is too old, as public clients count on.
    #[default]
    Reusable,
    /// One request; the two credentials of one request count once.
    SingleUse,
}

/// Which protocols of PRT use are accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AcceptedProtocols {
    /// Session key and protocol 4.
    #[default]
    Both,
    /// Protocol 4 alone: the device key signs each use.
    DeviceKey,
    /// The session key alone.
    SessionKey,
}

/// Whether `iat` and `exp` must stand in a PRT use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RequestTimes {
    /// They may be left out: the fresh nonce dates the request. Some clients send neither.
    Optional,
    /// As MS-OAPXBC 3.2.5.1.3.1 says.
    #[default]
    Required,
}

/// When the nonce inside a user assertion must equal the one outside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AssertionNonces {
    /// Always.
    #[default]
    Equal,
    /// Only if the key's device is not the requesting one, as MS-OAPXBC 3.2.5.1.2.3 says.
    EqualOnOtherDevice,
}

/// Whether a plain refresh token still speaks for the device it was obtained on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceClaims {
    /// A plain refresh grant shows no device.
    #[default]
    Ignored,
    /// The device named in the token counts as device facts (never as binding).
    Trusted,
}

/// Which backend signs access tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IssuingBackend {
    /// p256 with RFC 6979: reproducible from the seed.
    #[default]
    P256,
    /// ring with the operating system's randomness: quicker, and never the same bytes twice.
    Ring,
}

/// Whether every token request has to carry a DPoP proof.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DpopDemand {
    /// A request with a proof gets a bound access token, one without gets a bearer token. A client
    /// that is registered with `dpop_bound_access_tokens` must bring one.
    #[default]
    Offered,
    /// A request that would yield an access token must bring one.
    Required,
}

/// Whether DPoP proofs have to carry a nonce of this provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DpopNonces {
    /// All of them, so that none can be made in advance (RFC 9449 section 8).
    #[default]
    Demanded,
    /// None: a proof that carries one is refused.
    Off,
}

/// Whether used DPoP proofs are remembered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DpopReplay {
    /// Not: a proof passes again until it, or its nonce, is too old.
    Off,
    /// Each until it would be refused anyway.
    #[default]
    Window,
}

/// What the provider asks of DPoP proofs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DpopSettings {
    /// Who must bring one.
    pub demand: DpopDemand,
    /// Nonces. Fixed when the provider starts.
    pub nonces: DpopNonces,
    /// Replay window. Fixed when the provider starts; one of the two protections has to be on.
    pub replay: DpopReplay,
}

/// Whether access tokens are bound to the certificate of a client that shows one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CertificateBinding {
    /// To that of every client that shows one (RFC 8705 section 3).
    Offered,
    /// Only for clients registered with `tls_client_certificate_bound_access_tokens`.
    #[default]
    OfRegisteredClients,
}

/// Settings of one provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProviderSettings {
    /// Spans.
    pub lifetimes: Lifetimes,
    /// Nonce reuse.
    pub nonce_use: NonceUse,
    /// KDF versions.
    pub accepted_kdf: AcceptedKdf,
    /// Protocols.
    pub protocols: AcceptedProtocols,
    /// Times of a use.
    pub request_times: RequestTimes,
    /// Nonces of a user assertion.
    pub assertion_nonces: AssertionNonces,
    /// Rotation of refresh tokens outside the broker.
    pub refresh_rotation: RefreshRotation,
    /// Rotation of PRTs at renewal.
    pub prt_rotation: Rotation,
    /// Device claims of refresh tokens.
    pub device_claims: DeviceClaims,
    /// Most families of refresh tokens that are remembered.
    pub family_capacity: FamilyCapacity,
    /// Most devices of one user.
    pub device_quota: DeviceQuota,
    /// Who signs.
    pub issuing: IssuingBackend,
    /// DPoP proofs.
    pub dpop: DpopSettings,
    /// Client certificates.
    pub certificates: CertificateBinding,
    /// Checks taken out; none unless a test says so.
    pub danger: Danger,
}

/// Rotation of refresh tokens outside the broker, per kind of client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshRotation {
    /// Of the broker client, whose one token serves several steps of an enrolment.
    pub broker_client: Rotation,
    /// Of every other client.
    pub others: Rotation,
}

impl Default for RefreshRotation {
    fn default() -> Self {
        Self { broker_client: Rotation::Keep, others: Rotation::Retire }
    }
}

/// How many devices a user may register (MS-DVRJ 1.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceQuota(pub usize);

impl Default for DeviceQuota {
    fn default() -> Self {
        Self(10)
    }
}

impl ProviderSettings {
    /// How far a peer's clock may be off.
    #[must_use]
    pub const fn skew(&self) -> Lifetime {
        self.lifetimes.skew
    }
}
