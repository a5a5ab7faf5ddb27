//! The cases a simulation stands on (模拟病例): read, grouped and shared by the chain, or from a
//! table of cases that are grouped already; then scored by pack and weights.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use hashbrown::{HashMap, HashSet};

use super::compact::{is_compact, read_compact};
use super::patients::{KindOfPatient, Patient, age_band};
use super::resolve::Whole;
use super::table::{GroupedCase, read_grouped, refuse_twice, score_all};
use crate::benefit::Slip;
use crate::codes::HospitalLevel;
use crate::diagnostics::{Error, Lang, Place, Result};
use crate::points::calibration::{SeenStay, Stays, StaysReader};
use crate::points::{Kind, Pack, Payment, Score, Weights};
use crate::records::Intake;
use crate::scenarios::chain::{Inputs, fits};
use crate::scenarios::file::PoolOfScenario;
use crate::scenarios::join::BillOf;
use crate::scenarios::price::{Other, score_by, score_one};
use crate::scenarios::settle::{level_of, share_bills};
use crate::scenarios::statement::{RunResult, Statement};
use crate::scenarios::{DeclaredCodes, Scenario, pools, read};
use crate::tables::Library;
use crate::units::{Exact, Fen, Points};

/// Cases before they are scored.
pub struct Prepared {
    source: Source,
    /// Case ids of the source in the order of ids, with their places in it.
    order: Vec<usize>,
    /// Records read, and those that do not reach money, with the reason.
    pub counts: Counted,
}

enum Source {
    Chain(Box<Chain>),
    Table(Vec<GroupedCase>),
}

struct Chain {
    inputs: Inputs,
    result: RunResult,
    slips: Vec<Option<Slip>>,
}

/// What became of the records (记录去向).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Records read.
    pub read: u64,
    /// Rejected with findings.
    pub rejected: u64,
    /// Cases without money: a bill, person or hospital is missing.
    pub without_money: u64,
    /// Hash of the grouping tables; empty for cases that are grouped already.
    pub tables_hash: String,
}

/// A hospital of a simulation (医疗机构).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HospitalOfRun {
    /// Its code.
    pub code: String,
    /// Its level.
    pub level: HospitalLevel,
}

/// A group of a simulation (病组).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupOfRun {
    /// Its code; empty for cases without one.
    pub code: String,
    /// The adjacent group it was split from.
    pub adrg: String,
    /// Its weight as printed.
    pub weight: Option<String>,
    /// Its weight in units of 10⁻¹².
    pub weight_units: i128,
}

/// How a case shares the pool (支付形式).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// By points.
    Points,
    /// By a standard in fen.
    Standard,
    /// What the fund paid by items.
    ByItem,
    /// A fixed amount.
    Amount,
    /// Nothing.
    Nothing,
}

/// A scored case (计分病例), everything by number.
#[derive(Clone, Copy, Debug)]
pub struct SimCase {
    /// Hospital, by place in the list.
    pub hospital: u32,
    /// Pool.
    pub pool: u32,
    /// Group.
    pub group: u32,
    /// Month.
    pub month: u32,
    /// Its place in the source.
    pub source: u32,
    /// Kind of patient.
    pub patient: u32,
    /// Its kind.
    pub kind: Kind,
    /// How it shares the pool.
    pub form: Form,
    /// Days of the stay.
    pub los: u32,
    /// Points, or fen of the standard, in units of 10⁻¹².
    pub units: i128,
    /// A fixed amount in fen.
    pub amount: i64,
    /// Cost in fen.
    pub cost: i64,
    /// What the pool's funds paid by items, in fen.
    pub claim: i64,
    /// What everybody else paid, in fen.
    pub nonfund: i64,
}

/// Scored cases in the order of their ids (计分结果).
#[derive(Clone, Debug, Default)]
pub struct Scored {
    /// Hospitals by code.
    pub hospitals: Vec<HospitalOfRun>,
    /// Groups by code.
    pub groups: Vec<GroupOfRun>,
    /// Pools by name.
    pub pools: Vec<String>,
    /// Months in order.
    pub months: Vec<String>,
    /// Kinds of patients.
    pub patients: Vec<KindOfPatient>,
    /// The cases.
    pub cases: Vec<SimCase>,
    /// Their ids.
    pub ids: Vec<String>,
    /// The fund's share of each case's standard, where the pack has a table of them.
    pub ratios: Vec<Option<Exact>>,
}

