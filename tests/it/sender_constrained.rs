//! The token endpoint with DPoP proofs and client certificates: what is bound to what, what a
//! challenge costs, and what stays as it was.

use serde_json::Value;

use token_protection_lab::base::stream::Seed;
use token_protection_lab::base::{Check, b64};
use token_protection_lab::catalog::Catalog;
use token_protection_lab::catalog::well_known::{AZURE_MANAGEMENT, EXCHANGE};
use token_protection_lab::idp::{
    CertificateBinding, DpopDemand, DpopNonces, DpopReplay, NonceUse, Provider, Refusal,
};
use token_protection_lab::jose::JwkThumbprint;
use token_protection_lab::pop::CertificateThumbprint;
use token_protection_lab::pop::dpop::ath;
use token_protection_lab::testing::dpop::with_field;
use token_protection_lab::testing::lab::{AZURE_CLI, with_header};
use token_protection_lab::testing::{Answer, HandmadeDevice, HandmadeDpop, Lab};
use token_protection_lab::wire::Request;
use token_protection_lab::wire::answer::{ErrorBody, TokenAnswer};
use token_protection_lab::wire::authorize::DEVICE_CREDENTIAL;
use token_protection_lab::wire::dpop::{CLIENT_CERTIFICATE, DPOP, DPOP_NONCE};
use token_protection_lab::wire::keys::Metadata;

use crate::support::{granted, refused};

/// DER of no certificate at all: to this lab it is octets.
const CERTIFICATE: &str = "MAA=";

fn claims(access_token: &str) -> Value {
    let payload = access_token.split('.').nth(1).unwrap();
    serde_json::from_slice(&b64::decode_url(payload).unwrap()).unwrap()
}

/// The token is a DPoP token of this key, and of nothing else.
#[track_caller]
fn bound(answer: &TokenAnswer, jkt: JwkThumbprint) {
    assert_eq!(answer.token_type, "DPoP");
    let cnf = claims(&answer.access_token)["cnf"].clone();
    assert_eq!(cnf, serde_json::json!({ "jkt": jkt.to_string() }));
}

#[track_caller]
fn bearer(answer: &TokenAnswer) {
    assert_eq!(answer.token_type, "Bearer");
    assert_eq!(claims(&answer.access_token).get("cnf"), None);
}

/// The challenge as RFC 9449 section 8 writes it.
#[track_caller]
fn challenged(answer: &Answer) {
    assert_eq!(answer.response.status(), 400, "{:?}", answer.verdict);
    assert_eq!(ErrorBody::read(&answer.response).unwrap().error, "use_dpop_nonce");
    assert_eq!(answer.response.headers().get_all(DPOP_NONCE).iter().count(), 1);
    assert_eq!(answer.response.headers()["cache-control"], "no-store");
}

/// A device and the nonce of its request: what opens an encrypted answer.
type Opener = (HandmadeDevice, String);

/// One request of each grant, and what opens the answer if it is encrypted.
fn grants() -> Vec<(Lab, Request, Option<Opener>)> {
    let strict =
        || Lab::builder().settings(|settings| settings.nonce_use = NonceUse::SingleUse).build();
    let mut all = Vec::new();
    let mut lab = strict();
    let code = lab.code(AZURE_CLI, AZURE_MANAGEMENT);
    let request = lab.code_request(Lab::code_grant(AZURE_CLI, &code));
    all.push((lab, request, None));
    let mut lab = strict();
    let token = lab.sign_in(AZURE_CLI, AZURE_MANAGEMENT).refresh_token.unwrap();
    let request = lab.refresh_request(AZURE_CLI, &token, EXCHANGE);
    all.push((lab, request, None));
    for (four, broker) in [(false, false), (false, true), (true, false)] {
        let mut lab = strict();
        let mut device = lab.device();
        match four {
            true => lab.obtain_prt_4(&mut device),
            false => lab.obtain_prt(&mut device),
        }
        let token = match broker {
            true => lab.broker_refresh_token(&device),
            false => device.prt().to_owned(),
        };
        let nonce = lab.nonce();
        let request = device.use_of(&token, &nonce, lab.now()).request();
        all.push((lab, request, Some((device, nonce))));
    }
    all
}

