//! Second stretch of a run: bills shared, cases scored, pools settled, all joined.

use std::collections::BTreeSet;
use std::sync::Arc;

use hashbrown::HashSet;

use super::chain::Inputs;
use super::statement::{BenefitParameter, Money, PoolResult, RunResult, Settled, Statement};
use crate::benefit::{BenefitPolicy, Claim, Payer, Slip, YearToDate, explain, share};
use crate::budget::{More, PoolCase, settle};
use crate::codes::HospitalLevel;
use crate::diagnostics::{Error, Lang, Result};
use crate::points::{CaseFacts, Cut, Pack, PoolFund, PricingCase, Score, Stay, Weights, score};
use crate::records::{Column, FeeSplit};
use crate::tables::FallbackKind;
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
        minor: insured.age_on(discharge) < GROWN_UP,
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
            documents: param.doc,
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

/// Kind and points of every case with a slip (病例计分).
///
/// # Errors
/// A case the policy pack cannot price, by its line: a coefficient or rate is missing.
pub(super) fn score_cases(
    inputs: &Inputs,
    result: &RunResult,
    slips: &[Option<Slip>],
) -> Result<Vec<Option<Score>>> {
    score_by(inputs, (&inputs.pack, &inputs.weights), result, slips)
}

/// As [`score_cases`], by another pack and other weights than the inputs'.
pub(super) fn score_by(
    inputs: &Inputs,
    (pack, weights): (&Pack, &Weights),
    result: &RunResult,
    slips: &[Option<Slip>],
) -> Result<Vec<Option<Score>>> {
    let score_of = |(statement, slip): (&Statement, &Option<Slip>)| match slip {
        Some(slip) => score_one(inputs, (pack, weights), (statement, slip), None),
        None => Ok(None),
    };
    let scores: Result<Vec<_>> = result.statements.iter().zip(slips).map(score_of).collect();
    let mut scores = scores?;
    cut_readmissions(inputs, pack, result, &mut scores)?;
    Ok(scores)
}

/// One case, in its own group or in another.
pub(super) fn score_one(
    inputs: &Inputs,
    (pack, weights): (&Pack, &Weights),
    (statement, slip): (&Statement, &Slip),
    other_group: Option<&str>,
) -> Result<Option<Score>> {
    let scheme = inputs.grouper.scheme();
    let Some(level) = level_of(inputs, statement) else {
        return Ok(None);
    };
    let grouped = statement.grouping.status(scheme).has_group();
    let packets = scheme.packets().into_iter();
    let auxiliary: Vec<(&str, &str)> = packets
        .flat_map(|packets| statement.grouping.packet.labels(packets))
        .collect();
    let case = PricingCase {
        group: other_group.or_else(|| grouped.then(|| statement.grouping.code(scheme))),
        hospital: &statement.hospital,
        level,
        pool: &statement.insured_scheme,
        cost: slip.total,
        los_days: statement.los_days,
        facts: CaseFacts {
            month: &month_of(statement),
            blank: other_group.is_none() && statement.grouping.fallback(scheme) == Some(FallbackKind::Blank),
            auxiliary: &auxiliary,
            ..CaseFacts::default()
        },
    };
    score(pack, weights, &case).map(Some).map_err(|e| {
        let records = inputs.scenario.records.display();
        let case = &statement.case_id;
        Error::new(format!(
            "{records}:{}: case `{case}` cannot be priced: {e}",
            statement.line
        ))
    })
}

/// Month of discharge as `2026-01`; empty where it is not known.
pub(super) fn month_of(statement: &Statement) -> String {
    let month = statement
        .discharge
        .map(|day| format!("{:04}-{:02}", day.year(), day.month()));
    month.unwrap_or_default()
}

/// Takes what a second stay within days costs off its points (再入院扣减).
fn cut_readmissions(
    inputs: &Inputs,
    pack: &Pack,
    result: &RunResult,
    scores: &mut [Option<Score>],
) -> Result<()> {
    let scheme = inputs.grouper.scheme();
    let scored = result.statements.iter().zip(scores.iter()).enumerate();
    let scored = scored.filter(|(_, (_, score))| score.is_some());
    let (indices, stays): (Vec<usize>, Vec<Stay>) = scored
        .map(|(index, (statement, _))| (index, stay_of(scheme, statement)))
        .unzip();
    for (at, cut) in pack.readmissions(&stays) {
        let found = indices
            .get(at)
            .and_then(|index| scores.get_mut(*index))
            .and_then(Option::as_mut);
        let (Some(score), Some(stay)) = (found, stays.get(at)) else {
            continue;
        };
        if matches!(cut, Cut::Merge(_)) {
            return Err(Error::new(format!(
                "case `{}`: `readmit.cut.how = merge` is not computed in a run in this version",
                stay.id
            )));
        }
        let decimals = pack.points_decimals();
        score
            .cut(cut, decimals)
            .map_err(|e| Error::new(format!("case `{}`: {e}", stay.id)))?;
    }
    Ok(())
}

