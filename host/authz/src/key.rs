//! The facts of a request in one canonical byte string: the key under which a decision is remembered.
//!
//! Everything that [`crate::request`] shows to Cedar must be here, each part with its length; the test below and the
//! one in `tests/decisions.rs` hold the two together.

use zhongtai_kernel::{Access, Attribute, Caller, Question};

/// The key of an access.
pub(crate) fn of_access(buffer: &mut Vec<u8>, caller: &Caller, access: &Access<'_>, minute: i64) {
    let texts = [access.action, access.resource.kind, &access.resource.id];
    let facts = [access.purpose, access.basis, access.consent, access.case];
    let attributes = access.resource.attributes.iter().map(|(name, value)| (*name, value));
    write(buffer, caller, texts, facts, attributes, minute);
}

/// The same key, of the access as it is recorded.
pub(crate) fn of_question(buffer: &mut Vec<u8>, caller: &Caller, question: &Question, minute: i64) {
    let Question { action, kind, id, attributes, purpose, basis, consent, case } = question;
    let facts = [purpose, basis, consent, case].map(|fact| fact.as_deref());
    let attributes = attributes.iter().map(|(name, value)| (name.as_str(), value));
    write(buffer, caller, [action, kind, id], facts, attributes, minute);
}

/// Writes the key into `buffer`, which is cleared first.
fn write<'a>(
    buffer: &mut Vec<u8>,
    caller: &Caller,
    texts: [&str; 3],
    facts: [Option<&str>; 4],
    attributes: impl Iterator<Item = (&'a str, &'a Attribute<'a>)>,
    minute: i64,
) {
    buffer.clear();
    buffer.extend_from_slice(&minute.to_le_bytes());
    let mut push = |part: &[u8]| {
        buffer.extend_from_slice(&(part.len() as u32).to_le_bytes());
        buffer.extend_from_slice(part);
    };
    push(caller.key());
    for text in texts {
        push(text.as_bytes());
    }
    for fact in facts {
        // Nothing is not the same as an empty text.
        push(&[u8::from(fact.is_some())]);
        push(fact.unwrap_or_default().as_bytes());
    }
    for (name, attribute) in attributes {
        push(name.as_bytes());
        match attribute {
            Attribute::Text(text) => {
                push(b"text");
                push(text.as_bytes());
            }
            Attribute::Number(number) => {
                push(b"number");
                push(&number.to_le_bytes());
            }
            Attribute::Flag(flag) => {
                push(b"flag");
                push(&[u8::from(*flag)]);
            }
            Attribute::Entity(kind, id) => {
                push(b"entity");
                push(kind.as_bytes());
                push(id.as_bytes());
            }
        }
    }
}
