//! The keys of the policy language as data: which exist, which are required, which are not
//! computed yet (政策包键表).

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostics::{Error, Place, Result, suggestion};

/// What a pack must do with a key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    /// Has no default: its absence is an error.
    Required,
    /// Absent means off, never a number. Whether a key is required *because of another one* is
    /// checked where the rules are built.
    Optional,
    /// Belongs to the language, but this version does not compute it.
    NotYet,
}
use Need::{NotYet, Optional, Required};

/// Parent, need, names. `doc.*` stands for every document.
const KEYS: &[(&str, Need, &[&str])] = &[
    (
        "",
        Required,
        &["schema", "pack", "formula_class", "grouper", "meta", "doc"],
    ),
    (
        "",
        Required,
        &["case", "price", "weight", "group", "coef", "outlier", "ungrouped"],
    ),
    ("", Required, &["fund", "pool", "round"]),
    ("", Optional, &["weaker", "unresolved", "scope", "clear"]),
    (
        "",
        NotYet,
        &[
            "bedday", "readmit", "transfer", "daycare", "tcm", "addon", "special", "budget",
        ],
    ),
    (
        "",
        NotYet,
        &[
            "month", "advance", "assess", "penalty", "time", "report", "cost", "override",
        ],
    ),
    ("grouper", Required, &["system", "version"]),
    (
        "doc.*",
        Required,
        &["source", "doc_no", "effective_from", "effective_to", "evidence"],
    ),
    ("case", Required, &["meta", "method", "classify"]),
    ("case", Optional, &["weaker"]),
    ("case.method", Required, &["default"]),
    ("case.method", NotYet, &["bed_day", "day_care"]),
    ("price", Required, &["meta", "model", "scale"]),
    ("price", Optional, &["weaker", "rate", "k_may_exceed_one"]),
    ("price", NotYet, &["table", "nonlocal"]),
    ("weight", Required, &["meta", "base", "catalogue_scale"]),
    ("weight", Optional, &["weaker"]),
    ("weight", NotYet, &["columns", "year_mix"]),
    ("group", Required, &["meta", "unstable_pay", "zero_score_pay"]),
    ("group", Optional, &["weaker"]),
    ("group", NotYet, &["attr", "same_price"]),
    ("coef", Required, &["meta", "hospital", "compose", "missing"]),
    ("coef", Optional, &["weaker", "values"]),
    ("coef", NotYet, &["by_insurance", "aux"]),
    ("coef.values", Optional, &["level", "hospital"]),
    ("coef.values", NotYet, &["hospital_x_group", "incentive"]),
    (
        "outlier",
        Required,
        &[
            "meta",
            "from",
            "base",
            "base_includes",
            "low",
            "low_rule",
            "low_coef",
        ],
    ),
    (
        "outlier",
        Required,
        &["low_pay", "high", "high_pay", "approval", "extreme", "edge"],
    ),
    ("outlier", Required, &["net_of_denied", "aux_on"]),
    ("outlier", Optional, &["weaker", "mean_price"]),
    ("outlier.high", Required, &["by"]),
    ("outlier.high", Optional, &["k", "bands", "band_edge"]),
    ("outlier.high", NotYet, &["top"]),
    ("outlier.extreme", Required, &["pay"]),
    ("outlier.extreme", Optional, &["x"]),
    ("outlier.edge", Required, &["low", "high", "extreme"]),
    ("ungrouped", Required, &["meta", "pay"]),
    ("ungrouped", Optional, &["weaker"]),
    ("ungrouped.pay", Required, &["mode"]),
    ("ungrouped.pay", Optional, &["factor", "base"]),
    ("scope", Required, &["meta", "days"]),
    ("scope", Optional, &["weaker"]),
    ("scope", NotYet, &["out", "incomplete", "newborn"]),
    ("scope.days", Required, &["count", "exclude", "then"]),
    ("fund", Required, &["meta", "formula", "negative"]),
    ("fund", Optional, &["weaker"]),
    ("fund", NotYet, &["ratio", "v3_correct", "split", "order"]),
    (
        "pool",
        Required,
        &["meta", "key", "includes", "basis", "amount_cases"],
    ),
    ("pool", Optional, &["weaker"]),
    ("pool", NotYet, &["merge"]),
    (
        "round",
        Required,
        &["meta", "points_dp", "money", "pv_pay_dp", "allocate", "residual"],
    ),
    ("round", Optional, &["weaker"]),
    ("clear", Required, &["meta"]),
    ("clear", Optional, &["weaker", "cap", "reflow"]),
    ("clear", NotYet, &["steps", "deadline", "corridor"]),
    ("clear.cap", Required, &["of", "rate", "per"]),
];

