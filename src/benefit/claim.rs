//! One bill of one person (一次结算).

use std::str::FromStr;

use jiff::civil::Date;
use serde::Deserialize;

use super::ShareError;
use super::policy::{Axis, BenefitPolicy, Grid, Mask, Words};
use super::slip::Uncovered;
use crate::codes::HospitalLevel;
use crate::units::Fen;

/// Words of a closed list, as written in files.
macro_rules! words {
    ($( $(#[$doc:meta])* $name:ident { $( $(#[$variant_doc:meta])* $variant:ident = $word:literal ),* $(,)? } )*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
        pub enum $name { $( $(#[$variant_doc])* #[serde(rename = $word)] $variant ),* }

        impl $name {
            /// Every word of the list (全部取值).
            pub const ALL: [$name; [$($word),*].len()] = [$($name::$variant),*];

            /// The word used in files (文件用词).
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word),* }
            }
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<$name, String> {
                let found = $name::ALL.into_iter().find(|known| known.as_str() == text);
                found.ok_or_else(|| format!("`{text}` is not one of {}", [$($word),*].join(", ")))
            }
        }
    )*};
}

words! {
    /// Employment status (在职, 退休) of a person in an employee scheme.
    Status {
        /// 在职.
        Active = "active",
        /// 退休.
        Retired = "retired",
    }
    /// Level of the institution (医疗机构等级) as benefit rules know it.
    Level {
        /// Township clinic (镇街卫生院).
        Township = "T",
        /// 一级.
        One = "L1",
        /// 二级.
        Two = "L2",
        /// 三级.
        Three = "L3",
    }
    /// Kind of the institution (机构类别), where a rule asks.
    Facility {
        /// None of the others (综合及其他).
        General = "general",
        /// Hospital of traditional Chinese medicine (中医医院).
        Tcm = "tcm",
        /// Psychiatric hospital (精神专科医院).
        Psychiatric = "psychiatric",
    }
    /// Where the care was given, seen from the pooling area (就医地).
    Area {
        /// In the pooling area (统筹区内).
        Local = "local",
        /// Elsewhere in the province (省内异地).
        Province = "province",
        /// In another province (跨省异地).
        Outside = "outside",
    }
    /// Kind of care (医疗类别): which rules of the policy the bill goes through.
    Care {
        /// A stay (住院).
        Inpatient = "inpatient",
        /// Pooled outpatient care (门诊统筹).
        General = "general",
        /// Drugs for hypertension and diabetes (两病门诊用药).
        TwoDisease = "two_disease",
        /// Chronic diseases (门诊慢性病).
        Chronic = "chronic",
        /// Major diseases, paid as a stay (门诊特殊病, 重大疾病).
        Major = "major",
    }
    /// Diseases of the two-disease scheme (两病病种).
    Condition {
        /// 高血压.
        Hypertension = "hypertension",
        /// 糖尿病.
        Diabetes = "diabetes",
        /// Diabetes treated with insulin (使用胰岛素).
        Insulin = "insulin",
    }
}

impl Care {
    /// The kinds that have a scheme of their own.
    pub(super) const OUTPATIENT: [Care; 4] = [Care::General, Care::TwoDisease, Care::Chronic, Care::Major];

    pub(super) fn index(self) -> usize {
        Care::ALL
            .iter()
            .position(|care| *care == self)
            .unwrap_or_default()
    }
}

impl From<HospitalLevel> for Level {
    fn from(level: HospitalLevel) -> Level {
        match level {
            HospitalLevel::One => Level::One,
            HospitalLevel::Two => Level::Two,
            HospitalLevel::Three => Level::Three,
        }
    }
}

impl Level {
    /// A level in any spelling that files have: `T`, `L1` to `L3`, `1` to `3` (等级的各种写法).
    pub fn of_word(word: &str) -> Option<Level> {
        match word {
            "1" => Some(Level::One),
            "2" => Some(Level::Two),
            "3" => Some(Level::Three),
            word => word.parse().ok(),
        }
    }
}

/// In-scope cost of one class of items that has its own ratio (单列项目).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ItemAmount<'a> {
    /// The class, a word of the policy.
    pub class: &'a str,
    /// Its part of the in-scope cost.
    pub scope: Fen,
}

