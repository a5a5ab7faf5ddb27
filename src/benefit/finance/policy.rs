//! The finance policy of a place, resolved and checked (筹资参保政策).

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::Date;
use serde::Deserialize;

use super::super::{PolicyFile, Source};
use super::bounds::{Bound, Op};
use super::file::Length;
use super::money::CentralShare;
use super::period::{CoverPeriod, Span};
use crate::diagnostics::{Evidence, Place, Result};
use crate::units::{Exact, Fen};

/// A value with its source and where it was written (带出处的参数).
#[derive(Clone, Debug)]
pub struct Parameter<T> {
    /// The value.
    pub value: T,
    /// Document, clause, evidence.
    pub source: Source,
    /// File and line.
    pub place: Place,
}

/// Which calendar year an academic year counts to (学年归属年度).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AcademicYear {
    /// The one it begins in.
    Begins,
    /// The one it ends in.
    Ends,
}

/// What a person pays for a period (个人缴费标准), before any enrolment subsidy.
#[derive(Clone, Debug)]
pub struct Fee {
    /// The period whose cover it buys.
    pub benefit: CoverPeriod,
    /// For students only.
    pub student: bool,
    /// The year in which it is collected.
    pub collected: Option<i16>,
    /// How the number binds; a fee without it is exact.
    pub op: Op,
    /// By plan; one entry of an empty plan where there are no plans.
    pub by_plan: BTreeMap<String, Fen>,
}

/// What the state adds for a head in a year (财政补助标准).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fiscal {
    /// The financing year.
    pub year: i16,
    /// How the number binds.
    pub op: Op,
    /// A head and year.
    pub standard: Fen,
}

/// How the local part of the fiscal subsidy is shared (地方分担); the county takes what is left.
#[derive(Clone, Copy, Debug)]
pub struct LocalShare {
    /// First year.
    pub from_year: i16,
    /// Last year.
    pub to_year: Option<i16>,
    /// The province's share of what the centre leaves.
    pub province: Exact,
    /// The city's.
    pub city: Exact,
}

/// What an enrolment subsidy is (资助标准).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grant {
    /// An amount by plan.
    Amounts(BTreeMap<String, Fen>),
    /// A ratio of one plan's fee, whatever the person's plan.
    OfPlan {
        /// The plan.
        plan: String,
        /// The ratio.
        ratio: Exact,
    },
}

/// What is paid for persons of some categories (参保资助).
#[derive(Clone, Debug)]
pub struct EnrolSubsidy {
    /// The period whose fee is subsidised.
    pub benefit: CoverPeriod,
    /// Who gets it.
    pub categories: Vec<String>,
    /// How much.
    pub grant: Grant,
    /// Who pays what the subsidy leaves of the fee, if not the person.
    pub rest: Option<String>,
}

/// The window of a period (集中参保期).
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// The period.
    pub benefit: CoverPeriod,
    /// For students only.
    pub student: bool,
    /// Its days.
    pub days: Span,
}

/// The waiting period and who is exempt from it (等待期).
#[derive(Clone, Debug)]
pub struct Waiting {
    /// The days on which this rule is in force.
    pub days: Span,
    pub(in super::super) length: Option<Length>,
    pub(in super::super) employee_grace: Length,
    pub(in super::super) newborn: Length,
    /// Categories that do not wait.
    pub categories: Vec<String>,
}

/// How long somebody waits (等待天数).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitingDays {
    /// Until this day, the first of cover.
    Until(Date),
    /// No waiting, and why: the word of the exemption.
    Exempt(&'static str),
    /// The local length is not known.
    Unknown,
    /// No rule is in force on the day of enrolment.
    NoRule,
}

/// How fees and subsidies are taken to grow (缴费增长规划).
#[derive(Clone, Copy, Debug)]
pub struct Projection {
    /// How many years.
    pub years: u8,
    /// The fee's growth a year.
    pub personal_growth: Fen,
    /// The subsidy's.
    pub fiscal_growth: Fen,
}

/// A document, and its day where that is known (政策文件).
#[derive(Clone, Debug)]
pub struct FinanceDocument {
    /// Id in the file.
    pub id: String,
    /// Its number or title.
    pub name: String,
    /// Its day.
    pub dated: Option<Date>,
}

