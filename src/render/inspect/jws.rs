//! Signed texts: which of the protocol's messages a JWS is, and what its signature would prove.

use serde::Deserialize as _;
use serde_json::{Map, Value};

use super::{InspectError, Inspection, Kind, Part, Statement, proof};
use crate::base::{Check, b64, json};
use crate::jose::{Header, UnverifiedJws};
use crate::pop::dpop::DpopError;
use crate::token::access::ACCESS_TOKEN_TYPE;

/// A JWS taken apart, with nothing of it verified.
#[derive(Clone, Debug)]
pub struct SignedText {
    /// Which message it is.
    pub kind: Kind,
    /// All members of the header.
    pub header: Map<String, Value>,
    /// All claims.
    pub claims: Map<String, Value>,
    signature: Vec<u8>,
    parsed: Header,
}

impl SignedText {
    /// Takes a text apart; nothing is verified.
    ///
    /// # Errors
    /// [`InspectError::Jose`] or [`InspectError::Payload`].
    pub fn parse(text: &str) -> Result<Self, InspectError> {
        let jws = UnverifiedJws::parse(text)?;
        let (header, signature) = outer_parts(text);
        let header = object(&header)?;
        let claims = object(jws.unverified_payload())?;
        let kind = kind(jws.header(), &claims);
        Ok(Self { kind, header, claims, signature, parsed: jws.header().clone() })
    }

    fn unsigned(&self) -> bool {
        self.parsed.alg == "none"
    }

    /// How it is signed, in a few words.
    #[must_use]
    pub fn signed_how(&self) -> String {
        match (self.parsed.alg.as_str(), &self.parsed.ctx) {
            ("none", _) => "unsigned".to_owned(),
            ("HS256", Some(_)) => match self.parsed.kdf_ver {
                Some(2) => "HS256 under a key derived from the session key, KDF v2".to_owned(),
                _ => "HS256 under a key derived from the session key, KDF v1".to_owned(),
            },
            (alg, _) => alg.chars().take(16).collect(),
        }
    }
}

/// Header and signature octets; the parser has already found them well formed.
fn outer_parts(text: &str) -> (Vec<u8>, Vec<u8>) {
    let mut parts = text.split('.').map(|part| b64::decode_url(part).unwrap_or_default());
    let header = parts.next().unwrap_or_default();
    (header, parts.nth(1).unwrap_or_default())
}

fn object(text: &[u8]) -> Result<Map<String, Value>, InspectError> {
    let value: Value = json::from_secret_slice(text).map_err(|_| InspectError::Payload)?;
    Map::deserialize(value).map_err(|_| InspectError::Payload)
}

fn kind(header: &Header, claims: &Map<String, Value>) -> Kind {
    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    let has = |name: &str| claims.contains_key(name);
    let asks_for_prt = text("scope").split(' ').any(|scope| scope == "aza");
    if header.typ.as_deref() == Some(ACCESS_TOKEN_TYPE) || (has("scp") && has("aud")) {
        Kind::AccessToken
    } else if header.typ.as_deref() == Some("dpop+jwt") {
        Kind::DpopProof
    } else if header.key_use.as_deref() == Some("ngc") {
        Kind::UserAssertion
    } else if has("TransportKey") {
        Kind::JoinRequest
    } else if text("grant_type") == "device_auth" {
        Kind::DeviceCredential
    } else if text("purpose") == "browser_sso" || has("is_primary") {
        Kind::BrowserCredential
    } else if header.ctx.is_some() || text("purpose") == "prt_usage" {
        Kind::PrtUse
    } else if asks_for_prt && has("grant_type") {
        Kind::PrtRequest
    } else if header.alg == "none" && has("iss") && has("aud") {
        Kind::IdToken
    } else {
        Kind::Jws
    }
}

pub(super) fn inspect(text: &str) -> Result<Inspection, InspectError> {
    let jws = SignedText::parse(text)?;
    let (name, meaning) = words(&jws);
    let signature = match (jws.unsigned(), jws.signature.is_empty()) {
        (true, false) => "it signs nothing: `alg` is `none`, and no signature belongs here",
        (_, true) => "there is none: anybody can have written this",
        (false, false) => "not verified: no key was given",
    };
    let parts = vec![
        Part::of_object("Header", &jws.header),
        Part::of_object("Claims", &jws.claims),
        Part::of_octets("Signature", &jws.signature, Some(signature.to_owned())),
    ];
    let mut found = Inspection {
        kind: jws.kind,
        what: format!("{name}: a JWS, {}", jws.signed_how()),
        meaning: meaning.to_owned(),
        characters: text.chars().count(),
        parts,
        checked: vec![Statement::of(Check::JwsShape)],
        not_checked: not_checked(&jws),
    };
    if jws.kind == Kind::DpopProof {
        look_at_proof(&mut found, text);
    }
    Ok(found)
}

