//! The mock's seals: what was sealed in this test. A sealed file is another file of the case, with the same content; what
//! the mock sealed is valid, everything else has no seal.

use super::{
    answers::{allowed, declared},
    state::{State, with},
};
use crate::seal::{Error, Place, Reasons, Report, Sealed, Signature, Standing, Verdict};

/// Something that was sealed or signed.
#[derive(Clone, Debug, PartialEq)]
pub struct MockSealing {
    /// The seal's name; `signature` for a person's own key.
    pub seal: String,
    /// The file that was sealed.
    pub of: String,
    /// Where.
    pub place: Place,
    /// For what.
    pub reasons: Reasons,
    /// The idempotency key.
    pub once: String,
    /// The sealed file.
    pub sealed: Sealed,
}

pub fn apply_seal(seal: &str, file: &str, place: Place, reasons: &Reasons, once: &str) -> Result<Sealed, Error> {
    with(|host| {
        if !host.seals.contains_key(seal) && !host.seals.is_empty() {
            allowed(host, "seal:apply").map_err(Error::Denied)?;
            return Err(Error::NotFound("seal".into()));
        }
        use_key(host, ("seal:apply", seal), file, place, reasons, once)
    })
}

pub fn sign_file(file: &str, place: Place, reasons: &Reasons, once: &str) -> Result<Sealed, Error> {
    with(|host| {
        if host.person.is_none() {
            return Err(Error::Anonymous);
        }
        use_key(host, ("seal:sign", "signature"), file, place, reasons, once)
    })
}

fn use_key(
    host: &mut State,
    (action, seal): (&str, &str),
    file: &str,
    place: Place,
    reasons: &Reasons,
    once: &str,
) -> Result<Sealed, Error> {
    declared(host, &reasons.purpose).map_err(Error::UndeclaredPurpose)?;
    allowed(host, action).map_err(Error::Denied)?;
    match host.seals.get(seal) {
        Some(standing) if *standing != Standing::Valid => return Err(Error::NotAllowedWhile(*standing)),
        _ => {}
    }
    if let Some(known) = host.sealings.iter().find(|known| known.once == once) {
        let same = known.seal == seal && known.of == file && known.place == place && known.reasons == *reasons;
        return if same { Ok(known.sealed.clone()) } else { Err(Error::KeyReused) };
    }
    let number = host.sealings.len() + 1;
    let id = format!("mock-sealed-{number}");
    let copy = host.uploads.find(file).map_err(|_| Error::NotFound("file".into()))?.clone().id(&id);
    let now = host.now;
    host.uploads.add(copy, now);
    let digest = format!("{number:064x}");
    let sealed = Sealed { file: id, sha256: digest.clone(), sm3: digest };
    let (seal, of, once) = (seal.into(), file.into(), once.into());
    host.sealings.push(MockSealing { seal, of, place, reasons: reasons.clone(), once, sealed: sealed.clone() });
    Ok(sealed)
}

pub fn verify_file(file: &str, purpose: &str) -> Result<Report, Error> {
    with(|host| {
        declared(host, purpose).map_err(Error::UndeclaredPurpose)?;
        allowed(host, "seal:verify").map_err(Error::Denied)?;
        host.uploads.find(file).map_err(|_| Error::NotFound("file".into()))?;
        // A sealed file may have been sealed again: each seal is on it.
        let mut signatures = Vec::new();
        let mut at = file.to_owned();
        while let Some(sealing) = host.sealings.iter().find(|one| one.sealed.file == at) {
            signatures.insert(0, signature(sealing, signatures.is_empty()));
            at.clone_from(&sealing.of);
        }
        let (verdict, zh, en) = match signatures.len() {
            0 => (Verdict::Unsigned, "文件没有印章或签名。", "There is no seal or signature on it."),
            _ => (Verdict::Valid, "印章或签名全部有效。", "All seals or signatures hold."),
        };
        let sha256 = host.sealings.iter().find(|one| one.sealed.file == file);
        let sha256 = sha256.map_or_else(|| "0".repeat(64), |one| one.sealed.sha256.clone());
        Ok(Report { verdict, zh: zh.into(), en: en.into(), sha256, signatures, bytes_after_last: 0 })
    })
}

fn signature(sealing: &MockSealing, whole_file: bool) -> Signature {
    Signature {
        valid: true,
        name: Some(sealing.seal.clone()),
        signer: Some(format!("CN={}", sealing.seal)),
        page: Some(sealing.place.page),
        at: Some("2026-01-01T00:00:00Z".into()),
        stamped: true,
        whole_file,
        problems: Vec::new(),
    }
}
