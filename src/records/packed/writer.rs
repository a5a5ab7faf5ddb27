//! Cases into a packed file.

use std::sync::Arc;

use flate2::Crc;
use hashbrown::HashMap;

use super::integers::write_integers;
use super::{BLOCK_BYTES, CASES, CLOSING, FIELDS, FORMAT, Field, PACKED_MAGIC, Vocabulary};
use crate::codes::{is_placeholder, normal_form};
use crate::diagnostics::Result;
use crate::records::case::{Case, Numbers};
use crate::records::plain::{PlainRow, PlainRows};
use crate::records::stream::Counts;

/// In place of the number of a code that is none.
const NOTHING: u64 = u64::MAX;

/// In place of a number not yet given.
const UNKNOWN: u64 = u64::MAX;

/// Texts numbered in the order they are met.
#[derive(Debug, Default)]
struct Numbered {
    numbers: HashMap<Arc<str>, u64>,
    texts: Vec<Arc<str>>,
}

impl Numbered {
    /// The number of a text.
    fn number(&mut self, text: &str) -> u64 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        self.add(Arc::from(text))
    }

    fn shared(&mut self, text: &Arc<str>) -> u64 {
        match self.numbers.get(text) {
            Some(number) => *number,
            None => self.add(Arc::clone(text)),
        }
    }

    fn add(&mut self, text: Arc<str>) -> u64 {
        let number = self.texts.len() as u64;
        self.texts.push(Arc::clone(&text));
        self.numbers.insert(text, number);
        number
    }
}

/// The fields, codes and identifiers of some cases.
#[derive(Debug, Default)]
struct Columns {
    fields: [Vec<u64>; FIELDS],
    codes: Vec<u64>,
    /// All case identifiers, and the length of each.
    ids: String,
    id_lengths: Vec<u64>,
}

impl Columns {
    fn field(&mut self, field: Field, value: u64) {
        if let Some(values) = self.fields.get_mut(field as usize) {
            values.push(value);
        }
    }

    fn count(&self) -> usize {
        self.id_lengths.len()
    }

    fn id(&mut self, id: &str) {
        self.ids.push_str(id);
        self.id_lengths.push(id.len() as u64);
    }

    fn numbers(&mut self, numbers: &Numbers) {
        let optional = |number: Option<i64>| number.map_or(0, |number| number.cast_unsigned() + 1);
        self.field(Field::Age, numbers.age.cast_unsigned());
        self.field(Field::AgeDays, optional(numbers.age_days));
        // never zero, so that zero says that there is none
        self.field(Field::Weight, numbers.weight.unwrap_or(0).cast_unsigned());
        self.field(Field::Los, optional(numbers.los));
        self.field(Field::IcuHours, optional(numbers.icu_hours));
        self.field(Field::Amount, optional(numbers.amount));
    }

    fn clear(&mut self) {
        self.fields.iter_mut().for_each(Vec::clear);
        self.codes.clear();
        self.ids.clear();
        self.id_lengths.clear();
    }
}

/// Cases of one chunk of records, coded by vocabularies of its own (数据块编码).
///
/// Made by any thread; a [`PackedWriter`] takes them in file order and numbers their texts anew.
#[derive(Debug, Default)]
pub struct CodedCases {
    vocabularies: [Numbered; Vocabulary::ALL.len()],
    columns: Columns,
    /// Of the plain rows last prepared: the number of each code, or [`NOTHING`].
    prepared: Vec<u64>,
}

impl CodedCases {
    fn number(&mut self, vocabulary: Vocabulary, text: &str) -> u64 {
        let of = self.vocabularies.get_mut(vocabulary as usize);
        of.map_or(0, |of| of.number(text))
    }

    /// Adds a checked case.
    pub fn push(&mut self, case: &Case) {
        for code in case.diagnoses().chain(case.procedures()) {
            let number = self.number(Vocabulary::Codes, code);
            self.columns.codes.push(number);
        }
        self.add_count(Field::Diagnoses, case.diagnoses().len());
        self.add_count(Field::Procedures, case.procedures().len());
        self.columns.numbers(case.numbers());
        self.add_words(
            case.sex(),
            case.department(),
            case.discharge_status(),
            case.hospital(),
        );
        self.columns.id(case.case_id());
    }

