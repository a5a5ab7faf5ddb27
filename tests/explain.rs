//! `explain`: what it says of chosen cases, word for word, and what holds of every neighbour.
//!
//! `tests/golden/explain/cases.csv` names the cases; `records.csv` beside it has them, `tables/`
//! a made-up scheme with every kind of rule. For each case and language there is the text and the
//! JSON. `UPDATE_GOLDEN=1` rewrites them; read the difference before you commit it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use assert_cmd::Command;
use dianzhi::api::{ExplainRequest, Watch, explain as explain_request, explained_json};
use dianzhi::diagnostics::{Lang, Place};
use dianzhi::grouper::{
    Change, Explanation, Grouper, Neighbour, Neighbours, Relation, Status, Workspace, explain, group_plainly,
    neighbours,
};
use dianzhi::records::{CaseDraft, Checked, Checker, Depth, DraftChecker, Encoding, Header, Intake};
use dianzhi::tables::{Compiled, Library, Scheme, Subject};
use proptest::prelude::*;
use serde_json::Value;

const FOLDER: &str = "tests/golden/explain";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn tables() -> [PathBuf; 2] {
    [root().join(FOLDER).join("tables"), root().join("grouping-tables")]
}

fn grouper(scheme: &str) -> Grouper {
    let library = Library::find(&tables()).unwrap();
    Grouper::new(Compiled::new(Scheme::load(&library, scheme).unwrap()))
}

/// Every record of a file that can be grouped.
fn drafts_of(file: &str) -> Vec<CaseDraft> {
    let mut rows = csv::Reader::from_path(root().join(file)).unwrap();
    let names: Vec<String> = rows.headers().unwrap().iter().map(str::to_owned).collect();
    let header = Arc::new(Header::read(&Place::file(Path::new(file)), names, false).unwrap());
    let mut checker = Checker::new(file.into(), header, Encoding::Utf8, Depth::Grouping, Lang::En);
    let mut drafts = Vec::new();
    for row in rows.records() {
        let mut text = csv::WriterBuilder::new().from_writer(Vec::new());
        text.write_record(&row.unwrap()).unwrap();
        let text = String::from_utf8(text.into_inner().unwrap()).unwrap();
        if checker.check_text(text.trim_end(), 1) == Checked::Case {
            drafts.push(CaseDraft::of(checker.case()));
        }
    }
    drafts
}

// ---- word for word ----------------------------------------------------------------------------

fn answer(case_id: &str, scheme: &str, lang: &str, json: bool) -> String {
    let mut command = Command::cargo_bin("dianzhi").unwrap();
    let records = format!("{FOLDER}/records.csv");
    let tables = format!("{FOLDER}/tables");
    command.current_dir(root()).env_remove("DIANZHI_TABLES");
    command.args(["explain", &records, case_id, "-t", scheme]);
    command.args(["--tables", &tables, "--lang", lang]);
    if json {
        command.arg("--json");
    }
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && said.is_empty(), "{case_id}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

/// Compares with the file of this name, or rewrites it.
fn check(name: &str, found: &str) -> Option<String> {
    let file = root().join(FOLDER).join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&file, found).unwrap();
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    let mut lines = expected.lines().zip(found.lines()).enumerate();
    let differs = lines.find(|(_, (expected, found))| expected != found);
    match differs {
        Some((at, (expected, found))) => Some(format!("{name}:{}:\n- {expected}\n+ {found}", at + 1)),
        None if expected == found => None,
        None => Some(format!(
            "{name}: {} lines, expected {}",
            found.lines().count(),
            expected.lines().count()
        )),
    }
}

