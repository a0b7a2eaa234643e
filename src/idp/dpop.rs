//! What binds the access token of a request: a DPoP proof (RFC 9449), a client certificate
//! (RFC 8705), both, or nothing.
//!
//! A proof is checked before anything of its request is used up, so a challenge (`use_dpop_nonce`)
//! costs neither code nor refresh token, nonce nor `jti`: the same request is sent again with another
//! proof. The proof itself is used up as soon as it is good.
//!
//! `htu` is compared with the public address: this provider's own origin, and the path as it was
//! called. Both token paths and every spelling of the tenant are thus good, each for a proof that
//! names that very path.

use http::{HeaderValue, header};
use rand::SeedableRng as _;

use crate::base::Check;
use crate::base::id::AppId;
use crate::base::stream::Stream;
use crate::catalog::{Catalog, ClientRegistration};
use crate::jose::JwkThumbprint;
use crate::pop::dpop::{
    DpopAnswer, DpopError, DpopPossession, NonceDemand, Presented, Recipient, RecipientSettings,
    RequestFacts, Scheme, TargetUri, Unprotected,
};
use crate::pop::replay::{ReplayKey, SharedReplay, Window};
use crate::pop::{CertificateThumbprint, Confirmation};
use crate::token::AccessTokenClaims;
use crate::wire::Response;
use crate::wire::dpop::{self, PROOF_ALGORITHM, TokenType};

use super::context::Context;
use super::refusal::Refusal;
use super::settings::{CertificateBinding, DpopDemand, DpopNonces, DpopReplay, DpopSettings};
use super::{ORIGIN, Provider};

/// Proofs are remembered up to this many; beyond it they are refused until some expire.
const REPLAY_CAPACITY: usize = 100_000;

/// What an access token gets bound to: verified in this request, and nothing if nothing was shown.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Binding {
    dpop: Option<DpopPossession>,
    certificate: Option<CertificateThumbprint>,
}

impl Binding {
    /// The key of the request's proof.
    pub(super) fn jkt(&self) -> Option<JwkThumbprint> {
        self.dpop.map(|possession| possession.jkt())
    }

    /// The `cnf` of the access token.
    pub(super) fn confirmation(&self) -> Option<Confirmation> {
        match (self.jkt(), self.certificate) {
            (Some(jkt), None) => Some(Confirmation::of_dpop_key(jkt)),
            (Some(jkt), Some(der)) => Some(Confirmation::of_dpop_key(jkt).and_certificate(der)),
            (None, Some(certificate)) => Some(Confirmation::of_certificate(certificate)),
            (None, None) => None,
        }
    }

    /// How the access token is presented. Mutual TLS changes nothing of that (RFC 8705 section 3).
    pub(super) const fn token_type(&self) -> TokenType {
        match self.dpop {
            Some(_) => TokenType::Dpop,
            None => TokenType::Bearer,
        }
    }
}

/// What checks this provider's proofs. Its secrets come from a stream beside the provider's own, so
/// that they change nothing of what the provider draws.
///
/// # Errors
/// [`Unprotected`] if neither nonces nor the window are on.
pub(super) fn recipient(
    settings: DpopSettings,
    provider: &Stream,
) -> Result<Recipient, Unprotected> {
    let mut rng = Stream::from_seed(provider.get_seed());
    rng.set_stream(provider.get_stream().wrapping_add(1));
    let nonces = match settings.nonces {
        DpopNonces::Demanded => NonceDemand::default(),
        DpopNonces::Off => NonceDemand::NotUsed,
    };
    let replay = match settings.replay {
        DpopReplay::Off => None,
        DpopReplay::Window => {
            let window = Window::with_capacity(REPLAY_CAPACITY);
            Some(SharedReplay::new(window, ReplayKey::generate(&mut rng)))
        }
    };
    Recipient::new(RecipientSettings { nonces, replay, ..RecipientSettings::default() }, &mut rng)
}

impl Provider {
    /// What the access token of this request gets bound to.
    pub(super) fn bind(&self, cx: &mut Context<'_>, client: AppId) -> Result<Binding, Refusal> {
        let danger = self.settings.danger;
        let dpop = self.verify_proof(cx)?;
        let app = self.directory.app(client);
        // SCT-01
        let demanded = self.settings.dpop.demand == DpopDemand::Required;
        if dpop.is_none() && demanded && danger.enforces(Check::DpopDemanded) {
            self.offer_nonce(cx);
            return Err(Refusal::ProofDemanded);
        }
        // SCT-02
        let registered = app.is_some_and(|app| app.dpop_bound_access_tokens);
        if dpop.is_none() && registered && danger.enforces(Check::DpopDemandedOfClient) {
            self.offer_nonce(cx);
            return Err(Refusal::ProofDemandedOfClient);
        }
        // SCT-03
        let registered = app.is_some_and(|app| app.tls_client_certificate_bound_access_tokens);
        let certificate =
            match registered || self.settings.certificates == CertificateBinding::Offered {
                true => self.shown_certificate(cx)?,
                false => None,
            };
        if certificate.is_none() && registered && danger.enforces(Check::CertificateDemanded) {
            return Err(Refusal::CertificateMissing);
        }
        Ok(Binding { dpop, certificate })
    }

    /// The proof of a token request, if it has a `DPoP` field at all: one that is there is good or
    /// the request is refused, demanded or not.
    pub(super) fn verify_proof(
        &self,
        cx: &mut Context<'_>,
    ) -> Result<Option<DpopPossession>, Refusal> {
        match dpop::proofs(cx.message.headers()).is_empty() {
            true => Ok(None),
            false => self.verify_with(cx, Scheme::None, Presented::NoToken).map(Some),
        }
    }

