//! Keys that only some packs have: where fen, amounts and late lists go, percentiles, chains of
//! transfers, events, months by other days, pools by any partition.
//!
//! Cases stand in `tests/choices/`, one file a rule; here is one check for each.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod money;

use std::path::Path;

use dianzhi::budget::{AdvanceGiven, Booking, More, PoolCase, PoolMoney, settle};
use dianzhi::diagnostics::Place;
use dianzhi::points::{CaseDays, Pack, Payment, PoolParts, Ranked, Stay, score};
use dianzhi::units::Fen;
use money::*;
use toml::Value;

/// Runs `check` on every table of one name in a file, naming the one that fails.
fn each(file: &str, name: &str, check: fn(&Value)) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/choices")
        .join(file);
    let text = std::fs::read_to_string(path).unwrap();
    let tables: toml::Table = text.parse().unwrap();
    let cases = tables[name].as_array().unwrap();
    assert!(!cases.is_empty());
    for case in cases {
        let run = std::panic::catch_unwind(|| check(case));
        assert!(run.is_ok(), "{file}, {name} differs: {case}");
    }
}

fn words<'v>(case: &'v Value, key: &str) -> Vec<&'v str> {
    let list = case.get(key).and_then(Value::as_array);
    list.map_or_else(Vec::new, |list| {
        list.iter().map(|word| word.as_str().unwrap()).collect()
    })
}

fn word<'v>(case: &'v Value, key: &str) -> &'v str {
    case[key].as_str().unwrap()
}

/// A shipped pack with edits, and small tables beside it.
fn pack_with(base: &str, edits: &[&str]) -> dianzhi::diagnostics::Result<Pack> {
    let folder = tempfile::TempDir::new().unwrap();
    for (name, text) in [
        ("traditional.csv", "group,else_group\nT,G\n"),
        ("tilt.csv", "hospital,tilt\nH,0.08\n"),
        (
            "days.csv",
            "day,working\n2026-02-16,no\n2026-02-17,no\n2026-02-18,no\n2026-02-19,no\n2026-02-20,no\n2026-02-28,yes\n",
        ),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let first: &[&str] = match base {
        "V1" => &[
            "formula_class = \"V1\"",
            "pool.basis = \"fund\"",
            "fund.formula = \"none\"",
        ],
        _ => &[],
    };
    let text = if base == "V4" { HARBIN } else { SAMPLE };
    let text = first.iter().chain(edits).fold(text.to_owned(), |text, line| {
        let (key, value) = line.split_once(" = ").unwrap();
        edit(&text, key, Some(value))
    });
    Pack::parse(&Place::file(&folder.path().join("policy.toml")), &text)
}

fn pack_of_case(base: &str, case: &Value) -> Pack {
    pack_with(base, &words(case, "edits")).unwrap_or_else(|e| panic!("{e}"))
}

fn payment(text: &str) -> Payment {
    let (form, number) = text.split_once(' ').unwrap_or((text, "0"));
    match form {
        "points" => Payment::Points(decimal(number).points_half_away(12).unwrap()),
        "standard" => Payment::Standard(yuan(number).exact()),
        "amount" => Payment::Amount(yuan(number)),
        "by_item" => Payment::ByItem,
        other => panic!("no payment: {other}"),
    }
}

#[test]
fn fen_amounts_and_late_lists_go_where_the_pack_says() {
    each("pools.toml", "pool", |case| {
        let pack = pack_of_case(word(case, "base"), case);
        let late = words(case, "late");
        let rows: Vec<Vec<&str>> = case["cases"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| {
                row.as_array()
                    .unwrap()
                    .iter()
                    .map(|cell| cell.as_str().unwrap())
                    .collect()
            })
            .collect();
        let cases: Vec<PoolCase> = rows
            .iter()
            .map(|row| PoolCase {
                claim: yuan(row[3]),
                nonfund: yuan(row[4]),
                more: More {
                    late: late.contains(&row[0]),
                    ..More::default()
                },
                ..pool_case(row[0], row[1], payment(row[2]))
            })
            .collect();
        let money = PoolMoney::from(yuan(word(case, "budget")));
        let settled = settle(&pack, "p", money, &cases).unwrap_or_else(|e| panic!("{e}"));
        let mut dues: Vec<(&str, Fen)> = rows
            .iter()
            .map(|row| row[0])
            .zip(settled.cases.iter().map(|c| c.due))
            .collect();
        dues.sort_unstable();
        let dues: Vec<String> = dues.iter().map(|(_, due)| due.to_string()).collect();
        assert_eq!(dues, words(case, "due"));
        for (side, lines) in [("uses", &settled.uses), ("sources", &settled.sources)] {
            for (name, amount) in case.get(side).and_then(Value::as_table).into_iter().flatten() {
                let found = lines.iter().find(|(known, _)| known == name);
                assert_eq!(
                    found.map(|(_, fen)| fen.to_string()).as_deref(),
                    amount.as_str(),
                    "{name}"
                );
            }
        }
        assert_eq!(settled.difference, Fen::ZERO);
    });
}

#[test]
fn single_cases_under_rules_of_some_packs() {
    each("scores.toml", "score", |case| {
        let expected = case.get("error").and_then(Value::as_str);
        let pack = match pack_with("V2", &words(case, "edits")) {
            Ok(pack) => pack,
            Err(error) => {
                let error = error.to_string();
                assert!(error.contains(expected.unwrap()), "{error}");
                return;
            }
        };
        let weights = weights("G,1,,10000,yes,local,\nT,2,,10000,yes,local,\n*,1,,10000,yes,local,\n");
        let mut asked = super_case(case);
        asked.los_days = Some(7);
        match (score(&pack, &weights, &asked), expected) {
            (Ok(scored), None) => {
                assert_eq!(scored.kind.as_str(), word(case, "kind"));
                assert_eq!(scored.payment, payment(word(case, "payment")));
            }
            (Err(error), Some(expected)) => assert_eq!(error.to_string(), expected),
            (found, _) => panic!("{found:?}"),
        }
    });
}

fn super_case(case: &Value) -> dianzhi::points::PricingCase<'_> {
    let mut asked = money::case(word(case, "group"), yuan(word(case, "cost")));
    asked.facts.dearest = case.get("dearest").and_then(Value::as_bool);
    asked.facts.day = case.get("day").and_then(Value::as_str).unwrap_or("");
    asked.facts.traditional = match words(case, "traditional")[..] {
        [part, whole] => Some((yuan(part), yuan(whole))),
        _ => None,
    };
    asked
}

