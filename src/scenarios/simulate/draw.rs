//! How sure a result is (不确定性): cases, months, hospitals or volumes drawn again, parameters drawn
//! from their distributions; baseline and reform with the same numbers.
//!
//! A draw has its own stream of random numbers, so it comes out the same whichever thread makes it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use toml::Value;

use super::behaviour::{Factors, stream_of, uniform};
use super::document::Leaf;
use super::engine::{Engine, Run};
use super::levers::check;
use super::outcome::{Cell, budget_of, float, may_aggregate, settle_cells};
use super::resolve::{Resolved, Whole};
use super::sampler::{Sampler, Sums};
use super::statistics::{deviation, mean, quantile};
use super::study::{DrawLevel, Drawn, MonteCarlo, Shape};
use crate::diagnostics::{Error, Result};
use crate::units::Fen;

/// Mean, spread and quantiles of a metric over the draws (抽样分布). Floating.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread {
    /// What was drawn.
    pub level: DrawLevel,
    /// `baseline`, `reform` or `difference`.
    pub scenario: &'static str,
    /// `point_value.pool`, `points.pool` or `margin.hospital`.
    pub metric: String,
    /// Its unit.
    pub unit: &'static str,
    /// Draws in which it is defined.
    pub draws: u64,
    /// Mean.
    pub mean: Option<f64>,
    /// Standard deviation over n − 1.
    pub sd: Option<f64>,
    /// The 5th, 25th, 50th, 75th and 95th percentile.
    pub quantiles: [Option<f64>; 5],
}

/// How often something happens (概率).
#[derive(Clone, Debug, PartialEq)]
pub struct Probability {
    /// What was drawn.
    pub level: DrawLevel,
    /// `baseline` or `reform`.
    pub scenario: &'static str,
    /// `point_value_below_floor.pool`, `loss.hospital` or `fund_deficit`.
    pub metric: String,
    /// Share of the draws.
    pub probability: f64,
    /// √(p(1 − p)/R).
    pub error: f64,
}

/// The point value of the year as it is known month by month (点值扇形图).
#[derive(Clone, Debug, PartialEq)]
pub struct FanRow {
    /// `baseline` or `reform`.
    pub scenario: &'static str,
    /// The pool.
    pub pool: String,
    /// The month.
    pub month: String,
    /// Quantiles of the year's value, each month to come drawn from all months of the records.
    pub quantiles: [Option<f64>; 5],
    /// The value so far at as many twelfths of the budget.
    pub pre_settled: Option<f64>,
    /// The year's value if it goes on as so far.
    pub year_end: Option<f64>,
}

/// Everything that was drawn (抽样结果).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Draws {
    /// Distributions.
    pub spreads: Vec<Spread>,
    /// Probabilities.
    pub probabilities: Vec<Probability>,
    /// The fan of the point value, of the baseline and of the reform.
    pub fan: Vec<FanRow>,
}

/// One draw, measured: values in the order of the names of a [`Layout`].
type Measured = Vec<Option<f64>>;

/// What a scenario is drawn from.
struct Side<'a> {
    whole: &'a Whole,
    run: &'a Run,
}

/// Draws at every level asked for (抽样).
///
/// # Errors
/// A level that needs months or distributions which are not there; a draw that cannot be settled.
pub fn draws(
    engine: &mut Engine<'_>,
    resolved: &Resolved,
    base: &Run,
    reform: &Run,
) -> Result<Option<Draws>> {
    let Some(mc) = &resolved.study.mc else {
        return Ok(None);
    };
    let sides = [
        Side {
            whole: &resolved.baseline,
            run: base,
        },
        Side {
            whole: &resolved.reform,
            run: reform,
        },
    ];
    let mut found = Draws::default();
    for level in &mc.levels {
        let layout = Layout::of(base);
        let measured = match level {
            DrawLevel::Parameters => parameter_draws(engine, resolved, mc, &layout)?,
            _ => {
                let how = engine.how();
                let (threads, advance) = (how.threads, how.advance);
                case_draws(resolved, &sides, (mc, *level), &layout, (threads, advance))?
            }
        };
        found.take(*level, mc, &layout, &measured);
    }
    if mc.months {
        let how = engine.how();
        for (scenario, side) in ["baseline", "reform"].into_iter().zip(&sides) {
            let named = (scenario, side);
            found
                .fan
                .extend(fan(resolved, named, mc, (how.threads, how.advance))?);
        }
    }
    Ok(Some(found))
}