/// A proof has its key with it: more can be said of it than of other signed texts.
fn look_at_proof(found: &mut Inspection, text: &str) {
    let proof = proof::findings(text);
    let signature = match proof.refused {
        None => "it fits the key in the header, which anybody can make",
        Some(DpopError::Signature) => "it does not fit the key in the header",
        Some(_) => "not verified: another check had refused the proof",
    };
    let signed = found.parts.iter_mut().filter(|part| part.name == "Signature");
    for member in signed.flat_map(|part| &mut part.members) {
        member.note = Some(signature.to_owned());
    }
    if let Some(error) = proof.refused {
        let check = error.check().map(|check| format!(" ({check})")).unwrap_or_default();
        found.meaning = format!(
            "It proves nothing. Every server refuses it, with whatever it comes: {error}{check}."
        );
        found.what = found.what.replacen("A DPoP proof", "What says it is a DPoP proof", 1);
    }
    found.checked.extend(proof.checked);
    found.not_checked = proof.not_checked;
}

fn words(jws: &SignedText) -> (&'static str, &'static str) {
    let bound = jws.claims.contains_key("cnf");
    match jws.kind {
        Kind::AccessToken if jws.unsigned() => (
            "What says it is an access token",
            "`alg` `none` signs nothing: anybody can have written it, and every resource refuses it.",
        ),
        Kind::AccessToken if bound => (
            "An access token",
            "It has a `cnf` claim: a resource that looks wants a proof by that key beside it.",
        ),
        Kind::AccessToken => (
            "An access token",
            "It has no `cnf` claim: whoever holds it can use it until `exp`, on any machine.",
        ),
        Kind::BrowserCredential => (
            "A browser credential",
            "A browser that sends it signs in as the user, until its nonce is stale or used up.",
        ),
        Kind::DeviceCredential => (
            "A device credential",
            "It proves facts of a device. It binds no token to that device.",
        ),
        Kind::DpopProof => (
            "A DPoP proof",
            "It proves one request by the key in its header, and is worth nothing beside another; the \
             body of that request is not covered.",
        ),
        Kind::IdToken => (
            "The ID token of a token answer",
            "It tells the client who signed in. The sources allow it unsigned, since the client had \
             it from the provider itself; shown by anybody else it proves nothing, and no resource \
             accepts it.",
        ),
        Kind::JoinRequest => (
            "A join request",
            "By it a device registers; it is signed by the device key in its header.",
        ),
        Kind::PrtRequest => (
            "A request for a primary refresh token",
            "It is signed by the device key; the answer opens only with the transport key.",
        ),
        Kind::PrtUse => (
            "A token request under a primary refresh token",
            "The token inside is worth nothing without the key that signed this request.",
        ),
        Kind::UserAssertion => {
            ("A user assertion", "It stands for a password, signed by a key of the user.")
        }
        _ if jws.unsigned() => (
            "An unsigned text",
            "Anybody can have written it. It is none of the messages of this protocol.",
        ),
        _ => ("A signed text", "It is none of the messages of this protocol."),
    }
}

fn not_checked(jws: &SignedText) -> Vec<Statement> {
    let because = Statement::because;
    let nonce = || because(Check::NonceFresh, "only the provider can tell");
    let key = "no key was given";
    match jws.kind {
        Kind::AccessToken => {
            let mut open = vec![
                because(Check::AccessTokenSignature, key),
                because(Check::AccessTokenIssuer, "no provider was named"),
                because(Check::AccessTokenAudience, "no resource was named"),
                because(Check::AccessTokenLifetime, "there is no clock here"),
            ];
            if jws.claims.contains_key("cnf") {
                open.push(because(Check::AccessTokenConfirmation, "there is no proof here"));
            }
            open
        }
        Kind::BrowserCredential => vec![use_signature(jws), nonce()],
        Kind::DeviceCredential => vec![because(Check::DeviceCredentialSignature, key), nonce()],
        Kind::JoinRequest => vec![
            because(Check::RegistrationDeviceKey, "its own key would show only that it has one"),
            Statement::of(Check::RegistrationToken),
            because(Check::RegistrationNonce, "only the provider can tell"),
        ],
        Kind::PrtRequest => vec![
            because(Check::PrtRequestSignature, "the directory has the key"),
            nonce(),
            Statement::of(Check::UserPassword),
        ],
        Kind::PrtUse => vec![
            Statement::of(Check::PrtUnseal),
            use_signature(jws),
            nonce(),
            because(Check::PrtUseTimes, "there is no clock here"),
        ],
        Kind::UserAssertion => vec![
            because(Check::AssertionSignature, "the directory has the key"),
            Statement::of(Check::AssertionNonce),
            because(Check::AssertionTimes, "there is no clock here"),
        ],
        Kind::IdToken => vec![
            Statement::plain(
                "who wrote it: it is not signed (OpenID Connect Core 3.1.3.7, point 6)",
            ),
            Statement::plain("that it came in an answer of the token endpoint: the client knows"),
            Statement::plain("`iss`, `aud` and `exp`: no client was named, there is no clock here"),
        ],
        _ if jws.unsigned() => vec![Statement::plain("who wrote it: it is not signed")],
        _ => vec![Statement::plain("the signature: no key was given")],
    }
}

