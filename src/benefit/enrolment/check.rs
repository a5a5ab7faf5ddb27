//! One person against the rules of enrolment and payment (个人核查).

use jiff::civil::Date;

use super::super::finance::{
    CoverPeriod, EnrolSubsidy, Fee, FinanceDocument, FinancePolicy, Parameter, Span, WaitingDays,
};
use super::cover::{Gap, GapKind, gaps, overlaps};
use super::finding::{EnrolFinding, Kind, RowOf};
use super::heads::{Head, Matched, matched};
use super::lists::{ListDifference, differences};
use super::person::{Cover, CoverScheme, List, PersonFile};
use super::waiting::Enrolling;
use crate::diagnostics::Texts;
use crate::units::Fen;

/// How far a person on the poverty list has come (参保缴费权益状态).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Not enrolled anywhere.
    Listed,
    /// 已参保
    Enrolled,
    /// 已缴费
    Paid,
    /// 已享受
    Entitled,
}

impl Stage {
    /// All, the first stage first.
    pub const ALL: [Stage; 4] = [Stage::Listed, Stage::Enrolled, Stage::Paid, Stage::Entitled];

    /// The word used in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Stage::Listed => "listed",
            Stage::Enrolled => "enrolled",
            Stage::Paid => "paid",
            Stage::Entitled => "entitled",
        }
    }
}

/// Checks persons for one year (核查器).
#[derive(Clone, Copy, Debug)]
pub struct Checker<'p> {
    policy: &'p FinancePolicy,
    year: i16,
    /// The year, up to the day that the files reach to.
    days: Span,
}

/// A refusal in words.
type Refusal<T> = Result<T, String>;

fn texts(en: impl Into<String>, zh: impl Into<String>) -> Texts {
    Texts {
        en: en.into(),
        zh: zh.into(),
    }
}

impl<'p> Checker<'p> {
    /// For a year whose files reach to `until`.
    ///
    /// # Errors
    /// No year of the calendar; `until` before it; a period with a fee, but without a window.
    pub fn new(policy: &'p FinancePolicy, year: i16, until: Option<Date>) -> Refusal<Checker<'p>> {
        let whole = CoverPeriod::year(year).ok_or_else(|| format!("{year} is no year of the calendar"))?;
        let whole = whole.span();
        let until = until.unwrap_or(whole.to).min(whole.to);
        if until < whole.from {
            return Err(format!("the files reach to {until}, which is before {year}"));
        }
        let fees = policy.fees().iter().map(|fee| &fee.value);
        let without = |fee: &&Fee| {
            policy.year_of(fee.benefit) == Ok(year) && policy.window(fee.benefit, fee.student).is_none()
        };
        if let Some(fee) = fees.clone().find(without) {
            return Err(format!("`enrolment.window` has no row for {}", fee.benefit));
        }
        if !policy.years().contains(&year) {
            let known: Vec<String> = policy.years().iter().map(i16::to_string).collect();
            return Err(format!(
                "`finance.personal_fee` has no fee of {year}; it has {}",
                known.join(", ")
            ));
        }
        Ok(Checker {
            policy,
            year,
            days: Span {
                from: whole.from,
                to: until,
            },
        })
    }

    /// The days looked at.
    pub fn days(&self) -> Span {
        self.days
    }

    /// How the lists differ about a person (名单差异).
    pub fn list_differences(&self, person: &PersonFile) -> Vec<ListDifference> {
        differences(person, self.days)
    }

    /// Every finding about a person, by kind; and how far a person on the poverty list has come.
    ///
    /// # Errors
    /// The policy lacks a fee of a period that counts to the year.
    pub fn check(&self, person: &PersonFile) -> Refusal<(Vec<EnrolFinding>, Option<Stage>)> {
        let matched = matched(self.policy, person, self.year)?;
        let mut desk = Desk {
            of: self,
            person,
            found: Vec::new(),
        };
        desk.waiting();
        desk.doubles();
        desk.gaps();
        desk.dead();
        desk.lists();
        let stage = desk.stages(&matched);
        desk.ground();
        desk.money(&matched);
        desk.found
            .sort_by_key(|finding| (finding.kind, finding.row, finding.days));
        Ok((desk.found, stage))
    }

    /// What is wrong with the policy itself in this year (政策核查): documents of subsidies.
    pub fn check_policy(&self) -> Vec<EnrolFinding> {
        let rows = self.policy.enrol_subsidies().iter();
        let of_year = rows.filter(|row| self.policy.year_of(row.value.benefit) == Ok(self.year));
        of_year.filter_map(|row| self.document(row)).collect()
    }

    /// A subsidy's document must be dated before the window opens.
    fn document(&self, row: &Parameter<EnrolSubsidy>) -> Option<EnrolFinding> {
        let opens = self.policy.window(row.value.benefit, false)?.value.days.from;
        let of_row = |document: &&FinanceDocument| row.source.doc.contains(&document.id);
        let dated = self.policy.documents().iter().filter(of_row);
        let last = dated.map(|document| document.dated).max();
        let who = row.value.categories.join("|");
        let expected = texts(
            format!("a document dated before {opens}"),
            format!("文件日期早于{opens}"),
        );
        let (kind, found) = match last.flatten() {
            Some(day) if day < opens => return None,
            Some(day) => (
                Kind::DocumentLate,
                texts(format!("{who}: dated {day}"), format!("{who}：{day}")),
            ),
            None => (
                Kind::DocumentUndated,
                texts(format!("{who}: no day"), format!("{who}：无日期")),
            ),
        };
        Some(EnrolFinding {
            kind,
            person: String::new(),
            place: self.policy.place().to_owned(),
            row: Some((RowOf::Policy, row.place.line.unwrap_or(0))),
            days: Some(row.value.benefit.span()),
            found,
            expected,
        })
    }
}

/// One person being checked.
struct Desk<'a> {
    of: &'a Checker<'a>,
    person: &'a PersonFile,
    found: Vec<EnrolFinding>,
}

