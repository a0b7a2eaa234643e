//! Broker, apps and resource servers with the real provider: every way to a token, honest parties
//! alone.

use std::collections::BTreeMap;

use token_protection_lab::app::{App, AppError, SignInRequest, fetch, legacy_fetch};
use token_protection_lab::base::stream::{Seed, Stream};
use token_protection_lab::base::time::{ManualClock, Nanos};
use token_protection_lab::base::{Check, Danger, Lifetime, Secret, Timestamp};
use token_protection_lab::broker::registration::{JoinFacts, JoinType};
use token_protection_lab::broker::uses::AppRequest;
use token_protection_lab::broker::{Broker, BrokerError, BrokerSettings, Protocol};
use token_protection_lab::catalog::{Catalog, RulePack, well_known};
use token_protection_lab::directory::{Directory, PasswordVerifier, SecondFactor};
use token_protection_lab::idp::{ORIGIN, Provider, ProviderSettings};
use token_protection_lab::jose::KdfVersion;
use token_protection_lab::jose::jws::UnverifiedJws;
use token_protection_lab::keystore::{KeyStore, LatencyModel, Protection};
use token_protection_lab::policy::PolicySet;
use token_protection_lab::pop::dpop::{Recipient, RecipientSettings};
use token_protection_lab::resource::{
    AcceptedTokens, CLOCK_SKEW, ResourceServer, ResourceSettings,
};
use token_protection_lab::signin::{RiskLevel, RiskState};
use token_protection_lab::wire::authorize::Login;
use token_protection_lab::wire::dpop::TokenType;
use token_protection_lab::wire::{Link, Request, Response};

const ALICE: &str = "alice@contoso.example";
/// Origin of the resource server and name of the resource alike.
const EXCHANGE: &str = "https://exchange.lab.example";
const AGENT: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)";
const PROTOCOLS: [Protocol; 2] = [Protocol::DeviceKey, Protocol::SessionKey];

mod dpop;

/// A provider and its resource servers, reached by host name.
struct Lab {
    clock: ManualClock,
    provider: Provider,
    provider_rng: Stream,
    resources: BTreeMap<String, ResourceServer>,
    noted: Vec<Check>,
}

impl Link for Lab {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn spend(&mut self, time: Nanos) {
        self.clock.advance(time);
    }

    fn exchange(&mut self, request: Request) -> Response {
        let host = request.uri().host().unwrap().to_owned();
        if ORIGIN.ends_with(&host) {
            let now = self.clock.now();
            return self.provider.handle(&request, now, &mut self.provider_rng);
        }
        let mut server = self.resources.remove(&host).unwrap();
        let mut rng = Seed(11).stream("nonces");
        let response = server.handle(&request, self, &mut rng);
        self.resources.insert(host, server);
        response
    }

    fn note(&mut self, check: Check) {
        self.noted.push(check);
    }
}

impl Lab {
    fn new(policies: &[u8]) -> Self {
        let directory = include_bytes!("../../src/data/directory.json");
        Self::with_directory(Directory::from_json(directory).unwrap(), policies)
    }

    fn with_directory(directory: Directory, policies: &[u8]) -> Self {
        Self::with_settings(directory, policies, ProviderSettings::default())
    }

    fn with_settings(directory: Directory, policies: &[u8], settings: ProviderSettings) -> Self {
        let mut rng = Seed(11).stream("provider");
        let alice = directory.user_by_upn(ALICE).unwrap().id();
        let policies = PolicySet::from_json(policies).unwrap();
        let mut provider =
            Provider::new(directory, policies, RulePack::newest(), settings, &mut rng).unwrap();
        let iterations = PasswordVerifier::DEFAULT_ITERATIONS;
        let verifier = PasswordVerifier::make(&password(), &[7; 16], iterations);
        provider.set_password(alice, verifier).unwrap();
        provider.set_second_factor(alice, second_factor()).unwrap();
        let exchange = Catalog::builtin().resource("exchange").unwrap();
        let told = ResourceSettings {
            id: exchange.app_id,
            display_name: exchange.display_name.clone(),
            origin: exchange.origin.clone(),
            issuer: provider.issuer().to_owned(),
            legacy_protocols: vec!["IMAP4".to_owned()],
            clock_skew: CLOCK_SKEW,
            accepted: AcceptedTokens::default(),
            danger: Danger::NONE,
        };
        let mut resource_rng = Seed(11).stream("resource");
        let recipient = Recipient::new(RecipientSettings::default(), &mut resource_rng).unwrap();
        let server = ResourceServer::new(told, recipient).unwrap();
        Self {
            clock: ManualClock::starting_at(Timestamp::from_unix(1_772_438_400)),
            provider,
            provider_rng: rng,
            resources: BTreeMap::from([("exchange.lab.example".to_owned(), server)]),
            noted: vec![],
        }
    }

