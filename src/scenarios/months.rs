//! A scenario month by month (按月结算): its cases as entries of a ledger, what a month is booked at,
//! and the year's clearing from what the ledger holds.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::chain::Inputs;
use super::packet_facts::{PACKET_GROUNDS, SCORE_GROUNDS, packet_grounds, score_grounds};
use super::price::score_cases;
use super::settle::{Member, level_of, share_bills};
use super::statement::{Money, RunResult};
use super::{Statement, pools, read};
use crate::benefit::Slip;
use crate::budget::{BookedAt, More, NetOff, PoolCase, PoolMoney, PoolSettlement, YearOf, book, settle};
use crate::diagnostics::{Error, Evidence, Lang, Place, Result, hexadecimal};
use crate::ledger::{CaseKey, ClearingRow, Entry, EntryKind, EntryMore, HospitalMonth, Paid, YearCase};
use crate::points::{Effective, Late, Mark, Pack, Score};
use crate::records::{RowReader, RunningHash};
use crate::units::{Exact, Fen};

/// A case with its pool and month, ready to be posted (待入账病例).
#[derive(Clone, Debug)]
pub struct Bill {
    /// The pool.
    pub pool: String,
    /// The month it belongs to by the pack.
    pub month: String,
    /// The entry; not booked yet.
    pub entry: Entry,
    /// What made it, where that was asked for.
    pub detail: Option<Box<Detail>>,
}

/// What made a case's payment (计价明细).
#[derive(Clone, Debug)]
pub struct Detail {
    /// Kind, points and what made them.
    pub score: Score,
    /// Insurance of the person.
    pub insured_scheme: String,
    /// Day of admission.
    pub admit: Option<jiff::civil::Date>,
    /// Days of stay.
    pub los_days: Option<u32>,
}

/// Records read, grouped and shared, before any case is priced (已申报病例).
pub struct Declared {
    result: RunResult,
    slips: Vec<Option<Slip>>,
}

/// A record that cannot be taken (未受理记录).
#[derive(Clone, Debug)]
pub struct LeftOut {
    /// Its pool, where that is known.
    pub pool: String,
    /// Its hospital, where that is known.
    pub hospital: String,
    /// Its month; empty where that is not known.
    pub month: String,
    /// Set aside before it became a case.
    pub is_rejected: bool,
}

impl Declared {
    /// Takes a scenario's records as far as they go without prices (读取申报数据); `records` are those
    /// of [`Inputs::open_records`].
    ///
    /// # Errors
    /// As [`super::run`]. What is wrong with single records is in [`Declared::result`].
    pub fn read(
        inputs: &Inputs,
        records: (RowReader, RunningHash),
        lang: Lang,
        threads: usize,
        advance: &dyn Fn(u64),
    ) -> Result<Declared> {
        let mut result = read::read(inputs, records, lang, threads, advance)?;
        pools::assign(inputs, &mut result, lang)?;
        let slips = share_bills(inputs, &mut result, lang);
        Ok(Declared { result, slips })
    }

    /// Counts and findings.
    pub fn result(&self) -> &RunResult {
        &self.result
    }

    /// The records of a month, or of none that is known, that cannot be taken (未受理记录).
    pub fn left_out(&self, inputs: &Inputs, month: &str) -> Vec<LeftOut> {
        let of_month = |of: &str| of.is_empty() || of == month;
        let rejected = self
            .result
            .rejected
            .iter()
            .filter(|record| of_month(&record.month));
        let rejected = rejected.map(|record| LeftOut {
            pool: String::new(),
            hospital: String::new(),
            month: record.month.clone(),
            is_rejected: true,
        });
        let kept_out =
            self.result.statements.iter().filter(|statement| {
                matches!(statement.money, Money::KeptOut(_)) && of_month(&statement.month)
            });
        let kept_out = kept_out.map(|statement| {
            let pool = pools::pool_of(inputs, statement).unwrap_or_default();
            let is_pool = inputs.scenario.budgets.contains_key(&pool);
            LeftOut {
                pool: if is_pool { pool } else { String::new() },
                hospital: statement.hospital.clone(),
                month: statement.month.clone(),
                is_rejected: false,
            }
        });
        rejected.chain(kept_out).collect()
    }

