//! What a point costs before a pool closes, if it has a price then, and which weights count
//! (点价、权重列).

use hashbrown::HashMap;

use super::document::Effective;
use super::file::{FormulaClass, NonlocalRule, PackFile, PriceModel, RateFile, WeightBase};
use super::lookup::{Key, Lookup, Unit};
use super::pack::{Places, effective};
use super::rules::{by_level, lookup, missing, number, rate_above_zero, together};
use crate::codes::HospitalLevel;
use crate::diagnostics::Result;
use crate::units::{Exact, Rate, Ratio};

/// The price of a point.
#[derive(Clone, Debug)]
pub(super) struct Price {
    /// Points per weight 1.0.
    pub(super) scale: Exact,
    pub(super) known: Known,
}

/// What is known of it before the pool closes.
#[derive(Clone, Debug)]
pub(super) enum Known {
    /// Nothing: the pool makes it.
    Floating,
    /// Fen per weight 1.0.
    Rates(Rates),
    /// Fen per point, by month, place, hospital, insurance.
    Preset(Lookup, Vec<(Effective, NonlocalRule)>),
    /// Fen for a whole case, by group, level, insurance.
    Table(Lookup, Vec<(Effective, NonlocalRule)>),
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

const PRESET_KEYS: [Key; 4] = [Key::Month, Key::InsuredPlace, Key::Hospital, Key::Insurance];
const TABLE_KEYS: [Key; 5] = [
    Key::Group,
    Key::Level,
    Key::Insurance,
    Key::Hospital,
    Key::InsuredPlace,
];

impl Price {
    pub(super) fn of(file: &PackFile, at: &Places) -> Result<Price> {
        let read = Reader { file, at };
        let price = &file.price;
        let scale = read.scale("price.scale", price.scale)?;
        let is_fixed = matches!(price.model, PriceModel::Fixed | PriceModel::FixedThenScaled);
        let by_table = matches!(price.model, PriceModel::Table | PriceModel::Preset);
        let rate = read.where_the_price_is_fixed(is_fixed)?;
        let table = together(at, by_table, "price.table", "price", price.table.as_ref())?;
        let nonlocal = together(at, by_table, "price.nonlocal", "price", price.nonlocal.as_ref())?;
        let nonlocal = match nonlocal {
            Some(_) => read.nonlocal()?,
            None => Vec::new(),
        };
        let of_table = |keys: &[Key]| {
            let order = price.keys.as_ref().map(|keys| ("price.keys", keys.as_slice()));
            let file = table.map_or("", String::as_str);
            lookup(at, "price.table", file, order, keys, ("price", Unit::Yuan))
        };
        let known = match (price.model, rate) {
            (PriceModel::Preset, _) => Known::Preset(of_table(&PRESET_KEYS)?, nonlocal),
            (PriceModel::Table, _) => Known::Table(of_table(&TABLE_KEYS)?, nonlocal),
            (_, Some(rate)) => Known::Rates(read.rates_of(rate)?),
            (_, None) => Known::Floating,
        };
        if matches!(known, Known::Table(..)) && scale != Exact::ONE {
            return Err(at.error(
                "price.scale",
                "`price.scale`: a table of prices has no scale; expected 1",
            ));
        }
        Ok(Price { scale, known })
    }

    /// Whether a point has a price before the pool closes.
    pub(super) const fn is_known(&self) -> bool {
        !matches!(self.known, Known::Floating)
    }
}

/// The rule for persons insured elsewhere in a month.
pub(super) fn nonlocal_in(rules: &[(Effective, NonlocalRule)], month: &str) -> Option<NonlocalRule> {
    let begun = |from: &Effective| match from {
        Effective::Unknown => true,
        Effective::On { year, month: of, .. } => *format!("{year:04}-{of:02}") <= *month,
        Effective::Open => false,
    };
    rules
        .iter()
        .rev()
        .find(|(from, _)| begun(from))
        .map(|(_, rule)| *rule)
}

/// The keys of `price`, which depend on the class.
struct Reader<'a> {
    file: &'a PackFile,
    at: &'a Places<'a>,
}

