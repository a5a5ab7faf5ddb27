//! Two policies over the same bills (政策对比): what each payer, household and category gains.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use super::read::ClaimRows;
use super::settle::{SettledBatch, SettledBill};
use crate::benefit::{BenefitPolicy, Bill, InsuredPerson, Payer, Slip};
use crate::units::Fen;

/// One bill under both policies (单据对比).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BillChange {
    /// Settlement id.
    pub settlement: String,
    /// The person.
    pub person: String,
    /// The family, as the bill or the list of persons says; of a family of one, the person.
    pub family: String,
    /// Of the categories held on the day of discharge the one that counts first.
    pub category: String,
    /// Funds and person under the first policy.
    pub before: [Fen; 2],
    /// Under the second.
    pub after: [Fen; 2],
}

/// Sums of several bills (对比合计).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChangedSums {
    /// Bills.
    pub bills: u64,
    /// Persons' shares before.
    pub person_before: Fen,
    /// After.
    pub person_after: Fen,
    /// Funds' shares before.
    pub funds_before: Fen,
    /// After.
    pub funds_after: Fen,
}

impl ChangedSums {
    fn add(&mut self, change: &BillChange) {
        let ([funds_before, person_before], [funds_after, person_after]) = (change.before, change.after);
        self.bills += 1;
        self.person_before += person_before;
        self.person_after += person_after;
        self.funds_before += funds_before;
        self.funds_after += funds_after;
    }
}

/// What changes from one policy to another (政策变动影响).
#[derive(Clone, Debug, Default)]
pub struct PolicyChange {
    /// Bills whose shares differ, in the order of the file.
    pub bills: Vec<BillChange>,
    /// By household (家庭).
    pub families: BTreeMap<String, ChangedSums>,
    /// By category (身份类别).
    pub categories: BTreeMap<String, ChangedSums>,
    /// By payer: before, after (支付方).
    pub payers: Vec<(&'static str, Fen, Fen)>,
    /// Settled under one policy only, and so in no sum: settlement, which one refused it.
    pub one_sided: Vec<(String, &'static str)>,
}

/// Who is behind a bill, by the list of persons where there is one.
pub struct Who<'a> {
    /// The policy whose order of categories counts.
    pub policy: &'a BenefitPolicy,
    /// Intervals of persons.
    pub persons: Option<&'a HashMap<String, InsuredPerson>>,
}

impl<'a> Who<'a> {
    fn family<'b>(&'b self, bill: &Bill<'b>) -> &'b str {
        let listed = self.persons.and_then(|persons| persons.get(bill.person));
        let families = [bill.family, listed.map_or("", |person| person.family.as_str())];
        let said = families.into_iter().find(|family| !family.is_empty());
        said.unwrap_or(bill.person)
    }

    fn category<'b>(&'b self, bill: &Bill<'b>) -> &'b str {
        let held: Vec<&str> = match self.persons {
            None => bill.categories.split('|').collect(),
            Some(persons) => {
                let held = persons
                    .get(bill.person)
                    .into_iter()
                    .flat_map(|person| &person.categories);
                let on_day = held.filter(|held| held.from <= bill.discharge && bill.discharge <= held.to);
                on_day.map(|held| held.what.as_str()).collect()
            }
        };
        let order = |word: &&str| self.policy.categories().iter().position(|known| known == word);
        held.into_iter()
            .min_by_key(|word| order(word).unwrap_or(usize::MAX))
            .unwrap_or_default()
    }
}

/// Compares two settlements of the same claims (对比).
pub fn compare_policies(
    claims: &ClaimRows,
    who: &Who<'_>,
    before: &SettledBatch<'_>,
    after: &SettledBatch<'_>,
) -> PolicyChange {
    let mut change = PolicyChange::default();
    let (before, after) = (by_line(before), by_line(after));
    let mut payers: BTreeMap<Payer, (Fen, Fen)> = BTreeMap::new();
    for (line, bill) in claims.bills().flatten() {
        let (one, two) = match (before.get(&line), after.get(&line)) {
            (Some(one), Some(two)) => (one, two),
            (Some(_), None) => {
                change.one_sided.push((bill.id.to_owned(), "second"));
                continue;
            }
            (None, Some(_)) => {
                change.one_sided.push((bill.id.to_owned(), "first"));
                continue;
            }
            (None, None) => continue,
        };
        for payer in Payer::ALL {
            let sums = payers.entry(payer).or_default();
            sums.0 += paid(one, payer);
            sums.1 += paid(two, payer);
        }
        let row = BillChange {
            settlement: bill.id.to_owned(),
            person: bill.person.to_owned(),
            family: who.family(&bill).to_owned(),
            category: who.category(&bill).to_owned(),
            before: shares(one),
            after: shares(two),
        };
        change.families.entry(row.family.clone()).or_default().add(&row);
        change
            .categories
            .entry(row.category.clone())
            .or_default()
            .add(&row);
        if row.before != row.after {
            change.bills.push(row);
        }
    }
    change.payers = payers
        .into_iter()
        .map(|(payer, (one, two))| (payer.as_str(), one, two))
        .collect();
    change
}

/// The slips of each line of the file.
fn by_line<'b>(batch: &'b SettledBatch<'_>) -> BTreeMap<u64, &'b [(i16, Slip)]> {
    let slips = |bill: &'b SettledBill<'_>| (bill.line, bill.outcome.slips.as_slice());
    batch.settled.iter().map(slips).collect()
}

fn paid(slips: &[(i16, Slip)], payer: Payer) -> Fen {
    slips.iter().map(|(_, slip)| slip.fund(payer)).sum()
}

/// All payers, and the person.
fn shares(slips: &[(i16, Slip)]) -> [Fen; 2] {
    [
        slips.iter().map(|(_, slip)| slip.reimbursed()).sum(),
        slips.iter().map(|(_, slip)| slip.person).sum(),
    ]
}
