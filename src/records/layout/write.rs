//! Neutral records written as a layout has them (版式写出): its rules read backwards.
//!
//! What a rule reads as one neutral column is put where the rule reads it. A header that two rules
//! read is written once: by the rule that keeps most, a date and its time together.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use super::super::columns::Column;
use super::back::{self, Way};
use super::file::Form;
use super::load::{Layout, Make, Node, Source, Written};
use super::names::compared;

/// Writes neutral records in the columns of a layout (版式写出器).
#[derive(Debug)]
pub struct LayoutWriter {
    form: Form,
    root: String,
    headers: Vec<String>,
    steps: Vec<(Column, Put)>,
    nodes: Vec<NodeShape>,
    /// Columns asked for that the layout has no place for.
    lacks: Vec<Column>,
    /// Columns in which any value that the code table lacks stands for one: none of them is wrong.
    tolerant: Vec<Column>,
}

/// Where a column goes.
#[derive(Debug)]
enum Put {
    Cell(usize, Way),
    List(Vec<usize>),
    Each(Vec<Vec<usize>>, Way),
    Pairs(HashMap<String, usize>),
    Join(Vec<usize>, String),
    Split(usize, String),
    Parts([usize; 3]),
    /// Of the elements of a node: the fields.
    Elements(usize, Make, Vec<String>),
}

/// The elements of one list of a message that pass one filter.
#[derive(Debug, PartialEq, Eq)]
struct NodeShape {
    name: String,
    /// Fields that stand in every element.
    fixed: Vec<(String, String)>,
    /// The field that marks the first element, its value, and that of the others.
    flag: Option<(String, String, Option<String>)>,
}

/// What a layout could not take of a record (写出损失).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loss {
    /// A list longer than the layout has places for; the rest was left out.
    Cut,
    /// A value that the layout's code table, or its keys, do not know; left out.
    Unknown,
    /// Another column that is written under the same header says something else.
    Differs,
}

/// Losses by column, in records.
pub type Losses = BTreeMap<(Column, Loss), u64>;

/// A record in the columns of a layout, its memory reused.
#[derive(Debug, Default)]
pub struct LayoutRow {
    cells: Vec<String>,
    /// By node, by element, the fields.
    elements: Vec<Vec<Vec<(String, String)>>>,
    /// What was lost so far.
    pub losses: Losses,
}

impl LayoutWriter {
    /// For records that fill these neutral columns.
    pub fn new(layout: &Layout, columns: &[Column]) -> LayoutWriter {
        let mut writer = LayoutWriter {
            form: layout.form,
            root: layout.root.first().cloned().unwrap_or_default(),
            headers: Vec::new(),
            steps: Vec::new(),
            nodes: Vec::new(),
            lacks: Vec::new(),
            tolerant: Vec::new(),
        };
        let sources: Vec<(Column, &Source)> = columns
            .iter()
            .filter(|column| !layout.join_needs.contains(column))
            .filter_map(|column| Some((*column, layout.source(*column)?)))
            .filter(|(_, source)| !is_forbidden(layout, source))
            .collect();
        // first what takes a header for itself, then what follows from it
        for follows in [false, true] {
            for (column, source) in sources.iter().filter(|(_, source)| is_derived(source) == follows) {
                if let Some(put) = writer.put_of(layout, *column, source) {
                    writer.steps.push((*column, put));
                }
            }
        }
        writer.lacks = columns
            .iter()
            .copied()
            .filter(|column| !sources.iter().any(|(of, _)| of == column))
            .collect();
        let tolerant = sources.iter().filter(|(_, source)| source.other.is_some());
        writer.tolerant = tolerant.map(|(column, _)| *column).collect();
        writer.add_personal(layout);
        writer
    }

    /// Headers of persons' numbers get the made-up number, other personal ones stay empty.
    fn add_personal(&mut self, layout: &Layout) {
        if self.form != Form::Table {
            return;
        }
        for header in &layout.person {
            let goal = self.goal(header);
            if self.lacks.contains(&Column::Person) {
                self.steps.push((Column::Person, Put::Cell(goal, Way::Plain)));
                break;
            }
        }
        for header in &layout.dropped {
            self.goal(header);
        }
    }

    /// What its files are.
    pub fn form(&self) -> Form {
        self.form
    }

