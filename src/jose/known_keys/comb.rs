//! [`Comb`]: sums of multiples of one point, computed once, so that a product with any scalar takes
//! one addition for `TEETH` bits, and seven doublings which both combs of a verification share.
//!
//! A scalar is a row of `TEETH * BLOCKS` octets. Tooth t of block b is octet `t * BLOCKS + b`; in
//! round r the comb reads bit r of each tooth of a block and finds there the one point to add
//! (Lim and Lee, "More flexible exponentiation with precomputation", CRYPTO 1994). All bits stand for
//! signs: 1 for +1 and 0 for -1, so no digit is zero, the opposite half of a table need not be
//! stored, and the same additions are made for every scalar. [`Comb::digits`] makes signs of a scalar: with
//! L bits, the signs of k = (u + 2^L - 1) / 2 mod n sum up to u mod n.

use crrl::p256::{Point, Scalar};

use super::point::{Affine, Field};

/// Rounds of a product: one for each bit of an octet.
pub(super) const ROUNDS: usize = 8;

/// A table of `BLOCKS` times 2^(`TEETH` - 1) points.
pub(super) struct Comb<const TEETH: usize, const BLOCKS: usize> {
    points: Box<[Affine]>,
    /// (2^L - 1) / 2 mod n.
    offset: Scalar,
}

/// For a known key: 512 points, 32 KiB, 32 additions.
pub(super) type KeyComb = Comb<8, 4>;

/// For the generator, shared by all keys: 3,072 points, 192 KiB, 24 additions.
pub(super) type GeneratorComb = Comb<11, 3>;

/// Which signs a scalar has, by block and round: bit t for tooth t.
pub(super) struct Digits<const BLOCKS: usize>([[u16; ROUNDS]; BLOCKS]);

impl<const TEETH: usize, const BLOCKS: usize> Comb<TEETH, BLOCKS> {
    /// Points in one block: all signs of the lower teeth, with the highest one positive.
    const HALF: usize = 1 << (TEETH - 1);

    /// Octets of the table.
    pub(super) const OCTETS: usize = BLOCKS * Self::HALF * size_of::<Affine>();

    /// The table of a point, or nothing if an entry would be infinity, which no comb of this room
    /// has for any point but infinity itself.
    pub(super) fn of(point: Point) -> Option<Self> {
        let mut points = Vec::with_capacity(BLOCKS * Self::HALF);
        let mut teeth = [[Point::NEUTRAL; TEETH]; BLOCKS];
        let mut next = point;
        for tooth in 0..TEETH {
            for block in &mut teeth {
                if let Some(slot) = block.get_mut(tooth) {
                    *slot = next;
                }
                next = next.xdouble(8);
            }
        }
        for block in &teeth {
            push_block(block, &mut points);
        }
        Some(Self { points: affine(&points)?, offset: offset(8 * TEETH * BLOCKS) })
    }

    /// The signs of a scalar.
    pub(super) fn digits(&self, scalar: Scalar) -> Digits<BLOCKS> {
        let row = (scalar.half() + self.offset).encode32();
        let octet = |tooth: usize, block: usize| match tooth < TEETH {
            true => row.get(tooth * BLOCKS + block).copied().unwrap_or_default(),
            false => 0,
        };
        Digits(std::array::from_fn(|block| {
            let low = transposed(std::array::from_fn(|tooth| octet(tooth, block)));
            let high = transposed(std::array::from_fn(|tooth| octet(tooth + 8, block)));
            std::array::from_fn(|round| {
                let octet = |columns: [u8; 8]| columns.get(round).copied().unwrap_or_default();
                u16::from_le_bytes([octet(low), octet(high)])
            })
        }))
    }

    /// The points to add in one round, one for each block.
    pub(super) fn round(&self, digits: &Digits<BLOCKS>, round: usize) -> [Affine; BLOCKS] {
        let low = Self::HALF - 1;
        std::array::from_fn(|block| {
            let signs = digits.0.get(block).and_then(|signs| signs.get(round)).copied();
            let signs = usize::from(signs.unwrap_or_default());
            // All ones where the highest tooth is negative: then the opposite of all signs.
            let flip = (signs >> (TEETH - 1)).wrapping_sub(1);
            let index = block * Self::HALF + ((signs ^ flip) & low);
            let point = self.points.get(index).copied().unwrap_or(Affine::NOTHING);
            // A mask: all ones or zero, in any width.
            point.negated_if(flip as u32)
        })
    }
}

