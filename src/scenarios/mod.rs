//! Scenarios (情景): what a run is made of, the run itself, and made-up records to try it on.
//!
//! [`Scenario`] names the inputs of a run; [`run`] takes them through every room below and joins
//! what the fund, each payer and the person pay into one [`Statement`] per case.

pub mod catalogue;
mod chain;
pub mod claims;
mod coverage;
mod edits;
pub mod enrolment;
mod facts;
mod file;
pub mod generate;
mod join;
mod link;
mod link_file;
mod lists;
mod months;
mod packet_facts;
pub mod performance;
mod pools;
mod price;
mod read;
mod returned;
mod scores;
mod settle;
pub mod simulate;
mod statement;
mod stays;

pub use chain::{Inputs, run};
pub use coverage::{Burden, By, LevelSums, Stays, burdened, insured_by_poverty, stays_of_the_poor, sums};
pub use edits::{DeclaredCodes, code_system, code_systems, edit_book, find_profile, take_codes};
pub use facts::{Facts, Unread};
pub use file::{PoolOfScenario, Scenario};
pub use link::{LinkLine, link_cases};
pub use link_file::{FundRatio, IndicatorTerms, LinkTerms, Numerator};
pub use lists::{Hospital, Insured, Lists};
pub use months::{
    Bill, Declared, Detail, LeftOut, clear_pool, month_money, refuse_not_in_force, refuse_weak,
    refuse_without_months, rejects_late, take_late,
};
pub use packet_facts::{
    PACKET_GROUNDS, PacketFacts, SCORE_GROUNDS, auxiliary_shown, packet_grounds, preset_price_shown,
    score_grounds,
};
pub use returned::{Comparison, Differing, Mapping, Sums, Verdict as Returned};
pub use scores::ScoresDiffer;
pub use statement::{BenefitParameter, Money, PoolResult, Rejected, RunResult, Settled, Statement};
pub use stays::{
    Discharged, Discharges, Fault, GroupedStays, Left, MOST_FAULTS, Wanted, read_columns, read_stays,
};
