//! Weights made of a scenario's own cases (情景内测算权重), by the plan of `calibrate` with its keys below
//! `calibration`: a reform changes an estimator, a trim or a step as it changes any other number.

use std::path::Path;

use super::cases::{How, Prepared};
use super::document::{Document, KeyPath, moved_to_leaves};
use super::resolve::Whole;
use crate::diagnostics::{Error, Place, Result};
use crate::points::Weights;
use crate::points::calibration::{CalibrationPlan, calibrate_stays};

/// The weights of a scenario's plan; none where it has no plan.
///
/// # Errors
/// The plan cannot be used, each fault where it is written; no weights can be made.
pub(super) fn calibrated(
    whole: &Whole,
    base: &Document,
    prepared: &Prepared,
    how: &How<'_>,
) -> Result<Option<Weights>> {
    let mut part = whole.document.part("calibration");
    if part.leaves().next().is_none() {
        return Ok(None);
    }
    // how sure weights are is a question of its own, asked by `calibrate`
    part.remove_below(&["uncertainty"]);
    let text = part.canonical();
    let place = Place::file(Path::new("calibration"));
    let plan = CalibrationPlan::parse(&place, &text.text).map_err(|error| {
        let below = |path: &KeyPath| {
            let names = std::iter::once("calibration").chain(path.names().iter().map(String::as_str));
            whole.document.place_below(&KeyPath::new(names), base)
        };
        moved_to_leaves(&error, &place, &text, below)
    })?;
    let previous = whole.file(&["calibration", "weights", "previous"]);
    let previous = previous.map(|path| Weights::load(&path)).transpose()?;
    let made = calibrate_stays(&prepared.stays(), &plan, previous.as_ref(), how.threads);
    let made = made.map_err(|error| placed(whole, base, &error))?;
    Ok(Some(made.weights))
}

/// A fault of the calculation stands where the plan is written.
fn placed(whole: &Whole, base: &Document, error: &Error) -> Error {
    let place = whole.document.place_below(&KeyPath::new(["calibration"]), base);
    let messages = error.messages().map(|(_, message)| match &place {
        Some(place) => Error::at(place.clone(), message),
        None => Error::new(message),
    });
    Error::all(messages).err().unwrap_or_else(Error::silent)
}
