//! Months and years of a scenario in its ledger (月度与年度结算).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::Watch;
use crate::budget::{AdvanceGiven, Booking, Decision, PoolMoney, PoolSettlement, Verdict};
use crate::diagnostics::{Error, Evidence, Lang, Place, Result, hexadecimal, read_text, suggestion};
use crate::ledger::{CaseKey, Cleared, ClearingRow, Entry, Ledger, MonthToClose, Posted, is_on_a_server};
use crate::records::{Intake, RowReader, RunningHash};
use crate::reports::{
    Output, Table, book_bytes, clearing_tables, in_words, month_csv, page, pool_tables, statement_csv,
    statement_tables, write_book, write_together, year_cases_table,
};
use crate::scenarios::{
    Bill, DeclaredCodes, Inputs, Scenario, ScoresDiffer, bills, clear_pool, month_money, refuse_weak,
    refuse_without_months,
};
use crate::tables::Library;
use crate::units::{Exact, Fen, Rate, Ratio};

/// What months and years have in common (结算请求).
#[derive(Clone, Debug)]
pub struct SettleRequest {
    /// The scenario file.
    pub scenario: PathBuf,
    /// Other records than it names.
    pub records: Option<PathBuf>,
    /// How the records are to be read.
    pub intake: Intake,
    /// Where tables are looked for before the usual places.
    pub tables: Vec<PathBuf>,
    /// The ledger.
    pub ledger: PathBuf,
    /// Weakest evidence to settle with.
    pub accepted: Evidence,
    /// Who settles.
    pub author: String,
    /// The results.
    pub output: PathBuf,
}

/// What became of a month (月度结果).
pub struct MonthDone {
    /// By pool.
    pub posted: Vec<(String, Posted)>,
    /// Lists that came too late and were not taken.
    pub rejected: Vec<CaseKey>,
    /// Cases that a ledger has already.
    pub known: usize,
    /// The day until which the month is paid, where the pack has a clock.
    pub pay_by: Option<jiff::civil::Date>,
    /// How the weights differ from the catalogue's own scores.
    pub scores_differ: Option<ScoresDiffer>,
}

/// Posts a month's cases and those of earlier months that were not posted yet, and closes it
/// (月度结算).
///
/// # Errors
/// Inputs that cannot be used or are too weak; a month that is closed otherwise; the ledger cannot
/// be written.
pub fn settle_month(
    request: &SettleRequest,
    month: &str,
    prices: &[(String, Rate)],
    watch: &Watch<'_>,
) -> Result<MonthDone> {
    let (inputs, records) = inputs(request)?;
    refuse_without_months(&inputs)?;
    let prices = last_prices(&inputs, prices)?;
    let pack_hash = pack_hash(&inputs)?;
    let bills = bills(&inputs, records, month, watch.lang, watch.threads, watch.advance)?;
    let mut ledger = Ledger::open(&request.ledger)?;
    let mut done = MonthDone {
        posted: Vec::new(),
        rejected: Vec::new(),
        known: 0,
        pay_by: inputs.pack.pay_by(month)?,
        scores_differ: inputs.scores_differ(),
    };
    let mut by_pool: BTreeMap<String, Vec<Bill>> = BTreeMap::new();
    for bill in bills {
        by_pool.entry(bill.pool.clone()).or_default().push(bill);
    }
    for (pool, budget) in &inputs.scenario.budgets {
        let again = ledger.closed(pool, month)?.is_some();
        // a closed month is made again from what it was made from
        let before = if again {
            ledger.cases_before(pool, month)?
        } else {
            ledger.known_cases(pool)?
        };
        let own = by_pool.remove(pool).unwrap_or_default();
        let (known, new): (Vec<Bill>, Vec<Bill>) =
            own.into_iter().partition(|bill| before.contains(&bill.entry.key));
        done.known += known.len();
        let price = prices.iter().find(|(of, _)| of == pool).map(|(_, price)| *price);
        let (cases, rejected) = month_money(&inputs.pack, (pool, *budget), month, new, price)?;
        done.rejected.extend(rejected);
        let posted = close(
            &mut ledger,
            &inputs,
            (pool, month),
            cases,
            (&pack_hash, &request.author),
        )?;
        done.posted.push((pool.clone(), posted));
    }
    write_one(&request.output, month_csv(&done.posted).bytes())?;
    Ok(done)
}

