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
//! | [`points`] | policy pack, weights, coefficients, outliers: points of a case |
//! | [`budget`] | one regional budget: its price, and what each hospital and case is due |

pub mod budget;
pub mod codes;
pub mod diagnostics;
pub mod points;
pub mod units;
