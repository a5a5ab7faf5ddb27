//! The pack's rules as numbers ready to compute with (计算规则); keys that contradict each other
//! end here.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use super::file::{
    BaseIncludes, BaseWord, CapFile, CoefKind, CoefValues, DaysEdge, ExtremePay, FormulaClass, GrouperSystem,
    HighBy, HighFile, HighPay, LowEdge, LowPay, LowRule, MethodWord, OutlierTable, PackFile, PointsDp,
    PoolBasis, PriceModel, RateFile, Reflow, Test, UngroupedFile, UngroupedMode, UnstablePay, ZeroPay,
};
use super::file::{EdgeFile, HighEdge};
use super::pack::Places;
use crate::codes::HospitalLevel;
use crate::diagnostics::{Error, Place, Result};
use crate::units::{Exact, Rate, Ratio};

/// Everything `score` and `settle` compute with.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(super) classify: Vec<Test>,
    pub(super) days: Vec<(DaysEdge, u32)>,
    /// Points per weight 1.0.
    pub(super) scale: Exact,
    /// The factor inside a printed weight.
    pub(super) catalogue_scale: Exact,
    pub(super) unstable_pay: UnstablePay,
    pub(super) zero_pay: ZeroPay,
    pub(super) coefficients: Coefficients,
    pub(super) outlier: Outlier,
    pub(super) ungrouped: Ungrouped,
    pub(super) points_decimals: u32,
    pub(super) rates: Option<Rates>,
    pub(crate) k_may_exceed_one: bool,
    pub(crate) cap: Option<Cap>,
}

/// An upper limit on what a hospital is due (封顶): a share of what was paid by items.
#[derive(Clone, Debug)]
pub(crate) struct Cap {
    pub(crate) rate: Exact,
    pub(crate) reflow: Reflow,
}

/// Factors by level and by hospital, multiplied.
#[derive(Clone, Debug, Default)]
pub(super) struct Coefficients {
    pub(super) level: Option<HashMap<HospitalLevel, Exact>>,
    pub(super) hospital: Option<HashMap<String, Exact>>,
}

/// When a case is an outlier and what it is paid then.
#[derive(Clone, Debug)]
pub(super) struct Outlier {
    pub(super) base: Base,
    pub(super) base_with_coefficient: bool,
    pub(super) low: Exact,
    pub(super) low_rule: LowRule,
    pub(super) low_coef: bool,
    pub(super) low_pay: LowPay,
    pub(super) high: High,
    pub(super) high_pay: HighPay,
    pub(super) extreme: Option<(Exact, ExtremePay)>,
    pub(super) edge: Edge,
}

/// The operators that make a case an outlier: may the limit itself belong to it?
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    pub(super) low_owns_limit: bool,
    pub(super) high_owns_limit: bool,
    pub(super) extreme_owns_limit: bool,
}

/// What a cost is held against.
#[derive(Clone, Copy, Debug)]
pub(super) enum Base {
    /// The case's own standard at the fixed rate.
    Standard,
    /// The group's mean cost.
    GroupMean,
    /// Base points times this many fen per point.
    MeanPrice(Exact),
}

/// The high threshold.
#[derive(Clone, Debug)]
pub(super) enum High {
    Flat(Exact),
    Bands {
        by_weight: bool,
        /// Whether a limit belongs to the band below it.
        limit_is_inside: bool,
        /// Upper limit and threshold, ascending; `None` is without limit and comes last.
        bands: Vec<(Option<Exact>, Exact)>,
    },
}

/// What a case without a group is paid.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ungrouped {
    ByItem,
    Zero,
    Actual,
    /// Its cost over the cost of one point, times the factor.
    Ratio(Exact, Base),
}

/// Rates by pool and level, in fen per weight 1.0.
#[derive(Clone, Debug)]
pub(super) enum Rates {
    One(Exact),
    ByPool(HashMap<String, PoolRates>),
}

#[derive(Clone, Debug)]
pub(super) enum PoolRates {
    One(Exact),
    ByLevel(HashMap<HospitalLevel, Exact>),
}

