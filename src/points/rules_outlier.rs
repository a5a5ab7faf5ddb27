//! When a case is an outlier, what it is held against, and what a case without a group is paid
//! (离群病例、未入组规则).

use super::file::{
    Approval, BaseIncludes, BaseWord, EdgeFile, ExtremePay, HighBy, HighEdge, HighFile, HighPay, LowEdge,
    LowPay, LowRule, OutlierTable, PackFile, PriceModel, UngroupedFile, UngroupedMode, ZeroBase,
};
use super::lookup::{Key, Lookup, Unit};
use super::pack::Places;
use super::ranking::Top;
use super::rules::{less, lookup, missing, not_negative, rate_above_zero, together};
use crate::diagnostics::Result;
use crate::units::{Exact, Rate, Ratio};

/// When a case is an outlier and what it is paid then.
#[derive(Clone, Debug)]
pub(super) struct Outlier {
    pub(super) base: Base,
    pub(super) base_includes: Vec<BaseIncludes>,
    pub(super) zero_base: ZeroBase,
    pub(super) low: Exact,
    pub(super) low_rule: LowRule,
    pub(super) low_coef: bool,
    pub(super) low_pay: LowPay,
    pub(super) high: High,
    pub(super) high_pay: HighPay,
    pub(super) approval: Approval,
    pub(super) extreme: Option<(Exact, ExtremePay)>,
    pub(super) edge: Edge,
    pub(super) net_of_denied: bool,
    pub(super) aux_on: bool,
}

/// The operators that make a case an outlier: may the limit itself belong to it?
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    pub(super) low_owns_limit: bool,
    pub(super) high_owns_limit: bool,
    pub(super) extreme_owns_limit: bool,
}

/// What a cost is held against.
#[derive(Clone, Debug)]
pub(super) enum Base {
    /// The case's own standard at the known price.
    Standard,
    /// The group's mean cost.
    GroupMean,
    /// Base points times this many fen per point, by hospital and insurance.
    MeanPrice(Lookup),
    /// Mean costs in fen, by group, level, label, insurance.
    Means(Lookup),
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
    /// The dearest cases of many: there is no threshold.
    Top(Top),
}

impl Outlier {
    pub(super) fn of(file: &PackFile, at: &Places) -> Result<Outlier> {
        let table = &file.outlier;
        let base = base(file, at, "outlier.base", table.base)?;
        for used in [BaseIncludes::Coef, BaseIncludes::OwnCoef] {
            if matches!(base, Base::Standard) && table.base_includes.contains(&used) {
                let message = "`outlier.base_includes`: the standard holds the coefficients already";
                return Err(at.error("outlier.base_includes", message));
            }
        }
        unused_means(file, at)?;
        let outlier = Outlier {
            base,
            base_includes: table.base_includes.clone(),
            zero_base: table.zero_base.unwrap_or(ZeroBase::Error),
            low: not_negative(at, "outlier.low", table.low)?,
            low_rule: table.low_rule,
            low_coef: table.low_coef,
            low_pay: low_pay(file, at)?,
            high: high(&table.high, at)?,
            high_pay: table.high_pay,
            approval: table.approval,
            extreme: extreme(table, at)?,
            edge: edge(&table.edge),
            net_of_denied: table.net_of_denied,
            aux_on: aux_on(file, at)?,
        };
        pays_without_a_threshold(&outlier, at)?;
        check_order(&outlier, at)?;
        Ok(outlier)
    }

    pub(super) fn needs_city_mean(&self) -> Option<&'static str> {
        match (self.low_pay, self.high_pay) {
            (LowPay::CostXControl, _) => Some("outlier.low_pay = cost_x_control"),
            (_, HighPay::Deduct) => Some("outlier.high_pay = deduct"),
            _ => None,
        }
    }
}

