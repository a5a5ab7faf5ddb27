//! Reading a benefit file, and the files below it that it extends (读取与叠加).

use std::path::Path;

use super::bounds::Bounds;
use super::chain::read_chain;
use super::dated::{At, Headed, Overlays, Rows, Written};
use super::error::fault::{self, named};
use super::file::{File, RatioRow};
use super::literal::{Cells, Change, Known, Share};
use super::policy::{BenefitPolicy, PolicyFile};
use crate::diagnostics::{Error, Place, Result};
use crate::units::{Exact, Overflow};

/// Everything the files say, laid over each other but not yet checked.
pub struct Stack {
    pub files: Vec<PolicyFile>,
    pub merged: File,
    pub overlays: Overlays,
}

impl Stack {
    /// An error about a written row.
    pub fn error(&self, at: At, path: &str, message: &str) -> Error {
        let message = format!("`{path}`: {message}");
        match self.files.get(at.file) {
            Some(file) => Error::at(Place::file(&file.path).of_offset(&file.text, at.offset), message),
            None => Error::new(message),
        }
    }

    /// An error about the top file as a whole.
    pub fn error_in_top(&self, message: String) -> Error {
        match self.files.last() {
            Some(top) => Error::at(Place::file(&top.path), message),
            None => Error::new(message),
        }
    }

    fn lay_over(&mut self, file: PolicyFile, above: File) -> Result<()> {
        self.overlays.file = self.files.len();
        self.files.push(file);
        lay_over(&mut self.merged, above, &mut self.overlays)
            .map_err(|message| self.error_in_top(message))?;
        self.expand_deltas()
    }

    /// Turns every delta into a printed table, on the adjoining earlier one.
    ///
    /// Done file by file: a delta refers to the table its own notice changed, not to what an
    /// overlay put on some of those days.
    fn expand_deltas(&mut self) -> Result<()> {
        if let Some(mut section) = self.merged.inpatient.take() {
            let done = self.expanded("inpatient.ratio", &mut section.ratio);
            self.merged.inpatient = Some(section);
            done?;
        }
        let mut section = std::mem::take(&mut self.merged.outpatient);
        let done = self
            .expanded("outpatient.general.ratio", &mut section.general.ratio)
            .and_then(|()| self.expanded("outpatient.two_disease.ratio", &mut section.two_disease.ratio))
            .and_then(|()| self.expanded("outpatient.chronic.ratio", &mut section.chronic.ratio));
        self.merged.outpatient = section;
        done
    }

    fn expanded(&self, path: &str, rows: &mut Rows<RatioRow>) -> Result<()> {
        expand_deltas(rows).map_err(|(at, message)| self.error(at, path, &message))
    }
}

pub fn load(path: &Path) -> Result<BenefitPolicy> {
    let read = read_chain(path).map_err(named_if_unknown_key)?;
    let bounds = Bounds::named_by(&read)?;
    let mut read = read.into_iter().rev();
    let Some((bottom, merged)) = read.next() else {
        return Err(Error::at(Place::file(path), "there is no file to read"));
    };
    let mut stack = Stack {
        files: vec![bottom],
        merged,
        overlays: Overlays::default(),
    };
    stack.expand_deltas()?;
    for (file, above) in read {
        stack.lay_over(file, above)?;
    }
    let mut policy = super::resolve::resolve(&stack)?;
    bounds.check(&mut policy, &stack)?;
    policy.files.extend(bounds.file);
    let doubts = super::tilt_check::warnings(&policy);
    policy.warnings.extend(doubts);
    Ok(policy)
}

/// An unknown key is the one fault that is found before any of our checks.
fn named_if_unknown_key(error: Error) -> Error {
    let mut messages = error.messages();
    match (messages.next(), messages.next()) {
        (Some((Some(place), message)), None) if message.starts_with("unknown key ") => {
            Error::at(place.clone(), named(fault::UNKNOWN_KEY, message))
        }
        _ => {
            drop(messages);
            error
        }
    }
}

