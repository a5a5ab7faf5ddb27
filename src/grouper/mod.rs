//! Case → group (分组): the fast evaluation, the plain one that checks it, and the explanation.
//!
//! Meaning of a scheme's rows: the `mdc` rows in order; where one holds, its `adrg` and
//! `ambiguous` rows in order; where an ADRG holds, its first `drg` row that holds is the group.
//! If none does, `otherwise = group` makes the ADRG code the group and `otherwise = continue`
//! goes on. An MDC none of whose rows holds is left, and the next is tried.

mod changes;
mod explain;
mod fast;
mod neighbours;
mod numbered;
mod packed;
mod packets;
mod plain;
mod pool;
mod questions;
mod reach;
mod reason;
mod targets;
mod words;

pub use changes::Change;
pub use explain::{ComplicationFound, Explanation, Fact, Step, explain};
pub use fast::{Grouper, Workspace};
pub use neighbours::{MOST_CHANGES, Neighbour, Neighbours, neighbours};
pub use packed::DictionaryFacts;
pub use packets::{Considered, Lost, PacketOutcome, PacketWalk, taken_procedures, walk_packets};
pub use plain::group_plainly;
pub use reach::{Boundary, Cause, Reach, Reaches, Verdict, row_findings};
pub use targets::Relation;
pub use words::Teller;

use crate::diagnostics::{Lang, Words};
use crate::tables::{FallbackKind, Level, NO_GROUP, NumberFact, Scheme};

/// What a case is grouped to (分组结果).
///
/// Rows are named by their index in [`Scheme::rules`], so a grouping is a few words and every
/// text is found through the scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grouping {
    /// The MDC row that held, if any did; of several the last tried. Of packets the row of the layer: of
    /// the group's, or of the principal diagnoses that are not grouped.
    pub mdc: Option<usize>,
    /// The ADRG row, if grouped.
    pub adrg: Option<usize>,
    /// The group row; an `adrg` row when `otherwise = group` decided; an `ambiguous` row.
    pub row: Option<usize>,
    /// 0, 1 (CC) or 2 (MCC): the heaviest complication that counts.
    pub severity: u8,
    /// What a scheme of packets says besides.
    pub packet: PacketOutcome,
}

/// How grouping ended (入组状态).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// A group.
    Grouped,
    /// The group that takes what no other takes (保底病种).
    Fallback,
    /// 歧义.
    Ambiguous,
    /// 未入组.
    Ungrouped,
}

impl Status {
    /// Every status, in the order of reports (全部状态).
    pub const ALL: [Status; 4] = [
        Status::Grouped,
        Status::Fallback,
        Status::Ambiguous,
        Status::Ungrouped,
    ];

    /// Whether the case has a group, if only the last resort (有病组).
    pub const fn has_group(self) -> bool {
        matches!(self, Status::Grouped | Status::Fallback)
    }

    /// The word used in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Status::Grouped => "grouped",
            Status::Fallback => "fallback",
            Status::Ambiguous => "ambiguous",
            Status::Ungrouped => "ungrouped",
        }
    }

    /// The word for people.
    pub const fn words(self) -> Words {
        match self {
            Status::Grouped => Words {
                en: "grouped",
                zh: "入组",
            },
            Status::Fallback => Words {
                en: "fallback",
                zh: "保底入组",
            },
            Status::Ambiguous => Words {
                en: "ambiguous",
                zh: "歧义",
            },
            Status::Ungrouped => Words {
                en: "ungrouped",
                zh: "未入组",
            },
        }
    }
}

impl Grouping {
    /// No MDC held.
    pub const NONE: Grouping = Grouping {
        mdc: None,
        adrg: None,
        row: None,
        severity: 0,
        packet: PacketOutcome::NONE,
    };

    /// Every way a case can end but for its severity: where each rule row decides, by its index,
    /// an `mdc` row by being left; last where none does.
    pub fn all_of(scheme: &Scheme) -> Vec<Grouping> {
        let mut at = Grouping::NONE;
        let mut all = Vec::with_capacity(scheme.rules().len() + 1);
        for (row, rule) in scheme.rules().iter().enumerate() {
            match rule.level {
                Level::Mdc | Level::Layer => {
                    at = Grouping {
                        mdc: Some(row),
                        ..Grouping::NONE
                    }
                }
                Level::Adrg => {
                    at = Grouping {
                        adrg: Some(row),
                        row: Some(row),
                        ..at
                    }
                }
                Level::Ambiguous => {
                    at = Grouping {
                        adrg: None,
                        row: Some(row),
                        ..at
                    }
                }
                Level::Drg | Level::Packet => at.row = Some(row),
            }
            all.push(at);
        }
        all.push(Grouping::NONE);
        all
    }