#[test]
fn the_dearest_are_found_among_their_kind() {
    each("ranks.toml", "rank", |case| {
        let high = format!("outlier.high = {{ by = \"percentile\", {} }}", word(case, "high"));
        let edge = format!(
            "outlier.edge = {{ low = \"<\", high = \"{}\", extreme = \">\" }}",
            word(case, "edge")
        );
        let pack = pack_with("V2", &[&high, &edge, "outlier.high_pay = \"by_item\""])
            .unwrap_or_else(|e| panic!("{e}"));
        assert!(pack.ranks_cases());
        let rows: Vec<Vec<&str>> = words(case, "cases")
            .iter()
            .map(|row| row.split(' ').collect())
            .collect();
        let ranked: Vec<Ranked> = rows
            .iter()
            .map(|row| Ranked {
                group: row[0],
                hospital: row[1],
                pool: row[2],
                month: row[3],
                value: decimal(row[4]),
            })
            .collect();
        let taken: Vec<i64> = case["taken"]
            .as_array()
            .unwrap()
            .iter()
            .map(|at| at.as_integer().unwrap())
            .collect();
        let among = pack.dearest(&ranked).unwrap();
        let found: Vec<i64> = (0..)
            .zip(&among)
            .filter(|(_, is)| **is)
            .map(|(at, _)| at)
            .collect();
        assert_eq!(found, taken);
        // order changes nothing
        let backwards: Vec<Ranked> = ranked.iter().rev().copied().collect();
        let mut turned = pack.dearest(&backwards).unwrap();
        turned.reverse();
        assert_eq!(turned, among);
    });
}

