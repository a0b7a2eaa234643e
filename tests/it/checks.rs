//! A test per check: each shows one message with one fault and names the check that must refuse it.
//!
//! The names begin with the check's id. `switches` runs this module once per check with that check
//! taken out, and fails unless the test that bears its id notices.

mod dpop;

use token_protection_lab::base::Check;
use token_protection_lab::base::Lifetime;
use token_protection_lab::base::Timestamp;
use token_protection_lab::catalog::well_known::{
    AZURE_MANAGEMENT, BROKER_CLIENT, DEVICE_REGISTRATION_SERVICE, EXCHANGE, SHAREPOINT,
};
use token_protection_lab::idp::{AcceptedProtocols, DeviceQuota, NonceUse};
use token_protection_lab::jose::{SessionKey, SigningKey};
use token_protection_lab::pop::Confirmation;
use token_protection_lab::testing::device::NO_SUCH_APP;
use token_protection_lab::testing::lab::{
    ALICE, AZURE_CLI, LOCALHOST, OUTLOOK, PASSWORD, with_bearer, with_header,
};
use token_protection_lab::testing::{HandmadeDevice, Lab};
use token_protection_lab::token::FamilyCapacity;
use token_protection_lab::wire::Request;
use token_protection_lab::wire::authorize::{DEVICE_CREDENTIAL, REFRESH_TOKEN_CREDENTIAL};

mod sender_constrained;

use crate::support::{Issuer, granted, lab, lab_with, refused};

const BROKER_REDIRECT: &str = "msauth://Microsoft.AAD.BrokerPlugin";

/// A device with Alice's PRT.
fn with_prt() -> (Lab, HandmadeDevice) {
    let mut lab = lab();
    let mut device = lab.device();
    lab.obtain_prt(&mut device);
    (lab, device)
}

/// A device with Alice's protocol 4 PRT.
fn with_prt_4() -> (Lab, HandmadeDevice) {
    let mut lab = lab();
    let mut device = lab.device();
    lab.obtain_prt_4(&mut device);
    (lab, device)
}

/// An access token for the registration service.
fn registration_token(lab: &mut Lab, with_second_factor: bool) -> String {
    let mut query = Lab::query(BROKER_CLIENT, DEVICE_REGISTRATION_SERVICE);
    BROKER_REDIRECT.clone_into(&mut query.redirect_uri);
    let otc = with_second_factor.then(|| lab.second_factor_code());
    let answer = lab.send(lab.login_request(&query, otc));
    let code = Lab::code_of(&answer);
    let mut grant = Lab::code_grant(BROKER_CLIENT, &code);
    BROKER_REDIRECT.clone_into(&mut grant.redirect_uri);
    let answer: token_protection_lab::wire::answer::TokenAnswer = lab.redeem(grant).json();
    answer.access_token
}

#[test]
fn everything_right_is_granted() {
    let (mut lab, device) = with_prt();
    let nonce = lab.nonce();
    granted(&lab.send(device.use_of_prt(&nonce, lab.now()).request()));
    let (mut lab, device) = with_prt_4();
    let nonce = lab.nonce();
    granted(&lab.send(device.use_of_prt(&nonce, lab.now()).request()));
    let mut lab = self::lab();
    let tokens = lab.sign_in(AZURE_CLI, AZURE_MANAGEMENT);
    let token = tokens.refresh_token.unwrap();
    granted(&lab.send(lab.refresh_request(AZURE_CLI, &token, EXCHANGE)));
    let mut issuer = Issuer::new();
    let token = issuer.token(&issuer.claims());
    assert_eq!(issuer.present(&token), None);
}

#[test]
fn msg_04_the_algorithm_is_the_keys() {
    let (mut lab, device) = with_prt();
    let nonce = lab.nonce();
    for alg in ["none", "HS512", "ES256", ""] {
        let draft =
            device.use_of_prt(&nonce, lab.now()).header(|header| alg.clone_into(&mut header.alg));
        refused(&lab.send(draft.request()), Check::HeaderAlgorithm);
    }
}

#[test]
fn msg_05_crit_is_refused() {
    let (mut lab, device) = with_prt();
    let nonce = lab.nonce();
    for crit in [vec!["exp".to_owned()], vec![]] {
        let draft = device.use_of_prt(&nonce, lab.now()).header(|header| header.crit = Some(crit));
        refused(&lab.send(draft.request()), Check::HeaderCritical);
    }
}

#[test]
fn msg_06_a_full_memory_refuses_rather_than_lets_a_retired_token_live() {
    let mut lab = lab_with(|builder| {
        builder.settings(|settings| settings.family_capacity = FamilyCapacity(8))
    });
    let first = |lab: &mut Lab| lab.sign_in(AZURE_CLI, EXCHANGE).refresh_token.unwrap();
    let redeem =
        |lab: &mut Lab, token: &str| lab.send(lab.refresh_request(AZURE_CLI, token, EXCHANGE));
    // One eighth of the room is for endings.
    let retired: Vec<String> = (0..7).map(|_| first(&mut lab)).collect();
    for token in &retired {
        granted(&redeem(&mut lab, token));
    }
    let waiting = first(&mut lab);
    let answer = redeem(&mut lab, &waiting);
    refused(&answer, Check::MemoryRoom);
    assert_eq!(answer.response.status(), 503);
    // A code shown again still ends its family, and then there is no room for that either.
    let mut shown_twice = || {
        let code = lab.code(AZURE_CLI, EXCHANGE);
        granted(&lab.redeem(Lab::code_grant(AZURE_CLI, &code)));
        lab.redeem(Lab::code_grant(AZURE_CLI, &code))
    };
    refused(&shown_twice(), Check::CodeUnused);
    refused(&shown_twice(), Check::MemoryRoom);
    // The refused token was not used up. Once the others are too old for anything, there is room.
    lab.wait(7_775_999);
    refused(&redeem(&mut lab, &waiting), Check::MemoryRoom);
    let (retired_one, others) = retired.split_first().unwrap();
    refused(&redeem(&mut lab, retired_one), Check::RefreshUnused);
    lab.wait(1);
    let late = first(&mut lab);
    granted(&redeem(&mut lab, &late));
    for token in others {
        refused(&redeem(&mut lab, token), Check::RefreshExpired);
    }
}

