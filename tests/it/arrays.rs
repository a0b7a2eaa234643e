//! An array with the members in order is no object, for any reader: every object of a valid text,
//! at any depth, is replaced by the array of its values, one at a time, and each must be refused.

use serde_json::{Value, json};
use token_protection_lab::base::json::from_secret_slice;
use token_protection_lab::catalog::{Catalog, CatalogFiles};
use token_protection_lab::directory::{self, Directory};
use token_protection_lab::jose::{Jwk, UnverifiedJws};
use token_protection_lab::policy::PolicySet;
use token_protection_lab::signin::SignInRecord;
use token_protection_lab::sim::{RunOptions, Scenario, Settings, library, run};
use token_protection_lab::testing::Lab;
use token_protection_lab::testing::lab::AZURE_CLI;
use token_protection_lab::wire::answer::{ErrorBody, PrtAnswer, TokenAnswer, read_json};
use token_protection_lab::wire::claims::{Credential, PrtUse};
use token_protection_lab::wire::keys::{KeySet, Metadata};

/// Every way to write one object of `value` as an array, with the pointer to it.
fn as_arrays(value: &Value) -> Vec<(String, Value)> {
    let mut pointers = Vec::new();
    objects(value, String::new(), &mut pointers);
    let bent = |pointer: String| {
        let mut bent = value.clone();
        let place = bent.pointer_mut(&pointer).unwrap();
        let members = place.as_object().unwrap();
        *place = members.values().cloned().collect();
        (pointer, bent)
    };
    pointers.into_iter().map(bent).collect()
}

fn objects(value: &Value, at: String, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, inner) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                objects(inner, format!("{at}/{name}"), found);
            }
            found.push(at);
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                objects(inner, format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

/// `reads` takes the text as it is, and none of its bent forms.
fn refuses(name: &str, text: &[u8], at_least: usize, reads: impl Fn(&[u8]) -> bool) {
    assert!(reads(text), "{name} as it is");
    let value: Value = serde_json::from_slice(text).unwrap();
    let bent = as_arrays(&value);
    assert!(bent.len() >= at_least, "{name}: {} objects", bent.len());
    for (pointer, bent) in bent {
        assert!(!reads(bent.to_string().as_bytes()), "{name}: `{pointer}` as an array is read");
    }
}

#[test]
fn files() {
    refuses("directory", directory::SAMPLE, 60, |text| Directory::from_json(text).is_ok());
    for name in ["pitfall-shared-login", "pitfall-follows-mfa", "code-1002-guest-without-trust"] {
        let text = serde_json::to_vec(library::named(name).unwrap()).unwrap();
        refuses(name, &text, 8, |text| Scenario::from_json(text).is_ok());
    }
    let policies: [&[u8]; 2] = [
        include_bytes!("../../src/data/policies/c2-token-protection-device-filter-newest.json"),
        include_bytes!("../../src/data/policies/d2-require-compliant-device.json"),
    ];
    for text in policies {
        // A policy set may be an array of policies, so the outermost object is left alone.
        let read = |text: &[u8]| text.starts_with(b"{") && PolicySet::from_json(text).is_ok();
        refuses("policy", text, 5, read);
    }
    let settings = json!({ "nonce": { "single_use": true, "lifetime": 300 } });
    refuses("settings", settings.to_string().as_bytes(), 2, |text| {
        let Ok(Value::Object(changes)) = serde_json::from_slice(text) else { return false };
        Settings::default().apply(&changes).is_ok()
    });
}

#[test]
fn catalogue() {
    let files = CatalogFiles::BUILTIN;
    let loads = |files: &CatalogFiles<'_>| Catalog::load(files).is_ok();
    refuses("clients", files.clients, 40, |clients| loads(&CatalogFiles { clients, ..files }));
    refuses("resources", files.resources, 10, |resources| {
        loads(&CatalogFiles { resources, ..files })
    });
    refuses("limitations", files.limitations, 150, |limitations| {
        loads(&CatalogFiles { limitations, ..files })
    });
    let [first, second, newest] = files.rule_packs else { panic!("three packs") };
    refuses("rule pack", newest, 80, |newest| {
        loads(&CatalogFiles { rule_packs: &[first, second, newest], ..files })
    });
}

#[test]
fn messages() {
    let mut lab = Lab::new();
    let mut device = lab.device();
    lab.obtain_prt(&mut device);
    let nonce = lab.nonce();
    let tokens =
        lab.sign_in(AZURE_CLI, token_protection_lab::catalog::well_known::AZURE_MANAGEMENT);
    let secret = |tokens: &TokenAnswer| serde_json::to_vec(tokens).unwrap();
    refuses("token answer", &secret(&tokens), 1, |text| read_json::<TokenAnswer>(text).is_ok());
    let mut refused = lab.post("oauth2/token", &Default::default());
    refused.body_mut().extend(b"grant_type=x");
    let body = lab.send(refused).response.body().clone();
    refuses("error body", &body, 1, |text| read_json::<ErrorBody>(text).is_ok());
    let prt = json!({
        "token_type": "pop", "refresh_token": "x", "refresh_token_expires_in": 1,
        "session_key_jwe": "x", "id_token": "x",
    });
    if read_json::<PrtAnswer>(prt.to_string().as_bytes()).is_ok() {
        refuses("PRT answer", prt.to_string().as_bytes(), 1, |text| {
            read_json::<PrtAnswer>(text).is_ok()
        });
    }
    let get = |lab: &mut Lab, path: &str| {
        let mut request = lab.post(path, &Default::default());
        *request.method_mut() = http::Method::GET;
        lab.send(request).response.body().clone()
    };
    let keys = get(&mut lab, "discovery/keys");
    refuses("key set", &keys, 2, |text| read_json::<KeySet>(text).is_ok());
    let metadata = get(&mut lab, "v2.0/.well-known/openid-configuration");
    if read_json::<Metadata>(&metadata).is_ok() {
        refuses("metadata", &metadata, 1, |text| read_json::<Metadata>(text).is_ok());
    }
    let claims = |text: &str| UnverifiedJws::parse(text).unwrap().unverified_payload().to_vec();
    let using = claims(&device.use_of_prt(&nonce, lab.now()).text());
    refuses("use of a PRT", &using, 1, |text| from_secret_slice::<PrtUse>(text).is_ok());
    let credential = claims(&device.browser_credential(&nonce).text());
    refuses("credential", &credential, 1, |text| from_secret_slice::<Credential>(text).is_ok());
    let jwk = serde_json::to_vec(&device.device_key().to_jwk()).unwrap();
    refuses("jwk", &jwk, 1, |text| from_secret_slice::<Jwk>(text).is_ok());
}

#[test]
fn records() {
    let scenario = library::named("pitfall-follows-mfa").unwrap();
    let outcome = run(scenario, &RunOptions::default()).unwrap();
    let record = serde_json::to_vec(outcome.records.last().unwrap()).unwrap();
    refuses("record", &record, 5, |text| read_json::<SignInRecord>(text).is_ok());
}