/// Values that belong to the language, but are not computed yet.
const VALUES_NOT_YET: &[(&str, &[&str])] = &[
    ("formula_class", &["V1", "V3"]),
    (
        "case.method.default",
        &["table", "bedday", "share", "item", "quota"],
    ),
    (
        "case.classify",
        &["scope", "tcm", "bedday", "daycare", "incomplete"],
    ),
    ("price.model", &["fixed", "table", "preset"]),
    ("weight.base", &["fixed_parameter", "reference_disease", "quota"]),
    ("coef.hospital", &["hospital_x_group", "incentive"]),
    ("coef.compose", &["base_plus_addons"]),
    ("coef.missing", &["one_with_warning"]),
    ("outlier.from", &["scheme"]),
    ("outlier.base", &["level_mean_last_year"]),
    ("outlier.base_includes", &["aux", "own_coef"]),
    ("outlier.high.by", &["percentile"]),
    ("outlier.high_pay", &["review"]),
    ("outlier.extreme.pay", &["review"]),
    ("outlier.approval", &["review"]),
    ("outlier.net_of_denied", &["true"]),
    ("outlier.aux_on", &["true"]),
    ("ungrouped.pay.mode", &["return"]),
    ("scope.days.then", &["bedday"]),
    ("fund.formula", &["ratio"]),
    ("fund.negative", &["zero"]),
    (
        "pool.key",
        &["region", "fund", "district", "county_group", "year"],
    ),
    ("pool.basis", &["fund", "ratio_grossed"]),
    ("pool.amount_cases", &["points_at_reference"]),
    ("round.residual", &["to_reserve", "to_last"]),
    ("round.allocate", &["case_sum"]),
    ("clear.reflow", &["iterate"]),
];

/// Holds a pack's keys against the language: unknown, missing and not yet computed keys and
/// floats, all of them at once.
pub(super) fn check_keys(place: &Place, text: &str, root: &DeTable) -> Result<()> {
    let mut check = Check {
        place,
        text,
        errors: Vec::new(),
    };
    check.table("", None, root);
    Error::all(check.errors)
}

/// Where the value of a key stands and what is written there, for `table.key` and root keys.
pub(super) fn written<'t>(text: &'t str, root: &DeTable, path: &str) -> Option<(usize, &'t str)> {
    let mut names = path.split('.');
    let mut value = root.get(names.next()?)?;
    for name in names {
        value = value.get_ref().as_table()?.get(name)?;
    }
    let span = value.span();
    Some((span.start, text.get(span)?))
}

struct Check<'a> {
    place: &'a Place,
    text: &'a str,
    errors: Vec<Error>,
}

impl Check<'_> {
    fn table(&mut self, path: &str, at: Option<usize>, table: &DeTable) {
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            let full = join(path, name);
            match need(path, name) {
                Some(NotYet) => self.say(
                    Some(key.span().start),
                    format!("`{full}` is not computed in this version"),
                ),
                Some(_) => self.value(&full, value),
                None => {
                    let hint = suggestion(name, names(path));
                    self.say(Some(key.span().start), format!("unknown key `{full}`{hint}"));
                }
            }
        }
        for name in names(path).filter(|n| need(path, n) == Some(Required) && !table.contains_key(*n)) {
            let full = join(path, name);
            self.say(
                at,
                format!("required key `{full}` is missing; it has no default (E_MISSING)"),
            );
        }
    }

    fn value(&mut self, path: &str, value: &Spanned<DeValue>) {
        let at = value.span().start;
        match value.get_ref() {
            DeValue::Table(table) if names(path).next().is_some() => self.table(path, Some(at), table),
            DeValue::Table(table) => {
                for (key, value) in table {
                    self.value(&join(path, key.get_ref()), value);
                }
            }
            DeValue::Array(values) => {
                for value in values.iter() {
                    self.value(path, value);
                }
            }
            DeValue::Float(float) => self.say(
                Some(at),
                format!(
                    "`{path}` is a float; decimals are written in quotes: \"{}\" (E_FLOAT)",
                    float.as_str()
                ),
            ),
            DeValue::String(word) => self.word(path, at, word),
            DeValue::Boolean(true) => self.word(path, at, "true"),
            _ => {}
        }
    }

    fn word(&mut self, path: &str, at: usize, word: &str) {
        let refused = VALUES_NOT_YET
            .iter()
            .any(|(p, words)| *p == path && words.contains(&word));
        if refused {
            self.say(
                Some(at),
                format!("`{path} = {word}` is not computed in this version"),
            );
        }
    }

    fn say(&mut self, at: Option<usize>, message: String) {
        let place = match at {
            Some(at) => self.place.of_offset(self.text, at),
            None => self.place.clone(),
        };
        self.errors.push(Error::at(place, message));
    }
}

fn names(path: &str) -> impl Iterator<Item = &'static str> {
    let parent = parent_row(path).to_owned();
    KEYS.iter()
        .filter(move |(p, _, _)| *p == parent)
        .flat_map(|(_, _, names)| names.iter().copied())
}

fn need(path: &str, name: &str) -> Option<Need> {
    let parent = parent_row(path);
    KEYS.iter()
        .find(|(p, _, names)| *p == parent && names.contains(&name))
        .map(|(_, need, _)| *need)
}

/// Documents are named freely, so `doc.d1` follows the row `doc.*`.
fn parent_row(path: &str) -> &str {
    match path.strip_prefix("doc.") {
        Some(id) if !id.contains('.') => "doc.*",
        _ => path,
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

/// The keys of one table (or of the root) that a document answers for, as far as they are
/// written, in the order of the language.
pub(super) fn graded_keys(root: &DeTable, table: &str) -> Vec<&'static str> {
    /// Names, references and the tables that answer for themselves.
    const UNGRADED: &[&str] = &["schema", "pack", "meta", "weaker", "doc", "unresolved"];
    let written = match table {
        "" => Some(root),
        _ => root.get(table).and_then(|value| value.get_ref().as_table()),
    };
    let answers_for_itself = |name: &str| table.is_empty() && need(name, "meta").is_some();
    names(table)
        .filter(|name| !UNGRADED.contains(name) && !answers_for_itself(name))
        .filter(|name| written.is_some_and(|table| table.contains_key(*name)))
        .collect()
}