fn close(
    ledger: &mut Ledger,
    inputs: &Inputs,
    (pool, month): (&str, &str),
    cases: Vec<Entry>,
    (pack_hash, author): (&str, &str),
) -> Result<Posted> {
    let booking = |booked: Fen, advance: AdvanceGiven| {
        Booking::of(&inputs.pack, pool, booked, Fen::ZERO)?.less_advance(&inputs.pack, pool, advance)
    };
    let input_hash = Bill::hash_of(&cases, pack_hash);
    let cases = cases.into_iter().map(|entry| Entry {
        author: author.to_owned(),
        ..entry
    });
    ledger.close_month(&MonthToClose {
        pool,
        month,
        pack: inputs.pack.name(),
        pack_hash,
        input_hash: &input_hash,
        author,
        cases: cases.collect(),
        booking: &booking,
    })
}

fn inputs(request: &SettleRequest) -> Result<(Inputs, (RowReader, RunningHash))> {
    let library = Library::find(&request.tables)?;
    let scenario = Scenario::load(&request.scenario)?;
    let inputs = Inputs::load(&library, scenario, request.records.clone())?.read_as(request.intake.clone());
    refuse_weak(&inputs, request.accepted)?;
    let (reader, hash) = inputs.open_records()?;
    let declared = DeclaredCodes {
        option: None,
        map: None,
        tells_others: false,
    };
    let inputs = inputs.find_codes(&library, &declared, &reader)?;
    Ok((inputs, (reader, hash)))
}

/// Last year's price of a point by pool, in fen.
fn last_prices(inputs: &Inputs, prices: &[(String, Rate)]) -> Result<Vec<(String, Exact)>> {
    let pools = &inputs.scenario.budgets;
    let of = |(pool, price): &(String, Rate)| {
        if !pools.contains_key(pool) {
            let hint = suggestion(pool, pools.keys().map(String::as_str));
            return Err(Error::new(format!(
                "`--price` names the pool `{pool}`, which the scenario does not have{hint}"
            )));
        }
        let fen = price.exact_fen().ok().filter(|fen| fen.parts().0 > 0);
        let fen =
            fen.ok_or_else(|| Error::new(format!("`--price {pool}={price}`; expected yuan above zero")))?;
        Ok((pool.clone(), fen))
    };
    prices.iter().map(of).collect()
}

/// SHA-256 of the pack and the tables beside it.
fn pack_hash(inputs: &Inputs) -> Result<String> {
    let mut hash = Sha256::new();
    hash.update(read_text(&inputs.scenario.policy)?.as_bytes());
    for (_, bytes) in inputs.pack.files() {
        hash.update(bytes);
    }
    Ok(hexadecimal(&hash.finalize()))
}

fn write_one(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut output = Output::create(path)?;
    output.put(bytes)?;
    output.finish()
}

/// A year to be cleared (年度清算请求).
#[derive(Clone, Debug)]
pub struct YearRequest {
    /// As a month's; the output is a folder.
    pub settle: SettleRequest,
    /// Assessment scores by hospital.
    pub assessments: Vec<(String, Ratio)>,
    /// Ids of cases in violation.
    pub violations: Vec<String>,
    /// Reviews of single cases: `case_id,outcome,value`, in the order in which they were taken.
    pub decisions: Option<PathBuf>,
    /// Approved changes by pool and kind.
    pub changes: Vec<PoolAmount>,
    /// What leaves a budget first, by pool and kind.
    pub carveouts: Vec<PoolAmount>,
    /// Reserve of earlier years by pool.
    pub reserves: Vec<(String, Fen)>,
    /// Lock the clearing for good.
    pub lock: bool,
}