#[cfg(test)]
impl<const BLOCKS: usize> Digits<BLOCKS> {
    /// How often the point of a block and round has the point of the comb in it.
    pub(super) fn coefficient(&self, teeth: usize, block: usize, round: usize) -> Scalar {
        (0..teeth).fold(Scalar::ZERO, |sum, tooth| {
            let bit = 8 * (tooth * BLOCKS + block);
            let power = (0..bit).fold(Scalar::ONE, |power, _| power.mul2());
            if self.0[block][round] >> tooth & 1 == 1 { sum + power } else { sum - power }
        })
    }
}

/// All sums of the teeth with the last one positive; entry i has tooth t positive where bit t is set.
fn push_block<const TEETH: usize>(teeth: &[Point; TEETH], points: &mut Vec<Point>) {
    let Some((last, rest)) = teeth.split_last() else { return };
    let start = points.len();
    points.push(rest.iter().fold(*last, |sum, tooth| sum - tooth));
    for tooth in rest {
        // Each tooth that turns positive adds twice itself to all sums so far.
        let twice = tooth.double();
        for at in start..points.len() {
            if let Some(sum) = points.get(at) {
                points.push(*sum + twice);
            }
        }
    }
}

fn affine(points: &[Point]) -> Option<Box<[Affine]>> {
    let mut inverses: Vec<Field> = points.iter().map(|point| point.to_projective().2).collect();
    if inverses.iter().any(|z| z.iszero() != 0) {
        return None;
    }
    Field::batch_invert(&mut inverses);
    let affine = |(point, inverse): (&Point, Field)| {
        let (x, y, _) = point.to_projective();
        Affine { x: x * inverse, y: y * inverse }
    };
    Some(points.iter().zip(inverses).map(affine).collect())
}

/// (2^bits - 1) / 2 mod n.
fn offset(bits: usize) -> Scalar {
    let power = (0..bits).fold(Scalar::ONE, |power, _| power.mul2());
    (power - Scalar::ONE).half()
}

/// Bit c of octet r becomes bit r of octet c ("Hacker's Delight", section 7-3).
const fn transposed(rows: [u8; 8]) -> [u8; 8] {
    let mut x = u64::from_le_bytes(rows);
    let t = (x ^ (x >> 7)) & 0x00aa_00aa_00aa_00aa;
    x ^= t ^ (t << 7);
    let t = (x ^ (x >> 14)) & 0x0000_cccc_0000_cccc;
    x ^= t ^ (t << 14);
    let t = (x ^ (x >> 28)) & 0x0000_0000_f0f0_f0f0;
    x ^= t ^ (t << 28);
    x.to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product<const T: usize, const B: usize>(comb: &Comb<T, B>, scalar: Scalar) -> Point {
        let digits = comb.digits(scalar);
        let mut sum = Point::NEUTRAL;
        for round in (0..ROUNDS).rev() {
            sum = sum.double();
            for point in comb.round(&digits, round) {
                sum += Point::from_affine(point.x, point.y).unwrap();
            }
        }
        sum
    }

    /// Scalars at the edges, and some in between.
    fn scalars() -> Vec<Scalar> {
        let powers = (0..256).map(|bits| (0..bits).fold(Scalar::ONE, |power, _| power.mul2()));
        let edges = powers.flat_map(|power| [power, power - Scalar::ONE, -power]);
        edges.chain([Scalar::ZERO, Scalar::ONE.half(), Scalar::from_u64(0xdead_beef)]).collect()
    }

    #[test]
    fn a_comb_multiplies() {
        let point = Point::mulgen(&Scalar::from_u64(0x1234_5678_9abc_def1));
        let (key, generator) = (KeyComb::of(point).unwrap(), GeneratorComb::of(point).unwrap());
        for scalar in scalars() {
            let expected = point * scalar;
            assert_ne!(product(&key, scalar).equals(expected), 0);
            assert_ne!(product(&generator, scalar).equals(expected), 0);
        }
    }

    #[test]
    fn infinity_has_no_table() {
        assert!(KeyComb::of(Point::NEUTRAL).is_none());
    }

    #[test]
    fn tables_are_as_large_as_they_say() {
        let (key, generator) = (KeyComb::of(Point::BASE), GeneratorComb::of(Point::BASE));
        assert_eq!(size_of_val(&*key.unwrap().points), KeyComb::OCTETS);
        assert_eq!(size_of_val(&*generator.unwrap().points), GeneratorComb::OCTETS);
        assert_eq!((KeyComb::OCTETS, GeneratorComb::OCTETS), (32 << 10, 192 << 10));
    }

    #[test]
    fn columns_become_rows() {
        for (row, column) in (0..8).flat_map(|row| (0..8).map(move |column| (row, column))) {
            let mut rows = [0; 8];
            rows[row] = 1 << column;
            let mut expected = [0; 8];
            expected[column] = 1 << row;
            assert_eq!(transposed(rows), expected);
        }
    }
}