#[test]
fn cases_are_explained_word_for_word() {
    let mut rows = csv::Reader::from_path(root().join(FOLDER).join("cases.csv")).unwrap();
    let mut wrong = Vec::new();
    for row in rows.records() {
        let row = row.unwrap();
        let [name, case_id, scheme, status, group] = [0, 1, 2, 3, 4].map(|field| row[field].to_owned());
        for lang in ["en", "zh"] {
            let text = answer(&case_id, &scheme, lang, false);
            let json = answer(&case_id, &scheme, lang, true);
            wrong.extend(check(&format!("{name}.{lang}.txt"), &text));
            wrong.extend(check(&format!("{name}.{lang}.json"), &json));
            let json: Value = serde_json::from_str(&json).unwrap();
            assert_eq!((&json["schema"], &json["lang"]), (&1.into(), &lang.into()));
            let record = &json["records"][0];
            if !status.is_empty() {
                assert_eq!(record["status"], *status, "{name}");
                assert_eq!(record["group"]["code"].as_str().unwrap_or(""), group, "{name}");
            }
            text_fits_a_terminal(&name, &text);
            text_agrees(&name, &text, &json);
            codes_are_the_records_own(&name, &json);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn text_fits_a_terminal(name: &str, text: &str) {
    for line in text.lines() {
        let width = unicode_width::UnicodeWidthStr::width(line);
        assert!(width <= 100, "{name}: {width} columns: {line}");
        assert_eq!(line, line.trim_end(), "{name}");
    }
}

/// Whatever the lines are broken at.
fn without_blanks(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

/// What JSON says, the text says too, but for what it cuts.
fn text_agrees(name: &str, text: &str, json: &Value) {
    let squeezed = without_blanks(text);
    let says = |words: &str| {
        assert!(
            squeezed.contains(&without_blanks(words)),
            "{name}: `{words}` is missing in\n{text}"
        );
    };
    for record in json["records"].as_array().unwrap() {
        for key in ["reason", "status_words"] {
            says(record[key].as_str().unwrap());
        }
        for finding in record["findings"].as_array().unwrap() {
            says(finding["words"].as_str().unwrap());
        }
        for complication in record["complications"].as_array().unwrap() {
            // beside its name in another column
            says(complication["code"].as_str().unwrap());
        }
        for step in record["steps"].as_array().unwrap() {
            says(step["code"].as_str().unwrap());
        }
        let neighbours = record["neighbours"]["list"].as_array();
        let same = neighbours
            .into_iter()
            .flatten()
            .filter(|n| n["relation"] == "same_adrg");
        for neighbour in same.take(10) {
            says(neighbour["question"].as_str().unwrap());
        }
    }
}

fn codes_in(list: &Value) -> BTreeSet<String> {
    let codes = list.as_array().into_iter().flatten();
    codes
        .map(|code| code["code"].as_str().unwrap().to_owned())
        .collect()
}

/// A code that is not the record's own is marked as an example.
fn codes_are_the_records_own(name: &str, json: &Value) {
    for record in json["records"].as_array().unwrap() {
        let mut own = codes_in(&record["record"]["diagnoses"]);
        own.extend(codes_in(&record["record"]["procedures"]));
        let list = record["neighbours"]["list"].as_array();
        for neighbour in list.into_iter().flatten() {
            let question = neighbour["question"].as_str().unwrap();
            let mut named = BTreeSet::new();
            for change in neighbour["changes"].as_array().into_iter().flatten() {
                for key in ["code", "instead_of"] {
                    if let Some(code) = change[key]["code"].as_str() {
                        assert!(own.contains(code), "{name}: {code} in {change}");
                        named.insert(code.to_owned());
                    }
                }
                if let Some(example) = change["example"]["code"].as_str() {
                    assert!(!own.contains(example), "{name}: {example} in {change}");
                    let marked = [format!("for example `{example}"), format!("例如“{example}")];
                    assert!(
                        marked.iter().any(|marked| question.contains(marked.as_str())),
                        "{name}: {question}"
                    );
                }
            }
            for code in &named {
                assert!(question.contains(code.as_str()), "{name}: {question}");
            }
            assert!(
                neighbour["changes"].is_null() || question.ends_with(['?', '？']),
                "{name}: {question}"
            );
        }
        for complication in record["complications"].as_array().unwrap() {
            assert!(own.contains(complication["code"].as_str().unwrap()), "{name}");
        }
    }
}

// ---- what cannot be explained -----------------------------------------------------------------

#[test]
fn an_unknown_id_names_those_like_it() {
    let cases = [
        (
            "K-singel",
            "no record has case_id `K-singel`; did you mean `K-single`?",
        ),
        (
            "medicaI",
            "no record has case_id `medicaI`; did you mean `medical`?",
        ),
        ("TWICE", "no record has case_id `TWICE`; did you mean `twice`?"),
        ("nothing like it", "no record has case_id `nothing like it`"),
        ("", "no record has case_id ``"),
    ];
    for (case_id, expected) in cases {
        let message = explain_request(&request(case_id, "kinds"), &watch())
            .unwrap_err()
            .to_string();
        let (_, message) = message.split_once(": ").unwrap();
        assert_eq!(message, expected);
    }
}

fn request(case_id: &str, scheme: &str) -> ExplainRequest {
    ExplainRequest {
        intake: Intake::default(),
        records: root().join(FOLDER).join("records.csv"),
        case_id: case_id.to_owned(),
        scheme: scheme.to_owned(),
        tables: tables().to_vec(),
    }
}

fn watch() -> Watch<'static> {
    Watch {
        lang: Lang::En,
        threads: 2,
        advance: &|_| {},
    }
}

// ---- what holds of every neighbour ------------------------------------------------------------

/// A scheme with what is needed to look into one case after another.
struct Bench {
    grouper: Grouper,
    work: Workspace,
    drafts: DraftChecker,
}

struct Looked {
    explanation: Explanation,
    neighbours: Neighbours,
}

impl Bench {
    fn of(grouper: Grouper) -> Bench {
        Bench {
            grouper,
            work: Workspace::default(),
            drafts: DraftChecker::new().unwrap(),
        }
    }

    fn scheme(&self) -> &Scheme {
        self.grouper.scheme()
    }

    fn look(&mut self, draft: &CaseDraft) -> Looked {
        let case = self.drafts.check(draft).unwrap();
        Looked {
            explanation: explain(self.grouper.scheme(), case),
            neighbours: neighbours(&self.grouper, case).unwrap(),
        }
    }

    fn code(&self, row: usize) -> &str {
        &self.scheme().rules()[row].code
    }

    /// Every change leads to the group named, by both ways of grouping, and is no smaller than need.
    fn prove(&mut self, draft: &CaseDraft, neighbour: &Neighbour) {
        let Some((changes, changed)) = &neighbour.change else {
            return;
        };
        assert!(!changes.is_empty() && changed != draft, "{changes:?}");
        let case = self.drafts.check(changed).unwrap();
        assert_eq!(CaseDraft::of(case), *changed);
        let fast = self.grouper.group(case, &mut self.work);
        let plain = group_plainly(self.grouper.scheme(), case);
        assert_eq!(fast, plain);
        assert_eq!(fast.status(self.grouper.scheme()), Status::Grouped);
        assert_eq!((fast.adrg, fast.row), (Some(neighbour.adrg), Some(neighbour.row)));
        for change in changes {
            self.is_of_the_record(draft, changed, change);
        }
    }

    /// Own codes stand in the record where the change says; examples do not, and are of their kind.
    fn is_of_the_record(&self, draft: &CaseDraft, changed: &CaseDraft, change: &Change) {
        let scheme = self.scheme();
        let in_list = |list: &str, code: &str| match list.strip_prefix('@') {
            Some(name) => {
                let set = scheme.named_set(name).unwrap();
                set.codes.iter().any(|id| scheme.code(*id) == code)
            }
            None => list.contains(code),
        };
        match change {
            Change::DropDiagnosis { slot, code } => {
                assert!(*slot > 0 && draft.diagnoses[*slot] == *code);
            }
            Change::SwapPrincipal {
                slot,
                code,
                principal,
            } => {
                assert!(draft.diagnoses[*slot] == *code && draft.diagnoses[0] == *principal);
                assert_eq!(changed.diagnoses[0], *code);
            }
            Change::DropProcedure { slot, code } => assert_eq!(draft.procedures[*slot], *code),
            Change::SwapProcedure {
                slot,
                code,
                principal,
            } => {
                assert!(draft.procedures[*slot] == *code && draft.procedures[0] == *principal);
            }
            Change::AddComplication { level, example } => {
                assert!(!draft.diagnoses.contains(example) && changed.diagnoses.contains(example));
                let row = scheme.complication(scheme.code_id(example).unwrap()).unwrap();
                assert_eq!(row.level, *level);
                let principal = scheme.code_id(&changed.diagnoses[0]);
                let excluded = principal.map_or(&[][..], |id| scheme.exclusions(id));
                assert!(row.exclusion.is_none_or(|list| !excluded.contains(&list)));
            }
            Change::AddDiagnosis { list, example } => {
                assert!(!draft.diagnoses.contains(example) && in_list(list, example));
            }
            Change::AddProcedure { list, example, .. } => {
                assert!(!draft.procedures.contains(example) && in_list(list, example));
            }
            Change::Number { from, to, .. } => assert!(*from != Some(*to) && *to >= 0),
            Change::Sex { from, to } => assert!(draft.sex == *from && from + to == 3),
            Change::Department { from, to } | Change::DischargeStatus { from, to } => {
                assert_ne!(from, to);
            }
        }
    }

    /// No rule looks for this diagnosis by name anywhere but as principal.
    fn is_looked_for(&self, code: &str) -> bool {
        let scheme = self.scheme();
        let id = scheme.code_id(code);
        let mut sets = scheme.rules().iter().flat_map(|rule| rule.when.atoms());
        sets.any(|atom| {
            let set = match atom {
                dianzhi::tables::Atom::In {
                    subject: Subject::AnyDiagnosis | Subject::OtherDiagnosis,
                    set,
                    ..
                }
                | dianzhi::tables::Atom::Sites(set, ..) => set,
                _ => return false,
            };
            let codes = scheme.set(set).map_or(&[][..], |set| &set.codes);
            id.is_some_and(|id| codes.contains(&id))
        })
    }

    /// As `docs/explain.md` promises: the changed record shows the way back. Says whether the
    /// promise covers this change.
    fn prove_way_back(&mut self, from: &Explanation, neighbour: &Neighbour) -> bool {
        let Some((changes, changed)) = &neighbour.change else {
            return false;
        };
        let [change] = changes.as_slice() else {
            return false;
        };
        let (Some(adrg), Some(row)) = (from.grouping.adrg, from.grouping.row) else {
            return false;
        };
        let (adrg, group) = (self.code(adrg).to_owned(), self.code(row).to_owned());
        let counted = |code: &str| {
            let mut found = from.complications.iter();
            found.any(|found| found.code == code && found.excluded_by.is_none())
        };
        let (must_be_listed, back) = match change {
            Change::DropDiagnosis { code, .. } => {
                let same = neighbour.relation == Relation::SameAdrg;
                if !same || !counted(code) || self.is_looked_for(code) {
                    return false;
                }
                (true, "add_complication")
            }
            Change::AddComplication { .. } if neighbour.relation == Relation::SameAdrg => {
                (true, "drop_diagnosis")
            }
            Change::SwapPrincipal { .. } => (false, "swap_principal_diagnosis"),
            Change::SwapProcedure { .. } => (false, "swap_principal_procedure"),
            Change::Sex { .. } => (false, "sex"),
            _ => return false,
        };
        let there = self.look(changed);
        let found = there.neighbours.list.iter().find(|way| {
            let wanted = way.relation != Relation::SameAdrg || self.code(way.row) == group;
            self.code(way.adrg) == adrg && wanted
        });
        let ways = found.map(|found| found.change.as_ref().map(|(changes, _)| changes));
        match ways {
            None => assert!(!must_be_listed, "{group} is not shown from {changed:?}"),
            Some(ways) => {
                let ways = ways.unwrap_or_else(|| panic!("no way back to {group} from {changed:?}"));
                assert_eq!(ways.len(), 1, "back to {group}: {ways:?}, not one {back}");
            }
        }
        true
    }
}

/// Cases of several schemes: changes proved, ways back.
#[test]
fn every_change_leads_where_it_says_and_back() {
    let mut proved = 0;
    let mut ways_back = 0;
    let mut none_found = 0;
    for scheme in ["kinds", "chs-drg-1.1", "chongqing-2022", "guangxi-2022"] {
        let mut bench = Bench::of(grouper(scheme));
        let (file, every) = match scheme {
            "kinds" => (format!("{FOLDER}/records.csv"), 1),
            scheme => (format!("tests/golden/grouping/{scheme}.csv"), 41),
        };
        for draft in drafts_of(&file).iter().step_by(every) {
            let looked = bench.look(draft);
            assert!(looked.neighbours.complete);
            for neighbour in &looked.neighbours.list {
                bench.prove(draft, neighbour);
                proved += usize::from(neighbour.change.is_some());
                none_found += usize::from(neighbour.change.is_none());
            }
            // the way back takes a search of its own: a few suffice
            for neighbour in looked.neighbours.list.iter().take(6) {
                ways_back += usize::from(bench.prove_way_back(&looked.explanation, neighbour));
            }
        }
    }
    assert!(
        proved > 400 && ways_back > 30,
        "{proved} {ways_back} {none_found}"
    );
}

/// The made-up scheme has a row for every kind of change; each kind is found.
#[test]
fn every_kind_of_change_is_found() {
    let mut bench = Bench::of(grouper("kinds"));
    let mut kinds = BTreeSet::new();
    for draft in drafts_of(&format!("{FOLDER}/records.csv")) {
        for neighbour in bench.look(&draft).neighbours.list {
            let changes = neighbour.change.map(|(changes, _)| changes);
            kinds.extend(changes.unwrap_or_default().iter().map(Change::kind));
        }
    }
    let expected = [
        "add_complication",
        "add_diagnosis",
        "add_procedure",
        "department",
        "discharge_status",
        "drop_diagnosis",
        "drop_procedure",
        "number",
        "sex",
        "swap_principal_diagnosis",
        "swap_principal_procedure",
    ];
    assert_eq!(kinds, BTreeSet::from(expected));
}

// ---- smallest, by brute force -----------------------------------------------------------------

/// All ways to leave out one other diagnosis, or exchange it with the principal, by hand.
fn plain_changes(draft: &CaseDraft) -> Vec<CaseDraft> {
    let mut changed = Vec::new();
    for slot in 1..draft.diagnoses.len() {
        let mut without = draft.clone();
        without.diagnoses.remove(slot);
        let mut swapped = draft.clone();
        swapped.diagnoses.swap(0, slot);
        changed.extend([without, swapped]);
    }
    for slot in 0..draft.procedures.len() {
        let mut without = draft.clone();
        without.procedures.remove(slot);
        let mut swapped = draft.clone();
        swapped.procedures.swap(0, slot);
        changed.extend([without, swapped]);
    }
    let mut other = draft.clone();
    other.sex = 3 - draft.sex;
    changed.push(other);
    changed
}

/// Whatever one such change reaches by the plain reading, the search shows with one change.
#[test]
fn what_one_change_reaches_is_shown_with_one() {
    let mut compared = 0;
    for (scheme, file, every) in [
        ("kinds", format!("{FOLDER}/records.csv"), 1),
        (
            "harbin-2022",
            "tests/golden/grouping/harbin-2022.csv".to_owned(),
            61,
        ),
    ] {
        let mut bench = Bench::of(grouper(scheme));
        for draft in drafts_of(&file).iter().step_by(every) {
            let looked = bench.look(draft);
            for changed in plain_changes(draft) {
                let case = bench.drafts.check(&changed).unwrap();
                let reached = group_plainly(bench.grouper.scheme(), case);
                let (Some(adrg), Some(row)) = (reached.adrg, reached.row) else {
                    continue;
                };
                let shown = looked.neighbours.list.iter().find(|neighbour| {
                    let same = neighbour.relation == Relation::SameAdrg;
                    bench.code(neighbour.adrg) == bench.code(adrg)
                        && (!same || bench.code(neighbour.row) == bench.code(row))
                });
                let Some(shown) = shown else { continue };
                let count = shown.change.as_ref().map(|(changes, _)| changes.len());
                assert_eq!(count, Some(1), "{} of {draft:?} by {changed:?}", bench.code(row));
                compared += 1;
            }
        }
    }
    assert!(compared > 40, "{compared}");
}

// ---- whatever comes ---------------------------------------------------------------------------

fn a_code() -> impl Strategy<Value = String> {
    let known = proptest::sample::select(vec![
        "A01.000",
        "A02.000",
        "A03.000",
        "A41.900",
        "J96.000",
        "I10.x00x002",
        "J18.900",
        "K92.208",
        "E11.900",
        "S00.000",
        "S20.200",
        "47.0900",
        "47.0901",
        "38.9300x001",
    ]);
    prop_oneof![8 => known.prop_map(str::to_owned), 1 => "[^|\u{0}]{0,6}"]
}

fn a_record() -> impl Strategy<Value = [String; 11]> {
    let list = |most| proptest::collection::vec(a_code(), 0..most).prop_map(|codes| codes.join("|"));
    let number = || prop_oneof![4 => "[0-9]{1,4}", 1 => "[0-9.,-]{0,8}", 1 => Just(String::new())];
    (
        (
            prop_oneof![Just("1"), Just("2"), Just("x")],
            number(),
            number(),
            number(),
            number(),
        ),
        (
            number(),
            number(),
            prop_oneof![Just("ICU".to_owned()), "[^\u{0}]{0,5}"],
            "[0-9]?",
            list(7),
            list(4),
        ),
    )
        .prop_map(
            |((sex, age, days, weight, los), (icu, fee, dept, status, dx, px))| {
                [
                    sex.to_owned(),
                    age,
                    days,
                    weight,
                    los,
                    icu,
                    fee,
                    dept,
                    status,
                    dx,
                    px,
                ]
            },
        )
}

fn a_row(cells: &[String; 11]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut row = vec!["C-1".to_owned()];
    row.extend(cells.iter().cloned());
    writer.write_record(&row).unwrap();
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}

const CELLS: [&str; 12] = [
    "case_id",
    "sex",
    "age",
    "age_days",
    "weight_g",
    "los_days",
    "icu_hours",
    "total_fee",
    "department",
    "discharge_status",
    "diagnoses",
    "procedures",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_record_is_explained_and_its_neighbours_hold(cells in a_record()) {
        thread_local! {
            static BENCH: std::cell::RefCell<Bench> = std::cell::RefCell::new(Bench::of(grouper("kinds")));
        }
        let header = Header::read(&Place::file(Path::new("made-up.csv")), CELLS.map(str::to_owned).to_vec(), false);
        let header = Arc::new(header.unwrap());
        let mut checker = Checker::new("made-up.csv".into(), header, Encoding::Utf8, Depth::Grouping, Lang::En);
        let row = a_row(&cells);
        if checker.check_text(row.trim_end_matches('\n'), 1) == Checked::Case {
            let draft = CaseDraft::of(checker.case());
            BENCH.with_borrow_mut(|bench| {
                let looked = bench.look(&draft);
                let case = bench.drafts.check(&draft).unwrap();
                assert_eq!(looked.explanation.grouping, group_plainly(bench.grouper.scheme(), case));
                assert_eq!(looked.explanation.grouping, group_plainly(bench.grouper.scheme(), checker.case()));
                let mut reason = String::new();
                looked.explanation.grouping.short_reason(bench.grouper.scheme(), case, &mut reason);
                assert!(!reason.contains("  ") && reason.trim() == reason, "`{reason}`");
                for neighbour in &looked.neighbours.list {
                    bench.prove(&draft, neighbour);
                }
                for neighbour in &looked.neighbours.list {
                    bench.prove_way_back(&looked.explanation, neighbour);
                }
            });
        }
    }

}

proptest! {
    // each loads the tables anew
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_id_and_any_file_give_an_answer_or_an_error(
        case_id in ".{0,12}",
        lines in proptest::collection::vec("[A-Za-z0-9|,.\"\u{4e00}-\u{4e10}]{0,40}", 0..6),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("records.csv");
        let text = format!("case_id,sex,age,diagnoses\nC1,1,40,A01.000\n{}\n{case_id},1,40,A02.000\n", lines.join("\n"));
        fs::write(&file, text).unwrap();
        let request = ExplainRequest { records: file, ..request(&case_id, "kinds") };
        if let Ok(explained) = explain_request(&request, &watch()) {
            let json = explained_json(&explained).unwrap();
            let parsed: Value = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(parsed["case_id"].as_str(), Some(&*case_id));
            prop_assert!(explained.copies as usize >= explained.records.len() && !explained.records.is_empty());
        }
    }
}