#[test]
fn chains_of_transfers_are_followed() {
    each("chains.toml", "chain", |case| {
        let mut edits = vec![
            "transfer.meta = \"invented\"".to_owned(),
            "transfer.mode = \"deduct_along_chain\"".to_owned(),
        ];
        edits.extend(
            word(case, "rule")
                .split(", ")
                .map(|part| format!("transfer.{part}")),
        );
        let edits: Vec<&str> = edits.iter().map(String::as_str).collect();
        let pack = pack_with("V2", &edits).unwrap_or_else(|e| panic!("{e}"));
        let rows: Vec<Vec<&str>> = words(case, "stays")
            .iter()
            .map(|row| row.split(' ').collect())
            .collect();
        let stays: Vec<Stay> = rows
            .iter()
            .map(|row| Stay {
                id: row[0],
                person: row[1],
                hospital: row[2],
                group: row[3],
                adrg: row[3],
                diagnosis: row[3],
                admitted: row[4].parse().unwrap(),
                discharged: row[5].parse().unwrap(),
                purposes: &[],
                transferred: row[6] == "t",
            })
            .collect();
        let chains: Vec<Vec<usize>> = case["chains"]
            .as_array()
            .unwrap()
            .iter()
            .map(|chain| {
                chain
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|at| usize::try_from(at.as_integer().unwrap()).unwrap())
                    .collect()
            })
            .collect();
        assert_eq!(pack.chains(&stays), chains);
    });
}

/// Whatever a chain's stays have, all of it together is what the largest has.
#[test]
fn a_chain_has_no_more_than_its_largest_stay() {
    let pack = pack_with("V2", &[]).unwrap();
    let weights =
        weights("A,0.3,,,yes,local,\nB,1,,,yes,local,\nC,0.8,,,yes,local,\n*,1,,10000,yes,local,\n");
    let mut earlier = (decimal("0"), decimal("0"));
    let mut left = Vec::new();
    for group in ["A", "B", "C"] {
        let mut scored = score(&pack, &weights, &case(group, yuan("9000"))).unwrap();
        scored.deduct(earlier, 4).unwrap();
        let (points, standard) = scored.has().unwrap();
        earlier = (earlier.0.add(points).unwrap(), earlier.1.add(standard).unwrap());
        left.push(points.show(2).unwrap());
    }
    assert_eq!(
        (left, earlier.0.show(2).unwrap()),
        (
            vec!["31.50".to_owned(), "73.50".to_owned(), "0.00".to_owned()],
            "105.00".to_owned()
        )
    );
}

#[test]
fn months_have_their_share_of_the_budget() {
    each("times.toml", "share", |case| {
        let pack = pack_of_case("V2", case);
        let months: Vec<String> = (1..=12)
            .map(|month| {
                pack.share_of_month(yuan(word(case, "budget")), &format!("2022-{month:02}"))
                    .unwrap()
                    .to_string()
            })
            .collect();
        assert_eq!(months, words(case, "months"));
    });
}

#[test]
fn a_case_belongs_to_the_month_that_the_pack_names() {
    each("times.toml", "month", |case| {
        let pack = pack_of_case("V2", case);
        let days = words(case, "days");
        let days = CaseDays {
            discharge: days[0],
            settled_on: days[1],
            period: days[2],
        };
        match words(case, "lacks")[..] {
            [key, column] => assert_eq!(pack.month_of(days).unwrap_err(), (key_of(key), key_of(column))),
            _ => assert_eq!(
                (pack.month_of(days).unwrap(), pack.version_of(days).unwrap()),
                (word(case, "month"), word(case, "version"))
            ),
        }
    });
}

fn key_of(word: &str) -> &'static str {
    ["time.attribution", "settle_month"]
        .into_iter()
        .find(|known| *known == word)
        .unwrap()
}

#[test]
fn a_month_is_paid_by_its_day() {
    each("times.toml", "clock", |case| {
        let clock = format!("month.clock = {}", word(case, "clock"));
        let pack = pack_with("V2", &[&clock]).unwrap_or_else(|e| panic!("{e}"));
        match (pack.pay_by(word(case, "month")), case.get("error")) {
            (Ok(day), None) => assert_eq!(day.unwrap().to_string(), word(case, "pay_by")),
            (Err(error), Some(expected)) => {
                assert!(error.to_string().contains(expected.as_str().unwrap()), "{error}")
            }
            (found, _) => panic!("{found:?}"),
        }
    });
    let cleared = pack_with("V2", &["clear.deadline = { month = 6, day = 30 }"]).unwrap();
    assert_eq!(cleared.clear_by(2026).unwrap().to_string(), "2027-06-30");
}

