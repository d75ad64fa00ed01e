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
use zhongtai_cap_notify::{Delivery, MIGRATIONS, NotifyProvider, Report, Smtp, SmtpConfig, SmtpTls, contract::mail};
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
    for _ in 0..200 {
        if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            return server;
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
        assert_eq!(outbox.deliver_due(10).await.unwrap(), Report { delivered: 1, ..Report::default() });
        assert_eq!(outbox.state(&scenario(), id).await.unwrap(), Some(Delivery::Delivered));

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
        let sql = "SELECT last_error FROM notify_outbox";
        let kept: String = sqlx::query_scalar(sql).fetch_one(database.store.pool()).await.unwrap();
        assert_eq!(kept, reason);
    }
}
