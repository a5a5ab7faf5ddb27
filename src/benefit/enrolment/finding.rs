//! What is wrong with a person's enrolment or payment (参保缴费问题).

use super::super::finance::Span;
use crate::diagnostics::{Severity, Texts, Words};

/// The table a finding's row stands in (所在表).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowOf {
    /// `persons.csv`
    Persons,
    /// `coverage.csv`
    Coverage,
    /// `payments.csv`
    Payments,
    /// `subsidies.csv`
    Subsidies,
    /// `lists.csv`
    Lists,
    /// The finance file.
    Policy,
}

macro_rules! kinds {
    ($( $(#[$doc:meta])* $name:ident = $word:literal, $rule:literal, $severity:ident, $en:literal, $zh:literal; )*) => {
        /// Kinds of findings (问题类别), each with the rule of the notices it checks.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind { $( $(#[$doc])* $name, )* }

        impl Kind {
            /// All, by rule.
            pub const ALL: &'static [Kind] = &[$( Kind::$name, )*];

            /// The word used in files.
            pub const fn as_str(self) -> &'static str {
                match self { $( Kind::$name => $word, )* }
            }

            /// The rule of the notices.
            pub const fn rule(self) -> &'static str {
                match self { $( Kind::$name => $rule, )* }
            }

            /// How bad it is.
            pub const fn severity(self) -> Severity {
                match self { $( Kind::$name => Severity::$severity, )* }
            }

            /// For people.
            pub const fn words(self) -> Words {
                match self { $( Kind::$name => Words { en: $en, zh: $zh }, )* }
            }
        }
    };
}

kinds! {
    /// Cover began before the waiting period ended.
    WaitingShort = "waiting_short", "E1", Error, "cover begins before the waiting period ends", "等待期未满即享受待遇";
    /// Somebody exempt had to wait.
    WaitingLong = "waiting_long", "E1", Error, "cover begins later than the rule allows", "待遇起始晚于规定（免等待期或等待期已满）";
    /// The local waiting days are not known.
    WaitingUnknown = "waiting_unknown", "E1", Info, "the waiting days of the place are not known", "本地等待期天数未知，无法核对";
    /// Two covers on one day.
    Overlap = "overlap", "E2", Error, "insured twice on the same days", "重复参保";
    /// From employee to resident insurance.
    EmployeeToResident = "employee_to_resident", "E3", Error, "uncovered days from employee to resident insurance", "职工转居民参保空档";
    /// Between two covers.
    Gap = "gap", "E3", Error, "uncovered days between two covers", "参保空档";
    /// Nothing follows.
    Lapse = "lapse", "E3", Warning, "cover ended and none follows", "断保";
    /// From academic to calendar year.
    AcademicToCalendar = "academic_to_calendar", "E4", Error, "uncovered days from academic to calendar year", "学年转自然年度参保空档";
    /// On the poverty list, insured nowhere.
    PoorNotEnrolled = "poor_not_enrolled", "E6", Error, "on the poverty list and not enrolled", "困难群众未参保";
    /// Entitled to a subsidy and paid without.
    SubsidyMissing = "subsidy_missing", "E6", Error, "entitled to an enrolment subsidy that was not granted", "应资助未资助";
    /// Cover after death.
    DeadEnrolled = "dead_enrolled", "E6", Error, "cover after the day of death", "死亡未减员";
    /// On one list only.
    ListMissing = "list_missing", "E7", Error, "on one list and missing from another", "名单不一致：缺失";
    /// On both, by other categories.
    ListCategory = "list_category", "E7", Error, "other categories on two lists", "名单不一致：身份类别不同";
    /// Enrolled and not paid.
    StuckEnrolled = "stuck_enrolled", "E8", Error, "enrolled, but the fee was not paid", "已参保登记未缴费";
    /// Paid and not entitled.
    StuckPaid = "stuck_paid", "E8", Error, "paid, but without cover", "已缴费未享受待遇";
    /// Entitled without payment.
    EntitledUnpaid = "entitled_unpaid", "E8", Error, "cover without a payment", "未缴费享受待遇";
    /// A poor person insured in another district.
    Elsewhere = "elsewhere", "E8", Warning, "on the list of one district, insured in another", "困难群众市内异地参保";
    /// A ground the notices do not know.
    Ground = "ground", "E9", Error, "enrolled on a ground that is none of the three", "参保依据不在规定范围";
    /// The fee is not what it should be.
    FeeMismatch = "fee_mismatch", "F11", Error, "paid another amount than fee less subsidy", "实缴与应缴不符";
    /// A period paid twice.
    PaidTwice = "paid_twice", "F11", Error, "the period is paid already", "重复缴费";
    /// A subsidy without a paid head.
    SubsidyUnmatched = "subsidy_unmatched", "F11", Error, "a subsidy without a paid head", "资助无对应缴费";
    /// A head with two subsidies.
    SubsidyTwice = "subsidy_twice", "F11", Error, "the head has a subsidy already", "重复资助";
    /// Another amount than the standard.
    SubsidyAmount = "subsidy_amount", "F11", Error, "granted another amount than the standard", "资助额与标准不符";
    /// The document of a subsidy comes after the window opened.
    DocumentLate = "document_late", "F12", Error, "the subsidy's document is not dated before the window", "资助标准未在集中征收期前明确";
    /// Its day is not known.
    DocumentUndated = "document_undated", "F12", Warning, "the day of the subsidy's document is not known", "资助文件日期未知，无法核对";
    /// Something is to be given back.
    RefundDue = "refund_due", "F14", Warning, "died before cover began: the fee is to be given back", "待遇享受期前死亡，应退费";
}

/// One finding (参保缴费问题).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrolFinding {
    /// What kind.
    pub kind: Kind,
    /// The insurer's number; empty where no person is concerned.
    pub person: String,
    /// District.
    pub place: String,
    /// The row, by table and line.
    pub row: Option<(RowOf, u64)>,
    /// The days concerned.
    pub days: Option<Span>,
    /// What was found.
    pub found: Texts,
    /// What was expected.
    pub expected: Texts,
}
