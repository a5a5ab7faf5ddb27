//! # dianzhi (点值)
//!
//! Hospital discharge records to money: group by DRG or DIP, price the groups from one regional
//! budget, and say what each hospital is paid, what each patient pays, and why.
//!
//! The rooms, in reading order; each uses only those before it (held by `tests/tidy.rs`):
//!
//! | room | does |
//! |---|---|
//! | [`units`] | money, points, weights, ratios; named rounding; splitting without a lost fen |
//! | [`codes`] | ICD codes and code lists |
//! | [`diagnostics`] | places, errors, findings |
//! | [`benefit`] | who pays a bill: basic, critical illness, assistance, tail tiers, person |

pub mod benefit;
pub mod codes;
pub mod diagnostics;
pub mod units;
