//! `tables witness` and `tables conform`: one case for every group of a scheme, written, and tried
//! on a scheme.

use std::path::{Path, PathBuf};

use hashbrown::HashSet;

use super::Watch;
use super::parts::Parts;
use crate::diagnostics::{Error, Lang, Place, Result, suggestion};
use crate::grouper::{Grouper, Grouping, Reach, Reaches, Teller, Verdict, Workspace, explain, group_plainly};
use crate::records::{Case, CaseDraft, Checked, Depth, Header, Row, RowReader, in_order, plain_number};
use crate::reports::{ConformanceCase, CsvText, Output, conformance_header, conformance_row, finding_line};
use crate::tables::{CodeLists, Compiled, Library, Scheme};

/// Write a conformance file (生成一致性文件).
#[derive(Clone, Debug)]
pub struct WitnessRequest {
    /// The scheme's id.
    pub scheme: String,
    /// Where tables are looked for before the usual places.
    pub tables: Vec<PathBuf>,
    /// The file, `-` for standard output.
    pub output: PathBuf,
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Witnessed {
    /// Rows with a case that has them for its group.
    pub reached: usize,
    /// Rows that no case has for its group.
    pub never: usize,
    /// Rows given up.
    pub undecided: usize,
    /// Cases on and beside numbers.
    pub boundaries: usize,
}

/// Writes the smallest case of every row that can be a group, a case without a group, and cases
/// on and beside every number of the conditions (生成一致性文件). The watch is told of progress in parts,
/// [`PARTS`](super::PARTS) in all.
///
/// # Errors
/// Tables cannot be used; the file cannot be written.
pub fn witness(request: &WitnessRequest, watch: &Watch<'_>) -> Result<Witnessed> {
    let library = Library::find(&request.tables)?;
    let grouper = Grouper::new(Compiled::new(Scheme::load(&library, &request.scheme)?));
    let lists = CodeLists::of(&library, grouper.scheme())?;
    let reaches = Reaches::new(&grouper, Some(&lists));
    let mut writer = Writer {
        reaches: &reaches,
        scheme: grouper.scheme(),
        cases: Vec::new(),
        written: HashSet::new(),
        done: Witnessed::default(),
    };
    let parts = Parts::of(reaches.outcome_rows().len(), watch);
    for reach in &reaches.outcomes(watch.threads, &|rows| parts.advance(rows))? {
        writer.row(reach)?;
    }
    if let Verdict::Reached(case) = reaches.ungrouped()? {
        let case_id = format!("{}-0", grouper.scheme().id());
        writer.case(&case_id, &case, "", "", reaches.group(&case)?);
    }
    let mut output = Output::create(&request.output)?;
    output.put(writer.text().bytes())?;
    output.finish()?;
    Ok(writer.done)
}

/// A case to be written.
struct Made {
    case: CaseDraft,
    case_for: String,
    edge: String,
    grouping: Grouping,
}

struct Writer<'a, 'g> {
    reaches: &'a Reaches<'g>,
    scheme: &'g Scheme,
    cases: Vec<Made>,
    written: HashSet<CaseDraft>,
    done: Witnessed,
}

impl Writer<'_, '_> {
    /// The case of a row and those at its numbers.
    fn row(&mut self, reach: &Reach) -> Result<()> {
        let (case, grouping) = match &reach.verdict {
            Verdict::Reached(case) => (case, self.reaches.group(case)?),
            Verdict::Never(_) => {
                self.done.never += 1;
                return Ok(());
            }
            Verdict::Undecided => {
                self.done.undecided += 1;
                return Ok(());
            }
        };
        self.done.reached += 1;
        let Some(rule) = self.scheme.rules().get(reach.row) else {
            return Ok(());
        };
        let (id, line) = (self.scheme.id(), rule.line);
        let case_for = format!("{} {}:{line}", rule.code, self.scheme.file_name(rule));
        self.case(&format!("{id}-{line}"), case, &case_for, "", grouping);
        for boundary in self.reaches.boundaries(reach.row, case)? {
            let (word, value) = (boundary.word, plain_number(boundary.value));
            let case_id = format!("{id}-{line}-{word}-{value}");
            let edge = format!("{word} = {value}");
            if self.case(&case_id, &boundary.case, &case_for, &edge, boundary.grouping) {
                self.done.boundaries += 1;
            }
        }
        Ok(())
    }

