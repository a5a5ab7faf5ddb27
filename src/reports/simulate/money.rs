//! Who has the money: shares by level, money of high multiples, what an assessment returns.

use super::columns::{money, number, table};
use super::{Named, Simulated};
use crate::codes::HospitalLevel;
use crate::diagnostics::Lang;
use crate::reports::table::Cell;
use crate::scenarios::simulate::{HospitalSum, Outcome, change_rate};
use crate::units::Fen;

fn named(file: &str, table: crate::reports::Table) -> Named {
    Named {
        file: file.to_owned(),
        table,
    }
}

/// Shares of cost, weight and money received by level (各等级占比).
pub(super) fn shares_by_level(found: &Simulated<'_>, lang: Lang) -> Named {
    let columns = [
        "scenario",
        "level",
        "share_of_cost",
        "share_of_weight",
        "share_of_pay",
    ];
    let mut table = table(lang.pick("Shares by level", "各等级占比"), &columns, lang);
    for (name, outcome) in both(found) {
        for level in [HospitalLevel::Three, HospitalLevel::Two, HospitalLevel::One] {
            if let Some(shares) = shares(outcome, level) {
                let mut row = vec![Cell::text(name), Cell::text(level.as_str())];
                row.extend(shares.map(|share| number(share, 6)));
                table.rows.push(row);
            }
        }
    }
    named("shares_by_level", table)
}

fn both<'a>(found: &'a Simulated<'_>) -> [(&'static str, &'a Outcome); 2] {
    [
        ("baseline", &found.base.outcome),
        ("reform", &found.reform.outcome),
    ]
}

/// Cost, weight and money received of a level over those of all; none of a level without hospitals.
fn shares(outcome: &Outcome, level: HospitalLevel) -> Option<[Option<f64>; 3]> {
    let of_level = || {
        outcome
            .hospitals
            .iter()
            .filter(|hospital| hospital.level == level)
    };
    of_level().next()?;
    let share = |of: fn(&HospitalSum) -> f64| {
        let all: f64 = outcome.hospitals.iter().map(of).sum();
        (all != 0.0).then(|| of_level().map(of).sum::<f64>() / all)
    };
    Some([
        share(|hospital| hospital.cost.fen() as f64),
        share(|hospital| hospital.weight),
        share(|hospital| (hospital.due + hospital.nonfund).fen() as f64),
    ])
}

/// Who gets the money of high multiples (各机构高倍率资金).
pub(super) fn multiples_by_hospital(found: &Simulated<'_>, lang: Lang) -> Named {
    let columns = [
        "hospital",
        "base_high_due",
        "base_high_share",
        "reform_high_due",
        "reform_high_share",
    ];
    let name = lang.pick("High multiples by hospital", "各机构高倍率资金");
    let mut table = table(name, &columns, lang);
    let pairs = found.base.outcome.hospitals.iter();
    let pairs = pairs.zip(&found.reform.outcome.hospitals);
    // what a share is of: a hospital that is due nothing has none
    let share = |of: &HospitalSum| change_rate(of.due, of.due + of.high_due);
    table.rows.extend(pairs.map(|(before, after)| {
        vec![
            Cell::text(&before.code),
            money(before.high_due),
            number(share(before), 6),
            money(after.high_due),
            number(share(after), 6),
        ]
    }));
    named("multiples_by_hospital", table)
}

/// Score, return and yuan, and the curve of both (考核与返还); nothing where the pack assesses nobody.
pub(super) fn quality_tables(found: &Simulated<'_>, lang: Lang) -> Vec<Named> {
    let quality = found.quality;
    if quality.bands.is_empty() {
        return Vec::new();
    }
    let mut hospitals = table(
        lang.pick("Assessment", "考核"),
        &["hospital", "score", "share", "before_due", "after_due", "delta"],
        lang,
    );
    hospitals.rows.extend(quality.hospitals.iter().map(|of| {
        let (before, after) = of.due.unzip();
        let change = of.due.map(|(before, after)| after - before);
        let mut row = vec![
            Cell::text(&of.hospital),
            Cell::Number(of.score.clone()),
            number(of.share, 6),
        ];
        row.extend([before, after, change].map(|fen: Option<Fen>| Cell::money(fen)));
        row
    }));
    let mut curve = table(
        lang.pick("Return by score", "得分与返还比例"),
        &["score", "share"],
        lang,
    );
    let mut bands = quality.bands.clone();
    // the last band goes on to full marks
    let last = bands.last().copied().filter(|(from, _)| *from < FULL_MARKS);
    bands.extend(last.map(|(_, share)| (FULL_MARKS, share)));
    curve.rows.extend(
        bands
            .iter()
            .map(|(from, share)| vec![number(Some(*from), 4), number(Some(*share), 6)]),
    );
    vec![named("quality", hospitals), named("quality_curve", curve)]
}

/// The highest score of a scale of a hundred, where the curve ends.
const FULL_MARKS: f64 = 100.0;
