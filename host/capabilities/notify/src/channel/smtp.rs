use std::{path::Path, sync::Arc, time::Duration};

use async_trait::async_trait;
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{
        Mailbox,
        header::{ContentType, HeaderName, HeaderValue},
    },
    transport::smtp::{
        Error,
        authentication::Credentials,
        client::{Certificate, CertificateStore, Tls, TlsParameters},
    },
};
use zhongtai_kernel::Clock;

use super::dkim::Signer;
use crate::{
    Accepted, Address, Channel, ConfigError, DeliveryError, FailureKind, Outgoing, SmtpConfig, SmtpTls,
    config::{crypto_is_there, read_file, read_secret},
};

/// For each command: a server may take its time over a body.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Replies that speak of our credentials, not of the message (RFC 4954, 6): an operator can mend them.
const ABOUT_CREDENTIALS: [&str; 4] = ["530", "534", "535", "538"];

/// Mail through an SMTP server (RFC 5321).
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    signer: Option<Signer>,
    clock: Arc<dyn Clock>,
}

// === impl Smtp ===

impl Smtp {
    /// Reads the password; connects when there is something to send.
    pub fn new(config: &SmtpConfig, clock: Arc<dyn Clock>) -> Result<Self, ConfigError> {
        let from: Mailbox =
            config.from.parse().map_err(|_| ConfigError::value("smtp.from", "expected `Name <user@domain>`"))?;
        let signer = config.dkim.as_ref().map(|dkim| Signer::new(dkim, from.email.domain())).transpose()?;
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&config.host)
            .port(config.port)
            .tls(tls(config)?)
            .timeout(Some(TIMEOUT));
        if let Some(credentials) = credentials(config)? {
            builder = builder.credentials(credentials);
        }
        Ok(Self { transport: builder.build(), from, signer, clock })
    }

    fn mail(&self, message: &Outgoing, to: &lettre::Address) -> Result<Message, DeliveryError> {
        let mut mail = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to.clone()))
            .subject(&message.text.title)
            .date(self.clock.now().into())
            // The same for each attempt, so that mail programs show a repeated message once.
            .message_id(Some(format!("<{}@{}>", message.id, self.from.email.domain())))
            // RFC 3834: no absence notes in return.
            .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()))
            .header(ContentType::TEXT_PLAIN)
            .body(message.text.body.clone())
            .map_err(|_| DeliveryError::permanent(FailureKind::Content, "the mail can't be put together"))?;
        if let Some(signer) = &self.signer {
            signer.sign(&mut mail);
        }
        Ok(mail)
    }
}

#[async_trait]
impl Channel for Smtp {
    async fn deliver(&self, message: &Outgoing) -> Result<Accepted, DeliveryError> {
        let Address::Email(to) = &message.address else { return Err(DeliveryError::wrong_address()) };
        let mail = self.mail(message, to)?;
        let sent = self.transport.send(mail).await;
        // A server that took it may still find out that there is no such mailbox; it says so by mail, to a person.
        sent.map(|_| Accepted::Sent(Vec::new())).map_err(|error| classify(&error))
    }
}

fn tls(config: &SmtpConfig) -> Result<Tls, ConfigError> {
    if config.tls == SmtpTls::None {
        return match config.ca_file {
            Some(_) => Err(ConfigError::value("smtp.ca_file", "there is nothing to check without `tls`")),
            None => Ok(Tls::None),
        };
    }
    crypto_is_there()?;
    let mut builder = TlsParameters::builder(config.host.clone());
    if let Some(file) = &config.ca_file {
        // Only these: a private server is not to be impersonated by whoever has a certificate of the public web.
        builder = builder.certificate_store(CertificateStore::None).add_root_certificate(authorities(file)?);
    }
    let parameters = builder
        .build()
        .map_err(|_| ConfigError::value("smtp.host", "not a name that a certificate can be checked for"))?;
    Ok(match config.tls {
        SmtpTls::Starttls => Tls::Required(parameters),
        _ => Tls::Wrapper(parameters),
    })
}

fn authorities(file: &Path) -> Result<Certificate, ConfigError> {
    const AT: &str = "smtp.ca_file";
    let pem = read_file(AT, file)?;
    let invalid = || ConfigError::value(AT, "expected certificates (PEM)");
    if !pem.contains("-----BEGIN CERTIFICATE-----") {
        return Err(invalid());
    }
    Certificate::from_pem(pem.as_bytes()).map_err(|_| invalid())
}

fn credentials(config: &SmtpConfig) -> Result<Option<Credentials>, ConfigError> {
    match (&config.username, &config.password_file) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) if config.tls == SmtpTls::None => {
            Err(ConfigError::value("smtp.username", "a password needs `tls = \"starttls\"` or `\"tls\"`"))
        }
        (Some(username), Some(file)) => {
            let password = read_secret("smtp.password_file", file)?;
            Ok(Some(Credentials::new(username.clone(), password)))
        }
        _ => Err(ConfigError::value("smtp.username", "`username` and `password_file` go together")),
    }
}

/// The reply's code and nothing else of it: its text may quote the address.
fn classify(error: &Error) -> DeliveryError {
    let Some(code) = error.status().map(|code| code.to_string()) else {
        let reason = if error.is_timeout() { "the SMTP server does not answer in time" } else { "no SMTP connection" };
        return DeliveryError::temporary(FailureKind::Unreachable, reason);
    };
    let kind = kind_of(&code);
    let is_permanent = error.is_permanent() && kind != FailureKind::Account;
    let reason = format!("SMTP {code}");
    if is_permanent { DeliveryError::permanent(kind, reason) } else { DeliveryError::temporary(kind, reason) }
}

/// What a reply's code says (RFC 5321, 4.2.3).
fn kind_of(code: &str) -> FailureKind {
    match code {
        _ if ABOUT_CREDENTIALS.contains(&code) => FailureKind::Account,
        "550" | "551" | "553" => FailureKind::NoSuchAddress,
        "552" | "554" | "541" => FailureKind::Refused,
        "421" | "450" | "451" | "452" => FailureKind::Throttled,
        _ => FailureKind::Carrier,
    }
}
