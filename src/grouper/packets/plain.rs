//! The plain reading of packets, by texts: slow, obvious, the oracle of the fast one, and what
//! explanations are made of.

use super::outcome::PacketOutcome;
use super::view::{View, traits};
use crate::grouper::Grouping;
use crate::grouper::plain::Facts;
use crate::records::Case;
use crate::tables::{
    Criterion, Expression, Label, Level, Offer, OrderStep, Packet, Packets, Pattern, ProcedureRule, Rule,
    Scheme, Selection, SetRef, TreatmentType, TypeChoice, occurrences,
};

/// Groups a case by trying every row (逐条入组).
pub(in crate::grouper) fn group_packets_plainly(scheme: &Scheme, packets: &Packets, case: &Case) -> Grouping {
    walk_packets(scheme, packets, case).grouping
}

/// A row that held, and what became of it (候选病种).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Considered {
    /// Index into [`Scheme::rules`].
    pub rule: usize,
    /// Places in the record of the procedures it takes.
    pub matched: Vec<usize>,
    /// Its treatment type: as the catalogue states it, else that of the procedures it takes.
    pub kind: TreatmentType,
    /// Why it is not the group; nothing of the group itself.
    pub lost: Option<Lost>,
}

/// Why a row that held is not the group (落选原因).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// A criterion of the tie-break removed it.
    Tie(Criterion),
    /// Rows with procedures hold, and go before those without.
    Operative,
    /// Another level or type goes before it.
    Order,
    /// An earlier row of its layer holds, or of a layer before.
    Earlier,
}

/// What the plain reading of a case says (入组过程).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PacketWalk {
    /// The outcome.
    pub grouping: Grouping,
    /// Every row that held, in the order of the tables.
    pub considered: Vec<Considered>,
    /// The step of the order that decided, in a catalogue.
    pub step: Option<usize>,
    /// Places in the record of the procedures that count.
    pub kept: Vec<usize>,
    /// Procedures that a rule of the list of exclusions concerns, by their places.
    pub ruled: Vec<(usize, ProcedureRule)>,
    /// Procedures that count and that no table gives a type.
    pub untyped: Vec<usize>,
}

/// Reads every row and says what became of it (病种入组过程).
pub fn walk_packets(scheme: &Scheme, packets: &Packets, case: &Case) -> PacketWalk {
    let walker = Walker {
        scheme,
        packets,
        case,
        facts: Facts::new(scheme, case),
    };
    walker.walk()
}

struct Walker<'a> {
    scheme: &'a Scheme,
    packets: &'a Packets,
    case: &'a Case,
    facts: Facts<'a>,
}

