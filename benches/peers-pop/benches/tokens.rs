//! Compact JWTs: what verifying and issuing one costs, library beside library.
//!
//! All verify the same 2,048 texts under a key that was read before. *Verify* is what a resource
//! server does with a token: framing, header, signature, claims into a struct (or the library's
//! own type), `exp`, `nbf` and `aud`. Ours and `compact_jwt` leave these three to their caller, so
//! there the bench looks.
//!
//! What each library refuses is tried before anything is timed and written down for the renderer.

mod support;

use std::collections::{BTreeMap, HashSet};
use std::hint::black_box;
use std::str::FromStr as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as B64;
use compact_jwt::crypto::{JwsEs256Signer, JwsEs256Verifier, JwsHs256Signer};
use compact_jwt::traits::{JwsSigner as _, JwsVerifier as _};
use compact_jwt::{Jwt, JwtUnverified};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use josekit::jws::{ES256, HS256, JwsHeader};
use josekit::jwt::{JwtPayload, JwtPayloadValidator};
use jsonwebtoken::crypto::{CryptoProvider, KeyUtils, aws_lc, rust_crypto};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header as JwtHeader, Validation};
use jwt_simple::prelude as simple;
use jwt_simple::prelude::{ECDSAP256KeyPairLike as _, ECDSAP256PublicKeyLike as _, MACLike as _};
use p256::ecdsa::SigningKey as P256Key;
use p256::pkcs8::{EncodePrivateKey as _, EncodePublicKey as _};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use support::{Cases, SEED, SIGNATURES, Verdicts, compact, now, point, signing_keys};
use support::{with_payload, with_signature, with_stray_bits};
use token_protection_lab::base::stream::octets;
use token_protection_lab::base::{Check, Danger};
use token_protection_lab::jose::jws::sign_compact;
use token_protection_lab::jose::{
    Header, MacKey, P256PublicKey, RingSigningKey, Signer, SigningKey, UnverifiedJws, VerifyingKey,
};

/// Seconds from `iat` to `exp`.
const LIFETIME: i64 = 86_400;
const SUBJECT: &str = "hG5r1hYw2m0Zt6u7J0Qy0v0k8yQm3sXbTz1cV4nB2aA";
const AUDIENCE: &str = "https://outlook.example";
const ISSUER: &str = "https://login.example/7f1f5a9e-6f05-4a2b-8b9d-0f3f9f1f2b11/v2.0";

/// The claims of an access token.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Claims {
    iss: String,
    aud: String,
    iat: i64,
    nbf: i64,
    exp: i64,
    sub: String,
    jti: String,
    oid: String,
    tid: String,
    appid: String,
    scp: String,
    cnf: Cnf,
}

/// Those that are not registered for every JWT, for libraries that bring a type for the others.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Own {
    oid: String,
    tid: String,
    appid: String,
    scp: String,
    cnf: Cnf,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Cnf {
    jkt: String,
}

impl Claims {
    fn new(number: usize) -> Self {
        let now = now();
        let own = Own::new();
        Self {
            iss: ISSUER.into(),
            aud: AUDIENCE.into(),
            iat: now,
            nbf: now,
            exp: now + LIFETIME,
            sub: SUBJECT.into(),
            jti: format!("{number:022}"),
            oid: own.oid,
            tid: own.tid,
            appid: own.appid,
            scp: own.scp,
            cnf: own.cnf,
        }
    }

    /// What the bench looks at where a library does not.
    fn current(&self) -> bool {
        let now = now();
        self.aud == AUDIENCE && self.exp > now && self.nbf <= now
    }
}

impl Own {
    fn new() -> Self {
        Self {
            oid: "2b9a1f3c-55f1-4f0e-9a0e-1d7f5c6b7a81".into(),
            tid: "7f1f5a9e-6f05-4a2b-8b9d-0f3f9f1f2b11".into(),
            appid: "d3590ed6-52b3-4102-aeff-aad2292ab01c".into(),
            scp: "Mail.ReadWrite Calendars.Read User.Read".into(),
            cnf: Cnf { jkt: "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I".into() },
        }
    }
}

/// The claims of a token number as `jwt-simple` has them.
fn simple_claims(number: usize) -> simple::JWTClaims<Own> {
    simple::Claims::with_custom_claims(Own::new(), simple::Duration::from_secs(LIFETIME as u64))
        .with_issuer(ISSUER)
        .with_audience(AUDIENCE)
        .with_subject(SUBJECT)
        .with_jwt_id(format!("{number:022}"))
}

