//! What a checker needs of a file beyond its rows, worked out once a file (核查准备).

use std::sync::Arc;

use super::Depth;
use super::sheet::Plan;
use crate::records::edits::Edits;
use crate::records::{Column, Header};

/// What is the same for all rows of a file.
pub(in crate::records) struct Ready<'l> {
    /// Of the rows as they are checked: with the written codes where these are mapped.
    pub(super) header: Arc<Header>,
    pub(super) plan: Plan<'l>,
    pub(super) limits: Limits,
    /// The source's header of the case id.
    pub(in crate::records) case_id: Arc<str>,
}

/// Limits asked while a row is read, in hundredths; the rows of the edits are found by name, which every
/// row would pay for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Youngest and oldest plausible age in years.
    pub(super) age: (i64, i64),
    /// Days of the first year of life.
    pub(super) infancy: i64,
    /// Days up to which a child is a newborn.
    pub(super) newborn: i64,
    /// Plausible weights of newborns in grams.
    pub(super) weight: (i64, i64),
    /// Whether day numbers of spreadsheets are read as dates.
    pub(super) serial_dates: bool,
}

impl<'l> Ready<'l> {
    /// For rows under `header`, asked so deeply.
    pub(in crate::records) fn of(depth: Depth<'l>, header: &Arc<Header>) -> Ready<'l> {
        let header = match depth.door() {
            Some(door) => Arc::new(door.header(header)),
            None => Arc::clone(header),
        };
        Ready {
            plan: Plan::of(depth, &header),
            limits: Limits::of(depth.edits()),
            case_id: header.origin(Column::CaseId, None).into(),
            header,
        }
    }
}

impl Limits {
    fn of(edits: &Edits) -> Limits {
        let limit = |code, name| edits.parameters(code).get(name);
        Limits {
            age: (limit("A402", "min"), limit("A402", "max")),
            infancy: limit("A406", "max"),
            newborn: limit("B501", "newborn_days"),
            weight: (limit("B502", "error_min"), limit("B502", "error_max")),
            serial_dates: edits.parameters("F008").is_on("serial_dates"),
        }
    }
}
