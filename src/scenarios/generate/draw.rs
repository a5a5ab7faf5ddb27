//! Drawing one stay: codes, numbers, dates, the bill.

use hashbrown::HashMap;
use jiff::civil::Date;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::people::{Hospital, Person, Segment};
use super::wishes::Wishes;
use super::{GroupOfMix, standard_normal};
use crate::tables::{
    CodeId, CodeKind, CodeLists, Compiled, EntryKind, NumberFact, OPERATIONS, Scheme, SetId, TreatmentType,
};
use crate::units::Fen;

/// Departments for stays that ask for none (codes of the front-sheet table).
const DEPARTMENTS: [&str; 8] = ["03.01", "03.04", "04.01", "04.02", "05.01", "07", "11", "23"];

/// Discharge status and its share (assumption; deaths as in tertiary hospitals 2017).
const STATUSES: [(&str, f64); 6] = [
    ("1", 0.945),
    ("2", 0.010),
    ("3", 0.008),
    ("4", 0.028),
    ("5", 0.006),
    ("9", 0.003),
];

/// Draws stays by a compiled scheme.
pub(super) struct Drawer<'g> {
    pub(super) compiled: &'g Compiled,
    /// Codes that stand in the code list, of each set that conditions use.
    pub(super) listed: HashMap<SetId, Vec<CodeId>>,
    mcc: Vec<CodeId>,
    cc: Vec<CodeId>,
    /// Diagnoses that complicate nothing.
    pub(super) neutral: Vec<CodeId>,
    /// Procedures that are no operations.
    pub(super) minor: Vec<CodeId>,
    pub(super) operations: Vec<CodeId>,
    /// Causes and outcomes, by number: never where a disease is due.
    no_disease: Vec<bool>,
    /// Procedures by treatment type, of a scheme of packets.
    of_type: Vec<Vec<CodeId>>,
}

/// A stay as drawn, before it is written as a row.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) case_id: String,
    pub(super) hospital: String,
    person: String,
    scheme: &'static str,
    pub(super) sex: u8,
    pub(super) age: i64,
    age_days: Option<i64>,
    weight: Option<i64>,
    pub(super) admit: Date,
    pub(super) discharge: Date,
    pub(super) los: i64,
    department: String,
    status: String,
    icu_hours: i64,
    pub(super) diagnoses: Vec<String>,
    pub(super) procedures: Vec<String>,
    pub(super) fees: [Fen; 4],
    pub(super) cost_factor: f64,
}

/// Listed procedures by treatment type; none of a scheme without packets.
fn by_treatment_type(scheme: &Scheme, lists: &CodeLists) -> Vec<Vec<CodeId>> {
    let mut of_type = vec![Vec::new(); TreatmentType::ALL.len()];
    let Some(packets) = scheme.packets() else {
        return of_type;
    };
    let known = lists.procedures.codes().iter();
    for id in known.filter_map(|code| scheme.code_id(code)) {
        let traits = packets.procedures.traits(id);
        let usable = traits.filter(|traits| traits.rule.is_none());
        if let Some(kind) = usable.and_then(|traits| traits.kind)
            && let Some(codes) = of_type.get_mut(kind as usize)
        {
            codes.push(id);
        }
    }
    of_type
}

