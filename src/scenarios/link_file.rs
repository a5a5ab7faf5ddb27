//! What a scenario says of the link to payment and of indicators (衔接与指标设置).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use crate::benefit::link::{CopayBase, FundFormula, Negative};
use crate::benefit::{BenefitPolicy, Payer};
use crate::units::{Exact, Fen, Ratio};

/// How the patients' bills and the groups' standards meet (支付衔接).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkTerms {
    /// What the person's share is computed from.
    pub copay_base: CopayBase,
    /// The person's amount by group, of `copay_base = "fixed"`.
    #[serde(default)]
    pub(super) fixed: BTreeMap<String, YuanText>,
    /// How the fund's part comes of the standard.
    pub fund_formula: FundFormula,
    /// The ratio of `fund_formula = "ratio"`: `"case"`, the case's own by items, or a ratio.
    pub fund_ratio: Option<FundRatio>,
    /// What happens below zero.
    pub negative: Negative,
}

impl LinkTerms {
    /// The person's amount for a group.
    pub fn fixed_for(&self, group: &str) -> Option<Fen> {
        self.fixed.get(group).map(|amount| amount.0)
    }

    /// Whether the keys go together; a refusal in words.
    pub(super) fn refusal(&self) -> Option<&'static str> {
        if (self.copay_base == CopayBase::Fixed) == self.fixed.is_empty() {
            return Some("`link.fixed` is written with `copay_base = \"fixed\"`, and only with it");
        }
        if (self.fund_formula == FundFormula::Ratio) != self.fund_ratio.is_some() {
            return Some("`link.fund_ratio` is written with `fund_formula = \"ratio\"`, and only with it");
        }
        None
    }
}

/// The ratio of the fund's part (基金支付比例).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FundRatio {
    /// The case's own: what the pooled fund paid by items over in-scope cost above the deductible.
    Case,
    /// One for all.
    Fixed(Exact),
}

impl<'de> Deserialize<'de> for FundRatio {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<FundRatio, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "case" {
            return Ok(FundRatio::Case);
        }
        share(&text).map(FundRatio::Fixed).map_err(D::Error::custom)
    }
}

/// An amount with its unit.
#[derive(Clone, Copy, Debug)]
pub(super) struct YuanText(pub(super) Fen);

impl<'de> Deserialize<'de> for YuanText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<YuanText, D::Error> {
        let text = String::deserialize(deserializer)?;
        let yuan = text
            .strip_suffix(" yuan")
            .and_then(|yuan| Fen::parse_yuan(yuan).ok());
        let yuan = yuan.filter(|yuan| !yuan.is_negative() && *yuan <= Fen::LARGEST_INPUT);
        yuan.map(YuanText).ok_or_else(|| {
            D::Error::custom(format!(
                "`{text}` is refused; expected an amount with its unit, e.g. \"30000 yuan\""
            ))
        })
    }
}

/// A ratio from 0 to 1 as an exact fraction.
fn share(text: &str) -> Result<Exact, String> {
    let refused = || format!("`{text}` is refused; expected a ratio from \"0%\" to \"100%\"");
    let ratio: Ratio = text.parse().map_err(|_| refused())?;
    if ratio < Ratio::ZERO || ratio > Ratio::ONE {
        return Err(refused());
    }
    ratio.exact().map_err(|e| e.to_string())
}

/// Which payers count as the fund's part of the in-scope ratio (报销比例的分子口径).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Numerator {
    /// 基本医保
    Basic,
    /// 基本医保 + 大病保险 + 医疗救助
    ThreeTiers,
}

impl Numerator {
    /// Both.
    pub const ALL: [Numerator; 2] = [Numerator::Basic, Numerator::ThreeTiers];

    /// The word used in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Numerator::Basic => "basic",
            Numerator::ThreeTiers => "three_tiers",
        }
    }

    /// The payers it counts.
    pub const fn payers(self) -> &'static [Payer] {
        match self {
            Numerator::Basic => &[Payer::Basic],
            Numerator::ThreeTiers => &[Payer::Basic, Payer::Cii, Payer::Ma],
        }
    }
}

/// What indicators are held against (指标设置).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndicatorTerms {
    /// Which payers the target is about.
    pub numerator: Numerator,
    /// The in-scope ratio that is aimed at.
    pub(super) target: ShareText,
    /// How far off still counts as reached, in percentage points; the notices' 左右.
    pub(super) tolerance: PointsText,
    /// A person whose in-scope self-pay in the year is above this is listed.
    pub(super) high_burden: YuanText,
    /// Categories that count as poor.
    pub poor: Vec<String>,
}

impl IndicatorTerms {
    /// The ratio aimed at.
    pub fn target(&self) -> Exact {
        self.target.0
    }

    /// The tolerance.
    pub fn tolerance(&self) -> Exact {
        self.tolerance.0
    }

    /// In-scope self-pay of a year from which a person is listed.
    pub fn high_burden(&self) -> Fen {
        self.high_burden.0
    }

    /// A category that no policy of the run knows.
    pub(super) fn unknown_category<'a>(
        &self,
        policies: impl Iterator<Item = &'a BenefitPolicy> + Clone,
    ) -> Option<&str> {
        let known = |category: &str| {
            policies
                .clone()
                .any(|policy| policy.categories().iter().any(|word| word == category))
        };
        self.poor
            .iter()
            .map(String::as_str)
            .find(|category| !known(category))
    }
}

/// `"70%"`.
#[derive(Clone, Copy, Debug)]
pub(super) struct ShareText(Exact);

impl<'de> Deserialize<'de> for ShareText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ShareText, D::Error> {
        let text = String::deserialize(deserializer)?;
        share(&text).map(ShareText).map_err(D::Error::custom)
    }
}

/// `"2pp"`.
#[derive(Clone, Copy, Debug)]
pub(super) struct PointsText(Exact);

impl<'de> Deserialize<'de> for PointsText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<PointsText, D::Error> {
        let text = String::deserialize(deserializer)?;
        let points = text.strip_suffix("pp").map(|points| share(&format!("{points}%")));
        match points {
            Some(Ok(points)) => Ok(PointsText(points)),
            _ => Err(D::Error::custom(format!(
                "`{text}` is refused; expected percentage points, e.g. \"2pp\""
            ))),
        }
    }
}
