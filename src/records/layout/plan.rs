//! A layout bound to one file: which field of a row is read for which neutral column.

use std::sync::Arc;

use hashbrown::HashMap;

use super::super::columns::Column;
use super::facts::BoundAsides;
use super::file::Read;
use super::load::{Layout, Make, Node, Source, ValueMap, Written};
use super::names::compared;

/// The field of a header that the file lacks: its cell is always empty.
pub(super) const ABSENT: usize = usize::MAX;

/// Which neutral columns are wanted (取列范围).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Those that grouping reads.
    Grouping,
    /// All.
    All,
}

/// What grouping reads, and what names a case.
const GROUPING: [Column; 18] = [
    Column::CaseId,
    Column::Hospital,
    Column::Person,
    Column::InsuredScheme,
    Column::Sex,
    Column::Age,
    Column::AgeDays,
    Column::WeightG,
    Column::AdmitDate,
    Column::DischargeDate,
    Column::LosDays,
    Column::Department,
    Column::DischargeStatus,
    Column::IcuHours,
    Column::Diagnoses,
    Column::Procedures,
    Column::TotalFee,
    Column::CodeVersion,
];

impl Scope {
    /// The columns, in the order they are written.
    pub fn columns(self) -> Vec<Column> {
        match self {
            Scope::Grouping => GROUPING.to_vec(),
            Scope::All => Column::ALL.to_vec(),
        }
    }
}

/// How a file's rows become neutral rows.
#[derive(Debug)]
pub(super) struct Plan {
    /// Of the columns written, in order.
    pub steps: Vec<Step>,
    /// Read for what is derived, written or not.
    pub hidden: Hidden,
    /// Fields in which a placeholder says nothing.
    pub silent: Vec<bool>,
    /// Fields that are read at all; no other is even looked at.
    pub used: Vec<bool>,
    /// The lists that others run beside, with the names beside their codes.
    pub leaders: [Leader; 2],
    /// What edits ask about besides; nothing where only grouping is wanted.
    pub asides: Option<BoundAsides>,
}

/// Diagnoses or procedures.
#[derive(Debug, Default)]
pub(super) struct Leader {
    pub codes: Slots,
    pub names: Slots,
    /// Of codes and names the field of each slot, where no slot has several: all of them are looked
    /// at in every row.
    pub fields: [Option<Vec<usize>>; 2],
}

impl Leader {
    fn of(codes: Slots, names: Slots) -> Leader {
        let field = |slot: &Vec<usize>| match slot.as_slice() {
            [] => Some(ABSENT),
            [field] => Some(*field),
            _ => None,
        };
        let fields = [&codes, &names].map(|slots| slots.iter().map(field).collect());
        Leader { codes, names, fields }
    }
}

/// What is derived from other columns where it is empty.
#[derive(Debug, Default)]
pub(super) struct Hidden {
    pub age: Option<Step>,
    pub birth: Option<Step>,
    pub admit: Option<Step>,
    pub discharge: Option<Step>,
    pub birth_weights: Option<Step>,
    pub icu_stays: Option<Step>,
}

/// One column written.
#[derive(Clone, Debug)]
pub(super) struct Step {
    /// None for a column of the source that is kept.
    pub column: Option<Column>,
    /// The header written.
    pub name: String,
    pub take: Take,
    pub form: Reading,
    pub table: Option<Arc<ValueMap>>,
    pub other: Option<String>,
    /// The list it runs beside.
    pub leader: Option<usize>,
    /// The source's headers, by slot.
    pub origins: Vec<String>,
}

/// How a value is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// As it stands.
    Plain,
    /// A number without decimals: `58.0` is 58.
    Integer,
    /// A date, or a date with its time.
    Moment,
    By(Read),
}

/// Alternatives of each slot.
pub(super) type Slots = Vec<Vec<usize>>;

/// Which fields are read.
#[derive(Clone, Debug)]
pub(super) enum Take {
    Nothing,
    Constant(String),
    First(Vec<usize>),
    Whole(usize),
    List(Slots),
    Each(Slots),
    Pairs(Vec<(String, usize)>),
    Join(Vec<usize>, String),
    Split(Vec<usize>, String),
    Sum(Vec<usize>),
    Parts([usize; 3]),
    Node(NodeTake),
}

/// Which fields of which lists of a message are read.
#[derive(Clone, Debug)]
pub(super) struct NodeTake {
    /// Lists, the first that is filled.
    pub nodes: Vec<usize>,
    /// By list, the fields.
    pub fields: Vec<Vec<usize>>,
    pub make: Make,
    /// By list: only elements with one of these values in this field.
    pub filter: Vec<Vec<(usize, Vec<String>)>>,
    /// By list.
    pub first: Vec<Option<(usize, String)>>,
}