impl<'g> Drawer<'g> {
    pub(super) fn new(compiled: &'g Compiled, lists: &CodeLists) -> Drawer<'g> {
        let scheme = compiled.scheme();
        let of_sets = |codes: &[CodeId]| -> Vec<CodeId> {
            let in_list = |id: &&CodeId| is_listed(scheme.code(**id), lists);
            let listed: Vec<CodeId> = codes.iter().filter(in_list).copied().collect();
            if listed.is_empty() { codes.to_vec() } else { listed }
        };
        let set_ids = compiled.set_ids();
        let complications = scheme.complications();
        let of_level = |level| {
            let rows = complications.iter().filter(|(_, row)| row.level == level);
            of_sets(&rows.map(|(id, _)| *id).collect::<Vec<_>>())
        };
        let of_type = by_treatment_type(scheme, lists);
        let mut operations = scheme
            .named_set(OPERATIONS)
            .map_or(Vec::new(), |set| of_sets(&set.codes));
        operations.extend(
            of_type
                .iter()
                .skip(TreatmentType::Therapeutic as usize + 1)
                .flatten(),
        );
        // what would change the treatment type of a packet is no small treatment
        let changes_type: std::collections::BTreeSet<CodeId> =
            of_type.iter().skip(1).flatten().copied().collect();
        let known = || {
            (0..scheme.code_count())
                .filter_map(|id| u32::try_from(id).ok())
                .map(CodeId)
        };
        let neutral = known()
            .filter(|id| lists.diagnoses.contains(scheme.code(*id)) && scheme.complication(*id).is_none());
        let mut minor: Vec<CodeId> = known()
            .filter(|id| lists.procedures.contains(scheme.code(*id)))
            .collect();
        let mut is_operation = vec![false; scheme.code_count()];
        operations.iter().for_each(|id| {
            is_operation
                .iter_mut()
                .skip(id.0 as usize)
                .take(1)
                .for_each(|o| *o = true)
        });
        minor.retain(|id| !is_operation.get(id.0 as usize).copied().unwrap_or(false));
        minor.retain(|id| !changes_type.contains(id));
        let is_no_disease = |id: CodeId| {
            let text = scheme.code(id);
            text.starts_with(['V', 'W', 'X', 'Y']) || text.starts_with("Z37")
        };
        Drawer {
            no_disease: known().map(is_no_disease).collect(),
            listed: set_ids
                .map(|set| (set, of_sets(compiled.codes_of(set))))
                .collect(),
            mcc: of_level(crate::tables::ComplicationLevel::Mcc),
            cc: of_level(crate::tables::ComplicationLevel::Cc),
            neutral: neutral.collect(),
            minor,
            operations,
            of_type,
            compiled,
        }
    }

    pub(super) fn scheme(&self) -> &'g Scheme {
        self.compiled.scheme()
    }