#[test]
fn non_01_a_nonce_is_needed() {
    let (mut lab, device) = with_prt();
    let nonce = lab.nonce();
    let draft = device.use_of_prt(&nonce, lab.now()).without("request_nonce");
    refused(&lab.send(draft.request()), Check::NonceMissing);
    let request = device.prt_request(&nonce, ALICE, PASSWORD).without("request_nonce");
    refused(&lab.send(request.request()), Check::NonceMissing);
}

#[test]
fn non_02_a_foreign_nonce_is_refused() {
    let (mut lab, device) = with_prt();
    let foreign = Lab::builder().seed(token_protection_lab::base::stream::Seed(99)).build().nonce();
    for nonce in [foreign.as_str(), "bm9uY2U", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
        let draft = device.use_of_prt(nonce, lab.now());
        refused(&lab.send(draft.request()), Check::NonceIssued);
    }
}

#[test]
fn non_03_a_stale_nonce_is_refused() {
    let (mut lab, device) = with_prt();
    let nonce = lab.nonce();
    lab.wait(300);
    granted(&lab.send(device.use_of_prt(&nonce, lab.now()).request()));
    lab.wait(1);
    refused(&lab.send(device.use_of_prt(&nonce, lab.now()).request()), Check::NonceFresh);
}

#[test]
fn non_04_single_use_means_once() {
    let single = |settings: &mut token_protection_lab::idp::ProviderSettings| {
        settings.nonce_use = NonceUse::SingleUse;
    };
    let mut lab = lab_with(|builder| builder.settings(single));
    let mut device = lab.device();
    lab.obtain_prt(&mut device);
    let nonce = lab.nonce();
    granted(&lab.send(device.use_of_prt(&nonce, lab.now()).request()));
    refused(&lab.send(device.use_of_prt(&nonce, lab.now()).request()), Check::NonceUnused);
}

#[test]
fn usr_01_the_password_counts() {
    let mut lab = lab();
    let device = lab.device();
    let nonce = lab.nonce();
    let request = device.prt_request(&nonce, ALICE, "correct horse").request();
    refused(&lab.send(request), Check::UserPassword);
}

#[test]
fn usr_02_a_disabled_user_is_refused() {
    let (mut lab, device) = with_prt();
    let alice = lab.alice();
    lab.provider().set_user_enabled(alice, false).unwrap();
    let nonce = lab.nonce();
    refused(&lab.send(device.use_of_prt(&nonce, lab.now()).request()), Check::UserEnabled);
    let request = device.prt_request(&nonce, ALICE, PASSWORD).request();
    refused(&lab.send(request), Check::UserEnabled);
}

#[test]
fn usr_03_a_wrong_second_factor_is_refused() {
    let mut lab = lab();
    let query = Lab::query(AZURE_CLI, EXCHANGE);
    let right = lab.second_factor_code();
    let wrong = if right == "000000" { "000001" } else { "000000" };
    let answer = lab.send(lab.login_request(&query, Some(wrong.to_owned())));
    refused(&answer, Check::UserSecondFactor);
    granted(&lab.send(lab.login_request(&query, Some(right))));
}

#[test]
fn usr_04_a_code_of_the_second_factor_is_good_once() {
    let mut lab = lab();
    let device = lab.device();
    let page = Lab::query(AZURE_CLI, EXCHANGE);
    let code = lab.second_factor_code();
    let typed = |lab: &mut Lab, code: &str| lab.send(lab.login_request(&page, Some(code.into())));
    granted(&typed(&mut lab, &code));
    // Neither at the page nor with a device, and not in the next step, where it is still right.
    refused(&typed(&mut lab, &code), Check::UserSecondFactorUnused);
    let nonce = lab.nonce();
    let request = device.prt_request(&nonce, ALICE, PASSWORD).claim("otc", code.clone());
    refused(&lab.send(request.request()), Check::UserSecondFactorUnused);
    lab.wait(59);
    refused(&typed(&mut lab, &code), Check::UserSecondFactorUnused);
    let next = lab.second_factor_code();
    assert_ne!(next, code);
    granted(&typed(&mut lab, &next));
    // What was refused for its password has used nothing up.
    let third = lab.second_factor_code();
    let mistyped = device.prt_request(&nonce, ALICE, "mistyped").claim("otc", third.clone());
    refused(&lab.send(mistyped.request()), Check::UserPassword);
    granted(&typed(&mut lab, &third));
}

#[test]
fn dev_01_a_deleted_device_is_refused() {
    let (mut lab, device) = with_prt();
    lab.provider().delete_device(device.id());
    let nonce = lab.nonce();
    refused(&lab.send(device.use_of_prt(&nonce, lab.now()).request()), Check::DeviceKnown);
}

#[test]
fn dev_02_a_disabled_device_is_refused() {
    let (mut lab, device) = with_prt();
    lab.provider().set_device_enabled(device.id(), false).unwrap();
    let nonce = lab.nonce();
    refused(&lab.send(device.use_of_prt(&nonce, lab.now()).request()), Check::DeviceEnabled);
    let request = device.prt_request(&nonce, ALICE, PASSWORD).request();
    refused(&lab.send(request), Check::DeviceEnabled);
}

#[test]
fn reg_01_only_a_token_for_the_service_registers() {
    let mut lab = lab();
    let device = lab.stranger();
    let nonce = lab.nonce();
    let other = lab.sign_in(AZURE_CLI, EXCHANGE).access_token;
    let answer = lab.send(device.join(&nonce).join_request(&other));
    refused(&answer, Check::RegistrationToken);
    let token = registration_token(&mut lab, false);
    lab.wait(3600);
    let nonce = lab.nonce();
    refused(&lab.send(device.join(&nonce).join_request(&token)), Check::RegistrationToken);
}

