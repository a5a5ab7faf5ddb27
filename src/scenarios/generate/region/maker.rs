//! Persons with their records, put together.

use jiff::civil::Date;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::Distribution;

use super::super::draw::{days_between, plus_days, round_to_int, to_fen};
use super::super::wishes::Wishes;
use super::super::{Domain, standard_normal, stream};
use super::calendar::{Link, Planned, days, lay_out};
use super::checks::Checks;
use super::defects::Shown;
use super::mix::{Class, Kind, RegionGroup};
use super::people::RegionPerson;
use super::plan::Detail;
use super::pool::{Combination, in_turn, sexes_of};
use super::sheet::{self, Sheet, put_number, put_two};
use super::stay::{self, Facts};
use super::{MadePersons, PersonEnd, RecordEnd, Region, bill};
use crate::diagnostics::Result;
use crate::grouper::Workspace;
use crate::records::{Column, RowBuffer};
use crate::tables::NumberFact;

/// Variants of codes tried for one stay before another group is.
const VARIANTS: usize = 16;
/// Draws of codes for one combination.
const DRAWS: usize = 50;
/// Other groups tried for one stay.
const OTHER_GROUPS: usize = 12;

/// Makes persons, one after the other.
pub(super) struct Maker<'g, 'r> {
    region: &'r Region<'g>,
    work: Workspace,
    pub(super) checks: Checks<'r>,
    row: String,
    buffer: RowBuffer,
    /// A record being checked.
    tried: Sheet,
    /// Sheets that were written, to be filled again.
    spare: Vec<Sheet>,
}

/// A person whose records are made but not yet written.
#[derive(Default)]
pub(super) struct KeptPerson<'r> {
    persons: String,
    pub(super) kept: Vec<Kept<'r>>,
}

/// A stay that is kept.
pub(super) struct Kept<'r> {
    pub(super) sheet: Sheet,
    kind: &'static str,
    /// The group.
    planned: &'r str,
    cost_factor: f64,
}

impl<'g, 'r> Maker<'g, 'r> {
    pub(super) fn new(region: &'r Region<'g>) -> Maker<'g, 'r> {
        Maker {
            region,
            work: Workspace::default(),
            checks: Checks::new(region.book, &region.headers),
            row: String::new(),
            buffer: RowBuffer::default(),
            tried: Sheet::new(),
            spare: Vec::new(),
        }
    }

    /// Whether any combination of codes of a group can be found.
    pub(super) fn can_make(&mut self, group: &RegionGroup) -> bool {
        let places = 0..self.region.pools.of(group.number, false).len();
        places
            .into_iter()
            .any(|place| self.variant(group, false, place).is_some())
    }

