//! One stay written into the neutral columns.

use jiff::civil::Date;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::super::draw::{plus_days, round_to_int};
use super::super::standard_normal;
use super::super::wishes::Wishes;
use super::calendar::{Link, Planned, days};
use super::codes::{Coder, Codes, Mark};
use super::people::{RegionHospital, RegionPerson, one_of};
use super::sheet::Sheet;
use crate::records::Column;
use crate::tables::{CodeId, NumberFact};
use crate::units::Fen;

/// Everything that is known of a stay before its codes (住院事实).
#[derive(Clone, Debug)]
pub(super) struct Facts<'r> {
    pub(super) case_id: String,
    pub(super) visit: usize,
    pub(super) person: &'r RegionPerson,
    pub(super) hospital: &'r RegionHospital,
    /// Where a transfer goes.
    pub(super) next_hospital: Option<&'r RegionHospital>,
    /// Weight at birth of the newborn, or of the child of a mother.
    pub(super) birth_weight: Option<i64>,
    pub(super) icu_hours: i64,
    pub(super) admit_minute: i64,
    pub(super) discharge_minute: i64,
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
    /// What decides the group.
    pub(super) fn write_probe(
        &self,
        stay: &Planned<'_>,
        codes: &Codes,
        coder: &Coder<'_>,
        sheet: &mut Sheet,
    ) {
        sheet.clear();
        let age = self.person.age(stay.admit);
        let age_days = days(self.person.birth, stay.admit);
        sheet.set(Column::CaseId, &self.case_id);
        sheet.set(Column::Sex, self.person.sex);
        sheet.set(Column::Age, age);
        if age == 0 {
            sheet.set(Column::AgeDays, age_days);
            if let Some(weight) = self.birth_weight {
                sheet.set(Column::WeightG, weight);
            }
        }
        sheet.set(Column::LosDays, stay.nights.max(1));
        sheet.set_text(Column::Department, department(stay, codes, coder));
        sheet.set(Column::DischargeStatus, &stay.status);
        sheet.set(Column::IcuHours, self.icu_hours);
        sheet.list(
            Column::Diagnoses,
            codes.diagnoses.iter().map(|id| coder.code(*id)),
        );
        sheet.list(
            Column::Procedures,
            codes.procedures.iter().map(|id| coder.code(*id)),
        );
    }

    /// What must suit the codes.
    pub(super) fn write_coded(
        &self,
        stay: &Planned<'_>,
        codes: &Codes,
        coder: &Coder<'_>,
        sheet: &mut Sheet,
        rng: &mut ChaCha8Rng,
    ) {
        self.write_birth(stay, sheet);
        sheet.set(Column::AdmitDate, stay.admit);
        sheet.set(Column::AdmitTime, Clock(self.admit_minute));
        sheet.set(Column::DischargeDate, stay.discharge);
        sheet.set(Column::DischargeTime, Clock(self.discharge_minute));
        write_diagnoses(stay, codes, coder, sheet, rng);
        self.write_treatment(stay, codes, coder, sheet, rng);
    }

    /// Besides the codes, what grouping and money need.
    pub(super) fn write_short(&self, sheet: &mut Sheet) {
        self.write_person(sheet);
    }

    /// The rest of the columns but the bill.
    pub(super) fn write_rest(
        &self,
        stay: &Planned<'_>,
        codes: &Codes,
        coder: &Coder<'_>,
        sheet: &mut Sheet,
        rng: &mut ChaCha8Rng,
    ) {
        self.write_person(sheet);
        self.write_dates(stay, sheet, rng);
        sheet.list(
            Column::DiagnosisNames,
            codes.diagnoses.iter().map(|id| coder.name(*id)),
        );
        self.write_procedures(stay, codes, coder, sheet, rng);
        self.write_care(stay, sheet, rng);
    }

    fn write_person(&self, sheet: &mut Sheet) {
        let person = self.person;
        sheet.set(Column::Hospital, &self.hospital.id);
        sheet.set(Column::HospitalLevel, self.hospital.level);
        sheet.set(Column::RecordNo, format_args!("M{}", person.id));
        sheet.set(Column::VisitNo, self.visit);
        sheet.set(Column::Person, &person.id);
        sheet.set(Column::InsuredScheme, person.scheme);
        sheet.set(Column::Plan, person.plan);
        sheet.set(
            Column::Payer,
            if person.scheme == "employee" { "1.1" } else { "2.1" },
        );
    }

    fn write_birth(&self, stay: &Planned<'_>, sheet: &mut Sheet) {
        let person = self.person;
        sheet.set(Column::BirthDate, person.birth);
        let newborn = days(person.birth, stay.admit) <= 28;
        if let Some(weight) = self.birth_weight {
            sheet.set(Column::BirthWeightsG, weight);
            if newborn {
                sheet.set(Column::AdmitWeightG, weight);
            }
        }
        if newborn {
            let preterm = self.birth_weight.is_some_and(|weight| weight < 2_500);
            sheet.set(Column::NewbornType, if preterm { "2" } else { "3" });
        }
    }

    fn write_dates(&self, stay: &Planned<'_>, sheet: &mut Sheet, rng: &mut ChaCha8Rng) {
        let route = match stay.link {
            Link::Transfer => "3",
            _ if rng.random_bool(0.35) => "1",
            _ => "2",
        };
        sheet.set(Column::AdmitRoute, route);
        let department = sheet.get(Column::Department).to_owned();
        sheet.set(Column::AdmitDepartment, department);
        match (stay.status.as_str(), self.next_hospital) {
            ("2", Some(next)) => sheet.set(Column::DischargeTo, &next.id),
            ("2", None) => sheet.set(Column::DischargeTo, "区外医疗机构"),
            ("3", _) => sheet.set(Column::DischargeTo, "社区卫生服务中心"),
            _ => {}
        }
        if stay.status == "5" {
            sheet.set(Column::Autopsy, "2");
        }
        sheet.set(Column::ReadmitPlan, if rng.random_bool(0.05) { "2" } else { "1" });
    }

    fn minutes(&self, stay: &Planned<'_>) -> i64 {
        stay.nights * 1440 + self.discharge_minute - self.admit_minute
    }

    /// A moment so many minutes after admission.
    fn moment(&self, stay: &Planned<'_>, minutes: i64) -> Moment {
        let at = self.admit_minute + minutes;
        Moment(plus_days(stay.admit, at / 1440), at % 1440)
    }

    fn write_procedures(
        &self,
        stay: &Planned<'_>,
        codes: &Codes,
        coder: &Coder<'_>,
        sheet: &mut Sheet,
        rng: &mut ChaCha8Rng,
    ) {
        let minutes = self.minutes(stay);
        let times = codes.procedures.iter().map(|_| {
            let start = rng.random_range(0..=(minutes - 30).max(0));
            (start, (start + rng.random_range(20..=240)).min(minutes))
        });
        let times: Vec<(i64, i64)> = times.collect();
        let procedures = || codes.procedures.iter();
        sheet.list(Column::ProcedureNames, procedures().map(|id| coder.name(*id)));
        sheet.list(
            Column::ProcedureStarts,
            times.iter().map(|(start, _)| self.moment(stay, *start)),
        );
        sheet.list(
            Column::ProcedureEnds,
            times.iter().map(|(_, end)| self.moment(stay, *end)),
        );
        if procedures().any(|id| coder.is_operation(*id)) {
            let of_operation =
                |id: &CodeId, text: &'static str| if coder.is_operation(*id) { text } else { "" };
            sheet.list(
                Column::ProcedureLevels,
                procedures().map(|id| of_operation(id, level_of(*id))),
            );
            let kinds = procedures().map(|id| of_operation(id, one_of(&ANAESTHESIA, rng)));
            sheet.list(Column::Anaesthesia, kinds);
        }
    }

    /// Hours of a ventilator, surgery within a day.
    fn write_treatment(
        &self,
        stay: &Planned<'_>,
        codes: &Codes,
        coder: &Coder<'_>,
        sheet: &mut Sheet,
        rng: &mut ChaCha8Rng,
    ) {
        let hours = self.minutes(stay) / 60;
        if coder.any(&codes.procedures, Mark::LongVentilated) {
            sheet.set(Column::VentilatorHours, rng.random_range(96..=hours.max(96)));
        } else if coder.any(&codes.procedures, Mark::Ventilated) {
            sheet.set(Column::VentilatorHours, rng.random_range(1..=hours.clamp(1, 95)));
        }
        let operated = codes.procedures.iter().any(|id| coder.is_operation(*id));
        let day_surgery = operated && stay.nights <= 1 && rng.random_bool(0.4);
        sheet.set_text(Column::DaySurgery, if day_surgery { "1" } else { "0" });
    }

    /// Stays in intensive care, days of nursing.
    fn write_care(&self, stay: &Planned<'_>, sheet: &mut Sheet, rng: &mut ChaCha8Rng) {
        if self.icu_hours > 0 {
            let latest = (self.minutes(stay) - self.icu_hours * 60).max(0);
            let start = rng.random_range(0..=latest);
            let infant = self.person.age(stay.admit) == 0;
            let kind = if infant { "04" } else { "07" };
            let (from, to) = (
                self.moment(stay, start),
                self.moment(stay, start + self.icu_hours * 60),
            );
            sheet.set(Column::IcuStays, format_args!("{kind};{from};{to}"));
        }
        let nights = stay.nights.max(1);
        let first = rng.random_range(0..=nights / 3);
        let second = rng.random_range(0..=(nights - first));
        let third = nights - first - second;
        sheet.list(Column::NursingDays, [0, first, second, third]);
    }
}

