//! `[payment.gateways.<name>]`: which channels payers can pay through.

use std::{collections::BTreeMap, sync::Arc};

use anyhow::Context;
use serde::Deserialize;
use zhongtai_cap_payment::{CashDesk, CashDeskConfig, Gateway, is_channel};
use zhongtai_conn_payment_alipay::{Alipay, AlipayConfig};
use zhongtai_conn_payment_wechatpay::{WechatPay, WechatPayConfig};
use zhongtai_kernel::Clock;
use zhongtai_outbound::Outbound;

/// One table; `kind` says what the rest of it is.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(crate) enum GatewayTable {
    /// The simulator, `zt payment cashdesk`.
    CashDesk(CashDeskConfig),
    /// WeChat Pay, APIv3.
    WechatPay(WechatPayConfig),
    /// Alipay, RSA2.
    Alipay(AlipayConfig),
}

/// Makes every channel. Secrets are read, nobody is asked yet.
pub(crate) fn gateways(
    tables: &BTreeMap<String, GatewayTable>,
    outbound: &Outbound,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Vec<Arc<dyn Gateway>>> {
    tables.iter().map(|(name, table)| gateway(name, table, outbound, clock.clone())).collect()
}

fn gateway(
    name: &str,
    table: &GatewayTable,
    outbound: &Outbound,
    clock: Arc<dyn Clock>,
) -> anyhow::Result<Arc<dyn Gateway>> {
    anyhow::ensure!(is_channel(name), "payment.gateways.{name}: a name is 1 to 32 of a-z, 0-9 and -");
    let gateway: Result<Arc<dyn Gateway>, _> = match table {
        GatewayTable::CashDesk(config) => CashDesk::new(name, config, outbound, clock).map(|it| Arc::new(it) as _),
        GatewayTable::WechatPay(config) => WechatPay::new(name, config, outbound, clock).map(|it| Arc::new(it) as _),
        GatewayTable::Alipay(config) => Alipay::new(name, config, outbound, clock).map(|it| Arc::new(it) as _),
    };
    gateway.context("zt.toml")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables(text: &str) -> Result<BTreeMap<String, GatewayTable>, toml::de::Error> {
        toml::from_str(text)
    }

    #[test]
    fn every_kind_is_read_with_the_keys_of_its_system() {
        let text = "
            [desk]
            kind = 'cashdesk'
            base_url = 'http://127.0.0.1:8090'
            secret = { file = '/run/secrets/cashdesk' }
            attempts = 1
            [wechat]
            kind = 'wechatpay'
            base_url = 'https://api.mch.weixin.qq.com'
            app_id = 'wx1'
            merchant = '1900000001'
            merchant_serial = 'AB'
            merchant_key = { file = '/k' }
            api_key = { env = 'K' }
            callback_url = 'https://pay.example.gov.cn/x'
            [alipay]
            kind = 'alipay'
            base_url = 'https://openapi.alipay.com'
            app_id = '2021'
            seller_id = '2088'
            app_key = { file = '/k' }
            alipay_key_file = '/p'
            callback_url = 'https://pay.example.gov.cn/x'
            timeout_ms = 5000";
        let tables = tables(text).unwrap();
        assert_eq!(tables.len(), 3);
        assert!(matches!(&tables["desk"], GatewayTable::CashDesk(config) if config.system.attempts == 1));
        assert!(matches!(&tables["alipay"], GatewayTable::Alipay(config) if config.system.timeout_ms == 5000));
    }

    #[test]
    fn an_unknown_key_or_kind_is_refused_by_name() {
        let desk = "[desk]\nkind = 'cashdesk'\nbase_url = 'http://127.0.0.1:1'\nsecret = { env = 'S' }\n";
        assert!(tables(desk).is_ok());
        let error = tables(&format!("{desk}secrt = 'x'")).unwrap_err().to_string();
        assert!(error.contains("unknown field `secrt`"), "{error}");
        let error = tables(&desk.replace("cashdesk", "unionpay")).unwrap_err().to_string();
        assert!(error.contains("unionpay") && error.contains("wechatpay"), "{error}");
        assert!(tables(&desk.replace("{ env = 'S' }", "'hunter2'")).is_err(), "never in the text itself");
    }

    #[test]
    fn a_name_that_can_not_stand_in_an_address_is_refused() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let text = "['We Chat']\nkind = 'cashdesk'\nbase_url = 'http://127.0.0.1:1'\nsecret = { env = 'S' }\n";
        let clock: Arc<dyn Clock> = Arc::new(zhongtai_kernel::SystemClock);
        let outbound = Outbound::new(&Default::default(), clock.clone()).unwrap();
        let error = gateways(&tables(text).unwrap(), &outbound, &clock).err().unwrap().to_string();
        assert!(error.contains("payment.gateways.We Chat"), "{error}");
    }
}
