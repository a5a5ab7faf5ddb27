//! Cases aggregated, pools settled by the engine, and what hospitals and groups get (结算结果).
//!
//! Where the pack rounds nothing below the hospital, cases of one hospital, group, kind and form are
//! settled as one: the engine splits a pool over hospitals by sums of units, so their dues are the
//! same to the fen. Other packs are settled case by case, and the result says so.

use hashbrown::HashMap;

use super::behaviour::{Factors, Reacted};
use super::cases::{Form, Scored, SimCase};
use super::levers::{number, yuan};
use super::resolve::Whole;
use crate::budget::{More, PoolCase, PoolMoney, PoolSettlement, settle};
use crate::codes::HospitalLevel;
use crate::diagnostics::{Error, Result};
use crate::points::{Allocate, FundFormula, Kind, Pack, Payment};
use crate::units::{Exact, Fen, Overflow, PointValue, Points};

/// Cases that share everything a settlement asks for (汇总单元).
#[derive(Clone, Debug)]
pub(super) struct Cell {
    pub(super) id: String,
    pub(super) pool: u32,
    pub(super) hospital: u32,
    pub(super) group: u32,
    pub(super) kind: Kind,
    pub(super) form: Form,
    /// Cases before behaviour.
    pub(super) count: u64,
    /// Cases after it.
    pub(super) cases: f64,
    pub(super) units: i128,
    pub(super) amount: i128,
    pub(super) cost: i128,
    pub(super) claim: i128,
    pub(super) nonfund: i128,
    pub(super) ratio: Option<Exact>,
}

/// What a hospital gets over all pools (医疗机构结果). Money in fen, exact.
#[derive(Clone, Debug, PartialEq)]
pub struct HospitalSum {
    /// Its code.
    pub code: String,
    /// Its level.
    pub level: HospitalLevel,
    /// Cases; not whole where behaviour scales them.
    pub cases: f64,
    /// Sum of weights.
    pub weight: f64,
    /// Sum of points.
    pub points: Points,
    /// Cost of its cases.
    pub cost: Fen,
    /// What the funds paid by items.
    pub claim: Fen,
    /// What others paid.
    pub nonfund: Fen,
    /// What the pools owe it.
    pub due: Fen,
    /// Of which for cases above the high limit.
    pub high_due: Fen,
}

impl HospitalSum {
    /// What it keeps (+) or carries (−): due + what others paid − cost (盈亏).
    pub fn margin(&self) -> Fen {
        self.due + self.nonfund - self.cost
    }

    /// Money received over cost (支付费用比); none without cost.
    pub fn pay_to_cost(&self) -> Option<f64> {
        (self.cost > Fen::ZERO).then(|| float(self.due + self.nonfund) / float(self.cost))
    }

    /// Case-mix index (CMI): weight a case; none without cases.
    pub fn cmi(&self) -> Option<f64> {
        (self.cases > 0.0).then(|| self.weight / self.cases)
    }
}

/// What a group gets (病组结果).
#[derive(Clone, Debug, PartialEq)]
pub struct GroupSum {
    /// Its code; empty for cases without a group.
    pub code: String,
    /// Cases.
    pub cases: f64,
    /// Weight as printed.
    pub weight: Option<String>,
    /// Points.
    pub points: Points,
    /// Cost.
    pub cost: Fen,
    /// What others paid.
    pub nonfund: Fen,
    /// Dues.
    pub due: Fen,
}

impl GroupSum {
    /// What hospitals keep or carry on it.
    pub fn margin(&self) -> Fen {
        self.due + self.nonfund - self.cost
    }
}

