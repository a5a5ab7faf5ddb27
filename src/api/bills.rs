//! Schemes whose conditions ask for parts of the bill (费用分项).

use std::path::Path;

use crate::diagnostics::{Error, Place, Result};
use crate::records::Intake;
use crate::tables::{Packets, Scheme};

fn asks(scheme: &Scheme) -> bool {
    scheme.packets().is_some_and(Packets::asks_bill)
}

/// Records to be grouped by these schemes: with all columns where one asks for parts of the bill.
pub(super) fn intake_for<'s>(schemes: impl IntoIterator<Item = &'s Scheme>, intake: Intake) -> Intake {
    match schemes.into_iter().any(asks) {
        true => intake.for_all(false),
        false => intake.for_grouping(),
    }
}

/// Packed files hold no parts of the bill: grouped by a scheme that asks for them, their cases would
/// lose labels unseen.
pub(super) fn refuse_packed(scheme: &Scheme, records: &Path) -> Result<()> {
    match asks(scheme) {
        true => Err(Error::at(
            Place::file(records),
            format!(
                "scheme `{}` asks for parts of the bill (`fee_share`), which packed files do not hold; expected a file \
                 with the column `front_fees`",
                scheme.id()
            ),
        )),
        false => Ok(()),
    }
}
