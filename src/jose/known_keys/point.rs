//! Points of P-256 as a sum needs them: [`Affine`] from tables, [`Sum`] while adding.
//!
//! The field is crrl's; the formulas are those of the Explicit-Formulas Database for short
//! Weierstrass curves with a = -3 in XYZZ coordinates (x = X/ZZ, y = Y/ZZZ, ZZ^3 = ZZZ^2):
//! `mmadd-2008-s`, `madd-2008-s`, `dbl-2008-s-1`.
//!
//! They are wrong where a point meets itself or its opposite, and they say so: the factor
//! P = X2 ZZ1 - X1 is zero in exactly these cases, each addition multiplies ZZ by P^2, each doubling
//! multiplies ZZ by (2Y)^2 and no point of the curve has Y = 0, and a product of a prime field is
//! zero only with a factor. So ZZ of the last sum is zero if and only if some step was wrong or the
//! result is infinity, and one look at the end is enough.

pub(super) use crrl::field::GFp256 as Field;

/// A point other than infinity: 64 octets, one line of the cache.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(super) struct Affine {
    pub(super) x: Field,
    pub(super) y: Field,
}

impl Affine {
    /// Stands where a table has nothing; on no curve, so a sum with it proves nothing.
    pub(super) const NOTHING: Self = Self { x: Field::ZERO, y: Field::ZERO };

    /// The opposite point if `mask` is all ones, this one if it is zero; without a branch, which
    /// would be mispredicted half of the time.
    pub(super) fn negated_if(mut self, mask: u32) -> Self {
        let opposite = -self.y;
        self.y.set_cond(&opposite, mask);
        self
    }
}

/// A sum of points in XYZZ coordinates.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sum {
    x: Field,
    y: Field,
    zz: Field,
    zzz: Field,
}

impl Sum {
    /// `mmadd-2008-s`: 4M + 2S.
    pub(super) fn of_two(a: &Affine, b: &Affine) -> Self {
        let p = b.x - a.x;
        let r = b.y - a.y;
        let pp = p.square();
        let ppp = p * pp;
        let q = a.x * pp;
        let x = r.square() - ppp - q - q;
        Self { x, y: r * (q - x) - a.y * ppp, zz: pp, zzz: ppp }
    }

    /// `madd-2008-s`: 8M + 2S.
    #[inline(always)]
    pub(super) fn add(&mut self, point: &Affine) {
        let p = point.x * self.zz - self.x;
        let r = point.y * self.zzz - self.y;
        let pp = p.square();
        let ppp = p * pp;
        let q = self.x * pp;
        let x = r.square() - ppp - q - q;
        self.y = r * (q - x) - self.y * ppp;
        self.x = x;
        self.zz *= pp;
        self.zzz *= ppp;
    }

    /// `dbl-2008-s-1` with a = -3: 7M + 2S.
    #[inline(always)]
    pub(super) fn double(&mut self) {
        let u = self.y + self.y;
        let v = u.square();
        let w = u * v;
        let s = self.x * v;
        let m = (self.x - self.zz) * (self.x + self.zz);
        let m = m + m + m;
        let x = m.square() - s - s;
        self.y = m * (s - x) - w * self.y;
        self.x = x;
        self.zz *= v;
        self.zzz *= w;
    }

    /// Whether this is infinity, or became wrong on the way.
    pub(super) fn is_undecided(&self) -> bool {
        self.zz.iszero() != 0
    }

    /// Whether the affine x coordinate is `x`, without an inversion: X = x ZZ.
    pub(super) fn has_x(&self, x: Field) -> bool {
        (x * self.zz).equals(self.x) != 0
    }
}