/// A pool settled (基金池结果).
#[derive(Clone, Debug, PartialEq)]
pub struct PoolSum {
    /// Its name.
    pub pool: String,
    /// Its budget after growth.
    pub budget: Fen,
    /// Points.
    pub points: Points,
    /// Exact fen per point, where the price floats.
    pub point_value: Option<PointValue>,
    /// Factor of scaling, where standards are scaled.
    pub k: Option<Exact>,
    /// Sum of dues.
    pub due: Fen,
    /// Sources of the books.
    pub sources: Vec<(&'static str, Fen)>,
    /// Uses of the books.
    pub uses: Vec<(&'static str, Fen)>,
    /// Claims by items over dues of the sharing cases' hospitals: what a corridor looks at.
    pub warnings: Vec<String>,
}

impl PoolSum {
    /// What stays (+) or is missing (−) (基金结余).
    pub fn balance(&self) -> Fen {
        let of = |lines: &[(&str, Fen)], name: &str| -> Fen {
            lines
                .iter()
                .filter(|(line, _)| *line == name)
                .map(|(_, fen)| *fen)
                .sum()
        };
        of(&self.uses, "unallocated") - of(&self.sources, "gap_funding")
    }

    /// The value of a point in yuan, for showing and comparing (点值).
    pub fn value(&self) -> Option<f64> {
        let (num, den) = self.point_value?.exact().parts();
        Some(num as f64 / den as f64 / 100.0)
    }
}

/// A hospital in one pool before and after the corridor (费用比).
#[derive(Clone, Debug, PartialEq)]
pub struct InPool {
    /// The pool.
    pub pool: String,
    /// The hospital.
    pub hospital: String,
    /// What the funds paid by items of its sharing cases.
    pub claim: Fen,
    /// Its due before the corridor.
    pub before: Fen,
    /// And after it.
    pub after: Fen,
}

/// One run of the engine (一次运行的结果).
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// By code.
    pub hospitals: Vec<HospitalSum>,
    /// By code.
    pub groups: Vec<GroupSum>,
    /// By name.
    pub pools: Vec<PoolSum>,
    /// Hospitals that went through a corridor.
    pub corridor: Vec<InPool>,
    /// Hospitals whose due an assessment changes.
    pub assessed: Vec<InPool>,
    /// By kind, in the order of statements: cases and dues.
    pub kinds: Vec<(Kind, f64, Fen)>,
    /// Whether it was settled case by case.
    pub by_case: bool,
    /// What behaviour did not reach: `not_converged`.
    pub remarks: Vec<&'static str>,
}

/// For statistics only; what is paid is never made from it.
pub(super) fn float(fen: Fen) -> f64 {
    fen.fen() as f64
}

/// Whether the pack rounds nothing below the hospital (能否汇总结算).
pub(super) fn may_aggregate(pack: &Pack) -> bool {
    let money = &pack.rules.money;
    let by_case = money.allocate == Allocate::CaseSum || money.reference_price.is_some();
    money.formula != FundFormula::Ratio && !money.clamp && money.split.is_none() && !by_case
}

/// A pool's budget with its growth, rounded half away from zero once (预算).
///
/// # Errors
/// The pool has no budget.
pub(super) fn budget_of(whole: &Whole, pool: &str) -> Result<Fen> {
    let written = whole.text(&["pool", pool, "budget"]).and_then(yuan);
    let written = written.ok_or_else(|| whole.missing(&format!("pool.{pool}.budget")))?;
    let growth = |names: &[&str]| whole.text(names).and_then(number).unwrap_or(Exact::ZERO);
    let grown = || {
        let all = Exact::ONE.add(growth(&["budget", "growth"]))?;
        let own = Exact::ONE.add(growth(&["budget", "pool", pool, "growth"]))?;
        written.exact().mul(all)?.mul(own)?.fen_half_away()
    };
    grown().map_err(|_| {
        let message = format!("the budget of pool `{pool}` leaves the range of money");
        whole.error_of_pool(pool, message)
    })
}

/// Assessment scores by hospital (考核得分).
fn assessments(whole: &Whole) -> Vec<(String, Exact)> {
    let scores = whole.document.below(&["quality", "scores"]);
    scores
        .filter_map(|(path, leaf)| Some((path.names().last()?.clone(), number(leaf.value.as_str()?)?)))
        .collect()
}

/// Sums the cases into cells, in the order of pool, hospital, group, kind and form.
pub(super) fn cells(scored: &Scored, cases: impl Iterator<Item = SimCase>) -> Vec<Cell> {
    let mut places: HashMap<(u32, u32, u32, Kind, Form), usize> = HashMap::new();
    let mut cells: Vec<Cell> = Vec::new();
    for case in cases {
        let key = (case.pool, case.hospital, case.group, case.kind, case.form);
        let at = *places.entry(key).or_insert_with(|| {
            cells.push(Cell::empty(scored, &case));
            cells.len() - 1
        });
        if let Some(cell) = cells.get_mut(at) {
            cell.add(&case);
        }
    }
    cells.sort_by_key(|cell| (cell.pool, cell.hospital, cell.group, cell.kind, cell.form));
    cells
}

impl Cell {
    pub(super) fn empty(scored: &Scored, case: &SimCase) -> Cell {
        let hospital = scored
            .hospitals
            .get(case.hospital as usize)
            .map_or("", |hospital| &hospital.code);
        let group = scored
            .groups
            .get(case.group as usize)
            .map_or("", |group| &group.code);
        Cell {
            id: format!("{hospital}|{group}|{}|{:?}", case.kind.as_str(), case.form),
            pool: case.pool,
            hospital: case.hospital,
            group: case.group,
            kind: case.kind,
            form: case.form,
            count: 0,
            cases: 0.0,
            units: 0,
            amount: 0,
            cost: 0,
            claim: 0,
            nonfund: 0,
            ratio: None,
        }
    }

