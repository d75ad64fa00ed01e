use std::{sync::Arc, time::Duration};

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
        client::{Tls, TlsParameters},
    },
};
use zhongtai_kernel::Clock;

use crate::{
    Address, Channel, ConfigError, DeliveryError, Outgoing, SmtpConfig, SmtpTls,
    config::{crypto_is_there, read_secret},
};

/// For each command: a server may take its time over a body.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Replies that speak of our credentials, not of the message (RFC 4954, 6): an operator can mend them.
const ABOUT_CREDENTIALS: [&str; 4] = ["530", "534", "535", "538"];

/// Mail through an SMTP server (RFC 5321).
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    clock: Arc<dyn Clock>,
}

// === impl Smtp ===

impl Smtp {
    /// Reads the password; connects when there is something to send.
    pub fn new(config: &SmtpConfig, clock: Arc<dyn Clock>) -> Result<Self, ConfigError> {
        let from = config.from.parse().map_err(|_| ConfigError::value("smtp.from", "expected `Name <user@domain>`"))?;
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&config.host)
            .port(config.port)
            .tls(tls(config)?)
            .timeout(Some(TIMEOUT));
        if let Some(credentials) = credentials(config)? {
            builder = builder.credentials(credentials);
        }
        Ok(Self { transport: builder.build(), from, clock })
    }

    fn mail(&self, message: &Outgoing, to: &lettre::Address) -> Result<Message, DeliveryError> {
        Message::builder()
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
            .map_err(|_| DeliveryError::Permanent("the mail can't be put together".to_owned()))
    }
}

#[async_trait]
impl Channel for Smtp {
    async fn deliver(&self, message: &Outgoing) -> Result<(), DeliveryError> {
        let Address::Email(to) = &message.address else {
            return Err(DeliveryError::Permanent("not an email address".to_owned()));
        };
        let mail = self.mail(message, to)?;
        self.transport.send(mail).await.map(drop).map_err(|error| classify(&error))
    }
}

fn tls(config: &SmtpConfig) -> Result<Tls, ConfigError> {
    if config.tls == SmtpTls::None {
        return Ok(Tls::None);
    }
    crypto_is_there()?;
    let parameters = TlsParameters::new(config.host.clone())
        .map_err(|_| ConfigError::value("smtp.host", "not a name that a certificate can be checked for"))?;
    Ok(match config.tls {
        SmtpTls::Starttls => Tls::Required(parameters),
        _ => Tls::Wrapper(parameters),
    })
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
        return DeliveryError::Temporary(reason.to_owned());
    };
    let is_permanent = error.is_permanent() && !ABOUT_CREDENTIALS.contains(&code.as_str());
    let reason = format!("SMTP {code}");
    if is_permanent { DeliveryError::Permanent(reason) } else { DeliveryError::Temporary(reason) }
}
