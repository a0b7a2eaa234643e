//! What both benches share: keys and texts of a fixed seed, spoilt texts, what each peer refused.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as B64;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::Value;
use token_protection_lab::base::stream::{Seed, octets};

/// All keys and ids come from this seed. `iat` is the time of the run, since some peers read the
/// clock themselves; no cost depends on it.
pub(crate) const SEED: Seed = Seed(0x9_09);

/// Distinct signatures in every measurement: with one repeated, caches and branch predictors would
/// do the work.
pub(crate) const SIGNATURES: usize = 2_048;

/// Names of cases and their texts.
pub(crate) type Cases = BTreeMap<&'static str, String>;

/// Seconds since 1970.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

/// Keys of one label.
pub(crate) fn signing_keys(label: &str, count: usize) -> Vec<SigningKey> {
    let mut rng = SEED.stream(label);
    (0..count).map(|_| SigningKey::from_slice(&octets::<32>(&mut rng)).unwrap()).collect()
}

/// The public half, uncompressed.
pub(crate) fn point(key: &SigningKey) -> [u8; 65] {
    key.verifying_key().to_sec1_point(false).as_bytes().try_into().unwrap()
}

/// The compact text of a header and a payload, signed by RFC 6979.
pub(crate) fn compact(header: &str, payload: &str, key: &SigningKey) -> String {
    let input = format!("{}.{}", B64.encode(header), B64.encode(payload));
    let signature: Signature = key.sign(input.as_bytes());
    format!("{input}.{}", B64.encode(signature.to_bytes()))
}

/// The text with another payload under the signature of the first.
pub(crate) fn with_payload(text: &str, change: impl Fn(&mut Value)) -> String {
    let [header, payload, signature] = parts(text);
    let mut value: Value = serde_json::from_slice(&B64.decode(payload).unwrap()).unwrap();
    change(&mut value);
    format!("{header}.{}.{signature}", B64.encode(value.to_string()))
}

/// The text with other octets for a signature.
pub(crate) fn with_signature(text: &str, change: impl Fn(&mut Vec<u8>)) -> String {
    let [header, payload, signature] = parts(text);
    let mut octets = B64.decode(signature).unwrap();
    change(&mut octets);
    format!("{header}.{payload}.{}", B64.encode(octets))
}

/// The text whose last character has unused bits that are not zero.
pub(crate) fn with_stray_bits(text: &str) -> String {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let at = alphabet.find(text.chars().last().unwrap()).unwrap();
    format!("{}{}", &text[..text.len() - 1], &alphabet[at + 1..at + 2])
}

fn parts(text: &str) -> [&str; 3] {
    text.split('.').collect::<Vec<_>>().try_into().unwrap()
}

/// What each peer said to each case that is not plainly right.
#[derive(Default)]
pub(crate) struct Verdicts {
    /// By kind, then case, then peer: whether it was taken.
    taken: BTreeMap<String, BTreeMap<String, BTreeMap<String, bool>>>,
}

impl Verdicts {
    /// Notes a verdict.
    pub(crate) fn note(&mut self, kind: &str, case: &str, peer: &str, taken: bool) {
        let cases = self.taken.entry(kind.into()).or_default();
        cases.entry(case.into()).or_default().insert(peer.into(), taken);
    }

    /// Writes them to `peers-pop/NAME` in the target directory, for the renderer.
    pub(crate) fn write(&self, name: &str) {
        write(name, &serde_json::to_string_pretty(&self.taken).unwrap());
    }
}

/// Writes a file to `peers-pop` in the target directory.
pub(crate) fn write(name: &str, text: &str) {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../peers-pop");
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join(name), text).unwrap();
}
