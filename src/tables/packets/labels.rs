//! The auxiliary catalogue (辅助目录): labels of a case beside its packet.

use hashbrown::HashMap;

use crate::diagnostics::{Place, Words};
use crate::tables::{CodeId, Condition, Pattern};

/// Most families of labels, and labels of a family: a case carries its labels in eight bytes.
pub const MOST_FAMILIES: usize = 8;

/// Labels of one kind, of which a case has at most one (辅助分型).
#[derive(Debug)]
pub struct Family {
    /// E.g. `severity`.
    pub name: String,
    /// In the order they are tried.
    pub labels: Vec<Label>,
}

/// A label (辅助分型标签).
#[derive(Debug)]
pub struct Label {
    /// E.g. `moderate`.
    pub name: String,
    /// Its place in the order; under `auxiliary.mode = "rows"` the severity of a row.
    pub order: u32,
    /// Layers and groups it is given to; empty: all.
    pub scope: Vec<Pattern>,
    /// When it holds.
    pub when: Condition,
    /// As written.
    pub written: String,
    /// Its row.
    pub place: Place,
}

impl Label {
    /// The severity it names, if it names one.
    pub fn severity(&self) -> Option<u8> {
        let severity = self.name.parse().ok()?;
        (1..=9).contains(&severity).then_some(severity)
    }

    /// Whether it is given to cases of this layer and group.
    pub fn is_for(&self, layer: &str, group: &str) -> bool {
        let meant = |pattern: &Pattern| pattern.holds(group) || *pattern == Pattern::Exact(layer.to_owned());
        self.scope.is_empty() || self.scope.iter().any(meant)
    }
}

/// A figure that only the auxiliary catalogue asks (辅助指标), in hundredths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Figure {
    /// Comorbidity index (合并症指数).
    Cci,
    /// Whole days in intensive care (重症监护天数): hours divided by 24, begun days counted.
    IcuDays,
    /// Cost over the reference cost of the group (费用比).
    CostRatio,
    /// Drugs over total cost (药品费占比).
    DrugShare,
    /// Treatment over total cost (治疗费占比).
    TreatmentShare,
}

impl Figure {
    /// By the word of conditions.
    pub fn by_word(word: &str) -> Option<Figure> {
        match word {
            "cci" => Some(Figure::Cci),
            "icu_days" => Some(Figure::IcuDays),
            "cost_ratio" => Some(Figure::CostRatio),
            _ => None,
        }
    }

    /// The share of a part of the cost.
    pub fn fee_share_of(part: &str) -> Option<Figure> {
        match part {
            "drug" => Some(Figure::DrugShare),
            "treatment" => Some(Figure::TreatmentShare),
            _ => None,
        }
    }

    /// For people.
    pub const fn words(self) -> Words {
        let (en, zh) = match self {
            Figure::Cci => ("comorbidity index", "合并症指数"),
            Figure::IcuDays => ("days in intensive care", "重症监护天数"),
            Figure::CostRatio => ("cost over reference cost", "费用与例均费用之比"),
            Figure::DrugShare => ("drugs' share of the cost", "药品费占比"),
            Figure::TreatmentShare => ("treatment's share of the cost", "治疗费占比"),
        };
        Words { en, zh }
    }

    /// As conditions write it.
    pub const fn word(self) -> &'static str {
        match self {
            Figure::Cci => "cci",
            Figure::IcuDays => "icu_days",
            Figure::CostRatio => "cost_ratio",
            Figure::DrugShare => "fee_share(drug)",
            Figure::TreatmentShare => "fee_share(treatment)",
        }
    }
}

/// Items of the front sheet's bill that make up shares of the cost (费用项目): keys of `front_fees`.
#[derive(Clone, Debug, Default)]
pub struct FeeItems {
    /// Drugs (药品费).
    pub drug: Vec<String>,
    /// Treatment (治疗费).
    pub treatment: Vec<String>,
}

impl FeeItems {
    /// Whether no share is asked for.
    pub fn is_empty(&self) -> bool {
        self.drug.is_empty() && self.treatment.is_empty()
    }
}

/// Classes of comorbid diseases with their weights (合并症权重表).
#[derive(Debug, Default)]
pub struct Comorbidity {
    /// Class and weight of a diagnosis.
    pub(super) of: HashMap<CodeId, (u16, u16)>,
}

impl Comorbidity {
    /// The class of a diagnosis and its weight in it.
    pub fn of(&self, code: CodeId) -> Option<(u16, u16)> {
        self.of.get(&code).copied()
    }

    /// The index: over the classes, the largest weight in each.
    pub fn index(found: impl Iterator<Item = (u16, u16)>) -> i64 {
        let mut classes: Vec<(u16, u16)> = Vec::new();
        for (class, weight) in found {
            match classes.iter_mut().find(|(known, _)| *known == class) {
                Some((_, largest)) => *largest = weight.max(*largest),
                None => classes.push((class, weight)),
            }
        }
        classes.iter().map(|(_, weight)| i64::from(*weight)).sum()
    }
}
