//! Changes to a case: what a reviewer might find to be otherwise, and the case as it would be.

use std::sync::Arc;

use crate::records::CaseDraft;
use crate::tables::{ComplicationLevel, NumberFact};

/// One thing of a case that might be otherwise (一处改动).
///
/// Slots count the record's own lists from 0, the principal; they do not move when another change
/// drops a code. Codes that are not the record's own are examples of a kind, and say so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Another diagnosis is not there.
    DropDiagnosis {
        /// Its slot.
        slot: usize,
        /// Its code.
        code: Arc<str>,
    },
    /// There is an MCC or CC more that the principal diagnosis does not exclude.
    AddComplication {
        /// MCC or CC.
        level: ComplicationLevel,
        /// One such code.
        example: Arc<str>,
    },
    /// There is a diagnosis of a list more.
    AddDiagnosis {
        /// As conditions write it.
        list: Arc<str>,
        /// A code of the list.
        example: Arc<str>,
    },
    /// Another diagnosis is the principal one, in exchange with it.
    SwapPrincipal {
        /// Slot of the other diagnosis.
        slot: usize,
        /// Its code.
        code: Arc<str>,
        /// The principal of the record.
        principal: Arc<str>,
    },
    /// A procedure is not there.
    DropProcedure {
        /// Its slot.
        slot: usize,
        /// Its code.
        code: Arc<str>,
    },
    /// There is a procedure of a list more.
    AddProcedure {
        /// As conditions write it.
        list: Arc<str>,
        /// A code of the list.
        example: Arc<str>,
        /// It is the principal procedure.
        principal: bool,
    },
    /// Another procedure is the principal one, in exchange with it.
    SwapProcedure {
        /// Slot of the other procedure.
        slot: usize,
        /// Its code.
        code: Arc<str>,
        /// The principal procedure of the record.
        principal: Arc<str>,
    },
    /// A number lies on the other side of a bound; in hundredths.
    Number {
        /// Which one.
        fact: NumberFact,
        /// As recorded.
        from: Option<i64>,
        /// The nearest value beyond the bound.
        to: i64,
    },
    /// The sex is the other one.
    Sex {
        /// As recorded.
        from: u8,
        /// The other.
        to: u8,
    },
    /// The department is one that a rule names.
    Department {
        /// As recorded.
        from: Arc<str>,
        /// As the rule names it.
        to: Arc<str>,
    },
    /// The discharge status is one that a rule names.
    DischargeStatus {
        /// As recorded.
        from: Arc<str>,
        /// One of the rule's set.
        to: Arc<str>,
    },
}

impl Change {
    /// The word used in JSON.
    pub const fn kind(&self) -> &'static str {
        match self {
            Change::DropDiagnosis { .. } => "drop_diagnosis",
            Change::AddComplication { .. } => "add_complication",
            Change::AddDiagnosis { .. } => "add_diagnosis",
            Change::SwapPrincipal { .. } => "swap_principal_diagnosis",
            Change::DropProcedure { .. } => "drop_procedure",
            Change::AddProcedure { .. } => "add_procedure",
            Change::SwapProcedure { .. } => "swap_principal_procedure",
            Change::Number { .. } => "number",
            Change::Sex { .. } => "sex",
            Change::Department { .. } => "department",
            Change::DischargeStatus { .. } => "discharge_status",
        }
    }

    /// Place in the fixed order of kinds: what the record has in another order, then without a part
    /// of it, then with another value, and last with what it does not have.
    pub(super) const fn rank(&self) -> u8 {
        match self {
            Change::SwapPrincipal { .. } => 0,
            Change::SwapProcedure { .. } => 1,
            Change::DropDiagnosis { .. } => 2,
            Change::DropProcedure { .. } => 3,
            Change::Number { .. } => 4,
            Change::Sex { .. } => 5,
            Change::Department { .. } => 6,
            Change::DischargeStatus { .. } => 7,
            Change::AddComplication { .. } => 8,
            Change::AddDiagnosis { .. } => 9,
            Change::AddProcedure { .. } => 10,
        }
    }

    /// Whether the two cannot both be: they speak of the same thing.
    fn contradicts(&self, other: &Change) -> bool {
        use Change::{
            AddComplication, AddProcedure, Department, DischargeStatus, DropDiagnosis, DropProcedure, Number,
            Sex, SwapPrincipal, SwapProcedure,
        };
        match (self, other) {
            (DropDiagnosis { slot: a, .. }, SwapPrincipal { slot: b, .. })
            | (SwapPrincipal { slot: a, .. }, DropDiagnosis { slot: b, .. })
            | (DropProcedure { slot: a, .. }, SwapProcedure { slot: b, .. })
            | (SwapProcedure { slot: a, .. }, DropProcedure { slot: b, .. })
            | (DropDiagnosis { slot: a, .. }, DropDiagnosis { slot: b, .. })
            | (DropProcedure { slot: a, .. }, DropProcedure { slot: b, .. }) => a == b,
            (AddComplication { level: a, .. }, AddComplication { level: b, .. }) => a == b,
            (Number { fact: a, .. }, Number { fact: b, .. }) => a == b,
            (AddProcedure { principal: true, .. }, AddProcedure { principal: true, .. })
            | (AddProcedure { principal: true, .. }, SwapProcedure { .. })
            | (SwapProcedure { .. }, AddProcedure { principal: true, .. })
            | (SwapProcedure { .. }, SwapProcedure { .. })
            | (SwapPrincipal { .. }, SwapPrincipal { .. })
            | (Sex { .. }, Sex { .. })
            | (Department { .. }, Department { .. })
            | (DischargeStatus { .. }, DischargeStatus { .. }) => true,
            _ => false,
        }
    }
}