/// A percentile has no threshold K that a formula could read.
fn pays_without_a_threshold(outlier: &Outlier, at: &Places) -> Result<()> {
    let reads_k = !matches!(
        outlier.high_pay,
        HighPay::ByItem | HighPay::Standard | HighPay::Review
    );
    if reads_k && matches!(outlier.high, High::Top(_)) {
        return Err(at.error(
            "outlier.high_pay",
            "`outlier.high.by = percentile` has no threshold K; expected `outlier.high_pay` by_item, standard or review (E_CLASS_MISMATCH)",
        ));
    }
    Ok(())
}

/// An auxiliary coefficient on outliers needs one.
fn aux_on(file: &PackFile, at: &Places) -> Result<bool> {
    if file.outlier.aux_on && file.coef.aux.is_none() {
        let message = "`outlier.aux_on` is set, but there are no auxiliary coefficients: `coef.aux` is missing (E_MISSING)";
        return Err(at.error("outlier.aux_on", message));
    }
    Ok(file.outlier.aux_on)
}

/// A cost in points needs a price that is known before the pool closes.
fn low_pay(file: &PackFile, at: &Places) -> Result<LowPay> {
    if file.outlier.low_pay == LowPay::CostAtPrice && file.price.model == PriceModel::Floating {
        return Err(at.error(
            "outlier.low_pay",
            "`outlier.low_pay = cost_at_price` needs a known price: a floating one is not known before the pool closes (E_CLASS_MISMATCH)",
        ));
    }
    Ok(file.outlier.low_pay)
}

fn edge(edge: &EdgeFile) -> Edge {
    Edge {
        low_owns_limit: edge.low == LowEdge::AtOrBelow,
        high_owns_limit: edge.high == HighEdge::AtOrAbove,
        extreme_owns_limit: edge.extreme == HighEdge::AtOrAbove,
    }
}

/// Mean prices and mean costs stand exactly where a base asks for them.
fn unused_means(file: &PackFile, at: &Places) -> Result<()> {
    let asked = |words: &[BaseWord]| {
        words.contains(&file.outlier.base)
            || file.ungrouped.pay.base.is_some_and(|base| words.contains(&base))
    };
    let table = &file.outlier;
    let prices = asked(&[BaseWord::ScoreXMeanPrice]);
    together(
        at,
        prices,
        "outlier.mean_price",
        "outlier",
        table.mean_price.as_ref(),
    )?;
    let means = asked(&[BaseWord::Table, BaseWord::LevelMeanLastYear]);
    together(at, means, "outlier.table", "outlier", table.table.as_ref())?;
    if table.keys.is_some() && !prices && !means {
        return Err(at.error(
            "outlier.keys",
            "`outlier.keys` is not used: no table is looked up",
        ));
    }
    Ok(())
}

fn base(file: &PackFile, at: &Places, key: &str, word: BaseWord) -> Result<Base> {
    let table = &file.outlier;
    let order = table.keys.as_ref().map(|keys| ("outlier.keys", keys.as_slice()));
    match word {
        BaseWord::GroupMean => Ok(Base::GroupMean),
        BaseWord::ScoreXMeanPrice => {
            let written = table.mean_price.as_deref();
            let written = written.ok_or_else(|| missing(at, "outlier", "outlier.mean_price"))?;
            mean_price(at, written, order).map(Base::MeanPrice)
        }
        BaseWord::Table | BaseWord::LevelMeanLastYear => {
            let written = table.table.as_deref();
            let written = written.ok_or_else(|| missing(at, "outlier", "outlier.table"))?;
            let keys: &[Key] = match word {
                BaseWord::Table => &[Key::Group, Key::Level, Key::Label, Key::Insurance, Key::Hospital],
                _ => &[Key::Group, Key::Level],
            };
            lookup(at, "outlier.table", written, order, keys, ("mean_cost", Unit::Yuan)).map(Base::Means)
        }
        BaseWord::Standard if file.price.model != PriceModel::Floating => Ok(Base::Standard),
        BaseWord::Standard => Err(at.error(
            key,
            format!("`{key} = standard` needs a fixed price: a floating one is not known before the pool closes (E_CLASS_MISMATCH)"),
        )),
    }
}