fn use_signature(jws: &SignedText) -> Statement {
    match jws.parsed.ctx {
        Some(_) => Statement::because(Check::PrtUseMac, "the key is sealed inside the token"),
        None => Statement::because(Check::PrtUseDeviceSignature, "the directory has the key"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn jws(header: &Value, claims: &Value) -> String {
        let part = |value: &Value| b64::encode_url(value.to_string());
        format!("{}.{}.AAAA", part(header), part(claims))
    }

    #[test]
    fn each_message_is_known_by_its_members() {
        let ctx = json!({"alg": "HS256", "ctx": "AAAA", "kdf_ver": 2});
        let es256 = json!({"alg": "ES256"});
        let cases = [
            (json!({"alg": "ES256", "typ": "at+jwt"}), json!({}), Kind::AccessToken),
            (json!({"alg": "ES256", "typ": "dpop+jwt"}), json!({}), Kind::DpopProof),
            (json!({"alg": "ES256", "use": "ngc"}), json!({"iss": "a"}), Kind::UserAssertion),
            (es256.clone(), json!({"TransportKey": {}}), Kind::JoinRequest),
            (es256.clone(), json!({"grant_type": "device_auth"}), Kind::DeviceCredential),
            (ctx.clone(), json!({"is_primary": "true"}), Kind::BrowserCredential),
            (es256.clone(), json!({"purpose": "browser_sso"}), Kind::BrowserCredential),
            (ctx, json!({"grant_type": "refresh_token"}), Kind::PrtUse),
            (es256.clone(), json!({"purpose": "prt_usage"}), Kind::PrtUse),
            (
                es256.clone(),
                json!({"scope": "openid aza", "grant_type": "password"}),
                Kind::PrtRequest,
            ),
            (es256, json!({}), Kind::Jws),
            (json!({"alg": "none"}), json!({"iss": "i", "aud": "c", "oid": "u"}), Kind::IdToken),
            (json!({"alg": "none"}), json!({}), Kind::Jws),
        ];
        for (header, claims, kind) in cases {
            let found = inspect(&jws(&header, &claims)).unwrap();
            assert_eq!(found.kind, kind, "{header} {claims}");
            assert!(!found.not_checked.is_empty() && !found.checked.is_empty());
            assert_eq!(found.checked.len() > 1, kind == Kind::DpopProof);
        }
    }

    #[test]
    fn what_nobody_signed_is_called_so() {
        let none = json!({"alg": "none"});
        let found = |claims: &Value| inspect(&jws(&none, claims)).unwrap();
        let id_token = found(&json!({"iss": "i", "aud": "c", "oid": "u"}));
        assert!(id_token.what.ends_with("unsigned") && id_token.not_checked.len() == 3);
        assert!(id_token.meaning.contains("proves nothing"));
        assert_eq!(found(&json!({})).what, "An unsigned text: a JWS, unsigned");
        let access = found(&json!({"scp": "all", "aud": "r"}));
        assert_eq!(access.kind, Kind::AccessToken);
        assert!(access.meaning.contains("every resource refuses it"));
        let signature = access.parts[2].members[0].note.clone().unwrap();
        assert!(signature.contains("signs nothing"), "{signature}");
    }

    #[test]
    fn a_payload_must_be_an_object() {
        let text = jws(&json!({"alg": "ES256"}), &json!([1]));
        assert_eq!(inspect(&text).unwrap_err(), InspectError::Payload);
    }
}
