//! Drawings (SVG), as the areas and lines that they are made of.

use typst::layout::{Abs, Axes, Ratio, Size, Transform};
use usvg::{
    FillRule, Group, Node, Paint, Path, Tree,
    tiny_skia_path::{PathSegment, Point},
};
use zhongtai_ofd::{Item, Segment, Stroke};

use super::matrix::Matrix;

/// What can't be shown.
type Refused = &'static str;

/// Draws `tree` in the size that it has on the page.
pub(super) fn items(tree: &Tree, size: Size, at: Matrix, items: &mut Vec<Item>) -> Result<(), Refused> {
    let own = tree.size();
    let scale = Axes::new(size.x.to_pt() / f64::from(own.width()), size.y.to_pt() / f64::from(own.height()));
    let at = at.then_inside(Transform::scale(Ratio::new(scale.x), Ratio::new(scale.y)));
    group(tree.root(), at, items)
}

fn group(group_: &Group, at: Matrix, items: &mut Vec<Item>) -> Result<(), Refused> {
    if group_.opacity().get() < 1.0 {
        return Err("a transparent part");
    }
    if group_.clip_path().is_some() || group_.mask().is_some() {
        return Err("a cut-off part (clip or mask)");
    }
    if !group_.filters().is_empty() {
        return Err("a filter");
    }
    for node in group_.children() {
        match node {
            Node::Group(inner) => group(inner, at, items)?,
            Node::Path(drawn) => path(drawn, at, items)?,
            Node::Image(_) => return Err("a picture in it"),
            Node::Text(text) => group(text.flattened(), at, items)?,
        }
    }
    Ok(())
}

fn path(drawn: &Path, at: Matrix, items: &mut Vec<Item>) -> Result<(), Refused> {
    if !drawn.is_visible() {
        return Ok(());
    }
    let own = drawn.abs_transform();
    let ratio = |value: f32| Ratio::new(value.into());
    let at = at.then_inside(Transform {
        sx: ratio(own.sx),
        ky: ratio(own.ky),
        kx: ratio(own.kx),
        sy: ratio(own.sy),
        tx: Abs::pt(own.tx.into()),
        ty: Abs::pt(own.ty.into()),
    });
    let fill = drawn.fill().map(|fill| match fill.rule() {
        FillRule::NonZero => colour(fill.paint(), fill.opacity().get()),
        FillRule::EvenOdd => Err("an area with the rule \"evenodd\""),
    });
    let stroke = drawn.stroke().map(|stroke| {
        if stroke.dasharray().is_some() {
            return Err("a dashed line");
        }
        let width_mm = f64::from(stroke.width().get()) * at.scale() * 25.4 / 72.0;
        Ok(Stroke { colour: colour(stroke.paint(), stroke.opacity().get())?, width_mm })
    });
    items.push(Item::Path { fill: fill.transpose()?, stroke: stroke.transpose()?, segments: segments(drawn, at) });
    Ok(())
}

fn colour(paint: &Paint, opacity: f32) -> Result<[u8; 3], Refused> {
    match paint {
        Paint::Color(colour) if opacity >= 1.0 => Ok([colour.red, colour.green, colour.blue]),
        Paint::Color(_) => Err("a transparent colour"),
        _ => Err("a gradient or a pattern"),
    }
}

fn segments(drawn: &Path, at: Matrix) -> Vec<Segment> {
    let place = |point: Point| at.at_pt(point.x.into(), point.y.into());
    let mut last = Point::zero();
    let mut segments = Vec::new();
    for segment in drawn.data().segments() {
        segments.push(match segment {
            PathSegment::MoveTo(end) => {
                let (x, y) = place(end);
                last = end;
                Segment::MoveTo { x, y }
            }
            PathSegment::LineTo(end) => {
                let (x, y) = place(end);
                last = end;
                Segment::LineTo { x, y }
            }
            PathSegment::QuadTo(control, end) => {
                let towards = |from: Point| {
                    Point::from_xy(from.x + (control.x - from.x) * 2.0 / 3.0, from.y + (control.y - from.y) * 2.0 / 3.0)
                };
                let ((x1, y1), (x2, y2), (x, y)) = (place(towards(last)), place(towards(end)), place(end));
                last = end;
                Segment::CurveTo { x1, y1, x2, y2, x, y }
            }
            PathSegment::CubicTo(one, two, end) => {
                let ((x1, y1), (x2, y2), (x, y)) = (place(one), place(two), place(end));
                last = end;
                Segment::CurveTo { x1, y1, x2, y2, x, y }
            }
            PathSegment::Close => Segment::Close,
        });
    }
    segments
}