    /// Headers of a table; of messages, where single values stand.
    pub fn headers(&self) -> &[String] {
        &self.headers
    }

    /// Columns asked for that it has no place for.
    pub fn lacks(&self) -> &[Column] {
        &self.lacks
    }

    /// Whether a column is written for itself, so that a change of it alone is seen; what other columns
    /// already say is not, nor is a wrong value where the layout takes any value for one.
    pub fn says(&self, column: Column) -> bool {
        let for_itself = |put: &Put| !matches!(put, Put::Cell(_, Way::Follows(_)));
        let mut steps = self.steps.iter();
        !self.tolerant.contains(&column) && steps.any(|(of, put)| *of == column && for_itself(put))
    }

    /// Columns of which it keeps only a part, as the hour of a time.
    pub fn coarse(&self) -> Vec<Column> {
        let coarse = |put: &Put| matches!(put, Put::Cell(_, Way::Hour));
        let steps = self.steps.iter().filter(|(_, put)| coarse(put));
        steps.map(|(column, _)| *column).collect()
    }

    /// The place of a header, which is new unless another rule has it.
    fn goal(&mut self, header: &str) -> usize {
        let known = compared(header);
        let found = self.headers.iter().position(|of| compared(of) == known);
        found.unwrap_or_else(|| {
            self.headers.push(header.to_owned());
            self.headers.len() - 1
        })
    }

    fn is_taken(&self, header: &str) -> bool {
        let known = compared(header);
        self.headers.iter().any(|of| compared(of) == known)
    }

    /// Where a column goes; nothing where other rules already say it.
    fn put_of(&mut self, layout: &Layout, column: Column, source: &Source) -> Option<Put> {
        Some(match &source.written {
            Written::Whole(header) => Put::Cell(self.goal(header), Way::Plain),
            Written::First(headers) => {
                let header = usual(headers)?;
                let taken = self.is_taken(header);
                let way = back::way(column, source, layout.dates, taken);
                Put::Cell(self.goal(header), way)
            }
            Written::List(slots) => {
                let slots = slots.iter().filter_map(|slot| slot.first());
                Put::List(slots.map(|header| self.goal(header)).collect())
            }
            Written::Each(slots) => {
                let slots = slots
                    .iter()
                    .map(|slot| slot.iter().map(|header| self.goal(header)).collect());
                Put::Each(slots.collect(), back::way(column, source, layout.dates, false))
            }
            Written::Pairs(pairs) => {
                let pairs = pairs.iter().map(|(key, header)| (key.clone(), self.goal(header)));
                Put::Pairs(pairs.collect())
            }
            Written::Join(headers, by) => {
                if headers.iter().all(|header| self.is_taken(header)) {
                    return None;
                }
                Put::Join(
                    headers.iter().map(|header| self.goal(header)).collect(),
                    by.clone(),
                )
            }
            Written::Split(headers, at) => Put::Split(self.goal(usual(headers)?), at.clone()),
            Written::Sum(headers) => {
                if headers.iter().any(|header| self.is_taken(header)) {
                    return None;
                }
                Put::Cell(self.goal(headers.first()?), Way::Plain)
            }
            Written::Parts(headers) => match headers.as_slice() {
                [days, hours, minutes] => Put::Parts([self.goal(days), self.goal(hours), self.goal(minutes)]),
                _ => return None,
            },
            Written::Node(node) => self.put_of_node(node)?,
        })
    }

    fn put_of_node(&mut self, node: &Node) -> Option<Put> {
        let name = node.nodes.first()?;
        if node.make == Make::Sum && self.nodes.iter().any(|shape| shape.name == *name) {
            return None; // its elements are written whole
        }
        let fixed = node.filter.iter();
        let shape = NodeShape {
            name: name.clone(),
            fixed: fixed
                .filter_map(|(field, values)| Some((field.clone(), values.first()?.clone())))
                .collect(),
            flag: node
                .first
                .as_ref()
                .map(|(field, value)| (field.clone(), value.clone(), node.others.clone())),
        };
        let place = self.nodes.iter().position(|known| *known == shape);
        let place = place.unwrap_or_else(|| {
            self.nodes.push(shape);
            self.nodes.len() - 1
        });
        let fields = match node.make {
            Make::Each => node.fields.clone(),
            Make::One | Make::Sum => node.fields.iter().take(1).cloned().collect(),
        };
        Some(Put::Elements(place, node.make, fields))
    }