fn read(answer: &Answer, device: Option<&Opener>) -> TokenAnswer {
    match device {
        None => answer.json(),
        Some((device, nonce)) => device.open_use_answer(answer.response.body(), nonce),
    }
}

#[test]
fn a_challenge_spends_nothing_and_leaves_no_record() {
    for (mut lab, request, device) in grants() {
        let mut key = lab.dpop_key("own");
        let nonce = key.nonce.take();
        let records = lab.provider().log().len();
        for _ in 0..3 {
            challenged(&lab.send(key.prove(request.clone(), lab.now())));
        }
        key.nonce = Some("never given out".to_owned());
        challenged(&lab.send(key.prove(request.clone(), lab.now())));
        assert_eq!(lab.provider().log().len(), records);
        key.nonce = nonce;
        let answer = lab.send_proved(&mut key, request.clone());
        granted(&answer);
        bound(&read(&answer, device.as_ref()), key.jkt());
        // Now code, rotated refresh token, single-use nonce and `jti` are spent.
        let again = lab.send_proved(&mut key, request);
        assert!(!again.granted(), "{:?}", again.verdict);
    }
}

/// The status counts the device only if the nonce of its credential is still good.
#[test]
fn a_challenge_leaves_the_nonce_of_a_device_credential() {
    let mut lab =
        Lab::builder().settings(|settings| settings.nonce_use = NonceUse::SingleUse).build();
    let mut key = lab.dpop_key("own");
    let device = lab.device();
    let token = lab.sign_in(AZURE_CLI, AZURE_MANAGEMENT).refresh_token.unwrap();
    let nonce = lab.nonce();
    let credential = device.device_credential(&nonce).text();
    let request = lab.refresh_request(AZURE_CLI, &token, EXCHANGE);
    let request = with_header(request, DEVICE_CREDENTIAL, &credential);
    for wrong in [None, Some("never given out".to_owned())] {
        key.nonce = wrong;
        challenged(&lab.send(key.prove(request.clone(), lab.now())));
    }
    key = lab.dpop_key("own");
    let answer = lab.send_proved(&mut key, request);
    granted(&answer);
    let verdict = answer.verdict.unwrap();
    assert!(verdict.ignored.is_empty(), "{:?}", verdict.ignored);
    assert_eq!(verdict.token_protection.unwrap().code, 1008);
}

/// Else strangers with keys of their own could fill the window, and honest proofs be refused.
#[test]
fn a_proof_that_comes_with_no_code_of_ours_is_not_remembered() {
    let mut lab = Lab::new();
    let mut key = lab.dpop_key("own");
    let proved = key.prove(lab.code_request(Lab::code_grant(AZURE_CLI, "x")), lab.now());
    for _ in 0..2 {
        let answer = lab.send(proved.clone());
        assert_eq!(answer.verdict.as_ref().unwrap().refusal, Some(Refusal::CodeBad));
        assert_eq!(answer.response.headers().get_all(DPOP_NONCE).iter().count(), 1);
    }
    let code = lab.code(AZURE_CLI, EXCHANGE);
    let mut good = lab.code_request(Lab::code_grant(AZURE_CLI, &code));
    good.headers_mut().insert(DPOP, proved.headers()[DPOP].clone());
    granted(&lab.send(good));
}

#[test]
fn a_nonce_goes_stale_and_every_answer_to_a_proof_brings_the_next() {
    let mut lab = Lab::new();
    let mut key = lab.dpop_key("own");
    let mut token = lab.sign_in_proved(&mut key, AZURE_CLI, EXCHANGE).refresh_token.unwrap();
    for _ in 0..3 {
        // Half a life at a time: the nonce of the last success is fresh enough each time.
        lab.wait(200);
        let request = lab.refresh_request(AZURE_CLI, &token, EXCHANGE);
        let answer = lab.send_proved(&mut key, request);
        granted(&answer);
        token = answer.json::<TokenAnswer>().refresh_token.unwrap();
    }
    lab.wait(301);
    let request = lab.refresh_request(AZURE_CLI, &token, EXCHANGE);
    challenged(&lab.send_proved(&mut key, request.clone()));
    granted(&lab.send_proved(&mut key, request));
}

