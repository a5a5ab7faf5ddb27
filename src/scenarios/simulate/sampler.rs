//! Cases drawn with replacement (有放回抽样), and what a draw adds up to.

use std::ops::Range;

use ndarray::Array2;
use rand_distr::{Distribution, Poisson};

use super::behaviour::{stream_of, uniform};
use super::cases::{Form, Scored, SimCase};
use super::outcome::Cell;
use super::study::DrawLevel;
use crate::diagnostics::{Error, Result};

/// Cases that are drawn from together (抽样层).
#[derive(PartialEq)]
struct Strata {
    /// Places of cases, stratum after stratum.
    order: Vec<u32>,
    /// Where each stratum begins; the last one is the end.
    starts: Vec<usize>,
}

impl Strata {
    fn by(scored: &Scored, key: impl Fn(&SimCase) -> u64) -> Strata {
        let mut keyed: Vec<(u64, u32)> = (0..)
            .zip(&scored.cases)
            .map(|(at, case)| (key(case), at))
            .collect();
        keyed.sort_unstable();
        let mut starts = Vec::new();
        let mut last = None;
        for (at, (key, _)) in keyed.iter().enumerate() {
            if last != Some(*key) {
                starts.push(at);
                last = Some(*key);
            }
        }
        starts.push(keyed.len());
        Strata {
            order: keyed.into_iter().map(|(_, at)| at).collect(),
            starts,
        }
    }

    /// Each stratum as places in the order.
    fn each(&self) -> impl Iterator<Item = Range<usize>> {
        self.starts.windows(2).filter_map(|pair| match pair {
            [start, end] => Some(*start..*end),
            _ => None,
        })
    }
}

/// Forms of payment, each summed by itself.
const ALL_FORMS: [Form; 5] = [
    Form::Points,
    Form::Standard,
    Form::ByItem,
    Form::Amount,
    Form::Nothing,
];

const fn form_number(form: Form) -> usize {
    match form {
        Form::Points => 0,
        Form::Standard => 1,
        Form::ByItem => 2,
        Form::Amount => 3,
        Form::Nothing => 4,
    }
}

/// What a draw adds up of a case: one line of the cache.
#[repr(align(64))]
struct Row {
    units: i128,
    /// Amount, cost, claim, what others paid.
    fen: [i64; 4],
    /// Its sum among all.
    at: u32,
}

/// A case is drawn at most so many times as often as there are cases.
const TIMES: u64 = 64;

impl Row {
    fn of(case: &SimCase, width: usize) -> Row {
        let at =
            case.hospital as usize * width + case.pool as usize * ALL_FORMS.len() + form_number(case.form);
        Row {
            units: case.units,
            fen: [case.amount, case.cost, case.claim, case.nonfund],
            at: u32::try_from(at).unwrap_or(u32::MAX),
        }
    }

    fn largest(&self) -> u64 {
        self.fen.iter().map(|fen| fen.unsigned_abs()).max().unwrap_or(0)
    }
}

/// Cases made ready for draws (抽样器).
pub(super) struct Sampler<'a> {
    scored: &'a Scored,
    level: DrawLevel,
    strata: Strata,
    /// In the order of the strata.
    rows: Vec<Row>,
}

