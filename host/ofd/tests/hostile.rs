//! Packages made to do harm: each is refused with an error that says why, in bounded time and memory.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that can't go on must stop")]

mod support;

use std::{
    io::Write,
    time::{Duration, Instant},
};

use rawzip::{CompressionMethod, DataDescriptorOutput, ZipArchiveWriter};
use support::{Files, Office, changed, files, pack, permit};
use zhongtai_kernel::ErrorKind;
use zhongtai_ofd::{OfdError, verify, write};
use zhongtai_pki::Trust;

fn refusal(ofd: &[u8]) -> OfdError {
    let began = Instant::now();
    let refused = verify(ofd, &Trust::default()).unwrap_err();
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    refused
}

fn with(name: &str, data: &[u8]) -> Vec<u8> {
    changed(&write(&permit()).unwrap(), |files| files.push((name.to_owned(), data.to_vec())))
}

fn document(text: &str) -> Vec<u8> {
    pack(&vec![("OFD.xml".to_owned(), text.as_bytes().to_vec())])
}

/// The package with other bytes where `from` first stands, or everywhere.
fn bytes(ofd: &[u8], from: &[u8], to: &[u8], everywhere: bool) -> Vec<u8> {
    let mut ofd = ofd.to_vec();
    let places: Vec<usize> =
        ofd.windows(from.len()).enumerate().filter(|(_, one)| *one == from).map(|(at, _)| at).collect();
    assert!(!places.is_empty());
    for at in places.into_iter().take(if everywhere { usize::MAX } else { 1 }) {
        ofd[at..at + to.len()].copy_from_slice(to);
    }
    ofd
}

#[test]
fn what_is_no_package_is_refused() {
    let whole = write(&permit()).unwrap();
    for ofd in [&b""[..], b"PK", b"%PDF-1.7", &whole[..whole.len() - 1], &whole[..whole.len() / 2]] {
        assert_eq!(refusal(ofd).kind(), ErrorKind::Invalid);
    }
}

#[test]
fn bytes_that_belong_to_no_entry_are_refused() {
    let whole = write(&permit()).unwrap();
    let behind = [whole.as_slice(), b"more"].concat();
    assert_eq!(refusal(&behind).to_string(), "the package is refused: bytes stand behind its end");
    let before = [b"#!/bin/sh\n".as_slice(), &whole].concat();
    assert!(refusal(&before).to_string().starts_with("the package is refused: "), "{}", refusal(&before));
}

#[test]
fn a_comment_behind_the_package_is_refused() {
    let mut zip = ZipArchiveWriter::new(Vec::new());
    zip.set_comment("%PDF-1.7".as_bytes());
    let ofd = zip.finish().unwrap();
    assert_eq!(refusal(&ofd).to_string(), "the package is refused: bytes stand behind its end");
}

#[test]
fn a_path_out_of_the_package_is_refused() {
    for name in ["Doc_0/../../etc/passwd", "C:evil", "Doc_0\\evil", "Doc_0/./a", "a\u{1}b"] {
        let told = refusal(&named(name)).to_string();
        assert!(told.ends_with("its name is no path inside of the package"), "{name:?}: {told}");
    }
}

/// A package with an entry of this name, whatever the writer thinks of it.
fn named(name: &str) -> Vec<u8> {
    let stand_in = "x".repeat(name.len());
    bytes(&with(&stand_in, b"evil"), stand_in.as_bytes(), name.as_bytes(), true)
}

#[test]
fn a_name_that_is_not_utf_8_is_refused() {
    let ofd = bytes(&with("xxxx", b"evil"), b"xxxx", b"\xb9\xab\xd5\xc2", true);
    assert!(refusal(&ofd).to_string().ends_with("its name is no path inside of the package"));
}

#[test]
fn two_files_of_one_name_are_refused() {
    for name in ["OFD.xml", "ofd.XML"] {
        let told = refusal(&with(name, b"<evil/>")).to_string();
        assert_eq!(told, format!("the package's entry {name:?} is refused: there is another of that name"));
    }
}