#[test]
fn without_a_proof_nothing_is_different() {
    for (mut lab, request, device) in grants() {
        let answer = lab.send(request);
        granted(&answer);
        bearer(&read(&answer, device.as_ref()));
        assert!(!answer.response.headers().contains_key(DPOP_NONCE));
    }
}

#[test]
fn a_proof_is_good_for_the_path_that_was_called() {
    let mut lab = Lab::new();
    let mut key = lab.dpop_key("own");
    let issuer = lab.provider().issuer().to_owned();
    let origin = "https://login.lab.example";
    let urls = [
        format!("{issuer}/oauth2/token"),
        format!("{issuer}/oauth2/v2.0/token"),
        format!("{origin}/common/oauth2/v2.0/token"),
        format!("{origin}/Contoso.example/oAuth2/token"),
    ];
    for url in &urls {
        for named in &urls {
            let code = lab.code(AZURE_CLI, EXCHANGE);
            let mut request = lab.code_request(Lab::code_grant(AZURE_CLI, &code));
            *request.uri_mut() = url.parse().unwrap();
            let now = lab.now();
            let answer =
                lab.send(key.prove_with(request, now, |draft| draft.htu.clone_from(named)));
            key.remember(&answer.response);
            match url == named {
                true => granted(&answer),
                false => refused(&answer, Check::DpopUri),
            }
        }
    }
    // Another spelling of the same URI is the same; another host is not, whatever `Host` says.
    let code = lab.code(AZURE_CLI, EXCHANGE);
    let request = lab.code_request(Lab::code_grant(AZURE_CLI, &code));
    let now = lab.now();
    let other = format!("https://evil.example{}", request.uri().path());
    let elsewhere = with_header(request.clone(), "host", "evil.example");
    let answer = lab.send(key.prove_with(elsewhere, now, |draft| draft.htu = other));
    refused(&answer, Check::DpopUri);
    let spelled = format!("HTTPS://LOGIN.lab.example:443{}?x=y#z", request.uri().path());
    granted(&lab.send(key.prove_with(request, now, |draft| draft.htu = spelled)));
}

#[test]
fn what_is_wrong_with_the_field_has_its_reason() {
    let mut lab = Lab::new();
    let mut key = lab.dpop_key("own");
    let code = lab.code(AZURE_CLI, EXCHANGE);
    let request = lab.code_request(Lab::code_grant(AZURE_CLI, &code));
    let now = lab.now();
    let good = key.draft(&request, now);
    let good = key.sign(&good);
    let (joined, long) = (format!("{good}, {good}"), "a".repeat(8193));
    let cases: [(&str, Vec<&str>, &str); 5] = [
        ("two", vec![&good, &good], "pop.dpop_header_count"),
        ("empty", vec![""], "pop.dpop_malformed"),
        ("garbage", vec!["a.b.c"], "pop.dpop_malformed"),
        ("joined", vec![&joined], "pop.dpop_malformed"),
        ("long", vec![&long], "pop.dpop_too_large"),
    ];
    for (name, fields, code) in cases {
        let sent = fields.into_iter().fold(request.clone(), with_field);
        let answer = lab.send(sent);
        let refusal = answer.verdict.as_ref().and_then(|verdict| verdict.refusal).unwrap();
        assert_eq!(refusal.code(), code, "{name}");
        assert_eq!(ErrorBody::read(&answer.response).unwrap().error, "invalid_dpop_proof");
        assert_eq!(answer.response.status(), 400);
    }
    let with_token = |draft: &mut token_protection_lab::pop::dpop::ProofDraft| {
        draft.ath = Some(ath("an access token"));
    };
    refused(
        &lab.send(key.prove_with(request.clone(), now, with_token)),
        Check::DpopTokenHashAbsent,
    );
    let get = key.prove_with(request.clone(), now, |draft| draft.htm = "GET".to_owned());
    refused(&lab.send(get), Check::DpopMethod);
    // None of it has used the code or the good proof up.
    granted(&lab.send(with_field(request, &good)));
}

