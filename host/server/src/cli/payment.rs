//! `zt payment ...`

use std::path::PathBuf;

use anyhow::{Context, bail};
use jiff::civil::Date;
use reqwest::Method;
use zhongtai_cap_payment::Fen;

use super::{Client, format::table};
use crate::{
    admin::{BooksReport, Day, ItemReport, ReconciledReport, ResolveTicket, TicketReport},
    edge::{AskBack, NoticeReport, OrderReport, Pay, RefundReport},
};

#[derive(clap::Subcommand)]
pub(super) enum Verb {
    /// Run the cash desk: the simulator of a channel, with a page where orders are paid. Takes no real money.
    #[command(name = "cashdesk")]
    CashDesk(super::cash_desk::Args),
    /// Put fee items on the list (收费目录清单), and list them.
    #[command(subcommand)]
    Item(ItemVerb),
    /// Show a notice and its refunds, as its payer or an officer of its department.
    Show {
        /// The notice's number (缴款识别码).
        number: String,
    },
    /// Begin to pay a notice that is yours: prints what a QR code holds.
    Pay {
        /// The notice's number.
        number: String,
        /// Through which channel, such as `cashdesk`.
        #[arg(long)]
        channel: String,
        /// The same key gives the same order; by default the notice and the channel.
        #[arg(long)]
        key: Option<String>,
    },
    /// Save the electronic receipt of a notice that was paid.
    Receipt {
        /// The notice's number.
        number: String,
        /// Where to.
        #[arg(short, long)]
        output: PathBuf,
    },
    /// Ask for money to go back, or decide on that; who asked can't decide.
    #[command(subcommand)]
    Refund(RefundVerb),
    /// Hold the bills of a day against the ledger; differences become tickets.
    Reconcile {
        /// The day, UTC+8: YYYY-MM-DD.
        #[arg(long)]
        date: Date,
    },
    /// Verify the books. Exits with 1 when they do not balance.
    Books,
    /// List what somebody has to look at.
    Tickets {
        /// Those that are resolved, too.
        #[arg(long)]
        all: bool,
    },
    /// Say what was found out about a ticket, and close it.
    Resolve {
        /// The ticket's id.
        id: String,
        /// What was found out.
        #[arg(long)]
        note: String,
    },
}

#[derive(clap::Subcommand)]
pub(super) enum ItemVerb {
    /// Put an item on the list, or a new version of it.
    Put {
        /// Its file, JSON.
        file: PathBuf,
    },
    /// The newest version of every item.
    List,
}

#[derive(clap::Subcommand)]
pub(super) enum RefundVerb {
    /// Ask for a refund, as an officer of the department.
    Request {
        /// The notice's number.
        number: String,
        /// How much, fen.
        #[arg(long)]
        fen: i64,
        /// Why.
        #[arg(long)]
        reason: String,
        /// The same key asks once.
        #[arg(long)]
        key: String,
    },
    /// Give the money back, as a cashier of the department.
    Approve {
        /// The refund's id.
        id: String,
    },
    /// Say no, as a cashier of the department.
    Reject {
        /// The refund's id.
        id: String,
    },
    /// List the refunds of a notice.
    List {
        /// The notice's number.
        number: String,
    },
}

// === impl Verb ===

impl Verb {
    pub(super) async fn run(self, client: &Client) -> anyhow::Result<()> {
        match self {
            // Runs by itself, before there is a client.
            Self::CashDesk(_) => Ok(()),
            Self::Item(verb) => verb.run(client).await,
            Self::Show { number } => show(client, &number).await,
            Self::Pay { number, channel, key } => {
                let idempotency_key = key.unwrap_or_else(|| format!("{number} {channel}"));
                let pay = serde_json::to_value(Pay { channel, idempotency_key })?;
                let path = format!("payments/{number}/pay");
                let order: OrderReport = client.ask_public(Method::POST, &path, Some(&pay)).await?;
                match (client.json(), &order.qr) {
                    (false, Some(qr)) => println!("{qr}"),
                    (false, None) => println!("the order is {}", order.standing),
                    (true, _) => println!("{}", serde_json::to_string(&order)?),
                }
                Ok(())
            }
            Self::Receipt { number, output } => {
                let pdf = client.download_public(&format!("payments/{number}/receipt")).await?.bytes().await?;
                std::fs::write(&output, &pdf).with_context(|| format!("{} can't be written", output.display()))
            }
            Self::Refund(verb) => verb.run(client).await,
            Self::Reconcile { date } => reconcile(client, date).await,
            Self::Books => books(client).await,
            Self::Tickets { all } => tickets(client, all).await,
            Self::Resolve { id, note } => {
                let ticket: TicketReport =
                    client.post(&format!("payments/tickets/{id}/resolve"), &ResolveTicket { note }).await?;
                show_tickets(client, &[ticket])
            }
        }
    }
}

// === impl ItemVerb ===

impl ItemVerb {
    async fn run(self, client: &Client) -> anyhow::Result<()> {
        let items: Vec<ItemReport> = match self {
            Self::Put { file } => {
                let item = std::fs::read(&file).with_context(|| format!("{} can't be read", file.display()))?;
                vec![client.upload("payments/items", "application/json", item).await?]
            }
            Self::List => client.get("payments/items").await?,
        };
        if client.json() {
            println!("{}", serde_json::to_string(&items)?);
            return Ok(());
        }
        let row = |one: &ItemReport| {
            let price = one.item.unit_price().map_or_else(|| "free".to_owned(), |price| price.to_string());
            let (code, owner) = (one.item.code.clone(), one.item.owner.to_string());
            vec![code, one.version.to_string(), owner, one.item.status.to_string(), price, one.item.title.clone()]
        };
        table(&["CODE", "VERSION", "OWNER", "STATUS", "PRICE", "TITLE"], &items.iter().map(row).collect::<Vec<_>>());
        Ok(())
    }
}

