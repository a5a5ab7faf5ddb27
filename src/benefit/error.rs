//! Why a claim is not settled (未能结算).

use std::fmt;

use jiff::civil::Date;

use crate::diagnostics::Told;
use crate::units::{Fen, Overflow};

/// Names of what a benefit file can have wrong (参数文件错误名称), at the end of each message.
pub mod fault {
    pub const UNKNOWN_KEY: &str = "UnknownKey";
    pub const DANGLING_TIER: &str = "DanglingTier";
    pub const DOC_MISSING: &str = "DocMissing";
    pub const OVERLAP: &str = "Overlap";
    pub const GAP: &str = "Gap";
    pub const UNIT: &str = "Unit";
    pub const RANGE: &str = "Range";
    pub const BAND_ORDER: &str = "BandOrder";
    pub const TABLE_INCOMPLETE: &str = "TableIncomplete";
    pub const DELTA_WITHOUT_BASE: &str = "DeltaWithoutBase";
    pub const FORMULA_MISMATCH: &str = "FormulaMismatch";
    pub const BOUND_VIOLATED: &str = "BoundViolated";
    pub const EVIDENCE_TOO_WEAK: &str = "EvidenceTooWeak";

    /// The message with its name behind it.
    pub fn named(name: &str, message: impl std::fmt::Display) -> String {
        format!("{message} [{name}]")
    }
}

/// Why a claim is not settled (未能结算的原因); the counters stay as they were.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ShareError {
    /// No value of the parameter is in force on that day (当日无参数); nothing is carried over.
    NoValueOnDate {
        /// Key path in the benefit file.
        path: String,
        /// The day.
        date: Date,
    },
    /// The value in force is stated as unknown (参数未知).
    UnknownValueUsed {
        /// Key path in the benefit file.
        path: String,
        /// The day.
        date: Date,
    },
    /// A plan, level, status, category or class the policy does not know (未知代码).
    UnknownWord {
        /// What the word should be.
        what: &'static str,
        /// As the claim has it.
        written: String,
        /// What the policy knows.
        known: String,
    },
    /// The parameter depends on something the claim does not say (缺少信息).
    NotSaid {
        /// Key path in the benefit file.
        path: String,
        /// What is missing.
        what: &'static str,
    },
    /// An amount below zero that reverses nothing (非冲销的负数金额).
    NegativeLine {
        /// Field of the claim.
        field: &'static str,
        /// Its amount.
        amount: Fen,
    },
    /// An amount beyond any bill (金额超出范围).
    AmountOutOfRange {
        /// Field of the claim.
        field: &'static str,
        /// Its amount.
        amount: Fen,
    },
    /// A part of the bill larger than the part it lies in (分项超出所属金额).
    PartTooLarge {
        /// The part.
        part: &'static str,
        /// Its amount.
        amount: Fen,
        /// What it lies in.
        whole: &'static str,
        /// The amount of that.
        most: Fen,
    },
    /// Two sides that must be equal are not (恒等式不成立).
    IdentityBroken {
        /// The identity.
        identity: &'static str,
        /// Its left side.
        left: Fen,
        /// Its right side.
        right: Fen,
    },
    /// The counters belong to another year (年度不符).
    OtherYear {
        /// Year of the counters.
        counters: i16,
        /// Year of the claim.
        claim: i16,
    },
    /// Nobody insured the person on that day (当日未参保), or the waiting period was not over.
    NoCoverage {
        /// The person.
        person: String,
        /// The day.
        date: Date,
        /// The last day of the waiting period, if that is the reason.
        waiting_to: Option<Date>,
    },
    /// The person's cover ended inside the stay (住院期间参保终止), and the bill does not say what was spent
    /// on which day.
    CoverEnded {
        /// The last day of cover.
        last: Date,
        /// The day of discharge.
        date: Date,
    },
    /// Two schemes insured the person on that day (当日重复参保).
    DuplicateCoverage {
        /// The person.
        person: String,
        /// The day.
        date: Date,
        /// The schemes.
        schemes: [String; 2],
    },
    /// The amounts of a reversal are not those of the settlement with the sign turned
    /// (退结算金额不符).
    ReversalMismatch {
        /// The settlement.
        settlement: String,
        /// Field that differs.
        field: &'static str,
        /// What the mirror must be.
        expected: Fen,
        /// What the reversal says.
        found: Fen,
    },
    /// The settlement was reversed before (已退结算).
    AlreadyReversed {
        /// The settlement.
        settlement: String,
    },
    /// Later claims of the person stand on it (存在后续结算).
    LaterClaimsExist {
        /// The settlement.
        settlement: String,
        /// The first of the later ones.
        later: String,
    },
    /// It lies before the day up to which all is closed (已封账).
    Locked {
        /// The settlement.
        settlement: String,
        /// The first day that is open.
        open_from: Date,
    },
    /// No settlement has that id (结算号不存在).
    NoSuchSettlement {
        /// The id.
        settlement: String,
    },
    /// The id was settled before (结算号重复).
    SettledBefore {
        /// The id.
        settlement: String,
    },
    /// Counters that cannot have come from this program's claims (累计超出范围).
    Overflow,
}