    pub(super) fn add(&mut self, case: &SimCase) {
        self.count += 1;
        self.cases += 1.0;
        self.units += case.units;
        self.amount += i128::from(case.amount);
        self.cost += i128::from(case.cost);
        self.claim += i128::from(case.claim);
        self.nonfund += i128::from(case.nonfund);
    }

    /// With a hospital's factors, each product rounded half away from zero once.
    pub(super) fn scaled(mut self, factors: &Factors) -> std::result::Result<Cell, Overflow> {
        if *factors == Factors::NONE {
            return Ok(self);
        }
        let bills = factors.times.mul(factors.cost)?;
        let times = |value: i128, factor: Exact| Exact::integer(value).mul(factor)?.half_away();
        self.units = times(self.units, factors.points.mul(factors.times)?)?;
        self.amount = times(self.amount, bills)?;
        self.cost = times(self.cost, bills)?;
        let kept = Exact::ONE.sub(factors.shift)?;
        let whole = self.claim + self.nonfund;
        self.claim = times(self.claim, bills.mul(kept)?)?;
        self.nonfund = times(whole, bills)? - self.claim;
        let (num, den) = factors.times.parts();
        self.cases *= num as f64 / den as f64;
        Ok(self)
    }

    /// As cases of the engine; more than one where an amount is larger than a case may have.
    pub(super) fn pool_cases<'a>(
        &'a self,
        ids: &'a [String],
        scored: &'a Scored,
    ) -> Result<Vec<PoolCase<'a>>> {
        let parts = ids.len() as i128;
        let hospital = scored
            .hospitals
            .get(self.hospital as usize)
            .map_or("", |hospital| hospital.code.as_str());
        let of = |value: i128, at: i128| value / parts + if at == 0 { value % parts } else { 0 };
        let fen = |value: i128| {
            let fen = i64::try_from(value).map(Fen::new);
            fen.map_err(|_| Error::new(format!("`{}`: a sum leaves the range of money", self.id)))
        };
        (0..)
            .zip(ids)
            .map(|(at, id)| {
                let units = of(self.units, at);
                let payment = match self.form {
                    Form::Points => Payment::Points(Points::new(units)),
                    Form::Standard => Payment::Standard(
                        Exact::new(units, Points::PER_POINT).map_err(|e| Error::new(e.to_string()))?,
                    ),
                    Form::ByItem => Payment::ByItem,
                    Form::Amount => Payment::Amount(fen(of(self.amount, at))?),
                    Form::Nothing => Payment::Nothing,
                };
                Ok(PoolCase {
                    id,
                    hospital,
                    kind: self.kind,
                    payment,
                    cost: fen(of(self.cost, at))?,
                    claim: fen(of(self.claim, at))?,
                    nonfund: fen(of(self.nonfund, at))?,
                    more: More {
                        fund_ratio: self.ratio,
                        ..More::default()
                    },
                })
            })
            .collect()
    }

    /// How many cases the engine takes it as.
    pub(super) fn parts(&self) -> usize {
        let largest = i128::from(Fen::LARGEST_INPUT.fen());
        let most = self.cost.max(self.claim).max(self.amount).max(self.nonfund.abs());
        usize::try_from(most / largest + 1).unwrap_or(1)
    }

    /// One id for each part that the engine takes as a case.
    pub(super) fn ids(&self) -> Vec<String> {
        let parts = self.parts();
        if parts == 1 {
            return vec![self.id.clone()];
        }
        (0..parts).map(|part| format!("{}|{part}", self.id)).collect()
    }
}

