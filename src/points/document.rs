//! Where a pack's numbers come from (政策依据).

use std::fmt;

use crate::diagnostics::{Evidence, Place};

/// A document behind a pack (政策文件).
#[derive(Clone, Debug)]
pub struct Document {
    /// The name the pack's tables use for it.
    pub id: String,
    /// Title and issuer.
    pub source: String,
    /// Document number (文号), or `none`.
    pub doc_no: String,
    /// First day.
    pub effective_from: Effective,
    /// Last day.
    pub effective_to: Effective,
    /// How well it is known.
    pub evidence: Evidence,
}

/// An end of a document's validity (生效日期).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effective {
    /// Not known.
    Unknown,
    /// A day.
    On {
        /// Year.
        year: u16,
        /// Month from 1.
        month: u8,
        /// Day from 1.
        day: u8,
    },
    /// Without an end.
    Open,
}

/// The form used in files.
impl fmt::Display for Effective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Effective::Unknown => f.write_str("unknown"),
            Effective::On { year, month, day } => write!(f, "{year:04}-{month:02}-{day:02}"),
            Effective::Open => f.write_str("open"),
        }
    }
}

/// One key of a pack with its value as written and its ground (参数及依据).
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Key path, e.g. `outlier.low`.
    pub key: String,
    /// The value as the pack writes it.
    pub value: String,
    /// How well it is known: the document's word, or the weaker one given to this key.
    pub evidence: Evidence,
    /// Name of the document.
    pub document: String,
    /// Title of the document.
    pub source: String,
    /// Where it is written.
    pub place: Place,
}