impl Rules {
    pub(super) fn of(file: &PackFile, at: &Places) -> Result<Rules> {
        Error::all(
            [check_versions(file, at), check_class(file, at)]
                .into_iter()
                .flatten(),
        )?;
        let price = Price { file, at };
        let rules = Rules {
            classify: classify(file, at)?,
            days: file
                .scope
                .as_ref()
                .map_or_else(Vec::new, |s| s.days.exclude.clone()),
            scale: price.scale("price.scale", file.price.scale)?,
            catalogue_scale: price.scale("weight.catalogue_scale", file.weight.catalogue_scale)?,
            unstable_pay: file.group.unstable_pay,
            zero_pay: file.group.zero_score_pay,
            coefficients: coefficients(file, at)?,
            outlier: outlier(file, at)?,
            ungrouped: ungrouped(file, at)?,
            points_decimals: match file.round.points_dp {
                PointsDp::Four => 4,
                PointsDp::Six => 6,
                PointsDp::None => 12,
            },
            rates: price.rates()?,
            k_may_exceed_one: price.k_may_exceed_one()?,
            cap: cap(file, at)?,
        };
        Ok(rules)
    }

    /// The first key whose formula divides by the region's mean cost.
    pub(super) fn needs_city_mean(&self) -> Option<&'static str> {
        let by_mean = [
            (
                self.unstable_pay == UnstablePay::CostRatio,
                "group.unstable_pay = cost_ratio",
            ),
            (
                self.outlier.low_pay == LowPay::CostXControl,
                "outlier.low_pay = cost_x_control",
            ),
            (
                self.outlier.high_pay == HighPay::Deduct,
                "outlier.high_pay = deduct",
            ),
            (
                matches!(self.ungrouped, Ungrouped::Ratio(_, Base::GroupMean)),
                "ungrouped.pay.base = group_mean",
            ),
        ];
        by_mean.into_iter().find(|(needs, _)| *needs).map(|(_, key)| key)
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
    use FormulaClass::{V2, V4};
    let class = file.formula_class;
    let basis_fits = matches!(
        (class, file.pool.basis),
        (V2, PoolBasis::TotalCost) | (V4, PoolBasis::Standard)
    );
    let model_fits = matches!(
        (class, file.price.model),
        (V2, PriceModel::Floating) | (V4, PriceModel::FixedThenScaled)
    );
    let method_fits = match (file.grouper.system, file.case.method.default) {
        (GrouperSystem::Dip, MethodWord::DipScore) => true,
        (GrouperSystem::Drg, MethodWord::DrgPoints) => class == V2,
        (GrouperSystem::Drg, MethodWord::DrgWeight) => class == V4,
        _ => false,
    };
    let (basis, model, unit) = match class {
        V2 => ("total_cost", "floating", "drg_points or dip_score"),
        V4 => ("standard", "fixed_then_scaled", "drg_weight or dip_score"),
    };
    [
        (basis_fits, "pool.basis", basis),
        (model_fits, "price.model", model),
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

/// The order of tests; the tests every case needs must be there, and the cost of a case without
/// a weight cannot be held against anything.
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
    if position(Test::Days).is_some() != file.scope.is_some() {
        return Err(at.error(
            KEY,
            format!("`{KEY}` names the test `days` exactly where `scope.days` stands"),
        ));
    }
    let twice = tests.iter().enumerate().any(|(i, t)| position(*t) != Some(i));
    if twice {
        return Err(at.error(KEY, format!("`{KEY}` names a test twice")));
    }
    Ok(tests.clone())
}

/// The keys of `price`, which depend on the class.
struct Price<'a> {
    file: &'a PackFile,
    at: &'a Places<'a>,
}

