//! Packets from records to money, as a bureau goes: a run whose every case can be made again from its row, months
//! and the year, a catalogue of one's own, and what is told on the way.
//!
//! `tests/dip_chain/` holds a scenario of a few cases; `grounds.csv` there what each is paid by.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use dianzhi::units::{Exact, Fen, Weight};

type Row = BTreeMap<String, String>;

const SCENARIO: &str = "tests/dip_chain/scenario.toml";
const CITY: &str = "scenarios/pingdingshan-2025.toml";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs the program; exit code and what it said.
fn dianzhi(arguments: &[&str]) -> (i32, String) {
    let mut command = Command::cargo_bin("dianzhi").unwrap();
    let output = command
        .current_dir(root())
        .args(arguments)
        .args(["--lang", "en"])
        .output()
        .unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), words)
}

/// Runs the program, which must succeed; what it said.
fn good(arguments: &[&str]) -> String {
    let (code, words) = dianzhi(arguments);
    assert_eq!(code, 0, "{arguments:?}: {words}");
    words
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn rows(file: &Path) -> Vec<Row> {
    let mut reader = csv::Reader::from_path(file).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

fn run(scenario: &str, out: &Path) -> (Vec<Row>, String) {
    let words = good(&["run", scenario, "-o", text(out)]);
    (rows(&out.join("cases.csv")), words)
}

fn decimal(text: &str) -> Exact {
    let decimal: Weight = text.parse().unwrap_or_else(|_| panic!("`{text}` is no decimal"));
    decimal.exact().unwrap()
}

fn product(factors: &[Exact]) -> Exact {
    let one = Exact::integer(1);
    factors
        .iter()
        .fold(one, |product, factor| product.mul(*factor).unwrap())
}

fn absolute(number: Exact) -> Exact {
    let (num, den) = number.parts();
    Exact::new(num.abs(), den).unwrap()
}

/// The scenario with single lines changed, beside the files it names.
fn changed(folder: &Path, scenario: &str, changes: &[(&str, &str)]) -> PathBuf {
    let path = root().join(scenario);
    let mut text = std::fs::read_to_string(&path).unwrap();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    let beside = path.parent().unwrap().display();
    for key in ["records", "hospitals", "persons", "weights", "policy", "benefit"] {
        let mut lines = String::new();
        for line in text.lines() {
            let own = line
                .strip_prefix(&format!("{key} = \""))
                .filter(|rest| !rest.starts_with('/'));
            match own {
                Some(rest) => lines.push_str(&format!("{key} = \"{beside}/{rest}\n")),
                None => lines.push_str(&format!("{line}\n")),
            }
        }
        text = lines;
    }
    let path = folder.join("scenario.toml");
    std::fs::write(&path, text).unwrap();
    path
}

/// The columns that say what a case is paid by.
const GROUNDS: [&str; 18] = [
    "case_id",
    "main_procedure",
    "related_procedures",
    "packet_type",
    "primary_care",
    "auxiliary",
    "status",
    "group",
    "kind",
    "weight",
    "coefficient",
    "auxiliary_coefficient",
    "points",
    "outlier_base",
    "ratio",
    "price",
    "preset_price",
    "standard",
];

#[test]
fn each_case_says_what_it_is_paid_by() {
    let folder = tempfile::tempdir().unwrap();
    let (cases, _) = run(SCENARIO, folder.path());
    let mut found = format!("{}\n", GROUNDS.join(","));
    for case in &cases {
        found.push_str(&format!(
            "{}\n",
            GROUNDS.map(|column| case[column].as_str()).join(",")
        ));
    }
    let stored = root().join("tests/dip_chain/grounds.csv");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&stored, &found).unwrap();
    }
    assert_eq!(found, std::fs::read_to_string(&stored).unwrap_or_default());
}

