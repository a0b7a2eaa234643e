//! Opaque texts: base64url that says nothing to anybody but its maker.

use super::{InspectError, Inspection, Kind, Part, Statement};
use crate::base::{Check, b64};

/// The sealing format: nonce, ciphertext with at least a flag octet, tag.
const LEAST_SEALED: usize = 12 + 1 + 16;
/// Server nonces and thumbprints.
const DIGEST: usize = 32;

pub(super) fn inspect(text: &str) -> Result<Inspection, InspectError> {
    let octets = b64::decode_url(text).map_err(|_| InspectError::Unknown)?;
    let (kind, what, meaning, not_checked) = match octets.len() {
        DIGEST => (
            Kind::Octets32,
            "32 octets in base64url, the length of a server nonce or of a key's thumbprint",
            "Neither is a secret; a nonce is worth something only inside a signed request.",
            Statement::of(Check::NonceIssued),
        ),
        LEAST_SEALED.. => (
            Kind::SealedToken,
            "An opaque text, such as a sealed token: PRT, refresh token or code",
            "Only its maker can read it. Whether it is bound to a key shows when it is used.",
            Statement::because(Check::PrtUnseal, "only the provider has that key"),
        ),
        _ => return Err(InspectError::Unknown),
    };
    Ok(Inspection {
        kind,
        what: what.to_owned(),
        meaning: meaning.to_owned(),
        characters: text.chars().count(),
        parts: vec![Part::of_octets("Text", &octets, None)],
        checked: vec![Statement::plain("strict base64url")],
        not_checked: vec![not_checked],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_tells_what_it_can_be() {
        let kind = |octets| inspect(&b64::encode_url(vec![7; octets])).map(|found| found.kind);
        assert_eq!(kind(32).unwrap(), Kind::Octets32);
        assert_eq!(kind(200).unwrap(), Kind::SealedToken);
        assert_eq!(kind(8).unwrap_err(), InspectError::Unknown);
    }
}
