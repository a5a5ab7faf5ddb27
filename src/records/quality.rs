//! What the quality summary counts (质控汇总): rows, by region, hospital, month and department.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

use hashbrown::{Equivalent, HashMap};
use jiff::civil::Date;

use super::case::Case;
use crate::diagnostics::{Action, Finding, Severity, Stops};

/// The counts of one row (单条记录计数).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowFacts {
    /// Whether the row was read with every edit.
    pub is_read: bool,
    /// Cells that must be filled.
    pub required: u64,
    /// Those of them that are.
    pub filled: u64,
    /// 1 if the principal diagnosis is listed.
    pub principal_listed: u64,
    /// Other diagnoses.
    pub others: u64,
    /// Those of them that are listed.
    pub others_listed: u64,
    /// Procedures.
    pub procedures: u64,
    /// Those of them that are listed.
    pub procedures_listed: u64,
    /// Codes that the map changed.
    pub changed: u64,
    /// Codes without a target in the map.
    pub unmapped: u64,
    /// Codes that stand only in another edition than the declared one.
    pub foreign: u64,
}

impl RowFacts {
    /// Forgets the last row.
    pub(super) fn clear(&mut self) {
        *self = RowFacts::default();
    }
}

/// What rows are counted by (汇总范围).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum QualityScope {
    /// Every row.
    All,
    /// By hospital.
    Hospital(String),
    /// By month of discharge, `2026-01`.
    Month(String),
    /// By department of discharge.
    Department(String),
}

/// A scope as a row names it, without a copy of the name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Named<'c> {
    All,
    Hospital(&'c str),
    Month(&'c str),
    Department(&'c str),
}

impl<'c> Named<'c> {
    fn of(scope: &'c QualityScope) -> Named<'c> {
        match scope {
            QualityScope::All => Named::All,
            QualityScope::Hospital(name) => Named::Hospital(name),
            QualityScope::Month(name) => Named::Month(name),
            QualityScope::Department(name) => Named::Department(name),
        }
    }

    fn owned(self) -> QualityScope {
        match self {
            Named::All => QualityScope::All,
            Named::Hospital(name) => QualityScope::Hospital(name.to_owned()),
            Named::Month(name) => QualityScope::Month(name.to_owned()),
            Named::Department(name) => QualityScope::Department(name.to_owned()),
        }
    }

    /// What a row is not counted by: what it says nothing of.
    fn is_unsaid(self) -> bool {
        matches!(
            self,
            Named::Hospital("") | Named::Month("") | Named::Department("")
        )
    }
}

impl Hash for Named<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let (kind, name) = match self {
            Named::All => (0_u8, ""),
            Named::Hospital(name) => (1, *name),
            Named::Month(name) => (2, *name),
            Named::Department(name) => (3, *name),
        };
        kind.hash(state);
        name.hash(state);
    }
}

impl Hash for QualityScope {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Named::of(self).hash(state);
    }
}

impl Equivalent<QualityScope> for Named<'_> {
    fn equivalent(&self, scope: &QualityScope) -> bool {
        *self == Named::of(scope)
    }
}

/// `2026-01`, of a day.
fn month_of(day: Date) -> [u8; 7] {
    let (year, month) = (day.year().unsigned_abs(), day.month().unsigned_abs());
    let digit = |number: u16| b'0' + (number % 10) as u8;
    let month = u16::from(month);
    [
        digit(year / 1000),
        digit(year / 100),
        digit(year / 10),
        digit(year),
        b'-',
        digit(month / 10),
        digit(month),
    ]
}

/// How often an edit hit (规则命中).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EditCount {
    /// Findings.
    pub findings: u64,
    /// Records with such a finding.
    pub records: u64,
    /// Their total fees, in fen.
    pub cost: i64,
    /// The gravest place where it stopped a record.
    pub stops: Option<Stops>,
}

/// The counts of one scope (范围计数).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopeCount {
    /// Records read.
    pub read: u64,
    /// Records without a fatal finding or an error.
    pub sound: u64,
    /// Records that reach the grouper.
    pub groupable: u64,
    /// Records of a sound shape.
    pub shaped: u64,
    /// Total fees of the records that are not sound, in fen.
    pub cost_of_unsound: i64,
    /// Sums over records.
    pub facts: RowFacts,
    /// Records without a finding of code and name.
    pub names_agree: u64,
    /// Records without a finding of age, newborn, date, obstetric, oncology, injury, consistency.
    pub logical: u64,
    /// Records whose bill adds up.
    pub balanced: u64,
    /// Records with one diagnosis only.
    pub one_diagnosis: u64,
    /// Records without a procedure.
    pub no_procedure: u64,
    /// Records whose principal diagnosis is blocked.
    pub blocked: u64,
    /// Values repaired, by column.
    pub repaired: BTreeMap<&'static str, u64>,
    /// Placeholders, by column.
    pub placeholders: BTreeMap<&'static str, u64>,
    /// Findings by code.
    pub edits: BTreeMap<&'static str, EditCount>,
}

