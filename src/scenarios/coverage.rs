//! Indicators of a run (保障水平与负担指标): how much of in-scope and of all cost is paid, who is burdened,
//! and how the poor fare beside others.

use std::collections::{BTreeMap, BTreeSet};

use super::chain::Inputs;
use super::link_file::Numerator;
use super::statement::{RunResult, Settled, Statement};
use crate::units::{Exact, Fen, Overflow};

/// What a row of indicators is about (分组维度).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// The whole insurance.
    All,
    /// 档次
    Plan,
    /// 医疗机构等级
    Level,
    /// Month of discharge: the trend.
    Month,
}

impl By {
    const ALL: [By; 4] = [By::All, By::Plan, By::Level, By::Month];

    /// The word used in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            By::All => "all",
            By::Plan => "plan",
            By::Level => "level",
            By::Month => "month",
        }
    }
}

/// LevelSums that ratios are made of (指标合计).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LevelSums {
    /// Cases.
    pub cases: u64,
    /// Bills.
    pub total: Fen,
    /// In scope.
    pub scope: Fen,
    /// Out of list and over limit.
    pub out_of_scope: Fen,
    /// Paid by basic insurance.
    pub basic: Fen,
    /// Paid by basic insurance, critical illness insurance and assistance.
    pub three_tiers: Fen,
}

impl LevelSums {
    fn add(&mut self, settled: &Settled) {
        let slip = &settled.slip;
        let paid =
            |numerator: Numerator| -> Fen { numerator.payers().iter().map(|payer| slip.fund(*payer)).sum() };
        self.cases += 1;
        self.total += slip.total;
        self.scope += slip.scope;
        self.out_of_scope += slip.own + slip.over;
        self.basic += paid(Numerator::Basic);
        self.three_tiers += paid(Numerator::ThreeTiers);
    }

    /// What was paid.
    pub fn paid(&self, numerator: Numerator) -> Fen {
        match numerator {
            Numerator::Basic => self.basic,
            Numerator::ThreeTiers => self.three_tiers,
        }
    }

    /// Paid over in-scope cost (政策范围内支付比例).
    ///
    /// # Errors
    /// There is no in-scope cost.
    pub fn in_scope_ratio(&self, numerator: Numerator) -> Result<Exact, Overflow> {
        self.paid(numerator).exact().div(self.scope.exact())
    }

    /// Paid over all cost (实际支付比例).
    ///
    /// # Errors
    /// There is no cost.
    pub fn actual_ratio(&self, numerator: Numerator) -> Result<Exact, Overflow> {
        self.paid(numerator).exact().div(self.total.exact())
    }

    /// Out-of-list and over-limit cost over all cost (政策范围外费用占比).
    ///
    /// # Errors
    /// There is no cost.
    pub fn out_of_scope_share(&self) -> Result<Exact, Overflow> {
        self.out_of_scope.exact().div(self.total.exact())
    }
}

/// A person whose in-scope self-pay is high (高额负担人员).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Burden {
    /// Stays.
    pub stays: u64,
    /// Bills.
    pub total: Fen,
    /// In-scope cost that nobody else paid.
    pub in_scope: Fen,
    /// Everything the person paid.
    pub person: Fen,
}

/// Stays and cost of the poor or of others at a hospital (住院情况).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stays {
    /// Stays.
    pub stays: u64,
    /// Bills.
    pub total: Fen,
    /// Distinct persons with a stay.
    pub persons: BTreeSet<String>,
}

/// Whether somebody counts as poor by the scenario.
fn is_poor(inputs: &Inputs, person: &str) -> Option<bool> {
    let poor = &inputs.scenario.indicators.as_ref()?.poor;
    let insured = inputs.lists.persons.get(person)?;
    Some(insured.categories.iter().any(|category| poor.contains(category)))
}

fn settled(result: &RunResult) -> impl Iterator<Item = (&Statement, &Settled)> {
    let statements = result.statements.iter();
    statements.filter_map(|statement| Some((statement, statement.settled()?)))
}

/// LevelSums by insurance and dimension (保障水平): the whole, by plan, level and month.
pub fn sums(inputs: &Inputs, result: &RunResult) -> BTreeMap<(String, By, String), LevelSums> {
    let mut found: BTreeMap<(String, By, String), LevelSums> = BTreeMap::new();
    for (statement, settled) in settled(result) {
        for by in By::ALL {
            let plan = || {
                inputs
                    .lists
                    .persons
                    .get(&statement.person)
                    .map(|person| person.plan.clone())
            };
            let key = match by {
                By::All => Some(String::new()),
                By::Plan => plan().filter(|plan| !plan.is_empty()),
                By::Level => Some(settled.level.as_str().to_owned()),
                By::Month => Some(statement.month.clone()),
            };
            let Some(key) = key else { continue };
            found
                .entry((statement.insured_scheme.clone(), by, key))
                .or_default()
                .add(settled);
        }
    }
    found
}

/// Persons above the scenario's limit, the most burdened first (高额负担名单).
pub fn burdened(inputs: &Inputs, result: &RunResult) -> Vec<(String, String, Burden)> {
    let Some(terms) = &inputs.scenario.indicators else {
        return Vec::new();
    };
    let mut by_person: BTreeMap<(&str, &str), Burden> = BTreeMap::new();
    for (statement, settled) in settled(result) {
        let slip = &settled.slip;
        let key = (statement.person.as_str(), statement.insured_scheme.as_str());
        let burden = by_person.entry(key).or_default();
        burden.stays += 1;
        burden.total += slip.total;
        burden.in_scope += slip.scope_left;
        burden.person += slip.person;
    }
    let above = by_person
        .into_iter()
        .filter(|(_, burden)| burden.in_scope > terms.high_burden());
    let mut found: Vec<(String, String, Burden)> = above
        .map(|((person, scheme), burden)| (person.to_owned(), scheme.to_owned(), burden))
        .collect();
    found.sort_by(|a, b| b.2.in_scope.cmp(&a.2.in_scope).then_with(|| a.0.cmp(&b.0)));
    found
}

/// Stays by hospital, of the poor and of others; the hospital `*` is all together (贫困人口住院情况).
pub fn stays_of_the_poor(inputs: &Inputs, result: &RunResult) -> BTreeMap<(String, bool), Stays> {
    let mut found: BTreeMap<(String, bool), Stays> = BTreeMap::new();
    for (statement, settled) in settled(result) {
        let Some(poor) = is_poor(inputs, &statement.person) else {
            continue;
        };
        for hospital in [statement.hospital.as_str(), "*"] {
            let stays = found.entry((hospital.to_owned(), poor)).or_default();
            stays.stays += 1;
            stays.total += settled.slip.total;
            stays.persons.insert(statement.person.clone());
        }
    }
    found
}

/// How many insured persons are poor, and how many are not: what rates of admission are of.
pub fn insured_by_poverty(inputs: &Inputs) -> [u64; 2] {
    let mut counts = [0, 0];
    for person in inputs.lists.persons.keys() {
        let Some(poor) = is_poor(inputs, person) else {
            continue;
        };
        if let Some(count) = counts.get_mut(usize::from(!poor)) {
            *count += 1;
        }
    }
    counts
}
