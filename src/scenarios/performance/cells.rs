//! Cases, costs, days and deaths by unit and group (单元与病组合计).

use hashbrown::HashMap;

use crate::points::calibration::{Sample, Stay};

/// What is summed of stays; whole numbers, so that no order shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Cases.
    pub cases: u64,
    /// Cost in fen.
    pub cost: i128,
    /// Cases of known stay.
    pub with_stay: u64,
    /// Days in hundredths.
    pub days: i128,
    /// Deaths.
    pub deaths: u64,
    /// Cases with a principal diagnosis of low risk.
    pub low_diagnoses: u64,
    /// Deaths among these.
    pub low_diagnosis_deaths: u64,
}

impl Totals {
    /// Of stays.
    pub fn of<'s>(stays: impl Iterator<Item = &'s Stay>) -> Totals {
        let mut totals = Totals::default();
        stays.for_each(|stay| totals.add(stay));
        totals
    }

    fn add(&mut self, stay: &Stay) {
        self.cases += 1;
        self.cost += i128::from(stay.cost);
        if let Some(days) = stay.days() {
            self.with_stay += 1;
            self.days += (days * 100.0).round() as i128;
        }
        self.deaths += u64::from(stay.died);
        self.low_diagnoses += u64::from(stay.low_risk);
        self.low_diagnosis_deaths += u64::from(stay.low_risk && stay.died);
    }

    /// With those of others.
    pub fn merge(&mut self, others: &Totals) {
        self.cases += others.cases;
        self.cost += others.cost;
        self.with_stay += others.with_stay;
        self.days += others.days;
        self.deaths += others.deaths;
        self.low_diagnoses += others.low_diagnoses;
        self.low_diagnosis_deaths += others.low_diagnosis_deaths;
    }

    /// Without those of others, which are part of these.
    #[must_use]
    pub fn without(&self, others: &Totals) -> Totals {
        Totals {
            cases: self.cases.saturating_sub(others.cases),
            cost: self.cost - others.cost,
            with_stay: self.with_stay.saturating_sub(others.with_stay),
            days: self.days - others.days,
            deaths: self.deaths.saturating_sub(others.deaths),
            low_diagnoses: self.low_diagnoses.saturating_sub(others.low_diagnoses),
            low_diagnosis_deaths: self
                .low_diagnosis_deaths
                .saturating_sub(others.low_diagnosis_deaths),
        }
    }

    /// Cost in yuan.
    pub fn yuan(&self) -> f64 {
        self.cost as f64 / 100.0
    }

    /// Days.
    pub fn stay(&self) -> f64 {
        self.days as f64 / 100.0
    }
}

/// A group in a hospital's department.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Place of the hospital.
    pub hospital: u32,
    /// Place of the department.
    pub department: u32,
    /// Place of the group.
    pub group: u32,
    /// Its sums.
    pub totals: Totals,
}

/// The cells with cases, by hospital, department, group.
pub fn cells_of(sample: &Sample) -> Vec<Cell> {
    let mut sums: HashMap<(u32, u32, u32), Totals> = HashMap::new();
    for stay in sample.stays() {
        sums.entry((stay.hospital, stay.department, stay.group))
            .or_default()
            .add(stay);
    }
    let cells = sums
        .into_iter()
        .map(|((hospital, department, group), totals)| Cell {
            hospital,
            department,
            group,
            totals,
        });
    let mut cells: Vec<Cell> = cells.collect();
    cells.sort_unstable_by_key(|cell| (cell.hospital, cell.department, cell.group));
    cells
}
