//! One block of a packed file: cut and checked once, then read without a question.

use std::ops::Range;

use super::integers::{Integers, Stretch};
use super::reader::Dictionary;
use super::{FIELDS, Field, Vocabulary};
use crate::codes::{is_placeholder, normal_form};
use crate::records::case::{Case, Numbers, Span};
use crate::units::Fen;

/// The largest number a cell can hold, in hundredths.
const LARGEST_NUMBER: u64 = 100_000_000_000_000_000;

/// Some hundred cases in coded form (编码病例块); what it says was checked when it was read.
#[derive(Debug)]
pub struct PackedBlock {
    body: Vec<u8>,
    layout: Layout,
}

/// Where everything stands in a body.
#[derive(Debug)]
struct Layout {
    cases: usize,
    fields: [Stretch; FIELDS],
    codes: Stretch,
    id_lengths: Stretch,
    ids_start: usize,
}

/// A case in numbers of its file's vocabularies (编码病例).
#[derive(Clone, Copy, Debug)]
pub struct PackedCase<'b> {
    cases: &'b PackedCases<'b>,
    index: usize,
    first_diagnosis: usize,
    first_procedure: usize,
    after_codes: usize,
}

/// The cases of a block (病例列).
#[derive(Clone, Copy, Debug)]
pub struct PackedCases<'b> {
    count: usize,
    fields: [Integers<'b>; FIELDS],
    codes: Integers<'b>,
}

impl PackedBlock {
    /// Cuts and checks a body, and adds its texts to the dictionary; says what is wrong with it.
    pub(super) fn read(body: Vec<u8>, dictionary: &mut Dictionary) -> Result<PackedBlock, String> {
        let mut cut = Cut { body: &body, at: 0 };
        for vocabulary in Vocabulary::ALL {
            read_texts(&mut cut, vocabulary, dictionary)?;
        }
        let layout = Layout::read(&mut cut, dictionary)?;
        Ok(PackedBlock { body, layout })
    }

    /// How many cases there are; at least one.
    pub fn count(&self) -> usize {
        self.layout.cases
    }

    /// Bytes of the block.
    pub fn bytes(&self) -> u64 {
        self.body.len() as u64
    }

    /// The cases.
    pub fn cases(&self) -> PackedCases<'_> {
        PackedCases {
            count: self.count(),
            fields: self.layout.fields.map(|stretch| stretch.of(&self.body)),
            codes: self.layout.codes.of(&self.body),
        }
    }

    /// The case identifiers, in the same order.
    pub fn case_ids(&self) -> impl Iterator<Item = &str> {
        let lengths = self.layout.id_lengths.of(&self.body);
        let mut rest = self.ids();
        (0..self.count()).map(move |index| {
            let length = usize_of(lengths.get(index));
            let (id, behind) = rest.split_at_checked(length).unwrap_or((rest, ""));
            rest = behind;
            id
        })
    }

    fn ids(&self) -> &str {
        let bytes = self.body.get(self.layout.ids_start..).unwrap_or_default();
        // it was text when the block was read
        std::str::from_utf8(bytes).unwrap_or("")
    }
}

impl Layout {
    /// Cuts what stands behind the new texts, and checks it against the vocabularies.
    fn read(cut: &mut Cut<'_>, dictionary: &Dictionary) -> Result<Layout, String> {
        let cases = cut.count("cases")?;
        let mut fields = [Stretch::default(); FIELDS];
        for (field, stretch) in Field::ALL.into_iter().zip(&mut fields) {
            *stretch = cut.integers(cases, field.name())?;
            check_field(field, stretch.of(cut.body), dictionary)?;
        }
        let count = cut.count("codes")?;
        let codes = cut.integers(count, "codes")?;
        let known = dictionary.count(Vocabulary::Codes);
        check_bounds("code", codes.of(cut.body), 1..known + 1)?;
        let sum_of = |field: Field| {
            fields
                .get(field as usize)
                .map_or(0, |values| values.of(cut.body).sum())
        };
        let [diagnoses, procedures] = [Field::Diagnoses, Field::Procedures].map(sum_of);
        if diagnoses.saturating_add(procedures) != count as u64 {
            return Err(format!(
                "it has {count} codes; its cases have {diagnoses} diagnoses and {procedures} procedures"
            ));
        }
        let id_lengths = cut.integers(cases, "case identifiers")?;
        let ids_start = cut.texts(id_lengths, "case identifiers")?.start;
        match cut.body.len() - cut.at {
            0 if cases > 0 => {}
            0 => return Err("it has no cases".to_owned()),
            more => return Err(format!("{more} bytes follow its last case")),
        }
        Ok(Layout {
            cases,
            fields,
            codes,
            id_lengths,
            ids_start,
        })
    }
}