/// An amount of one pool and kind (分池金额).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolAmount {
    /// The pool.
    pub pool: String,
    /// Its kind in the pack.
    pub kind: String,
    /// The amount.
    pub amount: Fen,
}

/// What became of a year (年度结果).
pub struct YearDone {
    /// Settlement and rows by pool.
    pub pools: Vec<(PoolSettlement, Vec<ClearingRow>)>,
    /// The cases by pool, in words of the request's language.
    cases: Vec<Table>,
    /// What keeping it did, by pool.
    pub cleared: Vec<Cleared>,
}

/// Clears the scenario's year from what its ledger holds (年度清算).
///
/// # Errors
/// Inputs too weak, a pool that cannot be settled, a year that is locked otherwise, results that
/// cannot be written.
pub fn settle_year(request: &YearRequest, lang: Lang) -> Result<YearDone> {
    let (inputs, _) = inputs(&request.settle)?;
    let mut ledger = Ledger::open(&request.settle.ledger)?;
    let year = format!("{:04}", inputs.scenario.year);
    let scores = scores(&request.assessments)?;
    let scores: Vec<(&str, Exact)> = scores
        .iter()
        .map(|(hospital, score)| (hospital.as_str(), *score))
        .collect();
    let decisions = request.decisions.as_deref().map_or(Ok(Vec::new()), decisions)?;
    refuse_unknown_pools(request, &inputs)?;
    let mut done = YearDone {
        pools: Vec::new(),
        cases: Vec::new(),
        cleared: Vec::new(),
    };
    for (pool, budget) in &inputs.scenario.budgets {
        let cases = ledger.year_cases(pool, &year)?;
        let own: Vec<&str> = request
            .violations
            .iter()
            .map(String::as_str)
            .filter(|id| cases.iter().any(|case| case.key.case_id == **id))
            .collect();
        let decided: Vec<Decision> = decisions
            .iter()
            .filter(|(id, _)| cases.iter().any(|case| case.key.case_id == *id))
            .map(|(id, verdict)| Decision {
                case: id,
                verdict: *verdict,
            })
            .collect();
        let (changes, carveouts) = (of_pool(&request.changes, pool), of_pool(&request.carveouts, pool));
        let reserve = request.reserves.iter().find(|(of, _)| of == pool);
        let money = PoolMoney {
            budget: *budget,
            changes: &changes,
            carveouts: &carveouts,
            reserve_left: reserve.map_or(Fen::ZERO, |(_, amount)| *amount),
            decisions: &decided,
            assessments: &scores,
            violations: &own,
        };
        let months = ledger.hospital_months(pool, &format!("{year}-01"), &format!("{year}-12"))?;
        let advance = |hospital: &str| ledger.advances(pool, hospital, &year);
        let (settlement, rows) = clear_pool(&inputs.pack, pool, money, &cases, &months, &advance)?;
        let packets = inputs.grouper.scheme().packets();
        done.cases.push(year_cases_table(
            (&inputs.pack, packets.is_some()),
            pool,
            &cases,
            &settlement.cases,
            lang,
        ));
        done.pools.push((settlement, rows));
    }
    let decided = decisions.iter().map(|(id, _)| id);
    refuse_unknown_cases(request.violations.iter().chain(decided), &ledger, &inputs)?;
    // kept first: what the ledger refuses leaves no pages behind
    for (settlement, rows) in &done.pools {
        let author = &request.settle.author;
        done.cleared
            .push(ledger.clear(&settlement.pool, &year, rows, request.lock, author)?);
    }
    write_year(&request.settle.output, &inputs, &done, lang)?;
    Ok(done)
}