/// How records are read and how many threads do it.
pub struct How<'a> {
    /// Tables.
    pub library: &'a Library,
    /// How records are read.
    pub intake: &'a Intake,
    /// What is said of their codes.
    pub codes: &'a DeclaredCodes<'a>,
    /// Language of findings.
    pub lang: Lang,
    /// How many threads.
    pub threads: usize,
    /// Told what is newly done.
    pub advance: &'a (dyn Fn(u64) + Sync),
}

impl Prepared {
    /// Reads, groups and shares the cases of a scenario (准备病例).
    ///
    /// # Errors
    /// An input that cannot be used, by file and line.
    pub fn load(whole: &Whole, pack: Pack, weights: Weights, how: &How<'_>) -> Result<Prepared> {
        match (whole.file(&["cases"]), whole.file(&["records"])) {
            (Some(cases), None) => Prepared::of_table(&cases, whole, how),
            (None, Some(_)) => Prepared::of_records(whole, pack, weights, how),
            (Some(_), Some(_)) => Err(Error::at(
                Place::file(&whole.policy),
                "both `cases` and `records` are given; expected one of them",
            )),
            (None, None) => {
                let message = "neither `records` nor `cases` is given; expected discharge records, or cases already grouped";
                Err(Error::new(message))
            }
        }
    }

    fn of_records(whole: &Whole, pack: Pack, weights: Weights, how: &How<'_>) -> Result<Prepared> {
        let scenario = scenario_of(whole)?;
        let inputs = Inputs::with(how.library, scenario, weights, pack)?.read_as(how.intake.clone());
        let (reader, hash) = inputs.open_records()?;
        let inputs = inputs.find_codes(how.library, how.codes, &reader)?;
        let advance = |more| (how.advance)(more);
        let mut result = read::read(&inputs, (reader, hash), how.lang, how.threads, &advance)?;
        pools::assign(&inputs, &mut result, how.lang)?;
        let slips = share_bills(&inputs, &mut result, how.lang);
        let mut order: Vec<usize> = (0..result.statements.len()).collect();
        order.sort_by(|a, b| {
            let id = |at: &usize| {
                result
                    .statements
                    .get(*at)
                    .map(|statement| (&statement.case_id, statement.line))
            };
            id(a).cmp(&id(b))
        });
        let without = slips.iter().filter(|slip| slip.is_none()).count();
        Ok(Prepared {
            counts: Counted {
                read: result.counts.read,
                rejected: result.counts.rejected,
                without_money: without as u64,
                tables_hash: inputs.grouper.scheme().hash().to_owned(),
            },
            source: Source::Chain(Box::new(Chain {
                inputs,
                result,
                slips,
            })),
            order,
        })
    }

    fn of_table(path: &Path, whole: &Whole, how: &How<'_>) -> Result<Prepared> {
        let (cases, counts) = match is_compact(path)? {
            true => read_compact(path, whole, how)?,
            false => {
                let cases = read_grouped(path, &whole.pools(), how)?;
                let read = cases.len() as u64;
                (
                    cases,
                    Counted {
                        read,
                        ..Counted::default()
                    },
                )
            }
        };
        let mut order: Vec<usize> = (0..cases.len()).collect();
        order.sort_by(|a, b| {
            let id = |at: &usize| cases.get(*at).map(|case| &case.id);
            id(a).cmp(&id(b))
        });
        refuse_twice(path, &cases, &order)?;
        Ok(Prepared {
            counts,
            source: Source::Table(cases),
            order,
        })
    }

    /// Which records were read where, and their hash; the table's own file otherwise.
    pub fn records_hash(&self) -> Option<&str> {
        match &self.source {
            Source::Chain(chain) => Some(&chain.result.records_hash),
            Source::Table(_) => None,
        }
    }

    /// Case id, group and the kind of its grouping, in the order of ids (病例与病组).
    pub fn groups_of_cases(&self) -> Vec<(&str, &str, &str)> {
        self.order
            .iter()
            .filter_map(|at| match &self.source {
                Source::Chain(chain) => {
                    let statement = chain.result.statements.get(*at)?;
                    let scheme = chain.inputs.grouper.scheme();
                    let adrg = statement.grouping.adrg(scheme);
                    Some((statement.case_id.as_str(), statement.grouping.code(scheme), adrg))
                }
                Source::Table(cases) => {
                    let case = cases.get(*at)?;
                    Some((case.id.as_str(), &*case.group, &*case.adrg))
                }
            })
            .collect()
    }

