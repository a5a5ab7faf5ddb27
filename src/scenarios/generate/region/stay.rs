//! One stay written into the neutral columns.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::super::draw::{plus_days, round_to_int};
use super::super::standard_normal;
use super::super::wishes::Wishes;
use super::calendar::{Link, Planned};
use super::codes::{Coder, Mark};
use super::people::{RegionHospital, RegionPerson, one_of};
use super::pool::Combination;
use super::sheet::{Sheet, put_date, put_number, put_two};
use crate::records::Column;
use crate::tables::{CodeId, NumberFact};
use crate::units::Fen;

/// A child is a newborn up to this day of life.
pub(super) const NEWBORN_DAYS: i64 = 28;
/// Children that are lighter at birth are preterm.
pub(super) const PRETERM_GRAMS: i64 = 2_500;

/// Everything that is known of a stay but its codes (住院事实).
#[derive(Clone, Debug)]
pub(super) struct Facts<'r> {
    pub(super) visit: usize,
    pub(super) person: &'r RegionPerson,
    /// In years, on admission.
    pub(super) age: i64,
    /// Days from birth to admission.
    pub(super) age_days: i64,
    pub(super) hospital: &'r RegionHospital,
    /// Where a transfer goes.
    pub(super) next_hospital: Option<&'r RegionHospital>,
    /// Weight at birth of the newborn, or of the child of a mother.
    pub(super) birth_weight: Option<i64>,
    pub(super) icu_hours: i64,
    pub(super) ventilator_hours: Option<i64>,
    /// Operated and sent home within a day.
    pub(super) day_surgery: bool,
    /// The principal disease is.
    pub(super) cured: bool,
    pub(super) admit_minute: i64,
    pub(super) discharge_minute: i64,
    /// From admission to discharge.
    pub(super) minutes: i64,
    pub(super) total: Fen,
}

/// Departments by the first letters of the principal diagnosis, and whether for operated patients
/// (科别代码 of the front sheet); the last takes the rest.
const DEPARTMENTS: [(&[&str], bool, &str); 20] = [
    (&["O"], false, "0502"),
    (&["P"], false, "0701"),
    (&["F"], false, "15"),
    (&["Z50"], false, "21"),
    (&["C", "D0", "Z51"], false, "19"),
    (&["S", "M", "T"], true, "0403"),
    (&["I6", "G"], true, "0402"),
    (&["I"], true, "0406"),
    (&["J"], true, "0405"),
    (&["N8", "N9", "N7"], false, "0501"),
    (&["N"], true, "0404"),
    (&["H0", "H1", "H2", "H3", "H4", "H5"], false, "10"),
    (&["H"], false, "11"),
    (&["J"], false, "0301"),
    (&["K"], false, "0302"),
    (&["G", "I6"], false, "0303"),
    (&["I"], false, "0304"),
    (&["N"], false, "0306"),
    (&["E"], false, "0307"),
    (&["A", "B"], false, "16"),
];

/// Kinds of anaesthesia of operations (麻醉方式).
const ANAESTHESIA: [&str; 4] = ["0103", "020103", "0302", "0202"];

/// Hours in intensive care, within what is asked and what the stay allows; mostly none.
pub(super) fn icu_hours(wishes: &Wishes, minutes: i64, rng: &mut ChaCha8Rng) -> i64 {
    let (low, high) = wishes.bounds(NumberFact::IcuHours);
    let (low, high) = (low / 100, (high / 100).min(minutes / 60 - 2));
    if low > 0 {
        return rng.random_range(low..=high.max(low));
    }
    if high > 1 && rng.random_bool(0.04) {
        return rng.random_range(1..=high);
    }
    0
}

