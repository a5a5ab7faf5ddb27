//! Random schemes of packets over a small world of codes, made to be awkward: every key of
//! `scheme.toml`, every criterion, every form of row.

use std::fs;
use std::path::Path;

use dianzhi::grouper::Grouper;
use dianzhi::tables::{Compiled, Library, Scheme};
use rand::RngExt;
use rand::SeedableRng;
use rand::prelude::{IndexedRandom as _, SliceRandom as _};
use rand_chacha::ChaCha8Rng;

/// Codes of cases; the tables name some of them, and beginnings of most.
const DIAGNOSES: [&str; 10] = [
    "A01.000",
    "A01.100",
    "A02.000",
    "B15.900",
    "B15.901",
    "K35.300",
    "K35.301",
    "K80.100",
    "Z51.100",
    "Z51.100x001",
];
const PROCEDURES: [&str; 10] = [
    "47.0100",
    "47.0101",
    "47.0901",
    "51.2300",
    "51.2301",
    "81.5100",
    "81.5101",
    "99.2500",
    "99.2800x005",
    "99.9900",
];
const DIAGNOSIS_CELLS: [&str; 8] = ["A01", "A01.0", "A02.0", "B15.9", "K35.3", "K80", "Z51.1", "A"];
const OPERANDS: [&str; 12] = [
    "47.0100",
    "47.0101",
    "47.0901",
    "51.2300",
    "51.23*",
    "47.01*",
    "81.5100",
    "81.51*",
    "99.2500",
    "99.2800x005",
    "47.*",
    "99.9900",
];
const TYPES: [&str; 5] = [
    "conservative",
    "diagnostic",
    "therapeutic",
    "interventional",
    "surgical",
];
const CRITERIA: [&str; 10] = [
    "exact_multiset",
    "all_matched",
    "main_in_row",
    "full_code_over_prefix",
    "most_plus",
    "most_matched",
    "nearest_mean_cost",
    "highest_score",
    "highest_score_if_surgical",
    "longest_diagnosis",
];
const TOTAL: [&str; 3] = ["code_order", "earliest_row", "latest_row"];

/// Makes schemes and cases by a seed.
pub struct Maker {
    rng: ChaCha8Rng,
    id: String,
    /// What `comprehensive.keys` and `fallback.use` of the scheme name: it has no other rows of these levels.
    keys: &'static str,
    fallbacks: &'static str,
}

impl Maker {
    pub fn new(seed: u64) -> Maker {
        Maker {
            rng: ChaCha8Rng::seed_from_u64(seed),
            id: format!("made-{seed}"),
            keys: "",
            fallbacks: "",
        }
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of.choose(&mut self.rng).copied().unwrap()
    }

