//! Many bills, family by family (批量结算): each family's in the order of the file, families on
//! any number of threads, outcomes in the order of the file again.

use std::collections::BTreeSet;

use hashbrown::{HashMap, HashSet};

use super::read::{ClaimRows, bill_row};
use super::refused::RefusedRow;
use crate::benefit::{BenefitPolicy, Bill, Book, BookRules, InsuredPerson, KeptEvent, Outcome, ShareError};
use crate::diagnostics::{Error, Result};
use crate::scenarios::BenefitParameter;

/// A bill that was settled (已结算单据).
#[derive(Debug)]
pub struct SettledBill<'a> {
    /// Line in the claims file.
    pub line: u64,
    /// The family, as the bill or the list of persons says.
    pub family: &'a str,
    /// What became of it.
    pub outcome: Outcome<'a>,
    /// The bill as a row, where it is to be kept.
    pub row: Option<String>,
}

/// What became of a file of bills (批量结果), in its order.
#[derive(Debug, Default)]
pub struct SettledBatch<'a> {
    /// Bills settled, reversals among them.
    pub settled: Vec<SettledBill<'a>>,
    /// Rows refused.
    pub refused: Vec<RefusedRow>,
    /// Bills that were settled before, word for word the same (重复提交).
    pub known: usize,
    /// Parameters read, with the day they are in force from and their clause: of each kind of
    /// bill, one was explained.
    pub parameters: Vec<BenefitParameter>,
}

/// What was settled before this batch (历史结算).
pub struct KeptHistory {
    /// The bills, in their order.
    pub bills: ClaimRows,
    /// The rows they were read from.
    pub rows: Vec<String>,
    /// What was kept of each.
    pub events: Vec<KeptEvent>,
}

/// A batch of bills and how it is settled (批量结算要求).
#[derive(Clone, Copy)]
pub struct BatchRequest<'a> {
    /// The policy.
    pub policy: &'a BenefitPolicy,
    /// Intervals of persons, if there is a list.
    pub persons: Option<&'a HashMap<String, InsuredPerson>>,
    /// Reversals and late bills.
    pub rules: BookRules,
    /// The bills.
    pub claims: &'a ClaimRows,
    /// What was settled before, if there is a ledger: then rows are kept too.
    pub history: Option<&'a KeptHistory>,
    /// How many threads.
    pub threads: usize,
}

/// Settles every bill (批量结算): a family's on one thread, in the order of the file.
///
/// # Errors
/// History that cannot be put back.
pub fn settle_batch<'a>(request: &BatchRequest<'a>) -> Result<SettledBatch<'a>> {
    let mut batch = SettledBatch::default();
    let shares = shares(request, &mut batch)?;
    let worked: Vec<Result<Worked<'a>>> = std::thread::scope(|scope| {
        let work = |share| scope.spawn(move || work(request, share));
        let running: Vec<_> = shares.into_iter().map(work).collect();
        let joined = running.into_iter().map(|thread| match thread.join() {
            Ok(worked) => worked,
            Err(fault) => std::panic::resume_unwind(fault),
        });
        joined.collect()
    });
    let mut settled = Vec::new();
    let mut parameters = BTreeSet::new();
    for worked in worked {
        let worked = worked?;
        settled.push(worked.settled);
        batch.refused.extend(worked.refused);
        parameters.extend(worked.parameters);
    }
    batch.settled = in_order(settled);
    batch.refused.sort_by_key(|refused| refused.line);
    batch.refused.extend(request.claims.stray_lines());
    batch.parameters = parameters.into_iter().collect();
    Ok(batch)
}

/// Bills of several threads, each in the order of the file, joined in that order.
fn in_order<'a>(threads: Vec<Vec<(usize, SettledBill<'a>)>>) -> Vec<SettledBill<'a>> {
    let mut settled = Vec::with_capacity(threads.iter().map(Vec::len).sum());
    let mut waiting: Vec<_> = threads
        .into_iter()
        .map(|bills| bills.into_iter().peekable())
        .collect();
    loop {
        let heads = waiting.iter_mut().enumerate();
        let first = heads.filter_map(|(thread, bills)| Some((bills.peek()?.0, thread)));
        let Some((_, thread)) = first.min() else {
            return settled;
        };
        let bill = waiting.get_mut(thread).and_then(Iterator::next);
        settled.extend(bill.map(|(_, bill)| bill));
    }
}

/// What one thread has to do.
#[derive(Default)]
struct Share<'a> {
    /// Bills of before, with what was kept of them.
    before: Vec<(Bill<'a>, &'a KeptEvent)>,
    /// Rows of the claims, by index.
    rows: Vec<usize>,
}

/// Bills by family, so that what a family shares is settled in one place.
fn shares<'a>(request: &BatchRequest<'a>, batch: &mut SettledBatch<'a>) -> Result<Vec<Share<'a>>> {
    let mut shares: Vec<Share<'a>> = Vec::new();
    shares.resize_with(request.threads.max(1), Share::default);
    let place = |person: &'a str, family: &'a str| {
        let together = if family.is_empty() { person } else { family };
        usize::try_from(spread(together) % request.threads.max(1) as u64).unwrap_or_default()
    };
    let mut known: HashMap<&str, &str> = HashMap::new();
    if let Some(history) = request.history {
        let rows = history.events.iter().zip(&history.rows);
        for (bill, (event, row)) in history.bills.bills().zip(rows) {
            let (_, bill) = bill.map_err(|refused| Error::new(refused.message.to_string()))?;
            known.insert(bill.id, row);
            if let Some(share) = shares.get_mut(place(bill.person, bill.family)) {
                share.before.push((bill, event));
            }
        }
    }
    let repeated = repeated(request.claims);
    let mut seen: HashSet<&str> = HashSet::new();
    for index in 0..request.claims.len() {
        let (id, person, family) = request.claims.key(index);
        // a row that is no bill is refused by the thread that has it
        if (known.contains_key(id) || repeated.contains(id))
            && let Some(Ok((line, bill))) = request.bill(index)
        {
            if known.get(id).is_some_and(|row| **row == *bill_row(&bill)) {
                batch.known += 1;
                continue;
            }
            if known.contains_key(id) || !seen.insert(id) {
                let error = ShareError::SettledBefore {
                    settlement: id.to_owned(),
                };
                let place = request.claims.place();
                batch.refused.push(RefusedRow::of_error(place, line, id, &error));
                continue;
            }
        }
        if let Some(share) = shares.get_mut(place(person, request.family(person, family))) {
            share.rows.push(index);
        }
    }
    Ok(shares)
}

