//! Checks documents. `zhongtai_pades` and `zhongtai_ofd` do the work; here it becomes one report in plain words.

use std::time::SystemTime;

use zhongtai_kernel::{Timestamp, Words, chain};
use zhongtai_ofd::{OfdError, SealProblem, SealReport, SealTime};
use zhongtai_pades::{Change, Fault, PadesError, SignatureReport};
use zhongtai_pki::{PathError, TimeStampError, Trust};

use crate::{Appended, Format, Problem, Report, Signature, Verdict};

/// Checks all seals and signatures of a document. Stricter than readers: see the README.
///
/// It takes as long as the document is large: call it where nobody waits for others.
pub fn examine(document: &[u8], trust: &Trust, now: Timestamp) -> Report {
    let format = Format::of(document);
    let (signatures, after_last, unreadable) = match format {
        None => {
            (Vec::new(), None, Some(Words::new("不是 PDF，也不是 OFD 文件。", "It is neither a PDF nor an OFD file.")))
        }
        Some(Format::Pdf) => pdf(document, trust),
        Some(Format::Ofd) => ofd(document, trust, now),
    };
    let verdict = match (&unreadable, signatures.is_empty()) {
        (Some(_), _) => Verdict::Unreadable,
        (None, true) => Verdict::Unsigned,
        (None, false) if signatures.iter().all(|one| one.valid) && after_last.is_none() => Verdict::Valid,
        (None, false) => Verdict::Invalid,
    };
    let words = unreadable.unwrap_or_else(|| sentence(verdict, &signatures, after_last.as_ref()));
    Report {
        verdict,
        words,
        format,
        bytes: document.len() as u64,
        sha256: hex::encode(zhongtai_pki::Hash::Sha256.digest(document)),
        sm3: hex::encode(zhongtai_pki::Hash::Sm3.digest(document)),
        checked_at: now,
        signatures,
        after_last,
    }
}

type Found = (Vec<Signature>, Option<Appended>, Option<Words>);

fn sentence(verdict: Verdict, signatures: &[Signature], after: Option<&Appended>) -> Words {
    let (count, bad) = (signatures.len(), signatures.iter().filter(|one| !one.valid).count());
    match verdict {
        Verdict::Valid => Words::new(
            format!("{count} 枚印章或签名全部有效，覆盖整个文件，签后没有任何改动。"),
            format!("All {count} seals or signatures hold and cover the whole file; nothing was changed since."),
        ),
        Verdict::Unsigned => Words::new("文件没有印章或签名。", "There is no seal or signature on it."),
        Verdict::Unreadable => Words::new("文件无法读取。", "The file can't be read."),
        Verdict::Invalid if bad > 0 => Words::new(
            format!("{count} 枚印章或签名中有 {bad} 枚无效：此文件不可信。"),
            format!("{bad} of {count} seals or signatures do not hold: do not rely on this file."),
        ),
        Verdict::Invalid => {
            let bytes = after.map_or(0, |after| after.bytes);
            Words::new(
                format!("最后一枚印章之后又追加了 {bytes} 字节，无人为其签章：此文件不可信。"),
                format!("{bytes} bytes were added after the last seal, which nobody sealed: do not rely on this file."),
            )
        }
    }
}

fn pdf(document: &[u8], trust: &Trust) -> Found {
    match zhongtai_pades::verify(document, trust) {
        Ok(report) => {
            let after = report.after_last.map(|after| Appended {
                bytes: after.bytes as u64,
                harmless: after.change.is_harmless(),
                words: change(&after.change),
            });
            let signatures = report.signatures.into_iter();
            (signatures.map(|one| pdf_signature(one, document.len())).collect(), after, None)
        }
        Err(error) => (Vec::new(), None, Some(unreadable_pdf(&error))),
    }
}

fn unreadable_pdf(error: &PadesError) -> Words {
    Words::new("这个 PDF 文件无法读取，或者已损坏。", format!("The PDF can't be read: {}.", chain(error)))
}

fn pdf_signature(report: SignatureReport, length: usize) -> Signature {
    let at = report.stamped_at.or(report.claimed_at).and_then(timestamp);
    let signer = report.certificate.as_ref().map(|one| one.tbs_certificate().subject().to_string());
    Signature {
        valid: report.is_valid(),
        signer,
        maker: None,
        page: report.page,
        at,
        stamped: report.stamped_at.is_some(),
        whole_file: report.signed_bytes == length,
        problems: report.faults.iter().map(fault).collect(),
        name: report.name,
        reason: report.reason,
    }
}

fn ofd(document: &[u8], trust: &Trust, now: Timestamp) -> Found {
    match zhongtai_ofd::verify_at(document, trust, SystemTime::from(now)) {
        Ok(report) => {
            let last = report.seals.len().saturating_sub(1);
            let seals = report.seals.into_iter().enumerate();
            (seals.map(|(number, one)| ofd_seal(one, number == last)).collect(), None, None)
        }
        Err(error) => (Vec::new(), None, Some(unreadable_ofd(&error))),
    }
}

fn unreadable_ofd(error: &OfdError) -> Words {
    Words::new(
        "这个 OFD 文件无法读取、已损坏，或者不同阅读器会看到不同的内容。",
        format!("The OFD file is refused: {}.", chain(error)),
    )
}