    /// The code of a group of the mix.
    pub(super) fn group_code(&self, group: &GroupOfMix) -> &'g str {
        let rule = match group.drg {
            Some(drg) => self.compiled.drgs.get(drg).map(|drg| drg.rule),
            None => self.compiled.entries.get(group.entry).map(|entry| entry.rule),
        };
        let rule = rule.and_then(|rule| self.scheme().rules().get(rule));
        rule.map_or("", |rule| rule.code.as_str())
    }

    /// What a case needs to reach the group: its rows hold, its core group's earlier rows do not.
    pub(super) fn wishes(&self, group: &GroupOfMix, rng: &mut ChaCha8Rng) -> Wishes {
        let mut wishes = Wishes::new();
        if let Some(mdc) = self.compiled.mdcs.get(group.mdc) {
            wishes.add(&mdc.when, true, rng);
        }
        if let Some(entry) = self.compiled.entries.get(group.entry) {
            wishes.add(&entry.when, true, rng);
            self.add_packet(entry.rule, &mut wishes, rng);
            if let (EntryKind::Adrg(drgs, _), Some(place)) = (&entry.kind, group.drg) {
                let earlier = self.compiled.drgs.get(drgs.start..place).unwrap_or_default();
                if let Some(drg) = self.compiled.drgs.get(place) {
                    wishes.add(&drg.when, true, rng);
                }
                for drg in earlier {
                    // MCC implies neither CC nor its absence: only what was not asked for is ruled out
                    let asked = (wishes.mcc, wishes.cc);
                    wishes.add(&drg.when, false, rng);
                    (wishes.mcc, wishes.cc) = (asked.0.or(wishes.mcc), asked.1.or(wishes.cc));
                }
            }
        }
        wishes
    }

    /// What a packet asks for besides its condition: the procedures of one alternative, the main one
    /// first, or some procedure of its treatment type.
    fn add_packet(&self, rule: usize, wishes: &mut Wishes, rng: &mut ChaCha8Rng) {
        let (Some(packets), Some(compiled)) = (self.scheme().packets(), self.compiled.packets()) else {
            return;
        };
        let Some(packet) = packets.of(rule) else { return };
        let alternatives = compiled
            .expression_of(rule)
            .map(|number| compiled.expression(number));
        let drawn = alternatives.and_then(|alternatives| pick(alternatives, rng));
        match (
            drawn.and_then(|operands| operands.split_first()),
            packet.treatment_type,
        ) {
            (Some((main, related)), _) => {
                wishes.principal_procedure.push(*main);
                wishes.procedures.extend(related.iter().map(|set| (*set, true)));
            }
            (None, Some(TreatmentType::Conservative)) => wishes.no_procedure = true,
            (None, kind) => wishes.treatment = kind,
        }
    }

    /// One draw of a stay.
    pub(super) fn draft(
        &self,
        group: &GroupOfMix,
        wishes: &Wishes,
        person: &Person,
        hospital: &Hospital,
        when: Segment,
        rng: &mut ChaCha8Rng,
    ) -> Draft {
        let diagnoses = self.diagnoses(wishes, rng);
        let procedures = self.procedures(wishes, rng);
        let (cost_normal, own_normal) = (standard_normal(rng), standard_normal(rng));
        let stay_normal = 0.6 * cost_normal + 0.8 * own_normal;
        let stay = group.mean_stay * (0.65 * stay_normal - 0.211).exp();
        let (admit, discharge, los) = self.dates(wishes, person, when, stay, rng);
        let age = age_on(person.birth, admit);
        let days = days_between(person.birth, admit);
        let infant = age == 0;
        let cost_factor = hospital.cost_factor * (0.5 * cost_normal - 0.125).exp();
        let total = to_fen(group.mean_cost_fen * cost_factor);
        Draft {
            case_id: String::new(),
            hospital: hospital.id.clone(),
            person: person.id.clone(),
            scheme: person.scheme,
            sex: person.sex,
            age,
            age_days: infant.then_some(days),
            weight: infant.then(|| birth_weight(wishes, rng)),
            admit,
            discharge,
            los,
            department: match &wishes.department {
                Some(word) => word.clone(),
                None => pick(&DEPARTMENTS, rng).map_or(String::new(), |code| (*code).to_owned()),
            },
            status: self.discharge_status(wishes, rng).to_owned(),
            icu_hours: icu_hours(wishes, los, rng),
            diagnoses,
            procedures,
            fees: split_fee(total, rng),
            cost_factor,
        }
    }

    /// The principal from all its sets, what is asked for besides, then neutral ones.
    fn diagnoses(&self, wishes: &Wishes, rng: &mut ChaCha8Rng) -> Vec<String> {
        let mut codes = self.required_diagnoses(wishes, rng);
        let more = rng.random_range(1..=6);
        for _ in 0..more {
            let neutral = pick(&self.neutral, rng).filter(|id| !self.avoided(wishes, **id));
            codes.extend(neutral);
        }
        let mut seen: Vec<CodeId> = Vec::with_capacity(codes.len());
        codes.into_iter().for_each(|code| {
            if !seen.contains(&code) {
                seen.push(code);
            }
        });
        seen.into_iter()
            .map(|id| self.scheme().code(id).to_owned())
            .collect()
    }

    /// The principal from all its sets and what is asked for besides; a code may stand twice.
    pub(super) fn required_diagnoses(&self, wishes: &Wishes, rng: &mut ChaCha8Rng) -> Vec<CodeId> {
        let mut codes: Vec<CodeId> = Vec::new();
        let principal = match wishes.regions {
            Some((set, _)) if wishes.principal_diagnosis.is_empty() => {
                self.drawn_from_all(&[set], wishes, rng)
            }
            _ => self.drawn_from_all(&wishes.principal_diagnosis, wishes, rng),
        };
        let principal = principal.or_else(|| pick(&self.neutral, rng).copied());
        codes.extend(principal);
        for (set, other) in &wishes.diagnoses {
            let met = codes
                .iter()
                .skip(usize::from(*other))
                .any(|code| self.is_in(*set, *code));
            if !met {
                codes.extend(self.drawn_from_all(&[*set], wishes, rng));
            }
        }
        if let Some((set, regions)) = wishes.regions {
            self.hit_regions(set, regions, &mut codes, rng);
        }
        let principal_kind = principal.map_or(CodeKind::NONE, |id| self.compiled.kind_of(id));
        for (wanted, list, level) in [(wishes.mcc, &self.mcc, 2), (wishes.cc, &self.cc, 1)] {
            if wanted == Some(true) {
                let counting = (0..20).filter_map(|_| pick(list, rng)).find(|id| {
                    self.compiled
                        .severity(principal_kind, self.compiled.kind_of(**id))
                        == level
                        && !self.avoided(wishes, **id)
                });
                codes.extend(counting);
            }
        }
        codes
    }

    fn hit_regions(&self, set: SetId, regions: i64, codes: &mut Vec<CodeId>, rng: &mut ChaCha8Rng) {
        let mut hit: Vec<u32> = codes
            .iter()
            .flat_map(|code| self.compiled.sites(set, self.compiled.kind_of(*code)))
            .copied()
            .collect();
        for _ in 0..60 {
            hit.sort_unstable();
            hit.dedup();
            if i64::try_from(hit.len()).unwrap_or(0) >= regions {
                return;
            }
            let Some(code) = self.listed.get(&set).and_then(|codes| pick(codes, rng)) else {
                return;
            };
            let sites = self.compiled.sites(set, self.compiled.kind_of(*code));
            if sites.iter().any(|site| !hit.contains(site)) {
                hit.extend(sites);
                codes.push(*code);
            }
        }
    }

    fn procedures(&self, wishes: &Wishes, rng: &mut ChaCha8Rng) -> Vec<String> {
        let Some(mut codes) = self.required_procedures(wishes, rng) else {
            return Vec::new();
        };
        // examinations and small treatments besides
        let more = rng.random_range(0..=2);
        for _ in 0..more {
            let minor =
                pick(&self.minor, rng).filter(|id| !codes.contains(id) && !self.avoided(wishes, **id));
            codes.extend(minor);
        }
        codes
            .into_iter()
            .map(|id| self.scheme().code(id).to_owned())
            .collect()
    }

    /// The procedures that are asked for; `None` if there must be none at all.
    pub(super) fn required_procedures(&self, wishes: &Wishes, rng: &mut ChaCha8Rng) -> Option<Vec<CodeId>> {
        if wishes.no_procedure && wishes.principal_procedure.is_empty() && wishes.procedures.is_empty() {
            return None;
        }
        let mut codes: Vec<CodeId> = Vec::new();
        if !wishes.principal_procedure.is_empty() {
            codes.extend(self.drawn_from_all(&wishes.principal_procedure, wishes, rng));
        }
        for (set, other) in &wishes.procedures {
            if codes.is_empty() && *other {
                codes.extend(pick(&self.operations, rng));
            }
            let met = codes
                .iter()
                .skip(usize::from(*other))
                .any(|code| self.is_in(*set, *code));
            if !met {
                codes.extend(self.drawn_from_all(&[*set], wishes, rng));
            }
        }
        if let Some(kind) = wishes.treatment.filter(|_| codes.is_empty()) {
            codes.extend(self.of_type.get(kind as usize).and_then(|codes| pick(codes, rng)));
        }
        if codes.is_empty() && wishes.any_procedure {
            codes.extend(pick(&self.operations, rng));
        }
        Some(codes)
    }

    /// A code that is in all sets, drawn from the smallest; none if there are no sets.
    fn drawn_from_all(&self, sets: &[SetId], wishes: &Wishes, rng: &mut ChaCha8Rng) -> Option<CodeId> {
        let smallest = sets
            .iter()
            .filter_map(|set| self.listed.get(set))
            .min_by_key(|codes| codes.len())?;
        let fits = |id: &CodeId| sets.iter().all(|set| self.is_in(*set, *id));
        let mut last = None;
        for _ in 0..40 {
            let code = *pick(smallest, rng)?;
            if fits(&code) {
                last = Some(code);
                if !self.avoided(wishes, code) {
                    break;
                }
            }
        }
        last.or_else(|| smallest.iter().copied().find(fits))
    }

    pub(super) fn is_in(&self, set: SetId, code: CodeId) -> bool {
        self.compiled.holds(set, self.compiled.kind_of(code))
    }

    pub(super) fn avoided(&self, wishes: &Wishes, code: CodeId) -> bool {
        let kind = self.compiled.kind_of(code);
        wishes.avoid.iter().any(|set| self.compiled.holds(*set, kind))
            || self.no_disease.get(code.0 as usize) == Some(&true)
    }

    fn dates(
        &self,
        wishes: &Wishes,
        person: &Person,
        (first, last): Segment,
        stay: f64,
        rng: &mut ChaCha8Rng,
    ) -> (Date, Date, i64) {
        let (shortest, longest) = wishes.bounds(NumberFact::Los);
        let shortest = (shortest / 100).max(1);
        let longest = (longest / 100).clamp(shortest, 365);
        let los = round_to_int(stay).clamp(shortest, longest);
        if person.is_infant() {
            let (low, high) = wishes.bounds(NumberFact::AgeDays);
            let (low, high) = ((low / 100).max(0), (high / 100).min(60));
            let admit = plus_days(person.birth, rng.random_range(low.min(high)..=high.max(low)));
            return within_year(admit, plus_days(admit, los), last);
        }
        let room = days_between(first, last);
        // later stays must not reach back into the one before
        let los = if first.day_of_year() == 1 {
            los
        } else {
            los.min((room - 1).max(1))
        };
        let earliest = if first.day_of_year() == 1 {
            0
        } else {
            los.min(room)
        };
        let discharge = plus_days(first, rng.random_range(earliest..=room.max(earliest)));
        // nobody is admitted before birth
        let admit = plus_days(discharge, -los).max(person.birth);
        within_year(admit, plus_days(admit, los), last)
    }

    pub(super) fn discharge_status(&self, wishes: &Wishes, rng: &mut ChaCha8Rng) -> &'g str {
        if let Some(set) = wishes.discharge
            && let Some(code) = pick(self.compiled.codes_of(set), rng)
        {
            return self.scheme().code(*code);
        }
        let mut rest: f64 = rng.random();
        let status = STATUSES.iter().find(|(_, share)| {
            rest -= share;
            rest < 0.0
        });
        status.map_or("1", |(status, _)| status)
    }
}

