//! Mail through a real SMTP server: Debian's aiosmtpd, which keeps what it gets in a maildir.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's own helpers"
)]

mod support;

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use support::{LATER, clock, outbox, scenario};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
};
use zhongtai_cap_notify::{
    Delivery, DkimConfig, MIGRATIONS, NotifyProvider, Report, Smtp, SmtpConfig, SmtpTls, contract::mail,
};
use zhongtai_store::testing;

/// The server's process; it ends with the test.
struct MailServer(Child);

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn mail_server(maildir: &Path, port: u16) -> MailServer {
    let installed = Command::new("/usr/bin/python3").args(["-c", "import aiosmtpd"]).stderr(Stdio::null()).status();
    assert!(installed.is_ok_and(|status| status.success()), "apt-get install python3-aiosmtpd");
    let child = Command::new("/usr/bin/python3")
        .args(["-m", "aiosmtpd", "-n", "-c", "aiosmtpd.handlers.Mailbox"])
        .arg(maildir)
        .args(["-l", &format!("127.0.0.1:{port}")])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let server = MailServer(child);
    answers(port).await;
    server
}

async fn answers(port: u16) {
    for _ in 0..1_200 {
        if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("aiosmtpd does not answer on port {port}");
}

async fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

fn smtp(port: u16) -> Arc<Smtp> {
    let config = SmtpConfig {
        host: "127.0.0.1".to_owned(),
        port,
        from: "某区政务服务 <noreply@example.gov.cn>".to_owned(),
        tls: SmtpTls::None,
        username: None,
        password_file: None,
        ca_file: None,
        dkim: None,
    };
    Arc::new(Smtp::new(&config, clock()).unwrap())
}

/// Headers and text of the only mail in a maildir, as another program reads them.
fn only_mail(maildir: &Path) -> Vec<String> {
    let script = "import email, email.policy, glob, sys\n\
        [path] = glob.glob(sys.argv[1] + '/new/*')\n\
        mail = email.message_from_binary_file(open(path, 'rb'), policy=email.policy.default)\n\
        names = ['Subject', 'From', 'To', 'Date', 'Message-ID', 'Auto-Submitted', 'Content-Type']\n\
        print('\\n'.join([str(mail[name]) for name in names] + [mail.get_content()]))";
    let output = Command::new("/usr/bin/python3")
        .env("PYTHONIOENCODING", "utf-8")
        .args(["-c", script])
        .arg(maildir)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_mail_waits_for_its_server_and_arrives_with_chinese_subject_and_body() {
    for database in testing::both(MIGRATIONS).await {
        let (dir, port, clock) = (tempfile::tempdir().unwrap(), free_port().await, clock());
        let maildir = dir.path().join("mail");
        let outbox = outbox(&database.store, clock.clone(), smtp(port));
        let id = outbox.send(mail(&scenario(), None)).await.unwrap();
        assert_eq!(outbox.deliver_due(10).await.unwrap(), Report { postponed: 1, ..Report::default() });

        let _server = mail_server(&maildir, port).await;
        assert_eq!(outbox.deliver_due(10).await.unwrap(), Report::default(), "its pause is not over");
        clock.advance(LATER);
        assert_eq!(outbox.deliver_due(10).await.unwrap(), Report { sent: 1, ..Report::default() });
        assert_eq!(outbox.state(&scenario(), id).await.unwrap(), Some(Delivery::Sent));

        let mail = only_mail(&maildir);
        assert_eq!(mail[0], "坑洞已修复");
        assert_eq!(mail[1], "某区政务服务 <noreply@example.gov.cn>");
        assert_eq!(mail[2], "zhang.san@example.gov.cn");
        assert_eq!(mail[3], "Mon, 05 Jan 2026 08:00:00 +0000");
        assert_eq!(mail[4], format!("<{id}@example.gov.cn>"));
        assert_eq!(mail[5], "auto-generated");
        assert!(mail[6].starts_with("text/plain"), "{}", mail[6]);
        assert_eq!(mail[7..9], ["您好，人民路的坑洞已修复。", "某区城管局"]);
    }
}

/// A server that accepts a sender and answers a recipient with `reply`.
async fn refusing_server(reply: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let mut socket = BufReader::new(socket);
            socket.write_all(b"220 test\r\n").await.unwrap();
            let mut line = String::new();
            while socket.read_line(&mut line).await.is_ok_and(|read| read > 0) {
                let answer = if line.starts_with("RCPT") { reply } else { "250 ok" };
                let _ = socket.write_all(format!("{answer}\r\n").as_bytes()).await;
                line.clear();
            }
        }
    });
    port
}