/// What is measured of a draw, in this order: point value and points of each pool, margin and cost of
/// each hospital, the balance.
struct Layout {
    pools: Vec<String>,
    hospitals: Vec<String>,
}

impl Layout {
    fn of(run: &Run) -> Layout {
        Layout {
            pools: run.outcome.pools.iter().map(|pool| pool.pool.clone()).collect(),
            hospitals: run
                .outcome
                .hospitals
                .iter()
                .map(|hospital| hospital.code.clone())
                .collect(),
        }
    }

    /// Name and unit of everything that has a distribution.
    fn names(&self) -> Vec<(String, &'static str)> {
        let values = self
            .pools
            .iter()
            .map(|pool| (format!("point_value.{pool}"), "yuan/point"));
        let points = self.pools.iter().map(|pool| (format!("points.{pool}"), "points"));
        let margins = self
            .hospitals
            .iter()
            .map(|code| (format!("margin.{code}"), "yuan"));
        values.chain(points).chain(margins).collect()
    }

    fn cost_at(&self, hospital: usize) -> usize {
        2 * self.pools.len() + self.hospitals.len() + hospital
    }

    fn margin_at(&self, hospital: usize) -> usize {
        2 * self.pools.len() + hospital
    }

    fn balance_at(&self) -> usize {
        2 * self.pools.len() + 2 * self.hospitals.len()
    }

    fn measure(&self, outcome: &super::outcome::Outcome) -> Measured {
        let mut measured: Measured = outcome.pools.iter().map(super::outcome::PoolSum::value).collect();
        measured.extend(
            outcome
                .pools
                .iter()
                .map(|pool| Some(pool.points.units() as f64 / 1e12)),
        );
        measured.extend(
            outcome
                .hospitals
                .iter()
                .map(|hospital| Some(float(hospital.margin()) / 100.0)),
        );
        measured.extend(
            outcome
                .hospitals
                .iter()
                .map(|hospital| Some(float(hospital.cost) / 100.0)),
        );
        let balance: Fen = outcome.pools.iter().map(super::outcome::PoolSum::balance).sum();
        measured.push(Some(float(balance) / 100.0));
        measured
    }
}

impl Draws {
    fn take(&mut self, level: DrawLevel, mc: &MonteCarlo, layout: &Layout, measured: &[[Measured; 2]]) {
        let at = |side: usize, metric: usize| -> Vec<Option<f64>> {
            let of = |draw: &[Measured; 2]| draw.get(side).and_then(|of| of.get(metric)).copied().flatten();
            measured.iter().map(of).collect()
        };
        for (metric, (name, unit)) in layout.names().into_iter().enumerate() {
            let (base, reform) = (at(0, metric), at(1, metric));
            let paired: Vec<Option<f64>> = base
                .iter()
                .zip(&reform)
                .map(|(base, reform)| Some((*reform)? - (*base)?))
                .collect();
            for (scenario, values) in [("baseline", base), ("reform", reform), ("difference", paired)] {
                self.spreads
                    .push(spread(level, scenario, name.clone(), unit, &values));
            }
        }
        for (side, scenario) in [(0, "baseline"), (1, "reform")] {
            if let Some(floor) = mc.floor {
                for (pool, name) in layout.pools.iter().enumerate() {
                    let hits = at(side, pool)
                        .iter()
                        .map(|value| value.is_some_and(|value| value < floor))
                        .collect();
                    self.count(level, scenario, format!("point_value_below_floor.{name}"), hits);
                }
            }
            for (hospital, code) in layout.hospitals.iter().enumerate() {
                let (margins, costs) = (
                    at(side, layout.margin_at(hospital)),
                    at(side, layout.cost_at(hospital)),
                );
                let loses = |(margin, cost): (&Option<f64>, &Option<f64>)| {
                    margin
                        .zip(*cost)
                        .is_some_and(|(margin, cost)| margin < -mc.loss * cost)
                };
                self.count(
                    level,
                    scenario,
                    format!("loss.{code}"),
                    margins.iter().zip(&costs).map(loses).collect(),
                );
            }
            let missing = at(side, layout.balance_at())
                .iter()
                .map(|left| left.is_some_and(|left| left < 0.0))
                .collect();
            self.count(level, scenario, "fund_deficit".to_owned(), missing);
        }
    }

