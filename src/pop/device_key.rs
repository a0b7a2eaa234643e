//! Device-key signatures: ES256 by the registered key over a whole request (prt-protocol 3 and 12).

use super::{Possession, PossessionMethod, ProofError};
use crate::base::{Check, Danger};
use crate::jose::P256PublicKey;
use crate::jose::jws::{UnverifiedJws, Verified, VerifyingKey};

/// Checks a request against the *registered* device key, whatever key the header names.
///
/// `signature` is the check id of the step: the same proof is asked for in a PRT request, in a use
/// under protocol 4 and in a device credential.
///
/// # Errors
/// [`ProofError::Jose`]: `crit`, `alg`, or the signature.
pub fn verify(
    jws: UnverifiedJws<'_>,
    registered: &P256PublicKey,
    signature: Check,
    danger: Danger,
) -> Result<(Verified<Vec<u8>>, Possession), ProofError> {
    let verified = jws.verify(VerifyingKey::P256(registered), signature, danger)?;
    Ok((verified, Possession::of(PossessionMethod::DeviceKey)))
}