impl Walker<'_> {
    fn view(&self) -> View {
        self.facts.view.clone().unwrap_or_default()
    }

    fn walk(mut self) -> PacketWalk {
        let view = self.view();
        let mut outcome = PacketOutcome::new(view.main, view.kind);
        let mut grouping = Grouping {
            severity: self.facts.severity(),
            ..Grouping::NONE
        };
        if let Some(excluded) = self.packets.excluded()
            && self
                .rule(excluded)
                .is_some_and(|rule| self.facts.hold(&rule.when))
        {
            let grouping = Grouping {
                mdc: Some(excluded),
                packet: outcome,
                ..grouping
            };
            return self.walked(&view, grouping, Vec::new(), None);
        }
        outcome.primary_care = self
            .packets
            .primary_list()
            .is_some_and(|layer| self.rows_of(layer).into_iter().any(|row| self.holds(row)));
        let mut considered = Vec::new();
        let mut step = None;
        let winner = match &self.packets.selection {
            Selection::FirstRow => self.first_row(&mut considered),
            Selection::Catalogue { order, .. } => self.catalogue(order, &mut considered, &mut step),
        };
        if let Some(winner) = winner {
            grouping.mdc = self.layer_of(winner);
            let layer = grouping.mdc.and_then(|layer| self.rule(layer));
            outcome.primary_care |= layer.is_some_and(|layer| layer.code == Offer::Primary.word());
            self.label(winner, &mut outcome);
            let line = self.line(winner, &outcome);
            grouping.row = Some(line);
            // what is told is the line that the case's severity leads to
            let chosen = considered.iter_mut().filter(|row| row.rule == winner);
            chosen.for_each(|row| row.rule = line);
            considered.sort_by_key(|row| row.rule);
        }
        grouping.packet = outcome;
        self.walked(&view, grouping, considered, step)
    }

    fn walked(
        &self,
        view: &View,
        grouping: Grouping,
        considered: Vec<Considered>,
        step: Option<usize>,
    ) -> PacketWalk {
        let codes: Vec<&str> = self.case.procedures().collect();
        let kind = |place: &usize| traits(self.scheme, self.packets, codes.get(*place)?)?.kind;
        PacketWalk {
            grouping,
            considered,
            step,
            ruled: view.ruled.clone(),
            untyped: view
                .kept
                .iter()
                .copied()
                .filter(|place| kind(place).is_none())
                .collect(),
            kept: view.kept.clone(),
        }
    }

    fn rule(&self, row: usize) -> Option<&Rule> {
        self.scheme.rules().get(row)
    }

    /// The layer row above a packet.
    fn layer_of(&self, row: usize) -> Option<usize> {
        let rules = self.scheme.rules().iter().enumerate().take(row);
        rules
            .rev()
            .find(|(_, rule)| rule.level == Level::Layer)
            .map(|(layer, _)| layer)
    }

    /// The packets under a layer row.
    fn rows_of(&self, layer: usize) -> Vec<usize> {
        let under = self.scheme.rules().iter().enumerate().skip(layer + 1);
        under
            .take_while(|(_, rule)| rule.level == Level::Packet)
            .map(|(row, _)| row)
            .collect()
    }

    fn holds(&self, row: usize) -> bool {
        self.rule(row).is_some_and(|rule| self.facts.hold(&rule.when))
    }

    // ---- layers

    fn first_row(&mut self, considered: &mut Vec<Considered>) -> Option<usize> {
        let mut winner = None;
        let rules = self.scheme.rules().iter().enumerate();
        let layers: Vec<usize> = rules
            .filter(|(_, rule)| rule.level == Level::Layer)
            .map(|(row, _)| row)
            .filter(|layer| {
                let layer = Some(*layer);
                layer != self.packets.excluded() && layer != self.packets.primary_list()
            })
            .collect();
        for (at, layer) in layers.into_iter().enumerate() {
            let effective = self.facts.view.clone();
            if at == 0 && self.packets.procedures.raw_first_layer {
                self.facts.view = Some(View::as_recorded(self.scheme, self.packets, self.case));
            }
            for row in self.rows_of(layer) {
                if self.holds(row) {
                    considered.push(Considered {
                        rule: row,
                        lost: winner.map(|_| Lost::Earlier),
                        ..self.consider(row)
                    });
                    winner = winner.or(Some(row));
                }
            }
            self.facts.view = effective;
        }
        winner
    }

    // ---- catalogue

    /// A row that holds, with the procedures it takes.
    fn consider(&self, row: usize) -> Considered {
        let packet = self.packets.of(row);
        let matched = packet
            .and_then(|packet| packet.expression.as_ref())
            .and_then(|expression| takes(&self.facts, expression))
            .map_or_else(Vec::new, |taken| taken.places);
        let stated = packet.and_then(|packet| packet.treatment_type);
        let kind = stated.or_else(|| kind_of(&self.facts, &matched));
        Considered {
            rule: row,
            kind: kind.unwrap_or_default(),
            matched,
            lost: None,
        }
    }

    fn catalogue(
        &self,
        order: &[OrderStep],
        considered: &mut Vec<Considered>,
        step: &mut Option<usize>,
    ) -> Option<usize> {
        let Selection::Catalogue {
            pool,
            tie_break,
            primary_survives,
            ..
        } = &self.packets.selection
        else {
            return None;
        };
        let [core, primary, comprehensive, fallback] = Offer::ALL.map(|offer| self.candidates(offer));
        let leave_surgery = core.iter().chain(&primary).all(|row| self.leaves_surgery(row));
        let mut pooled = Vec::new();
        let mut alone = Vec::new();
        for (offer, rows) in [(Offer::Core, core), (Offer::Primary, primary)] {
            let rows = self.operative_first(rows, considered);
            match pool.contains(&offer) {
                true => pooled.extend(rows.into_iter().map(|row| (offer, row))),
                false => alone.push(rows.into_iter().map(|row| (offer, row)).collect()),
            }
        }
        if *primary_survives {
            let primary = pooled.iter().filter(|(offer, _)| *offer == Offer::Primary);
            alone.push(primary.cloned().collect());
        }
        let mut offered: Vec<(Offer, Considered)> = Vec::new();
        for rows in std::iter::once(pooled).chain(alone) {
            offered.extend(self.break_ties(rows, tie_break, considered));
        }
        for (offer, rows) in [(Offer::Comprehensive, comprehensive), (Offer::Fallback, fallback)] {
            let mut rows = rows.into_iter();
            offered.extend(rows.next().map(|row| (offer, row)));
            considered.extend(rows.map(|row| Considered {
                lost: Some(Lost::Earlier),
                ..row
            }));
        }
        let chosen = order.iter().enumerate().find_map(|(at, one)| {
            let serves = |(offer, row): &&(Offer, Considered)| self.serves(one, *offer, row);
            let open = !one.if_core_leaves_surgery || leave_surgery;
            let found = offered.iter().filter(|_| open).find(serves)?;
            Some((at, found.1.rule))
        });
        let winner = chosen.map(|(at, row)| {
            *step = Some(at);
            row
        });
        for (_, row) in offered {
            // a primary row may have lost in the pool and be offered all the same
            considered.retain(|known| known.rule != row.rule);
            let lost = (Some(row.rule) != winner).then_some(Lost::Order);
            considered.push(Considered { lost, ..row });
        }
        considered.sort_by_key(|row| row.rule);
        considered.dedup_by_key(|row| row.rule);
        winner
    }

    /// The rows of a level that hold.
    fn candidates(&self, offer: Offer) -> Vec<Considered> {
        let rules = self.scheme.rules().iter().enumerate();
        let layer = rules
            .filter(|(_, rule)| rule.level == Level::Layer)
            .find(|(_, rule)| rule.code == offer.word())
            .map(|(row, _)| row);
        let rows = layer.map_or_else(Vec::new, |layer| self.rows_of(layer));
        let rows = rows
            .into_iter()
            .filter(|row| self.packets.severities.competes(*row));
        rows.filter(|row| self.holds(*row))
            .map(|row| self.consider(row))
            .collect()
    }

    /// Where a row with procedures holds, those without are not asked.
    fn operative_first(&self, rows: Vec<Considered>, considered: &mut Vec<Considered>) -> Vec<Considered> {
        let (operative, other): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| self.is_operative(row));
        if operative.is_empty() {
            return other;
        }
        considered.extend(other.into_iter().map(|row| Considered {
            lost: Some(Lost::Operative),
            ..row
        }));
        operative
    }

    fn is_operative(&self, row: &Considered) -> bool {
        self.packets
            .of(row.rule)
            .is_some_and(|packet| packet.expression.is_some())
    }

    fn leaves_surgery(&self, row: &Considered) -> bool {
        let kept = self.view().kept;
        let codes: Vec<&str> = self.case.procedures().collect();
        let left = kept.iter().filter(|place| !row.matched.contains(place));
        left.filter_map(|place| codes.get(*place)).any(|code| {
            let kind = traits(self.scheme, self.packets, code).and_then(|traits| traits.kind);
            kind == Some(TreatmentType::Surgical)
        })
    }

    fn serves(&self, step: &OrderStep, offer: Offer, row: &Considered) -> bool {
        step.offer == offer
            && match step.choice {
                TypeChoice::Any => true,
                TypeChoice::Operative => self.is_operative(row),
                TypeChoice::Of(kind) => row.kind == kind,
            }
    }

    /// Criteria in order until one row is left.
    fn break_ties(
        &self,
        mut rows: Vec<(Offer, Considered)>,
        criteria: &[Criterion],
        considered: &mut Vec<Considered>,
    ) -> Option<(Offer, Considered)> {
        for criterion in criteria {
            if rows.len() < 2 {
                break;
            }
            let all: Vec<&Considered> = rows.iter().map(|(_, row)| row).collect();
            let kept: Vec<usize> = self.kept_by(*criterion, &all);
            if kept.is_empty() {
                continue;
            }
            let (stay, go): (Vec<_>, Vec<_>) =
                rows.into_iter().partition(|(_, row)| kept.contains(&row.rule));
            considered.extend(go.into_iter().map(|(_, row)| Considered {
                lost: Some(Lost::Tie(*criterion)),
                ..row
            }));
            rows = stay;
        }
        rows.into_iter().next()
    }

    /// The rows a criterion keeps.
    fn kept_by(&self, criterion: Criterion, rows: &[&Considered]) -> Vec<usize> {
        let packet = |row: &Considered| self.packets.of(row.rule);
        let that = |fits: &dyn Fn(&Considered) -> bool| {
            let fitting = rows.iter().filter(|row| fits(row));
            fitting.map(|row| row.rule).collect::<Vec<usize>>()
        };
        let largest = |of: &dyn Fn(&Considered) -> Option<i64>| {
            let best = rows.iter().filter_map(|row| of(row)).max();
            that(&|row: &Considered| best.is_some() && of(row) == best)
        };
        let count = |number: usize| i64::try_from(number).ok();
        match criterion {
            Criterion::ExactMultiset | Criterion::AllMatched => {
                let all = self.view().kept.len();
                that(&|row| row.matched.len() == all)
            }
            Criterion::MainInRow => that(&|row| self.means_main(row)),
            Criterion::FullCodeOverPrefix => {
                that(&|row| !rows.iter().any(|other| self.is_fuller(other, row)))
            }
            Criterion::MostPlus | Criterion::MostMatched => largest(&|row| count(row.matched.len())),
            Criterion::NearestMeanCost => {
                let cost = self.case.numbers().amount;
                largest(&|row| {
                    let mean = packet(row)?.mean_cost?;
                    Some(-(cost?.checked_mul(10_000)? - mean).abs())
                })
            }
            Criterion::HighestScore => largest(&|row| packet(row)?.score),
            Criterion::HighestScoreIfSurgical => {
                match rows.iter().any(|row| row.kind == TreatmentType::Surgical) {
                    true => largest(&|row| packet(row)?.score),
                    false => Vec::new(),
                }
            }
            Criterion::LongestDiagnosis => largest(&|row| count(packet(row)?.diagnosis_length)),
            Criterion::CodeOrder => {
                let code = |row: &Considered| self.rule(row.rule).map(|rule| rule.code.as_str());
                let first = rows.iter().map(|row| code(row)).min();
                that(&|row| Some(code(row)) == first)
            }
            Criterion::EarliestRow => largest(&|row| count(row.rule).map(|at| -at)),
            Criterion::LatestRow => largest(&|row| count(row.rule)),
        }
    }

    /// Every alternative a row holds by.
    fn ways(&self, row: &Considered) -> Vec<Taken> {
        let packet = self.packets.of(row.rule);
        let expression = packet.and_then(|packet| packet.expression.as_ref());
        expression.map_or_else(Vec::new, |expression| ways(&self.facts, expression))
    }

    /// Whether some alternative the row holds by takes the main procedure.
    fn means_main(&self, row: &Considered) -> bool {
        self.ways(row).iter().any(|way| way.takes_main)
    }

    /// Whether `other` holds by whole codes wherever `row` holds by beginnings of the same; a row that holds
    /// by one alternative which nothing outdoes stands.
    fn is_fuller(&self, other: &Considered, row: &Considered) -> bool {
        let (fuller, own) = (self.ways(other), self.ways(row));
        let outdone = |way: &Taken| {
            let mut fuller = fuller.iter();
            fuller.any(|fuller| outdoes(&fuller.operands, &way.operands))
        };
        !own.is_empty() && own.iter().all(outdone)
    }

    // ---- labels

    fn label(&mut self, winner: usize, outcome: &mut PacketOutcome) {
        let mean_cost = self
            .packets
            .of(winner)
            .and_then(|packet: &Packet| packet.mean_cost);
        if let Some(view) = &mut self.facts.view {
            view.mean_cost = mean_cost;
        }
        let layer = self.layer_of(winner).and_then(|layer| self.rule(layer));
        let layer = layer.map_or("", |rule| rule.code.as_str());
        let group = self.rule(winner).map_or("", |rule| rule.code.as_str());
        for (at, family) in self.packets.families.iter().enumerate() {
            let given = |label: &Label| label.is_for(layer, group) && self.facts.hold(&label.when);
            if let Some(place) = family.labels.iter().position(given) {
                outcome.set_label(at, place);
            }
        }
    }

    /// The line of the winner for the case's severity.
    fn line(&self, winner: usize, outcome: &PacketOutcome) -> usize {
        let by_rows = matches!(
            self.packets.selection,
            Selection::Catalogue {
                severity_rows: true,
                ..
            }
        );
        let label = outcome
            .label(0)
            .and_then(|place| self.packets.families.first()?.labels.get(place));
        match label.and_then(Label::severity).filter(|_| by_rows) {
            Some(severity) => self.packets.severities.line(winner, severity),
            None => winner,
        }
    }
}

