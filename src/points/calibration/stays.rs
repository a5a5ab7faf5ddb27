//! Grouped stays as few numbers each, in an order of their own (入组病例).

use std::ops::Range;

use hashbrown::HashMap;

/// A grouped stay as calibration and indicators see it (入组病例).
///
/// Names are numbers of [`Stays`]. The order of the fields is the order of the stays: by group, then by
/// cost, so that nothing depends on the order in which they were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stay {
    /// Its group.
    pub group: u32,
    /// Its cost in fen.
    pub cost: i64,
    /// Its hospital.
    pub hospital: u32,
    /// Its department of discharge.
    pub department: u32,
    /// Length in hundredths of a day.
    los: u32,
    /// Year of discharge, 0 where unknown.
    pub year: i16,
    /// Ended by death.
    pub died: bool,
    /// Principal diagnosis on the list of low risk.
    pub low_risk: bool,
    /// Where its further amounts and labels stand.
    side: u32,
}

/// What stands for a length of stay that is not known.
const UNKNOWN: u32 = u32::MAX;

impl Stay {
    /// Cost in yuan (费用).
    pub fn yuan(&self) -> f64 {
        self.cost as f64 / 100.0
    }

    /// Length in days (住院天数), where known.
    pub fn days(&self) -> Option<f64> {
        (self.los != UNKNOWN).then(|| f64::from(self.los) / 100.0)
    }
}

/// A stay before its names are numbered.
#[derive(Clone, Copy, Debug, Default)]
pub struct SeenStay<'s> {
    /// Group code.
    pub group: &'s str,
    /// Major diagnostic category of the group; empty where unknown.
    pub mdc: &'s str,
    /// Adjacent group; empty where unknown.
    pub adrg: &'s str,
    /// Severity of the case.
    pub severity: Severity,
    /// Hospital.
    pub hospital: &'s str,
    /// Department; empty where unknown.
    pub department: &'s str,
    /// Cost in fen.
    pub cost: i64,
    /// Length in hundredths of a day.
    pub los: Option<u32>,
    /// Year of discharge.
    pub year: Option<i16>,
    /// Ended by death.
    pub died: bool,
    /// Principal diagnosis on the list of low risk.
    pub low_risk: bool,
    /// Amounts of the blocks in fen, in the order of the plan.
    pub blocks: &'s [i64],
    /// Labels of the dimensions, in the order of the plan; empty where there is none.
    pub labels: &'s [String],
}

/// How severe a case's other diagnoses are (严重程度).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Neither.
    #[default]
    None,
    /// Complication or comorbidity.
    Cc,
    /// Major one.
    Mcc,
}

impl Severity {
    /// By the word of grouped records; nothing for other words.
    pub fn of(word: &str) -> Option<Severity> {
        match word {
            "" => Some(Severity::None),
            "CC" => Some(Severity::Cc),
            "MCC" => Some(Severity::Mcc),
            _ => None,
        }
    }

    /// The word of tables.
    pub const fn word(self) -> &'static str {
        match self {
            Severity::None => "none",
            Severity::Cc => "CC",
            Severity::Mcc => "MCC",
        }
    }
}

/// What is known of a group (病组).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    /// Its code.
    pub code: String,
    /// Major diagnostic category.
    pub mdc: String,
    /// Adjacent group.
    pub adrg: String,
    /// The least severity among its cases: what a split by severity asks for.
    pub severity: Severity,
}

/// Amounts and labels beside the stays, so many a stay.
#[derive(Clone, Debug, Default)]
pub struct Side {
    blocks: usize,
    amounts: Vec<i64>,
    dimensions: usize,
    labels: Vec<u32>,
    /// The labels by number; 0 is none.
    pub names: Vec<String>,
}

impl Side {
    /// Amounts of the blocks of a stay, in fen.
    pub fn blocks(&self, stay: &Stay) -> &[i64] {
        let start = stay.side as usize * self.blocks;
        self.amounts.get(start..start + self.blocks).unwrap_or_default()
    }

    /// Numbers of the labels of a stay.
    pub fn labels(&self, stay: &Stay) -> &[u32] {
        let start = stay.side as usize * self.dimensions;
        self.labels
            .get(start..start + self.dimensions)
            .unwrap_or_default()
    }
}

/// Stays and the names of what they refer to (病例集).
#[derive(Clone, Debug, Default)]
pub struct Stays {
    /// By code.
    pub groups: Vec<Group>,
    /// By code.
    pub hospitals: Vec<String>,
    /// By name.
    pub departments: Vec<String>,
    /// Amounts and labels.
    pub side: Side,
    /// The stays by group and cost.
    pub all: Sample,
}