impl Reader<'_> {
    fn scale(&self, key: &str, scale: Ratio) -> Result<Exact> {
        scale_of(self.at, key, scale)
    }

    /// Rate and limit of k stand exactly where the rate is fixed.
    fn where_the_price_is_fixed(&self, is_fixed: bool) -> Result<Option<&RateFile>> {
        let price = &self.file.price;
        for (key, there) in [
            ("price.rate", price.rate.is_some()),
            ("price.k_may_exceed_one", price.k_may_exceed_one.is_some()),
        ] {
            let wanted = is_fixed || (key != "price.rate" && self.file.formula_class == FormulaClass::V4);
            if wanted && !there {
                return Err(missing(self.at, "price", key));
            }
            if !wanted && there {
                return Err(self.at.error(
                    key,
                    format!("`{key}` has no meaning where the price floats (E_CLASS_MISMATCH)"),
                ));
            }
        }
        Ok(price.rate.as_ref())
    }

    /// Rules for persons insured elsewhere, one after the other.
    fn nonlocal(&self) -> Result<Vec<(Effective, NonlocalRule)>> {
        const KEY: &str = "price.nonlocal";
        let mut rules: Vec<(Effective, NonlocalRule)> = Vec::new();
        for rule in self.file.price.nonlocal.iter().flatten() {
            let from = effective(&rule.from).filter(|from| *from != Effective::Open);
            let from = from.ok_or_else(|| {
                self.at.error(
                    KEY,
                    format!("`{KEY}`: `from` is a date such as 2026-01-31, or \"unknown\""),
                )
            })?;
            if rules.last().is_some_and(|(before, _)| *before >= from) {
                return Err(self.at.error(
                    KEY,
                    format!("`{KEY}`: the periods overlap; expected dates that rise"),
                ));
            }
            rules.push((from, rule.rule));
        }
        if rules.is_empty() {
            return Err(self
                .at
                .error(KEY, format!("`{KEY}` is empty; expected at least one rule")));
        }
        Ok(rules)
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
                        RateFile::One(rate) => Ok((
                            super::rules::level_of(self.at, &key, level)?,
                            self.rate(&key, *rate)?,
                        )),
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

fn scale_of(at: &Places, key: &str, scale: Ratio) -> Result<Exact> {
    let exact = number(at, key, scale)?;
    let legal = [1, 100, 1000].map(Exact::integer).contains(&exact);
    legal
        .then_some(exact)
        .ok_or_else(|| at.error(key, format!("`{key}` is {scale}; expected 1, 100 or 1000")))
}

/// Which weight of a group counts, and what a weight of one stands for.
#[derive(Clone, Debug)]
pub(super) struct WeightRules {
    /// The factor inside a printed weight.
    pub(super) catalogue_scale: Exact,
    /// Columns of the weights by hospital level; empty: the column `weight`.
    pub(super) columns: Vec<(HospitalLevel, String)>,
    pub(super) one: One,
    /// Shares of the years, oldest first.
    pub(super) year_mix: Vec<Exact>,
}

/// The cost that a weight of one stands for.
#[derive(Clone, Debug)]
pub(super) enum One {
    /// The mean of all cases of the region.
    CityMean,
    /// This many fen.
    Fen(Exact),
    /// The mean of this group.
    Group(String),
}

impl WeightRules {
    pub(super) fn of(file: &PackFile, at: &Places) -> Result<WeightRules> {
        let weight = &file.weight;
        let by_parameter = matches!(weight.base, WeightBase::FixedParameter | WeightBase::Quota);
        let by_group = weight.base == WeightBase::ReferenceDisease;
        let parameter = together(at, by_parameter, "weight.parameter", "weight", weight.parameter)?;
        let reference = together(
            at,
            by_group,
            "weight.reference",
            "weight",
            weight.reference.clone(),
        )?;
        let one = match (parameter, reference) {
            (Some(rate), _) => One::Fen(rate_above_zero(at, "weight.parameter", rate)?),
            (_, Some(group)) => One::Group(group),
            _ => One::CityMean,
        };
        let columns = match &weight.columns {
            Some(columns) => by_level(at, "weight.columns", columns)?,
            None => Vec::new(),
        };
        if let Some((_, name)) = columns
            .iter()
            .find(|(_, name)| name != "weight" && !name.starts_with("w_"))
        {
            let message = format!(
                "`weight.columns` names `{name}`; expected `weight`, or a name that begins with `w_`"
            );
            return Err(at.error("weight.columns", message));
        }
        Ok(WeightRules {
            catalogue_scale: scale_of(at, "weight.catalogue_scale", weight.catalogue_scale)?,
            columns,
            one,
            year_mix: year_mix(weight.year_mix.as_deref().unwrap_or_default(), at)?,
        })
    }

    /// Whether formulas by the mean need no region's mean.
    pub(super) const fn gives_its_own_mean(&self) -> bool {
        !matches!(self.one, One::CityMean)
    }
}

/// Shares of years sum to one.
fn year_mix(written: &[Ratio], at: &Places) -> Result<Vec<Exact>> {
    const KEY: &str = "weight.year_mix";
    let mix: Vec<Exact> = written
        .iter()
        .map(|share| super::rules::not_negative(at, KEY, *share))
        .collect::<Result<_>>()?;
    let sum = mix.iter().try_fold(Exact::ZERO, |sum, share| sum.add(*share));
    if !mix.is_empty() && sum != Ok(Exact::ONE) {
        return Err(at.error(KEY, format!("`{KEY}`: the shares of the years do not sum to 1")));
    }
    Ok(mix)
}
