//! The same parties with DPoP: honest clients of a provider that demands it, and bearers refused.

use token_protection_lab::app::DpopClient;
use token_protection_lab::idp::DpopDemand;

use super::*;

impl Lab {
    /// A provider that demands DPoP of every client, nonces included.
    fn demanding() -> Self {
        let mut settings = ProviderSettings::default();
        settings.dpop.demand = DpopDemand::Required;
        let directory = Directory::from_json(token_protection_lab::directory::SAMPLE).unwrap();
        Self::with_settings(directory, b"[]", settings)
    }
}

#[test]
fn where_dpop_is_demanded_apps_and_brokers_of_bearer_tokens_get_none() {
    let mut lab = Lab::demanding();
    let (mut broker, mut rng) = lab.known_device(Protocol::SessionKey);
    broker.prt_with_password(&mut lab, ALICE, &password(), None).unwrap();
    let refused = broker.token(&mut lab, &mut rng, ALICE, &OUTLOOK_APP).unwrap_err();
    assert_eq!(refused.refusal().unwrap().error, "invalid_dpop_proof");
    let login = lab.login();
    let request = SignInRequest { login: Some(&login), ..SIGN_IN };
    let refused = lab.app("azure-cli").sign_in(&mut lab, &mut rng, request).unwrap_err();
    let AppError::Refused(body) = refused else { panic!("{refused:?}") };
    assert_eq!(body.error, "invalid_dpop_proof");
}

#[test]
fn with_dpop_an_app_signs_in_and_refreshes_under_its_key() {
    let mut lab = Lab::demanding();
    let store = Seed(21).stream("app store");
    let store = KeyStore::new(Protection::Software, LatencyModel::NONE, store);
    let mut rng = Seed(22).stream("app");
    let mut key = DpopClient::generate(store, &mut rng).unwrap();
    let app = lab.app("azure-cli");
    let login = lab.login();
    let request = SignInRequest { login: Some(&login), ..SIGN_IN };
    let mut client = app.with_dpop(Some(&mut key));
    let mut tokens = client.sign_in(&mut lab, &mut rng, request).unwrap();
    for _ in 0..3 {
        assert_eq!(tokens.token_type, TokenType::Dpop);
        // Nonces go stale in the meantime; a challenge is answered.
        lab.clock.advance_by(Lifetime::from_secs(1_000));
        let old = tokens.refresh_token.unwrap();
        tokens = client.refresh(&mut lab, &old, EXCHANGE, None).unwrap();
    }
    let stolen = tokens.refresh_token.unwrap();
    let refused = app.refresh(&mut lab, &stolen, EXCHANGE, None).unwrap_err();
    let AppError::Refused(body) = refused else { panic!("{refused:?}") };
    assert_eq!(body.error, "invalid_dpop_proof");
    let store = KeyStore::new(Protection::Software, LatencyModel::NONE, Seed(23).stream("thief"));
    let mut other = DpopClient::generate(store, &mut rng).unwrap();
    let mut thief = app.with_dpop(Some(&mut other));
    let refused = thief.refresh(&mut lab, &stolen, EXCHANGE, None).unwrap_err();
    let AppError::Refused(body) = refused else { panic!("{refused:?}") };
    assert_eq!(body.error, "invalid_grant");
}

#[test]
fn with_dpop_a_device_enrols_and_its_broker_gets_bound_tokens() {
    for protocol in PROTOCOLS {
        let mut lab = Lab::demanding();
        let (mut broker, mut rng) = lab.bare_device_for(protocol, TokenType::Dpop);
        let drs = well_known::DEVICE_REGISTRATION_SERVICE.to_string();
        let login = lab.login();
        let request = SignInRequest { resource: &drs, login: Some(&login), ..SIGN_IN };
        // The enrolment's tokens are bound to the broker's own key, which then proves for them.
        let jkt = broker.ensure_dpop_key(&mut rng).unwrap();
        let app = lab.app("authentication-broker");
        let mut client = app.with_dpop(Some(&mut broker));
        let enrolment = client.sign_in(&mut lab, &mut rng, request).unwrap();
        let (access, refresh) = (enrolment.access_token, enrolment.refresh_token.unwrap());
        let facts = JoinFacts {
            join_type: JoinType::Joined,
            device_type: "Windows".to_owned(),
            os_version: "10.0.26100".to_owned(),
            display_name: "NEW-PC".to_owned(),
            method: "interactiveJoin".to_owned(),
        };
        lab.clock.advance_by(Lifetime::from_secs(301));
        broker.register(&mut lab, &mut rng, &access, &facts).unwrap();
        broker.prt_with_refresh_token(&mut lab, ALICE, &refresh).unwrap();
        broker.register_user_key(&mut lab, &mut rng, &access, ALICE).unwrap();
        for _ in 0..2 {
            let tokens = broker.token(&mut lab, &mut rng, ALICE, &OUTLOOK_APP).unwrap();
            assert_eq!(tokens.token_type, TokenType::Dpop);
            let payload = tokens.access_token.expose_secret().split('.').nth(1).unwrap();
            let payload = token_protection_lab::base::b64::decode_url(payload).unwrap();
            let claims: serde_json::Value = serde_json::from_slice(&payload).unwrap();
            assert_eq!(claims["cnf"]["jkt"], jkt.to_string());
            let held = tokens.refresh_token.unwrap();
            let next = broker.redeem_app_token(&mut lab, &mut rng, ALICE, &OUTLOOK_APP, &held);
            assert_eq!(next.unwrap().token_type, TokenType::Dpop);
            broker.renew(&mut lab, &mut rng, ALICE).unwrap();
            lab.clock.advance_by(Lifetime::from_secs(400));
        }
        assert!(lab.noted.is_empty());
    }
}
