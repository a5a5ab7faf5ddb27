//! Entries, advances and statements of a ledger (台账分录、预付金与对账单).

use std::path::{Path, PathBuf};

use super::settle::write_one;
use super::settle_names::refuse_blank;
use crate::diagnostics::{Error, Lang, Place, Result, suggestion};
use crate::ledger::{Entry, Ledger, WhichCase, is_on_a_server};
use crate::reports::{page, statement_csv, statement_notes, statement_tables, write_book};
use crate::scenarios::{Hospital, Scenario};
use crate::units::Fen;

/// An entry in an open month (台账分录请求).
#[derive(Clone, Debug)]
pub struct EntryRequest {
    /// The ledger.
    pub ledger: PathBuf,
    /// The pool.
    pub pool: String,
    /// The case.
    pub case: String,
    /// Its hospital, where the number is not unique.
    pub hospital: Option<String>,
    /// Its day of discharge, where one hospital has the number several times.
    pub discharge: Option<String>,
    /// The open month that takes the entry.
    pub month: String,
    /// Why.
    pub reason: String,
    /// Who.
    pub author: String,
}

impl EntryRequest {
    /// The case that it is about; who and why are there.
    fn checked(&self) -> Result<WhichCase<'_>> {
        refuse_blank("reason", &self.reason)?;
        refuse_blank("author", &self.author)?;
        Ok(WhichCase {
            case_id: &self.case,
            hospital: self.hospital.as_deref(),
            discharge: self.discharge.as_deref(),
        })
    }
}

/// Reverses a case (冲正): the mirrors of what was posted.
///
/// # Errors
/// No such case, or reversed already; the month is not open.
pub fn settle_reverse(request: &EntryRequest) -> Result<Vec<Entry>> {
    let mut ledger = there(&request.ledger)?;
    let case = request.checked()?;
    ledger.reverse(
        &request.pool,
        &request.month,
        case,
        (&request.reason, &request.author),
    )
}

/// Brings a case to another amount (差额调整).
///
/// # Errors
/// No such case, or booked at that amount already; the month is not open.
pub fn settle_adjust(request: &EntryRequest, amount: Fen) -> Result<Entry> {
    let mut ledger = there(&request.ledger)?;
    let case = request.checked()?;
    ledger.adjust(
        &request.pool,
        &request.month,
        case,
        amount,
        (&request.reason, &request.author),
    )
}

/// An advance (预付金请求).
#[derive(Clone, Debug)]
pub struct AdvanceRequest {
    /// The ledger.
    pub ledger: PathBuf,
    /// The scenario that names pools and hospitals; needed before the first month is closed.
    pub scenario: Option<PathBuf>,
    /// The pool.
    pub pool: String,
    /// The hospital.
    pub hospital: String,
    /// How much.
    pub amount: Fen,
    /// The day, `2026-01-31`.
    pub day: String,
    /// Who gives it.
    pub author: String,
}

/// Gives a hospital an advance (拨付预付金).
///
/// # Errors
/// The amount is not above zero; a pool or hospital that neither scenario nor ledger knows; the
/// ledger cannot be written.
pub fn settle_advance(request: &AdvanceRequest) -> Result<()> {
    let AdvanceRequest {
        pool,
        hospital,
        day,
        author,
        ..
    } = request;
    refuse_blank("author", author)?;
    let date: std::result::Result<jiff::civil::Date, _> = day.parse();
    date.map_err(|_| Error::new(format!("`{day}` is no day; expected one such as 2026-01-31")))?;
    let mut ledger = match &request.scenario {
        Some(scenario) => {
            known_to_scenario(scenario, pool, hospital)?;
            Ledger::open(&request.ledger)?
        }
        None => {
            let ledger = there(&request.ledger)?;
            known_to_ledger(&ledger, pool, hospital)?;
            ledger
        }
    };
    ledger.advance(pool, hospital, request.amount, day, author)
}

