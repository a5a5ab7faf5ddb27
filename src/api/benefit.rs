//! Bills of many persons settled, explained, compared, made up (待遇结算).

use std::path::{Path, PathBuf};

use hashbrown::{HashMap, HashSet};
use sha2::{Digest, Sha256};

use crate::benefit::{BenefitPolicy, Bill, Book, BookRules, Explanation, InsuredPerson, KeptEvent};
use crate::diagnostics::{Error, Lang, Place, Result, Told, hexadecimal, suggestion};
use crate::ledger::{BenefitEvent, BenefitLedger};
use crate::records::{TableFacts, TableForm};
use crate::reports::{
    CsvText, Output, Put, changed_bills_csv, changed_payers_csv, changed_sums_csv, claim_slips_csv,
    claim_sums, claims_json, compared_json, explained_json, movements_csv, refused_claims_csv, tiers_csv,
    vouchers_csv, write_together,
};
use crate::scenarios::claims::{
    BatchRequest, ClaimRows, KeptHistory, MadeClaims, PolicyChange, RefusedRow, SettledBatch, Who,
    compare_policies, make_claims, make_persons, read_persons, settle_batch,
};
use crate::units::Fen;

/// Bills and what they are settled with (待遇结算请求).
#[derive(Clone, Debug)]
pub struct BenefitRequest {
    /// The claims file.
    pub claims: PathBuf,
    /// Its fee lines, if they are a file of their own.
    pub lines: Option<PathBuf>,
    /// The benefit file.
    pub policy: PathBuf,
    /// Persons with their intervals.
    pub persons: Option<PathBuf>,
    /// Leave out assistance and tail tiers that need an unknown value.
    pub skip_unknown_tiers: bool,
    /// Reversals and late bills.
    pub rules: BookRules,
    /// How the tables are to be read, where they do not say it themselves.
    pub form: TableForm,
    /// The language of words in the results.
    pub lang: Lang,
}

/// What became of a batch (待遇结算结果).
#[derive(Clone, Debug)]
pub struct BenefitDone {
    /// Bills settled.
    pub settled: usize,
    /// Of them, reversals.
    pub reversals: usize,
    /// Bills refused.
    pub refused: usize,
    /// Bills that the ledger had already.
    pub known: usize,
    /// Total, in-scope cost, each payer, the person.
    pub sums: Vec<(&'static str, Fen)>,
    /// What should be known: doubts of the policy, columns nobody reads.
    pub warnings: Vec<Told>,
    /// How each table was read.
    pub tables: Vec<TableFacts>,
    /// The first rows that were refused.
    pub first_refused: Vec<RefusedRow>,
}

/// How many refused rows are told.
const TOLD: usize = 5;

/// Everything a batch reads.
struct Desk {
    policy: BenefitPolicy,
    claims: ClaimRows,
    persons: Option<HashMap<String, InsuredPerson>>,
    /// How each table was read.
    tables: Vec<TableFacts>,
    /// Path and hash of every file read.
    files: Vec<(String, String)>,
}

impl Desk {
    fn open(request: &BenefitRequest) -> Result<Desk> {
        let policy = BenefitPolicy::load(&request.policy)?.skip_unknown_tiers(request.skip_unknown_tiers);
        refuse_two_streams(request)?;
        let claims = ClaimRows::read(&request.claims, request.lines.as_deref(), &request.form)?;
        let mut tables: Vec<TableFacts> = claims.facts().cloned().collect();
        let persons = match &request.persons {
            None => None,
            Some(path) => {
                let (facts, persons) = read_persons(path, &request.form, &policy)?;
                tables.push(facts);
                Some(persons)
            }
        };
        let read = tables.iter();
        let mut files: Vec<(String, String)> = read
            .map(|table| (table.path.clone(), table.sha256.clone()))
            .collect();
        add_policy(&mut files, &policy);
        Ok(Desk {
            policy,
            claims,
            persons,
            tables,
            files,
        })
    }

    /// Files that must not be written over; standard input is none.
    fn inputs(&self) -> Vec<PathBuf> {
        self.files.iter().map(|(path, _)| PathBuf::from(path)).collect()
    }

