//! The facts of a request in one canonical byte string: the key under which a decision is remembered.
//!
//! Everything that [`crate::entity`] shows to Cedar must be here, each part with its length; the test below and the
//! one in `tests/decisions.rs` hold the two together.

use zhongtai_kernel::{Access, Attribute, Caller};

/// Writes the key of a question into `buffer`, which is cleared first.
pub(crate) fn write(buffer: &mut Vec<u8>, caller: &Caller, access: &Access<'_>, minute: i64) {
    buffer.clear();
    buffer.extend_from_slice(&minute.to_le_bytes());
    let mut push = |part: &[u8]| {
        buffer.extend_from_slice(&(part.len() as u32).to_le_bytes());
        buffer.extend_from_slice(part);
    };
    push(caller.key());
    push(access.action.as_bytes());
    push(access.resource.kind.as_bytes());
    push(access.resource.id.as_bytes());
    for fact in [access.purpose, access.basis, access.consent, access.case] {
        // Nothing is not the same as an empty text.
        push(&[u8::from(fact.is_some())]);
        push(fact.unwrap_or_default().as_bytes());
    }
    for (name, attribute) in access.resource.attributes {
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
