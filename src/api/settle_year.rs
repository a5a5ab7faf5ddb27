//! A scenario's year from its ledger (年度清算): recomputed with the whole year known, cleared, kept.

use std::collections::BTreeSet;
use std::path::PathBuf;

use hashbrown::{HashMap, HashSet};
use sha2::{Digest, Sha256};

use super::Watch;
use super::entries::there;
use super::settle::{Found, SettleRequest, decision, found, inputs, notes, pack_hash, run_note, write_one};
use super::settle_names::{Judged, Terms, refuse_blank};
use crate::budget::{PoolMoney, PoolSettlement};
use crate::diagnostics::{Error, Lang, Place, Result, hexadecimal};
use crate::ledger::{
    CaseKey, Cleared, ClearingRow, DecisionNote, Entry, Ledger, RunNote, Standing, YearBook, YearToKeep,
};
use crate::reports::{
    CaseOfYear, Table, YearPage, book_bytes, clearing_tables, findings_csv, in_words, page, pool_tables,
    write_together, year_cases_table,
};
use crate::scenarios::{Bill, Declared, Detail, Inputs, clear_pool, rejects_late, take_late};
use crate::units::{Fen, Ratio};

/// A year to be cleared (年度清算请求).
#[derive(Clone, Debug)]
pub struct YearRequest {
    /// As a month's; the output is a folder.
    pub settle: SettleRequest,
    /// Assessment scores by hospital.
    pub assessments: Vec<(String, Ratio)>,
    /// Cases in violation: number, hospital/number or hospital/number/day of discharge.
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
    /// What the records were found to be.
    pub found: Found,
    /// Settlement and rows by pool.
    pub pools: Vec<(PoolSettlement, Vec<ClearingRow>)>,
    /// How many entries of each pool the recomputation gave.
    pub differences: Vec<usize>,
    /// What keeping it did, by pool.
    pub cleared: Vec<Cleared>,
    /// Why it cannot be kept, a sentence each; none where it is.
    pub gaps: Vec<String>,
}

/// Clears the scenario's year (年度清算): every case as the rules of its own month give it with the
/// whole year's records known; where that is not what its month posted, a difference is entered in
/// the year's clearing period. A year whose months are not all closed, or whose records are not
/// those of its ledger, is a preview: nothing of it is kept.
///
/// # Errors
/// Inputs too weak, a pool that cannot be settled, a year that is locked otherwise, a preview that
/// is to be locked, results that cannot be written.
pub fn settle_year(request: &YearRequest, watch: &Watch<'_>) -> Result<YearDone> {
    let of = &request.settle;
    refuse_blank("author", &of.author)?;
    let (inputs, records) = inputs(of)?;
    let terms = Terms::of(request, &inputs)?;
    let mut ledger = there(&of.ledger)?;
    let pack_hash = pack_hash(&inputs)?;
    ledger.refuse_changed_pack(inputs.pack.name(), &pack_hash)?;
    let declared = Declared::read(&inputs, records, watch.lang, watch.threads, watch.advance)?;
    let found = found(&declared, &inputs, "");
    if let Some(path) = &of.findings {
        write_one(path, findings_csv(&found.findings, watch.lang).bytes())?;
    }
    let mut year = Year::open(request, &inputs, &ledger, declared)?;
    let judged = Judged::of(request, &terms, &year.cases())?;
    let mut done = YearDone {
        found,
        pools: Vec::new(),
        differences: year.pools.iter().map(|pool| pool.differences.len()).collect(),
        cleared: Vec::new(),
        gaps: std::mem::take(&mut year.gaps),
    };
    for pool in &year.pools {
        let cleared = year.clear(pool, &inputs, &ledger, (&terms, &judged))?;
        done.pools.push(cleared);
    }
    if request.lock && !done.gaps.is_empty() {
        return Err(Error::new(format!(
            "the year cannot be locked: {}; without `--lock` it is shown as a preview",
            done.gaps.join("; ")
        )));
    }
    let runs = year.runs(&inputs, &pack_hash, &done);
    done.cleared = year.keep(&mut ledger, &done, &runs)?;
    write_year(request, &inputs, (&year, &done, &runs), watch.lang)?;
    Ok(done)
}

/// A pool's year, recomputed.
struct PoolYear {
    pool: String,
    budget: Fen,
    /// As they stand with the differences.
    cases: Vec<Entry>,
    /// The month and the making of each.
    made: Vec<(String, Option<Box<Detail>>)>,
    differences: Vec<Entry>,
}

/// A year of all pools.
struct Year<'r> {
    request: &'r YearRequest,
    year: String,
    pools: Vec<PoolYear>,
    gaps: Vec<String>,
}

