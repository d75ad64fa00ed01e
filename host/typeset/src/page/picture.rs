use typst::{
    layout::{Point, Size},
    syntax::Span,
    visualize::{ExchangeFormat, Image, ImageKind, RasterFormat, RasterImage},
};
use zhongtai_ofd::Item;

use super::{Artist, matrix::Matrix, svg};

impl Artist<'_> {
    pub(super) fn picture(&mut self, image: &Image, size: Size, at: Matrix, span: Span) {
        match image.kind() {
            ImageKind::Raster(raster) => self.raster(raster, size, at, span),
            ImageKind::Svg(drawing) => {
                let mut shapes = Vec::new();
                if let Err(problem) = svg::items(drawing.tree(), size, at, &mut shapes) {
                    self.fault(span, format!("the drawing has {problem}, which can't be shown in OFD"));
                }
                self.items.append(&mut shapes);
            }
            ImageKind::Pdf(_) => self.fault(span, "a PDF can't be taken in as a picture".to_owned()),
        }
    }

    fn raster(&mut self, raster: &RasterImage, size: Size, at: Matrix, span: Span) {
        if raster.format() != RasterFormat::Exchange(ExchangeFormat::Png) {
            self.fault(span, "a picture must be PNG or SVG".to_owned());
        } else if !at.is_upright() {
            self.fault(span, "a turned picture can't be shown in OFD: turn it before".to_owned());
        } else {
            let (x_mm, y_mm) = at.at(Point::zero());
            let (width_mm, height_mm) = (size.x.to_mm() * at.scale(), size.y.to_mm() * at.scale());
            self.items.push(Item::Image { x_mm, y_mm, width_mm, height_mm, png: raster.data().to_vec() });
        }
    }
}
