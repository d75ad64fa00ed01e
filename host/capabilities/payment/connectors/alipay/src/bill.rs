//! The trade bill (业务明细): asked for by day, fetched as a ZIP file of tables in GBK.

use std::io::Read;

use encoding_rs::GBK;
use flate2::bufread::DeflateDecoder;
use jiff::{SignedDuration, civil::Date, tz};
use rawzip::{CompressionMethod, ZipArchive, ZipFileHeaderRecord, ZipSliceArchive};
use serde_json::json;
use zhongtai_cap_payment::{BillKind, BillRow, GatewayError, yuan};
use zhongtai_outbound::{Repeat, Request, Url};

use crate::{Alipay, call::Said, time, wire};

/// A day's bill is there at ten in the next morning.
const READY: SignedDuration = SignedDuration::from_hours(24 + 10);

/// The rows and the sums; a few more do no harm.
const MAX_FILES: u64 = 16;

/// One table, unpacked, bytes.
const MAX_BYTES: u64 = 256 << 20;

// === impl Alipay ===

impl Alipay {
    pub(crate) async fn read_bill(&self, day: Date) -> Result<Vec<BillRow>, GatewayError> {
        let content = json!({ "bill_type": "trade", "bill_date": day.to_string() });
        let method = "alipay.data.dataservice.bill.downloadurl.query";
        let place = match self.call::<wire::BillPlace>(method, &content).await? {
            Said::Yes(place) => place,
            // Also the answer for a day on which nobody paid: then it stays so.
            Said::No(code) if is_no_bill(&code) && self.should_be_there(day) => return Ok(Vec::new()),
            Said::No(code) if is_no_bill(&code) || !self.should_be_there(day) => return Err(GatewayError::NoBill),
            Said::No(code) => return Err(GatewayError::Refused { code }),
        };
        rows(&self.download(&place.bill_download_url).await?)
    }

    fn should_be_there(&self, day: Date) -> bool {
        let begin = tz::offset(8).to_timestamp(day.at(0, 0, 0, 0));
        begin.is_ok_and(|begin| self.clock.now().duration_since(begin) >= READY)
    }

    /// The file is not signed, but where it is was: TLS to the configured host does the rest.
    async fn download(&self, address: &str) -> Result<Vec<u8>, GatewayError> {
        let url = Url::parse(address).map_err(|_| unreadable())?;
        let mut request = Request::get(url.path());
        request.query = url.query_pairs().into_owned().collect();
        let answer = self.bills.send(request, Repeat::Idempotent).await;
        let answer = answer.map_err(|error| GatewayError::Unavailable(error.to_string()))?;
        if !answer.is_success() {
            return Err(GatewayError::Unavailable(format!("HTTP status {}", answer.status.as_u16())));
        }
        Ok(answer.body.to_vec())
    }
}

fn is_no_bill(code: &str) -> bool {
    let word = code.rsplit('.').next().unwrap_or(code).replace('-', "_");
    word.eq_ignore_ascii_case("bill_not_exist")
}

/// The rows of the table that has trades in it; the other one has sums.
fn rows(zip: &[u8]) -> Result<Vec<BillRow>, GatewayError> {
    let archive = ZipArchive::from_slice(zip).map_err(|_| unreadable())?;
    if archive.entries_hint() > MAX_FILES {
        return Err(unreadable());
    }
    for entry in archive.entries() {
        let bytes = unpacked(&archive, &entry.map_err(|_| unreadable())?).ok_or_else(unreadable)?;
        let (text, _, damaged) = GBK.decode(&bytes);
        if damaged {
            return Err(unreadable());
        }
        if let Some(rows) = table(&text) {
            return rows;
        }
    }
    Err(unreadable())
}

fn unpacked(archive: &ZipSliceArchive<&[u8]>, header: &ZipFileHeaderRecord<'_>) -> Option<Vec<u8>> {
    let entry = archive.get_entry(header.wayfinder()).ok()?;
    let claimed = entry.claim_verifier();
    if claimed.uncompressed_size > MAX_BYTES {
        return None;
    }
    let mut bytes = Vec::new();
    match header.compression_method() {
        CompressionMethod::STORE => bytes.extend_from_slice(entry.data()),
        CompressionMethod::DEFLATE => {
            // One byte more than it says: a table that is longer is not read to its end.
            let mut inflated = DeflateDecoder::new(entry.data()).take(claimed.uncompressed_size + 1);
            inflated.read_to_end(&mut bytes).ok()?;
        }
        _ => return None,
    }
    let mut crc = flate2::Crc::new();
    crc.update(&bytes);
    (bytes.len() as u64 == claimed.uncompressed_size && crc.sum() == claimed.crc).then_some(bytes)
}

/// `None` when it is not the table of trades. Lines that begin with `#` frame it.
fn table(text: &str) -> Option<Result<Vec<BillRow>, GatewayError>> {
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let header = lines.first().filter(|line| line.contains("支付宝交易号") && line.contains("业务类型"))?;
    let header: Vec<&str> = header.split(',').map(str::trim).collect();
    let columns = Columns::of(&header)?;
    let body = lines.get(1..).unwrap_or_default().join("\n");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(false).from_reader(body.as_bytes());
    let mut rows = Vec::new();
    for record in reader.records() {
        let Ok(record) = record else { return Some(Err(unreadable())) };
        match columns.read(&record) {
            Some(row) => rows.push(row),
            None => return Some(Err(unreadable())),
        }
    }
    Some(Ok(rows))
}

struct Columns {
    count: usize,
    transaction: usize,
    order: usize,
    kind: usize,
    at: usize,
    amount: usize,
    refund: usize,
}

// === impl Columns ===

impl Columns {
    fn of(header: &[&str]) -> Option<Self> {
        let column = |name: &str| header.iter().position(|column| *column == name);
        Some(Self {
            count: header.len(),
            transaction: column("支付宝交易号")?,
            order: column("商户订单号")?,
            kind: column("业务类型")?,
            at: column("完成时间")?,
            amount: column("订单金额（元）")?,
            refund: column("退款批次号/请求号")?,
        })
    }

    /// `None` when a row is not as it should be: a bill that is half understood is not one.
    fn read(&self, record: &csv::StringRecord) -> Option<BillRow> {
        let field = |column: usize| record.get(column).map(str::trim);
        let (transaction, amount) = (field(self.transaction)?, yuan::to_fen(field(self.amount)?)?);
        let (kind, transaction) = match field(self.kind)? {
            "交易" => (BillKind::Payment, transaction.to_owned()),
            "退款" => {
                let refund = field(self.refund)?;
                (BillKind::Refund(refund.to_owned()), wire::refund_transaction(transaction, refund))
            }
            _ => return None,
        };
        let at = time::read(field(self.at)?)?;
        let order = field(self.order)?.to_owned();
        // Refunds are negative there.
        (record.len() == self.count).then(|| BillRow { kind, order, transaction, amount: amount.abs(), at })
    }
}

fn unreadable() -> GatewayError {
    GatewayError::Untrusted("the bill can't be read".to_owned())
}
