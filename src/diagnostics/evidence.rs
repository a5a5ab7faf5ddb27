//! How well a number is known.

use serde::Deserialize;

/// Where a rule or number comes from (证据等级), weakest last.
///
/// A run on anything weaker than `local` says so on every page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Evidence {
    /// Text of a national, provincial or city authority (官方文件).
    Official,
    /// The place's own returns, or calibrated to them (本地数据).
    Local,
    /// Article, vendor code, third-party copy (二手资料).
    Secondary,
    /// From memory, inferred, or invented (假设).
    Assumption,
}

impl Evidence {
    /// The word used in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Evidence::Official => "official",
            Evidence::Local => "local",
            Evidence::Secondary => "secondary",
            Evidence::Assumption => "assumption",
        }
    }
}
