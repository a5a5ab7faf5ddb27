//! Schemes drawn at random, small and awkward on purpose, for tests that compare two ways.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking; each test file uses a part of this"
)]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use dianzhi::grouper::Grouper;
use dianzhi::tables::{Compiled, Library, Scheme};
use rand::prelude::IndexedRandom as _;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Few codes, many of which begin alike, so that every set and prefix hits often. The last four
/// stand in no code set: only conditions that write them out, or a prefix, can know them.
pub const DIAGNOSES: [&str; 14] = [
    "T31.000",
    "T31.100",
    "T31.100x001",
    "T32.000",
    "S06.000",
    "S06.000x002",
    "S22.000",
    "S32.000",
    "J18.900",
    "J96.000",
    "T31.900",
    "S06.900",
    "K35.800",
    "Z99.999x999",
];
pub const PROCEDURES: [&str; 8] = [
    "47.0901",
    "47.0902",
    "38.9300",
    "38.9300x009",
    "37.5100",
    "96.7201",
    "47.0100",
    "99.9999",
];
const IN_NO_SET: usize = 4;
const SETS: [&str; 6] = ["A.dx", "B.dx", "C.dx", "A.px", "B.px", "nothing"];
const SITES: [&str; 4] = ["head", "chest", "pelvis", "limbs"];

/// Writes the tables of one random scheme.
pub struct Maker {
    rng: ChaCha8Rng,
}

impl Maker {
    /// The same seed makes the same schemes and rows.
    pub fn new(seed: u64) -> Maker {
        Maker {
            rng: ChaCha8Rng::seed_from_u64(seed),
        }
    }