    /// A bill with the family that the list of persons says, where the bill says none.
    fn with_family<'a>(&'a self, mut bill: Bill<'a>) -> Bill<'a> {
        if bill.family.is_empty() {
            let person = self.persons.as_ref().and_then(|persons| persons.get(bill.person));
            bill.family = person.map_or("", |person| person.family.as_str());
        }
        bill
    }

    fn batch<'a>(
        &'a self,
        policy: &'a BenefitPolicy,
        rules: BookRules,
        history: Option<&'a KeptHistory>,
        threads: usize,
    ) -> Result<SettledBatch<'a>> {
        settle_batch(&BatchRequest {
            policy,
            persons: self.persons.as_ref(),
            rules,
            claims: &self.claims,
            history,
            threads,
        })
    }

    fn warnings(&self) -> Vec<Told> {
        let mut warnings = self.policy.warnings().to_vec();
        let (name, checked_on) = (self.policy.name(), self.policy.checked_on());
        if self.policy.is_draft() {
            let weakest = self.policy.weakest_evidence().as_str();
            warnings.push(Told::new(
                "!! draft: `{0}` is a draft; its weakest evidence is `{1}`",
                "!! 草案：`{0}`为草案，最弱依据为`{1}`",
                [&name, &weakest],
            ));
        }
        let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
        if checked_on
            .checked_add(jiff::Span::new().years(1))
            .is_ok_and(|day| day < today)
        {
            warnings.push(Told::new(
                "`{0}` was last compared with its documents on {1}, over a year ago",
                "`{0}`上次与文件核对为{1}，已超过一年",
                [&name, &checked_on],
            ));
        }
        warnings.extend(self.claims.ignored().iter().cloned());
        warnings
    }
}

/// Path and hash of the files of a policy, once each.
fn add_policy(files: &mut Vec<(String, String)>, policy: &BenefitPolicy) {
    for file in policy.files() {
        let entry = (file.path.display().to_string(), hash(&file.bytes));
        if !files.contains(&entry) {
            files.push(entry);
        }
    }
}

/// Standard input is read once.
fn refuse_two_streams(request: &BenefitRequest) -> Result<()> {
    let named = [
        Some(&request.claims),
        request.lines.as_ref(),
        request.persons.as_ref(),
    ];
    let streams = named.into_iter().flatten().filter(|path| path.as_os_str() == "-");
    match streams.count() > 1 {
        true => Err(Error::new(
            "`-` stands for two tables; expected it once, since standard input is read once",
        )),
        false => Ok(()),
    }
}