/// Whether operands are whole codes where the other ones begin the same.
fn outdoes(whole: &[SetRef], begun: &[SetRef]) -> bool {
    whole.len() == begun.len()
        && whole.iter().all(|operand| prefix_of(operand).is_none())
        && begun.iter().any(|operand| prefix_of(operand).is_some())
        && whole
            .iter()
            .zip(begun)
            .all(|(whole, begun)| stands_under(whole, begun))
}

/// The beginning an operand asks for, if it asks for one.
fn prefix_of(operand: &SetRef) -> Option<&str> {
    match operand {
        SetRef::Inline(patterns) => patterns.iter().find_map(|pattern| match pattern {
            Pattern::Prefix(prefix) => Some(prefix.as_str()),
            Pattern::Exact(_) => None,
        }),
        SetRef::Named { .. } => None,
    }
}

/// Whether a whole code is the code of another operand, or begins as it asks.
fn stands_under(whole: &SetRef, operand: &SetRef) -> bool {
    let (SetRef::Inline(codes), SetRef::Inline(patterns)) = (whole, operand) else {
        return false;
    };
    codes.iter().all(|code| match code {
        Pattern::Exact(code) => patterns.iter().any(|pattern| pattern.holds(code)),
        Pattern::Prefix(_) => false,
    })
}