// === impl RefundVerb ===

impl RefundVerb {
    async fn run(self, client: &Client) -> anyhow::Result<()> {
        let refunds: Vec<RefundReport> = match self {
            Self::Request { number, fen: amount, reason, key: idempotency_key } => {
                let ask = serde_json::to_value(AskBack { amount, reason, idempotency_key })?;
                vec![client.ask_public(Method::POST, &format!("payments/{number}/refunds"), Some(&ask)).await?]
            }
            Self::Approve { id } => {
                vec![client.ask_public(Method::POST, &format!("payments/refunds/{id}/approve"), None).await?]
            }
            Self::Reject { id } => {
                vec![client.ask_public(Method::POST, &format!("payments/refunds/{id}/reject"), None).await?]
            }
            Self::List { number } => {
                client.ask_public(Method::GET, &format!("payments/{number}/refunds"), None).await?
            }
        };
        if client.json() {
            println!("{}", serde_json::to_string(&refunds)?);
            return Ok(());
        }
        let row = |one: &RefundReport| vec![one.id.clone(), one.standing.clone(), yuan(one.amount), one.reason.clone()];
        table(&["REFUND", "STANDING", "YUAN", "REASON"], &refunds.iter().map(row).collect::<Vec<_>>());
        Ok(())
    }
}

async fn show(client: &Client, number: &str) -> anyhow::Result<()> {
    let notice: NoticeReport = client.ask_public(Method::GET, &format!("payments/{number}"), None).await?;
    if client.json() {
        println!("{}", serde_json::to_string(&notice)?);
        return Ok(());
    }
    println!(
        "{}  {}  {} yuan, {} given back",
        notice.number,
        notice.standing,
        yuan(notice.total),
        yuan(notice.refunded)
    );
    println!("to {} until {}", notice.department, notice.expires_at);
    let row = |line: &zhongtai_cap_payment::Line| {
        vec![
            line.item.clone(),
            line.quantity.to_string(),
            line.unit.clone(),
            line.amount.to_string(),
            line.title.clone(),
        ]
    };
    table(&["ITEM", "QUANTITY", "UNIT", "YUAN", "TITLE"], &notice.lines.iter().map(row).collect::<Vec<_>>());
    Ok(())
}

async fn reconcile(client: &Client, date: Date) -> anyhow::Result<()> {
    let done: ReconciledReport = client.post("payments/reconcile", &Day { date }).await?;
    if client.json() {
        println!("{}", serde_json::to_string(&done)?);
        return Ok(());
    }
    let mut rows: Vec<_> = done
        .days
        .iter()
        .map(|day| {
            vec![day.channel.clone(), day.rows.to_string(), day.matched.to_string(), day.differences.to_string()]
        })
        .collect();
    rows.extend(done.open.iter().map(|open| vec![open.channel.clone(), open.why.clone()]));
    table(&["CHANNEL", "ROWS", "MATCHED", "DIFFERENCES"], &rows);
    Ok(())
}

async fn books(client: &Client) -> anyhow::Result<()> {
    let books: BooksReport = client.get("payments/books").await?;
    if client.json() {
        println!("{}", serde_json::to_string(&books)?);
    } else {
        let row = |(account, fen): (&String, &i64)| vec![account.clone(), yuan(*fen)];
        table(&["ACCOUNT", "YUAN"], &books.balances.iter().map(row).collect::<Vec<_>>());
        for wrong in &books.wrong {
            eprintln!("{}: {}", wrong.at, wrong.what);
        }
    }
    match books.balanced {
        true => Ok(()),
        false => bail!("the books do not balance: {} findings", books.wrong.len()),
    }
}

async fn tickets(client: &Client, all: bool) -> anyhow::Result<()> {
    let tickets: Vec<TicketReport> = client.get(&format!("payments/tickets?all={all}")).await?;
    show_tickets(client, &tickets)
}

fn show_tickets(client: &Client, tickets: &[TicketReport]) -> anyhow::Result<()> {
    if client.json() {
        println!("{}", serde_json::to_string(tickets)?);
        return Ok(());
    }
    let row = |one: &TicketReport| {
        let state = one.resolved_by.as_ref().map_or_else(|| "open".to_owned(), |by| format!("resolved by {by}"));
        let (ours, theirs) = (yuan(one.ours), yuan(one.theirs));
        vec![one.id.clone(), one.kind.clone(), one.channel.clone(), one.about.clone(), ours, theirs, state]
    };
    let header = ["TICKET", "KIND", "CHANNEL", "ABOUT", "OURS", "THEIRS", "STATE"];
    table(&header, &tickets.iter().map(row).collect::<Vec<_>>());
    Ok(())
}

/// Yuan of any number of fen: balances may be negative, or nothing.
fn yuan(fen: i64) -> String {
    let (sign, digits) = (if fen < 0 { "-" } else { "" }, fen.unsigned_abs());
    let amount = i64::try_from(digits).ok().and_then(Fen::new);
    format!("{sign}{}", amount.map_or_else(|| format!("{}.{:02}", digits / 100, digits % 100), |fen| fen.to_string()))
}
