//! The wire form of an explained case, as `explain --json` writes it.
#![doc = include_str!("../docs/explain.md")]

use serde::Serialize;

use crate::diagnostics::{Error, Result};

/// Version of this form: raised when a field changes its meaning or goes away, not when one is
/// added.
pub const EXPLAINED_SCHEMA: u32 = 1;

/// The answer to `explain` (解释结果).
#[derive(Clone, Debug, Serialize)]
pub struct Explained {
    /// [`EXPLAINED_SCHEMA`].
    pub schema: u32,
    /// Language of every `words`, `question` and `notice`: `en` or `zh`.
    pub lang: &'static str,
    /// The scheme.
    pub scheme: SchemeWords,
    /// The records file as given.
    pub file: String,
    /// The case asked for.
    pub case_id: String,
    /// How many records have this id; only the first [`MOST_RECORDS`](super::MOST_RECORDS) follow.
    pub copies: u64,
    /// What to know about the answer as a whole, a sentence each.
    pub notices: Vec<String>,
    /// The records of this id in file order.
    pub records: Vec<ExplainedRecord>,
}

/// The scheme a case was grouped by (分组方案).
#[derive(Clone, Debug, Serialize)]
pub struct SchemeWords {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// How well its rules are known: `official | local | secondary | assumption`.
    pub evidence: &'static str,
    /// SHA-256 over its table files.
    pub hash: String,
}

/// A code and its name (编码与名称).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Coded {
    /// The code.
    pub code: String,
    /// Its name in the scheme's lists and tables; empty if they have none.
    pub name: String,
}

/// One record of the case (病案记录).
#[derive(Clone, Debug, Serialize)]
pub struct ExplainedRecord {
    /// Line in the file.
    pub line: u64,
    /// The hospital's code; empty if the record has none or could not be read.
    pub hospital: String,
    /// `grouped | ambiguous | ungrouped | rejected`.
    pub status: &'static str,
    /// The status in words.
    pub status_words: &'static str,
    /// Why there is no group, in a sentence; empty when there is one.
    pub reason: String,
    /// The rows that decided, in one phrase; empty when rejected.
    pub short_reason: String,
    /// The MDC reached.
    pub mdc: Option<Coded>,
    /// The core group.
    pub adrg: Option<Coded>,
    /// The group; of an ambiguous case its code (`?QY`), of an ungrouped one `0000`.
    pub group: Option<Coded>,
    /// `MCC`, `CC` or nothing: the heaviest complication that counts.
    pub mcc_cc: &'static str,
    /// What grouping reads of the record; nothing when its row has no sound shape.
    pub record: Option<RecordRead>,
    /// What is wrong with the record.
    pub findings: Vec<FindingWords>,
    /// Other diagnoses that are an MCC or CC.
    pub complications: Vec<ComplicationWords>,
    /// The rules tried, in order.
    pub steps: Vec<StepWords>,
    /// What a scheme of packets says besides; nothing of a scheme of groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packet: Option<super::PacketWords>,
    /// The neighbouring groups; nothing when rejected.
    pub neighbours: Option<NeighbourWords>,
}

/// What grouping reads of a record (分组所用信息); numbers as decimal texts.
#[derive(Clone, Debug, Serialize)]
pub struct RecordRead {
    /// `1` or `2`; nothing when rejected.
    pub sex: Option<u8>,
    /// The sex in words.
    pub sex_words: &'static str,
    /// Years; nothing when rejected.
    pub age: Option<String>,
    /// Days.
    pub age_days: Option<String>,
    /// Grams.
    pub weight_g: Option<String>,
    /// Days.
    pub los_days: Option<String>,
    /// Hours.
    pub icu_hours: Option<String>,
    /// Yuan.
    pub total_fee: Option<String>,
    /// Department of discharge.
    pub department: String,
    /// Discharge status.
    pub discharge_status: String,
    /// The first of the diagnoses is not the principal one: that is missing.
    pub principal_missing: bool,
    /// The principal first.
    pub diagnoses: Vec<Coded>,
    /// The principal first.
    pub procedures: Vec<Coded>,
}

/// A finding (质控问题); see the columns of `findings.csv`.
#[derive(Clone, Debug, Serialize)]
pub struct FindingWords {
    /// Stable code.
    pub code: &'static str,
    /// `fatal | error | warning | info`.
    pub severity: &'static str,
    /// Where it stops the record: `file | record | group | money | none`.
    pub stops: &'static str,
    /// Column; empty for the whole row.
    pub column: &'static str,
    /// Slot of a list, 0 = principal.
    pub slot: Option<usize>,
    /// The offending value.
    pub value: String,
    /// What was expected.
    pub expected: String,
    /// All of it in one line.
    pub words: String,
}

