//! A year by its months: what they post, what the whole year makes of it, what may never happen.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use dianzhi::api::{
    EntryRequest, MonthDone, MonthRequest, RunRequest, SettleRequest, StatementRequest, Watch, YearDone,
    YearRequest, run, settle_adjust, settle_month, settle_reverse, settle_statement, settle_year,
};
use dianzhi::diagnostics::{Evidence, Lang, Result};
use dianzhi::ledger::{Cleared, Entry, Ledger};
use dianzhi::records::Intake;
use dianzhi::units::Fen;
use proptest::prelude::*;
use tempfile::TempDir;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A stay of two illnesses, by its days and its cost within the insurance's scope.
#[derive(Clone, Debug)]
struct Stay {
    id: String,
    hospital: &'static str,
    person: &'static str,
    illness: usize,
    /// Day of the year on which it ends, and how long it was.
    last: i64,
    days: i64,
    scope: i64,
}

/// Age, procedures and diagnoses that some group takes.
const ILLNESSES: [&str; 2] = [
    "2,89,,,{days},04.01,1,0,L85.300|D48.000x028|E78.600x003|Q36.901|D21.303|D23.303,85.9300",
    "2,90,,,{days},03.04,1,0,S72.110|S83.100x012|Z43.100|M24.905|T57.800|C94.600,37.8201|14.7903",
];

const HEADER: &str = "case_id,hospital,person,insured_scheme,sex,age,age_days,weight_g,los_days,department,\
discharge_status,icu_hours,diagnoses,procedures,admit_date,discharge_date,total_fee,fee_own,fee_over,fee_pre,fee_scope";

fn day(of_year: i64) -> String {
    jiff::civil::date(2022, 1, 1)
        .checked_add(jiff::Span::new().days(of_year))
        .unwrap()
        .to_string()
}

impl Stay {
    fn new(id: &str, hospital: &'static str, last: i64) -> Stay {
        Stay {
            id: id.to_owned(),
            hospital,
            person: "P0000001",
            illness: 0,
            last,
            days: 5,
            scope: 303_832,
        }
    }

    fn row(&self) -> String {
        let sheet = ILLNESSES[self.illness].replace("{days}", &self.days.to_string());
        let (admit, discharge) = (day(self.last - self.days), day(self.last));
        let (total, scope) = (Fen::new(self.scope + 61_814), Fen::new(self.scope));
        format!(
            "{},{},{},resident,{sheet},{admit},{discharge},{total},94.29,108.26,415.59,{scope}",
            self.id, self.hospital, self.person
        )
    }
}

/// A scenario in a folder of its own: the sample region with another pack and other records.
struct Place {
    folder: TempDir,
    scenario: PathBuf,
}

impl Place {
    /// `pack` is added to the sample's pack, in which each left text stands in for the right one.
    fn new(replaced: &[(&str, &str)], pack: &str) -> Place {
        let folder = TempDir::new().unwrap();
        let text =
            std::fs::read_to_string(root().join("scenarios/policies/sample-region-2022.toml")).unwrap();
        let text = replaced.iter().fold(text, |text, (from, to)| {
            assert!(text.contains(from), "{from}");
            text.replace(from, to)
        });
        std::fs::write(folder.path().join("pack.toml"), text + pack).unwrap();
        let at = |path: &str| root().join("scenarios").join(path).display().to_string();
        let scenario = format!(
            "schema = 1\nscenario = \"t\"\ntitle = \"t\"\nnotice = \"invented\"\nyear = 2022\nscheme = \"chongqing-2022\"\n\
             records = \"records.csv\"\nhospitals = \"{}\"\npersons = \"{}\"\nweights = \"{}\"\npolicy = \"pack.toml\"\n\
             [pool.resident]\nbudget = \"100000.00 yuan\"\nbenefit = \"{}\"\n",
            at("sample-region/hospitals.csv"),
            at("sample-region/persons.csv"),
            at("sample-region/weights.csv"),
            at("benefit/sample-region/resident.toml"),
        );
        let path = folder.path().join("scenario.toml");
        std::fs::write(&path, scenario).unwrap();
        Place {
            folder,
            scenario: path,
        }
    }

    fn plain() -> Place {
        Place::new(&[], "")
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn declare<'s>(&self, stays: impl IntoIterator<Item = &'s Stay>) {
        let rows: Vec<String> = stays.into_iter().map(Stay::row).collect();
        self.declare_rows(&rows);
    }