/// The procedures an expression takes by one of its alternatives (匹配到的手术操作).
pub(in crate::grouper) struct Taken {
    /// The alternative's operands …
    operands: Vec<SetRef>,
    /// … and the place in the record of the procedure each takes.
    pub(in crate::grouper) places: Vec<usize>,
    /// Whether one of those is the main procedure.
    takes_main: bool,
}

/// Every alternative that holds, in the expression's order. One with an operand that means the main procedure
/// takes it: operands try procedures in order.
fn ways(facts: &Facts<'_>, expression: &Expression) -> Vec<Taken> {
    let procedures = facts.procedures();
    let kept = facts.view.as_ref().map_or(&[][..], |view| view.kept.as_slice());
    let way = |operands: &Vec<SetRef>| {
        let hits = |operand: usize, procedure: usize| {
            let pair = operands.get(operand).zip(procedures.get(procedure));
            pair.is_some_and(|(set, code)| facts.set_holds(set, code))
        };
        let mut taken = Vec::new();
        occurrences(operands.len(), procedures.len(), &hits, &mut taken).then(|| Taken {
            operands: operands.clone(),
            places: taken.iter().filter_map(|at| kept.get(*at).copied()).collect(),
            takes_main: facts.has_principal() && taken.contains(&0),
        })
    };
    expression.alternatives().iter().filter_map(way).collect()
}

/// Of the alternatives that hold that of most operands; of those one that takes the main procedure; of those
/// one whose procedures have the highest type; of those the first. Nothing if none holds.
pub(in crate::grouper) fn takes(facts: &Facts<'_>, expression: &Expression) -> Option<Taken> {
    let worth = |way: &Taken| {
        let kind = kind_of(facts, &way.places).unwrap_or_default();
        (way.places.len(), way.takes_main, kind)
    };
    let mut ways = ways(facts, expression).into_iter();
    let first = ways.next()?;
    Some(ways.fold(first, |best, way| match worth(&way) > worth(&best) {
        true => way,
        false => best,
    }))
}

/// The highest treatment type of procedures, by their places in the record.
fn kind_of(facts: &Facts<'_>, places: &[usize]) -> Option<TreatmentType> {
    let packets = facts.scheme.packets()?;
    let codes: Vec<&str> = facts.case.procedures().collect();
    let codes = places.iter().filter_map(|place| codes.get(*place));
    let kinds = codes.filter_map(|code| traits(facts.scheme, packets, code)?.kind);
    kinds.max()
}