/// Finds the fields that a layout's headers name.
pub(super) trait Fields {
    /// The field of a header, [`ABSENT`] if the file has none.
    fn field(&mut self, header: &str) -> usize;
    /// The list of a message.
    fn node(&mut self, node: &str) -> usize;
    /// A field of the elements of a list.
    fn field_of(&mut self, node: usize, field: &str) -> usize;
}

/// The header row of a table.
pub(super) struct TableFields<'h>(pub HashMap<&'h str, usize>);

impl Fields for TableFields<'_> {
    fn field(&mut self, header: &str) -> usize {
        self.0.get(compared(header).as_str()).copied().unwrap_or(ABSENT)
    }

    fn node(&mut self, _: &str) -> usize {
        ABSENT
    }

    fn field_of(&mut self, _: usize, _: &str) -> usize {
        ABSENT
    }
}

/// What is asked of a plan besides the layout.
pub(super) struct Wish<'w> {
    pub columns: &'w [Column],
    /// Write all columns, mapped or not: files of several layouts give rows of one header.
    pub uniform: bool,
    /// Headers of the source to be passed on, with their fields.
    pub kept: &'w [(String, usize)],
    /// Columns that a joined file fills.
    pub joined: &'w [Column],
    /// Read what the layout names as numbers of persons.
    pub person_numbers: bool,
    /// Whether a header stands in the file; only asked where edits are.
    pub stands: Option<&'w dyn Fn(&str) -> bool>,
}

impl Plan {
    /// The plan of a layout for a file whose fields are found by `fields`.
    pub(super) fn of(layout: &Layout, fields: &mut dyn Fields, width: usize, wish: &Wish<'_>) -> Plan {
        let step = |column: Column, fields: &mut dyn Fields| {
            if column == Column::Person && wish.person_numbers {
                return layout
                    .source_of_persons()
                    .map(|source| Step::of(column, &source, fields));
            }
            layout
                .source(column)
                .map(|source| Step::of(column, source, fields))
        };
        let there = |column: Column, fields: &mut dyn Fields| {
            step(column, fields).filter(|step| !step.take.is_absent())
        };
        let hidden = Hidden {
            age: there(Column::Age, fields),
            birth: there(Column::BirthDate, fields),
            admit: there(Column::AdmitDate, fields),
            discharge: there(Column::DischargeDate, fields),
            birth_weights: there(Column::BirthWeightsG, fields),
            icu_stays: there(Column::IcuStays, fields),
        };
        let mut steps = Vec::new();
        for column in wish.columns {
            let found = match there(*column, fields) {
                None if *column == Column::CodeVersion && !layout.codes.is_empty() => {
                    Some(Step::constant(*column, &layout.codes))
                }
                None if wish.uniform || wish.joined.contains(column) || hidden.gives(*column) => {
                    Some(Step::nothing(*column))
                }
                found => found,
            };
            steps.extend(found);
        }
        steps.extend(wish.kept.iter().map(|(name, field)| Step::kept(name, *field)));
        let slots = |column, fields: &mut dyn Fields| match there(column, fields).map(|step| step.take) {
            Some(Take::List(slots)) => slots,
            _ => Slots::new(),
        };
        let leaders = [
            (Column::Diagnoses, Column::DiagnosisNames),
            (Column::Procedures, Column::ProcedureNames),
        ];
        let mut plan = Plan {
            used: Vec::new(),
            leaders: leaders.map(|(codes, names)| Leader::of(slots(codes, fields), slots(names, fields))),
            asides: wish.stands.map(|stands| BoundAsides::of(layout, fields, stands)),
            silent: silent_fields(layout, fields, width),
            hidden,
            steps,
        };
        plan.used = plan.used_fields();
        plan
    }

    /// Whether a field is read.
    pub(super) fn reads(&self, field: usize) -> bool {
        self.used.get(field) == Some(&true)
    }

    fn used_fields(&self) -> Vec<bool> {
        let hidden = &self.hidden;
        let derived = [
            &hidden.age,
            &hidden.birth,
            &hidden.admit,
            &hidden.discharge,
            &hidden.birth_weights,
            &hidden.icu_stays,
        ];
        let steps = self.steps.iter().chain(derived.into_iter().flatten());
        let slots = self
            .leaders
            .iter()
            .flat_map(|leader| leader.codes.iter().chain(&leader.names));
        let fields = steps
            .flat_map(|step| step.take.fields())
            .chain(slots.flatten().copied())
            .chain(self.asides.iter().flat_map(BoundAsides::fields));
        let mut used = Vec::new();
        for field in fields.filter(|field| *field != ABSENT) {
            if used.len() <= field {
                used.resize(field + 1, false);
            }
            if let Some(flag) = used.get_mut(field) {
                *flag = true;
            }
        }
        used
    }

