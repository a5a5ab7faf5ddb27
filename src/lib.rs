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
//! | [`library`] | where tables and layouts are looked for |
//! | [`tables`] | grouping schemes as rows, and their compiler |
//! | [`records`] | discharge records read, checked, streamed |
//! | [`grouper`] | case → group, fast, plain, explained |
//! | [`benefit`] | bill, benefit policy, year so far → who pays what |
//! | [`points`] | policy pack, weights, coefficients, outliers: points of a case |
//! | [`budget`] | one regional budget: its price, and what each hospital and case is due |
//! | [`ledger`] | months, entries and clearings, kept in a database |
//! | [`scenarios`] | what a run is made of, the run, made-up records |
//! | [`reports`] | results → files and words |
//! | [`api`] | one function per request |
//! | [`cli`] | the command line |

#[doc = include_str!("docs/decisions.md")]
pub mod decisions {}

#[doc = include_str!("docs/notice-rules.md")]
pub mod notice_rules {}

pub mod api;
pub mod benefit;
pub mod budget;
pub mod cli;
pub mod codes;
pub mod diagnostics;
pub mod grouper;
pub mod ledger;
pub mod library;
pub mod points;
pub mod records;
pub mod reports;
pub mod scenarios;
pub mod tables;
pub mod units;