impl Stays {
    /// Place of a group's code.
    pub fn group(&self, code: &str) -> Option<usize> {
        let found = self
            .groups
            .binary_search_by(|group| group.code.as_str().cmp(code));
        found.ok()
    }

    /// Changes every cost, e.g. to estimated ones, and orders the stays anew.
    pub fn change_costs(&mut self, cost: impl Fn(&Stay, &Side) -> i64) {
        let mut stays = std::mem::take(&mut self.all.stays);
        stays
            .iter_mut()
            .for_each(|stay| stay.cost = cost(stay, &self.side));
        stays.sort_unstable();
        self.all = Sample::of(stays, self.groups.len());
    }
}

/// Stays by group (病例样本).
#[derive(Clone, Debug, Default)]
pub struct Sample {
    stays: Vec<Stay>,
    ranges: Vec<Range<usize>>,
}

impl Sample {
    /// Of stays in order, among so many groups.
    pub fn of(stays: Vec<Stay>, groups: usize) -> Sample {
        let mut ranges = Vec::with_capacity(groups);
        let mut start = 0;
        for group in 0..groups {
            let rest = stays.get(start..).unwrap_or_default();
            let length = rest.partition_point(|stay| stay.group as usize <= group);
            ranges.push(start..start + length);
            start += length;
        }
        Sample { stays, ranges }
    }

    /// All stays in order.
    pub fn stays(&self) -> &[Stay] {
        &self.stays
    }

    /// The stays of each group, in order of the groups.
    pub fn groups(&self) -> impl ExactSizeIterator<Item = &[Stay]> + Clone {
        let of = |range: &Range<usize>| self.stays.get(range.clone()).unwrap_or_default();
        self.ranges.iter().map(of)
    }

    /// The stays of one group.
    pub fn group(&self, place: usize) -> &[Stay] {
        let range = self.ranges.get(place).cloned().unwrap_or_default();
        self.stays.get(range).unwrap_or_default()
    }

    /// How many stays.
    pub fn len(&self) -> usize {
        self.stays.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.stays.is_empty()
    }

    /// What a test of their group says of each stay, in order.
    pub fn marks<'s, K: Fn(&Stay) -> bool>(&'s self, of_group: impl Fn(&'s [Stay]) -> K) -> Vec<bool> {
        let mut marks = Vec::with_capacity(self.stays.len());
        for group in self.groups() {
            let keeps = of_group(group);
            marks.extend(group.iter().map(keeps));
        }
        marks
    }

    /// Those that are marked; a mark for each stay, in order.
    #[must_use]
    pub fn marked(&self, marks: &[bool]) -> Sample {
        let marked = self.stays.iter().zip(marks).filter(|(_, mark)| **mark);
        Sample::of(marked.map(|(stay, _)| *stay).collect(), self.ranges.len())
    }

    /// Sum of the costs in fen.
    pub fn cost(&self) -> i128 {
        self.stays.iter().map(|stay| i128::from(stay.cost)).sum()
    }
}

// ---- reading ----------------------------------------------------------------------------------

/// Numbers names in the order they come.
#[derive(Debug, Default)]
struct Numbered {
    names: Vec<String>,
    numbers: HashMap<String, u32>,
}

impl Numbered {
    fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.names.push(name.to_owned());
        self.numbers.insert(name.to_owned(), number);
        number
    }

    /// The names in ascending order, and the new number of each old one.
    fn sorted(&self) -> (Vec<String>, Vec<u32>) {
        let mut order: Vec<usize> = (0..self.names.len()).collect();
        order.sort_by_key(|at| self.names.get(*at));
        let mut new = vec![0; order.len()];
        for (place, old) in order.iter().enumerate() {
            if let Some(slot) = new.get_mut(*old) {
                *slot = u32::try_from(place).unwrap_or(u32::MAX);
            }
        }
        let names = order.iter().filter_map(|at| self.names.get(*at).cloned());
        (names.collect(), new)
    }
}

/// Takes up stays in any order (收集病例).
#[derive(Debug, Default)]
pub struct StaysReader {
    groups: Numbered,
    known: Vec<Group>,
    /// Groups that were seen in two categories or adjacent groups.
    pub torn: std::collections::BTreeSet<String>,
    hospitals: Numbered,
    departments: Numbered,
    side: Side,
    labels: Numbered,
    stays: Vec<Stay>,
}

