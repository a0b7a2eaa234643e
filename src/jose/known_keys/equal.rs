//! The arithmetic against other libraries, and every step at which formulas for the common case fail.
//!
//! Whole signatures against ring are in `tests/it/known_keys.rs`; here digests can be chosen, so
//! there is a signature for any pair of scalars and any key.

use crrl::p256::{Point, Scalar};
use fiat_crypto::p256_64 as fiat;
use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
use p256::elliptic_curve::ff::PrimeField as _;

use super::comb::{GeneratorComb, KeyComb, ROUNDS};
use super::point::Field;
use super::signature::{Verdict, verify_digest};
use crate::base::stream::{Seed, octets};

/// 64-bit limbs at which carries start and stop.
const LIMBS: [u64; 8] =
    [0, 1, 0xffff_ffff, 1 << 32, 1 << 63, 0xffff_ffff_0000_0001, u64::MAX - 1, u64::MAX];

/// All numbers of four such limbs, little-endian.
fn edge_numbers() -> impl Iterator<Item = [u8; 32]> {
    (0..LIMBS.len().pow(4)).map(|n| {
        let mut number = [0; 32];
        for (place, octets) in number.chunks_exact_mut(8).enumerate() {
            let limb = LIMBS[n / LIMBS.len().pow(place as u32) % LIMBS.len()];
            octets.copy_from_slice(&limb.to_le_bytes());
        }
        number
    })
}

/// An element of fiat-crypto, whose arithmetic was generated with its proof.
#[derive(Clone, Copy)]
struct Proven(fiat::fiat_p256_montgomery_domain_field_element);

impl Proven {
    fn of(octets: [u8; 32]) -> Self {
        let mut limbs = [0; 4];
        fiat::fiat_p256_from_bytes(&mut limbs, &octets);
        let plain = fiat::fiat_p256_non_montgomery_domain_field_element(limbs);
        Self::made(|out| fiat::fiat_p256_to_montgomery(out, &plain))
    }

    fn made(make: impl FnOnce(&mut fiat::fiat_p256_montgomery_domain_field_element)) -> Self {
        let mut out = fiat::fiat_p256_montgomery_domain_field_element([0; 4]);
        make(&mut out);
        Self(out)
    }

    fn octets(&self) -> [u8; 32] {
        let mut plain = fiat::fiat_p256_non_montgomery_domain_field_element([0; 4]);
        fiat::fiat_p256_from_montgomery(&mut plain, &self.0);
        let mut octets = [0; 32];
        fiat::fiat_p256_to_bytes(&mut octets, &plain.0);
        octets
    }
}

/// crrl computes in Montgomery form too, so numbers whose *form* has edge limbs are tried as well.
#[test]
fn the_field_computes_as_a_proven_one() {
    assert_eq!(
        Proven::of(Field::ONE.encode32()).0.0,
        [1, 0xffff_ffff_0000_0000, u64::MAX, 0xffff_fffe]
    );
    let r = Field::w64le(1, 0xffff_ffff_0000_0000, u64::MAX, 0xffff_fffe);
    let elements: Vec<Field> = edge_numbers()
        .filter_map(|octets| Field::decode(&octets))
        .flat_map(|plain| [plain, plain / r])
        .collect();
    assert!(elements.len() > 5_000);
    let mut at = 0;
    for (n, &a) in elements.iter().enumerate() {
        for step in [1, 977, 3_001] {
            at = (at + n * step + 1) % elements.len();
            let b = elements[at];
            let (pa, pb) = (Proven::of(a.encode32()), Proven::of(b.encode32()));
            let sum = Proven::made(|out| fiat::fiat_p256_add(out, &pa.0, &pb.0));
            let difference = Proven::made(|out| fiat::fiat_p256_sub(out, &pa.0, &pb.0));
            let product = Proven::made(|out| fiat::fiat_p256_mul(out, &pa.0, &pb.0));
            let square = Proven::made(|out| fiat::fiat_p256_square(out, &pa.0));
            let opposite = Proven::made(|out| fiat::fiat_p256_opp(out, &pa.0));
            assert_eq!((a + b).encode32(), sum.octets());
            assert_eq!((a - b).encode32(), difference.octets());
            assert_eq!((a * b).encode32(), product.octets());
            assert_eq!(a.square().encode32(), square.octets());
            assert_eq!((-a).encode32(), opposite.octets());
            assert_eq!(a.equals(b) != 0, pa.octets() == pb.octets());
            assert_eq!((a - a).iszero(), u32::MAX);
        }
    }
}

