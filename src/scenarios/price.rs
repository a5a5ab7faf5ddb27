//! Kind and points of every case of a run (病例计分): stays joined, the dearest ranked, each scored,
//! then what readmissions and chains of transfers cost.

use super::chain::Inputs;
use super::join::{BillOf, Joined, purposes_of};
use super::settle::level_of;
use super::statement::{RunResult, Statement};
use crate::benefit::Slip;
use crate::codes::HospitalLevel;
use crate::diagnostics::{Error, Result};
use crate::points::{
    CaseFacts, Cut, Ending, Pack, PricingCase, Ranked, Score, ScoreError, Stay, Weights, score,
};
use crate::tables::FallbackKind;
use crate::units::Exact;

/// Scores by record; none of what is not priced.
type Scores = Vec<Option<Score>>;

/// Bills by record; none of what is not priced.
type Bills = Vec<Option<BillOf>>;

/// Kind and points of every case with a slip, and every case's bill (病例计分).
///
/// # Errors
/// A case the policy pack cannot price, by its line: a coefficient or rate is missing.
pub(super) fn score_cases(
    inputs: &Inputs,
    result: &RunResult,
    slips: &[Option<Slip>],
) -> Result<(Scores, Bills)> {
    score_by(inputs, (&inputs.pack, &inputs.weights), result, slips)
}

/// As [`score_cases`], by another pack and other weights than the inputs'.
pub(super) fn score_by(
    inputs: &Inputs,
    (pack, weights): (&Pack, &Weights),
    result: &RunResult,
    slips: &[Option<Slip>],
) -> Result<(Scores, Bills)> {
    let Joined { bills, heads } = Joined::of(inputs, pack, result, slips);
    let mut pricing = Pricing {
        inputs,
        pack,
        weights,
        result,
        dearest: Vec::new(),
    };
    if pack.ranks_cases() {
        pricing.dearest = pricing.rank(&bills, &heads)?;
    }
    let mut scores: Vec<Option<Score>> = Vec::with_capacity(slips.len());
    for (index, ((bill, head), slip)) in bills.iter().zip(&heads).zip(slips).enumerate() {
        scores.push(match (bill, head, slip) {
            (Some(bill), None, _) => pricing.score(index, bill)?,
            (_, Some(_), Some(_)) => Some(Score::joined()),
            _ => None,
        });
    }
    pricing.cut_readmissions(&heads, &mut scores)?;
    pricing.deduct_chains(&heads, &mut scores)?;
    Ok((scores, bills))
}

/// One case for itself, in its own group or in another (换组计分): what stays share is left out.
///
/// # Errors
/// As [`score_cases`].
pub(super) fn score_one(
    inputs: &Inputs,
    (pack, weights): (&Pack, &Weights),
    result: &RunResult,
    (index, slip): (usize, &Slip),
    other: Other<'_>,
) -> Result<Option<Score>> {
    let pricing = Pricing {
        inputs,
        pack,
        weights,
        result,
        dearest: Vec::new(),
    };
    let Some(statement) = result.statements.get(index) else {
        return Ok(None);
    };
    let bill = BillOf::of(pack, slip, statement);
    pricing.priced(index, &bill, other, |case| score(pack, weights, case))
}

/// Where a case is scored instead of where it is (换组、换院).
#[derive(Clone, Copy, Debug, Default)]
pub struct Other<'a> {
    /// Another group.
    pub group: Option<&'a str>,
    /// Another hospital, and its level.
    pub hospital: Option<(&'a str, HospitalLevel)>,
}

struct Pricing<'a> {
    inputs: &'a Inputs,
    pack: &'a Pack,
    weights: &'a Weights,
    result: &'a RunResult,
    /// By index of the case, where the pack ranks cases.
    dearest: Vec<bool>,
}

