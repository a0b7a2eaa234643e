//! Encrypted texts: for whose key, and in which of the two shapes.

use serde::Deserialize as _;
use serde_json::{Map, Value};

use super::{InspectError, Inspection, Kind, Part, Statement};
use crate::base::{Check, b64, json};
use crate::jose::UnopenedJwe;

pub(super) fn inspect(text: &str) -> Result<Inspection, InspectError> {
    let jwe = UnopenedJwe::parse(text)?;
    let mut parts = text.split('.').map(|part| b64::decode_url(part).unwrap_or_default());
    let mut next = || parts.next().unwrap_or_default();
    let header: Value = json::from_secret_slice(&next()).map_err(|_| InspectError::Payload)?;
    let header = Map::deserialize(header).map_err(|_| InspectError::Payload)?;
    let (encrypted_key, iv, ciphertext, tag) = (next(), next(), next(), next());
    let (kind, what, meaning) = words(&jwe, ciphertext.len());
    let no_key = (encrypted_key.is_empty()).then(|| "none: the key is agreed or known".to_owned());
    Ok(Inspection {
        kind,
        what: what.to_owned(),
        meaning: meaning.to_owned(),
        characters: text.chars().count(),
        parts: vec![
            Part::of_object("Header (authenticated only once it opens)", &header),
            Part::of_octets("Encrypted key", &encrypted_key, no_key),
            Part::of_octets("Initialisation vector", &iv, length(iv.len(), 12)),
            Part::of_octets("Ciphertext", &ciphertext, None),
            Part::of_octets("Tag", &tag, length(tag.len(), 16)),
        ],
        checked: vec![Statement::plain(
            "a JWE has five strict base64url parts and a header without duplicate members",
        )],
        not_checked: not_checked(kind, &jwe),
    })
}

fn words(jwe: &UnopenedJwe<'_>, octets: usize) -> (Kind, &'static str, &'static str) {
    match jwe.header().alg.as_str() {
        "dir" => (
            Kind::EncryptedAnswer,
            "A token answer under the session key: a JWE, `dir` with a derived key",
            "It answers a request that was signed under a primary refresh token. Its key is derived \
             from the session key with the `ctx` of this header, which is no secret: whoever \
             recorded it still needs the session key to read the tokens inside.",
        ),
        "ECDH-ES" if octets == 32 => (
            Kind::EncryptedForTransportKey,
            "A wrapped session key: a JWE for a transport key",
            "Only the device whose transport key it was made for gets the session key out.",
        ),
        "ECDH-ES" => (
            Kind::EncryptedAnswer,
            "An answer to the device's transport key: a JWE, `ECDH-ES`",
            "It answers a request that the device key signed (protocol 4): a primary refresh token, \
             or tokens for an app. `apv` names the request it belongs to. Whoever recorded it needs \
             the device's transport key to read the tokens inside.",
        ),
        _ => (
            Kind::Jwe,
            "An encrypted text: a JWE of no shape that this lab opens",
            "Here answers are `dir` or `ECDH-ES`, each with `A256GCM`.",
        ),
    }
}

fn not_checked(kind: Kind, jwe: &UnopenedJwe<'_>) -> Vec<Statement> {
    let mut open = vec![Statement::because(
        Check::ResponseUnreadable,
        "no key was given, so nothing was opened, and the header may have been altered",
    )];
    if kind == Kind::EncryptedAnswer {
        open.push(Statement::plain(match jwe.header().alg.as_str() {
            "dir" => "which request it answers: the header does not say",
            _ => "that `apv` is the one of the request: only who asked knows it",
        }));
        open.push(Statement::plain(
            "the tokens inside: an access token is signed, an ID token is not (`alg` is `none`)",
        ));
    }
    open
}

fn length(is: usize, should: usize) -> Option<String> {
    (is != should).then(|| format!("A256GCM has {should}; this is refused when it is opened"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shapes_are_told_apart() {
        let text = |alg: &str, octets: usize| {
            let header = b64::encode_url(format!(r#"{{"alg":"{alg}","enc":"A256GCM"}}"#));
            let part = |octets| b64::encode_url(vec![7; octets]);
            format!("{header}..{}.{}.{}", part(12), part(octets), part(16))
        };
        let kind = |text: String| inspect(&text).unwrap().kind;
        assert_eq!(kind(text("dir", 100)), Kind::EncryptedAnswer);
        assert_eq!(kind(text("ECDH-ES", 32)), Kind::EncryptedForTransportKey);
        assert_eq!(kind(text("ECDH-ES", 33)), Kind::EncryptedAnswer);
        assert_eq!(kind(text("RSA-OAEP", 32)), Kind::Jwe);
        // An answer says what else was left open; a wrapped key and a stranger's text have no more.
        let open = |text: String| inspect(&text).unwrap().not_checked.len();
        assert_eq!(open(text("dir", 100)), 3);
        assert_eq!(open(text("ECDH-ES", 33)), 3);
        assert_eq!((open(text("ECDH-ES", 32)), open(text("RSA-OAEP", 32))), (1, 1));
        let what = |alg| inspect(&text(alg, 33)).unwrap().what;
        assert!(what("dir").contains("session key") && what("ECDH-ES").contains("transport key"));
    }
}
