//! One case explained.

use std::path::PathBuf;
use std::sync::Arc;

use super::Watch;
use super::explained::{EXPLAINED_SCHEMA, Explained, ExplainedRecord};
use super::wording::Wording;
use crate::diagnostics::{Error, Evidence, Finding, Lang, Place, Result};
use crate::grouper::{Grouper, Teller, explain as explain_case, neighbours};
use crate::records::{
    CaseDraft, Checked, Checker, Column, Depth, DraftChecker, EditBook, Intake, RowReader, in_order,
};
use crate::scenarios::{DeclaredCodes, edit_book, take_codes};
use crate::tables::{CodeLists, Compiled, Library, Scheme};

/// How many records of one id are explained.
pub const MOST_RECORDS: usize = 10;

/// How many ids like the one asked for are offered.
const NEAR_IDS: usize = 3;

/// How much of an id may differ, at one place, for it to be near.
const NEAR_BY: usize = 2;

/// Explain the grouping of one case (单例解释).
#[derive(Clone, Debug)]
pub struct ExplainRequest {
    /// The records, `-` for standard input.
    pub records: PathBuf,
    /// How the records are to be read.
    pub intake: Intake,
    /// The case.
    pub case_id: String,
    /// The scheme's id.
    pub scheme: String,
    /// Where tables are looked for before the usual places.
    pub tables: Vec<PathBuf>,
}

/// Explains every record with this case id (单例解释).
///
/// # Errors
/// Tables or records cannot be used; no record has the id.
pub fn explain(request: &ExplainRequest, watch: &Watch<'_>) -> Result<Explained> {
    let library = Library::find(&request.tables)?;
    let scheme = Scheme::load(&library, &request.scheme)?;
    let lists = CodeLists::of(&library, &scheme)?;
    let version = lists.version.clone();
    let mut book = edit_book(&library, lists, None)?;
    let intake = request.intake.clone().for_all(false);
    let reader = RowReader::open_all(&request.records, &intake)?;
    take_codes(&mut book, &library, &version, &DeclaredCodes::default(), &reader)?;
    let file = Arc::clone(reader.file());
    let found = find(reader, &request.case_id, &book, watch)?;
    if found.copies == 0 {
        return Err(not_found(&file, &request.case_id, &found.near));
    }
    let grouper = Grouper::new(Compiled::new(scheme));
    let wording = Wording {
        grouper: &grouper,
        teller: Teller {
            names: [book.diagnoses(), book.procedures()],
            lang: watch.lang,
        },
    };
    let mut drafts = DraftChecker::new()?;
    let records: Result<Vec<ExplainedRecord>> = found
        .records
        .iter()
        .map(|record| record.explained(&wording, &mut drafts))
        .collect();
    Ok(Explained {
        schema: EXPLAINED_SCHEMA,
        lang: watch.lang.pick("en", "zh"),
        scheme: wording.scheme_words(),
        file: file.to_string(),
        case_id: request.case_id.clone(),
        copies: found.copies,
        notices: notices(&found, grouper.scheme(), watch.lang),
        records: records?,
    })
}

/// What a file has of one case id.
#[derive(Default)]
struct Found {
    records: Vec<FoundRecord>,
    copies: u64,
    /// Ids like it, nearest first: how much of them differs, and the id.
    near: Vec<(usize, String)>,
}

/// A record as read, or what rejected it.
struct FoundRecord {
    line: u64,
    hospital: String,
    findings: Vec<Finding>,
    /// Whether it may be grouped.
    sound: bool,
    /// What was read of it; nothing of a row without sound shape.
    read: Option<CaseDraft>,
}

fn find(reader: RowReader, case_id: &str, book: &EditBook, watch: &Watch<'_>) -> Result<Found> {
    let id_field = reader.header().field(Column::CaseId).unwrap_or(0);
    let depth = Depth::All {
        book,
        for_money: false,
    };
    let mut all = Found::default();
    in_order(
        reader,
        depth,
        watch.lang,
        watch.threads,
        Found::default,
        |found: &mut Found, checked, checker| {
            let id = checker.row().field(id_field).trim();
            if id == case_id {
                found.take(checked, checker);
            } else if let Some(distance) = nearness(id, case_id) {
                found.near.push((distance, id.to_owned()));
                found.keep_nearest();
            }
        },
        |batch| {
            all.records.extend(batch.output.records);
            all.records.truncate(MOST_RECORDS);
            all.copies += batch.output.copies;
            all.near.extend(batch.output.near);
            all.keep_nearest();
            (watch.advance)(batch.bytes);
            Ok(())
        },
    )?;
    Ok(all)
}

