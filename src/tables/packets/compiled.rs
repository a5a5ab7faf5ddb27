//! Packets over kinds of codes: the form the fast grouper reads.

use hashbrown::HashMap;

use super::procedures::{ProcedureRule, Procedures, TreatmentType};
use super::selection::Offer;
use super::tried::{Making, TriedRow, TriedRows};
use super::{Packet, Packets};
use crate::tables::compile::{CodeFacts, CompiledSet, Entry, Mdc, Predicate, SetId};
use crate::tables::kinds::{CodeKind, Kinds};
use crate::tables::{CodeId, Scheme};

/// What the tables say of a kind of procedures (编译后的手术操作属性).
#[derive(Clone, Copy, Debug)]
pub struct KindTraits {
    /// Conservative where no table says.
    pub kind: TreatmentType,
    /// 0 unknown.
    pub level: u8,
    /// Leaves a case conservative under `incision_and_level`.
    pub slight: bool,
    /// What the list of exclusions says.
    pub rule: KindRule,
}

/// As [`ProcedureRule`], scopes as sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KindRule {
    /// No rule.
    None,
    /// Removed; ends the search for the main procedure.
    AsConservative,
    /// Never the main procedure.
    NotMain,
    /// Main only for these principal diagnoses.
    MainOnlyFor(SetId),
    /// Removed.
    Drop,
}

impl KindTraits {
    const UNKNOWN: KindTraits = KindTraits {
        kind: TreatmentType::Conservative,
        level: 0,
        slight: true,
        rule: KindRule::None,
    };
}

/// Packets ready for fast evaluation (编译后的病种).
#[derive(Debug)]
pub struct CompiledPackets {
    /// By kind.
    traits: Vec<KindTraits>,
    /// Class and weight for the comorbidity index, by kind; of weight 0 where there is none.
    comorbidity: Vec<(u16, u16)>,
    expressions: Vec<Vec<Vec<SetId>>>,
    /// Of each rule row, if it asks for one.
    expression_of: Vec<Option<u32>>,
    scopes: HashMap<CodeId, SetId>,
    /// Of each layer row, by its place among [`Compiled::mdcs`](crate::tables::Compiled).
    tried: Vec<TriedRows>,
    /// The rows of a catalogue stand in the order in which they are chosen; see [`TriedRow::rank`].
    pub in_order: bool,
    /// Layer rows by their place among [`Compiled::mdcs`](crate::tables::Compiled).
    pub excluded: Option<usize>,
    /// The list of primary-care packets.
    pub primary_list: Option<usize>,
    /// Layers that groups are looked for in, in order.
    pub layers: Vec<usize>,
    /// The same by level of a catalogue.
    pub levels: [Option<usize>; Offer::ALL.len()],
    /// Labels of each family, in the order they are tried.
    pub families: Vec<Vec<Predicate>>,
}

impl CompiledPackets {
    pub(in crate::tables) fn new(
        scheme: &Scheme,
        packets: &Packets,
        layers: impl Iterator<Item = (usize, usize)>,
        expressions: Vec<Vec<Vec<SetId>>>,
        expression_of: Vec<Option<u32>>,
        families: Vec<Vec<Predicate>>,
        scopes: HashMap<CodeId, SetId>,
    ) -> CompiledPackets {
        let mut compiled = CompiledPackets {
            traits: Vec::new(),
            comorbidity: Vec::new(),
            expressions,
            expression_of,
            scopes,
            tried: Vec::new(),
            in_order: packets.selection.is_of_rows(),
            excluded: None,
            primary_list: None,
            layers: Vec::new(),
            levels: [None; Offer::ALL.len()],
            families,
        };
        for (rule, index) in layers {
            if packets.excluded() == Some(rule) {
                compiled.excluded = Some(index);
            } else if packets.primary_list() == Some(rule) {
                compiled.primary_list = Some(index);
            } else {
                compiled.layers.push(index);
                let code = scheme.rules().get(rule).map_or("", |rule| rule.code.as_str());
                let level = Offer::by_word(code).and_then(|offer| compiled.levels.get_mut(offer as usize));
                level.into_iter().for_each(|level| *level = Some(index));
            }
        }
        compiled
    }

    /// Notes what the tables say of every kind.
    pub(in crate::tables) fn know_kinds(&mut self, scheme: &Scheme, kinds: &Kinds) {
        let Some(packets) = scheme.packets() else { return };
        for sample in kinds.samples() {
            let code = CodeId(sample);
            let traits = packets.procedures.traits(code);
            self.traits
                .push(traits.map_or(KindTraits::UNKNOWN, |traits| KindTraits {
                    kind: traits.kind.unwrap_or_default(),
                    level: traits.level,
                    slight: Procedures::is_slight(Some(traits)),
                    rule: self.rule(code, traits.rule.as_ref()),
                }));
            self.comorbidity
                .push(packets.comorbidity.of(code).unwrap_or_default());
        }
    }