impl<'a> Desk<'a> {
    fn tell(
        &mut self,
        kind: Kind,
        place: &str,
        row: (RowOf, u64),
        days: Option<Span>,
        found: Texts,
        expected: Texts,
    ) {
        self.found.push(EnrolFinding {
            kind,
            person: self.person.person.clone(),
            place: place.to_owned(),
            row: Some(row),
            days,
            found,
            expected,
        });
    }

    /// Covers of residents for periods that count to the year.
    fn covers(&self) -> impl Iterator<Item = &'a Cover> + use<'a> {
        let (policy, year) = (self.of.policy, self.of.year);
        let of_year = move |cover: &&Cover| {
            cover.scheme == CoverScheme::Resident
                && cover
                    .benefit
                    .is_some_and(|period| policy.year_of(period) == Ok(year))
        };
        self.person.covers.iter().filter(of_year)
    }

    /// The days looked at, up to death.
    fn alive(&self) -> Option<Span> {
        let days = self.of.days;
        let to = self.person.died_on().map_or(days.to, |died| days.to.min(died));
        (days.from <= to).then_some(Span { from: days.from, to })
    }

    // ---- E1 ---------------------------------------------------------------------------------

    fn waiting(&mut self) {
        for cover in self.covers() {
            let (Some(on), Some(days), Some(period)) = (cover.enrolled_on, cover.days, cover.benefit) else {
                continue;
            };
            let student = self.pays_as_student(period);
            let categories = self.person.categories_on(on);
            let who = Enrolling {
                on,
                window: self
                    .of
                    .policy
                    .window(period, student)
                    .map(|window| window.value.days),
                birth: self.person.insured.as_ref().map(|insured| insured.birth),
                employee_to: self.employee_to(on),
                categories: &categories,
            };
            let begins = period.span().from;
            match self.of.policy.waiting_days(&who) {
                WaitingDays::NoRule => {}
                WaitingDays::Unknown => self.waiting_unknown(cover, on),
                WaitingDays::Exempt(why) => self.not_later(cover, days, begins.max(on), why),
                WaitingDays::Until(first) => {
                    let first = first.max(begins);
                    self.not_earlier(cover, days, first);
                    self.not_later(cover, days, first, "waited");
                }
            }
        }
    }

    fn pays_as_student(&self, period: CoverPeriod) -> bool {
        let paid = self.person.payments.iter();
        paid.filter(|payment| payment.benefit == period)
            .any(|payment| payment.student)
    }

    /// The last day of employee cover that ended before a day.
    fn employee_to(&self, on: Date) -> Option<Date> {
        let employee = self.person.covers.iter();
        let employee = employee.filter(|cover| cover.scheme == CoverScheme::Employee);
        let ended = employee.filter_map(|cover| Some(cover.days?.to));
        ended.filter(|to| *to <= on).max()
    }

