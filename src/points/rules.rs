//! The pack's rules as numbers ready to compute with (计算规则); keys that contradict each other
//! end here.

use std::collections::BTreeMap;

use super::file::{
    BlankAs, FormulaClass, GrouperSystem, MethodWord, PackFile, PriceModel, Test, UnstablePay, ZeroPay,
};
use super::file_money::{PointsDp, PoolBasis};
use super::file_stay::CostBasis;
use super::lookup::{Key, Lookup, Shape, Unit};
use super::pack::Places;
use super::rules_coef::{Auxiliary, Coefficients, Groups};
use super::rules_event::{Event, events};
use super::rules_money::MoneyRules;
use super::rules_outlier::{Outlier, Ungrouped};
use super::rules_price::{Price, WeightRules};
use super::rules_stay::StayRules;
use super::rules_time::TimeRules;
use crate::codes::HospitalLevel;
use crate::diagnostics::{Error, Place, Result, suggestion};
use crate::units::{Exact, Rate, Ratio};

/// Everything `score` and `settle` compute with.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(super) classify: Vec<Test>,
    pub(super) net_cost: bool,
    pub(super) price: Price,
    pub(super) weight: WeightRules,
    pub(super) unstable_pay: UnstablePay,
    pub(super) zero_pay: ZeroPay,
    pub(super) groups: Groups,
    pub(super) coefficients: Coefficients,
    pub(super) auxiliary: Option<Auxiliary>,
    pub(super) outlier: Outlier,
    pub(super) ungrouped: Ungrouped,
    /// Whether the blank group is paid as no group is; nothing where the pack does not say.
    pub(super) blank_is_ungrouped: Option<bool>,
    pub(super) stay: StayRules,
    pub(super) points_decimals: u32,
    pub(crate) money: MoneyRules,
    pub(crate) time: TimeRules,
    pub(crate) events: Vec<Event>,
}

impl Rules {
    pub(super) fn of(file: &PackFile, at: &Places) -> Result<Rules> {
        Error::all(
            [check_versions(file, at), check_class(file, at)]
                .into_iter()
                .flatten(),
        )?;
        let stay = StayRules::of(file, at)?;
        Ok(Rules {
            classify: classify(file, at)?,
            net_cost: file.cost.basis == CostBasis::Net,
            price: Price::of(file, at)?,
            weight: WeightRules::of(file, at)?,
            unstable_pay: file.group.unstable_pay,
            zero_pay: file.group.zero_score_pay,
            groups: Groups::of(file, at)?,
            coefficients: Coefficients::of(file, at)?,
            auxiliary: Auxiliary::of(file, at)?,
            outlier: Outlier::of(file, at)?,
            ungrouped: Ungrouped::of(file, at)?,
            blank_is_ungrouped: file.ungrouped.blank.map(|blank| blank == BlankAs::Ungrouped),
            stay,
            points_decimals: match file.round.points_dp {
                PointsDp::Four => 4,
                PointsDp::Six => 6,
                PointsDp::None => 12,
            },
            money: MoneyRules::of(file, at)?,
            time: TimeRules::of(file, at)?,
            events: events(file, at)?,
        })
    }

    /// The event that a case is one of, if any.
    pub(super) fn event(&self, day: &str, group: Option<&str>) -> Option<&Event> {
        self.events.iter().find(|event| event.holds(day, group))
    }

    /// The first key whose formula divides by the region's mean cost.
    pub(super) fn needs_city_mean(&self) -> Option<&'static str> {
        if self.weight.gives_its_own_mean() {
            return None;
        }
        let unstable =
            (self.unstable_pay == UnstablePay::CostRatio).then_some("group.unstable_pay = cost_ratio");
        unstable
            .or_else(|| self.outlier.needs_city_mean())
            .or_else(|| self.ungrouped.needs_city_mean())
    }
}

fn check_versions(file: &PackFile, at: &Places) -> Option<Error> {
    (file.schema != 1).then(|| {
        at.error(
            "schema",
            format!("`schema` is {}; this version reads 1", file.schema),
        )
    })
}

