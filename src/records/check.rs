//! From a row as written to a checked case, or to the findings that reject it.

use std::sync::Arc;

use hashbrown::HashSet;
use jiff::civil::Date;

use super::case::{Case, FeeSplit, Span};
use super::cells::{read_date, read_number};
use super::columns::{Column, Header};
use super::edits::{
    A401, A402, A404, A406, B501, B502, C101, C102, C103, C104, C109, D601, D602, D603, F002, F003, F004,
    F006, F007, F008, F009, F010, F014, M971, M979, P201, P205, X301, edit,
};
use super::encoding::Encoding;
use super::frame::{Frame, MAX_ROW_BYTES};
use super::layout::Note;
use crate::codes::{CodeList, is_diagnosis, is_placeholder, is_procedure, normal_form};
use crate::diagnostics::{Action, Edit, Finding, Lang, Stops};
use crate::units::Fen;

/// The oldest plausible age, in hundredths of years.
pub(super) const OLDEST: i64 = 12_400;
/// Newborn: age 0 and at most this many days, in hundredths.
pub(super) const NEWBORN_DAYS: i64 = 2_800;
/// Plausible newborn weights in grams, in hundredths.
pub(super) const NEWBORN_WEIGHTS: std::ops::RangeInclusive<i64> = 20_000..=999_900;
/// Days of the first year of life, in hundredths.
pub(super) const LONGEST_INFANCY: i64 = 36_500;
/// The longest usual stay in days, in hundredths.
const LONGEST_STAY: i64 = 36_500;

/// How much is checked (校验深度).
#[derive(Clone, Copy)]
pub enum Depth<'l> {
    /// What decides whether a record can be grouped; the rest costs too much for bulk grouping.
    Grouping,
    /// Every edit, with the lists that codes must stand in; `for_money` also the bill.
    All {
        /// Listed diagnoses.
        diagnoses: &'l CodeList,
        /// Listed procedures.
        procedures: &'l CodeList,
        /// Check what the money stages need.
        for_money: bool,
    },
}

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// [`Checker::case`] holds the case.
    Case,
    /// The row was read but must not be grouped; [`Checker::row`] holds it.
    Rejected,
    /// The row could not be read.
    Unreadable,
}

/// A row as decoded text, cut into fields (原始行).
#[derive(Debug, Default)]
pub struct Row {
    /// The record as written, without line end; behind it the fields that were quoted.
    text: String,
    written: usize,
    fields: Vec<Span>,
}

impl Row {
    /// The record as written, quotes included.
    pub fn written(&self) -> &str {
        self.text.get(..self.written).unwrap_or("")
    }

    /// A field, unquoted; empty past the end.
    pub fn field(&self, index: usize) -> &str {
        let span = self.fields.get(index);
        span.and_then(|(start, end)| self.text.get(*start as usize..*end as usize))
            .unwrap_or("")
    }

    /// How many fields there are.
    pub fn width(&self) -> usize {
        self.fields.len()
    }

    /// Whether each field stands under its header; extra empty fields at the end do no harm.
    pub fn fits(&self, header: &Header) -> bool {
        let mut extra = header.width()..self.width();
        self.width() >= header.width() && extra.all(|index| self.field(index).trim().is_empty())
    }

    fn set(&mut self, text: &str, quoted: bool) {
        self.text.clear();
        self.fields.clear();
        self.text.push_str(text);
        self.written = text.len();
        if quoted {
            self.cut_quoted()
        } else {
            self.cut_plain()
        }
    }

    fn cut_plain(&mut self) {
        let mut start = 0;
        for comma in memchr::memchr_iter(b',', self.text.as_bytes()) {
            self.fields.push((start, small(comma)));
            start = small(comma + 1);
        }
        self.fields.push((start, small(self.written)));
    }

    fn cut_quoted(&mut self) {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .terminator(csv::Terminator::Any(b'\n'))
            .from_reader(self.text.as_bytes());
        let mut record = csv::StringRecord::new();
        // text was decoded before, so the only error a record can have is not to be there
        let _ = reader.read_record(&mut record);
        for field in &record {
            let start = small(self.text.len());
            self.text.push_str(field);
            self.fields.push((start, small(self.text.len())));
        }
    }
}

