//! XML as OFD uses it: one namespace, elements and attributes, no document type.

use std::{fmt::Display, io};

use quick_xml::{
    Writer,
    events::{BytesDecl, BytesText, Event},
};
use roxmltree::{Document, Node, ParsingOptions};

use crate::{Location, OfdError};

/// GB/T 33190, 7.1.
pub(crate) const NAMESPACE: &str = "http://www.ofdspec.org/2016";

/// A page of a dense drawing has some ten thousand elements; deeper or wider trees are attacks.
const MAX_NODES: u32 = 200_000;

pub(crate) type Xml = Writer<Vec<u8>>;

/// A file whose root element is `name`, written without the namespace's prefix.
pub(crate) fn file(
    name: &str,
    attributes: &[(&str, String)],
    inside: impl FnOnce(&mut Xml) -> io::Result<()>,
) -> io::Result<Vec<u8>> {
    let mut xml = Writer::new(Vec::new());
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let namespace = ("xmlns:ofd", NAMESPACE.to_owned());
    let attributes: Vec<_> = std::iter::once(&namespace).chain(attributes).cloned().collect();
    element(&mut xml, name, &attributes, inside)?;
    Ok(xml.into_inner())
}

/// An element with others in it.
pub(crate) fn element(
    xml: &mut Xml,
    name: &str,
    attributes: &[(&str, String)],
    inside: impl FnOnce(&mut Xml) -> io::Result<()>,
) -> io::Result<()> {
    let name = format!("ofd:{name}");
    let start = xml.create_element(&name).with_attributes(attributes.iter().map(|(key, value)| (*key, value.as_str())));
    start.write_inner_content(inside)?;
    Ok(())
}

/// An element with text in it.
pub(crate) fn text(xml: &mut Xml, name: &str, attributes: &[(&str, String)], text: impl Display) -> io::Result<()> {
    element(xml, name, attributes, |xml| xml.write_event(Event::Text(BytesText::new(&text.to_string()))))
}

/// An element with nothing in it.
pub(crate) fn empty(xml: &mut Xml, name: &str, attributes: &[(&str, String)]) -> io::Result<()> {
    let name = format!("ofd:{name}");
    xml.create_element(&name)
        .with_attributes(attributes.iter().map(|(key, value)| (*key, value.as_str())))
        .write_empty()?;
    Ok(())
}

/// A file of a package, to be read.
pub(crate) struct Part<'a> {
    location: &'a Location,
    document: Document<'a>,
}

/// An element of it.
#[derive(Clone, Copy)]
pub(crate) struct Element<'a> {
    pub(crate) location: &'a Location,
    pub(crate) node: Node<'a, 'a>,
}

// === impl Part ===

impl<'a> Part<'a> {
    /// Document types are refused: no entity is ever expanded.
    pub(crate) fn parse(location: &'a Location, bytes: &'a [u8]) -> Result<Self, OfdError> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let text = std::str::from_utf8(bytes).map_err(|_| OfdError::structure(location, "not UTF-8"))?;
        let options = ParsingOptions { allow_dtd: false, nodes_limit: MAX_NODES, ..ParsingOptions::default() };
        let document = Document::parse_with_options(text, options)
            .map_err(|source| OfdError::Xml { location: location.clone(), source })?;
        Ok(Self { location, document })
    }

    /// The root element, which must be `name`.
    pub(crate) fn root(&'a self, name: &'static str) -> Result<Element<'a>, OfdError> {
        let root = Element { location: self.location, node: self.document.root_element() };
        if root.is(name) { Ok(root) } else { Err(root.wrong("another root element than OFD asks for")) }
    }
}

// === impl Element ===

impl<'a> Element<'a> {
    fn is(self, name: &str) -> bool {
        self.node.has_tag_name((NAMESPACE, name))
    }

    pub(crate) fn wrong(self, problem: &'static str) -> OfdError {
        OfdError::structure(self.location, problem)
    }

    /// The elements inside, of any name.
    pub(crate) fn elements(self) -> impl Iterator<Item = Self> {
        self.node.children().filter(Node::is_element).map(move |node| Self { location: self.location, node })
    }

    /// The elements inside, of this name.
    pub(crate) fn all(self, name: &'static str) -> impl Iterator<Item = Self> {
        self.elements().filter(move |one| one.is(name))
    }

    /// The only element of this name inside, if there is one.
    pub(crate) fn optional(self, name: &'static str) -> Result<Option<Self>, OfdError> {
        let mut found = self.all(name);
        let first = found.next();
        if found.next().is_some() {
            return Err(self.wrong("an element stands twice where OFD has it once"));
        }
        Ok(first)
    }

    /// The only element of this name inside.
    pub(crate) fn one(self, name: &'static str) -> Result<Self, OfdError> {
        self.optional(name)?.ok_or_else(|| self.wrong("an element is missing that OFD asks for"))
    }

    /// The name, if it is one of OFD's.
    pub(crate) fn name(self) -> Option<&'a str> {
        (self.node.tag_name().namespace() == Some(NAMESPACE)).then(|| self.node.tag_name().name())
    }

    /// All text inside. Comments and elements in it would be read in different ways: refused.
    pub(crate) fn text(self) -> Result<String, OfdError> {
        if self.node.children().any(|node| !node.is_text()) {
            return Err(self.wrong("something stands in a text that is no text"));
        }
        Ok(self.node.children().filter_map(|node| node.text()).collect::<String>().trim().to_owned())
    }

    pub(crate) fn attribute(self, name: &'static str) -> Result<&'a str, OfdError> {
        self.node.attribute(name).ok_or_else(|| self.wrong("an attribute is missing that OFD asks for"))
    }

    /// Where the element's text leads.
    pub(crate) fn location(self) -> Result<Location, OfdError> {
        let text = self.text()?;
        self.resolve(&text)
    }

    pub(crate) fn resolve(self, text: &str) -> Result<Location, OfdError> {
        self.location.resolve(text).ok_or_else(|| self.wrong("a path leads out of the package"))
    }
}
