//! The sheets of a workbook, read by the mapping into the draft.

use std::collections::BTreeMap;

use super::super::code_lists::CodeLists;
use super::super::scheme::ComplicationLevel;
use super::super::words::{folded, narrow};
use super::draft::{ComplicationDraft, Draft, DrgDraft};
use super::ledger::{At, Ledger, Problem, Reason};
use super::mapping::{
    CodeKind, Field, Layout, Mapping, SheetKind, SheetMapping, Source, name_fits, title_form,
};
use super::workbook::{Cell, CellKind, Sheet, SheetRow, Workbook, column_of, letters};
use crate::codes::{is_diagnosis, is_procedure, normal_form};
use crate::diagnostics::{Error, Lang, Result, suggestion};

/// How far down a header is looked for.
const HEADER_WITHIN: usize = 30;

/// Reads every sheet: first those that list MDCs and core groups, since they give the order, then
/// the others in the order of the workbook.
pub(super) fn read(
    book: &Workbook,
    mapping: &Mapping,
    source: &Source<'_>,
    lists: &CodeLists,
    draft: &mut Draft,
    ledger: &mut Ledger,
) -> Result<()> {
    every_name_is_there(book, mapping, source)?;
    let mut mapped_sheets = Vec::new();
    for sheet in &book.sheets {
        let cells = sheet.rows.iter().map(|row| row.cells.len() as u64).sum();
        let number = ledger.open_sheet(&sheet.name, cells);
        let fits = |m: &&SheetMapping| {
            m.name
                .as_ref()
                .all()
                .iter()
                .any(|name| name_fits(name, &sheet.name))
        };
        match mapping.sheet.iter().find(fits) {
            Some(mapped) => mapped_sheets.push((number, sheet, mapped)),
            None => leave_out(sheet, number, cells, mapping, ledger),
        }
    }
    mapped_sheets.sort_by_key(|(_, _, mapped)| !matches!(mapped.kind, SheetKind::Mdc | SheetKind::Adrg));
    for (number, sheet, mapped) in mapped_sheets {
        let header = Header::find(book, sheet, mapped)?;
        let mut reader = Reader {
            mapping,
            mapped,
            lists,
            draft: &mut *draft,
            ledger: &mut *ledger,
            sheet: number,
            above: BTreeMap::new(),
            under: Under::Nothing,
        };
        reader.read(sheet, &header);
    }
    Ok(())
}

/// A sheet the mapping names and the workbook lacks is an error of the mapping.
fn every_name_is_there(book: &Workbook, mapping: &Mapping, source: &Source<'_>) -> Result<()> {
    let names: Vec<&str> = book.sheets.iter().map(|sheet| sheet.name.as_str()).collect();
    let mut errors = Vec::new();
    for mapped in &mapping.sheet {
        for pattern in mapped.name.as_ref().all() {
            if !names.iter().any(|name| name_fits(pattern, name)) {
                let hint = match suggestion(pattern, names.iter().copied()) {
                    hint if hint.is_empty() => format!("; it has {}", names.join(", ")),
                    hint => hint,
                };
                let message = format!("the workbook has no sheet `{pattern}`{hint}");
                errors.push(source.error(&mapped.name, message));
            }
        }
    }
    Error::all(errors)
}

fn leave_out(sheet: &Sheet, number: usize, cells: u64, mapping: &Mapping, ledger: &mut Ledger) {
    if mapping
        .reading
        .skip_sheets
        .iter()
        .any(|name| name_fits(name, &sheet.name))
    {
        return ledger.skipped(number, Reason::SheetLeftOut, cells);
    }
    ledger.skipped(number, Reason::UnknownSheet, cells);
    let at = At {
        sheet: number,
        row: 1,
        column: 0,
    };
    let expected = ledger.lang().pick(
        "name this sheet under `[[sheet]]` or under `skip_sheets` of the mapping",
        "请在映射文件的[[sheet]]或skip_sheets中写明本工作表",
    );
    ledger.remark(Problem::UnknownSheet, &at, &sheet.name, expected);
}

