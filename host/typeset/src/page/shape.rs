use typst::{
    layout::{Abs, Point},
    syntax::Span,
    visualize::{Curve, CurveItem, FillRule, FixedStroke, Geometry, LineCap, LineJoin, Shape},
};
use zhongtai_ofd::{Item, Segment, Stroke};

use super::{Artist, matrix::Matrix};

impl Artist<'_> {
    pub(super) fn shape(&mut self, shape: &Shape, at: Matrix, span: Span) {
        let is_line = matches!(shape.geometry, Geometry::Line(_));
        let fill = shape.fill.as_ref().filter(|_| !is_line).map(|paint| self.colour(paint, span));
        let stroke = shape.stroke.as_ref().map(|stroke| self.stroke(stroke, at, span));
        if fill.is_none() && stroke.is_none() {
            return;
        }
        if fill.is_some() && shape.fill_rule == FillRule::EvenOdd {
            self.fault(span, "an area with the rule \"even-odd\" can't be shown in OFD".to_owned());
        }
        let segments = segments(&shape.geometry, at);
        if !segments.is_empty() {
            self.items.push(Item::Path { fill, stroke, segments });
        }
    }

    pub(super) fn stroke(&mut self, stroke: &FixedStroke, at: Matrix, span: Span) -> Stroke {
        if stroke.dash.is_some() {
            self.fault(span, "a dashed line can't be shown in OFD: draw several short ones".to_owned());
        }
        if stroke.cap != LineCap::Butt || stroke.join != LineJoin::Miter {
            self.fault(
                span,
                "a line with round or square ends, or with round corners, can't be shown in OFD".to_owned(),
            );
        }
        Stroke { colour: self.colour(&stroke.paint, span), width_mm: stroke.thickness.to_mm() * at.scale() }
    }
}

fn segments(geometry: &Geometry, at: Matrix) -> Vec<Segment> {
    let zero = Point::zero();
    match geometry {
        Geometry::Line(end) => vec![move_to(zero, at), line_to(*end, at)],
        Geometry::Rect(size) => {
            let corner = |x: Abs, y: Abs| line_to(Point::new(x, y), at);
            vec![
                move_to(zero, at),
                corner(size.x, Abs::zero()),
                corner(size.x, size.y),
                corner(Abs::zero(), size.y),
                Segment::Close,
            ]
        }
        Geometry::Curve(curve) => curve_segments(curve, at),
    }
}

fn curve_segments(curve: &Curve, at: Matrix) -> Vec<Segment> {
    let one = |item: &CurveItem| match item {
        CurveItem::Move(point) => move_to(*point, at),
        CurveItem::Line(point) => line_to(*point, at),
        CurveItem::Cubic(one, two, end) => {
            let ((x1, y1), (x2, y2), (x, y)) = (at.at(*one), at.at(*two), at.at(*end));
            Segment::CurveTo { x1, y1, x2, y2, x, y }
        }
        CurveItem::Close => Segment::Close,
    };
    curve.0.iter().map(one).collect()
}

fn move_to(point: Point, at: Matrix) -> Segment {
    let (x, y) = at.at(point);
    Segment::MoveTo { x, y }
}

fn line_to(point: Point, at: Matrix) -> Segment {
    let (x, y) = at.at(point);
    Segment::LineTo { x, y }
}
