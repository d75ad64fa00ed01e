//! What carries short messages, by the configuration.

use std::sync::Arc;

use anyhow::{Context, bail};
use serde::Deserialize;
use zhongtai_cap_notify::Channel;
use zhongtai_conn_notify_smpp::{Smpp, SmppConfig};
use zhongtai_conn_notify_sms::{Gateway, GatewayConfig};
use zhongtai_kernel::Clock;
use zhongtai_outbound::Outbound;

/// The `[notify.sms]` table of `zt.toml`: one of the two.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SmsSection {
    /// An HTTP gateway that signs.
    #[serde(default)]
    pub(crate) gateway: Option<GatewayConfig>,
    /// An SMSC, by SMPP 3.4.
    #[serde(default)]
    pub(crate) smpp: Option<SmppConfig>,
}

/// The channel of short messages.
pub(crate) fn open(
    section: &SmsSection,
    outbound: &Outbound,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Arc<dyn Channel>> {
    match (&section.gateway, &section.smpp) {
        (Some(gateway), None) => {
            let gateway = Gateway::new(gateway, outbound, clock.clone());
            Ok(Arc::new(gateway.context("notify.sms.gateway")?))
        }
        (None, Some(smpp)) => Ok(Arc::new(Smpp::new(smpp).context("notify.sms.smpp")?)),
        _ => bail!("notify.sms: expected one of `notify.sms.gateway` and `notify.sms.smpp`"),
    }
}

#[cfg(test)]
mod tests {
    use zhongtai_kernel::SystemClock;
    use zhongtai_outbound::OutboundConfig;

    use super::*;

    fn opened(text: &str) -> Result<(), String> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let section: SmsSection = toml::from_str(text).map_err(|error| error.to_string())?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let outbound = Outbound::new(&OutboundConfig::default(), clock.clone()).unwrap();
        open(&section, &outbound, &clock).map(drop).map_err(|error| format!("{error:#}"))
    }

    #[tokio::test]
    async fn one_way_is_set_up_and_secrets_come_from_outside() {
        // Set for every test by cargo: 15 characters, so too long for SMPP and too short for a key.
        let gateway = "[gateway]\nbase_url = 'https://sms.example.cn'\naccount = 'qc'\nsign = '清城政务'\n";
        let smpp = "[smpp]\nhost = 'smsc.example.cn'\nport = 3550\nsystem_id = 'qc'\n";
        let secret = "{ env = 'CARGO_PKG_NAME' }";
        let short = opened(&format!("{gateway}key = {secret}")).unwrap_err();
        assert!(short.contains("notify.sms.gateway.key: it is too short to be safe"), "{short}");
        let long = opened(&format!("{smpp}password = {secret}")).unwrap_err();
        assert!(long.contains("notify.sms.smpp.password: expected 1 to 8 ASCII characters"), "{long}");
        let both = format!("{gateway}key = {secret}\n{smpp}password = {secret}");
        for text in ["", both.as_str()] {
            assert!(opened(text).unwrap_err().starts_with("notify.sms: expected one of"), "{text}");
        }
        let error = opened("[gatway]").unwrap_err();
        assert!(error.contains("unknown field `gatway`"), "{error}");
    }
}
