//! P-256 keys in the configured token.

use std::sync::Arc;

use tokio::sync::OnceCell;
use zhongtai_pki::{Algorithm, Pin, Signer, Token};

use crate::{SealError, TokenConfig};

/// The token, opened when a seal's key is first needed: a process loads a driver once.
pub(super) struct Tokens {
    config: Option<TokenConfig>,
    token: OnceCell<Token>,
}

// === impl Tokens ===

impl Tokens {
    pub(super) fn new(config: Option<TokenConfig>) -> Self {
        Self { config, token: OnceCell::new() }
    }

    /// The key of that label.
    pub(super) async fn key(&self, label: &str) -> Result<Arc<dyn Signer>, SealError> {
        let config = self.config.clone().ok_or_else(|| SealError::invalid("token", "a [seal.token] in zt.toml"))?;
        let token = self.token.get_or_try_init(async || {
            // A driver may take seconds.
            let open = move || Token::open(&config.driver, &config.label, Pin::from_file(&config.pin_file)?);
            tokio::task::spawn_blocking(open).await?.map_err(SealError::from)
        });
        let (token, label) = (token.await?.clone(), label.to_owned());
        let key = tokio::task::spawn_blocking(move || token.key(&label)).await??;
        match key.algorithm() {
            Algorithm::EcdsaP256Sha256 => Ok(Arc::new(key)),
            other => Err(SealError::invalid("token", format!("a P-256 key, not one of {other}"))),
        }
    }
}