/// Settles every pool of a scenario over its cells (结算全部基金池).
///
/// # Errors
/// As [`settle`], by pool.
pub(super) fn settled(
    whole: &Whole,
    pack: &Pack,
    (scored, summed): (&Scored, &[Cell]),
    reacted: &Reacted,
) -> Result<Outcome> {
    let by_case = !may_aggregate(pack);
    let cells = match &reacted.cases {
        _ if by_case => single_cells(scored, reacted),
        Some(cases) => cells(scored, cases.iter().map(|drawn| drawn.case)),
        None => summed.to_vec(),
    };
    let out_of_range = |_: Overflow| Error::new("a sum leaves the range that can be settled");
    let cells = cells.into_iter().map(|cell| {
        let factors = reacted
            .factors
            .get(cell.hospital as usize)
            .unwrap_or(&Factors::NONE);
        cell.scaled(factors).map_err(out_of_range)
    });
    let cells = cells.collect::<Result<Vec<Cell>>>()?;
    let mut outcome = Outcome::empty(scored, by_case);
    for pool in whole.pools() {
        let mine: Vec<&Cell> = cells
            .iter()
            .filter(|cell| scored.pools.get(cell.pool as usize) == Some(&pool))
            .collect();
        let budget = budget_of(whole, &pool)?;
        let settlement = settle_cells((whole, pack), (&pool, budget), scored, &mine)?;
        outcome.take(scored, budget, &mine, &settlement)?;
    }
    Ok(outcome)
}

fn single_cells(scored: &Scored, reacted: &Reacted) -> Vec<Cell> {
    let with_ratio = |mut cell: Cell, ratio| {
        cell.ratio = ratio;
        cell
    };
    if let Some(cases) = &reacted.cases {
        let cells = cases.iter();
        return cells
            .map(|drawn| with_ratio(single(scored, &drawn.case, &drawn.id), drawn.ratio))
            .collect();
    }
    let cells = scored.cases.iter().zip(&scored.ids).enumerate();
    cells
        .map(|(at, (case, id))| {
            let ratio = scored.ratios.get(at).copied().flatten();
            with_ratio(single(scored, case, id), ratio)
        })
        .collect()
}

/// A case by itself.
pub(super) fn single(scored: &Scored, case: &SimCase, id: &str) -> Cell {
    let mut cell = Cell::empty(scored, case);
    id.clone_into(&mut cell.id);
    cell.add(case);
    cell
}

/// Settles one pool over cells (结算一个基金池).
///
/// # Errors
/// As [`settle`].
pub(super) fn settle_cells(
    (whole, pack): (&Whole, &Pack),
    (pool, budget): (&str, Fen),
    scored: &Scored,
    cells: &[&Cell],
) -> Result<PoolSettlement> {
    let ids: Vec<Vec<String>> = cells.iter().map(|cell| cell.ids()).collect();
    let mut cases = Vec::with_capacity(cells.len());
    for (cell, ids) in cells.iter().zip(&ids) {
        cases.extend(cell.pool_cases(ids, scored)?);
    }
    let scores = assessments(whole);
    let scores: Vec<(&str, Exact)> = scores
        .iter()
        .map(|(code, score)| (code.as_str(), *score))
        .collect();
    let money = PoolMoney {
        budget,
        assessments: &scores,
        ..PoolMoney::default()
    };
    settle(pack, pool, money, &cases).map_err(|error| whole.placed_at_pool(pool, &error))
}

