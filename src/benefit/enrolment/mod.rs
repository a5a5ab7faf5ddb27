//! Enrolment (参保): who is insured where and when, who paid, who is on which list; and what the
//! notices say should be so.
//!
//! ```text
//! persons, cover, payments, subsidies, lists ──▶ PersonFile ─┐
//! FinancePolicy ────────────────────────────────────────────┼─check──▶ findings, states
//!                                                           └─tally──▶ heads, fees, subsidies, income
//! ```
//!
//! Every finding names its rule (`E1`…, `F11`…; listed in `src/docs/notice-rules.md`), the
//! person's number, the row, what was found and what was expected. A person is checked alone, so
//! the order of persons changes nothing.

mod check;
mod cover;
mod finding;
mod heads;
mod lists;
mod person;
mod tally;
mod waiting;

pub use check::{Checker, Stage};
pub use cover::{Gap, GapKind, gaps, overlaps};
pub use finding::{EnrolFinding, Kind, RowOf};
pub use heads::Head;
pub use lists::{ListDifference, Pair};
pub use person::{Cover, CoverScheme, Insured, List, Listed, Payment, PersonFile, Subsidy};
pub use tally::{
    AverageFee, FeeLine, FiscalLine, GrantLine, HeadLine, IncomeLine, Payer as FinancePayer, PlaceTally,
    Premium, RefundLine, Tally,
};
pub use waiting::Enrolling;