#[test]
fn an_entry_with_two_names_is_refused() {
    let ofd = bytes(&with("Doc_0/aaaa", b"evil"), b"Doc_0/aaaa", b"Doc_0/bbbb", false);
    assert!(refusal(&ofd).to_string().ends_with("it has another name where its data begins"));
}

#[test]
fn damaged_data_are_refused() {
    let ofd = with("Doc_0/data", &[b'a'; 4000]);
    let at = ofd.windows(10).position(|one| one == b"Doc_0/data").unwrap() + 10;
    let mut damaged = ofd.clone();
    damaged[at + 4] ^= 0xff;
    assert!(refusal(&damaged).to_string().contains("Doc_0/data"), "{}", refusal(&damaged));
}

/// Where the directory and its end record begin.
fn marks(ofd: &[u8]) -> (usize, usize) {
    let last = |mark: &[u8]| ofd.windows(4).rposition(|one| one == mark).unwrap();
    (last(b"PK\x01\x02"), last(b"PK\x05\x06"))
}

#[test]
fn entries_that_share_their_data_are_refused() {
    // An entry inside of another's data, which the directory lists too: how small bombs grow.
    let inner = pack(&vec![("bbbb".to_owned(), vec![1; 100])]);
    let (directory, end) = marks(&inner);
    let mut listed = inner[directory..end].to_vec();
    let mut zip = ZipArchiveWriter::new(Vec::new());
    let (mut entry, config) = zip.new_file("aaaa").compression_method(CompressionMethod::STORE).start().unwrap();
    let mut writer = config.wrap(&mut entry);
    writer.write_all(&inner[..directory]).unwrap();
    let (_, descriptor) = writer.finish().unwrap();
    entry.finish(descriptor).unwrap();
    let outer = zip.finish().unwrap();

    let at = outer.windows(4).position(|one| one == b"bbbb").unwrap() - 30;
    listed[42..46].copy_from_slice(&u32::try_from(at).unwrap().to_le_bytes());
    let (directory, end) = marks(&outer);
    let mut record = outer[end..].to_vec();
    record[8] = 2;
    record[10] = 2;
    let length = u32::try_from(end - directory + listed.len()).unwrap();
    record[12..16].copy_from_slice(&length.to_le_bytes());
    let shared = [&outer[..end], &listed, &record].concat();
    let told = refusal(&shared).to_string();
    assert_eq!(told, "the package is refused: its entries overlap, or bytes stand between them");
}

#[test]
fn bombs_are_refused_before_they_go_off() {
    let deep = refusal(&with("Doc_0/bomb", &vec![0; 8 << 20]));
    assert_eq!(deep.to_string(), "the package has a file that is too many times larger than packed, more than 250");
    assert_eq!(deep.kind(), ErrorKind::TooLarge);
    let noise = |length: usize| -> Vec<u8> {
        // Packs to a fiftieth.
        (0..length).map(|at| u8::try_from((at / 37 * 7919 + at / 1009) % 251).unwrap()).collect()
    };
    let long = refusal(&with("Doc_0/long", &noise((64 << 20) + 1)));
    assert_eq!(long.to_string(), "the package has a file of too many bytes, more than 67108864");
}

#[test]
fn a_size_that_is_not_the_size_is_refused() {
    // Says 10 bytes everywhere, holds 4000.
    let ofd = with("Doc_0/data", &[b'a'; 4000]);
    let lying = bytes(&ofd, &4000_u32.to_le_bytes(), &10_u32.to_le_bytes(), true);
    assert!(refusal(&lying).to_string().ends_with("its data are damaged"), "{}", refusal(&lying));
}