#[test]
fn a_proof_is_good_once_and_a_provider_without_protection_does_not_start() {
    let with = |nonces, replay| {
        let edit = move |settings: &mut token_protection_lab::idp::ProviderSettings| {
            (settings.dpop.nonces, settings.dpop.replay) = (nonces, replay);
        };
        Lab::builder().settings(edit)
    };
    let cases = [
        (DpopNonces::Demanded, DpopReplay::Window, true),
        (DpopNonces::Off, DpopReplay::Window, true),
        (DpopNonces::Demanded, DpopReplay::Off, false),
    ];
    for (nonces, replay, once) in cases {
        let mut lab = with(nonces, replay).build();
        let mut key = lab.dpop_key("own");
        assert_eq!(key.nonce.is_some(), nonces == DpopNonces::Demanded);
        let (first, second) = (lab.code(AZURE_CLI, EXCHANGE), lab.code(AZURE_CLI, EXCHANGE));
        let request = lab.code_request(Lab::code_grant(AZURE_CLI, &first));
        let proof = key.draft(&request, lab.now());
        let proof = key.sign(&proof);
        granted(&lab.send(with_field(request, &proof)));
        let request = lab.code_request(Lab::code_grant(AZURE_CLI, &second));
        let answer = lab.send(with_field(request, &proof));
        match once {
            true => refused(&answer, Check::DpopReplay),
            false => granted(&answer),
        }
    }
    let directory = token_protection_lab::directory::Directory::from_json(
        token_protection_lab::directory::SAMPLE,
    );
    let mut settings = token_protection_lab::idp::ProviderSettings::default();
    (settings.dpop.nonces, settings.dpop.replay) = (DpopNonces::Off, DpopReplay::Off);
    let started = Provider::new(
        directory.unwrap(),
        token_protection_lab::policy::PolicySet::from_json(b"[]").unwrap(),
        token_protection_lab::catalog::RulePack::newest(),
        settings,
        &mut Seed(1).stream("provider"),
    );
    assert_eq!(started.err().map(|error| error.code()), Some("pop.dpop_unprotected"));
}

#[test]
fn settings_changed_later_do_not_take_the_protection_away() {
    let mut lab = Lab::new();
    let mut settings = *lab.provider().settings();
    (settings.dpop.nonces, settings.dpop.replay) = (DpopNonces::Off, DpopReplay::Off);
    settings.dpop.demand = DpopDemand::Required;
    lab.provider().set_settings(settings);
    let now = lab.provider().settings().dpop;
    assert_eq!((now.nonces, now.replay), (DpopNonces::Demanded, DpopReplay::Window));
    assert_eq!(now.demand, DpopDemand::Required);
}

#[test]
fn refreshing_never_unbinds() {
    let mut lab = Lab::new();
    let (mut own, mut other) = (lab.dpop_key("own"), lab.dpop_key("other"));
    let first = lab.sign_in_proved(&mut own, AZURE_CLI, EXCHANGE);
    bound(&first, own.jkt());
    let mut token = first.refresh_token.unwrap();
    for _ in 0..4 {
        let request = lab.refresh_request(AZURE_CLI, &token, EXCHANGE);
        refused(&lab.send(request.clone()), Check::RefreshDpopKey);
        refused(&lab.send_proved(&mut other, request.clone()), Check::RefreshDpopKey);
        let answer: TokenAnswer = lab.send_proved(&mut own, request).json();
        bound(&answer, own.jkt());
        token = answer.refresh_token.unwrap();
    }
}