    fn count(&mut self, level: DrawLevel, scenario: &'static str, metric: String, hits: Vec<bool>) {
        let draws = hits.len() as f64;
        let probability = hits.iter().filter(|hit| **hit).count() as f64 / draws;
        self.probabilities.push(Probability {
            level,
            scenario,
            metric,
            probability,
            error: (probability * (1.0 - probability) / draws).sqrt(),
        });
    }
}

fn spread(
    level: DrawLevel,
    scenario: &'static str,
    metric: String,
    unit: &'static str,
    values: &[Option<f64>],
) -> Spread {
    let mut sorted: Vec<f64> = values.iter().copied().flatten().collect();
    let (mean, sd) = (mean(&sorted), deviation(&sorted, 1));
    sorted.sort_by(f64::total_cmp);
    Spread {
        level,
        scenario,
        metric,
        unit,
        draws: sorted.len() as u64,
        mean,
        sd,
        quantiles: five(&sorted),
    }
}

fn five(sorted: &[f64]) -> [Option<f64>; 5] {
    [0.05, 0.25, 0.5, 0.75, 0.95].map(|p| quantile(sorted, p))
}

/// Runs numbered work on threads; the results stand in the order of the numbers (并行抽样).
fn in_parallel<T: Send>(
    count: usize,
    threads: usize,
    work: &(dyn Fn(usize) -> Result<T> + Sync),
) -> Result<Vec<T>> {
    let next = AtomicUsize::new(0);
    let one = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= count {
                return done;
            }
            done.push((at, work(at)));
        }
    };
    let mut all = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(one)).collect();
        let mut all = Vec::with_capacity(count);
        for handle in handles {
            match handle.join() {
                Ok(done) => all.extend(done),
                Err(_) => all.push((0, Err(Error::new("a thread of the draws ended early")))),
            }
        }
        all
    });
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, result)| result).collect()
}

