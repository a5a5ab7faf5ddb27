//! What a case is to the payment rules.

use crate::diagnostics::Words;

/// The kind of a case (病例类型): the first test of `case.classify` that hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Cost within the limits (正常病例).
    Normal,
    /// Cost below the low limit (低倍率病例).
    Low,
    /// Cost above the high limit (高倍率病例).
    High,
    /// Cost above the extreme limit (极高倍率病例).
    Extreme,
    /// No group, or several (未入组, 歧义).
    Ungrouped,
    /// The group has no weight that may be used (不稳定组).
    Unstable,
    /// The group's weight is zero (零分值).
    ZeroScore,
    /// The stay is too short or too long for this payment (住院天数不在范围).
    OutOfScope,
}

impl Kind {
    /// Every kind, in the order of statements (全部类型).
    pub const ALL: [Kind; 8] = [
        Kind::Normal,
        Kind::Low,
        Kind::High,
        Kind::Extreme,
        Kind::Ungrouped,
        Kind::Unstable,
        Kind::ZeroScore,
        Kind::OutOfScope,
    ];

    /// The word used in files (列值).
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Normal => "normal",
            Kind::Low => "low",
            Kind::High => "high",
            Kind::Extreme => "extreme",
            Kind::Ungrouped => "ungrouped",
            Kind::Unstable => "unstable",
            Kind::ZeroScore => "zero_score",
            Kind::OutOfScope => "out_of_scope",
        }
    }

    /// The words for people (类型名称).
    pub const fn words(self) -> Words {
        let (en, zh) = match self {
            Kind::Normal => ("normal", "正常"),
            Kind::Low => ("low multiple", "低倍率"),
            Kind::High => ("high multiple", "高倍率"),
            Kind::Extreme => ("extreme multiple", "极高倍率"),
            Kind::Ungrouped => ("ungrouped", "未入组"),
            Kind::Unstable => ("group without a stable weight", "不稳定组"),
            Kind::ZeroScore => ("group of weight zero", "零分值组"),
            Kind::OutOfScope => ("stay out of scope", "住院天数不在范围"),
        };
        Words { en, zh }
    }

    const fn bit(self) -> u8 {
        match self {
            Kind::Normal => 1,
            Kind::Low => 2,
            Kind::High => 4,
            Kind::Extreme => 8,
            Kind::Ungrouped => 16,
            Kind::Unstable => 32,
            Kind::ZeroScore => 64,
            Kind::OutOfScope => 128,
        }
    }
}

/// A set of kinds (类型集合).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kinds(u8);

impl Kinds {
    /// Adds a kind (加入).
    pub const fn insert(&mut self, kind: Kind) {
        self.0 |= kind.bit();
    }

    /// Whether a kind is in the set (包含).
    pub const fn contains(self, kind: Kind) -> bool {
        self.0 & kind.bit() != 0
    }

    /// The kinds in the order of statements (逐一列出).
    pub fn iter(self) -> impl Iterator<Item = Kind> {
        Kind::ALL.into_iter().filter(move |kind| self.contains(*kind))
    }
}
