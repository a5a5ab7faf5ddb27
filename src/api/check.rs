//! Every edit on every record: `check`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::civil::Date;

use super::Watch;
use super::bulk::BulkSummary;
use super::door::DoorRequest;
use crate::diagnostics::{Action, Finding, Lang, Result};
use crate::records::{
    Batch, CaseKey, Checked, Checker, CodeSystem, Column, Counted, Depth, Door, Duplicates, EditBook, Header,
    Intake, Profile, Quality, QualityScope, RowReader, in_order, plain_number,
};
use crate::reports::{CsvText, FINDING_COLUMNS, FindingsBook, Output, finding_row, quality_csv};
use crate::scenarios::{edit_book, find_profile};
use crate::tables::{CodeLists, Library, Scheme};

/// Check every record of some files (清单质控).
#[derive(Clone, Debug, Default)]
pub struct CheckRequest {
    /// The records, `-` for standard input.
    pub records: PathBuf,
    /// How the records are to be read, and further files of them.
    pub intake: Intake,
    /// The scheme whose code lists are used; without one, the first lists of the tables.
    pub scheme: Option<String>,
    /// Where tables are looked for before the usual places.
    pub tables: Vec<PathBuf>,
    /// Also check what the money stages need.
    pub money: bool,
    /// A folder for all results; `-`, or a name that ends in `.csv`, for the findings alone.
    pub output: PathBuf,
    /// What a place does otherwise: a file, or the name of a profile of the tables.
    pub profile: Option<PathBuf>,
    /// What is done to rows before they are read.
    pub door: DoorRequest,
    /// The day after which no date may lie.
    pub as_of: Option<Date>,
    /// Also write the findings as a workbook.
    pub xlsx: bool,
    /// Also write the accepted records in the neutral layout.
    pub neutral: bool,
    /// The most findings written of one edit and file; the others are counted.
    pub max_findings: u64,
}

/// What the rows of one chunk gave.
#[derive(Default)]
struct Chunk {
    keys: Vec<(CaseKey, Counted)>,
    quality: Quality,
    rejected: CsvText,
    neutral: CsvText,
}

/// Columns of `rejected.csv` before the neutral ones.
const REJECTED_COLUMNS: [&str; 6] = ["file", "line", "offset", "bytes", "case_id_read", "codes"];

/// Runs every edit on every record and writes what was found (清单质控).
///
/// # Errors
/// Tables, records or output cannot be used.
pub fn check(request: &CheckRequest, watch: &Watch<'_>) -> Result<BulkSummary> {
    let files = Files::of(request);
    super::refuse_overwriting(files.paths(), request.intake.files(&request.records))?;
    let library = Library::find(&request.tables)?;
    let lists = match &request.scheme {
        Some(scheme) => CodeLists::of(&library, &Scheme::load(&library, scheme)?)?,
        None => CodeLists::first(&library)?,
    };
    let version = lists.version.clone();
    let profile = request
        .profile
        .as_deref()
        .map(|named| find_profile(&library, named))
        .transpose()?;
    let book = edit_book(&library, lists, profile.as_ref())?.with_as_of(request.as_of);
    let mut run = Run {
        request,
        watch,
        results: Results {
            duplicates: Duplicates::new(book.edits()),
            outputs: Outputs::create(&files, watch.lang, request.max_findings)?,
            quality: Quality::default(),
            summary: BulkSummary::default(),
            file: 0,
            of_file: Quality::default(),
        },
        header: None,
        book,
    };
    run.check_files(&library, &version)?;
    run.finish(profile.as_ref())
}

/// The files to be written.
struct Files {
    findings: PathBuf,
    workbook: Option<PathBuf>,
    rejected: Option<PathBuf>,
    quality: Option<PathBuf>,
    neutral: Option<PathBuf>,
}