    /// Every case that can be priced: pool, month, key and fingerprint of its list (可计价病例).
    pub fn cases(&self) -> impl Iterator<Item = (&str, &str, CaseKey, &str)> {
        let cases = self.result.statements.iter().zip(&self.slips);
        cases.filter_map(|(statement, slip)| {
            let key = slip.as_ref().and_then(|_| key_of(statement))?;
            Some((
                statement.pool.as_str(),
                statement.month.as_str(),
                key,
                statement.list.as_str(),
            ))
        })
    }

    /// Prices the cases that count (计价): rules about several stays see no others.
    ///
    /// # Errors
    /// As [`super::run`]; a case whose coefficient was assumed: nothing is settled with it.
    pub fn bills(
        self,
        inputs: &Inputs,
        counts: &dyn Fn(&str, &CaseKey) -> bool,
        with_details: bool,
    ) -> Result<Vec<Bill>> {
        let Declared { result, mut slips } = self;
        for (slip, statement) in slips.iter_mut().zip(&result.statements) {
            let key = slip.as_ref().and_then(|_| key_of(statement));
            if !key.is_some_and(|key| counts(&statement.month, &key)) {
                *slip = None;
            }
        }
        let (mut scores, mut parts) = score_cases(inputs, &result, &slips)?;
        let mut bills = Vec::new();
        let members = slips.iter_mut().zip(&mut scores).zip(&mut parts).enumerate();
        for (index, ((slip, score), part)) in members {
            let (Some(member), Some(statement)) = (
                Member::new(index, slip, score, part),
                result.statements.get(index),
            ) else {
                continue;
            };
            bills.extend(bill(inputs, statement, member, with_details)?);
        }
        Ok(bills)
    }
}

fn key_of(statement: &Statement) -> Option<CaseKey> {
    Some(CaseKey {
        hospital: statement.hospital.clone(),
        case_id: statement.case_id.clone(),
        discharge: statement.discharge?.to_string(),
    })
}

/// A case as it is posted; one whose hospital or day is not known was kept out before.
fn bill(inputs: &Inputs, statement: &Statement, member: Member, with_details: bool) -> Result<Option<Bill>> {
    let (Some(level), Some(key)) = (level_of(inputs, statement), key_of(statement)) else {
        return Ok(None);
    };
    if member.score.marks.contains(Mark::CoefficientAssumed) {
        return Err(Error::new(format!(
            "case `{}`: a coefficient of hospital `{}` is missing; one stands in its place in previews only",
            statement.case_id, statement.hospital
        )));
    }
    let scheme = inputs.grouper.scheme();
    let grouped = statement.grouping.status(scheme).has_group();
    let group = if grouped {
        statement.grouping.code(scheme)
    } else {
        ""
    };
    let out_of_range = |_| {
        Error::new(format!(
            "case `{}`: its standard is out of range",
            statement.case_id
        ))
    };
    let Member { score, bill, .. } = member;
    let entry = Entry {
        kind: EntryKind::Case,
        key,
        level,
        group: group.to_owned(),
        case_kind: score.kind,
        paid: Paid::of(score.payment).map_err(out_of_range)?,
        ratio: score.fund_ratio.map(Exact::parts),
        cost: bill.cost,
        claim: bill.claim,
        nonfund: bill.nonfund,
        booked: Fen::ZERO,
        refers: None,
        reason: String::new(),
        author: String::new(),
        more: EntryMore {
            addons: bill.addons,
            funds: if inputs.pack.splits_funds() {
                bill.funds
            } else {
                Vec::new()
            },
            list: statement.list.clone(),
            grounds: grounds(inputs, statement, &score)?,
            ..EntryMore::default()
        },
    };
    Ok(Some(Bill {
        pool: statement.pool.clone(),
        month: statement.month.clone(),
        entry,
        detail: with_details.then(|| {
            Box::new(Detail {
                score,
                insured_scheme: statement.insured_scheme.clone(),
                admit: statement.admit,
                los_days: statement.los_days,
            })
        }),
    }))
}