impl<'r> Year<'r> {
    fn open(
        request: &'r YearRequest,
        inputs: &Inputs,
        ledger: &Ledger,
        declared: Declared,
    ) -> Result<Year<'r>> {
        let mut year = Year {
            request,
            year: format!("{:04}", inputs.scenario.year),
            pools: Vec::new(),
            gaps: Vec::new(),
        };
        let mut books = Vec::new();
        for pool in inputs.scenario.budgets.keys() {
            year.say_open_months(ledger, inputs, pool)?;
            books.push(ledger.year_book(pool, &year.year)?);
        }
        let live: HashSet<CaseKey> = books
            .iter()
            .flat_map(|book| &book.cases)
            .map(|case| case.entry.key.clone())
            .collect();
        year.say_not_posted(inputs, &declared, &live, &books);
        let mut bills: HashMap<CaseKey, Bill> = HashMap::new();
        for bill in declared.bills(inputs, &|_, key| live.contains(key), true)? {
            bills.insert(bill.entry.key.clone(), bill);
        }
        for ((pool, budget), book) in inputs.scenario.budgets.iter().zip(books) {
            year.recompute(inputs, (pool, *budget), book, &mut bills);
        }
        Ok(year)
    }

    /// Months that are open, and months that another pack closed.
    fn say_open_months(&mut self, ledger: &Ledger, inputs: &Inputs, pool: &str) -> Result<()> {
        let open = ledger.open_months(pool, &self.year)?;
        if !open.is_empty() {
            self.gaps.push(format!(
                "pool `{pool}`: {} of 12 months are open ({}); `settle month` closes them",
                open.len(),
                open.join(", ")
            ));
        }
        let name = inputs.pack.name();
        let packs = ledger.packs_of(pool, &self.year)?;
        let others: Vec<&str> = packs.iter().map(|(pack, _)| pack.as_str()).collect();
        if let Some(other) = others.into_iter().find(|pack| *pack != name) {
            self.gaps.push(format!(
                "pool `{pool}`: pack `{other}` closed a month, and `{name}` is to clear the year; a case is recomputed \
                 by the rules of its own month, so both must be one"
            ));
        }
        Ok(())
    }

    /// Cases of the records that no month took; lists that the pack rejects as late are none.
    fn say_not_posted(
        &mut self,
        inputs: &Inputs,
        declared: &Declared,
        live: &HashSet<CaseKey>,
        books: &[YearBook],
    ) {
        let end = format!("{}-12", self.year);
        let mut not_posted: Vec<CaseKey> = Vec::new();
        for (_, _, key, _) in declared.cases().filter(|(_, _, key, _)| !live.contains(key)) {
            let is_reversed = books.iter().any(|book| book.reversed.contains(&key));
            if !is_reversed && !rejects_late(&inputs.pack, &key.discharge, &end) {
                not_posted.push(key);
            }
        }
        let count = not_posted.len() as u64;
        if let Some(first) = not_posted.first()
            && self.request.settle.leave_out != Some(count)
        {
            self.gaps.push(format!(
                "{count} cases of the records stand in no month of the ledger, the first of them case `{}` of hospital \
                 `{}`, discharged on {}; post them by `settle month`, or leave them out by `--leave-out {count}`",
                first.case_id, first.hospital, first.discharge
            ));
        }
    }

    /// Holds each case against what its month's rules give it now.
    fn recompute(
        &mut self,
        inputs: &Inputs,
        (pool, budget): (&str, Fen),
        book: YearBook,
        bills: &mut HashMap<CaseKey, Bill>,
    ) {
        let author = self.request.settle.author.as_str();
        let mut of = PoolYear {
            pool: pool.to_owned(),
            budget,
            cases: Vec::new(),
            made: Vec::new(),
            differences: Vec::new(),
        };
        let mut missing: Vec<CaseKey> = Vec::new();
        for Standing { entry, month } in book.cases {
            let bill = bills.remove(&entry.key).filter(|bill| bill.pool == pool);
            let Some(bill) = bill else {
                missing.push(entry.key.clone());
                of.made.push((month, None));
                of.cases.push(entry);
                continue;
            };
            let mut now = bill.entry;
            take_late(&inputs.pack, &mut now, &month);
            let differences = entry.differences(&now, (RECOMPUTED, author));
            of.made.push((month, bill.detail));
            of.cases.push(Entry {
                booked: entry.booked,
                ..now
            });
            of.differences.extend(differences);
        }
        self.say_missing(inputs, pool, &missing);
        self.pools.push(of);
    }

    fn say_missing(&mut self, inputs: &Inputs, pool: &str, missing: &[CaseKey]) {
        if let Some(first) = missing.first() {
            let (count, records) = (missing.len(), inputs.scenario.records.display());
            self.gaps.push(format!(
                "pool `{pool}`: {count} cases of the ledger cannot be priced from {records}, the first of them case `{}` \
                 of hospital `{}`, discharged on {}; the year is cleared with the records of all its months",
                first.case_id, first.hospital, first.discharge
            ));
        }
    }

    /// Every case with its pool's place.
    fn cases(&self) -> Vec<(usize, &CaseKey)> {
        let pools = self.pools.iter().enumerate();
        pools
            .flat_map(|(at, pool)| pool.cases.iter().map(move |case| (at, &case.key)))
            .collect()
    }

    fn clear(
        &self,
        of: &PoolYear,
        inputs: &Inputs,
        ledger: &Ledger,
        (terms, judged): (&Terms, &Judged),
    ) -> Result<(PoolSettlement, Vec<ClearingRow>)> {
        let (pool, year) = (of.pool.as_str(), self.year.as_str());
        let at = self.pools.iter().position(|known| known.pool == of.pool);
        let (decided, own) = judged.of_pool(at.unwrap_or(usize::MAX));
        let (changes, carveouts) = (
            of_pool(&self.request.changes, pool),
            of_pool(&self.request.carveouts, pool),
        );
        let reserve = self.request.reserves.iter().find(|(of, _)| of == pool);
        let money = PoolMoney {
            budget: of.budget,
            changes: &changes,
            carveouts: &carveouts,
            reserve_left: reserve.map_or(Fen::ZERO, |(_, amount)| *amount),
            decisions: &decided,
            assessments: &terms.scores(),
            violations: &own,
        };
        let months = ledger.hospital_months(pool, &format!("{year}-01"), &format!("{year}-12"))?;
        let advance = |hospital: &str| ledger.advances(pool, hospital, year);
        clear_pool(&inputs.pack, pool, money, &of.cases, &months, &advance)
    }

    /// The run of each pool.
    fn runs(&self, inputs: &Inputs, pack_hash: &str, done: &YearDone) -> Vec<RunNote> {
        let pools = self.pools.iter().zip(&done.pools);
        let runs = pools.map(|(of, (settlement, _))| {
            let decisions = self.decisions(&of.pool, settlement);
            let input_hash = Bill::hash_of(&of.cases, pack_hash);
            let period = (of.pool.as_str(), self.year.as_str());
            let hashes = (pack_hash, input_hash.as_str());
            run_note(&self.request.settle, inputs, period, hashes, decisions)
        });
        runs.collect()
    }

    /// What was decided for a pool's year, as it was typed, and what became of reviews.
    fn decisions(&self, pool: &str, settlement: &PoolSettlement) -> Vec<DecisionNote> {
        let request = self.request;
        let reviews = settlement.reviewed.iter().map(|reviewed| {
            let subject = format!("{}/{}/{}", reviewed.hospital, reviewed.case, reviewed.discharge);
            let outcome = if reviewed.within_quota {
                "within_quota"
            } else {
                "over_quota"
            };
            decision("review", &subject, outcome, &"")
        });
        let violations = request
            .violations
            .iter()
            .map(|case| decision("violation", case, "", &""));
        let scores = request.assessments.iter();
        let scores = scores.map(|(hospital, score)| decision("assessment", hospital, "", score));
        let amount = |kind: &'static str| move |of: &PoolAmount| decision(kind, &of.kind, "", &of.amount);
        let own = |of: &&PoolAmount| of.pool == pool;
        let changes = request.changes.iter().filter(own).map(amount("change"));
        let carveouts = request.carveouts.iter().filter(own).map(amount("carveout"));
        let reserves = request.reserves.iter().filter(|(of, _)| of == pool);
        let reserves = reserves.map(|(_, amount)| decision("reserve", "", "", amount));
        let left_out = request
            .settle
            .leave_out
            .map(|count| decision("leave_out", "", "", &count));
        let file = request
            .decisions
            .as_deref()
            .and_then(|path| std::fs::read(path).ok());
        let file =
            file.map(|bytes| decision("reviews_file", "", "sha256", &hexadecimal(&Sha256::digest(bytes))));
        let all = reviews
            .chain(violations)
            .chain(scores)
            .chain(changes)
            .chain(carveouts);
        all.chain(reserves).chain(left_out).chain(file).collect()
    }

    /// Keeps what is no preview.
    fn keep(&self, ledger: &mut Ledger, done: &YearDone, runs: &[RunNote]) -> Result<Vec<Cleared>> {
        if !done.gaps.is_empty() {
            return Ok(vec![Cleared::Preview; self.pools.len()]);
        }
        let pools = self.pools.iter().zip(&done.pools).zip(runs);
        let years = pools.map(|((of, (settlement, rows)), note)| YearToKeep {
            pool: &of.pool,
            year: &self.year,
            rows,
            differences: of.differences.clone(),
            dues: of
                .cases
                .iter()
                .map(|case| &case.key)
                .zip(settlement.cases.iter().copied())
                .collect(),
            lock: self.request.lock,
            note: note.clone(),
        });
        let years: Vec<YearToKeep> = years.collect();
        ledger.keep_years(&years)
    }
}

