//! What a template sees: its parts, the inputs, fonts, and the day of the order.

use std::collections::HashMap;

use jiff::{Timestamp, tz::TimeZone};
use typst::{
    Library, LibraryExt, World, WorldExt,
    diag::{FileError, FileResult, PackageError, SourceDiagnostic},
    foundations::{Bytes, Datetime, Dict, Duration},
    syntax::{DiagSpan, FileId, RootedPath, Source, VirtualPath, VirtualRoot},
    text::{Font, FontBook, FontFamily, FontList, TextElem},
    utils::LazyHash,
};

use crate::{Fault, Order, fault::Place, fonts::Fonts, template::MAIN};

pub(crate) struct Desk<'a> {
    library: LazyHash<Library>,
    fonts: &'a Fonts,
    main: FileId,
    sources: HashMap<FileId, Source>,
    files: HashMap<FileId, Bytes>,
    today: Option<Datetime>,
}

// === impl Desk ===

impl<'a> Desk<'a> {
    pub(crate) fn new(fonts: &'a Fonts, order: &Order) -> Result<Self, String> {
        let inputs: Dict =
            serde_json::from_value(order.inputs.clone().into()).map_err(|problem| problem.to_string())?;
        let mut library = Library::builder().with_inputs(inputs).build();
        library.styles.set(TextElem::font, FontList(vec![FontFamily::new(&fonts.family)]));
        let mut desk = Self {
            library: LazyHash::new(library),
            fonts,
            main: id(MAIN)?,
            sources: HashMap::new(),
            files: HashMap::new(),
            today: day(order.at),
        };
        for (name, data) in order.template.parts() {
            desk.put(id(name)?, data);
        }
        Ok(desk)
    }

    fn put(&mut self, id: FileId, data: &[u8]) {
        if let (true, Ok(text)) = (id.vpath().extension() == Some("typ"), str::from_utf8(data)) {
            self.sources.insert(id, Source::new(id, text.to_owned()));
        }
        self.files.insert(id, Bytes::new(data.to_vec()));
    }

    /// A diagnostic as people read it.
    pub(crate) fn fault(&self, diagnostic: &SourceDiagnostic) -> Fault {
        // Some hints are about a command line that nobody has here.
        let hints =
            diagnostic.hints.iter().map(|hint| hint.v.to_string()).filter(|hint| !hint.contains("`--")).collect();
        Fault { place: self.place(diagnostic.span), problem: diagnostic.message.to_string(), hints }
    }

    pub(crate) fn place(&self, span: impl Into<DiagSpan>) -> Option<Place> {
        self.place_within(span.into(), 0)
    }

    /// A place in the text that a span is of, so many bytes from where that begins.
    pub(crate) fn place_within(&self, span: DiagSpan, offset: usize) -> Option<Place> {
        let id = span.id()?;
        let part = id.vpath().get_without_slash().to_owned();
        let at = self.range(span).zip(self.sources.get(&id)).and_then(|(range, source)| {
            // What comes from elsewhere, such as the inputs, may be longer than what stands for it here.
            let at = Some(range.start + offset).filter(|at| range.contains(at)).unwrap_or(range.start);
            let (line, column) = source.lines().byte_to_line_column(at)?;
            Some((line + 1, column + 1))
        });
        Some(Place { part, line: at.map(|(line, _)| line), column: at.map(|(_, column)| column) })
    }
}

impl World for Desk<'_> {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.fonts.book
    }

    fn main(&self) -> FileId {
        self.main
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        self.sources.get(&id).cloned().ok_or_else(|| match self.files.get(&id) {
            Some(_) => FileError::NotSource,
            None => missing(id),
        })
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        self.files.get(&id).cloned().ok_or_else(|| missing(id))
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.get(index)
    }

    /// The day of the order, wherever the template thinks that it is.
    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        self.today
    }
}

fn missing(id: FileId) -> FileError {
    match id.root() {
        VirtualRoot::Project => FileError::NotFound(id.vpath().get_without_slash().into()),
        VirtualRoot::Package(_) => FileError::Package(PackageError::Other(Some(
            "a template can't use packages: pack what it needs with it".into(),
        ))),
    }
}

fn id(name: &str) -> Result<FileId, String> {
    let path = VirtualPath::new(name).map_err(|problem| format!("{name}: {problem:?}"))?;
    Ok(RootedPath::new(VirtualRoot::Project, path).intern())
}

/// The time in China, where all these documents are made.
pub(crate) fn local(at: Timestamp) -> Option<Datetime> {
    let at = at.to_zoned(TimeZone::fixed(jiff::tz::offset(8)));
    let part = |value: i8| u8::try_from(value).ok();
    Datetime::from_ymd_hms(
        at.year().into(),
        part(at.month())?,
        part(at.day())?,
        part(at.hour())?,
        part(at.minute())?,
        part(at.second())?,
    )
}

fn day(at: Timestamp) -> Option<Datetime> {
    let at = local(at)?;
    Datetime::from_ymd(at.year()?, at.month()?, at.day()?)
}
