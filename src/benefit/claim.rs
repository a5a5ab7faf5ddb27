//! One bill of one person (一次结算).

use jiff::civil::Date;
use serde::Deserialize;

use super::ShareError;
use super::policy::{Axis, BenefitPolicy, Grid, Mask, Words};
use crate::codes::HospitalLevel;
use crate::units::Fen;

/// Employment status (在职, 退休) of a person in an employee scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// 在职.
    Active,
    /// 退休.
    Retired,
}

impl Status {
    /// The word used in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Status::Active => "active",
            Status::Retired => "retired",
        }
    }
}

/// A stay to be shared among payers (待遇计算输入); `total = own + over + pre + scope`.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// Names the claim on its explanation (结算号); no rule reads it.
    pub id: &'a str,
    /// Contribution plan (档次), a word of the policy; empty where the scheme has no plans.
    pub plan: &'a str,
    /// Level of the hospital (医疗机构等级).
    pub level: HospitalLevel,
    /// Identity categories of the person (身份类别), words of the policy; may be none.
    pub categories: &'a [&'a str],
    /// Employment status (在职/退休), where the scheme asks for it.
    pub status: Option<Status>,
    /// Under age on the discharge day (未成年人).
    pub minor: bool,
    /// ICD-10 codes of the stay (诊断), for disease lists; any of them may be listed.
    pub diagnoses: &'a [&'a str],
    /// Discharge day (出院日期): picks the parameters and the year.
    pub discharge: Date,
    /// Total fee (医疗费总额).
    pub total: Fen,
    /// Out of the list (全自费).
    pub own: Fen,
    /// Over the price limit (超限价自费).
    pub over: Fen,
    /// Pre-self-pay (先行自付).
    pub pre: Fen,
    /// In scope (政策范围内).
    pub scope: Fen,
}

/// The claim's words as the policy's indices.
#[derive(Clone, Copy, Debug)]
pub struct Person {
    plan: Option<usize>,
    level: Option<usize>,
    status: Option<usize>,
    pub categories: Mask,
}

impl Person {
    pub fn of(claim: &Claim<'_>, policy: &BenefitPolicy) -> Result<Person, ShareError> {
        let words = &policy.words;
        let unknown = |what, written: &str, known: Vec<&str>| ShareError::UnknownWord {
            what,
            written: written.to_owned(),
            known: known.join(", "),
        };
        let plan = words.plans.iter().position(|plan| plan == claim.plan);
        if plan.is_none() && !(words.plans.is_empty() && claim.plan.is_empty()) {
            return Err(unknown("plan", claim.plan, words.keys(Axis::Plan)));
        }
        let level = words.levels.iter().position(|(_, level)| *level == claim.level);
        if level.is_none() && !words.levels.is_empty() {
            return Err(unknown(
                "hospital level",
                claim.level.as_str(),
                words.keys(Axis::Level),
            ));
        }
        let status = |status: Status| {
            let found = words.statuses.iter().position(|known| *known == status);
            found.ok_or_else(|| unknown("status", status.as_str(), words.keys(Axis::Status)))
        };
        Ok(Person {
            plan,
            level,
            status: claim
                .status
                .filter(|_| !words.statuses.is_empty())
                .map(status)
                .transpose()?,
            categories: categories(claim.categories, words)?,
        })
    }

    pub fn index(&self, axis: Axis) -> Option<usize> {
        match axis {
            Axis::Plan => self.plan,
            Axis::Level => self.level,
            Axis::Status => self.status,
        }
    }

    /// The cell for this person, or the axis on which the claim says nothing.
    pub fn cell<'g, T>(&self, grid: &'g Grid<T>) -> Result<&'g T, Axis> {
        match grid {
            Grid::Leaf(value) => Ok(value),
            Grid::By(axis, cells) => {
                let cell = self.index(*axis).and_then(|index| cells.get(index));
                self.cell(cell.ok_or(*axis)?)
            }
        }
    }

    /// The keys that lead to that cell, e.g. `.p1.L2`.
    pub fn keys<T>(&self, grid: &Grid<T>, words: &Words) -> String {
        let Grid::By(axis, cells) = grid else {
            return String::new();
        };
        let index = self.index(*axis).unwrap_or_default();
        let key = words
            .keys(*axis)
            .get(index)
            .map_or_else(String::new, |key| format!(".{key}"));
        key + &cells
            .get(index)
            .map_or_else(String::new, |cell| self.keys(cell, words))
    }
}

fn categories(written: &[&str], words: &Words) -> Result<Mask, ShareError> {
    let bit = |name: &&str| {
        words.bit(name).ok_or_else(|| ShareError::UnknownWord {
            what: "category",
            written: (*name).to_owned(),
            known: words.categories.join(", "),
        })
    };
    written.iter().try_fold(0, |mask, name| Ok(mask | bit(name)?))
}

/// Amounts that are money of one bill, and sum to it (identity I1).
pub fn check_amounts(claim: &Claim<'_>) -> Result<(), ShareError> {
    let parts = [
        ("total", claim.total),
        ("own", claim.own),
        ("over", claim.over),
        ("pre", claim.pre),
        ("scope", claim.scope),
    ];
    for (field, amount) in parts {
        if amount.is_negative() || amount > Fen::LARGEST_INPUT {
            return Err(ShareError::AmountOutOfRange { field, amount });
        }
    }
    let sum = claim.own + claim.over + claim.pre + claim.scope;
    if sum != claim.total {
        return Err(ShareError::IdentityBroken {
            identity: "total = own + over + pre + scope",
            left: claim.total,
            right: sum,
        });
    }
    Ok(())
}
