//! Why a claim is not settled (未能结算).

use std::fmt;

use jiff::civil::Date;

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

    fn about_values(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ShareError::NoValueOnDate { path, date } => write!(f, "`{path}` has no value on {date}"),
            ShareError::UnknownValueUsed { path, date } => {
                write!(f, "`{path}` is needed, but its value on {date} is unknown")
            }
            ShareError::UnknownWord { what, written, known } => {
                let hint = crate::diagnostics::suggestion(written, known.split(", "));
                write!(
                    f,
                    "`{written}` is no {what} of this policy; expected one of {known}{hint}"
                )
            }
            ShareError::NotSaid { path, what } => {
                write!(f, "`{path}` depends on the {what}, which the claim does not say")
            }
            ShareError::OtherYear { counters, claim } => {
                write!(f, "the counters are of {counters}, the claim of {claim}")
            }
            _ => f.write_str("the counters leave the range of money"),
        }
    }

    fn about_amounts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ShareError::NegativeLine { field, amount } => {
                write!(
                    f,
                    "`{field}` is {amount} yuan, but the claim reverses nothing; expected 0 or more"
                )
            }
            ShareError::AmountOutOfRange { field, amount } => {
                let most = Fen::LARGEST_INPUT;
                write!(f, "`{field}` is {amount} yuan; expected 0 to {most} yuan")
            }
            ShareError::PartTooLarge {
                part,
                amount,
                whole,
                most,
            } => write!(
                f,
                "`{part}` is {amount} yuan, but it is a part of `{whole}`, {most} yuan"
            ),
            ShareError::IdentityBroken {
                identity,
                left,
                right,
            } => write!(f, "{identity} does not hold: {left} is not {right}"),
            ShareError::ReversalMismatch {
                settlement,
                field,
                expected,
                found,
            } => write!(
                f,
                "the reversal of `{settlement}` has `{field}` {found} yuan; its mirror is {expected} yuan"
            ),
            other => other.about_values(f),
        }
    }
}

impl fmt::Display for ShareError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ShareError::NoCoverage {
                person,
                date,
                waiting_to: None,
            } => write!(f, "`{person}` is not covered on {date}"),
            ShareError::NoCoverage {
                person,
                date,
                waiting_to: Some(last),
            } => write!(
                f,
                "`{person}` is not covered on {date}: the waiting period lasts to {last}"
            ),
            ShareError::DuplicateCoverage {
                person,
                date,
                schemes: [one, two],
            } => write!(
                f,
                "`{person}` is covered twice on {date}: by `{one}` and by `{two}`"
            ),
            ShareError::AlreadyReversed { settlement } => write!(f, "`{settlement}` is already reversed"),
            ShareError::LaterClaimsExist { settlement, later } => {
                write!(
                    f,
                    "`{settlement}` cannot be reversed: `{later}` was settled after it"
                )
            }
            ShareError::Locked {
                settlement,
                open_from,
            } => write!(
                f,
                "`{settlement}` lies before {open_from}, and all before that day is closed"
            ),
            ShareError::NoSuchSettlement { settlement } => {
                write!(f, "no settlement has the id `{settlement}`")
            }
            ShareError::SettledBefore { settlement } => write!(f, "`{settlement}` was settled before"),
            other => other.about_amounts(f),
        }
    }
}

impl std::error::Error for ShareError {}

impl From<Overflow> for ShareError {
    fn from(_: Overflow) -> ShareError {
        ShareError::Overflow
    }
}