    /// The edits that are asked while rows are read.
    pub(super) fn edits(&self) -> Vec<&'static str> {
        let is_duration = |step: &Step| {
            matches!(
                step.form,
                Reading::By(Read::DurationHours | Read::DurationMinutes)
            ) || matches!(step.take, Take::Parts(_))
        };
        let mut edits = self.asides.as_ref().map_or_else(Vec::new, BoundAsides::edits);
        edits.extend(self.steps.iter().any(is_duration).then_some("K955"));
        edits
    }

    /// The columns written.
    pub(super) fn names(&self) -> Vec<String> {
        self.steps.iter().map(|step| step.name.clone()).collect()
    }
}

fn silent_fields(layout: &Layout, fields: &mut dyn Fields, width: usize) -> Vec<bool> {
    let mut silent = vec![false; width];
    for header in &layout.dash {
        if let Some(flag) = silent.get_mut(fields.field(header)) {
            *flag = true;
        }
    }
    silent
}

impl Hidden {
    /// Whether a column may be derived.
    fn gives(&self, column: Column) -> bool {
        let dates = self.admit.is_some() && self.discharge.is_some();
        let birth = self.birth.is_some() && self.admit.is_some();
        match column {
            Column::Age | Column::AgeDays => birth,
            Column::WeightG => self.birth_weights.is_some(),
            Column::IcuHours => self.icu_stays.is_some(),
            Column::LosDays => dates,
            _ => false,
        }
    }
}

impl Step {
    fn of(column: Column, source: &Source, fields: &mut dyn Fields) -> Step {
        Step {
            column: Some(column),
            name: column.name().to_owned(),
            take: Take::of(&source.written, fields),
            form: match source.read {
                Some(read) => Reading::By(read),
                None => match (usual_reading(column), &source.written) {
                    // of a neutral file only dates are read: those of a sheet may be numbers
                    (Reading::By(read), _) => Reading::By(read),
                    (_, Written::Whole(_)) => Reading::Plain,
                    (reading, _) => reading,
                },
            },
            table: source.table.clone(),
            other: source.other.clone(),
            leader: leader(column),
            origins: origins(&source.written, fields),
        }
    }

    /// Of what is read besides neutral columns; lists run beside the procedures.
    pub(super) fn aside(source: &Source, fields: &mut dyn Fields) -> Step {
        let take = Take::of(&source.written, fields);
        Step {
            form: source.read.map_or(Reading::Plain, Reading::By),
            leader: matches!(take, Take::List(_) | Take::Node(_)).then_some(1),
            origins: origins(&source.written, fields),
            ..Step::bare(None, "", take)
        }
    }

    fn bare(column: Option<Column>, name: &str, take: Take) -> Step {
        Step {
            column,
            name: name.to_owned(),
            take,
            form: Reading::Plain,
            table: None,
            other: None,
            leader: None,
            origins: vec![name.to_owned()],
        }
    }

    fn nothing(column: Column) -> Step {
        Step::bare(Some(column), column.name(), Take::Nothing)
    }

    fn constant(column: Column, text: &str) -> Step {
        Step::bare(Some(column), column.name(), Take::Constant(text.to_owned()))
    }

    fn kept(name: &str, field: usize) -> Step {
        Step::bare(None, name, Take::Whole(field))
    }
}

/// How the cells of a column are read where the layout says nothing.
fn usual_reading(column: Column) -> Reading {
    match column {
        Column::VisitNo | Column::Age | Column::AgeDays | Column::LosDays | Column::NursingDays => {
            Reading::Integer
        }
        Column::BirthDate | Column::AdmitDate | Column::DischargeDate => Reading::By(Read::Date),
        Column::ProcedureStarts | Column::ProcedureEnds => Reading::Moment,
        _ => Reading::Plain,
    }
}

/// The list a column runs beside, slot for slot.
fn leader(column: Column) -> Option<usize> {
    match column {
        Column::Diagnoses | Column::DiagnosisNames | Column::Poa | Column::DiagnosisOutcomes => Some(0),
        Column::Procedures
        | Column::ProcedureNames
        | Column::ProcedureStarts
        | Column::ProcedureEnds
        | Column::ProcedureLevels
        | Column::ProcedureHours
        | Column::Anaesthesia
        | Column::Asa
        | Column::Wounds => Some(1),
        _ => None,
    }
}