/// Topics whose findings are those of logic.
const LOGIC: &[u8] = b"ABDONJK";

/// What a row comes to, before it is added to its scopes.
struct RowCount<'f> {
    facts: RowFacts,
    cost: i64,
    is_case: bool,
    diagnoses: usize,
    findings: &'f [&'f Finding],
}

fn is_grave(finding: &Finding) -> bool {
    matches!(finding.severity, Severity::Fatal | Severity::Error)
}

impl ScopeCount {
    fn add(&mut self, row: &RowCount<'_>) {
        let none =
            |hit: &dyn Fn(&Finding) -> bool| u64::from(!row.findings.iter().any(|finding| hit(finding)));
        let is_sound = none(&is_grave);
        self.read += 1;
        self.sound += is_sound;
        self.groupable += u64::from(row.is_case);
        self.shaped += u64::from(row.facts.is_read);
        let cost = if is_sound == 0 { row.cost } else { 0 };
        self.cost_of_unsound = self.cost_of_unsound.saturating_add(cost);
        let code = |finding: &Finding| finding.edit.code;
        self.names_agree += none(&|finding| code(finding) == "C105");
        self.logical += none(&|finding| {
            is_not_info(finding)
                && code(finding)
                    .bytes()
                    .next()
                    .is_some_and(|topic| LOGIC.contains(&topic))
        });
        self.balanced += none(&|finding| ("M972"..="M976").contains(&code(finding)));
        self.blocked += 1 - none(&|finding| code(finding) == "P204");
        if row.facts.is_read {
            self.one_diagnosis += u64::from(row.diagnoses == 1);
            self.no_procedure += u64::from(row.facts.procedures == 0);
        }
        self.add_facts(&row.facts);
        for (at, finding) in row.findings.iter().enumerate() {
            let is_first = !row
                .findings
                .iter()
                .take(at)
                .any(|before| code(before) == code(finding));
            self.add_finding(finding, is_first, row.cost);
        }
    }

    fn add_finding(&mut self, finding: &Finding, is_first: bool, cost: i64) {
        match finding.action {
            Action::Repaired => *self.repaired.entry(finding.column).or_default() += 1,
            Action::Emptied if finding.edit.code == "F004" => {
                *self.placeholders.entry(finding.column).or_default() += 1
            }
            _ => {}
        }
        let count = self.edits.entry(finding.edit.code).or_default();
        count.findings += 1;
        if is_first {
            count.records += 1;
            count.cost = count.cost.saturating_add(cost);
        }
        if finding.action != Action::Repaired {
            let stops = finding.edit.stops;
            count.stops = Some(count.stops.map_or(stops, |held| held.min(stops)));
        }
    }

    fn add_facts(&mut self, row: &RowFacts) {
        let sums = &mut self.facts;
        sums.required += row.required;
        sums.filled += row.filled;
        sums.principal_listed += row.principal_listed;
        sums.others += row.others;
        sums.others_listed += row.others_listed;
        sums.procedures += row.procedures;
        sums.procedures_listed += row.procedures_listed;
        sums.changed += row.changed;
        sums.unmapped += row.unmapped;
        sums.foreign += row.foreign;
    }

    fn merge(&mut self, other: ScopeCount) {
        self.read += other.read;
        self.sound += other.sound;
        self.groupable += other.groupable;
        self.shaped += other.shaped;
        self.cost_of_unsound = self.cost_of_unsound.saturating_add(other.cost_of_unsound);
        self.add_facts(&other.facts);
        self.names_agree += other.names_agree;
        self.logical += other.logical;
        self.balanced += other.balanced;
        self.one_diagnosis += other.one_diagnosis;
        self.no_procedure += other.no_procedure;
        self.blocked += other.blocked;
        for (column, count) in other.repaired {
            *self.repaired.entry(column).or_default() += count;
        }
        for (column, count) in other.placeholders {
            *self.placeholders.entry(column).or_default() += count;
        }
        for (code, count) in other.edits {
            let held = self.edits.entry(code).or_default();
            held.findings += count.findings;
            held.records += count.records;
            held.cost = held.cost.saturating_add(count.cost);
            held.stops = match (held.stops, count.stops) {
                (Some(held), Some(other)) => Some(held.min(other)),
                (held, other) => held.or(other),
            };
        }
    }
}