impl Draft {
    /// The row of the records file, columns as in [`super::RECORD_COLUMNS`].
    pub(super) fn row(&self) -> String {
        let number = |value: Option<i64>| value.map_or(String::new(), |value| value.to_string());
        let [own, over, pre, scope] = self.fees;
        format!(
            "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{own},{over},{pre},{scope}",
            self.case_id,
            self.hospital,
            self.person,
            self.scheme,
            self.sex,
            self.age,
            number(self.age_days),
            number(self.weight),
            self.admit,
            self.discharge,
            self.los,
            self.department,
            self.status,
            self.icu_hours,
            self.diagnoses.join("|"),
            self.procedures.join("|"),
            self.fees.into_iter().sum::<Fen>(),
        )
    }
}

fn is_listed(code: &str, lists: &CodeLists) -> bool {
    let nothing_known = lists.diagnoses.is_empty() && lists.procedures.is_empty();
    nothing_known || lists.diagnoses.contains(code) || lists.procedures.contains(code)
}

pub(super) fn pick<'t, T>(list: &'t [T], rng: &mut ChaCha8Rng) -> Option<&'t T> {
    if list.is_empty() {
        None
    } else {
        list.get(rng.random_range(0..list.len()))
    }
}

/// Full years on a day.
pub(super) fn age_on(birth: Date, day: Date) -> i64 {
    let years = i64::from(day.year()) - i64::from(birth.year());
    let had_birthday = (day.month(), day.day()) >= (birth.month(), birth.day());
    (years - i64::from(!had_birthday)).max(0)
}

