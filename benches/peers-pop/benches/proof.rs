//! Proofs of possession: the bare signature check by backend, and the whole check of a DPoP proof.
//!
//! All of it runs over the same 2,048 proofs, under 1, 100 or 1,000 keys in turn, so a whole check
//! can be divided by a bare verification *of the same octets* in the same run. Backends named
//! `prepared` hold the keys read beforehand: a server cannot, when the key comes with the proof,
//! unless it remembers keys; it is the fastest that the library can do.

mod support;

use std::hint::black_box;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as B64;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey, EcPoint};
use openssl::ecdsa::EcdsaSig;
use openssl::nid::Nid;
use openssl::pkey::Public;
use p256::ecdsa::SigningKey;
use p256::ecdsa::signature::Verifier as _;
use support::{SIGNATURES, compact, now, point, signing_keys};
use token_protection_lab::jose::{P256, Ring, VerifyEs256};

/// Keys that the proofs are under.
const WORKING_SETS: [usize; 3] = [1, 100, 1_000];

const METHOD: &str = "POST";
const URI: &str = "https://outlook.example/v1.0/me/messages";

/// A proof, and what a bare verification of it needs.
struct Proof {
    text: String,
    /// Which of the keys.
    key: usize,
    point: [u8; 65],
    /// Where the signature's dot stands.
    end: usize,
    signature: [u8; 64],
}

impl Proof {
    fn message(&self) -> &[u8] {
        &self.text.as_bytes()[..self.end]
    }
}

/// The access token that the proofs go with: only its digest is looked at.
fn access_token() -> String {
    format!("eyJ{}", "a1B2-_".repeat(200))
}

fn proof(number: usize, keys: &[SigningKey]) -> Proof {
    let index = number % keys.len();
    let point = point(&keys[index]);
    let [x, y] = [&point[1..33], &point[33..]].map(|part| B64.encode(part));
    let header = format!(
        r#"{{"typ":"dpop+jwt","alg":"ES256","jwk":{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}"}}}}"#
    );
    let ath = B64.encode(openssl::sha::sha256(access_token().as_bytes()));
    let claims = format!(
        r#"{{"jti":"{number:022}","htm":"{METHOD}","htu":"{URI}","iat":{},"ath":"{ath}"}}"#,
        now(),
    );
    let text = compact(&header, &claims, &keys[index]);
    let end = text.rfind('.').unwrap();
    let signature = B64.decode(&text[end + 1..]).unwrap().try_into().unwrap();
    Proof { text, key: index, point, end, signature }
}

fn proofs(keys: &[SigningKey]) -> Vec<Proof> {
    (0..SIGNATURES).map(|number| proof(number, keys)).collect()
}

/// A name, and whether the signature of a proof is right.
type Bare<'a> = (&'static str, Box<dyn Fn(&Proof) -> bool + 'a>);

fn openssl_key(group: &EcGroup, octets: &[u8; 65]) -> Option<EcKey<Public>> {
    let point = EcPoint::from_bytes(group, octets, &mut BigNumContext::new().ok()?).ok()?;
    EcKey::from_public_key(group, &point).ok()
}

/// `ECDSA_do_verify` of libcrypto over its own SHA-256: quicker than by way of `EVP`.
fn openssl_verify(key: &EcKey<Public>, message: &[u8], signature: &[u8; 64]) -> bool {
    let half = |octets| BigNum::from_slice(octets).ok();
    let (Some(r), Some(s)) = (half(&signature[..32]), half(&signature[32..])) else { return false };
    EcdsaSig::from_private_components(r, s)
        .and_then(|signature| signature.verify(&openssl::sha::sha256(message), key))
        .unwrap_or(false)
}

fn p256_verify(key: &p256::ecdsa::VerifyingKey, proof: &Proof) -> bool {
    p256::ecdsa::Signature::from_slice(&proof.signature)
        .is_ok_and(|signature| key.verify(proof.message(), &signature).is_ok())
}

fn ours(name: &'static str, backend: impl VerifyEs256 + 'static) -> Bare<'static> {
    (name, Box::new(move |proof| backend.accepts(&proof.point, proof.message(), &proof.signature)))
}

fn backends(keys: &[SigningKey]) -> Vec<Bare<'static>> {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey, UnparsedPublicKey};
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let points: Vec<_> = keys.iter().map(point).collect();
    let for_openssl: Vec<_> = points.iter().map(|key| openssl_key(&group, key).unwrap()).collect();
    let for_aws: Vec<_> = points
        .iter()
        .map(|key| ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key).unwrap())
        .collect();
    let for_p256: Vec<_> = keys.iter().map(|key| *key.verifying_key()).collect();
    vec![
        ours("ring", Ring),
        (
            "aws-lc-rs",
            Box::new(|proof| {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, proof.point)
                    .verify(proof.message(), &proof.signature)
                    .is_ok()
            }),
        ),
        (
            "aws-lc-rs-prepared",
            Box::new(move |proof| {
                for_aws[proof.key].verify_sig(proof.message(), &proof.signature).is_ok()
            }),
        ),
        (
            "openssl",
            Box::new(move |proof| {
                openssl_key(&group, &proof.point)
                    .is_some_and(|key| openssl_verify(&key, proof.message(), &proof.signature))
            }),
        ),
        (
            "openssl-prepared",
            Box::new(move |proof| {
                openssl_verify(&for_openssl[proof.key], proof.message(), &proof.signature)
            }),
        ),
        ours("p256", P256),
        ("p256-prepared", Box::new(move |proof| p256_verify(&for_p256[proof.key], proof))),
    ]
}

/// Each backend takes all proofs, and none with a bit of message, key or signature changed.
fn assert_sound(backends: &[Bare<'_>], proofs: &[Proof], keys: &[SigningKey]) {
    let mut changed: Vec<Proof> = (0..4).map(|_| proof(0, keys)).collect();
    changed[0].signature[7] ^= 1;
    changed[1].signature[60] ^= 1;
    changed[2].signature = [0; 64];
    changed[3].end -= 1;
    for (name, accepts) in backends {
        assert!(proofs.iter().all(accepts), "{name} refuses what is right");
        assert!(!changed.iter().any(accepts), "{name} takes what is wrong");
    }
}

fn bare(c: &mut Criterion) {
    let mut group = c.benchmark_group("peers/bare");
    group.throughput(Throughput::Elements(1));
    let keys = signing_keys("bare", 1_000);
    for count in WORKING_SETS {
        let keys = &keys[..count];
        let proofs = proofs(keys);
        let backends = backends(keys);
        assert_sound(&backends, &proofs, keys);
        println!("proofs: {} octets, {} of them signed", proofs[0].text.len(), proofs[0].end);
        for (name, accepts) in backends {
            let mut proofs = proofs.iter().cycle();
            group.bench_function(BenchmarkId::new(name, count), |b| {
                b.iter(|| accepts(black_box(proofs.next().unwrap())));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, bare);
criterion_main!(benches);
