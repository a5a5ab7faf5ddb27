//! What a notice says a value must be (上下限要求), and whether it is.

use serde::Deserialize;

use super::super::literal::Lit;
use super::file::ByYear;
use super::policy::{FinancePolicy, Parameter};
use crate::diagnostics::{Error, Place, Result, suggestion};
use crate::units::{Exact, Fen, Overflow};

/// How a number binds (约束方式), by the notice's own word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// 不低于, 达到: an error below.
    AtLeast,
    /// 以下: an error above.
    AtMost,
    /// 统一至: an error when different.
    Equals,
    /// 平均不低于: the mean over the heads of all plans.
    AverageAtLeast,
    /// 原则上: a warning when different.
    InPrinciple,
    /// 左右: a warning outside a tolerance.
    About,
    /// 不降低: not below the year before.
    NeverFalls,
}

impl Op {
    /// The word used in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Op::AtLeast => "at_least",
            Op::AtMost => "at_most",
            Op::Equals => "equals",
            Op::AverageAtLeast => "average_at_least",
            Op::InPrinciple => "in_principle",
            Op::About => "about",
            Op::NeverFalls => "never_falls",
        }
    }

    /// The notice's word.
    pub const fn chinese(self) -> &'static str {
        match self {
            Op::AtLeast => "不低于",
            Op::AtMost => "不高于",
            Op::Equals => "统一至",
            Op::AverageAtLeast => "平均不低于",
            Op::InPrinciple => "原则上",
            Op::About => "左右",
            Op::NeverFalls => "不降低",
        }
    }

    /// What a value of this bound amounts to.
    fn verdict(self, value: Fen, than: Fen, tolerance: Fen) -> Verdict {
        let off = if value > than { value - than } else { than - value };
        match self {
            Op::AtLeast | Op::AverageAtLeast | Op::NeverFalls if value < than => Verdict::Violated,
            Op::AtMost if value > than => Verdict::Violated,
            Op::Equals if value != than => Verdict::Violated,
            Op::InPrinciple if value != than => Verdict::Warned,
            Op::About if off > tolerance => Verdict::Warned,
            _ => Verdict::Holds,
        }
    }
}

/// What a notice says a value must be (要求).
#[derive(Clone, Debug)]
pub struct Bound {
    /// The rule of the notices it checks, e.g. `F1`.
    pub rule: String,
    /// What it is about, e.g. `finance.fiscal_subsidy`.
    pub path: Path,
    pub(super) op: ByYear<Op>,
    pub(super) than: Option<ByYear<Lit<Fen>>>,
    pub(super) tolerance: Option<Fen>,
}

/// The values a bound can be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    PersonalFee,
    PersonalFeeGrowth,
    FiscalSubsidy,
    FiscalSubsidyGrowth,
    CiiPremium,
    PlanGap,
}

impl Path {
    const ALL: [Path; 6] = [
        Path::PersonalFee,
        Path::PersonalFeeGrowth,
        Path::FiscalSubsidy,
        Path::FiscalSubsidyGrowth,
        Path::CiiPremium,
        Path::PlanGap,
    ];

    /// As written in a file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Path::PersonalFee => "finance.personal_fee",
            Path::PersonalFeeGrowth => "finance.personal_fee.growth",
            Path::FiscalSubsidy => "finance.fiscal_subsidy",
            Path::FiscalSubsidyGrowth => "finance.fiscal_subsidy.growth",
            Path::CiiPremium => "finance.cii_premium",
            Path::PlanGap => "finance.personal_fee.plan_gap",
        }
    }

    pub fn parse(text: &str) -> std::result::Result<Path, String> {
        let known = || Path::ALL.into_iter().map(Path::as_str);
        Path::ALL
            .into_iter()
            .find(|path| path.as_str() == text)
            .ok_or_else(|| {
                let expected: Vec<&str> = known().collect();
                let hint = suggestion(text, known());
                format!(
                    "`path`: `{text}` is no bounded value; expected one of {}{hint}",
                    expected.join(", ")
                )
            })
    }
}

