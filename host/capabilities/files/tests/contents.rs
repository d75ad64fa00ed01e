//! What is in a file: wrong types, bombs, and archives that lead out of themselves.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that can't go on must stop")]

mod support;

use bytes::Bytes;
use support::{Place, archive};
use zhongtai_cap_files::{
    ArchiveLimits, FileKind, FilesConfig, FilesError, NewFile, UnsafeContent,
    contract::{store, wanted},
};
use zhongtai_test_tools::{python, tool};

fn any_kind() -> NewFile {
    NewFile { kinds: FileKind::ALL.to_vec(), max_bytes: 64 << 20, ..wanted("441802-chengguan/pothole", "1") }
}

async fn kind_of(content: Bytes) -> Result<FileKind, FilesError> {
    Ok(store(&Place::sqlite().await.host(), any_kind(), &content).await?.kind)
}

async fn refused(content: Bytes) -> UnsafeContent {
    let place = Place::sqlite().await;
    match store(&place.host(), any_kind(), &content).await {
        Err(FilesError::Unsafe(why)) => {
            assert!(place.on_disk().is_empty(), "nothing of it stays");
            why
        }
        other => panic!("{other:?}"),
    }
}

/// What a Python program writes to its standard output.
fn made(program: &str) -> Bytes {
    let out = python().args(["-c", program]).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    out.stdout.into()
}

/// An archive made by Python's `zipfile`, whose entries `body` writes to `z`.
fn zipfile(body: &str) -> Bytes {
    let program = format!(
        "import sys, io, zipfile\nout = io.BytesIO()\nz = zipfile.ZipFile(out, 'w', zipfile.ZIP_DEFLATED)\n{body}\n\
         z.close()\nsys.stdout.buffer.write(out.getvalue())"
    );
    made(&program)
}

/// A PNG that says it has this many pixels.
fn png(width: u32, height: u32) -> Bytes {
    let program = format!(
        "import sys, struct, zlib\n\
         chunk = lambda kind, data: struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))\n\
         head = struct.pack('>IIBBBBB', {width}, {height}, 8, 0, 0, 0, 0)\n\
         sys.stdout.buffer.write(b'\\x89PNG\\r\\n\\x1a\\n' + chunk(b'IHDR', head) + chunk(b'IDAT', zlib.compress(bytes(1000))) + chunk(b'IEND', b''))"
    );
    made(&program)
}

#[tokio::test]
async fn a_kind_is_told_by_the_content() {
    let word: &[(&str, &[u8])] = &[("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<w:document/>")];
    let excel: &[(&str, &[u8])] = &[("[Content_Types].xml", b"<Types/>"), ("xl/workbook.xml", b"<workbook/>")];
    let ofd: &[(&str, &[u8])] = &[("OFD.xml", b"<ofd:OFD/>"), ("Doc_0/Document.xml", b"<x/>")];
    assert_eq!(kind_of(archive(word)).await.unwrap(), FileKind::Docx);
    assert_eq!(kind_of(archive(excel)).await.unwrap(), FileKind::Xlsx);
    assert_eq!(kind_of(archive(ofd)).await.unwrap(), FileKind::Ofd);
    assert_eq!(kind_of(archive(&[("a.txt", b"a")])).await.unwrap(), FileKind::Zip);
    assert_eq!(kind_of(png(10, 10)).await.unwrap(), FileKind::Png);
    assert_eq!(kind_of(zipfile("z.writestr('图纸/平面图.txt', 'x')")).await.unwrap(), FileKind::Zip);
}

#[tokio::test]
async fn a_pdf_and_an_image_that_other_programs_made_are_taken() {
    let dir = tempfile::tempdir().unwrap();
    let program = "import sys, io\nfrom pyhanko.pdf_utils.writer import PdfFileWriter\n\
                   from pyhanko.pdf_utils.content import RawContent\nfrom pyhanko.pdf_utils.writer import PageObject\n\
                   w = PdfFileWriter()\nfrom pyhanko.pdf_utils import generic\n\
                   s = w.add_object(generic.StreamObject(stream_data=b''))\n\
                   w.insert_page(PageObject(contents=s, media_box=(0, 0, 200, 200)))\nout = io.BytesIO()\nw.write(out)\nsys.stdout.buffer.write(out.getvalue())";
    let pdf = made(program);
    let path = dir.path().join("page.pdf");
    std::fs::write(&path, &pdf).unwrap();
    assert_eq!(kind_of(pdf).await.unwrap(), FileKind::Pdf);
    let drawn = tool("pdftoppm").args(["-jpeg", "-r", "20"]).arg(&path).arg(dir.path().join("page")).status().unwrap();
    assert!(drawn.success());
    let jpeg = std::fs::read(dir.path().join("page-1.jpg")).unwrap();
    assert_eq!(kind_of(jpeg.into()).await.unwrap(), FileKind::Jpeg);
}