/// The finance policy of a place (筹资参保政策), with all files it extends.
#[derive(Clone, Debug)]
pub struct FinancePolicy {
    pub(super) place: String,
    pub(super) draft: bool,
    pub(super) weakest: Evidence,
    pub(super) checked_on: Date,
    pub(super) files: Vec<PolicyFile>,
    pub(super) documents: Vec<FinanceDocument>,
    pub(super) plans: Vec<String>,
    pub(super) categories: Vec<String>,
    pub(super) academic: Option<AcademicYear>,
    pub(super) fees: Vec<Parameter<Fee>>,
    pub(super) fiscal: Vec<Parameter<Fiscal>>,
    pub(super) central: Vec<Parameter<CentralShare>>,
    pub(super) local: Vec<Parameter<LocalShare>>,
    pub(super) subsidies: Vec<Parameter<EnrolSubsidy>>,
    pub(super) premiums: Vec<Parameter<(i16, Fen)>>,
    pub(super) projection: Option<Parameter<Projection>>,
    pub(super) windows: Vec<Parameter<Window>>,
    pub(super) waiting: Vec<Parameter<Waiting>>,
    pub(super) grounds: Vec<Parameter<(Span, Vec<String>)>>,
    pub(super) bounds: Vec<Parameter<Bound>>,
}

/// A refusal in words.
type Refusal<T> = std::result::Result<T, String>;

impl FinancePolicy {
    /// Reads a finance file and the files it extends (读取筹资参保政策).
    ///
    /// # Errors
    /// A file that cannot be read; unknown keys, words, documents; wrong units; two rows of one
    /// key; a bound that does not hold. Each names file, line and key.
    pub fn load(path: &Path) -> Result<FinancePolicy> {
        super::load::load(path)
    }

    /// The place (统筹地区).
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Whether a file calls itself a draft (草案).
    pub fn is_draft(&self) -> bool {
        self.draft
    }

    /// The weakest evidence of any row (最弱证据等级).
    pub fn weakest_evidence(&self) -> Evidence {
        self.weakest
    }

    /// The files it was read from (来源文件), the one extended by all others first.
    pub fn files(&self) -> &[PolicyFile] {
        &self.files
    }

    /// The plans (档次); empty where there is one fee for all.
    pub fn plans(&self) -> &[String] {
        &self.plans
    }

    /// The categories (身份类别), the one that counts first, first.
    pub fn categories(&self) -> &[String] {
        &self.categories
    }

    /// The day of the oldest last comparison with the documents (核对日期).
    pub fn checked_on(&self) -> Date {
        self.checked_on
    }

    /// The documents (政策文件).
    pub fn documents(&self) -> &[FinanceDocument] {
        &self.documents
    }

    /// Every fee on file (个人缴费标准).
    pub fn fees(&self) -> &[Parameter<Fee>] {
        &self.fees
    }

    /// Every enrolment subsidy on file (参保资助).
    pub fn enrol_subsidies(&self) -> &[Parameter<EnrolSubsidy>] {
        &self.subsidies
    }

    /// Every fiscal subsidy on file (财政补助标准).
    pub fn fiscal_subsidies(&self) -> &[Parameter<Fiscal>] {
        &self.fiscal
    }

    /// Every premium on file (大病保险筹资标准), by year.
    pub fn premiums(&self) -> &[Parameter<(i16, Fen)>] {
        &self.premiums
    }

    /// How fees are taken to grow, if the file says so.
    pub fn projection(&self) -> Option<&Parameter<Projection>> {
        self.projection.as_ref()
    }

    /// National and local bounds (上下限要求).
    pub fn bounds(&self) -> &[Parameter<Bound>] {
        &self.bounds
    }

    /// The years for which fees are on file, an academic year by [`AcademicYear`] (年度).
    pub fn years(&self) -> Vec<i16> {
        let mut years: Vec<i16> = self
            .fees
            .iter()
            .filter_map(|fee| self.year_of(fee.value.benefit).ok())
            .collect();
        years.sort_unstable();
        years.dedup();
        years
    }

    /// The year a period counts to (归属年度).
    ///
    /// # Errors
    /// An academic year, where the file does not say which year it counts to.
    pub fn year_of(&self, period: CoverPeriod) -> Refusal<i16> {
        let Span { from, to } = period.span();
        if from.year() == to.year() {
            return Ok(from.year());
        }
        match self.academic {
            Some(AcademicYear::Begins) => Ok(from.year()),
            Some(AcademicYear::Ends) => Ok(to.year()),
            None => Err(format!(
                "`finance.academic_year_counts` is missing; expected `begins` or `ends`, since there is a fee of {period}"
            )),
        }
    }

    /// The row that says what somebody pays for a period: a student's own row before the one for all.
    ///
    /// # Errors
    /// No fee of the period is on file.
    pub fn fee_row(&self, period: CoverPeriod, student: bool) -> Refusal<&Parameter<Fee>> {
        let of_period = || self.fees.iter().filter(|fee| fee.value.benefit == period);
        let own = of_period().find(|fee| fee.value.student == student);
        own.or_else(|| of_period().find(|fee| !fee.value.student))
            .ok_or_else(|| {
                let known: Vec<String> = self
                    .fees
                    .iter()
                    .map(|fee| fee.value.benefit.to_string())
                    .collect();
                format!(
                    "`finance.personal_fee` has no fee of {period}{}; it has {}",
                    if student { " for students" } else { "" },
                    listed(&known)
                )
            })
    }

