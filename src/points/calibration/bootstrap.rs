//! How sure a weight is (权重不确定性): the cases of each group drawn again, with replacement.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::estimate::{Drawn, Estimator};
use super::statistics::{Deviation, Quantile, Spread, quantile};
use super::stays::{Sample, Stay, Stays};
use super::steps::{StepGroup, Steps};
use crate::diagnostics::{Error, Result};
use crate::records::ordered;

/// How often, from what seed, how wide (重抽样设置).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bootstrap {
    /// Other seed, other draws.
    pub seed: u64,
    /// How many draws.
    pub draws: u32,
    /// What share of draws the interval holds.
    pub level: f64,
    /// Groups with fewer kept cases are marked.
    pub small: u64,
}

/// How sure a group's weight is (权重区间).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Uncertainty {
    /// Standard deviation of the draws, ddof 1.
    pub error: f64,
    /// Lower end of the interval, type 7.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// What the draws gave.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Uncertain {
    /// By group; none without a weight, or of a single case.
    pub groups: Vec<Option<Uncertainty>>,
    /// Draws of which no weights could be made, e.g. bounds that do not fit.
    pub failed: u32,
}

/// A draw: as many cases of each group as it has, with replacement.
struct Draw<'s> {
    sample: &'s Sample,
    seed: u64,
    number: u64,
}

impl Drawn for Draw<'_> {
    /// One stream of random numbers a draw, so that draws do not depend on each other or on threads. A
    /// place is ⌊32 random bits × n ÷ 2³²⌋: uneven by at most n ÷ 2³².
    fn each(&self, mut visit: impl FnMut(usize, &Stay)) {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(self.number);
        for (group, stays) in self.sample.groups().enumerate() {
            let n = stays.len() as u64;
            for _ in 0..n {
                let place = (u64::from(rng.next_u32()) * n) >> 32;
                if let Some(stay) = stays.get(place as usize) {
                    visit(group, stay);
                }
            }
        }
    }
}

impl Bootstrap {
    /// Draws again and again, and makes weights of each draw: estimator and steps alike, on the kept cases
    /// (自助法重抽样). The number of threads changes nothing.
    ///
    /// # Errors
    /// No draw gives weights.
    pub fn run(
        &self,
        (stays, kept): (&Stays, &Sample),
        (estimator, steps): (&Estimator, &Steps),
        groups: &[StepGroup],
        threads: usize,
    ) -> Result<Uncertain> {
        let mut numbers = 0..u64::from(self.draws);
        let draw = |number| Draw {
            sample: kept,
            seed: self.seed,
            number,
        };
        let weights = |number| {
            let estimated = estimator.weights(stays, &draw(number)).ok()?;
            let done = steps.take(&estimated.weights, groups).ok()?;
            Some(
                done.into_iter()
                    .next_back()
                    .map_or(estimated.weights, |step| step.weights),
            )
        };
        let mut columns: Vec<Vec<f64>> = vec![Vec::with_capacity(self.draws as usize); stays.groups.len()];
        let mut failed = 0;
        ordered(
            threads,
            || Ok(numbers.next()),
            weights,
            |weights| {
                let Some(weights) = weights else {
                    failed += 1;
                    return Ok(());
                };
                let drawn = columns.iter_mut().zip(weights);
                drawn.for_each(|(column, weight)| column.extend(weight));
                Ok(())
            },
        )?;
        if failed == self.draws {
            return Err(Error::new(format!(
                "[uncertainty]: no weights could be made of any of {} draws; expected other steps, or no [uncertainty]",
                self.draws
            )));
        }
        // a single case drawn again is always the same: that it looks sure says nothing
        let drawn = columns.into_iter().zip(kept.groups());
        let of_draws =
            |(column, cases): (Vec<f64>, &[Stay])| (cases.len() > 1).then(|| self.of_draws(column)).flatten();
        Ok(Uncertain {
            groups: drawn.map(of_draws).collect(),
            failed,
        })
    }

    fn of_draws(&self, mut weights: Vec<f64>) -> Option<Uncertainty> {
        let spread = Spread::of(weights.iter().copied());
        weights.sort_by(f64::total_cmp);
        let outside = (1.0 - self.level) / 2.0;
        Some(Uncertainty {
            error: spread.deviation(Deviation::Sample).ok()?,
            low: quantile(&weights, outside, Quantile::Linear)?,
            high: quantile(&weights, 1.0 - outside, Quantile::Linear)?,
        })
    }
}

/// Cases for an interval of ±5 % around a mean (±5 %稳定所需例数): ⌈(1.96 CV ÷ 0.05)²⌉.
pub fn cases_for_five_per_cent(cv: f64) -> u64 {
    (1.96 * cv / 0.05).powi(2).ceil() as u64
}
