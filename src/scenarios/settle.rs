//! Second stretch of a run: bills shared, pools settled, all joined.

use std::collections::BTreeSet;
use std::sync::Arc;

use hashbrown::HashSet;

use super::chain::Inputs;
use super::join::BillOf;
use super::statement::{BenefitParameter, Money, PoolResult, RunResult, Settled, Statement};
use crate::benefit::{BenefitPolicy, Claim, Payer, Slip, YearToDate, explain, share};
use crate::budget::{More, PoolCase, settle};
use crate::codes::HospitalLevel;
use crate::diagnostics::{Error, Lang, Result};
use crate::points::{Pack, PoolFund, Score};
use crate::records::{Column, FeeSplit};
use crate::units::Fen;

/// Age from which a person is no minor (未成年人保护法 art. 2: citizens under eighteen are minors).
const GROWN_UP: i16 = 18;

/// Shares the bill of every case that can go on, each person's in discharge order (待遇计算).
///
/// Slips by index of the statement. A bill the policy cannot settle becomes a finding, and its
/// case is kept out of money.
pub(super) fn share_bills(inputs: &Inputs, result: &mut RunResult, lang: Lang) -> Vec<Option<Slip>> {
    let mut slips: Vec<Option<Slip>> = vec![None; result.statements.len()];
    let mut kept_out = Vec::new();
    let order = in_year_order(result, |statement| matches!(statement.money, Money::Pending));
    let mut so_far = YearToDate::default();
    let mut person = "";
    let mut parameters = UsedParameters::default();
    for (index, statement) in order {
        if statement.person != person {
            person = &statement.person;
            so_far = YearToDate::default();
        }
        match share_bill(inputs, statement, &mut so_far, &mut parameters) {
            Ok(slip) => slips
                .iter_mut()
                .skip(index)
                .take(1)
                .for_each(|slot| *slot = Some(slip.clone())),
            Err(reason) => kept_out.push((index, reason)),
        }
    }
    result.benefit_parameters = parameters.used.into_iter().collect();
    keep_out(inputs, result, kept_out, lang);
    slips
}

fn share_bill(
    inputs: &Inputs,
    statement: &Statement,
    so_far: &mut YearToDate,
    parameters: &mut UsedParameters,
) -> std::result::Result<Slip, String> {
    let fees = statement.fees.ok_or("bill is missing")?;
    share_fees(inputs, statement, fees, so_far, Some(parameters))
}

/// Every priced bill shared anew, from other fees than its own, in the order of the year.
pub(super) type SharedAgain = Vec<Option<Slip>>;

/// Shares every priced bill from the fees that `fees_of` gives (按新基数重新分担).
///
/// # Errors
/// A bill that the policy cannot share.
pub(super) fn share_again(
    inputs: &Inputs,
    result: &RunResult,
    fees_of: impl Fn(&Statement) -> Option<FeeSplit>,
) -> Result<SharedAgain> {
    let mut slips: SharedAgain = vec![None; result.statements.len()];
    let mut so_far = YearToDate::default();
    let mut person = "";
    for (index, statement) in in_year_order(result, |statement| statement.settled().is_some()) {
        if statement.person != person {
            person = &statement.person;
            so_far = YearToDate::default();
        }
        let Some(fees) = fees_of(statement) else { continue };
        let slip = share_fees(inputs, statement, fees, &mut so_far, None);
        let slip = slip.map_err(|e| Error::new(format!("case `{}`: {e}", statement.case_id)))?;
        slips
            .iter_mut()
            .skip(index)
            .take(1)
            .for_each(|slot| *slot = Some(slip.clone()));
    }
    Ok(slips)
}

/// Statements each person's together, by discharge.
fn in_year_order(result: &RunResult, wanted: impl Fn(&Statement) -> bool) -> Vec<(usize, &Statement)> {
    let mut order: Vec<(usize, &Statement)> = result.statements.iter().enumerate().collect();
    order.retain(|(_, statement)| wanted(statement));
    // the case id settles what is left open by two discharges on one day
    order.sort_by(|(_, a), (_, b)| {
        (&a.person, a.discharge, &a.case_id, a.line).cmp(&(&b.person, b.discharge, &b.case_id, b.line))
    });
    order
}