fn other(scalar: Scalar) -> p256::Scalar {
    let mut octets = scalar.encode32();
    octets.reverse();
    p256::Scalar::from_repr(octets.into()).unwrap()
}

fn same(ours: Scalar, theirs: p256::Scalar) -> bool {
    other(ours) == theirs
}

#[test]
fn scalars_compute_as_those_of_p256() {
    let scalars: Vec<Scalar> =
        edge_numbers().map(|octets| Scalar::decode_reduce(&octets)).collect();
    let mut at = 0;
    for (n, &a) in scalars.iter().enumerate() {
        at = (at + 977 * n + 1) % scalars.len();
        let b = scalars[at];
        assert!(same(a * b, other(a) * other(b)));
        assert!(same(a + b, other(a) + other(b)));
        if n % 4 == 0 && a.iszero() == 0 {
            assert!(same(Scalar::ONE / a, other(a).invert().unwrap()));
        }
        assert!(same(a.half() + a.half(), other(a)));
    }
}

/// Combs of the generator and of the key with this logarithm, and the key for p256.
struct Key {
    generator: GeneratorComb,
    comb: KeyComb,
    log: Scalar,
    public: p256::ecdsa::VerifyingKey,
}

impl Key {
    fn of(log: Scalar) -> Self {
        let point = Point::mulgen(&log);
        Self {
            generator: GeneratorComb::of(Point::BASE).unwrap(),
            comb: KeyComb::of(point).unwrap(),
            log,
            public: p256::ecdsa::VerifyingKey::from_sec1_bytes(&point.encode_uncompressed())
                .unwrap(),
        }
    }

    /// The digest and signature that make the verifier multiply with these two; none if the result is
    /// infinity or r or s would be zero.
    fn forge(&self, u1: Scalar, u2: Scalar) -> Option<(Scalar, [u8; 64])> {
        let point = Point::mulgen(&(u1 + u2 * self.log));
        let (x, _, _) = point.to_affine();
        let r = Scalar::decode_reduce(&x.encode32());
        if point.isneutral() != 0 || u2.iszero() != 0 || r.iszero() != 0 {
            return None;
        }
        let s = r / u2;
        let mut signature = [0; 64];
        let (left, right) = signature.split_at_mut(32);
        left.copy_from_slice(&r.encode32());
        right.copy_from_slice(&s.encode32());
        left.reverse();
        right.reverse();
        Some((u1 * s, signature))
    }

    fn verdict(&self, digest: Scalar, signature: &[u8; 64]) -> Verdict {
        verify_digest(&self.generator, &self.comb, digest, signature)
    }

    fn p256_accepts(&self, digest: Scalar, signature: &[u8; 64]) -> bool {
        let mut prehash = digest.encode32();
        prehash.reverse();
        let signature = p256::ecdsa::Signature::from_slice(signature).unwrap();
        self.public.verify_prehash(&prehash, &signature).is_ok()
    }
}

fn random(label: &str, n: u64) -> Scalar {
    Scalar::decode_reduce(&octets::<32>(&mut Seed(n).stream(label)))
}