    /// Scores every case by a pack and weights (病例计分).
    ///
    /// # Errors
    /// Pack and weights do not fit the scheme or the year; a case cannot be priced.
    pub fn score(&self, whole: &Whole, (pack, weights): (&Pack, &Weights), threads: usize) -> Result<Scored> {
        match &self.source {
            Source::Chain(chain) => {
                let scenario = scenario_of(whole)?;
                fits(&scenario, chain.inputs.grouper.scheme(), (pack, weights))?;
                let by = (pack, weights);
                let (scores, bills) = score_by(&chain.inputs, by, &chain.result, &chain.slips)?;
                self.scored(weights, &bills, scores.into_iter().map(Ok))
            }
            Source::Table(cases) => {
                pack.fits(weights)?;
                let scores = score_all(cases, (pack, weights), threads)?;
                self.scored(weights, &[], scores.into_iter().map(|score| Ok(Some(score))))
            }
        }
    }

    /// Grouped cases with a cost, as calibration sees them (测算病例).
    pub(super) fn stays(&self) -> Stays {
        let mut reader = StaysReader::new(0, 0);
        let mut add =
            |group: &str, adrg: &str, hospital: &str, (cost, los, month): (Fen, Option<u32>, &str)| {
                if group.is_empty() || cost <= Fen::ZERO {
                    return;
                }
                reader.add(&SeenStay {
                    group,
                    adrg,
                    hospital,
                    cost: cost.fen(),
                    los: los.and_then(|days| days.checked_mul(100)),
                    year: month.get(..4).and_then(|year| year.parse().ok()),
                    ..SeenStay::default()
                });
            };
        match &self.source {
            Source::Chain(chain) => {
                let scheme = chain.inputs.grouper.scheme();
                for (statement, slip) in chain.result.statements.iter().zip(&chain.slips) {
                    let grouped = statement.grouping.status(scheme).has_group();
                    if let (Some(slip), true) = (slip, grouped) {
                        let (group, adrg) =
                            (statement.grouping.code(scheme), statement.grouping.adrg(scheme));
                        let of = (slip.total, statement.los_days, statement.month.as_str());
                        add(group, adrg, &statement.hospital, of);
                    }
                }
            }
            Source::Table(cases) => cases.iter().for_each(|case| {
                let of = (case.cost, case.los, &*case.month);
                add(&case.group, &case.adrg, &case.hospital, of);
            }),
        }
        reader.finish()
    }

    /// One case of the source scored as if it were in another group, or another hospital (换组计分).
    ///
    /// # Errors
    /// It cannot be priced there.
    pub fn score_as(
        &self,
        source: u32,
        (pack, weights): (&Pack, &Weights),
        other: Other<'_>,
    ) -> Result<Option<Score>> {
        let at = source as usize;
        match &self.source {
            Source::Chain(chain) => {
                let Some(Some(slip)) = chain.slips.get(at) else {
                    return Ok(None);
                };
                let case = (at, slip);
                score_one(&chain.inputs, (pack, weights), &chain.result, case, other)
            }
            Source::Table(cases) => match cases.get(at) {
                Some(case) => {
                    let group = other.group.unwrap_or(&case.group);
                    let hospital = other.hospital.unwrap_or((&case.hospital, case.level));
                    case.score((pack, weights), group, hospital).map(Some)
                }
                None => Ok(None),
            },
        }
    }

    fn scored(
        &self,
        weights: &Weights,
        bills: &[Option<BillOf>],
        scores: impl Iterator<Item = Result<Option<Score>>>,
    ) -> Result<Scored> {
        let scores = scores.collect::<Result<Vec<_>>>()?;
        let with_money = || {
            let at = self.order.iter().copied();
            at.filter_map(|at| Some((at, self.facts(at, bills)?, scores.get(at)?.as_ref()?)))
        };
        let mut names = Names::default();
        with_money().for_each(|(_, facts, _)| names.note(&facts));
        let mut scored = names.lists(weights);
        for (at, facts, score) in with_money() {
            let case = names.case(at, &facts, score)?;
            scored.ids.push(facts.id.to_owned());
            scored.cases.push(case);
            scored.ratios.push(score.fund_ratio);
        }
        if scored.ratios.iter().all(Option::is_none) {
            scored.ratios = Vec::new();
        }
        Ok(scored)
    }