/// Which column holds what, and where the rows begin.
struct Header {
    columns: BTreeMap<Field, u32>,
    /// Index of the header row among the filled rows; `None`: all columns are named by letter.
    row: Option<usize>,
}

impl Header {
    fn find(book: &Workbook, sheet: &Sheet, mapped: &SheetMapping) -> Result<Header> {
        let by_letter = |titles: &[String]| titles.iter().find_map(|t| column_of(t.strip_prefix('#')?));
        let lettered: BTreeMap<Field, u32> = mapped
            .columns
            .iter()
            .filter_map(|(field, titles)| Some((*field, by_letter(titles.all())?)))
            .collect();
        if lettered.len() == mapped.columns.len() {
            return Header::distinct(book, sheet, lettered, None);
        }
        let mut nearest: (usize, Vec<&str>) = (0, Vec::new());
        for (at, row) in sheet.rows.iter().take(HEADER_WITHIN).enumerate() {
            let (columns, missing) = Header::of(row, mapped, &lettered);
            if missing.is_empty() {
                return Header::distinct(book, sheet, columns, Some(at));
            }
            if columns.len() > nearest.0 || at == 0 {
                nearest = (columns.len(), missing);
            }
        }
        let missing: Vec<String> = nearest.1.iter().map(|title| format!("`{title}`")).collect();
        let message = format!(
            "sheet `{}`: none of its first {HEADER_WITHIN} rows has all the columns of the mapping; nearest lacks {}",
            sheet.name,
            missing.join(", ")
        );
        Err(Error::at(book.place(), message))
    }

    /// A column holds one thing: a cell read as two would be counted twice.
    fn distinct(
        book: &Workbook,
        sheet: &Sheet,
        columns: BTreeMap<Field, u32>,
        row: Option<usize>,
    ) -> Result<Header> {
        let mut taken: BTreeMap<u32, Field> = BTreeMap::new();
        for (field, column) in &columns {
            if let Some(other) = taken.insert(*column, *field) {
                let message = format!(
                    "sheet `{}`: column {} is both `{}` and `{}` by the mapping",
                    sheet.name,
                    letters(*column),
                    other.word(),
                    field.word()
                );
                return Err(Error::at(book.place(), message));
            }
        }
        Ok(Header { columns, row })
    }

    /// The columns a row gives titles for, and the titles it lacks.
    fn of<'m>(
        row: &SheetRow,
        mapped: &'m SheetMapping,
        lettered: &BTreeMap<Field, u32>,
    ) -> (BTreeMap<Field, u32>, Vec<&'m str>) {
        let (mut columns, mut missing) = (BTreeMap::new(), Vec::new());
        for (field, titles) in &mapped.columns {
            let titled = |cell: &&Cell| {
                titles
                    .all()
                    .iter()
                    .any(|t| title_form(t) == title_form(&cell.text))
            };
            let found = row.cells.iter().find(titled).map(|cell| cell.column);
            match lettered.get(field).copied().or(found) {
                Some(column) => {
                    columns.insert(*field, column);
                }
                None if *field == Field::CodeName => {} // read for nothing but the balance of cells
                None => missing.extend(titles.all().first().map(String::as_str)),
            }
        }
        (columns, missing)
    }

    fn is_mapped(&self, column: u32) -> bool {
        self.columns.values().any(|mapped| *mapped == column)
    }
}

/// What one row says in one field.
#[derive(Clone)]
struct Said {
    text: String,
    at: At,
    kind: CellKind,
    /// Written in this very row, not above it or in the mapping.
    here: bool,
}

/// What a row says.
type Row = BTreeMap<Field, Said>;

/// Why a row cannot be used: the field at fault and what was expected in it.
struct Trouble {
    field: Field,
    expected: String,
}