/// Why an entry stands in a clearing period, in the ledger's one language.
const RECOMPUTED: &str = "recomputed with the whole year's records";

/// Amounts of one pool by their kinds.
fn of_pool<'a>(amounts: &'a [PoolAmount], pool: &str) -> Vec<(&'a str, Fen)> {
    let own = amounts.iter().filter(|amount| amount.pool == pool);
    own.map(|amount| (amount.kind.as_str(), amount.amount)).collect()
}

/// The results of a year: the tables as CSV, and together as a workbook and a page.
fn write_year(
    request: &YearRequest,
    inputs: &Inputs,
    (of, done, runs): (&Year<'_>, &YearDone, &[RunNote]),
    lang: Lang,
) -> Result<()> {
    let folder = &request.settle.output;
    if folder.as_os_str() == "-" {
        return Err(Error::at(
            Place::file(folder),
            "the results are several files: -o names a folder",
        ));
    }
    let cases: Vec<Table> = of
        .pools
        .iter()
        .zip(&done.pools)
        .zip(runs)
        .map(|((of, (settlement, _)), run)| cases_table(request, inputs, (of, settlement, run), lang))
        .collect();
    let shown = YearPage {
        pools: &done.pools,
        runs,
        lang,
    };
    let clearing = clearing_tables(&shown);
    let pools = pool_tables(&shown);
    let pools = pools.map_err(|_| Error::new("a number of the result is too large to be shown"))?;
    let [of_clearing, of_pools, of_cases] = [&clearing, &pools, &cases].map(|tables| Table::csv_of(tables));
    let pages: Vec<Table> = clearing.into_iter().chain(in_words(pools, lang)).collect();
    let mut words = notes(inputs, lang);
    words.extend(done.gaps.iter().map(|gap| match lang {
        Lang::En => format!("PREVIEW, not kept: {gap}"),
        Lang::Zh => format!("预览，未登记：{gap}"),
    }));
    let year = inputs.scenario.year;
    let title = match lang {
        Lang::En => format!("Clearing of {year}"),
        Lang::Zh => format!("{year}年度清算"),
    };
    let html = page(&title, &words, &pages, lang);
    let mut with_notes = pages;
    with_notes.push(Table::of_notes(lang.pick("made by", "说明"), &words));
    let book = folder.join("clearing.xlsx");
    let sheets = book_bytes(&book, &with_notes, lang)?;
    write_together([
        (folder.join("clearing.csv"), of_clearing.bytes()),
        (folder.join("pools.csv"), of_pools.bytes()),
        (folder.join("cases.csv"), of_cases.bytes()),
        (folder.join("clearing.html"), html.as_bytes()),
        (book, &sheets),
    ])
}

fn cases_table(
    request: &YearRequest,
    inputs: &Inputs,
    (of, settlement, run): (&PoolYear, &PoolSettlement, &RunNote),
    lang: Lang,
) -> Table {
    let reviewed: BTreeSet<(&str, &str, &str)> = settlement
        .reviewed
        .iter()
        .filter(|reviewed| reviewed.within_quota)
        .map(|of| (of.hospital.as_str(), of.case.as_str(), of.discharge.as_str()))
        .collect();
    let punished: HashSet<&str> = request.violations.iter().map(String::as_str).collect();
    let cases = of.cases.iter().zip(&of.made).zip(&settlement.cases);
    let cases = cases.map(|((entry, (month, detail)), due)| {
        let key = &entry.key;
        let names = super::settle::spellings(key);
        CaseOfYear {
            entry,
            month,
            detail: detail.as_deref(),
            due: *due,
            reviewed: reviewed.contains(&(&*key.hospital, &*key.case_id, &*key.discharge)),
            in_violation: names.iter().any(|name| punished.contains(name.as_str())),
        }
    });
    let cases: Vec<CaseOfYear> = cases.collect();
    let with_grounds = inputs.grouper.scheme().packets().is_some();
    year_cases_table((&inputs.pack, with_grounds), (settlement, run), &cases, lang)
}
