//! What a reform does to each kind of patient (患者类别影响): by insurance, plan, sex and age, as far as
//! the records tell them.
//!
//! Cases of one hospital, pool, form and kind of patient are settled as one, by the same engine, so that
//! the dues of a kind are sums of what the engine gives and those of all kinds are the whole, to the fen.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use super::behaviour::Factors;
use super::cases::{Form, Scored};
use super::engine::Run;
use super::outcome::{Cell, budget_of, may_aggregate, settle_cells, single};
use super::resolve::Whole;
use crate::diagnostics::{Error, Result};
use crate::points::Kind;
use crate::units::{Fen, Points};

/// Bands of age in full years: from which age on, and the name (年龄段).
const BANDS: [(u32, &str); 5] = [
    (0, "0-14"),
    (15, "15-44"),
    (45, "45-59"),
    (60, "60-74"),
    (75, "75+"),
];

/// The band of an age in full years (年龄段).
pub(super) fn age_band(age: u32) -> &'static str {
    let band = BANDS.iter().rev().find(|(from, _)| age >= *from);
    band.map_or("", |(_, name)| *name)
}

/// What a case says of its patient; empty where it does not.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Patient<'a> {
    pub(super) insurance: &'a str,
    pub(super) plan: &'a str,
    /// 1, 2; 0 where it is not known.
    pub(super) sex: u8,
    pub(super) age_band: &'static str,
}

/// A kind of patient (患者类别): its part of every breakdown, empty where it is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct KindOfPatient([String; 4]);

/// Breakdowns of patients (患者分组维度).
const BREAKDOWNS: [&str; 4] = ["insured_scheme", "plan", "sex", "age_band"];

impl KindOfPatient {
    pub(super) fn of(patient: Patient<'_>) -> KindOfPatient {
        let sex = match patient.sex {
            0 => String::new(),
            sex => sex.to_string(),
        };
        KindOfPatient([
            patient.insurance.to_owned(),
            patient.plan.to_owned(),
            sex,
            patient.age_band.to_owned(),
        ])
    }

    /// One text for one kind.
    pub(super) fn key(patient: Patient<'_>, into: &mut String) {
        into.clear();
        for part in [patient.insurance, patient.plan, patient.age_band] {
            into.push_str(part);
            into.push('\u{1f}');
        }
        into.push(char::from(b'0' + patient.sex));
    }
}

/// Sums over the cases of a kind of patient (患者合计). Money in fen, exact.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PatientSum {
    /// Cases.
    pub cases: f64,
    /// Points.
    pub points: Points,
    /// Cost.
    pub cost: Fen,
    /// What others than the pool's funds paid.
    pub nonfund: Fen,
    /// What the pools owe.
    pub due: Fen,
}

impl PatientSum {
    /// What hospitals keep (+) or carry (−) on them.
    pub fn margin(&self) -> Fen {
        self.due + self.nonfund - self.cost
    }

    fn add(&mut self, cell: &Cell, due: Fen) -> Result<()> {
        let fen = |value: i128| {
            let fen = i64::try_from(value).map(Fen::new);
            fen.map_err(|_| Error::new("a sum leaves the range of money"))
        };
        let points = if cell.form == Form::Points { cell.units } else { 0 };
        self.cases += cell.cases;
        self.points = Points::new(self.points.units() + points);
        self.cost += fen(cell.cost)?;
        self.nonfund += fen(cell.nonfund)?;
        self.due += due;
        Ok(())
    }

    fn merge(&mut self, other: &PatientSum) {
        self.cases += other.cases;
        self.points = Points::new(self.points.units() + other.points.units());
        self.cost += other.cost;
        self.nonfund += other.nonfund;
        self.due += other.due;
    }
}

/// A part of a breakdown of patients (患者分组).
#[derive(Clone, Debug, PartialEq)]
pub struct PatientPart {
    /// What divides them.
    pub by: &'static str,
    /// The part; empty: not known.
    pub part: String,
    /// The baseline.
    pub base: PatientSum,
    /// The reform.
    pub reform: PatientSum,
}