    /// Sorts the rows of every layer by principal diagnosis.
    pub(in crate::tables) fn sort_rows(
        &mut self,
        scheme: &Scheme,
        rows: (&[Mdc], &[Entry]),
        kinds: usize,
        sets: &[CompiledSet],
    ) {
        let Some(packets) = scheme.packets() else { return };
        let making = Making {
            scheme,
            packets,
            mdcs: rows.0,
            entries: rows.1,
            kinds,
            sets,
            expressions: &self.expressions,
        };
        self.tried = making.all();
    }

    /// The rows of a layer that a principal diagnosis of this kind leads to, in the order they are tried; of a
    /// case without procedures, those of a catalogue that ask for none.
    #[inline]
    pub fn rows(&self, layer: usize, principal: CodeKind, has_procedures: bool) -> &[TriedRow] {
        let rows = self.tried.get(layer);
        rows.map_or(&[], |rows| rows.of(principal, has_procedures))
    }

    fn rule(&self, code: CodeId, rule: Option<&ProcedureRule>) -> KindRule {
        match rule {
            None => KindRule::None,
            Some(ProcedureRule::AsConservative) => KindRule::AsConservative,
            Some(ProcedureRule::NotMain) => KindRule::NotMain,
            Some(ProcedureRule::Drop) => KindRule::Drop,
            Some(ProcedureRule::MainOnlyFor(_)) => self
                .scopes
                .get(&code)
                .map_or(KindRule::NotMain, |scope| KindRule::MainOnlyFor(*scope)),
        }
    }

    /// What the tables say of a procedure.
    #[inline]
    pub fn traits(&self, code: &CodeFacts) -> KindTraits {
        let traits = self.traits.get(code.kind.index());
        traits.copied().unwrap_or(KindTraits::UNKNOWN)
    }

    /// Class and weight of a diagnosis for the comorbidity index, if it has any.
    pub fn comorbidity(&self, code: &CodeFacts) -> Option<(u16, u16)> {
        let row = self.comorbidity.get(code.kind.index()).copied();
        row.filter(|(_, weight)| *weight > 0)
    }

    /// The expression of a rule row.
    pub fn expression_of(&self, rule: usize) -> Option<u32> {
        self.expression_of.get(rule).copied().flatten()
    }

    /// The alternatives of an expression.
    #[inline]
    pub fn expression(&self, number: u32) -> &[Vec<SetId>] {
        self.expressions.get(number as usize).map_or(&[], Vec::as_slice)
    }
}

/// The rows of each severity that stand for the same packet, lightest first (同病种分级行).
#[derive(Debug, Default)]
pub struct SeverityRows {
    of: HashMap<usize, Vec<(u8, usize)>>,
    heavier: hashbrown::HashSet<usize>,
}

impl SeverityRows {
    /// Rows of one condition and level are one packet's.
    pub(super) fn of(scheme_rules: &[crate::tables::Rule], packets: &[Option<Packet>]) -> SeverityRows {
        let mut by_condition: HashMap<(&str, usize), Vec<(u8, usize)>> = HashMap::new();
        let mut layer = 0;
        for (index, (rule, packet)) in scheme_rules.iter().zip(packets).enumerate() {
            match packet {
                None => layer = index,
                Some(packet) => by_condition
                    .entry((rule.written.as_str(), layer))
                    .or_default()
                    .push((packet.severity, index)),
            }
        }
        let mut found = SeverityRows::default();
        for mut rows in by_condition.into_values().filter(|rows| rows.len() > 1) {
            rows.sort_unstable();
            if let Some(((_, lightest), heavier)) = rows.split_first() {
                found.heavier.extend(heavier.iter().map(|(_, row)| *row));
                found.of.insert(*lightest, rows.clone());
            }
        }
        found
    }

    /// A row that competes for itself: no heavier line of another.
    pub fn competes(&self, rule: usize) -> bool {
        !self.heavier.contains(&rule)
    }

    /// The line of a packet for a severity: the heaviest that is not heavier.
    pub fn line(&self, rule: usize, severity: u8) -> usize {
        let rows = self.of.get(&rule).map_or(&[][..], Vec::as_slice);
        let fitting = rows.iter().rev().find(|(own, _)| *own <= severity);
        fitting.map_or(rule, |(_, row)| *row)
    }
}
