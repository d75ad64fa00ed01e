//! Checks seals, more strictly than readers do: whatever a seal does not cover is a fault.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, SystemTime},
};

use der::Decode;
use sha2::Sha256;
use sm3::{Digest, Sm3};
use x509_cert::Certificate;
use zhongtai_pki::{Algorithm, Trust, Usage, verify_time_stamp};

use crate::{
    ESeal, Location, OfdError, OfdReport, SealProblem, SealReport, SealTime, StampReport,
    entry::Entry,
    package::Package,
    ses::{self, SesSignature, TbsSign},
    signature::{List, ListEntry, Signature},
    unpack::unpack,
};

/// How far the signer's clock may be from that of the time stamping authority.
const CLOCKS_DIFFER: Duration = Duration::from_secs(10 * 60);

/// Checks all seals of a document, now.
///
/// # Errors
/// When the file is not an OFD document, is over a limit, or is one that readers would understand in different ways.
/// That a seal does not hold is no error: the report says so.
pub fn verify(ofd: &[u8], trust: &Trust) -> Result<OfdReport, OfdError> {
    verify_at(ofd, trust, SystemTime::now())
}

/// The same as if it were that time.
///
/// # Errors
/// As [`verify`].
pub fn verify_at(ofd: &[u8], trust: &Trust, now: SystemTime) -> Result<OfdReport, OfdError> {
    let package = unpack(ofd)?;
    let entry = Entry::read(&package)?;
    let Some(list_at) = entry.signatures() else {
        return Ok(OfdReport { seals: Vec::new() });
    };
    let list = List::read(list_at, &package)?;
    let pages = entry.pages(&package)?;
    // Once for all seals: each of them asks for all files and any page.
    let pages = pages.iter().enumerate().map(|(number, page)| (page.id.as_str(), number + 1)).collect();
    let digests = package.files().iter().map(|file| (&file.location, Sm3::digest(&file.data).into())).collect();
    let read = |entry: ListEntry| Signature::read(&entry.location, &package).map(|signature| (entry, signature));
    let signatures: Vec<(ListEntry, Signature)> = list.entries.into_iter().map(read).collect::<Result<_, _>>()?;
    let seals = signatures.iter().enumerate().map(|(number, (entry, signature))| {
        let later = signatures.get(number + 1..).unwrap_or_default();
        let package = &package;
        let (digests, pages) = (&digests, &pages);
        let check = Check { package, digests, list: list_at, pages, trust, now, entry, signature, later };
        check.report()
    });
    Ok(OfdReport { seals: seals.collect() })
}

/// One seal and all that it is checked against.
struct Check<'a> {
    package: &'a Package<'a>,
    /// SM3 of each file.
    digests: &'a BTreeMap<&'a Location, [u8; 32]>,
    list: &'a Location,
    /// Numbers, from 1, by identifier.
    pages: &'a BTreeMap<&'a str, usize>,
    trust: &'a Trust,
    now: SystemTime,
    entry: &'a ListEntry,
    signature: &'a Signature,
    later: &'a [(ListEntry, Signature)],
}

// === impl Check ===

