//! Packets (DIP 病种): what a scheme of kind `dip` says beyond rules and sets.
//!
//! A packet's row is a [`Rule`](super::Rule) like that of a group, so that everything that reads
//! rules reads packets: its level is [`Level::Packet`](super::Level), it stands under the row of
//! its [`Level::Layer`](super::Level) (core, comprehensive, …), and its condition is written in the same
//! language. What decides among several rows that hold is [`Selection`]; what is done to the
//! procedures before any row is tried is [`Procedures`]. All of it comes from `scheme.toml` and
//! tables; the keys are listed in `grouping-tables/README.md`.

mod compiled;
mod diagnosis;
mod expression;
mod labels;
mod lint;
mod load;
mod procedures;
mod rows;
mod selection;
mod settings;
mod tried;

pub use compiled::{CompiledPackets, KindRule, KindTraits, SeverityRows};
pub use expression::{Expression, Syntax, occurrences};
pub use labels::{Comorbidity, Family, FeeItems, Figure, Label, MOST_FAMILIES};
pub(super) use load::load;
pub use procedures::{ProcedureRule, ProcedureTraits, Procedures, TreatmentType, TypeFrom};
pub use selection::{Criterion, Offer, OrderStep, Selection, TypeChoice};
pub use settings::FallbackKind;
pub(super) use settings::{
    AuxiliaryKeys, ComprehensiveKeys, ExclusionKeys, ExpressionKeys, FallbackKeys, GroupKeys, LayerKeys,
    MatchKeys, PrimaryKeys, Settings, Style, TreatmentKeys, Written,
};
pub use tried::TriedRow;

use crate::codes::normal_form;

/// A test that only packets ask (病种条件).
#[derive(Clone, Debug, PartialEq)]
pub enum PacketTest {
    /// `px takes {47.0100+54.2100}`: each operand of one alternative takes a procedure of its own.
    Takes(Expression),
    /// `type = surgical`: the treatment type of the case.
    Type(TreatmentType),
    /// `surgery_level = 3-4`: the level of the main procedure.
    SurgeryLevel(u8, u8),
    /// `long_stay`: what `auxiliary.long_stay` says; gone once the tables are loaded.
    LongStay,
    /// A figure of the auxiliary catalogue; both sides in hundredths.
    Figure(Figure, super::Comparison, i64),
}

/// A packet's row beyond its rule (病种目录行).
#[derive(Clone, Debug)]
pub struct Packet {
    /// Index into [`Scheme::rules`](super::Scheme::rules).
    pub rule: usize,
    /// The procedures it asks for; none of a row without procedures.
    pub expression: Option<Expression>,
    /// As the catalogue states it; a row with procedures may leave it to the procedures matched.
    pub treatment_type: Option<TreatmentType>,
    /// Letters and digits its diagnosis fixes; 0 of a range or any.
    pub diagnosis_length: usize,
    /// Score (病种分值), in millionths; to compare by.
    pub score: Option<i64>,
    /// Reference cost (例均费用), in fen; to compare by.
    pub mean_cost: Option<i64>,
    /// What kind of fall-back group it is; none of any other row.
    pub fallback: Option<FallbackKind>,
    /// The severity the row is for, under `auxiliary.mode = "rows"`; else 0.
    pub severity: u8,
}

/// Everything a scheme of packets says beyond rules and sets (病种方案).
#[derive(Debug)]
pub struct Packets {
    /// The packet of each rule row, by index; none of layer rows.
    pub(super) of_rule: Vec<Option<Packet>>,
    /// The row that principal diagnoses are left by that are not grouped.
    pub(super) excluded: Option<usize>,
    /// Rows that only say that a case is one of primary care.
    pub(super) primary_list: Option<usize>,
    /// How one of several rows is chosen.
    pub selection: Selection,
    /// What becomes of procedures.
    pub procedures: Procedures,
    /// The auxiliary catalogue.
    pub families: Vec<Family>,
    /// Items of the front sheet's bill that shares of the cost are made of.
    pub fees: FeeItems,
    /// Weights of other diagnoses for `cci`.
    pub comorbidity: Comorbidity,
    /// The list of exclusions, by the name of its file.
    pub(super) exclusion_file: Option<String>,
    /// Which rows are lines of one packet for several severities.
    pub severities: SeverityRows,
    /// Codes to be read as others: `(written, read as)`, sorted.
    pub(super) mapped: Vec<(String, String)>,
    /// Inherited rows that keys of the scheme leave out.
    pub(super) left_out: Vec<LeftOut>,
}

