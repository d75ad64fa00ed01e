//! Electronic receipts: a number, once; a PDF, kept.

use zhongtai_runtime::Asker;

use super::Payments;
use crate::{Notice, NoticeNumber, PaymentError, Receipt, ReceiptDraft, ReceiptsError};

// === impl Payments ===

impl Payments {
    /// The receipt of a notice that was paid (`payment:read`). Made when somebody first asks.
    pub async fn receipt(&self, asker: &mut Asker, number: &NoticeNumber) -> Result<Receipt, PaymentError> {
        let notice = self.readable(asker, number).await?;
        self.receipt_of(&notice).await
    }

    /// The same with its PDF.
    pub async fn receipt_pdf(
        &self,
        asker: &mut Asker,
        number: &NoticeNumber,
    ) -> Result<(Receipt, Vec<u8>), PaymentError> {
        let receipt = self.receipt(asker, number).await?;
        let pdf = self.treasury.receipt_pdf(number).await?.ok_or(PaymentError::NotFound("receipt"))?;
        Ok((receipt, pdf))
    }

    async fn receipt_of(&self, notice: &Notice) -> Result<Receipt, PaymentError> {
        let record = self.treasury.receipt(notice).await?;
        if let Some(receipt) = Receipt::of(record.clone(), notice.total) {
            return Ok(receipt);
        }
        let draft = ReceiptDraft {
            number: record.number,
            notice: notice.number.clone(),
            scenario: notice.scenario.clone(),
            owner: notice.owner.clone(),
            payer: notice.payer,
            lines: notice.lines.clone(),
            total: notice.total,
            paid_at: notice.ended_at.unwrap_or(record.issued_at),
            issued_at: record.issued_at,
            case: notice.case.clone(),
            channel: notice.channel.clone().unwrap_or_default(),
        };
        let made = match self.receipts.make(&draft, self.config.unsealed_receipts).await {
            Ok(made) => made,
            Err(ReceiptsError::NoSeal) => {
                return Err(PaymentError::NoReceipt(ReceiptsError::NoSeal.to_string()));
            }
            Err(error) => return Err(PaymentError::ReceiptPending(error)),
        };
        let record = self.treasury.keep_receipt(&notice.number, &made.pdf, made.is_sealed).await?;
        let lost = || PaymentError::Fault("a receipt was not kept".to_owned());
        Receipt::of(record, notice.total).ok_or_else(lost)
    }
}