/// Points from score, coefficients and the rule of the kind; the standard from points and price: both packs pay
/// low multiples s·r·k·a and high ones s·(r − 1)·k·a.
#[test]
fn each_pay_is_made_again_from_its_row() {
    for scenario in [SCENARIO, CITY] {
        let folder = tempfile::tempdir().unwrap();
        let (cases, _) = run(scenario, folder.path());
        let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
        for case in cases.iter().filter(|case| !case["points"].is_empty()) {
            let cost = Fen::parse_yuan(&case["total_fee"]).unwrap().exact();
            let base = Fen::parse_yuan(&case["outlier_base"]).unwrap().exact();
            let ratio = cost.div(base).unwrap();
            let excess = ratio.sub(Exact::integer(1)).unwrap();
            let rule = match case["kind"].as_str() {
                "normal" => Exact::integer(1),
                "low" => ratio,
                "high" => excess,
                other => panic!("{other} has points"),
            };
            *kinds.entry(&case["kind"]).or_default() += 1;
            let factors = ["weight", "coefficient", "auxiliary_coefficient"].map(|name| decimal(&case[name]));
            let points = product(&[factors[0], factors[1], factors[2], rule]);
            let points = points.points_half_away(4).unwrap();
            // the base is shown to the fen: half a fen of it moves the ratio
            let shown = decimal(&case["points"]);
            let off = absolute(shown.sub(points.exact().unwrap()).unwrap());
            let half = Exact::new(1, 2).unwrap().div(base).unwrap();
            let allowed = product(&[factors[0], ratio, half]);
            let allowed = allowed.add(Exact::new(1, 5_000).unwrap()).unwrap();
            assert!(
                off.compare(allowed).is_le(),
                "{scenario} {}: {points}, not {}",
                case["case_id"],
                case["points"]
            );
            let price = if case["preset_price"].is_empty() {
                "price"
            } else {
                "preset_price"
            };
            let standard = product(&[shown, decimal(&case[price]), Exact::integer(100)]);
            let found = Fen::parse_yuan(&case["standard"]).unwrap().exact();
            let off = standard.sub(found).unwrap();
            // a pool's price is shown with four decimals; a fen moves between cases of a hospital
            let allowed = product(&[shown, Exact::new(1, 200).unwrap()]);
            let allowed = allowed.add(Exact::integer(2)).unwrap();
            let off = absolute(off);
            assert!(
                off.compare(allowed).is_le(),
                "{scenario} {}: {case:?}",
                case["case_id"]
            );
        }
        assert!(
            ["normal", "low", "high"]
                .iter()
                .all(|kind| kinds.contains_key(kind)),
            "{kinds:?}"
        );
    }
}

#[test]
fn weights_that_are_not_the_catalogue_s_scores_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let (_, words) = run(SCENARIO, &folder.path().join("same"));
    assert!(!words.contains("catalogue"), "{words}");
    let weights = std::fs::read_to_string(root().join("tests/dip_chain/weights.csv")).unwrap();
    let other = weights.replace("J06.9,32.0000", "J06.9,33.0000");
    let other: Vec<&str> = other.lines().filter(|line| !line.starts_with("I63.9,")).collect();
    let file = folder.path().join("weights.csv");
    std::fs::write(&file, format!("{}\n", other.join("\n"))).unwrap();
    let named = format!("\"{}\"", file.display());
    let scenario = changed(folder.path(), SCENARIO, &[("\"weights.csv\"", &named)]);
    let out = folder.path().join("other");
    let (_, words) = run(text(&scenario), &out);
    let expected = format!(
        "!! {}: of 17 groups with a score in the scheme's catalogue 1 have another weight here (J06.9 33.0000, not 32) \
         and 1 have none (I63.9)",
        file.display()
    );
    assert!(words.contains(&expected), "{words}");
    let page: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(out.join("run.json")).unwrap()).unwrap();
    assert_eq!(page["weights"]["other_than_catalogue"], 1);
    assert_eq!(page["weights"]["missing_of_catalogue"], 1);
}

/// A scenario as one settles by it: the dates of its pack's documents are known.
fn dated(folder: &Path, scenario: &str, pack: &str) -> String {
    let path = root().join(scenario).parent().unwrap().join(pack);
    let own = folder.join(format!("pack-of-{}", pack.replace(['/', '.'], "-")));
    std::fs::create_dir(&own).unwrap();
    for file in std::fs::read_dir(path.parent().unwrap()).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), own.join(file.file_name())).unwrap();
    }
    let year = std::fs::read_to_string(root().join(scenario)).unwrap();
    let year = year
        .split_once("\nyear = ")
        .unwrap()
        .1
        .get(..4)
        .unwrap()
        .to_owned();
    let known = std::fs::read_to_string(&path).unwrap().replace(
        "effective_from = \"unknown\"",
        &format!("effective_from = {year}-01-01"),
    );
    let dated = own.join(path.file_name().unwrap());
    std::fs::write(&dated, known).unwrap();
    let changes = [(format!("\"{pack}\""), format!("\"{}\"", dated.display()))];
    let changes = changes.each_ref().map(|(from, to)| (from.as_str(), to.as_str()));
    text(&changed(&own, scenario, &changes)).to_owned()
}

