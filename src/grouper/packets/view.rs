//! How a scheme of packets sees a case, by texts.

use crate::grouper::plain::Facts;
use crate::records::{Case, sum_of_items};
use crate::tables::{
    Comorbidity, Comparison, Figure, Packets, ProcedureRule, ProcedureTraits, Procedures, Scheme, SetRef,
    TreatmentType, TypeFrom,
};

/// A case's procedures as a scheme of packets takes them (有效手术操作).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::grouper) struct View {
    /// The effective main procedure's place in the record.
    pub(in crate::grouper) main: Option<usize>,
    /// Places in the record of the procedures that count, the main one first.
    pub(in crate::grouper) kept: Vec<usize>,
    /// Treatment type of the case.
    pub(in crate::grouper) kind: TreatmentType,
    /// Level of surgery of the main procedure; 0 unknown or none.
    pub(in crate::grouper) surgery_level: u8,
    /// Procedures that a rule concerned, by their places.
    pub(in crate::grouper) ruled: Vec<(usize, ProcedureRule)>,
    /// Reference cost of the group, in millionths of a yuan, once there is a group.
    pub(in crate::grouper) mean_cost: Option<i64>,
    /// Drugs (药品费), in fen.
    pub(in crate::grouper) drug_fee: Option<i64>,
    /// Treatment (治疗费), in fen.
    pub(in crate::grouper) treatment_fee: Option<i64>,
}

impl View {
    /// Of a record's procedures.
    pub(in crate::grouper) fn of(scheme: &Scheme, packets: &Packets, case: &Case) -> View {
        let mut view = View::with_fees(packets, case);
        let mut looking = true;
        let principal = case.diagnoses().next().map_or("", |code| packets.read_as(code));
        for (place, code) in case.procedures().enumerate() {
            let rule = traits(scheme, packets, code).and_then(|traits| traits.rule.clone());
            view.ruled.extend(rule.clone().map(|rule| (place, rule)));
            let may_be_main = looking && view.main.is_none();
            match rule {
                Some(ProcedureRule::Drop) => continue,
                Some(ProcedureRule::AsConservative) => {
                    looking &= !may_be_main || packets.procedures.skip_conservative;
                    continue;
                }
                Some(ProcedureRule::NotMain) => {}
                Some(ProcedureRule::MainOnlyFor(scope)) if may_be_main => match in_scope(&scope, principal) {
                    true => view.main = Some(place),
                    false => looking = false,
                },
                Some(ProcedureRule::MainOnlyFor(_)) => {}
                None if may_be_main => view.main = Some(place),
                None => {}
            }
            view.kept.push(place);
        }
        // the main procedure goes first, the others keep their order
        view.kept.sort_by_key(|place| Some(*place) != view.main);
        view.judge(scheme, packets, case);
        view
    }

    /// Every procedure as recorded, the first the main one.
    pub(in crate::grouper) fn as_recorded(scheme: &Scheme, packets: &Packets, case: &Case) -> View {
        let count = case.procedures().len();
        let mut view = View {
            main: (count > 0).then_some(0),
            kept: (0..count).collect(),
            ..View::with_fees(packets, case)
        };
        view.judge(scheme, packets, case);
        view
    }

    /// Nothing but the parts of the bill that the scheme asks for.
    fn with_fees(packets: &Packets, case: &Case) -> View {
        let part = |items: &[String]| match items {
            [] => None,
            items => sum_of_items(case.front_fees(), items),
        };
        View {
            drug_fee: part(&packets.fees.drug),
            treatment_fee: part(&packets.fees.treatment),
            ..View::default()
        }
    }

