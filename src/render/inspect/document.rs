//! JSON documents: which one it is by its members, then read by the room that owns its shape.

use serde_json::Value;

use super::policy;
use super::{InspectError, Inspection, Kind, Part, Statement, without_passwords};
use crate::base::json;
use crate::directory::Directory;
use crate::jose::jwk::thumbprint_of;
use crate::policy::PolicySet;
use crate::render::page::counted;
use crate::render::remedy;
use crate::signin::SignInRecord;
use crate::sim::Scenario;

pub(super) fn inspect(text: &str) -> Result<Inspection, InspectError> {
    let octets = text.as_bytes();
    let value: Value = json::from_slice(octets).map_err(InspectError::Json)?;
    let has = |name: &str| value.get(name).is_some();
    let mut found = if has("steps") {
        scenario(octets)?
    } else if has("TimeGenerated") || has("ConditionalAccessPolicies") {
        row(&value)
    } else if has("properties") && (has("category") || has("operationName")) {
        export(&value)
    } else if has("createdDateTime") && (has("correlationId") || has("status")) {
        record(octets)?
    } else if is_policy(&value) {
        let set = PolicySet::from_json(octets).map_err(InspectError::Policy)?;
        policy::inspection(&set)
    } else if has("users") || has("devices") {
        directory(octets)?
    } else if has("error") {
        error_answer(&value)
    } else {
        keys(&value)?
    };
    found.characters = text.chars().count();
    Ok(found)
}

fn is_policy(value: &Value) -> bool {
    let named = |value: &Value| {
        ["conditions", "grantControls", "sessionControls"]
            .iter()
            .any(|name| value.get(name).is_some())
    };
    let list = value.as_array().or_else(|| value.get("value")?.as_array());
    named(value) || list.is_some_and(|list| list.iter().any(named))
}

fn inspection(kind: Kind, what: &str, meaning: &str, parts: Vec<Part>) -> Inspection {
    Inspection {
        kind,
        what: what.to_owned(),
        meaning: meaning.to_owned(),
        characters: 0,
        parts,
        checked: vec![Statement::plain("JSON without duplicate members, of the shape it claims")],
        not_checked: Vec::new(),
    }
}

fn scenario(text: &[u8]) -> Result<Inspection, InspectError> {
    let scenario = Scenario::from_json(text).map_err(InspectError::Scenario)?;
    let mut part = Part::new("Scenario")
        .with("name", scenario.name.clone())
        .with("title", scenario.title.clone())
        .with("lesson", scenario.lesson.clone())
        .with("settings", Value::Object(scenario.settings.clone()))
        .with("steps", scenario.steps.len());
    if let Some(expect) = scenario.expect.and_then(|expect| serde_json::to_value(expect).ok()) {
        part.push("expect", expect, Some("what becomes of the thief".to_owned()));
    }
    let mut steps = Part::new("Steps");
    for (at, step) in scenario.steps.iter().enumerate() {
        // A step is an object with one member, its verb.
        let step = serde_json::to_value(step).unwrap_or_default();
        let (verb, what) = step.as_object().and_then(|step| step.iter().next()).unzip();
        let text = format!("{} {}", verb.map_or("", String::as_str), what.unwrap_or(&Value::Null));
        steps.push(&(at + 1).to_string(), text.into(), None);
    }
    let mut found = inspection(
        Kind::Scenario,
        "A scenario",
        "Run it with `tplab run FILE`.",
        vec![part, steps],
    );
    found.not_checked = vec![Statement::plain(
        "that users, devices, apps and policies of these names exist: that shows when it runs",
    )];
    Ok(found)
}

fn record(text: &[u8]) -> Result<Inspection, InspectError> {
    let record: SignInRecord = json::from_slice(text).map_err(InspectError::Record)?;
    let mut part = Part::new("Record");
    let shown = serde_json::to_value(&record).unwrap_or_default();
    for (name, value) in shown.as_object().into_iter().flatten() {
        if name != "appliedConditionalAccessPolicies" {
            part.push(name, value.clone(), None);
        }
    }
    let mut policies = Part::new("Policies that were looked at");
    for policy in &record.applied_conditional_access_policies {
        let result = serde_json::to_value(policy.result).unwrap_or_default();
        let failed = policy.conditions_not_satisfied;
        let note = (!failed.is_empty()).then(|| format!("not satisfied: {failed}"));
        policies.push(&policy.display_name, result, note);
    }
    let status = record.token_protection_status_details;
    let meaning = match status {
        Some(status) => remedy::status_meaning(status.code),
        None => "The request failed before anything looked at whether it was bound.",
    };
    let mut found = inspection(
        Kind::SignInRecord,
        "A sign-in record (Graph beta `signIn`)",
        meaning,
        vec![part, policies],
    );
    found.not_checked =
        vec![Statement::plain("that any such sign-in took place: a record is no proof")];
    Ok(found)
}

/// A line of the diagnostic export: the envelope, and the record in its `properties`.
fn export(value: &Value) -> Inspection {
    let mut envelope = Part::new("Envelope");
    for (name, value) in value.as_object().into_iter().flatten() {
        if name != "properties" {
            envelope.push(name, without_passwords(name, value), None);
        }
    }
    let properties = value.get("properties").and_then(Value::as_object);
    let mut part = Part::new("Properties");
    for (name, value) in properties.into_iter().flatten() {
        part.push(name, without_passwords(name, value), None);
    }
    let details = properties.and_then(|it| it.get("tokenProtectionStatusDetails"));
    let mut found = inspection(
        Kind::SignInExport,
        "A sign-in record as a line of the diagnostic export",
        meaning_of(details, "The line does not say whether the request was bound."),
        vec![envelope, part],
    );
    found.not_checked =
        vec![Statement::plain("that any such sign-in took place: a line is no proof")];
    found
}