    /// What somebody pays for a period on a plan, before any enrolment subsidy (个人缴费标准).
    ///
    /// # Errors
    /// No fee of the period or plan is on file.
    pub fn fee(&self, period: CoverPeriod, student: bool, plan: &str) -> Refusal<Fen> {
        let fees = &self.fee_row(period, student)?.value.by_plan;
        fees.get(plan).copied().ok_or_else(|| {
            let known: Vec<String> = fees.keys().cloned().collect();
            format!(
                "`{plan}` is no plan of this policy; expected one of {}",
                listed(&known)
            )
        })
    }

    /// The fiscal subsidy of a year (财政补助标准).
    ///
    /// # Errors
    /// None is on file.
    pub fn fiscal_of(&self, year: i16) -> Refusal<&Parameter<Fiscal>> {
        let found = self.fiscal.iter().find(|fiscal| fiscal.value.year == year);
        found.ok_or_else(|| {
            let known: Vec<String> = self.fiscal.iter().map(|f| f.value.year.to_string()).collect();
            format!(
                "`finance.fiscal_subsidy` has no value for {year}; it has {}",
                listed(&known)
            )
        })
    }

    /// The centre's share in a year (中央补助比例), if the file says so.
    pub fn central_of(&self, year: i16) -> Option<&Parameter<CentralShare>> {
        self.central.iter().find(|share| share.value.holds(year))
    }

    /// How the local part is shared in a year (地方分担), if the file says so.
    pub fn local_of(&self, year: i16) -> Option<&Parameter<LocalShare>> {
        self.local.iter().find(|share| {
            share.value.from_year <= year && share.value.to_year.is_none_or(|last| year <= last)
        })
    }

    /// The enrolment subsidy of a person of these categories (参保资助): by the first category, in
    /// the order of the file, that has one for the period.
    pub fn subsidy_row(
        &self,
        period: CoverPeriod,
        categories: &[&str],
    ) -> Option<(&str, &Parameter<EnrolSubsidy>)> {
        let held = self
            .categories
            .iter()
            .filter(|category| categories.contains(&category.as_str()));
        held.filter_map(|category| {
            let row = self
                .subsidies
                .iter()
                .find(|row| row.value.benefit == period && row.value.categories.contains(category))?;
            Some((category.as_str(), row))
        })
        .next()
    }

    /// What an enrolment subsidy comes to on a plan (资助额); never more than the fee.
    ///
    /// # Errors
    /// The plan has no fee or no amount.
    pub fn granted(&self, row: &EnrolSubsidy, student: bool, plan: &str) -> Refusal<Fen> {
        let fee = self.fee(row.benefit, student, plan)?;
        let amount = match &row.grant {
            Grant::Amounts(amounts) => amounts.get(plan).copied().ok_or_else(|| {
                format!(
                    "`finance.enrol_subsidy` of {} has no amount for plan `{plan}`",
                    row.benefit
                )
            })?,
            Grant::OfPlan { plan, ratio } => {
                let of = self.fee(row.benefit, student, plan)?;
                let product = of.exact().mul(*ratio).and_then(Exact::fen_half_away);
                product.map_err(|e| e.to_string())?
            }
        };
        Ok(amount.min(fee))
    }

    /// The premium of a year (大病保险筹资标准).
    ///
    /// # Errors
    /// There are premiums on file, but none of this year; no row at all is `None`.
    pub fn premium_of(&self, year: i16) -> Refusal<Option<&Parameter<(i16, Fen)>>> {
        let found = self.premiums.iter().find(|premium| premium.value.0 == year);
        if found.is_some() || self.premiums.is_empty() {
            return Ok(found);
        }
        let known: Vec<String> = self.premiums.iter().map(|p| p.value.0.to_string()).collect();
        Err(format!(
            "`finance.cii_premium` has no value for {year}; it has {}",
            listed(&known)
        ))
    }

    /// The window of a period (集中参保期): a student's own before the one for all.
    pub fn window(&self, period: CoverPeriod, student: bool) -> Option<&Parameter<Window>> {
        let of_period = || {
            self.windows
                .iter()
                .filter(|window| window.value.benefit == period)
        };
        let own = of_period().find(|window| window.value.student == student);
        own.or_else(|| of_period().find(|window| !window.value.student))
    }

    /// The waiting rule in force on a day (等待期规则).
    pub fn waiting_on(&self, day: Date) -> Option<&Parameter<Waiting>> {
        self.waiting.iter().find(|waiting| waiting.value.days.holds(day))
    }

    /// The grounds on which one may enrol on a day (参保依据).
    pub fn grounds_on(&self, day: Date) -> Option<&Parameter<(Span, Vec<String>)>> {
        self.grounds.iter().find(|grounds| grounds.value.0.holds(day))
    }
}

fn listed(known: &[String]) -> String {
    match known {
        [] => "none".to_owned(),
        known => known.join(", "),
    }
}
