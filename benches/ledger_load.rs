//! How long a ledger takes to post a month: entries made in memory, one month closed, read back.
//!
//! ```text
//! cargo run --release --features postgres --example ledger_load -- 1000000 load.ledger
//! cargo run --release --features postgres --example ledger_load -- 1000000 postgres://settler@localhost/load
//! ```
//!
//! The whole of `settle month` against `group` of the same records, once a region of that many cases
//! was generated (`dianzhi generate --plan`), is measured by
//! `time dianzhi group RECORDS -t SCHEME -o /dev/null` and
//! `time dianzhi settle month SCENARIO --month YYYY-01 --ledger month.ledger …`: months close in order.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement fails by panicking and says what it measured"
)]

use std::path::PathBuf;
use std::time::Instant;

use dianzhi::budget::Booking;
use dianzhi::codes::HospitalLevel;
use dianzhi::ledger::{CaseKey, Entry, EntryKind, EntryMore, Ledger, MonthToClose, Paid};
use dianzhi::points::Kind;
use dianzhi::units::Fen;

const HOSPITALS: i64 = 100;

fn entry(number: i64) -> Entry {
    let cost = 100_000 + number * 7_919 % 3_000_000;
    Entry {
        kind: EntryKind::Case,
        key: CaseKey {
            hospital: format!("H{:03}", number % HOSPITALS),
            case_id: format!("C2026-{number:07}"),
            discharge: format!("2026-01-{:02}", 1 + number % 28),
        },
        level: HospitalLevel::Three,
        group: format!("G{:03}", number % 700),
        case_kind: Kind::Normal,
        paid: Paid::Points(i128::from(cost) * 10_000_000),
        ratio: None,
        cost: Fen::new(cost),
        claim: Fen::new(cost * 7 / 10),
        nonfund: Fen::new(cost - cost * 7 / 10),
        booked: Fen::new(cost * 7 / 10),
        refers: None,
        reason: String::new(),
        author: "bench".to_owned(),
        more: EntryMore::default(),
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (Some(cases), Some(ledger)) = (arguments.next(), arguments.next()) else {
        println!("expected the number of cases and a ledger that is not there yet");
        return;
    };
    let cases: i64 = cases.parse().unwrap();
    let entries: Vec<Entry> = (0..cases).map(entry).collect();
    let mut ledger = Ledger::open(&PathBuf::from(ledger)).unwrap();
    let begin = Instant::now();
    let posted = ledger
        .close_month(&MonthToClose {
            pool: "p",
            month: "2026-01",
            pack: "bench",
            pack_hash: "0",
            input_hash: "0",
            author: "bench",
            cases: entries,
            booking: &|booked, _| {
                Ok(Booking {
                    booked,
                    cash: booked,
                    ..Booking::default()
                })
            },
        })
        .unwrap();
    println!(
        "posted and closed {cases} cases in {:.2} s",
        begin.elapsed().as_secs_f64()
    );
    println!("hash {}", posted.closed.hash);
    let begin = Instant::now();
    let year = ledger.year_cases("p", "2026").unwrap();
    println!(
        "read {} back in {:.2} s",
        year.len(),
        begin.elapsed().as_secs_f64()
    );
}