#[test]
fn a_bearer_refresh_token_gets_bound_by_the_first_proof() {
    let mut lab = Lab::new();
    let mut key = lab.dpop_key("own");
    let token = lab.sign_in(AZURE_CLI, EXCHANGE).refresh_token.unwrap();
    let request = lab.refresh_request(AZURE_CLI, &token, EXCHANGE);
    let answer: TokenAnswer = lab.send_proved(&mut key, request).json();
    bound(&answer, key.jkt());
    let request = lab.refresh_request(AZURE_CLI, &answer.refresh_token.unwrap(), EXCHANGE);
    refused(&lab.send(request.clone()), Check::RefreshDpopKey);
    granted(&lab.send_proved(&mut key, request));
}

#[test]
fn a_confidential_client_may_bring_another_key() {
    let client = Catalog::builtin().client("business-web-app").unwrap();
    let mut lab = Lab::new();
    let (mut first, mut second) = (lab.dpop_key("first"), lab.dpop_key("second"));
    let mut query = Lab::query(client.app_id, EXCHANGE);
    query.redirect_uri.clone_from(&client.redirect_uris[0]);
    let answer = lab.send(lab.login_request(&query, None));
    let mut grant = Lab::code_grant(client.app_id, &Lab::code_of(&answer));
    grant.redirect_uri.clone_from(&client.redirect_uris[0]);
    let request = lab.code_request(grant);
    let answer: TokenAnswer = lab.send_proved(&mut first, request).json();
    bound(&answer, first.jkt());
    let request = lab.refresh_request(client.app_id, &answer.refresh_token.unwrap(), EXCHANGE);
    let answer: TokenAnswer = lab.send_proved(&mut second, request).json();
    bound(&answer, second.jkt());
    let request = lab.refresh_request(client.app_id, &answer.refresh_token.unwrap(), EXCHANGE);
    bearer(&lab.send(request).json());
}

#[test]
fn the_prt_and_what_is_issued_under_it_take_any_key() {
    let mut lab = Lab::new();
    let mut device = lab.device();
    lab.obtain_prt(&mut device);
    let (mut first, mut second) = (lab.dpop_key("first"), lab.dpop_key("second"));
    let use_of = |lab: &mut Lab, token: &str, key: &mut HandmadeDpop| {
        let nonce = lab.nonce();
        let draft = device.use_of(token, &nonce, lab.now()).claim("scope", "openid offline_access");
        let answer = lab.send_proved(key, draft.request());
        granted(&answer);
        let answer = device.open_use_answer(answer.response.body(), &nonce);
        bound(&answer, key.jkt());
        answer.refresh_token.unwrap()
    };
    let prt = device.prt().to_owned();
    let app_token = use_of(&mut lab, &prt, &mut first);
    use_of(&mut lab, &prt, &mut second);
    use_of(&mut lab, &app_token, &mut second);
}

#[test]
fn dpop_jkt_holds_a_code_to_its_key_and_no_other_code() {
    #[derive(Clone, Copy, PartialEq)]
    enum Key {
        None,
        Other,
        Own,
    }
    let all = [Key::None, Key::Other, Key::Own];
    for (named, shown) in all.iter().flat_map(|named| all.iter().map(move |shown| (*named, *shown)))
    {
        let mut lab = Lab::new();
        let (mut own, mut other) = (lab.dpop_key("own"), lab.dpop_key("other"));
        let mut query = Lab::query(AZURE_CLI, EXCHANGE);
        query.dpop_jkt = match named {
            Key::None => None,
            Key::Other => Some(other.jkt()),
            Key::Own => Some(own.jkt()),
        };
        let answer = lab.send(lab.login_request(&query, None));
        let request = lab.code_request(Lab::code_grant(AZURE_CLI, &Lab::code_of(&answer)));
        let answer = match shown {
            Key::None => lab.send(request),
            Key::Other => lab.send_proved(&mut other, request),
            Key::Own => lab.send_proved(&mut own, request),
        };
        match named == Key::None || named == shown {
            true => granted(&answer),
            false => refused(&answer, Check::CodeDpopKey),
        }
    }
}