fn hash(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// Name and hash of each table.
fn hashes_of(tables: &[(&str, CsvText)]) -> Vec<(String, String)> {
    let of_table = |(name, table): &(&str, CsvText)| ((*name).to_owned(), hash(table.bytes()));
    tables.iter().map(of_table).collect()
}

/// A table being written, and its hash.
struct HashedFile {
    name: &'static str,
    output: Output,
    hash: Sha256,
}

impl HashedFile {
    fn write(
        folder: &Path,
        name: &'static str,
        fill: impl FnOnce(Put<'_>) -> Result<()>,
    ) -> Result<HashedFile> {
        let mut file = HashedFile {
            name,
            output: Output::create(&folder.join(name))?,
            hash: Sha256::new(),
        };
        fill(&mut |bytes| {
            file.hash.update(bytes);
            file.output.put(bytes)
        })?;
        Ok(file)
    }

    fn named_hash(&self) -> (String, String) {
        (self.name.to_owned(), hexadecimal(&self.hash.clone().finalize()))
    }
}

const PAGE: &str = "run.json";

/// Settles a file of bills (待遇结算): slips, tiers, movements, vouchers, refused bills and
/// `run.json` into a folder; with a ledger, after what it holds, and into it.
///
/// # Errors
/// Inputs that cannot be used; results that cannot be written. A refused bill is no error.
pub fn benefit(
    request: &BenefitRequest,
    ledger: Option<&Path>,
    folder: &Path,
    threads: usize,
) -> Result<BenefitDone> {
    let desk = Desk::open(request)?;
    let mut opened = ledger.map(BenefitLedger::open).transpose()?;
    let history = opened.as_ref().map(|ledger| history(ledger, &desk)).transpose()?;
    let batch = desk.batch(&desk.policy, request.rules, history.as_ref(), threads)?;
    let inputs = desk.inputs();
    let outputs = TABLES.into_iter().chain([PAGE]).map(|name| folder.join(name));
    super::refuse_overwriting(outputs, inputs.iter().map(PathBuf::as_path))?;
    let tables = write_tables(&desk.policy, &batch, request.lang, folder, threads)?;
    let hashes: Vec<(String, String)> = tables.iter().map(HashedFile::named_hash).collect();
    let page = claims_json(&desk.policy, &batch, &desk.files, &hashes);
    let mut page_out = Output::create(&folder.join(PAGE))?;
    page_out.put(page.as_bytes())?;
    // nothing has its name yet: what the ledger refuses leaves no files behind
    if let Some(ledger) = &mut opened {
        keep(ledger, &desk.policy, &batch)?;
    }
    let written = tables.into_iter().map(|table| table.output);
    written.chain([page_out]).try_for_each(Output::finish)?;
    Ok(BenefitDone {
        settled: batch.settled.len(),
        reversals: batch
            .settled
            .iter()
            .filter(|bill| bill.outcome.reverses.is_some())
            .count(),
        refused: batch.refused.len(),
        known: batch.known,
        sums: claim_sums(&batch),
        warnings: desk.warnings(),
        first_refused: batch.refused.iter().take(TOLD).cloned().collect(),
        tables: desk.tables,
    })
}

/// The tables of a batch.
const TABLES: [&str; 5] = [
    "slips.csv",
    "tiers.csv",
    "movements.csv",
    "vouchers.csv",
    "rejected.csv",
];

fn write_tables(
    policy: &BenefitPolicy,
    batch: &SettledBatch<'_>,
    lang: Lang,
    folder: &Path,
    threads: usize,
) -> Result<Vec<HashedFile>> {
    let tables = TABLES.into_iter().map(|name| {
        HashedFile::write(folder, name, |put| match name {
            "slips.csv" => claim_slips_csv(batch, lang, threads, put),
            "tiers.csv" => tiers_csv(batch, threads, put),
            "movements.csv" => movements_csv(policy, batch, threads, put),
            "vouchers.csv" => put(vouchers_csv(policy, batch).bytes()),
            _ => put(refused_claims_csv(policy, &batch.refused, lang).bytes()),
        })
    });
    tables.collect()
}

/// What the ledger holds of the persons and families of the claims.
fn history(ledger: &BenefitLedger, desk: &Desk) -> Result<KeptHistory> {
    let mut persons: HashSet<&str> = HashSet::new();
    let mut families: HashSet<&str> = HashSet::new();
    for (person, family) in desk.claims.persons() {
        persons.insert(person);
        let known = desk.persons.as_ref().and_then(|persons| persons.get(person));
        families.insert(match family {
            "" => known.map_or("", |person| person.family.as_str()),
            family => family,
        });
    }
    kept_history(ledger.events(&persons, &families)?)
}

fn kept_history(events: Vec<BenefitEvent>) -> Result<KeptHistory> {
    let mut rows = Vec::new();
    let mut kept = Vec::new();
    for event in events {
        rows.push(event.bill);
        kept.push(KeptEvent {
            slips: event.slips,
            postings: event.postings,
            replayed: event.replayed,
        });
    }
    let place = Place::file(Path::new("(ledger)"));
    Ok(KeptHistory {
        bills: ClaimRows::of_rows(place, &rows)?,
        rows,
        events: kept,
    })
}

/// Writes the batch into the ledger, all or none: events are made on a thread of their own, some
/// ahead of those that are written.
fn keep(ledger: &mut BenefitLedger, policy: &BenefitPolicy, batch: &SettledBatch<'_>) -> Result<()> {
    const ROUND: usize = 1 << 10;
    std::thread::scope(|scope| {
        let (made, ready) = std::sync::mpsc::sync_channel(4);
        scope.spawn(move || {
            for round in batch.settled.chunks(ROUND) {
                let events: Vec<Result<BenefitEvent>> =
                    round.iter().map(|bill| event_of(policy, bill)).collect();
                // the ledger refused an event: nobody waits for more
                if made.send(events).is_err() {
                    break;
                }
            }
        });
        ledger
            .append(policy.name(), ready.into_iter().flatten())
            .map(drop)
    })
}

fn event_of(
    policy: &BenefitPolicy,
    bill: &crate::scenarios::claims::SettledBill<'_>,
) -> Result<BenefitEvent> {
    let kept = bill.outcome.kept(policy).map_err(Error::new)?;
    Ok(BenefitEvent {
        settlement: bill.outcome.id.to_owned(),
        reverses: bill.outcome.reverses.map(str::to_owned),
        person: bill.outcome.person.to_owned(),
        family: bill.family.to_owned(),
        bill: bill.row.clone().unwrap_or_default(),
        slips: kept.slips,
        postings: kept.postings,
        replayed: kept.replayed,
    })
}

/// One bill step by step (逐步说明): after the earlier bills of its family in the file; with a ledger,
/// after what it holds of them. A bill that the ledger has is explained as it stood when it was settled.
///
/// # Errors
/// No such bill; the bill cannot be settled.
pub fn explain_bill(
    request: &BenefitRequest,
    ledger: Option<&Path>,
    settlement: &str,
) -> Result<Vec<Explanation>> {
    let desk = Desk::open(request)?;
    let history = match ledger {
        None => None,
        Some(path) => {
            let ledger = BenefitLedger::open_existing(path)?;
            Some(history_of(&ledger, &desk, settlement)?)
        }
    };
    let kept = history.as_ref().map(restorable).transpose()?.unwrap_or_default();
    let mut book = Book::new(&desk.policy, desk.persons.as_ref(), request.rules);
    let refused =
        |place: Place, e: crate::benefit::ShareError| Error::at(place, format!("{e} [{}]", e.name()));
    let mut known: HashSet<&str> = HashSet::new();
    for (bill, event) in kept {
        if bill.id == settlement {
            let place = history.as_ref().map(|history| history.bills.place().clone());
            return book
                .explain(&bill)
                .map_err(|e| refused(place.unwrap_or_else(|| desk.claims.place().clone()), e));
        }
        known.insert(bill.id);
        book.restore(bill, event).map_err(Error::new)?;
    }
    let bills: Vec<_> = desk
        .claims
        .bills()
        .flatten()
        .map(|(line, bill)| (line, desk.with_family(bill)))
        .collect();
    let Some((line, wanted)) = bills.iter().find(|(_, bill)| bill.id == settlement) else {
        return Err(no_such_bill(&desk, &bills, settlement));
    };
    for (_, bill) in bills.iter().take_while(|(_, bill)| bill.id != settlement) {
        let family = !bill.family.is_empty() && bill.family == wanted.family;
        if (family || bill.person == wanted.person) && !known.contains(bill.id) {
            // a bill that was refused moved nothing
            let _ = book.settle(bill.clone());
        }
    }
    book.explain(wanted)
        .map_err(|e| refused(desk.claims.place().line(*line), e))
}

/// What was kept of each event, in order.
fn restorable(history: &KeptHistory) -> Result<Vec<(Bill<'_>, &KeptEvent)>> {
    let pairs = history.bills.bills().zip(&history.events);
    let of_kept = |refused: RefusedRow| Error::new(refused.message.to_string());
    pairs
        .map(|(bill, event)| Ok((bill.map_err(of_kept)?.1, event)))
        .collect()
}

/// Of the persons of the claims; and where the bill stands in the ledger only, of its own person.
fn history_of(ledger: &BenefitLedger, desk: &Desk, settlement: &str) -> Result<KeptHistory> {
    let (person, family) = match ledger.find(settlement)? {
        Some(found) => found,
        None => return history(ledger, desk),
    };
    let persons = HashSet::from([person.as_str()]);
    let families = HashSet::from([family.as_str()]);
    kept_history(ledger.events(&persons, &families)?)
}

fn no_such_bill(desk: &Desk, bills: &[(u64, Bill<'_>)], settlement: &str) -> Error {
    let mut rows = desk.claims.bills().filter_map(std::result::Result::err);
    if let Some(refused) = rows.find(|refused| refused.settlement == settlement) {
        let message = format!("settlement `{settlement}` cannot be read: {}", refused.message);
        return Error::at(desk.claims.place().line(refused.line), message);
    }
    let hint = suggestion(settlement, bills.iter().map(|(_, bill)| bill.id));
    let message = format!("no settlement `{settlement}` among the bills that can be read{hint}");
    Error::at(desk.claims.place().clone(), message)
}

/// Two policies over the same bills (政策对比): payers.csv, households.csv, categories.csv, bills.csv,
/// rejected.csv and run.json into a folder.
///
/// # Errors
/// As [`benefit`].
pub fn compare_benefits(
    request: &BenefitRequest,
    reform: &Path,
    folder: &Path,
    threads: usize,
) -> Result<(PolicyChange, Vec<Told>)> {
    let desk = Desk::open(request)?;
    let reform = BenefitPolicy::load(reform)?.skip_unknown_tiers(request.skip_unknown_tiers);
    let before = desk.batch(&desk.policy, request.rules, None, threads)?;
    let after = desk.batch(&reform, request.rules, None, threads)?;
    let who = Who {
        policy: &desk.policy,
        persons: desk.persons.as_ref(),
    };
    let change = compare_policies(&desk.claims, &who, &before, &after);
    let draft = desk.policy.is_draft() || reform.is_draft();
    let mut refused = before.refused.clone();
    let twice = |row: &&RefusedRow| !before.refused.contains(row);
    refused.extend(after.refused.iter().filter(twice).cloned());
    let tables = [
        ("payers.csv", changed_payers_csv(&change, draft)),
        (
            "households.csv",
            changed_sums_csv("family", &change.families, draft),
        ),
        (
            "categories.csv",
            changed_sums_csv("category", &change.categories, draft),
        ),
        ("bills.csv", changed_bills_csv(&change, draft)),
        (
            "rejected.csv",
            refused_claims_csv(&desk.policy, &refused, request.lang),
        ),
    ];
    let mut files = desk.files.clone();
    add_policy(&mut files, &reform);
    let inputs: Vec<PathBuf> = files.iter().map(|(path, _)| PathBuf::from(path)).collect();
    let names = tables.iter().map(|(name, _)| *name).chain([PAGE]);
    super::refuse_overwriting(
        names.map(|name| folder.join(name)),
        inputs.iter().map(PathBuf::as_path),
    )?;
    let page = compared_json([&desk.policy, &reform], &change, &files, &hashes_of(&tables));
    let written = tables
        .iter()
        .map(|(name, table)| (folder.join(name), table.bytes()));
    write_together(written.chain([(folder.join(PAGE), page.as_bytes())]))?;
    let mut warnings = desk.warnings();
    warnings.extend(reform.replaced().iter().cloned());
    let new = |told: &&Told| !warnings.contains(told);
    let more: Vec<Told> = reform.warnings().iter().filter(new).cloned().collect();
    warnings.extend(more);
    Ok((change, warnings))
}

/// Made-up bills and their persons (模拟单据): claims.csv and persons.csv into a folder.
///
/// # Errors
/// A policy that cannot be read; results that cannot be written.
pub fn generate_claims(policy: &Path, wish: &MadeClaims, folder: &Path) -> Result<()> {
    let policy = BenefitPolicy::load(policy)?;
    let claims = make_claims(&policy, wish)?;
    let persons = make_persons(&policy, wish);
    write_together([
        (folder.join("claims.csv"), claims.as_bytes()),
        (folder.join("persons.csv"), persons.as_bytes()),
    ])
}

/// Words of an explanation (说明文字), one after the other for the records of a bill.
pub fn explanation_words(explanations: &[Explanation], lang: Lang) -> String {
    explanations
        .iter()
        .map(|explanation| explanation.words(lang))
        .collect()
}

/// The same as JSON (说明JSON), amounts in fen.
pub fn explanation_json(explanations: &[Explanation], lang: Lang) -> String {
    explained_json(explanations, lang)
}