    /// Appends a case, unless the same one stands there already.
    fn case(
        &mut self,
        case_id: &str,
        case: &CaseDraft,
        case_for: &str,
        edge: &str,
        grouping: Grouping,
    ) -> bool {
        let new = self.written.insert(case.clone());
        if new {
            self.cases.push(Made {
                case: CaseDraft {
                    case_id: case_id.into(),
                    ..case.clone()
                },
                case_for: case_for.to_owned(),
                edge: edge.to_owned(),
                grouping,
            });
        }
        new
    }

    /// The whole file: every row says how many there are.
    fn text(&self) -> CsvText {
        let mut text = conformance_header();
        for made in &self.cases {
            let row = ConformanceCase {
                case: &made.case,
                case_for: &made.case_for,
                edge: &made.edge,
                grouping: made.grouping,
                cases_in_file: self.cases.len(),
            };
            conformance_row(&mut text, self.scheme, &row);
        }
        text
    }
}

/// Try a conformance file on a scheme (一致性检验).
#[derive(Clone, Debug)]
pub struct ConformRequest {
    /// The scheme's id.
    pub scheme: String,
    /// The file, `-` for standard input.
    pub file: PathBuf,
    /// Where tables are looked for before the usual places.
    pub tables: Vec<PathBuf>,
}

/// What a conformance file came to (检验结果).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conformed {
    /// Cases read.
    pub cases: u64,
    /// Cases that are grouped otherwise than the file says, in file order.
    pub differences: Vec<Difference>,
    /// What else is to be known: that the file was made from other tables.
    pub remarks: Vec<String>,
}

/// A case that is grouped otherwise (差异).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Line in the file.
    pub line: u64,
    /// The record's id.
    pub case_id: String,
    /// What the file says.
    pub expected: String,
    /// What the scheme says.
    pub got: String,
    /// The row that decided it.
    pub why: String,
}

/// The column that says on every row how many cases the file holds.
const CASES_IN_FILE: &str = "cases_in_file";

/// The columns of a conformance file, as far as it has them.
struct Expected {
    group: usize,
    /// Status, MDC, ADRG.
    others: [Option<usize>; 3],
    scheme: Option<usize>,
    hash: Option<usize>,
    cases: Option<usize>,
}

impl Expected {
    fn find(file: &Path, header: &Header) -> Result<Expected> {
        let names = header.names();
        let field = |wanted: &str| names.iter().position(|name| name.trim() == wanted);
        let Some(group) = field("expected_group") else {
            let hint = suggestion("expected_group", names.iter().map(String::as_str));
            let message = format!("column `expected_group` is missing{hint}");
            return Err(Error::at(Place::file(file).line(1), message));
        };
        Ok(Expected {
            group,
            others: ["expected_status", "expected_mdc", "expected_adrg"].map(field),
            scheme: field("scheme"),
            hash: field("tables_sha256"),
            cases: field(CASES_IN_FILE),
        })
    }

    /// What the row says, a word for each column the file has.
    fn said(&self, row: &Row) -> Vec<String> {
        let fields = self.others.into_iter().flatten().chain([self.group]);
        fields.map(|field| row.field(field).trim().to_owned()).collect()
    }

    /// What the scheme says, in the same columns.
    fn found(&self, scheme: &Scheme, grouping: &Grouping) -> Vec<String> {
        let all = [
            grouping.status(scheme).as_str(),
            grouping.mdc(scheme),
            grouping.adrg(scheme),
        ];
        let asked = all
            .into_iter()
            .zip(self.others)
            .filter(|(_, field)| field.is_some());
        let asked = asked.map(|(word, _)| word).chain([grouping.code(scheme)]);
        asked.map(str::to_owned).collect()
    }
}