/// Control characters would move the cursor of a terminal, or vanish.
fn visible(c: char) -> char {
    if c.is_control() { '\u{fffd}' } else { c }
}

/// Rows are at most [`MAX_ROW_BYTES`] long, so their offsets fit 32 bits.
fn small(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

/// Checks the rows of one file, one at a time, reusing its memory (校验器).
pub struct Checker<'l> {
    file: Arc<str>,
    header: Arc<Header>,
    encoding: Encoding,
    depth: Depth<'l>,
    lang: Lang,
    row: Row,
    case: Case,
    record: u64,
    line: u64,
    findings: Vec<Finding>,
    rejected: bool,
}

impl<'l> Checker<'l> {
    /// For the rows of a file with this header.
    pub fn new(
        file: Arc<str>,
        header: Arc<Header>,
        encoding: Encoding,
        depth: Depth<'l>,
        lang: Lang,
    ) -> Checker<'l> {
        Checker {
            file,
            header,
            encoding,
            depth,
            lang,
            row: Row::default(),
            case: Case::default(),
            record: 0,
            line: 0,
            findings: Vec::new(),
            rejected: false,
        }
    }

    /// The case of the last row, if it was one.
    pub fn case(&self) -> &Case {
        &self.case
    }

    /// The header of the file.
    pub(super) fn header(&self) -> &Header {
        &self.header
    }

    /// The last row as written.
    pub fn row(&self) -> &Row {
        &self.row
    }

    /// The last row's number among those of this checker, from 1.
    pub fn record(&self) -> u64 {
        self.record
    }

    /// The file as named by the user.
    pub fn file(&self) -> &Arc<str> {
        &self.file
    }

    /// Line of the last row.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// What was found since the last call, in order; records are counted from 1 by this checker.
    pub fn take_findings(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.findings)
    }

    /// The findings not yet taken.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Counts a record that was read elsewhere, so that the numbers of the others stay right.
    pub(super) fn pass_over(&mut self) {
        self.record += 1;
    }

    /// Counts a record of a foreign file that has no sound shape.
    pub(super) fn unreadable(&mut self, line: u64, note: &Note) -> Checked {
        self.record += 1;
        self.line = line;
        self.case.clear();
        self.row.set("", false);
        self.note(note);
        Checked::Unreadable
    }

    /// Adds what was found of the last record before it was checked.
    pub(super) fn note(&mut self, note: &Note) {
        let Some(edit) = edit(note.edit) else { return };
        let (slot, value) = (note.slot, Some(note.value.as_str()));
        self.found(edit, note.action, note.column, slot, value, note.expected.clone());
    }

    /// Reads and checks a record given as text, e.g. one just written.
    pub fn check_text(&mut self, row: &str, line: u64) -> Checked {
        let quoted = row.contains('"');
        self.check(Frame {
            bytes: row.as_bytes(),
            line,
            quoted,
            broken: false,
        })
    }

    /// Reads and checks a record.
    pub(super) fn check(&mut self, frame: Frame<'_>) -> Checked {
        self.record += 1;
        self.line = frame.line;
        self.rejected = false;
        self.case.clear();
        self.row.set("", false);
        if !self.read_row(frame) {
            return Checked::Unreadable;
        }
        self.read_identity();
        if matches!(self.depth, Depth::All { .. }) && self.cell(Column::CaseId).is_empty() {
            let expected = self.lang.pick("an identifier of the stay", "病例的唯一标识");
            self.kept(&F014, Column::CaseId, expected);
        }
        self.read_person();
        self.read_codes();
        self.read_stay();
        if let Depth::All { for_money, .. } = self.depth {
            self.check_codes();
            if for_money {
                self.read_money();
            }
        }
        if self.rejected {
            Checked::Rejected
        } else {
            Checked::Case
        }
    }

    /// Decodes and cuts the record; `false` if it has no sound shape.
    fn read_row(&mut self, frame: Frame<'_>) -> bool {
        if frame.broken {
            let (en, zh) = (
                "the quote to be closed, within 1 MiB and 256 lines",
                "引号须闭合，且该记录不超过1 MiB、256行",
            );
            let (en, zh) = if frame.bytes.len() > MAX_ROW_BYTES {
                ("a row of at most 1 MiB", "每行不超过1 MiB")
            } else {
                (en, zh)
            };
            self.reject(&F003, None, "", self.lang.pick(en, zh).to_owned());
            return false;
        }
        match self.encoding.decode(frame.bytes) {
            Some(text) => self.row.set(&text, frame.quoted),
            None => {
                let expected = match self.lang {
                    Lang::En => format!("{} text in every byte of the row", self.encoding.name()),
                    Lang::Zh => format!("整行均为{}编码的文字", self.encoding.name()),
                };
                self.reject(&F002, None, "", expected);
                return false;
            }
        }
        self.row_fits_header()
    }

    fn row_fits_header(&mut self) -> bool {
        let (width, expected) = (self.row.width(), self.header.width());
        if !self.row.fits(&self.header) {
            let expected = match self.lang {
                Lang::En => format!("{expected} fields as in the header; a comma in a text needs quotes"),
                Lang::Zh => format!("与表头一致的{expected}个字段；文字中的逗号须加引号"),
            };
            let found = match self.lang {
                Lang::En => format!("{width} fields"),
                Lang::Zh => format!("{width}个字段"),
            };
            self.reject(&F003, None, &found, expected);
            return false;
        }
        true
    }

    fn read_identity(&mut self) {
        self.case.case_id = self.copy(Column::CaseId);
        self.case.hospital = self.copy(Column::Hospital);
        self.case.person = self.copy(Column::Person);
        self.case.department = self.copy(Column::Department);
        self.case.discharge_status = self.copy(Column::DischargeStatus);
        self.case.insured_scheme = match self.cell(Column::InsuredScheme) {
            "employee" | "resident" | "" => self.copy(Column::InsuredScheme),
            other => {
                let value = other.to_owned();
                let expected = self
                    .lang
                    .pick("employee or resident", "employee（职工）或 resident（居民）");
                self.emptied(&F006, Column::InsuredScheme, &value, expected.to_owned());
                (0, 0)
            }
        };
    }

    fn read_person(&mut self) {
        match self.cell(Column::Sex) {
            "1" | "男" => self.case.sex = 1,
            "2" | "女" => self.case.sex = 2,
            other => {
                let value = other.to_owned();
                let expected = self.lang.pick("1 (male) or 2 (female)", "1（男）或2（女）");
                self.reject(&X301, Some(Column::Sex), &value, expected.to_owned());
            }
        }
        let age = self.number(Column::Age);
        let infant = age == Some(0);
        match age {
            None => {
                let value = self.cell(Column::Age).to_owned();
                let expected = self
                    .lang
                    .pick("full years at admission, 0 to 124", "入院时周岁，0至124");
                self.reject(&A401, Some(Column::Age), &value, expected.to_owned());
            }
            Some(age) => {
                self.case.numbers.age = age;
                if age > OLDEST || age % 100 != 0 {
                    let expected = self.lang.pick("full years, 0 to 124", "整岁，0至124");
                    self.kept(&A402, Column::Age, expected);
                }
            }
        }
        self.case.numbers.age_days = self.number(Column::AgeDays);
        // zero grams means absent
        self.case.numbers.weight = self.number(Column::WeightG).filter(|weight| *weight > 0);
        if infant {
            self.check_infant();
        }
    }

    /// A missing value does not stop grouping: it makes its comparison false.
    fn check_infant(&mut self) {
        let Some(days) = self.case.numbers.age_days else {
            let expected = self.lang.pick("days since birth, 0 to 365", "出生后天数，0至365");
            return self.kept(&A404, Column::AgeDays, expected);
        };
        if days > LONGEST_INFANCY {
            let expected = self.lang.pick("0 to 365 days at age 0", "0岁时为0至365天");
            self.kept(&A406, Column::AgeDays, expected);
        }
        if days > NEWBORN_DAYS {
            return;
        }
        let expected = self
            .lang
            .pick("200 to 9999 grams up to day 28", "出生28天内为200至9999克");
        match self.case.numbers.weight {
            None => self.kept(&B501, Column::WeightG, expected),
            Some(weight) if !NEWBORN_WEIGHTS.contains(&weight) => self.kept(&B502, Column::WeightG, expected),
            Some(_) => {}
        }
    }

    fn read_codes(&mut self) {
        self.read_list(Column::Diagnoses);
        self.read_list(Column::Procedures);
        let principal = self
            .case
            .diagnoses
            .first()
            .is_some_and(|(start, end)| end > start);
        if !principal {
            let expected = self
                .lang
                .pick("the principal diagnosis as the first code", "首个编码为主要诊断");
            let value = self.cell(Column::Diagnoses).to_owned();
            self.reject(&C101, Some(Column::Diagnoses), &value, expected.to_owned());
        }
    }

    /// Copies the codes of a list in normal form; gaps behind the principal are closed.
    fn read_list(&mut self, column: Column) {
        let Some(index) = self.header.field(column) else {
            return;
        };
        let is_diagnoses = column == Column::Diagnoses;
        let cell = self.row.field(index);
        let list = if is_diagnoses {
            &mut self.case.diagnoses
        } else {
            &mut self.case.procedures
        };
        for (slot, written) in cell.split('|').enumerate() {
            let code = normal_form(written);
            let code = if is_placeholder(&code) { "" } else { &code };
            if code.is_empty() && !(slot == 0 && is_diagnoses) {
                continue;
            }
            let start = small(self.case.text.len());
            self.case.text.push_str(code);
            list.push((start, small(self.case.text.len())));
        }
    }

    fn read_stay(&mut self) {
        self.case.numbers.los = self.number(Column::LosDays);
        self.case.numbers.icu_hours = self.number(Column::IcuHours);
        self.case.numbers.amount = self.amount(Column::TotalFee).map(Fen::fen);
        self.case.admit = self.date(Column::AdmitDate);
        self.case.discharge = self.date(Column::DischargeDate);
        if let (Some(admit), Some(discharge)) = (self.case.admit, self.case.discharge) {
            self.check_dates(admit, discharge);
        }
        if matches!(self.depth, Depth::All { .. })
            && self
                .case
                .numbers
                .los
                .is_some_and(|los| los == 0 || los > LONGEST_STAY)
        {
            let expected = self.lang.pick("1 to 365 days", "1至365天");
            self.kept(&D603, Column::LosDays, expected);
        }
    }

    fn check_dates(&mut self, admit: Date, discharge: Date) {
        if discharge < admit {
            let expected = match self.lang {
                Lang::En => format!("a day from {admit} (admission) on"),
                Lang::Zh => format!("不早于入院日期{admit}"),
            };
            return self.reject(
                &D601,
                Some(Column::DischargeDate),
                &discharge.to_string(),
                expected,
            );
        }
        let days = admit
            .until(discharge)
            .map_or(0, |span| i64::from(span.get_days()))
            .max(1);
        match self.case.numbers.los {
            None => self.case.numbers.los = Some(days * 100),
            Some(los) if los != days * 100 && matches!(self.depth, Depth::All { .. }) => {
                let expected = match self.lang {
                    Lang::En => format!("{days}, from the dates of admission and discharge"),
                    Lang::Zh => format!("按入院、出院日期应为{days}"),
                };
                self.found(&D602, Action::Kept, Some(Column::LosDays), None, None, expected);
            }
            Some(_) => {}
        }
    }

    fn read_money(&mut self) {
        let parts = [Column::FeeOwn, Column::FeeOver, Column::FeePre, Column::FeeScope];
        let [own, over, pre, scope] = parts.map(|column| self.amount(column));
        let total = self.case.total_fee().filter(|total| *total > Fen::ZERO);
        let Some(total) = total else {
            let expected = self.lang.pick("an amount above zero", "大于零的金额");
            self.kept(&M971, Column::TotalFee, expected);
            return;
        };
        let split = own.zip(over).zip(pre.zip(scope));
        match split {
            Some(((own, over), (pre, scope))) if own + over + pre + scope == total => {
                self.case.fees = Some(FeeSplit {
                    total,
                    own,
                    over,
                    pre,
                    scope,
                });
            }
            _ => {
                let sum = parts_sum(split, self.lang);
                let expected = match self.lang {
                    Lang::En => format!("fee_own + fee_over + fee_pre + fee_scope = {total}; {sum}"),
                    Lang::Zh => format!("全自费+超限价自费+先行自付+政策范围内费用={total}；{sum}"),
                };
                self.found(&M979, Action::Kept, Some(Column::TotalFee), None, None, expected);
            }
        }
    }

    /// Edits on codes that need the code lists.
    fn check_codes(&mut self) {
        let Depth::All {
            diagnoses,
            procedures,
            ..
        } = self.depth
        else {
            return;
        };
        let case = std::mem::take(&mut self.case);
        let mut seen = HashSet::new();
        for (slot, code) in case.diagnoses().enumerate().filter(|(_, code)| !code.is_empty()) {
            self.check_listed(code, slot, diagnoses, true);
            if !seen.insert(code) {
                let expected = self.lang.pick("each diagnosis once", "同一诊断只填一次");
                self.code_finding(&C109, Column::Diagnoses, slot, code, expected.to_owned());
            }
        }
        for (slot, code) in case.procedures().enumerate() {
            self.check_listed(code, slot, procedures, false);
        }
        if let Some(principal) = case.diagnoses().next() {
            self.check_principal(principal);
        }
        drop(seen);
        // findings of this row may already have stopped its money
        let stops_money = self.case.stops_money || case.stops_money;
        self.case = case;
        self.case.stops_money = stops_money;
    }

    fn check_listed(&mut self, code: &str, slot: usize, list: &CodeList, diagnosis: bool) {
        if list.contains(code) {
            return;
        }
        let (column, syntax, well_formed, edit) = match (diagnosis, slot) {
            (true, 0) => (Column::Diagnoses, &F009, is_diagnosis(code), &C102),
            (true, _) => (Column::Diagnoses, &F009, is_diagnosis(code), &C103),
            (false, _) => (Column::Procedures, &F010, is_procedure(code), &C104),
        };
        if !well_formed {
            let example = if diagnosis {
                "J18.900, I10.x00x032"
            } else {
                "47.0100, 38.9300x009"
            };
            let expected = match self.lang {
                Lang::En => format!("a code such as {example}"),
                Lang::Zh => format!("形如 {example} 的编码"),
            };
            self.code_finding(syntax, column, slot, code, expected);
        }
        let expected = match (self.lang, list.nearest(code)) {
            (Lang::En, Some(near)) => format!("a code of the list; nearest: {near}"),
            (Lang::Zh, Some(near)) => format!("目录内编码；最接近：{near}"),
            (Lang::En, None) => "a code of the list".to_owned(),
            (Lang::Zh, None) => "目录内编码".to_owned(),
        };
        self.code_finding(edit, column, slot, code, expected);
    }

    fn check_principal(&mut self, code: &str) {
        let external = code
            .as_bytes()
            .first()
            .is_some_and(|letter| (b'V'..=b'Y').contains(letter));
        if external {
            let expected = self.lang.pick(
                "the injury itself, not its cause (V01-Y98)",
                "损伤本身而非其外部原因（V01-Y98）",
            );
            self.code_finding(&P201, Column::Diagnoses, 0, code, expected.to_owned());
        }
        if code.starts_with("Z37") {
            let expected = self.lang.pick(
                "the delivery, with Z37 among the others",
                "以分娩情况为主要诊断，Z37列其他诊断",
            );
            self.code_finding(&P205, Column::Diagnoses, 0, code, expected.to_owned());
        }
    }

    fn cell(&self, column: Column) -> &str {
        self.header
            .field(column)
            .map_or("", |index| self.row.field(index))
            .trim()
    }

    /// Copies a cell into the case's text.
    fn copy(&mut self, column: Column) -> Span {
        let Some(index) = self.header.field(column) else {
            return (0, 0);
        };
        let start = small(self.case.text.len());
        self.case.text.push_str(self.row.field(index).trim());
        (start, small(self.case.text.len()))
    }

    /// A number cell in hundredths; what is none becomes a finding and counts as empty.
    fn number(&mut self, column: Column) -> Option<i64> {
        let cell = self.cell(column);
        if cell.is_empty() || self.is_placeholder(column) {
            return None;
        }
        let number = read_number(self.cell(column));
        if number.is_none() {
            let value = self.cell(column).to_owned();
            let expected = self.lang.pick(
                "a number from 0 up with at most two decimals",
                "不小于0、至多两位小数的数字",
            );
            self.emptied(&F007, column, &value, expected.to_owned());
        }
        number
    }

    fn amount(&mut self, column: Column) -> Option<Fen> {
        let fen = Fen::new(self.number(column)?);
        if fen > Fen::LARGEST_INPUT {
            let expected = self
                .lang
                .pick("yuan, at most 1000000000.00", "元，不超过1000000000.00");
            let value = self.cell(column).to_owned();
            self.emptied(&F007, column, &value, expected.to_owned());
            return None;
        }
        Some(fen)
    }

    fn date(&mut self, column: Column) -> Option<Date> {
        let cell = self.cell(column);
        if cell.is_empty() || self.is_placeholder(column) {
            return None;
        }
        let date = read_date(self.cell(column));
        if date.is_none() {
            let value = self.cell(column).to_owned();
            let expected = self
                .lang
                .pick("a date such as 2022-03-05", "形如2022-03-05的日期");
            self.emptied(&F008, column, &value, expected.to_owned());
        }
        date
    }

    fn is_placeholder(&mut self, column: Column) -> bool {
        let placeholder = is_placeholder(self.cell(column));
        if placeholder && matches!(self.depth, Depth::All { .. }) {
            let value = self.cell(column).to_owned();
            let expected = self.lang.pick("an empty cell", "空单元格");
            self.emptied(&F004, column, &value, expected.to_owned());
        }
        placeholder
    }

    fn reject(&mut self, edit: &'static Edit, column: Option<Column>, value: &str, expected: String) {
        self.rejected = true;
        self.found(edit, Action::Rejected, column, None, Some(value), expected);
    }

    fn emptied(&mut self, edit: &'static Edit, column: Column, value: &str, expected: String) {
        self.found(edit, Action::Emptied, Some(column), None, Some(value), expected);
    }

    fn kept(&mut self, edit: &'static Edit, column: Column, expected: &str) {
        self.found(edit, Action::Kept, Some(column), None, None, expected.to_owned());
    }

    fn code_finding(
        &mut self,
        edit: &'static Edit,
        column: Column,
        slot: usize,
        code: &str,
        expected: String,
    ) {
        self.found(edit, Action::Kept, Some(column), Some(slot), Some(code), expected);
    }

    /// Notes a finding; `value` defaults to the cell.
    fn found(
        &mut self,
        edit: &'static Edit,
        action: Action,
        column: Option<Column>,
        slot: Option<usize>,
        value: Option<&str>,
        expected: String,
    ) {
        self.case.stops_money |= edit.stops == Stops::Money;
        let value = value.unwrap_or_else(|| column.map_or("", |column| self.cell(column)));
        let value = value.chars().take(32).map(visible).collect();
        // in a row of no sound shape any cell may stand under any header, a personal one too
        let of_shape = |column| {
            if self.row.fits(&self.header) {
                self.cell(column)
            } else {
                ""
            }
        };
        self.findings.push(Finding {
            file: Arc::clone(&self.file),
            line: self.line,
            record: self.record,
            case_id: of_shape(Column::CaseId).to_owned(),
            hospital: of_shape(Column::Hospital).to_owned(),
            edit,
            action,
            field: column.map_or_else(String::new, |column| self.header.origin(column, slot).to_owned()),
            cell: self.header.cell(self.line, column, slot),
            column: column.map_or("", Column::name),
            slot,
            value,
            expected,
            see: None,
        });
    }
}

/// What the four parts of a bill come to.
fn parts_sum(split: Option<((Fen, Fen), (Fen, Fen))>, lang: Lang) -> String {
    match (split, lang) {
        (Some(((own, over), (pre, scope))), Lang::En) => format!("they sum to {}", own + over + pre + scope),
        (Some(((own, over), (pre, scope))), Lang::Zh) => format!("实为{}", own + over + pre + scope),
        (None, Lang::En) => "not all of them are there".to_owned(),
        (None, Lang::Zh) => "其中有缺项".to_owned(),
    }
}

impl Case {
    fn clear(&mut self) {
        let Case {
            mut text,
            mut diagnoses,
            mut procedures,
            ..
        } = std::mem::take(self);
        text.clear();
        diagnoses.clear();
        procedures.clear();
        *self = Case {
            text,
            diagnoses,
            procedures,
            ..Case::default()
        };
    }
}