#[tokio::test]
async fn what_is_of_no_wanted_kind_is_refused_whatever_its_sender_says() {
    let place = Place::sqlite().await;
    let host = place.host();
    let pdf_only = || wanted("441802-chengguan/pothole", "1");
    let contents: [&[u8]; 8] = [
        b"",
        b"%PD",
        b"MZ\x90\0 a program for Windows",
        b"\x7fELF a program for Linux",
        b"<html><script>alert(1)</script></html>",
        b"#!/bin/sh\nrm -rf /\n            ",
        b" %PDF-1.7 not at its beginning",
        b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR",
    ];
    for content in contents {
        let error = store(&host, pdf_only(), &Bytes::from_static(content)).await.unwrap_err();
        assert!(matches!(error, FilesError::WrongKind { .. }), "{content:?}: {error}");
        assert_eq!(error.to_string(), "the content is not of a wanted kind: expected pdf");
    }
    let word_only = NewFile { kinds: vec![FileKind::Docx], ..pdf_only() };
    let error = store(&host, word_only, &archive(&[("a.txt", b"a")])).await.unwrap_err();
    assert!(matches!(error, FilesError::WrongKind { .. }), "an archive, but no text: {error}");
    assert!(place.on_disk().is_empty());
    let config = FilesConfig { kinds: vec![FileKind::Pdf], ..FilesConfig::default() };
    let error = store(&place.host_with(config), any_kind(), &png(1, 1)).await.unwrap_err();
    assert!(matches!(error, FilesError::KindsNotTaken));
}

#[tokio::test]
async fn an_archive_that_unpacks_to_a_hundred_times_its_size_is_refused() {
    let bomb = archive(&[("zeros", &vec![0; 40 << 20])]);
    assert!(bomb.len() < 100_000, "{}", bomb.len());
    assert_eq!(refused(bomb).await, UnsafeContent::Unpacked);
    assert_eq!(kind_of(archive(&[("zeros", &vec![0; 9 << 20])])).await.unwrap(), FileKind::Zip, "10 MiB harm nobody");
}

#[tokio::test]
async fn a_size_that_an_entry_lies_about_does_not_matter() {
    // The central directory and the local header say that 40 MiB of zeros are 5 bytes.
    let lie = "z.writestr('a', bytes(40 << 20))\nz.close()\ndata = bytearray(out.getvalue())\n\
               import struct\nlocal = data.index(b'PK\\x03\\x04')\ncentral = data.rindex(b'PK\\x01\\x02')\n\
               struct.pack_into('<I', data, local + 22, 5)\nstruct.pack_into('<I', data, central + 24, 5)\n\
               sys.stdout.buffer.write(data)\nsys.exit()";
    assert!(matches!(refused(zipfile(lie)).await, UnsafeContent::Unpacked | UnsafeContent::Broken));
}

#[tokio::test]
async fn a_bomb_whose_entries_share_their_bytes_is_refused() {
    // Every entry of the directory points to the same compressed bytes (Fifield 2019).
    let shared = "z.writestr('a', bytes(2 << 20))\nz.close()\ndata = out.getvalue()\nimport struct\n\
                  central = data.rindex(b'PK\\x01\\x02')\nend = data.rindex(b'PK\\x05\\x06')\nentry = data[central:end]\n\
                  many = b''.join(entry[:46] + bytes([97 + n % 26]) for n in range(26))\n\
                  tail = struct.pack('<IHHHHIIH', 0x06054b50, 0, 0, 26, 26, len(many), central, 0)\n\
                  sys.stdout.buffer.write(data[:central] + many + tail)\nsys.exit()";
    assert!(matches!(refused(zipfile(shared)).await, UnsafeContent::Broken | UnsafeContent::Unpacked));
}

#[tokio::test]
async fn an_archive_of_too_many_entries_is_refused_before_its_directory_is_read() {
    let many = zipfile("for n in range(10001): z.writestr(str(n), '')");
    assert_eq!(refused(many).await, UnsafeContent::Entries);
    let more_than_it_says = zipfile(
        "for n in range(50): z.writestr(str(n), '')\nz.close()\ndata = bytearray(out.getvalue())\n\
         end = data.rindex(b'PK\\x05\\x06')\ndata[end+8:end+12] = b'\\x05\\x00\\x05\\x00'\n\
         sys.stdout.buffer.write(data)\nsys.exit()",
    );
    assert!(matches!(refused(more_than_it_says).await, UnsafeContent::Broken));
    let zip64 = zipfile(
        "z.writestr('a', '')\nz.close()\ndata = bytearray(out.getvalue())\nend = data.rindex(b'PK\\x05\\x06')\n\
         data[end+8:end+12] = b'\\xff\\xff\\xff\\xff'\nsys.stdout.buffer.write(data)\nsys.exit()",
    );
    assert_eq!(refused(zip64).await, UnsafeContent::Entries);
}

