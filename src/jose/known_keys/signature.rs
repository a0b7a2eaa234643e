//! One ES256 signature under a key with a table: additions only.

use crrl::p256::Scalar;
use ring::digest;

use super::comb::{GeneratorComb, KeyComb, ROUNDS};
use super::point::{Affine, Field, Sum};

/// p - n, big-endian: an x coordinate below it may stand for r + n as well as for r.
const P_MINUS_N: [u8; 32] = [
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, //
    0x43, 0x19, 0x05, 0x53, 0x58, 0xe8, 0x61, 0x7b, 0x0c, 0x46, 0x35, 0x3d, 0x03, 0x9c, 0xda, 0xae,
];

/// n as an element of the field.
const ORDER: Field = Field::w64be(
    0xffff_ffff_0000_0000,
    0xffff_ffff_ffff_ffff,
    0xbce6_faad_a717_9e84,
    0xf3b9_cac2_fc63_2551,
);

/// Points added in one round: three for the generator, four for the key.
const PER_ROUND: usize = 7;

/// What the tables say of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is one of this message under this key.
    Accepted,
    /// It is not.
    Refused,
    /// On the way a point met itself or its opposite, or the sum is infinity: formulas for the common
    /// case cannot tell. Nobody meets this by chance.
    Undecided,
}

/// FIPS 186-5 section 6.4.2: x(u1 G + u2 Q) = r mod n, with u1 = e / s and u2 = r / s.
pub(super) fn verify(
    generator: &GeneratorComb,
    key: &KeyComb,
    message: &[u8],
    signature: &[u8; 64],
) -> Verdict {
    verify_digest(generator, key, digest(message), signature)
}

/// The same for a digest, as a number mod n.
pub(super) fn verify_digest(
    generator: &GeneratorComb,
    key: &KeyComb,
    digest: Scalar,
    signature: &[u8; 64],
) -> Verdict {
    let (Some((r_octets, r)), Some((_, s))) =
        (scalar(signature.first_chunk()), scalar(signature.last_chunk()))
    else {
        return Verdict::Refused;
    };
    let inverse = Scalar::ONE / s;
    let u1 = generator.digits(digest * inverse);
    let u2 = key.digits(r * inverse);

    // All loads before the first addition: they depend on nothing but the digits, so they overlap.
    let mut points = [[Affine::NOTHING; PER_ROUND]; ROUNDS];
    for (round, slots) in points.iter_mut().rev().enumerate() {
        let chosen = generator.round(&u1, round).into_iter().chain(key.round(&u2, round));
        slots.iter_mut().zip(chosen).for_each(|(slot, point)| *slot = point);
    }
    let [[first, second, others @ ..], rounds @ ..] = &points;
    let mut sum = Sum::of_two(first, second);
    others.iter().for_each(|point| sum.add(point));
    for round in rounds {
        sum.double();
        round.iter().for_each(|point| sum.add(point));
    }

    if sum.is_undecided() {
        return Verdict::Undecided;
    }
    // INVARIANT: r < n < p, so it is an element of the field as it stands.
    let (x, _) = Field::decode32(&reversed(r_octets));
    let right = sum.has_x(x) || (r_octets < &P_MINUS_N && sum.has_x(x + ORDER));
    if right { Verdict::Accepted } else { Verdict::Refused }
}

/// r or s: 1 to n - 1.
fn scalar(octets: Option<&[u8; 32]>) -> Option<(&[u8; 32], Scalar)> {
    let octets = octets?;
    let (scalar, in_range) = Scalar::decode32(&reversed(octets));
    (in_range != 0 && scalar.iszero() == 0).then_some((octets, scalar))
}

/// The SHA-256 digest as a number mod n.
fn digest(message: &[u8]) -> Scalar {
    let digest = digest::digest(&digest::SHA256, message);
    let mut octets = [0; 32];
    // Little-endian, as crrl reads them.
    octets.iter_mut().zip(digest.as_ref().iter().rev()).for_each(|(to, from)| *to = *from);
    Scalar::decode_reduce(&octets)
}

fn reversed(octets: &[u8; 32]) -> [u8; 32] {
    let mut octets = *octets;
    octets.reverse();
    octets
}