#[test]
fn an_advance_is_taken_back_from_months() {
    each("times.toml", "advance", |case| {
        let over = format!("advance.offset_months = {}", case["over"]);
        let pack = pack_with(
            "V2",
            &[
                "advance.meta = \"invented\"",
                "advance.months = \"1\"",
                "advance.offset = \"month\"",
                &over,
            ],
        );
        let pack = pack.unwrap_or_else(|e| panic!("{e}"));
        let given = yuan(word(case, "given"));
        let mut outstanding = given;
        for (booked, offset) in words(case, "booked").into_iter().zip(words(case, "offset")) {
            let booking = Booking::of(&pack, "p", yuan(booked), Fen::ZERO).unwrap();
            let booking = booking
                .less_advance(&pack, "p", AdvanceGiven { given, outstanding })
                .unwrap();
            assert_eq!(booking.offset.to_string(), offset, "of {booked}");
            assert_eq!(
                booking.booked,
                booking.cash + booking.deposit + booking.deductions + booking.offset
            );
            outstanding -= booking.offset;
        }
        assert!(outstanding >= Fen::ZERO);
    });
}

#[test]
fn a_case_belongs_to_the_pool_that_its_parts_make() {
    each("parts.toml", "pool", |case| {
        let key = format!("pool.key = {}", case["key"]);
        let mut edits = vec![key];
        edits.extend(
            case.get("merge")
                .map(|merge| format!("pool.merge = {}", merge.as_str().unwrap())),
        );
        if let Some(event) = case.get("event") {
            edits.push("override.meta = \"invented\"".to_owned());
            edits.push(format!("override.events = [{}]", event.as_str().unwrap()));
        }
        let edits: Vec<&str> = edits.iter().map(String::as_str).collect();
        let pack = pack_with("V2", &edits).unwrap_or_else(|e| panic!("{e}"));
        let parts = PoolParts {
            insurance: "employee",
            level: "2",
            district: "310101",
            county_group: "north",
            care: "inpatient",
            day: "2022-01-31",
            group: Some("G"),
        };
        assert_eq!(pack.pool_of(&parts).unwrap(), word(case, "name"));
        let nowhere = PoolParts {
            district: "",
            ..parts
        };
        if key_names(case, "district") {
            assert_eq!(pack.pool_of(&nowhere).unwrap_err(), "district");
        }
    });
}

fn key_names(case: &Value, part: &str) -> bool {
    words(case, "key").contains(&part)
}

// ---- from records to money --------------------------------------------------------------------

/// A region made of the sample's first records, its policy edited, columns added to its records.
struct Region {
    folder: tempfile::TempDir,
}

/// A change of one row: its number from zero, the added column, the cell.
type Cell<'a> = (usize, &'a str, &'a str);

