//! Inspecting: what a text is, what stands in it, and what was and was not checked.
//!
//! An inspector has no keys, no clock and no directory. It reads and explains; it verifies nothing,
//! and says so with the ids of the checks that a provider or a resource would make.
//!
//! # Security
//! Claims are shown as they came, unverified. Passwords and private keys are not shown at all.

mod document;
mod jwe;
mod jws;
pub(super) mod note;
mod opaque;
mod policy;
mod proof;

use serde::Serialize;
use serde_json::Value;

use super::page::{Page, Tone, counted, shorten};
use crate::base::Check;
use crate::base::json::JsonError;
use crate::directory::DirectoryError;
use crate::jose;
use crate::policy::PolicyError;
use crate::sim::ScenarioError;
use crate::wire::redact::REDACTED;

pub use jws::SignedText;

/// Longer texts are not looked at, in octets.
pub const MAX_TEXT: usize = jose::MAX_COMPACT_LEN;

/// What a text turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// An access token.
    AccessToken,
    /// A credential by which a broker signs a browser in.
    BrowserCredential,
    /// A credential by which a device vouches for an app outside the broker.
    DeviceCredential,
    /// A directory file.
    Directory,
    /// A DPoP proof.
    DpopProof,
    /// An answer under a derived key, or for a transport key.
    EncryptedAnswer,
    /// An OAuth error body.
    ErrorAnswer,
    /// A session key wrapped for a transport key.
    EncryptedForTransportKey,
    /// An unsigned ID token.
    IdToken,
    /// A JWE of another use.
    Jwe,
    /// A public key.
    Jwk,
    /// A set of public keys.
    KeySet,
    /// The JWS by which a device joins.
    JoinRequest,
    /// A JWS of another use.
    Jws,
    /// An opaque text of 32 octets, as server nonces and thumbprints have.
    Octets32,
    /// Conditional Access policies.
    PolicySet,
    /// A request for a primary refresh token.
    PrtRequest,
    /// A token request signed under a primary refresh token.
    PrtUse,
    /// A scenario file.
    Scenario,
    /// A text that its issuer sealed for itself.
    SealedToken,
    /// A sign-in record as a line of the diagnostic export.
    SignInExport,
    /// A sign-in record.
    SignInRecord,
    /// A sign-in record as a row of a log table.
    SignInRow,
    /// An assertion by a user key.
    UserAssertion,
}

/// What was found.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Inspection {
    /// What it is.
    pub kind: Kind,
    /// The same in a few words.
    pub what: String,
    /// What it is worth to whoever holds it, or what to look at.
    pub meaning: String,
    /// Characters of the text.
    pub characters: usize,
    /// Its parts.
    pub parts: Vec<Part>,
    /// What this inspection checked.
    pub checked: Vec<Statement>,
    /// What it did not check, and who would.
    pub not_checked: Vec<Statement>,
}

/// A part of a text: header, claims, signature, a policy.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    /// Its name.
    pub name: String,
    /// Its members, by name.
    pub members: Vec<Member>,
}

/// A member of a part.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Its value; passwords are replaced.
    pub value: Value,
    /// What the value means, where that is not plain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Something that was, or was not, checked.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Statement {
    /// The check that makes the difference, if it has an id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<Check>,
    /// A sentence without a full stop.
    pub text: String,
}

/// Why a text could not be inspected. It quotes nothing of the text but scenario, policy and
/// directory values, which are no secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InspectError {
    /// Nothing was given.
    #[error("there is nothing to inspect: give a token as the argument or on standard input")]
    Empty,
    /// Longer than is read.
    #[error("the text is longer than {MAX_TEXT} octets")]
    TooLong,
    /// Nothing that is known here.
    #[error(
        "this is no JWS, JWE, sealed token, policy, sign-in record or scenario (to inspect a file: tplab inspect < FILE)"
    )]
    Unknown,
    /// JSON that is none of the documents known here.
    #[error(
        "this JSON is no policy, sign-in record, scenario, directory or key: no member of it says which"
    )]
    UnknownDocument,
    /// A text with the dots of a JWS or JWE that is none.
    #[error("not a well-formed token: {0}")]
    Jose(#[from] jose::Error),
    /// A JWS whose payload is no JSON object.
    #[error("the payload of this JWS is no JSON object with unique members")]
    Payload,
    /// Not well-formed JSON.
    #[error("not well-formed JSON: {0}")]
    Json(JsonError),
    /// A policy that cannot be read.
    #[error("a policy that is refused: {0}")]
    Policy(PolicyError),
    /// A record that cannot be read.
    #[error("a sign-in record that cannot be read: {0}")]
    Record(JsonError),
    /// A scenario that cannot be read.
    #[error("a scenario that is refused: {0}")]
    Scenario(ScenarioError),
    /// A directory that cannot be read.
    #[error("a directory that is refused: {0}")]
    Directory(DirectoryError),
}

