//! Stays of one person laid into a year, one after the other.

use jiff::civil::Date;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::super::draw::plus_days;
use super::mix::RegionGroup;
use super::pool::Combination;

/// What comes before a stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// Nothing in this year, or a long time.
    Apart,
    /// A discharge within 31 days.
    Return,
    /// A transfer from elsewhere on the same or the previous day.
    Transfer,
}

/// A stay as planned, before codes are drawn.
#[derive(Clone, Debug)]
pub(super) struct Planned<'m> {
    pub(super) group: &'m RegionGroup,
    /// Its codes, unless they do not suit the person.
    pub(super) combination: &'m Combination,
    pub(super) link: Link,
    /// Discharge status (离院方式).
    pub(super) status: &'m str,
    /// Where in the law of cost the stay lies.
    pub(super) cost_normal: f64,
    pub(super) hospital: usize,
    /// Nights; none for a stay within a day.
    pub(super) nights: i64,
    pub(super) admit: Date,
    pub(super) discharge: Date,
}

/// The last day of a year, counted from its first as 0, in years without a leap day.
const LAST_DAY: i64 = 364;

/// Places the stays so that all end in `year`, none overlaps another or begins before `free`, and
/// gaps are as their links ask. What has no room is left out from the end.
pub(super) fn lay_out(stays: &mut Vec<Planned<'_>>, year: i16, free: Option<Date>, rng: &mut ChaCha8Rng) {
    let Ok(first) = Date::new(year, 1, 1) else {
        return stays.clear();
    };
    let mut gaps: Vec<i64> = stays.iter().map(|stay| gap(stay.link, rng)).collect();
    if span(stays, &gaps) > LAST_DAY {
        gaps.iter_mut().for_each(|gap| *gap = (*gap).min(32));
    }
    while span(stays, &gaps) > LAST_DAY && stays.len() > 1 {
        leave_out_last(stays);
    }
    let nights = stays.first().map_or(0, |stay| stay.nights);
    let earliest = free.map_or(0, |free| days(first, free) + 1 + nights).max(0);
    let latest = LAST_DAY - span(stays, &gaps);
    if earliest > latest {
        return stays.clear();
    }
    let mut discharge = rng.random_range(earliest..=latest);
    for (place, (stay, gap)) in stays.iter_mut().zip(gaps).enumerate() {
        if place > 0 {
            discharge += gap + stay.nights;
        }
        stay.discharge = plus_days(first, discharge);
        stay.admit = plus_days(first, discharge - stay.nights);
    }
}

/// Days from the first discharge to the last.
fn span(stays: &[Planned<'_>], gaps: &[i64]) -> i64 {
    let later = stays.iter().zip(gaps).skip(1);
    later.map(|(stay, gap)| stay.nights + gap).sum()
}

fn gap(link: Link, rng: &mut ChaCha8Rng) -> i64 {
    match link {
        Link::Transfer => rng.random_range(0..=1),
        Link::Return => rng.random_range(2..=31),
        Link::Apart => rng.random_range(32..=200),
    }
}

/// A transfer is left out together with the stay it comes from.
fn leave_out_last(stays: &mut Vec<Planned<'_>>) {
    let last = stays.pop();
    if !last.is_some_and(|last| last.link == Link::Transfer) {
        return;
    }
    match stays.len() {
        1 => {
            if let Some(first) = stays.first_mut() {
                first.status = "1";
            }
        }
        _ => {
            stays.pop();
        }
    }
}

/// Days from one day to another, negative if it lies before.
pub(super) fn days(from: Date, to: Date) -> i64 {
    super::super::draw::days_between(from, to)
}
