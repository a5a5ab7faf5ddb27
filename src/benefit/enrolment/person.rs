//! What is on file of one person (个人参保档案), each row with its line.

use jiff::civil::Date;

use super::super::finance::{CoverPeriod, Span};
use crate::units::Fen;

/// The person's own row (参保人员), by number; no names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Insured {
    /// District of insurance (参保地).
    pub place: String,
    /// Day of birth.
    pub birth: Date,
    /// Day of death.
    pub died_on: Option<Date>,
    /// On what ground the person enrolled (参保依据).
    pub ground: String,
    /// Line in its file.
    pub line: u64,
}

/// The insurance a cover belongs to (险种).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CoverScheme {
    /// 居民医保
    Resident,
    /// 职工医保
    Employee,
}

impl CoverScheme {
    /// The word used in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            CoverScheme::Resident => "resident",
            CoverScheme::Employee => "employee",
        }
    }

    /// By the word used in files.
    pub fn by_word(word: &str) -> Option<CoverScheme> {
        [CoverScheme::Resident, CoverScheme::Employee]
            .into_iter()
            .find(|scheme| scheme.as_str() == word)
    }
}

/// A cover (参保区间): enrolled, and in force on its days once it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cover {
    /// The insurance.
    pub scheme: CoverScheme,
    /// District (参保地).
    pub place: String,
    /// Plan; empty for employees.
    pub plan: String,
    /// The period it was bought for; none for employees.
    pub benefit: Option<CoverPeriod>,
    /// Day of enrolment.
    pub enrolled_on: Option<Date>,
    /// Its days; none while the person is enrolled without being entitled.
    pub days: Option<Span>,
    /// Line in its file.
    pub line: u64,
}

/// A fee paid (缴费记录).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// District that received it.
    pub place: String,
    /// Plan.
    pub plan: String,
    /// By the terms of students.
    pub student: bool,
    /// The period it pays for.
    pub benefit: CoverPeriod,
    /// The day.
    pub paid_on: Date,
    /// What the person paid.
    pub amount: Fen,
    /// Line in its file.
    pub line: u64,
}

/// An enrolment subsidy granted (资助记录).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subsidy {
    /// District that granted it.
    pub place: String,
    /// Plan.
    pub plan: String,
    /// The period whose fee it subsidises.
    pub benefit: CoverPeriod,
    /// For which category.
    pub category: String,
    /// The amount.
    pub amount: Fen,
    /// The day.
    pub granted_on: Date,
    /// Line in its file.
    pub line: u64,
}

/// The lists that are compared (名单).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum List {
    /// 扶贫（乡村振兴、民政）名单
    Poverty,
    /// 税务缴费名单
    Tax,
    /// 医保标识名单
    Insurance,
}

impl List {
    /// All, the poverty list first.
    pub const ALL: [List; 3] = [List::Poverty, List::Tax, List::Insurance];

    /// The word used in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            List::Poverty => "poverty",
            List::Tax => "tax",
            List::Insurance => "insurance",
        }
    }

    /// In Chinese.
    pub const fn chinese(self) -> &'static str {
        match self {
            List::Poverty => "扶贫名单",
            List::Tax => "税务名单",
            List::Insurance => "医保名单",
        }
    }

    /// By the word used in files.
    pub fn by_word(word: &str) -> Option<List> {
        List::ALL.into_iter().find(|list| list.as_str() == word)
    }
}

/// An entry of a list (名单条目).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The list.
    pub list: List,
    /// District of the list.
    pub place: String,
    /// Category (身份类别).
    pub category: String,
    /// The days on which it stands.
    pub days: Span,
    /// Line in its file.
    pub line: u64,
}

/// What is on file of one person (个人参保档案).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PersonFile {
    /// The insurer's number.
    pub person: String,
    /// Their row in the register; a listed person may have none.
    pub insured: Option<Insured>,
    /// Covers, by line.
    pub covers: Vec<Cover>,
    /// Payments, by line.
    pub payments: Vec<Payment>,
    /// Subsidies, by line.
    pub subsidies: Vec<Subsidy>,
    /// Entries of lists, by line.
    pub lists: Vec<Listed>,
}

impl PersonFile {
    /// Day of death, if there is one.
    pub fn died_on(&self) -> Option<Date> {
        self.insured.as_ref()?.died_on
    }

    /// Entries of a list that stand on any of some days.
    pub fn listed(&self, list: List, days: Span) -> impl Iterator<Item = &Listed> {
        let entries = self.lists.iter().filter(move |entry| entry.list == list);
        entries.filter(move |entry| entry.days.common(days).is_some())
    }

    /// The categories of a day by the poverty list (当日身份).
    pub fn categories_on(&self, day: Date) -> Vec<&str> {
        let entries = self.listed(List::Poverty, Span { from: day, to: day });
        entries.map(|entry| entry.category.as_str()).collect()
    }
}