/// One price for all, or a file of prices by hospital and insurance.
fn mean_price(at: &Places, written: &str, order: Option<(&str, &[Vec<String>])>) -> Result<Lookup> {
    const KEY: &str = "outlier.mean_price";
    if written.ends_with(".csv") {
        let keys = [Key::Hospital, Key::Insurance, Key::Level];
        return lookup(at, KEY, written, order, &keys, ("price", Unit::Yuan));
    }
    let rate: Rate = written.parse().map_err(|_| {
        at.error(
            KEY,
            format!("`{KEY}` is `{written}`; expected yuan per point as text, or the name of a CSV file"),
        )
    })?;
    Ok(Lookup::constant(rate_above_zero(at, KEY, rate)?))
}

fn high(file: &HighFile, at: &Places) -> Result<High> {
    const KEY: &str = "outlier.high";
    let expect = |what: &str| at.error(KEY, format!("`{KEY}`: {what}"));
    let ranks = file.by == HighBy::Percentile;
    let others = [
        ("top", file.top.is_some()),
        ("rank", file.rank.is_some()),
        ("of", file.of.is_some()),
        ("over", file.over.is_some()),
        ("round", file.round.is_some()),
    ];
    if let Some((name, _)) = others.iter().find(|(_, there)| *there && !ranks) {
        return Err(expect(&format!("`{name}` goes with by = percentile")));
    }
    match (file.by, file.k, &file.bands, file.band_edge) {
        (HighBy::Percentile, None, None, None) => Top::of(file, at).map(High::Top),
        (HighBy::Percentile, ..) => Err(expect(
            "by = percentile takes `top`, `rank`, `of`, `over` and `round`, no `k` and no bands",
        )),
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
        High::Top(_) => Vec::new(),
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

/// What a case without a group is paid.
#[derive(Clone, Debug)]
pub(super) enum Ungrouped {
    ByItem,
    Zero,
    Actual,
    /// Given back to the hospital: nothing is settled.
    Return,
    /// These points, whatever it cost.
    Fixed(Exact),
    /// Its cost over the cost of one point, times the factor.
    Ratio(Exact, Base),
}

impl Ungrouped {
    pub(super) fn of(file: &PackFile, at: &Places) -> Result<Ungrouped> {
        const KEY: &str = "ungrouped.pay";
        let UngroupedFile {
            mode,
            factor,
            base: word,
            points,
        } = &file.ungrouped.pay;
        let is_ratio = *mode == UngroupedMode::Ratio;
        let factor = together(at, is_ratio, "ungrouped.pay.factor", KEY, *factor)?;
        let word = together(at, is_ratio, "ungrouped.pay.base", KEY, *word)?;
        let points = together(
            at,
            *mode == UngroupedMode::Fixed,
            "ungrouped.pay.points",
            KEY,
            *points,
        )?;
        Ok(match (mode, factor, word, points) {
            (_, Some(factor), Some(word), _) => Ungrouped::Ratio(
                not_negative(at, "ungrouped.pay.factor", factor)?,
                base(file, at, "ungrouped.pay.base", word)?,
            ),
            (_, _, _, Some(points)) => Ungrouped::Fixed(not_negative(at, "ungrouped.pay.points", points)?),
            (UngroupedMode::Actual, ..) => Ungrouped::Actual,
            (UngroupedMode::ByItem, ..) => Ungrouped::ByItem,
            (UngroupedMode::Return, ..) => Ungrouped::Return,
            _ => Ungrouped::Zero,
        })
    }

    pub(super) const fn needs_city_mean(&self) -> Option<&'static str> {
        match self {
            Ungrouped::Ratio(_, Base::GroupMean) => Some("ungrouped.pay.base = group_mean"),
            _ => None,
        }
    }
}