    /// Puts a record into the layout's columns.
    pub fn fill<'c>(&self, cell: impl Fn(Column) -> &'c str, row: &mut LayoutRow) {
        row.cells.resize(self.headers.len(), String::new());
        row.cells.iter_mut().for_each(String::clear);
        row.elements.resize(self.nodes.len(), Vec::new());
        row.elements.iter_mut().for_each(Vec::clear);
        for (column, put) in &self.steps {
            let value = cell(*column);
            if !value.is_empty() {
                let lost = row.put(put, value);
                if let Some(loss) = lost {
                    *row.losses.entry((*column, loss)).or_default() += 1;
                }
            }
        }
        for (shape, elements) in self.nodes.iter().zip(&mut row.elements) {
            shape.mark(elements);
        }
    }

    /// The record as a message, in one line.
    pub fn message(&self, row: &LayoutRow, out: &mut String) {
        let mut objects: Vec<(&str, Vec<(&str, &str)>)> = Vec::new();
        for (path, cell) in self.headers.iter().zip(&row.cells) {
            let (object, field) = path.split_once('.').unwrap_or(("", path));
            let place = objects.iter().position(|(name, _)| *name == object);
            let place = place.unwrap_or_else(|| {
                objects.push((object, Vec::new()));
                objects.len() - 1
            });
            if let Some((_, fields)) = objects.get_mut(place).filter(|_| !cell.is_empty()) {
                fields.push((field, cell));
            }
        }
        out.push('{');
        if !self.root.is_empty() {
            put_text(&self.root, out);
            out.push_str(":{");
        }
        separated(out, &objects, |(name, fields), out| {
            put_text(name, out);
            out.push(':');
            put_object(fields.iter().copied(), out);
        });
        for (shape, elements) in self.nodes.iter().zip(&row.elements) {
            if !elements.is_empty() {
                out.push(',');
                put_text(&shape.name, out);
                out.push_str(":[");
                separated(out, elements, |fields, out| {
                    put_object(fields.iter().map(|(f, v)| (f.as_str(), v.as_str())), out)
                });
                out.push(']');
            }
        }
        out.push_str(if self.root.is_empty() { "}" } else { "}}" });
    }
}

impl LayoutRow {
    /// The cells of a table, in the order of its headers.
    pub fn cells(&self) -> &[String] {
        &self.cells
    }

    fn put(&mut self, put: &Put, value: &str) -> Option<Loss> {
        match put {
            Put::Cell(goal, way) => self.put_cell(*goal, way, value),
            Put::List(goals) => self.put_each(goals.len(), value, |row, place, item| {
                row.set(goals.get(place), item);
                None
            }),
            Put::Each(slots, way) => self.put_each(slots.len(), value, |row, place, item| {
                let goals = slots.get(place).map_or(&[][..], Vec::as_slice);
                let parts = back::parts(way, item)?;
                goals
                    .iter()
                    .zip(parts)
                    .for_each(|(goal, part)| row.set(Some(goal), &part));
                None
            }),
            Put::Pairs(goals) => self.put_each(usize::MAX, value, |row, _, item| {
                let (key, amount) = item.split_once(';')?;
                let goal = goals.get(key);
                row.set(goal, amount);
                goal.is_none().then_some(Loss::Unknown)
            }),
            Put::Join(goals, by) => {
                let parts = value.splitn(goals.len(), by.as_str());
                goals
                    .iter()
                    .zip(parts)
                    .for_each(|(goal, part)| self.set(Some(goal), part));
                None
            }
            Put::Split(goal, at) => {
                self.set(Some(goal), &value.replace('|', at));
                None
            }
            Put::Parts(goals) => {
                let parts = back::day_hour_minute(value)?;
                goals
                    .iter()
                    .zip(parts)
                    .for_each(|(goal, part)| self.set(Some(goal), &part));
                None
            }
            Put::Elements(node, make, fields) => {
                self.put_elements(*node, *make, fields, value);
                None
            }
        }
    }

    fn set(&mut self, goal: Option<&usize>, text: &str) {
        if let Some(cell) = goal.and_then(|goal| self.cells.get_mut(*goal)) {
            cell.clear();
            cell.push_str(text);
        }
    }