    fn declare_rows(&self, rows: &[String]) {
        std::fs::write(self.at("records.csv"), format!("{HEADER}\n{}\n", rows.join("\n"))).unwrap();
    }

    fn request(&self, output: &str) -> SettleRequest {
        SettleRequest {
            scenario: self.scenario.clone(),
            records: None,
            intake: Intake::plain(true),
            tables: Vec::new(),
            ledger: self.at("year.ledger"),
            accepted: Evidence::Assumption,
            author: "Li".to_owned(),
            findings: None,
            leave_out: None,
            output: self.at(output),
        }
    }

    fn month_with(&self, month: &str, change: impl FnOnce(&mut MonthRequest)) -> Result<MonthDone> {
        let mut request = MonthRequest {
            settle: self.request("month.csv"),
            month: month.to_owned(),
            prices: Vec::new(),
            again: Vec::new(),
        };
        change(&mut request);
        settle_month(&request, &watch())
    }

    fn month(&self, month: &str) -> MonthDone {
        let done = self.month_with(month, |_| {}).unwrap();
        assert!(
            done.refusal.is_none(),
            "{:?}",
            done.refusal.map(|e| e.to_string())
        );
        done
    }

    /// Every month from one to another.
    fn months(&self, from: u32, to: u32) {
        for month in from..=to {
            self.month(&format!("2022-{month:02}"));
        }
    }

    fn year_with(&self, change: impl FnOnce(&mut YearRequest)) -> Result<YearDone> {
        let mut request = YearRequest {
            settle: self.request("year"),
            assessments: Vec::new(),
            violations: Vec::new(),
            decisions: None,
            changes: Vec::new(),
            carveouts: Vec::new(),
            reserves: Vec::new(),
            lock: false,
        };
        change(&mut request);
        settle_year(&request, &watch())
    }

    fn run(&self) {
        let request = RunRequest {
            scenario: self.scenario.clone(),
            records: None,
            intake: Intake::plain(true),
            codes: Default::default(),
            tables: Vec::new(),
            output: self.at("run"),
        };
        run(&request, &watch()).unwrap();
    }

    fn entry(&self, case: &str, month: &str) -> EntryRequest {
        EntryRequest {
            ledger: self.at("year.ledger"),
            pool: "resident".to_owned(),
            case: case.to_owned(),
            hospital: None,
            discharge: None,
            month: month.to_owned(),
            reason: "wrong list".to_owned(),
            author: "Li".to_owned(),
        }
    }
}

fn watch() -> Watch<'static> {
    Watch {
        lang: Lang::En,
        threads: 1,
        advance: &|_| {},
    }
}

/// Rows of a table by hospital, number and day, with some of their columns.
fn rows(path: &Path, columns: &[&str]) -> BTreeMap<[String; 3], Vec<String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let header = reader.headers().unwrap().clone();
    let at = |name: &str| header.iter().position(|column| column == name).expect(name);
    let key = ["hospital", "case_id", "discharge_date"].map(at);
    let columns: Vec<usize> = columns.iter().map(|name| at(name)).collect();
    let rows = reader.records().map(|row| row.unwrap());
    rows.map(|row| {
        (
            key.map(|at| row[at].to_owned()),
            columns.iter().map(|at| row[*at].to_owned()).collect(),
        )
    })
    .collect()
}

/// What `cases.csv` of a year and of a run both have.
const MONEY: [&str; 6] = ["kind", "standard", "due", "claim", "nonfund", "marks"];

fn message<T>(result: Result<T>) -> String {
    result.err().expect("an error").to_string()
}

// ---- a year by its months is the year -----------------------------------------------------------

const HALF: &str = "\n[readmit]\nmeta = \"invented\"\ndays = 10\nmatch = \"group\"\nwithin = \"hospital\"\n\
cut = { how = \"half\", stay = \"first\" }\nexempt = []\n";
const MERGE: &str = "\n[readmit]\nmeta = \"invented\"\ndays = 10\nmatch = \"group\"\nwithin = \"hospital\"\n\
cut = { how = \"merge\", stay = \"second\" }\nexempt = []\n";
const DEAREST: [(&str, &str); 2] = [
    (
        "high = { by = \"points\", bands = [[\"100\", \"3\"], [\"200\", \"2.5\"], [\"300\", \"2\"], [\"inf\", \"1.5\"]], band_edge = \"<=\" }",
        "high = { by = \"percentile\", top = \"20%\", rank = \"cost\", of = \"hospital\", over = \"OVER\", round = \"floor\" }",
    ),
    ("high_pay = \"excess_plain\"", "high_pay = \"by_item\""),
];