    /// Treatment type and level of surgery.
    fn judge(&mut self, scheme: &Scheme, packets: &Packets, case: &Case) {
        let codes: Vec<&str> = case.procedures().collect();
        let traits = |place: &usize| codes.get(*place).and_then(|code| traits(scheme, packets, code));
        let kind = |place: &usize| traits(place).and_then(|traits| traits.kind).unwrap_or_default();
        let rules = &packets.procedures;
        self.kind = match rules.type_from {
            TypeFrom::Largest => self.kept.iter().map(kind).max().unwrap_or_default(),
            TypeFrom::Main => self.main.as_ref().map(kind).unwrap_or_default(),
        };
        if rules.by_incision_and_level && self.kept.iter().all(|place| Procedures::is_slight(traits(place))) {
            self.kind = TreatmentType::Conservative;
        }
        let level = self.main.as_ref().and_then(traits).map(|traits| traits.level);
        self.surgery_level = level.unwrap_or(0);
    }
}

/// What the tables say of a procedure as a record writes it.
pub(super) fn traits<'s>(scheme: &Scheme, packets: &'s Packets, code: &str) -> Option<&'s ProcedureTraits> {
    let id = scheme.code_id(packets.read_as(code))?;
    packets.procedures.traits(id)
}

fn in_scope(scope: &SetRef, principal: &str) -> bool {
    match scope {
        SetRef::Inline(patterns) => patterns.iter().any(|pattern| pattern.holds(principal)),
        SetRef::Named { .. } => false, // scopes are written out
    }
}

/// Whether a figure of the auxiliary catalogue compares so; a missing one does not.
pub(in crate::grouper) fn figure_holds(
    facts: &Facts<'_>,
    figure: Figure,
    comparison: Comparison,
    bound: i64,
) -> bool {
    match figure {
        Figure::Cci => {
            let Some(packets) = facts.scheme.packets() else {
                return false;
            };
            let others = facts.diagnoses().skip(1);
            let weights = others.filter_map(|code| packets.comorbidity.of(facts.scheme.code_id(code)?));
            comparison.holds(Comorbidity::index(weights) * 100, bound)
        }
        Figure::IcuDays => icu_days(facts.case.icu_hours()).is_some_and(|days| comparison.holds(days, bound)),
        Figure::CostRatio => {
            let mean = facts.view.as_ref().and_then(|view| view.mean_cost);
            let cost = facts.case.numbers().amount;
            ratio_holds(cost, mean, comparison, bound)
        }
        Figure::DrugShare | Figure::TreatmentShare => {
            let part = facts.view.as_ref().and_then(|view| match figure {
                Figure::DrugShare => view.drug_fee,
                _ => view.treatment_fee,
            });
            share_holds(part, facts.case.numbers().amount, comparison, bound)
        }
    }
}

/// Begun days of so many hours, both in hundredths.
pub(super) fn icu_days(hours: Option<i64>) -> Option<i64> {
    let hours = hours?;
    Some(hours.div_euclid(2400) * 100 + i64::from(hours.rem_euclid(2400) > 0) * 100)
}

/// Whether cost, in fen, over a mean, in millionths of a yuan, compares so with hundredths: exactly.
pub(super) fn ratio_holds(cost: Option<i64>, mean: Option<i64>, comparison: Comparison, bound: i64) -> bool {
    let (Some(cost), Some(mean)) = (cost, mean.filter(|mean| *mean > 0)) else {
        return false;
    };
    // cost × 10⁴ millionths over the mean, times a hundred, against the bound
    let scaled = i128::from(cost) * 1_000_000;
    let wanted = i128::from(bound) * i128::from(mean);
    compares(scaled, comparison, wanted)
}

/// Whether a part of the cost over the whole compares so with hundredths: exactly.
pub(super) fn share_holds(part: Option<i64>, whole: Option<i64>, comparison: Comparison, bound: i64) -> bool {
    let (Some(part), Some(whole)) = (part, whole.filter(|whole| *whole > 0)) else {
        return false;
    };
    compares(
        i128::from(part) * 100,
        comparison,
        i128::from(bound) * i128::from(whole),
    )
}

fn compares(left: i128, comparison: Comparison, right: i128) -> bool {
    match comparison {
        Comparison::Less => left < right,
        Comparison::AtMost => left <= right,
        Comparison::More => left > right,
        Comparison::AtLeast => left >= right,
        Comparison::Equal => left == right,
    }
}