    /// A combination of the pool of a group.
    fn combination(
        &mut self,
        group: &RegionGroup,
        births: bool,
        rng: &mut ChaCha8Rng,
    ) -> Option<&'r Combination> {
        let pool = self.region.pools.of(group.number, births);
        in_turn(pool.len(), rng).find_map(|place| self.variant(group, births, place))
    }

    /// One place of the pool of a group, drawn when it is asked for the first time.
    fn variant(&mut self, group: &RegionGroup, births: bool, place: usize) -> Option<&'r Combination> {
        let region = self.region;
        let held = region.pools.of(group.number, births).get(place)?;
        let drawn = held.get_or_init(|| {
            let mut rng = region.pools.stream(group.number, births, place);
            self.draw_combination(group, births, &mut rng).map(Box::new)
        });
        drawn.as_deref()
    }

    /// Draws codes until somebody can have them.
    fn draw_combination(
        &mut self,
        group: &RegionGroup,
        births: bool,
        rng: &mut ChaCha8Rng,
    ) -> Option<Combination> {
        let region = self.region;
        for _ in 0..DRAWS {
            // of alternatives in the rule another one each time
            let wishes = region.coder.drawer.wishes(&group.base, rng);
            let codes = region.coder.draw(&wishes, births, rng);
            if !region.can_write(&codes) {
                continue;
            }
            let mut found = [false; 2];
            let sexes = sexes_of(group, &wishes);
            let mut combination = Combination::new(&region.coder, wishes, codes, rng);
            for sex in sexes {
                combination.sexes = [sex == 1, sex == 2];
                let suits = self.suits_somebody(group, &combination, births, rng);
                if let Some(found) = found.get_mut(usize::from(sex) - 1) {
                    *found = suits;
                }
            }
            combination.sexes = found;
            if found.contains(&true) {
                return Some(combination);
            }
        }
        None
    }

    /// Whether codes suit a person made for them.
    fn suits_somebody(
        &mut self,
        group: &RegionGroup,
        combination: &Combination,
        births: bool,
        rng: &mut ChaCha8Rng,
    ) -> bool {
        let plan = &self.region.plan;
        let mut stay = self.planned(group, combination, (Link::Apart, 0), rng);
        let mut person = RegionPerson::new(0, plan.first_year, (group, combination), (plan, 0.5), rng);
        stay.admit = Date::new(plan.first_year, 7, 1).unwrap_or_default();
        if group.class == Class::Newborn {
            let (youngest, _) = combination.wishes.bounds(NumberFact::AgeDays);
            let birth = plus_days(stay.admit, -(youngest / 100).clamp(0, stay::NEWBORN_DAYS));
            person = person.child_of(birth, plan, rng);
            person.sex = if combination.is_of_sex(1) { 1 } else { 2 };
        }
        stay.discharge = plus_days(stay.admit, stay.nights);
        let newborn = group.class == Class::Newborn || births;
        let weight = newborn.then(|| stay::birth_weight(Some(&combination.wishes), rng));
        let facts = self.facts(&person, &stay, None, (1, weight, births), rng);
        let Some((mut facts, _)) = facts else { return false };
        self.take_weight(&mut facts, combination, births, rng);
        facts.draw_care(&stay, combination, rng);
        self.groups_as(&facts, &stay, combination) && self.suits(&facts, &stay, combination)
    }

    /// A person with her records, defects and all.
    ///
    /// # Errors
    /// A value cannot be written in the encoding asked for.
    pub(super) fn person(&mut self, index: u64, made: &mut MadePersons) -> Result<()> {
        // a stream of its own: records are the same with defects and without
        let mut rng = stream(self.region.plan.seed, Domain::Defects, index);
        let KeptPerson { persons, kept } = self.make_person(index);
        made.persons.push_str(&persons);
        for record in kept {
            self.finish(record, made, &mut rng)?;
        }
        made.ends.push(PersonEnd {
            records: made.records.len(),
            persons: made.persons.len(),
            joined: made.joined.len(),
            losses: std::mem::take(&mut self.buffer.row.losses),
        });
        Ok(())
    }

    pub(super) fn make_person(&mut self, index: u64) -> KeptPerson<'r> {
        let region = self.region;
        let mut rng = stream(region.plan.seed, Domain::Persons, index);
        let entry = region.draw_entry(&mut rng);
        let gives_birth = rng.random_bool(region.births);
        let kind = if gives_birth { Kind::Delivery } else { Kind::Any };
        let mut made = KeptPerson::default();
        let Some(first) = self.plan_stay(kind, Link::Apart, &mut rng) else {
            return made;
        };
        let plan = (&region.plan, region.older);
        let person = RegionPerson::new(index, entry, (first.group, first.combination), plan, &mut rng);
        let mut first = Some(first);
        // infants are out of the newborn weeks by their first stay
        let mut free = (person.birth.year() == entry).then(|| plus_days(person.birth, 40));
        let mut visit = 0;
        for year in entry..=region.last_year() {
            if year > entry && !rng.random_bool(region.plan.persons.again_next_year.get()) {
                continue;
            }
            let mut stays = self.plan_year(&person, year, first.take(), &mut rng);
            lay_out(&mut stays, year, free, &mut rng);
            free = stays.last().map(|stay| stay.discharge).or(free);
            let child = gives_birth && year == entry;
            if !self.keep_year(&person, &stays, child, &mut visit, &mut made, &mut rng) {
                break;
            }
        }
        if !made.kept.is_empty() {
            let children = std::mem::take(&mut made.persons);
            person.put_row(&mut made.persons);
            made.persons.push_str(&children);
        }
        made
    }

    /// The stays of one year; a death is the last.
    fn plan_year(
        &mut self,
        person: &RegionPerson,
        year: i16,
        first: Option<Planned<'r>>,
        rng: &mut ChaCha8Rng,
    ) -> Vec<Planned<'r>> {
        let region = self.region;
        let more = region.more_stays.map_or(0, |law| law.sample(rng)).min(40);
        let mut stays: Vec<Planned<'r>> = Vec::new();
        let mut next = first;
        for number in 0..=more {
            let link = match number {
                0 => Link::Apart,
                _ if rng.random_bool(region.plan.persons.within_31_days.get()) => Link::Return,
                _ => Link::Apart,
            };
            let before = stays.last();
            let planned = next
                .take()
                .or_else(|| self.plan_for(person, year, link, before, rng));
            let Some(mut stay) = planned else { continue };
            if number > 0
                && let Some(before) = before
            {
                stay.hospital = self.hospital_again(before.hospital, &stay, rng);
            }
            let (dies, moves_on) = (stay.status == "5", stay.status == "2");
            stays.push(stay);
            if moves_on {
                follow_transfer(&mut stays, self, rng);
            }
            if dies || stays.last().is_some_and(|last| last.status == "5") {
                break;
            }
        }
        stays
    }

    /// A stay in a group that this person can have.
    fn plan_for(
        &mut self,
        person: &RegionPerson,
        year: i16,
        link: Link,
        before: Option<&Planned<'r>>,
        rng: &mut ChaCha8Rng,
    ) -> Option<Planned<'r>> {
        for _ in 0..20 {
            let stay = self.plan_stay(Kind::Any, link, rng)?;
            // one delivery a year is enough
            let again = stay.group.class == Class::Obstetric && before.is_some();
            if !again && person.can_have(year, stay.group, stay.combination) {
                return Some(stay);
            }
        }
        let before = before.filter(|before| before.status != "5")?;
        let mut same = before.clone();
        (same.link, same.status) = (link, "1");
        Some(same)
    }

    fn plan_stay(&mut self, kind: Kind, link: Link, rng: &mut ChaCha8Rng) -> Option<Planned<'r>> {
        let region = self.region;
        for _ in 0..OTHER_GROUPS {
            let group = region.mix.draw(kind, rng)?;
            let hospital = region.hospitals.draw(group.draw_level(rng), rng);
            if let Some(combination) = self.combination(group, kind == Kind::Delivery, rng) {
                return Some(self.planned(group, combination, (link, hospital), rng));
            }
        }
        None
    }

    fn planned<'p>(
        &self,
        group: &'p RegionGroup,
        combination: &'p Combination,
        (link, hospital): (Link, usize),
        rng: &mut ChaCha8Rng,
    ) -> Planned<'p>
    where
        'g: 'p,
        'r: 'p,
    {
        let plan = &self.region.plan.stays;
        let (cost_normal, own_normal) = (standard_normal(rng), standard_normal(rng));
        let correlation = plan.cost_correlation.get();
        let normal = correlation * cost_normal + (1.0 - correlation * correlation).sqrt() * own_normal;
        let sigma = plan.sigma.get();
        let stay = group.stay * (sigma * normal - sigma * sigma / 2.0).exp();
        Planned {
            status: self.status(&combination.wishes, rng),
            nights: nights(&combination.wishes, stay, rng),
            group,
            combination,
            link,
            cost_normal,
            hospital,
            admit: Date::default(),
            discharge: Date::default(),
        }
    }

    fn status(&self, wishes: &Wishes, rng: &mut ChaCha8Rng) -> &'r str {
        let region = self.region;
        if wishes.discharge.is_some() {
            return region.coder.drawer.discharge_status(wishes, rng);
        }
        let mut rest: f64 = rng.random();
        let mut shares = region.plan.stays.discharge_status.iter();
        let drawn = shares.find(|(_, share)| {
            rest -= share.get();
            rest < 0.0
        });
        drawn.map_or("1", |(status, _)| status.as_str())
    }

    /// Most return to the hospital they know, if its level is the one the group is treated at.
    fn hospital_again(&self, known: usize, stay: &Planned<'r>, rng: &mut ChaCha8Rng) -> usize {
        let region = self.region;
        let level = (0..3).find(|level| region.hospitals.is_of_level(stay.hospital, *level));
        let suits = level.is_some_and(|level| region.hospitals.is_of_level(known, level));
        match suits && rng.random_bool(region.plan.persons.same_hospital.get()) {
            true => known,
            false => stay.hospital,
        }
    }

    /// Makes the records of a year; false if the person has died.
    fn keep_year(
        &mut self,
        person: &RegionPerson,
        stays: &[Planned<'r>],
        child: bool,
        visit: &mut usize,
        made: &mut KeptPerson<'r>,
        rng: &mut ChaCha8Rng,
    ) -> bool {
        let mut kept = Vec::with_capacity(stays.len() + 1);
        for (place, stay) in stays.iter().enumerate() {
            let next = stays.get(place + 1).filter(|next| next.link == Link::Transfer);
            *visit += 1;
            let born = child && place == 0;
            let infant = born.then(|| self.child(person, stay, rng)).flatten();
            let weight = infant.as_ref().map(|(_, weight, _)| *weight);
            let Some(record) = self.keep(person, stay, next, (*visit, weight, born), rng) else {
                return true; // a year of which one stay cannot be made is left out whole
            };
            kept.push(record);
            if let Some((infant, _, record)) = infant {
                infant.put_row(&mut made.persons);
                kept.push(record);
            }
        }
        made.kept.append(&mut kept);
        stays.last().is_none_or(|last| last.status != "5")
    }

    /// The newborn of a delivery, its weight, its own record.
    fn child(
        &mut self,
        mother: &RegionPerson,
        delivery: &Planned<'r>,
        rng: &mut ChaCha8Rng,
    ) -> Option<(RegionPerson, i64, Kept<'r>)> {
        let region = self.region;
        for _ in 0..OTHER_GROUPS {
            let mut stay = self.plan_stay(Kind::Newborn, Link::Apart, rng)?;
            if stay.status == "2" {
                stay.status = "1";
            }
            let birth = plus_days(delivery.admit, rng.random_range(0..=delivery.nights.min(1)));
            let child = mother.child_of(birth, &region.plan, rng);
            let (low, high) = stay.combination.wishes.bounds(NumberFact::AgeDays);
            let (low, high) = ((low / 100).clamp(0, 28), (high / 100).clamp(0, 28));
            let age = if rng.random_bool(0.7) {
                low
            } else {
                rng.random_range(low..=high.max(low))
            };
            stay.admit = plus_days(birth, age);
            // at home with the mother's hospital unless brought in later
            if age <= 1 {
                stay.hospital = delivery.hospital;
            }
            let last = Date::new(region.last_year(), 12, 31).unwrap_or_default();
            stay.nights = stay.nights.min(days(stay.admit, last)).max(0);
            stay.discharge = plus_days(stay.admit, stay.nights);
            let weight = stay::birth_weight(Some(&stay.combination.wishes), rng);
            if stay.admit <= last
                && let Some(record) = self.keep_once(&child, &stay, None, (1, Some(weight), false), rng)
            {
                return Some((child, weight, record));
            }
        }
        None
    }

    /// A stay that groups as planned and in which nothing is found; another group if need be.
    fn keep(
        &mut self,
        person: &RegionPerson,
        stay: &Planned<'r>,
        next: Option<&Planned<'r>>,
        about: (usize, Option<i64>, bool),
        rng: &mut ChaCha8Rng,
    ) -> Option<Kept<'r>> {
        if let Some(kept) = self.keep_once(person, stay, next, about, rng) {
            return Some(kept);
        }
        for _ in 0..OTHER_GROUPS {
            let kind = if about.2 { Kind::Delivery } else { Kind::Any };
            let mut other = self.plan_stay(kind, stay.link, rng)?;
            (other.status, other.nights) = (stay.status, stay.nights);
            (other.hospital, other.admit, other.discharge) = (stay.hospital, stay.admit, stay.discharge);
            let suits = person.can_have(stay.admit.year(), other.group, other.combination);
            if suits && let Some(kept) = self.keep_once(person, &other, next, about, rng) {
                return Some(kept);
            }
        }
        None
    }

    fn keep_once(
        &mut self,
        person: &RegionPerson,
        stay: &Planned<'r>,
        next: Option<&Planned<'r>>,
        about: (usize, Option<i64>, bool),
        rng: &mut ChaCha8Rng,
    ) -> Option<Kept<'r>> {
        let (mut facts, factor) = self.facts(person, stay, next, about, rng)?;
        let gives_birth = about.2;
        let combination = self.suitable(&mut facts, stay, gives_birth, rng)?;
        let sheet = self.write(&facts, stay, combination, rng);
        let kind = match stay.link {
            _ if person.id.ends_with('N') => "newborn",
            Link::Transfer => "transferred",
            Link::Return => "return",
            Link::Apart if gives_birth => "mother",
            Link::Apart => "",
        };
        Some(Kept {
            sheet,
            kind,
            planned: &stay.group.code,
            cost_factor: factor,
        })
    }

    /// What is known of a stay but its codes, and the factor of its cost.
    fn facts<'f>(
        &self,
        person: &'f RegionPerson,
        stay: &Planned<'_>,
        next: Option<&Planned<'_>>,
        (visit, birth_weight, _): (usize, Option<i64>, bool),
        rng: &mut ChaCha8Rng,
    ) -> Option<(Facts<'f>, f64)>
    where
        'r: 'f,
    {
        let region = self.region;
        let hospital = region.hospitals.all.get(stay.hospital)?;
        let years = i32::from(stay.discharge.year() - region.plan.first_year);
        let sigma = region.plan.cost.sigma.get();
        let factor = hospital.cost_factor
            * (1.0 + region.plan.trend.cost.get()).powi(years)
            * (sigma * stay.cost_normal - sigma * sigma / 2.0).exp();
        let days = f64::from(i32::try_from(stay.nights.max(1)).unwrap_or(1));
        // within what a day can cost at all
        let cost = (stay.group.cost_fen * factor).clamp(6_000.0 * days, 1_900_000.0 * days);
        let admit_minute = rng.random_range(8 * 60..14 * 60);
        let discharge_minute = match (stay.nights, next) {
            (0, _) => admit_minute + rng.random_range(120..=300),
            // early enough for an admission elsewhere on the same day
            (_, Some(_)) => rng.random_range(6 * 60..8 * 60),
            _ => rng.random_range(8 * 60..17 * 60),
        };
        let facts = Facts {
            visit,
            person,
            age: person.age(stay.admit),
            age_days: days_between(person.birth, stay.admit),
            hospital,
            next_hospital: next.and_then(|next| region.hospitals.all.get(next.hospital)),
            birth_weight,
            icu_hours: 0,
            ventilator_hours: None,
            day_surgery: false,
            cured: false,
            admit_minute,
            discharge_minute,
            minutes: stay.nights * 1440 + discharge_minute - admit_minute,
            total: to_fen(cost),
        };
        Some((facts, factor))
    }

    /// A woman who gave birth carries the weight of the child.
    fn take_weight(
        &self,
        facts: &mut Facts<'_>,
        combination: &Combination,
        gives_birth: bool,
        rng: &mut ChaCha8Rng,
    ) {
        let delivers = facts.person.sex == 2 && combination.delivers;
        if delivers && facts.birth_weight.is_none() {
            facts.birth_weight = Some(stay::birth_weight(None, rng));
        }
        if !delivers && !gives_birth && !facts.person.id.ends_with('N') {
            facts.birth_weight = None;
        }
    }

    /// Codes of the group that suit the stay: those it was planned with, or others of the pool.
    fn suitable(
        &mut self,
        facts: &mut Facts<'_>,
        stay: &Planned<'r>,
        gives_birth: bool,
        rng: &mut ChaCha8Rng,
    ) -> Option<&'r Combination> {
        let mut combination = stay.combination;
        for _ in 0..VARIANTS {
            self.take_weight(facts, combination, gives_birth, rng);
            facts.draw_care(stay, combination, rng);
            if self.suits(facts, stay, combination) {
                return Some(combination);
            }
            combination = self.combination(stay.group, gives_birth, rng)?;
        }
        None
    }

    /// Whether the record of a stay with these codes groups as planned, and nothing is found in it.
    fn suits(&mut self, facts: &Facts<'_>, stay: &Planned<'_>, combination: &Combination) -> bool {
        let Some(cell) = self.region.bands.cell(facts, stay) else {
            return self.try_out(facts, stay, combination);
        };
        if let Some(suits) = combination.verdict(&cell) {
            return suits;
        }
        let suits = self.try_out(facts, stay, combination);
        combination.note(cell, suits);
        suits
    }

    fn try_out(&mut self, facts: &Facts<'_>, stay: &Planned<'_>, combination: &Combination) -> bool {
        facts.write_checked(stay, combination, &mut self.tried);
        self.row.clear();
        self.tried.write(&sheet::SOUND, &mut self.row);
        let grouper = self.region.grouper;
        self.checks
            .sound_case(&self.row)
            .is_some_and(|case| grouper.group(case, &mut self.work).code(grouper.scheme()) == stay.group.code)
    }

    /// Whether fresh codes reach the group at all: most do not, and grouping costs less than checking.
    fn groups_as(&mut self, facts: &Facts<'_>, stay: &Planned<'_>, combination: &Combination) -> bool {
        facts.write_checked(stay, combination, &mut self.tried);
        self.row.clear();
        self.tried.write(&sheet::PROBE, &mut self.row);
        let grouper = self.region.grouper;
        self.checks
            .case(&self.row)
            .is_some_and(|case| grouper.group(case, &mut self.work).code(grouper.scheme()) == stay.group.code)
    }

    /// The whole record.
    fn write(
        &mut self,
        facts: &Facts<'_>,
        stay: &Planned<'_>,
        combination: &Combination,
        rng: &mut ChaCha8Rng,
    ) -> Sheet {
        let region = self.region;
        let mut sheet = self.spare.pop().unwrap_or_else(Sheet::new);
        facts.write_checked(stay, combination, &mut sheet);
        let full = region.plan.output.detail == Detail::Full;
        if full {
            facts.write_rest(stay, combination, &region.coder, &mut sheet, rng);
        } else {
            facts.write_short(&mut sheet);
        }
        let employee = facts.person.scheme == "employee";
        bill::write_bill(
            &mut sheet,
            facts.total,
            (combination.operated, employee, full),
            rng,
        );
        sheet
    }

    /// Plants a defect, or does not, and writes the record.
    ///
    /// # Errors
    /// A value cannot be written in the encoding asked for.
    fn finish(&mut self, kept: Kept<'_>, made: &mut MadePersons, rng: &mut ChaCha8Rng) -> Result<()> {
        let region = self.region;
        let planted = region
            .defects
            .plant(&kept.sheet, &region.written, &mut self.checks, rng);
        let sayable = |shown: &Shown| {
            let edition = region.edition.as_ref();
            edition.is_none_or(|edition| edition.can_rewrite(&shown.sheet))
        };
        let planted = planted.filter(sayable);
        if let Some((_, columns)) = &region.joined {
            made.joined.push_str(kept.sheet.get(Column::CaseId));
            made.joined.push(',');
            kept.sheet.write(columns, &mut made.joined);
            made.joined.push('\n');
        }
        let mut record = RecordEnd::default();
        let first = (made.rows.len(), made.truth.len());
        made.truth.push_str(kept.sheet.get(Column::CaseId));
        let case_id = made.truth.len();
        kept.put_truth(&mut made.truth);
        let mut shown = planted.unwrap_or(Shown {
            edit: String::new(),
            sheet: kept.sheet,
            copies: 1,
            tail: b"",
        });
        made.truth.push_str(&shown.edit);
        if let Some(edition) = &region.edition {
            edition.rewrite(&mut shown.sheet);
        }
        let sheet = &shown.sheet;
        region
            .form
            .put(|column| sheet.get(column), &mut self.buffer, &mut made.rows)?;
        made.rows.extend_from_slice(shown.tail);
        let ends = (made.rows.len(), made.truth.len());
        for copy in 0..shown.copies {
            if copy > 0 {
                made.rows.extend_from_within(first.0..ends.0);
                let copied = made.truth.get(first.1..ends.1).unwrap_or_default().to_owned();
                made.truth.push_str(&copied);
            }
            record.row = ends.0 + copy * (ends.0 - first.0);
            let behind = copy * (ends.1 - first.1);
            record.truth = [case_id + behind, ends.1 + behind];
            made.records.push(record);
        }
        self.spare.push(shown.sheet);
        Ok(())
    }
}

