//! Which of several packets that hold is the group.

use serde::Deserialize;

use super::procedures::TreatmentType;

/// A criterion of the tie-break (择优规则): it keeps the rows that fit best; one that no row fits
/// keeps all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Criterion {
    /// Rows that use exactly the case's procedures, each as often.
    ExactMultiset,
    /// Rows that leave no procedure unmatched. An operand takes one occurrence, so these are the rows of
    /// [`Criterion::ExactMultiset`] under another source's word.
    AllMatched,
    /// Rows that take the main procedure, by whichever of their alternatives that hold.
    MainInRow,
    /// Rows of whole codes over rows that hold only by beginnings of the same codes.
    FullCodeOverPrefix,
    /// Rows with most operands.
    MostPlus,
    /// Rows that take most of the case's procedures.
    MostMatched,
    /// Rows whose reference cost is nearest to the case's.
    NearestMeanCost,
    /// Rows with the highest score.
    HighestScore,
    /// The same, if some row is surgical.
    HighestScoreIfSurgical,
    /// Rows that fix most of the diagnosis.
    LongestDiagnosis,
    /// The row with the first code; total.
    CodeOrder,
    /// The first row of the tables; total.
    EarliestRow,
    /// The last row of the tables; total.
    LatestRow,
}

impl Criterion {
    /// Always leaves one row.
    pub const fn is_total(self) -> bool {
        matches!(
            self,
            Criterion::CodeOrder | Criterion::EarliestRow | Criterion::LatestRow
        )
    }

    /// Asks for nothing but the rows themselves: their order by it is the same for every case.
    pub(super) const fn is_of_row(self) -> bool {
        self.is_total() || matches!(self, Criterion::HighestScore | Criterion::LongestDiagnosis)
    }

    /// As `scheme.toml` writes it, for people.
    pub const fn word(self) -> &'static str {
        match self {
            Criterion::ExactMultiset => "exact_multiset",
            Criterion::AllMatched => "all_matched",
            Criterion::MainInRow => "main_in_row",
            Criterion::FullCodeOverPrefix => "full_code_over_prefix",
            Criterion::MostPlus => "most_plus",
            Criterion::MostMatched => "most_matched",
            Criterion::NearestMeanCost => "nearest_mean_cost",
            Criterion::HighestScore => "highest_score",
            Criterion::HighestScoreIfSurgical => "highest_score_if_surgical",
            Criterion::LongestDiagnosis => "longest_diagnosis",
            Criterion::CodeOrder => "code_order",
            Criterion::EarliestRow => "earliest_row",
            Criterion::LatestRow => "latest_row",
        }
    }
}

/// A level of a catalogue that offers rows (目录层级).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Offer {
    /// 核心病种.
    Core,
    /// 基层病种.
    Primary,
    /// 综合病种.
    Comprehensive,
    /// 保底组.
    Fallback,
}

impl Offer {
    /// In the order their rows stand.
    pub const ALL: [Offer; 4] = [Offer::Core, Offer::Primary, Offer::Comprehensive, Offer::Fallback];

    /// The word of tables.
    pub const fn word(self) -> &'static str {
        match self {
            Offer::Core => "core",
            Offer::Primary => "primary",
            Offer::Comprehensive => "comprehensive",
            Offer::Fallback => "fallback",
        }
    }

    /// By the word of tables.
    pub fn by_word(word: &str) -> Option<Offer> {
        Offer::ALL.into_iter().find(|offer| offer.word() == word)
    }

    /// The level's name.
    pub const fn name(self) -> &'static str {
        match self {
            Offer::Core => "核心病种",
            Offer::Primary => "基层病种",
            Offer::Comprehensive => "综合病种",
            Offer::Fallback => "保底病种",
        }
    }
}

/// The rows of a level that a step of the order takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TypeChoice {
    /// All.
    Any,
    /// Those with procedures.
    Operative,
    /// Those of a type.
    Of(TreatmentType),
}

/// One step of the order (选取次序): the first whose level offers such a row decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderStep {
    /// The level.
    pub offer: Offer,
    /// Which of its rows.
    pub choice: TypeChoice,
    /// Only if every core and primary row that holds leaves a surgical procedure unmatched.
    pub if_core_leaves_surgery: bool,
    /// As written: `core:surgical`.
    pub written: String,
}

impl OrderStep {
    /// Reads `level:type`.
    pub(super) fn parse(select: &str, if_core_leaves_surgery: bool) -> Option<OrderStep> {
        let (offer, choice) = select.split_once(':')?;
        let choice = match choice {
            "any" => TypeChoice::Any,
            "operative" => TypeChoice::Operative,
            kind => TypeChoice::Of(TreatmentType::by_word(kind)?),
        };
        Some(OrderStep {
            offer: Offer::by_word(offer)?,
            choice,
            if_core_leaves_surgery,
            written: select.to_owned(),
        })
    }
}

/// How one of several rows is chosen (择优).
#[derive(Debug)]
pub enum Selection {
    /// The first row that holds, in the order of the rules (分层匹配).
    FirstRow,
    /// Ties within the levels, then the order among them (目录匹配).
    Catalogue {
        /// Levels whose rows compete together; each other level by itself.
        pool: Vec<Offer>,
        /// Applied in order until one row is left; the last is total.
        tie_break: Vec<Criterion>,
        /// The first step that some level can serve decides.
        order: Vec<OrderStep>,
        /// A primary row that lost in the pool is offered all the same.
        primary_survives: bool,
        /// A row has one line for each severity; the case's label picks it.
        severity_rows: bool,
    },
}

impl Selection {
    /// Nothing but the rows themselves decides which of those that hold is chosen.
    pub(super) fn is_of_rows(&self) -> bool {
        match self {
            Selection::FirstRow => true,
            Selection::Catalogue { tie_break, order, .. } => {
                tie_break.iter().all(|criterion| criterion.is_of_row())
                    && !order.iter().any(|step| step.if_core_leaves_surgery)
            }
        }
    }
}
