//! [`Verifier`]: every check of a DPoP proof, in one order.

use super::ath::is_ath_of;
use super::error::DpopError;
use super::facts::{NonceRule, Presented, RequestFacts, Scheme};
use super::members::NumericDate;
use super::proof::{Proof, ProofKey, Scratch, TypedClaims};
use super::{Limits, MAX_PROOF};
use crate::base::{Check, Danger, Timestamp};
use crate::jose::{JwkThumbprint, Ring, VerifyEs256};
use crate::pop::replay::{ReplayError, ReplayKey, ReplayWindow};
use crate::pop::{Possession, PossessionMethod};

/// Evidence that a DPoP key was used for this request. [`Verifier::verify`] makes it, nothing else.
///
/// # Security
/// A false one would let a stolen token pass as bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DpopPossession {
    jkt: JwkThumbprint,
    iat: Timestamp,
}

impl DpopPossession {
    /// The thumbprint of the proven key: what a token is to be bound to.
    #[must_use]
    pub const fn jkt(&self) -> JwkThumbprint {
        self.jkt
    }

    /// When the presenter says it made the proof, rounded down to the second.
    #[must_use]
    pub const fn iat(&self) -> Timestamp {
        self.iat
    }

    /// The same evidence, as of any other method.
    #[must_use]
    pub const fn possession(&self) -> Possession {
        Possession::of(PossessionMethod::Dpop)
    }
}

/// Checks DPoP proofs. One serves all threads; a check allocates nothing unless a text of the proof
/// has escapes or an object more than a dozen members.
///
/// A server uses a [`Recipient`](super::Recipient), which also holds the nonces and the window and
/// refuses to be built without both.
#[derive(Clone, Debug, Default)]
pub struct Verifier<B: VerifyEs256 = Ring> {
    limits: Limits,
    backend: B,
}

impl Verifier {
    /// A verifier on ring.
    #[must_use]
    pub const fn new(limits: Limits) -> Self {
        Self { limits, backend: Ring }
    }
}

impl<B: VerifyEs256> Verifier<B> {
    /// A verifier on another backend.
    #[must_use]
    pub const fn with_backend(limits: Limits, backend: B) -> Self {
        Self { limits, backend }
    }

    pub(super) const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What signatures are verified with.
    #[must_use]
    pub const fn backend(&self) -> &B {
        &self.backend
    }

    /// Checks the proof of a request, in the order of [the table](super#order).
    ///
    /// An access token has to be verified before: this says that whoever sends it holds its key, not
    /// that the token is good. Without `replay` the same proof passes again until it is too old.
    ///
    /// # Errors
    /// [`DpopError`], one reason; a refused proof has used up nothing.
    ///
    /// # Security
    /// A false accept lets a stolen token be used; a false reject costs an honest client a retry.
    pub fn verify(
        &self,
        request: &RequestFacts<'_>,
        presented: Presented<'_>,
        nonces: NonceRule<'_>,
        replay: Option<(&dyn ReplayWindow, &ReplayKey)>,
        now: Timestamp,
        danger: Danger,
    ) -> Result<DpopPossession, DpopError> {
        let text = one_proof(request.proofs, danger)?;
        token_may_have_proof(request.scheme, presented, danger)?;
        let mut scratch: Scratch = [0; MAX_PROOF / 4 * 3];
        let proof = Proof::read(text, &self.limits, &mut scratch)?;
        let key = proof.key(danger)?;
        let claims = proof.claims(&self.limits, danger)?;
        for_this_request(&claims, request, danger)?;
        self.in_time(&claims, now, danger)?;
        nonce_is_known(claims.nonce, nonces, now, danger)?;
        for_this_token(claims.ath, presented, danger)?;
        self.signed(&proof, &key, danger)?;
        bound_to_key(&key, presented, danger)?;
        let iat = Timestamp::from_unix(claims.iat.floor);
        if let Some(replay) = replay {
            let until = iat + self.limits.max_age;
            first_use(replay, &key.thumbprint, claims.jti, until, now, danger)?;
        }
        if presented.bound_key().is_some() {
            self.backend.accepted(&key.point);
        }
        Ok(DpopPossession { jkt: key.thumbprint, iat })
    }

    fn in_time(
        &self,
        claims: &TypedClaims<'_>,
        now: Timestamp,
        danger: Danger,
    ) -> Result<(), DpopError> {
        let NumericDate { floor, ceil } = claims.iat;
        // DPO-18: a proof of exactly this age is taken.
        if floor < now.minus(self.limits.max_age).as_unix() && danger.enforces(Check::DpopAge) {
            return Err(DpopError::IatPast);
        }
        // DPO-19: and one that lies exactly so far ahead.
        if ceil > (now + self.limits.max_ahead).as_unix() && danger.enforces(Check::DpopAhead) {
            return Err(DpopError::IatFuture);
        }
        // DPO-20: "on or after" it is over.
        let over = claims.exp.is_some_and(|exp| exp.ceil <= now.as_unix());
        if over && danger.enforces(Check::DpopExpiry) {
            return Err(DpopError::Exp);
        }
        // DPO-21
        let early = claims.nbf.is_some_and(|nbf| nbf.ceil > now.as_unix());
        if early && danger.enforces(Check::DpopNotBefore) {
            return Err(DpopError::Nbf);
        }
        Ok(())
    }