/// The claims of a token number as `compact_jwt` has them.
fn compact_claims(number: usize) -> Jwt<Own> {
    let claims = Claims::new(number);
    Jwt {
        iss: Some(claims.iss),
        sub: Some(claims.sub),
        aud: Some(claims.aud),
        exp: Some(claims.exp),
        nbf: Some(claims.nbf),
        iat: Some(claims.iat),
        jti: Some(claims.jti),
        extensions: Own::new(),
        claims: BTreeMap::new(),
    }
}

/// The claims of a token number as `josekit` has them.
fn josekit_claims(number: usize) -> JwtPayload {
    let Value::Object(map) = serde_json::to_value(Claims::new(number)).unwrap() else {
        unreachable!("a struct is an object")
    };
    JwtPayload::from_map(map).unwrap()
}

/// `jsonwebtoken` has one provider for the process. This one asks a switch, so that both of its
/// own can be timed in one run; the price is one relaxed load.
static SWITCH: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| (provider().signer_factory)(algorithm, key),
    verifier_factory: |algorithm, key| (provider().verifier_factory)(algorithm, key),
    key_utils: KeyUtils::new_unimplemented(),
};
static RUST_CRYPTO: AtomicBool = AtomicBool::new(false);

fn provider() -> &'static CryptoProvider {
    match RUST_CRYPTO.load(Ordering::Relaxed) {
        true => &rust_crypto::DEFAULT_PROVIDER,
        false => &aws_lc::DEFAULT_PROVIDER,
    }
}