#[test]
fn reg_02_the_device_key_signs_the_join_body() {
    let mut lab = lab();
    let mut device = lab.stranger();
    let other = SigningKey::generate(device.rng());
    let token = registration_token(&mut lab, false);
    let nonce = lab.nonce();
    let draft = device.join(&nonce).signed_by(&other);
    refused(&lab.send(draft.join_request(&token)), Check::RegistrationDeviceKey);
    granted(&lab.send(device.join(&nonce).join_request(&token)));
}

#[test]
fn reg_03_device_key_and_transport_key_differ() {
    let mut lab = lab();
    let device = lab.stranger();
    let token = registration_token(&mut lab, false);
    let nonce = lab.nonce();
    let same = serde_json::to_value(device.device_key().to_jwk()).unwrap();
    let draft = device.join(&nonce).claim("TransportKey", same);
    refused(&lab.send(draft.join_request(&token)), Check::RegistrationKeysDiffer);
}

#[test]
fn reg_04_the_join_body_is_fresh() {
    let mut lab = lab();
    let device = lab.stranger();
    let nonce = lab.nonce();
    lab.wait(301);
    let token = registration_token(&mut lab, false);
    refused(&lab.send(device.join(&nonce).join_request(&token)), Check::RegistrationNonce);
    let draft = device.join(&nonce).without("request_nonce");
    refused(&lab.send(draft.join_request(&token)), Check::RegistrationNonce);
}

#[test]
fn reg_05_the_quota_holds() {
    let owned = 2;
    let mut lab =
        lab_with(|builder| builder.settings(|settings| settings.device_quota = DeviceQuota(owned)));
    let alice = lab.alice();
    assert_eq!(lab.provider().directory().devices_of(alice), owned);
    let device = lab.stranger();
    let token = registration_token(&mut lab, false);
    let nonce = lab.nonce();
    refused(&lab.send(device.join(&nonce).join_request(&token)), Check::RegistrationQuota);
}

#[test]
fn reg_06_only_the_devices_own_key_registers_it_again() {
    let mut lab = lab();
    let device = lab.device();
    let stranger = lab.stranger();
    let token = registration_token(&mut lab, false);
    let nonce = lab.nonce();
    let id = device.id().to_string();
    let again = stranger.join(&nonce).claim("DeviceId", id.clone());
    refused(&lab.send(again.join_request(&token)), Check::RegistrationReplace);
    granted(&lab.send(device.join(&nonce).claim("DeviceId", id).join_request(&token)));
}

#[test]
fn reg_07_only_the_devices_own_key_removes_it() {
    let mut lab = lab();
    let device = lab.device();
    let mut stranger = lab.stranger();
    let other = SigningKey::generate(stranger.rng());
    let nonce = lab.nonce();
    let claims = serde_json::json!({ "request_nonce": nonce, "device_id": device.id() });
    let forged = device.by_device_key(claims.clone()).signed_by(&other);
    refused(&lab.send(removal(&device, forged.text())), Check::RegistrationRemoval);
    let own = device.by_device_key(claims);
    granted(&lab.send(removal(&device, own.text())));
}

fn removal(device: &HandmadeDevice, text: String) -> Request {
    let mut request = Request::new(text.into_bytes());
    *request.method_mut() = http::Method::DELETE;
    let path = format!("https://login.lab.example/EnrollmentServer/device/{}", device.id());
    *request.uri_mut() = path.parse().unwrap();
    request
}

fn key_request(lab: &Lab, device: &mut HandmadeDevice, token: &str) -> Request {
    let key = SigningKey::generate(device.rng());
    let body = serde_json::json!({ "kngc": key.public_key().to_jwk(), "device_id": device.id() });
    let mut request = lab.post("x", &token_protection_lab::wire::form::Form::default());
    *request.uri_mut() = "https://login.lab.example/EnrollmentServer/key".parse().unwrap();
    *request.body_mut() = body.to_string().into_bytes();
    with_bearer(request, token)
}

#[test]
fn reg_08_a_user_key_needs_a_second_factor() {
    let mut lab = lab();
    let mut device = lab.device();
    let weak = registration_token(&mut lab, false);
    let answer = lab.send(key_request(&lab, &mut device, &weak));
    refused(&answer, Check::UserKeyStrongAuth);
    let strong = registration_token(&mut lab, true);
    granted(&lab.send(key_request(&lab, &mut device, &strong)));
    // A second factor of some time ago is not one for this.
    lab.wait(601);
    let answer = lab.send(key_request(&lab, &mut device, &strong));
    refused(&answer, Check::UserKeyStrongAuth);
}

#[test]
fn reg_09_the_join_type_goes_with_the_method() {
    let mut lab = lab();
    let device = lab.stranger();
    let token = registration_token(&mut lab, false);
    let nonce = lab.nonce();
    for (method, number, right) in [
        ("interactiveJoin", 4, false),
        ("workplaceJoin", 0, false),
        ("hybridJoin", 0, false),
        ("workplaceJoin", 4, true),
    ] {
        let draft =
            device.join(&nonce).claim("JoinType", number).claim("RegistrationMethod", method);
        let answer = lab.send(draft.join_request(&token));
        match right {
            true => granted(&answer),
            false => refused(&answer, Check::RegistrationJoinType),
        }
    }
}

#[test]
fn prq_01_a_prt_request_says_what_it_wants() {
    let mut lab = lab();
    let device = lab.device();
    let nonce = lab.nonce();
    for scope in ["openid", "aza", "azab openid", ""] {
        let draft = device.prt_request(&nonce, ALICE, PASSWORD).claim("scope", scope);
        refused(&lab.send(draft.request()), Check::PrtRequestPurpose);
    }
}