/// The results of a year: the tables as CSV, and together as a workbook and a page.
fn write_year(folder: &Path, inputs: &Inputs, done: &YearDone, lang: Lang) -> Result<()> {
    let clearing = clearing_tables(&done.pools, lang);
    let pools = pool_tables(&done.pools, lang);
    let pools = pools.map_err(|_| Error::new("a number of the result is too large to be shown"))?;
    let [of_clearing, of_pools, of_cases] =
        [&clearing, &pools, &done.cases].map(|tables| Table::csv_of(tables));
    let pages: Vec<Table> = clearing.into_iter().chain(in_words(pools, lang)).collect();
    let year = inputs.scenario.year;
    let title = match lang {
        Lang::En => format!("Clearing of {year}"),
        Lang::Zh => format!("{year}年度清算"),
    };
    let html = page(&title, &notes(inputs, lang), &pages, lang);
    let book = folder.join("clearing.xlsx");
    let sheets = book_bytes(&book, &pages, lang)?;
    write_together([
        (folder.join("clearing.csv"), of_clearing.bytes()),
        (folder.join("pools.csv"), of_pools.bytes()),
        (folder.join("cases.csv"), of_cases.bytes()),
        (folder.join("clearing.html"), html.as_bytes()),
        (book, &sheets),
    ])
}

/// By what it was made, and on what evidence.
fn notes(inputs: &Inputs, lang: Lang) -> Vec<String> {
    let (pack, evidence) = (inputs.pack.name(), inputs.pack.evidence().as_str());
    let mut notes = vec![match lang {
        Lang::En => format!("policy pack {pack}, weakest evidence: {evidence}; amounts in yuan"),
        Lang::Zh => format!("政策包 {pack}，最弱依据：{evidence}；金额单位：元"),
    }];
    if let Some(day) = inputs.pack.clear_by(inputs.scenario.year) {
        notes.push(match lang {
            Lang::En => format!("to be cleared by {day}"),
            Lang::Zh => format!("应于{day}前完成清算"),
        });
    }
    notes
}

/// Amounts of one pool by their kinds.
fn of_pool<'a>(amounts: &'a [PoolAmount], pool: &str) -> Vec<(&'a str, Fen)> {
    let own = amounts.iter().filter(|amount| amount.pool == pool);
    own.map(|amount| (amount.kind.as_str(), amount.amount)).collect()
}

/// Every amount is of a pool the scenario has.
fn refuse_unknown_pools(request: &YearRequest, inputs: &Inputs) -> Result<()> {
    let pools = &inputs.scenario.budgets;
    let amounts = request
        .changes
        .iter()
        .chain(&request.carveouts)
        .map(|amount| &amount.pool);
    for pool in amounts.chain(request.reserves.iter().map(|(pool, _)| pool)) {
        if !pools.contains_key(pool) {
            let hint = suggestion(pool, pools.keys().map(String::as_str));
            return Err(Error::new(format!(
                "there is no pool `{pool}` in the scenario{hint}"
            )));
        }
    }
    Ok(())
}

/// Decisions on single cases from a file, in its order.
fn decisions(path: &Path) -> Result<Vec<(String, Verdict)>> {
    let text = read_text(path)?;
    let place = Place::file(path);
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let not_csv = |e: csv::Error| Error::at(place.clone(), format!("this is not CSV: {e}"));
    let header = reader.headers().map_err(not_csv)?.clone();
    if header.iter().ne(["case_id", "outcome", "value"]) {
        return Err(Error::at(
            place.line(1),
            "expected the columns case_id,outcome,value",
        ));
    }
    let mut decisions = Vec::new();
    let mut errors = Vec::new();
    for record in reader.records() {
        let record = record.map_err(not_csv)?;
        let line = place.line(record.position().map_or(1, csv::Position::line));
        let cell = |at: usize| record.get(at).unwrap_or("");
        match verdict(cell(1), cell(2)) {
            Ok(verdict) => decisions.push((cell(0).to_owned(), verdict)),
            Err(message) => errors.push(Error::at(line, message)),
        }
    }
    Error::all(errors)?;
    Ok(decisions)
}