/// What the rows of one chunk came to.
#[derive(Default)]
struct Tried {
    work: Workspace,
    differences: Vec<Difference>,
    /// Schemes and hashes named, each once.
    made_from: Vec<(String, String)>,
    /// Numbers of cases the rows say the file holds, each with the first line that does.
    announced: Vec<(String, u64)>,
}

/// Groups every case of a conformance file and tells what differs (一致性检验).
///
/// # Errors
/// Tables or file cannot be used; the file does not hold as many cases as it says.
pub fn conform(request: &ConformRequest, watch: &Watch<'_>) -> Result<Conformed> {
    let library = Library::find(&request.tables)?;
    let grouper = Grouper::new(Compiled::new(Scheme::load(&library, &request.scheme)?));
    let lists = CodeLists::of(&library, grouper.scheme())?;
    let reader = RowReader::open(&request.file, false)?;
    let expected = Expected::find(&request.file, reader.header())?;
    let trial = Trial {
        grouper: &grouper,
        lists: &lists,
        expected,
        lang: watch.lang,
    };
    let mut conformed = Conformed::default();
    let mut made_from: Vec<(String, String)> = Vec::new();
    let mut announced: Vec<(String, u64)> = Vec::new();
    let counts = in_order(
        reader,
        Depth::Grouping,
        watch.lang,
        watch.threads,
        Tried::default,
        |tried, checked, checker| {
            trial.note_tables(tried, checker.row());
            trial.note_number(tried, checker.row(), checker.line());
            let rejected = (checked != Checked::Case).then(|| {
                let of_row = checker
                    .findings()
                    .iter()
                    .filter(|finding| finding.line == checker.line());
                of_row
                    .map(|finding| finding_line(finding, watch.lang))
                    .collect::<Vec<_>>()
                    .join("; ")
            });
            trial.row(tried, checker.row(), checker.line(), checker.case(), rejected);
        },
        |batch| {
            conformed.differences.extend(batch.output.differences);
            for tables in batch.output.made_from {
                if !made_from.contains(&tables) {
                    made_from.push(tables);
                }
            }
            announced.extend(batch.output.announced);
            (watch.advance)(batch.bytes);
            Ok(())
        },
    )?;
    check_number(&Place::file(&request.file), &announced, counts.read, watch.lang)?;
    conformed.cases = counts.read;
    conformed.remarks = made_from
        .iter()
        .filter_map(|(scheme, hash)| other_tables(grouper.scheme(), scheme, hash, watch.lang))
        .collect();
    Ok(conformed)
}

/// Every row must say that the file holds as many cases as were read; a file whose rows say nothing
/// of it is taken as it is.
fn check_number(file: &Place, announced: &[(String, u64)], read: u64, lang: Lang) -> Result<()> {
    for (number, line) in announced {
        let message = match (number.parse::<u64>(), lang) {
            (Ok(expected), _) if expected == read => continue,
            (Ok(expected), Lang::En) => format!(
                "`{CASES_IN_FILE}` says {expected} cases, but there are {read}: the file was cut short, or rows were \
                 added or taken out"
            ),
            (Ok(expected), Lang::Zh) => {
                format!("`{CASES_IN_FILE}`为{expected}个病例，实有{read}个：文件被截断，或有行增删")
            }
            (Err(_), Lang::En) => {
                format!("`{CASES_IN_FILE}`: `{number}`; expected the number of cases in the file")
            }
            (Err(_), Lang::Zh) => format!("`{CASES_IN_FILE}`：`{number}`；应为文件中的病例数"),
        };
        return Err(Error::at(file.line(*line), message));
    }
    Ok(())
}