/// A body being cut, from front to back.
struct Cut<'b> {
    body: &'b [u8],
    at: usize,
}

impl Cut<'_> {
    fn count(&mut self, what: &str) -> Result<usize, String> {
        let bytes = self.body.get(self.at..).and_then(<[u8]>::first_chunk);
        let count = bytes.ok_or_else(|| cut_short(what))?;
        self.at += count.len();
        Ok(usize_of(u32::from_le_bytes(*count).into()))
    }

    fn integers(&mut self, count: usize, what: &str) -> Result<Stretch, String> {
        Stretch::cut(self.body, &mut self.at, count).ok_or_else(|| cut_short(what))
    }

    /// The place of texts of these lengths: UTF-8, and cut between characters.
    fn texts(&mut self, lengths: Stretch, what: &str) -> Result<Range<usize>, String> {
        let length = self.count(what)?;
        let place = self.at..self.at.saturating_add(length);
        let bytes = self.body.get(place.clone()).ok_or_else(|| cut_short(what))?;
        let text = std::str::from_utf8(bytes).map_err(|_| format!("its {what} are not UTF-8 text"))?;
        let (mut at, mut sound) = (0_u64, true);
        let lengths = lengths.of(self.body);
        lengths.all(|length| {
            at = at.saturating_add(length);
            sound &= text.is_char_boundary(usize_of(at));
        });
        if !sound || at != length as u64 {
            return Err(format!("the lengths of its {what} do not fit their text"));
        }
        self.at = place.end;
        Ok(place)
    }
}

fn cut_short(what: &str) -> String {
    format!("its {what} are cut short, or of no known width")
}

/// Reads the texts that are new in a block.
fn read_texts(cut: &mut Cut<'_>, vocabulary: Vocabulary, dictionary: &mut Dictionary) -> Result<(), String> {
    let what = vocabulary.plural();
    let count = cut.count(what)?;
    let lengths = cut.integers(count, what)?;
    let place = cut.texts(lengths, what)?;
    if count > place.len() + 1 {
        return Err(format!("the same of its {what} stands there twice")); // only one has no bytes
    }
    let text = cut
        .body
        .get(place)
        .and_then(|bytes| std::str::from_utf8(bytes).ok());
    let mut rest = text.unwrap_or("");
    let lengths = lengths.of(cut.body);
    for index in 0..count {
        let length = usize_of(lengths.get(index));
        let (text, behind) = rest.split_at_checked(length).unwrap_or((rest, ""));
        rest = behind;
        if vocabulary == Vocabulary::Codes && !is_code(text) {
            return Err(format!("`{}` is no code in normal form", text.escape_default()));
        }
        dictionary.add(vocabulary, text);
    }
    Ok(())
}

/// As the reader of records leaves a code.
fn is_code(text: &str) -> bool {
    !text.is_empty() && !is_placeholder(text) && normal_form(text) == text
}

fn check_field(field: Field, values: Integers<'_>, dictionary: &Dictionary) -> Result<(), String> {
    let allowed = match (field, field.vocabulary()) {
        (_, Some(vocabulary)) => 0..dictionary.count(vocabulary),
        (Field::Sex, _) => 1..3,
        (Field::Age | Field::Weight, _) => 0..LARGEST_NUMBER + 1,
        (Field::Amount, _) => 0..Fen::LARGEST_INPUT.fen().unsigned_abs() + 2,
        (Field::Diagnoses, _) => 1..u64::from(u32::MAX),
        (Field::Procedures, _) => 0..u64::from(u32::MAX),
        _ => 0..LARGEST_NUMBER + 2,
    };
    check_bounds(field.name(), values, allowed)
}

fn check_bounds(what: &str, values: Integers<'_>, allowed: Range<u64>) -> Result<(), String> {
    let (least, most) = values.bounds().unwrap_or((allowed.start, allowed.start));
    match [least, most].into_iter().find(|value| !allowed.contains(value)) {
        Some(value) if values.bounds().is_some() => Err(format!(
            "a case has {value} as {what}; expected {} or more, below {}",
            allowed.start, allowed.end
        )),
        _ => Ok(()),
    }
}

fn usize_of(value: u64) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