impl Price<'_> {
    fn scale(&self, key: &str, scale: Ratio) -> Result<Exact> {
        let exact = number(self.at, key, scale)?;
        let legal = [1, 100, 1000].map(Exact::integer).contains(&exact);
        legal.then_some(exact).ok_or_else(|| {
            self.at
                .error(key, format!("`{key}` is {scale}; expected 1, 100 or 1000"))
        })
    }

    fn rates(&self) -> Result<Option<Rates>> {
        let rate = self.only_v4("price.rate", self.file.price.rate.as_ref())?;
        rate.map(|rate| self.rates_of(rate)).transpose()
    }

    fn k_may_exceed_one(&self) -> Result<bool> {
        let may = self.only_v4("price.k_may_exceed_one", self.file.price.k_may_exceed_one)?;
        Ok(may.unwrap_or(false))
    }

    /// A key that class V4 requires and a floating price has no use for.
    fn only_v4<T>(&self, key: &str, value: Option<T>) -> Result<Option<T>> {
        match (self.file.formula_class, &value) {
            (FormulaClass::V4, None) => Err(missing(self.at, "price", key)),
            (FormulaClass::V2, Some(_)) => Err(self.at.error(
                key,
                format!("`{key}` has no meaning where the price floats (E_CLASS_MISMATCH)"),
            )),
            _ => Ok(value),
        }
    }

    fn rates_of(&self, rate: &RateFile) -> Result<Rates> {
        match rate {
            RateFile::One(rate) => Ok(Rates::One(self.rate("price.rate", *rate)?)),
            RateFile::By(pools) => {
                let pools = pools.iter().map(|(pool, rate)| {
                    let key = format!("price.rate.{pool}");
                    Ok((pool.clone(), self.pool_rates(&key, rate)?))
                });
                pools.collect::<Result<_>>().map(Rates::ByPool)
            }
        }
    }

    fn pool_rates(&self, key: &str, rate: &RateFile) -> Result<PoolRates> {
        match rate {
            RateFile::One(rate) => Ok(PoolRates::One(self.rate(key, *rate)?)),
            RateFile::By(levels) => {
                let levels = levels.iter().map(|(level, rate)| {
                    let key = format!("{key}.{level}");
                    match rate {
                        RateFile::One(rate) => Ok((level_of(self.at, &key, level)?, self.rate(&key, *rate)?)),
                        RateFile::By(_) => Err(self.at.error(&key, format!("`{key}`: expected a rate"))),
                    }
                });
                levels.collect::<Result<_>>().map(PoolRates::ByLevel)
            }
        }
    }

    fn rate(&self, key: &str, rate: Rate) -> Result<Exact> {
        rate_above_zero(self.at, key, rate)
    }
}

fn rate_above_zero(at: &Places, key: &str, rate: Rate) -> Result<Exact> {
    match rate.exact_fen() {
        Ok(exact) if exact.parts().0 > 0 => Ok(exact),
        _ => Err(at.error(key, format!("`{key}` is {rate}; expected an amount above zero"))),
    }
}

fn coefficients(file: &PackFile, at: &Places) -> Result<Coefficients> {
    let CoefValues { level, hospital } = &file.coef.values;
    let wanted = |kind: CoefKind| file.coef.hospital.contains(&kind);
    let level = values(at, "coef.values.level", wanted(CoefKind::Level), level.as_ref())?;
    let hospital = values(
        at,
        "coef.values.hospital",
        wanted(CoefKind::Hospital),
        hospital.as_ref(),
    )?;
    let level = level.map(|values| {
        let by_level = values.into_iter().map(|(name, value)| {
            let key = format!("coef.values.level.{name}");
            Ok((level_of(at, &key, &name)?, value))
        });
        by_level.collect::<Result<_>>()
    });
    Ok(Coefficients {
        level: level.transpose()?,
        hospital: hospital.map(|values| values.into_iter().collect()),
    })
}

/// A table of coefficients: there exactly when `coef.hospital` names its kind.
fn values(
    at: &Places,
    key: &str,
    wanted: bool,
    values: Option<&BTreeMap<String, Ratio>>,
) -> Result<Option<Vec<(String, Exact)>>> {
    match (wanted, values) {
        (false, None) => Ok(None),
        (true, None) => Err(missing(at, "coef", key)),
        (false, Some(_)) => Err(at.error(
            key,
            format!("`{key}` is not used: `coef.hospital` does not name it"),
        )),
        (true, Some(values)) => {
            let values = values.iter().map(|(name, value)| {
                let key = format!("{key}.{name}");
                Ok((name.clone(), not_negative(at, &key, *value)?))
            });
            values.collect::<Result<_>>().map(Some)
        }
    }
}

