use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use tokio::sync::watch;
use zhongtai_cap_notify::{
    Accepted, Address, CarrierId, Channel, DeliveryError, FailureKind, MessageId, Outgoing, Receipts,
};

use crate::{
    SmppConfig, SmppConfigError,
    link::Door,
    pdu::{Bind, Submit},
    session::{Lost, Session},
    status,
    text::Parts,
};

/// Longer pauses help nobody.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// How long a message waits for a connection before it goes back to the outbox.
const PATIENCE: Duration = Duration::from_secs(5);

/// Short messages through one connection, which [`Channel::run`] keeps.
pub struct Smpp {
    config: SmppConfig,
    password: String,
    door: Door,
    link: watch::Sender<Link>,
}

/// How the connection is.
#[derive(Clone)]
enum Link {
    /// There is none.
    Down,
    /// The SMSC does not let us in.
    Refused(u32),
    /// Bound.
    Up(Arc<Session>),
}

// === impl Smpp ===

impl Smpp {
    /// Reads the password; connects when it is run.
    pub fn new(config: &SmppConfig) -> Result<Self, SmppConfigError> {
        config.check()?;
        let (link, _) = watch::channel(Link::Down);
        Ok(Self { config: config.clone(), password: config.read_password()?, door: Door::new(config)?, link })
    }

    /// The connection, when there is one soon.
    async fn session(&self) -> Result<Arc<Session>, DeliveryError> {
        let mut link = self.link.subscribe();
        let up = link.wait_for(|link| matches!(link, Link::Up(_)));
        let up = tokio::time::timeout(PATIENCE, up).await.ok().and_then(Result::ok).map(|link| link.clone());
        match up {
            Some(Link::Up(session)) => Ok(session),
            _ => match *self.link.borrow() {
                Link::Refused(status) => {
                    let reason = format!("the SMSC does not let us in: SMPP {status:#010x}");
                    Err(DeliveryError::temporary(FailureKind::Account, reason))
                }
                _ => Err(DeliveryError::temporary(FailureKind::Unreachable, "no connection to the SMSC")),
            },
        }
    }

    /// Connects, binds and stays, until the connection ends or the host stops. True when it was bound.
    async fn stay(&self, receipts: &dyn Receipts, shutdown: &mut watch::Receiver<bool>) -> bool {
        let patience = Duration::from_millis(self.config.response_ms);
        let line = match tokio::time::timeout(patience, self.door.connect()).await {
            Ok(Ok(line)) => line,
            Ok(Err(_)) | Err(_) => {
                tracing::warn!(host = self.config.host, "no connection to the SMSC");
                return false;
            }
        };
        let (session, line) = Session::new(&self.config, line);
        let driving = session.drive(line, receipts);
        tokio::pin!(driving);
        let SmppConfig { system_id, system_type, .. } = &self.config;
        let bind = Bind { system_id, password: &self.password, system_type };
        let bound = tokio::select! {
            why = &mut driving => {
                tracing::warn!(why, "the SMSC does not let us in");
                return false;
            }
            bound = session.bind(&bind) => bound,
        };
        if let Err(lost) = bound {
            tracing::error!(%lost, "the SMSC does not let us in");
            self.link.send_replace(if let Lost::Status(status) = lost { Link::Refused(status) } else { Link::Down });
            return false;
        }
        tracing::info!(host = self.config.host, "bound to the SMSC");
        self.link.send_replace(Link::Up(session.clone()));
        tokio::select! {
            why = &mut driving => tracing::warn!(why, "the connection to the SMSC has ended"),
            () = stopped(shutdown) => {
                self.link.send_replace(Link::Down);
                tokio::select! {
                    _ = &mut driving => {}
                    () = session.unbind() => {}
                }
            }
        }
        self.link.send_replace(Link::Down);
        true
    }
}

#[async_trait]
impl Channel for Smpp {
    async fn deliver(&self, message: &Outgoing) -> Result<Accepted, DeliveryError> {
        let Address::Sms(number) = &message.address else { return Err(DeliveryError::wrong_address()) };
        let too_long = |_| DeliveryError::permanent(FailureKind::Content, "the text needs more than 255 parts");
        let text = Parts::of(&message.text.body, self.config.alphabet, reference(message.id)).map_err(too_long)?;
        let session = self.session().await?;
        let mut ids = Vec::new();
        for part in &text.parts {
            let submit = Submit {
                source: &self.config.source,
                destination: number.e164().trim_start_matches('+'),
                has_header: text.have_header,
                data_coding: text.data_coding,
                text: part,
            };
            let id = session.submit(&submit).await.map_err(failure)?;
            ids.extend(CarrierId::try_from(id));
        }
        // An SMSC that gives no ids tells nobody what became of a message.
        Ok(Accepted::Sent(ids))
    }

    async fn run(&self, receipts: Arc<dyn Receipts>, mut shutdown: watch::Receiver<bool>) {
        let first = Duration::from_millis(self.config.reconnect_ms);
        let mut pause = first;
        while !*shutdown.borrow_and_update() {
            pause = match self.stay(receipts.as_ref(), &mut shutdown).await {
                true => first,
                false => pause,
            };
            tokio::select! {
                () = stopped(&mut shutdown) => return,
                () = tokio::time::sleep(pause) => pause = pause.saturating_mul(2).min(LONGEST_PAUSE),
            }
        }
    }
}

/// Resolves when the host stops.
async fn stopped(shutdown: &mut watch::Receiver<bool>) {
    // Without its sender, too.
    let _ = shutdown.wait_for(|stop| *stop).await;
}

fn failure(lost: Lost) -> DeliveryError {
    match lost {
        Lost::Status(status) => status::failure(status),
        Lost::Unreadable => DeliveryError::temporary(FailureKind::Carrier, lost.to_string()),
        Lost::Connection | Lost::Patience => DeliveryError::temporary(FailureKind::Unreachable, lost.to_string()),
    }
}

/// What tells the parts of a message from those of another: the same each time that it is sent, so that a phone puts
/// parts together that came twice.
fn reference(id: MessageId) -> u8 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish().to_le_bytes().first().copied().unwrap_or_default()
}
