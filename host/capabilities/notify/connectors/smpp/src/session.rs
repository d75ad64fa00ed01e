//! One connection to the SMSC: requests and their answers, receipts, and whether the other side is still there.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{
    io::AsyncWriteExt as _,
    sync::{Semaphore, mpsc, oneshot},
    time::Instant,
};
use zhongtai_cap_notify::{ChannelKind, Receipts};

use crate::{
    SmppConfig,
    link::{Reading, Writing},
    pdu::{Bind, Delivered, Frame, INVALID_COMMAND, Submit, TRY_AGAIN, id, message_id, no_message_id},
    receipt,
    status::{self, is_throttled},
};

/// Receipts that wait to be kept; while there are so many, nothing more is read.
const WAITING: usize = 64;

/// `ESME_RX_P_APPN`: what came can't be read and never will be.
const UNREADABLE: u32 = 0x65;

/// How long the goodbye may take.
const GOODBYE: Duration = Duration::from_secs(2);

/// A connection, as those see it who send on it.
pub(crate) struct Session {
    outgoing: mpsc::Sender<Out>,
    pending: Mutex<BTreeMap<u32, oneshot::Sender<Frame>>>,
    sequence: AtomicU32,
    window: Semaphore,
    patience: Duration,
    enquire: Duration,
    throttle: Duration,
    /// Nothing is sent before.
    silent_until: Mutex<Instant>,
    /// When the other side was last heard.
    heard: Mutex<Instant>,
}

/// What is read and written: [`Session::drive`] needs it.
pub(crate) struct Line {
    reading: Reading,
    writing: Writing,
    outgoing: mpsc::Receiver<Out>,
}

/// What is to be written.
enum Out {
    Pdu(Vec<u8>),
    /// Nothing comes after it.
    Last(Vec<u8>),
}

/// A request has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Lost {
    /// The connection ended.
    #[error("the connection to the SMSC is lost")]
    Connection,
    /// The answer took too long.
    #[error("the SMSC does not answer in time")]
    Patience,
    /// It came, and can't be read.
    #[error("the SMSC's answer can't be read")]
    Unreadable,
    /// The SMSC says no.
    #[error("SMPP {0:#010x}")]
    Status(u32),
}

/// Takes a request back that nobody waits for any more.
struct Waiting<'s> {
    session: &'s Session,
    sequence: u32,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.session.pending.lock().remove(&self.sequence);
    }
}

// === impl Session ===

impl Session {
    pub(crate) fn new(config: &SmppConfig, (reading, writing): (Reading, Writing)) -> (Arc<Self>, Line) {
        let (sender, outgoing) = mpsc::channel(config.window.saturating_add(WAITING));
        let now = Instant::now();
        let session = Self {
            outgoing: sender,
            pending: Mutex::default(),
            sequence: AtomicU32::new(0),
            window: Semaphore::new(config.window),
            patience: Duration::from_millis(config.response_ms),
            enquire: Duration::from_millis(config.enquire_ms),
            throttle: Duration::from_millis(config.throttle_ms),
            silent_until: Mutex::new(now),
            heard: Mutex::new(now),
        };
        (Arc::new(session), Line { reading, writing, outgoing })
    }