/// Hospital, person, illness, last day, days, cost, months until the list comes.
type Drawn = (usize, usize, usize, i64, i64, i64, u32);

fn stays() -> impl Strategy<Value = Vec<(Stay, u32)>> {
    let stay = (
        0..2_usize,
        0..2_usize,
        0..2_usize,
        8..364_i64,
        1..8_i64,
        20_000..900_000_i64,
        0..3_u32,
    );
    prop::collection::vec(stay, 6..14).prop_map(|drawn| {
        let stay = |(number, drawn): (usize, Drawn)| {
            let (hospital, person, illness, last, days, scope, behind) = drawn;
            let stay = Stay {
                id: format!("C{number}"),
                hospital: ["H208", "H109"][hospital],
                person: ["P0000001", "P0000002"][person],
                illness,
                // close together, so that stays follow each other over the turn of a month
                last: 8 + (last - 8) / 4,
                days,
                scope,
            };
            let month: u32 = day(stay.last)[5..7].parse().unwrap();
            (stay, month + behind)
        };
        drawn.into_iter().enumerate().map(stay).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4) })]

    /// Lists come in their month or later; each month sees what has come. The cleared year is what a
    /// run over the whole year gives, to the fen, and the months stay as they were closed.
    #[test]
    fn a_year_by_its_months_is_the_year(drawn in stays(), pack in 0..4_usize) {
        let month = |over: &str| -> Place {
            let high = DEAREST[0].1.replace("OVER", over);
            Place::new(&[(DEAREST[0].0, &high), DEAREST[1]], "")
        };
        {
            let place = match pack {
                0 => Place::new(&[], HALF),
                1 => Place::new(&[], MERGE),
                2 => month("year"),
                _ => month("month"),
            };
            let mut hashes = Vec::new();
            for of in 1..=12_u32 {
                place.declare(drawn.iter().filter(|(_, declared)| *declared <= of).map(|(stay, _)| stay));
                let done = place.month(&format!("2022-{of:02}"));
                hashes.push(done.posted[0].1.closed.hash.clone());
            }
            place.declare(drawn.iter().map(|(stay, _)| stay));
            let done = place.year_with(|_| {}).unwrap();
            prop_assert_eq!(&done.gaps, &Vec::<String>::new());
            place.run();
            prop_assert_eq!(
                rows(&place.at("year/cases.csv"), &MONEY),
                rows(&place.at("run/cases.csv"), &MONEY)
            );
            let ledger = Ledger::open(&place.at("year.ledger")).unwrap();
            let closed = ledger.closed_months("resident", "2022").unwrap();
            let kept: Vec<String> = closed.into_iter().map(|month| month.hash).collect();
            prop_assert_eq!(kept, hashes);
            drop(ledger);
            // once more: nothing differs any more, and it may be locked
            let again = place.year_with(|year| year.lock = true).unwrap();
            prop_assert_eq!(again.differences, vec![0]);
            prop_assert_eq!(again.cleared, vec![Cleared::Locked]);
        }
    }
}

/// The first stay of a readmission over the turn of a month loses half of its points at the clearing.
#[test]
fn a_readmission_over_the_turn_of_a_month_is_cut_at_the_clearing() {
    let place = Place::new(&[], HALF);
    let (first, second) = (Stay::new("A1", "H208", 29), Stay::new("A2", "H208", 40));
    place.declare([&first]);
    place.month("2022-01");
    place.declare([&first, &second]);
    place.months(2, 12);
    let done = place.year_with(|_| {}).unwrap();
    assert_eq!((done.gaps.len(), done.differences[0]), (0, 1));
    let ledger = Ledger::open(&place.at("year.ledger")).unwrap();
    let entries = ledger.case("resident", "A1", None).unwrap();
    let written: Vec<(&str, &str)> = entries
        .iter()
        .map(|(_, month, entry)| (entry.kind.as_str(), month.as_str()))
        .collect();
    assert_eq!(written, [("case", "2022-01"), ("difference", "2022-13")]);
    let why = rows(&place.at("year/cases.csv"), &["why", "marks"]);
    let first = why.iter().find(|(key, _)| key[1] == "A1").unwrap().1;
    assert!(
        first[0].contains("a stay of the same illness lies within days") && first[1] == "readmitted",
        "{first:?}"
    );
}