impl InspectError {
    /// The stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "render.nothing_to_inspect",
            Self::TooLong => "render.too_long",
            Self::Unknown => "render.unknown_text",
            Self::UnknownDocument => "render.unknown_document",
            Self::Jose(error) => error.code(),
            Self::Payload => "render.payload",
            Self::Json(_) => "render.json",
            Self::Policy(error) => error.code(),
            Self::Record(_) => "render.record",
            Self::Scenario(error) => error.code(),
            Self::Directory(error) => error.code(),
        }
    }
}

/// Says what a text is and what stands in it. White space around it, quotes and a leading `Bearer`
/// are put aside.
///
/// # Errors
/// [`InspectError`].
pub fn inspect(text: &str) -> Result<Inspection, InspectError> {
    if text.len() > MAX_TEXT {
        return Err(InspectError::TooLong);
    }
    let text = bare(text);
    if text.is_empty() {
        return Err(InspectError::Empty);
    }
    if text.starts_with(['{', '[']) {
        return document::inspect(text);
    }
    match text.matches('.').count() {
        2 => jws::inspect(text),
        4 => jwe::inspect(text),
        _ => opaque::inspect(text),
    }
}

fn bare(text: &str) -> &str {
    let text = text.trim();
    let text =
        text.strip_prefix("Bearer ").or_else(|| text.strip_prefix("bearer ")).unwrap_or(text);
    let quoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    quoted.unwrap_or(text).trim()
}

impl Statement {
    fn of(check: Check) -> Self {
        Self { check: Some(check), text: check.title().to_owned() }
    }

    fn because(check: Check, why: &str) -> Self {
        Self { check: Some(check), text: format!("{}: {why}", check.title()) }
    }

    fn plain(text: &str) -> Self {
        Self { check: None, text: text.to_owned() }
    }
}

impl Part {
    fn new(name: &str) -> Self {
        Self { name: name.to_owned(), members: Vec::new() }
    }

    /// The members of an object, each with a note where there is something to say.
    fn of_object(name: &str, object: &serde_json::Map<String, Value>) -> Self {
        let mut part = Self::new(name);
        for (name, value) in object {
            part.push(name, without_passwords(name, value), note::on(name, value));
        }
        part
    }

    /// Octets as their number and their first few.
    fn of_octets(name: &str, octets: &[u8], note: Option<String>) -> Self {
        let mut part = Self::new(name);
        let hex: String = octets.iter().take(8).map(|octet| format!("{octet:02x}")).collect();
        let more = if octets.len() > 8 { "..." } else { "" };
        let value = format!("{}{}{hex}{more}", counted(octets.len(), "octet"), gap(&hex));
        part.push("octets", value.into(), note);
        part
    }

    fn push(&mut self, name: &str, value: Value, note: Option<String>) {
        self.members.push(Member { name: name.to_owned(), value, note });
    }

    fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.push(name, value.into(), None);
        self
    }
}

const fn gap(hex: &str) -> &'static str {
    if hex.is_empty() { "" } else { ", " }
}

/// The members of a private or symmetric key (RFC 7518 sections 6.2.2, 6.3.2 and 6.4).
pub(super) const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Names under which passwords and second factors travel.
const PASSWORDS: [&str; 4] = ["otc", "passwd", "password", "second_factor"];

/// A copy of a value without passwords and private keys, at any depth.
fn without_passwords(name: &str, value: &Value) -> Value {
    if PASSWORDS.iter().any(|secret| name.eq_ignore_ascii_case(secret)) && !value.is_null() {
        return REDACTED.into();
    }
    match value {
        Value::Array(items) => items.iter().map(|item| without_passwords("", item)).collect(),
        Value::Object(object) => {
            let is_key = name.eq_ignore_ascii_case("jwk") || object.contains_key("kty");
            let hide = |(name, value): (&String, &Value)| {
                let shown = match is_key && PRIVATE_MEMBERS.contains(&name.as_str()) {
                    true => REDACTED.into(),
                    false => without_passwords(name, value),
                };
                (name.clone(), shown)
            };
            Value::Object(object.iter().map(hide).collect())
        }
        other => other.clone(),
    }
}

