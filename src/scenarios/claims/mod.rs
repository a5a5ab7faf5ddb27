//! Bills of many persons (批量待遇结算): read, settled by family, told in order.
//!
//! ```text
//! claims.csv ─read─▶ Bill ─┐                       ┌─▶ outcomes in the order of the file
//! lines.csv  ─split──▶ fees┼─settle, family by family┤
//! persons.csv ─▶ intervals ┘   (threads by family)  └─▶ refused bills, by the name of the error
//! ```

mod changed;
mod lines;
mod make;
mod persons;
mod read;
mod refused;
mod settle;
mod table;

pub use changed::{BillChange, ChangedSums, PolicyChange, Who, compare_policies};
pub use make::{MADE_CLAIM_COLUMNS, MadeClaims, make_claims, make_persons};
pub use persons::read_persons;
pub use read::ClaimRows;
pub use refused::RefusedRow;
pub use settle::{BatchRequest, KeptHistory, SettledBatch, SettledBill, settle_batch};
