//! Which layout a file is of (版式识别): by its headers, never by its name.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::file::Form;
use super::load::{Layout, Layouts, NEUTRAL, Sign};
use super::names::compared;
use crate::diagnostics::{Error, Place, Result};

/// A layout chosen, and why (识别结果).
#[derive(Clone, Debug)]
pub struct Chosen {
    /// The layout.
    pub layout: Arc<Layout>,
    /// The headers that decided; empty if the user named it.
    pub by: Vec<String>,
}

/// Headers of a file, or paths of a message, as they are compared.
pub(super) struct Known<'h> {
    headers: &'h [String],
    folded: BTreeSet<String>,
}

impl<'h> Known<'h> {
    pub(super) fn new(headers: &'h [String]) -> Known<'h> {
        Known {
            headers,
            folded: headers.iter().map(|header| compared(header)).collect(),
        }
    }

    fn holds(&self, sign: &Sign) -> bool {
        self.folded.contains(&compared(&sign.header)) != sign.absent
    }

    pub(super) fn fits(&self, layout: &Layout) -> bool {
        layout.signs.iter().all(|sign| self.holds(sign))
    }

    /// How many neutral columns of a layout have a header here.
    fn mapped(&self, layout: &Layout) -> usize {
        let has = |headers: Vec<String>| {
            headers
                .iter()
                .any(|header| self.folded.contains(&compared(header)))
        };
        layout
            .columns()
            .filter(|(_, headers)| has(headers.clone()))
            .count()
    }
}

impl Layouts {
    /// The one layout whose signs are all there; of several the one that maps most columns.
    ///
    /// # Errors
    /// F001: none fits, or two fit as well; the nearest is named with what it misses.
    pub(super) fn choose(&self, place: &Place, form: Form, known: &Known<'_>) -> Result<Chosen> {
        let of_form = || self.iter().filter(|layout| layout.form == form);
        let mut fitting: Vec<(usize, &Arc<Layout>)> = of_form()
            .filter(|layout| known.fits(layout))
            .map(|layout| (known.mapped(layout), layout))
            .collect();
        fitting.sort_by_key(|(mapped, _)| std::cmp::Reverse(*mapped));
        match fitting.as_slice() {
            [] => Err(Error::at(place.clone(), nearest(of_form(), known))),
            [(best, one), (next, other), ..] if best == next => {
                let message = format!(
                    "F001: the layouts `{}` and `{}` fit this header as well; name one by --layout",
                    one.id, other.id
                );
                Err(Error::at(place.clone(), message))
            }
            [(_, layout), ..] => Ok(Chosen {
                layout: Arc::clone(layout),
                by: layout
                    .signs
                    .iter()
                    .filter(|sign| !sign.absent)
                    .map(|sign| sign.header.clone())
                    .collect(),
            }),
        }
    }

    /// Whether headers have all signs of some layout of tables.
    pub(in crate::records) fn any_fits(&self, headers: &[String]) -> bool {
        let known = Known::new(headers);
        self.iter()
            .any(|layout| layout.form == Form::Table && known.fits(layout))
    }

    /// Whether the neutral layout is nearer to these headers than any other.
    pub(super) fn neutral_is_nearest(&self, known: &Known<'_>) -> bool {
        let tables = self.iter().filter(|layout| layout.form == Form::Table);
        let best = tables.max_by_key(|layout| (share(layout, known), layout.id == NEUTRAL));
        best.is_some_and(|best| best.id == NEUTRAL && share(best, known) > 0)
    }
}

/// How many of a hundred signs of a layout are there.
fn share(layout: &Layout, known: &Known<'_>) -> usize {
    let there = layout.signs.iter().filter(|sign| known.holds(sign)).count();
    there * 100 / layout.signs.len().max(1)
}

fn nearest<'l>(layouts: impl Iterator<Item = &'l Arc<Layout>>, known: &Known<'_>) -> String {
    let best = layouts.max_by_key(|layout| (share(layout, known), layout.id == NEUTRAL));
    let Some(best) = best else {
        return "F001: there is no layout for files of this kind".to_owned();
    };
    let missing = best.signs.iter().filter(|sign| !known.holds(sign));
    let missing: Vec<String> = missing
        .map(|sign| match sign.absent {
            true => format!("no `{}`", sign.header),
            false => format!("`{}`", sign.header),
        })
        .collect();
    let found = known.headers.len();
    format!(
        "F001: no layout fits these {found} headers; the nearest is `{}`, which expects also {}; `dianzhi layouts list` names them, --layout takes one",
        best.id,
        missing.join(", ")
    )
}