/// What became of a row that was understood.
enum Read {
    Used,
    Duplicate,
}

/// What the lines of a block sheet stand under.
#[derive(Clone, PartialEq, Eq)]
enum Under {
    Nothing,
    /// The set of this name.
    List(String),
    /// A core group, no title of a list seen yet.
    Adrg(String),
    /// The exclusion list of this number.
    Exclusion(u32),
}

struct Reader<'a> {
    mapping: &'a Mapping,
    mapped: &'a SheetMapping,
    lists: &'a CodeLists,
    draft: &'a mut Draft,
    ledger: &'a mut Ledger,
    sheet: usize,
    /// The last value of each column that is filled down.
    above: BTreeMap<Field, Said>,
    under: Under,
}

impl Reader<'_> {
    fn read(&mut self, sheet: &Sheet, header: &Header) {
        let titles = header.row.and_then(|at| sheet.rows.get(at));
        for (at, row) in sheet.rows.iter().enumerate() {
            let cells = row.cells.len() as u64;
            let first = row.cells.first().map_or("", |cell| cell.text.as_str());
            match header.row {
                Some(header) if at < header => self.skip(Reason::AboveHeader, cells),
                Some(header) if at == header => self.skip(Reason::Header, cells),
                _ if self.mapping.is_note(first) => self.skip(Reason::Note, cells),
                _ if titles.is_some_and(|titles| same_cells(titles, row, header)) => {
                    self.skip(Reason::Header, cells); // repeated on every printed page
                }
                _ => self.row(row, header),
            }
        }
    }

    fn skip(&mut self, reason: Reason, cells: u64) {
        self.ledger.skipped(self.sheet, reason, cells);
    }

    fn at(&self, row: &SheetRow, column: u32) -> At {
        At {
            sheet: self.sheet,
            row: row.number,
            column,
        }
    }

    fn row(&mut self, row: &SheetRow, header: &Header) {
        let unmapped = row.cells.iter().filter(|cell| !header.is_mapped(cell.column));
        self.skip(Reason::ColumnNotMapped, unmapped.count() as u64);
        let said = self.said(row, header);
        if !said.values().any(|said| said.here) {
            return; // nothing but cells counted already
        }
        let outcome = match self.mapped.layout {
            Layout::Rows => self.thing(&said),
            Layout::Blocks => self.line(&said),
        };
        let written: Vec<(Field, &Said)> = said
            .iter()
            .filter(|(_, said)| said.here)
            .map(|(field, said)| (*field, said))
            .collect();
        match outcome {
            Ok(Read::Used) => {
                let names = written
                    .iter()
                    .filter(|(field, _)| *field == Field::CodeName)
                    .count() as u64;
                self.skip(Reason::CodeName, names);
                self.ledger.used(self.sheet, written.len() as u64 - names);
            }
            Ok(Read::Duplicate) => self.skip(Reason::Duplicate, written.len() as u64),
            Err(trouble) => self.not_understood(row, header, &written, &trouble),
        }
    }

    /// The values of a row: written in it, filled down, fixed by the mapping.
    fn said(&mut self, row: &SheetRow, header: &Header) -> Row {
        let mut said = Row::new();
        for (field, text) in &self.mapped.fixed {
            let fixed = Said {
                text: text.clone(),
                at: self.at(row, 0),
                kind: CellKind::Text,
                here: false,
            };
            said.insert(*field, fixed);
        }
        for (field, column) in &header.columns {
            let Some(cell) = row.cell(*column) else { continue };
            if self.mapping.says_nothing(&cell.text) {
                self.skip(Reason::Nothing, 1);
                continue;
            }
            let here = Said {
                text: cell.text.clone(),
                at: self.at(row, *column),
                kind: cell.kind,
                here: true,
            };
            said.insert(*field, here);
        }
        self.fill_down(&mut said);
        said
    }

    /// An outer column that changes forgets what the inner ones said.
    fn fill_down(&mut self, said: &mut Row) {
        let mut outer_changed = false;
        for field in &self.mapped.fill_down {
            match said.get(field) {
                Some(here) => {
                    let filled = Said {
                        here: false,
                        ..here.clone()
                    };
                    let before = self.above.insert(*field, filled);
                    outer_changed |= before.is_none_or(|before| before.text != here.text);
                }
                None if outer_changed => {
                    self.above.remove(field);
                }
                None => {
                    if let Some(above) = self.above.get(field) {
                        said.insert(*field, above.clone());
                    }
                }
            }
        }
    }

    fn not_understood(
        &mut self,
        row: &SheetRow,
        header: &Header,
        written: &[(Field, &Said)],
        trouble: &Trouble,
    ) {
        let mut beside = written.len() as u64;
        match written.iter().find(|(field, _)| *field == trouble.field) {
            Some((_, said)) => {
                beside -= 1;
                self.ledger
                    .not_understood(&said.at, &said.text, trouble.expected.as_str());
            }
            None => {
                // the cell at fault is empty: its place is told all the same
                let column = header.columns.get(&trouble.field).copied();
                let column = column.or_else(|| row.cells.first().map(|cell| cell.column));
                let at = self.at(row, column.unwrap_or(0));
                self.ledger
                    .remark(Problem::NotUnderstood, &at, "", trouble.expected.as_str());
            }
        }
        self.skip(Reason::RowNotUnderstood, beside);
    }

    // ---- a row a thing ------------------------------------------------------------------------

    fn thing(&mut self, said: &Row) -> std::result::Result<Read, Trouble> {
        match self.mapped.kind {
            SheetKind::Mdc => self.mdc(said),
            SheetKind::MdcLists => self.mdc_diagnosis(said),
            SheetKind::Adrg => self.adrg(said),
            SheetKind::AdrgLists => self.adrg_code(said),
            SheetKind::Drg => self.drg(said),
            SheetKind::Complications => self.complication(said),
            SheetKind::Exclusions => self.exclusion(said),
            SheetKind::Operations => self.operation(said),
            SheetKind::Lists => Ok(Read::Used), // refused by the mapping's check
        }
    }

    fn mdc(&mut self, said: &Row) -> std::result::Result<Read, Trouble> {
        let cell = self.needed(said, Field::Mdc)?;
        let code = self.mdc_code(&cell)?;
        let before = self.draft.mdcs.get(&code).filter(|mdc| mdc.declared);
        if before.is_some() {
            return Ok(self.duplicate(&cell));
        }
        let name = name_in(said);
        if let Some(mdc) = self.draft.mdc(&code, &name, &cell.at) {
            mdc.declared = true;
        }
        Ok(Read::Used)
    }

    fn mdc_diagnosis(&mut self, said: &Row) -> std::result::Result<Read, Trouble> {
        let mdc = self.needed(said, Field::Mdc)?;
        let code = self.mdc_code(&mdc)?;
        self.draft.mdc(&code, &name_in(said), &mdc.at);
        let set = mdc_set(&code);
        self.draft.set(&set);
        let site = said
            .get(&Field::Site)
            .map_or("", |said| said.text.as_str())
            .to_owned();
        self.add_codes(said, CodeKind::Diagnosis, |draft, code| {
            draft.add_code(&set, code, &site)
        })
    }

    fn adrg(&mut self, said: &Row) -> std::result::Result<Read, Trouble> {
        let cell = self.needed(said, Field::Adrg)?;
        let code = self.adrg_of(&cell, Field::Adrg)?;
        let mdc = self.optional_mdc(said)?;
        if self.draft.adrgs.get(&code).is_some_and(|adrg| adrg.declared) {
            return Ok(self.duplicate(&cell));
        }
        if let Some(adrg) = self.draft.adrg(&code, &name_in(said), mdc.as_deref(), &cell.at) {
            adrg.declared = true;
        }
        Ok(Read::Used)
    }

    fn adrg_code(&mut self, said: &Row) -> std::result::Result<Read, Trouble> {
        let cell = self.needed(said, Field::Adrg)?;
        let adrg = self.adrg_of(&cell, Field::Adrg)?;
        let mdc = self.optional_mdc(said)?;
        let part = match said.get(&Field::Part) {
            Some(title) => Some(self.part(title)?),
            None => None,
        };
        let name = name_in(said);
        self.draft.adrg(&adrg, &name, mdc.as_deref(), &cell.at);
        let Some(number) = part else {
            let titled = said.contains_key(&Field::Code);
            return if titled {
                Err(self.missing(Field::Part))
            } else {
                Ok(Read::Used)
            };
        };
        let Some(part) = self.mapping.part.get(number) else {
            return Err(self.missing(Field::Part));
        };
        let set = self.draft.part_set(&adrg, &cell.at, number, part, false);
        let nothing_but_titles = !said.contains_key(&Field::Code) && !said.contains_key(&Field::CodeName);
        if nothing_but_titles {
            return Ok(Read::Used);
        }
        self.add_codes(said, part.codes, |draft, code| draft.add_code(&set, code, ""))
    }

    fn drg(&mut self, said: &Row) -> std::result::Result<Read, Trouble> {
        let cell = self.needed(said, Field::Drg)?;
        let code = folded(&cell.text);
        let adrg = match said.get(&Field::Adrg) {
            Some(adrg) => self.adrg_of(adrg, Field::Adrg)?,
            None => self.adrg_of(&cell, Field::Drg)?,
        };
        if code.len() <= adrg.len() || !code.starts_with(&adrg) || !code.is_ascii() {
            let expected = match self.lang() {
                Lang::En => format!("expected a group of core group `{adrg}`"),
                Lang::Zh => format!("应为核心组`{adrg}`的细分组编码"),
            };
            return Err(Trouble {
                field: Field::Drg,
                expected,
            });
        }
        if self.draft.drgs.get(&code).is_some() {
            return Ok(self.duplicate(&cell));
        }
        let name = name_in(said);
        self.draft.drgs.entry(&code, || DrgDraft {
            code: code.clone(),
            name,
            adrg,
            at: cell.at.clone(),
        });
        Ok(Read::Used)
    }

    fn complication(&mut self, said: &Row) -> std::result::Result<Read, Trouble> {
        let level = self.needed(said, Field::Level)?;
        let level = match folded(&level.text).to_ascii_uppercase().as_str() {
            "MCC" => ComplicationLevel::Mcc,
            "CC" => ComplicationLevel::Cc,
            _ => return Err(self.expected(Field::Level, "MCC or CC", "MCC或CC")),
        };
        let exclusion = match said.get(&Field::Exclusion) {
            Some(cell) => Some(
                self.list_number(&cell.text)
                    .ok_or_else(|| self.no_number(Field::Exclusion))?,
            ),
            None => None,
        };
        let cell = self.needed(said, Field::Code)?;
        let mut conflict = None;
        let read = self.add_codes(said, CodeKind::Diagnosis, |draft, code| {
            let before = draft.complications.get(code);
            match before.map(|before| (before.level, before.exclusion) == (level, exclusion)) {
                Some(true) => return false,
                Some(false) => conflict = Some(code.to_owned()),
                None => {}
            }
            let make = || ComplicationDraft {
                code: code.to_owned(),
                level,
                exclusion,
                at: cell.at.clone(),
            };
            draft.complications.entry(code, make).is_some()
        })?;
        let Some(code) = conflict else {
            return Ok(read);
        };
        let expected = self.lang().pick(
            "stands before with another level or exclusion list; the first row holds",
            "前面已有不同级别或排除表的行，以前者为准",
        );
        self.ledger.remark(Problem::Conflict, &cell.at, &code, expected);
        Ok(Read::Duplicate)
    }

    fn exclusion(&mut self, said: &Row) -> std::result::Result<Read, Trouble> {
        let cell = self.needed(said, Field::Exclusion)?;
        let list = self.list_number(&cell.text);
        let list = list.ok_or_else(|| self.no_number(Field::Exclusion))?;
        let nothing_but_titles = !said.contains_key(&Field::Code) && !said.contains_key(&Field::CodeName);
        if nothing_but_titles {
            return Ok(Read::Used);
        }
        self.add_codes(said, CodeKind::Diagnosis, |draft, code| {
            draft.add_exclusion(list, code, &cell.at)
        })
    }

    fn operation(&mut self, said: &Row) -> std::result::Result<Read, Trouble> {
        self.add_codes(said, CodeKind::Procedure, |draft, code| draft.add_operation(code))
    }

    // ---- title lines and what stands below -----------------------------------------------------

    fn line(&mut self, said: &Row) -> std::result::Result<Read, Trouble> {
        let cell = self.needed(said, Field::Text)?;
        let written = cell.text.chars().map(narrow).collect::<String>();
        let written = written.trim();
        let (first, rest) = written.split_once(char::is_whitespace).unwrap_or((written, ""));
        let beside = said.get(&Field::CodeName).map_or("", |said| said.text.as_str());
        let name = if rest.trim().is_empty() {
            beside
        } else {
            rest.trim()
        };
        if self.mapped.kind == SheetKind::Exclusions {
            return self.exclusion_line(&cell, written, first);
        }
        if let Some(number) = self.mapping.part_of(written) {
            self.begin_part(number, &cell.at)?;
        } else if let Some(mdc) = self.mdc_title(first) {
            self.draft.mdc(&mdc, name, &cell.at);
            self.under = Under::List(mdc_set(&mdc));
        } else if self.mapping.is_adrg(first) {
            self.draft.adrg(first, name, None, &cell.at);
            self.under = Under::Adrg(first.to_owned());
        } else {
            let Under::List(set) = self.under.clone() else {
                return Err(self.no_line());
            };
            let kind = self.kind_of(&set);
            let code = self.code(first, kind, &cell.at).map_err(|_| self.no_line())?;
            if !self.draft.add_code(&set, &code, "") {
                return Ok(self.duplicate(&cell));
            }
        }
        Ok(Read::Used)
    }

    /// Below an MDC the title of its principal diagnoses says nothing more.
    fn begin_part(&mut self, number: usize, at: &At) -> std::result::Result<(), Trouble> {
        let adrg = match &self.under {
            Under::Adrg(adrg) => adrg.clone(),
            Under::List(set) => match set.split_once('.') {
                Some((adrg, _)) if self.mapping.is_adrg(adrg) => adrg.to_owned(),
                _ => return Ok(()),
            },
            _ => return Err(self.no_line()),
        };
        if let Some(part) = self.mapping.part.get(number) {
            self.under = Under::List(self.draft.part_set(&adrg, at, number, part, true));
        }
        Ok(())
    }

    fn exclusion_line(
        &mut self,
        cell: &Said,
        written: &str,
        first: &str,
    ) -> std::result::Result<Read, Trouble> {
        let rules = &self.mapping.exclusions;
        if let Some(list) = self.list_number(written) {
            self.under = Under::Exclusion(list);
            return Ok(Read::Used);
        }
        if rules
            .titles
            .iter()
            .any(|title| title_form(title) == title_form(written))
        {
            return Ok(Read::Used);
        }
        let Under::Exclusion(list) = self.under else {
            return Err(self.no_number(Field::Text));
        };
        let code = self
            .code(first, CodeKind::Diagnosis, &cell.at)
            .map_err(|_| self.no_line())?;
        if self.draft.add_exclusion(list, &code, &cell.at) {
            Ok(Read::Used)
        } else {
            Ok(self.duplicate(cell))
        }
    }

    /// `MDCB` → `B`.
    fn mdc_title(&self, first: &str) -> Option<String> {
        let code = first.strip_prefix(self.mapping.mdc.prefix.as_str())?;
        is_mdc(code).then(|| code.to_owned())
    }

    /// What the list of a name holds, by the part that began it.
    fn kind_of(&self, set: &str) -> CodeKind {
        let adrg = set.split_once('.').map_or("", |(adrg, _)| adrg);
        let parts = self.draft.adrgs.get(adrg).map_or(&[][..], |adrg| &adrg.parts);
        let number = parts
            .iter()
            .find(|(_, name)| name == set)
            .map(|(number, _)| *number);
        let part = number.and_then(|number| self.mapping.part.get(number));
        part.map_or(CodeKind::Diagnosis, |part| part.codes)
    }

    // ---- cells --------------------------------------------------------------------------------

    fn lang(&self) -> Lang {
        self.ledger.lang()
    }

    fn needed(&self, said: &Row, field: Field) -> std::result::Result<Said, Trouble> {
        said.get(&field).cloned().ok_or_else(|| self.missing(field))
    }

    fn missing(&self, field: Field) -> Trouble {
        let expected = match self.lang() {
            Lang::En => format!("expected `{}` here, or in a row above", field.word()),
            Lang::Zh => format!("此处或上方应有`{}`", field.word()),
        };
        Trouble { field, expected }
    }

    fn expected(&self, field: Field, en: &str, zh: &str) -> Trouble {
        let expected = match self.lang() {
            Lang::En => format!("expected {en}"),
            Lang::Zh => format!("应为{zh}"),
        };
        Trouble { field, expected }
    }

    fn no_number(&self, field: Field) -> Trouble {
        self.expected(field, "the number of an exclusion list", "排除表编号")
    }

    fn no_line(&self) -> Trouble {
        self.expected(
            Field::Text,
            "a title, or a code below a title",
            "标题，或标题之下的编码",
        )
    }

    fn mdc_code(&self, cell: &Said) -> std::result::Result<String, Trouble> {
        let text = folded(&cell.text);
        let code = text
            .strip_prefix(self.mapping.mdc.prefix.as_str())
            .unwrap_or(&text);
        if is_mdc(code) {
            Ok(code.to_owned())
        } else {
            Err(self.expected(Field::Mdc, "the code of an MDC", "MDC编码"))
        }
    }

    fn optional_mdc(&self, said: &Row) -> std::result::Result<Option<String>, Trouble> {
        said.get(&Field::Mdc).map(|cell| self.mdc_code(cell)).transpose()
    }

    /// The core group a cell names, or begins with.
    fn adrg_of(&self, cell: &Said, field: Field) -> std::result::Result<String, Trouble> {
        let text = folded(&cell.text);
        let length = self.mapping.adrg.shape.as_ref().len();
        let code = if field == Field::Adrg {
            Some(text.as_str())
        } else {
            text.get(..length)
        };
        match code.filter(|code| self.mapping.is_adrg(code)) {
            Some(code) => Ok(code.to_owned()),
            None => {
                let shape = self.mapping.adrg.shape.as_ref();
                Err(self.expected(
                    field,
                    &format!("a code of the shape `{shape}` of core groups"),
                    &format!("形如`{shape}`的核心组编码"),
                ))
            }
        }
    }

    fn part(&self, title: &Said) -> std::result::Result<usize, Trouble> {
        self.mapping.part_of(&title.text).ok_or_else(|| {
            let known = self.mapping.part.iter().flat_map(|part| &part.titles);
            let hint = suggestion(&title.text, known.map(String::as_str));
            self.expected(
                Field::Part,
                &format!("a title of `[[part]]` in the mapping{hint}"),
                &format!("映射文件[[part]]中的标题{hint}"),
            )
        })
    }

    /// `表7-12`, `12` → 12.
    fn list_number(&self, text: &str) -> Option<u32> {
        let text = folded(text);
        let words = &self.mapping.exclusions.before_number;
        let stripped = words
            .iter()
            .find_map(|word| text.strip_prefix(folded(word).as_str()));
        let digits = stripped.unwrap_or(&text);
        let sound = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        digits.parse().ok().filter(|_| sound)
    }

    /// Adds every code of the row's code cell; none if one of them is not understood.
    fn add_codes(
        &mut self,
        said: &Row,
        kind: CodeKind,
        mut add: impl FnMut(&mut Draft, &str) -> bool,
    ) -> std::result::Result<Read, Trouble> {
        let cell = self.needed(said, Field::Code)?;
        if cell.kind != CellKind::Text {
            return Err(self.expected(
                Field::Code,
                "a code in a text cell: a number has lost its trailing zeros",
                "文本格式的编码：数值格式已丢失末尾的零",
            ));
        }
        let mut texts = vec![cell.text.clone()];
        for separator in &self.mapping.reading.separators {
            let pieces = texts.iter().flat_map(|text| text.split(separator.as_str()));
            texts = pieces.map(str::to_owned).collect();
        }
        texts.retain(|text| !text.trim().is_empty());
        let codes: std::result::Result<Vec<String>, Trouble> =
            texts.iter().map(|text| self.code(text, kind, &cell.at)).collect();
        let mut any_new = false;
        for code in codes? {
            let new = add(self.draft, &code);
            if !new {
                self.repeated(&cell.at, &code);
            }
            any_new |= new;
        }
        Ok(if any_new { Read::Used } else { Read::Duplicate })
    }

    /// One code in its normal form; a well-formed one in no list is used and remarked.
    fn code(&mut self, text: &str, kind: CodeKind, at: &At) -> std::result::Result<String, Trouble> {
        let code = normal_form(&folded(text)).into_owned();
        let (list, well_formed) = match kind {
            CodeKind::Diagnosis => (&self.lists.diagnoses, is_diagnosis(&code)),
            CodeKind::Procedure => (&self.lists.procedures, is_procedure(&code)),
        };
        if list.contains(&code) {
            return Ok(code);
        }
        let hint = list
            .nearest(&code)
            .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        if well_formed {
            let expected = match self.lang() {
                Lang::En => format!("used; in no code list{hint}"),
                Lang::Zh => format!("已采用；编码目录中没有{hint}"),
            };
            self.ledger.remark(Problem::UnknownCode, at, &code, expected);
            return Ok(code);
        }
        Err(match kind {
            CodeKind::Diagnosis => self.expected(
                Field::Code,
                &format!("a diagnosis code such as `J18.900`{hint}"),
                &format!("诊断编码，如`J18.900`{hint}"),
            ),
            CodeKind::Procedure => self.expected(
                Field::Code,
                &format!("a procedure code such as `47.0100`{hint}"),
                &format!("手术操作编码，如`47.0100`{hint}"),
            ),
        })
    }

    fn duplicate(&mut self, cell: &Said) -> Read {
        self.repeated(&cell.at, &cell.text);
        Read::Duplicate
    }

    fn repeated(&mut self, at: &At, text: &str) {
        let expected = self.lang().pick("stands before; left out", "前面已有，略过");
        self.ledger.remark(Problem::Duplicate, at, text, expected);
    }
}

/// The name of the set of an MDC's principal diagnoses.
pub(super) fn mdc_set(mdc: &str) -> String {
    format!("MDC{mdc}.dx")
}

fn is_mdc(code: &str) -> bool {
    (1..=2).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_uppercase())
}

fn name_in(said: &Row) -> String {
    said.get(&Field::Name)
        .map_or_else(String::new, |said| said.text.trim().to_owned())
}

/// A row that repeats the header's titles.
fn same_cells(titles: &SheetRow, row: &SheetRow, header: &Header) -> bool {
    header.columns.values().all(|column| {
        let text = |row: &SheetRow| row.cell(*column).map(|cell| folded(&cell.text));
        text(titles) == text(row)
    })
}
