//! Settlement lists as JSON messages (清单报文): cut out of a stream, and read field by field.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use hashbrown::{HashMap, HashSet};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::load::Layout;
use super::names::compared;
use super::plan::Fields;
use super::transcode::{Cells, Element, NeutralRows, Note, Transcoder};
use crate::diagnostics::Lang;

/// The longest message in bytes.
const LONGEST: usize = 16 << 20;

/// Between the fields of a message.
const UNIT: char = '\u{1f}';

/// What stands next in bytes of JSON.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::records) enum Item {
    /// An object, from and to.
    Object(usize, usize),
    /// Something that is no object, or an object that never ends, from and to.
    Other(usize, usize),
    /// The bytes end inside it; it begins here.
    Open(usize),
    /// Nothing more.
    End,
}

/// The next item from `at` on. `complete`: nothing follows these bytes. What separates items,
/// commas and brackets, is passed over.
pub(in crate::records) fn next_item(bytes: &[u8], at: usize, complete: bool) -> Item {
    let between =
        |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b',' | b'[' | b']' | 0xef | 0xbb | 0xbf);
    let rest = bytes.get(at..).unwrap_or_default();
    let Some(skipped) = rest.iter().position(|byte| !between(byte)) else {
        return Item::End;
    };
    let start = at + skipped;
    let item = bytes.get(start..).unwrap_or_default();
    if item.first() != Some(&b'{') {
        let line = memchr::memchr(b'\n', item);
        return match line {
            Some(length) => Item::Other(start, start + length),
            None if complete || item.len() > LONGEST => Item::Other(start, bytes.len()),
            None => Item::Open(start),
        };
    }
    match object_length(item) {
        Some(length) => Item::Object(start, start + length),
        None if complete || item.len() > LONGEST => Item::Other(start, start + after_broken(item)),
        None => Item::Open(start),
    }
}

/// Length of the object the bytes begin with, if it ends in them.
fn object_length(item: &[u8]) -> Option<usize> {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(byte) = item.get(at) {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            b'"' => at = end_of_text(item, at + 1)?,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
        if at > LONGEST {
            return None;
        }
    }
    None
}

/// The quote that ends a text that begins at `at`.
fn end_of_text(item: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let rest = item.get(at..)?;
        let found = at + memchr::memchr2(b'"', b'\\', rest)?;
        match item.get(found) {
            Some(b'"') => return Some(found),
            _ => at = found + 2,
        }
    }
}

/// Behind an object that never ends: at the next line that begins with one.
fn after_broken(item: &[u8]) -> usize {
    let next = memchr::memmem::find(item, b"\n{");
    next.map_or(item.len(), |at| at + 1)
}

/// The fields of messages that a plan reads (报文字段).
#[derive(Debug, Default)]
pub(in crate::records) struct JsonFields {
    /// Where the list stands: keys of the envelope, tried in order; empty for the top.
    roots: Vec<String>,
    /// By object and field: the index among the fields.
    scalars: HashMap<(String, String), usize>,
    /// Lists by name.
    nodes: Vec<(String, Vec<String>)>,
    /// Names that the layout knows; nothing where others are not counted.
    known: Option<HashSet<String>>,
    /// The others, by how many messages have them.
    unknown: Unread,
}

/// Names of fields that nothing reads, each with the number of messages that have it (未读字段).
#[derive(Clone, Debug, Default)]
pub(in crate::records) struct Unread(Arc<Mutex<BTreeMap<String, u64>>>);

impl Unread {
    fn count(&self, names: impl Iterator<Item = String>) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        names.for_each(|name| *counts.entry(name).or_default() += 1);
    }

    /// By name.
    pub(in crate::records) fn list(&self) -> Vec<(String, u64)> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts
            .iter()
            .map(|(name, count)| (name.clone(), *count))
            .collect()
    }
}

/// The object of an envelope's own fields.
const ENVELOPE: &str = "^";

impl JsonFields {
    pub(super) fn new(roots: &[String]) -> JsonFields {
        JsonFields {
            roots: roots.iter().map(|root| compared(root)).collect(),
            ..JsonFields::default()
        }
    }

    /// Counts by name what stands in messages and the layout does not know.
    pub(super) fn count_unread(&mut self, layout: &Layout) {
        self.known = Some(layout.known_paths());
    }

    /// What was counted so far, and will be.
    pub(in crate::records) fn unread(&self) -> Unread {
        self.unknown.clone()
    }

    /// How many single fields are read.
    pub(super) fn width(&self) -> usize {
        self.scalars.len()
    }
}

