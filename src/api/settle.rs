//! A month of a scenario in its ledger (月度结算), and what months and years have in common.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use hashbrown::HashMap;
use sha2::{Digest, Sha256};

use super::Watch;
use super::settle_names::{last_prices, refuse_blank};
use crate::budget::{AdvanceGiven, Booking};
use crate::diagnostics::{Error, Evidence, Finding, Lang, Place, Result, hexadecimal, read_text};
use crate::ledger::{CaseKey, DecisionNote, Ledger, MonthToClose, Posted, Posting, RunNote, is_on_a_server};
use crate::records::{Counts, Intake, RowReader, RunningHash};
use crate::reports::{Output, findings_csv, month_csv};
use crate::scenarios::{
    Bill, Declared, DeclaredCodes, Inputs, LeftOut, Scenario, ScoresDiffer, month_money, refuse_not_in_force,
    refuse_weak, refuse_without_months,
};
use crate::tables::Library;
use crate::units::{Exact, Fen, Rate};

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
    /// Where findings about the records go.
    pub findings: Option<PathBuf>,
    /// How many records that cannot be taken are left out knowingly.
    pub leave_out: Option<u64>,
    /// The results.
    pub output: PathBuf,
}

/// A month to be closed (月度结算请求).
#[derive(Clone, Debug)]
pub struct MonthRequest {
    /// As a year's; the output is a file.
    pub settle: SettleRequest,
    /// The month, `2026-01`.
    pub month: String,
    /// Last year's price of a point by pool.
    pub prices: Vec<(String, Rate)>,
    /// Reversed cases whose lists are posted again although they are what they were.
    pub again: Vec<String>,
}

/// What the records were found to be (申报数据质量).
pub struct Found {
    /// Records read and rejected.
    pub counts: Counts,
    /// What was found, in the order of the file.
    pub findings: Vec<Finding>,
    /// Records that cannot be taken.
    pub left_out: Vec<LeftOut>,
}

/// What became of a month (月度结果).
pub struct MonthDone {
    /// What the records were found to be.
    pub found: Found,
    /// Why the month was not closed, where it was not: records of it cannot be taken.
    pub refusal: Option<Error>,
    /// By pool.
    pub posted: Vec<(String, Posted)>,
    /// Lists that came too late and were not taken.
    pub rejected: Vec<CaseKey>,
    /// Cases that the ledger has already.
    pub known: usize,
    /// Of these, ones whose list is no more what was posted: nothing is rewritten.
    pub changed: Vec<CaseKey>,
    /// Cases that stand in another pool.
    pub elsewhere: Vec<(CaseKey, String)>,
    /// Reversed cases whose corrected lists were posted.
    pub corrected: Vec<CaseKey>,
    /// Reversed cases whose lists are what they were: not posted.
    pub unchanged: Vec<CaseKey>,
    /// The day until which the month is paid, where the pack has a clock.
    pub pay_by: Option<jiff::civil::Date>,
    /// How the weights differ from the catalogue's own scores.
    pub scores_differ: Option<ScoresDiffer>,
}

/// Posts a month's cases and those of earlier months that were not posted yet, and closes it
/// (月度结算).
///
/// # Errors
/// Inputs that cannot be used or are too weak; a month that is none of the scenario's year, comes
/// before an open one or is closed otherwise; the ledger cannot be written. Records of the month
/// that cannot be taken are in the answer, with the refusal.
pub fn settle_month(request: &MonthRequest, watch: &Watch<'_>) -> Result<MonthDone> {
    let month = request.month.as_str();
    let of = &request.settle;
    refuse_blank("author", &of.author)?;
    let (inputs, records) = inputs(of)?;
    refuse_without_months(&inputs)?;
    refuse_month(&inputs, month)?;
    let prices = last_prices(&inputs, &request.prices)?;
    let pay_by = inputs.pack.pay_by(month)?;
    let declared = Declared::read(&inputs, records, watch.lang, watch.threads, watch.advance)?;
    let mut done = MonthDone::of(found(&declared, &inputs, month), pay_by);
    done.scores_differ = inputs.scores_differ();
    if let Some(path) = &of.findings {
        write_one(path, findings_csv(&done.found.findings, watch.lang).bytes())?;
    }
    done.refusal = refuse_left_out(of, &inputs, month, &done.found.left_out);
    if done.refusal.is_some() {
        return Ok(done);
    }
    let pack_hash = pack_hash(&inputs)?;
    refuse_new_ledger(&of.ledger, &inputs, month)?;
    let mut ledger = Ledger::open(&of.ledger)?;
    ledger.refuse_changed_pack(inputs.pack.name(), &pack_hash)?;
    refuse_open_before(&ledger, &inputs, month)?;
    let sorted = Sorted::of(&declared, &ledger.postings(month)?, request)?;
    let bills = declared.bills(
        &inputs,
        &|of, key| of <= month && !sorted.unchanged.contains(key),
        false,
    )?;
    let by_pool = done.sort(bills, sorted);
    close_pools(
        request,
        (&inputs, &pack_hash),
        &prices,
        by_pool,
        (&mut ledger, &mut done),
    )?;
    write_one(&of.output, month_csv(&done.posted, &done.found.left_out).bytes())?;
    Ok(done)
}