impl<'a> Sampler<'a> {
    /// # Errors
    /// Amounts so large that sums of many draws could leave their range.
    pub(super) fn new(scored: &'a Scored, level: DrawLevel) -> Result<Sampler<'a>> {
        let hospital = |case: &SimCase| u64::from(case.hospital);
        let strata = match level {
            DrawLevel::CaseInHospital | DrawLevel::HospitalBlock => Strata::by(scored, hospital),
            DrawLevel::MonthBlock => Strata::by(scored, |case| u64::from(case.month)),
            _ => Strata::by(scored, |case| hospital(case) << 32 | u64::from(case.group)),
        };
        let width = scored.pools.len() * ALL_FORMS.len();
        let cases = strata
            .order
            .iter()
            .filter_map(|at| scored.cases.get(*at as usize));
        let rows: Vec<Row> = cases.map(|case| Row::of(case, width)).collect();
        let largest = rows.iter().map(Row::largest).max().unwrap_or(0);
        let most = largest
            .checked_mul(rows.len() as u64)
            .and_then(|sum| sum.checked_mul(TIMES));
        if most.is_none_or(|most| i64::try_from(most).is_err()) {
            return Err(Error::new("amounts of the cases are too large to be drawn from"));
        }
        Ok(Sampler {
            scored,
            level,
            rows,
            strata,
        })
    }

    /// Whether every draw takes the same cases of both: then they are drawn once.
    pub(super) fn draws_as(&self, other: &Sampler<'_>) -> bool {
        self.level == other.level && self.strata == other.strata
    }

    /// Calls `hit` for the places of all cases of a draw, stratum by stratum, in a fixed order.
    fn visit(&self, seed: u64, draw: u64, hit: &mut dyn FnMut(&[usize])) {
        let mut random = stream_of(seed, draw);
        let pick =
            |random: &mut _, of: usize| ((uniform(random) * of as f64) as usize).min(of.saturating_sub(1));
        let mut chosen = Vec::new();
        if matches!(self.level, DrawLevel::HospitalBlock | DrawLevel::MonthBlock) {
            let blocks: Vec<Range<usize>> = self.strata.each().collect();
            for _ in 0..blocks.len() {
                let block = blocks.get(pick(&mut random, blocks.len()));
                chosen.clear();
                chosen.extend(block.cloned().into_iter().flatten());
                hit(&chosen);
            }
            return;
        }
        for stratum in self.strata.each() {
            let count = if self.level == DrawLevel::PoissonVolume {
                let expected = Poisson::new(stratum.len() as f64);
                expected.map_or(0.0, |poisson| poisson.sample(&mut random)) as usize
            } else {
                stratum.len()
            };
            chosen.clear();
            chosen.extend((0..count).map(|_| stratum.start + pick(&mut random, stratum.len())));
            hit(&chosen);
        }
    }

    /// The sums of a draw.
    pub(super) fn sums(&self, seed: u64, draw: u64) -> Sums {
        let mut sums = Sums::new(self.scored);
        self.visit(seed, draw, &mut |places| self.add(&mut sums, places));
        sums
    }

    /// The sums of a draw of two that [draw alike](Sampler::draws_as).
    pub(super) fn sums_of_both(&self, other: &Sampler<'_>, seed: u64, draw: u64) -> [Sums; 2] {
        let (mut own, mut others) = (Sums::new(self.scored), Sums::new(other.scored));
        self.visit(seed, draw, &mut |places| {
            self.add(&mut own, places);
            other.add(&mut others, places);
        });
        [own, others]
    }

    fn add(&self, sums: &mut Sums, places: &[usize]) {
        let rows = places.iter().filter_map(|at| self.rows.get(*at));
        rows.for_each(|row| sums.add(row));
    }

    /// Each drawn case by itself, with an id of its own.
    pub(super) fn single_cells(&self, seed: u64, draw: u64) -> Vec<Cell> {
        let scored = self.scored;
        let mut cells = Vec::new();
        self.visit(seed, draw, &mut |places| {
            for at in places.iter().filter_map(|place| self.strata.order.get(*place)) {
                if let (Some(case), Some(id)) = (scored.cases.get(*at as usize), scored.ids.get(*at as usize))
                {
                    let mut cell = Cell::empty(scored, case);
                    cell.id = format!("{id}#{}", cells.len());
                    cell.ratio = scored.ratios.get(*at as usize).copied().flatten();
                    cell.add(case);
                    cells.push(cell);
                }
            }
        });
        cells
    }
}

/// Units, amounts, costs, claims, others' payments, cases.
#[derive(Clone, Copy, Default)]
struct Sum {
    units: i128,
    fen: [i64; 4],
    cases: i64,
}

/// Sums over hospitals × (pool and form); as [`Cell`], but without group and kind.
#[derive(Clone)]
pub(super) struct Sums {
    of: Array2<Sum>,
}

impl Sums {
    pub(super) fn new(scored: &Scored) -> Sums {
        let width = scored.pools.len() * ALL_FORMS.len();
        Sums {
            of: Array2::from_elem((scored.hospitals.len(), width), Sum::default()),
        }
    }

    /// Of every case of each month.
    pub(super) fn by_month(scored: &Scored) -> Result<Vec<Sums>> {
        // no month has more than all cases
        let all = Sampler::new(scored, DrawLevel::MonthBlock)?;
        let mut by_month: Vec<Sums> = scored.months.iter().map(|_| Sums::new(scored)).collect();
        for (row, at) in all.rows.iter().zip(&all.strata.order) {
            let month = scored.cases.get(*at as usize).map(|case| case.month as usize);
            let sums = month.and_then(|month| by_month.get_mut(month));
            sums.into_iter().for_each(|sums| sums.add(row));
        }
        Ok(by_month)
    }

    /// No sum leaves its range: the sampler has looked at the largest.
    #[inline]
    fn add(&mut self, row: &Row) {
        let sums = self.of.as_slice_mut().unwrap_or_default();
        if let Some(sum) = sums.get_mut(row.at as usize) {
            sum.units = sum.units.wrapping_add(row.units);
            for (sum, fen) in sum.fen.iter_mut().zip(row.fen) {
                *sum = sum.wrapping_add(fen);
            }
            sum.cases = sum.cases.wrapping_add(1);
        }
    }

    pub(super) fn add_all(&mut self, other: &Sums) {
        for (sum, more) in self.of.iter_mut().zip(&other.of) {
            sum.units += more.units;
            for (sum, more) in sum.fen.iter_mut().zip(more.fen) {
                *sum += more;
            }
            sum.cases += more.cases;
        }
    }

    /// Every sum times a fraction, rounded towards zero: for estimates, not for pay.
    pub(super) fn scaled(mut self, times: i128, over: i128) -> Sums {
        let over = over.max(1);
        let part = |sum: i64| i64::try_from(i128::from(sum) * times / over).unwrap_or(i64::MAX);
        for sum in &mut self.of {
            sum.units = sum.units * times / over;
            sum.fen = sum.fen.map(part);
            sum.cases = part(sum.cases);
        }
        self
    }

    /// As cells that are settled; one a hospital, pool and form.
    pub(super) fn cells(&self, scored: &Scored) -> Vec<Cell> {
        let drawn = self.of.indexed_iter().filter(|(_, sum)| sum.cases != 0);
        let cell = |((hospital, at), sum): ((usize, usize), &Sum)| {
            let (pool, form) = (at / ALL_FORMS.len(), at % ALL_FORMS.len());
            let [amount, cost, claim, nonfund] = sum.fen.map(i128::from);
            let code = scored
                .hospitals
                .get(hospital)
                .map_or("", |hospital| &hospital.code);
            Cell {
                id: format!("{code}|{form}"),
                pool: pool as u32,
                hospital: hospital as u32,
                group: 0,
                kind: crate::points::Kind::Normal,
                form: ALL_FORMS.get(form).copied().unwrap_or(Form::Nothing),
                count: sum.cases.unsigned_abs(),
                cases: sum.cases as f64,
                units: sum.units,
                amount,
                cost,
                claim,
                nonfund,
                ratio: None,
            }
        };
        drawn.map(cell).collect()
    }
}
