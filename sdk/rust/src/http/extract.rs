//! What a handler can ask for in its arguments.

use std::borrow::Cow;

use serde::{
    Deserializer,
    de::{
        DeserializeOwned, Error as _, Visitor,
        value::{Error, MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};

use super::{
    Incoming, Request,
    text::{self, Text},
};
use crate::{Result, Subject, problem};

/// A type that a handler can have as an argument.
#[diagnostic::on_unimplemented(
    message = "a handler cannot have an argument of type `{Self}`",
    note = "use `Json<T>`, `Form<T>`, `Path<T>`, `Query<T>`, `Subject`, `Option<Subject>` or `Request`"
)]
pub trait FromRequest: Sized {
    /// Reads the argument, or says what is wrong with the request.
    fn from_request(incoming: &mut Incoming) -> Result<Self>;
}

impl FromRequest for Request {
    fn from_request(incoming: &mut Incoming) -> Result<Self> {
        Ok(incoming.request.clone())
    }
}

/// Who is asking; 401 when nobody signed in.
impl FromRequest for Subject {
    fn from_request(_: &mut Incoming) -> Result<Self> {
        Self::current().ok_or_else(|| problem::unauthenticated("sign in first"))
    }
}

/// Who is asking, if anybody signed in.
impl FromRequest for Option<Subject> {
    fn from_request(_: &mut Incoming) -> Result<Self> {
        Ok(Subject::current())
    }
}

/// The path's parameters: one value, a tuple in the pattern's order, or a struct by their names.
///
/// ```
/// use zhongtai::prelude::*;
///
/// #[get("/streets/{street}/reports/{number}")]
/// fn report(Path((street, number)): Path<(String, u32)>) -> String {
///     format!("{street} {number}")
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Path<T> {
    fn from_request(incoming: &mut Incoming) -> Result<Self> {
        let parameters = incoming.parameters();
        let texts = parameters.map(|(name, value)| Text { name, value: text::decode(value, false) });
        let read = T::deserialize(Parameters(texts.collect()));
        read.map(Self).map_err(|error| problem::bad_request(format!("in the path, {error}")).with_code("invalid-path"))
    }
}

/// The query: `Query<Filter>` where `Filter` is a struct. Fields that may be absent are `Option` or `#[serde(default)]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Query<T> {
    fn from_request(incoming: &mut Incoming) -> Result<Self> {
        let query = incoming.request.query.as_deref().unwrap_or_default();
        let read = from_pairs(query);
        read.map(Self)
            .map_err(|error| problem::bad_request(format!("in the query, {error}")).with_code("invalid-query"))
    }
}

/// A struct from `a=1&b=2`.
pub(super) fn from_pairs<T: DeserializeOwned>(encoded: &str) -> std::result::Result<T, Error> {
    let pairs: Vec<(Cow<'_, str>, Cow<'_, str>)> = text::pairs(encoded).collect();
    let fields = pairs.iter().map(|(name, value)| {
        let (name, value): (&str, &str) = (name, value);
        (name, Text { name, value: Cow::Borrowed(value) })
    });
    // Owned types only: a borrowed one could not outlive `pairs`.
    T::deserialize(MapDeserializer::new(fields))
}

struct Parameters<'de>(Vec<Text<'de>>);

impl<'de> Parameters<'de> {
    fn only(mut self) -> std::result::Result<Text<'de>, Error> {
        match (self.0.pop(), self.0.is_empty()) {
            (Some(text), true) => Ok(text),
            _ => Err(Error::custom("the pattern has another number of parameters than `Path<_>`")),
        }
    }
}

macro_rules! single {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> std::result::Result<V::Value, Error> {
            self.only()?.$method(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Parameters<'de> {
    type Error = Error;

    single! {
        deserialize_any deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_f32 deserialize_f64
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> std::result::Result<V::Value, Error> {
        visitor.visit_seq(SeqDeserializer::new(self.0.into_iter()))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _len: usize, visitor: V) -> std::result::Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> std::result::Result<V::Value, Error> {
        visitor.visit_map(MapDeserializer::new(self.0.into_iter().map(|text| (text.name, text))))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> std::result::Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> std::result::Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> std::result::Result<V::Value, Error> {
        self.only()?.deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf option unit unit_struct tuple_struct identifier ignored_any
    }
}