fn outlier(file: &PackFile, at: &Places) -> Result<Outlier> {
    let table = &file.outlier;
    let with_coefficient = table.base_includes.contains(&BaseIncludes::Coef);
    let base = base(file, at, "outlier.base", table.base)?;
    if matches!(base, Base::Standard) && with_coefficient {
        let message = "`outlier.base_includes`: the standard holds the coefficient already";
        return Err(at.error("outlier.base_includes", message));
    }
    let outlier = Outlier {
        base,
        base_with_coefficient: with_coefficient,
        low: not_negative(at, "outlier.low", table.low)?,
        low_rule: table.low_rule,
        low_coef: table.low_coef,
        low_pay: table.low_pay,
        high: high(&table.high, at)?,
        high_pay: table.high_pay,
        extreme: extreme(table, at)?,
        edge: edge(&table.edge),
    };
    check_order(&outlier, at)?;
    Ok(outlier)
}

fn edge(edge: &EdgeFile) -> Edge {
    Edge {
        low_owns_limit: edge.low == LowEdge::AtOrBelow,
        high_owns_limit: edge.high == HighEdge::AtOrAbove,
        extreme_owns_limit: edge.extreme == HighEdge::AtOrAbove,
    }
}

fn base(file: &PackFile, at: &Places, key: &str, word: BaseWord) -> Result<Base> {
    match (word, file.outlier.mean_price) {
        (BaseWord::GroupMean, _) => Ok(Base::GroupMean),
        (BaseWord::ScoreXMeanPrice, Some(price)) => {
            rate_above_zero(at, "outlier.mean_price", price).map(Base::MeanPrice)
        }
        (BaseWord::ScoreXMeanPrice, None) => Err(missing(at, "outlier", "outlier.mean_price")),
        (BaseWord::Standard, _) if file.formula_class == FormulaClass::V4 => Ok(Base::Standard),
        (BaseWord::Standard, _) => Err(at.error(
            key,
            format!("`{key} = standard` needs a fixed price: a floating one is not known before the pool closes (E_CLASS_MISMATCH)"),
        )),
    }
}

fn high(file: &HighFile, at: &Places) -> Result<High> {
    const KEY: &str = "outlier.high";
    let expect = |what: &str| at.error(KEY, format!("`{KEY}`: {what}"));
    match (file.by, file.k, &file.bands, file.band_edge) {
        (HighBy::Flat, Some(k), None, None) => not_negative(at, "outlier.high.k", k).map(High::Flat),
        (HighBy::Flat, ..) => Err(expect("by = flat takes `k` and no bands")),
        (by, None, Some(bands), Some(edge)) => Ok(High::Bands {
            by_weight: by == HighBy::Rw,
            limit_is_inside: edge == LowEdge::AtOrBelow,
            bands: bands_of(bands, at)?,
        }),
        _ => Err(expect(
            "by = rw or points takes `bands` and `band_edge`, and no `k`",
        )),
    }
}

/// Bands rise and the last one is without limit, so that every value has exactly one.
fn bands_of(written: &[(String, Ratio)], at: &Places) -> Result<Vec<(Option<Exact>, Exact)>> {
    const KEY: &str = "outlier.high.bands";
    let mut bands: Vec<(Option<Exact>, Exact)> = Vec::with_capacity(written.len());
    for (position, (limit, threshold)) in written.iter().enumerate() {
        let last = position + 1 == written.len();
        let limit = match limit.as_str() {
            "inf" if last => None,
            text if !last => {
                let value: Option<Ratio> = text.parse().ok();
                let value =
                    value.ok_or_else(|| at.error(KEY, format!("`{KEY}`: `{text}` is not a limit")))?;
                Some(not_negative(at, KEY, value)?)
            }
            _ => {
                return Err(at.error(
                    KEY,
                    format!("`{KEY}` ends with the limit \"inf\", and only there"),
                ));
            }
        };
        if let (Some((Some(before), _)), Some(limit)) = (bands.last(), limit)
            && !less(*before, limit)
        {
            return Err(at.error(KEY, format!("`{KEY}`: the limits do not rise")));
        }
        bands.push((limit, not_negative(at, KEY, *threshold)?));
    }
    if bands.is_empty() {
        return Err(at.error(KEY, format!("`{KEY}` is empty")));
    }
    Ok(bands)
}

fn extreme(table: &OutlierTable, at: &Places) -> Result<Option<(Exact, ExtremePay)>> {
    const KEY: &str = "outlier.extreme";
    match (table.extreme.pay, table.extreme.x) {
        (ExtremePay::Off, None) => Ok(None),
        (ExtremePay::Off, Some(_)) => Err(at.error(KEY, format!("`{KEY}`: pay = off takes no `x`"))),
        (_, None) => Err(missing(at, KEY, "outlier.extreme.x")),
        (pay, Some(x)) => Ok(Some((not_negative(at, "outlier.extreme.x", x)?, pay))),
    }
}