/// A bill to be shared among payers (待遇计算输入); `total = own + over + pre + scope`.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// Names the claim on its explanation (结算号).
    pub id: &'a str,
    /// Kind of care (医疗类别).
    pub care: Care,
    /// Contribution plan (档次), a word of the policy; empty where the scheme has no plans.
    pub plan: &'a str,
    /// Level of the hospital (医疗机构等级).
    pub level: Level,
    /// The hospital (医疗机构编码), for rules on later stays in the same one.
    pub hospital: &'a str,
    /// Its kind (机构类别).
    pub facility: Facility,
    /// Where it is, seen from the pooling area (就医地).
    pub area: Area,
    /// Whether the patient was referred there (是否转诊), for care out of the area.
    pub referral: bool,
    /// Identity categories of the person (身份类别), words of the policy; may be none.
    pub categories: &'a [&'a str],
    /// Categories held on any day of the year (年内曾有身份), for rules that ask; where nothing
    /// else is known, the same as `categories`.
    pub categories_of_year: &'a [&'a str],
    /// Employment status (在职/退休), where the scheme asks for it.
    pub status: Option<Status>,
    /// Under age on the day that counts (未成年人), where a rule asks.
    pub minor: Option<bool>,
    /// A student in the year of entry (入学当年学生).
    pub student_entry_year: bool,
    /// ICD-10 codes of the stay (诊断), for disease lists; any of them may be listed.
    pub diagnoses: &'a [&'a str],
    /// Diseases the person is registered for in the two-disease scheme (两病登记).
    pub conditions: &'a [Condition],
    /// Number of diseases registered for special outpatient care (门诊慢特病病种数).
    pub registered_diseases: u32,
    /// Admission day (入院日期), where a rule asks.
    pub admission: Option<Date>,
    /// Discharge day, or the day of an outpatient visit (出院日期).
    pub discharge: Date,
    /// Day of settlement (结算日期), where a rule asks.
    pub settlement: Option<Date>,
    /// The year whose counters it moves (年度), where that is decided; else the policy's rule on
    /// stays over the turn of the year decides it.
    pub year: Option<i16>,
    /// The second record of a stay cut at the turn of the year (跨年拆分的后段): no deductible,
    /// no admission.
    pub reentry: bool,
    /// Days of the stay after cover had ended, as a part of `own` (参保终止后费用).
    pub uncovered: Option<Uncovered>,
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
    /// Classes of items with their own ratio, parts of `scope` (单列项目).
    pub items: &'a [ItemAmount<'a>],
    /// Special drugs of critical illness insurance, a part of `own` (大病特效药).
    pub special_drug: Fen,
    /// What the personal account holds (个人账户余额).
    pub account: Fen,
    /// What the family's shared account holds (家庭共济账户余额).
    pub family_account: Fen,
    /// Deposit paid at admission (住院押金).
    pub deposit: Fen,
}

impl Default for Claim<'_> {
    /// An empty bill of a local stay at a hospital of level 1.
    fn default() -> Self {
        Claim {
            id: "",
            care: Care::Inpatient,
            plan: "",
            level: Level::One,
            hospital: "",
            facility: Facility::General,
            area: Area::Local,
            referral: false,
            categories: &[],
            categories_of_year: &[],
            status: None,
            minor: None,
            student_entry_year: false,
            diagnoses: &[],
            conditions: &[],
            registered_diseases: 1,
            admission: None,
            discharge: Date::ZERO,
            settlement: None,
            year: None,
            reentry: false,
            uncovered: None,
            total: Fen::ZERO,
            own: Fen::ZERO,
            over: Fen::ZERO,
            pre: Fen::ZERO,
            scope: Fen::ZERO,
            items: &[],
            special_drug: Fen::ZERO,
            account: Fen::ZERO,
            family_account: Fen::ZERO,
            deposit: Fen::ZERO,
        }
    }
}

/// The claim's words as the policy's indices.
#[derive(Clone, Copy, Debug)]
pub struct Person {
    plan: Option<usize>,
    level: Option<usize>,
    status: Option<usize>,
    pub categories: Mask,
    /// Held on any day of the year.
    pub categories_of_year: Mask,
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
        let status = |status: Status| {
            let found = words.statuses.iter().position(|known| *known == status);
            found.ok_or_else(|| unknown("status", status.as_str(), words.keys(Axis::Status)))
        };
        let held = categories(claim.categories, words)?;
        Ok(Person {
            plan,
            level: Self::level(claim.level, words)?,
            status: claim
                .status
                .filter(|_| !words.statuses.is_empty())
                .map(status)
                .transpose()?,
            categories: held,
            categories_of_year: held | categories(claim.categories_of_year, words)?,
        })
    }

    fn level(level: Level, words: &Words) -> Result<Option<usize>, ShareError> {
        let found = words.levels.iter().position(|known| *known == level);
        if found.is_none() && !words.levels.is_empty() {
            return Err(ShareError::UnknownWord {
                what: "hospital level",
                written: level.as_str().to_owned(),
                known: words.keys(Axis::Level).join(", "),
            });
        }
        Ok(found)
    }

    /// The same person under the rules of another level.
    pub fn at_level(self, level: usize) -> Person {
        Person {
            level: Some(level),
            ..self
        }
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
        ("special_drug", claim.special_drug),
        ("account", claim.account),
        ("family_account", claim.family_account),
        ("deposit", claim.deposit),
    ];
    for (field, amount) in parts {
        if amount.is_negative() {
            return Err(ShareError::NegativeLine { field, amount });
        }
        if amount > Fen::LARGEST_INPUT {
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
    check_parts(claim)
}

/// Parts that lie inside other parts.
fn check_parts(claim: &Claim<'_>) -> Result<(), ShareError> {
    let items: Fen = claim.items.iter().map(|item| item.scope).sum();
    let inside = [
        ("items", items, "scope", claim.scope),
        ("special_drug", claim.special_drug, "own", claim.own),
    ];
    for (part, amount, whole, most) in inside {
        if amount > most || amount.is_negative() {
            return Err(ShareError::PartTooLarge {
                part,
                amount,
                whole,
                most,
            });
        }
    }
    Ok(())
}