/// Birth weight in steps of 10 g: within what is asked; else 0.8 % below 1500 g, 1.2 % below 2000 g,
/// 4 % below 2500 g, the rest normal (3250, 430) g, all from 600 to 5200 g (assumption).
pub(super) fn birth_weight(wishes: Option<&Wishes>, rng: &mut ChaCha8Rng) -> i64 {
    let bounds = wishes.map_or((0, i64::MAX / 2), |wishes| wishes.bounds(NumberFact::Weight));
    let (low, high) = ((bounds.0 / 100).max(600), (bounds.1 / 100).min(5_200));
    let drawn = match rng.random_range(0..1000) {
        0..8 => rng.random_range(600..1500),
        8..20 => rng.random_range(1500..2000),
        20..60 => rng.random_range(2000..2500),
        _ => round_to_int(3_250.0 + 430.0 * standard_normal(rng)).clamp(2_500, 5_200),
    };
    let drawn = if (low..=high).contains(&drawn) {
        drawn
    } else {
        rng.random_range(low.min(high)..=high.max(low))
    };
    // upward to a step that is still within
    (drawn + 9) / 10 * 10
}

impl Facts<'_> {
    fn visit_number(&self) -> i64 {
        i64::try_from(self.visit).unwrap_or(i64::MAX)
    }

    pub(super) fn is_newborn(&self) -> bool {
        self.age_days <= NEWBORN_DAYS
    }

    /// Draws what depends on the codes: care, and the weight that a woman who gave birth carries, which
    /// is that of her child where this has a record of its own.
    pub(super) fn draw_care(&mut self, stay: &Planned<'_>, combination: &Combination, rng: &mut ChaCha8Rng) {
        self.icu_hours = icu_hours(&combination.wishes, self.minutes, rng);
        self.ventilator_hours = combination.ventilated.map(|(least, most)| {
            let hours = (self.minutes / 60).clamp(least, most);
            rng.random_range(least..=hours)
        });
        self.day_surgery = combination.operated && stay.nights <= 1 && rng.random_bool(0.4);
        self.cured = stay.status == "1" && rng.random_bool(0.4);
    }

    /// What decides the group, and what edits ask together with codes; presence on admission apart.
    pub(super) fn write_checked(&self, stay: &Planned<'_>, combination: &Combination, sheet: &mut Sheet) {
        sheet.clear();
        sheet.fill(Column::CaseId, |text| {
            text.push('M');
            text.push_str(&self.person.id);
            text.push('/');
            put_number(self.visit_number(), text);
        });
        sheet.set_number(Column::Sex, i64::from(self.person.sex));
        sheet.set_number(Column::Age, self.age);
        if self.age == 0 {
            sheet.set_number(Column::AgeDays, self.age_days);
            if let Some(weight) = self.birth_weight {
                sheet.set_number(Column::WeightG, weight);
            }
        }
        sheet.set_number(Column::LosDays, stay.nights.max(1));
        sheet.set_text(Column::Department, &combination.department);
        sheet.set_text(Column::DischargeStatus, stay.status);
        sheet.set_number(Column::IcuHours, self.icu_hours);
        sheet.set_text(Column::Diagnoses, &combination.texts.diagnoses);
        sheet.set_text(Column::Procedures, &combination.texts.procedures);
        self.write_birth(sheet);
        sheet.set_date(Column::AdmitDate, stay.admit);
        sheet.fill(Column::AdmitTime, |text| put_clock(self.admit_minute, text));
        sheet.set_date(Column::DischargeDate, stay.discharge);
        sheet.fill(Column::DischargeTime, |text| {
            put_clock(self.discharge_minute, text)
        });
        self.write_outcomes(stay, combination, sheet);
        sheet.set_text(Column::ExternalCauses, &combination.cause);
        sheet.set_text(Column::Pathologies, combination.morphology);
        if let Some(hours) = self.ventilator_hours {
            sheet.set_number(Column::VentilatorHours, hours);
        }
        sheet.set_text(Column::DaySurgery, if self.day_surgery { "1" } else { "0" });
    }

    fn write_outcomes(&self, stay: &Planned<'_>, combination: &Combination, sheet: &mut Sheet) {
        let principal = match stay.status {
            "5" => "4",
            _ if self.cured => "1",
            _ => "2",
        };
        let others = combination.codes.diagnoses.iter().skip(1).map(|_| "2");
        sheet.list(
            Column::DiagnosisOutcomes,
            std::iter::once(principal).chain(others),
        );
    }

    /// Besides the codes, what grouping and money need.
    pub(super) fn write_short(&self, sheet: &mut Sheet) {
        self.write_person(sheet);
    }

    /// The rest of the columns but the bill.
    pub(super) fn write_rest(
        &self,
        stay: &Planned<'_>,
        combination: &Combination,
        coder: &Coder<'_>,
        sheet: &mut Sheet,
        rng: &mut ChaCha8Rng,
    ) {
        self.write_person(sheet);
        // what the delivery brings is not there on admission, nor are some complications
        let poa = combination.codes.diagnoses.iter().enumerate().map(|(place, id)| {
            let arose = place > 0 && (coder.any(&[*id], Mark::Outcome) || rng.random_bool(0.06));
            if arose { "4" } else { "1" }
        });
        sheet.list(Column::Poa, poa);
        self.write_route(stay, combination, sheet, rng);
        sheet.set_text(Column::DiagnosisNames, &combination.texts.diagnosis_names);
        self.write_procedures(stay, combination, coder, sheet, rng);
        self.write_care(stay, sheet, rng);
    }

    fn write_person(&self, sheet: &mut Sheet) {
        let person = self.person;
        sheet.set_text(Column::Hospital, &self.hospital.id);
        sheet.set_text(Column::HospitalLevel, self.hospital.level.as_str());
        sheet.fill(Column::RecordNo, |text| {
            text.push('M');
            text.push_str(&person.id);
        });
        sheet.set_number(Column::VisitNo, self.visit_number());
        sheet.set_text(Column::Person, &person.id);
        sheet.set_text(Column::InsuredScheme, person.scheme);
        sheet.set_text(Column::Plan, person.plan);
        let payer = if person.scheme == "employee" { "1.1" } else { "2.1" };
        sheet.set_text(Column::Payer, payer);
    }

    fn write_birth(&self, sheet: &mut Sheet) {
        sheet.set_date(Column::BirthDate, self.person.birth);
        let newborn = self.is_newborn();
        if let Some(weight) = self.birth_weight {
            sheet.set_number(Column::BirthWeightsG, weight);
            if newborn {
                sheet.set_number(Column::AdmitWeightG, weight);
            }
        }
        if newborn {
            let preterm = self.birth_weight.is_some_and(|weight| weight < PRETERM_GRAMS);
            sheet.set_text(Column::NewbornType, if preterm { "2" } else { "3" });
        }
    }

    /// Where the patient came from and goes to.
    fn write_route(
        &self,
        stay: &Planned<'_>,
        combination: &Combination,
        sheet: &mut Sheet,
        rng: &mut ChaCha8Rng,
    ) {
        let route = match stay.link {
            Link::Transfer => "3",
            _ if rng.random_bool(0.35) => "1",
            _ => "2",
        };
        sheet.set_text(Column::AdmitRoute, route);
        sheet.set_text(Column::AdmitDepartment, &combination.department);
        match (stay.status, self.next_hospital) {
            ("2", Some(next)) => sheet.set_text(Column::DischargeTo, &next.id),
            ("2", None) => sheet.set_text(Column::DischargeTo, "区外医疗机构"),
            ("3", _) => sheet.set_text(Column::DischargeTo, "社区卫生服务中心"),
            _ => {}
        }
        if stay.status == "5" {
            sheet.set_text(Column::Autopsy, "2");
        }
        sheet.set_text(Column::ReadmitPlan, if rng.random_bool(0.05) { "2" } else { "1" });
    }

    /// Appends the moment so many minutes after admission.
    fn put_moment(&self, stay: &Planned<'_>, minutes: i64, text: &mut String) {
        let at = self.admit_minute + minutes;
        put_date(plus_days(stay.admit, at / 1440), text);
        text.push(' ');
        put_clock(at % 1440, text);
    }

    fn write_procedures(
        &self,
        stay: &Planned<'_>,
        combination: &Combination,
        coder: &Coder<'_>,
        sheet: &mut Sheet,
        rng: &mut ChaCha8Rng,
    ) {
        let procedures = combination.codes.procedures.as_slice();
        let times = procedures.iter().map(|_| {
            let start = rng.random_range(0..=(self.minutes - 30).max(0));
            (start, (start + rng.random_range(20..=240)).min(self.minutes))
        });
        let times: Vec<(i64, i64)> = times.collect();
        sheet.set_text(Column::ProcedureNames, &combination.texts.procedure_names);
        let (starts, ends) = (
            times.iter().map(|(start, _)| start),
            times.iter().map(|(_, end)| end),
        );
        sheet.list_by(Column::ProcedureStarts, starts, |start, text| {
            self.put_moment(stay, *start, text)
        });
        sheet.list_by(Column::ProcedureEnds, ends, |end, text| {
            self.put_moment(stay, *end, text)
        });
        if combination.operated {
            sheet.set_text(Column::ProcedureLevels, &combination.texts.levels);
            let kinds = procedures.iter().map(|id| match coder.is_operation(*id) {
                true => one_of(&ANAESTHESIA, rng),
                false => "",
            });
            sheet.list(Column::Anaesthesia, kinds);
        }
    }

    /// Stays in intensive care, days of nursing.
    fn write_care(&self, stay: &Planned<'_>, sheet: &mut Sheet, rng: &mut ChaCha8Rng) {
        if self.icu_hours > 0 {
            let latest = (self.minutes - self.icu_hours * 60).max(0);
            let start = rng.random_range(0..=latest);
            sheet.fill(Column::IcuStays, |text| {
                text.push_str(if self.age == 0 { "04;" } else { "07;" });
                self.put_moment(stay, start, text);
                text.push(';');
                self.put_moment(stay, start + self.icu_hours * 60, text);
            });
        }
        let nights = stay.nights.max(1);
        let first = rng.random_range(0..=nights / 3);
        let second = rng.random_range(0..=(nights - first));
        let third = nights - first - second;
        let days = [0, first, second, third];
        sheet.list_by(Column::NursingDays, days, put_number);
    }
}

