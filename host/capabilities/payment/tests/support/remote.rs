//! The bank in another process: one line of JSON asks, one answers.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    sync::Arc,
};

use async_trait::async_trait;
use jiff::civil::Date;
use serde_json::{Value, json};
use zhongtai_cap_payment::{
    BillRow, CURRENCY, Callback, CallbackAnswer, CallbackError, Fen, Gateway, GatewayError, GatewayState, Headers,
    Order, OrderId, Payment, Prepaid, RefundOrder, RefundState, Refunded,
};

use super::bank::Bank;

/// The way to a bank that [`serve`] serves.
pub struct RemoteBank(pub String);

/// Serves a bank on a free port; returns its address.
pub fn serve(bank: Arc<Bank>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let bank = bank.clone();
            // Who asked may be killed before the answer.
            std::thread::spawn(move || drop(answer(stream.unwrap(), &bank)));
        }
    });
    address
}

fn answer(stream: TcpStream, bank: &Bank) -> std::io::Result<()> {
    let mut line = String::new();
    BufReader::new(&stream).read_line(&mut line)?;
    let Ok(asked) = serde_json::from_str::<Value>(&line) else { return Ok(()) };
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let answer = runtime.block_on(act(bank, &asked));
    writeln!(&stream, "{answer}")
}

async fn act(bank: &Bank, asked: &Value) -> Value {
    let text = |name: &str| asked[name].as_str().unwrap_or_default().to_owned();
    let fen = |name: &str| Fen::new(asked[name].as_i64().unwrap()).unwrap();
    let refund = || RefundOrder {
        id: text("refund").parse().unwrap(),
        order: text("order").parse().unwrap(),
        amount: fen("amount"),
        total: fen("total"),
        reason: "核减".to_owned(),
    };
    match asked["act"].as_str().unwrap() {
        "pay" => bank.pay(&text("order")).map_or(Value::Null, |told| serde_json::to_value(told).unwrap()),
        "prepay" => {
            let (id, amount) = (text("order").parse().unwrap(), fen("amount"));
            let order = Order { id, amount, subject: text("subject"), expires_at: text("expires_at").parse().unwrap() };
            match bank.prepay(&order).await {
                Ok(prepaid) => json!({ "qr": prepaid.qr }),
                Err(_) => json!({ "refused": true }),
            }
        }
        "query" => state(bank.query(&text("order").parse().unwrap()).await.unwrap()),
        "close" => state(bank.close(&text("order").parse().unwrap()).await.unwrap()),
        "refund" => bank.refund(&refund()).await.map_or_else(|_| json!({ "failed": true }), refund_state),
        "query_refund" => refund_state(bank.query_refund(&refund()).await.unwrap()),
        other => panic!("{other}"),
    }
}

fn state(state: GatewayState) -> Value {
    match state {
        GatewayState::Unknown => json!("unknown"),
        GatewayState::Open => json!("open"),
        GatewayState::Closed => json!("closed"),
        GatewayState::Paid(payment) => {
            json!({ "amount": payment.amount, "transaction": payment.transaction, "at": payment.at })
        }
    }
}

fn refund_state(state: RefundState) -> Value {
    match state {
        RefundState::Done(done) => json!({ "amount": done.amount, "transaction": done.transaction, "at": done.at }),
        RefundState::Unknown => json!("unknown"),
        RefundState::Processing => json!("processing"),
        RefundState::Failed(why) => json!({ "failed": why }),
    }
}

// === impl RemoteBank ===

impl RemoteBank {
    fn ask(&self, what: &Value) -> Result<Value, GatewayError> {
        let ask = || -> std::io::Result<Value> {
            let stream = TcpStream::connect(&self.0)?;
            writeln!(&stream, "{what}")?;
            let mut line = String::new();
            BufReader::new(&stream).read_line(&mut line)?;
            Ok(serde_json::from_str(&line)?)
        };
        ask().map_err(|error| GatewayError::Unavailable(error.to_string()))
    }

    /// A person pays: the callback's body.
    pub fn pay(&self, order: &str) -> Option<Vec<u8>> {
        let told = self.ask(&json!({ "act": "pay", "order": order })).unwrap();
        (!told.is_null()).then(|| told.to_string().into_bytes())
    }

    fn ask_state(&self, act: &str, order: &OrderId) -> Result<GatewayState, GatewayError> {
        let said = self.ask(&json!({ "act": act, "order": order.to_string() }))?;
        Ok(match said.as_str() {
            Some("unknown") => GatewayState::Unknown,
            Some("open") => GatewayState::Open,
            Some("closed") => GatewayState::Closed,
            _ => GatewayState::Paid(Payment {
                amount: said["amount"].as_i64().unwrap(),
                currency: CURRENCY.to_owned(),
                transaction: said["transaction"].as_str().unwrap().to_owned(),
                at: said["at"].as_str().unwrap().parse().unwrap(),
            }),
        })
    }

    fn ask_refund(&self, act: &str, refund: &RefundOrder) -> Result<RefundState, GatewayError> {
        let (amount, total) = (refund.amount.get(), refund.total.get());
        let (id, order) = (refund.id.to_string(), refund.order.to_string());
        let said = self.ask(&json!({ "act": act, "refund": id, "order": order, "amount": amount, "total": total }))?;
        Ok(match (said.as_str(), said["amount"].as_i64()) {
            (Some("unknown"), _) => RefundState::Unknown,
            (_, Some(amount)) => RefundState::Done(Refunded {
                amount,
                transaction: said["transaction"].as_str().unwrap().to_owned(),
                at: said["at"].as_str().unwrap().parse().unwrap(),
            }),
            _ => RefundState::Failed(said.to_string()),
        })
    }
}

#[async_trait]
impl Gateway for RemoteBank {
    fn name(&self) -> &str {
        "cashdesk"
    }

    async fn prepay(&self, order: &Order) -> Result<Prepaid, GatewayError> {
        let said = self.ask(&json!({
            "act": "prepay", "order": order.id.to_string(), "amount": order.amount.get(),
            "subject": order.subject, "expires_at": order.expires_at,
        }))?;
        let refused = || GatewayError::Refused { code: "ORDERPAID".to_owned() };
        said["qr"].as_str().map(|qr| Prepaid { qr: qr.to_owned() }).ok_or_else(refused)
    }

    async fn query(&self, order: &OrderId) -> Result<GatewayState, GatewayError> {
        self.ask_state("query", order)
    }

    async fn close(&self, order: &OrderId) -> Result<GatewayState, GatewayError> {
        self.ask_state("close", order)
    }

    async fn refund(&self, refund: &RefundOrder) -> Result<RefundState, GatewayError> {
        self.ask_refund("refund", refund)
    }

    async fn query_refund(&self, refund: &RefundOrder) -> Result<RefundState, GatewayError> {
        self.ask_refund("query_refund", refund)
    }

    async fn callback(&self, headers: &Headers, body: &[u8]) -> Result<Callback, CallbackError> {
        let bank = Bank::new("cashdesk", Arc::new(zhongtai_kernel::SystemClock));
        bank.callback(headers, body).await
    }

    fn accepted(&self) -> CallbackAnswer {
        CallbackAnswer { status: 200, content_type: "text/plain", body: b"success".to_vec() }
    }

    fn refused(&self, _: CallbackError) -> CallbackAnswer {
        CallbackAnswer { status: 503, content_type: "text/plain", body: Vec::new() }
    }

    async fn bill(&self, _: Date) -> Result<Vec<BillRow>, GatewayError> {
        Err(GatewayError::NoBill)
    }
}
