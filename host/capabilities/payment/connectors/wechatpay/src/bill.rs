//! The trade bill (交易账单): asked for by day, fetched from where the answer says, checked against its hash.

use jiff::{
    SignedDuration,
    civil::{Date, DateTime},
    tz,
};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use zhongtai_cap_payment::{BillKind, BillRow, GatewayError, yuan};
use zhongtai_outbound::{Method, Url};

use crate::{
    WechatPay,
    call::{Call, without_proof},
    wire,
};

/// A day's bill is made in the next morning, from nine o'clock on; at ten it is there.
const READY: SignedDuration = SignedDuration::from_hours(24 + 10);

// === impl WechatPay ===

impl WechatPay {
    pub(crate) async fn read_bill(&self, day: Date) -> Result<Vec<BillRow>, GatewayError> {
        let date = day.to_string();
        let query = [("bill_date", date.as_str()), ("bill_type", "ALL")];
        let place = match self.call(Call::get("/v3/bill/tradebill", &query)).await?.read::<wire::BillPlace>()? {
            Ok(place) => place,
            // Also the answer for a day on which nobody paid: then it stays so.
            Err(code) if code == "NO_STATEMENT_EXIST" && self.should_be_there(day) => return Ok(Vec::new()),
            Err(code) if matches!(code.as_str(), "NO_STATEMENT_EXIST" | "STATEMENT_CREATING") => {
                return Err(GatewayError::NoBill);
            }
            Err(code) => return Err(GatewayError::Refused { code }),
        };
        let bill = self.download(&place).await?;
        let text = std::str::from_utf8(&bill).map_err(|_| unreadable())?;
        rows(text.trim_start_matches('\u{feff}'))
    }

    fn should_be_there(&self, day: Date) -> bool {
        let begin = tz::offset(8).to_timestamp(day.at(0, 0, 0, 0));
        begin.is_ok_and(|begin| self.clock.now().duration_since(begin) >= READY)
    }

    /// The file is not signed: its hash, which is, proves it.
    async fn download(&self, place: &wire::BillPlace) -> Result<Vec<u8>, GatewayError> {
        let url = Url::parse(&place.download_url).map_err(|_| unreadable())?;
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let query: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        // The path only: the host is the configured one, whatever the answer says.
        let call = Call { method: Method::GET, path: url.path(), query: &query, body: Vec::new() };
        let answer = self.send(&self.bills, &call).await?;
        if !answer.is_success() {
            return Err(without_proof(answer.status));
        }
        let hash = hex::encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &answer.body));
        if place.hash_type != "SHA1" || !place.hash_value.eq_ignore_ascii_case(&hash) {
            return Err(GatewayError::Untrusted("the bill's hash is wrong".to_owned()));
        }
        Ok(answer.body.to_vec())
    }
}

/// The rows between the first header and the second, which begins the sums. Columns are found by name: WeChat Pay adds
/// some from time to time.
fn rows(text: &str) -> Result<Vec<BillRow>, GatewayError> {
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap_or_default().split(',').map(str::trim).collect();
    let columns = Columns::of(&header).ok_or_else(unreadable)?;
    let mut rows = Vec::new();
    for line in lines {
        let Some(line) = line.trim_end().strip_prefix('`') else { break };
        rows.extend(columns.read(&line.split(",`").collect::<Vec<_>>())?);
    }
    Ok(rows)
}

struct Columns {
    at: usize,
    transaction: usize,
    order: usize,
    state: usize,
    amount: usize,
    refund_transaction: usize,
    refund: usize,
    refund_amount: usize,
}

// === impl Columns ===

impl Columns {
    fn of(header: &[&str]) -> Option<Self> {
        let column = |name: &str| header.iter().position(|column| *column == name);
        Some(Self {
            at: column("交易时间")?,
            transaction: column("微信订单号")?,
            order: column("商户订单号")?,
            state: column("交易状态")?,
            amount: column("订单金额")?,
            refund_transaction: column("微信退款单号")?,
            refund: column("商户退款单号")?,
            refund_amount: column("申请退款金额")?,
        })
    }

    /// None for a row that is neither a payment nor a refund.
    fn read(&self, fields: &[&str]) -> Result<Option<BillRow>, GatewayError> {
        let field = |column: usize| fields.get(column).map(|text| text.trim()).ok_or_else(unreadable);
        let (kind, transaction, amount) = match field(self.state)? {
            "SUCCESS" => (BillKind::Payment, self.transaction, self.amount),
            "REFUND" => (BillKind::Refund(field(self.refund)?.to_owned()), self.refund_transaction, self.refund_amount),
            _ => return Ok(None),
        };
        let at = DateTime::strptime("%Y-%m-%d %H:%M:%S", field(self.at)?).map_err(|_| unreadable())?;
        Ok(Some(BillRow {
            kind,
            order: field(self.order)?.to_owned(),
            transaction: field(transaction)?.to_owned(),
            amount: yuan::to_fen(field(amount)?).ok_or_else(unreadable)?,
            at: tz::offset(8).to_timestamp(at).map_err(|_| unreadable())?,
        }))
    }
}

fn unreadable() -> GatewayError {
    GatewayError::Untrusted("the bill can't be read".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "\u{feff}交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,\
        付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,\
        商户数据包,手续费,费率,订单金额,申请退款金额,费率备注\n";

    #[test]
    fn payments_and_refunds_are_read_and_sums_are_not() {
        let body = "`2026-11-26 10:00:01,`wx1,`1900,`0,`,`4200001,`ORDER1,`openid,`NATIVE,`SUCCESS,`OTHERS,`CNY,`61.50,\
            `0.00,`0,`0,`0.00,`0.00,`,`,`行政事业性收费, 一笔,`,`0.00000,`0.00%,`61.50,`0.00,`\n\
            `2026-11-26 11:00:00,`wx1,`1900,`0,`,`4200001,`ORDER1,`openid,`NATIVE,`REFUND,`OTHERS,`CNY,`0.00,\
            `0.00,`5030,`REFUND1,`1.50,`0.00,`ORIGINAL,`SUCCESS,`x,`,`0.00000,`0.00%,`0.00,`1.50,`\n\
            总交易单数,应结订单总金额\n`2,`61.50\n";
        let rows = rows(format!("{HEADER}{body}").trim_start_matches('\u{feff}')).unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!((rows[0].kind.clone(), rows[0].order.as_str(), rows[0].amount), (BillKind::Payment, "ORDER1", 6150));
        assert_eq!(rows[0].at.to_string(), "2026-11-26T02:00:01Z");
        assert_eq!(rows[1].kind, BillKind::Refund("REFUND1".to_owned()));
        assert_eq!((rows[1].transaction.as_str(), rows[1].amount), ("5030", 150));
    }

    #[test]
    fn a_bill_that_is_none_is_refused() {
        assert!(rows("<html>").is_err());
        let cut = "`2026-11-26 10:00:01,`wx1,`1900,`0,`,`4200001,`ORDER1,`openid,`NATIVE,`SUCCESS";
        assert!(rows(format!("{HEADER}{cut}").trim_start_matches('\u{feff}')).is_err());
    }
}