    /// How it ended.
    pub fn status(&self, scheme: &Scheme) -> Status {
        match self.row.and_then(|row| scheme.rules().get(row)) {
            None => Status::Ungrouped,
            Some(rule) if rule.level == Level::Ambiguous => Status::Ambiguous,
            Some(_) if self.fallback(scheme).is_some() => Status::Fallback,
            Some(_) => Status::Grouped,
        }
    }

    /// The kind of fall-back group that took the case, if one did (保底病种类别).
    pub fn fallback(&self, scheme: &Scheme) -> Option<FallbackKind> {
        scheme.packets()?.of(self.row?)?.fallback
    }

    /// The group's code; `0000` when there is none, `?QY` when ambiguous.
    pub fn code<'s>(&self, scheme: &'s Scheme) -> &'s str {
        rule_code(scheme, self.row).unwrap_or(NO_GROUP)
    }

    /// The row of the core group; of packets, which have none, that of the packet itself.
    pub(crate) fn core(&self) -> Option<usize> {
        self.adrg.or(self.row)
    }

    /// The MDC's code, or nothing.
    pub fn mdc<'s>(&self, scheme: &'s Scheme) -> &'s str {
        rule_code(scheme, self.mdc).unwrap_or("")
    }

    /// The ADRG's code, or nothing.
    pub fn adrg<'s>(&self, scheme: &'s Scheme) -> &'s str {
        rule_code(scheme, self.adrg).unwrap_or("")
    }

    /// The group's name, from `groups.csv`, else from its rule row.
    pub fn name<'s>(&self, scheme: &'s Scheme) -> &'s str {
        let Some(rule) = self.row.and_then(|row| scheme.rules().get(row)) else {
            return "";
        };
        match scheme.group_name(&rule.code) {
            "" => &rule.name,
            name => name,
        }
    }

    /// `MCC`, `CC` or nothing.
    pub const fn severity_word(&self) -> &'static str {
        match self.severity {
            0 => "",
            1 => "CC",
            _ => "MCC",
        }
    }

    /// Why there is no single group, in one phrase; empty when there is one.
    pub fn reason(&self, scheme: &Scheme, lang: Lang) -> String {
        match (self.status(scheme), lang) {
            (Status::Grouped | Status::Fallback, _) => String::new(),
            (Status::Ambiguous, Lang::En) => {
                format!("its procedures fit no core group of MDC {}", self.mdc(scheme))
            }
            (Status::Ambiguous, Lang::Zh) => {
                format!("手术操作不属于MDC {}的任何核心组", self.mdc(scheme))
            }
            (Status::Ungrouped, lang) if scheme.packets().is_some() => {
                let words = match self.mdc {
                    Some(_) => lang.pick(
                        "the principal diagnosis is on the list of those that are not grouped",
                        "主要诊断属于不予入组的诊断",
                    ),
                    None => lang.pick("no packet holds for this case", "不满足任何病种的条件"),
                };
                words.to_owned()
            }
            (Status::Ungrouped, Lang::En) if self.mdc.is_none() => "no MDC holds for this case".into(),
            (Status::Ungrouped, Lang::Zh) if self.mdc.is_none() => "不满足任何MDC的条件".into(),
            (Status::Ungrouped, Lang::En) => format!("no core group of MDC {} holds", self.mdc(scheme)),
            (Status::Ungrouped, Lang::Zh) => format!("不满足MDC {}的任何核心组", self.mdc(scheme)),
        }
    }
}

fn rule_code(scheme: &Scheme, row: Option<usize>) -> Option<&str> {
    row.and_then(|row| scheme.rules().get(row))
        .map(|rule| rule.code.as_str())
}

/// A number of a case as conditions compare it, in hundredths.
pub(crate) fn number(case: &crate::records::Case, fact: NumberFact) -> Option<i64> {
    numbered::number(case.numbers(), fact)
}
