//! One function per request (接口): what the command line, and later other front ends, call.
//!
//! No rules here: a request names files and options, the function opens them, sends them
//! through the rooms below and says what became of them.

mod bulk;
mod generate;
mod money;
mod one_case;

pub use bulk::{BulkSummary, CheckRequest, GroupRequest, check, group};
pub use generate::{GenerateRequest, Generated, generate};
pub use money::{CalibrateRequest, Calibrated, Ran, RunRequest, calibrate, run};
pub use one_case::{ExplainRequest, Explained, explain};

use crate::diagnostics::Lang;

/// How a request is carried out (运行方式).
pub struct Watch<'a> {
    /// Language of words for people.
    pub lang: Lang,
    /// How many threads.
    pub threads: usize,
    /// Told how many bytes or records are newly done.
    pub advance: &'a (dyn Fn(u64) + Sync),
}