    fn facts(&self, at: usize, bills: &[Option<BillOf>]) -> Option<Facts<'_>> {
        match &self.source {
            Source::Chain(chain) => chain.facts(at, bills.get(at)?.as_ref()?),
            Source::Table(cases) => cases.get(at).map(GroupedCase::facts),
        }
    }
}

impl Chain {
    fn facts(&self, at: usize, bill: &BillOf) -> Option<Facts<'_>> {
        let statement: &Statement = self.result.statements.get(at)?;
        let scheme = self.inputs.grouper.scheme();
        let grouped = statement.grouping.status(scheme).has_group();
        Some(Facts {
            id: &statement.case_id,
            hospital: &statement.hospital,
            level: level_of(&self.inputs, statement)?,
            pool: &statement.pool,
            group: if grouped {
                statement.grouping.code(scheme)
            } else {
                ""
            },
            adrg: if grouped {
                statement.grouping.adrg(scheme)
            } else {
                ""
            },
            month: &statement.month,
            patient: self.patient(statement),
            los: statement.los_days.unwrap_or(0),
            cost: bill.cost,
            claim: bill.claim,
        })
    }

    fn patient<'s>(&'s self, statement: &'s Statement) -> Patient<'s> {
        let insured = self.inputs.lists.persons.get(&statement.person);
        Patient {
            insurance: &statement.insured_scheme,
            plan: insured.map_or("", |insured| &insured.plan),
            sex: statement.sex,
            age_band: statement.age.map_or("", age_band),
        }
    }
}

/// What a scored case takes from its source.
pub(super) struct Facts<'a> {
    pub(super) id: &'a str,
    pub(super) hospital: &'a str,
    pub(super) level: HospitalLevel,
    pub(super) pool: &'a str,
    pub(super) group: &'a str,
    pub(super) adrg: &'a str,
    pub(super) month: &'a str,
    pub(super) patient: Patient<'a>,
    pub(super) los: u32,
    pub(super) cost: Fen,
    pub(super) claim: Fen,
}

/// Names that become numbers.
#[derive(Default)]
struct Names {
    hospitals: HashMap<String, HospitalLevel>,
    groups: HashMap<String, String>,
    pools: HashSet<String>,
    months: HashSet<String>,
    patients: HashMap<String, KindOfPatient>,
    numbers: [HashMap<String, u32>; 5],
    /// The key of the last patient looked at.
    patient: String,
}

impl Names {
    fn note(&mut self, facts: &Facts<'_>) {
        if !self.hospitals.contains_key(facts.hospital) {
            self.hospitals.insert(facts.hospital.to_owned(), facts.level);
        }
        if !self.groups.contains_key(facts.group) {
            self.groups.insert(facts.group.to_owned(), facts.adrg.to_owned());
        }
        if !self.pools.contains(facts.pool) {
            self.pools.insert(facts.pool.to_owned());
        }
        if !self.months.contains(facts.month) {
            self.months.insert(facts.month.to_owned());
        }
        KindOfPatient::key(facts.patient, &mut self.patient);
        if !self.patients.contains_key(&self.patient) {
            let kind = KindOfPatient::of(facts.patient);
            self.patients.insert(self.patient.clone(), kind);
        }
    }

    /// The names in their order, and the number of each.
    fn lists(&mut self, weights: &Weights) -> Scored {
        let mut groups: BTreeMap<String, String> = self.groups.drain().collect();
        // a case may move to a group of its adjacent group that has no case yet
        for (group, _) in weights.rows() {
            let adrg = || {
                let adrgs = groups.values().filter(|adrg| !adrg.is_empty());
                adrgs
                    .filter(|adrg| group.starts_with(adrg.as_str()))
                    .max_by_key(|adrg| adrg.len())
                    .cloned()
            };
            if !groups.contains_key(group)
                && let Some(adrg) = adrg()
            {
                groups.insert(group.to_owned(), adrg);
            }
        }
        let hospitals: BTreeMap<String, HospitalLevel> = self.hospitals.drain().collect();
        let pools: BTreeSet<String> = self.pools.drain().collect();
        let months: BTreeSet<String> = self.months.drain().collect();
        let patients: BTreeMap<String, KindOfPatient> = self.patients.drain().collect();
        let number = |names: &mut dyn Iterator<Item = &String>| {
            (0..).zip(names).map(|(n, name)| (name.clone(), n)).collect()
        };
        self.numbers = [
            number(&mut hospitals.keys()),
            number(&mut groups.keys()),
            number(&mut pools.iter()),
            number(&mut months.iter()),
            number(&mut patients.keys()),
        ];
        let group = |(code, adrg): (&String, &String)| {
            let weight = weights.get(code).and_then(|row| row.weight);
            let units = weight.and_then(|weight| weight.exact().ok()?.points_half_away(12).ok());
            GroupOfRun {
                code: code.clone(),
                adrg: adrg.clone(),
                weight: weight.map(|weight| weight.to_string()),
                weight_units: units.map_or(0, Points::units),
            }
        };
        Scored {
            hospitals: hospitals
                .iter()
                .map(|(code, level)| HospitalOfRun {
                    code: code.clone(),
                    level: *level,
                })
                .collect(),
            groups: groups.iter().map(group).collect(),
            pools: pools.into_iter().collect(),
            months: months.into_iter().collect(),
            patients: patients.into_values().collect(),
            ..Scored::default()
        }
    }