/// The case with all changes made at once; their order does not matter to it, but for the order
/// of what is added. `None` if two of them contradict each other.
pub(super) fn apply(record: &CaseDraft, changes: &[&Change]) -> Option<CaseDraft> {
    for (at, change) in changes.iter().enumerate() {
        if changes.iter().skip(at + 1).any(|later| change.contradicts(later)) {
            return None;
        }
    }
    let mut draft = record.clone();
    draft.diagnoses = diagnoses(record, changes);
    draft.procedures = procedures(record, changes);
    changes.iter().for_each(|change| set_single(&mut draft, change));
    Some(draft)
}

fn diagnoses(record: &CaseDraft, changes: &[&Change]) -> Vec<Arc<str>> {
    let swapped = changes.iter().find_map(|change| match change {
        Change::SwapPrincipal { slot, .. } => Some(*slot),
        _ => None,
    });
    let dropped = |slot: usize| {
        changes
            .iter()
            .any(|c| matches!(c, Change::DropDiagnosis { slot: own, .. } if *own == slot))
    };
    let mut codes = kept(&record.diagnoses, swapped, dropped);
    codes.extend(changes.iter().filter_map(|change| match change {
        Change::AddComplication { example, .. } | Change::AddDiagnosis { example, .. } => {
            Some(Arc::clone(example))
        }
        _ => None,
    }));
    codes
}

fn procedures(record: &CaseDraft, changes: &[&Change]) -> Vec<Arc<str>> {
    let swapped = changes.iter().find_map(|change| match change {
        Change::SwapProcedure { slot, .. } => Some(*slot),
        _ => None,
    });
    let dropped = |slot: usize| {
        changes
            .iter()
            .any(|c| matches!(c, Change::DropProcedure { slot: own, .. } if *own == slot))
    };
    let mut codes = kept(&record.procedures, swapped, dropped);
    for change in changes {
        if let Change::AddProcedure {
            example, principal, ..
        } = change
        {
            let place = if *principal { 0 } else { codes.len() };
            codes.insert(place, Arc::clone(example));
        }
    }
    codes
}

/// The codes with one exchanged for the first and some left out.
fn kept(codes: &[Arc<str>], swapped: Option<usize>, dropped: impl Fn(usize) -> bool) -> Vec<Arc<str>> {
    let mut order: Vec<usize> = (0..codes.len()).collect();
    if let Some(slot) = swapped.filter(|slot| *slot < order.len()) {
        order.swap(0, slot);
    }
    order
        .into_iter()
        .filter(|slot| !dropped(*slot))
        .filter_map(|slot| codes.get(slot).cloned())
        .collect()
}

/// Makes a change of what stands once in a record.
fn set_single(draft: &mut CaseDraft, change: &Change) {
    match change {
        Change::Number { fact, to, .. } => match fact {
            NumberFact::Age => draft.age = *to,
            NumberFact::AgeDays => draft.age_days = Some(*to),
            NumberFact::Weight => draft.weight = Some(*to),
            NumberFact::Los => draft.los = Some(*to),
            NumberFact::IcuHours => draft.icu_hours = Some(*to),
            NumberFact::Amount => draft.total_fee = Some(*to),
        },
        Change::Sex { to, .. } => draft.sex = *to,
        Change::Department { to, .. } => draft.department = Arc::clone(to),
        Change::DischargeStatus { to, .. } => draft.discharge_status = Arc::clone(to),
        _ => {}
    }
}

/// A number of a draft as conditions compare it, in hundredths.
pub(super) fn number_of(draft: &CaseDraft, fact: NumberFact) -> Option<i64> {
    match fact {
        NumberFact::Age => Some(draft.age),
        NumberFact::AgeDays => draft.age_days,
        NumberFact::Weight => draft.weight,
        NumberFact::Los => draft.los,
        NumberFact::IcuHours => draft.icu_hours,
        NumberFact::Amount => draft.total_fee,
    }
}