fn share_fees(
    inputs: &Inputs,
    statement: &Statement,
    fees: FeeSplit,
    so_far: &mut YearToDate,
    parameters: Option<&mut UsedParameters>,
) -> std::result::Result<Slip, String> {
    let missing = |what: &str| format!("{what} is missing");
    let policy = inputs
        .benefits
        .get(&statement.insured_scheme)
        .ok_or_else(|| missing("benefit policy"))?;
    let insured = inputs
        .lists
        .persons
        .get(&statement.person)
        .ok_or_else(|| missing("person"))?;
    let level = level_of(inputs, statement).ok_or_else(|| missing("hospital"))?;
    let discharge = statement.discharge.ok_or_else(|| missing("discharge date"))?;
    let categories: Vec<&str> = insured.categories.iter().map(String::as_str).collect();
    let diagnoses: Vec<&str> = statement.diagnoses.iter().map(String::as_str).collect();
    let claim = Claim {
        id: &statement.case_id,
        plan: &insured.plan,
        level: level.into(),
        hospital: &statement.hospital,
        categories: &categories,
        status: insured.status,
        minor: Some(insured.age_on(discharge) < GROWN_UP),
        diagnoses: &diagnoses,
        discharge,
        total: fees.total,
        own: fees.own,
        over: fees.over,
        pre: fees.pre,
        scope: fees.scope,
        ..Claim::default()
    };
    if let Some(parameters) = parameters {
        parameters.note(&statement.insured_scheme, policy, &claim, so_far);
    }
    share(policy, &claim, so_far).map_err(|e| e.to_string())
}

/// The benefit parameters a run reads (所用待遇参数), with their clauses.
///
/// Which parameters a claim reads depends on who claims, where, in which month, for which time in
/// the year and on the size of the bill; one claim of each such kind is explained.
#[derive(Default)]
struct UsedParameters {
    kinds: HashSet<String>,
    used: BTreeSet<BenefitParameter>,
}

impl UsedParameters {
    fn note(&mut self, pool: &str, policy: &BenefitPolicy, claim: &Claim<'_>, so_far: &YearToDate) {
        let size = claim.scope.fen().checked_ilog2();
        let month = (claim.discharge.year(), claim.discharge.month());
        let who = (
            claim.plan,
            claim.level,
            claim.categories,
            claim.status,
            claim.minor,
        );
        let kind = format!("{pool} {who:?} {month:?} {} {size:?}", so_far.admissions().min(5));
        if !self.kinds.insert(kind) {
            return;
        }
        let Ok(explanation) = explain(policy, claim, so_far) else {
            return;
        };
        let steps = explanation.steps.into_iter().flat_map(|step| step.params);
        self.used.extend(steps.map(|param| BenefitParameter {
            pool: pool.to_owned(),
            path: param.path,
            value: param.value,
            from: param.from,
            documents: param.documents,
            clause: param.clause,
            evidence: param.evidence,
        }));
    }
}

pub(super) fn level_of(inputs: &Inputs, statement: &Statement) -> Option<HospitalLevel> {
    inputs
        .lists
        .hospitals
        .get(&statement.hospital)
        .map(|hospital| hospital.level)
}

/// Turns bills that could not be shared into findings.
fn keep_out(inputs: &Inputs, result: &mut RunResult, kept_out: Vec<(usize, String)>, lang: Lang) {
    let file: Arc<str> = inputs.scenario.records.to_string_lossy().into();
    for (index, reason) in kept_out {
        let Some(statement) = result.statements.get_mut(index) else {
            continue;
        };
        let expected = match lang {
            Lang::En => format!("what the benefit policy needs: {reason}"),
            Lang::Zh => format!("待遇政策所需内容：{reason}"),
        };
        let Some(finding) = statement.finding(&file, "M984", Column::TotalFee, "", expected) else {
            continue;
        };
        statement.money = Money::KeptOut(finding.edit.code);
        result.findings.push(finding);
    }
    result.findings.sort_by_key(|finding| finding.line);
}

