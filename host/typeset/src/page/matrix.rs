use typst::layout::{Point, Transform};

/// A way to place things: `x' = a x + c y + e`, `y' = b x + d y + f`, from points to points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Matrix([f64; 6]);

/// What is this close is equal: a billionth of a turn is no turn.
const CLOSE: f64 = 1e-9;
const MM_PER_PT: f64 = 25.4 / 72.0;

// === impl Matrix ===

impl Matrix {
    pub(super) const IDENTITY: Self = Self([1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);

    pub(super) fn moved(self, point: Point) -> Self {
        self.then_inside(Transform::translate(point.x, point.y))
    }

    /// First `inner`, then this.
    pub(super) fn then_inside(self, inner: Transform) -> Self {
        let Self([a, b, c, d, e, f]) = self;
        let [ia, ib, ic, id] = [inner.sx, inner.ky, inner.kx, inner.sy].map(|ratio| ratio.get());
        let (ie, i_f) = (inner.tx.to_pt(), inner.ty.to_pt());
        Self([
            a * ia + c * ib,
            b * ia + d * ib,
            a * ic + c * id,
            b * ic + d * id,
            a * ie + c * i_f + e,
            b * ie + d * i_f + f,
        ])
    }

    /// Where a point comes to lie, in millimetres.
    pub(super) fn at(self, point: Point) -> (f64, f64) {
        self.at_pt(point.x.to_pt(), point.y.to_pt())
    }

    pub(super) fn at_pt(self, x: f64, y: f64) -> (f64, f64) {
        let Self([a, b, c, d, e, f]) = self;
        ((a * x + c * y + e) * MM_PER_PT, (b * x + d * y + f) * MM_PER_PT)
    }

    /// Neither turned nor mirrored nor stretched in one direction only.
    pub(super) fn is_upright(self) -> bool {
        let Self([a, b, c, d, ..]) = self;
        b.abs() < CLOSE && c.abs() < CLOSE && a > 0.0 && (a - d).abs() < CLOSE
    }

    /// By how much lengths grow, on average.
    pub(super) fn scale(self) -> f64 {
        let Self([a, b, c, d, ..]) = self;
        (a * d - b * c).abs().sqrt()
    }
}