/// Says so if the file was made from other tables than these.
fn other_tables(here: &Scheme, scheme: &str, hash: &str, lang: Lang) -> Option<String> {
    if !scheme.is_empty() && scheme != here.id() {
        return Some(match lang {
            Lang::En => format!("the file was made from scheme `{scheme}`, not `{}`", here.id()),
            Lang::Zh => format!("该文件由方案`{scheme}`生成，而非`{}`", here.id()),
        });
    }
    (!hash.is_empty() && hash != here.hash()).then(|| match lang {
        Lang::En => format!(
            "the file was made from other tables: SHA-256 {hash}, here {}",
            here.hash()
        ),
        Lang::Zh => format!(
            "该文件由另一版本的规则表生成：SHA-256 {hash}，本地为{}",
            here.hash()
        ),
    })
}

/// A scheme on trial.
struct Trial<'a> {
    grouper: &'a Grouper,
    lists: &'a CodeLists,
    expected: Expected,
    lang: Lang,
}

impl Trial<'_> {
    fn note_tables(&self, tried: &mut Tried, row: &Row) {
        let cell =
            |field: Option<usize>| field.map_or(String::new(), |field| row.field(field).trim().to_owned());
        let tables = (cell(self.expected.scheme), cell(self.expected.hash));
        if !tried.made_from.contains(&tables) {
            tried.made_from.push(tables);
        }
    }

    fn note_number(&self, tried: &mut Tried, row: &Row, line: u64) {
        let Some(field) = self.expected.cases else { return };
        let number = row.field(field).trim();
        // a row that ends before this column is told as a case, not here
        if !number.is_empty() && tried.announced.iter().all(|(known, _)| known != number) {
            tried.announced.push((number.to_owned(), line));
        }
    }

    fn row(&self, tried: &mut Tried, row: &Row, line: u64, case: &Case, rejected: Option<String>) {
        let scheme = self.grouper.scheme();
        let expected = self.expected.said(row);
        let (got, why) = match rejected {
            Some(findings) => (vec!["rejected".to_owned()], findings),
            None => {
                let grouping = self.grouper.group(case, &mut tried.work);
                let got = self.expected.found(scheme, &grouping);
                if got == expected {
                    return;
                }
                (got, self.why(case, row.field(self.expected.group).trim()))
            }
        };
        tried.differences.push(Difference {
            line,
            case_id: case.case_id().to_owned(),
            expected: expected.join(" "),
            got: got.join(" "),
            why,
        });
    }

    /// The row that took the case, and what became of the one that was expected to.
    fn why(&self, case: &Case, expected: &str) -> String {
        let scheme = self.grouper.scheme();
        let explanation = explain(scheme, case);
        let teller = Teller {
            names: [&self.lists.diagnoses, &self.lists.procedures],
            lang: self.lang,
        };
        let rule = |row: usize| scheme.rules().get(row);
        let row_words =
            |row: usize| rule(row).map_or(String::new(), |rule| format!("{} ({})", rule.code, rule.line));
        let mut parts = Vec::new();
        if let Some(row) = group_plainly(scheme, case).row {
            let written = rule(row).map_or("", |rule| rule.written.as_str());
            parts.push(format!("{}: {written}", row_words(row)));
        }
        let tried = explanation
            .steps
            .iter()
            .find(|step| rule(step.rule).is_some_and(|rule| rule.code == expected));
        match tried {
            Some(step) if !step.holds => {
                let fails = self.lang.pick("does not hold", "不满足");
                let facts: Vec<String> = step.facts.iter().map(|fact| teller.fact(fact)).collect();
                parts.push(format!("{} {fails}: {}", row_words(step.rule), facts.join(", ")));
            }
            Some(_) => {}
            None if scheme.rules().iter().all(|rule| rule.code != expected) => {
                let known = scheme.rules().iter().map(|rule| rule.code.as_str());
                let hint = suggestion(expected, known);
                let unknown = self.lang.pick("the tables have no group", "规则表中没有病组");
                parts.push(format!("{unknown} `{expected}`{hint}"));
            }
            None => parts.push(format!(
                "{expected} {}",
                self.lang.pick("was not tried", "未判定到")
            )),
        }
        parts.join("; ")
    }
}