/// The stay, cut off at the last day if it would end after it.
fn within_year(admit: Date, discharge: Date, last: Date) -> (Date, Date, i64) {
    let discharge = discharge.min(last).max(admit);
    (admit, discharge, days_between(admit, discharge).max(1))
}

pub(super) fn days_between(first: Date, last: Date) -> i64 {
    day_number(last) - day_number(first)
}

/// The day so many days later; the day itself where the calendar ends before.
pub(super) fn plus_days(day: Date, days: i64) -> Date {
    date_of(day_number(day) + days).unwrap_or(day)
}

/// Days since the first of March of the year 0; years begin with March, so that a leap day is the last
/// of its year.
fn day_number(date: Date) -> i64 {
    let (year, month) = (i64::from(date.year()), i64::from(date.month()));
    let (year, month) = if month < 3 {
        (year - 1, month + 9)
    } else {
        (year, month - 3)
    };
    year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + i64::from(date.day()) - 1
}

/// The date of a [`day_number`] not before the year 1.
fn date_of(number: i64) -> Option<Date> {
    let (era, of_era) = (number.div_euclid(146_097), number.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (year, month) = match month {
        0..=9 => (year, month + 3),
        _ => (year + 1, month - 9),
    };
    let year = i16::try_from(era * 400 + year).ok()?;
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// Birth weights: normal (3250, 430) g, with light ones where a rule asks for them.
fn birth_weight(wishes: &Wishes, rng: &mut ChaCha8Rng) -> i64 {
    let (low, high) = wishes.bounds(NumberFact::Weight);
    let (low, high) = ((low / 100).max(600), (high / 100).min(5_200));
    let drawn = round_to_int(3_250.0 + 430.0 * standard_normal(rng));
    let drawn = if (low..=high).contains(&drawn) {
        drawn
    } else {
        rng.random_range(low.min(high)..=high.max(low))
    };
    (drawn / 10 * 10).max(low.min(high))
}

/// Hours in intensive care: mostly none, else within what is asked and what the stay allows.
fn icu_hours(wishes: &Wishes, los: i64, rng: &mut ChaCha8Rng) -> i64 {
    let (low, high) = wishes.bounds(NumberFact::IcuHours);
    let (low, high) = (low / 100, high / 100);
    if low > 0 {
        let most = high.min((los * 24).max(low));
        return rng.random_range(low..=most.max(low));
    }
    if rng.random_bool(0.04) {
        rng.random_range(1..=24 * los.max(1)).min(high)
    } else {
        0
    }
}

/// Own, over, pre and scope parts of a bill; they sum to it (shares: assumption).
fn split_fee(total: Fen, rng: &mut ChaCha8Rng) -> [Fen; 4] {
    let mut weight = |low: i128, high: i128| rng.random_range(low..=high);
    let weights = [weight(0, 120), weight(0, 40), weight(20, 140), weight(700, 900)];
    let parts = total.split(&weights).unwrap_or_default();
    let part = |index: usize| parts.get(index).copied().unwrap_or(Fen::ZERO);
    [part(0), part(1), part(2), part(3)]
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "statistics: the value is drawn, its bounds are checked here"
)]
pub(super) fn round_to_int(value: f64) -> i64 {
    value.round().clamp(-1e12, 1e12) as i64
}

/// A drawn cost in whole fen, at least one yuan.
pub(super) fn to_fen(value: f64) -> Fen {
    Fen::new(round_to_int(value).clamp(100, Fen::LARGEST_INPUT.fen()))
}

#[cfg(test)]
mod tests {
    use jiff::{Span, civil::date};

    use super::{days_between, plus_days};

    #[test]
    fn days_are_counted_as_by_the_library() {
        let first = date(1896, 2, 27);
        for days in 0..160_000 {
            let day = first.saturating_add(Span::new().days(days));
            assert_eq!(plus_days(first, i64::from(days)), day);
            assert_eq!(plus_days(day, -i64::from(days)), first);
            assert_eq!(days_between(first, day), i64::from(days));
        }
        assert_eq!(plus_days(date(9999, 12, 31), 1), date(9999, 12, 31));
    }
}