/// Whether a bound holds (校验结论).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It holds.
    Holds,
    /// The notice asks less strictly: to be looked at.
    Warned,
    /// It does not hold.
    Violated,
    /// What it needs is not at hand.
    NotCheckable,
}

impl Verdict {
    /// The word used in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Verdict::Holds => "holds",
            Verdict::Warned => "warned",
            Verdict::Violated => "violated",
            Verdict::NotCheckable => "not_checkable",
        }
    }
}

/// One value held against one bound (校验结果).
#[derive(Clone, Debug)]
pub struct BoundCheck {
    /// The rule of the notices it checks.
    pub rule: String,
    /// What it is about.
    pub path: &'static str,
    /// The year, of collection for fees.
    pub year: i16,
    /// Which value: plan and period.
    pub of: String,
    /// The value.
    pub value: Fen,
    /// How it binds.
    pub op: Op,
    /// What it is held against.
    pub than: Fen,
    /// Whether it holds.
    pub verdict: Verdict,
    /// Documents and clause of the bound.
    pub source: super::super::Source,
    /// Where the value was written.
    pub place: Place,
}

/// A value on file that a bound may be about.
struct Value {
    year: i16,
    of: String,
    amount: Fen,
    place: Place,
}

impl FinancePolicy {
    /// Every value on file held against every bound that does not need heads (要求校验).
    pub fn check_bounds(&self) -> Vec<BoundCheck> {
        let mut checks = Vec::new();
        for bound in &self.bounds {
            for value in self.values(bound.value.path) {
                let Some(op) = bound.value.op.of(value.year).copied() else {
                    continue;
                };
                let before = || self.value_before(bound.value.path, &value);
                let than = match op {
                    Op::NeverFalls => before().map(|(_, amount)| amount),
                    _ => bound
                        .value
                        .than
                        .as_ref()
                        .and_then(|than| than.of(value.year))
                        .map(|than| than.0),
                };
                let Some(than) = than else { continue };
                let verdict = match op {
                    Op::AverageAtLeast => Verdict::NotCheckable,
                    op => op.verdict(value.amount, than, bound.value.tolerance.unwrap_or(Fen::ZERO)),
                };
                checks.push(BoundCheck {
                    rule: bound.value.rule.clone(),
                    path: bound.value.path.as_str(),
                    year: value.year,
                    of: value.of,
                    value: value.amount,
                    op,
                    than,
                    verdict,
                    source: bound.source.clone(),
                    place: value.place,
                });
            }
        }
        checks
    }

    /// A violated bound stops the loading of a file.
    pub(super) fn refuse_violated(&self) -> Result<()> {
        let violated = self.check_bounds().into_iter();
        let violated = violated.filter(|check| check.verdict == Verdict::Violated);
        Error::all(violated.map(|check| {
            let BoundCheck {
                path,
                year,
                of,
                value,
                op,
                than,
                source,
                ..
            } = &check;
            let of = if of.is_empty() {
                String::new()
            } else {
                format!(" ({of})")
            };
            let message = format!(
                "`{path}`: {value} yuan for {year}{of}; expected {} {than} yuan (document {}, clause {})",
                op.as_str(),
                source.doc.join(", "),
                source.clause.as_deref().unwrap_or("-")
            );
            Error::at(check.place.clone(), message)
        }))
    }

    /// The average bound of a year of collection, if there is one: what it must be, and its source.
    pub fn average_bound(&self, collected: i16) -> Option<(Fen, &Parameter<Bound>)> {
        self.bounds.iter().find_map(|bound| {
            let is_average = bound.value.op.of(collected) == Some(&Op::AverageAtLeast);
            let than = bound.value.than.as_ref()?.of(collected)?.0;
            (is_average && bound.value.path == Path::PersonalFee).then_some((than, bound))
        })
    }

