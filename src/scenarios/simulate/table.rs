//! A table of cases that are grouped already (已分组病例表): CSV in any encoding, as it is or compressed,
//! or a sheet of a workbook.

use std::path::Path;
use std::sync::Arc;

use hashbrown::HashMap;

use super::cases::{Facts, How};
use super::patients::{Patient, age_band};
use crate::codes::HospitalLevel;
use crate::diagnostics::{Error, Place, Result, suggestion};
use crate::points::{CaseFacts, Pack, PricingCase, Score, Weights, score};
use crate::records::{AnyRows, AnyTable, FoundRow, Intake, LayoutChoice};
use crate::units::Fen;

/// A case that comes grouped (已分组病例).
#[derive(Clone, Debug)]
pub(super) struct GroupedCase {
    pub(super) id: String,
    pub(super) line: u64,
    pub(super) hospital: Arc<str>,
    pub(super) level: HospitalLevel,
    pub(super) pool: Arc<str>,
    pub(super) group: Arc<str>,
    pub(super) adrg: Arc<str>,
    pub(super) month: Arc<str>,
    pub(super) insurance: Arc<str>,
    pub(super) sex: u8,
    pub(super) age: Option<u32>,
    pub(super) los: Option<u32>,
    pub(super) cost: Fen,
    pub(super) claim: Fen,
}

/// Columns of a table of grouped cases that must be there.
const NEEDED: [&str; 5] = ["case_id", "hospital", "level", "group", "cost"];

/// And those that may.
const FURTHER: [&str; 10] = [
    "pool",
    "los",
    "death",
    "claim",
    "month",
    "adrg",
    "los_days",
    "insured_scheme",
    "sex",
    "age",
];

/// Rows with something wrong that are told at once.
const MOST_ERRORS: usize = 20;

/// Words that many cases share, kept once (共用文字).
#[derive(Default)]
pub(super) struct Words(HashMap<Arc<str>, ()>);

impl Words {
    pub(super) fn get(&mut self, word: &str) -> Arc<str> {
        if let Some((known, ())) = self.0.get_key_value(word) {
            return Arc::clone(known);
        }
        let word: Arc<str> = word.into();
        self.0.insert(Arc::clone(&word), ());
        word
    }
}

/// What the rows of a chunk are.
#[derive(Default)]
struct Read {
    cases: Vec<GroupedCase>,
    errors: Vec<Error>,
    words: Words,
}

/// Reads `case_id, hospital, level, group, cost` and what else there is (读取已分组病例).
///
/// # Errors
/// A column or cell that cannot be used, by line; a hospital of two levels; no case.
pub(super) fn read_grouped(path: &Path, pools: &[String], how: &How<'_>) -> Result<Vec<GroupedCase>> {
    refuse_layouts(path, how.intake)?;
    let (place, read) = match AnyTable::is_workbook(path)? {
        true => of_sheet(path, pools, how.intake)?,
        false => of_rows(path, pools, how)?,
    };
    Error::all(read.errors)?;
    let cases = read.cases;
    one_level_each(&place, &cases)?;
    if cases.is_empty() {
        return Err(Error::at(place, "there is no case; expected one row a case"));
    }
    Ok(cases)
}

/// What is said of records cannot be done to a table that is grouped already.
fn refuse_layouts(path: &Path, intake: &Intake) -> Result<()> {
    let given = [
        ("--layout", intake.layout != LayoutChoice::Detect),
        ("--join", intake.join.is_some()),
        ("--keep", !intake.keep.is_empty()),
    ];
    match given.into_iter().find(|(_, is)| *is) {
        Some((option, _)) => {
            let message = format!(
                "`{option}` is for `records`; these cases are grouped already, under columns of one name"
            );
            Err(Error::at(Place::file(path), message))
        }
        None => Ok(()),
    }
}

fn of_sheet(path: &Path, pools: &[String], intake: &Intake) -> Result<(Place, Read)> {
    let table = AnyTable::read_sheet(path, intake.sheet.as_deref())?;
    let at = Columns::of(&table.place, &table.columns)?;
    let mut read = Read::default();
    for (line, cells) in &table.rows {
        let cell = |at: usize| cells.get(at).map_or("", |cell| cell.trim());
        let case = at.case(cell, (*line, pools), &mut read.words);
        take(&mut read, &table.place, *line, case);
    }
    Ok((table.place, read))
}