impl Region {
    fn new(edits: &[&str], budgets: &[(&str, &str)], cells: &[Cell<'_>]) -> Region {
        let region = Region {
            folder: tempfile::TempDir::new().unwrap(),
        };
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let sample = |name: &str| std::fs::read_to_string(root.join("scenarios").join(name)).unwrap();
        let policy = edits.iter().fold(SAMPLE.to_owned(), |text, line| {
            let (key, value) = line.split_once(" = ").unwrap();
            edit(&text, key, Some(value))
        });
        region.write("policy.toml", &policy);
        region.write(
            "records.csv",
            &with_cells(&sample("sample-region/records.csv"), 240, cells),
        );
        let districts = sample("sample-region/hospitals.csv");
        let districts = districts.lines().enumerate().map(|(row, line)| match row {
            0 => format!("{line},district\n"),
            _ => format!("{line},{}\n", if row % 2 == 0 { "even" } else { "odd" }),
        });
        region.write("hospitals.csv", &districts.collect::<String>());
        let here = root.join("scenarios").display().to_string();
        let scenario = sample("sample-region.toml")
            .replace(
                "\"sample-region/persons",
                &format!("\"{here}/sample-region/persons"),
            )
            .replace(
                "\"sample-region/weights",
                &format!("\"{here}/sample-region/weights"),
            )
            .replace("\"sample-region/records.csv", "\"records.csv")
            .replace("\"sample-region/hospitals.csv", "\"hospitals.csv")
            .replace("\"policies/sample-region-2022.toml", "\"policy.toml")
            .replace("\"benefit/", &format!("\"{here}/benefit/"));
        let own = |line: &&str| !line.starts_with("budget = ");
        let mut text: String = scenario
            .lines()
            .filter(own)
            .map(|line| format!("{line}\n"))
            .collect();
        text += "[budget]\n";
        text.extend(
            budgets
                .iter()
                .map(|(pool, yuan)| format!("{pool:?} = \"{yuan} yuan\"\n")),
        );
        region.write("region.toml", &text);
        region
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    fn at(&self, name: &str) -> String {
        self.folder.path().join(name).to_string_lossy().into_owned()
    }

    /// Runs a command; what it says, and whether it could.
    fn say(&self, arguments: &[&str]) -> (bool, String) {
        let mut command = assert_cmd::Command::cargo_bin("dianzhi").unwrap();
        let output = command
            .args(arguments)
            .args(["--lang", "en", "--threads", "1"])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code() != Some(2), said)
    }

    /// Closes every month of the year in turn, without the records that cannot be taken.
    fn close_months(&self, of: &[&str]) {
        let scenario = self.at("region.toml");
        for month in 1..=12 {
            let (month, output) = (format!("2022-{month:02}"), self.at("month.csv"));
            let close = ["settle", "month", &scenario, "--month", &month, "-o", &output];
            let close = [&close[..], of].concat();
            let (done, said) = self.say(&close);
            if done {
                continue;
            }
            let (_, rest) = said
                .split_once("close without them by `--leave-out ")
                .expect(&said);
            let (number, _) = rest.split_once('`').unwrap();
            let (done, said) = self.say(&[&close[..], &["--leave-out", number]].concat());
            assert!(done, "{said}");
        }
    }

    fn run(&self) -> (bool, String) {
        self.say(&["run", &self.at("region.toml"), "-o", &self.at("out")])
    }

    fn rows(&self, name: &str) -> Vec<std::collections::BTreeMap<String, String>> {
        let mut reader = csv::Reader::from_path(self.at(name)).unwrap();
        reader.deserialize().map(|row| row.unwrap()).collect()
    }
}

/// The first rows of a file with further columns, filled here and there.
fn with_cells(text: &str, rows: usize, cells: &[Cell<'_>]) -> String {
    let mut columns: Vec<&str> = cells.iter().map(|(_, column, _)| *column).collect();
    columns.dedup();
    let line = |row: usize, line: &str| {
        let more = columns.iter().map(|column| {
            let cell = cells
                .iter()
                .find(|(at, of, _)| row > 0 && *at == row - 1 && of == column);
            format!(
                ",{}",
                if row == 0 {
                    *column
                } else {
                    cell.map_or("", |(_, _, cell)| *cell)
                }
            )
        });
        format!("{line}{}\n", more.collect::<String>())
    };
    text.lines()
        .take(rows + 1)
        .enumerate()
        .map(|(row, text)| line(row, text))
        .collect()
}

fn levels(amount: &'static str) -> Vec<(&'static str, &'static str)> {
    [
        "employee/1",
        "employee/2",
        "employee/3",
        "resident/1",
        "resident/2",
        "resident/3",
    ]
    .into_iter()
    .map(|pool| (pool, amount))
    .collect()
}

const BY_LEVEL: &str = "pool.key = [\"region\", \"insured_scheme\", \"level\"]";

/// A run and a year of months agree on the pools, and every one closes.
#[test]
fn pools_by_any_partition_close() {
    let merged = "pool.merge = [[\"employee\", \"resident\"]]";
    let many = levels("300000.00");
    type Cut<'a> = (&'a [&'a str], Vec<(&'a str, &'a str)>);
    let cuts: [Cut<'_>; 4] = [
        (&[BY_LEVEL], many),
        (&[merged], vec![("employee+resident", "900000.00")]),
        (
            &["pool.key = [\"district\"]"],
            vec![("even", "400000.00"), ("odd", "500000.00")],
        ),
        (
            &["pool.key = [\"region\", \"year\"]"],
            vec![("region", "900000.00")],
        ),
    ];
    for (edits, budgets) in cuts {
        let region = Region::new(edits, &budgets, &[]);
        let (done, said) = region.run();
        assert!(done, "{said}");
        let pools = region.rows("out/pools.csv");
        let mut names: Vec<&str> = pools.iter().map(|row| row["pool"].as_str()).collect();
        names.dedup();
        assert_eq!(names, budgets.iter().map(|(pool, _)| *pool).collect::<Vec<_>>());
        let differences = pools.iter().filter(|row| row["side"] == "difference");
        assert!(differences.clone().all(|row| row["value"] == "0.00"));
        assert_eq!(differences.count(), budgets.len());
        let priced = region
            .rows("out/cases.csv")
            .into_iter()
            .filter(|row| row["priced"] == "yes")
            .count();
        let counted: usize = pools
            .iter()
            .filter(|row| row["item"] == "cases")
            .map(|row| row["value"].parse::<usize>().unwrap())
            .sum();
        assert!(priced > 100 && priced == counted, "{priced} {counted}");
    }
    let region = Region::new(&[BY_LEVEL], &levels("300000.00"), &[]);
    let (scenario, ledger) = (region.at("region.toml"), region.at("year.ledger"));
    let of = [
        "--ledger",
        &ledger,
        "--author",
        "Li",
        "--accept-evidence",
        "assumption",
    ];
    region.close_months(&of);
    let (done, said) =
        region.say(&[&["settle", "year", &scenario, "-o", &region.at("year")], &of[..]].concat());
    assert!(done, "{said}");
    let (done, _) = region.run();
    assert!(done);
    let due = |name: &str| -> Fen {
        region
            .rows(name)
            .iter()
            .map(|row| row["due"].as_str())
            .filter(|due| !due.is_empty())
            .map(yuan)
            .sum()
    };
    assert_eq!(due("year/cases.csv"), due("out/cases.csv"));
    assert!(due("year/cases.csv") > Fen::ZERO);
}

/// Months that paid more than a budget which was cut afterwards: said, and asked back.
#[test]
fn a_budget_below_what_months_paid_is_told() {
    let budgets = [("employee", "900000.00"), ("resident", "900000.00")];
    let region = Region::new(&[], &budgets, &[]);
    let (scenario, ledger) = (region.at("region.toml"), region.at("year.ledger"));
    let of = [
        "--ledger",
        &ledger,
        "--author",
        "Li",
        "--accept-evidence",
        "assumption",
    ];
    let year_at = region.at("year");
    region.close_months(&of);
    let text = std::fs::read_to_string(&scenario)
        .unwrap()
        .replace("900000.00", "1000.00");
    region.write("region.toml", &text);
    let year = [&["settle", "year", &scenario, "-o", &year_at], &of[..]].concat();
    let (done, said) = region.say(&year);
    assert!(
        done && said.contains("the budget is 1000.00 yuan, but months paid "),
        "{said}"
    );
    assert!(said.contains("yuan are to be asked back"), "{said}");
    let asked: Fen = region
        .rows("year/clearing.csv")
        .iter()
        .map(|row| yuan(&row["clearing"]))
        .sum();
    assert!(asked < Fen::ZERO, "{asked}");
    // and a case of the closed month takes no entry there
    let id = &region.rows("year/cases.csv")[0]["case_id"];
    let entry = [
        "--pool", "employee", "--case", id, "--month", "2022-12", "--reason", "wrong", "--author", "Li",
    ];
    let (done, said) = region.say(&[&["settle", "reverse", "--ledger", &ledger], &entry[..]].concat());
    assert!(
        !done && said.contains("month 2022-12 of pool `employee` is not open: 2022-12 is closed"),
        "{said}"
    );
}

#[test]
fn a_pool_without_a_budget_is_named() {
    for (edits, budgets, expected) in [
        (
            &[BY_LEVEL][..],
            vec![("employee/1", "1.00"), ("resident/1", "1.00")],
            "and no budget; the scenario has budgets of employee/1, resident/1",
        ),
        (
            &[BY_LEVEL][..],
            vec![("employee", "1.00"), ("resident", "1.00")],
            "make other pools than one an insurance; the scenario needs a table [budget] by pool",
        ),
        (
            &[][..],
            vec![("employee", "1.00"), ("residents", "1.00")],
            "did you mean `residents`?",
        ),
        (
            &["pool.key = [\"county_group\"]"][..],
            vec![("north", "1.00")],
            "",
        ),
    ] {
        let region = Region::new(edits, &budgets, &[]);
        let (done, said) = region.run();
        if expected.is_empty() {
            assert!(done, "{said}");
            let findings = region.rows("out/findings.csv");
            assert!(
                findings
                    .iter()
                    .all(|row| row["code"] != "M985" || row["expected"].contains("`county_group`"))
            );
            assert!(findings.iter().filter(|row| row["code"] == "M985").count() > 100);
        } else {
            assert!(!done && said.contains(expected), "{said}");
        }
    }
}

/// What records bring for the packs that ask: joined stays, add-ons, denied amounts, periods.
#[test]
fn records_bring_what_packs_ask_for() {
    let budgets = [("employee", "400000.00"), ("resident", "500000.00")];
    let plain = Region::new(&[], &budgets, &[]);
    assert!(plain.run().0);
    let cases = plain.rows("out/cases.csv");
    // two priced stays of one hospital and insurance, the second as if born to the first
    let priced: Vec<usize> = (0..cases.len())
        .filter(|at| cases[*at]["priced"] == "yes")
        .collect();
    let alike = |a: usize, b: usize| {
        ["hospital", "insured_scheme"]
            .iter()
            .all(|name| cases[a][*name] == cases[b][*name])
    };
    let pairs = priced.iter().flat_map(|a| priced.iter().map(move |b| (*a, *b)));
    let (mother, child) = pairs.clone().find(|(a, b)| a != b && alike(*a, *b)).unwrap();
    let id = cases[mother]["case_id"].as_str();
    let merges = "scope.newborn = \"merged\"";
    let region = Region::new(
        &["scope.meta = \"invented\"", merges],
        &budgets,
        &[(child, "mother_case", id)],
    );
    let (done, said) = region.run();
    assert!(done, "{said}");
    let joined = region.rows("out/cases.csv");
    assert_eq!(
        (joined[child]["due"].as_str(), joined[child]["marks"].as_str()),
        ("0.00", "merged")
    );
    assert_ne!(
        joined[mother]["ratio"], cases[mother]["ratio"],
        "her cost is that of both"
    );
    let lost = Region::new(
        &["scope.meta = \"invented\"", merges],
        &budgets,
        &[(child, "mother_case", "nobody")],
    );
    assert!(lost.run().0);
    let findings = lost.rows("out/findings.csv");
    let found = findings.iter().find(|row| row["code"] == "M985").unwrap();
    assert_eq!(
        (
            found["column"].as_str(),
            found["value"].as_str(),
            found["expected"].as_str()
        ),
        (
            "mother_case",
            "nobody",
            "a case of the same hospital and pool, which is priced"
        )
    );
    // add-ons of the pool's own money go to their case; three decimals are told
    let addons = Region::new(
        &[
            "addon.meta = \"invented\"",
            "addon.items = [{ id = \"drug\", sign = 1 }]",
            "addon.position = \"after_cap\"",
            "addon.funded_by = \"carve_out\"",
            "clear.steps = [\"freeze\", \"budget\", \"carve\", \"price\", \"fund_part\", \"addons\", \"residual\", \"net_off\", \"confirm\"]",
        ],
        &budgets,
        &[(mother, "addons", "drug;120.00"), (child, "addons", "drug;1.234")],
    );
    let (done, said) = addons.run();
    assert!(done, "{said}");
    let pools = addons.rows("out/pools.csv");
    assert!(
        pools
            .iter()
            .any(|row| row["item"] == "addon_funding" && row["value"] == "120.00"),
        "{pools:?}"
    );
    let findings = addons.rows("out/findings.csv");
    let found = findings.iter().find(|row| row["code"] == "M985").unwrap();
    assert_eq!(
        (found["column"].as_str(), found["value"].as_str()),
        ("addons", "drug;1.234")
    );
    // the period that a list belongs to
    let periods = [
        "time.meta = \"invented\"",
        "time.attribution = \"settlement_month\"",
        "time.version = \"discharge\"",
        "time.late = { days = 400, then = \"next_month\" }",
        "time.zone = \"Asia/Shanghai\"",
    ];
    let region = Region::new(
        &periods,
        &budgets,
        &[
            (mother, "settle_month", "2022-12"),
            (child, "settle_month", "2023-01"),
        ],
    );
    assert!(region.run().0);
    let cases = region.rows("out/cases.csv");
    assert_eq!(
        cases.iter().filter(|row| row["priced"] == "yes").count(),
        1,
        "others have no period"
    );
    let findings = region.rows("out/findings.csv");
    let of = |code: &str| findings.iter().filter(|row| row["code"] == code).count();
    assert_eq!(of("M983"), 1, "a period of the next year");
    assert!(of("M985") > 100);
}
