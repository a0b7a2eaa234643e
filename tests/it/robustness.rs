//! Bad input: whatever arrives, no panic, no hang, one clear error, and nothing changed but what the
//! protocol says must.
//!
//! 10,000 mutated messages against the endpoints and 10,000 texts against each parser, drawn from a
//! fixed seed; a failure names the number of the case.

use rand::Rng;
use rand::RngExt as _;
use token_protection_lab::base::stream::{Seed, Stream};
use token_protection_lab::catalog::well_known::{AZURE_MANAGEMENT, EXCHANGE};
use token_protection_lab::directory::{self, Directory};
use token_protection_lab::jose::{Jwk, PublicKey, UnopenedJwe, UnverifiedJws};
use token_protection_lab::policy::PolicySet;
use token_protection_lab::sim::{Scenario, library};
use token_protection_lab::testing::lab::{ALICE, AZURE_CLI, PASSWORD, with_header};
use token_protection_lab::testing::strategies::Mutation;
use token_protection_lab::testing::{HandmadeDevice, Lab};
use token_protection_lab::wire::answer::ErrorBody;
use token_protection_lab::wire::authorize::{
    AuthorizeAnswer, DEVICE_CREDENTIAL, REFRESH_TOKEN_CREDENTIAL,
};
use token_protection_lab::wire::form::Form;
use token_protection_lab::wire::registration::JoinError;
use token_protection_lab::wire::{Request, Response};

const CASES: usize = 10_000;

fn mutation(rng: &mut Stream) -> Mutation {
    let (at, other) = (rng.random::<u32>() as usize, rng.random::<u32>() as usize);
    match rng.random_range(0..4) {
        0 => Mutation::Flip(at, rng.random()),
        1 => Mutation::Cut(at),
        2 => Mutation::Double(at, other),
        _ => Mutation::Insert(at, rng.random()),
    }
}

fn mutated(octets: &[u8], rng: &mut Stream) -> Vec<u8> {
    let mut out = octets.to_vec();
    for _ in 0..rng.random_range(1..4) {
        out = mutation(rng).apply(&out);
    }
    out
}

fn noise(rng: &mut Stream) -> Vec<u8> {
    let mut out = vec![0; rng.random_range(0..400)];
    rng.fill_bytes(&mut out);
    out
}

/// One valid message for every endpoint and grant.
fn corpus(lab: &mut Lab, device: &HandmadeDevice) -> Vec<Request> {
    let nonce = lab.nonce();
    let now = lab.now();
    let query = Lab::query(AZURE_CLI, EXCHANGE);
    let token = lab.sign_in(AZURE_CLI, AZURE_MANAGEMENT).refresh_token.unwrap();
    let code = lab.code(AZURE_CLI, EXCHANGE);
    let code =
        token_protection_lab::wire::token::TokenRequest::Code(Lab::code_grant(AZURE_CLI, &code));
    let legacy = token_protection_lab::wire::token::LegacySignIn {
        username: ALICE.to_owned(),
        password: PASSWORD.into(),
        resource: EXCHANGE,
        protocol: "IMAP4".to_owned(),
    };
    let browser = device.browser_credential(&nonce).text();
    let credential = device.device_credential(&nonce).text();
    vec![
        device.prt_request(&nonce, ALICE, PASSWORD).request(),
        device.use_of_prt(&nonce, now).request(),
        lab.refresh_request(AZURE_CLI, &token, EXCHANGE),
        with_header(
            lab.refresh_request(AZURE_CLI, &token, EXCHANGE),
            DEVICE_CREDENTIAL,
            &credential,
        ),
        lab.post("oauth2/token", &code.to_form()),
        lab.login_request(&query, Some("123456".to_owned())),
        lab.authorize_request(&query),
        with_header(lab.authorize_request(&query), REFRESH_TOKEN_CREDENTIAL, &browser),
        lab.post("legacy-sign-in", &legacy.to_form()),
        device.join(&nonce).join_request("a.b.c"),
        lab.post("oauth2/token", &Form::default().with("grant_type", "srv_challenge")),
    ]
}

fn bent(request: &Request, rng: &mut Stream) -> Request {
    let mut bent = request.clone();
    match rng.random_range(0..5) {
        0 => {
            let uri = mutated(request.uri().to_string().as_bytes(), rng);
            if let Ok(uri) = http::Uri::try_from(uri.as_slice()) {
                *bent.uri_mut() = uri;
            }
        }
        1 => {
            for value in bent.headers_mut().values_mut() {
                let octets = mutated(value.as_bytes(), rng);
                if let Ok(other) = http::HeaderValue::from_bytes(&octets) {
                    *value = other;
                }
            }
        }
        2 => *bent.body_mut() = noise(rng),
        _ => *bent.body_mut() = mutated(request.body(), rng),
    }
    bent
}

/// The answer is a success, or an error of one of the documented shapes.
fn is_clear(response: &Response) -> bool {
    response.status().is_success()
        || ErrorBody::read(response).is_some_and(|body| !body.error.is_empty())
        || AuthorizeAnswer::read(response).is_some()
        || serde_json::from_slice::<JoinError>(response.body()).is_ok()
}