fn of_rows(path: &Path, pools: &[String], how: &How<'_>) -> Result<(Place, Read)> {
    let rows = AnyRows::open_by(path, how.intake)?;
    let place = rows.place.clone();
    let at = Columns::of(&place, &rows.columns)?;
    let mut all = Read::default();
    let row = |read: &mut Read, line, found: FoundRow<'_>| {
        let case = match found {
            FoundRow::Cells(row) => at.case(|at| row.field(at).trim(), (line, pools), &mut read.words),
            FoundRow::Odd(expected) => Err(format!("this row cannot be read; expected {expected}")),
        };
        take(read, &place, line, case);
    };
    rows.in_order(how.threads, row, |read: Read, _| {
        all.cases.extend(read.cases);
        let room = MOST_ERRORS.saturating_sub(all.errors.len());
        all.errors.extend(read.errors.into_iter().take(room));
        Ok(())
    })?;
    Ok((place, all))
}

fn take(read: &mut Read, place: &Place, line: u64, case: std::result::Result<GroupedCase, String>) {
    match case {
        Ok(case) => read.cases.push(case),
        Err(message) if read.errors.len() < MOST_ERRORS => {
            read.errors.push(Error::at(place.line(line), message));
        }
        Err(_) => {}
    }
}

/// Where the columns stand.
struct Columns(HashMap<&'static str, usize>);

impl Columns {
    fn of(place: &Place, header: &[String]) -> Result<Columns> {
        let known = || NEEDED.iter().chain(&FURTHER).copied();
        let mut at = HashMap::new();
        for (number, written) in header.iter().enumerate() {
            let Some(name) = known().find(|known| known == written) else {
                let hint = suggestion(written, known());
                return Err(Error::at(
                    place.line(1),
                    format!("unknown column `{written}`{hint}"),
                ));
            };
            if at.insert(name, number).is_some() {
                let message = format!("column `{name}` stands twice; expected it once");
                return Err(Error::at(place.line(1), message));
            }
        }
        match NEEDED.iter().find(|name| !at.contains_key(**name)) {
            Some(name) => Err(Error::at(place.line(1), format!("column `{name}` is missing"))),
            None => Ok(Columns(at)),
        }
    }

    /// The case of a row, or what is wrong with it.
    fn case<'r>(
        &self,
        field: impl Fn(usize) -> &'r str,
        (line, pools): (u64, &[String]),
        words: &mut Words,
    ) -> std::result::Result<GroupedCase, String> {
        let cell = |name: &str| self.0.get(name).map_or("", |at| field(*at));
        let filled = |name: &str| match cell(name) {
            "" => Err(format!("field `{name}` is empty")),
            text => Ok(text),
        };
        let cost = yuan("cost", cell("cost"))?;
        let claim = match cell("claim") {
            "" => cost,
            text => yuan("claim", text)?,
        };
        let level = cell("level");
        let los = if cell("los").is_empty() { "los_days" } else { "los" };
        Ok(GroupedCase {
            id: filled("case_id")?.to_owned(),
            line,
            hospital: words.get(filled("hospital")?),
            level: level
                .parse()
                .map_err(|expected| format!("field `level`: `{level}`; {expected}"))?,
            pool: words.get(pool_of(cell("pool"), pools)?),
            group: words.get(cell("group")),
            adrg: words.get(cell("adrg")),
            month: words.get(cell("month")),
            insurance: words.get(cell("insured_scheme")),
            sex: sex_of(cell("sex"))?,
            age: whole("age", cell("age"), "years")?,
            los: whole(los, cell(los), "days")?,
            claim,
            cost,
        })
    }
}

fn yuan(name: &str, text: &str) -> std::result::Result<Fen, String> {
    let fen = Fen::parse_yuan(text).ok().filter(|fen| !fen.is_negative());
    fen.ok_or_else(|| {
        format!(
            "field `{name}`: `{text}`; expected yuan with at most two decimals, not below zero, e.g. 8155.59"
        )
    })
}

fn whole(name: &str, text: &str, unit: &str) -> std::result::Result<Option<u32>, String> {
    match text {
        "" => Ok(None),
        text => text
            .parse()
            .map(Some)
            .map_err(|_| format!("field `{name}`: `{text}`; expected whole {unit}")),
    }
}

