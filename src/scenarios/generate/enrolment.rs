//! Persons with covers, payments, subsidies and lists (模拟参保数据): sound by a finance file, but for a
//! stated share of persons with one planted defect each; the truth says which findings it makes.
//!
//! A person has a random stream of its own, so the same plan gives the same bytes in any size.
//! Shares are assumptions; there are numbers, and no names.

use std::fmt::Write as _;

use jiff::civil::Date;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{Domain, stream};
use crate::benefit::enrolment::{Enrolling, Kind};
use crate::benefit::finance::{CoverPeriod, FinancePolicy, Span, WaitingDays};
use crate::diagnostics::{Error, Result};
use crate::units::Fen;

/// Columns of what was planted.
pub const ENROLMENT_TRUTH_COLUMNS: [&str; 3] = ["person", "kind", "count"];

/// What to generate (生成计划).
#[derive(Clone, Copy, Debug)]
pub struct EnrolmentPlan {
    /// How many persons.
    pub persons: u64,
    /// Other seed, other persons.
    pub seed: u64,
    /// The year whose cover they bought.
    pub year: i16,
    /// Share of persons with one planted defect.
    pub defects: f64,
}

/// Rows of some persons: the five tables in the order of [`TABLES`](crate::scenarios::enrolment::TABLES),
/// and the truth.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnrolmentRows {
    /// Rows without header.
    pub tables: [String; 5],
    /// Expected findings by person and kind.
    pub truth: String,
    /// Persons with a defect.
    pub planted: u64,
}

/// Districts of the region; a person belongs to one.
const DISTRICTS: [&str; 4] = ["D01", "D02", "D03", "D04"];
/// Grounds and their shares.
const PERMIT_SHARE: f64 = 0.06;
/// Share of residents on the poverty list.
const POOR_SHARE: f64 = 0.08;
/// Share of the second and later plans.
const DEARER_SHARE: f64 = 0.25;

/// How somebody is insured in the year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Resident,
    Student,
    Employee,
    Moved,
    Newborn,
    Late,
}

/// Makes persons by a plan (参保数据生成器).
#[derive(Debug)]
pub struct EnrolmentMaker<'p> {
    policy: &'p FinancePolicy,
    plan: EnrolmentPlan,
    period: CoverPeriod,
    window: Span,
    /// The student periods that follow each other to the end of the year; empty if they do not.
    student: Vec<(CoverPeriod, Span)>,
    /// Categories with a subsidy that leaves something or nothing to pay.
    poor: Vec<String>,
    /// The known waiting days begin to run on this length.
    waits: bool,
    ground: String,
    permit: Option<String>,
    student_ground: Option<String>,
}

type Refusal<T> = std::result::Result<T, String>;