/// Rows of an inherited catalogue that a key of the heir leaves out (停用的目录行).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LeftOut {
    /// Where the first of them stands.
    pub(super) first: crate::diagnostics::Place,
    /// Of what form they are, and the key that does not name it.
    pub(super) form: Form,
    /// How many they are.
    pub(super) rows: u64,
}

/// A form of rows that a key takes or leaves out: `range`, of `comprehensive.keys`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) key: &'static str,
    pub(super) word: &'static str,
}

impl Packets {
    /// The packet of a rule row.
    pub fn of(&self, rule: usize) -> Option<&Packet> {
        self.of_rule.get(rule)?.as_ref()
    }

    /// The code of the layer row above a packet.
    pub(super) fn level_of<'s>(&self, scheme: &'s super::Scheme, rule: usize) -> Option<&'s str> {
        let mut above = scheme.rules().get(..rule)?.iter().rev();
        let layer = above.find(|rule| rule.level == super::Level::Layer)?;
        Some(&layer.code)
    }

    /// What is said of a scheme without a single packet; nothing where there is one.
    pub(super) fn why_there_are_none(&self) -> Option<String> {
        if self.of_rule.iter().any(Option::is_some) {
            return None;
        }
        let mut message =
            "there are no packets; expected at least one row in the files that `groups.files` or \
                           `layers.files` names"
                .to_owned();
        for LeftOut { form, rows, .. } in &self.left_out {
            let Form { key, word } = form;
            message.push_str(&format!(
                "; {rows} inherited rows are of the form `{word}`, which `{key}` does not name"
            ));
        }
        Some(message)
    }

    /// The sets that labels and rules of procedures ask about, each with what asks.
    pub(super) fn other_sets(&self) -> impl Iterator<Item = (Option<&Label>, &super::SetRef)> {
        let labels = self.families.iter().flat_map(|family| &family.labels);
        let of_labels = labels.flat_map(|label| label.when.sets().map(move |set| (Some(label), set)));
        let scopes = self.procedures.scopes().into_iter();
        of_labels.chain(scopes.map(|(_, scope)| (None, scope)))
    }

    /// Whether some label asks for parts of the bill (费用占比).
    pub fn asks_bill(&self) -> bool {
        !self.fees.is_empty()
    }

    /// The layer row that holds for principal diagnoses which are not grouped (不予入组).
    pub fn excluded(&self) -> Option<usize> {
        self.excluded
    }

    /// The layer row whose packets mark a case of primary care and are no groups (基层病种).
    pub fn primary_list(&self) -> Option<usize> {
        self.primary_list
    }

    /// What a code is read as, by the scheme's own maps.
    pub fn read_as<'c>(&'c self, code: &'c str) -> &'c str {
        let found = self.mapped.binary_search_by(|(from, _)| from.as_str().cmp(code));
        let to = found.ok().and_then(|at| self.mapped.get(at));
        to.map_or(code, |(_, to)| to)
    }

    /// `written>read as` of the codes that the scheme's own maps change, joined by `|` (编码映射结果).
    pub fn codes_read_as<'c>(&self, codes: impl Iterator<Item = &'c str>) -> String {
        let mut text = String::new();
        for written in codes {
            let own = normal_form(written);
            let read = self.read_as(&own);
            if read != own {
                let bar = if text.is_empty() { "" } else { "|" };
                text.push_str(&format!("{bar}{written}>{read}"));
            }
        }
        text
    }

    /// Whether the scheme reads some codes as others (编码映射).
    pub fn maps_codes(&self) -> bool {
        !self.mapped.is_empty()
    }

    /// Codes that are read as others, sorted.
    pub fn mapped(&self) -> impl Iterator<Item = (&str, &str)> {
        self.mapped.iter().map(|(from, to)| (from.as_str(), to.as_str()))
    }
}