/// Another diagnosis that is an MCC or CC (合并症并发症).
#[derive(Clone, Debug, Serialize)]
pub struct ComplicationWords {
    /// Slot among the diagnoses, 0 = principal.
    pub slot: usize,
    /// The diagnosis.
    pub code: String,
    /// Its name.
    pub name: String,
    /// `MCC` or `CC`.
    pub level: &'static str,
    /// Number of the exclusion list it belongs to.
    pub exclusion: Option<u32>,
    /// The principal diagnosis whose exclusion list removed it.
    pub excluded_by: Option<Coded>,
    /// Whether it counts.
    pub counts: bool,
    /// Whether a rule the case is grouped by held because of it.
    pub decided: bool,
    /// The same in words.
    pub words: String,
}

/// A rule that was tried (规则判定).
#[derive(Clone, Debug, Serialize)]
pub struct StepWords {
    /// `mdc | adrg | ambiguous | drg`.
    pub level: &'static str,
    /// Code of the row.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Where it stands: file and line.
    pub place: String,
    /// Whether it held.
    pub holds: bool,
    /// The condition as the table has it.
    pub condition: String,
    /// The tests that decided it; none: the row asks for nothing.
    pub facts: Vec<FactWords>,
}

/// A test that decided a rule (判定依据).
#[derive(Clone, Debug, Default, Serialize)]
pub struct FactWords {
    /// `codes | procedures | complication | sites | number | sex | department`.
    pub kind: &'static str,
    /// What was looked at, as the condition language names it: `pdx`, `dx any`, `mcc`, `age`, …
    pub subject: &'static str,
    /// `in | not in | = | < | <= | > | >=`.
    pub comparison: &'static str,
    /// The set, as the condition writes it.
    pub set: Option<String>,
    /// How many codes a named set has.
    pub set_size: Option<usize>,
    /// What it was compared with, a decimal text or a word.
    pub bound: Option<String>,
    /// What the case has: a decimal text or a word; nothing when missing.
    pub value: Option<String>,
    /// The codes, or body regions, that met the test.
    pub hits: Vec<Coded>,
    /// Whether the test holds.
    pub holds: bool,
    /// The same in words.
    pub words: String,
}

/// The neighbouring groups (相邻病组).
#[derive(Clone, Debug, Serialize)]
pub struct NeighbourWords {
    /// What the list is for.
    pub purpose: &'static str,
    /// So many changes at once were tried in every combination.
    pub most_changes: usize,
    /// How many changed cases were grouped.
    pub tried: usize,
    /// Whether every combination was tried as far as it was needed.
    pub complete: bool,
    /// How far the search went, in words.
    pub words: String,
    /// Those of the same core group first, each part in table order.
    pub list: Vec<NeighbourWord>,
}

/// A neighbouring group and the question it puts to the reviewer (核对问题).
#[derive(Clone, Debug, Serialize)]
pub struct NeighbourWord {
    /// `same_adrg | principal_diagnosis | procedure | other_diagnosis`.
    pub relation: &'static str,
    /// Its core group.
    pub adrg: Coded,
    /// The group: where the changes lead, or without changes the first of the core group.
    pub group: Coded,
    /// The smallest change found; nothing when none was.
    pub changes: Option<Vec<ChangeWords>>,
    /// The question; without changes the sentence that none was found.
    pub question: String,
}

/// One thing that would be otherwise (改动).
#[derive(Clone, Debug, Default, Serialize)]
pub struct ChangeWords {
    /// `drop_diagnosis | add_complication | add_diagnosis | swap_principal_diagnosis |
    /// drop_procedure | add_procedure | swap_principal_procedure | number | sex | department |
    /// discharge_status`.
    pub kind: &'static str,
    /// Slot of the record's own code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slot: Option<usize>,
    /// The record's own code that is dropped or becomes principal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Coded>,
    /// The record's own code that is principal no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instead_of: Option<Coded>,
    /// `MCC` or `CC`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<&'static str>,
    /// The list a code is added from, as conditions write it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
    /// A code of that kind, not the record's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<Coded>,
    /// An added procedure becomes the principal one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_principal: Option<bool>,
    /// Which number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<&'static str>,
    /// As recorded; nothing when missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// As it would be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// The answer as one JSON object, indented, with a line end (解释结果的JSON).
///
/// # Errors
/// None in practice: every field is plain text, number or list.
pub fn explained_json(explained: &Explained) -> Result<String> {
    let json = serde_json::to_string_pretty(explained);
    json.map(|json| json + "\n")
        .map_err(|e| Error::new(format!("the explanation could not be written as JSON: {e}")))
}