impl<'p> EnrolmentMaker<'p> {
    /// Prepares a plan by a finance file.
    ///
    /// # Errors
    /// A share outside 0 to 1; a year without fee, window or ground.
    pub fn new(policy: &'p FinancePolicy, plan: EnrolmentPlan) -> Result<EnrolmentMaker<'p>> {
        if !(0.0..=1.0).contains(&plan.defects) {
            let message = format!("--defects is {}; expected a share from 0 to 1", plan.defects);
            return Err(Error::new(message));
        }
        EnrolmentMaker::prepare(policy, plan).map_err(Error::new)
    }

    fn prepare(policy: &'p FinancePolicy, plan: EnrolmentPlan) -> Refusal<EnrolmentMaker<'p>> {
        let period = CoverPeriod::year(plan.year).ok_or_else(|| format!("{} is no year", plan.year))?;
        policy.fee_row(period, false)?;
        let window = policy.window(period, false);
        let window = window.ok_or_else(|| format!("`enrolment.window` has no row for {period}"))?;
        let grounds = policy.grounds_on(window.value.days.from);
        let grounds = grounds.ok_or("`enrolment.grounds` has no row for the window")?;
        let ground = |word: &str| grounds.value.1.iter().find(|known| known.contains(word)).cloned();
        let subsidised = policy
            .enrol_subsidies()
            .iter()
            .filter(|row| row.value.benefit == period);
        let poor: Vec<String> = subsidised.flat_map(|row| row.value.categories.clone()).collect();
        let late = Date::new(plan.year, 3, 1).map_err(|e| e.to_string())?;
        let latecomer = Enrolling {
            on: late,
            window: None,
            birth: None,
            employee_to: None,
            categories: &[],
        };
        Ok(EnrolmentMaker {
            policy,
            plan,
            period,
            window: window.value.days,
            student: student_periods(policy, period),
            poor,
            waits: matches!(policy.waiting_days(&latecomer), WaitingDays::Until(_)),
            ground: grounds.value.1.first().cloned().unwrap_or_default(),
            permit: ground("permit"),
            student_ground: ground("student"),
        })
    }

    /// The persons of these numbers.
    ///
    /// # Errors
    /// A fee that leaves the range of money.
    pub fn persons(&self, numbers: std::ops::Range<u64>) -> Result<EnrolmentRows> {
        let mut rows = EnrolmentRows::default();
        for number in numbers {
            let mut rng = stream(self.plan.seed, Domain::Persons, number);
            let mut person = Made::new(self, number, &mut rng);
            if rng.random_bool(self.plan.defects) {
                rows.planted += 1;
                person
                    .sound()
                    .and_then(|()| person.plant(&mut rng))
                    .map_err(Error::new)?;
            } else {
                person.sound().map_err(Error::new)?;
            }
            person.write(&mut rows);
        }
        Ok(rows)
    }

    fn role(&self, rng: &mut ChaCha8Rng) -> Role {
        match rng.random_range(0..100) {
            0..60 => Role::Resident,
            60..72 if !self.student.is_empty() => Role::Student,
            60..86 => Role::Employee,
            86..91 => Role::Moved,
            91..95 => Role::Newborn,
            _ if self.waits => Role::Late,
            _ => Role::Resident,
        }
    }
}

/// Student periods from one that begins before the year to the end of the year, without a day between.
fn student_periods(policy: &FinancePolicy, year: CoverPeriod) -> Vec<(CoverPeriod, Span)> {
    let year = year.span();
    let fees = || {
        policy
            .fees()
            .iter()
            .map(|fee| &fee.value)
            .filter(|fee| fee.student)
    };
    let mut chain = Vec::new();
    let mut next = fees().find(|fee| {
        let span = fee.benefit.span();
        span.from < year.from && span.holds(year.from)
    });
    while let Some(fee) = next {
        let Some(window) = policy.window(fee.benefit, true) else {
            return Vec::new();
        };
        chain.push((fee.benefit, window.value.days));
        let to = fee.benefit.span().to;
        if to >= year.to {
            return chain;
        }
        next = fees().find(|fee| to.tomorrow().is_ok_and(|day| fee.benefit.span().from == day));
    }
    Vec::new()
}

/// A day inside, drawn evenly.
fn draw_day(days: Span, rng: &mut ChaCha8Rng) -> Date {
    let after = rng.random_range(0..days.days().max(1));
    days.from.saturating_add(jiff::Span::new().days(after))
}

fn later(day: Date, days: i64) -> Date {
    day.saturating_add(jiff::Span::new().days(days))
}

#[derive(Clone, Debug)]
struct CoverRow {
    scheme: &'static str,
    place: &'static str,
    benefit: Option<CoverPeriod>,
    enrolled_on: Option<Date>,
    days: Option<(Date, Option<Date>)>,
}

#[derive(Clone, Debug)]
struct PaymentRow {
    place: &'static str,
    student: bool,
    benefit: CoverPeriod,
    paid_on: Date,
    amount: Fen,
}

#[derive(Clone, Debug)]
struct SubsidyRow {
    benefit: CoverPeriod,
    category: String,
    amount: Fen,
    granted_on: Date,
}

#[derive(Clone, Debug)]
struct ListRow {
    list: &'static str,
    place: &'static str,
    category: String,
}

/// One person being made.
struct Made<'m, 'p> {
    of: &'m EnrolmentMaker<'p>,
    id: String,
    role: Role,
    place: &'static str,
    plan: String,
    ground: String,
    category: Option<String>,
    birth: Date,
    died_on: Option<Date>,
    /// The day of enrolment and payment, of an employee the last day.
    day: Date,
    covers: Vec<CoverRow>,
    payments: Vec<PaymentRow>,
    subsidies: Vec<SubsidyRow>,
    lists: Vec<ListRow>,
    truth: Vec<(Kind, u32)>,
}

impl<'m, 'p> Made<'m, 'p> {
    fn new(of: &'m EnrolmentMaker<'p>, number: u64, rng: &mut ChaCha8Rng) -> Made<'m, 'p> {
        let role = of.role(rng);
        let year = of.period.span();
        let place = DISTRICTS
            .get(rng.random_range(0..DISTRICTS.len()))
            .copied()
            .unwrap_or_default();
        let plans = of.policy.plans();
        let plan = if rng.random_bool(DEARER_SHARE) {
            plans.last()
        } else {
            plans.first()
        };
        let is_poor = role == Role::Resident && !of.poor.is_empty() && rng.random_bool(POOR_SHARE);
        let category = is_poor.then(|| of.poor.get(rng.random_range(0..of.poor.len())).cloned());
        let ground = match (role, &of.student_ground, &of.permit) {
            (Role::Student, Some(student), _) => student,
            (_, _, Some(permit)) if rng.random_bool(PERMIT_SHARE) => permit,
            _ => &of.ground,
        };
        let first_half = Span {
            from: later(year.from, 30),
            to: later(year.from, 180),
        };
        let (born, day) = match role {
            Role::Newborn => {
                let birth = draw_day(first_half, rng);
                (birth, later(birth, rng.random_range(1..60)))
            }
            Role::Student => (
                later(year.from, -i64::from(rng.random_range(18 * 365..23 * 365))),
                year.from,
            ),
            Role::Resident => (old(year.from, rng), draw_day(of.window, rng)),
            _ => (old(year.from, rng), draw_day(first_half, rng)),
        };
        Made {
            of,
            id: format!("P{number:08}"),
            role,
            place,
            plan: plan.cloned().unwrap_or_default(),
            ground: ground.clone(),
            category: category.flatten(),
            birth: born,
            died_on: None,
            day,
            covers: Vec::new(),
            payments: Vec::new(),
            subsidies: Vec::new(),
            lists: Vec::new(),
            truth: Vec::new(),
        }
    }

    /// Rows without a fault.
    fn sound(&mut self) -> Refusal<()> {
        let year = self.of.period.span();
        self.lists = self.listed();
        match self.role {
            Role::Resident => {
                self.earlier_year();
                self.bought(year.from)?;
            }
            Role::Student => {
                for (period, window) in self.of.student.clone() {
                    self.student_period(period, window)?;
                }
            }
            Role::Employee => self.covers.push(self.employee(None)),
            Role::Moved => {
                self.covers.push(self.employee(Some(self.day)));
                self.day = later(self.day, 1);
                self.bought(self.day)?;
            }
            Role::Newborn => self.bought(self.birth)?,
            Role::Late => self.bought(self.waited())?,
        }
        Ok(())
    }

    /// The first day of cover of somebody who enrols outside the window.
    fn waited(&self) -> Date {
        let who = Enrolling {
            on: self.day,
            window: Some(self.of.window),
            birth: Some(self.birth),
            employee_to: None,
            categories: &[],
        };
        match self.of.policy.waiting_days(&who) {
            WaitingDays::Until(first) => first,
            _ => self.day,
        }
    }

    fn listed(&self) -> Vec<ListRow> {
        let Some(category) = &self.category else {
            return Vec::new();
        };
        let row = |list| ListRow {
            list,
            place: self.place,
            category: category.clone(),
        };
        vec![row("poverty"), row("tax"), row("insurance")]
    }

    fn employee(&self, to: Option<Date>) -> CoverRow {
        let from = later(self.of.period.span().from, -365 * 3);
        CoverRow {
            scheme: "employee",
            place: self.place,
            benefit: None,
            enrolled_on: None,
            days: Some((from, to)),
        }
    }

    /// The cover of the year before.
    fn earlier_year(&mut self) {
        if let Some(period) = CoverPeriod::year(self.of.plan.year - 1) {
            let days = period.span();
            self.covers.push(CoverRow {
                scheme: "resident",
                place: self.place,
                benefit: Some(period),
                enrolled_on: Some(later(days.from, -40)),
                days: Some((days.from, Some(days.to))),
            });
        }
    }

    /// Enrolled and paid on the day, covered from another.
    fn bought(&mut self, from: Date) -> Refusal<()> {
        let period = self.of.period;
        self.covers.push(CoverRow {
            scheme: "resident",
            place: self.place,
            benefit: Some(period),
            enrolled_on: Some(self.day),
            days: Some((from, Some(period.span().to))),
        });
        self.pay()
    }

    fn pay(&mut self) -> Refusal<()> {
        let (policy, period) = (self.of.policy, self.of.period);
        let fee = policy.fee(period, false, &self.plan)?;
        let categories: Vec<&str> = self.category.iter().map(String::as_str).collect();
        let mut amount = fee;
        if let Some((category, row)) = policy.subsidy_row(period, &categories) {
            let granted = policy.granted(&row.value, false, &self.plan)?;
            amount = match row.value.rest {
                Some(_) => Fen::ZERO,
                None => fee - granted,
            };
            if granted > Fen::ZERO {
                self.subsidies.push(SubsidyRow {
                    benefit: period,
                    category: category.to_owned(),
                    amount: granted,
                    granted_on: self.day,
                });
            }
        }
        self.payments.push(PaymentRow {
            place: self.place,
            student: false,
            benefit: period,
            paid_on: self.day,
            amount,
        });
        Ok(())
    }

    fn student_period(&mut self, period: CoverPeriod, window: Span) -> Refusal<()> {
        let days = period.span();
        self.covers.push(CoverRow {
            scheme: "resident",
            place: self.place,
            benefit: Some(period),
            enrolled_on: Some(window.from),
            days: Some((days.from, Some(days.to))),
        });
        self.payments.push(PaymentRow {
            place: self.place,
            student: true,
            benefit: period,
            paid_on: window.from,
            amount: self.of.policy.fee(period, true, &self.plan)?,
        });
        Ok(())
    }

    // ---- defects ----------------------------------------------------------------------------

    /// One defect that suits the person.
    fn plant(&mut self, rng: &mut ChaCha8Rng) -> Refusal<()> {
        let kinds = self.suitable();
        let kind = kinds.get(rng.random_range(0..kinds.len().max(1))).copied();
        let Some(kind) = kind else { return Ok(()) };
        self.truth.push((kind, self.count_of(kind)));
        self.spoil(kind);
        Ok(())
    }

    /// Lists are compared in three pairs: one that is wrong differs from both others.
    fn count_of(&self, kind: Kind) -> u32 {
        match kind {
            Kind::ListMissing | Kind::ListCategory => 2,
            _ => 1,
        }
    }

    fn suitable(&self) -> Vec<Kind> {
        use Kind as K;
        let has_subsidy = !self.subsidies.is_empty();
        let mut kinds = match self.role {
            Role::Resident if self.category.is_some() => {
                vec![K::PoorNotEnrolled, K::ListMissing, K::ListCategory, K::Elsewhere]
            }
            Role::Resident => vec![
                K::DeadEnrolled,
                K::StuckEnrolled,
                K::StuckPaid,
                K::EntitledUnpaid,
                K::Ground,
                K::FeeMismatch,
                K::PaidTwice,
                K::RefundDue,
                K::Overlap,
            ],
            Role::Student if self.covers.len() > 1 => vec![K::AcademicToCalendar],
            Role::Student => vec![K::PaidTwice],
            Role::Employee => vec![K::Lapse, K::SubsidyUnmatched],
            Role::Moved => vec![K::EmployeeToResident],
            Role::Newborn => vec![K::WaitingLong],
            Role::Late => vec![K::WaitingShort, K::Gap],
        };
        if has_subsidy {
            kinds.extend([K::SubsidyMissing, K::SubsidyTwice, K::SubsidyAmount]);
        }
        kinds
    }

    fn spoil(&mut self, kind: Kind) {
        let year = self.of.period.span();
        match kind {
            Kind::WaitingShort => self.begin_last(self.day),
            Kind::WaitingLong => self.begin_last(later(self.day, 30)),
            Kind::Overlap => {
                self.covers.remove(0);
                self.covers.insert(0, self.employee(None));
            }
            Kind::EmployeeToResident => {
                self.day = later(self.day, 20);
                let day = self.day;
                self.covers
                    .last_mut()
                    .into_iter()
                    .for_each(|cover| cover.enrolled_on = Some(day));
                self.payments.iter_mut().for_each(|payment| payment.paid_on = day);
                self.begin_last(day);
            }
            Kind::Lapse => self.covers = vec![self.employee(Some(self.day))],
            Kind::Gap => {
                self.earlier_year();
                self.covers.rotate_right(1);
            }
            Kind::AcademicToCalendar => self.no_bridge(),
            Kind::PoorNotEnrolled => self.nothing_bought(),
            Kind::DeadEnrolled => self.died_on = Some(later(year.from, 150)),
            Kind::RefundDue => self.died_before(),
            _ => self.spoil_rows(kind),
        }
    }

    /// Defects of payments, subsidies and lists.
    fn spoil_rows(&mut self, kind: Kind) {
        match kind {
            Kind::StuckEnrolled => {
                self.payments.clear();
                self.covers.remove(0);
                self.covers.iter_mut().for_each(|cover| cover.days = None);
            }
            Kind::StuckPaid => self.covers.clear(),
            Kind::EntitledUnpaid => self.payments.clear(),
            Kind::SubsidyMissing => self.subsidies.clear(),
            Kind::ListMissing => self.lists.retain(|row| row.list != "tax"),
            Kind::ListCategory => self.other_category(),
            Kind::Elsewhere => {
                let other = DISTRICTS.iter().find(|place| **place != self.place).copied();
                let other = other.unwrap_or_default();
                self.lists.iter_mut().for_each(|row| row.place = other);
            }
            Kind::Ground => self.ground = "work_permit".to_owned(),
            Kind::FeeMismatch => self
                .payments
                .iter_mut()
                .for_each(|row| row.amount += Fen::new(1_000)),
            Kind::PaidTwice => self.payments.extend(self.payments.first().cloned()),
            Kind::SubsidyUnmatched => self.subsidies.push(SubsidyRow {
                benefit: self.of.period,
                category: self.of.poor.first().cloned().unwrap_or_default(),
                amount: Fen::new(10_000),
                granted_on: self.day,
            }),
            Kind::SubsidyTwice => self.subsidies.extend(self.subsidies.first().cloned()),
            Kind::SubsidyAmount => self
                .subsidies
                .iter_mut()
                .for_each(|row| row.amount += Fen::new(500)),
            _ => {}
        }
    }

    fn begin_last(&mut self, from: Date) {
        if let Some((first, _)) = self.covers.last_mut().and_then(|cover| cover.days.as_mut()) {
            *first = from;
        }
    }

    /// The academic year, then the calendar year after: the bridge is missing.
    fn no_bridge(&mut self) {
        self.covers.truncate(1);
        self.payments.truncate(1);
        if let Some(period) = CoverPeriod::year(self.of.plan.year + 1) {
            let days = period.span();
            self.covers.push(CoverRow {
                scheme: "resident",
                place: self.place,
                benefit: Some(period),
                enrolled_on: Some(later(days.from, -40)),
                days: Some((days.from, Some(days.to))),
            });
        }
    }

    fn nothing_bought(&mut self) {
        self.covers.clear();
        self.payments.clear();
        self.subsidies.clear();
    }

    /// Paid in the window, and died before the year began.
    fn died_before(&mut self) {
        let died = later(self.of.period.span().from, -1);
        self.died_on = Some(died);
        self.covers.truncate(1);
        if let Some((_, to)) = self.covers.first_mut().and_then(|cover| cover.days.as_mut()) {
            *to = Some(died);
        }
    }

    fn other_category(&mut self) {
        let mut other = self.of.policy.categories().iter();
        let other = other
            .rfind(|category| Some(*category) != self.category.as_ref())
            .cloned();
        let insurance = self.lists.iter_mut().filter(|row| row.list == "insurance");
        insurance.for_each(|row| row.category = other.clone().unwrap_or_default());
    }

    // ---- rows -------------------------------------------------------------------------------

    fn write(&self, rows: &mut EnrolmentRows) {
        let [persons, coverage, payments, subsidies, lists] = &mut rows.tables;
        let Made { id, place, plan, .. } = self;
        let (birth, died) = (self.birth.to_string(), shown(self.died_on));
        put(persons, &[id, *place, &birth, &died, &self.ground].join(","));
        for cover in &self.covers {
            put(coverage, &format!("{id},{}", cover.cells(plan)));
        }
        for payment in &self.payments {
            let who = if payment.student { "student" } else { "" };
            let (place, benefit, paid_on) = (payment.place, payment.benefit, payment.paid_on);
            let amount = payment.amount;
            put(
                payments,
                &format!("{id},{place},{plan},{who},{benefit},{paid_on},{amount}"),
            );
        }
        for subsidy in &self.subsidies {
            let (benefit, category, day) = (subsidy.benefit, &subsidy.category, subsidy.granted_on);
            let amount = subsidy.amount;
            put(
                subsidies,
                &format!("{id},{place},{plan},{benefit},{category},{amount},{day}"),
            );
        }
        let since = later(self.of.period.span().from, -365 * 2);
        for entry in &self.lists {
            let (list, place, category) = (entry.list, entry.place, &entry.category);
            put(lists, &format!("{list},{id},{place},{category},{since},"));
        }
        for (kind, count) in &self.truth {
            put(&mut rows.truth, &format!("{id},{},{count}", kind.as_str()));
        }
    }
}

impl CoverRow {
    /// The cells behind the person's number.
    fn cells(&self, plan: &str) -> String {
        let benefit = self
            .benefit
            .map_or_else(String::new, |benefit| benefit.to_string());
        let plan = if self.benefit.is_some() { plan } else { "" };
        let (from, to) = (self.days.map(|(from, _)| from), self.days.and_then(|(_, to)| to));
        let days = [self.enrolled_on, from, to].map(shown).join(",");
        format!("{},{},{plan},{benefit},{days}", self.scheme, self.place)
    }
}

fn shown(day: Option<Date>) -> String {
    day.map_or_else(String::new, |day| day.to_string())
}

fn put(table: &mut String, row: &str) {
    // writing to a string cannot fail
    let _ = writeln!(table, "{row}");
}

/// A day of birth between 1 and 90 years before.
fn old(day: Date, rng: &mut ChaCha8Rng) -> Date {
    later(day, -i64::from(rng.random_range(365..90 * 365)))
}
