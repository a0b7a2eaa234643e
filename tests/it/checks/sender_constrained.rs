//! COD-06, RFT-04, SCT-*: what a token request has to prove for the token it asks for.

use token_protection_lab::base::Check;
use token_protection_lab::catalog::well_known::{
    AZURE_MANAGEMENT, BROKER_CLIENT, DEVICE_REGISTRATION_SERVICE, EXCHANGE,
};
use token_protection_lab::idp::{DpopDemand, OAuthError, Refusal};
use token_protection_lab::testing::lab::{ALICE, AZURE_CLI, PASSWORD, with_header};
use token_protection_lab::testing::{Answer, HandmadeDpop, Lab};
use token_protection_lab::wire::answer::{ErrorBody, TokenAnswer};
use token_protection_lab::wire::dpop::{CLIENT_CERTIFICATE, TokenType, with_token};

use super::{BROKER_REDIRECT, with_prt};
use crate::support::{granted, lab, lab_with, refused};

/// What the peer was told, beside the check that refused.
#[track_caller]
fn told(answer: &Answer, refusal: Refusal, error: OAuthError) {
    refused(answer, refusal.check());
    assert_eq!(answer.verdict.as_ref().unwrap().refusal, Some(refusal));
    assert_eq!(ErrorBody::read(&answer.response).unwrap().error, error.as_str());
}

/// A code that was asked for with the key's thumbprint.
fn bound_code(lab: &mut Lab, key: &HandmadeDpop) -> String {
    let mut query = Lab::query(AZURE_CLI, EXCHANGE);
    query.dpop_jkt = Some(key.jkt());
    let answer = lab.send(lab.login_request(&query, None));
    Lab::code_of(&answer)
}

#[test]
fn cod_06_a_code_asked_for_with_a_key_is_redeemed_with_its_proof() {
    let mut lab = lab();
    let (mut own, mut other) = (lab.dpop_key("own"), lab.dpop_key("other"));
    let code = bound_code(&mut lab, &own);
    let request = lab.code_request(Lab::code_grant(AZURE_CLI, &code));
    let answer = lab.send(request.clone());
    told(&answer, Refusal::CodeProofMissing, OAuthError::InvalidDpopProof);
    let answer = lab.send_proved(&mut other, request.clone());
    told(&answer, Refusal::CodeOtherKey, OAuthError::InvalidGrant);
    // As with every other fault of a redemption, the code is not used up.
    granted(&lab.send_proved(&mut own, request.clone()));
    refused(&lab.send_proved(&mut own, request), Check::CodeUnused);
}

#[test]
fn rft_04_a_bound_refresh_token_is_used_with_its_key() {
    let mut lab = lab();
    let (mut own, mut other) = (lab.dpop_key("own"), lab.dpop_key("other"));
    let token = lab.sign_in_proved(&mut own, AZURE_CLI, EXCHANGE).refresh_token.unwrap();
    let request = lab.refresh_request(AZURE_CLI, &token, EXCHANGE);
    let answer = lab.send(request.clone());
    told(&answer, Refusal::RefreshProofMissing, OAuthError::InvalidDpopProof);
    let answer = lab.send_proved(&mut other, request.clone());
    told(&answer, Refusal::RefreshOtherKey, OAuthError::InvalidGrant);
    // What was refused has not retired the token.
    granted(&lab.send_proved(&mut own, request));
}

#[test]
fn rft_04_a_bound_refresh_token_asks_for_a_prt_with_its_key_alone() {
    let mut lab = lab();
    let (mut own, mut other) = (lab.dpop_key("own"), lab.dpop_key("other"));
    let device = lab.device();
    let token = enrolment(&mut lab, &mut own, BROKER_CLIENT).refresh_token.unwrap();
    let nonce = lab.nonce();
    let request = device
        .prt_request(&nonce, ALICE, PASSWORD)
        .claim("grant_type", "refresh_token")
        .claim("refresh_token", token.as_str())
        .request();
    told(&lab.send(request.clone()), Refusal::RefreshProofMissing, OAuthError::InvalidDpopProof);
    let answer = lab.send_proved(&mut other, request.clone());
    told(&answer, Refusal::RefreshOtherKey, OAuthError::InvalidGrant);
    granted(&lab.send_proved(&mut own, request));
}

/// Tokens of the broker client for the registration service.
fn enrolment(
    lab: &mut Lab,
    key: &mut HandmadeDpop,
    client: token_protection_lab::base::id::AppId,
) -> TokenAnswer {
    let mut query = Lab::query(client, DEVICE_REGISTRATION_SERVICE);
    BROKER_REDIRECT.clone_into(&mut query.redirect_uri);
    let answer = lab.send(lab.login_request(&query, None));
    let mut grant = Lab::code_grant(client, &Lab::code_of(&answer));
    BROKER_REDIRECT.clone_into(&mut grant.redirect_uri);
    let request = lab.code_request(grant);
    lab.send_proved(key, request).json()
}