impl Fields for JsonFields {
    fn field(&mut self, header: &str) -> usize {
        let (node, field) = match (header.strip_prefix('^'), header.split_once('.')) {
            (Some(field), _) => (ENVELOPE, field),
            (None, Some((node, field))) => (node, field),
            (None, None) => ("", header),
        };
        let next = self.scalars.len();
        *self
            .scalars
            .entry((compared(node), compared(field)))
            .or_insert(next)
    }

    fn node(&mut self, node: &str) -> usize {
        let node = compared(node);
        match self.nodes.iter().position(|(name, _)| *name == node) {
            Some(known) => known,
            None => {
                self.nodes.push((node, Vec::new()));
                self.nodes.len() - 1
            }
        }
    }

    fn field_of(&mut self, node: usize, field: &str) -> usize {
        let field = compared(field);
        let Some((_, fields)) = self.nodes.get_mut(node) else {
            return super::plan::ABSENT;
        };
        match fields.iter().position(|name| *name == field) {
            Some(known) => known,
            None => {
                fields.push(field);
                fields.len() - 1
            }
        }
    }
}

/// An object: its names and values as written, none of them read yet.
struct Object<'j>(Vec<(String, &'j RawValue)>);

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Object<'de>, D::Error> {
        struct Names;
        impl<'de> Visitor<'de> for Names {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry::<String, &RawValue>()? {
                    entries.push(entry);
                }
                Ok(Object(entries))
            }
        }
        deserializer.deserialize_map(Names)
    }
}

impl<'j> Object<'j> {
    fn of(raw: &'j RawValue) -> Option<Object<'j>> {
        serde_json::from_str(raw.get()).ok()
    }

    /// The value of a name, without regard to case.
    fn get(&self, name: &str) -> Option<&'j RawValue> {
        self.0
            .iter()
            .find(|(own, _)| compared(own) == name)
            .map(|(_, value)| *value)
    }
}

/// A single value as it is written; null and absent are empty.
fn plain(raw: &RawValue) -> String {
    match raw.get().as_bytes().first() {
        Some(b'"') => serde_json::from_str(raw.get()).unwrap_or_default(),
        Some(b'{' | b'[' | b'n') => String::new(),
        _ => raw.get().to_owned(),
    }
}

/// The elements of a list; one object is a list of one.
fn elements<'j>(raw: &'j RawValue, fields: &[String]) -> Vec<Element> {
    let objects: Vec<Object<'j>> = match raw.get().as_bytes().first() {
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(raw.get()).unwrap_or_default();
            items.into_iter().filter_map(Object::of).collect()
        }
        _ => Object::of(raw).into_iter().collect(),
    };
    let element = |object: &Object<'_>| {
        let value = |field: &String| object.get(field).map_or_else(String::new, plain);
        fields.iter().map(value).collect()
    };
    objects.iter().map(element).collect()
}

/// The list of a message: in its envelope, or bare.
fn list<'j>(top: &Object<'j>, roots: &[String]) -> Option<Object<'j>> {
    let within = roots.iter().filter(|root| !root.is_empty());
    within.filter_map(|root| top.get(root)).find_map(Object::of)
}