    /// LT-ALICE as the directory knows it, with its broker.
    fn known_device(&mut self, protocol: Protocol) -> (Broker, Stream) {
        let (mut broker, mut rng) = self.bare_device(protocol);
        let id = self.provider.directory().device_by_name("LT-ALICE").unwrap().device_id;
        let (device, transport) = broker.generate_keys(&mut rng).unwrap();
        self.provider.provision_device(id, device, transport).unwrap();
        broker.provisioned(id).unwrap();
        (broker, rng)
    }

    fn bare_device(&self, protocol: Protocol) -> (Broker, Stream) {
        self.bare_device_for(protocol, TokenType::Bearer)
    }

    fn bare_device_for(&self, protocol: Protocol, token_type: TokenType) -> (Broker, Stream) {
        let store = Seed(12).stream("key store");
        let store = KeyStore::new(Protection::Hardware, LatencyModel::chrome_tpm(), store);
        let settings = BrokerSettings {
            protocol,
            token_type,
            kdf: KdfVersion::V2,
            issuer: self.provider.issuer().to_owned(),
            origin: ORIGIN.to_owned(),
            user_agent: AGENT.to_owned(),
        };
        (Broker::new(store, settings), Seed(13).stream("device"))
    }

    fn app(&self, name: &str) -> App {
        let client = Catalog::builtin().client(name).unwrap();
        App {
            client_id: client.app_id,
            sku: Some(name.to_owned()),
            redirect_uri: client.redirect_uris[0].clone(),
            version: None,
            user_agent: AGENT.to_owned(),
            issuer: self.provider.issuer().to_owned(),
        }
    }

    fn served(&mut self, access_token: &Secret<String>) {
        let content = fetch(self, AGENT, EXCHANGE, access_token).unwrap();
        assert!(String::from_utf8(content).unwrap().contains(ALICE));
    }

    fn login(&self) -> Login {
        let otc = Some(second_factor().code(self.now()));
        Login { username: ALICE.to_owned(), password: password(), otc: otc.map(Secret::new) }
    }
}

fn password() -> Secret<String> {
    "correct horse battery staple".into()
}

fn second_factor() -> SecondFactor {
    SecondFactor::from_octets(&[9; 20]).unwrap()
}

const OUTLOOK_APP: AppRequest<'_> = AppRequest {
    client: well_known::OFFICE_CLIENT,
    client_version: None,
    client_sku: Some("outlook"),
    resource: EXCHANGE,
    scope: "offline_access",
};

const SIGN_IN: SignInRequest<'_> = SignInRequest {
    resource: EXCHANGE,
    scope: "openid offline_access",
    login: None,
    browser_credential: None,
    device_credential: None,
};

#[test]
fn a_prt_becomes_tokens_is_renewed_and_rolled() {
    for protocol in PROTOCOLS {
        let mut lab = Lab::new(b"[]");
        let (mut broker, mut rng) = lab.known_device(protocol);
        broker.prt_with_password(&mut lab, ALICE, &password(), None).unwrap();
        let first = broker.token(&mut lab, &mut rng, ALICE, &OUTLOOK_APP).unwrap();
        lab.served(&first.access_token);
        let bound = first.refresh_token.unwrap();
        let next = broker.redeem_app_token(&mut lab, &mut rng, ALICE, &OUTLOOK_APP, &bound);
        lab.served(&next.unwrap().access_token);

        lab.clock.advance_by(Lifetime::from_secs(14_400));
        let expires = broker.prt_expires(ALICE);
        broker.renew(&mut lab, &mut rng, ALICE).unwrap();
        assert!(broker.prt_expires(ALICE) > expires);
        let renewed = broker.token(&mut lab, &mut rng, ALICE, &OUTLOOK_APP).unwrap();
        lab.served(&renewed.access_token);
        let kept = broker.redeem_app_token(&mut lab, &mut rng, ALICE, &OUTLOOK_APP, &bound);
        assert!(kept.is_ok(), "a renewal keeps the family: {kept:?}");

        broker.prt_with_password(&mut lab, ALICE, &password(), None).unwrap();
        let ended = broker.redeem_app_token(&mut lab, &mut rng, ALICE, &OUTLOOK_APP, &bound);
        assert!(matches!(ended, Err(BrokerError::Refused(_))), "a roll ends it: {ended:?}");
        assert!(lab.noted.is_empty());
    }
}