fn ofd_seal(report: SealReport, is_last: bool) -> Signature {
    let whole_file = is_last && !report.problems.iter().any(|one| matches!(one, SealProblem::Uncovered(_)));
    Signature {
        valid: report.is_valid(),
        page: report.stamps.first().and_then(|stamp| u32::try_from(stamp.page).ok()),
        at: report.time.and_then(|time| timestamp(time.at())),
        stamped: matches!(report.time, Some(SealTime::Stamped(_))),
        whole_file,
        problems: report.problems.iter().map(seal_problem).collect(),
        name: report.seal.map(|seal| seal.name),
        signer: report.signer,
        maker: report.maker,
        reason: None,
    }
}

fn timestamp(at: SystemTime) -> Option<Timestamp> {
    Timestamp::try_from(at).ok()
}

/// A problem: its code and the Chinese words from here, the English ones from whoever found it.
fn problem(code: &str, zh: &str, error: &dyn std::error::Error) -> Problem {
    Problem { code: code.to_owned(), words: Words::new(zh, format!("{}.", capital(&chain(error)))) }
}

fn capital(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}

fn fault(fault: &Fault) -> Problem {
    let (code, zh) = match fault {
        Fault::Dictionary(_) | Fault::Form(_) => ("form", "签名的格式不符合 PAdES。"),
        Fault::Range(_) => ("coverage", "签名没有覆盖它那一版的全部内容。"),
        Fault::Revision(_) => ("unreadable", "签名所覆盖的版本无法读取。"),
        Fault::Digest => ("changed", "签名之后文件内容被改动。"),
        Fault::Signature(_) => ("signature", "签名值不成立。"),
        Fault::NotStamped => ("not-stamped", "没有时间戳，无法证明签名时间。"),
        Fault::TimeStamp(source) => stamp(source),
        Fault::Certificate(source) => path(source),
        Fault::ChangedLater(_) => ("changed-later", "签名之后文件又被修改。"),
        _ => ("fault", "签名无效。"),
    };
    problem(code, zh, fault)
}

fn seal_problem(found: &SealProblem) -> Problem {
    let (code, zh) = match found {
        SealProblem::NotASeal => ("form", "这是没有印章的签名，不受支持。"),
        SealProblem::Algorithm(_) => ("algorithm", "使用的不是国密 SM2、SM3 算法。"),
        SealProblem::Altered(_) => ("changed", "盖章之后文件内容被改动。"),
        SealProblem::Absent(_) => ("changed", "盖章之后有文件被删除。"),
        SealProblem::Twice(_) => ("form", "同一文件被重复列出。"),
        SealProblem::Uncovered(_) => ("coverage", "包内有文件没有被印章覆盖。"),
        SealProblem::Description | SealProblem::Place(_) | SealProblem::SealFile => {
            ("changed", "盖章之后签章描述或印章被改动。")
        }
        SealProblem::Form(_) | SealProblem::Version => ("form", "签章数据不符合 GB/T 38540。"),
        SealProblem::Signature(_) => ("signature", "签名值不成立。"),
        SealProblem::SealSignature(_) => ("seal", "印章不是其所称的制章人制作的。"),
        SealProblem::NotListed => ("not-listed", "签章人无权使用这枚印章。"),
        SealProblem::SealNotValid => ("expired", "盖章时印章不在有效期内。"),
        SealProblem::Signer(source) | SealProblem::Maker(source) => path(source),
        SealProblem::TimeStamp(source) => stamp(source),
        SealProblem::Time => ("time", "盖章时间不合理。"),
        SealProblem::NoPage => ("place", "印章不在文件的任何一页上。"),
    };
    problem(code, zh, found)
}

fn path(error: &PathError) -> (&'static str, &'static str) {
    match error {
        PathError::Untrusted { .. } => ("untrusted", "证书不是由受信任的根签发的。"),
        PathError::NotYetValid { .. } => ("not-yet-valid", "签章时证书尚未生效。"),
        PathError::Expired { .. } => ("expired", "签章时证书已过期。"),
        PathError::Revoked { .. } => ("revoked", "签章时证书已被吊销。"),
        PathError::RevocationUnknown { .. } => ("revocation-unknown", "没有有效的吊销列表，无法判断证书是否已被吊销。"),
        _ => ("certificate", "证书不符合要求。"),
    }
}

fn stamp(error: &TimeStampError) -> (&'static str, &'static str) {
    match error {
        TimeStampError::Untrusted(PathError::Untrusted { .. }) => ("untrusted", "时间戳不是由受信任的机构签发的。"),
        _ => ("time-stamp", "时间戳不成立。"),
    }
}

fn change(change: &Change) -> Words {
    let zh = match change {
        Change::Nothing => "内容未变。",
        Change::Signatures => "增加了签名。",
        Change::ValidationData => "增加了验证数据，显示内容未变。",
        Change::Metadata => "改动了元数据，显示内容未变。",
        Change::Content { .. } => "改动了文件内容。",
        Change::Unreadable => "不属于任何版本，阅读器可能作任意解释。",
    };
    Words::new(zh, format!("{}.", capital(&change.to_string())))
}
