//! What a member of a token means, where its value does not say so itself.

use serde_json::Value;

use super::PRIVATE_MEMBERS;
use crate::base::Timestamp;
use crate::base::id::AppId;
use crate::catalog::Catalog;
use crate::jose::{Ctx, Jwk, P256PublicKey};

/// A remark on a member of a header or claim set.
pub(in crate::render) fn on(name: &str, value: &Value) -> Option<String> {
    match name {
        "alg" if value == "none" => Some("no signature at all".to_owned()),
        "appid" | "aud" | "client_id" | "resource" => application(value.as_str()?),
        "ath" => Some("hash of the access token that it goes with".to_owned()),
        "auth_time" | "exp" | "iat" | "nbf" => date(value),
        "cnf" => Some("the presenter must prove that it holds this key (RFC 7800)".to_owned()),
        "crit" => Some("extensions; this lab understands none and refuses".to_owned()),
        "ctx" => Some(context(value.as_str()?)),
        "deviceid" => Some("the device that was authenticated; it binds nothing".to_owned()),
        "htm" => Some("the one method it is good for".to_owned()),
        "htu" => Some("the one address it is good for, whatever the query".to_owned()),
        "jkt" => Some("thumbprint of a DPoP key".to_owned()),
        "jti" => Some("its own id; a server that remembers it takes it once".to_owned()),
        "jwk" => Some(public_key(value)),
        "kdf_ver" if value == 2 => {
            Some("version 2: the payload goes into the derived key".to_owned())
        }
        "kdf_ver" => Some("a version other than 2".to_owned()),
        "nonce" => Some("given out by the server it is for".to_owned()),
        "purpose" => purpose(value.as_str()?),
        "refresh_token" | "session_key_jwe" => Some(sealed(name).to_owned()),
        "request_nonce" => Some("made by the provider; shows that this is recent".to_owned()),
        _ => None,
    }
}

fn public_key(jwk: &Value) -> String {
    if PRIVATE_MEMBERS.iter().any(|name| jwk.get(name).is_some()) {
        return "with its private half, which is not shown here; whoever has seen this text has the \
                key, and DPO-13 refuses a proof with one"
            .to_owned();
    }
    let key = serde_json::from_value::<Jwk>(jwk.clone()).ok();
    match key.and_then(|jwk| P256PublicKey::from_jwk(&jwk).ok()) {
        Some(key) => {
            format!(
                "the sender's public key; no reason to trust it; thumbprint {}",
                key.thumbprint()
            )
        }
        None => "the sender's public key; no reason to trust it".to_owned(),
    }
}

fn application(id: &str) -> Option<String> {
    let catalog = Catalog::builtin();
    let Ok(id) = id.parse::<AppId>() else {
        return catalog.resource_by_identifier(id).map(|resource| resource.display_name.clone());
    };
    let resource = catalog.resource_by_id(id).map(|resource| resource.display_name.clone());
    resource.or_else(|| catalog.client_by_id(id).map(|client| client.display_name.clone()))
}

fn date(value: &Value) -> Option<String> {
    let seconds = value.as_i64().or_else(|| value.as_str()?.parse().ok())?;
    Some(Timestamp::from_unix(seconds).to_string())
}

fn context(ctx: &str) -> String {
    Ctx::from_header(ctx).map_or_else(
        |_| "not standard base64".to_owned(),
        |ctx| format!("{} octets; the key that signs is derived with them", ctx.len()),
    )
}

fn purpose(purpose: &str) -> Option<String> {
    match purpose {
        "browser_sso" => Some("for the browser".to_owned()),
        "prt_usage" => Some("protocol 4: a use of a PRT".to_owned()),
        _ => None,
    }
}

fn sealed(name: &str) -> &'static str {
    match name {
        "session_key_jwe" => "only the device's transport key opens it",
        _ => "sealed: only the provider reads it",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn applications_and_dates_get_their_names() {
        let exchange = on("aud", &json!("00000002-0000-0ff1-ce00-000000000000")).unwrap();
        assert!(exchange.contains("Exchange"), "{exchange}");
        assert_eq!(on("exp", &json!(1_773_144_000)).unwrap(), "2026-03-10T12:00:00Z");
        assert_eq!(on("exp", &json!("soon")), None);
        assert_eq!(on("aud", &json!(7)), None);
    }
}
