//! What the user proved, by which methods, and how long ago.

use std::collections::BTreeSet;

use crate::base::Lifetime;
use crate::base::id::AgreementId;
use crate::policy::flags::{Flag, Flags};

/// Whether the user passed a second factor, now or by a claim in the token presented.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SecondFactorProof {
    /// No.
    #[default]
    Absent,
    /// Yes.
    Passed,
}

/// A method or mode of authentication.
///
/// # Source
/// Graph `authenticationMethodModes`, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are the source's")]
pub enum AuthenticationMethod {
    Password,
    Voice,
    HardwareOath,
    SoftwareOath,
    Sms,
    Fido2,
    WindowsHelloForBusiness,
    MicrosoftAuthenticatorPush,
    DeviceBasedPush,
    TemporaryAccessPassOneTime,
    TemporaryAccessPassMultiUse,
    Email,
    X509CertificateSingleFactor,
    X509CertificateMultiFactor,
    FederatedSingleFactor,
    FederatedMultiFactor,
    QrCodePin,
}

impl AuthenticationMethod {
    /// The name in Graph, for example `softwareOath`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Voice => "voice",
            Self::HardwareOath => "hardwareOath",
            Self::SoftwareOath => "softwareOath",
            Self::Sms => "sms",
            Self::Fido2 => "fido2",
            Self::WindowsHelloForBusiness => "windowsHelloForBusiness",
            Self::MicrosoftAuthenticatorPush => "microsoftAuthenticatorPush",
            Self::DeviceBasedPush => "deviceBasedPush",
            Self::TemporaryAccessPassOneTime => "temporaryAccessPassOneTime",
            Self::TemporaryAccessPassMultiUse => "temporaryAccessPassMultiUse",
            Self::Email => "email",
            Self::X509CertificateSingleFactor => "x509CertificateSingleFactor",
            Self::X509CertificateMultiFactor => "x509CertificateMultiFactor",
            Self::FederatedSingleFactor => "federatedSingleFactor",
            Self::FederatedMultiFactor => "federatedMultiFactor",
            Self::QrCodePin => "qrCodePin",
        }
    }
}

impl Flag for AuthenticationMethod {
    const ALL: &'static [Self] = &[
        Self::Password,
        Self::Voice,
        Self::HardwareOath,
        Self::SoftwareOath,
        Self::Sms,
        Self::Fido2,
        Self::WindowsHelloForBusiness,
        Self::MicrosoftAuthenticatorPush,
        Self::DeviceBasedPush,
        Self::TemporaryAccessPassOneTime,
        Self::TemporaryAccessPassMultiUse,
        Self::Email,
        Self::X509CertificateSingleFactor,
        Self::X509CertificateMultiFactor,
        Self::FederatedSingleFactor,
        Self::FederatedMultiFactor,
        Self::QrCodePin,
    ];

    fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// What the user did about a risk in this sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Remediation {
    /// Changed the password securely.
    PasswordChange,
    /// Remedied the risk in the way that suits the user's methods.
    RiskRemediation,
}

impl Flag for Remediation {
    const ALL: &'static [Self] = &[Self::PasswordChange, Self::RiskRemediation];

    fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// What the user proved in this sign-in, now or by claims in the token presented.
#[derive(Clone, Copy, Debug)]
pub struct Authentication<'a> {
    /// Whether a second factor was passed.
    pub second_factor: SecondFactorProof,
    /// The methods used; what an authentication strength asks about.
    pub methods: Flags<AuthenticationMethod>,
    /// How long ago the user last gave the first factor.
    pub primary_age: Lifetime,
    /// How long ago the user last gave the second factor; none if never.
    pub secondary_age: Option<Lifetime>,
    /// Terms of use the user has accepted.
    pub terms_accepted: &'a BTreeSet<AgreementId>,
    /// Custom controls the user has satisfied, by the name the tenant gave them.
    pub custom_controls: &'a BTreeSet<String>,
    /// What the user did about a risk.
    pub remediation: Flags<Remediation>,
}

static NO_TERMS: BTreeSet<AgreementId> = BTreeSet::new();
static NO_CUSTOM_CONTROLS: BTreeSet<String> = BTreeSet::new();

impl Authentication<'_> {
    /// A first factor just given, and nothing known of its method.
    pub const FRESH: Self = Self {
        second_factor: SecondFactorProof::Absent,
        methods: Flags::EMPTY,
        primary_age: Lifetime::from_secs(0),
        secondary_age: None,
        terms_accepted: &NO_TERMS,
        custom_controls: &NO_CUSTOM_CONTROLS,
        remediation: Flags::EMPTY,
    };
}

impl Default for Authentication<'_> {
    fn default() -> Self {
        Self::FRESH
    }
}
