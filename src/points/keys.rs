//! The keys of the policy language, as data (政策包键表): which exist, which must stand, which are
//! written with a sign, and what is refused.

/// What a pack must do with a key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// Has no default: its absence is an error.
    Required,
    /// Absent means off, never a number. Whether a key is required *because of another one* is
    /// checked where the rules are built.
    Optional,
    /// Is said somewhere else, and where.
    Elsewhere(&'static str),
}
use Need::{Elsewhere, Optional, Required};

/// Parent, need, names. `*` stands for any name.
pub(super) const KEYS: &[(&str, Need, &[&str])] = &[
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
    (
        "",
        Required,
        &["cost", "fund", "budget", "pool", "round", "clear"],
    ),
    (
        "",
        Optional,
        &[
            "weaker",
            "unresolved",
            "scope",
            "bedday",
            "readmit",
            "transfer",
            "daycare",
            "tcm",
        ],
    ),
    (
        "",
        Optional,
        &[
            "addon", "special", "assess", "penalty", "month", "advance", "time",
        ],
    ),
    ("", Optional, &["report", "override"]),
    ("grouper", Required, &["system", "version"]),
    (
        "doc.*",
        Required,
        &["source", "doc_no", "effective_from", "effective_to", "evidence"],
    ),
    // points of a case
    ("case", Required, &["meta", "method", "classify"]),
    ("case", Optional, &["weaker"]),
    ("case.method", Required, &["default"]),
    ("case.method", Optional, &["bed_day", "day_care"]),
    ("price", Required, &["meta", "model", "scale"]),
    (
        "price",
        Optional,
        &["weaker", "rate", "k_may_exceed_one", "table", "keys", "nonlocal"],
    ),
    ("price.nonlocal", Required, &["from", "rule"]),
    ("weight", Required, &["meta", "base", "catalogue_scale"]),
    (
        "weight",
        Optional,
        &["weaker", "columns", "year_mix", "parameter", "reference"],
    ),
    ("group", Required, &["meta", "unstable_pay", "zero_score_pay"]),
    ("group", Optional, &["weaker", "attr", "same_price"]),
    ("group.attr.*", Required, &["skip", "list"]),
    ("group.attr.*", Optional, &["at"]),
    ("group.same_price", Required, &["mode"]),
    ("group.same_price", Optional, &["list"]),
    ("coef", Required, &["meta", "hospital", "compose", "missing"]),
    (
        "coef",
        Optional,
        &["weaker", "values", "keys", "by_insurance", "aux"],
    ),
    (
        "coef.values",
        Optional,
        &["level", "hospital", "hospital_x_group", "incentive", "table"],
    ),
    ("coef.aux", Required, &["kinds", "pick", "table"]),
    (
        "coef.aux",
        Elsewhere("the scheme's `auxiliary.long_stay`: the grouper gives the label"),
        &["severity_days"],
    ),
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
    (
        "outlier",
        Optional,
        &["weaker", "mean_price", "table", "keys", "zero_base"],
    ),
    ("outlier.high", Required, &["by"]),
    (
        "outlier.high",
        Optional,
        &["k", "bands", "band_edge", "top", "rank", "of", "over", "round"],
    ),
    ("outlier.extreme", Required, &["pay"]),
    ("outlier.extreme", Optional, &["x"]),
    ("outlier.edge", Required, &["low", "high", "extreme"]),
    ("ungrouped", Required, &["meta", "pay"]),
    ("ungrouped", Optional, &["weaker", "blank"]),
    ("ungrouped.blank", Required, &["mode"]),
    ("ungrouped.blank", Optional, &["factor", "base", "points"]),
    ("ungrouped.pay", Required, &["mode"]),
    ("ungrouped.pay", Optional, &["factor", "base", "points"]),
    ("scope", Required, &["meta"]),
    (
        "scope",
        Optional,
        &["weaker", "out", "days", "incomplete", "newborn", "newborn_factor"],
    ),
    ("scope.out", Required, &["pay"]),
    ("scope.out", Optional, &["hospitals", "insurance"]),
    ("scope.days", Required, &["count", "exclude", "then"]),
    ("scope.incomplete", Required, &["when", "pay"]),
    ("scope.incomplete", Optional, &["death_hours"]),
    ("bedday", Required, &["meta", "by", "table"]),
    ("bedday", Optional, &["weaker", "phases"]),
    ("bedday.phases", Required, &["to_day", "factor"]),
    (
        "readmit",
        Required,
        &["meta", "days", "match", "within", "cut", "exempt"],
    ),
    ("readmit", Optional, &["weaker"]),
    ("readmit.cut", Required, &["how", "stay"]),
    ("transfer", Required, &["meta", "mode"]),
    ("transfer", Optional, &["weaker", "days", "match"]),
    ("daycare", Required, &["meta", "mode"]),
    ("daycare", Optional, &["weaker", "share", "list"]),
    ("tcm", Required, &["meta", "gate"]),
    ("tcm", Optional, &["weaker", "tilt", "tilt_max"]),
    ("tcm.gate", Required, &["groups", "min_ratio", "else_group"]),
    ("cost", Required, &["meta", "basis"]),
    ("cost", Optional, &["weaker"]),
    // money of a pool
    ("fund", Required, &["meta", "formula", "negative"]),
    (
        "fund",
        Optional,
        &["weaker", "ratio", "table", "keys", "v3_correct", "split", "order"],
    ),
    ("budget", Required, &["meta", "reserve"]),
    ("budget", Optional, &["weaker", "change", "carveout"]),
    (
        "budget",
        Elsewhere("the scenario, `[pool.NAME] budget = \"… yuan\"` or `[budget]`: money is not policy"),
        &["amount_fen"],
    ),
    ("budget.reserve", Required, &["kind"]),
    ("budget.reserve", Optional, &["rate"]),
    ("budget.change", Required, &["in_year"]),
    (
        "budget.change",
        Elsewhere("the scenario's budget, which holds the year's growth already"),
        &["growth"],
    ),
    (
        "pool",
        Required,
        &["meta", "key", "includes", "basis", "amount_cases"],
    ),
    ("pool", Optional, &["weaker", "merge", "reference_price"]),
    ("addon", Required, &["meta", "items", "position", "funded_by"]),
    ("addon", Optional, &["weaker"]),
    ("addon.items", Required, &["id", "sign"]),
    (
        "special",
        Required,
        &["meta", "quota", "denominator", "round", "outcome"],
    ),
    ("special", Optional, &["weaker"]),
    (
        "round",
        Required,
        &["meta", "points_dp", "money", "pv_pay_dp", "allocate", "residual"],
    ),
    ("round", Optional, &["weaker"]),
    ("clear", Required, &["meta", "steps"]),
    (
        "clear",
        Optional,
        &["weaker", "cap", "reflow", "corridor", "deadline"],
    ),
    ("clear.cap", Required, &["of", "rate", "per"]),
    ("clear.deadline", Required, &["month", "day"]),
    ("clear.corridor", Optional, &["region", "hospital"]),
    (
        "clear.corridor.region",
        Required,
        &["basis", "over_share", "under_keep"],
    ),
    ("clear.corridor.hospital", Required, &["balance", "bands"]),
    (
        "clear.corridor.hospital.bands",
        Required,
        &["to", "op", "alpha", "beta"],
    ),
    ("assess", Required, &["meta", "effect"]),
    ("assess", Optional, &["weaker", "bands"]),
    ("assess.bands", Required, &["from", "share"]),
    ("penalty", Required, &["meta", "mode"]),
    ("penalty", Optional, &["weaker", "multiple"]),
    // time
    ("month", Required, &["meta", "model", "deposit", "is_cash"]),
    ("month", Optional, &["weaker", "share", "pattern", "clock"]),
    (
        "month.clock",
        Required,
        &["working_days", "calendar", "declared_by"],
    ),
    ("advance", Required, &["meta", "months", "offset"]),
    ("advance", Optional, &["weaker", "offset_months"]),
    (
        "time",
        Required,
        &["meta", "attribution", "version", "late", "zone"],
    ),
    ("time", Optional, &["weaker"]),
    ("time.late", Required, &["days", "then"]),
    // what is shown, and what holds for a time only
    ("report", Required, &["meta", "pnl"]),
    ("report", Optional, &["weaker"]),
    ("override", Required, &["meta", "events"]),
    ("override", Optional, &["weaker"]),
    ("override.events", Required, &["id", "from", "to", "do"]),
    ("override.events", Optional, &["groups", "rate", "pay"]),
];