fn is_not_info(finding: &Finding) -> bool {
    finding.severity != Severity::Info
}

/// The counts of a run (质控汇总). Every count is a sum over rows, so that no order reaches it.
#[derive(Clone, Debug, Default)]
pub struct Quality {
    places: HashMap<QualityScope, usize>,
    /// In the order they were met; only [`Quality::scopes`] brings them into one of their own.
    counts: Vec<(QualityScope, ScopeCount)>,
}

/// The most scopes one row counts in.
const SCOPES: usize = 4;

/// What is needed to count a finding of a row that was counted before (补计).
#[derive(Clone, Debug)]
pub struct Counted {
    /// Places of its scopes in the counts it was added to.
    scopes: [Option<usize>; SCOPES],
    cost: i64,
    is_sound: bool,
}

impl Quality {
    /// Adds a row with its findings.
    pub fn add(&mut self, case: &Case, facts: &RowFacts, is_case: bool, findings: &[&Finding]) -> Counted {
        let month = case.discharge().map(month_of);
        let month = month
            .as_ref()
            .and_then(|month| std::str::from_utf8(month).ok())
            .unwrap_or("");
        let row = RowCount {
            facts: *facts,
            cost: case.total_fee().map_or(0, crate::units::Fen::fen),
            is_case,
            diagnoses: case.diagnoses().len(),
            findings,
        };
        let named = [
            Named::All,
            Named::Hospital(case.hospital()),
            Named::Month(month),
            Named::Department(case.department()),
        ];
        let scopes = named.map(|scope| {
            let place = (!scope.is_unsaid()).then(|| self.place(scope))?;
            self.counts.get_mut(place)?.1.add(&row);
            Some(place)
        });
        Counted {
            scopes,
            cost: row.cost,
            is_sound: !findings.iter().any(|finding| is_grave(finding)),
        }
    }

    /// Where the counts of a scope stand.
    fn place(&mut self, scope: Named<'_>) -> usize {
        if let Some(place) = self.places.get(&scope) {
            return *place;
        }
        let place = self.counts.len();
        self.counts.push((scope.owned(), ScopeCount::default()));
        self.places.insert(scope.owned(), place);
        place
    }

    fn count_of(&mut self, scope: Named<'_>) -> Option<&mut ScopeCount> {
        let place = self.place(scope);
        self.counts.get_mut(place).map(|(_, count)| count)
    }

    /// Adds a finding of a row that was added before to these same counts, e.g. that it is a copy.
    pub fn add_later(&mut self, counted: &Counted, finding: &Finding) {
        let is_newly_unsound = counted.is_sound && is_grave(finding);
        for place in counted.scopes.iter().flatten() {
            let Some((_, count)) = self.counts.get_mut(*place) else {
                continue;
            };
            count.sound -= u64::from(is_newly_unsound && count.sound > 0);
            let cost = if is_newly_unsound { counted.cost } else { 0 };
            count.cost_of_unsound = count.cost_of_unsound.saturating_add(cost);
            count.add_finding(finding, true, counted.cost);
        }
    }

    /// Adds a finding of a whole file.
    pub fn add_of_file(&mut self, finding: &Finding) {
        if let Some(count) = self.count_of(Named::All) {
            count.add_finding(finding, false, 0);
        }
    }

    /// Adds the rows of another part of the run.
    pub fn merge(&mut self, other: Quality) {
        for (scope, count) in other.counts {
            if let Some(held) = self.count_of(Named::of(&scope)) {
                held.merge(count);
            }
        }
    }

    /// Every scope: all first, then hospitals, months and departments, each by what its unsound
    /// records cost, the most first.
    pub fn scopes(&self) -> Vec<(&QualityScope, &ScopeCount)> {
        let counts = self.counts.iter();
        let mut scopes: Vec<(&QualityScope, &ScopeCount)> =
            counts.map(|(scope, count)| (scope, count)).collect();
        scopes.sort_by_key(|(scope, count)| (kind(scope), std::cmp::Reverse(count.cost_of_unsound), *scope));
        scopes
    }

    /// The counts of every row.
    pub fn all(&self) -> Option<&ScopeCount> {
        let place = self.places.get(&Named::All)?;
        self.counts.get(*place).map(|(_, count)| count)
    }
}

fn kind(scope: &QualityScope) -> u8 {
    match scope {
        QualityScope::All => 0,
        QualityScope::Hospital(_) => 1,
        QualityScope::Month(_) => 2,
        QualityScope::Department(_) => 3,
    }
}