/// A name, and whether the library takes a text.
type Verify = (&'static str, Box<dyn Fn(&str) -> bool>);
/// A name, and the text of a token number.
type Issue = (&'static str, Box<dyn FnMut(usize) -> String>);

const JSONWEBTOKEN: [(&str, bool); 2] =
    [("jsonwebtoken/aws_lc_rs", false), ("jsonwebtoken/rust_crypto", true)];

fn jsonwebtoken_verify(algorithm: Algorithm, key: &DecodingKey) -> Vec<Verify> {
    let mut validation = Validation::new(algorithm);
    validation.set_audience(&[AUDIENCE]);
    validation.validate_nbf = true;
    let verify = |(name, rust_crypto)| -> Verify {
        let (key, validation) = (key.clone(), validation.clone());
        let verify = move |text: &str| {
            RUST_CRYPTO.store(rust_crypto, Ordering::Relaxed);
            jsonwebtoken::decode::<Claims>(text, &key, &validation).is_ok()
        };
        (name, Box::new(verify))
    };
    JSONWEBTOKEN.into_iter().map(verify).collect()
}

fn josekit_verify(verifier: impl josekit::jws::JwsVerifier + 'static) -> Verify {
    let verify = move |text: &str| {
        let mut wanted = JwtPayloadValidator::new();
        wanted.set_base_time(SystemTime::now());
        wanted.set_audience(AUDIENCE);
        josekit::jwt::decode_with_verifier(text, &verifier)
            .is_ok_and(|(payload, _)| wanted.validate(&payload).is_ok())
    };
    ("josekit", Box::new(verify))
}

fn simple_options() -> simple::VerificationOptions {
    simple::VerificationOptions {
        allowed_audiences: Some(HashSet::from([AUDIENCE.to_owned()])),
        ..Default::default()
    }
}

fn compact_current(token: &Jwt<Own>) -> bool {
    let now = now();
    token.aud.as_deref() == Some(AUDIENCE)
        && token.exp.is_some_and(|exp| exp > now)
        && token.nbf.is_none_or(|nbf| nbf <= now)
}

fn ours_verify(text: &str, key: VerifyingKey<'_>) -> bool {
    UnverifiedJws::parse(text)
        .and_then(|jws| jws.verify(key, Check::AccessTokenSignature, Danger::NONE))
        .and_then(|verified| verified.json::<Claims>())
        .is_ok_and(|claims| claims.get().current())
}

fn es256_verifiers(key: &P256Key) -> Vec<Verify> {
    let public = P256PublicKey::from_sec1(&point(key)).unwrap();
    let der = key.verifying_key().to_public_key_der().unwrap();
    let openssl = ES256.verifier_from_der(der.as_bytes()).unwrap();
    let simple = simple::ES256PublicKey::from_bytes(&point(key)).unwrap();
    let compact = JwsEs256Verifier::from_es256_der(der.as_bytes()).unwrap();
    let mut all: Vec<Verify> =
        vec![("ours", Box::new(move |text| ours_verify(text, VerifyingKey::P256(&public))))];
    all.extend(jsonwebtoken_verify(Algorithm::ES256, &DecodingKey::from_ec_der(&point(key))));
    all.push(josekit_verify(openssl));
    all.push((
        "jwt-simple",
        Box::new(move |text| simple.verify_token::<Own>(text, Some(simple_options())).is_ok()),
    ));
    all.push((
        "compact_jwt",
        Box::new(move |text| {
            JwtUnverified::<Own>::from_str(text)
                .and_then(|token| compact.verify(&token))
                .is_ok_and(|token| compact_current(&token))
        }),
    ));
    all
}

fn hs256_verifiers(key: &[u8; 32]) -> Vec<Verify> {
    let ours = MacKey::from_octets(key);
    let simple = simple::HS256Key::from_bytes(key);
    let compact = JwsHs256Signer::try_from(key.as_slice()).unwrap();
    let mut all: Vec<Verify> =
        vec![("ours", Box::new(move |text| ours_verify(text, VerifyingKey::Mac(&ours))))];
    all.extend(jsonwebtoken_verify(Algorithm::HS256, &DecodingKey::from_secret(key)));
    all.push(josekit_verify(HS256.verifier_from_bytes(key).unwrap()));
    all.push((
        "jwt-simple",
        Box::new(move |text| simple.verify_token::<Own>(text, Some(simple_options())).is_ok()),
    ));
    all.push((
        "compact_jwt",
        Box::new(move |text| {
            JwtUnverified::<Own>::from_str(text)
                .and_then(|token| compact.verify(&token))
                .is_ok_and(|token| compact_current(&token))
        }),
    ));
    all
}

fn jsonwebtoken_issue(algorithm: Algorithm, key: &EncodingKey) -> Vec<Issue> {
    let issue = |(name, rust_crypto)| -> Issue {
        let (key, header) = (key.clone(), JwtHeader::new(algorithm));
        let issue = move |number| {
            RUST_CRYPTO.store(rust_crypto, Ordering::Relaxed);
            jsonwebtoken::encode(&header, &Claims::new(number), &key).unwrap()
        };
        (name, Box::new(issue))
    };
    JSONWEBTOKEN.into_iter().map(issue).collect()
}

fn josekit_issue(signer: impl josekit::jws::JwsSigner + 'static) -> Issue {
    let issue = move |number| {
        let mut header = JwsHeader::new();
        header.set_token_type("JWT");
        josekit::jwt::encode_with_signer(&josekit_claims(number), &header, &signer).unwrap()
    };
    ("josekit", Box::new(issue))
}

fn ours_issue(number: usize, key: &dyn Signer) -> String {
    let header = Header::new(key.algorithm()).with_typ("JWT");
    sign_compact(&header, &serde_json::to_vec(&Claims::new(number)).unwrap(), key).unwrap()
}

/// A private key in the forms that the libraries read.
struct Forms {
    pkcs8: Vec<u8>,
    sec1: Vec<u8>,
    jwk: Vec<u8>,
}

impl Forms {
    fn new(key: &P256Key) -> Self {
        let point = point(key);
        let [x, y] = [&point[1..33], &point[33..]].map(|part| B64.encode(part));
        let d = B64.encode(key.to_bytes());
        Self {
            pkcs8: key.to_pkcs8_der().unwrap().as_bytes().to_vec(),
            sec1: p256::SecretKey::from(key).to_sec1_der().unwrap().to_vec(),
            jwk: format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}","d":"{d}"}}"#).into(),
        }
    }
}

fn es256_issuers(key: &P256Key) -> Vec<Issue> {
    let Forms { pkcs8, sec1, jwk } = Forms::new(key);
    let p256 = SigningKey::from_jwk(&jwk).unwrap();
    let simple = simple::ES256KeyPair::from_bytes(&key.to_bytes()).unwrap();
    let compact = JwsEs256Signer::from_es256_der(&sec1).unwrap().set_sign_option_embed_kid(false);
    let mut all: Vec<Issue> =
        vec![("ours/p256", Box::new(move |number| ours_issue(number, &p256)))];
    all.extend(jsonwebtoken_issue(Algorithm::ES256, &EncodingKey::from_ec_der(&pkcs8)));
    all.push(josekit_issue(ES256.signer_from_der(&pkcs8).unwrap()));
    all.push(("jwt-simple", Box::new(move |number| simple.sign(simple_claims(number)).unwrap())));
    all.push((
        "compact_jwt",
        Box::new(move |number| compact.sign(&compact_claims(number)).unwrap().to_string()),
    ));
    all
}

fn hs256_issuers(key: &[u8; 32]) -> Vec<Issue> {
    let ours = MacKey::from_octets(key);
    let simple = simple::HS256Key::from_bytes(key);
    let compact =
        JwsHs256Signer::try_from(key.as_slice()).unwrap().set_sign_option_embed_kid(false);
    let mut all: Vec<Issue> = vec![("ours", Box::new(move |number| ours_issue(number, &ours)))];
    all.extend(jsonwebtoken_issue(Algorithm::HS256, &EncodingKey::from_secret(key)));
    all.push(josekit_issue(HS256.signer_from_bytes(key).unwrap()));
    all.push((
        "jwt-simple",
        Box::new(move |number| simple.authenticate(simple_claims(number)).unwrap()),
    ));
    all.push((
        "compact_jwt",
        Box::new(move |number| compact.sign(&compact_claims(number)).unwrap().to_string()),
    ));
    all
}

/// What no verifier may take: the first texts, spoilt.
fn spoilt(texts: &[String]) -> Cases {
    let [text, other] = &texts[..2] else { unreachable!("there are thousands") };
    let (input, _) = text.rsplit_once('.').unwrap();
    let (_, signature) = other.rsplit_once('.').unwrap();
    let payload = text.split('.').nth(1).unwrap();
    let none = B64.encode(r#"{"alg":"none","typ":"JWT"}"#);
    Cases::from([
        ("claims changed", with_payload(text, |claims| claims["scp"] = "Mail.Send".into())),
        ("signature changed", with_signature(text, |octets| octets[20] ^= 1)),
        ("signature of another token", format!("{input}.{signature}")),
        ("signature of zeros", with_signature(text, |octets| octets.fill(0))),
        ("signature left out", format!("{input}.")),
        ("`alg` is `none`", format!("{none}.{payload}.")),
    ])
}

/// What is properly signed and still not right, or right and odd: here libraries differ.
fn odd(sign: impl Fn(&str, &str) -> String) -> Cases {
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut claims = serde_json::to_value(Claims::new(0)).unwrap();
        change(&mut claims);
        claims.to_string()
    };
    let good = changed(&|_| ());
    let plain = r#"{"alg":"ALG","typ":"JWT"}"#;
    let text = sign(plain, &good);
    let twice = good.replacen('{', r#"{"aud":"https://other.example","#, 1);
    Cases::from([
        ("an hour after `exp`", sign(plain, &changed(&|c| c["exp"] = (now() - 3_600).into()))),
        ("no `exp`", sign(plain, &changed(&|c| _ = c.as_object_mut().unwrap().remove("exp")))),
        ("`exp` is a text", sign(plain, &changed(&|c| c["exp"] = (now() + 60).to_string().into()))),
        ("`nbf` in an hour", sign(plain, &changed(&|c| c["nbf"] = (now() + 3_600).into()))),
        ("`nbf` is a text", sign(plain, &changed(&|c| c["nbf"] = "tomorrow".into()))),
        ("another `aud`", sign(plain, &changed(&|c| c["aud"] = "https://other.example".into()))),
        ("two `aud` members", sign(plain, &twice)),
        ("unknown `crit`", sign(r#"{"alg":"ALG","typ":"JWT","crit":["x"],"x":1}"#, &good)),
        ("two `alg` members", sign(r#"{"alg":"none","alg":"ALG","typ":"JWT"}"#, &good)),
        ("padded signature", format!("{text}==")),
        ("stray bits in the last character", with_stray_bits(&text)),
    ])
}

fn judge(kind: &str, peers: &[Verify], texts: &[String], odd: &Cases, out: &mut Verdicts) {
    let spoilt = spoilt(texts);
    for (name, verify) in peers {
        assert!(texts.iter().all(|text| verify(text)), "{name} refuses what is right");
        for (case, text) in &spoilt {
            assert!(!verify(text), "{name} takes: {case}");
        }
        for (case, text) in odd {
            out.note(kind, case, name, verify(text));
        }
    }
}

/// The same texts for the benches in other languages.
fn write_inputs(key: &P256Key, secret: &[u8; 32], kinds: [(&[String], &Cases); 2]) {
    let private: Value = serde_json::from_slice(&Forms::new(key).jwk).unwrap();
    let mut public = private.clone();
    public.as_object_mut().unwrap().remove("d");
    let secret = json!({"kty": "oct", "k": B64.encode(secret)});
    let keys = [(public, private), (secret.clone(), secret)];
    let mut inputs = json!({ "audience": AUDIENCE });
    for ((kind, (texts, odd)), (verifying, signing)) in
        ["es256", "hs256"].iter().zip(kinds).zip(keys)
    {
        inputs[kind] = json!({
            "verifying": verifying, "signing": signing,
            "texts": texts, "spoilt": spoilt(texts), "odd": odd,
        });
    }
    support::write("tokens.inputs.json", &inputs.to_string());
}

fn verify(c: &mut Criterion) {
    SWITCH.install_default().unwrap();
    let key = &signing_keys("issuer", 1)[0];
    let secret: [u8; 32] = octets(&mut SEED.stream("secret"));
    let mac = MacKey::from_octets(&secret);
    let es256 =
        |header: &str, payload: &str| compact(&header.replace("ALG", "ES256"), payload, key);
    let hs256 = |header: &str, payload: &str| {
        let header = header.replace("ALG", "HS256");
        let input = format!("{}.{}", B64.encode(header), B64.encode(payload));
        let tag = mac.sign(input.as_bytes()).unwrap();
        format!("{input}.{}", B64.encode(tag))
    };
    let header = r#"{"alg":"ALG","typ":"JWT"}"#;
    let payload = |number| serde_json::to_string(&Claims::new(number)).unwrap();
    let signed: Vec<_> = (0..SIGNATURES).map(|number| es256(header, &payload(number))).collect();
    let tagged: Vec<_> = (0..SIGNATURES).map(|number| hs256(header, &payload(number))).collect();
    let mut verdicts = Verdicts::default();
    let (signers, taggers) = (es256_verifiers(key), hs256_verifiers(&secret));
    judge("ES256", &signers, &signed, &odd(es256), &mut verdicts);
    judge("HS256", &taggers, &tagged, &odd(hs256), &mut verdicts);
    verdicts.write("tokens.verdicts.json");
    write_inputs(key, &secret, [(&signed, &odd(es256)), (&tagged, &odd(hs256))]);
    println!("tokens: ES256 {} octets, HS256 {} octets", signed[0].len(), tagged[0].len());
    for (kind, peers, texts) in [("es256", signers, signed), ("hs256", taggers, tagged)] {
        let mut group = c.benchmark_group(format!("peers/verify/{kind}"));
        group.throughput(Throughput::Elements(1));
        for (name, verify) in peers {
            let mut texts = texts.iter().cycle();
            group.bench_function(name, |b| b.iter(|| verify(black_box(texts.next().unwrap()))));
        }
        group.finish();
    }
}

fn issue(c: &mut Criterion) {
    let key = &signing_keys("issuer", 1)[0];
    let secret: [u8; 32] = octets(&mut SEED.stream("secret"));
    let public = P256PublicKey::from_sec1(&point(key)).unwrap();
    let mac = MacKey::from_octets(&secret);
    let ring = RingSigningKey::generate().unwrap();
    let ring_public = ring.public_key().clone();
    let mut signers = es256_issuers(key);
    signers.push(("ours/ring", Box::new(move |number| ours_issue(number, &ring))));
    let taggers = hs256_issuers(&secret);
    for (kind, peers) in [("es256", signers), ("hs256", taggers)] {
        let mut group = c.benchmark_group(format!("peers/issue/{kind}"));
        group.throughput(Throughput::Elements(1));
        for (name, mut issue) in peers {
            let key = match (kind, name) {
                ("hs256", _) => VerifyingKey::Mac(&mac),
                (_, "ours/ring") => VerifyingKey::P256(&ring_public),
                _ => VerifyingKey::P256(&public),
            };
            let text = issue(0);
            assert!(ours_verify(&text, key), "{name} issues what does not verify");
            assert!(!ours_verify(&with_signature(&text, |octets| octets[9] ^= 1), key));
            println!("issued by {name}: {} octets", text.len());
            let mut number = 0;
            group.bench_function(name, |b| {
                b.iter(|| {
                    number += 1;
                    issue(black_box(number))
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, verify, issue);
criterion_main!(benches);
