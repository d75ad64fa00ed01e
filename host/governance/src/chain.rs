//! The chain of events: each signed over the one before, so that none can be changed, moved or left out unseen.

use base64::{Engine, prelude::BASE64_STANDARD};
use ed25519_dalek::{Signature, Signer, SigningKey};
use serde_json::json;

use crate::{Event, GovernanceError};

/// The secret that signs events: 32 bytes that the host derives from its platform key.
pub struct SigningSeed(pub [u8; 32]);

/// Signs and checks events.
pub(crate) struct Chain {
    key: SigningKey,
}

// === impl Chain ===

impl Chain {
    pub(crate) fn new(seed: &SigningSeed) -> Self {
        Self { key: SigningKey::from_bytes(&seed.0) }
    }

    /// The event with its signature, which follows `before`.
    pub(crate) fn sign(&self, mut event: Event, before: &str) -> Event {
        let signature = self.key.sign(&message(&event, before));
        event.signature = BASE64_STANDARD.encode(signature.to_bytes());
        event
    }

    /// Checks that `events` are all that was signed, in order, from the first on.
    pub(crate) fn verify(&self, events: &[Event]) -> Result<(), GovernanceError> {
        let mut before = "";
        for event in events {
            // The signature before is signed too: an event that is missing or moved shows here.
            if !self.is_signed(event, before) {
                let step = event.step;
                return Err(GovernanceError::Tampered(format!("step {step} does not carry this host's signature")));
            }
            before = &event.signature;
        }
        Ok(())
    }

    fn is_signed(&self, event: &Event, before: &str) -> bool {
        let signature =
            BASE64_STANDARD.decode(&event.signature).ok().and_then(|bytes| Signature::from_slice(&bytes).ok());
        signature.is_some_and(|signature| self.key.verify(&message(event, before), &signature).is_ok())
    }
}

/// What is signed: a JSON array, so that no two events have the same bytes.
fn message(event: &Event, before: &str) -> Vec<u8> {
    let Event { step, version, act, actor, at, reason, detail, signature: _ } = event;
    json!(["zhongtai policy event", before, step, version, act.as_str(), actor, at.as_millisecond(), reason, detail])
        .to_string()
        .into_bytes()
}