impl Kept<'_> {
    /// Appends the cells of the truth behind the line, but for what is planted.
    fn put_truth(&self, text: &mut String) {
        let cells = [
            self.sheet.get(Column::Person),
            self.kind,
            self.planned,
            self.planned,
        ];
        for cell in cells {
            text.push_str(cell);
            text.push(',');
        }
        let factor = round_to_int(self.cost_factor * 10_000.0);
        put_number(factor / 10_000, text);
        text.push('.');
        put_two(factor / 100, text);
        put_two(factor, text);
        text.push(',');
    }
}

/// The stay elsewhere that a transfer leads to: the same group, another hospital of a level above if
/// there is one.
fn follow_transfer<'r>(stays: &mut Vec<Planned<'r>>, maker: &mut Maker<'_, 'r>, rng: &mut ChaCha8Rng) {
    let Some(from) = stays.last() else { return };
    let hospitals = &maker.region.hospitals;
    let level = usize::from(!hospitals.is_of_level(from.hospital, 0) && rng.random_bool(0.3));
    let hospital = hospitals.other(from.hospital, level, rng);
    let combination = maker
        .combination(from.group, false, rng)
        .unwrap_or(from.combination);
    let mut next = maker.planned(from.group, combination, (Link::Transfer, hospital), rng);
    if next.status == "2" {
        next.status = "1";
    }
    stays.push(next);
}

/// Nights of a stay of so many days, within what is asked; a third of the stays of one day have none.
fn nights(wishes: &Wishes, days: f64, rng: &mut ChaCha8Rng) -> i64 {
    let (shortest, longest) = wishes.bounds(NumberFact::Los);
    let shortest = (shortest / 100).max(1);
    let longest = (longest / 100).clamp(shortest, 180.max(shortest));
    let days = round_to_int(days).clamp(shortest, longest);
    if days == 1 && rng.random_bool(0.3) {
        0
    } else {
        days
    }
}
