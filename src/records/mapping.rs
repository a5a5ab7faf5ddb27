//! From the codes of one edition to those of another (编码映射): declared for a whole file, and
//! applied exactly once.
//!
//! 245 codes stand in both national editions and mean different things, and some targets of the
//! map are sources themselves: neither can a code tell whether it must be mapped, nor may it be
//! mapped twice. So a map takes [`Codes<Declared>`] and gives [`Codes<Mapped>`], and there is no
//! way back:
//!
//! ```compile_fail
//! # fn twice(map: &dianzhi::records::CodeMap, codes: dianzhi::records::Codes<dianzhi::records::Declared>) {
//! let once = map.apply_to_diagnoses(codes);
//! let twice = map.apply_to_diagnoses(once); // expected `Codes<Declared>`
//! # }
//! ```

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::Arc;

use hashbrown::HashMap;

use super::edits::EditFile;
use super::{Checked, Checker, Column, Depth, Opened, RowReader, in_order};
use crate::diagnostics::{Error, Lang, Result};

/// Codes in the edition their file declares (声明版本).
#[derive(Clone, Copy, Debug)]
pub struct Declared;

/// Codes in the edition a map leads to (目标版本).
#[derive(Clone, Copy, Debug)]
pub struct Mapped;

/// The codes of one list of a record, in one edition (同一版本的编码).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codes<Edition> {
    codes: Vec<String>,
    edition: PhantomData<Edition>,
}

impl Codes<Declared> {
    /// As written, in normal form.
    pub fn declared(codes: Vec<String>) -> Codes<Declared> {
        Codes {
            codes,
            edition: PhantomData,
        }
    }
}

impl<Edition> Codes<Edition> {
    /// In their slots.
    pub fn as_slice(&self) -> &[String] {
        &self.codes
    }
}

/// One code of a record, in one edition.
#[derive(Clone, Copy, Debug)]
pub(super) struct Code<'c, Edition> {
    code: &'c str,
    edition: PhantomData<Edition>,
}

impl<'c> Code<'c, Declared> {
    /// As written, in normal form.
    pub(super) fn declared(code: &'c str) -> Code<'c, Declared> {
        Code {
            code,
            edition: PhantomData,
        }
    }
}

impl<'c> Code<'c, Mapped> {
    pub(super) fn as_str(self) -> &'c str {
        self.code
    }
}

/// The target and name of each code of one kind.
#[derive(Debug, Default)]
struct OneKind {
    /// An empty target is the code itself; an empty name that of the target list.
    rows: HashMap<String, (String, String)>,
}

impl OneKind {
    fn read(file: &EditFile) -> Result<OneKind> {
        let mut kind = OneKind::default();
        file.each_row(["code", "name", "target"], |[code, name, target], place| {
            kind.add(code, name, target)
                .map_err(|message| Error::at(place.clone(), message))
        })?;
        Ok(kind)
    }

    fn add(&mut self, code: &str, name: &str, target: &str) -> std::result::Result<(), String> {
        let row = (name.to_owned(), target.to_owned());
        match self.rows.insert(code.to_owned(), row) {
            None if !code.is_empty() => Ok(()),
            None => Err("this row has no code".to_owned()),
            Some(_) => Err(format!("code `{code}` stands twice")),
        }
    }

    fn apply(&self, codes: Codes<Declared>) -> Codes<Mapped> {
        let mapped = codes.codes.into_iter().map(|code| match self.rows.get(&code) {
            Some((_, target)) if !target.is_empty() => target.clone(),
            _ => code,
        });
        Codes {
            codes: mapped.collect(),
            edition: PhantomData,
        }
    }
}

/// What a file says of the edition of its codes (编码版本声明).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceCodes {
    /// As named by the user.
    pub file: Arc<str>,
    /// In the column `code_version` of its first record.
    pub column: Option<String>,
    /// By its layout.
    pub layout: Option<String>,
    /// It has that column, but is a stream, which is read once: nobody looked.
    pub is_unseen: bool,
}

/// What each file of `reader` says of the edition of its codes, in the order they are read.
///
/// # Errors
/// A file cannot be read.
pub fn codes_of_files(reader: &RowReader) -> Result<Vec<SourceCodes>> {
    let of_stream = || {
        let opened = reader.opened().list();
        opened.first().map(SourceCodes::of_stream).unwrap_or_default()
    };
    let mut found = Vec::new();
    for again in reader.opened_anew() {
        found.push(again?.map_or_else(|| Ok(of_stream()), SourceCodes::of_first_record)?);
    }
    if found.is_empty() {
        found.push(of_stream());
    }
    Ok(found)
}

impl SourceCodes {
    fn of_layout(opened: &Opened) -> SourceCodes {
        let layout = opened.chosen.layout.codes().to_owned();
        SourceCodes {
            file: Arc::clone(&opened.file),
            layout: Some(layout).filter(|codes| !codes.is_empty()),
            ..SourceCodes::default()
        }
    }

    fn of_stream(opened: &Opened) -> SourceCodes {
        let mut read = opened.chosen.layout.columns();
        let headers = read.find(|(column, _)| *column == Column::CodeVersion);
        let headers = headers.map_or_else(Vec::new, |(_, headers)| headers);
        let is_there = |read: &String| opened.headers.iter().any(|own| Column::same_header(own, read));
        SourceCodes {
            is_unseen: headers.iter().any(is_there),
            ..SourceCodes::of_layout(opened)
        }
    }