#[test]
fn prq_02_the_registered_key_signs_the_request() {
    let mut lab = lab();
    let mut device = lab.device();
    let other = SigningKey::generate(device.rng());
    let nonce = lab.nonce();
    let draft = device.prt_request(&nonce, ALICE, PASSWORD).signed_by(&other);
    refused(&lab.send(draft.request()), Check::PrtRequestSignature);
}

#[test]
fn prq_03_only_accepted_protocols_are_issued() {
    let only_4 = |settings: &mut token_protection_lab::idp::ProviderSettings| {
        settings.protocols = AcceptedProtocols::DeviceKey;
    };
    let mut lab = lab_with(|builder| builder.settings(only_4));
    let device = lab.device();
    let nonce = lab.nonce();
    let request = device.prt_request(&nonce, ALICE, PASSWORD).request();
    refused(&lab.send(request), Check::PrtRequestProtocol);
    granted(&lab.send(device.prt_request_4(&nonce, ALICE, PASSWORD).request()));
}

#[test]
fn prq_04_only_the_brokers_refresh_token_asks_for_a_prt() {
    let mut lab = lab();
    let device = lab.device();
    let other = lab.sign_in(AZURE_CLI, AZURE_MANAGEMENT).refresh_token.unwrap();
    let nonce = lab.nonce();
    let draft = device
        .prt_request(&nonce, ALICE, PASSWORD)
        .claim("grant_type", "refresh_token")
        .claim("refresh_token", other);
    refused(&lab.send(draft.request()), Check::PrtRequestBrokerToken);
}

/// A registered user key on Alice's device and the assertion made with it.
struct UserKey {
    key: SigningKey,
}

impl UserKey {
    fn register(lab: &mut Lab, device: &mut HandmadeDevice) -> Self {
        let key = SigningKey::generate(device.rng());
        let token = registration_token(lab, true);
        let mut request = key_request(lab, device, &token);
        let body = serde_json::json!({
            "kngc": key.public_key().to_jwk(), "device_id": device.id(),
        });
        *request.body_mut() = body.to_string().into_bytes();
        granted(&lab.send(request));
        Self { key }
    }

    fn assertion(&self, lab: &mut Lab, nonce: &str, exp: i64) -> serde_json::Value {
        let now = lab.now();
        serde_json::json!({
            "iss": ALICE, "aud": lab.provider().issuer(), "iat": now,
            "exp": now.as_unix() + exp, "request_nonce": nonce,
        })
    }

    fn request(
        &self,
        device: &HandmadeDevice,
        nonce: &str,
        assertion: serde_json::Value,
        signer: &SigningKey,
    ) -> Request {
        let kid = self.key.public_key().thumbprint().to_string();
        let inner = device
            .by_device_key(assertion)
            .header(|header| header.kid = Some(kid))
            .signed_by(signer);
        device
            .prt_request(nonce, ALICE, PASSWORD)
            .without("password")
            .claim("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")
            .claim("assertion", inner.text())
            .request()
    }
}

#[test]
fn prq_05_the_users_key_signs_the_assertion() {
    let mut lab = lab();
    let mut device = lab.device();
    let user_key = UserKey::register(&mut lab, &mut device);
    let other = SigningKey::generate(device.rng());
    let nonce = lab.nonce();
    let assertion = user_key.assertion(&mut lab, &nonce, 300);
    let right = user_key.request(&device, &nonce, assertion.clone(), &user_key.key);
    granted(&lab.send(right));
    let wrong = user_key.request(&device, &nonce, assertion, &other);
    refused(&lab.send(wrong), Check::AssertionSignature);
}

#[test]
fn prq_06_inner_and_outer_nonce_agree() {
    let mut lab = lab();
    let mut device = lab.device();
    let user_key = UserKey::register(&mut lab, &mut device);
    let (inner, outer) = (lab.nonce(), lab.nonce());
    let assertion = user_key.assertion(&mut lab, &inner, 300);
    let request = user_key.request(&device, &outer, assertion, &user_key.key);
    refused(&lab.send(request), Check::AssertionNonce);
}

#[test]
fn prq_07_the_assertion_is_in_date() {
    let mut lab = lab();
    let mut device = lab.device();
    let user_key = UserKey::register(&mut lab, &mut device);
    let nonce = lab.nonce();
    let old = user_key.assertion(&mut lab, &nonce, -300);
    let request = user_key.request(&device, &nonce, old, &user_key.key);
    refused(&lab.send(request), Check::AssertionTimes);
    let mut elsewhere = user_key.assertion(&mut lab, &nonce, 300);
    elsewhere["aud"] = "https://elsewhere.example".into();
    let request = user_key.request(&device, &nonce, elsewhere, &user_key.key);
    refused(&lab.send(request), Check::AssertionTimes);
}

#[test]
fn use_01_a_use_says_what_it_is_for() {
    let (mut lab, device) = with_prt();
    let nonce = lab.nonce();
    let draft = device.use_of_prt(&nonce, lab.now()).without_grant_type();
    refused(&lab.send(draft.request()), Check::PrtUsePurpose);
    let credential = device.browser_credential(&nonce).claim("client_id", OUTLOOK.to_string());
    refused(&lab.send(credential.request()), Check::PrtUsePurpose);
    let (mut lab, device) = with_prt_4();
    let nonce = lab.nonce();
    let draft = device.use_of_prt(&nonce, lab.now()).claim("purpose", "browser_sso");
    refused(&lab.send(draft.request()), Check::PrtUsePurpose);
}

#[test]
fn use_02_ctx_is_bounded() {
    let (mut lab, device) = with_prt();
    let nonce = lab.nonce();
    for octets in [0, 15, 65, 1000] {
        let ctx = token_protection_lab::base::b64::encode_standard(vec![1; octets]);
        let draft = device.use_of_prt(&nonce, lab.now()).header(|header| header.ctx = Some(ctx));
        refused(&lab.send(draft.request()), Check::PrtUseCtx);
    }
}