/// Every shipped pack of packets books months, and the year says what each case was paid by.
#[test]
fn months_and_the_year_of_packets() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| text(&folder.path().join(name)).to_owned();
    let ledger = at("2023.ledger");
    let common = [
        "--ledger",
        &ledger,
        "--author",
        "Li",
        "--accept-evidence",
        "assumption",
    ];
    let scenario = dated(
        folder.path(),
        SCENARIO,
        "../../scenarios/policies/hubei-like/2023.toml",
    );
    for month in 1..=12 {
        let month = format!("2023-{month:02}");
        let output = at(&format!("{month}.csv"));
        let asked = ["settle", "month", &scenario, "--month", &month, "-o", &output];
        good(&[&asked[..], &common].concat());
    }
    let out = at("clearing");
    good(&[&["settle", "year", &scenario, "-o", &out][..], &common].concat());
    let cleared = rows(&folder.path().join("clearing/cases.csv"));
    let (cases, _) = run(SCENARIO, &folder.path().join("run"));
    assert_eq!(cleared.len(), cases.len());
    for case in &cases {
        let of_year = cleared
            .iter()
            .find(|row| row["case_id"] == case["case_id"])
            .unwrap();
        for column in [
            "main_procedure",
            "related_procedures",
            "packet_type",
            "auxiliary",
            "weight",
            "preset_price",
        ] {
            assert_eq!(of_year[column], case[column], "{} {column}", case["case_id"]);
        }
    }
    // a floating price: the month's share of the budget
    let (ledger, output) = (at("city.ledger"), at("city.csv"));
    let city = dated(folder.path(), CITY, "policies/pingdingshan-like/2025.toml");
    let asked = [
        "settle", "month", &city, "--month", "2025-01", "-o", &output, "--ledger", &ledger,
    ];
    // of its invented records five cannot be taken in any month
    let more = [
        "--author",
        "Li",
        "--accept-evidence",
        "assumption",
        "--leave-out",
        "5",
    ];
    let words = good(&[&asked[..], &more].concat());
    assert!(words.contains("yuan booked, closed"), "{words}");
}

#[test]
fn a_pack_without_months_says_so_with_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let whole = std::fs::read_to_string(root().join("scenarios/policies/hubei-like/2023.toml")).unwrap();
    let (before, _) = whole.split_once("[month]").unwrap();
    let known = before.replace("effective_from = \"unknown\"", "effective_from = 2023-01-01");
    std::fs::write(folder.path().join("pack.toml"), known).unwrap();
    for table in ["auxiliary-coefficients", "coefficients", "price", "primary"] {
        let from = root().join(format!("scenarios/policies/hubei-like/{table}.csv"));
        std::fs::copy(from, folder.path().join(format!("{table}.csv"))).unwrap();
    }
    let pack = folder.path().join("pack.toml");
    let named = format!("\"{}\"", pack.display());
    let change = [(
        "\"../../scenarios/policies/hubei-like/2023.toml\"",
        named.as_str(),
    )];
    let scenario = changed(folder.path(), SCENARIO, &change);
    let (ledger, output) = (folder.path().join("l.ledger"), folder.path().join("m.csv"));
    let (code, words) = dianzhi(&[
        "settle",
        "month",
        text(&scenario),
        "--month",
        "2023-03",
        "--ledger",
        text(&ledger),
        "--author",
        "Li",
        "--accept-evidence",
        "assumption",
        "-o",
        text(&output),
    ]);
    let expected = format!(
        "{}: required table `month` is missing: pack `hubei-like-2023` does not say what a month is booked at; expected \
         [month] with `model` (claim, last_year_price, own_month_pv or preset_price), `deposit` and `is_cash` (E_MISSING)",
        pack.display()
    );
    assert_eq!((code, words.trim()), (2, expected.as_str()));
    assert!(!output.exists() && !ledger.exists());
}