impl PackedCases<'_> {
    /// One by one, in file order.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = PackedCase<'_>> {
        let mut first_diagnosis = 0;
        (0..self.count).map(move |index| {
            let first_procedure = first_diagnosis + self.count_of(index, Field::Diagnoses);
            let after_codes = first_procedure + self.count_of(index, Field::Procedures);
            let case = PackedCase {
                cases: self,
                index,
                first_diagnosis,
                first_procedure,
                after_codes,
            };
            first_diagnosis = after_codes;
            case
        })
    }

    #[inline]
    fn value(&self, index: usize, field: Field) -> u64 {
        self.fields
            .get(field as usize)
            .map_or(0, |values| values.get(index))
    }

    #[inline]
    fn count_of(&self, index: usize, field: Field) -> usize {
        usize_of(self.value(index, field))
    }
}

impl PackedCase<'_> {
    /// 1 male, 2 female.
    #[inline]
    pub fn sex(&self) -> u8 {
        if self.value(Field::Sex) == 1 { 1 } else { 2 }
    }

    /// What conditions compare.
    #[inline]
    pub fn numbers(&self) -> Numbers {
        let optional = |field| self.value(field).checked_sub(1).map(u64::cast_signed);
        Numbers {
            age: self.value(Field::Age).cast_signed(),
            age_days: optional(Field::AgeDays),
            weight: Some(self.value(Field::Weight).cast_signed()).filter(|weight| *weight > 0),
            los: optional(Field::Los),
            icu_hours: optional(Field::IcuHours),
            amount: optional(Field::Amount),
        }
    }

    /// Total fee.
    #[inline]
    pub fn total_fee(&self) -> Option<Fen> {
        let fen = self.value(Field::Amount).checked_sub(1);
        fen.map(|fen| Fen::new(fen.cast_signed()))
    }

    /// How many diagnoses there are; at least one.
    #[inline]
    pub fn diagnoses(&self) -> usize {
        self.first_procedure - self.first_diagnosis
    }

    /// How many procedures there are.
    #[inline]
    pub fn procedures(&self) -> usize {
        self.after_codes - self.first_procedure
    }

    /// Visits the numbers of its codes: the diagnoses, the principal first, then the procedures.
    #[inline]
    pub fn each_code(&self, mut visit: impl FnMut(usize)) {
        let codes = self.cases.codes;
        codes.each(self.first_diagnosis, self.after_codes, |number| {
            visit(usize_of(number.wrapping_sub(1)));
        });
    }

    /// The number of its department.
    #[inline]
    pub fn department(&self) -> usize {
        self.cases.count_of(self.index, Field::Department)
    }

    /// The number of its discharge status.
    #[inline]
    pub fn discharge_status(&self) -> usize {
        self.cases.count_of(self.index, Field::DischargeStatus)
    }

    /// The number of its hospital.
    #[inline]
    pub fn hospital(&self) -> usize {
        self.cases.count_of(self.index, Field::Hospital)
    }

    /// The case as it was when it was packed, but for what grouping does not read: person,
    /// insurance scheme, days and the parts of the bill.
    pub fn unpacked(&self, case_id: &str, dictionary: &Dictionary) -> Case {
        let mut case = Case {
            sex: self.sex(),
            numbers: self.numbers(),
            ..Case::default()
        };
        case.case_id = add_text(&mut case.text, case_id);
        let words = [
            (Vocabulary::Departments, self.department()),
            (Vocabulary::DischargeStatuses, self.discharge_status()),
            (Vocabulary::Hospitals, self.hospital()),
        ];
        let words = words.map(|(vocabulary, number)| dictionary.text(vocabulary, number));
        [case.department, case.discharge_status, case.hospital] =
            words.map(|word| add_text(&mut case.text, word));
        let mut codes = Vec::with_capacity(self.after_codes - self.first_diagnosis);
        self.each_code(|number| {
            codes.push(add_text(
                &mut case.text,
                dictionary.text(Vocabulary::Codes, number),
            ));
        });
        case.procedures = codes.split_off(self.diagnoses().min(codes.len()));
        case.diagnoses = codes;
        case
    }

    #[inline]
    fn value(&self, field: Field) -> u64 {
        self.cases.value(self.index, field)
    }
}

/// Texts of one case are far below 4 GiB: so is their block.
fn add_text(text: &mut String, added: &str) -> Span {
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let start = offset(text.len());
    text.push_str(added);
    (start, offset(text.len()))
}