fn sex_of(text: &str) -> std::result::Result<u8, String> {
    match text {
        "" => Ok(0),
        "1" => Ok(1),
        "2" => Ok(2),
        _ => Err(format!("field `sex`: `{text}`; expected 1, 2 or nothing")),
    }
}

fn pool_of<'p>(text: &str, pools: &'p [String]) -> std::result::Result<&'p str, String> {
    match (text, pools) {
        ("", [only]) => Ok(only),
        (pool, pools) => pools
            .iter()
            .find(|known| *known == pool)
            .map(String::as_str)
            .ok_or_else(|| {
                let hint = suggestion(pool, pools.iter().map(String::as_str));
                let known = pools.join(", ");
                format!("field `pool`: `{pool}`; expected one of {known}{hint}")
            }),
    }
}

fn one_level_each(place: &Place, cases: &[GroupedCase]) -> Result<()> {
    let mut levels: HashMap<&str, HospitalLevel> = HashMap::new();
    let other = cases
        .iter()
        .find(|case| *levels.entry(&case.hospital).or_insert(case.level) != case.level);
    match other {
        Some(case) => {
            let message = format!(
                "field `level`: hospital `{}` has another level in an earlier row",
                case.hospital
            );
            Err(Error::at(place.line(case.line), message))
        }
        None => Ok(()),
    }
}

/// Scores of all cases in their own groups and hospitals, on so many threads.
///
/// # Errors
/// That of the first case that cannot be priced.
pub(super) fn score_all(cases: &[GroupedCase], by: (&Pack, &Weights), threads: usize) -> Result<Vec<Score>> {
    let of_part = |part: &[GroupedCase]| -> Result<Vec<Score>> {
        let scores = part
            .iter()
            .map(|case| case.score(by, &case.group, (&case.hospital, case.level)));
        scores.collect()
    };
    let each = cases.len().div_ceil(threads.max(1)).max(1);
    let parts = std::thread::scope(|scope| {
        let handles: Vec<_> = cases
            .chunks(each)
            .map(|part| scope.spawn(move || of_part(part)))
            .collect();
        let joined = handles.into_iter().map(|handle| match handle.join() {
            Ok(scores) => scores,
            Err(_) => Err(Error::new("a thread of the scoring ended early")),
        });
        joined.collect::<Vec<Result<Vec<Score>>>>()
    });
    let mut scores = Vec::with_capacity(cases.len());
    for part in parts {
        scores.extend(part?);
    }
    Ok(scores)
}

/// A case that stands twice would be paid twice.
pub(super) fn refuse_twice(path: &Path, cases: &[GroupedCase], order: &[usize]) -> Result<()> {
    let mut sorted = order.iter().filter_map(|at| cases.get(*at)).peekable();
    while let Some(case) = sorted.next() {
        if let Some(next) = sorted.peek().filter(|next| next.id == case.id) {
            let (line, first) = (case.line.max(next.line), case.line.min(next.line));
            let message = format!("field `case_id`: `{}` stands in line {first} too", case.id);
            return Err(Error::at(Place::file(path).line(line), message));
        }
    }
    Ok(())
}

impl GroupedCase {
    /// Its score, in its own group and hospital or in others.
    pub(super) fn score(
        &self,
        (pack, weights): (&Pack, &Weights),
        group: &str,
        (hospital, level): (&str, HospitalLevel),
    ) -> Result<Score> {
        let case = PricingCase {
            group: Some(group).filter(|group| !group.is_empty()),
            hospital,
            level,
            pool: &self.pool,
            cost: self.cost,
            los_days: self.los,
            facts: CaseFacts {
                month: &self.month,
                ..CaseFacts::default()
            },
        };
        score(pack, weights, &case).map_err(|e| {
            Error::new(format!(
                "line {}: case `{}` cannot be priced: {e}",
                self.line, self.id
            ))
        })
    }

    pub(super) fn facts(&self) -> Facts<'_> {
        Facts {
            id: &self.id,
            hospital: &self.hospital,
            level: self.level,
            pool: &self.pool,
            group: &self.group,
            adrg: &self.adrg,
            month: &self.month,
            patient: Patient {
                insurance: &self.insurance,
                plan: "",
                sex: self.sex,
                age_band: self.age.map_or("", age_band),
            },
            los: self.los.unwrap_or(0),
            cost: self.cost,
            claim: self.claim,
        }
    }
}