#[test]
fn many_large_files_are_refused_before_one_is_unpacked() {
    let claimed = 60_u64 << 20;
    let mut zip = ZipArchiveWriter::new(Vec::new());
    for number in 0..5 {
        let (mut entry, _) = zip.new_file(format!("f{number}")).start().unwrap();
        entry.write_all(&vec![number; 300_000]).unwrap();
        entry.finish(DataDescriptorOutput::new(0, claimed)).unwrap();
    }
    let refused = refusal(&zip.finish().unwrap());
    assert_eq!(refused.to_string(), "the package has too many bytes, more than 268435456");
    assert_eq!(refused.kind(), ErrorKind::TooLarge);
}

#[test]
fn bytes_behind_packed_data_are_refused() {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(b"data").unwrap();
    let mut packed = encoder.finish().unwrap();
    packed.extend(b"hidden");
    let mut crc = flate2::Crc::new();
    crc.update(b"data");
    let mut zip = ZipArchiveWriter::new(Vec::new());
    let (mut entry, _) = zip.new_file("a").compression_method(CompressionMethod::DEFLATE).start().unwrap();
    entry.write_all(&packed).unwrap();
    entry.finish(DataDescriptorOutput::new(crc.sum(), 4)).unwrap();
    let told = refusal(&zip.finish().unwrap()).to_string();
    assert_eq!(told, "the package's entry \"a\" is refused: its data are damaged");
}

#[test]
fn a_size_behind_the_data_that_is_not_the_size_is_refused() {
    let mut ofd = write(&permit()).unwrap();
    let descriptor = ofd.windows(4).position(|one| one == b"PK\x07\x08").unwrap();
    ofd[descriptor + 12] ^= 1;
    let told = refusal(&ofd).to_string();
    assert_eq!(told, "the package's entry \"OFD.xml\" is refused: its size behind its data is not its size");
}

#[test]
fn a_wrong_count_of_entries_is_refused() {
    let mut ofd = write(&permit()).unwrap();
    let (_, end) = marks(&ofd);
    ofd[end + 8] -= 1;
    ofd[end + 10] -= 1;
    let told = refusal(&ofd).to_string();
    assert_eq!(told, "the package is refused: its directory does not have as many entries as it says");
}

#[test]
fn an_encrypted_entry_is_refused() {
    let mut ofd = with("Doc_0/secret", b"secret");
    let places: Vec<usize> =
        ofd.windows(12).enumerate().filter(|(_, one)| one == b"Doc_0/secret").map(|(at, _)| at).collect();
    // The flags of the entry's own header and of the directory's.
    ofd[places[0] - 30 + 6] |= 1;
    ofd[places[1] - 46 + 8] |= 1;
    assert_eq!(refusal(&ofd).to_string(), "the package's entry \"Doc_0/secret\" is refused: it is encrypted");
}

#[test]
fn ten_thousand_files_are_too_many() {
    let many: Files = (0..10_001).map(|number| (format!("f{number}"), Vec::new())).collect();
    assert_eq!(refusal(&pack(&many)).to_string(), "the package has too many files, more than 10000");
}

#[test]
fn entities_are_never_expanded() {
    let text = concat!(
        r#"<!DOCTYPE o [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>"#,
        r#"<o:OFD xmlns:o="http://www.ofdspec.org/2016">&b;</o:OFD>"#
    );
    assert_eq!(refusal(&document(text)).to_string(), "OFD.xml is not well-formed: XML with DTD detected");
}