/// Values of the language that nothing can compute, and why.
pub(super) const REFUSED: &[(&str, &str, &str)] = &[(
    "outlier.from",
    "scheme",
    "a scheme decides the group and carries no deviation rule; write the rule into `outlier`",
)];

/// How a decimal is written: a share of a hundred is not a share of a thousand, and neither is a
/// factor.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// `"0.40"`: no sign.
    Plain,
    /// `"3%"`.
    Percent,
    /// `"3%"` or `"5‰"`.
    Share,
}

/// Keys (and everything below them) whose decimals are written so.
pub(super) const SIGNS: &[(&str, Sign)] = &[
    ("price.rate", Sign::Plain),
    ("coef.values", Sign::Plain),
    ("outlier.low", Sign::Plain),
    ("outlier.high.k", Sign::Plain),
    ("outlier.extreme.x", Sign::Plain),
    ("ungrouped.pay.factor", Sign::Plain),
    ("ungrouped.blank.factor", Sign::Plain),
    ("bedday.phases.factor", Sign::Plain),
    ("daycare.share", Sign::Percent),
    ("tcm.gate.min_ratio", Sign::Percent),
    ("tcm.tilt_max", Sign::Percent),
    ("outlier.high.top", Sign::Share),
    ("override.events.rate", Sign::Plain),
    ("pool.reference_price", Sign::Plain),
    ("budget.reserve.rate", Sign::Percent),
    ("special.quota", Sign::Share),
    ("clear.cap.rate", Sign::Percent),
    ("clear.corridor.region.over_share", Sign::Percent),
    ("clear.corridor.region.under_keep", Sign::Percent),
    ("assess.bands.share", Sign::Percent),
    ("month.deposit", Sign::Percent),
];
