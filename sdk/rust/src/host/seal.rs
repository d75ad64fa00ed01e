//! Calls to the seal capability, through the generated bindings.

use crate::{
    bindings::zhongtai::seal::seals as wit,
    seal::{Error, Place, Reasons, Report, Sealed, Signature, Standing, Verdict, Wrong},
};

pub fn apply_seal(seal: &str, file: &str, place: Place, reasons: &Reasons, once: &str) -> Result<Sealed, Error> {
    Ok(wit::apply(seal, file, place.into(), &reasons.clone().into(), once)?.into())
}

pub fn sign_file(file: &str, place: Place, reasons: &Reasons, once: &str) -> Result<Sealed, Error> {
    Ok(wit::sign(file, place.into(), &reasons.clone().into(), once)?.into())
}

pub fn verify_file(file: &str, purpose: &str) -> Result<Report, Error> {
    Ok(wit::verify(file, purpose)?.into())
}

impl From<Place> for wit::Place {
    fn from(Place { page, x_mm, y_mm }: Place) -> Self {
        Self { page, x_mm, y_mm }
    }
}

impl From<Reasons> for wit::Reasons {
    fn from(Reasons { case, stage, purpose, note }: Reasons) -> Self {
        Self { case_id: case, stage, purpose, note }
    }
}

impl From<wit::Sealed> for Sealed {
    fn from(wit::Sealed { file, sha256, sm3 }: wit::Sealed) -> Self {
        Self { file, sha256, sm3 }
    }
}

impl From<wit::Report> for Report {
    fn from(report: wit::Report) -> Self {
        Self {
            verdict: match report.verdict {
                wit::Verdict::Valid => Verdict::Valid,
                wit::Verdict::Invalid => Verdict::Invalid,
                wit::Verdict::Unsigned => Verdict::Unsigned,
                wit::Verdict::Unreadable => Verdict::Unreadable,
            },
            zh: report.zh,
            en: report.en,
            sha256: report.sha256,
            signatures: report.signatures.into_iter().map(Into::into).collect(),
            bytes_after_last: report.bytes_after_last,
        }
    }
}

impl From<wit::Signature> for Signature {
    fn from(signature: wit::Signature) -> Self {
        let wrong = |wit::Problem { code, zh, en }: wit::Problem| Wrong { code, zh, en };
        Self {
            valid: signature.valid,
            name: signature.name,
            signer: signature.signer,
            page: signature.page,
            at: signature.at,
            stamped: signature.stamped,
            whole_file: signature.whole_file,
            problems: signature.problems.into_iter().map(wrong).collect(),
        }
    }
}

impl From<wit::Error> for Error {
    fn from(error: wit::Error) -> Self {
        match error {
            wit::Error::Denied(decision) => Self::Denied(decision),
            wit::Error::UndeclaredPurpose(purpose) => Self::UndeclaredPurpose(purpose),
            wit::Error::Anonymous => Self::Anonymous,
            wit::Error::NotFound(what) => Self::NotFound(what),
            wit::Error::NotAllowedWhile(standing) => Self::NotAllowedWhile(match standing {
                wit::Standing::Valid => Standing::Valid,
                wit::Standing::Suspended => Standing::Suspended,
                wit::Standing::Revoked => Standing::Revoked,
                wit::Standing::Expired => Standing::Expired,
            }),
            wit::Error::NotAtStage(needed) => Self::NotAtStage(needed),
            wit::Error::KeyReused => Self::KeyReused,
            wit::Error::Invalid(what) => Self::Invalid(what),
            wit::Error::Other(what) => Self::Other(what),
        }
    }
}