impl Transcoder {
    /// The messages of bytes that begin at a line.
    pub(in crate::records) fn messages(
        &self,
        fields: &JsonFields,
        bytes: &[u8],
        line: u64,
        lang: Lang,
        out: &mut NeutralRows,
    ) {
        let (mut at, mut line, mut counted) = (0, line, 0);
        loop {
            let (start, end) = match next_item(bytes, at, true) {
                Item::Object(start, end) | Item::Other(start, end) => (start, end),
                Item::Open(_) | Item::End => return,
            };
            let before = bytes.get(counted..start).unwrap_or_default();
            line += memchr::memchr_iter(b'\n', before).count() as u64;
            (at, counted) = (end, start);
            let text = bytes
                .get(start..end)
                .and_then(|item| std::str::from_utf8(item).ok());
            let top = text.map(serde_json::from_str::<Object<'_>>);
            match top {
                Some(Ok(top)) => self.message(fields, &top, line, lang, out),
                Some(Err(error)) => out.unreadable(line, unsound(&error, lang)),
                None => {
                    let expected = lang.pick(
                        "UTF-8 text in every byte of the message",
                        "整条报文均为UTF-8编码的文字",
                    );
                    out.unreadable(line, Note::shapeless("F002", String::new(), expected.to_owned()));
                }
            }
        }
    }

    fn message(&self, fields: &JsonFields, top: &Object<'_>, line: u64, lang: Lang, out: &mut NeutralRows) {
        let inner = list(top, &fields.roots);
        let list = inner.as_ref().unwrap_or(top);
        if let Some(known) = &fields.known {
            let names = paths_of(list).into_iter();
            fields
                .unknown
                .count(names.filter(|name| !known.contains(compared(name).as_str())));
        }
        let mut values = vec![String::new(); fields.scalars.len()];
        let mut objects: BTreeMap<&str, Option<Object<'_>>> = BTreeMap::new();
        for ((node, field), index) in &fields.scalars {
            let value = match node.as_str() {
                ENVELOPE => top.get(field),
                "" => list.get(field),
                node => {
                    let object = objects
                        .entry(node)
                        .or_insert_with(|| list.get(node).and_then(Object::of));
                    object.as_ref().and_then(|object| object.get(field))
                }
            };
            if let (Some(slot), Some(value)) = (values.get_mut(*index), value) {
                *slot = plain(value);
            }
        }
        let of_node = |(node, fields): &(String, Vec<String>)| {
            list.get(node).map_or_else(Vec::new, |raw| elements(raw, fields))
        };
        let nodes: Vec<Vec<Element>> = fields.nodes.iter().map(of_node).collect();
        let (text, ends) = side_by_side(&values);
        let cells = Cells {
            text: &text,
            ends: &ends,
            nodes: &nodes,
            clean: false,
            quoted: false,
        };
        self.row(&cells, line, lang, out);
    }
}

/// Cells in one text, and where each ends.
pub(super) fn side_by_side(cells: &[String]) -> (String, Vec<u32>) {
    let (mut text, mut ends) = (String::new(), vec![u32::MAX]);
    for cell in cells {
        text.push_str(cell);
        ends.push(u32::try_from(text.len()).unwrap_or(u32::MAX));
        text.push(UNIT);
    }
    (text, ends)
}

/// The words of the parser may show what stands in the message: only the place is said.
fn unsound(error: &serde_json::Error, lang: Lang) -> Note {
    let (line, column) = (error.line(), error.column());
    let expected = match lang {
        Lang::En => format!("one sound JSON object; it breaks off on its line {line}, column {column}"),
        Lang::Zh => format!("一个完整的JSON对象；其第{line}行第{column}列处有误"),
    };
    Note::shapeless("F003", String::new(), expected)
}

/// The names in a message, as layouts write them: nodes, and fields of nodes; for detection.
///
/// The envelope's own names stand beside those of the list in it.
pub(in crate::records) fn paths(message: &[u8], roots: &[String]) -> Option<Vec<String>> {
    let text = std::str::from_utf8(message).ok()?;
    let top: Object<'_> = serde_json::from_str(text).ok()?;
    let inner = list(&top, &roots.iter().map(|root| compared(root)).collect::<Vec<_>>());
    Some(paths_of(inner.as_ref().unwrap_or(&top)))
}

fn paths_of(list: &Object<'_>) -> Vec<String> {
    let mut paths = Vec::new();
    for (name, raw) in &list.0 {
        paths.push(name.clone());
        let first = match raw.get().as_bytes().first() {
            Some(b'[') => serde_json::from_str::<Vec<&RawValue>>(raw.get())
                .ok()
                .and_then(|items| items.first().copied()),
            _ => Some(*raw),
        };
        let object = first.and_then(Object::of);
        let names = object.iter().flat_map(|object| &object.0);
        paths.extend(names.map(|(field, _)| format!("{name}.{field}")));
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(text: &str) -> Vec<Item> {
        let (mut at, mut found) = (0, Vec::new());
        loop {
            match next_item(text.as_bytes(), at, true) {
                Item::End => return found,
                item => {
                    if let Item::Object(_, end) | Item::Other(_, end) = item {
                        at = end;
                    }
                    found.push(item);
                }
            }
        }
    }

    #[test]
    fn objects_are_found_in_arrays_lines_and_alone() {
        assert_eq!(
            items("[{\"a\":\"}\\\"\"},\n {}]"),
            [Item::Object(1, 12), Item::Object(15, 17)]
        );
        assert_eq!(
            items("{}\n{\"b\":{}}\n"),
            [Item::Object(0, 2), Item::Object(3, 11)]
        );
        assert_eq!(items("{\"open\n{}"), [Item::Other(0, 7), Item::Object(7, 9)]);
        assert_eq!(items("x\n{}"), [Item::Other(0, 1), Item::Object(2, 4)]);
        assert_eq!(next_item(b"{\"a\":", 0, false), Item::Open(0));
        assert_eq!(next_item(b" ,]", 0, false), Item::End);
    }
}