#[test]
fn a_certificate_binds_beside_a_proof_or_without_one() {
    let offered = || {
        Lab::builder()
            .settings(|settings| settings.certificates = CertificateBinding::Offered)
            .build()
    };
    let x5t = CertificateThumbprint::of_der(&[0x30, 0]).to_string();
    let redeem = |lab: &mut Lab| {
        let code = lab.code(AZURE_CLI, EXCHANGE);
        let request = lab.code_request(Lab::code_grant(AZURE_CLI, &code));
        with_header(request, CLIENT_CERTIFICATE, CERTIFICATE)
    };
    let mut lab = offered();
    let request = redeem(&mut lab);
    let alone: TokenAnswer = lab.send(request).json();
    assert_eq!(alone.token_type, "Bearer", "mutual TLS changes nothing of how it is presented");
    assert_eq!(claims(&alone.access_token)["cnf"], serde_json::json!({ "x5t#S256": x5t }));
    let mut key = lab.dpop_key("own");
    let request = redeem(&mut lab);
    let both: TokenAnswer = lab.send_proved(&mut key, request).json();
    assert_eq!(both.token_type, "DPoP");
    let cnf = serde_json::json!({ "jkt": key.jkt().to_string(), "x5t#S256": x5t });
    assert_eq!(claims(&both.access_token)["cnf"], cnf);
    // Two certificates are none that a network states.
    let twice = with_field_of(redeem(&mut lab), CERTIFICATE);
    refused(&lab.send(twice), Check::MessageShape);
    // Where no setting asks for them, certificates are not looked at.
    let mut lab = Lab::new();
    let request = redeem(&mut lab);
    bearer(&lab.send(request).json());
}

fn with_field_of(mut request: Request, value: &'static str) -> Request {
    request.headers_mut().append(CLIENT_CERTIFICATE, http::HeaderValue::from_static(value));
    request
}

#[test]
fn metadata_names_what_is_spoken() {
    let mut lab = Lab::new();
    let url = format!("{}/.well-known/openid-configuration", lab.provider().issuer());
    let request = http::Request::get(url).body(Vec::new()).unwrap();
    let metadata: Metadata = lab.send(request).json();
    assert_eq!(metadata.dpop_signing_alg_values_supported, ["ES256"]);
    assert!(metadata.tls_client_certificate_bound_access_tokens);
}

#[test]
fn the_record_is_that_of_a_bearer_request() {
    let run = |with_proof: bool| {
        let mut lab = Lab::builder().policies(&["b", "d2"]).build();
        let mut device = lab.device();
        lab.obtain_prt(&mut device);
        let mut key = with_proof.then(|| lab.dpop_key("own"));
        let nonce = lab.nonce();
        let request = device.use_of_prt(&nonce, lab.now()).request();
        let answer = match &mut key {
            Some(key) => lab.send_proved(key, request),
            None => lab.send(request),
        };
        granted(&answer);
        let record = lab.provider().log().last().unwrap();
        let mut record = serde_json::to_value(record).unwrap();
        for random in ["id", "correlationId", "uniqueTokenIdentifier", "originalRequestId"] {
            record.as_object_mut().unwrap().remove(random);
        }
        record
    };
    assert_eq!(run(true), run(false));
}

#[test]
fn a_bad_proof_leaves_a_record_of_the_user_whose_token_it_was() {
    let mut lab = Lab::new();
    let mut key = lab.dpop_key("own");
    let token = lab.sign_in_proved(&mut key, AZURE_CLI, EXCHANGE).refresh_token.unwrap();
    let request = lab.refresh_request(AZURE_CLI, &token, EXCHANGE);
    let request = with_header(request, DPOP, "a.b.c");
    refused(&lab.send(request), Check::DpopProofShape);
    let code = Refusal::Dpop(token_protection_lab::pop::dpop::DpopError::Malformed).aadsts();
    let record = lab.provider().log().last().unwrap();
    let record = serde_json::to_value(record).unwrap();
    assert_eq!(record["status"]["errorCode"], code);
}
