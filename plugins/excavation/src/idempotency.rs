//! The `Idempotency-Key` header: the same key files the same application once.

use zhongtai::{FromRequest, Incoming, prelude::*};

/// A key that the client chose, or nothing.
pub struct IdempotencyKey(pub Option<String>);

impl FromRequest for IdempotencyKey {
    /// 1 to 64 of A-Z, a-z, 0-9, `-` and `_`: it becomes part of a key in the store.
    fn from_request(incoming: &mut Incoming) -> Result<Self> {
        let Some(key) = incoming.request.header("idempotency-key") else { return Ok(Self(None)) };
        let plain = key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        ensure!(
            plain && (1..=64).contains(&key.len()),
            bad_request("idempotency-key: 1 to 64 letters, digits, `-` or `_` are expected")
                .with_code("invalid-idempotency-key")
        );
        Ok(Self(Some(key.to_owned())))
    }
}