impl MonthDone {
    fn of(found: Found, pay_by: Option<jiff::civil::Date>) -> MonthDone {
        MonthDone {
            found,
            refusal: None,
            posted: Vec::new(),
            rejected: Vec::new(),
            known: 0,
            changed: Vec::new(),
            elsewhere: Vec::new(),
            corrected: Vec::new(),
            unchanged: Vec::new(),
            pay_by,
            scores_differ: None,
        }
    }

    /// Whether a person should look at the records again.
    pub fn has_findings(&self) -> bool {
        let keys = [&self.rejected, &self.changed, &self.unchanged];
        self.found.has_findings() || keys.iter().any(|keys| !keys.is_empty()) || !self.elsewhere.is_empty()
    }

    /// New bills by pool; what became of the others is noted.
    fn sort(&mut self, bills: Vec<Bill>, sorted: Sorted) -> BTreeMap<String, Vec<Bill>> {
        let mut by_pool: BTreeMap<String, Vec<Bill>> = BTreeMap::new();
        for mut bill in bills {
            if sorted.known.contains(&bill.entry.key) {
                continue;
            }
            bill.entry.more.turn = sorted.turns.get(&bill.entry.key).copied().unwrap_or(0);
            by_pool.entry(bill.pool.clone()).or_default().push(bill);
        }
        self.known = sorted.known.len();
        self.changed = sorted.changed;
        self.elsewhere = sorted.elsewhere;
        self.corrected = sorted.turns.into_keys().collect();
        self.corrected.sort_unstable();
        self.unchanged = sorted.unchanged.into_iter().collect();
        by_pool
    }
}

impl Found {
    /// Whether a finding is above information, or a record cannot be taken.
    pub fn has_findings(&self) -> bool {
        use crate::diagnostics::Severity;
        let above = |finding: &Finding| finding.edit.severity < Severity::Info;
        !self.left_out.is_empty() || self.counts.rejected > 0 || self.findings.iter().any(above)
    }
}

/// The declared cases held against what the ledger has.
#[derive(Default)]
struct Sorted {
    /// Posted already, in this pool or another.
    known: BTreeSet<CaseKey>,
    changed: Vec<CaseKey>,
    elsewhere: Vec<(CaseKey, String)>,
    /// Reversed, with another list now: which posting of its key this one is.
    turns: HashMap<CaseKey, u32>,
    /// Reversed, with the same list.
    unchanged: BTreeSet<CaseKey>,
}

impl Sorted {
    fn of(
        declared: &Declared,
        postings: &HashMap<CaseKey, Posting>,
        request: &MonthRequest,
    ) -> Result<Sorted> {
        let mut sorted = Sorted::default();
        let mut again: BTreeSet<&str> = request.again.iter().map(String::as_str).collect();
        let cases = declared
            .cases()
            .filter(|(_, of, ..)| *of <= request.month.as_str());
        for (pool, _, key, list) in cases {
            let Some(posting) = postings.get(&key) else {
                continue;
            };
            if posting.reversed.is_none() {
                sorted.stands(posting, pool, key, list);
                continue;
            }
            // every spelling is taken off the list, whichever was used
            let spelled = spellings(&key);
            let asked = spelled.iter().filter(|name| again.remove(name.as_str()));
            let is_asked_for = asked.count() > 0;
            if is_asked_for || posting.list != list || posting.list.is_empty() {
                sorted.turns.insert(key, posting.turn + 1);
            } else {
                sorted.unchanged.insert(key);
            }
        }
        match again.first() {
            None => Ok(sorted),
            Some(name) => Err(Error::new(format!(
                "`--again {name}` names no reversed case whose list is in the records; expected CASE_ID or \
                 HOSPITAL/CASE_ID/DATE of one"
            ))),
        }
    }

    /// A case that stands in the ledger.
    fn stands(&mut self, posting: &Posting, pool: &str, key: CaseKey, list: &str) {
        if posting.pool != pool {
            self.elsewhere.push((key.clone(), posting.pool.clone()));
        } else if posting.list != list && !posting.list.is_empty() {
            self.changed.push(key.clone());
        }
        self.known.insert(key);
    }
}

