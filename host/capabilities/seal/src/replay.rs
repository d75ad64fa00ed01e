//! A seal that was made can be made again, byte for byte, from the document and from what the keys gave then: sealing
//! is deterministic but for signatures and time stamps. So the ledger keeps those, a few kilobytes, and nothing of what
//! the document says.

use std::sync::Arc;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use zhongtai_kernel::Timestamp;
use zhongtai_pki::{Algorithm, Credential, SignError, Signer, TimeStamper};

/// What the keys gave, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Given {
    /// When, milliseconds since 1970: the document says so too.
    pub(crate) at: i64,
    signatures: Vec<String>,
    stamps: Vec<String>,
}

// === impl Given ===

impl Given {
    /// The time as documents say it: whole seconds.
    pub(crate) fn time(&self) -> Timestamp {
        Timestamp::from_millisecond(self.at).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

/// Keys that write down what they give, or give what was written down.
#[derive(Debug, Clone)]
pub(crate) struct Tape(Arc<Mutex<Reel>>);

#[derive(Debug)]
enum Reel {
    Recording(Given),
    /// How many signatures and stamps were asked for.
    Playing(Given, usize, usize),
}

// === impl Tape ===

impl Tape {
    /// One that records.
    pub(crate) fn new(at: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(Reel::Recording(Given { at: at.as_millisecond(), ..Given::default() }))))
    }

    /// One that plays.
    pub(crate) fn of(given: Given) -> Self {
        Self(Arc::new(Mutex::new(Reel::Playing(given, 0, 0))))
    }

    /// The credential, on this tape.
    pub(crate) fn credential(&self, credential: &Credential) -> Credential {
        let signer = TapedSigner { tape: self.clone(), signer: credential.signer.clone() };
        Credential { signer: Arc::new(signer), chain: credential.chain.clone() }
    }

    /// The stamper, on this tape.
    pub(crate) fn stamper<'a>(&self, stamper: &'a dyn TimeStamper) -> TapedStamper<'a> {
        TapedStamper { tape: self.clone(), stamper }
    }

    /// What was given, when it records.
    pub(crate) fn given(&self) -> Given {
        match &*self.0.lock() {
            Reel::Recording(given) | Reel::Playing(given, ..) => given.clone(),
        }
    }

    fn signature(&self, make: impl FnOnce() -> Result<Vec<u8>, SignError>) -> Result<Vec<u8>, SignError> {
        match &mut *self.0.lock() {
            Reel::Recording(given) => record(&mut given.signatures, make),
            Reel::Playing(given, at, _) => play(&given.signatures, at),
        }
    }

    fn stamp(&self, make: impl FnOnce() -> Result<Vec<u8>, SignError>) -> Result<Vec<u8>, SignError> {
        match &mut *self.0.lock() {
            Reel::Recording(given) => record(&mut given.stamps, make),
            Reel::Playing(given, _, at) => play(&given.stamps, at),
        }
    }
}

fn record(kept: &mut Vec<String>, make: impl FnOnce() -> Result<Vec<u8>, SignError>) -> Result<Vec<u8>, SignError> {
    let made = make()?;
    kept.push(BASE64_STANDARD.encode(&made));
    Ok(made)
}

/// What is not on the tape is made by nobody: a replay never signs.
fn play(kept: &[String], at: &mut usize) -> Result<Vec<u8>, SignError> {
    let found = kept.get(*at).and_then(|text| BASE64_STANDARD.decode(text).ok());
    *at += 1;
    found.ok_or(SignError::Credential("was not used when this was sealed"))
}

#[derive(Debug)]
struct TapedSigner {
    tape: Tape,
    signer: Arc<dyn Signer>,
}

impl Signer for TapedSigner {
    fn algorithm(&self) -> Algorithm {
        self.signer.algorithm()
    }

    fn public_key(&self) -> &[u8] {
        self.signer.public_key()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        self.tape.signature(|| self.signer.sign(message))
    }
}

/// A stamper on a tape.
pub(crate) struct TapedStamper<'a> {
    tape: Tape,
    stamper: &'a dyn TimeStamper,
}

impl TimeStamper for TapedStamper<'_> {
    fn stamp(&self, imprint: &[u8; 32]) -> Result<Vec<u8>, SignError> {
        self.tape.stamp(|| self.stamper.stamp(imprint))
    }
}

#[cfg(test)]
mod tests {
    use zhongtai_pki::{SoftwareKey, testing::World};

    use super::*;

    #[test]
    fn what_was_recorded_is_played_in_order_and_nothing_else_is() {
        let world = World::new(Algorithm::Sm2Sm3);
        let tape = Tape::new(Timestamp::UNIX_EPOCH);
        let signer = tape.credential(&world.seal).signer;
        let (first, second) = (signer.sign(b"a").unwrap(), signer.sign(b"b").unwrap());
        let stamp = tape.stamper(&world.stamper).stamp(&[7; 32]).unwrap();
        assert_ne!(first, second);

        let given: Given = serde_json::from_str(&serde_json::to_string(&tape.given()).unwrap()).unwrap();
        let key = Arc::new(SoftwareKey::generate(Algorithm::Sm2Sm3).unwrap());
        let nobody = Credential { signer: key, chain: world.seal.chain.clone() };
        let tape = Tape::of(given);
        let signer = tape.credential(&nobody).signer;
        assert_eq!((signer.sign(b"x").unwrap(), signer.sign(b"y").unwrap()), (first, second));
        assert_eq!(tape.stamper(&world.stamper).stamp(&[8; 32]).unwrap(), stamp);
        assert!(signer.sign(b"a").is_err() && tape.stamper(&world.stamper).stamp(&[7; 32]).is_err());
    }
}