impl Side<'_> {
    /// Draws, settles and measures.
    fn measured(&self, sampler: &Sampler<'_>, (seed, draw): (u64, u64), layout: &Layout) -> Result<Measured> {
        let scored = &self.run.scored;
        let cells = match may_aggregate(&self.run.pack) {
            true => sampler.sums(seed, draw).cells(scored),
            false => sampler.single_cells(seed, draw),
        };
        self.measure(cells, layout)
    }

    /// Settles drawn cells and measures what came out.
    fn measure(&self, cells: Vec<Cell>, layout: &Layout) -> Result<Measured> {
        let run = self.run;
        let scored = &run.scored;
        let cells = self.reacted(cells)?;
        let (pools, hospitals) = (layout.pools.len(), layout.hospitals.len());
        let mut measured: Measured = vec![None; 2 * pools + 2 * hospitals + 1];
        let mut margins = vec![0.0; hospitals];
        let mut costs = vec![0.0; hospitals];
        let mut balance = 0.0;
        for (at, pool) in layout.pools.iter().enumerate() {
            let mine: Vec<&Cell> = cells
                .iter()
                .filter(|cell| scored.pools.get(cell.pool as usize) == Some(pool))
                .collect();
            let settlement = settle_cells(
                (self.whole, &run.pack),
                (pool, budget_of(self.whole, pool)?),
                scored,
                &mine,
            )?;
            let value = settlement.point_value.map(|value| {
                let (num, den) = value.exact().parts();
                num as f64 / den as f64 / 100.0
            });
            put(&mut measured, at, value);
            put(
                &mut measured,
                pools + at,
                Some(settlement.points.units() as f64 / 1e12),
            );
            for hospital in &settlement.hospitals {
                let Some(place) = layout.hospitals.binary_search(&hospital.hospital).ok() else {
                    continue;
                };
                let margin = float(hospital.due + hospital.nonfund - hospital.cost) / 100.0;
                margins.get_mut(place).into_iter().for_each(|sum| *sum += margin);
                costs
                    .get_mut(place)
                    .into_iter()
                    .for_each(|sum| *sum += float(hospital.cost) / 100.0);
            }
            let of = |lines: &[(&str, Fen)], name: &str| -> Fen {
                lines
                    .iter()
                    .filter(|(line, _)| *line == name)
                    .map(|(_, fen)| *fen)
                    .sum()
            };
            balance +=
                float(of(&settlement.uses, "unallocated") - of(&settlement.sources, "gap_funding")) / 100.0;
        }
        for (hospital, (margin, cost)) in margins.into_iter().zip(costs).enumerate() {
            put(&mut measured, layout.margin_at(hospital), Some(margin));
            put(&mut measured, layout.cost_at(hospital), Some(cost));
        }
        put(&mut measured, layout.balance_at(), Some(balance));
        Ok(measured)
    }

    fn reacted(&self, cells: Vec<Cell>) -> Result<Vec<Cell>> {
        let scaled = cells.into_iter().map(|cell| {
            let factors = self
                .run
                .factors
                .get(cell.hospital as usize)
                .unwrap_or(&Factors::NONE);
            cell.scaled(factors)
                .map_err(|_| Error::new("a drawn sum leaves the range that can be settled"))
        });
        scaled.collect()
    }
}

fn put(measured: &mut Measured, at: usize, value: Option<f64>) {
    if let Some(slot) = measured.get_mut(at) {
        *slot = value;
    }
}