#[test]
fn a_refresh_token_issued_through_the_broker_is_of_no_use_alone() {
    for protocol in PROTOCOLS {
        let mut lab = Lab::new(b"[]");
        let (mut broker, mut rng) = lab.known_device(protocol);
        broker.prt_with_password(&mut lab, ALICE, &password(), None).unwrap();
        broker.token(&mut lab, &mut rng, ALICE, &OUTLOOK_APP).unwrap();
        let stolen = broker.disk().app_refresh_tokens.remove(0).token;
        let refused = lab.app("outlook").refresh(&mut lab, &stolen, EXCHANGE, None).unwrap_err();
        let AppError::Refused(body) = refused else { panic!("{refused:?}") };
        assert_eq!(body.error_codes, [70000]);
    }
}

#[test]
fn a_browser_signs_in_with_the_prt() {
    for protocol in PROTOCOLS {
        let mut lab = Lab::new(b"[]");
        let (mut broker, mut rng) = lab.known_device(protocol);
        broker.prt_with_password(&mut lab, ALICE, &password(), None).unwrap();
        let app = lab.app("outlook-web");
        let tokens = app.sign_in_with_prt(&mut lab, &mut rng, &mut broker, ALICE, SIGN_IN);
        lab.served(&tokens.unwrap().access_token);
    }
}

#[test]
fn an_app_outside_the_broker_shows_the_device_and_refreshes() {
    let mut lab = Lab::new(b"[]");
    let (mut broker, mut rng) = lab.known_device(Protocol::SessionKey);
    let app = lab.app("azure-cli");
    let login = lab.login();
    let request = SignInRequest { login: Some(&login), ..SIGN_IN };
    let tokens = app.sign_in_with_device(&mut lab, &mut rng, &mut broker, request).unwrap();
    lab.served(&tokens.access_token);
    let nonce = broker.nonce(&mut lab).unwrap();
    let credential = broker.device_credential(&mut lab, &nonce).unwrap();
    let old = tokens.refresh_token.unwrap();
    let tokens = app.refresh(&mut lab, &old, EXCHANGE, Some(&credential)).unwrap();
    lab.served(&tokens.access_token);
    let records: Vec<_> = lab.provider.log().iter().collect();
    let device = |index: usize| format!("{:?}", records[index]).contains("LT-ALICE");
    assert!(device(records.len() - 2) && device(records.len() - 1), "both records name the device");
}

#[test]
fn a_device_registers_enrols_a_key_registers_again_and_leaves() {
    for protocol in PROTOCOLS {
        let mut lab = Lab::new(b"[]");
        let (mut broker, mut rng) = lab.bare_device(protocol);
        let drs = well_known::DEVICE_REGISTRATION_SERVICE.to_string();
        let login = lab.login();
        let request = SignInRequest { resource: &drs, login: Some(&login), ..SIGN_IN };
        let enrolment = lab.app("authentication-broker").sign_in(&mut lab, &mut rng, request);
        let enrolment = enrolment.unwrap();
        let (access, refresh) = (enrolment.access_token, enrolment.refresh_token.unwrap());
        let facts = JoinFacts {
            join_type: JoinType::Joined,
            device_type: "Windows".to_owned(),
            os_version: "10.0.26100".to_owned(),
            display_name: "NEW-PC".to_owned(),
            method: "interactiveJoin".to_owned(),
        };
        let id = broker.register(&mut lab, &mut rng, &access, &facts).unwrap();
        assert!(lab.provider.directory().device(id).unwrap().hardware_backed_key);
        broker.prt_with_refresh_token(&mut lab, ALICE, &refresh).unwrap();
        broker.register_user_key(&mut lab, &mut rng, &access, ALICE).unwrap();
        broker.prt_with_user_key(&mut lab, ALICE).unwrap();

        assert_eq!(broker.register(&mut lab, &mut rng, &access, &facts).unwrap(), id);
        let tokens = broker.token(&mut lab, &mut rng, ALICE, &OUTLOOK_APP).unwrap();
        lab.served(&tokens.access_token);
        broker.prt_with_user_key(&mut lab, ALICE).unwrap();

        broker.unregister(&mut lab).unwrap();
        assert!(lab.provider.directory().device(id).is_none());
        lab.served(&tokens.access_token);
    }
}

#[test]
fn a_legacy_client_gets_in_by_password_until_policy_says_no() {
    let legacy = |lab: &mut Lab, password: &Secret<String>| {
        legacy_fetch(lab, "mail", EXCHANGE, "IMAP4", ALICE, password)
    };
    let mut lab = Lab::new(b"[]");
    assert!(legacy(&mut lab, &password()).is_ok());
    let wrong = legacy(&mut lab, &"wrong".into());
    assert!(matches!(wrong, Err(AppError::ResourceRefused { status: 401, .. })), "{wrong:?}");
    let block = include_bytes!("../../src/data/policies/d3-block-legacy-authentication.json");
    let mut lab = Lab::new(block);
    let blocked = legacy(&mut lab, &password());
    assert!(matches!(blocked, Err(AppError::ResourceRefused { status: 403, .. })), "{blocked:?}");
}

