//! What signatures cost: ES256 by backend and by how many keys they are under, HS256 by KDF version.
//!
//! Every verification starts at the compact text, as a server's does, and each input is another
//! signature: with one text over and over, caches and branch predictors would do the work.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a bench fails by panicking")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use token_protection_lab::base::stream::{Seed, Stream};
use token_protection_lab::base::{Check, Danger};
use token_protection_lab::jose::jws::sign_compact;
use token_protection_lab::jose::{
    Ctx, Header, KdfVersion, P256PublicKey, RingSigningKey, SessionKey, SignatureAlgorithm, Signer,
    SigningKey, UnverifiedJws, VerifyingKey,
};

/// All inputs come from this seed.
const SEED: Seed = Seed(0x10_5e);

/// Distinct signatures per measurement.
const SIGNATURES: usize = 1_024;

/// A payload the size of a request under a PRT, another one for each `n`.
fn payload(n: usize) -> Vec<u8> {
    let prt = "A".repeat(600);
    format!(
        r#"{{"client_id":"29d9ed98-a469-4536-ade2-f981bc1d605e","scope":"openid aza","grant_type":"refresh_token","refresh_token":"{prt}","request_nonce":"{n:043}","iat":1773144000,"exp":1773144300}}"#
    )
    .into_bytes()
}

fn es256_text(n: usize, key: &dyn Signer) -> String {
    let header = Header::new(SignatureAlgorithm::Es256).with_typ("JWT").with_kid("device");
    sign_compact(&header, &payload(n), key).unwrap()
}

fn sign(c: &mut Criterion) {
    let mut group = c.benchmark_group("jose/sign/es256");
    group.throughput(Throughput::Elements(1));
    let p256 = SigningKey::generate(&mut SEED.stream("sign"));
    let ring = RingSigningKey::generate().unwrap();
    let backends: [(&str, &dyn Signer, &P256PublicKey); 2] =
        [("p256", &p256, p256.public_key()), ("ring", &ring, ring.public_key())];
    for (backend, key, public) in backends {
        assert!(verify_es256(&es256_text(0, key), public));
        let mut n = 0;
        group.bench_function(backend, |b| {
            b.iter(|| {
                n += 1;
                es256_text(black_box(n), key)
            });
        });
    }
    group.finish();
}

fn verify_es256(text: &str, key: &P256PublicKey) -> bool {
    let key = VerifyingKey::P256(key);
    UnverifiedJws::parse(text)
        .and_then(|jws| jws.verify(key, Check::PrtRequestSignature, Danger::NONE))
        .is_ok()
}

fn verify_es256_by_keys(c: &mut Criterion) {
    let mut group = c.benchmark_group("jose/verify/es256/keys");
    group.throughput(Throughput::Elements(1));
    for count in [1, 100] {
        let mut rng = SEED.stream("verify");
        let keys: Vec<_> = (0..count).map(|_| SigningKey::generate(&mut rng)).collect();
        let texts: Vec<_> = (0..SIGNATURES)
            .zip(keys.iter().cycle())
            .map(|(n, key)| (es256_text(n, key), key.public_key()))
            .collect();
        assert!(texts.iter().all(|(text, key)| verify_es256(text, key)));
        let mut next = texts.iter().cycle();
        group.bench_function(BenchmarkId::from_parameter(count), |b| {
            b.iter(|| {
                let (text, key) = next.next().unwrap();
                verify_es256(black_box(text), black_box(key))
            });
        });
    }
    group.finish();
}

fn hs256_text(n: usize, version: KdfVersion, session: &SessionKey, rng: &mut Stream) -> String {
    let (ctx, payload) = (Ctx::random(rng), payload(n));
    let header = Header {
        ctx: Some(ctx.to_header()),
        kdf_ver: version.to_header(),
        ..Header::new(SignatureAlgorithm::Hs256).with_typ("JWT")
    };
    sign_compact(&header, &payload, &session.derive(version, &ctx, &payload).mac_key()).unwrap()
}

/// Parse, derive and verify: what a server does once it has unsealed the PRT.
fn verify_hs256(text: &str, session: &SessionKey) -> bool {
    let verify = || {
        let jws = UnverifiedJws::parse(text)?;
        let ctx = Ctx::from_header(jws.header().ctx.as_deref().unwrap_or_default())?;
        let version = KdfVersion::from_header(jws.header().kdf_ver)?;
        let key = session.derive(version, &ctx, jws.unverified_payload()).mac_key();
        jws.verify(VerifyingKey::Mac(&key), Check::PrtUseMac, Danger::NONE)
    };
    verify().is_ok()
}

fn verify_hs256_by_kdf(c: &mut Criterion) {
    let mut group = c.benchmark_group("jose/verify/hs256/kdf");
    group.throughput(Throughput::Elements(1));
    let mut rng = SEED.stream("session");
    let session = SessionKey::generate(&mut rng);
    for (id, version) in [("v1", KdfVersion::V1), ("v2", KdfVersion::V2)] {
        let texts: Vec<_> =
            (0..SIGNATURES).map(|n| hs256_text(n, version, &session, &mut rng)).collect();
        assert!(texts.iter().all(|text| verify_hs256(text, &session)));
        let mut next = texts.iter().cycle();
        group.bench_function(id, |b| {
            b.iter(|| verify_hs256(black_box(next.next().unwrap()), &session));
        });
    }
    group.finish();
}

criterion_group!(benches, sign, verify_es256_by_keys, verify_hs256_by_kdf);
criterion_main!(benches);
