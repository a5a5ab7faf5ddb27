//! Progress of work on rows, in parts of the whole.

use std::sync::atomic::{AtomicU64, Ordering};

use super::Watch;

/// Parts that progress over the rows of a scheme is counted in (进度).
pub const PARTS: u64 = 1000;

/// Rows done, told to a watch as parts of the whole.
pub(super) struct Parts<'w> {
    rows: u64,
    done: AtomicU64,
    advance: &'w (dyn Fn(u64) + Sync),
}

impl<'w> Parts<'w> {
    pub(super) fn of(rows: usize, watch: &Watch<'w>) -> Parts<'w> {
        Parts {
            rows: rows as u64,
            done: AtomicU64::new(0),
            advance: watch.advance,
        }
    }

    /// So many more rows are done.
    pub(super) fn advance(&self, more: u64) {
        let before = self.done.fetch_add(more, Ordering::Relaxed);
        let parts = |done: u64| (done * PARTS).checked_div(self.rows).unwrap_or(0);
        (self.advance)(parts(before + more) - parts(before));
    }
}