/// What a packet's payment is made of, as far as there is something to say; nothing of a group.
fn grounds(inputs: &Inputs, statement: &Statement, score: &Score) -> Result<Vec<(String, String)>> {
    let packets = inputs.grouper.scheme().packets();
    let (Some(packets), Some(facts)) = (packets, &statement.packet) else {
        return Ok(Vec::new());
    };
    let numbers = score_grounds(score).map_err(|_| {
        Error::new(format!(
            "case `{}`: a number of its points is too large to be shown",
            statement.case_id
        ))
    })?;
    let names = PACKET_GROUNDS.into_iter().chain(SCORE_GROUNDS);
    let words = packet_grounds(packets, &statement.grouping, facts);
    let said = names.zip(words.into_iter().chain(numbers));
    let said = said.filter(|(_, text)| !text.is_empty());
    Ok(said.map(|(name, text)| (name.to_owned(), text)).collect())
}

/// A pack on weaker ground than is accepted settles nothing (依据不足不得结算).
///
/// # Errors
/// Its weakest key, its open keys, or a document whose dates are not known.
pub fn refuse_weak(inputs: &Inputs, accepted: Evidence) -> Result<()> {
    let pack = &inputs.pack;
    let place = Place::file(&inputs.scenario.policy);
    if !pack.unresolved().is_empty() {
        let message = format!(
            "the pack leaves open: {}; nothing is settled before they are decided",
            pack.unresolved().join(", ")
        );
        return Err(Error::at(place, message));
    }
    if let Some(weak) = pack
        .parameters()
        .iter()
        .find(|parameter| parameter.evidence > accepted)
    {
        let message = format!(
            "`{}` is on the ground of {}, weaker than {}; accept it by `--accept-evidence {}`",
            weak.key,
            weak.evidence.as_str(),
            accepted.as_str(),
            pack.evidence().as_str()
        );
        return Err(Error::at(weak.place.clone(), message));
    }
    let undated = pack.documents().iter().find(|document| {
        document.effective_from == Effective::Unknown || document.effective_to == Effective::Unknown
    });
    match undated {
        None => Ok(()),
        Some(document) => {
            let (id, from, to) = (&document.id, document.effective_from, document.effective_to);
            let message = format!(
                "document `{id}` is in force from {from} to {to}: nothing is settled by a document whose dates are not \
                 known; expected dates in `doc.{id}.effective_from` and `effective_to`"
            );
            Err(Error::at(place, message))
        }
    }
}

/// Every document of the pack is in force in the month (文件须在有效期内).
///
/// # Errors
/// One that begins later or ended before, with its days.
pub fn refuse_not_in_force(inputs: &Inputs, month: &str) -> Result<()> {
    let (first, last) = (format!("{month}-01"), format!("{month}-31"));
    for document in inputs.pack.documents() {
        let on = |end: Effective| matches!(end, Effective::On { .. }).then(|| end.to_string());
        let begins_later = on(document.effective_from).is_some_and(|from| from > last);
        let ended = on(document.effective_to).is_some_and(|to| to < first);
        if begins_later || ended {
            let (id, from, to) = (&document.id, document.effective_from, document.effective_to);
            let message = format!("document `{id}` is in force from {from} to {to}, not in {month}");
            return Err(Error::at(Place::file(&inputs.scenario.policy), message));
        }
    }
    Ok(())
}

/// Months are booked by the pack's table `month` (月度结算规则), and never by a guess.
///
/// # Errors
/// The pack has no such table.
pub fn refuse_without_months(inputs: &Inputs) -> Result<()> {
    if inputs.pack.books_months() {
        return Ok(());
    }
    let message = format!(
        "required table `month` is missing: pack `{}` does not say what a month is booked at; expected [month] with \
         `model` (claim, last_year_price, own_month_pv or preset_price), `deposit` and `is_cash` (E_MISSING)",
        inputs.pack.name()
    );
    Err(Error::at(Place::file(&inputs.scenario.policy), message))
}