/// What the code in `tokenProtectionStatusDetails` means.
fn meaning_of(details: Option<&Value>, otherwise: &'static str) -> &'static str {
    let code = details.and_then(|details| details.get("signInSessionStatusCode")?.as_u64());
    code.and_then(|code| u16::try_from(code).ok()).map_or(otherwise, remedy::status_meaning)
}

/// A row of a log table: structured columns may be JSON inside a text.
fn row(value: &Value) -> Inspection {
    let mut part = Part::new("Columns");
    for (name, value) in value.as_object().into_iter().flatten() {
        let inner = value.as_str().filter(|text| text.starts_with(['{', '[']));
        let inner = inner.and_then(|text| json::from_slice::<Value>(text.as_bytes()).ok());
        part.push(name, without_passwords(name, inner.as_ref().unwrap_or(value)), None);
    }
    let details = part.members.iter().find(|it| it.name == "TokenProtectionStatusDetails");
    let meaning = meaning_of(
        details.map(|member| &member.value),
        "The row does not say whether the request was bound.",
    );
    let mut found = inspection(
        Kind::SignInRow,
        "A sign-in record as a row of a log table",
        meaning,
        vec![part],
    );
    found.not_checked =
        vec![Statement::plain("that any such sign-in took place: a row is no proof")];
    found
}

fn directory(text: &[u8]) -> Result<Inspection, InspectError> {
    let directory = Directory::from_json(text).map_err(InspectError::Directory)?;
    let mut users = Part::new("Users");
    for user in directory.users() {
        let groups = counted(directory.groups_of(user.id()).len(), "group");
        users.push(user.user_principal_name(), groups.into(), None);
    }
    let mut devices = Part::new("Devices");
    for device in directory.devices() {
        devices.push(&device.display_name, device.operating_system.clone().into(), None);
    }
    Ok(inspection(
        Kind::Directory,
        "A directory",
        "Password verifiers and second factors in it are not shown.",
        vec![users, devices],
    ))
}

fn error_answer(value: &Value) -> Inspection {
    let part = value.as_object().map(|object| Part::of_object("Members", object));
    let mut found = inspection(
        Kind::ErrorAnswer,
        "An error answer (RFC 6749 section 5.2)",
        "The peer learns this much; the sign-in record with its correlation id says why.",
        part.into_iter().collect(),
    );
    found.checked = vec![Statement::plain("JSON without duplicate members")];
    found
}

fn keys(value: &Value) -> Result<Inspection, InspectError> {
    let (kind, what, keys) = match (value.get("kty"), value.get("keys").and_then(Value::as_array)) {
        (Some(_), _) => (Kind::Jwk, "A public key (JWK)", vec![value]),
        (None, Some(keys)) => (Kind::KeySet, "Public keys (JWKS)", keys.iter().collect()),
        (None, None) => return Err(InspectError::UnknownDocument),
    };
    let parts: Result<Vec<Part>, InspectError> = keys.into_iter().map(key).collect();
    Ok(inspection(kind, what, "With it signatures can be verified, and nothing signed.", parts?))
}

fn key(jwk: &Value) -> Result<Part, InspectError> {
    let thumbprint = thumbprint_of(jwk.to_string().as_bytes())?;
    let mut part = Part::new("Key");
    for name in ["kty", "crv", "kid", "use", "alg"] {
        if let Some(value) = jwk.get(name) {
            part.push(name, value.clone(), None);
        }
    }
    Ok(part.with("thumbprint (RFC 7638)", thumbprint.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: &str = r#"{"TimeGenerated":"2026-03-04T08:00:00Z","UserPrincipalName":"a@b",
        "TokenProtectionStatusDetails":"{\"signInSessionStatus\":\"unbound\",\"signInSessionStatusCode\":1002}"}"#;

    #[test]
    fn documents_are_known_by_their_members() {
        let policy = include_str!("../../data/policies/b-token-protection-enabled.json");
        let directory = include_str!("../../data/directory.json");
        let scenario = r#"{"name":"x","title":"X","steps":[{"wait":{"hours":1}}]}"#;
        let key = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
        for (text, kind) in [
            (policy, Kind::PolicySet),
            (directory, Kind::Directory),
            (scenario, Kind::Scenario),
            (key, Kind::Jwk),
            (r#"{"error":"invalid_grant"}"#, Kind::ErrorAnswer),
            (ROW, Kind::SignInRow),
        ] {
            assert_eq!(inspect(text).unwrap().kind, kind, "{text}");
        }
    }

    #[test]
    fn a_row_with_json_in_texts_is_read() {
        let found = inspect(ROW).unwrap();
        assert_eq!(found.meaning, remedy::status_meaning(1002));
    }

    #[test]
    fn a_line_of_the_export_is_read() {
        let text = r#"{"category":"SignInLogs","properties":{"createdDateTime":"2026-03-05T10:00:00.0+00:00","status":{"errorCode":0},"tokenProtectionStatusDetails":{"signInSessionStatusCode":1003}}}"#;
        let found = inspect(text).unwrap();
        assert_eq!(
            (found.kind, found.meaning.as_str()),
            (Kind::SignInExport, remedy::status_meaning(1003))
        );
        assert_eq!(found.parts[1].name, "Properties");
    }

    #[test]
    fn private_keys_are_not_shown() {
        let text = r#"{"kty":"oct","k":"c2VjcmV0LWtleS1vY3RldHM"}"#;
        let found = inspect(text).unwrap();
        assert!(!serde_json::to_string(&found).unwrap().contains("c2VjcmV0"));
    }
}