    pub fn one<'l>(&mut self, list: &[&'l str]) -> &'l str {
        list.choose(&mut self.rng).unwrap()
    }

    pub fn chance(&mut self, share: f64) -> bool {
        self.rng.random_bool(share)
    }

    fn code_sets(&mut self) -> String {
        let mut text = String::from("set,code,site\nnothing,,\n");
        for set in SETS.iter().filter(|set| **set != "nothing") {
            let codes: &[&str] = if set.ends_with("dx") {
                &DIAGNOSES
            } else {
                &PROCEDURES
            };
            let shared = codes.len() - if set.ends_with("dx") { IN_NO_SET } else { 1 };
            let _ = writeln!(text, "{set},,");
            for code in &codes[..shared] {
                if self.chance(0.4) {
                    let site = if self.chance(0.7) { self.one(&SITES) } else { "" };
                    let _ = writeln!(text, "{set},{code},{site}");
                }
                if self.chance(0.1) {
                    let site = self.one(&SITES);
                    let _ = writeln!(text, "{set},{code},{site}");
                }
            }
        }
        text
    }

    fn complications(&mut self) -> String {
        let mut text = String::from("code,level,exclusion\n");
        for code in DIAGNOSES {
            if self.chance(0.5) {
                let level = self.one(&["CC", "MCC"]);
                let list = self.one(&["", "1", "2", "3"]);
                let _ = writeln!(text, "{code},{level},{list}");
            }
        }
        text
    }

    fn exclusions(&mut self) -> String {
        let mut text = String::from("principal,exclusion\n");
        for code in DIAGNOSES {
            if self.chance(0.5) {
                let list = self.one(&["1", "2", "3"]);
                let _ = writeln!(text, "{code},{list}");
            }
        }
        text
    }

    fn set(&mut self) -> String {
        if self.chance(0.6) {
            let named = [&SETS[..], &["or_procedures"]].concat();
            return format!("@{}", self.one(&named));
        }
        let count = self.rng.random_range(1..=3);
        let patterns: Vec<String> = (0..count).map(|_| self.pattern()).collect();
        format!("{{{}}}", patterns.join(", "))
    }

    /// A code, or a beginning of one: `T31*`, `47.09*`, now and then `*` for everything.
    fn pattern(&mut self) -> String {
        let code = if self.chance(0.6) {
            self.one(&DIAGNOSES)
        } else {
            self.one(&PROCEDURES)
        };
        if self.chance(0.5) {
            return code.to_owned();
        }
        let length = if self.chance(0.05) {
            0
        } else {
            self.rng.random_range(1..=code.len())
        };
        format!("{}*", &code[..length])
    }

    fn atom(&mut self) -> String {
        let not = if self.chance(0.25) { "not " } else { "" };
        match self.rng.random_range(0..16) {
            0..=3 => format!("pdx {not}in {}", self.set()),
            4 => format!("ppx {not}in {}", self.set()),
            5 | 6 => format!("{} any {not}in {}", self.one(&["dx", "sdx"]), self.set()),
            7 | 8 => format!("{} any {not}in {}", self.one(&["px", "spx"]), self.set()),
            9 => format!(
                "discharge {not}in {}",
                self.one(&["{5}", "{1, 5}", "{4*}", "@nothing"])
            ),
            10 => self.one(&["has px", "no px", "true", "false"]).to_owned(),
            11 => self.one(&["mcc", "cc"]).to_owned(),
            12 => {
                let (set, number) = (self.set(), self.rng.random_range(0..=3));
                format!("sites({set}) {} {number}", self.comparison())
            }
            13 => format!("sex = {}", self.one(&["1", "2"])),
            14 => format!("dept = {}", self.one(&["ICU", "0301"])),
            _ => self.number(),
        }
    }

    fn comparison(&mut self) -> &'static str {
        self.one(&["<", "<=", ">", ">=", "="])
    }

    fn number(&mut self) -> String {
        let (fact, values): (&str, &[&str]) = *[
            ("age", &["1", "17", "18"][..]),
            ("age_days", &["28", "29"]),
            ("weight", &["1500", "2499.5"]),
            ("los", &["1", "60"]),
            ("icu_hours", &["1", "120"]),
            ("amount", &["1000", "1000.01"]),
        ]
        .choose(&mut self.rng)
        .unwrap();
        format!("{fact} {} {}", self.comparison(), self.one(values))
    }

    fn condition(&mut self, depth: usize) -> String {
        if depth == 0 || self.chance(0.3) {
            return self.atom();
        }
        match self.rng.random_range(0..5) {
            0 => format!("not ({})", self.condition(depth - 1)),
            1 => format!("not {}", self.atom()),
            2 | 3 => format!("{} and ({})", self.atom(), self.condition(depth - 1)),
            _ => format!("({}) or {}", self.condition(depth - 1), self.condition(depth - 1)),
        }
    }

    /// Two to five MDCs, each with core groups and ambiguous rows in any order.
    fn rules(&mut self) -> String {
        let mut text = String::from("level,code,parent,when,otherwise,name\n");
        for mdc in ["A", "B", "C", "D", "E"]
            .iter()
            .take(self.rng.random_range(2..=5))
        {
            let when = self.condition(2);
            let _ = writeln!(text, "mdc,{mdc},,\"{when}\",,");
            for number in 0..self.rng.random_range(0..=5) {
                self.entry(&mut text, mdc, number);
            }
        }
        text
    }

    fn entry(&mut self, text: &mut String, mdc: &str, number: usize) {
        let when = self.condition(3);
        if self.chance(0.2) {
            let _ = writeln!(text, "ambiguous,{mdc}QY,{mdc},\"{when}\",,");
            return;
        }
        let otherwise = self.one(&["group", "continue"]);
        let _ = writeln!(text, "adrg,{mdc}R{number},{mdc},\"{when}\",{otherwise},");
        for group in 0..self.rng.random_range(0..=3) {
            let when = self.condition(2);
            let _ = writeln!(text, "drg,{mdc}R{number}{group},{mdc}R{number},\"{when}\",,");
        }
    }

    /// Writes a scheme `random` into the folder and loads it.
    pub fn scheme(&mut self, folder: &Path) -> Grouper {
        let header = "id = \"random\"\nname = \"random\"\nkind = \"drg\"\nsource = \"made up\"\nevidence = \"assumption\"\n\
                      codes = { diagnosis = \"d\", procedure = \"p\" }\n";
        let files = [
            ("scheme.toml", header.to_owned()),
            ("rules.csv", self.rules()),
            ("codesets.csv", self.code_sets()),
            ("complications.csv", self.complications()),
            ("exclusions.csv", self.exclusions()),
            ("or_procedures.csv", "code\n47.0901\n37.5100\n".to_owned()),
        ];
        let place = folder.join("random");
        fs::create_dir_all(&place).unwrap();
        for (name, text) in files {
            fs::write(place.join(name), text).unwrap();
        }
        let library = Library::find(&[folder.to_owned()]).unwrap();
        let scheme = Scheme::load(&library, "random").unwrap_or_else(|e| panic!("{e}"));
        Grouper::new(Compiled::new(scheme))
    }

    /// A row in the columns of made-up records.
    pub fn row(&mut self) -> String {
        let diagnoses = self.codes(&DIAGNOSES, 1, 5);
        let procedures = self.codes(&PROCEDURES, 0, 3);
        let mut cell = |values: &[&'static str]| self.one(values);
        let (sex, age, days) = (
            cell(&["1", "2"]),
            cell(&["0", "1", "17", "18", "70"]),
            cell(&["", "0", "28", "29"]),
        );
        let (weight, los) = (
            cell(&["", "0", "1499", "1500", "2499.5"]),
            cell(&["", "1", "2", "60", "61"]),
        );
        let (department, status) = (cell(&["ICU", "0301", ""]), cell(&["1", "4", "45", "5", ""]));
        let (hours, fee) = (
            cell(&["", "0", "1", "120", "121"]),
            cell(&["", "999.99", "1000", "1000.01"]),
        );
        format!(
            "C,H,P,employee,{sex},{age},{days},{weight},,,{los},{department},{status},{hours},{diagnoses},{procedures},{fee},,,,"
        )
    }

    fn codes(&mut self, codes: &[&str], fewest: usize, most: usize) -> String {
        let count = self.rng.random_range(fewest..=most);
        let drawn: Vec<&str> = (0..count).map(|_| self.one(codes)).collect();
        drawn.join("|")
    }
}