    /// Reads, writes, keeps receipts and asks whether the other side is there, until the connection ends. Says why.
    pub(crate) async fn drive(&self, line: Line, receipts: &dyn Receipts) -> &'static str {
        let (inbox, delivered) = mpsc::channel(WAITING);
        let why = tokio::select! {
            why = self.read(line.reading, inbox) => why,
            why = write(line.writing, line.outgoing) => why,
            why = self.keep(delivered, receipts) => why,
            why = self.stay_alive() => why,
        };
        self.pending.lock().clear();
        why
    }

    pub(crate) async fn bind(&self, bind: &Bind<'_>) -> Result<(), Lost> {
        self.request(id::BIND_TRANSCEIVER, bind.to_body()).await.map(drop)
    }

    /// Says goodbye; what is under way then is lost.
    pub(crate) async fn unbind(&self) {
        let _ = tokio::time::timeout(GOODBYE, self.request(id::UNBIND, Vec::new())).await;
    }

    /// Sends a message, or a part of one, and returns the SMSC's id of it. No more than the window are under way.
    pub(crate) async fn submit(&self, submit: &Submit<'_>) -> Result<String, Lost> {
        let _permit = self.window.acquire().await.map_err(|_| Lost::Connection)?;
        let silent_until = *self.silent_until.lock();
        tokio::time::sleep_until(silent_until).await;
        let answer = self.request(id::SUBMIT_SM, submit.to_body()).await;
        if let Err(Lost::Status(status)) = answer
            && is_throttled(status)
        {
            *self.silent_until.lock() = Instant::now() + self.throttle;
        }
        message_id(&answer?.body).map_err(|_| Lost::Unreadable)
    }

    async fn request(&self, id: u32, body: Vec<u8>) -> Result<Frame, Lost> {
        let sequence = self.next_sequence();
        let (sender, answer) = oneshot::channel();
        self.pending.lock().insert(sequence, sender);
        let _waiting = Waiting { session: self, sequence };
        let frame = Frame::new(id, status::OK, sequence, body);
        self.outgoing.send(Out::Pdu(frame.to_bytes())).await.map_err(|_| Lost::Connection)?;
        let answer = tokio::time::timeout(self.patience, answer).await.map_err(|_| Lost::Patience)?;
        match answer.map_err(|_| Lost::Connection)? {
            frame if frame.status == status::OK && frame.id == id | id::RESPONSE => Ok(frame),
            frame if frame.status == status::OK => Err(Lost::Unreadable),
            frame => Err(Lost::Status(frame.status)),
        }
    }

    /// 1 to 0x7fffffff, 3.2.
    fn next_sequence(&self) -> u32 {
        (self.sequence.fetch_add(1, Ordering::Relaxed) % 0x7fff_ffff) + 1
    }

    async fn read(&self, mut reading: Reading, inbox: mpsc::Sender<Frame>) -> &'static str {
        loop {
            let frame = match Frame::read(&mut reading).await {
                Ok(frame) => frame,
                Err(error) if error.kind() == std::io::ErrorKind::InvalidData => return "what came is no SMPP",
                Err(_) => return "the connection is gone",
            };
            *self.heard.lock() = Instant::now();
            match frame.id {
                _ if frame.is_response() => {
                    if let Some(waiting) = self.pending.lock().remove(&frame.sequence) {
                        let _ = waiting.send(frame);
                    }
                }
                id::DELIVER_SM => {
                    if inbox.send(frame).await.is_err() {
                        return "receipts are not kept any more";
                    }
                }
                id::ENQUIRE_LINK => self.answer(&frame, status::OK, Vec::new()).await,
                id::UNBIND => {
                    let answer = Frame::new(id::UNBIND | id::RESPONSE, status::OK, frame.sequence, Vec::new());
                    // The connection ends when that is written.
                    let _ = self.outgoing.send(Out::Last(answer.to_bytes())).await;
                    std::future::pending::<()>().await;
                }
                _ => {
                    let nack = Frame::new(id::GENERIC_NACK, INVALID_COMMAND, frame.sequence, Vec::new());
                    let _ = self.outgoing.send(Out::Pdu(nack.to_bytes())).await;
                }
            }
        }
    }

    async fn answer(&self, to: &Frame, status: u32, body: Vec<u8>) {
        let answer = Frame::new(to.id | id::RESPONSE, status, to.sequence, body);
        // When the line is closed, nobody waits for it.
        let _ = self.outgoing.send(Out::Pdu(answer.to_bytes())).await;
    }

    /// Answers a receipt when it is kept: one that is not comes again.
    async fn keep(&self, mut delivered: mpsc::Receiver<Frame>, receipts: &dyn Receipts) -> &'static str {
        while let Some(frame) = delivered.recv().await {
            let status = match Delivered::parse(&frame.body) {
                Ok(delivered) if delivered.is_receipt() => match receipt::read(&delivered) {
                    Some(receipt) => match receipts.receipt(ChannelKind::Sms, receipt).await {
                        Ok(()) => status::OK,
                        Err(error) => {
                            tracing::warn!(%error, "a receipt of the SMSC can't be kept now");
                            TRY_AGAIN
                        }
                    },
                    None => status::OK,
                },
                // Somebody wrote to our number. Nobody reads that.
                Ok(_) => status::OK,
                Err(error) => {
                    tracing::warn!(%error, "what the SMSC delivered can't be read");
                    UNREADABLE
                }
            };
            self.answer(&frame, status, no_message_id()).await;
        }
        "receipts are not kept any more"
    }

    /// Ends when the other side is silent and does not answer.
    async fn stay_alive(&self) -> &'static str {
        loop {
            let silent_since = *self.heard.lock();
            tokio::time::sleep_until(silent_since + self.enquire).await;
            if *self.heard.lock() == silent_since && self.request(id::ENQUIRE_LINK, Vec::new()).await.is_err() {
                return "the SMSC is silent";
            }
        }
    }
}

/// The only one that writes: what is begun is never cut off by somebody who stops waiting.
async fn write(mut writing: Writing, mut outgoing: mpsc::Receiver<Out>) -> &'static str {
    while let Some(out) = outgoing.recv().await {
        let (Out::Pdu(bytes) | Out::Last(bytes)) = &out;
        if writing.write_all(bytes).await.is_err() || writing.flush().await.is_err() {
            return "the connection is gone";
        }
        if let Out::Last(_) = out {
            // What is written gets there before the end does.
            let _ = writing.shutdown().await;
            return "the SMSC said goodbye";
        }
    }
    "nobody sends any more"
}