    pub(super) fn signed(
        &self,
        proof: &Proof<'_>,
        key: &ProofKey,
        danger: Danger,
    ) -> Result<(), DpopError> {
        let right = proof.signature().is_some_and(|signature| {
            self.backend.accepts(&key.point, proof.signing_input(), signature)
        });
        // DPO-10, DPO-12: a point off the curve signs nothing; only the reason is told apart.
        match right {
            true => Ok(()),
            false if !key.is_on_curve() => Err(DpopError::JwkInvalid),
            false if danger.enforces(Check::DpopSignature) => Err(DpopError::Signature),
            false => Ok(()),
        }
    }
}

fn one_proof<'a>(proofs: &[&'a [u8]], danger: Danger) -> Result<&'a [u8], DpopError> {
    // DPO-01
    let first = proofs.first().ok_or(DpopError::ProofMissing)?;
    // DPO-02
    if proofs.len() > 1 && danger.enforces(Check::DpopOneProof) {
        return Err(DpopError::HeaderCount);
    }
    Ok(first)
}

fn token_may_have_proof(
    scheme: Scheme,
    presented: Presented<'_>,
    danger: Danger,
) -> Result<(), DpopError> {
    let Presented::AccessToken { jkt, .. } = presented else { return Ok(()) };
    // DPO-26
    if scheme != Scheme::Dpop && danger.enforces(Check::DpopScheme) {
        return Err(DpopError::Scheme);
    }
    // DPO-25
    if jkt.is_none() && danger.enforces(Check::DpopTokenBound) {
        return Err(DpopError::NotBound);
    }
    Ok(())
}

fn for_this_request(
    claims: &TypedClaims<'_>,
    request: &RequestFacts<'_>,
    danger: Danger,
) -> Result<(), DpopError> {
    // DPO-14
    if claims.htm != request.method && danger.enforces(Check::DpopMethod) {
        return Err(DpopError::Htm);
    }
    // DPO-15
    if danger.enforces(Check::DpopUri) && !request.uri.is(claims.htu) {
        return Err(DpopError::Htu);
    }
    Ok(())
}

fn nonce_is_known(
    nonce: Option<&str>,
    rule: NonceRule<'_>,
    now: Timestamp,
    danger: Danger,
) -> Result<(), DpopError> {
    let known = match (nonce, rule) {
        (None, NonceRule::NotUsed) => true,
        // DPO-16: once nonces are given out, a proof without one is a step back.
        (None, NonceRule::Demanded(..) | NonceRule::OneOf(_)) => {
            let required = danger.enforces(Check::DpopNoncePresent);
            return if required { Err(DpopError::NonceRequired) } else { Ok(()) };
        }
        (Some(_), NonceRule::NotUsed) => false,
        (Some(nonce), NonceRule::Demanded(mint, lifetime)) => mint.accepts(nonce, lifetime, now),
        (Some(nonce), NonceRule::OneOf(nonces)) => nonces.contains(&nonce),
    };
    // DPO-17
    if !known && danger.enforces(Check::DpopNonce) {
        return Err(DpopError::NonceMismatch);
    }
    Ok(())
}

fn for_this_token(
    ath: Option<&str>,
    presented: Presented<'_>,
    danger: Danger,
) -> Result<(), DpopError> {
    match (presented, ath) {
        // DPO-22
        (Presented::AccessToken { .. }, None) => {
            let required = danger.enforces(Check::DpopTokenHashPresent);
            if required { Err(DpopError::AthMissing) } else { Ok(()) }
        }
        // DPO-23
        (Presented::AccessToken { token, .. }, Some(ath)) => {
            let wrong = danger.enforces(Check::DpopTokenHash) && !is_ath_of(ath, token);
            if wrong { Err(DpopError::AthMismatch) } else { Ok(()) }
        }
        // DPO-27: it was made for a token that is not here.
        (Presented::BoundGrant { .. } | Presented::NoToken, Some(_)) => {
            let refused = danger.enforces(Check::DpopTokenHashAbsent);
            if refused { Err(DpopError::AthUnexpected) } else { Ok(()) }
        }
        (Presented::BoundGrant { .. } | Presented::NoToken, None) => Ok(()),
    }
}

fn bound_to_key(key: &ProofKey, presented: Presented<'_>, danger: Danger) -> Result<(), DpopError> {
    // DPO-24
    let other = presented.bound_key().is_some_and(|jkt| jkt != key.thumbprint);
    if other && danger.enforces(Check::DpopBoundKey) {
        return Err(DpopError::JktMismatch);
    }
    Ok(())
}

fn first_use(
    (window, key): (&dyn ReplayWindow, &ReplayKey),
    jkt: &JwkThumbprint,
    jti: &str,
    until: Timestamp,
    now: Timestamp,
    danger: Danger,
) -> Result<(), DpopError> {
    // DPO-28: test and entry are one step.
    match window.test_and_set(key.tag(jkt, jti.as_bytes()), until, now) {
        Err(ReplayError::Seen) if !danger.enforces(Check::DpopReplay) => Ok(()),
        outcome => Ok(outcome?),
    }
}