    fn verify_with(
        &self,
        cx: &mut Context<'_>,
        scheme: Scheme,
        presented: Presented<'_>,
    ) -> Result<DpopPossession, Refusal> {
        let message = cx.message;
        self.offer_nonce(cx);
        let uri = TargetUri::parse(&format!("{ORIGIN}{}", message.uri().path()))
            .map_err(|_| Refusal::Dpop(DpopError::Htu))?;
        let facts = RequestFacts {
            method: message.method().as_str(),
            uri: &uri,
            proofs: &dpop::proofs(message.headers()),
            scheme,
        };
        self.recipient
            .verify(&facts, presented, cx.now, self.settings.danger)
            .map_err(Refusal::Dpop)
    }

    /// Every answer to a proof brings a fresh nonce, a success too: the next proof need not be
    /// refused first.
    fn offer_nonce(&self, cx: &mut Context<'_>) {
        cx.dpop_nonce = self.recipient.next_nonce(cx.now, cx.rng);
    }

    /// A nonce for the next proof, where a request is refused before its own is looked at.
    pub(super) fn answer_proof_unread(&self, cx: &mut Context<'_>) {
        if !dpop::proofs(cx.message.headers()).is_empty() {
            self.offer_nonce(cx);
        }
    }

    fn shown_certificate(
        &self,
        cx: &Context<'_>,
    ) -> Result<Option<CertificateThumbprint>, Refusal> {
        let der = dpop::client_certificate(cx.message.headers())
            .map_err(|_| Refusal::MalformedMessage)?;
        Ok(der.as_deref().map(CertificateThumbprint::of_der))
    }

    /// Whether the refresh tokens of a client get bound to its DPoP key: not where the client
    /// authenticates itself (RFC 9449 section 5).
    pub(super) fn binds_refresh_tokens(&self, client: AppId) -> bool {
        Catalog::builtin()
            .clients_with_id(client)
            .all(|known| known.registration != ClientRegistration::Confidential)
    }

    /// SCT-04: an access token that this provider is shown itself, at its registration service.
    pub(super) fn confirm_own_token(
        &self,
        cx: &mut Context<'_>,
        scheme: TokenType,
        token: &str,
        claims: &AccessTokenClaims,
    ) -> Result<(), Refusal> {
        let cnf = claims.cnf.as_ref();
        let enforced = self.settings.danger.enforces(Check::RegistrationTokenProof);
        let jkt = cnf.and_then(Confirmation::jkt);
        if scheme == TokenType::Dpop {
            let presented = Presented::AccessToken { token, jkt };
            self.verify_with(cx, Scheme::Dpop, presented)?;
        } else if jkt.is_some() && enforced {
            return Err(Refusal::RegistrationTokenUnproven);
        }
        let certificate = cnf.and_then(Confirmation::certificate);
        let shown = match certificate {
            Some(_) => self.shown_certificate(cx)?,
            None => None,
        };
        let unknown = cnf.is_some_and(|cnf| cnf.kid().is_some());
        match (shown == certificate && !unknown) || !enforced {
            true => Ok(()),
            false => Err(Refusal::RegistrationTokenUnproven),
        }
    }
}

/// RFC 9449 section 10: the code is redeemed with a proof of the key that it was asked for with.
pub(super) fn key_of_code(
    bound: Option<JwkThumbprint>,
    shown: Option<JwkThumbprint>,
) -> Result<(), Refusal> {
    same_key(bound, shown, Refusal::CodeProofMissing, Refusal::CodeOtherKey)
}

/// RFC 9449 section 5: a bound refresh token is used with a proof of its key.
pub(super) fn key_of_refresh(
    bound: Option<JwkThumbprint>,
    shown: Option<JwkThumbprint>,
) -> Result<(), Refusal> {
    same_key(bound, shown, Refusal::RefreshProofMissing, Refusal::RefreshOtherKey)
}

fn same_key(
    bound: Option<JwkThumbprint>,
    shown: Option<JwkThumbprint>,
    missing: Refusal,
    other: Refusal,
) -> Result<(), Refusal> {
    match (bound, shown) {
        (None, _) => Ok(()),
        (Some(bound), Some(shown)) if bound == shown => Ok(()),
        (Some(_), Some(_)) => Err(other),
        (Some(_), None) => Err(missing),
    }
}

/// Adds the challenges that a registration endpoint owes to a refused token (RFC 9449 sections 7.1
/// and 7.2): the error stands beside the scheme that was used.
pub(super) fn challenge(response: &mut Response, refusal: Refusal) {
    let dpop = |error: &str| format!("DPoP error=\"{error}\", algs=\"{PROOF_ALGORITHM}\"");
    let challenges = match refusal {
        Refusal::Dpop(error) if error.answer() == DpopAnswer::TemporarilyUnavailable => return,
        Refusal::Dpop(error) => vec![dpop(error.answer().as_str())],
        Refusal::RegistrationTokenUnproven => vec![
            "Bearer error=\"invalid_token\"".to_owned(),
            format!("DPoP algs=\"{PROOF_ALGORITHM}\""),
        ],
        _ => return,
    };
    for value in challenges.iter().filter_map(|text| HeaderValue::from_str(text).ok()) {
        response.headers_mut().append(header::WWW_AUTHENTICATE, value);
    }
}