    fn waiting_unknown(&mut self, cover: &Cover, on: Date) {
        let found = texts(format!("enrolled on {on}"), format!("{on}参保"));
        let expected = texts(
            "`enrolment.waiting` with a length",
            "`enrolment.waiting`应给出天数",
        );
        self.tell(
            Kind::WaitingUnknown,
            &cover.place,
            (RowOf::Coverage, cover.line),
            cover.days,
            found,
            expected,
        );
    }

    fn not_earlier(&mut self, cover: &Cover, days: Span, first: Date) {
        if days.from >= first {
            return;
        }
        let early = Span {
            from: days.from,
            to: first.yesterday().unwrap_or(first),
        };
        let found = texts(
            format!("cover from {}", days.from),
            format!("待遇自{}起", days.from),
        );
        let expected = texts(format!("cover from {first}"), format!("待遇自{first}起"));
        self.tell(
            Kind::WaitingShort,
            &cover.place,
            (RowOf::Coverage, cover.line),
            Some(early),
            found,
            expected,
        );
    }

    fn not_later(&mut self, cover: &Cover, days: Span, first: Date, why: &str) {
        if days.from <= first {
            return;
        }
        let waited = Span {
            from: first,
            to: days.from.yesterday().unwrap_or(first),
        };
        let found = texts(
            format!("cover from {}", days.from),
            format!("待遇自{}起", days.from),
        );
        let expected = texts(
            format!("cover from {first} at the latest ({why})"),
            format!("待遇不晚于{first}（{}）", exemption_zh(why)),
        );
        self.tell(
            Kind::WaitingLong,
            &cover.place,
            (RowOf::Coverage, cover.line),
            Some(waited),
            found,
            expected,
        );
    }

    // ---- E2 to E4 ---------------------------------------------------------------------------

    fn doubles(&mut self) {
        for (first, second, days) in overlaps(&self.person.covers, self.of.days) {
            let at = |line| self.person.covers.iter().find(|cover| cover.line == line);
            let (Some(one), Some(other)) = (at(first), at(second)) else {
                continue;
            };
            let word = |cover: &Cover| format!("{} {}", cover.scheme.as_str(), cover.place);
            let said = format!("{} / {}: {}", word(one), word(other), days.days());
            let found = texts(format!("{said} days"), format!("{said}天"));
            let expected = texts("one cover on each day", "同一天只有一份参保");
            let place = other.place.clone();
            self.tell(
                Kind::Overlap,
                &place,
                (RowOf::Coverage, second),
                Some(days),
                found,
                expected,
            );
        }
    }

    fn gaps(&mut self) {
        let Some(alive) = self.alive() else { return };
        for Gap { kind, days, after } in gaps(&self.person.covers, alive) {
            let kind = match kind {
                GapKind::EmployeeToResident => Kind::EmployeeToResident,
                GapKind::AcademicToCalendar => Kind::AcademicToCalendar,
                GapKind::Between => Kind::Gap,
                GapKind::Lapse => Kind::Lapse,
            };
            let before = self.person.covers.iter().find(|cover| cover.line == after);
            let place = before.map(|cover| cover.place.clone()).unwrap_or_default();
            let count = days.days();
            let found = texts(format!("{count} uncovered days"), format!("{count}天未参保"));
            let expected = texts("no uncovered day", "无未参保天数");
            self.tell(
                kind,
                &place,
                (RowOf::Coverage, after),
                Some(days),
                found,
                expected,
            );
        }
    }

    // ---- E6, E7 -----------------------------------------------------------------------------

    fn dead(&mut self) {
        let Some(died) = self.person.died_on() else { return };
        let Some(after) = died.tomorrow().ok() else { return };
        let dead = Span {
            from: after,
            to: Date::MAX,
        };
        for cover in &self.person.covers {
            let days = cover.days.and_then(|days| days.common(dead));
            let Some(days) = days.and_then(|days| days.common(self.of.days)) else {
                continue;
            };
            let found = texts(format!("cover to {}", days.to), format!("待遇至{}", days.to));
            let expected = texts(format!("no cover after {died}"), format!("{died}后无待遇"));
            self.tell(
                Kind::DeadEnrolled,
                &cover.place,
                (RowOf::Coverage, cover.line),
                Some(days),
                found,
                expected,
            );
        }
    }