/// By slot, the header that findings name: the first of its alternatives that is there.
fn origins(written: &Written, fields: &mut dyn Fields) -> Vec<String> {
    let mut there = |headers: &[String]| {
        let found = headers.iter().find(|header| fields.field(header) != ABSENT);
        found.or(headers.first()).cloned().unwrap_or_default()
    };
    match written {
        Written::List(slots) | Written::Each(slots) => slots.iter().map(|slot| there(slot)).collect(),
        Written::Pairs(pairs) => pairs.iter().map(|(_, header)| header.clone()).collect(),
        Written::Node(node) => written_node(node),
        Written::Join(headers, by) => vec![headers.join(by)],
        Written::Sum(headers) | Written::Parts(headers) => vec![headers.join("+")],
        Written::First(headers) | Written::Split(headers, _) => vec![there(headers)],
        Written::Whole(header) => vec![header.clone()],
    }
}

/// A list of a message names the same field in every slot.
fn written_node(node: &Node) -> Vec<String> {
    let first = node.nodes.first().zip(node.fields.first());
    first
        .map(|(node, field)| format!("{node}.{field}"))
        .into_iter()
        .collect()
}

impl Take {
    fn of(written: &Written, fields: &mut dyn Fields) -> Take {
        let mut all = |headers: &[String]| -> Vec<usize> {
            headers.iter().map(|header| fields.field(header)).collect()
        };
        match written {
            Written::First(headers) => Take::First(present(all(headers))),
            Written::Whole(header) => Take::Whole(fields.field(header)),
            Written::List(slots) => {
                Take::List(trimmed(slots.iter().map(|slot| present(all(slot))).collect()))
            }
            Written::Each(slots) => Take::Each(slots.iter().map(|slot| all(slot)).collect()),
            Written::Pairs(pairs) => {
                let field = |(key, header): &(String, String)| (key.clone(), fields.field(header));
                Take::Pairs(pairs.iter().map(field).collect())
            }
            Written::Join(headers, by) => Take::Join(all(headers), by.clone()),
            Written::Split(headers, at) => Take::Split(present(all(headers)), at.clone()),
            Written::Sum(headers) => Take::Sum(present(all(headers))),
            Written::Parts(headers) => {
                let parts = all(headers);
                let part = |index| parts.get(index).copied().unwrap_or(ABSENT);
                Take::Parts([part(0), part(1), part(2)])
            }
            Written::Node(node) => Take::Node(NodeTake::of(node, fields)),
        }
    }

    /// All fields read.
    pub(super) fn fields(&self) -> Vec<usize> {
        match self {
            Take::Nothing | Take::Constant(_) | Take::Node(_) => Vec::new(),
            Take::First(fields) | Take::Join(fields, _) | Take::Split(fields, _) | Take::Sum(fields) => {
                fields.clone()
            }
            Take::Whole(field) => vec![*field],
            Take::List(slots) | Take::Each(slots) => slots.concat(),
            Take::Pairs(pairs) => pairs.iter().map(|(_, field)| *field).collect(),
            Take::Parts(parts) => parts.to_vec(),
        }
    }

    /// Whether the file has none of its headers.
    fn is_absent(&self) -> bool {
        let none = |fields: &[usize]| fields.iter().all(|field| *field == ABSENT);
        match self {
            Take::Nothing => true,
            Take::Constant(_) | Take::Node(_) => false,
            Take::First(fields) | Take::Join(fields, _) | Take::Split(fields, _) | Take::Sum(fields) => {
                none(fields)
            }
            Take::Whole(field) => *field == ABSENT,
            Take::List(slots) | Take::Each(slots) => slots.iter().all(|slot| none(slot)),
            Take::Pairs(pairs) => pairs.iter().all(|(_, field)| *field == ABSENT),
            Take::Parts(parts) => none(parts),
        }
    }
}

fn present(fields: Vec<usize>) -> Vec<usize> {
    fields.into_iter().filter(|field| *field != ABSENT).collect()
}

/// Slots without those at the end that the file does not have.
fn trimmed(mut slots: Slots) -> Slots {
    while slots.last().is_some_and(Vec::is_empty) {
        slots.pop();
    }
    slots
}

impl NodeTake {
    fn of(node: &Node, fields: &mut dyn Fields) -> NodeTake {
        let nodes: Vec<usize> = node.nodes.iter().map(|name| fields.node(name)).collect();
        let mut take = NodeTake {
            nodes: nodes.clone(),
            fields: Vec::new(),
            make: node.make,
            filter: Vec::new(),
            first: Vec::new(),
        };
        for list in nodes {
            let of_list = node
                .fields
                .iter()
                .map(|field| fields.field_of(list, field))
                .collect();
            take.fields.push(of_list);
            let filter = node
                .filter
                .iter()
                .map(|(field, values)| (fields.field_of(list, field), values.clone()));
            take.filter.push(filter.collect());
            let first = node
                .first
                .as_ref()
                .map(|(field, value)| (fields.field_of(list, field), value.clone()));
            take.first.push(first);
        }
        take
    }
}