impl Files {
    fn of(request: &CheckRequest) -> Files {
        let output = &request.output;
        let alone = output.as_os_str() == "-" || output.extension().is_some_and(|ending| ending == "csv");
        let beside = |name: &str| {
            if alone {
                output.with_file_name(name)
            } else {
                output.join(name)
            }
        };
        Files {
            findings: if alone {
                output.clone()
            } else {
                output.join("findings.csv")
            },
            workbook: request.xlsx.then(|| beside("findings.xlsx")),
            rejected: (!alone).then(|| beside("rejected.csv")),
            quality: (!alone).then(|| beside("quality.csv")),
            neutral: request.neutral.then(|| beside("neutral.csv")),
        }
    }

    fn paths(&self) -> Vec<PathBuf> {
        let more = [&self.workbook, &self.rejected, &self.quality, &self.neutral];
        let more = more.into_iter().flatten().cloned();
        std::iter::once(self.findings.clone()).chain(more).collect()
    }
}

/// The results being written.
struct Outputs {
    findings: Output,
    /// Whether the header of the findings is written: not before the first file could be opened.
    begun: bool,
    workbook: Option<FindingsBook>,
    rejected: Option<Output>,
    quality: Option<Output>,
    neutral: Option<Output>,
    most: u64,
    /// The present file, and its findings by code.
    file: Option<Arc<str>>,
    written: BTreeMap<&'static str, u64>,
    /// Findings left out because there were too many of their kind.
    left_out: u64,
}

impl Outputs {
    fn create(files: &Files, lang: Lang, most: u64) -> Result<Outputs> {
        let create = |path: &Option<PathBuf>, header: &[&str]| {
            let open = |path: &PathBuf| {
                let mut output = Output::create(path)?;
                output.put(CsvText::with_header(header).bytes())?;
                Ok(output)
            };
            path.as_ref().map(open).transpose()
        };
        let neutral: Vec<&str> = Column::ALL.iter().map(|column| column.name()).collect();
        let rejected: Vec<&str> = REJECTED_COLUMNS
            .into_iter()
            .chain(neutral.iter().copied())
            .collect();
        Ok(Outputs {
            findings: Output::create(&files.findings)?,
            begun: false,
            workbook: files
                .workbook
                .as_deref()
                .map(|path| FindingsBook::create(path, lang))
                .transpose()?,
            rejected: create(&files.rejected, &rejected)?,
            quality: files.quality.as_deref().map(Output::create).transpose()?,
            neutral: create(&files.neutral, &neutral)?,
            most,
            file: None,
            written: BTreeMap::new(),
            left_out: 0,
        })
    }

    fn begin(&mut self) -> Result<()> {
        match std::mem::replace(&mut self.begun, true) {
            true => Ok(()),
            false => self.findings.put(CsvText::with_header(&FINDING_COLUMNS).bytes()),
        }
    }

    /// Writes findings in order, those beyond the most of their code left out.
    fn put(&mut self, findings: &[Finding], lang: Lang) -> Result<()> {
        let mut text = CsvText::default();
        for finding in findings {
            if self.file.as_ref() != Some(&finding.file) {
                self.file = Some(Arc::clone(&finding.file));
                self.written.clear();
            }
            let written = self.written.entry(finding.edit.code).or_default();
            *written += 1;
            if *written > self.most {
                self.left_out += 1;
                continue;
            }
            finding_row(&mut text, finding, lang);
            if let Some(book) = &mut self.workbook {
                book.put([finding])?;
            }
        }
        self.findings.put(text.bytes())
    }

    fn finish(self) -> Result<()> {
        let more = [self.rejected, self.quality, self.neutral];
        self.workbook.map_or(Ok(()), FindingsBook::finish)?;
        more.into_iter().flatten().try_for_each(Output::finish)?;
        self.findings.finish()
    }
}

/// A run over some files.
struct Run<'r> {
    request: &'r CheckRequest,
    watch: &'r Watch<'r>,
    book: EditBook,
    results: Results,
    /// What cannot be asked of rows under it is told.
    header: Option<Arc<Header>>,
}

/// What is gathered from the rows, chunk by chunk.
struct Results {
    duplicates: Duplicates,
    outputs: Outputs,
    quality: Quality,
    summary: BulkSummary,
    /// The number of the present file in the run …
    file: usize,
    /// … and its counts.
    of_file: Quality,
}