#[test]
fn deep_and_wide_trees_are_refused() {
    let deep = format!("{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000));
    assert_eq!(refusal(&document(&deep)).kind(), ErrorKind::Invalid);
    let many: String = (0..200_001).map(|number| format!("<a{number}/>")).collect();
    let wide = document(&format!(r#"<o:OFD xmlns:o="http://www.ofdspec.org/2016">{many}</o:OFD>"#));
    assert_eq!(refusal(&wide).to_string(), "OFD.xml is not well-formed: nodes limit reached");
}

#[test]
fn a_document_that_is_not_ofd_is_refused() {
    let cases = [
        ("", "OFD.xml is not well-formed"),
        ("<OFD/>", "OFD.xml: another root element than OFD asks for"),
        ("<o:OFD xmlns:o='http://www.ofdspec.org/2016'/>", "OFD.xml: an element is missing that OFD asks for"),
        (
            "<o:OFD xmlns:o='http://www.ofdspec.org/2016'><o:DocBody/><o:DocBody/></o:OFD>",
            "OFD.xml: an element stands twice where OFD has it once",
        ),
        (
            "<o:OFD xmlns:o='http://www.ofdspec.org/2016'><o:DocBody><o:DocRoot>../a</o:DocRoot></o:DocBody></o:OFD>",
            "OFD.xml: a path leads out of the package",
        ),
        (
            "<o:OFD xmlns:o='http://www.ofdspec.org/2016'><o:DocBody><o:DocRoot>a<!-- b -->c</o:DocRoot></o:DocBody></o:OFD>",
            "OFD.xml: something stands in a text that is no text",
        ),
    ];
    for (text, told) in cases {
        let refused = refusal(&document(text)).to_string();
        assert!(refused.starts_with(told), "{refused}");
    }
    assert_eq!(refusal(&pack(&vec![("a".to_owned(), Vec::new())])).to_string(), "the package has no OFD.xml");
    let none = pack(&vec![("OFD.xml".to_owned(), b"\xff\xfe".to_vec())]);
    assert_eq!(refusal(&none).to_string(), "OFD.xml: not UTF-8");
}

#[test]
fn a_list_of_seals_with_something_else_in_it_is_refused() {
    let sealed = Office::new().sealed();
    let list = "Doc_0/Signs/Signatures.xml";
    let hidden = support::replaced(&sealed, list, "</ofd:Signatures>", "<ofd:Extra/></ofd:Signatures>");
    assert_eq!(refusal(&hidden).to_string(), format!("{list}: the list of signatures has something else in it"));
    let gone = changed(&sealed, |files| files.retain(|(name, _)| name != list));
    assert_eq!(refusal(&gone).to_string(), format!("the package has no {list}"));
}

#[test]
fn a_document_has_at_most_fifty_seals() {
    let office = Office::new();
    let list = "Doc_0/Signs/Signatures.xml";
    let entry = |number| format!(r#"<ofd:Signature ID="{number}" BaseLoc="/Doc_0/Signs/S{number}.xml"/>"#);
    let filled = |count: u32| {
        let more = (100..100 + count).map(entry).collect::<String>() + "</ofd:Signatures>";
        support::replaced(&office.sealed(), list, "</ofd:Signatures>", &more)
    };
    assert_eq!(refusal(&filled(50)).to_string(), "the package has too many seals, more than 50");
    assert_eq!(refusal(&filled(49)).to_string(), "the package has no Doc_0/Signs/S100.xml");
    let full = changed(&filled(49), |files| {
        let (_, signature) = files.iter().find(|(name, _)| name.ends_with("/Signature.xml")).unwrap().clone();
        files.extend((100..149).map(|number| (format!("Doc_0/Signs/S{number}.xml"), signature.clone())));
    });
    let refused = office.seal_on(&full).unwrap_err();
    assert_eq!(refused.to_string(), "the package has as many seals as it can have, more than 49");
    assert_eq!(refused.kind(), ErrorKind::TooLarge);
}

#[test]
fn any_cut_or_flip_of_a_sealed_document_is_survived() {
    let office = Office::new();
    let sealed = office.sealed();
    let small = changed(&sealed, |files| files.retain(|(name, _)| !name.ends_with(".ttf")));
    assert!(!verify(&small, &office.world.trust()).unwrap().is_valid());
    assert!(files(&small).len() > 5);
    for at in (0..small.len()).step_by(197) {
        let mut flipped = small.clone();
        flipped[at] ^= 0x41;
        if let Ok(report) = verify(&flipped, &office.world.trust()) {
            assert!(!report.is_valid(), "byte {at}");
        }
        assert!(verify(&small[..at], &office.world.trust()).is_err(), "cut at {at}");
    }
}