#[tokio::test]
async fn a_reply_of_5xx_is_final_and_4xx_is_not_and_neither_text_is_kept() {
    let cases = [
        ("550 5.1.1 <zhang.san@example.gov.cn>: user unknown", true, "SMTP 550"),
        ("451 4.7.1 <zhang.san@example.gov.cn>: greylisted", false, "SMTP 451"),
        ("530 5.7.0 sign in first", false, "SMTP 530"),
    ];
    for (reply, is_dead, reason) in cases {
        let database = testing::sqlite(MIGRATIONS).await;
        let outbox = outbox(&database.store, clock(), smtp(refusing_server(reply).await));
        outbox.send(mail(&scenario(), None)).await.unwrap();
        let report = outbox.deliver_due(10).await.unwrap();
        assert_eq!((report.dead, report.postponed), if is_dead { (1, 0) } else { (0, 1) }, "{reply}");
        let sql = "SELECT last_error FROM notify_deliveries";
        let kept: String = sqlx::query_scalar(sql).fetch_one(database.store.pool()).await.unwrap();
        assert_eq!(kept, reason);
    }
}

/// Writes each mail as it came, byte by byte, and whether it came through TLS.
const KEEPER: &str = "
import asyncio, pathlib, ssl, sys
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

folder, port, certificate, key = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)

class Keeper:
    async def handle_DATA(self, server, session, envelope):
        pathlib.Path(folder, 'mail').write_bytes(envelope.content)
        pathlib.Path(folder, 'tls').write_text(str(session.ssl is not None))
        return '250 kept'

async def main():
    make = lambda: SMTP(Keeper(), require_starttls=True, tls_context=context, hostname='localhost')
    server = await asyncio.get_running_loop().create_server(make, '127.0.0.1', int(port))
    await server.serve_forever()

asyncio.run(main())
";

fn openssl(arguments: &[&str], folder: &Path) {
    let made = zhongtai_test_tools::tool("openssl").args(arguments).current_dir(folder).output().unwrap();
    assert!(made.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&made.stderr));
}

/// An authority, and a server's certificate for `localhost` that it signed.
fn certificates(folder: &Path) {
    let authority = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem"];
    let names = ["-days", "2", "-subj", "/CN=test authority"];
    openssl(&[&authority[..], &names[..]].concat(), folder);
    let request = ["req", "-newkey", "rsa:2048", "-nodes", "-keyout", "server.key", "-out", "server.csr"];
    openssl(&[&request[..], &["-subj", "/CN=localhost"]].concat(), folder);
    std::fs::write(folder.join("names"), "subjectAltName=DNS:localhost\n").unwrap();
    let sign = ["x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"];
    openssl(&[&sign[..], &["-days", "2", "-extfile", "names", "-out", "server.pem"]].concat(), folder);
}

async fn tls_server(folder: &Path, port: u16) -> MailServer {
    let child = Command::new("/usr/bin/python3")
        .args(["-c", KEEPER])
        .arg(folder)
        .arg(port.to_string())
        .args([folder.join("server.pem"), folder.join("server.key")])
        .spawn()
        .unwrap();
    let server = MailServer(child);
    answers(port).await;
    server
}

fn starttls(port: u16, folder: &Path) -> SmtpConfig {
    SmtpConfig {
        host: "localhost".to_owned(),
        port,
        from: "某区政务服务 <noreply@mail.example.gov.cn>".to_owned(),
        tls: SmtpTls::Starttls,
        username: None,
        password_file: None,
        ca_file: Some(folder.join("ca.pem")),
        dkim: None,
    }
}

fn channel(config: &SmtpConfig) -> Arc<Smtp> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Arc::new(Smtp::new(config, clock()).unwrap())
}