impl Found {
    fn take(&mut self, checked: Checked, checker: &Checker<'_>) {
        self.copies += 1;
        if self.records.len() >= MOST_RECORDS {
            return;
        }
        let line = checker.line();
        let of_this_row = checker.findings().iter().filter(|finding| finding.line == line);
        self.records.push(FoundRecord {
            line,
            hospital: checker.case().hospital().to_owned(),
            findings: of_this_row.cloned().collect(),
            sound: checked == Checked::Case,
            read: (checked != Checked::Unreadable).then(|| CaseDraft::of(checker.case())),
        });
    }

    /// In the order of the file among those as near.
    fn keep_nearest(&mut self) {
        self.near.sort_by_key(|(distance, _)| *distance);
        self.near.dedup();
        self.near.truncate(NEAR_IDS);
    }
}

/// How many characters of two ids differ, if they lie at one place and are few: cheap enough to
/// be asked of every record.
fn nearness(id: &str, wanted: &str) -> Option<usize> {
    let (a, b) = (id.as_bytes(), wanted.as_bytes());
    if id.is_empty() || a.len().abs_diff(b.len()) > NEAR_BY {
        return None;
    }
    if id.eq_ignore_ascii_case(wanted) {
        return Some(0);
    }
    let shorter = a.len().min(b.len());
    let front = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let back = a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b);
    let back = back.take(shorter - front).count();
    let differ = a.len().max(b.len()) - front - back;
    (differ <= NEAR_BY && front + back > NEAR_BY).then_some(differ)
}

fn not_found(file: &str, case_id: &str, near: &[(usize, String)]) -> Error {
    let near: Vec<String> = near.iter().map(|(_, id)| format!("`{id}`")).collect();
    let hint = match near.as_slice() {
        [] => String::new(),
        near => format!("; did you mean {}?", near.join(" or ")),
    };
    let place = Place {
        file: file.into(),
        line: None,
        column: None,
    };
    Error::at(place, format!("no record has case_id `{case_id}`{hint}"))
}

/// What holds of the answer as a whole.
fn notices(found: &Found, scheme: &Scheme, lang: Lang) -> Vec<String> {
    let mut notices = Vec::new();
    if scheme.evidence() > Evidence::Local {
        let evidence = scheme.evidence().as_str();
        notices.push(match lang {
            Lang::En => {
                format!(
                    "the rules of this scheme rest on {evidence} evidence; `tables show` names its source"
                )
            }
            Lang::Zh => format!("本方案规则的证据等级为{evidence}，来源见 `tables show`"),
        });
    }
    if found.copies > 1 {
        let lines: Vec<String> = found
            .records
            .iter()
            .map(|record| record.line.to_string())
            .collect();
        let more = found.copies > found.records.len() as u64;
        let lines = lines.join(lang.pick(", ", "、"));
        let copies = found.copies;
        notices.push(match (lang, more) {
            (Lang::En, false) => {
                format!("{copies} records have this case_id, on lines {lines}; each is explained")
            }
            (Lang::Zh, false) => format!("共有{copies}条记录使用该病例标识，位于第{lines}行，逐条解释"),
            (Lang::En, true) => {
                format!("{copies} records have this case_id; the first, on lines {lines}, are explained")
            }
            (Lang::Zh, true) => format!("共有{copies}条记录使用该病例标识，只解释前几条，位于第{lines}行"),
        });
    }
    notices
}

impl FoundRecord {
    fn explained(&self, wording: &Wording<'_>, drafts: &mut DraftChecker) -> Result<ExplainedRecord> {
        let sound = self.read.as_ref().filter(|_| self.sound);
        let Some(case) = sound.and_then(|draft| drafts.check(draft)) else {
            let place = (self.line, &*self.hospital, &*self.findings);
            return Ok(wording.rejected(place, self.read.as_ref()));
        };
        let explanation = explain_case(wording.grouper.scheme(), case);
        let neighbours = neighbours(wording.grouper, case)?;
        let place = (self.line, &*self.hospital, &*self.findings);
        Ok(wording.explained(place, case, &explanation, &neighbours))
    }
}