    fn values(&self, path: Path) -> Vec<Value> {
        match path {
            Path::PersonalFee => self.fee_values(),
            Path::PlanGap => self.plan_gaps(),
            Path::FiscalSubsidy => self.fiscal_values(),
            Path::CiiPremium => {
                let value = |premium: &Parameter<(i16, Fen)>| Value {
                    year: premium.value.0,
                    of: String::new(),
                    amount: premium.value.1,
                    place: premium.place.clone(),
                };
                self.premiums.iter().map(value).collect()
            }
            Path::PersonalFeeGrowth => self.growth(Path::PersonalFee),
            Path::FiscalSubsidyGrowth => self.growth(Path::FiscalSubsidy),
        }
    }

    /// The cheapest plan of each fee by year of collection: a dearer plan is a choice that no notice
    /// binds. A fee that does not say when it is collected is bound by none.
    fn fee_values(&self) -> Vec<Value> {
        let value = |fee: &Parameter<super::Fee>| {
            let (plan, amount) = fee.value.by_plan.iter().min_by_key(|(_, amount)| **amount)?;
            let who = if fee.value.student { "student " } else { "" };
            Some(Value {
                year: fee.value.collected?,
                of: format!("{who}{plan} {}", fee.value.benefit).trim().to_owned(),
                amount: *amount,
                place: fee.place.clone(),
            })
        };
        self.fees.iter().filter_map(value).collect()
    }

    fn fiscal_values(&self) -> Vec<Value> {
        let value = |fiscal: &Parameter<super::Fiscal>| Value {
            year: fiscal.value.year,
            of: String::new(),
            amount: fiscal.value.standard,
            place: fiscal.place.clone(),
        };
        self.fiscal.iter().map(value).collect()
    }

    /// The dearest plan of each row less the cheapest.
    fn plan_gaps(&self) -> Vec<Value> {
        let gap = |fee: &Parameter<super::Fee>| {
            let (least, most) = (
                fee.value.by_plan.values().min()?,
                fee.value.by_plan.values().max()?,
            );
            (fee.value.by_plan.len() > 1).then(|| Value {
                year: fee.value.benefit.span().from.year(),
                of: format!(
                    "{}{}",
                    if fee.value.student { "student " } else { "" },
                    fee.value.benefit
                ),
                amount: *most - *least,
                place: fee.place.clone(),
            })
        };
        self.fees.iter().filter_map(gap).collect()
    }

    /// The growth over the year before, where both are on file.
    fn growth(&self, path: Path) -> Vec<Value> {
        let values = self.values(path);
        let grown = |value: &Value| {
            let (year, before) = self.value_before(path, value)?;
            (year + 1 == value.year).then(|| Value {
                year: value.year,
                of: value.of.clone(),
                amount: value.amount - before,
                place: value.place.clone(),
            })
        };
        values.iter().filter_map(grown).collect()
    }

    /// The nearest earlier value of the same kind: same plan, students apart.
    fn value_before(&self, path: Path, value: &Value) -> Option<(i16, Fen)> {
        let kind = |of: &str| {
            of.rsplit_once(' ')
                .map_or(String::new(), |(kind, _)| kind.to_owned())
        };
        let earlier = self.values(path).into_iter();
        let earlier = earlier.filter(|other| other.year < value.year && kind(&other.of) == kind(&value.of));
        earlier
            .max_by_key(|other| other.year)
            .map(|other| (other.year, other.amount))
    }
}

/// The mean fee over the heads of all plans (平均个人缴费), and whether it reaches a bound.
///
/// # Errors
/// No heads, or sums out of range.
pub fn average_at_least(fees: &[(Fen, u64)], bound: Fen) -> std::result::Result<(Exact, Verdict), Overflow> {
    let mut sum = Exact::ZERO;
    let mut heads = 0_i128;
    for (fee, count) in fees {
        sum = sum.add(fee.exact().mul(Exact::integer(i128::from(*count)))?)?;
        heads += i128::from(*count);
    }
    let average = sum.div(Exact::integer(heads))?;
    let verdict = match average.compare(bound.exact()).is_lt() {
        true => Verdict::Violated,
        false => Verdict::Holds,
    };
    Ok((average, verdict))
}