#[tokio::test]
async fn archives_in_archives_are_taken_one_deep_and_only_where_they_can_be_examined() {
    let inner = archive(&[("a.txt", b"a")]);
    let one = archive(&[("embedded.xlsx", &inner)]);
    assert_eq!(kind_of(one.clone()).await.unwrap(), FileKind::Zip);
    assert_eq!(refused(archive(&[("deeper.zip", &one)])).await, UnsafeContent::Nested);
    let bomb = archive(&[("zeros", &vec![0; 12 << 20])]);
    assert_eq!(refused(archive(&[("b.dat", &bomb)])).await, UnsafeContent::Unpacked, "whatever it is called");
    for (name, head) in [
        ("a.gz", b"\x1f\x8b\x08\0\0\0\0\0".as_slice()),
        ("a.7z", b"7z\xbc\xaf\x27\x1c\0\x04"),
        ("a.rar", b"Rar!\x1a\x07\0"),
        ("a.txt", b"BZh91AY&SY"),
        ("a.xz", b"\xfd7zXZ\0\0\0"),
    ] {
        assert_eq!(refused(archive(&[(name, head)])).await, UnsafeContent::Nested, "{name}");
    }
    let none = FilesConfig { archive: ArchiveLimits { nesting: 0, ..ArchiveLimits::default() }, ..Default::default() };
    let error = store(&Place::sqlite().await.host_with(none), any_kind(), &one).await.unwrap_err();
    assert!(matches!(error, FilesError::Unsafe(UnsafeContent::Nested)));
}

#[tokio::test]
async fn an_entry_that_leads_out_of_the_archive_is_refused() {
    for name in [
        "../../etc/passwd",
        "/etc/passwd",
        "a/../../b",
        "..\\\\..\\\\windows",
        "C:/x",
        "C:x",
        "\\\\\\\\host\\\\x",
        "a\\nb",
    ] {
        let body = format!("i = zipfile.ZipInfo('x')\ni.filename = '{name}'\nz.writestr(i, 'x')");
        assert_eq!(refused(zipfile(&body)).await, UnsafeContent::Escapes, "{name}");
    }
    let link = "i = zipfile.ZipInfo('link')\ni.create_system = 3\ni.external_attr = 0o120777 << 16\nz.writestr(i, '/etc/passwd')";
    assert_eq!(refused(zipfile(link)).await, UnsafeContent::Escapes);
}

#[tokio::test]
async fn an_archive_that_is_encrypted_broken_or_two_at_once_is_refused() {
    let encrypted = zipfile(
        "z.writestr('a', 'abc')\nz.close()\ndata = bytearray(out.getvalue())\n\
         data[data.index(b'PK\\x03\\x04') + 6] |= 1\ndata[data.rindex(b'PK\\x01\\x02') + 8] |= 1\n\
         sys.stdout.buffer.write(data)\nsys.exit()",
    );
    assert_eq!(refused(encrypted).await, UnsafeContent::Encrypted);
    let good = archive(&[("a.txt", "内容".repeat(1_000).as_bytes())]);
    assert_eq!(refused(good.slice(..good.len() - 10)).await, UnsafeContent::Broken, "cut");
    let mut flipped = good.to_vec();
    flipped[45] ^= 0xff;
    assert_eq!(refused(flipped.into()).await, UnsafeContent::Broken, "its checksum");
    assert_eq!(refused([&good[..], b"more"].concat().into()).await, UnsafeContent::Broken, "something behind it");
    let differs = zipfile(
        "z.writestr('harmless.txt', 'x')\nz.close()\ndata = out.getvalue().replace(b'harmless.txt', b'invoices.exe', 1)\n\
         sys.stdout.buffer.write(data)\nsys.exit()",
    );
    assert_eq!(refused(differs).await, UnsafeContent::Broken, "local and central names differ");
    let twice = zipfile("z.writestr('a.txt', 'shown to one')\nz.writestr('a.txt', 'shown to another')");
    assert_eq!(refused(twice).await, UnsafeContent::Broken, "two entries of one name");
}

#[tokio::test]
async fn an_image_of_too_many_pixels_is_refused_however_small_it_is() {
    let bomb = png(50_000, 50_000);
    assert!(bomb.len() < 1_000);
    assert_eq!(refused(bomb).await, UnsafeContent::Pixels);
    assert_eq!(kind_of(png(10_000, 10_000)).await.unwrap(), FileKind::Png);
    assert_eq!(refused(Bytes::from_static(b"\xff\xd8\xff\xe0\0\x10JFIF\0 and no image")).await, UnsafeContent::Broken);
    assert_eq!(refused(Bytes::from_static(b"\x89PNG\r\n\x1a\n\0\0\0\x0d")).await, UnsafeContent::Broken);
}
