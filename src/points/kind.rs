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
    /// Insurance, hospital or person are outside this payment (不在付费范围).
    NotCovered,
    /// The treatment was not completed (未完整治疗).
    Incomplete,
    /// Paid by the day (床日病例).
    BedDay,
    /// Day care (日间病例).
    DayCare,
}

impl Kind {
    /// Every kind, in the order of statements (全部类型).
    pub const ALL: [Kind; 12] = [
        Kind::Normal,
        Kind::Low,
        Kind::High,
        Kind::Extreme,
        Kind::Ungrouped,
        Kind::Unstable,
        Kind::ZeroScore,
        Kind::OutOfScope,
        Kind::NotCovered,
        Kind::Incomplete,
        Kind::BedDay,
        Kind::DayCare,
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
            Kind::NotCovered => "not_covered",
            Kind::Incomplete => "incomplete",
            Kind::BedDay => "bed_day",
            Kind::DayCare => "day_care",
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
            Kind::NotCovered => ("outside this payment", "不在付费范围"),
            Kind::Incomplete => ("incomplete stay", "未完整治疗"),
            Kind::BedDay => ("paid by the day", "床日病例"),
            Kind::DayCare => ("day care", "日间病例"),
        };
        Words { en, zh }
    }

    const fn bit(self) -> u16 {
        match self {
            Kind::Normal => 1,
            Kind::Low => 2,
            Kind::High => 4,
            Kind::Extreme => 8,
            Kind::Ungrouped => 16,
            Kind::Unstable => 32,
            Kind::ZeroScore => 64,
            Kind::OutOfScope => 128,
            Kind::NotCovered => 256,
            Kind::Incomplete => 512,
            Kind::BedDay => 1024,
            Kind::DayCare => 2048,
        }
    }
}

/// A set of kinds (类型集合).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kinds(u16);

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

/// Something about a case's payment that people must see (标记).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// To be reviewed; paid as its kind until then (特例单议待审).
    Review,
    /// A coefficient is not known, and one stands in its place: for previews only (系数缺失按1预览).
    CoefficientAssumed,
    /// Too little traditional medicine for its group (中医占比不足，改组).
    Regrouped,
    /// Given back to the hospital (退回医院).
    Returned,
    /// A second stay within days (再入院).
    Readmitted,
    /// Joined to another stay, and paid with it (并入其他病例).
    Merged,
    /// Points given up to earlier hospitals of a chain of transfers (转院链扣减).
    Chained,
}

impl Mark {
    /// Every mark, in the order of statements (全部标记).
    pub const ALL: [Mark; 7] = [
        Mark::Review,
        Mark::CoefficientAssumed,
        Mark::Regrouped,
        Mark::Returned,
        Mark::Readmitted,
        Mark::Merged,
        Mark::Chained,
    ];

    /// The word used in files (列值).
    pub const fn as_str(self) -> &'static str {
        match self {
            Mark::Review => "review",
            Mark::CoefficientAssumed => "coefficient_assumed",
            Mark::Regrouped => "regrouped",
            Mark::Returned => "returned",
            Mark::Readmitted => "readmitted",
            Mark::Merged => "merged",
            Mark::Chained => "chained",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Mark::Review => 1,
            Mark::CoefficientAssumed => 2,
            Mark::Regrouped => 4,
            Mark::Returned => 8,
            Mark::Readmitted => 16,
            Mark::Merged => 32,
            Mark::Chained => 64,
        }
    }
}

/// A set of marks (标记集合).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks(u8);

impl Marks {
    /// Adds a mark (加入).
    pub const fn insert(&mut self, mark: Mark) {
        self.0 |= mark.bit();
    }

    /// Whether a mark is in the set (包含).
    pub const fn contains(self, mark: Mark) -> bool {
        self.0 & mark.bit() != 0
    }

    /// The marks in the order of statements (逐一列出).
    pub fn iter(self) -> impl Iterator<Item = Mark> {
        Mark::ALL.into_iter().filter(move |mark| self.contains(*mark))
    }
}