    fn case(&mut self, at: usize, facts: &Facts<'_>, score: &Score) -> Result<SimCase> {
        KindOfPatient::key(facts.patient, &mut self.patient);
        let [hospitals, groups, pools, months, patients] = &self.numbers;
        let number = |names: &HashMap<String, u32>, name: &str| names.get(name).copied().unwrap_or(0);
        let (form, units, amount) = shape(score).map_err(|_| {
            Error::new(format!(
                "case `{}`: its points or standard leave the range that can be settled",
                facts.id
            ))
        })?;
        Ok(SimCase {
            hospital: number(hospitals, facts.hospital),
            group: number(groups, facts.group),
            pool: number(pools, facts.pool),
            month: number(months, facts.month),
            patient: number(patients, &self.patient),
            source: u32::try_from(at).unwrap_or(u32::MAX),
            kind: score.kind,
            form,
            los: facts.los,
            units,
            amount,
            cost: facts.cost.fen(),
            claim: facts.claim.fen(),
            nonfund: (facts.cost - facts.claim).fen(),
        })
    }
}

/// Form, units and amount of a payment.
pub(super) fn shape(score: &Score) -> std::result::Result<(Form, i128, i64), crate::units::Overflow> {
    Ok(match score.payment {
        Payment::Points(points) => (Form::Points, points.units(), 0),
        Payment::Standard(fen) => (Form::Standard, fen.points_half_away(12)?.units(), 0),
        Payment::ByItem => (Form::ByItem, 0, 0),
        Payment::Amount(fen) => (Form::Amount, 0, fen.fen()),
        Payment::Nothing => (Form::Nothing, 0, 0),
    })
}

impl Scored {
    /// A hospital's number (医院序号).
    pub fn hospital(&self, code: &str) -> Option<usize> {
        self.hospitals
            .binary_search_by(|known| known.code.as_str().cmp(code))
            .ok()
    }

    /// A group's number (病组序号).
    pub fn group(&self, code: &str) -> Option<usize> {
        self.groups
            .binary_search_by(|known| known.code.as_str().cmp(code))
            .ok()
    }
}

/// The scenario as the chain runs it.
fn scenario_of(whole: &Whole) -> Result<Scenario> {
    let mut pools = BTreeMap::new();
    for pool in whole.pools() {
        let benefit = whole.file(&["pool", &pool, "benefit"]).ok_or_else(|| {
            Error::new(format!(
                "key `pool.{pool}.benefit` is missing; records are shared by it"
            ))
        })?;
        pools.insert(
            pool.clone(),
            PoolOfScenario {
                benefit,
                skip_unknown_tiers: whole.flag(&["pool", &pool, "skip_unknown_tiers"]),
            },
        );
    }
    Ok(Scenario {
        path: PathBuf::new(),
        name: String::new(),
        title: String::new(),
        notice: String::new(),
        year: whole.year()?,
        scheme: whole.needed_text("scheme")?,
        records: whole.needed_file("records")?,
        hospitals: whole.needed_file("hospitals")?,
        persons: whole.needed_file("persons")?,
        weights: whole.needed_file("weights")?,
        policy: whole.policy.clone(),
        region: None,
        // a simulation's budgets are levers of its own
        budgets: pools
            .keys()
            .map(|pool: &String| (pool.clone(), Fen::ZERO))
            .collect(),
        pools,
        // what a run writes beside payment; nothing of it moves money
        link: None,
        indicators: None,
    })
}