impl ShareError {
    /// A stable name (错误名称), for lists of what was refused.
    pub const fn name(&self) -> &'static str {
        match self {
            ShareError::NoValueOnDate { .. } => "NoValueOnDate",
            ShareError::UnknownValueUsed { .. } => "UnknownValueUsed",
            ShareError::UnknownWord { .. } => "UnknownWord",
            ShareError::NotSaid { .. } => "NotSaid",
            ShareError::NegativeLine { .. } => "NegativeLine",
            ShareError::AmountOutOfRange { .. } => "AmountOutOfRange",
            ShareError::PartTooLarge { .. } => "PartTooLarge",
            ShareError::IdentityBroken { .. } => "IdentityBroken",
            ShareError::OtherYear { .. } => "OtherYear",
            ShareError::NoCoverage { .. } => "NoCoverage",
            ShareError::CoverEnded { .. } => "CoverEnded",
            ShareError::DuplicateCoverage { .. } => "DuplicateCoverage",
            ShareError::ReversalMismatch { .. } => "ReversalMismatch",
            ShareError::AlreadyReversed { .. } => "AlreadyReversed",
            ShareError::LaterClaimsExist { .. } => "LaterClaimsExist",
            ShareError::Locked { .. } => "Locked",
            ShareError::NoSuchSettlement { .. } => "NoSuchSettlement",
            ShareError::SettledBefore { .. } => "SettledBefore",
            ShareError::Overflow => "Overflow",
        }
    }

    /// What is wrong, in both languages (说明).
    pub fn told(&self) -> Told {
        match self {
            ShareError::NoValueOnDate { path, date } => {
                Told::new("`{0}` has no value on {1}", "`{0}`在{1}没有取值", [path, date])
            }
            ShareError::UnknownValueUsed { path, date } => Told::new(
                "`{0}` is needed, but its value on {1} is unknown",
                "需要`{0}`，但其在{1}的取值未知",
                [path, date],
            ),
            ShareError::UnknownWord { what, written, known } => Told::new(
                "`{0}` is no {3} of this policy; expected one of {1}{2}",
                "`{0}`不是本政策的{3}；应为{1}之一{2}",
                [written, known],
            )
            .and(Told::suggestion(written, known.split(", ")))
            .and(named_thing(what)),
            ShareError::NotSaid { path, what } => Told::new(
                "`{0}` depends on the {1}, which the claim does not say",
                "`{0}`取决于{1}，而单据未说明",
                [path],
            )
            .and(named_thing(what)),
            ShareError::OtherYear { counters, claim } => Told::new(
                "the counters are of {0}, the claim of {1}",
                "累计属于{0}年，单据属于{1}年",
                [counters, claim],
            ),
            ShareError::Overflow => {
                Told::new("the counters leave the range of money", "累计超出金额范围", [])
            }
            other => other.told_of_amounts(),
        }
    }

    fn told_of_amounts(&self) -> Told {
        match self {
            ShareError::NegativeLine { field, amount } => Told::new(
                "`{0}` is {1} yuan, but the claim reverses nothing; expected 0 or more",
                "`{0}`为{1}元，但单据不是退结算；应不小于0",
                [field, amount],
            ),
            ShareError::AmountOutOfRange { field, amount } => Told::new(
                "`{0}` is {1} yuan; expected 0 to {2} yuan",
                "`{0}`为{1}元；应为0至{2}元",
                [field, amount, &Fen::LARGEST_INPUT],
            ),
            ShareError::PartTooLarge {
                part,
                amount,
                whole,
                most,
            } => Told::new(
                "`{0}` is {1} yuan, but it is a part of `{2}`, {3} yuan",
                "`{0}`为{1}元，但它是`{2}`（{3}元）的一部分",
                [part, amount, whole, most],
            ),
            ShareError::IdentityBroken {
                identity,
                left,
                right,
            } => Told::new(
                "{0} does not hold: {1} is not {2}",
                "恒等式{0}不成立：{1}不等于{2}",
                [identity, left, right],
            ),
            ShareError::ReversalMismatch {
                settlement,
                field,
                expected,
                found,
            } => Told::new(
                "the reversal of `{0}` has `{1}` {2} yuan; its mirror is {3} yuan",
                "`{0}`的退结算中`{1}`为{2}元；应为{3}元",
                [settlement, field, found, expected],
            ),
            other => other.told_of_the_book(),
        }
    }

    fn told_of_the_book(&self) -> Told {
        match self {
            ShareError::NoCoverage { date, waiting_to, .. } => match waiting_to {
                None => Told::new("the person is not covered on {0}", "该人员在{0}未参保", [date]),
                Some(last) => Told::new(
                    "the person is not covered on {0}: the waiting period lasts to {1}",
                    "该人员在{0}尚不享受待遇：等待期至{1}",
                    [date, last],
                ),
            },
            ShareError::CoverEnded { last, date } => Told::new(
                "cover ended on {0}, before the discharge on {1}; expected fee lines by day, since later days are not paid",
                "参保于{0}终止，早于{1}出院；应提供按日费用明细，此后各日不予支付",
                [last, date],
            ),
            ShareError::DuplicateCoverage {
                date,
                schemes: [one, two],
                ..
            } => Told::new(
                "the person is covered twice on {0}: by `{1}` and by `{2}`",
                "该人员在{0}重复参保：`{1}`和`{2}`",
                [date, one, two],
            ),
            ShareError::AlreadyReversed { settlement } => {
                Told::new("`{0}` is already reversed", "`{0}`已退结算", [settlement])
            }
            ShareError::LaterClaimsExist { settlement, later } => Told::new(
                "`{0}` cannot be reversed: `{1}` was settled after it",
                "`{0}`不能退结算：其后已结算`{1}`",
                [settlement, later],
            ),
            ShareError::Locked {
                settlement,
                open_from,
            } => Told::new(
                "`{0}` lies before {1}, and all before that day is closed",
                "`{0}`早于{1}，此前已封账",
                [settlement, open_from],
            ),
            ShareError::NoSuchSettlement { settlement } => Told::new(
                "no settlement has the id `{0}`",
                "没有结算号为`{0}`的结算",
                [settlement],
            ),
            ShareError::SettledBefore { settlement } => {
                Told::new("`{0}` was settled before", "`{0}`此前已结算", [settlement])
            }
            _ => Told::same(self.name()),
        }
    }

    /// Which word of the claim is at fault, and what it says (出错的列与值); nothing where the claim as a
    /// whole is. Numbers of persons are not shown.
    pub fn field(&self) -> Option<(&'static str, String)> {
        match self {
            ShareError::UnknownWord { what, written, .. } => Some((what, written.clone())),
            ShareError::NotSaid { what, .. } => Some((what, String::new())),
            ShareError::NegativeLine { field, amount }
            | ShareError::AmountOutOfRange { field, amount }
            | ShareError::PartTooLarge {
                part: field, amount, ..
            } => Some((field, amount.to_string())),
            ShareError::ReversalMismatch { field, found, .. } => Some((field, found.to_string())),
            ShareError::IdentityBroken { left, .. } => Some(("total", left.to_string())),
            ShareError::NoCoverage { date, .. }
            | ShareError::CoverEnded { date, .. }
            | ShareError::DuplicateCoverage { date, .. }
            | ShareError::NoValueOnDate { date, .. } => Some(("discharge", date.to_string())),
            ShareError::AlreadyReversed { settlement }
            | ShareError::LaterClaimsExist { settlement, .. }
            | ShareError::Locked { settlement, .. }
            | ShareError::NoSuchSettlement { settlement } => Some(("reverses", settlement.clone())),
            ShareError::SettledBefore { settlement } => Some(("settlement", settlement.clone())),
            ShareError::UnknownValueUsed { .. } | ShareError::OtherYear { .. } | ShareError::Overflow => None,
        }
    }
}

/// What a claim can say wrong or leave unsaid, in both languages.
const THINGS: [(&str, &str); 12] = [
    ("plan", "档次"),
    ("level", "医疗机构等级"),
    ("hospital level", "医疗机构等级"),
    ("status", "就业状态"),
    ("category", "身份类别"),
    ("class of items", "单列项目类别"),
    ("disease of the two-disease scheme", "两病病种"),
    ("age", "年龄"),
    ("admission day", "入院日期"),
    ("settlement day", "结算日期"),
    ("year the patient chose", "选择的年度"),
    ("dates of the lines", "费用明细的日期"),
];

fn named_thing(thing: &'static str) -> Told {
    let known = THINGS.into_iter().find(|(en, _)| *en == thing);
    let (en, zh) = known.unwrap_or((thing, thing));
    Told::new(en, zh, [])
}

impl fmt::Display for ShareError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.told().fmt(f)
    }
}

impl std::error::Error for ShareError {}

impl From<Overflow> for ShareError {
    fn from(_: Overflow) -> ShareError {
        ShareError::Overflow
    }
}