/// Every breakdown of patients that the records tell, baseline and reform (患者影响).
///
/// # Errors
/// As the settlement.
pub fn patients(base: (&Whole, &Run), reform: (&Whole, &Run)) -> Result<Vec<PatientPart>> {
    let (base, reform) = (sums(base)?, sums(reform)?);
    let mut parts = Vec::new();
    for (place, by) in BREAKDOWNS.into_iter().enumerate() {
        let mut of: BTreeMap<String, [PatientSum; 2]> = BTreeMap::new();
        for (side, sums) in [&base, &reform].into_iter().enumerate() {
            for (kind, sum) in sums {
                let part = kind.0.get(place).cloned().unwrap_or_default();
                let both = of.entry(part).or_default();
                both.iter_mut().skip(side).take(1).for_each(|of| of.merge(sum));
            }
        }
        if of.keys().all(String::is_empty) {
            continue;
        }
        parts.extend(of.into_iter().map(|(part, [base, reform])| PatientPart {
            by,
            part,
            base,
            reform,
        }));
    }
    Ok(parts)
}

/// Sums by kind of patient, in the order of the run's list.
fn sums((whole, run): (&Whole, &Run)) -> Result<Vec<(KindOfPatient, PatientSum)>> {
    let scored = &run.scored;
    let mut sums: Vec<(KindOfPatient, PatientSum)> = scored
        .patients
        .iter()
        .map(|kind| (kind.clone(), PatientSum::default()))
        .collect();
    let known = |kind: &KindOfPatient| kind.0.iter().any(|part| !part.is_empty());
    if !scored.patients.iter().any(known) {
        return Ok(Vec::new());
    }
    let cells = match may_aggregate(&run.pack) {
        true => by_patient(scored),
        false => one_each(scored),
    };
    let scaled = cells.into_iter().map(|(patient, cell)| {
        let factors = run.factors.get(cell.hospital as usize).unwrap_or(&Factors::NONE);
        let cell = cell.scaled(factors);
        cell.map(|cell| (patient, cell))
            .map_err(|_| Error::new("a sum leaves the range that can be settled"))
    });
    let cells = scaled.collect::<Result<Vec<(u32, Cell)>>>()?;
    for pool in whole.pools() {
        let in_pool = |cell: &Cell| scored.pools.get(cell.pool as usize) == Some(&pool);
        let mine: Vec<&(u32, Cell)> = cells.iter().filter(|(_, cell)| in_pool(cell)).collect();
        let of: Vec<&Cell> = mine.iter().map(|(_, cell)| cell).collect();
        let settled = settle_cells((whole, &run.pack), (&pool, budget_of(whole, &pool)?), scored, &of)?;
        let mut dues = settled.cases.iter();
        for (patient, cell) in mine {
            let due: Fen = dues.by_ref().take(cell.parts()).map(|case| case.due).sum();
            if let Some((_, sum)) = sums.get_mut(*patient as usize) {
                sum.add(cell, due)?;
            }
        }
    }
    Ok(sums)
}

/// Cells of one hospital, pool, form, kind and kind of patient: groups are of no account here.
fn by_patient(scored: &Scored) -> Vec<(u32, Cell)> {
    let mut places: HashMap<(u32, u32, Kind, Form, u32), usize> = HashMap::new();
    let mut cells: Vec<(u32, Cell)> = Vec::new();
    for case in &scored.cases {
        let key = (case.pool, case.hospital, case.kind, case.form, case.patient);
        let at = *places.entry(key).or_insert_with(|| {
            let mut cell = Cell::empty(scored, case);
            let hospital = scored.hospitals.get(case.hospital as usize);
            let hospital = hospital.map_or("", |hospital| hospital.code.as_str());
            cell.id = format!(
                "{hospital}|{}|{:?}|{:08}",
                case.kind.as_str(),
                case.form,
                case.patient
            );
            cells.push((case.patient, cell));
            cells.len() - 1
        });
        if let Some((_, cell)) = cells.get_mut(at) {
            cell.add(case);
        }
    }
    cells.sort_by_key(|(patient, cell)| (cell.pool, cell.hospital, cell.kind, cell.form, *patient));
    cells
}

fn one_each(scored: &Scored) -> Vec<(u32, Cell)> {
    let cells = scored.cases.iter().zip(&scored.ids).enumerate();
    cells
        .map(|(at, (case, id))| {
            let mut cell = single(scored, case, id);
            cell.ratio = scored.ratios.get(at).copied().flatten();
            (case.patient, cell)
        })
        .collect()
}