#[test]
fn use_03_version_1_is_refused_by_default() {
    let (mut lab, device) = with_prt();
    let nonce = lab.nonce();
    for version in [None, Some(1)] {
        let draft = device.use_of_prt(&nonce, lab.now()).header(|header| header.kdf_ver = version);
        refused(&lab.send(draft.request()), Check::PrtUseKdfVersion);
    }
}

#[test]
fn use_05_the_session_key_signs_the_use() {
    let (mut lab, mut device) = with_prt();
    let other = SessionKey::generate(device.rng());
    let nonce = lab.nonce();
    let draft = device.use_of_prt(&nonce, lab.now()).signed_under(&other);
    refused(&lab.send(draft.request()), Check::PrtUseMac);
}

#[test]
fn use_06_in_protocol_4_the_device_key_signs_the_use() {
    let (mut lab, mut device) = with_prt_4();
    let other = SigningKey::generate(device.rng());
    let nonce = lab.nonce();
    let draft = device.use_of_prt(&nonce, lab.now()).signed_by(&other);
    refused(&lab.send(draft.request()), Check::PrtUseDeviceSignature);
}

#[test]
fn use_07_only_accepted_protocols_are_used() {
    let (mut lab, device) = with_prt();
    let settings = token_protection_lab::idp::ProviderSettings {
        protocols: AcceptedProtocols::DeviceKey,
        ..*lab.provider().settings()
    };
    lab.provider().set_settings(settings);
    let nonce = lab.nonce();
    refused(&lab.send(device.use_of_prt(&nonce, lab.now()).request()), Check::PrtUseProtocol);
}

#[test]
fn use_08_times_are_there_and_in_date() {
    let (mut lab, device) = with_prt();
    let nonce = lab.nonce();
    let now = lab.now().as_unix();
    for (iat, exp) in [
        (Some(now), None),
        (None, Some(now)),
        (Some(now + 301), Some(now + 600)),
        (Some(now - 900), Some(now - 300)),
    ] {
        let mut draft = device.use_of_prt(&nonce, lab.now()).without("iat").without("exp");
        if let Some(iat) = iat {
            draft = draft.claim("iat", iat);
        }
        if let Some(exp) = exp {
            draft = draft.claim("exp", exp);
        }
        refused(&lab.send(draft.request()), Check::PrtUseTimes);
    }
    let draft =
        device.use_of_prt(&nonce, lab.now()).claim("iat", now + 300).claim("exp", now - 299);
    granted(&lab.send(draft.request()));
}

#[test]
fn use_09_a_protocol_4_use_is_good_once() {
    let (mut lab, device) = with_prt_4();
    let nonce = lab.nonce();
    let request = device.use_of_prt(&nonce, lab.now()).request();
    granted(&lab.send(request.clone()));
    refused(&lab.send(request), Check::PrtUseJti);
    let draft = device.use_of_prt(&nonce, lab.now()).without("jti");
    refused(&lab.send(draft.request()), Check::PrtUseJti);
}

#[test]
fn use_10_an_expired_prt_is_refused() {
    let (mut lab, device) = with_prt();
    let span = lab.provider().settings().lifetimes.prt.as_secs();
    lab.wait(span - 1);
    let nonce = lab.nonce();
    granted(&lab.send(device.use_of_prt(&nonce, lab.now()).request()));
    lab.wait(1);
    refused(&lab.send(device.use_of_prt(&nonce, lab.now()).request()), Check::PrtExpired);
}

#[test]
fn use_11_an_app_refresh_token_signs_nobody_in() {
    let (mut lab, device) = with_prt();
    let app_token = lab.broker_refresh_token(&device);
    let nonce = lab.nonce();
    let credential = device.browser_credential(&nonce).claim("refresh_token", app_token);
    let answer = show_browser_credential(&mut lab, &credential.text());
    refused(&answer, Check::PrtKind);
}

fn show_browser_credential(lab: &mut Lab, text: &str) -> token_protection_lab::testing::Answer {
    let request = lab.authorize_request(&Lab::query(AZURE_CLI, EXCHANGE));
    lab.send(with_header(request, REFRESH_TOKEN_CREDENTIAL, text))
}

#[test]
fn use_12_the_client_is_known() {
    let (mut lab, device) = with_prt();
    let nonce = lab.nonce();
    let draft = device.use_of_prt(&nonce, lab.now()).claim("client_id", NO_SUCH_APP.to_string());
    refused(&lab.send(draft.request()), Check::ClientKnown);
}

#[test]
fn use_13_the_resource_is_known() {
    let (mut lab, device) = with_prt();
    let nonce = lab.nonce();
    let draft = device.use_of_prt(&nonce, lab.now()).claim("resource", NO_SUCH_APP.to_string());
    refused(&lab.send(draft.request()), Check::ResourceKnown);
}

#[test]
fn rev_01_a_code_shown_twice_ends_its_tokens() {
    let mut lab = lab();
    let code = lab.code(AZURE_CLI, AZURE_MANAGEMENT);
    let first = lab.redeem(Lab::code_grant(AZURE_CLI, &code));
    let tokens: token_protection_lab::wire::answer::TokenAnswer = first.json();
    let _ = lab.redeem(Lab::code_grant(AZURE_CLI, &code));
    let token = tokens.refresh_token.unwrap();
    refused(&lab.send(lab.refresh_request(AZURE_CLI, &token, EXCHANGE)), Check::FamilyLive);
}

#[test]
fn rev_01_a_new_prt_ends_the_app_tokens_of_the_old_one() {
    let (mut lab, mut device) = with_prt();
    let app_token = lab.broker_refresh_token(&device);
    let (old_prt, old_key) = (device.prt().to_owned(), device.session_key().is_some());
    assert!(old_key);
    let mut second = lab.device();
    // The same device with new keys would be another story; here the same keys ask again.
    let nonce = lab.nonce();
    std::mem::swap(&mut second, &mut device);
    let (device_key, transport) = (second.device_key().clone(), second.transport_key().clone());
    lab.provider().provision_device(second.id(), device_key, transport).unwrap();
    let before = second.use_of(&app_token, &nonce, lab.now()).request();
    granted(&lab.send(before.clone()));
    granted(&lab.send(second.prt_request(&nonce, ALICE, PASSWORD).request()));
    refused(&lab.send(before), Check::FamilyLive);
    let old = second.use_of(&old_prt, &nonce, lab.now());
    granted(&lab.send(old.request()));
}

