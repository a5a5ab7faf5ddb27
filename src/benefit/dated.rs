//! Dated values (带生效日期的参数): rows as written, laid over each other, then one value a day.

use std::fmt;

use jiff::civil::Date;
use serde::de::{Deserialize, Deserializer};
use toml::Spanned;

use super::Source;
use super::error::fault::{self, named};
use crate::diagnostics::{Evidence, Told};

/// Days from `from` to `to`, both inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days {
    pub from: Date,
    /// The last day; [`Date::MAX`] while in force.
    pub to: Date,
}

impl Days {
    pub fn hold(self, day: Date) -> bool {
        self.from <= day && day <= self.to
    }

    /// The days common to both, if any.
    pub fn common(self, other: Days) -> Option<Days> {
        let common = Days {
            from: self.from.max(other.from),
            to: self.to.min(other.to),
        };
        (common.from <= common.to).then_some(common)
    }

    /// What is left before and after `cut`.
    fn without(self, cut: Days) -> impl Iterator<Item = Days> {
        let before = cut.from.yesterday().ok().map(|to| Days { to, ..self });
        let after = cut.to.tomorrow().ok().map(|from| Days { from, ..self });
        [before, after]
            .into_iter()
            .flatten()
            .filter_map(move |days| self.common(days))
    }

    pub fn adjoin(self, next: Days) -> bool {
        self.to.tomorrow().is_ok_and(|day| day == next.from)
    }
}

impl Days {
    /// `from … to …`, in both languages.
    pub fn told(self) -> Told {
        match self.to == Date::MAX {
            true => Told::new("from {0}", "自{0}起", [&self.from]),
            false => Told::new("from {0} to {1}", "{0}至{1}", [&self.from, &self.to]),
        }
    }
}

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.told().fmt(f)
    }
}

/// What every row begins with: its days and its source.
pub trait Headed: Clone {
    fn days(&self) -> Days;
    fn set_days(&mut self, days: Days);
    fn source(&self) -> Source;
    fn set_evidence(&mut self, evidence: Evidence);
}

/// A dated row of a file.
pub trait Row: Headed {
    /// Rows of one rule may not stand side by side on any day, nor leave a day out.
    fn same_rule(&self, _other: &Self) -> bool {
        true
    }

    /// Whether a row of an overlay takes this row's place on the days it covers.
    fn gives_way_to(&self, _overlay: &Self) -> bool {
        true
    }
}

/// Where something was written.
#[derive(Clone, Copy, Debug, Default)]
pub struct At {
    /// Which of the files that extend each other, the bottom one first.
    pub file: usize,
    /// Byte in that file.
    pub offset: usize,
}

/// A row and where it was written.
#[derive(Clone, Debug)]
pub struct Written<R> {
    pub row: R,
    pub at: At,
}

/// The rows of one parameter.
#[derive(Clone, Debug)]
pub struct Rows<R>(pub Vec<Written<R>>);

impl<R> Default for Rows<R> {
    fn default() -> Rows<R> {
        Rows(Vec::new())
    }
}

impl<'de, R: Deserialize<'de>> Deserialize<'de> for Rows<R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Rows<R>, D::Error> {
        let rows = Vec::<Spanned<R>>::deserialize(deserializer)?;
        let written = |row: Spanned<R>| Written {
            at: At {
                file: 0,
                offset: row.span().start,
            },
            row: row.into_inner(),
        };
        Ok(Rows(rows.into_iter().map(written).collect()))
    }
}

impl<R: Row> Rows<R> {
    /// Lays the rows of an overlay over these: its rows win on the days they cover.
    ///
    /// Each replacement is noted. Rows of the overlay stand first, so that among
    /// rows with conditions the nearer file's condition is tried first.
    pub fn lay_over(&mut self, path: &str, overlay: Rows<R>, overlays: &mut Overlays) {
        let mut rows: Vec<Written<R>> = overlay.0;
        let file = overlays.file;
        for row in &mut rows {
            row.at.file = file;
        }
        for below in std::mem::take(&mut self.0) {
            let pieces = cut(&below, &rows, file);
            if pieces.len() != 1 || pieces.iter().any(|p| p.row.days() != below.row.days()) {
                let said = Told::new(
                    "`{0}`: the value {1} gives way",
                    "`{0}`：{1}的取值被替换",
                    [&path],
                );
                overlays.replaced.push(said.and(below.row.days().told()));
            }
            rows.extend(pieces);
        }
        self.0 = rows;
    }

    /// Two rows of one rule on one day, or a day without a row between two rows.
    pub fn check_days(&self) -> Result<(), (At, String)> {
        for (index, row) in self.0.iter().enumerate() {
            let days = row.row.days();
            if days.to < days.from {
                return Err((row.at, format!("the row ends before it begins: {days}")));
            }
            self.check_overlap(index, row)?;
            self.check_gap(row)?;
        }
        Ok(())
    }

    fn check_overlap(&self, index: usize, row: &Written<R>) -> Result<(), (At, String)> {
        let days = row.row.days();
        let others = self
            .0
            .iter()
            .take(index)
            .filter(|other| other.row.same_rule(&row.row));
        for other in others {
            let earlier = other.row.days();
            if earlier.common(days).is_some() {
                let message = format!("the row {days} overlaps the row {earlier}");
                return Err((row.at, named(fault::OVERLAP, message)));
            }
        }
        Ok(())
    }

    fn check_gap(&self, row: &Written<R>) -> Result<(), (At, String)> {
        let days = row.row.days();
        let of_rule = self.0.iter().filter(|other| other.row.same_rule(&row.row));
        let later = of_rule
            .map(|other| other.row.days())
            .filter(|other| other.from > days.to);
        match later.min_by_key(|later| later.from) {
            Some(next) if !days.adjoin(next) => {
                let message = format!("no value between {} and {}", days.to, next.from);
                Err((row.at, named(fault::GAP, message)))
            }
            _ => Ok(()),
        }
    }
}

/// Files laid over each other so far.
#[derive(Debug, Default)]
pub struct Overlays {
    /// The index of the file that is being laid over the others.
    pub file: usize,
    /// What gave way, one line each.
    pub replaced: Vec<Told>,
}

fn cut<R: Row>(below: &Written<R>, overlay: &[Written<R>], file: usize) -> Vec<Written<R>> {
    let mut pieces = vec![below.row.days()];
    let over = overlay
        .iter()
        .filter(|o| o.at.file == file && below.row.gives_way_to(&o.row));
    for days in over.map(|o| o.row.days()) {
        pieces = pieces
            .into_iter()
            .flat_map(|piece| match piece.common(days) {
                Some(_) => piece.without(days).collect(),
                None => vec![piece],
            })
            .collect();
    }
    pieces
        .into_iter()
        .map(|days| {
            let mut piece = below.clone();
            piece.row.set_days(days);
            piece
        })
        .collect()
}

/// A value, the days it is in force, and where it comes from.
#[derive(Clone, Debug)]
pub struct Period<T> {
    pub days: Days,
    pub value: T,
    pub source: Source,
}

/// A parameter: at most one value a day (参数).
#[derive(Clone, Debug)]
pub struct Dated<T> {
    pub path: &'static str,
    pub periods: Vec<Period<T>>,
}

impl<T> Dated<T> {
    /// The value in force on `day`.
    pub fn on(&self, day: Date) -> Option<&Period<T>> {
        self.periods.iter().find(|period| period.days.hold(day))
    }
}