// ---- nothing is dropped without a word --------------------------------------------------------------

#[test]
fn records_that_cannot_be_taken_stop_a_month() {
    let place = Place::plain();
    let good = Stay::new("A1", "H208", 10).row();
    let mut rows = vec![
        good.clone(),
        Stay::new("A2", "H999", 12).row(),
        good.replace("A1,", "A3,")
            .replace("2022-01-11", "2022-01-11T16:00:00Z"),
        good.replace("A1,", "A4,").replace(",94.29,", ",94.30,"),
        // of another month: it stops that one
        Stay::new("B1", "H999", 45).row(),
    ];
    place.declare_rows(&rows);
    let done = place
        .month_with("2022-01", |month| {
            month.settle.findings = Some(place.at("findings.csv"))
        })
        .unwrap();
    let refusal = done.refusal.unwrap().to_string();
    assert!(
        refusal.contains("3 records of 2022-01 cannot be taken (") && refusal.contains("`--leave-out 3`"),
        "{refusal}"
    );
    let findings = std::fs::read_to_string(place.at("findings.csv")).unwrap();
    for part in ["M980", "H999", "2022-01-11T16:00:00Z", "M979"] {
        assert!(findings.contains(part), "{part}: {findings}");
    }
    assert!(!place.at("year.ledger").exists() && !place.at("month.csv").exists());
    let other = place
        .month_with("2022-01", |month| month.settle.leave_out = Some(2))
        .unwrap();
    assert!(
        other
            .refusal
            .unwrap()
            .to_string()
            .contains("`--leave-out 2` was given, but 3")
    );
    let done = place
        .month_with("2022-01", |month| month.settle.leave_out = Some(3))
        .unwrap();
    assert!(done.refusal.is_none() && done.has_findings());
    let month = std::fs::read_to_string(place.at("month.csv")).unwrap();
    assert!(
        month.contains("resident,2022-01,H999,") && month.lines().count() == 3,
        "{month}"
    );
    // mended, it comes late to a later month
    rows[1] = Stay::new("A2", "H109", 12).row();
    rows.truncate(2);
    place.declare_rows(&rows);
    assert_eq!(place.month("2022-02").posted[0].1.hospitals[0].hospital, "H109");
}

// ---- a case is hospital, number and day ---------------------------------------------------------------

#[test]
fn two_hospitals_may_have_the_same_number() {
    let place = Place::new(&[], "\n[penalty]\nmeta = \"invented\"\nmode = \"zero_points\"\n");
    let stays = [
        Stay::new("S1", "H208", 10),
        Stay::new("S1", "H109", 12),
        Stay::new("S1", "H208", 20),
    ];
    place.declare(&stays);
    place.months(1, 12);
    assert_eq!(place.year_with(|_| {}).unwrap().pools[0].0.cases.len(), 3);
    let which = |name: &str| {
        let name = name.to_owned();
        place.year_with(|year| year.violations = vec![name])
    };
    for (name, said) in [
        (
            "S1",
            "which 3 cases are called; expected one of `H109/S1/2022-01-13`",
        ),
        ("H208/S1", "which 2 cases are called"),
        (
            "S9",
            "names case `S9`, which stands in no month of the ledger; did you mean `S1`?",
        ),
    ] {
        let error = message(which(name));
        assert!(error.contains(said), "{error}");
    }
    which("H208/S1/2022-01-21").unwrap();
    let points = rows(&place.at("year/cases.csv"), &["due", "why"]);
    let punished = points
        .iter()
        .filter(|(_, row)| row[1].starts_with("it is in violation"));
    let punished: Vec<&[String; 3]> = punished.map(|(key, _)| key).collect();
    assert_eq!(punished.len(), 1, "{points:?}");
    assert_eq!(punished[0][2], "2022-01-21");
    assert!(
        points[punished[0]][0].starts_with('-'),
        "nothing but what others paid is left: {points:?}"
    );
    let twice = message(settle_reverse(&place.entry("S1", "2022-13")));
    assert!(
        twice.contains("3 cases of pool `resident` have the number `S1`"),
        "{twice}"
    );
}

// ---- months close in their order, and nothing is posted into a locked year ------------------------------