#[test]
fn sct_01_where_dpop_is_demanded_every_grant_brings_a_proof() {
    let demanding = || {
        lab_with(|builder| builder.settings(|settings| settings.dpop.demand = DpopDemand::Required))
    };
    let missing = |answer: &Answer| {
        told(answer, Refusal::ProofDemanded, OAuthError::InvalidDpopProof);
        assert!(answer.response.headers().contains_key("dpop-nonce"), "the next one can be right");
    };
    let mut lab = demanding();
    let code = lab.code(AZURE_CLI, AZURE_MANAGEMENT);
    let request = lab.code_request(Lab::code_grant(AZURE_CLI, &code));
    missing(&lab.send(request.clone()));
    let mut key = lab.dpop_key("own");
    let tokens: TokenAnswer = lab.send_proved(&mut key, request).json();
    let request = lab.refresh_request(AZURE_CLI, &tokens.refresh_token.unwrap(), EXCHANGE);
    missing(&lab.send(request.clone()));
    granted(&lab.send_proved(&mut key, request));
    for four in [false, true] {
        let mut lab = demanding();
        let mut device = lab.device();
        match four {
            true => lab.obtain_prt_4(&mut device),
            false => lab.obtain_prt(&mut device),
        }
        let mut key = lab.dpop_key("own");
        let nonce = lab.nonce();
        let use_of = device.use_of_prt(&nonce, lab.now()).request();
        missing(&lab.send(use_of.clone()));
        granted(&lab.send_proved(&mut key, use_of));
        let nonce = lab.nonce();
        let renewal = device.use_of_prt(&nonce, lab.now()).claim("scope", "openid aza");
        missing(&lab.send(renewal.request()));
    }
}

/// A lab whose directory says this of the Azure command line.
fn registered(metadata: &str) -> Lab {
    let mut file: serde_json::Value =
        serde_json::from_slice(token_protection_lab::directory::SAMPLE).unwrap();
    let mut app = serde_json::json!({
        "appId": AZURE_CLI, "displayName": "Azure command line", "redirectUris": [],
    });
    app[metadata] = true.into();
    file["apps"] = serde_json::json!([app]);
    let file = file.to_string();
    lab_with(|builder| builder.directory(file.as_bytes()))
}

#[test]
fn sct_02_a_client_registered_for_dpop_brings_a_proof() {
    let mut lab = registered("dpopBoundAccessTokens");
    let code = lab.code(AZURE_CLI, EXCHANGE);
    let request = lab.code_request(Lab::code_grant(AZURE_CLI, &code));
    let answer = lab.send(request.clone());
    told(&answer, Refusal::ProofDemandedOfClient, OAuthError::InvalidDpopProof);
    let mut key = lab.dpop_key("own");
    let tokens: TokenAnswer = lab.send_proved(&mut key, request).json();
    assert_eq!(tokens.token_type, "DPoP");
    // Another client of the same tenant is asked for nothing.
    let (mut lab, device) = with_prt();
    let nonce = lab.nonce();
    granted(&lab.send(device.use_of_prt(&nonce, lab.now()).request()));
}

#[test]
fn sct_03_a_client_registered_for_certificates_shows_one() {
    let mut lab = registered("tlsClientCertificateBoundAccessTokens");
    let code = lab.code(AZURE_CLI, EXCHANGE);
    let request = lab.code_request(Lab::code_grant(AZURE_CLI, &code));
    told(&lab.send(request.clone()), Refusal::CertificateMissing, OAuthError::InvalidRequest);
    granted(&lab.send(with_header(request, CLIENT_CERTIFICATE, "MAA=")));
}

#[test]
fn sct_04_the_registration_service_takes_a_bound_token_with_its_proof() {
    let mut lab = lab();
    let (mut own, mut other) = (lab.dpop_key("own"), lab.dpop_key("other"));
    let token = enrolment(&mut lab, &mut own, BROKER_CLIENT).access_token;
    let stranger = lab.stranger();
    let join = |lab: &mut Lab| {
        let nonce = lab.nonce();
        let mut request = stranger.join(&nonce).join_request(&token);
        request.headers_mut().remove("authorization");
        request
    };
    let scheme = |scheme, request| with_token(request, scheme, &token.as_str().into()).unwrap();
    let request = join(&mut lab);
    let answer = lab.send(scheme(TokenType::Bearer, request.clone()));
    refused(&answer, Check::RegistrationTokenProof);
    assert_eq!(answer.response.status(), 401);
    // RFC 9449 section 7.2: the error stands beside the scheme that was used.
    let challenges = |answer: &token_protection_lab::testing::Answer| -> Vec<String> {
        let all = answer.response.headers().get_all("www-authenticate");
        all.iter().map(|value| value.to_str().unwrap().to_owned()).collect()
    };
    assert_eq!(challenges(&answer), ["Bearer error=\"invalid_token\"", "DPoP algs=\"ES256\""]);
    let request = scheme(TokenType::Dpop, request);
    let for_token = |draft: &mut token_protection_lab::pop::dpop::ProofDraft| {
        draft.ath = Some(token_protection_lab::pop::dpop::ath(&token));
    };
    let now = lab.now();
    let answer = lab.send(other.prove_with(request.clone(), now, for_token));
    refused(&answer, Check::DpopBoundKey);
    assert_eq!(challenges(&answer), ["DPoP error=\"invalid_token\", algs=\"ES256\""]);
    let answer = lab.send(own.prove_with(request.clone(), now, |_| ()));
    refused(&answer, Check::DpopTokenHashPresent);
    assert_eq!(challenges(&answer), ["DPoP error=\"invalid_dpop_proof\", algs=\"ES256\""]);
    let mut twice = request.clone();
    twice.headers_mut().append("authorization", "Bearer x".parse().unwrap());
    let answer = lab.send(own.prove_with(twice, now, for_token));
    refused(&answer, Check::MessageShape);
    assert_eq!(answer.response.status(), 400);
    let answer = lab.send(own.prove_with(request, now, for_token));
    assert!(answer.response.status().is_success(), "{:?}", answer.verdict);
}