/// The ways in which a case may be named.
pub(super) fn spellings(key: &CaseKey) -> [String; 3] {
    let CaseKey {
        hospital,
        case_id,
        discharge,
    } = key;
    [
        case_id.clone(),
        format!("{hospital}/{case_id}"),
        format!("{hospital}/{case_id}/{discharge}"),
    ]
}

/// Books every pool's cases, and closes the month of all pools at once.
fn close_pools(
    request: &MonthRequest,
    (inputs, pack_hash): (&Inputs, &str),
    prices: &[(String, Exact)],
    mut by_pool: BTreeMap<String, Vec<Bill>>,
    (ledger, done): (&mut Ledger, &mut MonthDone),
) -> Result<()> {
    let (month, author) = (request.month.as_str(), request.settle.author.as_str());
    let mut ready = Vec::new();
    for (pool, budget) in &inputs.scenario.budgets {
        let price = prices.iter().find(|(of, _)| of == pool).map(|(_, price)| *price);
        let own = by_pool.remove(pool).unwrap_or_default();
        let (mut cases, rejected) = month_money(&inputs.pack, (pool, *budget), month, own, price)?;
        done.rejected.extend(rejected);
        for entry in &mut cases {
            author.clone_into(&mut entry.author);
        }
        let input_hash = Bill::hash_of(&cases, pack_hash);
        ready.push((pool, cases, input_hash));
    }
    let notes: Vec<RunNote> = ready
        .iter()
        .map(|(pool, _, input_hash)| {
            let decisions = decisions_of_month(request, pool, &done.found.left_out);
            run_note(
                &request.settle,
                inputs,
                (pool, month),
                (pack_hash, input_hash),
                decisions,
            )
        })
        .collect();
    let rules: Vec<BookingRule<'_>> = inputs
        .scenario
        .budgets
        .keys()
        .map(|pool| booking(inputs, pool))
        .collect();
    let months = ready
        .iter_mut()
        .zip(&rules)
        .map(|((pool, cases, input_hash), rule)| MonthToClose {
            pool,
            month,
            pack: inputs.pack.name(),
            pack_hash,
            input_hash,
            author,
            cases: std::mem::take(cases),
            booking: rule.as_ref(),
        });
    let months: Vec<MonthToClose> = months.collect();
    let posted = ledger.close_months(&months, &notes)?;
    done.posted = inputs.scenario.budgets.keys().cloned().zip(posted).collect();
    Ok(())
}

/// What of a hospital's booked sum is paid and kept.
type BookingRule<'b> = Box<dyn Fn(Fen, AdvanceGiven) -> Result<Booking> + 'b>;

fn booking<'b>(inputs: &'b Inputs, pool: &'b str) -> BookingRule<'b> {
    Box::new(move |booked, advance| {
        Booking::of(&inputs.pack, pool, booked, Fen::ZERO)?.less_advance(&inputs.pack, pool, advance)
    })
}

/// What was decided for a month: prices from outside, and what was left out knowingly.
fn decisions_of_month(request: &MonthRequest, pool: &str, left_out: &[LeftOut]) -> Vec<DecisionNote> {
    let prices = request.prices.iter().filter(|(of, _)| of == pool);
    let prices = prices.map(|(_, price)| decision("price", "", "last_year", price));
    let count = left_out.len();
    let left_out = (count > 0).then(|| decision("leave_out", "", "", &count));
    prices.chain(left_out).collect()
}

pub(super) fn decision(
    kind: &str,
    subject: &str,
    outcome: &str,
    value: &dyn std::fmt::Display,
) -> DecisionNote {
    DecisionNote {
        kind: kind.to_owned(),
        subject: subject.to_owned(),
        outcome: outcome.to_owned(),
        value: value.to_string(),
    }
}

/// What the ledger keeps of a run; its id comes from pool, period, pack, input and decisions.
pub(super) fn run_note(
    of: &SettleRequest,
    inputs: &Inputs,
    (pool, period): (&str, &str),
    (pack_hash, input_hash): (&str, &str),
    decisions: Vec<DecisionNote>,
) -> RunNote {
    let mut hash = Sha256::new();
    for part in [pool, period, pack_hash, input_hash] {
        hash.update(part.as_bytes());
        hash.update(b"\x1f");
    }
    for decision in &decisions {
        hash.update(format!("{decision:?}").as_bytes());
    }
    let id = hexadecimal(hash.finalize().get(..8).unwrap_or_default());
    RunNote {
        id,
        pool: pool.to_owned(),
        period: period.to_owned(),
        pack: inputs.pack.name().to_owned(),
        pack_hash: pack_hash.to_owned(),
        input_hash: input_hash.to_owned(),
        evidence: inputs.pack.evidence().as_str().to_owned(),
        accepted: of.accepted.as_str().to_owned(),
        author: of.author.clone(),
        decisions,
    }
}