#[tokio::test]
async fn a_mail_travels_through_starttls_of_a_private_authority_and_no_other() {
    let (dir, port) = (tempfile::tempdir().unwrap(), free_port().await);
    certificates(dir.path());
    let _server = tls_server(dir.path(), port).await;
    let database = testing::sqlite(MIGRATIONS).await;
    let trusting = starttls(port, dir.path());
    for distrustful in [
        SmtpConfig { ca_file: None, ..trusting.clone() },
        // The certificate is for `localhost`.
        SmtpConfig { host: "127.0.0.1".to_owned(), ..trusting.clone() },
    ] {
        let outbox = outbox(&database.store, clock(), channel(&distrustful));
        let id = outbox.send(mail(&scenario(), None)).await.unwrap();
        assert_eq!(outbox.deliver_due(10).await.unwrap(), Report { postponed: 1, ..Report::default() });
        assert_eq!(outbox.look(id).await.unwrap()[0].last_error, "no SMTP connection");
        assert!(!dir.path().join("mail").exists(), "nothing was said to a server that is not trusted");
    }
    let outbox = outbox(&database.store, clock(), channel(&trusting));
    outbox.send(mail(&scenario(), None)).await.unwrap();
    assert_eq!(outbox.deliver_due(10).await.unwrap(), Report { sent: 1, ..Report::default() });
    assert_eq!(std::fs::read_to_string(dir.path().join("tls")).unwrap(), "True");
}

/// `True` when dkimpy finds the signature right, for the key that the domain publishes.
fn dkimpy_says(folder: &Path, mail: &str) -> String {
    let script = "
import dkim, pathlib, subprocess, sys, base64
folder, mail = pathlib.Path(sys.argv[1]), sys.argv[2]
der = subprocess.run(['openssl', 'rsa', '-in', folder / 'dkim.pem', '-pubout', '-outform', 'DER'],
                     check=True, capture_output=True).stdout
record = b'v=DKIM1; k=rsa; p=' + base64.b64encode(der)
def dns(name, timeout=5):
    name = name.decode() if isinstance(name, bytes) else name
    return record if name.rstrip('.') == 'zt2026._domainkey.example.gov.cn' else None
print(dkim.verify((folder / mail).read_bytes(), dnsfunc=dns))
";
    let said = zhongtai_test_tools::python().args(["-c", script]).arg(folder).arg(mail).output().unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    String::from_utf8(said.stdout).unwrap().trim().to_owned()
}

#[tokio::test]
async fn a_signed_mail_is_found_right_by_another_program_and_wrong_when_it_was_changed() {
    let (dir, port) = (tempfile::tempdir().unwrap(), free_port().await);
    certificates(dir.path());
    openssl(&["genrsa", "-traditional", "-out", "dkim.pem", "2048"], dir.path());
    let _server = tls_server(dir.path(), port).await;
    let dkim = DkimConfig {
        domain: "example.gov.cn".to_owned(),
        selector: "zt2026".to_owned(),
        key_file: dir.path().join("dkim.pem"),
    };
    let config = SmtpConfig { dkim: Some(dkim), ..starttls(port, dir.path()) };
    let database = testing::sqlite(MIGRATIONS).await;
    let outbox = outbox(&database.store, clock(), channel(&config));
    // A title that is folded over several lines, and one word in a body without a line's end.
    for (title, body) in [("坑洞已修复".repeat(30), "您好".repeat(400)), ("ok".to_owned(), "word".to_owned())] {
        let mut message = mail(&scenario(), None);
        (message.texts.title, message.texts.body) = (title, body);
        outbox.send(message).await.unwrap();
        assert_eq!(outbox.deliver_due(10).await.unwrap(), Report { sent: 1, ..Report::default() });
        assert_eq!(dkimpy_says(dir.path(), "mail"), "True");

        let mail = String::from_utf8(std::fs::read(dir.path().join("mail")).unwrap()).unwrap();
        for (from, to) in [("Subject: ", "Subject: x"), ("noreply@", "mayor@"), ("2026 ", "2027 ")] {
            assert!(mail.contains(from), "{mail}");
            std::fs::write(dir.path().join("changed"), mail.replacen(from, to, 1)).unwrap();
            assert_eq!(dkimpy_says(dir.path(), "changed"), "False", "{from}");
        }
        std::fs::write(dir.path().join("changed"), format!("{mail}one more line\r\n")).unwrap();
        assert_eq!(dkimpy_says(dir.path(), "changed"), "False");
    }
}
