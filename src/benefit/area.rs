//! Care out of the pooling area (异地就医): what the person bears first, and which terms follow.

use super::explain::{Said, Sink};
use super::literal::Literal;
use super::policy::AreaTerms;
use super::run::Run;
use super::slip::Part;
use super::words::How;
use super::{Area, ShareError};

const PATH: &str = "inpatient.out_of_area";

/// Moves the part borne first from the in-scope cost to pre-self-pay, and takes the level and the
/// change of ratio that the terms name.
pub fn apply<S: Sink>(run: &mut Run<'_, S>) -> Result<(), ShareError> {
    if run.claim.area == Area::Local {
        return Ok(());
    }
    let policy = run.policy;
    let rows = policy
        .basic
        .as_ref()
        .map_or(&[][..], |basic| basic.area.as_slice());
    let Some(row) = run.first_of(rows, PATH, |terms: &AreaTerms| &terms.when)? else {
        return Err(ShareError::NoValueOnDate {
            path: PATH.to_owned(),
            date: run.day,
        });
    };
    let from = Some(row.days.from);
    if let Some(part) = &row.value.first_bear {
        let part = run.known(
            || format!("{PATH}.first_bear"),
            from,
            &row.source,
            part,
            Literal::show,
        )?;
        let base = run.scope;
        let borne = base.exact().mul(part.0)?.fen_half_away()?;
        run.scope -= borne;
        run.pre += borne;
        run.left.shift(Part::Scope, Part::Pre, borne);
        run.step(|| Said {
            step: "first_bear".to_owned(),
            base,
            how: How::BorneFirst,
            amount: borne,
        });
    }
    if let Some(change) = &row.value.change {
        let change = run.known(
            || format!("{PATH}.change"),
            from,
            &row.source,
            change,
            Literal::show,
        )?;
        run.area_change = Some(*change);
    }
    if let Some(level) = row.value.then_level {
        run.person = run.person.at_level(level);
    }
    Ok(())
}
