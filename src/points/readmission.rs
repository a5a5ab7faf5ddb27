//! Readmission (再入院): two stays of one illness within days, and what the second costs.

use super::file_stay::{CutHow, CutStay, ReadmitMatch, ReadmitTable, ReadmitWithin};

/// The rule of a pack.
#[derive(Clone, Debug)]
pub(crate) struct Readmission {
    days: u32,
    matching: ReadmitMatch,
    within: ReadmitWithin,
    how: CutHow,
    stay: CutStay,
    exempt: Vec<String>,
}

/// A stay as the rule sees it (再入院判定用病例).
#[derive(Clone, Copy, Debug)]
pub struct Stay<'a> {
    /// Case id.
    pub id: &'a str,
    /// Who stays.
    pub person: &'a str,
    /// Where.
    pub hospital: &'a str,
    /// Group code; empty where there is none.
    pub group: &'a str,
    /// Core group.
    pub adrg: &'a str,
    /// Principal diagnosis.
    pub diagnosis: &'a str,
    /// First day, counted from any fixed day.
    pub admitted: i64,
    /// Last day, counted so too.
    pub discharged: i64,
    /// What it is for, in the words of `readmit.exempt`: `chemo`, `planned` …
    pub purposes: &'a [&'a str],
    /// Whether it ended in a transfer to another hospital.
    pub transferred: bool,
}

/// What a readmission does to a stay (再入院处理).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cut {
    /// Half of its points.
    Half,
    /// All of its points.
    Zero,
    /// It joins the earlier stay, whose index is given: one case.
    Merge(usize),
    /// It is marked.
    Flag,
}

impl Readmission {
    pub(super) fn of(table: &ReadmitTable) -> Readmission {
        Readmission {
            days: table.days,
            matching: table.matching,
            within: table.within,
            how: table.cut.how,
            stay: table.cut.stay,
            exempt: table.exempt.clone(),
        }
    }

    /// Days, what must be alike, where, what is done, to which stay.
    pub(super) const fn terms(&self) -> (u32, ReadmitMatch, ReadmitWithin, CutHow, CutStay) {
        (self.days, self.matching, self.within, self.how, self.stay)
    }

    /// Whether stays are joined.
    pub(super) fn joins(&self) -> bool {
        self.how == CutHow::Merge
    }

    /// The cut of each stay, by its index; stays without one are left out.
    ///
    /// A stay is held against the last earlier one of the same person, illness and, where the
    /// rule says so, hospital; days are counted from its discharge to the next admission. A chain
    /// merges into its first stay.
    pub(crate) fn cuts(&self, stays: &[Stay]) -> Vec<(usize, Cut)> {
        let mut order: Vec<(usize, &Stay)> = stays.iter().enumerate().collect();
        order.sort_by_key(|(_, stay)| (self.illness(stay), stay.admitted, stay.discharged, stay.id));
        let mut cuts: Vec<(usize, Cut)> = Vec::new();
        let mut first_of_chain = None;
        for pair in order.windows(2) {
            let [(earlier, first), (later, second)] = pair else {
                continue;
            };
            let gap = second.admitted - first.discharged;
            let counts = self.illness(first) == self.illness(second)
                && !second.person.is_empty()
                && !self.illness(second).2.is_empty()
                && (0..=i64::from(self.days)).contains(&gap)
                && !self.is_exempt(second);
            if !counts {
                first_of_chain = None;
                continue;
            }
            let head = *first_of_chain.get_or_insert(*earlier);
            let (index, cut) = match (self.how, self.stay) {
                (CutHow::Merge, _) => (*later, Cut::Merge(head)),
                (how, CutStay::First) => (*earlier, plain(how)),
                (how, CutStay::Second) => (*later, plain(how)),
            };
            cuts.push((index, cut));
        }
        cuts.sort_unstable();
        cuts
    }

    fn illness<'s>(&self, stay: &Stay<'s>) -> (&'s str, &'s str, &'s str) {
        let hospital = match self.within {
            ReadmitWithin::Hospital => stay.hospital,
            ReadmitWithin::Region => "",
        };
        let of = match self.matching {
            ReadmitMatch::Group => stay.group,
            ReadmitMatch::Adrg => stay.adrg,
            ReadmitMatch::Diagnosis => stay.diagnosis,
        };
        (stay.person, hospital, of)
    }

    fn is_exempt(&self, stay: &Stay) -> bool {
        stay.purposes
            .iter()
            .any(|purpose| self.exempt.iter().any(|word| word == purpose))
    }
}

/// A cut that leaves both stays.
const fn plain(how: CutHow) -> Cut {
    match how {
        CutHow::Half => Cut::Half,
        CutHow::Zero => Cut::Zero,
        CutHow::Merge | CutHow::Flag => Cut::Flag,
    }
}
