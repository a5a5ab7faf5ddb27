//! What a case must be so that a group's rules hold.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::tables::{Comparison, NumberFact, Predicate, SetId, Subject, TreatmentType};

/// Bounds of a number in hundredths, both inclusive.
pub(super) type Bounds = (i64, i64);

/// What is asked of a case; where the rules leave a choice, one was made (生成约束).
#[derive(Clone, Debug)]
pub(super) struct Wishes {
    /// The principal diagnosis is in all of these.
    pub(super) principal_diagnosis: Vec<SetId>,
    pub(super) principal_procedure: Vec<SetId>,
    /// For each, some diagnosis (other than the principal: `true`) is in it.
    pub(super) diagnoses: Vec<(SetId, bool)>,
    pub(super) procedures: Vec<(SetId, bool)>,
    /// No code is in any of these, where that can be helped.
    pub(super) avoid: Vec<SetId>,
    pub(super) no_procedure: bool,
    pub(super) any_procedure: bool,
    /// Some procedure of this type.
    pub(super) treatment: Option<TreatmentType>,
    pub(super) mcc: Option<bool>,
    pub(super) cc: Option<bool>,
    pub(super) numbers: [Bounds; 6],
    pub(super) sex: Option<u8>,
    pub(super) department: Option<String>,
    pub(super) discharge: Option<SetId>,
    /// So many body regions of the set.
    pub(super) regions: Option<(SetId, i64)>,
}

impl Wishes {
    pub(super) fn new() -> Wishes {
        Wishes {
            principal_diagnosis: Vec::new(),
            principal_procedure: Vec::new(),
            diagnoses: Vec::new(),
            procedures: Vec::new(),
            avoid: Vec::new(),
            no_procedure: false,
            any_procedure: false,
            treatment: None,
            mcc: None,
            cc: None,
            numbers: [(0, i64::MAX / 2); 6],
            sex: None,
            department: None,
            discharge: None,
            regions: None,
        }
    }

    /// Bounds of one number.
    pub(super) fn bounds(&self, fact: NumberFact) -> Bounds {
        self.numbers
            .get(fact as usize)
            .copied()
            .unwrap_or((0, i64::MAX / 2))
    }

    /// Keeps what is asked of person and stay alone.
    pub(super) fn forget_codes(&mut self) {
        self.avoid = Vec::new();
        (self.principal_diagnosis, self.principal_procedure) = (Vec::new(), Vec::new());
        (self.diagnoses, self.procedures) = (Vec::new(), Vec::new());
    }

    /// Adds what makes `predicate` come out as `wanted`; of alternatives one is drawn.
    pub(super) fn add(&mut self, predicate: &Predicate, wanted: bool, rng: &mut ChaCha8Rng) {
        match predicate {
            Predicate::Not(inner) => self.add(inner, !wanted, rng),
            Predicate::All(parts) | Predicate::Any(parts) => {
                let every = matches!(predicate, Predicate::All(_)) == wanted;
                if every {
                    parts.iter().for_each(|part| self.add(part, wanted, rng));
                } else if !parts.is_empty()
                    && let Some(part) = parts.get(rng.random_range(0..parts.len()))
                {
                    self.add(part, wanted, rng);
                }
            }
            Predicate::In(subject, negated, set) => self.add_set(*subject, *set, wanted != *negated),
            Predicate::HasProcedure(has) if *has == wanted => self.any_procedure = true,
            Predicate::HasProcedure(_) => self.no_procedure = true,
            Predicate::Mcc => self.mcc = Some(wanted),
            Predicate::Cc => self.cc = Some(wanted),
            Predicate::Sites(set, comparison, number) => {
                if wanted && matches!(comparison, Comparison::AtLeast | Comparison::More) {
                    let more = i64::from(*comparison == Comparison::More);
                    self.regions = Some((*set, number / 100 + more));
                }
            }
            Predicate::Number(fact, comparison, number) => {
                self.add_bound(*fact, *comparison, *number, wanted)
            }
            Predicate::Sex(sex) => self.sex = Some(if wanted { *sex } else { 3 - *sex }),
            Predicate::Department(word) if wanted => self.department = Some(word.to_string()),
            Predicate::Department(_) => {}
            // packets are drawn from their catalogue, not from conditions
            Predicate::Takes(_)
            | Predicate::Type(_)
            | Predicate::SurgeryLevel(..)
            | Predicate::Figure(..) => {}
        }
    }

    fn add_set(&mut self, subject: Subject, set: SetId, inside: bool) {
        if !inside {
            // without procedures nothing can be among them
            match subject {
                Subject::PrincipalProcedure | Subject::AnyProcedure | Subject::OtherProcedure
                    if self.principal_procedure.is_empty() && self.procedures.is_empty() =>
                {
                    self.no_procedure = !self.any_procedure;
                }
                _ => {}
            }
            return self.avoid.push(set);
        }
        match subject {
            Subject::PrincipalDiagnosis => self.principal_diagnosis.push(set),
            Subject::PrincipalProcedure => self.principal_procedure.push(set),
            Subject::AnyDiagnosis => self.diagnoses.push((set, false)),
            Subject::OtherDiagnosis => self.diagnoses.push((set, true)),
            Subject::AnyProcedure => self.procedures.push((set, false)),
            Subject::OtherProcedure => self.procedures.push((set, true)),
            Subject::DischargeStatus => self.discharge = Some(set),
        }
    }

    fn add_bound(&mut self, fact: NumberFact, comparison: Comparison, number: i64, wanted: bool) {
        let comparison = match (comparison, wanted) {
            (same, true) => same,
            (Comparison::Less, false) => Comparison::AtLeast,
            (Comparison::AtMost, false) => Comparison::More,
            (Comparison::More, false) => Comparison::AtMost,
            (Comparison::AtLeast, false) => Comparison::Less,
            // either side of an equality will do
            (Comparison::Equal, false) => Comparison::More,
        };
        // ages, days and grams are whole: the next value is a hundred hundredths away
        let (low, high) = match comparison {
            Comparison::Less => (0, number - 100),
            Comparison::AtMost => (0, number),
            Comparison::More => (number + 100, i64::MAX / 2),
            Comparison::AtLeast => (number, i64::MAX / 2),
            Comparison::Equal => (number, number),
        };
        if let Some(bounds) = self.numbers.get_mut(fact as usize) {
            *bounds = (bounds.0.max(low), bounds.1.min(high));
        }
    }
}