#[test]
fn ten_thousand_mutated_messages_against_every_endpoint() {
    let mut rng = Seed(4711).stream("messages");
    let mut lab = Lab::new();
    let mut device = lab.device();
    lab.obtain_prt(&mut device);
    let corpus = corpus(&mut lab, &device);
    let (mut granted, mut refused) = (0, 0);
    for case in 0..CASES {
        let request = bent(&corpus[case % corpus.len()], &mut rng);
        let before = state(&mut lab);
        let records = lab.provider().log().len();
        let answer = lab.send(request);
        assert!(is_clear(&answer.response), "case {case}: {:?}", answer.response);
        let text = String::from_utf8_lossy(answer.response.body()).into_owned();
        assert!(!text.contains(PASSWORD) && !text.contains(device.prt()), "case {case}");
        assert!(lab.provider().log().len() <= records + 1, "case {case}");
        match answer.granted() {
            true => granted += 1,
            false => {
                refused += 1;
                assert_eq!(state(&mut lab), before, "case {case}");
            }
        }
    }
    assert!(refused > CASES / 2 && granted > 0, "{granted} granted, {refused} refused");
    // The device's own token is as good as before.
    let nonce = lab.nonce();
    let answer = lab.send(device.use_of_prt(&nonce, lab.now()).request());
    assert!(answer.granted(), "{:?}", answer.verdict);
}

/// What no refused message may change.
fn state(lab: &mut Lab) -> (usize, usize, usize) {
    let alice = lab.alice();
    let directory = lab.provider().directory();
    let keys = directory.user(alice).unwrap().user_keys.len();
    (directory.devices().count(), directory.users().count(), keys)
}

/// Runs `parse` over mutations of `good` and over noise; it must come back each time.
fn meets(name: &str, good: &[&[u8]], parse: impl Fn(&[u8]) -> Result<(), String>) {
    let mut rng = Seed(815).stream(name);
    let (mut read, mut refused) = (0, 0);
    for case in 0..CASES {
        let text = match case % 5 {
            0 => noise(&mut rng),
            _ => mutated(good[case % good.len()], &mut rng),
        };
        match parse(&text) {
            Ok(()) => read += 1,
            Err(error) => {
                refused += 1;
                assert!(!error.is_empty() && !error.contains('\n'), "{name} {case}: {error:?}");
                assert!(error.chars().count() < 1000, "{name} {case}: {} long", error.len());
            }
        }
    }
    assert!(refused > 0, "{name}: {read} read, none refused");
}

#[test]
fn policies_directories_and_scenarios_that_strangers_wrote() {
    let policies: [&[u8]; 2] = [
        include_bytes!("../../src/data/policies/b-token-protection-enabled.json"),
        include_bytes!("../../src/data/policies/d2-require-compliant-device.json"),
    ];
    meets("policies", &policies, |text| {
        PolicySet::from_json(text).map(drop).map_err(|error| error.to_string())
    });
    meets("directories", &[directory::SAMPLE], |text| {
        Directory::from_json(text).map(drop).map_err(|error| error.to_string())
    });
    let scenarios: Vec<Vec<u8>> =
        library::all().iter().map(|one| serde_json::to_vec(one).unwrap()).collect();
    let scenarios: Vec<&[u8]> = scenarios.iter().map(Vec::as_slice).collect();
    meets("scenarios", &scenarios, |text| {
        Scenario::from_json(text).map(drop).map_err(|error| error.to_string())
    });
}

#[test]
fn tokens_and_keys_that_strangers_wrote() {
    let mut lab = Lab::new();
    let mut device = lab.device();
    lab.obtain_prt(&mut device);
    let nonce = lab.nonce();
    let signed = device.use_of_prt(&nonce, lab.now()).text();
    let answer = lab.send(device.use_of_prt(&nonce, lab.now()).request());
    let utf8 =
        |text: &[u8]| std::str::from_utf8(text).map(str::to_owned).map_err(|e| e.to_string());
    meets("jws", &[signed.as_bytes()], |text| {
        UnverifiedJws::parse(&utf8(text)?).map(drop).map_err(|error| error.to_string())
    });
    meets("jwe", &[answer.response.body()], |text| {
        UnopenedJwe::parse(&utf8(text)?).map(drop).map_err(|error| error.to_string())
    });
    let jwk = serde_json::to_vec(&device.device_key().to_jwk()).unwrap();
    meets("jwk", &[&jwk], |text| {
        let jwk: Jwk = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        PublicKey::from_jwk(&jwk).map(drop).map_err(|error| error.to_string())
    });
    meets("form", &[b"grant_type=srv_challenge&x=%41"], |text| {
        Form::parse(text).map(drop).map_err(|error| error.to_string())
    });
}

#[test]
fn size_and_depth_are_bounded() {
    let mut lab = Lab::new();
    for body in
        ["a=b&".repeat(100_000), "x".repeat(70_000), format!("request={}", ".".repeat(60_000))]
    {
        let mut request = lab.post("oauth2/token", &Form::default());
        *request.body_mut() = body.into_bytes();
        let answer = lab.send(request);
        assert!(!answer.granted() && is_clear(&answer.response));
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(PolicySet::from_json(deep.as_bytes()).is_err());
    assert!(Directory::from_json(deep.as_bytes()).is_err());
    assert!(Scenario::from_json(deep.as_bytes()).is_err());
    assert!(UnverifiedJws::parse(&".".repeat(100_000)).is_err());
}

#[test]
fn errors_name_place_and_cause() {
    let scenario =
        br#"{"name":"x","title":"x","settings":{"nonce.single_yse":true},"steps":[{"wait":{}}]}"#;
    let error = Scenario::from_json(scenario).unwrap_err();
    assert_eq!(error.code(), "sim.setting");
    assert!(error.to_string().contains("nonce.single_yse"), "{error}");
    assert!(error.to_string().contains("nonce.single_use"), "{error}");
    let policy = br#"{"id":"11111111-0000-4000-8000-000000000002","displayName":"x","state":"enabled",
      "conditions":{"users":{"includeUsers":["All"]},"applications":{"includeApplications":["All"]},
      "clientAppTypes":["all"],"weather":["rain"]},"grantControls":{"operator":"OR","builtInControls":["block"]}}"#;
    let error = PolicySet::from_json(policy).unwrap_err();
    assert!(error.to_string().contains("weather"), "{error}");
}
