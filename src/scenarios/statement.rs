//! What a run gives: one statement per case, one settlement per pool, and what was set aside.

use jiff::civil::Date;

use super::facts::Facts;
use super::packet_facts::PacketFacts;
use crate::benefit::Slip;
use crate::budget::PoolSettlement;
use crate::codes::HospitalLevel;
use crate::diagnostics::{Evidence, Finding, Severity};
use crate::grouper::Grouping;
use crate::points::Score;
use crate::records::{Counts, FeeSplit, Header};
use crate::units::Fen;

/// One case from record to money (病例结算单).
#[derive(Clone, Debug)]
pub struct Statement {
    /// Identifier of the stay.
    pub case_id: String,
    /// Hospital code.
    pub hospital: String,
    /// The insurer's number of the person.
    pub person: String,
    /// `employee` or `resident`, as the record says.
    pub insured_scheme: String,
    /// The pool that pays it; empty until it has one.
    pub pool: String,
    /// The month that it belongs to by the pack, `2026-01`; empty where that is not known.
    pub month: String,
    /// The month whose prices it has.
    pub version: String,
    /// What only some packs ask of it.
    pub facts: Box<Facts>,
    /// Fingerprint of its row as written.
    pub list: String,
    /// Line in the records file.
    pub line: u64,
    /// Ordinal in the records file.
    pub record: u64,
    /// 1 male, 2 female.
    pub sex: u8,
    /// Full years at admission.
    pub age: Option<u32>,
    /// Days of stay.
    pub los_days: Option<u32>,
    /// Day of admission.
    pub admit: Option<Date>,
    /// Day of discharge.
    pub discharge: Option<Date>,
    /// Diagnoses, the principal first.
    pub diagnoses: Vec<String>,
    /// The bill; `None` if it cannot be used.
    pub fees: Option<FeeSplit>,
    /// The group.
    pub grouping: Grouping,
    /// Its procedures as the packet has them; none of a group.
    pub packet: Option<Box<PacketFacts>>,
    /// What it is paid, or why it is not.
    pub money: Money,
}

/// How far a case has come toward money (结算状态).
#[derive(Clone, Debug)]
pub enum Money {
    /// Not priced yet; no case of a finished run is.
    Pending,
    /// Grouped, but this finding keeps it from being priced (不参与结算).
    KeptOut(&'static str),
    /// Priced, shared, settled.
    Settled(Box<Settled>),
}

impl Statement {
    /// The money of a settled case.
    pub fn settled(&self) -> Option<&Settled> {
        match &self.money {
            Money::Settled(settled) => Some(settled),
            _ => None,
        }
    }
}

/// A case's money (病例金额).
#[derive(Clone, Debug)]
pub struct Settled {
    /// The hospital's level.
    pub level: HospitalLevel,
    /// Kind, points and what made them.
    pub score: Score,
    /// Who pays what of the bill.
    pub slip: Slip,
    /// What the pool's funds paid by items (项目记账): part of the slip.
    pub claim: Fen,
    /// What everybody else paid.
    pub nonfund: Fen,
    /// Payment standard, patients' part included.
    pub standard: Fen,
    /// What the pool owes the hospital for the case.
    pub due: Fen,
}

impl Settled {
    /// What the hospital keeps (+) or carries (−) (医院盈亏): due − claim − what it waived.
    pub fn gain(&self) -> Fen {
        self.due - self.claim - self.slip.fund(crate::benefit::Payer::Hospital)
    }
}

/// A record that was set aside (退回记录).
#[derive(Clone, Debug)]
pub struct Rejected {
    /// Line in the records file.
    pub line: u64,
    /// Ordinal in the records file.
    pub record: u64,
    /// The cells as read; `None` if the row has no sound shape.
    pub cells: Option<Vec<String>>,
    /// Codes of the findings that rejected it.
    pub codes: Vec<&'static str>,
    /// The month that it would have belonged to; empty where that is not known.
    pub month: String,
}

/// A pool's settlement with its budget (基金池结果).
#[derive(Clone, Debug)]
pub struct PoolResult {
    /// The year's budget.
    pub budget: Fen,
    /// How it is settled.
    pub settlement: PoolSettlement,
}

/// A dated benefit parameter that was read (待遇参数).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BenefitParameter {
    /// The pool whose persons it applies to.
    pub pool: String,
    /// Key path in the benefit file.
    pub path: String,
    /// The value in force.
    pub value: String,
    /// Its first day.
    pub from: Option<Date>,
    /// Ids of its documents.
    pub documents: Vec<String>,
    /// Clause.
    pub clause: Option<String>,
    /// How well it is known.
    pub evidence: Evidence,
}

/// Everything a run found (运行结果).
#[derive(Debug)]
pub struct RunResult {
    /// Records read and rejected.
    pub counts: Counts,
    /// Header of the records, personal columns left out.
    pub header: Vec<String>,
    /// Personal columns left out.
    pub personal: Vec<String>,
    /// Cases in file order.
    pub statements: Vec<Statement>,
    /// Pools by name.
    pub pools: Vec<PoolResult>,
    /// Findings in file order.
    pub findings: Vec<Finding>,
    /// Records set aside, in file order.
    pub rejected: Vec<Rejected>,
    /// Benefit parameters that were read.
    pub benefit_parameters: Vec<BenefitParameter>,
    /// SHA-256 of the records, in hexadecimal.
    pub records_hash: String,
}

impl RunResult {
    /// Nothing read yet.
    pub(super) fn empty(header: &Header) -> RunResult {
        let of = |personal: bool| {
            let names = header.names().iter().enumerate();
            let kept = names.filter(move |(index, _)| header.personal().contains(index) == personal);
            kept.map(|(_, name)| name.clone()).collect()
        };
        RunResult {
            counts: Counts::default(),
            header: of(false),
            personal: of(true),
            statements: Vec::new(),
            pools: Vec::new(),
            findings: Vec::new(),
            rejected: Vec::new(),
            benefit_parameters: Vec::new(),
            records_hash: String::new(),
        }
    }

    /// Whether any finding is above information.
    pub fn has_findings(&self) -> bool {
        self.findings
            .iter()
            .any(|finding| finding.edit.severity < Severity::Info)
    }
}
