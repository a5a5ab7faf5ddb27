//! Stays that are paid as one (合并病例): a newborn with its mother, a readmission with the stay
//! before. The later stay's bill joins the earlier one's before any test; it is then paid nothing.

use hashbrown::HashMap;

use super::chain::Inputs;
use super::price::stay_of;
use super::settle::paid_by;
use super::statement::RunResult;
use crate::benefit::Slip;
use crate::points::{Cut, Pack, PoolFund, Stay};
use crate::units::Fen;

/// What a case brings to its pool, joined stays included.
#[derive(Clone, Debug, Default)]
pub(super) struct BillOf {
    pub(super) cost: Fen,
    pub(super) claim: Fen,
    pub(super) nonfund: Fen,
    pub(super) refunds: Fen,
    pub(super) denied: Fen,
    pub(super) days: Option<u32>,
    pub(super) funds: Vec<(PoolFund, Fen)>,
    pub(super) addons: Vec<(String, Fen)>,
}

impl BillOf {
    pub(super) fn of(pack: &Pack, slip: &Slip, statement: &super::Statement) -> BillOf {
        let funds: Vec<(PoolFund, Fen)> = pack
            .includes()
            .iter()
            .map(|fund| (*fund, paid_by(*fund, slip)))
            .collect();
        let claim: Fen = funds.iter().map(|(_, paid)| *paid).sum();
        BillOf {
            cost: slip.total,
            claim,
            nonfund: slip.total - claim,
            refunds: statement.facts.refunds,
            denied: statement.facts.denied,
            days: statement.los_days,
            funds,
            addons: statement.facts.addons.clone(),
        }
    }

    /// Takes another bill in; days count only where the same person stays on.
    fn join(&mut self, other: BillOf, days: bool) {
        self.cost += other.cost;
        self.claim += other.claim;
        self.nonfund += other.nonfund;
        self.refunds += other.refunds;
        self.denied += other.denied;
        if days {
            self.days = self
                .days
                .zip(other.days)
                .map(|(own, more)| own.saturating_add(more));
        }
        for ((_, own), (_, more)) in self.funds.iter_mut().zip(other.funds) {
            *own += more;
        }
        for (name, amount) in other.addons {
            match self.addons.iter_mut().find(|(known, _)| *known == name) {
                Some((_, own)) => *own += amount,
                None => self.addons.push((name, amount)),
            }
        }
    }
}

/// Every case's bill, and the stay that it is paid with.
pub(super) struct Joined {
    pub(super) bills: Vec<Option<BillOf>>,
    pub(super) heads: Vec<Option<usize>>,
}

impl Joined {
    /// Joins what the pack joins, among cases with a slip.
    pub(super) fn of(inputs: &Inputs, pack: &Pack, result: &RunResult, slips: &[Option<Slip>]) -> Joined {
        let with_slips = result.statements.iter().zip(slips);
        let bills = with_slips.map(|(statement, slip)| Some(BillOf::of(pack, slip.as_ref()?, statement)));
        let mut joined = Joined {
            bills: bills.collect(),
            heads: vec![None; slips.len()],
        };
        if pack.merges_newborns() {
            joined.newborns(result);
        }
        joined.readmissions(inputs, pack, result);
        joined
    }

    fn newborns(&mut self, result: &RunResult) {
        let by_case: HashMap<(&str, &str), usize> = result
            .statements
            .iter()
            .enumerate()
            .map(|(index, stay)| ((stay.hospital.as_str(), stay.case_id.as_str()), index))
            .collect();
        for (index, stay) in result.statements.iter().enumerate() {
            let mother = stay.facts.mother.as_str();
            let head = by_case.get(&(stay.hospital.as_str(), mother));
            if let Some(head) = head.filter(|_| !mother.is_empty()) {
                self.join(*head, index, false);
            }
        }
    }

    fn readmissions(&mut self, inputs: &Inputs, pack: &Pack, result: &RunResult) {
        if !pack.joins_readmissions() {
            return;
        }
        let scheme = inputs.grouper.scheme();
        let has_bill = result.statements.iter().enumerate();
        let has_bill = has_bill.filter(|(index, _)| self.bills.get(*index).is_some_and(Option::is_some));
        let (indices, stays): (Vec<usize>, Vec<Stay>) = has_bill
            .map(|(index, stay)| (index, stay_of(scheme, stay, &[])))
            .unzip();
        let purposes: Vec<Vec<&str>> = indices.iter().map(|index| purposes_of(result, *index)).collect();
        let stays: Vec<Stay> = stays
            .into_iter()
            .zip(&purposes)
            .map(|(stay, purposes)| Stay { purposes, ..stay })
            .collect();
        for (at, cut) in pack.readmissions(&stays) {
            let (Cut::Merge(head), Some(later)) = (cut, indices.get(at)) else {
                continue;
            };
            if let Some(head) = indices.get(head) {
                self.join(*head, *later, true);
            }
        }
    }

    /// Moves a bill to its head, unless one of them went elsewhere before.
    fn join(&mut self, head: usize, part: usize, days: bool) {
        let free = |at: usize| self.heads.get(at).is_some_and(Option::is_none);
        if head == part || !free(head) || !free(part) {
            return;
        }
        let Some(Some(bill)) = self.bills.get_mut(part).map(Option::take) else {
            return;
        };
        if let Some(Some(own)) = self.bills.get_mut(head) {
            own.join(bill, days);
        }
        self.bills
            .iter_mut()
            .skip(part)
            .take(1)
            .for_each(|slot| *slot = Some(BillOf::default()));
        self.heads
            .iter_mut()
            .skip(part)
            .take(1)
            .for_each(|slot| *slot = Some(head));
    }
}

/// What a stay is for.
pub(super) fn purposes_of(result: &RunResult, index: usize) -> Vec<&str> {
    let stay = result.statements.get(index);
    stay.map_or_else(Vec::new, |stay| {
        stay.facts.purposes.iter().map(String::as_str).collect()
    })
}
