//! A disk that fills up under the audit log of a real host, and has room again.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "only tests use it")]

mod support;

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};
use support::{
    Place, Plugin, Reply,
    counter::{Counter, WANG, error, issue},
    eventually,
};
use zhongtai_e2e::{Host, Setup};

/// A file system of 4 MiB at a folder, which nobody sees but who enters its name space. It goes with this value.
struct SmallDisk {
    holder: Child,
    folder: PathBuf,
}

// === impl SmallDisk ===

impl SmallDisk {
    fn mount(folder: &Path) -> Self {
        fs::create_dir_all(folder).unwrap();
        let script = "mount -t tmpfs -o size=4m,mode=0700 none \"$0\" && echo mounted && exec sleep infinity";
        let mut holder = Command::new("unshare")
            .args(["--user", "--map-root-user", "--mount", "sh", "-c", script])
            .arg(folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        BufReader::new(holder.stdout.take().unwrap()).read_line(&mut said).unwrap();
        assert_eq!(said, "mounted\n", "user name spaces are needed to mount a small file system");
        Self { holder, folder: folder.to_owned() }
    }

    /// What starts a program that sees the file system.
    fn enter(&self) -> Vec<String> {
        let target = self.holder.id().to_string();
        ["nsenter", "--target", &target, "--user", "--preserve-credentials", "--mount"].map(str::to_owned).into()
    }

    /// A file of it, from outside.
    fn file(&self, name: &str) -> PathBuf {
        let inside = self.folder.strip_prefix("/").unwrap().join(name);
        Path::new("/proc").join(self.holder.id().to_string()).join("root").join(inside)
    }

    /// Takes all that is left, so that not one more byte fits.
    fn fill(&self) {
        let mut filler = fs::File::create(self.file("filler")).unwrap();
        while filler.write(&[0; 512]).is_ok() {}
    }

    fn clear(&self) {
        fs::remove_file(self.file("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

/// A host whose audit log lies on a small disk, with a scenario that reads and one that writes.
fn place(config: &str) -> (Place, SmallDisk) {
    let mut disk = None;
    let place = Place::start_with(|setup: &mut Setup, _| {
        let small = SmallDisk::mount(&setup.data.join("audit"));
        setup.within = small.enter();
        setup.config = config.to_owned();
        disk = Some(small);
    });
    place.install(&Plugin::fixture("hello"));
    place.install(&Plugin::fixture("hostile"));
    (place, disk.unwrap())
}

async fn read(place: &Place) -> Reply {
    place.get("/s/441802-test/hello/").await
}

async fn write(place: &Place) -> Reply {
    Reply::of(place.http.post(place.public("/s/441802-test/hostile/keep"))).await
}

/// Fills the disk and asks until the log has noticed.
async fn fill(place: &Place, disk: &SmallDisk) {
    disk.fill();
    eventually("the host is not ready", async || {
        read(place).await;
        (place.get("/readyz").await.status == 503).then_some(())
    })
    .await;
}

#[tokio::test]
async fn with_a_full_disk_nothing_happens_that_can_not_be_recorded_and_room_brings_all_back() {
    let (mut place, disk) = place("");
    assert_eq!((read(&place).await.status, write(&place).await.status), (200, 200));
    fill(&place, &disk).await;

    let refused = read(&place).await;
    assert_eq!(refused.status, 503, "{refused:?}");
    assert!(refused.body.contains("audit-unavailable"), "{refused:?}");
    assert_eq!(write(&place).await.status, 503);
    let refused = place.refused(&["grant", "remove", "441802-test/hello", "credit"]);
    assert!(refused.contains("audit"), "{refused}");

    let setup = place.host.setup().clone();
    place.host.kill();
    disk.clear();
    place.host = Host::start(&setup).unwrap();
    assert_eq!((read(&place).await.status, write(&place).await.status), (200, 200));
    assert!(place.zt(&["grant", "list", "441802-test/hello"]).contains("credit"), "what was refused was not done");
    verified(&place);
}

#[tokio::test]
async fn a_host_that_is_told_to_serves_reads_with_a_full_disk_and_counts_them() {
    let (place, disk) = place("[audit]\nwhen_unwritable = \"serve-reads\"");
    fill(&place, &disk).await;

    assert_eq!(read(&place).await.status, 200);
    let refused = write(&place).await;
    assert_ne!(refused.status, 200, "{refused:?}");
    let refused = place.refused(&["grant", "remove", "441802-test/hello", "credit"]);
    assert!(refused.contains("audit"), "{refused}");
    let metrics = Reply::of(place.http.get(format!("{}/metrics", place.host.admin))).await.body;
    let counted = metrics.lines().find_map(|line| line.strip_prefix("zhongtai_audit_unrecorded_total "));
    assert!(counted.unwrap().parse::<u64>().unwrap() > 0, "{metrics}");
}

/// The same at the platform's own API and through the newer capabilities: what reads is by the schema, not by a list.
#[tokio::test]
async fn certificates_files_and_evidence_keep_to_the_same_mode() {
    for (config, reads, told) in
        [("", 503, "audit-unavailable"), ("[audit]\nwhen_unwritable = \"serve-reads\"", 200, "valid")]
    {
        let mut disk = None;
        let counter = Counter::open_with(|setup, _| {
            let small = SmallDisk::mount(&setup.data.join("audit"));
            setup.within = small.enter();
            setup.config = config.to_owned();
            disk = Some(small);
        });
        let (place, disk) = (&counter.place, disk.unwrap());
        place.install(&Plugin::fixture("hello"));
        place.install(&Plugin::fixture("materials"));
        let permit = counter.permit("permit-1").await;
        let verify = json!({ "number": permit["number"], "purpose": "loan" });
        let token = place.data("wang.token").trim().to_owned();
        let list = async |path: &str| {
            let url = place.public(&format!("/s/441802-test/materials/cases/2026-1/{path}"));
            let request = if path == "ticket" { place.http.post(url) } else { place.http.get(url) };
            Reply::of(request.bearer_auth(&token)).await.status
        };
        assert_eq!((counter.api("wang", "/verify", &verify).await.status, list("own").await), (200, 200));
        fill(place, &disk).await;

        let verified = counter.api("wang", "/verify", &verify).await;
        assert!(verified.status == reads && verified.body.contains(told), "{config}: {verified:?}");
        assert_eq!((list("own").await, list("ticket").await), (reads, 503), "{config}");
        let mine = counter.api("wang", "?purpose=loan", &Value::Null).await;
        assert_eq!(mine.status, reads, "{config}: {mine:?}");
        let issued = json!({
            "type": "excavation-permit", "holder": format!("resident-id:{WANG}"), "case": "WJ-1",
            "fields": support::counter::fields(), "idempotency_key": "key-1"
        });
        counter.api("li", "", &issued).await.problem(503, "audit-unavailable");
        if reads == 200 {
            let told = counter.guest("li", "/issue", &issue("permit-2")).await;
            assert_eq!(error(&told), "Other(\"the decision can't be recorded; try again later\")");
            let anchor = json!({ "hash": format!("sm3:{}", "0".repeat(64)), "purpose": "p", "reference": "r" });
            let told = counter.guest("li", "/anchors", &anchor).await;
            assert_eq!(error(&told), "Other(\"the decision can't be recorded; try again later\")");
        }
    }
}

/// The whole log holds together, by the command for auditors.
fn verified(place: &Place) {
    let keys = place.dir.path().join("keys");
    fs::write(&keys, place.zt_as("auditor", &["audit", "keys"])).unwrap();
    let copy = place.dir.path().join("export");
    place.zt_as("auditor", &["audit", "export", copy.to_str().unwrap()]);
    let told = place.zt(&["audit", "verify", copy.to_str().unwrap(), "--keys", keys.to_str().unwrap()]);
    assert!(told.contains("records"), "{told}");
}
