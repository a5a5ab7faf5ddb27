//! How a pool's money meets its cases: one hospital's line through the steps, and the one way to
//! split.

use super::ledger::{Account, total};
use crate::diagnostics::{Error, Result};
use crate::units::{ApportionError, Exact, Fen, Overflow, apportion};

/// One hospital on its way through the steps.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// Weights of its sharing cases, in the order of the account: the last thing their dues were
    /// proportional to.
    pub(super) weights: Vec<i128>,
    /// Fen per weight; exact as long as no step moved the due of this hospital alone.
    pub(super) price: Exact,
    pub(super) due: Fen,
    /// Whether the due is no longer weights × price.
    pub(super) moved: bool,
    /// What each sharing case's payment comes to before the fund's part is taken.
    pub(super) standards: Vec<Fen>,
    /// Each step that ran: its name, the due before and after it.
    pub(super) steps: Vec<(&'static str, Fen, Fen)>,
    /// Add-ons in the due that belong to single cases.
    pub(super) addons: Fen,
}

impl Line {
    pub(super) fn weight(&self) -> i128 {
        self.weights.iter().sum()
    }

    /// A step's new due.
    pub(super) fn step(&mut self, name: &'static str, due: Fen) {
        self.steps.push((name, self.due, due));
        self.moved |= due != self.due;
        self.due = due;
    }

    /// Holds the dues of its cases as they are: rounded already, they sum to its due.
    pub(super) fn hold(&mut self, dues: &[Fen]) {
        self.weights = dues.iter().map(|due| due.fen().into()).collect();
        self.price = Exact::ONE;
        self.moved = false;
    }

    pub(super) fn after(&self, name: &str) -> Option<Fen> {
        self.steps
            .iter()
            .find(|(step, _, _)| *step == name)
            .map(|(_, _, after)| *after)
    }

    /// The due over its cases, to the fen; each case's own add-ons go to that case.
    pub(super) fn cases(&self, pool: &str, account: &Account) -> Result<Vec<Fen>> {
        let shared = self.due - self.addons;
        let weight = self.weight();
        let split = match (self.moved || self.addons != Fen::ZERO, weight) {
            (false, _) => split(self.due, self.weights.iter().copied(), self.price),
            (true, 0) => self.evenly(shared),
            (true, _) => {
                let price = exact(pool, Exact::new(shared.fen().into(), weight))?;
                split(shared, self.weights.iter().copied(), price)
            }
        };
        let dues = split.map_err(|e| failed(pool, &e))?;
        let own = account.sharing.iter().map(|entry| {
            if self.addons == Fen::ZERO {
                Fen::ZERO
            } else {
                entry.stake.addons
            }
        });
        Ok(dues.into_iter().zip(own).map(|(due, own)| due + own).collect())
    }

    /// Where no case has a weight, each counts alike.
    fn evenly(&self, amount: Fen) -> std::result::Result<Vec<Fen>, ApportionError> {
        if amount == Fen::ZERO {
            return Ok(vec![Fen::ZERO; self.weights.len()]);
        }
        amount.split(&vec![1; self.weights.len()])
    }
}

/// The whole pool on its way.
pub(super) struct Book {
    pub(super) lines: Vec<Line>,
    /// Money from elsewhere that steps brought in.
    pub(super) sources: Vec<(&'static str, Fen)>,
    /// Money that steps gave to somebody else than hospitals.
    pub(super) uses: Vec<(&'static str, Fen)>,
    /// The factor that brought standards, or dues, to the pool.
    pub(super) k: Option<Exact>,
    /// What a person should look at.
    pub(super) warnings: Vec<String>,
}

impl Book {
    pub(super) fn due(&self) -> Result<Fen> {
        total(self.lines.iter().map(|line| line.due))
    }

    /// Money that came in (above zero) or went out (below) by a step.
    pub(super) fn balance(&mut self, incoming: &'static str, outgoing: &'static str, amount: Fen) {
        if amount > Fen::ZERO {
            self.sources.push((incoming, amount));
        } else if amount < Fen::ZERO {
            self.uses.push((outgoing, -amount));
        }
    }
}

/// Splits `total` over units at an exact price in fen per unit.
pub(super) fn split(
    total: Fen,
    units: impl Iterator<Item = i128>,
    price: Exact,
) -> std::result::Result<Vec<Fen>, ApportionError> {
    let (times, over) = price.parts();
    let shares: Option<Vec<i128>> = units.map(|units| units.checked_mul(times)).collect();
    apportion(total, &shares.ok_or(ApportionError::Overflow)?, over)
}

/// An arithmetic failure of a pool, in words.
pub(super) fn failed(pool: &str, what: &impl std::fmt::Display) -> Error {
    Error::new(format!("pool `{pool}`: {what}"))
}

/// An exact value, or the pool's failure.
pub(super) fn exact<T>(pool: &str, value: std::result::Result<T, Overflow>) -> Result<T> {
    value.map_err(|e| failed(pool, &e))
}