/// What the records were found to be, as a month sees them.
pub(super) fn found(declared: &Declared, inputs: &Inputs, month: &str) -> Found {
    Found {
        counts: declared.result().counts,
        findings: declared.result().findings.clone(),
        left_out: declared.left_out(inputs, month),
    }
}

/// A closed month does not open again: what cannot be taken is left out knowingly or not at all.
fn refuse_left_out(of: &SettleRequest, inputs: &Inputs, month: &str, left_out: &[LeftOut]) -> Option<Error> {
    let count = left_out.len() as u64;
    if of.leave_out.unwrap_or(0) == count {
        return None;
    }
    let rejected = left_out.iter().filter(|record| record.is_rejected).count();
    let without_month = left_out.iter().filter(|record| record.month.is_empty()).count();
    let kept_out = left_out.len() - rejected;
    let what = match of.leave_out {
        Some(asked) => format!("`--leave-out {asked}` was given, but {count}"),
        None => count.to_string(),
    };
    let told = match count {
        0 => "close it without `--leave-out`".to_owned(),
        _ => format!("mend them, or close without them by `--leave-out {count}`"),
    };
    let message = format!(
        "{what} records of {month} cannot be taken ({rejected} rejected, {kept_out} kept out of money; {without_month} \
         of them have no readable month); a closed month does not open again: {told}"
    );
    Some(Error::at(Place::file(&inputs.scenario.records), message))
}

/// The month is one of the scenario's year, and the pack's documents are in force in it.
fn refuse_month(inputs: &Inputs, month: &str) -> Result<()> {
    let year = format!("{:04}", inputs.scenario.year);
    let of = month.strip_prefix(&year).and_then(|rest| rest.strip_prefix('-'));
    let is_month = of.is_some_and(|of| of.len() == 2 && ("01"..="12").contains(&of));
    if !is_month {
        return Err(Error::new(format!(
            "`--month {month}`; expected a month of the scenario's year, {year}-01 to {year}-12"
        )));
    }
    refuse_not_in_force(inputs, month)
}

/// A ledger that is made for a month other than the first would leave the first ones open.
fn refuse_new_ledger(ledger: &Path, inputs: &Inputs, month: &str) -> Result<()> {
    let first = format!("{:04}-01", inputs.scenario.year);
    if is_on_a_server(ledger) || ledger.is_file() || month == first {
        return Ok(());
    }
    Err(Error::at(Place::file(ledger), open_month(&first, month)))
}

fn refuse_open_before(ledger: &Ledger, inputs: &Inputs, month: &str) -> Result<()> {
    for pool in inputs.scenario.budgets.keys() {
        if let Some(open) = ledger.open_before(pool, month)? {
            return Err(Error::new(format!("pool `{pool}`: {}", open_month(&open, month))));
        }
    }
    Ok(())
}

fn open_month(open: &str, month: &str) -> String {
    format!(
        "{open} is open, so that {month} cannot be closed: months close in their order, one without cases too; \
         expected `--month {open}` first"
    )
}

/// The inputs, good enough to settle with, and their records opened.
pub(super) fn inputs(request: &SettleRequest) -> Result<(Inputs, (RowReader, RunningHash))> {
    let library = Library::find(&request.tables)?;
    let scenario = Scenario::load(&request.scenario)?;
    let inputs = Inputs::load(&library, scenario, request.records.clone())?.read_as(request.intake.clone());
    refuse_weak(&inputs, request.accepted)?;
    for (pool, budget) in &inputs.scenario.budgets {
        if *budget <= Fen::ZERO {
            let message = format!(
                "the budget of pool `{pool}` is {budget} yuan; a pool is settled from a budget above zero"
            );
            return Err(Error::at(Place::file(&inputs.scenario.path), message));
        }
    }
    let (reader, hash) = inputs.open_records()?;
    let declared = DeclaredCodes {
        option: None,
        map: None,
        tells_others: false,
    };
    let inputs = inputs.find_codes(&library, &declared, &reader)?;
    Ok((inputs, (reader, hash)))
}

/// SHA-256 of the pack and the tables beside it.
pub(super) fn pack_hash(inputs: &Inputs) -> Result<String> {
    let mut hash = Sha256::new();
    hash.update(read_text(&inputs.scenario.policy)?.as_bytes());
    for (_, bytes) in inputs.pack.files() {
        hash.update(bytes);
    }
    Ok(hexadecimal(&hash.finalize()))
}

pub(super) fn write_one(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut output = Output::create(path)?;
    output.put(bytes)?;
    output.finish()
}

/// By what pages were made, and on what evidence.
pub(super) fn notes(inputs: &Inputs, lang: Lang) -> Vec<String> {
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