/// Settles every pool and writes each case's money into its statement (基金池结算).
///
/// # Errors
/// A pool that cannot be settled.
pub(super) fn settle_pools(
    inputs: &Inputs,
    result: &mut RunResult,
    mut slips: Vec<Option<Slip>>,
    mut scores: Vec<Option<Score>>,
    mut bills: Vec<Option<BillOf>>,
) -> Result<()> {
    for (pool, budget) in &inputs.scenario.budgets {
        let members: Vec<Member> = result
            .statements
            .iter()
            .enumerate()
            .zip(slips.iter_mut().zip(&mut scores).zip(&mut bills))
            .filter(|((_, statement), _)| statement.pool == *pool)
            .filter_map(|((index, _), ((slip, score), bill))| Member::new(index, slip, score, bill))
            .collect();
        let addons: Vec<Vec<(&str, Fen)>> = members.iter().map(Member::addons).collect();
        let days: Vec<String> = members
            .iter()
            .map(|member| member.day(&result.statements))
            .collect();
        let cases: Vec<PoolCase> = members
            .iter()
            .zip(&addons)
            .zip(&days)
            .filter_map(|((member, addons), day)| member.pool_case(inputs, &result.statements, (addons, day)))
            .collect();
        let settlement = settle(&inputs.pack, pool, *budget, &cases)?;
        drop(cases);
        drop((addons, days));
        for (member, due) in members.into_iter().zip(&settlement.cases) {
            let Some(statement) = result.statements.get_mut(member.index) else {
                continue;
            };
            if let Some(level) = level_of(inputs, statement) {
                statement.money = Money::Settled(Box::new(Settled {
                    level,
                    score: member.score,
                    claim: claim_of(&inputs.pack, &member.slip),
                    nonfund: member.slip.total - claim_of(&inputs.pack, &member.slip),
                    slip: member.slip,
                    standard: due.standard,
                    due: due.due,
                }));
            }
        }
        result.pools.push(PoolResult {
            budget: *budget,
            settlement,
        });
    }
    Ok(())
}

/// A case of a pool.
pub(super) struct Member {
    pub(super) index: usize,
    pub(super) slip: Slip,
    pub(super) score: Score,
    /// What it brings to the pool, joined stays included.
    pub(super) bill: BillOf,
}

impl Member {
    pub(super) fn new(
        index: usize,
        slip: &mut Option<Slip>,
        score: &mut Option<Score>,
        bill: &mut Option<BillOf>,
    ) -> Option<Member> {
        Some(Member {
            index,
            slip: slip.take()?,
            score: score.take()?,
            bill: bill.take()?,
        })
    }

    fn addons(&self) -> Vec<(&str, Fen)> {
        let addons = self.bill.addons.iter();
        addons.map(|(name, amount)| (name.as_str(), *amount)).collect()
    }

    /// Its day of discharge, as keys have it.
    fn day(&self, statements: &[Statement]) -> String {
        let day = statements
            .get(self.index)
            .and_then(|statement| statement.discharge);
        day.map_or_else(String::new, |day| day.to_string())
    }

    fn pool_case<'s>(
        &'s self,
        inputs: &Inputs,
        statements: &'s [Statement],
        (addons, discharge): (&'s [(&'s str, Fen)], &'s str),
    ) -> Option<PoolCase<'s>> {
        let statement = statements.get(self.index)?;
        Some(PoolCase {
            id: &statement.case_id,
            hospital: &statement.hospital,
            kind: self.score.kind,
            payment: self.score.payment,
            cost: self.bill.cost,
            claim: self.bill.claim,
            nonfund: self.bill.nonfund,
            more: More {
                level: level_of(inputs, statement),
                fund_ratio: self.score.fund_ratio,
                funds: &self.bill.funds,
                addons,
                late: false,
                discharge,
            },
        })
    }
}

/// What the pool's funds paid by items on a slip (项目记账).
pub(super) fn claim_of(pack: &Pack, slip: &Slip) -> Fen {
    pack.includes().iter().map(|fund| paid_by(*fund, slip)).sum()
}

/// What a fund of the pool paid on a slip.
pub(super) fn paid_by(fund: PoolFund, slip: &Slip) -> Fen {
    match fund {
        PoolFund::Basic => slip.fund(Payer::Basic),
        PoolFund::Cii => slip.fund(Payer::Cii),
        // no slip has a tier of these funds yet
        PoolFund::LargeSum | PoolFund::Maternity => Fen::ZERO,
    }
}