fn known_to_scenario(scenario: &Path, pool: &str, hospital: &str) -> Result<()> {
    let scenario = Scenario::load(scenario)?;
    let place = Place::file(&scenario.path);
    one_of(&place, "pool", pool, scenario.budgets.keys().map(String::as_str))?;
    let place = Place::file(&scenario.hospitals);
    let hospitals = Hospital::load_all(&scenario.hospitals)?;
    let known: std::collections::BTreeSet<&str> = hospitals.keys().map(String::as_str).collect();
    one_of(&place, "hospital", hospital, known.into_iter())
}

fn known_to_ledger(ledger: &Ledger, pool: &str, hospital: &str) -> Result<()> {
    let known = ledger.hospitals()?;
    let place = ledger.place();
    let mut pools: Vec<&str> = known.iter().map(|(pool, _)| pool.as_str()).collect();
    pools.dedup();
    one_of(&place, "pool", pool, pools.into_iter())?;
    let of_pool = known.iter().filter(|(of, _)| of == pool);
    one_of(
        &place,
        "hospital",
        hospital,
        of_pool.map(|(_, hospital)| hospital.as_str()),
    )
}

/// Money goes to names that are known.
fn one_of<'n>(place: &Place, what: &str, name: &str, known: impl Iterator<Item = &'n str>) -> Result<()> {
    let known: Vec<&str> = known.collect();
    if known.contains(&name) {
        return Ok(());
    }
    let hint = suggestion(name, known.iter().copied());
    let some: Vec<&str> = known.iter().take(8).copied().collect();
    let expected = match some.is_empty() {
        true => "no month is closed yet; name the scenario by `--scenario FILE`".to_owned(),
        false if known.len() > some.len() => format!("expected one of {}, …", some.join(", ")),
        false => format!("expected one of {}", some.join(", ")),
    };
    let more = match what {
        "hospital" | "pool" if hint.is_empty() => "; one that is new is named with `--scenario FILE`",
        _ => "",
    };
    Err(Error::at(
        place.clone(),
        format!("unknown {what} `{name}`: {expected}{hint}{more}"),
    ))
}

/// Which statement (对账单请求).
#[derive(Clone, Debug)]
pub struct StatementRequest {
    /// The ledger.
    pub ledger: PathBuf,
    /// The pool.
    pub pool: String,
    /// The year, e.g. 2026.
    pub year: String,
    /// The hospital.
    pub hospital: String,
    /// Where it goes; a name that ends in `.xlsx` or `.html` makes a workbook or a page.
    pub output: PathBuf,
}

/// One hospital's year (医院对账单), as CSV, as a workbook or as a page.
///
/// # Errors
/// The hospital has no month there; a closed month was changed from outside.
pub fn settle_statement(request: &StatementRequest, lang: Lang) -> Result<()> {
    let (pool, year, hospital) = (&request.pool, &request.year, &request.hospital);
    let statement = there(&request.ledger)?.statement(pool, year, hospital)?;
    let output = request.output.as_path();
    let ending = output
        .extension()
        .and_then(|ending| ending.to_str())
        .unwrap_or("");
    match ending.to_ascii_lowercase().as_str() {
        "xlsx" => write_book(output, &statement_tables(&statement, lang), lang),
        "html" | "htm" => {
            let title = match lang {
                Lang::En => format!("Statement of hospital {hospital}, pool {pool}, {year}"),
                Lang::Zh => format!("医疗机构{hospital} {year}年度对账单（{pool}）"),
            };
            let notes = statement_notes(&statement, lang);
            let html = page(&title, &notes, &statement_tables(&statement, lang), lang);
            write_one(output, html.as_bytes())
        }
        _ => write_one(output, statement_csv(&statement).bytes()),
    }
}

/// A ledger that must be there already.
pub(super) fn there(path: &Path) -> Result<Ledger> {
    if !is_on_a_server(path) && !path.is_file() {
        return Err(Error::at(
            Place::file(path),
            "there is no ledger; `dianzhi settle month` makes one",
        ));
    }
    Ledger::open(path)
}