    /// Numbers the codes of rows that are about to be added by [`CodedCases::push_plain`].
    pub fn prepare(&mut self, rows: &PlainRows<'_>) {
        let mut prepared = std::mem::take(&mut self.prepared);
        prepared.clear();
        prepared.extend(rows.codes().iter().map(|code| {
            let written = rows.text().get(code.start as usize..code.end as usize);
            match normal_form(written.unwrap_or("")) {
                code if code.is_empty() || is_placeholder(&code) => NOTHING,
                code => self.number(Vocabulary::Codes, &code),
            }
        }));
        self.prepared = prepared;
    }

    /// Adds one of the rows last prepared; `false` if it turns out not to be plain: a placeholder
    /// stands in place of a code.
    pub fn push_plain(&mut self, row: &PlainRow<'_>, case_id: &str, hospital: &str) -> bool {
        let codes = self.prepared.get(row.diagnoses().start..row.procedures().end);
        let codes = codes.unwrap_or_default();
        if codes.contains(&NOTHING) {
            return false;
        }
        self.columns.codes.extend_from_slice(codes);
        self.add_count(Field::Diagnoses, row.diagnoses().len());
        self.add_count(Field::Procedures, row.procedures().len());
        self.columns.numbers(row.numbers());
        self.add_words(row.sex(), row.department(), row.discharge_status(), hospital);
        self.columns.id(case_id);
        true
    }

    fn add_count(&mut self, field: Field, count: usize) {
        self.columns.field(field, count as u64);
    }

    fn add_words(&mut self, sex: u8, department: &str, status: &str, hospital: &str) {
        self.columns.field(Field::Sex, u64::from(sex));
        let department = self.number(Vocabulary::Departments, department);
        self.columns.field(Field::Department, department);
        let status = self.number(Vocabulary::DischargeStatuses, status);
        self.columns.field(Field::DischargeStatus, status);
        let hospital = self.number(Vocabulary::Hospitals, hospital);
        self.columns.field(Field::Hospital, hospital);
    }
}

/// The numbers a chunk's texts have in the file, as far as they were needed.
struct Translation<'c> {
    from: &'c Numbered,
    known: Vec<u64>,
}

/// Writes a packed file (编码病例文件写入器). What it writes depends on the cases and their order
/// alone, not on how they were cut into chunks.
#[derive(Debug, Default)]
pub struct PackedWriter {
    vocabularies: [Numbered; Vocabulary::ALL.len()],
    /// Texts of each vocabulary that stand in blocks already written.
    written: [usize; Vocabulary::ALL.len()],
    /// The block being filled.
    columns: Columns,
    /// Bytes of the texts that are new in it.
    new_texts: usize,
    body: Vec<u8>,
    blocks: u32,
    cases: u64,
}

impl PackedWriter {
    /// What the file begins with.
    pub fn head() -> [u8; 12] {
        let mut head = [0; 12];
        let bytes = PACKED_MAGIC.into_iter().chain(FORMAT.to_le_bytes());
        head.iter_mut().zip(bytes).for_each(|(to, byte)| *to = byte);
        head
    }

    /// Adds the cases of the next chunk; every block that is full goes to `put`.
    ///
    /// # Errors
    /// Those of `put`.
    pub fn append(&mut self, cases: &CodedCases, mut put: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let mut translations = Vocabulary::ALL.map(|vocabulary| Translation::of(cases, vocabulary));
        let from = &cases.columns;
        let (mut codes, mut ids) = (from.codes.iter(), from.ids.as_str());
        for (case, id_length) in from.id_lengths.iter().enumerate() {
            let mut own_codes = 0;
            for (field, values) in Field::ALL.into_iter().zip(&from.fields) {
                let value = values.get(case).copied().unwrap_or(0);
                if matches!(field, Field::Diagnoses | Field::Procedures) {
                    own_codes += value;
                }
                let value = match field.vocabulary() {
                    Some(vocabulary) => self.translate(vocabulary, &mut translations, value),
                    None => value,
                };
                self.columns.field(field, value);
            }
            for code in (0..own_codes).zip(codes.by_ref()).map(|(_, code)| *code) {
                let code = self.translate(Vocabulary::Codes, &mut translations, code);
                self.columns.codes.push(code + 1);
            }
            let (id, behind) = split_text(ids, *id_length);
            self.columns.id(id);
            ids = behind;
            if self.size() >= BLOCK_BYTES {
                self.write_cases(&mut put)?;
            }
        }
        Ok(())
    }