/// Lays `above` over `below`: what it names wins, the rest stays.
fn lay_over(below: &mut File, above: File, overlays: &mut Overlays) -> std::result::Result<(), String> {
    below.file.lay_over(above.file)?;
    below.rules.lay_over(above.rules, overlays);
    if let Some(section) = above.inpatient {
        below
            .inpatient
            .get_or_insert_default()
            .lay_over(section, overlays);
    }
    if let Some(section) = above.cii {
        below.cii.get_or_insert_default().lay_over(section, overlays);
    }
    below
        .assist
        .tiers
        .lay_over("assist.tiers", above.assist.tiers, overlays);
    below
        .tail
        .tiers
        .lay_over("tail.tiers", above.tail.tiers, overlays);
    below.outpatient.lay_over(above.outpatient, overlays);
    below.account.lay_over(above.account, overlays);
    below.finance.extend(above.finance);
    below.enrolment.extend(above.enrolment);
    below.lists.extend(above.lists);
    below.income.by_year.extend(above.income.by_year);
    below.income.evidence = above.income.evidence.or(below.income.evidence);
    below.doc.extend(above.doc);
    Ok(())
}

/// Earliest first, so that a delta may stand on another delta's table.
fn expand_deltas(rows: &mut Rows<RatioRow>) -> std::result::Result<(), (At, String)> {
    loop {
        let deltas = rows.0.iter().enumerate().filter(|(_, at)| at.row.delta.is_some());
        let Some((index, at)) = deltas.min_by_key(|(_, at)| at.row.days().from) else {
            return Ok(());
        };
        let row = delta_applied(rows, at).map_err(|message| (at.at, message))?;
        if let Some(place) = rows.0.get_mut(index) {
            place.row = row;
        }
    }
}

fn delta_applied(rows: &Rows<RatioRow>, at: &Written<RatioRow>) -> std::result::Result<RatioRow, String> {
    let mut row = at.row.clone();
    let Some(delta) = row.delta.take() else {
        return Ok(row);
    };
    if row.value.is_some() || row.table.is_some() {
        return Err("write exactly one of `value`, `table` and `delta`".to_owned());
    }
    let earlier = rows.0.iter().find(|other| other.row.days().adjoin(at.row.days()));
    let no_base = || {
        let from = at.row.days().from;
        named(
            fault::DELTA_WITHOUT_BASE,
            format!("the delta from {from} has no table that ends the day before"),
        )
    };
    let earlier = earlier.ok_or_else(no_base)?;
    let base = earlier
        .row
        .table
        .as_ref()
        .or(earlier.row.value.as_ref())
        .ok_or_else(no_base)?;
    let changed = add(base, &delta)?;
    match &changed {
        Cells::Leaf(_) => row.value = Some(changed),
        Cells::Table(_) => row.table = Some(changed),
    }
    // a sum is known no better than the weaker of its parts
    row.set_evidence(row.source().evidence.max(earlier.row.source().evidence));
    Ok(row)
}

fn add(
    base: &Cells<Known<Share>>,
    delta: &Cells<Change>,
) -> std::result::Result<Cells<Known<Share>>, String> {
    match (base, delta) {
        (Cells::Leaf(Known::Unknown), Cells::Leaf(_)) => Ok(Cells::Leaf(Known::Unknown)),
        (Cells::Leaf(Known::Value(share)), Cells::Leaf(change)) => {
            let sum = changed(share.0, *change).map_err(|e| e.to_string())?;
            Ok(Cells::Leaf(Known::Value(Share(sum))))
        }
        (Cells::Table(table), Cells::Leaf(_)) => {
            let cells = table
                .iter()
                .map(|(key, cells)| Ok((key.clone(), add(cells, delta)?)));
            cells
                .collect::<std::result::Result<_, String>>()
                .map(Cells::Table)
        }
        (Cells::Table(table), Cells::Table(changes)) => {
            let mut table = table.clone();
            for (key, change) in changes {
                let cell = table.get_mut(key).ok_or_else(|| {
                    format!("the delta names `{key}`, which the earlier table does not have")
                })?;
                *cell = add(cell, change)?;
            }
            Ok(Cells::Table(table))
        }
        (Cells::Leaf(_), Cells::Table(_)) => Err("the delta is a table, the earlier value is not".to_owned()),
    }
}

/// A ratio moved by percentage points, kept within 0 % and 100 %.
pub fn changed(ratio: Exact, change: Change) -> std::result::Result<Exact, Overflow> {
    let sum = ratio.add(change.0)?;
    if sum.compare(Exact::ZERO).is_lt() {
        return Ok(Exact::ZERO);
    }
    Ok(sum.min(Exact::ONE))
}