    fn put_cell(&mut self, goal: usize, way: &Way, value: &str) -> Option<Loss> {
        let cell = self.cells.get_mut(goal)?;
        match way {
            Way::TimeBehind if !cell.is_empty() => {
                cell.push(' ');
                cell.push_str(value);
                None
            }
            // another column has written it: it must read as this one
            Way::Follows(table) if !cell.is_empty() => {
                let reads = table.get(cell.as_str()).map(String::as_str);
                (reads != Some(value)).then_some(Loss::Differs)
            }
            Way::Plain if !cell.is_empty() => (cell != value).then_some(Loss::Differs),
            _ => {
                let written = back::written(way, value);
                cell.push_str(written.as_deref().unwrap_or(""));
                written.is_none().then_some(Loss::Unknown)
            }
        }
    }

    /// The items of a list one by one; what is beyond `room` is cut off.
    fn put_each(
        &mut self,
        room: usize,
        list: &str,
        mut put: impl FnMut(&mut LayoutRow, usize, &str) -> Option<Loss>,
    ) -> Option<Loss> {
        let mut lost = None;
        for (place, item) in list.split('|').enumerate() {
            if place >= room {
                return Some(Loss::Cut);
            }
            lost = lost.or(put(self, place, item));
        }
        lost
    }

    fn put_elements(&mut self, node: usize, make: Make, fields: &[String], value: &str) {
        let Some(elements) = self.elements.get_mut(node) else {
            return;
        };
        for (place, item) in value.split('|').enumerate() {
            if elements.len() <= place {
                elements.resize(place + 1, Vec::new());
            }
            let Some(element) = elements.get_mut(place) else {
                return;
            };
            let parts: Vec<&str> = match make {
                Make::Each => item.split(';').collect(),
                Make::One | Make::Sum => vec![item],
            };
            let filled = fields.iter().zip(parts).filter(|(_, part)| !part.is_empty());
            element.extend(filled.map(|(field, part)| (field.clone(), part.to_owned())));
        }
    }
}

impl NodeShape {
    /// Completes the elements; an empty one says nothing and is left out, with its mark.
    fn mark(&self, elements: &mut Vec<Vec<(String, String)>>) {
        for (place, element) in elements.iter_mut().enumerate() {
            if element.is_empty() {
                continue;
            }
            element.extend(self.fixed.iter().cloned());
            if let Some((field, first, others)) = &self.flag {
                let value = if place == 0 { Some(first) } else { others.as_ref() };
                element.extend(value.map(|value| (field.clone(), value.clone())));
            }
        }
        elements.retain(|element| !element.is_empty());
    }
}

/// A header that must be absent is never written.
fn is_forbidden(layout: &Layout, source: &Source) -> bool {
    let headers = source.written.headers();
    let absent = layout.signs.iter().filter(|sign| sign.absent);
    absent.into_iter().any(|sign| {
        headers
            .iter()
            .any(|header| compared(header) == compared(&sign.header))
    })
}

/// Whether other columns may already say what this one says.
fn is_derived(source: &Source) -> bool {
    let summed = matches!(&source.written, Written::Node(node) if node.make == Make::Sum);
    let time = matches!(
        source.read,
        Some(super::file::Read::Time | super::file::Read::Hour)
    );
    matches!(source.written, Written::Join(..) | Written::Sum(_)) || summed || time || source.table.is_some()
}

/// The header that is written of several: the first of the list itself, not of its envelope.
fn usual(headers: &[String]) -> Option<&String> {
    let inside = headers.iter().find(|header| !header.starts_with('^'));
    inside.or(headers.first())
}

fn separated<T>(out: &mut String, items: &[T], mut put: impl FnMut(&T, &mut String)) {
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        put(item, out);
    }
}

fn put_object<'f>(fields: impl Iterator<Item = (&'f str, &'f str)>, out: &mut String) {
    out.push('{');
    for (place, (field, value)) in fields.enumerate() {
        if place > 0 {
            out.push(',');
        }
        put_text(field, out);
        out.push(':');
        put_text(value, out);
    }
    out.push('}');
}

/// A JSON text.
fn put_text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if u32::from(c) < 0x20 => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}