impl StaysReader {
    /// For stays with so many blocks and labels.
    pub fn new(blocks: usize, dimensions: usize) -> StaysReader {
        let mut reader = StaysReader::default();
        reader.side.blocks = blocks;
        reader.side.dimensions = dimensions;
        reader.labels.number("");
        reader
    }

    /// Takes up a stay.
    pub fn add(&mut self, seen: &SeenStay<'_>) {
        let has_side = self.side.blocks + self.side.dimensions > 0;
        let side = if has_side { self.stays.len() } else { 0 };
        let stay = Stay {
            group: self.group(seen),
            cost: seen.cost,
            hospital: self.hospitals.number(seen.hospital),
            department: self.departments.number(seen.department),
            los: seen.los.unwrap_or(UNKNOWN),
            year: seen.year.unwrap_or(0),
            died: seen.died,
            low_risk: seen.low_risk,
            side: u32::try_from(side).unwrap_or(u32::MAX),
        };
        self.stays.push(stay);
        for block in 0..self.side.blocks {
            self.side
                .amounts
                .push(seen.blocks.get(block).copied().unwrap_or(0));
        }
        for dimension in 0..self.side.dimensions {
            let label = seen.labels.get(dimension).map_or("", String::as_str);
            let number = self.labels.number(label);
            self.side.labels.push(number);
        }
    }

    /// The number of its group, of which the least category, adjacent group and severity are kept.
    fn group(&mut self, seen: &SeenStay<'_>) -> u32 {
        let number = self.groups.number(seen.group);
        match self.known.get_mut(number as usize) {
            None => self.known.push(Group {
                code: seen.group.to_owned(),
                mdc: seen.mdc.to_owned(),
                adrg: seen.adrg.to_owned(),
                severity: seen.severity,
            }),
            Some(group) => {
                if group.mdc != seen.mdc || group.adrg != seen.adrg {
                    self.torn.insert(group.code.clone());
                    let least = (group.mdc.as_str(), group.adrg.as_str()).min((seen.mdc, seen.adrg));
                    (group.mdc, group.adrg) = (least.0.to_owned(), least.1.to_owned());
                }
                group.severity = group.severity.min(seen.severity);
            }
        }
        number
    }

    /// How many so far.
    pub fn len(&self) -> usize {
        self.stays.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.stays.is_empty()
    }

    /// Names by name, stays by group and cost: whatever the order they were read in.
    pub fn finish(mut self) -> Stays {
        let (_, group_of) = self.groups.sorted();
        let (hospitals, hospital_of) = self.hospitals.sorted();
        let (departments, department_of) = self.departments.sorted();
        let (names, label_of) = self.labels.sorted();
        let new = |table: &[u32], old: u32| table.get(old as usize).copied().unwrap_or(old);
        for stay in &mut self.stays {
            stay.group = new(&group_of, stay.group);
            stay.hospital = new(&hospital_of, stay.hospital);
            stay.department = new(&department_of, stay.department);
        }
        for label in &mut self.side.labels {
            *label = new(&label_of, *label);
        }
        self.side.names = names;
        self.known.sort();
        let (stays, side) = in_order(self.stays, self.side);
        Stays {
            all: Sample::of(stays, self.known.len()),
            groups: self.known,
            hospitals,
            departments,
            side,
        }
    }
}

/// Stays in order; those alike but for their amounts and labels by these, which follow the stays.
fn in_order(mut stays: Vec<Stay>, side: Side) -> (Vec<Stay>, Side) {
    let alike = |stay: &Stay| Stay { side: 0, ..*stay };
    stays.sort_unstable_by(|one, other| {
        let first = alike(one).cmp(&alike(other));
        let then = || side.blocks(one).cmp(side.blocks(other));
        let last = || side.labels(one).cmp(side.labels(other));
        first.then_with(then).then_with(last)
    });
    if side.blocks + side.dimensions == 0 {
        return (stays, side);
    }
    let mut ordered = Side {
        amounts: Vec::with_capacity(side.amounts.len()),
        labels: Vec::with_capacity(side.labels.len()),
        blocks: side.blocks,
        dimensions: side.dimensions,
        names: side.names.clone(),
    };
    for (place, stay) in stays.iter_mut().enumerate() {
        ordered.amounts.extend_from_slice(side.blocks(stay));
        ordered.labels.extend_from_slice(side.labels(stay));
        stay.side = u32::try_from(place).unwrap_or(u32::MAX);
    }
    (stays, ordered)
}