#[test]
fn what_no_month_and_no_year_may_be() {
    let place = Place::plain();
    place.declare(&[Stay::new("A1", "H208", 10), Stay::new("A2", "H208", 100)]);
    let refused = |month: &str| message(place.month_with(month, |_| {}));
    for (month, said) in [
        (
            "2021-12",
            "`--month 2021-12`; expected a month of the scenario's year, 2022-01 to 2022-12",
        ),
        ("2022-13", "expected a month of the scenario's year"),
        ("2022-1", "expected a month of the scenario's year"),
        ("2022-02", "2022-01 is open, so that 2022-02 cannot be closed"),
    ] {
        let error = refused(month);
        assert!(error.contains(said), "{error}");
    }
    let none = message(place.year_with(|_| {}));
    assert!(none.contains("there is no ledger"), "{none}");
    place.month("2022-01");
    assert!(refused("2022-03").contains("2022-02 is open"));
    place.months(2, 11);
    // a preview says so, keeps nothing, and is not locked
    let preview = place.year_with(|_| {}).unwrap();
    assert!(
        preview.gaps[0].contains("1 of 12 months are open (2022-12)"),
        "{:?}",
        preview.gaps
    );
    assert_eq!(preview.cleared, [Cleared::Preview]);
    let page = std::fs::read_to_string(place.at("year/clearing.html")).unwrap();
    assert!(page.contains("PREVIEW, not kept: pool `resident`"), "{page}");
    let locked = message(place.year_with(|year| year.lock = true));
    assert!(
        locked.contains("the year cannot be locked: pool `resident`: 1 of 12"),
        "{locked}"
    );
    place.month("2022-12");
    place.declare(&[Stay::new("A1", "H208", 10)]);
    let gaps = place.year_with(|_| {}).unwrap().gaps;
    assert!(
        gaps[0].contains("1 cases of the ledger cannot be priced") && gaps[0].contains("`A2`"),
        "{gaps:?}"
    );
    place.declare(&[
        Stay::new("A1", "H208", 10),
        Stay::new("A2", "H208", 100),
        Stay::new("A3", "H208", 110),
    ]);
    let gaps = place.year_with(|_| {}).unwrap().gaps;
    assert!(
        gaps[0].contains("1 cases of the records stand in no month") && gaps[0].contains("`A3`"),
        "{gaps:?}"
    );
    place
        .year_with(|year| {
            year.lock = true;
            year.settle.leave_out = Some(1);
        })
        .unwrap();
    let closed = message(settle_reverse(&place.entry("A1", "2022-13")));
    assert!(
        closed.contains("year 2022 of pool `resident` is locked: 2022-13 takes nothing more"),
        "{closed}"
    );
}

#[test]
fn a_pack_that_changes_under_its_name_is_refused() {
    let place = Place::plain();
    place.declare(&[Stay::new("A1", "H208", 10)]);
    place.month("2022-01");
    let path = place.at("pack.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("low = \"0.40\"", "low = \"0.30\"")).unwrap();
    for error in [
        message(place.month_with("2022-02", |_| {})),
        message(place.year_with(|_| {})),
    ] {
        assert!(
            error.contains("pack `sample-region-2022` has changed since it closed month 2022-01 of pool `resident`: then its hash was")
                && error.contains("now it is"),
            "{error}"
        );
    }
    // a name of its own goes on; the year is then of two packs, and says so
    let renamed = text
        .replace("low = \"0.40\"", "low = \"0.30\"")
        .replace("\"sample-region-2022\"", "\"sample-region-2022b\"");
    std::fs::write(&path, renamed).unwrap();
    place.months(2, 12);
    let gaps = place.year_with(|_| {}).unwrap().gaps;
    assert!(
        gaps[0].contains("pack `sample-region-2022` closed a month, and `sample-region-2022b`"),
        "{gaps:?}"
    );
}