/// The cases of a month, late ones by the pack's rule, each booked (月度入账).
///
/// # Errors
/// The month cannot be booked.
pub fn month_money(
    pack: &Pack,
    (pool, budget): (&str, Fen),
    month: &str,
    cases: Vec<Bill>,
    last_price: Option<Exact>,
) -> Result<(Vec<Entry>, Vec<CaseKey>)> {
    let mut entries = Vec::with_capacity(cases.len());
    let mut rejected = Vec::new();
    for bill in cases {
        let mut entry = bill.entry;
        match take_late(pack, &mut entry, month) {
            true => entries.push(entry),
            false => rejected.push(entry.key),
        }
    }
    let at = match last_price {
        Some(price) => BookedAt::LastYear(price),
        None if pack.months_share_the_budget() => BookedAt::Money(pack.share_of_month(budget, month)?.into()),
        None => BookedAt::Own,
    };
    let addons = addons(&entries);
    let booked = book(pack, pool, &pool_cases(&entries, &addons)?, at)?;
    for (entry, booked) in entries.iter_mut().zip(booked) {
        entry.booked = booked;
    }
    Ok((entries, rejected))
}

/// What the pack's rule makes of a list that comes late to a month (迟报处理); false: it is not taken.
pub fn take_late(pack: &Pack, entry: &mut Entry, month: &str) -> bool {
    let late = pack.late();
    match late.filter(|(days, _)| is_late(&entry.key.discharge, month, *days)) {
        Some((_, Late::Reject)) => return false,
        Some((_, Late::NoPoints)) => entry.paid = Paid::Nothing,
        Some((_, Late::Penalty)) => entry.more.late = true,
        Some((_, Late::NextMonth)) | None => {}
    }
    true
}

/// Whether the pack rejects a list of this discharge in this month (是否因迟报拒收).
pub fn rejects_late(pack: &Pack, discharge: &str, month: &str) -> bool {
    let rejects = pack.late().filter(|(_, then)| *then == Late::Reject);
    rejects.is_some_and(|(days, _)| is_late(discharge, month, days))
}

/// Whether a discharge came more than so many days before the month began.
fn is_late(discharge: &str, month: &str, days: u32) -> bool {
    let day: Option<jiff::civil::Date> = discharge.parse().ok();
    let begin: Option<jiff::civil::Date> = format!("{month}-01").parse().ok();
    match (day, begin) {
        (Some(day), Some(begin)) => day
            .until(begin)
            .is_ok_and(|span| i64::from(span.get_days()) > i64::from(days)),
        _ => false,
    }
}

/// Names and amounts of each entry's add-ons.
fn addons(entries: &[Entry]) -> Vec<Vec<(&str, Fen)>> {
    entries.iter().map(addons_of).collect()
}

fn addons_of(entry: &Entry) -> Vec<(&str, Fen)> {
    let addons = entry.more.addons.iter();
    addons.map(|(name, amount)| (name.as_str(), *amount)).collect()
}

/// Entries as cases of their pool.
fn pool_cases<'e>(entries: &'e [Entry], addons: &'e [Vec<(&'e str, Fen)>]) -> Result<Vec<PoolCase<'e>>> {
    let of = |entry: &'_ Entry| -> std::result::Result<_, crate::units::Overflow> {
        let ratio = entry.ratio.map(|(num, den)| Exact::new(num, den)).transpose()?;
        Ok((entry.paid.payment()?, ratio))
    };
    entries
        .iter()
        .zip(addons)
        .map(|(entry, addons)| {
            let (payment, fund_ratio) = of(entry).map_err(|_| {
                Error::new(format!("case `{}`: an amount is out of range", entry.key.case_id))
            })?;
            Ok(PoolCase {
                id: &entry.key.case_id,
                hospital: &entry.key.hospital,
                kind: entry.case_kind,
                payment,
                cost: entry.cost,
                claim: entry.claim,
                nonfund: entry.nonfund,
                more: More {
                    level: Some(entry.level),
                    fund_ratio,
                    funds: &entry.more.funds,
                    addons,
                    late: entry.more.late,
                    discharge: &entry.key.discharge,
                },
            })
        })
        .collect()
}