    fn lists(&mut self) {
        for difference in differences(self.person, self.of.days) {
            let (kind, line, found, expected) = match difference {
                ListDifference::Missing { on, not_on, line } => (
                    Kind::ListMissing,
                    line,
                    texts(
                        format!("on the {} list, not on the {} list", on.as_str(), not_on.as_str()),
                        format!("在{}，不在{}", on.chinese(), not_on.chinese()),
                    ),
                    texts("on both or on neither", "两份名单一致"),
                ),
                ListDifference::Category {
                    pair: (one, other),
                    first,
                    second,
                    line,
                } => (
                    Kind::ListCategory,
                    line,
                    texts(
                        format!(
                            "{first} by the {} list, {second} by the {} list",
                            one.as_str(),
                            other.as_str()
                        ),
                        format!("{}为{first}，{}为{second}", one.chinese(), other.chinese()),
                    ),
                    texts("the same categories", "身份类别一致"),
                ),
            };
            let entry = self.person.lists.iter().find(|entry| entry.line == line);
            let place = entry.map(|entry| entry.place.clone()).unwrap_or_default();
            self.tell(kind, &place, (RowOf::Lists, line), None, found, expected);
        }
    }

    // ---- E8, E9 -----------------------------------------------------------------------------

    /// Stuck cases; how far a listed person has come.
    fn stages(&mut self, matched: &Matched<'_>) -> Option<Stage> {
        self.unpaid(matched);
        for head in matched.heads.iter().filter(|head| head.refund.is_none()) {
            self.stuck_paid(head);
        }
        let listed = self.person.listed(List::Poverty, self.of.days).next()?.clone();
        let in_force = |cover: &Cover| cover.days.is_some_and(|days| days.common(self.of.days).is_some());
        let is_covered = self.person.covers.iter().any(in_force);
        let stage = match (is_covered, matched.heads.is_empty(), self.covers().next()) {
            (true, ..) => Stage::Entitled,
            (false, false, _) => Stage::Paid,
            (false, true, Some(_)) => Stage::Enrolled,
            (false, true, None) => Stage::Listed,
        };
        if stage == Stage::Listed && self.alive().is_some() {
            let found = texts("no cover and no payment", "无参保、无缴费");
            let row = (RowOf::Lists, listed.line);
            let expected = texts("enrolled", "已参保");
            self.tell(Kind::PoorNotEnrolled, &listed.place, row, None, found, expected);
        }
        self.elsewhere(&listed.place);
        Some(stage)
    }

    /// Covers, in force or not, that nobody paid for.
    fn unpaid(&mut self, matched: &Matched<'_>) {
        for cover in self.covers() {
            let is_paid = |head: &Head<'_>| Some(head.payment.benefit) == cover.benefit;
            if matched.heads.iter().any(is_paid) {
                continue;
            }
            let (kind, found) = match cover.days {
                None => (
                    Kind::StuckEnrolled,
                    texts("enrolled, no payment", "已登记，无缴费记录"),
                ),
                Some(_) => (
                    Kind::EntitledUnpaid,
                    texts("cover, no payment", "有待遇，无缴费记录"),
                ),
            };
            let row = (RowOf::Coverage, cover.line);
            let expected = texts("a payment", "缴费记录");
            self.tell(kind, &cover.place, row, cover.days, found, expected);
        }
    }

    fn stuck_paid(&mut self, head: &Head<'_>) {
        let benefit = head.payment.benefit;
        let entitled = |cover: &Cover| cover.benefit == Some(benefit) && cover.days.is_some();
        if self.person.covers.iter().any(entitled) {
            return;
        }
        let found = texts("paid, no cover", "已缴费，无待遇");
        let expected = texts(format!("cover for {benefit}"), format!("{benefit}待遇"));
        let row = (RowOf::Payments, head.payment.line);
        self.tell(Kind::StuckPaid, &head.payment.place, row, None, found, expected);
    }

    fn elsewhere(&mut self, listed: &str) {
        let Some(cover) = self.covers().find(|cover| cover.place != listed) else {
            return;
        };
        let found = texts(
            format!("insured in {}", cover.place),
            format!("在{}参保", cover.place),
        );
        let expected = texts(format!("insured in {listed}"), format!("在{listed}参保"));
        self.tell(
            Kind::Elsewhere,
            listed,
            (RowOf::Coverage, cover.line),
            cover.days,
            found,
            expected,
        );
    }