/// Class, basis, model and payment unit must say the same thing.
fn check_class(file: &PackFile, at: &Places) -> Option<Error> {
    use FormulaClass::{V1, V2, V3, V4};
    use PriceModel::{Fixed, FixedThenScaled, Floating, Preset, Table};
    let class = file.formula_class;
    let model = file.price.model;
    let (basis, models, unit): (_, &[PriceModel], _) = match class {
        V1 => (PoolBasis::Fund, &[Floating], "drg_points or dip_score"),
        V2 => (PoolBasis::TotalCost, &[Floating], "drg_points or dip_score"),
        V3 => (
            PoolBasis::RatioGrossed,
            &[Floating, Preset],
            "drg_points or dip_score",
        ),
        V4 => (
            PoolBasis::Standard,
            &[Fixed, Table, FixedThenScaled],
            "drg_weight, dip_score or table",
        ),
    };
    let method_fits = match (file.grouper.system, file.case.method.default) {
        (_, MethodWord::Table) => model == Table,
        (GrouperSystem::Dip, method) => method == MethodWord::DipScore && model != Table,
        (GrouperSystem::Drg, MethodWord::DrgPoints) => class != V4,
        (GrouperSystem::Drg, MethodWord::DrgWeight) => class == V4 && model != Table,
        _ => false,
    };
    let (basis_word, models_word) = match class {
        V1 => ("fund", "floating"),
        V2 => ("total_cost", "floating"),
        V3 => ("ratio_grossed", "floating or preset"),
        V4 => ("standard", "fixed, table or fixed_then_scaled"),
    };
    [
        (file.pool.basis == basis, "pool.basis", basis_word),
        (models.contains(&model), "price.model", models_word),
        (method_fits, "case.method.default", unit),
    ]
    .into_iter()
    .find(|(fits, _, _)| !fits)
    .map(|(_, key, expected)| {
        let class = class.as_str();
        let system = match file.grouper.system {
            GrouperSystem::Drg => "DRG",
            GrouperSystem::Dip => "DIP",
        };
        at.error(
            key,
            format!("class {class} over {system} goes with `{key}` {expected} (E_CLASS_MISMATCH)"),
        )
    })
}

/// The order of tests; the tests every case needs must be there, each test has its rule, and the
/// cost of a case without a weight cannot be held against anything.
fn classify(file: &PackFile, at: &Places) -> Result<Vec<Test>> {
    const KEY: &str = "case.classify";
    let tests = &file.case.classify;
    let position = |test: Test| tests.iter().position(|t| *t == test);
    let order = [
        ("ungrouped", position(Test::Ungrouped)),
        ("unpriced", position(Test::Unpriced)),
        ("outlier", position(Test::Outlier)),
    ];
    if let Some((name, _)) = order.iter().find(|(_, at)| at.is_none()) {
        return Err(at.error(KEY, format!("`{KEY}` lacks the test `{name}`")));
    }
    if !order.is_sorted_by_key(|(_, at)| *at) {
        return Err(at.error(
            KEY,
            format!("`{KEY}`: `ungrouped` comes before `unpriced`, and that before `outlier`"),
        ));
    }
    let scope = file.scope.as_ref();
    let rules = [
        (
            Test::Scope,
            "scope",
            "scope.out",
            scope.is_some_and(|s| s.out.is_some()),
        ),
        (
            Test::Days,
            "days",
            "scope.days",
            scope.is_some_and(|s| s.days.is_some()),
        ),
        (
            Test::Incomplete,
            "incomplete",
            "scope.incomplete",
            scope.is_some_and(|s| s.incomplete.is_some()),
        ),
        (Test::BedDay, "bedday", "bedday", file.bedday.is_some()),
        (Test::DayCare, "daycare", "daycare", file.daycare.is_some()),
        (Test::Tcm, "tcm", "tcm", file.tcm.is_some()),
    ];
    if let Some((_, test, rule, _)) = rules
        .iter()
        .find(|(test, _, _, there)| position(*test).is_some() != *there)
    {
        return Err(at.error(
            KEY,
            format!("`{KEY}` names the test `{test}` exactly where `{rule}` stands"),
        ));
    }
    if position(Test::Tcm).is_some_and(|tcm| position(Test::Ungrouped).is_some_and(|next| tcm > next)) {
        return Err(at.error(
            KEY,
            format!("`{KEY}`: `tcm` changes the group, so it comes before `ungrouped`"),
        ));
    }
    let twice = tests.iter().enumerate().any(|(i, t)| position(*t) != Some(i));
    if twice {
        return Err(at.error(KEY, format!("`{KEY}` names a test twice")));
    }
    Ok(tests.clone())
}

