use std::path::PathBuf;

use serde::Deserialize;

/// `[seal]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SealConfig {
    /// The font that faces are drawn with: a Song type.
    pub font: PathBuf,
    /// Which face of a font collection; 2 is simplified Chinese in Debian's Noto.
    pub font_face: u32,
    /// Who runs the authorities: `O` of every certificate, 1 to 64 characters.
    pub organization: String,
    /// The public address of this platform, such as `https://zt.example.cn`: certificates say that revocation lists are
    /// there. Without it they don't say.
    pub address: Option<String>,
    /// The object identifier of the policy that time stamps are made under.
    pub stamp_policy: String,
    /// The largest document that is sealed or verified, MiB; at most 256.
    pub document_mib: u64,
    /// PEM files of further roots that are trusted when documents are verified.
    pub roots: Vec<PathBuf>,
    /// PEM files of their revocation lists.
    pub lists: Vec<PathBuf>,
    /// A token that seals may have their P-256 keys in.
    pub token: Option<TokenConfig>,
}

/// `[seal.token]`: PKCS #11.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenConfig {
    /// The driver's library.
    pub driver: PathBuf,
    /// The token's label.
    pub label: String,
    /// The file whose first line is the PIN, readable by the host alone.
    pub pin_file: PathBuf,
}

impl Default for SealConfig {
    fn default() -> Self {
        Self {
            font: PathBuf::from("/usr/share/fonts/opentype/noto/NotoSerifCJK-Bold.ttc"),
            font_face: 2,
            organization: "中台".to_owned(),
            address: None,
            // Of the arc that is set aside for examples (RFC 5612): who runs an authority has an own one.
            stamp_policy: "1.3.6.1.4.1.32473.1".to_owned(),
            document_mib: 64,
            roots: Vec::new(),
            lists: Vec::new(),
            token: None,
        }
    }
}

// === impl SealConfig ===

impl SealConfig {
    /// The largest document, bytes. The readers take no more than 256 MiB.
    pub fn most_bytes(&self) -> u64 {
        self.document_mib.clamp(1, 256) * 1024 * 1024
    }
}
