//! The processor's part of each way of proving possession: what a device computes for one request.
//!
//! `latency/STRATEGY` is one request of that strategy with our own cryptography in memory, whatever
//! hardware would add: the proof signed and, at the token endpoint, the answer opened. Beside each
//! stands, printed first, what the model of the key store makes of it on the simulated clock; the
//! model of a process' memory (`LatencyModel::processor`) assumes a quicker library than p256.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    missing_docs,
    reason = "a bench fails by panicking and exports nothing"
)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use token_protection_lab::base::stream::{Seed, octets};
use token_protection_lab::jose::jws::sign_compact;
use token_protection_lab::jose::{
    AgreementKey, Ctx, Header, KdfVersion, SessionKey, SignatureAlgorithm, SigningKey, UnopenedJwe,
    jwe,
};
use token_protection_lab::keystore::Strategy;

/// All inputs come from this seed.
const SEED: Seed = Seed(0x1a7e);
/// Distinct requests, so that no branch predictor learns one.
const REQUESTS: usize = 1_024;

/// Payloads of the size of a request under a PRT.
fn payloads() -> Vec<Vec<u8>> {
    let prt = "A".repeat(600);
    let payload = |n| format!(r#"{{"refresh_token":"{prt}","request_nonce":"{n:043}"}}"#);
    (0..REQUESTS).map(|n| payload(n).into_bytes()).collect()
}

fn bench(criterion: &mut Criterion) {
    for strategy in Strategy::ALL {
        let times = strategy.times(SEED);
        println!("{}: {} (95 of 100: {})", strategy.label(), times.p50, times.p95);
    }
    let mut rng = SEED.stream("device");
    let payloads = payloads();
    let device = SigningKey::generate(&mut rng);
    let transport = AgreementKey::generate(&mut rng);
    let answer = vec![b'a'; 2_000];
    let mut group = criterion.benchmark_group("latency");

    // Protocol 4: the device key signs, the transport key opens the answer.
    let es256 = Header::new(SignatureAlgorithm::Es256).with_typ("JWT").with_kid("device");
    let for_transport: Vec<_> = (0..REQUESTS)
        .map(|_| jwe::encrypt_ecdh_es(transport.public_key(), b"u", b"v", &answer, &mut rng))
        .collect();
    let one_of_protocol_4 = |at: usize| {
        let signed = sign_compact(&es256, &payloads[at], &device).unwrap();
        let opened = UnopenedJwe::parse(&for_transport[at]).unwrap();
        (signed, opened.decrypt_ecdh_es(&transport, b"v").unwrap())
    };
    assert_eq!(one_of_protocol_4(0).1, answer);
    let mut at = 0;
    group.bench_function("device-key", |bencher| {
        bencher.iter(|| {
            at = (at + 1) % REQUESTS;
            one_of_protocol_4(black_box(at))
        });
    });

    // The session key: one key derived for the request, one for the answer.
    let session = SessionKey::generate(&mut rng);
    let contexts: Vec<_> = (0..REQUESTS).map(|_| Ctx::random(&mut rng)).collect();
    let under_session: Vec<_> = contexts
        .iter()
        .map(|ctx| {
            let key = session.derive(KdfVersion::V1, ctx, &[]);
            jwe::encrypt_dir(&key, ctx, octets(&mut rng), &answer)
        })
        .collect();
    let one_of_session = |at: usize| {
        let (ctx, payload) = (&contexts[at], &payloads[at]);
        let header = Header {
            ctx: Some(ctx.to_header()),
            kdf_ver: KdfVersion::V2.to_header(),
            ..Header::new(SignatureAlgorithm::Hs256).with_typ("JWT")
        };
        let key = session.derive(KdfVersion::V2, ctx, payload);
        let signed = sign_compact(&header, payload, &key.mac_key()).unwrap();
        let opened = UnopenedJwe::parse(&under_session[at]).unwrap();
        let ctx = Ctx::from_header(opened.header().ctx.as_deref().unwrap()).unwrap();
        (signed, opened.decrypt_dir(&session.derive(KdfVersion::V1, &ctx, &[])).unwrap())
    };
    assert_eq!(one_of_session(0).1, answer);
    group.bench_function("session-key", |bencher| {
        bencher.iter(|| {
            at = (at + 1) % REQUESTS;
            one_of_session(black_box(at))
        });
    });

    // A DPoP proof: one signature over a few claims.
    let proof = |at: usize| {
        let payload = &payloads[at][..200];
        sign_compact(&es256, payload, &device).unwrap()
    };
    assert!(!proof(0).is_empty());
    group.bench_function("dpop", |bencher| {
        bencher.iter(|| {
            at = (at + 1) % REQUESTS;
            proof(black_box(at))
        });
    });
    // What the signature alone and the derivation alone cost.
    group.bench_function("derive", |bencher| {
        bencher.iter(|| {
            at = (at + 1) % REQUESTS;
            session.derive(KdfVersion::V2, black_box(&contexts[at]), black_box(&payloads[at]))
        });
    });
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