#[test]
fn rev_02_revocation_ends_every_token() {
    let (mut lab, device) = with_prt();
    let plain = lab.sign_in(AZURE_CLI, AZURE_MANAGEMENT).refresh_token.unwrap();
    let (alice, now) = (lab.alice(), lab.now());
    lab.provider().revoke_tokens(alice, now).unwrap();
    let nonce = lab.nonce();
    let request = device.use_of_prt(&nonce, lab.now()).request();
    refused(&lab.send(request), Check::TokensNotRevoked);
    let request = lab.refresh_request(AZURE_CLI, &plain, EXCHANGE);
    refused(&lab.send(request), Check::TokensNotRevoked);
}

#[test]
fn rev_03_a_new_password_ends_what_the_old_one_obtained() {
    let (mut lab, device) = with_prt();
    let plain = lab.sign_in(AZURE_CLI, AZURE_MANAGEMENT).refresh_token.unwrap();
    lab.set_password("another one");
    let nonce = lab.nonce();
    let request = device.use_of_prt(&nonce, lab.now()).request();
    refused(&lab.send(request), Check::PasswordUnchanged);
    let request = lab.refresh_request(AZURE_CLI, &plain, EXCHANGE);
    refused(&lab.send(request), Check::PasswordUnchanged);
}

#[test]
fn brt_01_a_bound_token_is_refused_in_a_plain_grant() {
    let (mut lab, device) = with_prt();
    let app_token = lab.broker_refresh_token(&device);
    let request = lab.refresh_request(OUTLOOK, &app_token, EXCHANGE);
    refused(&lab.send(request), Check::BrokerTokenBinding);
    let request = lab.refresh_request(OUTLOOK, device.prt(), EXCHANGE);
    refused(&lab.send(request), Check::BrokerTokenBinding);
}

#[test]
fn brt_02_an_app_token_belongs_to_its_client() {
    let (mut lab, device) = with_prt();
    let app_token = lab.broker_refresh_token(&device);
    let nonce = lab.nonce();
    let draft =
        device.use_of(&app_token, &nonce, lab.now()).claim("client_id", AZURE_CLI.to_string());
    refused(&lab.send(draft.request()), Check::BrokerTokenClient);
}

#[test]
fn brt_04_an_app_token_is_for_its_resource() {
    let (mut lab, device) = with_prt();
    let app_token = lab.broker_refresh_token(&device);
    let nonce = lab.nonce();
    let draft =
        device.use_of(&app_token, &nonce, lab.now()).claim("resource", SHAREPOINT.to_string());
    refused(&lab.send(draft.request()), Check::BrokerTokenResource);
}

#[test]
fn brt_05_an_app_token_never_becomes_a_prt() {
    let (mut lab, device) = with_prt();
    let app_token = lab.broker_refresh_token(&device);
    let nonce = lab.nonce();
    let draft = device.use_of(&app_token, &nonce, lab.now()).claim("scope", "openid aza");
    refused(&lab.send(draft.request()), Check::BrokerTokenNoPrt);
}

#[test]
fn reg_03_a_user_key_is_a_key_of_its_own() {
    let mut lab = lab();
    let mut device = lab.device();
    let token = registration_token(&mut lab, true);
    for key in [device.transport_key().to_jwk(), device.device_key().to_jwk()] {
        let mut request = key_request(&lab, &mut device, &token);
        let body = serde_json::json!({ "kngc": key, "device_id": device.id() });
        *request.body_mut() = body.to_string().into_bytes();
        refused(&lab.send(request), Check::RegistrationKeysDiffer);
    }
    let request = key_request(&lab, &mut device, &token);
    granted(&lab.send(request.clone()));
    refused(&lab.send(request), Check::RegistrationKeysDiffer);
}

#[test]
fn a_refused_request_has_changed_nothing() {
    // A code whose redemption was refused is good once the cause is gone.
    let mut lab = lab();
    let alice = lab.alice();
    let code = lab.code(AZURE_CLI, EXCHANGE);
    lab.provider().set_user_enabled(alice, false).unwrap();
    assert!(!lab.redeem(Lab::code_grant(AZURE_CLI, &code)).granted());
    lab.provider().set_user_enabled(alice, true).unwrap();
    granted(&lab.redeem(Lab::code_grant(AZURE_CLI, &code)));
    // A protocol 4 request without a word on its answer rolls and renews nothing.
    let (mut lab, device) = with_prt_4();
    let app_token = {
        let nonce = lab.nonce();
        let asked = device.use_of_prt(&nonce, lab.now()).claim("scope", "openid offline_access");
        let answer = lab.send(asked.request());
        device.open_use_answer(answer.response.body(), &nonce).refresh_token.unwrap()
    };
    let nonce = lab.nonce();
    let silent = device.prt_request_4(&nonce, ALICE, PASSWORD).without("jwe_crypto");
    assert!(!lab.send(silent.request()).granted());
    granted(&lab.send(device.use_of(&app_token, &nonce, lab.now()).request()));
}

#[test]
fn pol_02_a_version_that_cannot_be_read_is_no_new_one() {
    let mut lab = lab_with(|builder| builder.policies(&["b"]));
    let mut device = lab.device();
    lab.obtain_prt(&mut device);
    let onedrive = "ab9b8c07-8f02-4f72-87fa-80105867a763";
    for (version, bound) in
        [("25.020", true), ("1.0", false), ("garbage", false), ("1.0.0.0.0", false)]
    {
        let nonce = lab.nonce();
        let draft = device.use_of_prt(&nonce, lab.now()).claim("client_id", onedrive);
        let answer = lab.send(draft.from_version(version).request());
        match bound {
            true => granted(&answer),
            false => refused(&answer, Check::PolicyTokenProtection),
        }
    }
}