impl Member {
    /// The value in one line; long tokens and very long texts are shortened.
    #[must_use]
    pub fn shown(&self) -> String {
        let text = spaced(&self.value);
        let most = if text.contains(' ') { 600 } else { 58 };
        shorten(&text, most)
    }
}

/// A value with spaces where a line can break; a text without its quotes.
fn spaced(value: &Value) -> String {
    let quoted = |value: &Value| match value {
        Value::String(_) => value.to_string(),
        other => spaced(other),
    };
    match value {
        Value::Array(items) => format!("[{}]", join(items.iter().map(quoted))),
        Value::Object(members) => {
            let member = |(name, value)| format!("{name}: {}", quoted(value));
            format!("{{{}}}", join(members.iter().map(member)))
        }
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn join(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}

impl Inspection {
    /// The inspection for people.
    #[must_use]
    pub fn to_page(&self) -> Page {
        let mut page = Page::new();
        page.say(0, Tone::Heading, &format!("{} ({} characters)", self.what, self.characters));
        page.say(0, Tone::Plain, &self.meaning);
        for part in &self.parts {
            page.append(part.to_page());
        }
        statements(&mut page, "Checked", &self.checked);
        statements(&mut page, "Not checked", &self.not_checked);
        page
    }
}

impl Part {
    fn to_page(&self) -> Page {
        let mut page = Page::new();
        page.say(0, Tone::Plain, "");
        page.say(0, Tone::Heading, &self.name);
        let widest = self.members.iter().map(|member| member.name.chars().count()).max();
        let at = (widest.unwrap_or(0) + 4).min(34);
        for member in &self.members {
            page.hang(&format!("  {}", member.name), at, Tone::Plain, &member.shown());
            if let Some(note) = &member.note {
                page.say(at, Tone::Aside, &format!("({note})"));
            }
        }
        page
    }
}

fn statements(page: &mut Page, heading: &str, statements: &[Statement]) {
    if statements.is_empty() {
        return;
    }
    page.heading(heading);
    let at = if statements.iter().any(|statement| statement.check.is_some()) { 10 } else { 2 };
    for Statement { check, text } in statements {
        let id = check.map(|check| format!("  {check}")).unwrap_or_default();
        page.hang(&id, at, Tone::Plain, text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::b64;

    #[test]
    fn passwords_are_hidden_at_any_depth() {
        let claims = serde_json::json!({
            "scope": "openid aza", "grant_type": "password", "username": "alice",
            "Password": "hunter2", "inner": [{"otc": "123456"}],
        });
        let header = b64::encode_url(br#"{"alg":"ES256"}"#);
        let text = format!("{header}.{}.AAAA", b64::encode_url(claims.to_string()));
        let found = inspect(&text).unwrap();
        assert_eq!(found.kind, Kind::PrtRequest);
        let shown = found.to_page().to_plain() + &serde_json::to_string(&found).unwrap();
        assert!(!shown.contains("hunter2") && !shown.contains("123456"), "{shown}");
        assert!(shown.contains(REDACTED));
    }

    #[test]
    fn nothing_and_too_much_are_refused() {
        assert_eq!(inspect(" \n").unwrap_err(), InspectError::Empty);
        assert_eq!(inspect(&"a".repeat(MAX_TEXT + 1)).unwrap_err(), InspectError::TooLong);
    }

    #[test]
    fn garbage_is_refused_with_a_code() {
        for text in [
            "hello",
            "a.b.c",
            "..",
            "....",
            ".",
            "{",
            "[]",
            "{}",
            "\u{0}",
            "ö.ä.ü",
            "eyJhbGciOiJub25lIn0..",
            "{\"a\":1,\"a\":2}",
            "Bearer ",
            "\"\"",
            "a.b.c.d.e.f",
            "{\"steps\":1}",
            "{\"conditions\":[]}",
            "{\"createdDateTime\":1}",
            "{\"users\":{}}",
            "{\"kty\":\"EC\"}",
            "{\"keys\":[7]}",
        ] {
            let error = inspect(text).expect_err(text);
            assert!(error.code().contains('.'), "{text}");
            assert!(!error.to_string().contains('\n'), "{text}");
        }
    }
}
