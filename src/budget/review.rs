//! Reviews of single cases within a quota (特例单议), and what violations and assessments do to
//! points: everything that changes a case before the pool is priced.

use std::collections::{BTreeMap, BTreeSet};

use hashbrown::HashMap;

use super::PoolCase;
use super::ledger::Stake;
use super::share::failed;
use super::terms::{CaseName, PoolMoney, Reviewed, Verdict};
use crate::codes::HospitalLevel;
use crate::diagnostics::{Error, Result, suggestion};
use crate::points::{AssessEffect, Denominator, MoneyRules, Outcome, Penalty, PenaltyMode, Special};
use crate::units::{Exact, Fen, Overflow, Points};

/// Changes stakes by decisions, violations and assessments, in this order.
pub(super) fn adjust(
    rules: &MoneyRules,
    pool: &str,
    money: &PoolMoney,
    cases: &[PoolCase],
    stakes: &mut [Stake],
) -> Result<Vec<Reviewed>> {
    let named = Named::of(pool, money, cases);
    let reviewed = decide(rules, pool, money, cases, &named, stakes)?;
    punish(rules, pool, money, cases, &named, stakes)?;
    assess_points(rules, pool, money, cases, stakes)?;
    Ok(reviewed)
}

/// Where the cases of each number stand; empty where nobody asks for one.
struct Named<'a> {
    pool: &'a str,
    cases: &'a [PoolCase<'a>],
    by_id: HashMap<&'a str, Vec<usize>>,
}