/// Settlements that stand on more than one row.
fn repeated(claims: &ClaimRows) -> HashSet<&str> {
    let mut seen: HashSet<&str> = HashSet::with_capacity(claims.len());
    let ids = (0..claims.len()).map(|index| claims.key(index).0);
    ids.filter(|id| !seen.insert(id)).collect()
}

impl<'a> BatchRequest<'a> {
    /// The family of a person: as the bill says, else as the list of persons does.
    fn family(&self, person: &str, family: &'a str) -> &'a str {
        if !family.is_empty() {
            return family;
        }
        let person = self.persons.and_then(|persons| persons.get(person));
        person.map_or("", |person| person.family.as_str())
    }

    /// A row as a bill of its family.
    fn bill(&self, index: usize) -> Option<std::result::Result<(u64, Bill<'a>), RefusedRow>> {
        let row = self.claims.bill_at(index)?;
        Some(row.map(|(line, bill)| {
            let family = self.family(bill.person, bill.family);
            (line, Bill { family, ..bill })
        }))
    }
}

/// What one thread did.
#[derive(Default)]
struct Worked<'a> {
    settled: Vec<(usize, SettledBill<'a>)>,
    refused: Vec<RefusedRow>,
    parameters: BTreeSet<BenefitParameter>,
}

fn work<'a>(request: &BatchRequest<'a>, share: Share<'a>) -> Result<Worked<'a>> {
    let book = Book::new(request.policy, request.persons, request.rules);
    let mut book = book.taking_back(request.claims.taken_back());
    for (bill, event) in share.before {
        book.restore(bill, event).map_err(Error::new)?;
    }
    let mut worked = Worked::default();
    worked.settled.reserve(share.rows.len());
    let mut kinds = HashSet::new();
    for index in share.rows {
        let (line, bill) = match request.bill(index) {
            Some(Ok(bill)) => bill,
            Some(Err(refused)) => {
                worked.refused.push(refused);
                continue;
            }
            None => continue,
        };
        if bill.reverses.is_none() && kinds.insert(kind_of(&bill)) {
            worked.parameters.extend(parameters(request.policy, &book, &bill));
        }
        let (id, family) = (bill.id, bill.family);
        let row = request.history.map(|_| bill_row(&bill));
        match book.settle(bill) {
            Ok(outcome) => {
                let bill = SettledBill {
                    line,
                    family,
                    outcome,
                    row,
                };
                worked.settled.push((index, bill));
            }
            Err(error) => {
                let place = request.claims.place();
                worked.refused.push(RefusedRow::of_error(place, line, id, &error));
            }
        }
    }
    Ok(worked)
}

/// Which parameters a bill reads depends on who claims, where, when and on its size.
fn kind_of(bill: &Bill<'_>) -> u64 {
    // a tier may open above some amount: a few sizes are enough to meet it
    let size = bill.fees.scope.fen().checked_ilog2().unwrap_or_default() / 3;
    let words = [
        bill.plan,
        bill.categories,
        bill.level.as_str(),
        bill.care.as_str(),
        bill.area.as_str(),
    ];
    let mut hash = spread(words.first().copied().unwrap_or_default());
    for word in words.iter().skip(1) {
        hash = hash.rotate_left(13) ^ spread(word);
    }
    let day = bill.discharge;
    let flags = [
        bill.minor == Some(true),
        bill.minor.is_some(),
        bill.referral,
        bill.student_entry_year,
        bill.status.is_some(),
    ];
    let flags = flags.iter().fold(0_u64, |all, flag| all << 1 | u64::from(*flag));
    let numbers = [
        u64::from(size),
        u64::from(day.year().unsigned_abs()),
        u64::from(day.month().unsigned_abs()),
        flags,
    ];
    numbers.iter().fold(hash, |hash, number| {
        hash.rotate_left(11) ^ number.wrapping_mul(PRIME)
    })
}

fn parameters<'a>(policy: &BenefitPolicy, book: &Book<'a>, bill: &Bill<'a>) -> Vec<BenefitParameter> {
    let Ok(explanations) = book.explain(bill) else {
        return Vec::new();
    };
    let steps = explanations.into_iter().flat_map(|explanation| explanation.steps);
    let parameter = |param: crate::benefit::ParamUsed| BenefitParameter {
        pool: policy.name().to_owned(),
        path: param.path,
        value: param.value,
        from: param.from,
        documents: param.documents,
        clause: param.clause,
        evidence: param.evidence,
    };
    steps.flat_map(|step| step.params).map(parameter).collect()
}

const PRIME: u64 = 0x0100_0000_01b3;

/// FNV-1a: the same on every machine, so that families fall to the same threads.
fn spread(word: &str) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325_u64;
    word.bytes()
        .fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME))
}
