//! What the quality summary counts (质控汇总).

/// The counts of one row (单条记录计数).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowFacts {
    /// Whether the row was read with every edit.
    pub is_read: bool,
    /// Cells that must be filled, and those of them that are.
    pub required: u64,
    /// See `required`.
    pub filled: u64,
    /// 1 if the principal diagnosis is listed.
    pub principal_listed: u64,
    /// Other diagnoses, and those of them that are listed.
    pub others: u64,
    /// See `others`.
    pub others_listed: u64,
    /// Procedures, and those of them that are listed.
    pub procedures: u64,
    /// See `procedures`.
    pub procedures_listed: u64,
    /// Codes that the map changed.
    pub changed: u64,
    /// Codes without a target in the map.
    pub unmapped: u64,
    /// Codes that stand only in another edition than the declared one.
    pub foreign: u64,
}

impl RowFacts {
    /// Forgets the last row.
    pub(super) fn clear(&mut self) {
        *self = RowFacts::default();
    }
}
