//! Whether better terms are better (倾斜分段核对): the tilt scale of critical illness insurance pays
//! at least what the ordinary one pays, on any amount and day; else the file is doubtful.

use jiff::civil::Date;

use super::literal::{Band, Known, Limit};
use super::policy::{BenefitPolicy, Cii, CiiScale, Grid};
use super::scale::Scale;
use crate::diagnostics::Told;
use crate::units::{Exact, Fen, Overflow};

/// Above every edge a file has: there both scales are straight lines.
const FAR: i64 = 100_000_000_000;

/// A warning for each day from which the tilt scale pays less on some amount.
pub fn warnings(policy: &BenefitPolicy) -> Vec<Told> {
    let Some(cii) = &policy.cii else {
        return Vec::new();
    };
    let days = first_days(cii).into_iter();
    days.filter_map(|day| worse_from(cii, day)).collect()
}

/// Days on which a value of either scale begins.
fn first_days(cii: &Cii) -> Vec<Date> {
    let Some(tilt) = &cii.tilt else {
        return Vec::new();
    };
    let mut days = Vec::new();
    for scale in [&cii.ordinary, &tilt.scale] {
        days.extend(scale.threshold.periods.iter().map(|period| period.days.from));
        days.extend(scale.bands.periods.iter().map(|period| period.days.from));
        days.extend(scale.cap.periods.iter().map(|period| period.days.from));
    }
    days.sort_unstable();
    days.dedup();
    days
}

fn worse_from(cii: &Cii, day: Date) -> Option<Told> {
    let tilt = cii.tilt.as_ref()?;
    let (better, ordinary) = (on(&tilt.scale, day)?, on(&cii.ordinary, day)?);
    for amount in corners(&[better, ordinary]) {
        if let Ok(true) = pays_less(&better, &ordinary, amount) {
            return Some(Told::new(
                "`cii.tilt` pays less than `cii.ordinary` on {0} yuan from {1}",
                "自{1}起，{0}元时`cii.tilt`支付少于`cii.ordinary`",
                [&amount, &day],
            ));
        }
    }
    None
}

fn pays_less(better: &Scale<'_>, ordinary: &Scale<'_>, amount: Fen) -> Result<bool, Overflow> {
    Ok(better.total(amount)? < ordinary.total(amount)?)
}

/// The scale on a day, if it is one for everybody and known.
fn on(scale: &CiiScale, day: Date) -> Option<Scale<'_>> {
    let threshold: Exact = match scale.threshold.on(day)?.value {
        Known::Value(threshold) => threshold,
        Known::Unknown => return None,
    };
    let bands: &[Band] = known(&scale.bands.on(day)?.value)?;
    let cap: &Limit = known(&scale.cap.on(day)?.value)?;
    Some(Scale {
        shape: scale.shape,
        threshold,
        bands,
        cap: *cap,
    })
}

fn known<T>(grid: &Grid<Known<T>>) -> Option<&T> {
    match grid {
        Grid::Leaf(Known::Value(value)) => Some(value),
        _ => None,
    }
}

/// Amounts where a line of either scale can bend, and one far above; gross and excess edges.
fn corners(scales: &[Scale<'_>]) -> Vec<Fen> {
    let mut amounts = vec![Fen::new(FAR)];
    for scale in scales {
        let threshold = scale.threshold.fen_half_away().unwrap_or_default();
        amounts.push(threshold);
        for edge in scale.bands.iter().filter_map(|band| band.upper) {
            amounts.extend([edge, edge + threshold]);
        }
        amounts.extend(scale.cap.0);
    }
    let beside = amounts
        .iter()
        .map(|amount| *amount + Fen::new(1))
        .collect::<Vec<Fen>>();
    amounts.extend(beside);
    amounts.sort_unstable();
    amounts
}