#[test]
fn brt_03_an_app_token_expires() {
    let short = |settings: &mut token_protection_lab::idp::ProviderSettings| {
        settings.lifetimes.refresh_token = Lifetime::from_secs(1000);
    };
    let mut lab = lab_with(|builder| builder.settings(short));
    let mut device = lab.device();
    lab.obtain_prt(&mut device);
    let app_token = lab.broker_refresh_token(&device);
    lab.wait(1000);
    let nonce = lab.nonce();
    let draft = device.use_of(&app_token, &nonce, lab.now());
    refused(&lab.send(draft.request()), Check::BrokerTokenExpired);
}

#[test]
fn aut_01_the_redirect_uri_is_registered() {
    let mut lab = lab();
    let mut query = Lab::query(AZURE_CLI, EXCHANGE);
    for uri in ["https://evil.example/", "http://localhost.evil.example", "http://localhost/x"] {
        uri.clone_into(&mut query.redirect_uri);
        let answer = lab.send(lab.login_request(&query, None));
        refused(&answer, Check::RedirectUri);
        assert!(answer.response.headers().get("location").is_none(), "redirected to {uri}");
    }
}

#[test]
fn aut_02_a_code_challenge_is_needed() {
    let mut lab = lab();
    let mut query = Lab::query(AZURE_CLI, EXCHANGE);
    query.code_challenge = None;
    refused(&lab.send(lab.login_request(&query, None)), Check::PkceRequired);
}

#[test]
fn brw_01_a_recorded_request_is_no_browser_credential() {
    let (mut lab, device) = with_prt();
    let nonce = lab.nonce();
    granted(&show_browser_credential(&mut lab, &device.browser_credential(&nonce).text()));
    let recorded = device.use_of_prt(&nonce, lab.now()).text();
    refused(&show_browser_credential(&mut lab, &recorded), Check::BrowserPurpose);
    let (mut lab, device) = with_prt_4();
    let nonce = lab.nonce();
    granted(&show_browser_credential(&mut lab, &device.browser_credential(&nonce).text()));
    let bare = device.browser_credential(&nonce).without("purpose").text();
    refused(&show_browser_credential(&mut lab, &bare), Check::BrowserPurpose);
}

/// A refresh grant with a device credential: what the record says of the device tells whether the
/// credential counted.
fn refresh_with_credential(
    lab: &mut Lab,
    credential: &str,
) -> token_protection_lab::testing::Answer {
    let token = lab.sign_in(AZURE_CLI, AZURE_MANAGEMENT).refresh_token.unwrap();
    let request = lab.refresh_request(AZURE_CLI, &token, EXCHANGE);
    lab.send(with_header(request, DEVICE_CREDENTIAL, credential))
}

/// The device counted: the status is that of an app outside the broker and not of no device.
fn device_counted(answer: &token_protection_lab::testing::Answer) -> bool {
    answer.verdict.as_ref().unwrap().token_protection.unwrap().code == 1008
}

#[test]
fn brw_02_a_device_credential_says_so() {
    let mut lab = lab();
    let device = lab.device();
    let nonce = lab.nonce();
    let good = refresh_with_credential(&mut lab, &device.device_credential(&nonce).text());
    assert!(device_counted(&good));
    let other = device.device_credential(&nonce).claim("grant_type", "password").text();
    let answer = refresh_with_credential(&mut lab, &other);
    assert_eq!(answer.check(), Some(Check::DeviceCredentialPurpose));
    assert!(!device_counted(&answer));
}

#[test]
fn brw_03_the_registered_key_signs_a_device_credential() {
    let mut lab = lab();
    let mut device = lab.device();
    let other = SigningKey::generate(device.rng());
    let nonce = lab.nonce();
    let forged = device.device_credential(&nonce).signed_by(&other).text();
    let answer = refresh_with_credential(&mut lab, &forged);
    assert_eq!(answer.check(), Some(Check::DeviceCredentialSignature));
    assert!(!device_counted(&answer));
}

#[test]
fn cod_01_a_code_expires() {
    let mut lab = lab();
    let code = lab.code(AZURE_CLI, EXCHANGE);
    let span = lab.provider().settings().lifetimes.code.as_secs();
    lab.wait(span);
    refused(&lab.redeem(Lab::code_grant(AZURE_CLI, &code)), Check::CodeExpired);
}

#[test]
fn cod_02_a_code_is_good_once() {
    let mut lab = lab();
    let code = lab.code(AZURE_CLI, EXCHANGE);
    granted(&lab.redeem(Lab::code_grant(AZURE_CLI, &code)));
    refused(&lab.redeem(Lab::code_grant(AZURE_CLI, &code)), Check::CodeUnused);
}

#[test]
fn cod_03_a_code_belongs_to_its_client() {
    let mut lab = lab();
    let code = lab.code(AZURE_CLI, EXCHANGE);
    refused(&lab.redeem(Lab::code_grant(OUTLOOK, &code)), Check::CodeClient);
}

#[test]
fn cod_04_the_redirect_uri_is_the_same() {
    let mut lab = lab();
    let code = lab.code(AZURE_CLI, EXCHANGE);
    let mut grant = Lab::code_grant(AZURE_CLI, &code);
    grant.redirect_uri = format!("{LOCALHOST}/");
    refused(&lab.redeem(grant), Check::CodeRedirectUri);
}

#[test]
fn cod_05_the_verifier_matches_the_challenge() {
    let mut lab = lab();
    let code = lab.code(AZURE_CLI, EXCHANGE);
    let mut grant = Lab::code_grant(AZURE_CLI, &code);
    grant.code_verifier = Some("another-verifier".into());
    refused(&lab.redeem(grant), Check::CodePkce);
    let mut grant = Lab::code_grant(AZURE_CLI, &code);
    grant.code_verifier = None;
    refused(&lab.redeem(grant), Check::CodePkce);
    // A refusal has not used the code up.
    granted(&lab.redeem(Lab::code_grant(AZURE_CLI, &code)));
}