impl Check<'_> {
    fn report(&self) -> SealReport {
        let mut report = SealReport::new(self.entry.location.clone());
        self.coverage(&mut report.problems);
        self.stamps(&mut report);
        if !self.signature.is_sm2() {
            report.problems.push(SealProblem::Algorithm(self.signature.method.clone()));
        }
        if !self.entry.is_seal {
            report.problems.push(SealProblem::NotASeal);
        } else if let Err(problem) = self.signed_value(&mut report) {
            report.problems.push(problem.into());
        }
        report
    }

    /// Every file is what was sealed, and every file was sealed.
    fn coverage(&self, problems: &mut Vec<SealProblem>) {
        if !self.signature.is_sm3() {
            problems.push(SealProblem::Algorithm(self.signature.check_method.clone()));
        }
        let mut covered = BTreeSet::new();
        for reference in &self.signature.references {
            let file = || reference.file.clone();
            match self.digests.get(&reference.file) {
                None => problems.push(SealProblem::Absent(file())),
                Some(digest) if *digest != *reference.digest => problems.push(SealProblem::Altered(file())),
                Some(_) => {}
            }
            if !covered.insert(&reference.file) {
                problems.push(SealProblem::Twice(file()));
            }
        }
        covered.extend(self.not_covered_by_nature());
        let files = self.digests.keys().copied().filter(|file| !covered.contains(file));
        problems.extend(files.cloned().map(SealProblem::Uncovered));
    }

    /// The list of seals, the two files that the signature itself makes, and what later seals added: those cover all
    /// of it but the list, and are checked themselves.
    fn not_covered_by_nature(&self) -> impl Iterator<Item = &Location> {
        let own = [self.list, &self.entry.location, &self.signature.signed_value];
        let later = self.later.iter().flat_map(|(entry, signature)| {
            [Some(&entry.location), Some(&signature.signed_value), signature.seal.as_ref()].into_iter().flatten()
        });
        own.into_iter().chain(later)
    }

    fn stamps(&self, report: &mut SealReport) {
        for stamp in &self.signature.stamps {
            let [x_mm, y_mm, width_mm, height_mm] = stamp.boundary;
            match self.pages.get(stamp.page.as_str()) {
                Some(&page) => report.stamps.push(StampReport { page, x_mm, y_mm, width_mm, height_mm }),
                None => report.problems.push(SealProblem::NoPage),
            }
        }
        if self.signature.stamps.is_empty() {
            report.problems.push(SealProblem::NoPage);
        }
    }

    /// `SES_Signature` (GB/T 38540, 7.3). What can't be read ends the check; all other faults are told together.
    fn signed_value(&self, report: &mut SealReport) -> Result<(), der::Error> {
        let Some(der) = self.package.get(&self.signature.signed_value) else {
            report.problems.push(SealProblem::Absent(self.signature.signed_value.clone()));
            return Ok(());
        };
        let value = SesSignature::from_der(der)?;
        let to_sign: TbsSign = value.to_sign.decode_as()?;
        let seal = ESeal::read(to_sign.eseal.clone())?;
        let signer = Certificate::from_der(value.cert.as_bytes())?;
        let maker = Certificate::from_der(seal.data.cert.as_bytes())?;
        report.seal = Some(seal.facts().clone());
        report.signer = Some(signer.tbs_certificate().subject().to_string());
        report.maker = Some(maker.tbs_certificate().subject().to_string());

        self.binding(&to_sign, &seal, report)?;
        signatures(&value, &signer, &seal, &maker, &mut report.problems);
        if !seal.lists(value.cert.as_bytes())? {
            report.problems.push(SealProblem::NotListed);
        }
        let claimed = to_sign.time_info.to_system_time();
        let time = self.time(&value, claimed, &mut report.problems);
        report.time = Some(time);
        if !seal.is_valid_at(time.at()) {
            report.problems.push(SealProblem::SealNotValid);
        }
        // Without a stamp, the signer might have written any time: certificates count as of now.
        let at = if let SealTime::Stamped(at) = time { at } else { self.now };
        let above = ses::read_path(to_sign.ext_datas.as_ref())?;
        if let Err(error) = self.trust.check(&signer, &above, at, Usage::DocumentSigning) {
            report.problems.push(SealProblem::Signer(error));
        }
        let above = ses::read_path(seal.info.ext_datas.as_ref())?;
        if let Err(error) = self.trust.check(&maker, &above, at, Usage::DocumentSigning) {
            report.problems.push(SealProblem::Maker(error));
        }
        if claimed < signer.tbs_certificate().validity().not_before.to_system_time() {
            report.problems.push(SealProblem::Time);
        }
        Ok(())
    }

    /// What was signed is this document's description, at its place, with this seal.
    fn binding(&self, to_sign: &TbsSign, seal: &ESeal, report: &mut SealReport) -> Result<(), der::Error> {
        let problems = &mut report.problems;
        let header = &seal.info.header;
        if to_sign.version != ses::VERSION || header.version != ses::VERSION || header.id.as_str() != ses::MAGIC {
            problems.push(SealProblem::Version);
        }
        let description = self.package.get(&self.entry.location).unwrap_or_default();
        if to_sign.data_hash.as_bytes() != Some(Sm3::digest(description).as_slice()) {
            problems.push(SealProblem::Description);
        }
        let place = to_sign.property_info.as_str();
        if place.trim_start_matches('/') != self.entry.location.as_str() {
            problems.push(SealProblem::Place(place.to_owned()));
        }
        if let Some(file) = &self.signature.seal {
            let der = der::Encode::to_der(&seal.data)?;
            if self.package.get(file) != Some(der.as_slice()) {
                problems.push(SealProblem::SealFile);
            }
        }
        Ok(())
    }

    fn time(&self, value: &SesSignature, claimed: SystemTime, problems: &mut Vec<SealProblem>) -> SealTime {
        let Some(token) = &value.time_stamp else {
            if claimed > self.now {
                problems.push(SealProblem::Time);
            }
            return SealTime::Claimed(claimed);
        };
        let imprint = Sha256::digest(value.signature.raw_bytes()).into();
        match verify_time_stamp(token.raw_bytes(), &imprint, self.trust) {
            Ok(stamped) => {
                let differ = stamped.duration_since(claimed).unwrap_or_else(|error| error.duration());
                if differ > CLOCKS_DIFFER || stamped > self.now {
                    problems.push(SealProblem::Time);
                }
                SealTime::Stamped(stamped)
            }
            Err(error) => {
                problems.push(SealProblem::TimeStamp(error));
                SealTime::Claimed(claimed)
            }
        }
    }
}