/// What only some packs ask of an entry, as its hash has it; grounds say what the numbers are made of, and
/// are no input of their own.
fn hashed(more: &EntryMore) -> String {
    let EntryMore {
        addons, funds, late, ..
    } = more;
    match addons.is_empty() && funds.is_empty() && !late {
        true => String::new(),
        false => format!("\u{1f}EntryMore {{ addons: {addons:?}, funds: {funds:?}, late: {late:?} }}"),
    }
}

/// SHA-256 of what a month's entries were made from, whoever closes it (月度输入哈希).
impl Bill {
    /// The hash of entries with the pack's hash, in the entries' order.
    pub fn hash_of(entries: &[Entry], pack_hash: &str) -> String {
        let mut lines: Vec<String> = entries
            .iter()
            .map(|entry| {
                let more = hashed(&entry.more);
                format!(
                    "{:?}\u{1f}{}\u{1f}{}\u{1f}{:?}\u{1f}{:?}\u{1f}{}\u{1f}{}\u{1f}{}\u{1f}{}{more}\n",
                    entry.key,
                    entry.level,
                    entry.group,
                    entry.paid,
                    entry.ratio,
                    entry.cost.fen(),
                    entry.claim.fen(),
                    entry.nonfund.fen(),
                    entry.booked.fen()
                )
            })
            .collect();
        lines.sort_unstable();
        let mut hash = Sha256::new();
        hash.update(pack_hash.as_bytes());
        lines.iter().for_each(|line| hash.update(line.as_bytes()));
        hexadecimal(&hash.finalize())
    }
}

/// Settles a pool's year from its ledger and nets it off against its months (年度清算).
///
/// # Errors
/// The pool cannot be settled; a hospital has no assessment score that the pack asks for.
pub fn clear_pool(
    pack: &Pack,
    pool: &str,
    money: PoolMoney,
    cases: &[YearCase],
    months: &[HospitalMonth],
    advance: &dyn Fn(&str) -> Result<Fen>,
) -> Result<(PoolSettlement, Vec<ClearingRow>)> {
    let addons = addons(cases);
    let mut settlement = settle(pack, pool, money, &pool_cases(cases, &addons)?)?;
    settlement.warnings.extend(overpaid(money.budget, months));
    let mut years: BTreeMap<&str, YearOf> = BTreeMap::new();
    for hospital in &settlement.hospitals {
        years.entry(&hospital.hospital).or_default().due = hospital.due;
    }
    for month in months {
        let year = years.entry(&month.hospital).or_default();
        year.prior_year += month.prior_year;
        if pack.pays_months() {
            year.booked += month.booking.booked;
            year.withheld += month.booking.deposit;
        }
    }
    let mut rows = Vec::new();
    for (hospital, mut year) in years {
        let share = pack.deposit_share(hospital, money.assessments)?;
        year.returned = NetOff::returned(pool, year.withheld, share)?;
        year.advance = advance(hospital)?;
        rows.push(ClearingRow {
            hospital: hospital.to_owned(),
            net: NetOff::of(year)?,
        });
    }
    Ok((settlement, rows))
}

/// A year whose months paid more than its budget: what is too much is asked back, and said.
fn overpaid(budget: Fen, months: &[HospitalMonth]) -> Option<String> {
    let paid: Fen = months.iter().map(|month| month.booking.cash).sum();
    (paid > budget).then(|| {
        format!(
            "the budget is {budget} yuan, but months paid {paid} already: {} yuan are to be asked back",
            paid - budget
        )
    })
}