#[test]
fn the_same_seed_sends_the_same_bytes() {
    let run = || {
        let mut lab = Lab::new(b"[]");
        let (mut broker, mut rng) = lab.known_device(Protocol::SessionKey);
        broker.prt_with_password(&mut lab, ALICE, &password(), None).unwrap();
        let tokens = broker.token(&mut lab, &mut rng, ALICE, &OUTLOOK_APP).unwrap();
        (tokens.access_token, lab.clock.elapsed())
    };
    assert_eq!(run(), run());
}

/// The `uti` of an access token.
fn uti(access_token: &Secret<String>) -> String {
    let jws = UnverifiedJws::parse(access_token.expose_secret()).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(jws.unverified_payload()).unwrap();
    claims["uti"].as_str().unwrap().to_owned()
}

#[test]
fn records_name_the_session_and_the_token_that_was_issued() {
    for protocol in PROTOCOLS {
        let mut lab = Lab::new(b"[]");
        let (mut broker, mut rng) = lab.known_device(protocol);
        broker.prt_with_password(&mut lab, ALICE, &password(), None).unwrap();
        let first = broker.token(&mut lab, &mut rng, ALICE, &OUTLOOK_APP).unwrap();
        broker.renew(&mut lab, &mut rng, ALICE).unwrap();
        let stolen = first.refresh_token.unwrap();
        lab.app("outlook").refresh(&mut lab, &stolen, EXCHANGE, None).unwrap_err();
        let records: Vec<_> = lab.provider.log().iter().collect();
        assert!(records.len() >= 4);
        let session = records[0].session_id.expect("the PRT request starts a session");
        assert!(records.iter().all(|record| record.session_id == Some(session)), "{records:#?}");
        assert_eq!(records[0].unique_token_identifier, None, "a PRT is no access token");
        assert_eq!(records[1].unique_token_identifier, Some(uti(&first.access_token)));
        assert_eq!(records.last().unwrap().unique_token_identifier, None, "refused");

        broker.prt_with_password(&mut lab, ALICE, &password(), None).unwrap();
        let rolled = lab.provider.log().last().unwrap().session_id;
        assert!(rolled.is_some() && rolled != Some(session), "a roll starts another session");
    }
}

#[test]
fn a_code_starts_a_session_that_its_refresh_tokens_continue() {
    let mut lab = Lab::new(b"[]");
    let (mut broker, mut rng) = lab.known_device(Protocol::SessionKey);
    let app = lab.app("azure-cli");
    let login = lab.login();
    let request = SignInRequest { login: Some(&login), ..SIGN_IN };
    let tokens = app.sign_in_with_device(&mut lab, &mut rng, &mut broker, request).unwrap();
    let refreshed = app.refresh(&mut lab, &tokens.refresh_token.unwrap(), EXCHANGE, None).unwrap();
    let records: Vec<_> = lab.provider.log().iter().collect();
    let [.., authorize, refresh] = records.as_slice() else { panic!("{records:#?}") };
    assert!(authorize.session_id.is_some());
    assert_eq!(authorize.session_id, refresh.session_id);
    assert_eq!(authorize.unique_token_identifier, None, "the code is no token");
    assert_eq!(refresh.unique_token_identifier, Some(uti(&refreshed.access_token)));
}

#[test]
fn records_show_the_risk_that_the_directory_states_and_no_other() {
    let record = |risk: Option<&str>| {
        let text = include_str!("../../src/data/directory.json");
        let mut directory: serde_json::Value = serde_json::from_str(text).unwrap();
        let users = directory["users"].as_array_mut().unwrap();
        let alice = users.iter_mut().find(|user| user["userPrincipalName"] == ALICE).unwrap();
        if let Some(level) = risk {
            alice["sim"] = serde_json::json!({"signInRisk": level, "userRisk": level});
        }
        let directory = Directory::from_json(directory.to_string().as_bytes()).unwrap();
        let mut lab = Lab::with_directory(directory, b"[]");
        legacy_fetch(&mut lab, "mail", EXCHANGE, "IMAP4", ALICE, &password()).unwrap();
        let record = lab.provider.log().last().unwrap();
        (record.risk_level_during_sign_in, record.risk_state, record.risk_level_aggregated)
    };
    assert_eq!(record(None), (None, None, None));
    let medium = (Some(RiskLevel::Medium), Some(RiskState::AtRisk), None);
    assert_eq!(record(Some("medium")), medium);
}