impl Run<'_> {
    fn check_files(&mut self, library: &Library, version: &str) -> Result<()> {
        let request = self.request;
        let intake = request.intake.clone().for_all(request.money);
        let intake = intake.behind(request.door.pseudonymise.is_some());
        let reader = RowReader::open_all(&request.records, &intake)?;
        let door = request.door.open(library, version, &reader, true)?;
        let summary = BulkSummary::of(&reader);
        self.results.summary = BulkSummary {
            code_version: versions_of(&door),
            version_assumed: door.files().iter().any(|file| file.is_assumed),
            ..summary
        };
        self.book.set_door(door);
        let header = Arc::new(self.book.door().header(reader.header()));
        self.header = Some(Arc::clone(&header));
        self.results.outputs.begin()?;
        self.check_rows(reader, &header)
    }

    fn check_rows(&mut self, reader: RowReader, header: &Header) -> Result<()> {
        let Run {
            request,
            watch,
            book,
            results,
            ..
        } = self;
        let depth = Depth::All {
            book: &*book,
            for_money: request.money,
        };
        let row =
            |chunk: &mut Chunk, checked, checker: &Checker<'_>| chunk.note(checked, checker, header, request);
        let counts = in_order(
            reader,
            depth,
            watch.lang,
            watch.threads,
            Chunk::default,
            row,
            |batch| results.take(batch, book, watch),
        )?;
        results.end_file(book, watch)?;
        results.summary.read += counts.read;
        results.summary.rejected += counts.rejected;
        Ok(())
    }

    fn finish(self, profile: Option<&Profile>) -> Result<BulkSummary> {
        let lang = self.watch.lang;
        let header = self.header.as_deref();
        let inapplicable = header.map_or_else(Vec::new, |header| self.book.inapplicable(header, lang));
        let Results {
            mut outputs,
            quality,
            summary,
            ..
        } = self.results;
        if let Some(out) = &mut outputs.quality {
            out.put(quality_csv(&quality, &inapplicable, lang).bytes())?;
        }
        let summary = BulkSummary {
            not_asked: outputs.quality.as_ref().map(|_| inapplicable.len()),
            profile: profile.map(|profile| profile.name.clone()),
            left_out: outputs.left_out,
            ..summary
        };
        outputs.finish()?;
        Ok(summary)
    }
}

/// The versions of the codes of all files, each once.
fn versions_of(door: &Door) -> String {
    let mut versions: Vec<&str> = Vec::new();
    for file in door.files() {
        if !versions.contains(&file.version.as_str()) {
            versions.push(&file.version);
        }
    }
    versions.join(", ")
}

impl Results {
    /// Takes what a chunk gave; chunks come in the order of their rows.
    fn take(&mut self, batch: Batch<Chunk>, book: &EditBook, watch: &Watch<'_>) -> Result<()> {
        if batch.file != self.file {
            self.end_file(book, watch)?;
            self.file = batch.file;
        }
        let (mut findings, mut output) = (batch.findings, batch.output);
        for (mut key, counted) in output.keys {
            key.shift_record(batch.before);
            if let Some(finding) = self.duplicates.note(key, watch.lang)? {
                output.quality.add_later(&counted, &finding);
                findings.push(finding);
            }
        }
        self.of_file.merge(output.quality);
        findings.sort_by(|a, b| (a.line, a.edit.code, a.slot).cmp(&(b.line, b.edit.code, b.slot)));
        self.summary.note(&findings, watch);
        self.outputs.put(&findings, watch.lang)?;
        for (out, text) in [
            (&mut self.outputs.rejected, output.rejected),
            (&mut self.outputs.neutral, output.neutral),
        ] {
            out.as_mut().map_or(Ok(()), |out| out.put(text.bytes()))?;
        }
        (watch.advance)(batch.bytes);
        Ok(())
    }

    /// Adds what is found of the present file as a whole.
    fn end_file(&mut self, book: &EditBook, watch: &Watch<'_>) -> Result<()> {
        let opened = self.summary.opened.list();
        let file = opened.get(self.file).map(|opened| Arc::clone(&opened.file));
        let codes = book.door().codes_of(self.file);
        let mixed = file.and_then(|file| mixed_versions(&self.of_file, book, codes, file, watch.lang));
        if let Some(finding) = mixed {
            self.of_file.add_of_file(&finding);
            self.summary.note(std::slice::from_ref(&finding), watch);
            self.outputs.put(std::slice::from_ref(&finding), watch.lang)?;
        }
        self.quality.merge(std::mem::take(&mut self.of_file));
        Ok(())
    }
}