/// A lookup file beside the pack.
pub(super) fn lookup(
    at: &Places,
    key: &str,
    file: &str,
    order: Option<(&str, &[Vec<String>])>,
    keys: &[Key],
    (value, unit): (&'static str, Unit),
) -> Result<Lookup> {
    let order = order.map_or(Ok(Vec::new()), |(key, order)| ways(at, key, order, keys))?;
    let (place, text) = at.beside(key, file)?;
    Lookup::parse(
        &place,
        &text,
        &Shape {
            keys,
            value,
            unit,
            order: &order,
        },
    )
}

/// Ways to be specific, from their words.
fn ways(at: &Places, key: &str, written: &[Vec<String>], known: &[Key]) -> Result<Vec<Vec<Key>>> {
    let of = |word: &String| {
        Key::of(word).filter(|key| known.contains(key)).ok_or_else(|| {
            let hint = suggestion(word, known.iter().map(|key| key.as_str()));
            at.error(key, format!("`{key}` names the unknown key `{word}`{hint}"))
        })
    };
    let ways: Vec<Vec<Key>> = written
        .iter()
        .map(|way| way.iter().map(of).collect())
        .collect::<Result<_>>()?;
    Ok(ways)
}

/// A key that another key makes required.
pub(super) fn missing(at: &Places, parent: &str, key: &str) -> Error {
    let place: Place = at.of(parent);
    Error::at(
        place,
        format!("required key `{key}` is missing; it has no default (E_MISSING)"),
    )
}

pub(super) fn level_of(at: &Places, key: &str, text: &str) -> Result<HospitalLevel> {
    text.parse()
        .map_err(|_| at.error(key, format!("`{key}`: expected a hospital level 1, 2 or 3")))
}

/// Values by hospital level, from `"3"`, `"2-3"` or `"*"`; no level twice.
pub(super) fn by_level<T: Clone>(
    at: &Places,
    key: &str,
    written: &BTreeMap<String, T>,
) -> Result<Vec<(HospitalLevel, T)>> {
    let mut levels: Vec<(HospitalLevel, T)> = Vec::new();
    for (name, value) in written {
        let (from, to) = match name.as_str() {
            "*" => ("1", "3"),
            name => name.split_once('-').unwrap_or((name, name)),
        };
        let (from, to) = (level_of(at, key, from)?, level_of(at, key, to)?);
        let all = [HospitalLevel::One, HospitalLevel::Two, HospitalLevel::Three];
        for level in all.into_iter().filter(|level| (from..=to).contains(level)) {
            if levels.iter().any(|(known, _)| *known == level) {
                return Err(at.error(key, format!("`{key}` names level {level} twice")));
            }
            levels.push((level, value.clone()));
        }
    }
    Ok(levels)
}

pub(super) fn number(at: &Places, key: &str, value: Ratio) -> Result<Exact> {
    let overflow = |_| at.error(key, format!("`{key}` is {value}, out of range"));
    value.exact().map_err(overflow)
}

pub(super) fn not_negative(at: &Places, key: &str, value: Ratio) -> Result<Exact> {
    let exact = number(at, key, value)?;
    if exact.parts().0 < 0 {
        return Err(at.error(key, format!("`{key}` is {value}; expected zero or more")));
    }
    Ok(exact)
}

/// A share from 0 to 1.
pub(super) fn share(at: &Places, key: &str, value: Ratio) -> Result<Exact> {
    let exact = not_negative(at, key, value)?;
    if exact.compare(Exact::ONE).is_gt() {
        return Err(at.error(key, format!("`{key}` is {value}; expected at most the whole")));
    }
    Ok(exact)
}

pub(super) fn rate_above_zero(at: &Places, key: &str, rate: Rate) -> Result<Exact> {
    match rate.exact_fen() {
        Ok(exact) if exact.parts().0 > 0 => Ok(exact),
        _ => Err(at.error(key, format!("`{key}` is {rate}; expected an amount above zero"))),
    }
}

/// Exact order of two thresholds.
pub(super) fn less(a: Exact, b: Exact) -> bool {
    a.compare(b).is_lt()
}

/// A key that stands exactly where another one asks for it.
pub(super) fn together<T>(
    at: &Places,
    wanted: bool,
    key: &str,
    parent: &str,
    value: Option<T>,
) -> Result<Option<T>> {
    match (wanted, value) {
        (true, None) => Err(missing(at, parent, key)),
        (false, Some(_)) => Err(at.error(
            key,
            format!("`{key}` is not used: nothing in `{parent}` asks for it"),
        )),
        (_, value) => Ok(value),
    }
}
