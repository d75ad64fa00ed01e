//! The page tree (ISO 32000-1, 7.7.3).

use std::collections::HashSet;

use super::{Dict, File, Id, Object, PdfError};

/// Nodes of the tree, pages included.
const MOST_NODES: usize = 200_000;

/// A page with what it has from the nodes above it.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    pub(crate) id: Id,
    pub(crate) dict: Dict,
    /// What is shown: the crop box within the media box, as left, bottom, right and top, in user space.
    pub(crate) shown: [f64; 4],
    /// Clockwise, 0 to 3 quarters of a turn.
    pub(crate) quarters: u8,
    /// Points in a unit of user space.
    pub(crate) unit: f64,
}

/// Pages in their order, read one after the other.
pub(crate) struct Pages<'f, 'a> {
    file: &'f File<'a>,
    /// What is still to be visited, last first, with what it has from above.
    rest: Vec<(Id, Inherited)>,
    seen: HashSet<Id>,
}

#[derive(Debug, Clone, Default)]
struct Inherited {
    media: Option<Object>,
    crop: Option<Object>,
    rotate: Option<Object>,
}

// === impl Pages ===

impl<'f, 'a> Pages<'f, 'a> {
    pub(crate) fn of(file: &'f File<'a>) -> Result<Self, PdfError> {
        let (_, catalog) = file.root()?;
        let root = catalog.get("Pages").and_then(Object::as_reference);
        let root = root.ok_or(PdfError::Document("the catalog has no pages"))?;
        Ok(Self { file, rest: vec![(root, Inherited::default())], seen: HashSet::new() })
    }

    fn advance(&mut self) -> Result<Option<Page>, PdfError> {
        while let Some((id, above)) = self.rest.pop() {
            if !self.seen.insert(id) {
                return Err(PdfError::Document("the page tree goes round in a circle"));
            }
            if self.seen.len() > MOST_NODES {
                return Err(PdfError::TooLarge("pages"));
            }
            let Object::Dict(dict) = self.file.get(id)? else {
                return Err(PdfError::Document("a node of the page tree is no dictionary"));
            };
            let inherited = Inherited {
                media: dict.get("MediaBox").cloned().or(above.media),
                crop: dict.get("CropBox").cloned().or(above.crop),
                rotate: dict.get("Rotate").cloned().or(above.rotate),
            };
            if dict.is("Type", "Page") {
                return self.page(id, dict, &inherited).map(Some);
            }
            let Object::Array(kids) = self.file.value(&dict, "Kids")? else {
                return Err(PdfError::Document("a node of the page tree has no kids"));
            };
            if self.rest.len() + kids.len() > MOST_NODES {
                return Err(PdfError::TooLarge("pages"));
            }
            for kid in kids.iter().rev() {
                let kid = kid.as_reference().ok_or(PdfError::Document("a kid in the page tree is no reference"))?;
                self.rest.push((kid, inherited.clone()));
            }
        }
        Ok(None)
    }

    fn page(&self, id: Id, dict: Dict, inherited: &Inherited) -> Result<Page, PdfError> {
        let media = self.area(inherited.media.as_ref())?;
        let media = media.ok_or(PdfError::Document("a page has no media box"))?;
        let crop = self.area(inherited.crop.as_ref())?.unwrap_or(media);
        let [left, bottom, right, top] = media;
        let shown = [crop[0].max(left), crop[1].max(bottom), crop[2].min(right), crop[3].min(top)];
        let rotate = inherited.rotate.as_ref().map_or(Ok(Object::Integer(0)), |rotate| self.file.resolve(rotate))?;
        let quarters = rotate.as_integer().filter(|degrees| degrees % 90 == 0);
        let quarters = quarters.ok_or(PdfError::Document("a page is turned by no multiple of 90 degrees"))?;
        let quarters = (quarters / 90).rem_euclid(4).try_into().unwrap_or_default();
        let unit = dict.get("UserUnit").and_then(Object::as_number).filter(|unit| *unit > 0.0).unwrap_or(1.0);
        Ok(Page { id, dict, shown, quarters, unit })
    }

    fn area(&self, object: Option<&Object>) -> Result<Option<[f64; 4]>, PdfError> {
        let Some(object) = object else { return Ok(None) };
        let wrong = PdfError::Document("a page's box is not four numbers");
        let Object::Array(corners) = self.file.resolve(object)? else { return Err(wrong) };
        let numbers: Option<Vec<f64>> = corners.iter().map(Object::as_number).collect();
        let Some(&[x1, y1, x2, y2]) = numbers.as_deref() else { return Err(wrong) };
        Ok(Some([x1.min(x2), y1.min(y2), x1.max(x2), y1.max(y2)]))
    }
}

impl Iterator for Pages<'_, '_> {
    type Item = Result<Page, PdfError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.advance().transpose();
        if matches!(next, Some(Err(_))) {
            self.rest.clear();
        }
        next
    }
}