/// low < high < extreme, so that a ratio has one kind whatever the operators.
fn check_order(outlier: &Outlier, at: &Places) -> Result<()> {
    let thresholds: Vec<Exact> = match &outlier.high {
        High::Flat(k) => vec![*k],
        High::Bands { bands, .. } => bands.iter().map(|(_, k)| *k).collect(),
    };
    if !thresholds.iter().all(|k| less(outlier.low, *k)) {
        return Err(at.error("outlier.low", "`outlier.low` is not below `outlier.high`"));
    }
    match &outlier.extreme {
        Some((x, _)) if !thresholds.iter().all(|k| less(*k, *x)) => Err(at.error(
            "outlier.extreme.x",
            "`outlier.extreme.x` is not above `outlier.high`",
        )),
        _ => Ok(()),
    }
}

fn ungrouped(file: &PackFile, at: &Places) -> Result<Ungrouped> {
    const KEY: &str = "ungrouped.pay";
    let UngroupedFile {
        mode,
        factor,
        base: word,
    } = &file.ungrouped.pay;
    match (mode, factor, word) {
        (UngroupedMode::ByItem, None, None) => Ok(Ungrouped::ByItem),
        (UngroupedMode::Zero, None, None) => Ok(Ungrouped::Zero),
        (UngroupedMode::Actual, None, None) => Ok(Ungrouped::Actual),
        (UngroupedMode::Ratio, Some(factor), Some(word)) => Ok(Ungrouped::Ratio(
            not_negative(at, "ungrouped.pay.factor", *factor)?,
            base(file, at, "ungrouped.pay.base", *word)?,
        )),
        (UngroupedMode::Ratio, None, _) => Err(missing(at, KEY, "ungrouped.pay.factor")),
        (UngroupedMode::Ratio, _, None) => Err(missing(at, KEY, "ungrouped.pay.base")),
        _ => Err(at.error(
            KEY,
            format!("`{KEY}`: only mode = ratio takes `factor` and `base`"),
        )),
    }
}

fn cap(file: &PackFile, at: &Places) -> Result<Option<Cap>> {
    let Some(clear) = &file.clear else { return Ok(None) };
    match (&clear.cap, clear.reflow) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(at.error(
            "clear.reflow",
            "`clear.reflow` has no meaning without `clear.cap`",
        )),
        (Some(_), _) if file.formula_class != FormulaClass::V4 => Err(at.error(
            "clear.cap",
            "`clear.cap` is computed for class V4 only in this version",
        )),
        (Some(_), None) => Err(missing(at, "clear", "clear.reflow")),
        (Some(CapFile { rate, .. }), Some(reflow)) => Ok(Some(Cap {
            rate: not_negative(at, "clear.cap.rate", *rate)?,
            reflow,
        })),
    }
}

/// A key that another key makes required.
fn missing(at: &Places, parent: &str, key: &str) -> Error {
    let place: Place = at.of(parent);
    Error::at(
        place,
        format!("required key `{key}` is missing; it has no default (E_MISSING)"),
    )
}

fn level_of(at: &Places, key: &str, text: &str) -> Result<HospitalLevel> {
    text.parse()
        .map_err(|_| at.error(key, format!("`{key}`: expected a hospital level 1, 2 or 3")))
}

fn number(at: &Places, key: &str, value: Ratio) -> Result<Exact> {
    let overflow = |_| at.error(key, format!("`{key}` is {value}, out of range"));
    value.exact().map_err(overflow)
}

fn not_negative(at: &Places, key: &str, value: Ratio) -> Result<Exact> {
    let exact = number(at, key, value)?;
    if exact.parts().0 < 0 {
        return Err(at.error(key, format!("`{key}` is {value}; expected zero or more")));
    }
    Ok(exact)
}

/// Thresholds are decimals of at most 24 digits: their crossways products fit, and where they
/// do not, the order is refused like a wrong one.
fn less(a: Exact, b: Exact) -> bool {
    a.compare(b).is_lt()
}