/// The signer's signature over what was sealed, and the maker's over the seal.
fn signatures(
    value: &SesSignature,
    signer: &Certificate,
    seal: &ESeal,
    maker: &Certificate,
    problems: &mut Vec<SealProblem>,
) {
    for named in [value.signature_alg_id, seal.data.sign_alg_id] {
        if named != ses::SM2_WITH_SM3 {
            problems.push(SealProblem::Algorithm(named.to_string()));
        }
    }
    let holds = |certificate: &Certificate, signed: &der::Any, signature: &der::asn1::BitString| {
        let message = der::Encode::to_der(signed).unwrap_or_default();
        let key = certificate.tbs_certificate().subject_public_key_info();
        zhongtai_pki::verify(key, Algorithm::Sm2Sm3, &message, signature.as_bytes().unwrap_or_default())
    };
    if let Err(error) = holds(signer, &value.to_sign, &value.signature) {
        problems.push(SealProblem::Signature(error));
    }
    if let Err(error) = holds(maker, &seal.data.info, &seal.data.signed_value) {
        problems.push(SealProblem::SealSignature(error));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use zhongtai_pki::{
        Credential, Profile, Subject,
        testing::{World, key},
    };

    use super::*;
    use crate::{Layout, Page, Picture, Placement, SealFacts, SealKind, seal::put, write};

    const DAY: Duration = Duration::from_secs(86_400);
    const PLACE: Placement = Placement { page: 1, x_mm: 10.0, y_mm: 10.0 };

    fn sheet() -> Vec<u8> {
        let page = Page { width_mm: 210.0, height_mm: 297.0, items: Vec::new() };
        let layout =
            Layout { title: String::new(), created: SystemTime::UNIX_EPOCH, pages: vec![page], fonts: Vec::new() };
        write(&layout).unwrap()
    }

    fn office() -> (World, Credential, ESeal) {
        let world = World::new(Algorithm::Sm2Sm3);
        let name = Subject::new("制章").unwrap();
        let maker = world.department.enrol(key(Algorithm::Sm2Sm3), &name, Profile::DocumentSigner, 1000).unwrap();
        let facts = SealFacts {
            id: "1".to_owned(),
            name: "章".to_owned(),
            kind: SealKind::Organisation,
            created: world.now(),
            valid_from: world.now(),
            valid_until: world.now() + DAY,
        };
        let picture = Picture { png: b"\x89PNG".to_vec(), width_mm: 40, height_mm: 40 };
        let seal = ESeal::make(&facts, &picture, &world.seal.chain[..1], &maker).unwrap();
        (world, maker, seal)
    }

    // `seal` refuses both; a forger's program would not.

    #[test]
    fn a_seal_used_by_one_whom_it_does_not_name_does_not_hold() {
        let (world, maker, seal) = office();
        let sealed = put(&sheet(), &seal, PLACE, &maker, Some(&world.stamper), world.now()).unwrap();
        let report = verify_at(&sealed, &world.trust(), world.now()).unwrap();
        assert!(matches!(report.seals[0].problems[..], [SealProblem::NotListed]), "{report:?}");
    }

    #[test]
    fn a_seal_used_after_its_validity_does_not_hold() {
        let (world, _, seal) = office();
        let at = world.now() + 2 * DAY;
        let sealed = put(&sheet(), &seal, PLACE, &world.seal, None, at).unwrap();
        let report = verify_at(&sealed, &world.trust(), at).unwrap();
        assert!(matches!(report.seals[0].problems[..], [SealProblem::SealNotValid]), "{report:?}");
    }

    #[test]
    fn a_seal_that_says_it_is_older_than_its_certificate_does_not_hold() {
        let (world, _, seal) = office();
        let sealed = put(&sheet(), &seal, PLACE, &world.seal, None, world.now() - DAY).unwrap();
        let report = verify_at(&sealed, &world.trust(), world.now()).unwrap();
        assert!(matches!(report.seals[0].problems[..], [SealProblem::SealNotValid, SealProblem::Time]), "{report:?}");
    }
}