/// A catalogue of one's own history is grouped by and paid by at once: its folder has scores and weights.
#[test]
fn a_catalogue_of_history_runs_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let tables = folder.path().join("tables");
    let plan = std::fs::read_to_string(root().join("scenarios/dip-catalogue.toml")).unwrap();
    let plan = plan.replace("years = [2021, 2022, 2023]", "years = [2023, 2024, 2025]");
    let plan = plan
        .replace("core_min = 15", "core_min = 3")
        .replace("comprehensive_min = 30", "comprehensive_min = 3");
    let plan_file = folder.path().join("plan.toml");
    std::fs::write(&plan_file, plan).unwrap();
    let records = "scenarios/sample-packets/records.csv";
    good(&[
        "calibrate",
        "--dip",
        records,
        "--parameters",
        text(&plan_file),
        "-o",
        text(&tables),
    ]);
    let weights = tables.join("built-dip/weights.csv");
    let scores = rows(&tables.join("built-dip/groups.csv"));
    let of_weights: BTreeMap<String, Row> = rows(&weights)
        .into_iter()
        .map(|row| (row["group"].clone(), row))
        .collect();
    assert_eq!(of_weights.len(), scores.len() + 1);
    for row in &scores {
        assert_eq!(
            of_weights[&row["code"]]["weight"], row["score"],
            "{}",
            row["code"]
        );
    }
    let grouped = folder.path().join("grouped.csv");
    good(&[
        "group",
        records,
        "-t",
        "built-dip",
        "--tables",
        text(&tables),
        "-o",
        text(&grouped),
    ]);
    let grouped = rows(&grouped);
    let named = format!("\"{}\"", weights.display());
    let changes = [
        ("scheme = \"pingdingshan-2025\"", "scheme = \"built-dip\""),
        ("\"weights/pingdingshan-2025.csv\"", named.as_str()),
    ];
    let scenario = changed(folder.path(), CITY, &changes);
    let out = folder.path().join("out");
    let words = good(&[
        "run",
        text(&scenario),
        "--tables",
        text(&tables),
        "-o",
        text(&out),
    ]);
    assert!(!words.contains("in the scheme's catalogue"), "{words}");
    let cases = rows(&out.join("cases.csv"));
    let group_of: BTreeMap<&str, &str> = grouped
        .iter()
        .map(|row| (row["case_id"].as_str(), row["group"].as_str()))
        .collect();
    assert!(
        cases
            .iter()
            .all(|case| group_of[case["case_id"].as_str()] == case["group"])
    );
    let paid = cases.iter().filter(|case| !case["points"].is_empty()).count();
    assert!(paid > 1_500, "{paid} of {}", cases.len());
    let pools = rows(&out.join("pools.csv"));
    let differences = pools.iter().filter(|row| row["side"] == "difference");
    assert!(differences.into_iter().all(|row| row["value"] == "0.00"));
}

// ---- what is told on the way ------------------------------------------------------------------

/// A sheet with Chinese headers, as a coder has it: GBK, the principal procedure under another of its names, a column
/// that nothing reads.
#[test]
fn a_coder_s_sheet_is_read_and_what_is_not_read_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let sheet = "病案号,性别,年龄,住院天数,离院方式,主要诊断编码,其他诊断编码1,主要手术操作编码,其他手术操作编码1,总费用,科主任意见\n\
                 B1,1,40,5,1,K35.300,,47.0100,54.5101,8880.00,无\n";
    let (bytes, _, _) = encoding_rs::GBK.encode(sheet);
    let (records, out) = (folder.path().join("sheet.csv"), folder.path().join("out.csv"));
    std::fs::write(&records, &bytes).unwrap();
    let arguments = [
        "group",
        text(&records),
        "-t",
        "hubei-base",
        "--codes",
        "insurance-2.0",
        "-o",
        text(&out),
    ];
    let words = good(&arguments);
    assert!(words.contains("columns that are not read: 科主任意见"), "{words}");
    let found = &rows(&out)[0];
    assert_eq!(
        (found["group"].as_str(), found["procedures"].as_str()),
        ("K35.3:47.0100+54.5101", "47.0100|54.5101")
    );
}

/// Columns of a neutral file are passed on; only a near name is told.
#[test]
fn a_near_name_of_a_neutral_column_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (records, out) = (folder.path().join("records.csv"), folder.path().join("out.csv"));
    let rows = "case_id,sex,age,diagnoses,procedure,ward_note\nA,1,40,K35.300,47.0100,x\n";
    std::fs::write(&records, rows).unwrap();
    let words = good(&["group", text(&records), "-t", "hubei-base", "-o", text(&out)]);
    let expected =
        "passed on unread, with names near one that is read: `procedure` (did you mean `procedures`?)";
    assert!(
        words.contains(expected) && !words.contains("ward_note"),
        "{words}"
    );
    let zh = {
        let mut command = Command::cargo_bin("dianzhi").unwrap();
        let arguments = [
            "group",
            text(&records),
            "-t",
            "hubei-base",
            "-o",
            text(&out),
            "--lang",
            "zh",
        ];
        let output = command.current_dir(root()).args(arguments).output().unwrap();
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(zh.contains("`procedure`（是否为`procedures`？）"), "{zh}");
}