fn verdict(outcome: &str, value: &str) -> std::result::Result<Verdict, String> {
    let number = || {
        let ratio: Option<Ratio> = value.parse().ok();
        let exact = ratio
            .and_then(|ratio| ratio.exact().ok())
            .filter(|exact| exact.parts().0 >= 0);
        exact.ok_or_else(|| format!("`value` is `{value}`; expected a number not below zero"))
    };
    match outcome {
        "by_item_rate" => number().map(Verdict::ByItemRate),
        "uplift" => number().map(Verdict::Uplift),
        "extra_points" => number().map(Verdict::ExtraPoints),
        "agreed" => {
            let fen = Fen::parse_yuan(value);
            fen.map(Verdict::Agreed)
                .map_err(|e| format!("`value` is `{value}`; {e}"))
        }
        other => {
            let known = ["by_item_rate", "uplift", "extra_points", "agreed"];
            let hint = suggestion(other, known);
            Err(format!(
                "`outcome` is `{other}`; expected one of {}{hint}",
                known.join(", ")
            ))
        }
    }
}

/// A case that is judged stands in some pool, or the list is of another year.
fn refuse_unknown_cases<'a>(
    ids: impl Iterator<Item = &'a String>,
    ledger: &Ledger,
    inputs: &Inputs,
) -> Result<()> {
    for id in ids {
        let known = inputs
            .scenario
            .budgets
            .keys()
            .any(|pool| ledger.case(pool, id, None).is_ok());
        if !known {
            return Err(Error::new(format!(
                "case `{id}` is judged, but stands in no month of the ledger"
            )));
        }
    }
    Ok(())
}

fn scores(written: &[(String, Ratio)]) -> Result<Vec<(String, Exact)>> {
    let of = |(hospital, score): &(String, Ratio)| {
        let score = score
            .exact()
            .map_err(|_| Error::new(format!("the score of `{hospital}` is out of range")))?;
        Ok((hospital.clone(), score))
    };
    written.iter().map(of).collect()
}

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
    /// The open month that takes the entry.
    pub month: String,
    /// Why.
    pub reason: String,
    /// Who.
    pub author: String,
}

/// Reverses a case (冲正): the mirrors of what was posted.
///
/// # Errors
/// No such case, or reversed already; the month is not open.
pub fn settle_reverse(request: &EntryRequest) -> Result<Vec<Entry>> {
    let mut ledger = there(&request.ledger)?;
    let case = (request.case.as_str(), request.hospital.as_deref());
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
    let case = (request.case.as_str(), request.hospital.as_deref());
    ledger.adjust(
        &request.pool,
        &request.month,
        case,
        amount,
        (&request.reason, &request.author),
    )
}

/// Gives a hospital an advance (拨付预付金).
///
/// # Errors
/// The amount is not above zero; the ledger cannot be written.
pub fn settle_advance(
    ledger: &Path,
    pool: &str,
    hospital: &str,
    amount: Fen,
    day: &str,
    author: &str,
) -> Result<()> {
    let date: std::result::Result<jiff::civil::Date, _> = day.parse();
    date.map_err(|_| Error::new(format!("`{day}` is no day; expected one such as 2026-01-31")))?;
    Ledger::open(ledger)?.advance(pool, hospital, amount, day, author)
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
            let note = lang.pick("amounts in yuan", "金额单位：元").to_owned();
            let html = page(&title, &[note], &statement_tables(&statement, lang), lang);
            write_one(output, html.as_bytes())
        }
        _ => write_one(output, statement_csv(&statement).bytes()),
    }
}

/// A ledger that must be there already.
fn there(path: &Path) -> Result<Ledger> {
    if !is_on_a_server(path) && !path.is_file() {
        return Err(Error::at(
            Place::file(path),
            "there is no ledger; `dianzhi settle month` makes one",
        ));
    }
    Ledger::open(path)
}