/// Where patients of a principal diagnosis lie, those not operated and those operated.
pub(super) fn departments(code: &str) -> [&'static str; 2] {
    [(false, "0311"), (true, "0401")].map(|(operated, rest)| {
        let begins = |letters: &[&str]| letters.iter().any(|prefix| code.starts_with(prefix));
        let found = DEPARTMENTS
            .iter()
            .find(|(letters, for_operated, _)| (operated || !for_operated) && begins(letters));
        found.map_or(rest, |(_, _, code)| code)
    })
}

/// The morphology that goes with a principal diagnosis; empty if none does.
pub(super) fn morphology(code: &str) -> &'static str {
    let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| code.starts_with(prefix));
    let found = MORPHOLOGY.iter().find(|(prefixes, _)| begins(prefixes));
    found.map_or("", |(_, morphology)| morphology)
}

/// Morphology by the principal diagnosis (ICD-O); blood and lymph are left to their own examination.
const MORPHOLOGY: [(&[&str], &str); 8] = [
    (&["C43"], "M87200/3"),
    (&["C77", "C78", "C79"], "M80100/6"),
    (&["C8", "C9"], ""),
    (&["C"], "M81400/3"),
    (&["D0"], "M80100/2"),
    (&["D25"], "M88900/0"),
    (
        &["D1", "D2", "D30", "D31", "D32", "D33", "D34", "D35", "D36"],
        "M80000/0",
    ),
    (
        &["D37", "D38", "D39", "D40", "D41", "D42", "D43", "D44"],
        "M80000/1",
    ),
];

/// A level that is always the same for a code (手术级别; assumption).
pub(super) fn level_of(id: CodeId) -> &'static str {
    let mixed = id.0.wrapping_mul(2_654_435_761) >> 16;
    match mixed % 10 {
        0..2 => "1",
        2..5 => "2",
        5..8 => "3",
        _ => "4",
    }
}

/// Appends minutes of a day as a time.
fn put_clock(minutes: i64, text: &mut String) {
    put_two(minutes / 60 % 24, text);
    text.push(':');
    put_two(minutes % 60, text);
    text.push_str(":00");
}