    /// Writes what is left, and what became of the records read.
    ///
    /// # Errors
    /// Those of `put`.
    pub fn finish(mut self, counts: Counts, mut put: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        if self.columns.count() > 0 {
            self.write_cases(&mut put)?;
        }
        for count in [self.cases, counts.read, counts.rejected] {
            self.body.extend_from_slice(&count.to_le_bytes());
        }
        self.write_block(CLOSING, &mut put)
    }

    /// The number in the file of a text with that number in a chunk.
    fn translate(
        &mut self,
        vocabulary: Vocabulary,
        translations: &mut [Translation<'_>],
        number: u64,
    ) -> u64 {
        let index = usize::try_from(number).unwrap_or(usize::MAX);
        let of = translations
            .get_mut(vocabulary as usize)
            .zip(self.vocabularies.get_mut(vocabulary as usize));
        let Some((translation, numbered)) = of else {
            return 0; // there is one of each vocabulary
        };
        let Some((known, text)) = translation
            .known
            .get_mut(index)
            .zip(translation.from.texts.get(index))
        else {
            return 0; // a chunk numbers its own texts
        };
        if *known == UNKNOWN {
            let before = numbered.texts.len();
            *known = numbered.shared(text);
            if numbered.texts.len() > before {
                self.new_texts += text.len() + 1;
            }
        }
        *known
    }

    /// About how many bytes the block would have.
    fn size(&self) -> usize {
        const FIELDS_OF_A_CASE: usize = 18;
        let of_cases = self.columns.count() * FIELDS_OF_A_CASE + self.columns.codes.len() * 2;
        of_cases + self.columns.ids.len() + self.new_texts
    }

    fn write_cases(&mut self, put: &mut impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let body = &mut self.body;
        for (numbered, written) in self.vocabularies.iter().zip(&mut self.written) {
            let new = numbered.texts.get(*written..).unwrap_or_default();
            *written = numbered.texts.len();
            write_count(new.len(), body);
            let lengths: Vec<u64> = new.iter().map(|text| text.len() as u64).collect();
            write_integers(&lengths, body);
            write_count(new.iter().map(|text| text.len()).sum(), body);
            new.iter()
                .for_each(|text| body.extend_from_slice(text.as_bytes()));
        }
        let columns = &self.columns;
        write_count(columns.count(), body);
        columns
            .fields
            .iter()
            .for_each(|values| write_integers(values, body));
        write_count(columns.codes.len(), body);
        write_integers(&columns.codes, body);
        write_integers(&columns.id_lengths, body);
        write_count(columns.ids.len(), body);
        body.extend_from_slice(columns.ids.as_bytes());
        self.cases += columns.count() as u64;
        self.columns.clear();
        self.new_texts = 0;
        self.write_block(CASES, put)
    }

    fn write_block(&mut self, kind: [u8; 4], put: &mut impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let mut head = Vec::from(kind);
        head.extend_from_slice(&self.blocks.to_le_bytes());
        write_count(self.body.len(), &mut head);
        let checksum = checksum(&head, &self.body);
        head.extend_from_slice(&checksum.to_le_bytes());
        put(&head)?;
        put(&self.body)?;
        self.body.clear();
        self.blocks += 1;
        Ok(())
    }
}

impl Translation<'_> {
    fn of(cases: &CodedCases, vocabulary: Vocabulary) -> Translation<'_> {
        let [first, ..] = &cases.vocabularies;
        let from = cases.vocabularies.get(vocabulary as usize).unwrap_or(first);
        Translation {
            from,
            known: vec![UNKNOWN; from.texts.len()],
        }
    }
}

/// CRC-32 of a block, but for the checksum itself.
pub(super) fn checksum(head: &[u8], body: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(head);
    crc.update(body);
    crc.sum()
}

/// Counts within a block fit 32 bits: a block is at most 16 MiB.
fn write_count(count: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes());
}

fn split_text(text: &str, length: u64) -> (&str, &str) {
    let at = usize::try_from(length).unwrap_or(usize::MAX);
    text.split_at_checked(at).unwrap_or((text, ""))
}