#[test]
fn money_needs_names_dates_and_a_budget() {
    let place = Place::new(
        &[(
            "effective_from = 2022-01-01\neffective_to = 2022-12-31\nevidence = \"secondary\"",
            "effective_from = 2022-06-01\neffective_to = \"open\"\nevidence = \"secondary\"",
        )],
        "",
    );
    place.declare(&[Stay::new("A1", "H208", 10)]);
    let early = message(place.month_with("2022-01", |_| {}));
    assert!(
        early.contains("document `jinhua` is in force from 2022-06-01 to open, not in 2022-01"),
        "{early}"
    );
    let place = Place::new(
        &[(
            "effective_to = 2022-12-31\nevidence = \"secondary\"",
            "effective_to = \"unknown\"\nevidence = \"secondary\"",
        )],
        "",
    );
    place.declare(&[Stay::new("A1", "H208", 10)]);
    let undated = message(place.month_with("2022-01", |_| {}));
    assert!(
        undated.contains("nothing is settled by a document whose dates are not known"),
        "{undated}"
    );
    let place = Place::plain();
    place.declare(&[Stay::new("A1", "H208", 10)]);
    let blank = message(place.month_with("2022-01", |month| month.settle.author = " ".to_owned()));
    assert!(blank.contains("`--author` is empty"), "{blank}");
    let text = std::fs::read_to_string(&place.scenario).unwrap();
    std::fs::write(&place.scenario, text.replace("100000.00 yuan", "0.00 yuan")).unwrap();
    let budget = message(place.month_with("2022-01", |_| {}));
    assert!(
        budget.contains("the budget of pool `resident` is 0.00 yuan"),
        "{budget}"
    );
    std::fs::write(&place.scenario, text).unwrap();
    place.months(1, 12);
    let score = "90".parse().unwrap();
    type Change = Box<dyn FnOnce(&mut YearRequest)>;
    let refused: Vec<(Change, &str)> = vec![
        (
            Box::new(move |y| y.assessments = vec![("H208".into(), score)]),
            "has no table `assess`",
        ),
        (
            Box::new(|y| y.reserves = vec![("resident".into(), Fen::new(1))]),
            "has no `clear.corridor.region` that could draw on it",
        ),
        (
            Box::new(|y| y.reserves = vec![("residents".into(), Fen::new(1))]),
            "expected one of the scenario's: resident; did you mean `resident`?",
        ),
        (
            Box::new(|y| y.violations = vec!["A1".into(), "A1".into()]),
            "`--violation` names `A1` twice",
        ),
    ];
    for (change, said) in refused {
        let error = message(place.year_with(change));
        assert!(error.contains(said), "{error}");
    }
}

// ---- returned and corrected -------------------------------------------------------------------------------

#[test]
fn a_reversed_list_is_posted_again_once_it_is_corrected() {
    let place = Place::plain();
    let wrong = Stay::new("A1", "H208", 10);
    place.declare([&wrong]);
    place.month("2022-01");
    settle_reverse(&place.entry("A1", "2022-02")).unwrap();
    let same = place.month("2022-02");
    assert_eq!(
        (same.unchanged.len(), same.corrected.len(), same.known),
        (1, 0, 0)
    );
    let corrected = Stay {
        scope: 250_000,
        ..wrong.clone()
    };
    place.declare([&corrected]);
    let done = place.month("2022-03");
    assert_eq!((done.corrected.len(), done.unchanged.len()), (1, 0));
    // made again, the month is what it was
    assert!(place.month("2022-03").posted[0].1.already);
    // another list of a case that stands is said, and changes nothing
    place.declare([&wrong]);
    assert_eq!(place.month("2022-04").changed.len(), 1);
    settle_reverse(&place.entry("A1", "2022-05")).unwrap();
    place.declare([&corrected]);
    let asked = place
        .month_with("2022-05", |month| month.again = vec!["H208/A1/2022-01-11".into()])
        .unwrap();
    assert_eq!(asked.corrected.len(), 1);
    let nobody = message(place.month_with("2022-06", |month| month.again = vec!["A7".into()]));
    assert!(nobody.contains("`--again A7` names no reversed case"), "{nobody}");
    place.months(6, 12);
    let year = place.year_with(|_| {}).unwrap();
    assert_eq!(
        (year.gaps.len(), year.differences[0], year.pools[0].0.cases.len()),
        (0, 0, 1)
    );
}

// ---- across the turn of the year --------------------------------------------------------------------------

