//! What a reform does to each kind of patient.

use super::columns::{cases, money, number, percent, points, table};
use super::{Named, Simulated};
use crate::diagnostics::Lang;
use crate::reports::table::Cell;
use crate::scenarios::simulate::{PatientPart, change_rate};

/// Every breakdown of patients (患者影响表); nothing where the records tell none.
pub(super) fn patients(found: &Simulated<'_>, lang: Lang) -> Option<Named> {
    if found.patients.is_empty() {
        return None;
    }
    let columns = [
        "by",
        "part",
        "base_cases",
        "reform_cases",
        "base_points",
        "reform_points",
        "base_due",
        "reform_due",
        "delta",
        "delta_pct",
        "delta_per_case",
        "base_margin",
        "reform_margin",
    ];
    let mut table = table(lang.pick("Patients", "患者"), &columns, lang);
    table.rows.extend(found.patients.iter().map(row));
    Some(Named {
        file: "patients".to_owned(),
        table,
    })
}

fn row(of: &PatientPart) -> Vec<Cell> {
    let (base, reform) = (&of.base, &of.reform);
    let delta = reform.due - base.due;
    let each = (reform.cases > 0.0).then(|| delta.fen() as f64 / 100.0 / reform.cases);
    vec![
        Cell::text(of.by),
        Cell::text(if of.part.is_empty() { "unknown" } else { &of.part }),
        cases(base.cases),
        cases(reform.cases),
        points(base.points.units()),
        points(reform.points.units()),
        money(base.due),
        money(reform.due),
        money(delta),
        percent(change_rate(base.due, reform.due)),
        number(each, 2),
        money(base.margin()),
        money(reform.margin()),
    ]
}