#[test]
fn rft_01_a_refresh_token_expires() {
    let mut lab = lab();
    let token = lab.sign_in(AZURE_CLI, AZURE_MANAGEMENT).refresh_token.unwrap();
    let span = lab.provider().settings().lifetimes.refresh_token.as_secs();
    lab.wait(span);
    let request = lab.refresh_request(AZURE_CLI, &token, EXCHANGE);
    refused(&lab.send(request), Check::RefreshExpired);
}

#[test]
fn rft_02_a_refresh_token_belongs_to_its_client() {
    let mut lab = lab();
    let token = lab.sign_in(AZURE_CLI, AZURE_MANAGEMENT).refresh_token.unwrap();
    let request = lab.refresh_request(OUTLOOK, &token, EXCHANGE);
    refused(&lab.send(request), Check::RefreshClient);
}

#[test]
fn rft_03_reuse_of_a_retired_token_ends_its_family() {
    let mut lab = lab();
    let first = lab.sign_in(AZURE_CLI, AZURE_MANAGEMENT).refresh_token.unwrap();
    let request = lab.refresh_request(AZURE_CLI, &first, EXCHANGE);
    let answer = lab.send(request.clone());
    let second: token_protection_lab::wire::answer::TokenAnswer = answer.json();
    refused(&lab.send(request), Check::RefreshUnused);
    let request = lab.refresh_request(AZURE_CLI, &second.refresh_token.unwrap(), EXCHANGE);
    refused(&lab.send(request), Check::FamilyLive);
}

#[test]
fn pol_01_a_block_blocks() {
    let mut lab = lab_with(|builder| builder.policies(&["d1"]));
    let query = Lab::query(AZURE_CLI, EXCHANGE);
    let request = with_header(lab.login_request(&query, None), "user-agent", "X11; Linux x86_64");
    let answer = lab.send(request);
    refused(&answer, Check::PolicyGrants);
    assert_eq!(answer.verdict.unwrap().code(), Some(53003));
}

#[test]
fn pol_02_an_unbound_request_is_refused() {
    let mut lab = lab_with(|builder| builder.policies(&["b"]));
    let token = lab.sign_in(AZURE_CLI, AZURE_MANAGEMENT).refresh_token.unwrap();
    let answer = lab.send(lab.refresh_request(AZURE_CLI, &token, EXCHANGE));
    refused(&answer, Check::PolicyTokenProtection);
    let verdict = answer.verdict.unwrap();
    assert_eq!((verdict.code(), verdict.token_protection.unwrap().code), (Some(530_084), 1002));
}

#[test]
fn pol_03_a_sign_in_denied_as_unbound_stays_unbound() {
    let mut lab = lab_with(|builder| builder.policies(&["b"]));
    let mut device = lab.device();
    lab.obtain_prt(&mut device);
    let app_token = lab.broker_refresh_token(&device);
    let nonce = lab.nonce();
    let redeem = |lab: &Lab| device.use_of(&app_token, &nonce, lab.now());
    granted(&lab.send(redeem(&lab).request()));
    // The same sign-in from a release of the app that does not use the broker yet: unbound, 1008.
    let sku = |request| with_header(request, "x-client-sku", "office-perpetual");
    let unbound = lab.send(sku(redeem(&lab).request()));
    assert_eq!(unbound.verdict.unwrap().token_protection.unwrap().code, 1008);
    let later = lab.send(redeem(&lab).request());
    assert!(!later.granted());
    assert_eq!(later.verdict.unwrap().token_protection.unwrap().code, 1005);
    // A new sign-in starts clean.
    granted(&lab.send(device.use_of_prt(&nonce, lab.now()).request()));
}

#[test]
fn res_01_the_provider_signs_access_tokens() {
    let mut issuer = Issuer::new();
    let claims = issuer.claims();
    let forged = issuer.forged(&claims);
    assert_eq!(issuer.present(&forged), Some(Check::AccessTokenSignature));
}

#[test]
fn res_02_an_id_token_is_no_access_token() {
    let mut issuer = Issuer::new();
    let token = issuer.token_of_type(&issuer.claims(), "JWT");
    assert_eq!(issuer.present(&token), Some(Check::AccessTokenType));
}

#[test]
fn res_03_another_issuer_is_refused() {
    let mut issuer = Issuer::new();
    let mut claims = issuer.claims();
    claims.iss = "https://login.lab.example/other".to_owned();
    let token = issuer.token(&claims);
    assert_eq!(issuer.present(&token), Some(Check::AccessTokenIssuer));
}

#[test]
fn res_04_a_token_for_another_resource_is_refused() {
    let mut issuer = Issuer::new();
    let mut claims = issuer.claims();
    claims.aud = SHAREPOINT;
    let token = issuer.token(&claims);
    assert_eq!(issuer.present(&token), Some(Check::AccessTokenAudience));
}

#[test]
fn res_05_an_expired_token_is_refused() {
    let mut issuer = Issuer::new();
    let mut claims = issuer.claims();
    claims.exp = Timestamp::from_unix(issuer.now.as_unix() - 300);
    let token = issuer.token(&claims);
    assert_eq!(issuer.present(&token), Some(Check::AccessTokenLifetime));
}

#[test]
fn res_06_a_method_that_cannot_be_checked_is_refused() {
    let mut issuer = Issuer::new();
    let mut claims = issuer.claims();
    claims.cnf = Some(Confirmation::of_kid("key".to_owned()));
    let token = issuer.token(&claims);
    assert_eq!(issuer.present(&token), Some(Check::AccessTokenConfirmation));
}

#[test]
fn res_07_where_only_bound_tokens_are_taken_others_are_refused() {
    let mut issuer = Issuer::of_bound_tokens();
    let token = issuer.token(&issuer.claims());
    assert_eq!(issuer.present(&token), Some(Check::AccessTokenBound));
}