/// A fall-back group is no group newly found: it has a line of its own.
#[test]
fn cases_that_come_to_a_fall_back_are_not_newly_grouped() {
    let folder = tempfile::tempdir().unwrap();
    let (records, out) = (folder.path().join("records.csv"), folder.path().join("out.csv"));
    let rows = "case_id,sex,age,los_days,diagnoses,procedures\nA,1,40,3,N20.000,\nB,1,40,3,J18.900,\n";
    std::fs::write(&records, rows).unwrap();
    let words = good(&[
        "regroup",
        text(&records),
        "hubei-base",
        "jining-2023",
        "-o",
        text(&out),
    ]);
    for expected in ["newly in a fall-back group: 1 cases", "newly grouped: 0 cases"] {
        assert!(words.contains(expected), "{words}");
    }
    let back = good(&[
        "regroup",
        text(&records),
        "jining-2023",
        "hubei-base",
        "-o",
        text(&out),
    ]);
    assert!(back.contains("newly ungrouped: 1 cases"), "{back}");
}

/// Codes that no list has are told in reasons, once each; those read as listed ones by the scheme's map are known.
#[test]
fn unknown_codes_are_told_by_group_explain() {
    let folder = tempfile::tempdir().unwrap();
    let (records, out) = (folder.path().join("records.csv"), folder.path().join("out.csv"));
    let written = "case_id,sex,age,los_days,diagnoses,procedures\n\
                   A,1,40,3,K35.300|K35.3XX,47.0100|47.0199\nB,1,40,3,K35.300,47.0100\nC,1,40,3,N99.999x999,\n";
    std::fs::write(&records, written).unwrap();
    good(&[
        "group",
        text(&records),
        "-t",
        "hubei-base",
        "--explain",
        "-o",
        text(&out),
    ]);
    let reasons: Vec<String> = rows(&out).iter().map(|row| row["reason"].clone()).collect();
    assert!(
        reasons[0].ends_with("; code_unknown K35.3xx 47.0199"),
        "{reasons:?}"
    );
    assert!(!reasons[1].contains("code_unknown"), "{reasons:?}");
    assert_eq!(
        reasons[2],
        "no packet holds for this case; code_unknown N99.999x999"
    );
}

/// A folder of one's own may name no code list: codes are taken as they stand, by every command.
#[test]
fn a_scheme_without_code_lists_is_used_like_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("own");
    std::fs::create_dir_all(&own).unwrap();
    let header = "id = \"own\"\nname = \"own codes\"\nkind = \"dip\"\nextends = \"hubei-base\"\nsource = \"made up\"\n\
                  evidence = \"assumption\"\ncodes = { diagnosis = \"none\", procedure = \"none\" }\n";
    std::fs::write(own.join("scheme.toml"), header).unwrap();
    std::fs::write(
        own.join("groups.csv"),
        "code,level,diagnosis,procedures,treatment_type,name,score\nX1,core,Q99.9,,conservative,own,1\n",
    )
    .unwrap();
    let tables = text(folder.path()).to_owned();
    let (records, out) = (folder.path().join("records.csv"), folder.path().join("out.csv"));
    let written = "case_id,sex,age,los_days,diagnoses,procedures,code_version\nA,1,40,3,Q99.901,,our-own\n";
    std::fs::write(&records, written).unwrap();
    for more in [&[][..], &["--explain"]] {
        let arguments = [
            "group",
            text(&records),
            "-t",
            "own",
            "--tables",
            &tables,
            "-o",
            text(&out),
        ];
        good(&[&arguments[..], more].concat());
        let found = &rows(&out)[0];
        assert_eq!(found["group"], "X1");
        assert!(!found["reason"].contains("code_unknown"), "{found:?}");
    }
    good(&["explain", text(&records), "A", "-t", "own", "--tables", &tables]);
    let checked = good(&["tables", "check", text(&own)]);
    assert!(
        !checked.contains("unlisted-code") && !checked.contains("no-code-list"),
        "{checked}"
    );
    let words = good(&[
        "check",
        text(&records),
        "-t",
        "own",
        "--tables",
        &tables,
        "-o",
        text(&folder.path().join("q")),
    ]);
    assert!(!words.contains("C104"), "{words}");
}