#[test]
fn a_reversal_after_the_lock_is_of_the_prior_year() {
    let place = Place::plain();
    place.declare(&[Stay::new("A1", "H208", 10), Stay::new("A2", "H208", 100)]);
    place.months(1, 12);
    let open = message(settle_reverse(&place.entry("A1", "2023-01")));
    assert!(open.contains("belongs to 2022, which is not locked, and 2023-01 is of another year; expected an open month of 2022, or 2022-13"), "{open}");
    place.year_with(|year| year.lock = true).unwrap();
    let due =
        &rows(&place.at("year/cases.csv"), &["due"])[&["H208".into(), "A1".into(), "2022-01-11".into()]][0];
    let due = Fen::parse_yuan(due).unwrap();
    let more = settle_adjust(&place.entry("A1", "2023-01"), due + Fen::new(500)).unwrap();
    assert_eq!((more.more.prior, more.booked), (Fen::new(500), Fen::ZERO));
    let mirrors = settle_reverse(&place.entry("A1", "2023-01")).unwrap();
    let taken: Fen = mirrors.iter().map(|entry| entry.more.prior).sum();
    assert_eq!(
        taken,
        -(due + Fen::new(500)),
        "at the old year's price, the difference with it"
    );
    let ledger = Ledger::open(&place.at("year.ledger")).unwrap();
    let entries = ledger.case("resident", "A1", None).unwrap();
    for of in [
        |e: &Entry| e.cost,
        |e: &Entry| e.claim,
        |e: &Entry| e.nonfund,
        |e: &Entry| e.booked,
    ] {
        assert_eq!(
            entries.iter().map(|(_, _, entry)| of(entry)).sum::<Fen>(),
            Fen::ZERO
        );
    }
    assert_eq!(
        entries.iter().map(|(_, _, entry)| entry.more.prior).sum::<Fen>(),
        -due
    );
    // the next year: it takes no part in points or booked sums, and is settled by the clearing
    let text = std::fs::read_to_string(&place.scenario).unwrap();
    std::fs::write(&place.scenario, text.replace("year = 2022", "year = 2023")).unwrap();
    let pack = std::fs::read_to_string(place.at("pack.toml")).unwrap();
    let pack = pack
        .replace("effective_to = 2022-12-31", "effective_to = \"open\"")
        .replace("\"sample-region-2022\"", "\"sample-region-2023\"");
    std::fs::write(place.at("pack.toml"), pack).unwrap();
    place.declare(&[Stay::new("B1", "H208", 380)]);
    for month in 1..=12 {
        let done = place.month(&format!("2023-{month:02}"));
        if month == 1 {
            let row = &done.posted[0].1.hospitals[0];
            assert_eq!((row.cases, row.prior_year), (1, -due));
            assert!(row.booking.booked > Fen::ZERO && row.booking.cash > Fen::ZERO);
        }
    }
    let done = place.year_with(|_| {}).unwrap();
    let (settlement, clearing) = &done.pools[0];
    assert_eq!(
        (settlement.cases.len(), clearing[0].net.year.prior_year),
        (1, -due)
    );
    let year = clearing[0].net.year;
    assert_eq!(
        clearing[0].net.clearing,
        year.due - due - year.booked + year.returned
    );
    place.declare(&[Stay::new("B1", "H208", 380)]);
    let request = StatementRequest {
        ledger: place.at("year.ledger"),
        pool: "resident".to_owned(),
        year: "2023".to_owned(),
        hospital: "H208".to_owned(),
        output: place.at("statement.csv"),
    };
    settle_statement(&request, Lang::En).unwrap();
    let statement = std::fs::read_to_string(place.at("statement.csv")).unwrap();
    for part in [
        "prior_year,-",
        "reversal of case A1",
        "kind,,cases_normal,1",
        "run,2023,pack,sample-region-2023",
    ] {
        assert!(statement.contains(part), "{part}: {statement}");
    }
}

/// A reversal before the lock stands in the year's clearing period: the year is cleared without the case.
#[test]
fn a_reversal_before_the_lock_is_of_its_own_year() {
    let place = Place::plain();
    place.declare(&[Stay::new("A1", "H208", 10), Stay::new("A2", "H208", 100)]);
    place.months(1, 11);
    let early = message(settle_reverse(&place.entry("A1", "2022-13")));
    assert!(early.contains("not open before 2022-12 is closed"), "{early}");
    place.month("2022-12");
    settle_reverse(&place.entry("A1", "2022-13")).unwrap();
    let booked = message(settle_adjust(&place.entry("A2", "2022-13"), Fen::new(1)));
    assert!(booked.contains("2022-13 is a clearing period"), "{booked}");
    let done = place.year_with(|year| year.lock = true).unwrap();
    assert_eq!((done.gaps.len(), done.pools[0].0.cases.len()), (0, 1));
}
