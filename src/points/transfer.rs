//! Chains of transfers (转院链): one illness treated in one hospital after another, paid as one.

use super::file_stay::{ChainMatch, TransferMode, TransferTable};
use super::readmission::Stay;

/// The rule of a pack.
#[derive(Clone, Debug)]
pub(crate) struct Transfer {
    days: u32,
    matching: ChainMatch,
}

impl Transfer {
    /// None where chains are not told apart.
    pub(super) fn of(table: &TransferTable) -> Option<Transfer> {
        (table.mode == TransferMode::DeductAlongChain).then_some(())?;
        Some(Transfer {
            days: table.days?,
            matching: table.matching?,
        })
    }

    /// The chains, each by the indices of its stays from first to last.
    ///
    /// A stay follows another of the same person that ended in a transfer, in another hospital and
    /// at most so many days later.
    pub(crate) fn chains(&self, stays: &[Stay]) -> Vec<Vec<usize>> {
        let mut order: Vec<(usize, &Stay)> = stays.iter().enumerate().collect();
        order.sort_by_key(|(_, stay)| {
            (
                stay.person,
                self.illness(stay),
                stay.admitted,
                stay.discharged,
                stay.id,
            )
        });
        let mut chains: Vec<Vec<usize>> = Vec::new();
        let mut open = false;
        for pair in order.windows(2) {
            let [(earlier, first), (later, second)] = pair else {
                continue;
            };
            if !self.follows(first, second) {
                open = false;
                continue;
            }
            match chains.last_mut().filter(|_| open) {
                Some(chain) => chain.push(*later),
                None => chains.push(vec![*earlier, *later]),
            }
            open = true;
        }
        chains
    }

    fn follows(&self, first: &Stay, second: &Stay) -> bool {
        let gap = second.admitted - first.discharged;
        first.transferred
            && !second.person.is_empty()
            && first.person == second.person
            && first.hospital != second.hospital
            && self.illness(first) == self.illness(second)
            && (0..=i64::from(self.days)).contains(&gap)
    }

    fn illness<'s>(&self, stay: &Stay<'s>) -> &'s str {
        match self.matching {
            ChainMatch::Group => stay.group,
            ChainMatch::Adrg => stay.adrg,
            ChainMatch::Diagnosis => stay.diagnosis,
            ChainMatch::Person => "",
        }
    }
}