    fn some<'a>(&mut self, of: &[&'a str]) -> Vec<&'a str> {
        let mut all = of.to_vec();
        all.shuffle(&mut self.rng);
        let count = self.rng.random_range(0..=all.len());
        all.truncate(count);
        all
    }

    fn odds(&mut self, share: f64) -> bool {
        self.rng.random_bool(share)
    }

    /// A scheme in a folder of its own.
    pub fn scheme(&mut self, root: &Path) -> Grouper {
        let folder = root.join(&self.id);
        fs::create_dir_all(&folder).unwrap();
        let layers = self.odds(0.3);
        let toml = if layers { self.layers() } else { self.catalogue() };
        fs::write(folder.join("scheme.toml"), toml).unwrap();
        fs::write(folder.join("groups.csv"), self.groups(layers)).unwrap();
        fs::write(folder.join("layers.csv"), self.layer_rows()).unwrap();
        fs::write(folder.join("excluded.csv"), self.excluded()).unwrap();
        fs::write(folder.join("procedure-types.csv"), self.types()).unwrap();
        fs::write(folder.join("auxiliary.csv"), self.auxiliary()).unwrap();
        fs::write(
            folder.join("cci.csv"),
            "class,weight,code\na,1,B15.900\na,2,B15.901\nb,3,A02.000\n",
        )
        .unwrap();
        let maps = "code,target\nZ51.100x001,A01.000\n99.9900,47.0100\n";
        fs::write(folder.join("maps.csv"), maps).unwrap();
        let library = Library::find(&[root.to_owned()]).unwrap();
        let scheme = Scheme::load(&library, &self.id).unwrap_or_else(|error| {
            panic!(
                "{error}\n{}",
                fs::read_to_string(folder.join("scheme.toml")).unwrap()
            )
        });
        Grouper::new(Compiled::new(scheme))
    }

    fn common(&mut self, style: &str) -> String {
        let maps = if self.odds(0.3) { "[\"maps.csv\"]" } else { "[]" };
        let exclusions = match self.odds(0.7) {
            true => format!(
                "exclusions = {{ file = \"excluded.csv\", diagnosis_match = \"{}\", as_conservative = \"{}\" }}\n",
                self.one(&["exact", "prefix"]),
                self.one(&["stop", "skip"])
            ),
            false => String::new(),
        };
        let keys = self.one(&[
            "[\"prefix:3\", \"range\"]",
            "[\"range\", \"prefix:1\", \"prefix:2\"]",
            "[\"prefix:3\", \"prefix:2\", \"prefix:1\", \"range\"]",
        ]);
        self.keys = keys;
        let id = self.id.clone();
        format!(
            "id = \"{id}\"\nname = \"made up\"\nkind = \"dip\"\nstyle = \"{style}\"\nsource = \"made up\"\n\
             evidence = \"assumption\"\n\
             codes = {{ diagnosis = \"none\", procedure = \"none\", diagnosis_maps = {maps}, procedure_maps = {maps} }}\n\
             groups = {{ files = [\"groups.csv\"] }}\nexpressions = {{ short_codes = \"reject\" }}\n{exclusions}\
             treatment = {{ conservative_if = \"{conservative_if}\", interventional_as = \"{interventional_as}\" }}\n\
             comprehensive = {{ type_from = \"{type_from}\", keys = {keys}, surgery_levels = [\"1\", \"2\", \"3-4\"] }}\n\
             auxiliary = {{ mode = \"{mode}\", long_stay = \"{long_stay}\" }}\n",
            conservative_if = self.one(&["type", "incision_and_level"]),
            interventional_as = self.one(&["surgical", "therapeutic"]),
            type_from = self.one(&["largest", "main"]),
            mode = self.one(&["none", "factor"]),
            long_stay = self.one(&["los >= 3", "los > 3"]),
        )
    }

    fn catalogue(&mut self) -> String {
        let mut text = self.common("catalogue");
        let pool = self.one(&["[\"core\"]", "[\"core\", \"primary\"]"]);
        let criteria: Vec<String> = self
            .some(&CRITERIA)
            .iter()
            .map(|word| format!("\"{word}\", "))
            .collect();
        let total = self.one(&TOTAL);
        let mut order: Vec<String> = Vec::new();
        for level in ["core", "primary", "comprehensive"] {
            for kind in [
                "operative",
                "any",
                "surgical",
                "therapeutic",
                "diagnostic",
                "conservative",
            ] {
                if self.odds(0.6) || kind == "any" {
                    order.push(match self.odds(0.15) {
                        true => {
                            format!("{{ select = \"{level}:{kind}\", when = \"all_core_leave_surgery\" }}")
                        }
                        false => format!("\"{level}:{kind}\""),
                    });
                }
            }
        }
        order.shuffle(&mut self.rng);
        order.push("\"fallback:any\"".to_owned());
        let used = self.one(&[
            "[\"letter\", \"chapter\", \"blank\"]",
            "[\"blank\"]",
            "[\"chapter\", \"letter\"]",
            "[]",
        ]);
        self.fallbacks = used;
        text.push_str(&format!(
            "fallback = {{ use = {used} }}\n\
             primary = {{ rows = [\"core\", \"comprehensive\"], survives_pool = {} }}\n\
             [match]\npool = {pool}\ntie_break = [{}\"{total}\"]\norder = [{}]\n",
            self.odds(0.5),
            criteria.concat(),
            order.join(", ")
        ));
        text
    }

    fn layers(&mut self) -> String {
        let mut text = self.common("layers");
        text.push_str(&format!(
            "layers = {{ order = [\"XQ\", \"BX\", \"comprehensive\"], files = [\"layers.csv\"], pre_groups_use = \"{}\" }}\n",
            self.one(&["effective", "raw"])
        ));
        text
    }

    fn expression(&mut self) -> String {
        let operands = self.rng.random_range(1..=3);
        let operands: Vec<&str> = (0..operands).map(|_| self.one(&OPERANDS)).collect();
        let all = operands.join("+");
        match self.odds(0.2) {
            true => format!("({all})/{}", self.one(&OPERANDS)),
            false => all,
        }
    }

    fn groups(&mut self, only_comprehensive: bool) -> String {
        let mut text =
            "code,level,diagnosis,procedures,treatment_type,name,score,surgery_level,mean_cost\n".to_owned();
        let mut number = 0;
        let mut row =
            |level: &str, diagnosis: &str, px: &str, kind: &str, surgery: &str, rng: &mut ChaCha8Rng| {
                number += 1;
                let mean = match rng.random_bool(0.7) {
                    true => format!("{}.25", rng.random_range(100..900)),
                    false => String::new(),
                };
                let score = rng.random_range(1..5);
                text.push_str(&format!(
                    "G{number},{level},{diagnosis},{px},{kind},,{score}.5,{surgery},{mean}\n"
                ));
            };
        if !only_comprehensive {
            for _ in 0..self.rng.random_range(5..30) {
                let level = self.one(&["core", "core", "primary"]);
                let diagnosis = self.one(&DIAGNOSIS_CELLS);
                let expression = self.expression();
                let stated = if self.odds(0.3) { self.one(&TYPES) } else { "" };
                match self.odds(0.7) {
                    true => row(level, diagnosis, &expression, stated, "", &mut self.rng),
                    false => {
                        let kind = self.one(&["conservative", "conservative", "surgical"]);
                        row(level, diagnosis, "", kind, "", &mut self.rng);
                    }
                }
            }
        }
        let keys = self.keys;
        let named = |diagnosis: &&str| {
            let form = match diagnosis.contains('-') {
                true => "range".to_owned(),
                false => format!("prefix:{}", diagnosis.len()),
            };
            keys.contains(&form)
        };
        let diagnoses = ["A01", "B15", "K35", "K", "A0", "A00-B99", "K35-K99", "Z51"];
        for diagnosis in diagnoses.iter().copied().filter(named) {
            for kind in TYPES {
                if self.odds(0.4) {
                    let surgery = if kind == "surgical" {
                        self.one(&["", "1", "2", "3-4"])
                    } else {
                        ""
                    };
                    row("comprehensive", diagnosis, "", kind, surgery, &mut self.rng);
                    if !surgery.is_empty() && self.odds(0.5) {
                        row("comprehensive", diagnosis, "", kind, "", &mut self.rng);
                    }
                }
            }
        }
        if !only_comprehensive {
            for (diagnosis, kind, form) in [
                ("A", "", "letter"),
                ("K", "", "letter"),
                ("A00-B99", "surgical", "chapter"),
                ("K00-K99", "", "chapter"),
                ("*", "", "blank"),
            ] {
                if self.fallbacks.contains(form) && self.odds(0.6) {
                    row("fallback", diagnosis, "", kind, "", &mut self.rng);
                }
            }
        }
        text
    }

    fn layer_rows(&mut self) -> String {
        let mut text = "layer,code,seq,rank,when,name,status,note\n".to_owned();
        for number in 0..self.rng.random_range(3..25) {
            let layer = self.one(&["XQ", "BX", "BX"]);
            let rank = self.rng.random_range(0..3);
            // in no order, and never twice
            let seq = self.rng.random_range(0..1000) * 1000 + number;
            let first = match self.rng.random_range(0..5) {
                0 => format!("pdx in {{{}*}}", self.one(&DIAGNOSIS_CELLS)),
                1 => format!("ppx in {{{}}}", self.one(&OPERANDS)),
                2 => "not ppx in {*}".to_owned(),
                3 => format!("spx any not in {{{}}}", self.one(&OPERANDS)),
                _ => "has px".to_owned(),
            };
            let second = match self.rng.random_range(0..6) {
                0 => format!("px takes {{{}}}", self.expression()),
                1 => format!("type = {}", self.one(&TYPES)),
                2 => format!("spx any in {{{}}}", self.one(&OPERANDS)),
                3 => format!("sdx any in {{{}*}}", self.one(&DIAGNOSIS_CELLS)),
                4 => "surgery_level = 2-4".to_owned(),
                _ => "age < 28".to_owned(),
            };
            text.push_str(&format!(
                "{layer},R{number},{seq},{rank},\"{first} and {second}\",,,\n"
            ));
        }
        text
    }

    fn excluded(&mut self) -> String {
        let mut text = "kind,code,rule,scope,status\n".to_owned();
        for code in ["Z51.100", "A02.000"] {
            if self.odds(0.5) {
                text.push_str(&format!("diagnosis,{code},excluded,,\n"));
            }
        }
        for code in PROCEDURES {
            if self.odds(0.35) {
                let rule = self.one(&["as_conservative", "not_main", "main_only_if_pdx", "drop"]);
                let scope = if rule == "main_only_if_pdx" {
                    "A00-A09 K35"
                } else {
                    ""
                };
                text.push_str(&format!("procedure,{code},{rule},{scope},\n"));
            }
        }
        text
    }

    fn types(&mut self) -> String {
        let mut text = "code,type,level,incision_class\n".to_owned();
        for code in PROCEDURES {
            if self.odds(0.7) {
                let (kind, level, incision) = (
                    self.one(&TYPES),
                    self.one(&["", "1", "2", "3", "4"]),
                    self.one(&["", "0", "1"]),
                );
                text.push_str(&format!("{code},{kind},{level},{incision}\n"));
            }
        }
        text
    }

    fn auxiliary(&mut self) -> String {
        let mut text = "family,label,order,scope,when\n".to_owned();
        let rows = [
            "cci,severe,1,,cci >= 3",
            "cci,general,2,,cci >= 1",
            "severity,death,1,,discharge in {5}",
            "severity,moderate,2,core|G1*,sdx any in {B15*} and long_stay",
            "severity,costly,3,,cost_ratio >= 2",
            "icu,long,1,,icu_days >= 2",
            "age,old,1,comprehensive,age > 65",
            "kind,surgical,1,,type = surgical",
        ];
        for row in rows {
            if self.odds(0.7) {
                text.push_str(row);
                text.push('\n');
            }
        }
        text
    }

    /// A record: `sex,age,los_days,discharge_status,icu_hours,total_fee,diagnoses,procedures` behind its id.
    pub fn row(&mut self) -> String {
        let diagnoses = self.rng.random_range(1..4);
        let diagnoses: Vec<&str> = (0..diagnoses).map(|_| self.one(&DIAGNOSES)).collect();
        let procedures = self.rng.random_range(0..5);
        let procedures: Vec<&str> = (0..procedures).map(|_| self.one(&PROCEDURES)).collect();
        format!(
            "c,1,{},{},{},{},{},{},{}",
            self.one(&["1", "20", "66", "80"]),
            self.one(&["2", "3", "4", "10"]),
            self.one(&["1", "5"]),
            self.one(&["", "10", "24", "25", "49"]),
            self.one(&["150", "300.5", "700", "1800"]),
            diagnoses.join("|"),
            procedures.join("|")
        )
    }
}
