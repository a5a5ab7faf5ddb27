//! Days insured twice, and days not insured (重复参保与断保).

use jiff::civil::Date;

use super::super::finance::Span;
use super::person::{Cover, CoverScheme};

/// What kind of gap it is (断保类型).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GapKind {
    /// Employee insurance ended, resident insurance began later.
    EmployeeToResident,
    /// From an academic year to a calendar year.
    AcademicToCalendar,
    /// Any other days between two covers.
    Between,
    /// Nothing follows.
    Lapse,
}

/// Days without cover (未参保天数).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// What kind.
    pub kind: GapKind,
    /// The days inside the time looked at.
    pub days: Span,
    /// Line of the cover before it.
    pub after: u64,
}

/// Covers in force, by their first day.
fn in_force(covers: &[Cover]) -> Vec<(Span, &Cover)> {
    let mut found: Vec<(Span, &Cover)> = covers
        .iter()
        .filter_map(|cover| Some((cover.days?, cover)))
        .collect();
    found.sort_by_key(|(days, cover)| (*days, cover.line));
    found
}

/// Pairs of covers with days in common, inside `within` (重复参保): lines of both, and the days.
pub fn overlaps(covers: &[Cover], within: Span) -> Vec<(u64, u64, Span)> {
    let sorted = in_force(covers);
    let mut found = Vec::new();
    for (index, (days, cover)) in sorted.iter().enumerate() {
        for (earlier_days, earlier) in sorted.iter().take(index) {
            let common = days
                .common(*earlier_days)
                .and_then(|common| common.common(within));
            found.extend(common.map(|common| (earlier.line, cover.line, common)));
        }
    }
    found
}

/// Days without cover after the first cover, inside `within` (断保). Before the first cover nobody
/// is said to have lapsed.
pub fn gaps(covers: &[Cover], within: Span) -> Vec<Gap> {
    let sorted = in_force(covers);
    let mut found = Vec::new();
    let mut covered: Option<(Date, &Cover)> = None;
    for (days, cover) in &sorted {
        if let Some((last, before)) = covered {
            let gap = between(last, days.from).and_then(|gap| gap.common(within));
            found.extend(gap.map(|days| Gap {
                kind: kind(before, cover),
                days,
                after: before.line,
            }));
        }
        if covered.is_none_or(|(last, _)| last < days.to) {
            covered = Some((days.to, cover));
        }
    }
    let trailing = covered.and_then(|(last, before)| {
        let days = between(last, Date::MAX)?.common(within)?;
        Some(Gap {
            kind: GapKind::Lapse,
            days,
            after: before.line,
        })
    });
    found.extend(trailing);
    found
}

/// The days after `last` and before `next`.
fn between(last: Date, next: Date) -> Option<Span> {
    let from = last.tomorrow().ok()?;
    let to = if next == Date::MAX {
        next
    } else {
        next.yesterday().ok()?
    };
    (from <= to).then_some(Span { from, to })
}

fn kind(before: &Cover, next: &Cover) -> GapKind {
    let is_calendar = |cover: &Cover| cover.benefit.map(|period| period.is_calendar_year());
    match (before.scheme, next.scheme) {
        (CoverScheme::Employee, CoverScheme::Resident) => GapKind::EmployeeToResident,
        _ if (is_calendar(before), is_calendar(next)) == (Some(false), Some(true)) => {
            GapKind::AcademicToCalendar
        }
        _ => GapKind::Between,
    }
}