fn department<'d>(stay: &'d Planned<'_>, codes: &Codes, coder: &'d Coder<'_>) -> &'d str {
    if let Some(word) = &stay.wishes.department {
        return word;
    }
    let operated = codes.procedures.iter().any(|id| coder.is_operation(*id));
    let principal = codes.diagnoses.first();
    principal.map_or("", |id| coder.department(*id, operated))
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

/// Presence on admission, outcomes; causes of injuries and morphology of tumours.
fn write_diagnoses(
    stay: &Planned<'_>,
    codes: &Codes,
    coder: &Coder<'_>,
    sheet: &mut Sheet,
    rng: &mut ChaCha8Rng,
) {
    // what the delivery brings is not there on admission, nor are some complications
    let poa = codes.diagnoses.iter().enumerate().map(|(place, id)| {
        let arose = place > 0 && (coder.any(&[*id], Mark::Outcome) || rng.random_bool(0.06));
        if arose { "4" } else { "1" }
    });
    let poa: Vec<&str> = poa.collect();
    sheet.list(Column::Poa, poa);
    let outcome = if stay.status == "5" { "4" } else { "2" };
    let cured = if stay.status == "1" && rng.random_bool(0.4) {
        "1"
    } else {
        outcome
    };
    let outcomes = codes.diagnoses.iter().enumerate();
    sheet.list(
        Column::DiagnosisOutcomes,
        outcomes.map(|(place, _)| if place == 0 { cured } else { "2" }),
    );
    let injured = coder.any(&codes.diagnoses, Mark::Injury);
    let says_cause = coder.any(&codes.diagnoses, Mark::Cause);
    if injured && !says_cause && !coder.causes.is_empty() {
        let cause = coder.causes.get(rng.random_range(0..coder.causes.len()));
        sheet.set(Column::ExternalCauses, cause.map_or("", String::as_str));
    }
    let principal = codes.diagnoses.first();
    let morphology = principal.map_or("", |id| coder.morphology(*id));
    sheet.set_text(Column::Pathologies, morphology);
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
fn level_of(id: CodeId) -> &'static str {
    let mixed = id.0.wrapping_mul(2_654_435_761) >> 16;
    match mixed % 10 {
        0..2 => "1",
        2..5 => "2",
        5..8 => "3",
        _ => "4",
    }
}

/// Minutes of a day as a time.
struct Clock(i64);

impl std::fmt::Display for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:02}:{:02}:00", self.0 / 60 % 24, self.0 % 60)
    }
}

/// A day and a time.
struct Moment(Date, i64);

impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.0, Clock(self.1))
    }
}