    fn of_first_record(reader: RowReader) -> Result<SourceCodes> {
        let opened = reader.opened().list();
        let of_layout = opened.first().map(SourceCodes::of_layout).unwrap_or_default();
        Ok(SourceCodes {
            column: first_version(reader)?,
            ..of_layout
        })
    }
}

fn first_version(reader: RowReader) -> Result<Option<String>> {
    let Some(field) = reader.header().field(Column::CodeVersion) else {
        return Ok(None);
    };
    let mut first = None;
    let note = |version: &mut Option<String>, _: Checked, checker: &Checker<'_>| {
        if version.is_none() && checker.row().width() > field {
            *version = Some(checker.row().field(field).trim().to_owned());
        }
    };
    let found = in_order(
        reader,
        Depth::Grouping,
        Lang::En,
        1,
        || None,
        note,
        |batch| {
            first = batch.output;
            Err(Error::silent()) // the first chunk is enough
        },
    );
    match found {
        Err(e) if e.count() > 0 => Err(e),
        _ => Ok(first.filter(|version| !version.is_empty())),
    }
}

/// A map between editions of the code lists (编码映射表).
#[derive(Debug)]
pub struct CodeMap {
    /// The edition it leads from.
    pub from: String,
    /// The edition it leads to.
    pub to: String,
    diagnoses: OneKind,
    procedures: OneKind,
}

impl CodeMap {
    /// Reads a map of two files with columns `code, name, target`; an empty target is the code
    /// itself.
    ///
    /// # Errors
    /// Faults of the files, with their places.
    pub fn read(from: &str, to: &str, diagnoses: &EditFile, procedures: &EditFile) -> Result<CodeMap> {
        Ok(CodeMap {
            from: from.to_owned(),
            to: to.to_owned(),
            diagnoses: OneKind::read(diagnoses)?,
            procedures: OneKind::read(procedures)?,
        })
    }

    /// Reads a map of one file with columns `kind, code, target`, the kind `diagnosis` or
    /// `procedure`.
    ///
    /// # Errors
    /// Faults of the file, with their places.
    pub fn read_one(from: &str, to: &str, file: &EditFile) -> Result<CodeMap> {
        let (mut diagnoses, mut procedures) = (OneKind::default(), OneKind::default());
        file.each_row(["kind", "code", "target"], |[kind, code, target], place| {
            let kind = match kind {
                "diagnosis" => &mut diagnoses,
                "procedure" => &mut procedures,
                other => {
                    let message = format!("unknown kind `{other}`; expected `diagnosis` or `procedure`");
                    return Err(Error::at(place.clone(), message));
                }
            };
            kind.add(code, "", target)
                .map_err(|message| Error::at(place.clone(), message))
        })?;
        Ok(CodeMap {
            from: from.to_owned(),
            to: to.to_owned(),
            diagnoses,
            procedures,
        })
    }

    /// The targets of diagnoses; a code without target stays.
    pub fn apply_to_diagnoses(&self, codes: Codes<Declared>) -> Codes<Mapped> {
        self.diagnoses.apply(codes)
    }

    /// The targets of procedures; a code without target stays.
    pub fn apply_to_procedures(&self, codes: Codes<Declared>) -> Codes<Mapped> {
        self.procedures.apply(codes)
    }

    /// The target of one code; nothing of a code that does not stand in the edition this leads from.
    pub(super) fn apply_to_one<'c>(
        &'c self,
        code: Code<'c, Declared>,
        is_diagnosis: bool,
    ) -> Option<Code<'c, Mapped>> {
        let (_, target) = self.of(is_diagnosis).rows.get(code.code)?;
        Some(Code {
            code: if target.is_empty() { code.code } else { target },
            edition: PhantomData,
        })
    }

    /// Whether a diagnosis, or else a procedure, stands in the edition it leads from.
    pub fn knows(&self, code: &str, is_diagnosis: bool) -> bool {
        self.of(is_diagnosis).rows.contains_key(code)
    }

    /// The name a code has in the edition it leads from, where it differs from its target's.
    pub fn name(&self, code: &str, is_diagnosis: bool) -> Option<&str> {
        let (name, _) = self.of(is_diagnosis).rows.get(code)?;
        (!name.is_empty()).then_some(name.as_str())
    }

    /// For each target one source: the code itself if the map keeps it, else the first in code order;
    /// with its name where that differs (反向映射).
    pub fn sources(&self, is_diagnosis: bool) -> BTreeMap<&str, (&str, &str)> {
        let mut sources: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
        for (code, (name, target)) in &self.of(is_diagnosis).rows {
            let target = if target.is_empty() { code } else { target };
            let rank = |source: &str| (source != target, source.to_owned());
            let known = sources.get(target.as_str());
            if known.is_none_or(|(known, _)| rank(code) < rank(known)) {
                sources.insert(target, (code, name));
            }
        }
        sources
    }

    fn of(&self, is_diagnosis: bool) -> &OneKind {
        if is_diagnosis {
            &self.diagnoses
        } else {
            &self.procedures
        }
    }
}