fn case_draws(
    resolved: &Resolved,
    sides: &[Side<'_>; 2],
    (mc, level): (&MonteCarlo, DrawLevel),
    layout: &Layout,
    (threads, advance): (usize, &(dyn Fn(u64) + Sync)),
) -> Result<Vec<[Measured; 2]>> {
    let [base_side, reform_side] = sides;
    let base = Sampler::new(&base_side.run.scored, level)?;
    let reform = Sampler::new(&reform_side.run.scored, level)?;
    if level == DrawLevel::MonthBlock && base_side.run.scored.months.len() < 2 {
        let message = "`mc.levels` names `month_block`, but the cases lie in one month or have none";
        return Err(at_key(resolved, "levels", message));
    }
    let same = Arc::ptr_eq(&base_side.run.outcome, &reform_side.run.outcome);
    let alike =
        sides.each_ref().map(|side| may_aggregate(&side.run.pack)) == [true; 2] && base.draws_as(&reform);
    let draws = usize::try_from(mc.draws).unwrap_or(usize::MAX);
    in_parallel(draws, threads, &|draw| {
        let of = (mc.seed, draw as u64);
        let measured = if same {
            let before = base_side.measured(&base, of, layout)?;
            [before.clone(), before]
        } else if alike {
            let [before, after] = base.sums_of_both(&reform, of.0, of.1);
            [
                base_side.measure(before.cells(&base_side.run.scored), layout)?,
                reform_side.measure(after.cells(&reform_side.run.scored), layout)?,
            ]
        } else {
            [
                base_side.measured(&base, of, layout)?,
                reform_side.measured(&reform, of, layout)?,
            ]
        };
        advance(1);
        Ok(measured)
    })
}

/// An error at a key of `mc`.
fn at_key(resolved: &Resolved, key: &str, message: &str) -> Error {
    match resolved.reform.document.get(&["mc", key]) {
        Some(leaf) => Error::at(leaf.place.clone(), message),
        None => Error::new(message),
    }
}

/// Latin hypercube: u = (π(r) + u_r) / R for every parameter, then its distribution (拉丁超立方).
fn parameter_draws(
    engine: &mut Engine<'_>,
    resolved: &Resolved,
    mc: &MonteCarlo,
    layout: &Layout,
) -> Result<Vec<[Measured; 2]>> {
    if mc.parameters.is_empty() {
        let message = "`mc.levels` names `parameters`, but `mc.parameters` declares none";
        return Err(at_key(resolved, "levels", message));
    }
    let draws = usize::try_from(mc.draws).unwrap_or(usize::MAX);
    let columns: Vec<Vec<f64>> = (0_u64..)
        .zip(&mc.parameters)
        .map(|(at, _)| hypercube(mc.seed, at, draws))
        .collect();
    let mut measured = Vec::with_capacity(draws);
    for draw in 0..draws {
        let mut wholes = [resolved.baseline.clone(), resolved.reform.clone()];
        for (drawn, column) in mc.parameters.iter().zip(&columns) {
            let leaf = drawn.at(column.get(draw).copied().unwrap_or(0.5));
            check(&drawn.path, &leaf)?;
            wholes
                .iter_mut()
                .for_each(|whole| whole.document.set(drawn.path.clone(), leaf.clone()));
        }
        let [base, reform] = &wholes;
        let before = layout.measure(&*engine.outcome("parameters", base)?);
        let after = layout.measure(&*engine.outcome("parameters", reform)?);
        measured.push([before, after]);
    }
    Ok(measured)
}

fn hypercube(seed: u64, parameter: u64, draws: usize) -> Vec<f64> {
    // streams of draws are numbered from zero up; those of parameters from the top down
    let mut random = stream_of(seed, u64::MAX - parameter);
    let mut order: Vec<usize> = (0..draws).collect();
    for at in (1..draws).rev() {
        let other = (uniform(&mut random) * (at as f64 + 1.0)) as usize;
        order.swap(at, other.min(at));
    }
    order
        .into_iter()
        .map(|place| (place as f64 + uniform(&mut random)) / draws as f64)
        .collect()
}

impl Drawn {
    /// The value at a probability, twelve decimals (分位取值).
    fn at(&self, u: f64) -> Leaf {
        let value = match self.shape {
            Shape::Uniform(low, high) => low + u * (high - low),
            Shape::Triangular(low, mode, high) => {
                let turn = (mode - low) / (high - low);
                if u < turn {
                    low + (u * (high - low) * (mode - low)).sqrt()
                } else {
                    high - ((1.0 - u) * (high - low) * (high - mode)).sqrt()
                }
            }
            Shape::Normal(mean, sd) => mean + sd * normal_quantile(u),
        };
        Leaf {
            value: Value::String(format!("{value:.12}{}", self.sign)),
            place: self.place.clone(),
        }
    }
}

/// Quantile of the standard normal distribution by halving of its distribution function.
fn normal_quantile(u: f64) -> f64 {
    let (mut low, mut high) = (-9.0, 9.0);
    for _ in 0..80 {
        let middle = f64::midpoint(low, high);
        if normal_below(middle) < u {
            low = middle
        } else {
            high = middle
        }
    }
    f64::midpoint(low, high)
}

/// Φ(x) by its series around zero, φ(x) Σ x^(2k+1) / (2k+1)!!; close to one it is taken from below.
fn normal_below(x: f64) -> f64 {
    if x > 6.0 {
        return 1.0;
    }
    if x < -6.0 {
        return 0.0;
    }
    let (mut term, mut sum, mut odd) = (x, x, 1.0);
    for _ in 0..200 {
        odd += 2.0;
        term *= x * x / odd;
        sum += term;
    }
    0.5 + sum * (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt()
}

/// After each month the months to come are drawn with replacement from all months of the records, which
/// stand for the season; baseline and reform with the same numbers (点值扇形图).
fn fan(
    resolved: &Resolved,
    (scenario, side): (&'static str, &Side<'_>),
    mc: &MonteCarlo,
    (threads, advance): (usize, &(dyn Fn(u64) + Sync)),
) -> Result<Vec<FanRow>> {
    let scored = &side.run.scored;
    let by_month = sums_by_month(resolved, side)?;
    let months = by_month.len();
    let mut rows = Vec::new();
    for pool in side.whole.pools() {
        let mut so_far = Sums::new(scored);
        for (known, (month, sums)) in (1..).zip(scored.months.iter().zip(&by_month)) {
            so_far.add_all(sums);
            let values = in_parallel(usize::try_from(mc.draws).unwrap_or(0), threads, &|draw| {
                let mut random = stream_of(mc.seed, draw as u64);
                let mut year = so_far.clone();
                for _ in known..months {
                    let at = ((uniform(&mut random) * months as f64) as usize).min(months - 1);
                    by_month.get(at).into_iter().for_each(|sums| year.add_all(sums));
                }
                side.value_of(&pool, year, (1, 1))
            })?;
            advance(1);
            let mut sorted: Vec<f64> = values.into_iter().flatten().collect();
            sorted.sort_by(f64::total_cmp);
            let part = (known as i128, months as i128);
            let year = so_far.clone().scaled(part.1, part.0);
            rows.push(FanRow {
                scenario,
                pool: pool.clone(),
                month: month.clone(),
                quantiles: five(&sorted),
                pre_settled: side.value_of(&pool, so_far.clone(), part)?,
                year_end: side.value_of(&pool, year, (1, 1))?,
            });
        }
    }
    Ok(rows)
}

/// What each month of a run adds up to.
fn sums_by_month(resolved: &Resolved, side: &Side<'_>) -> Result<Vec<Sums>> {
    let scored = &side.run.scored;
    let months = scored.months.len();
    if months < 2 {
        let message = "`mc.months` asks for a fan, but the cases lie in one month or have none";
        return Err(at_key(resolved, "months", message));
    }
    if !may_aggregate(&side.run.pack) {
        let message = "`mc.months` asks for a fan, but this pack rounds below the hospital";
        return Err(at_key(resolved, "months", message));
    }
    Sums::by_month(scored)
}

impl Side<'_> {
    /// The point value of a pool over some sums, at a fraction of its budget.
    fn value_of(&self, pool: &str, sums: Sums, (times, over): (i128, i128)) -> Result<Option<f64>> {
        let scored = &self.run.scored;
        let cells = self.reacted(sums.cells(scored))?;
        let mine: Vec<&Cell> = cells
            .iter()
            .filter(|cell| scored.pools.get(cell.pool as usize).is_some_and(|of| of == pool))
            .collect();
        let budget = budget_of(self.whole, pool)?.exact();
        let part = crate::units::Exact::new(times, over).and_then(|part| budget.mul(part)?.fen_half_away());
        let part = part.map_err(|e| Error::new(format!("pool `{pool}`: {e}")))?;
        let settlement = settle_cells((self.whole, &self.run.pack), (pool, part), scored, &mine)?;
        Ok(settlement.point_value.map(|value| {
            let (num, den) = value.exact().parts();
            num as f64 / den as f64 / 100.0
        }))
    }
}