impl Chunk {
    fn note(&mut self, checked: Checked, checker: &Checker<'_>, header: &Header, request: &CheckRequest) {
        let findings: Vec<&Finding> = checker.findings_of_row().collect();
        let is_case = checked == Checked::Case;
        let counted = self
            .quality
            .add(checker.case(), checker.facts(), is_case, &findings);
        if is_case {
            self.keys.push((CaseKey::of(checker), counted));
            if request.neutral {
                neutral_cells(&mut self.neutral, checker, header);
                self.neutral.end_row();
            }
            return;
        }
        let mut codes: Vec<&str> = findings
            .iter()
            .filter(|finding| finding.action == Action::Rejected)
            .map(|finding| finding.edit.code)
            .collect();
        codes.sort_unstable();
        codes.dedup();
        let text = &mut self.rejected;
        let is_read = checked == Checked::Rejected;
        text.cell(checker.file());
        text.show(Some(checker.line()));
        text.show(checker.place().map(|(offset, _)| offset));
        text.show(checker.place().map(|(_, length)| length));
        text.cell(if is_read { checker.case().case_id() } else { "" });
        text.cell(&codes.join(" "));
        // of a row without sound shape nothing is copied: any cell may hold a name
        for column in Column::ALL {
            let field = header.field(*column).filter(|_| is_read);
            text.cell(field.map_or("", |field| checker.row().field(field).trim()));
        }
        text.end_row();
    }
}

/// A record in the neutral layout: as written, codes in normal form, derived values filled in.
fn neutral_cells(text: &mut CsvText, checker: &Checker<'_>, header: &Header) {
    let case = checker.case();
    let number = |value: Option<i64>| value.map(plain_number);
    for column in Column::ALL {
        let written = header
            .field(*column)
            .map_or("", |field| checker.row().field(field).trim());
        let codes = |codes: Vec<&str>| Some(codes.join("|"));
        let read = match column {
            Column::Sex => Some(case.sex().to_string()),
            Column::Age => number(Some(case.age())),
            Column::AgeDays => number(case.age_days()),
            Column::WeightG => number(case.weight()),
            Column::LosDays => number(case.los()),
            Column::AdmitDate => case.admit().map(|day| day.to_string()),
            Column::DischargeDate => case.discharge().map(|day| day.to_string()),
            Column::Diagnoses => codes(case.diagnoses().collect()),
            Column::Procedures => codes(case.procedures().collect()),
            _ => Some(written.to_owned()),
        };
        text.cell(&read.unwrap_or_default());
    }
}

/// Too many codes of another version: a finding of the file as a whole.
fn mixed_versions(
    quality: &Quality,
    book: &EditBook,
    codes: &CodeSystem,
    file: Arc<str>,
    lang: Lang,
) -> Option<Finding> {
    let count = quality
        .scopes()
        .into_iter()
        .find(|(scope, _)| **scope == QualityScope::All)?
        .1;
    let facts = &count.facts;
    let looked_at = count.shaped + facts.others + facts.procedures;
    let limit = book.is_mixed(facts.foreign, looked_at)?;
    let (foreign, version) = (facts.foreign, &codes.version);
    let edit = Arc::clone(crate::records::edit("C106")?);
    Some(Finding {
        file,
        line: 1,
        record: 0,
        case_id: String::new(),
        hospital: String::new(),
        severity: edit.severity,
        action: Action::Kept,
        field: String::new(),
        cell: None,
        column: "",
        slot: None,
        value: format!("{foreign}/{looked_at}"),
        expected: match lang {
            Lang::En => format!("codes of {version}; at most {limit} % of other versions"),
            Lang::Zh => format!("{version}编码；其他版本不超过{limit}%"),
        },
        see: None,
        edit,
    })
}