/// u1 = 0, u1 = u2, u1 G = +-u2 Q, powers of two and their neighbours, under keys that are small
/// multiples of the generator.
#[test]
fn edge_scalars_under_edge_keys() {
    let one = Scalar::ONE;
    let small = [Scalar::ZERO, one, one + one, Scalar::from_u64(3), one.half(), random("edge", 1)];
    let power = |bits: u32| (0..bits).fold(one, |power, _| power.mul2());
    let powers = [8, 32, 128, 255].map(power);
    let scalars: Vec<Scalar> = small
        .into_iter()
        .chain(powers)
        .flat_map(|scalar| [scalar, -scalar, scalar - one])
        .collect();
    let logs = [one, -one, one + one, power(32).half()];
    let (mut accepted, mut infinite) = (0, 0);
    for key in logs.map(Key::of) {
        for (&u1, &u2) in scalars.iter().flat_map(|u1| scalars.iter().map(move |u2| (u1, u2))) {
            let Some((digest, signature)) = key.forge(u1, u2) else {
                infinite += u32::from((u1 + u2 * key.log).iszero() != 0);
                continue;
            };
            assert_eq!(key.verdict(digest, &signature), Verdict::Accepted);
            assert_eq!(key.verdict(digest + one, &signature), Verdict::Refused);
            accepted += 1;
        }
        let (digest, signature) = key.forge(Scalar::ZERO, one).unwrap();
        assert!(digest.iszero() != 0 && key.p256_accepts(digest, &signature));
    }
    assert!(accepted > 3_000 && infinite > 30, "{accepted} accepted, {infinite} infinite");
}

/// With u1 = -u2 log the sum is infinity, which is no r at all.
#[test]
fn infinity_is_undecided() {
    let key = Key::of(random("infinity", 1));
    for n in 0..50 {
        let (r, s) = (random("r", n), random("s", n));
        let mut signature = [0; 64];
        signature[..32].copy_from_slice(&r.encode32());
        signature[32..].copy_from_slice(&s.encode32());
        signature[..32].reverse();
        signature[32..].reverse();
        let digest = -(r * key.log);
        assert_eq!(key.verdict(digest, &signature), Verdict::Undecided);
        assert!(!key.p256_accepts(digest, &signature));
        assert_eq!(key.verdict(digest + Scalar::ONE, &signature), Verdict::Refused);
    }
}

/// For each addition of a verification and for both signs, a key under which exactly there a point
/// meets itself or its opposite. The signature is valid, so a refusal would be wrong, and so would be
/// an accept that nobody computed.
#[test]
fn every_step_that_can_fail_is_noticed() {
    let any = Key::of(Scalar::ONE);
    let (mut tried, mut valid) = (0, 0);
    for n in 0..3 {
        let (u1, u2) = (random("u1", n), random("u2", n));
        let (digits1, digits2) = (any.generator.digits(u1), any.comb.digits(u2));
        // The sum so far is a G + b Q, and the point to add is c G + d Q.
        let (mut a, mut b) = (Scalar::ZERO, Scalar::ZERO);
        for round in (0..ROUNDS).rev() {
            (a, b) = (a.mul2(), b.mul2());
            let of_generator =
                (0..3).map(|block| (digits1.coefficient(11, block, round), Scalar::ZERO));
            let of_key = (0..4).map(|block| (Scalar::ZERO, digits2.coefficient(8, block, round)));
            for (c, d) in of_generator.chain(of_key) {
                for (c, d) in [(c, d), (-c, -d)] {
                    // a G + b Q = c G + d Q for Q = log G.
                    let log = (c - a) / (b - d);
                    if log.iszero() != 0 {
                        continue;
                    }
                    let key = Key::of(log);
                    let Some((digest, signature)) = key.forge(u1, u2) else { continue };
                    assert_eq!(key.verdict(digest, &signature), Verdict::Undecided);
                    valid += u32::from(key.p256_accepts(digest, &signature));
                    tried += 1;
                }
                (a, b) = (a + c, b + d);
            }
        }
        assert!(
            (a - u1).iszero() != 0 && (b - u2).iszero() != 0,
            "the digits are those of the scalars"
        );
    }
    assert!(tried > 300 && tried == valid, "{tried} tried, {valid} valid");
}
