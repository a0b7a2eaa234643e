//! The supplied vector files, run through the public API.
//!
//! Each negative names the stage that has to refuse it, and the stage is compared with the error's
//! code: an early refusal cannot hide that a later check is missing. A table that misses a case of
//! its file, or names one that is not there, fails.

mod dpop;
mod flow;
mod jwe;
mod jwk;
mod jws;
mod kdf;
mod wycheproof;

use std::collections::BTreeMap;

use serde_json::Value;
use token_protection_lab::base::{Check, Danger, b64};
use token_protection_lab::jose::{
    AgreementKey, Ctx, Error, KdfVersion, MacKey, P256PublicKey, SessionKey, Signer as _,
    UnverifiedJws, Verified, VerifyingKey,
};

/// Where a text is refused, or that it is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Accept,
    PartCount,
    Base64Url,
    Header,
    Algorithm,
    Signature,
    KeyUse,
    Curve,
    OnCurve,
    KeyManagement,
    EncryptedKey,
    PartyInfo,
    Iv,
    Open,
}

impl Stage {
    fn of<T>(result: &Result<T, Error>) -> Self {
        let Err(error) = result else { return Self::Accept };
        match error.code() {
            "jose.part_count" => Self::PartCount,
            "jose.not_base64url" => Self::Base64Url,
            "jose.malformed_header" => Self::Header,
            "jose.wrong_algorithm" => Self::Algorithm,
            "jose.bad_signature" => Self::Signature,
            "jose.key_use" => Self::KeyUse,
            "jose.unsupported_curve" => Self::Curve,
            "jose.not_on_curve" => Self::OnCurve,
            "jose.key_management_algorithm" => Self::KeyManagement,
            "jose.encrypted_key_present" => Self::EncryptedKey,
            "jose.party_info_mismatch" => Self::PartyInfo,
            "jose.iv_length" => Self::Iv,
            "jose.not_opened" => Self::Open,
            other => panic!("no vector is refused with `{other}`"),
        }
    }
}

/// Runs every case of a list of negatives; `stages` has to name each of them once.
fn each_at_its_stage<T>(
    cases: &Value,
    stages: &[(&str, Stage)],
    run: impl Fn(&Value) -> Result<T, Error>,
) {
    let mut stages: BTreeMap<&str, Stage> = stages.iter().copied().collect();
    for case in list(cases) {
        let name = text(&case["name"]);
        let stage = stages.remove(name).unwrap_or_else(|| panic!("no stage for `{name}`"));
        assert_eq!(Stage::of(&run(case)), stage, "{name}");
        assert_eq!(text(&case["expect"]) == "accept", stage == Stage::Accept, "{name}");
    }
    assert!(stages.is_empty(), "not in the file: {stages:?}");
}

pub fn supplied(file: &str) -> Value {
    let path = format!("{}/tests/vectors/supplied/{file}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

pub fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn hex(value: &Value) -> Vec<u8> {
    let digits = text(value);
    let octet = |at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    (0..digits.len()).step_by(2).map(octet).collect()
}

fn octets(base64url: &Value) -> Vec<u8> {
    b64::decode_url(text(base64url)).unwrap()
}

fn agreement_key(private_jwk: &Value) -> AgreementKey {
    AgreementKey::from_jwk(private_jwk.to_string().as_bytes()).unwrap()
}

/// The public half of a JWK of a file, which may have the private member beside it.
fn public_half(jwk: &Value) -> P256PublicKey {
    let mut jwk = jwk.clone();
    jwk.as_object_mut().unwrap().remove("d");
    P256PublicKey::from_jwk(&serde_json::from_value(jwk).unwrap()).unwrap()
}

fn session_key(hex_text: &Value) -> SessionKey {
    SessionKey::from_octets(hex(hex_text).try_into().unwrap())
}

/// Whether two keys make the same MAC: derived keys cannot be read.
fn same_mac(a: &MacKey, b: &MacKey) -> bool {
    a.sign(b"probe").unwrap() == b.sign(b"probe").unwrap()
}

/// Whether two session keys derive the same.
fn same_session(a: &SessionKey, b: &SessionKey) -> bool {
    let ctx = Ctx::from_header("AAAA").unwrap();
    let mac = |key: &SessionKey| key.derive(KdfVersion::V1, &ctx, b"").mac_key();
    same_mac(&mac(a), &mac(b))
}

/// What a server does with a PRT-signed text once it has the session key.
fn verify_use(jwt: &str, session: &SessionKey, danger: Danger) -> Result<Verified<Vec<u8>>, Error> {
    let jws = UnverifiedJws::parse(jwt)?;
    let ctx = Ctx::from_header(jws.header().ctx.as_deref().unwrap())?;
    let version = KdfVersion::from_header(jws.header().kdf_ver)?;
    let key = session.derive(version, &ctx, jws.unverified_payload()).mac_key();
    jws.verify(VerifyingKey::Mac(&key), Check::PrtUseMac, danger)
}

fn verify_es256(
    jwt: &str,
    key: &P256PublicKey,
    danger: Danger,
) -> Result<Verified<Vec<u8>>, Error> {
    let key = VerifyingKey::P256(key);
    UnverifiedJws::parse(jwt)?.verify(key, Check::PrtRequestSignature, danger)
}
