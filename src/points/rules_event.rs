//! What holds for a time only (突发事件规则): a frozen price, a pool of its own, cases left out.

use super::file::{DateFile, PackFile};
use super::file_stay::OutPay;
use super::file_time::{EventFile, EventWord};
use super::pack::Places;
use super::rules::{missing, rate_above_zero, together};
use crate::diagnostics::Result;
use crate::units::Exact;

/// One event with its days and cases.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) id: String,
    /// First and last day of discharge, `2026-01-31`.
    from: String,
    to: String,
    /// Group codes, with `*` for any ending; empty: every case.
    groups: Vec<String>,
    pub(crate) what: Effect,
}

/// What an event does to its cases.
#[derive(Clone, Debug)]
pub(crate) enum Effect {
    /// A point is worth this many fen, patients' part included, whatever the pool gives.
    Freeze(Exact),
    /// They share a budget of their own.
    Separate,
    /// They have no points.
    Exclude(OutPay),
}

impl Event {
    /// Whether a case discharged on a day is one of it.
    pub(super) fn holds(&self, day: &str, group: Option<&str>) -> bool {
        let in_time = self.from.as_str() <= day && day <= self.to.as_str();
        let fits = |pattern: &String, group: &str| match pattern.strip_suffix('*') {
            Some(start) => group.starts_with(start),
            None => pattern == group,
        };
        in_time
            && (self.groups.is_empty()
                || group.is_some_and(|group| self.groups.iter().any(|pattern| fits(pattern, group))))
    }
}

/// The events of a pack; two of the same effect that hold on one day and for all cases would leave
/// open which of them counts.
pub(super) fn events(file: &PackFile, at: &Places) -> Result<Vec<Event>> {
    const KEY: &str = "override.events";
    let written = file.r#override.as_ref().map_or(&[][..], |table| &table.events);
    let mut events: Vec<Event> = Vec::new();
    for event in written {
        let event = read(event, at)?;
        if events.iter().any(|known| known.id == event.id) {
            return Err(at.error(KEY, format!("`{KEY}` names `{}` twice", event.id)));
        }
        let overlaps = |known: &&Event| known.from <= event.to && event.from <= known.to;
        let mixed = |known: &Event| {
            known.groups.is_empty() || event.groups.is_empty() || known.groups == event.groups
        };
        if let Some(known) = events.iter().filter(overlaps).find(|known| mixed(known)) {
            let message = format!(
                "`{KEY}`: `{}` and `{}` hold on the same days for the same cases",
                known.id, event.id
            );
            return Err(at.error(KEY, message));
        }
        events.push(event);
    }
    Ok(events)
}

fn read(event: &EventFile, at: &Places) -> Result<Event> {
    const KEY: &str = "override.events";
    let day = |name: &str, date: &DateFile| match super::pack::effective(date) {
        Some(super::Effective::On { year, month, day }) => Ok(format!("{year:04}-{month:02}-{day:02}")),
        _ => Err(at.error(
            KEY,
            format!(
                "`{KEY}`, event `{}`: `{name}` is no day; expected a date such as 2026-01-31",
                event.id
            ),
        )),
    };
    let (from, to) = (day("from", &event.from)?, day("to", &event.to)?);
    if to < from {
        let message = format!(
            "`{KEY}`, event `{}` ends on {to}, before it begins on {from}",
            event.id
        );
        return Err(at.error(KEY, message));
    }
    let freezes = event.what == EventWord::FreezeRate;
    let rate = together(at, freezes, "override.events.rate", KEY, event.rate)?;
    let excludes = event.what == EventWord::ExcludeCases;
    let pay = together(at, excludes, "override.events.pay", KEY, event.pay)?;
    let what = match (event.what, rate, pay) {
        (EventWord::SeparateBudget, ..) => Effect::Separate,
        (_, Some(rate), _) => Effect::Freeze(rate_above_zero(at, "override.events.rate", rate)?),
        (_, _, Some(pay)) => Effect::Exclude(pay),
        _ => return Err(missing(at, KEY, "override.events.rate")),
    };
    Ok(Event {
        id: event.id.clone(),
        from,
        to,
        groups: event.groups.clone().unwrap_or_default(),
        what,
    })
}