    fn ground(&mut self) {
        let Some(insured) = &self.person.insured else {
            return;
        };
        let Some(cover) = self.covers().next() else { return };
        let on = cover.enrolled_on.unwrap_or(self.of.days.from);
        let Some(grounds) = self.of.policy.grounds_on(on) else {
            return;
        };
        let known = &grounds.value.1;
        if known.contains(&insured.ground) {
            return;
        }
        let written = if insured.ground.is_empty() {
            "-"
        } else {
            &insured.ground
        };
        let expected = texts(
            format!("one of {}", known.join(", ")),
            format!("{}之一", known.join("、")),
        );
        let row = (RowOf::Persons, insured.line);
        self.tell(
            Kind::Ground,
            &insured.place,
            row,
            None,
            texts(written, written),
            expected,
        );
    }

    // ---- F11, F14 ---------------------------------------------------------------------------

    fn money(&mut self, matched: &Matched<'_>) {
        for head in &matched.heads {
            self.head(head);
        }
        for payment in &matched.paid_twice {
            let said = payment.amount.to_string();
            let expected = texts("one payment a period", "每个待遇期缴费一次");
            let row = (RowOf::Payments, payment.line);
            self.tell(
                Kind::PaidTwice,
                &payment.place,
                row,
                None,
                texts(said.clone(), said),
                expected,
            );
        }
        let one_head = || texts("one subsidy to one paid head", "一笔资助对应一个缴费人头");
        let rest = [
            (Kind::SubsidyUnmatched, &matched.unmatched),
            (Kind::SubsidyTwice, &matched.granted_twice),
        ];
        for (kind, subsidies) in rest {
            for subsidy in subsidies {
                let said = subsidy.amount.to_string();
                let row = (RowOf::Subsidies, subsidy.line);
                self.tell(
                    kind,
                    &subsidy.place,
                    row,
                    None,
                    texts(said.clone(), said),
                    one_head(),
                );
            }
        }
    }

    fn head(&mut self, head: &Head<'_>) {
        self.fee(head);
        self.subsidy(head);
        self.refund(head);
    }

    fn fee(&mut self, head: &Head<'_>) {
        let (payment, due) = (head.payment, head.due_fee());
        if payment.amount == due {
            return;
        }
        let (fee, subsidy) = (head.fee, head.due_subsidy());
        let expected = texts(
            format!("{due} yuan (fee {fee}, subsidy {subsidy})"),
            format!("{due}元（标准{fee}，资助{subsidy}）"),
        );
        let row = (RowOf::Payments, payment.line);
        let found = money(payment.amount);
        self.tell(Kind::FeeMismatch, &payment.place, row, None, found, expected);
    }

    fn subsidy(&mut self, head: &Head<'_>) {
        let category = head.entitled.map_or("-", |(category, ..)| category);
        let due = head.due_subsidy();
        let expected = texts(
            format!("{due} yuan ({category})"),
            format!("{due}元（{category}）"),
        );
        match head.subsidy {
            None if due > Fen::ZERO && head.refund.is_none() => {
                let (place, row) = (&head.payment.place, (RowOf::Payments, head.payment.line));
                self.tell(
                    Kind::SubsidyMissing,
                    place,
                    row,
                    None,
                    texts("none", "无"),
                    expected,
                );
            }
            Some(subsidy) if subsidy.amount != due => {
                let row = (RowOf::Subsidies, subsidy.line);
                let found = money(subsidy.amount);
                self.tell(Kind::SubsidyAmount, &subsidy.place, row, None, found, expected);
            }
            _ => {}
        }
    }

    fn refund(&mut self, head: &Head<'_>) {
        let (Some(refund), Some(died)) = (head.refund, self.person.died_on()) else {
            return;
        };
        let begins = head.cover_begins;
        let found = texts(
            format!("died on {died}, cover from {begins}"),
            format!("{died}死亡，待遇自{begins}起"),
        );
        let (person, subsidy) = (refund.person, refund.subsidy);
        let expected = texts(
            format!("{person} yuan to the person, {subsidy} yuan of subsidy returned"),
            format!("退个人{person}元，退回资助{subsidy}元"),
        );
        let row = (RowOf::Payments, head.payment.line);
        self.tell(Kind::RefundDue, &head.payment.place, row, None, found, expected);
    }
}

fn money(amount: Fen) -> Texts {
    texts(format!("{amount} yuan"), format!("{amount}元"))
}

fn exemption_zh(why: &str) -> &'static str {
    match why {
        super::waiting::IN_WINDOW => "集中参保期内",
        super::waiting::EMPLOYEE_LAPSED => "职工医保中断3个月内",
        super::waiting::NEWBORN => "新生儿",
        super::waiting::CATEGORY => "特殊群体",
        _ => "等待期已满",
    }
}