impl Pricing<'_> {
    fn score(&self, index: usize, bill: &BillOf) -> Result<Option<Score>> {
        self.priced(index, bill, Other::default(), |case| {
            score(self.pack, self.weights, case)
        })
    }

    /// Hands a case to `price` as the pack sees it.
    fn priced<T>(
        &self,
        index: usize,
        bill: &BillOf,
        other: Other<'_>,
        price: impl Fn(&PricingCase) -> std::result::Result<T, ScoreError>,
    ) -> Result<Option<T>> {
        let Some(statement) = self.result.statements.get(index) else {
            return Ok(None);
        };
        let Some(own) = level_of(self.inputs, statement) else {
            return Ok(None);
        };
        let (hospital, level) = other.hospital.unwrap_or((&statement.hospital, own));
        let scheme = self.inputs.grouper.scheme();
        let grouped = statement.grouping.status(scheme).has_group();
        let packets = scheme.packets().into_iter();
        let auxiliary: Vec<(&str, &str)> = packets
            .flat_map(|packets| statement.grouping.packet.labels(packets))
            .collect();
        let day = statement
            .discharge
            .map_or_else(String::new, |day| day.to_string());
        let facts = &statement.facts;
        let case = PricingCase {
            group: other
                .group
                .or_else(|| grouped.then(|| statement.grouping.code(scheme))),
            hospital,
            level,
            pool: &statement.pool,
            cost: bill.cost,
            los_days: bill.days,
            facts: CaseFacts {
                insurance: &statement.insured_scheme,
                insured_place: self.elsewhere(statement),
                month: &statement.version,
                day: &day,
                dearest: self.dearest.get(index).copied(),
                blank: other.group.is_none()
                    && statement.grouping.fallback(scheme) == Some(FallbackKind::Blank),
                auxiliary: &auxiliary,
                refunds: bill.refunds,
                denied: bill.denied,
                ending: facts.ending,
                hours: facts.hours,
                newborn: !facts.mother.is_empty(),
                day_care: facts.day_care,
                not_covered: false,
                approved: facts.approved,
                traditional: facts.tcm_fee.zip(facts.treatment_fee),
            },
        };
        price(&case).map(Some).map_err(|e| {
            let records = self.inputs.scenario.records.display();
            let case = &statement.case_id;
            Error::new(format!(
                "{records}:{}: case `{case}` cannot be priced: {e}",
                statement.line
            ))
        })
    }

    /// Where a person is insured, if that is another region than the scenario's.
    fn elsewhere<'s>(&self, statement: &'s Statement) -> &'s str {
        let region = statement.facts.insured_region.as_str();
        match &self.inputs.scenario.region {
            Some(own) if own != region => region,
            _ => "",
        }
    }

    /// Which cases are the dearest.
    fn rank(&self, bills: &[Option<BillOf>], heads: &[Option<usize>]) -> Result<Vec<bool>> {
        let scheme = self.inputs.grouper.scheme();
        let mut indices = Vec::new();
        let mut ranked = Vec::new();
        for (index, (bill, head)) in bills.iter().zip(heads).enumerate() {
            let (Some(bill), None) = (bill, head) else {
                continue;
            };
            let value = self.priced(index, bill, Other::default(), |case| {
                self.pack.rank_value(self.weights, case)
            })?;
            let (Some(Some(value)), Some(statement)) = (value, self.result.statements.get(index)) else {
                continue;
            };
            indices.push(index);
            ranked.push(Ranked {
                group: statement.grouping.code(scheme),
                hospital: &statement.hospital,
                pool: &statement.pool,
                month: &statement.month,
                value,
            });
        }
        let among = self
            .pack
            .dearest(&ranked)
            .map_err(|e| Error::new(format!("`outlier.high`: {e}")))?;
        let mut dearest = vec![false; bills.len()];
        for (index, is_among) in indices.into_iter().zip(among) {
            dearest
                .iter_mut()
                .skip(index)
                .take(1)
                .for_each(|slot| *slot = is_among);
        }
        Ok(dearest)
    }

    /// The stays that rules about several stays see, with their indices.
    fn stays<'s>(
        &'s self,
        heads: &[Option<usize>],
        scores: &[Option<Score>],
        purposes: &'s [Vec<&'s str>],
    ) -> (Vec<usize>, Vec<Stay<'s>>) {
        let scheme = self.inputs.grouper.scheme();
        let stays = self.result.statements.iter().zip(purposes).enumerate();
        let counts = |index: usize| {
            scores.get(index).is_some_and(Option::is_some) && heads.get(index).is_some_and(Option::is_none)
        };
        let stays = stays.filter(|(index, _)| counts(*index));
        stays
            .map(|(index, (stay, purposes))| (index, stay_of(scheme, stay, purposes)))
            .unzip()
    }

    fn purposes(&self) -> Vec<Vec<&str>> {
        (0..self.result.statements.len())
            .map(|index| purposes_of(self.result, index))
            .collect()
    }

    /// Takes what a second stay within days costs off its points (再入院扣减).
    fn cut_readmissions(&self, heads: &[Option<usize>], scores: &mut [Option<Score>]) -> Result<()> {
        if !self.pack.cuts_readmissions() || self.pack.joins_readmissions() {
            return Ok(());
        }
        let purposes = self.purposes();
        let (indices, stays) = self.stays(heads, scores, &purposes);
        for (at, cut) in self.pack.readmissions(&stays) {
            let found = indices
                .get(at)
                .and_then(|index| scores.get_mut(*index))
                .and_then(Option::as_mut);
            let (Some(score), Some(stay), false) = (found, stays.get(at), matches!(cut, Cut::Merge(_)))
            else {
                continue;
            };
            score
                .cut(cut, self.pack.points_decimals())
                .map_err(|e| Error::new(format!("case `{}`: {e}", stay.id)))?;
        }
        Ok(())
    }

    /// Along a chain of transfers each stay gives up what earlier ones have (转院链扣减).
    fn deduct_chains(&self, heads: &[Option<usize>], scores: &mut [Option<Score>]) -> Result<()> {
        if !self.pack.follows_transfers() {
            return Ok(());
        }
        let purposes = self.purposes();
        let (indices, stays) = self.stays(heads, scores, &purposes);
        for chain in self.pack.chains(&stays) {
            let mut earlier = (Exact::ZERO, Exact::ZERO);
            for (place, at) in chain.into_iter().enumerate() {
                let found = indices
                    .get(at)
                    .and_then(|index| scores.get_mut(*index))
                    .and_then(Option::as_mut);
                let (Some(score), Some(stay)) = (found, stays.get(at)) else {
                    continue;
                };
                let say = |e: ScoreError| Error::new(format!("case `{}`: {e}", stay.id));
                if place > 0 {
                    score.deduct(earlier, self.pack.points_decimals()).map_err(say)?;
                }
                let (points, standard) = score.has().map_err(say)?;
                let more = |sum: Exact, own: Exact| sum.add(own).map_err(|e| say(e.into()));
                earlier = (more(earlier.0, points)?, more(earlier.1, standard)?);
            }
        }
        Ok(())
    }
}

/// A stay as rules about several stays see it; days are counted from year zero.
pub(super) fn stay_of<'s>(
    scheme: &'s crate::tables::Scheme,
    statement: &'s Statement,
    purposes: &'s [&'s str],
) -> Stay<'s> {
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
        purposes,
        transferred: statement.facts.ending == Some(Ending::TransferOut),
    }
}