impl Outcome {
    fn empty(scored: &Scored, by_case: bool) -> Outcome {
        let hospital = |of: &super::cases::HospitalOfRun| HospitalSum {
            code: of.code.clone(),
            level: of.level,
            cases: 0.0,
            weight: 0.0,
            points: Points::ZERO,
            cost: Fen::ZERO,
            claim: Fen::ZERO,
            nonfund: Fen::ZERO,
            due: Fen::ZERO,
            high_due: Fen::ZERO,
        };
        let group = |of: &super::cases::GroupOfRun| GroupSum {
            code: of.code.clone(),
            cases: 0.0,
            weight: of.weight.clone(),
            points: Points::ZERO,
            cost: Fen::ZERO,
            nonfund: Fen::ZERO,
            due: Fen::ZERO,
        };
        Outcome {
            hospitals: scored.hospitals.iter().map(hospital).collect(),
            groups: scored.groups.iter().map(group).collect(),
            pools: Vec::new(),
            corridor: Vec::new(),
            assessed: Vec::new(),
            kinds: Kind::ALL.into_iter().map(|kind| (kind, 0.0, Fen::ZERO)).collect(),
            by_case,
            remarks: Vec::new(),
        }
    }

    /// Adds a settled pool.
    fn take(
        &mut self,
        scored: &Scored,
        budget: Fen,
        cells: &[&Cell],
        settlement: &PoolSettlement,
    ) -> Result<()> {
        let mut dues = settlement.cases.iter();
        for cell in cells {
            let due: Fen = dues.by_ref().take(cell.parts()).map(|case| case.due).sum();
            self.add(scored, cell, due)?;
        }
        let amounts = |hospital: &str| amount_claim(scored, cells, hospital);
        let through = |word: &'static str| {
            settlement.hospitals.iter().filter_map(move |hospital| {
                let step = hospital.steps.iter().find(|step| step.step == word)?;
                Some(InPool {
                    pool: settlement.pool.clone(),
                    hospital: hospital.hospital.clone(),
                    claim: hospital.claim - amounts(&hospital.hospital),
                    before: step.before,
                    after: step.after,
                })
            })
        };
        self.corridor.extend(through("corridor"));
        self.assessed.extend(through("assess"));
        self.pools.push(PoolSum {
            pool: settlement.pool.clone(),
            budget,
            points: settlement.points,
            point_value: settlement.point_value,
            k: settlement.k,
            due: settlement.hospitals.iter().map(|hospital| hospital.due).sum(),
            sources: settlement.sources.clone(),
            uses: settlement.uses.clone(),
            warnings: settlement.warnings.clone(),
        });
        Ok(())
    }

    fn add(&mut self, scored: &Scored, cell: &Cell, due: Fen) -> Result<()> {
        let fen = |value: i128| {
            let fen = i64::try_from(value).map(Fen::new);
            fen.map_err(|_| Error::new("a sum leaves the range of money"))
        };
        let (cost, claim, nonfund) = (fen(cell.cost)?, fen(cell.claim)?, fen(cell.nonfund)?);
        let points = if cell.form == Form::Points { cell.units } else { 0 };
        let weight = scored
            .groups
            .get(cell.group as usize)
            .map_or(0, |group| group.weight_units);
        if let Some(hospital) = self.hospitals.get_mut(cell.hospital as usize) {
            hospital.cases += cell.cases;
            hospital.weight += cell.cases * weight as f64 / 1e12;
            hospital.points = Points::new(hospital.points.units() + points);
            hospital.cost += cost;
            hospital.claim += claim;
            hospital.nonfund += nonfund;
            hospital.due += due;
            if matches!(cell.kind, Kind::High | Kind::Extreme) {
                hospital.high_due += due;
            }
        }
        if let Some(group) = self.groups.get_mut(cell.group as usize) {
            group.cases += cell.cases;
            group.points = Points::new(group.points.units() + points);
            group.cost += cost;
            group.nonfund += nonfund;
            group.due += due;
        }
        if let Some(kind) = self.kinds.iter_mut().find(|(kind, ..)| *kind == cell.kind) {
            kind.1 += cell.cases;
            kind.2 += due;
        }
        Ok(())
    }
}

/// Claims of the cases that do not share the pool.
fn amount_claim(scored: &Scored, cells: &[&Cell], hospital: &str) -> Fen {
    let at = scored.hospital(hospital);
    let mine = cells.iter().filter(|cell| Some(cell.hospital as usize) == at);
    let amounts = mine.filter(|cell| !matches!(cell.form, Form::Points | Form::Standard));
    Fen::new(amounts.map(|cell| i64::try_from(cell.claim).unwrap_or(0)).sum())
}