/// A stay as the rule of readmission sees it; days are counted from year zero.
fn stay_of<'s>(scheme: &'s crate::tables::Scheme, statement: &'s Statement) -> Stay<'s> {
    let discharged = statement.discharge.map_or(0, |day| {
        let begin = jiff::civil::date(0, 1, 1);
        begin.until(day).map_or(0, |span| i64::from(span.get_days()))
    });
    Stay {
        id: &statement.case_id,
        person: &statement.person,
        hospital: &statement.hospital,
        group: statement.grouping.code(scheme),
        adrg: statement.grouping.adrg(scheme),
        diagnosis: statement.diagnoses.first().map_or("", String::as_str),
        admitted: discharged - i64::from(statement.los_days.unwrap_or(0)),
        discharged,
        purposes: &[],
    }
}

/// Settles every pool and writes each case's money into its statement (基金池结算).
///
/// # Errors
/// A pool that cannot be settled.
pub(super) fn settle_pools(
    inputs: &Inputs,
    result: &mut RunResult,
    slips: Vec<Option<Slip>>,
    scores: Vec<Option<Score>>,
) -> Result<()> {
    let mut slips = slips;
    let mut scores = scores;
    for (pool, terms) in &inputs.scenario.pools {
        let members: Vec<Member> = result
            .statements
            .iter()
            .enumerate()
            .zip(slips.iter_mut().zip(&mut scores))
            .filter(|((_, statement), _)| statement.insured_scheme == *pool)
            .filter_map(|((index, _), (slip, score))| Member::new(inputs, index, slip, score))
            .collect();
        let cases: Vec<PoolCase> = members
            .iter()
            .filter_map(|member| member.pool_case(&result.statements))
            .collect();
        let settlement = settle(&inputs.pack, pool, terms.budget, &cases)?;
        drop(cases);
        for (member, due) in members.into_iter().zip(&settlement.cases) {
            let Some(statement) = result.statements.get_mut(member.index) else {
                continue;
            };
            if let Some(level) = level_of(inputs, statement) {
                statement.money = Money::Settled(Box::new(Settled {
                    level,
                    score: member.score,
                    claim: member.claim,
                    nonfund: member.slip.total - member.claim,
                    slip: member.slip,
                    standard: due.standard,
                    due: due.due,
                }));
            }
        }
        result.pools.push(PoolResult {
            budget: terms.budget,
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
    /// What the pool's funds paid by items.
    pub(super) claim: Fen,
}

impl Member {
    pub(super) fn new(
        inputs: &Inputs,
        index: usize,
        slip: &mut Option<Slip>,
        score: &mut Option<Score>,
    ) -> Option<Member> {
        let (slip, score) = (slip.take()?, score.take()?);
        let claim = claim_of(&inputs.pack, &slip);
        Some(Member {
            index,
            slip,
            score,
            claim,
        })
    }

    fn pool_case<'s>(&self, statements: &'s [Statement]) -> Option<PoolCase<'s>> {
        let statement = statements.get(self.index)?;
        Some(PoolCase {
            id: &statement.case_id,
            hospital: &statement.hospital,
            kind: self.score.kind,
            payment: self.score.payment,
            cost: self.slip.total,
            claim: self.claim,
            nonfund: self.slip.total - self.claim,
            more: More {
                level: None,
                fund_ratio: self.score.fund_ratio,
                ..More::default()
            },
        })
    }
}

/// What the pool's funds paid by items on a slip (项目记账).
pub(super) fn claim_of(pack: &Pack, slip: &Slip) -> Fen {
    pack.includes().iter().map(|fund| paid_by(*fund, slip)).sum()
}

/// What a fund of the pool paid on a slip.
fn paid_by(fund: PoolFund, slip: &Slip) -> Fen {
    match fund {
        PoolFund::Basic => slip.fund(Payer::Basic),
        PoolFund::Cii => slip.fund(Payer::Cii),
        // no slip has a tier of these funds yet
        PoolFund::LargeSum | PoolFund::Maternity => Fen::ZERO,
    }
}