impl<'a> Named<'a> {
    fn of(pool: &'a str, money: &PoolMoney, cases: &'a [PoolCase<'a>]) -> Named<'a> {
        let mut by_id: HashMap<&str, Vec<usize>> = HashMap::new();
        if !money.decisions.is_empty() || !money.violations.is_empty() {
            for (at, case) in cases.iter().enumerate() {
                by_id.entry(case.id).or_default().push(at);
            }
        }
        Named { pool, cases, by_id }
    }

    /// The one case of a name.
    fn find(&self, what: &str, name: CaseName) -> Result<usize> {
        let is_it = |case: &PoolCase| {
            name.hospital.is_none_or(|hospital| hospital == case.hospital)
                && name.discharge.is_none_or(|day| day == case.more.discharge)
        };
        let of_number = self.by_id.get(name.id).map_or(&[][..], Vec::as_slice);
        let found = of_number
            .iter()
            .filter(|at| self.cases.get(**at).is_some_and(is_it));
        let found: Vec<usize> = found.copied().collect();
        match found.as_slice() {
            [one] => Ok(*one),
            [] => Err(self.unknown(what, name.id)),
            many => {
                let (count, id) = (many.len(), name.id);
                let message = format!(
                    "{what} names case `{id}`, a number of {count} cases; name hospital and day of discharge"
                );
                Err(failed(self.pool, &message))
            }
        }
    }

    fn unknown(&self, what: &str, id: &str) -> Error {
        let mut known: Vec<&str> = self.by_id.keys().copied().collect();
        known.sort_unstable();
        known.truncate(10_000);
        let hint = suggestion(id, known);
        failed(
            self.pool,
            &format!("{what} names case `{id}`, which is not in the pool{hint}"),
        )
    }
}

fn decide(
    rules: &MoneyRules,
    pool: &str,
    money: &PoolMoney,
    cases: &[PoolCase],
    named: &Named,
    stakes: &mut [Stake],
) -> Result<Vec<Reviewed>> {
    let mut quotas = match (&rules.special, money.decisions) {
        (_, []) => return Ok(Vec::new()),
        (Some(special), _) => Quotas::new(special, pool, cases),
        (None, _) => {
            let message = "there are decisions on single cases, but the pack has no table `special`";
            return Err(failed(pool, &message));
        }
    };
    let mut reviewed: Vec<Reviewed> = Vec::new();
    let mut decided = BTreeSet::new();
    for decision in money.decisions {
        let at = named.find("a decision", decision.case)?;
        let (Some(case), Some(stake)) = (cases.get(at), stakes.get_mut(at)) else {
            continue;
        };
        if !decided.insert(at) {
            return Err(failed(pool, &format!("case `{}` is decided twice", case.id)));
        }
        let within_quota = quotas.take(case, decision.verdict)?;
        if within_quota {
            apply(decision.verdict, case, stake).map_err(|e| failed(pool, &e))?;
        }
        reviewed.push(Reviewed {
            case: case.id.to_owned(),
            hospital: case.hospital.to_owned(),
            discharge: case.more.discharge.to_owned(),
            within_quota,
        });
    }
    Ok(reviewed)
}

/// What is left of the quotas while decisions are taken in their order.
struct Quotas<'a> {
    rule: &'a Special,
    pool: &'a str,
    discharges: BTreeMap<&'a str, u64>,
    all: u64,
    used: BTreeMap<&'a str, i128>,
}

impl<'a> Quotas<'a> {
    fn new(rule: &'a Special, pool: &'a str, cases: &[PoolCase<'a>]) -> Quotas<'a> {
        let mut discharges: BTreeMap<&str, u64> = BTreeMap::new();
        for case in cases {
            *discharges.entry(case.hospital).or_default() += 1;
        }
        Quotas {
            rule,
            pool,
            discharges,
            all: cases.len() as u64,
            used: BTreeMap::new(),
        }
    }

    /// Whether one more case may be reviewed; it then counts.
    fn take(&mut self, case: &PoolCase<'a>, verdict: Verdict) -> Result<bool> {
        let say = |what: &str| failed(self.pool, &format!("case `{}`: {what}", case.id));
        if !self.rule.outcomes.contains(&outcome_of(verdict)) {
            return Err(say("the pack's `special.outcome` does not allow this decision"));
        }
        let (whose, discharges) = match self.rule.denominator {
            Denominator::HospitalDischarges => (case.hospital, self.discharges.get(case.hospital).copied()),
            Denominator::PoolDischarges => ("", Some(self.all)),
        };
        let share = self.share(case.more.level);
        let share = share.ok_or_else(|| say("`special.quota` has no share for its hospital's level"))?;
        let limit = self.rule.round.cases(share, discharges.unwrap_or(0));
        let limit = limit.map_err(|e| failed(self.pool, &e))?;
        let used = self.used.entry(whose).or_default();
        let within = *used < limit;
        *used += i128::from(within);
        Ok(within)
    }

    /// The share of a level; of one that is not known only where all levels have one and the same.
    fn share(&self, level: Option<HospitalLevel>) -> Option<Exact> {
        if let Some(level) = level {
            return self.rule.quota.get(&level).copied();
        }
        let one = self.rule.quota.get(&HospitalLevel::One).copied()?;
        let is_same = self.rule.quota.len() == 3 && self.rule.quota.values().all(|share| *share == one);
        is_same.then_some(one)
    }
}

const fn outcome_of(verdict: Verdict) -> Outcome {
    match verdict {
        Verdict::ByItemRate(_) => Outcome::ByItemRate,
        Verdict::Uplift(_) => Outcome::Uplift,
        Verdict::ExtraPoints(_) => Outcome::ExtraPoints,
        Verdict::Agreed(_) => Outcome::Agreed,
    }
}

fn apply(verdict: Verdict, case: &PoolCase, stake: &mut Stake) -> std::result::Result<(), Overflow> {
    match verdict {
        Verdict::ByItemRate(rate) => {
            stake.amount = Some(case.claim.exact().mul(rate)?.fen_half_away()?);
            stake.units = 0;
        }
        Verdict::Agreed(fen) => {
            stake.amount = Some(fen);
            stake.units = 0;
        }
        Verdict::Uplift(by) => stake.units = times(stake.units, by)?,
        Verdict::ExtraPoints(points) => stake.units += Points::units(points.points_half_away(12)?),
    }
    Ok(())
}

/// Units times a factor, rounded once to a unit.
pub(super) fn times(units: i128, factor: Exact) -> std::result::Result<i128, Overflow> {
    Exact::integer(units).mul(factor)?.half_away()
}

/// Points of cases in violation, where the pack takes points.
fn punish(
    rules: &MoneyRules,
    pool: &str,
    money: &PoolMoney,
    cases: &[PoolCase],
    named: &Named,
    stakes: &mut [Stake],
) -> Result<()> {
    let Some(penalty) = &rules.penalty else {
        return match money.violations {
            [] => Ok(()),
            _ => Err(failed(
                pool,
                &"there are violations, but the pack has no table `penalty`",
            )),
        };
    };
    for name in money.violations {
        let at = named.find("a violation", *name)?;
        let (Some(case), Some(stake)) = (cases.get(at), stakes.get_mut(at)) else {
            continue;
        };
        let done = if stake.in_violation {
            Ok(())
        } else {
            violate(penalty, stake)
        };
        done.map_err(|e| failed(pool, &format!("case `{}`: {e}", case.id)))?;
    }
    Ok(())
}

/// What a violation does to a case before the pool is priced.
pub(super) fn violate(penalty: &Penalty, stake: &mut Stake) -> std::result::Result<(), Overflow> {
    stake.in_violation = true;
    let factor = match penalty.mode {
        PenaltyMode::ReturnFund => {
            // a due below zero is owed all the same
            stake.returned = stake.amount.is_some_and(|amount| amount > Fen::ZERO);
            return Ok(());
        }
        PenaltyMode::ZeroPoints => Exact::ZERO,
        PenaltyMode::PointsMultiple => Exact::ONE.sub(penalty.multiple)?,
    };
    stake.units = times(stake.units, factor)?;
    if stake.amount.is_some() {
        stake.amount = Some(Fen::ZERO);
    }
    Ok(())
}

/// Points of hospitals by their assessment, where the pack deducts points.
fn assess_points(
    rules: &MoneyRules,
    pool: &str,
    money: &PoolMoney,
    cases: &[PoolCase],
    stakes: &mut [Stake],
) -> Result<()> {
    let deducts = rules
        .assess
        .as_ref()
        .is_some_and(|a| a.effect == AssessEffect::PointsDeduction);
    if !deducts {
        return Ok(());
    }
    for (case, stake) in cases.iter().zip(stakes) {
        let share = assessed_share(rules, pool, money, case.hospital)?;
        stake.units = times(stake.units, share).map_err(|e| failed(pool, &e))?;
    }
    Ok(())
}

/// The share a hospital has by its assessment.
pub(crate) fn assessed_share(
    rules: &MoneyRules,
    pool: &str,
    money: &PoolMoney,
    hospital: &str,
) -> Result<Exact> {
    let Some(assess) = &rules.assess else {
        return Ok(Exact::ONE);
    };
    let score = money.assessments.iter().find(|(of, _)| *of == hospital);
    let (_, score) = score.ok_or_else(|| {
        failed(
            pool,
            &format!("hospital `{hospital}` has no assessment score, which `assess.effect` asks for"),
        )
    })?;
    let band = assess.bands.iter().find(|(from, _)| score.compare(*from).is_ge());
    band.map(|(_, share)| *share).ok_or_else(|| {
        failed(
            pool,
            &format!("hospital `{hospital}`: its assessment score is below zero"),
        )
    })
}
