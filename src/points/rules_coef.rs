//! The hospital's coefficient, groups that skip or replace it, auxiliary coefficients
//! (机构系数、同病同价、辅助系数).

use std::collections::BTreeMap;

use hashbrown::{HashMap, HashSet};

use super::file::{
    AuxPick, CoefKind, CoefTable, Compose, FactorFile, FactorsFile, Missing, PackFile, SamePriceMode,
};
use super::lookup::{Asked, Key, Lookup, Unit, list};
use super::pack::Places;
use super::rules::{by_level, lookup, missing, not_negative};
use crate::codes::HospitalLevel;
use crate::diagnostics::{Error, Result};
use crate::units::{Exact, Overflow, Ratio};

impl CoefKind {
    /// The word of the language.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            CoefKind::Level => "level",
            CoefKind::Hospital => "hospital",
            CoefKind::HospitalXGroup => "hospital_x_group",
            CoefKind::Incentive => "incentive",
            CoefKind::Table => "table",
        }
    }

    const fn keys(self) -> &'static [Key] {
        match self {
            CoefKind::Level => &[Key::Level, Key::Insurance],
            CoefKind::Hospital | CoefKind::Incentive => &[Key::Hospital, Key::Insurance],
            CoefKind::HospitalXGroup => &[Key::Hospital, Key::Group, Key::Insurance],
            CoefKind::Table => &[Key::Group, Key::Level, Key::Hospital, Key::Insurance],
        }
    }

    /// The key of values that are written inline.
    const fn inline(self) -> Option<Key> {
        match self {
            CoefKind::Level => Some(Key::Level),
            CoefKind::Hospital | CoefKind::Incentive => Some(Key::Hospital),
            CoefKind::HospitalXGroup | CoefKind::Table => None,
        }
    }
}

/// The factors of a hospital's coefficient.
#[derive(Clone, Debug)]
pub(super) struct Coefficients {
    pub(super) factors: Vec<(CoefKind, Factor)>,
    pub(super) compose: Compose,
    pub(super) one_if_missing: bool,
}

/// One factor: by whatever it depends on, for all insurances or for each.
#[derive(Clone, Debug)]
pub(super) enum Factor {
    All(Lookup),
    ByInsurance(HashMap<String, Lookup>),
}

impl Factor {
    pub(super) fn get(&self, asked: &Asked) -> Option<Exact> {
        match self {
            Factor::All(lookup) => lookup.get(asked),
            Factor::ByInsurance(lookups) => lookups.get(asked.insurance)?.get(asked),
        }
    }
}

impl Coefficients {
    pub(super) fn of(file: &PackFile, at: &Places) -> Result<Coefficients> {
        let table = &file.coef;
        let mut factors = Vec::new();
        for (kind, values) in [
            (CoefKind::Level, &table.values.level),
            (CoefKind::Hospital, &table.values.hospital),
            (CoefKind::HospitalXGroup, &table.values.hospital_x_group),
            (CoefKind::Incentive, &table.values.incentive),
            (CoefKind::Table, &table.values.table),
        ] {
            let key = format!("coef.values.{}", kind.as_str());
            match (table.hospital.iter().position(|k| *k == kind), values) {
                (None, None) => {}
                (Some(_), None) => return Err(missing(at, "coef", &key)),
                (None, Some(_)) => {
                    let message = format!("`{key}` is not used: `coef.hospital` does not name it");
                    return Err(at.error(&key, message));
                }
                (Some(position), Some(values)) => {
                    factors.push((
                        position,
                        kind,
                        Reader {
                            table,
                            at,
                            kind,
                            key: &key,
                        }
                        .factor(values)?,
                    ));
                }
            }
        }
        if table.keys.is_some() && !table.hospital.contains(&CoefKind::Table) {
            let message = "`coef.keys` is not used: `coef.hospital` does not name `table`";
            return Err(at.error("coef.keys", message));
        }
        factors.sort_by_key(|(position, _, _)| *position);
        let twice = (1..table.hospital.len()).any(|i| {
            let (before, rest) = table.hospital.split_at(i);
            rest.first().is_some_and(|kind| before.contains(kind))
        });
        if twice {
            return Err(at.error("coef.hospital", "`coef.hospital` names a factor twice"));
        }
        Ok(Coefficients {
            factors: factors
                .into_iter()
                .map(|(_, kind, factor)| (kind, factor))
                .collect(),
            compose: table.compose,
            one_if_missing: table.missing == Missing::OneWithWarning,
        })
    }
}

/// Reads the values of one factor.
struct Reader<'a> {
    table: &'a CoefTable,
    at: &'a Places<'a>,
    kind: CoefKind,
    key: &'a str,
}

impl Reader<'_> {
    fn factor(&self, values: &FactorsFile) -> Result<Factor> {
        match values {
            FactorsFile::File(file) => {
                let order = self.table.keys.as_ref().filter(|_| self.kind == CoefKind::Table);
                let order = order.map(|keys| ("coef.keys", keys.as_slice()));
                let value = ("coefficient", Unit::Factor);
                lookup(self.at, self.key, file, order, self.kind.keys(), value).map(Factor::All)
            }
            FactorsFile::Values(values) if self.table.by_insurance == Some(true) => self.by_insurance(values),
            FactorsFile::Values(values) => {
                let one = |(name, factor): (&String, &FactorFile)| match factor {
                    FactorFile::One(ratio) => Ok((name.clone(), *ratio)),
                    FactorFile::By(_) => Err(self.at.error(
                        self.key,
                        format!(
                            "`{}.{name}`: expected a ratio; by insurance only with `coef.by_insurance`",
                            self.key
                        ),
                    )),
                };
                let values = values.iter().map(one).collect::<Result<BTreeMap<_, _>>>()?;
                self.inline(self.key, &values).map(Factor::All)
            }
        }
    }

    fn by_insurance(&self, values: &BTreeMap<String, FactorFile>) -> Result<Factor> {
        let mut lookups = HashMap::new();
        for (insurance, factors) in values {
            let FactorFile::By(values) = factors else {
                let message = format!(
                    "`{}.{insurance}`: expected a table of ratios, since `coef.by_insurance` is set",
                    self.key
                );
                return Err(self.at.error(self.key, message));
            };
            let key = format!("{}.{insurance}", self.key);
            lookups.insert(insurance.clone(), self.inline(&key, values)?);
        }
        Ok(Factor::ByInsurance(lookups))
    }

    fn inline(&self, key: &str, values: &BTreeMap<String, Ratio>) -> Result<Lookup> {
        let Some(by) = self.kind.inline() else {
            let message = format!("`{key}` is the name of a CSV file: it depends on more than one thing");
            return Err(self.at.error(key, message));
        };
        let values: Vec<(String, Exact)> = if by == Key::Level {
            for name in values.keys().filter(|name| *name != "*") {
                super::rules::level_of(
                    self.at,
                    &format!("{key}.{name}"),
                    name.split('-').next().unwrap_or(name),
                )?;
            }
            let levels = by_level(self.at, key, values)?;
            levels
                .into_iter()
                .map(|(level, ratio)| Ok((level.to_string(), self.factor_of(key, level.as_str(), ratio)?)))
                .collect::<Result<_>>()?
        } else {
            values
                .iter()
                .map(|(name, ratio)| Ok((name.clone(), self.factor_of(key, name, *ratio)?)))
                .collect::<Result<_>>()?
        };
        Ok(Lookup::of(by, values))
    }

    fn factor_of(&self, key: &str, name: &str, ratio: Ratio) -> Result<Exact> {
        not_negative(self.at, &format!("{key}.{name}"), ratio)
    }
}

/// Groups of their own way with the hospital's coefficient.
#[derive(Clone, Debug, Default)]
pub(super) struct Groups {
    attributes: Vec<Attribute>,
    /// Groups of one price, and what stands in place of the coefficient.
    same_price: HashMap<String, Exact>,
}

#[derive(Clone, Debug)]
struct Attribute {
    skip: Vec<CoefKind>,
    /// At these levels; `None`: at every one.
    at: Option<Vec<HospitalLevel>>,
    groups: HashSet<String>,
}

impl Groups {
    pub(super) fn of(file: &PackFile, at: &Places) -> Result<Groups> {
        let mut groups = Groups::default();
        for (name, written) in file.group.attr.iter().flatten() {
            let key = format!("group.attr.{name}");
            let (place, text) = at.beside(&key, &written.list)?;
            let rows = list(&place, &text, &["group"])?;
            let levels = written.at.as_ref().map(|levels| {
                levels
                    .iter()
                    .map(|level| super::rules::level_of(at, &key, level))
                    .collect::<Result<_>>()
            });
            groups.attributes.push(Attribute {
                skip: written.skip.clone(),
                at: levels.transpose()?,
                groups: rows.into_iter().flatten().collect(),
            });
        }
        groups.same_price = same_price(file, at)?;
        Ok(groups)
    }

    /// Whether a group skips a factor at a level.
    pub(super) fn skip(&self, group: &str, level: HospitalLevel, kind: CoefKind) -> bool {
        self.attributes.iter().any(|attribute| {
            attribute.skip.contains(&kind)
                && attribute.at.as_ref().is_none_or(|levels| levels.contains(&level))
                && attribute.groups.contains(group)
        })
    }

    /// What stands in place of the coefficient in a group of one price.
    pub(super) fn own_coefficient(&self, group: &str) -> Option<Exact> {
        self.same_price.get(group).copied()
    }

    /// How many groups have one price.
    pub(super) fn same_price_groups(&self) -> usize {
        self.same_price.len()
    }
}

fn same_price(file: &PackFile, at: &Places) -> Result<HashMap<String, Exact>> {
    const KEY: &str = "group.same_price";
    let Some(same) = &file.group.same_price else {
        return Ok(HashMap::new());
    };
    let wanted = same.mode != SamePriceMode::Off;
    let list_file = super::rules::together(at, wanted, "group.same_price.list", KEY, same.list.as_ref())?;
    let Some(list_file) = list_file else {
        return Ok(HashMap::new());
    };
    let (place, text) = at.beside("group.same_price.list", list_file)?;
    let columns: &[&str] = match same.mode {
        SamePriceMode::OwnCoef => &["group", "coefficient"],
        _ => &["group"],
    };
    let mut groups = HashMap::new();
    for (index, row) in list(&place, &text, columns)?.into_iter().enumerate() {
        let place = place.line(index as u64 + 2);
        let mut cells = row.into_iter();
        let group = cells.next().unwrap_or_default();
        let own = match cells.next() {
            None => Some(Exact::ONE),
            Some(text) => text.parse::<Ratio>().ok().and_then(|ratio| ratio.exact().ok()),
        };
        let own = own.filter(|own| own.parts().0 >= 0).ok_or_else(|| {
            Error::at(
                place.clone(),
                "`coefficient` is no factor; expected one not below zero, e.g. 0.98",
            )
        })?;
        if groups.insert(group.clone(), own).is_some() {
            return Err(Error::at(place, format!("group `{group}` stands twice")));
        }
    }
    Ok(groups)
}

/// Auxiliary coefficients by group, family and label.
#[derive(Clone, Debug)]
pub(super) struct Auxiliary {
    kinds: Vec<String>,
    pick: AuxPick,
    table: Lookup,
}

impl Auxiliary {
    pub(super) fn of(file: &PackFile, at: &Places) -> Result<Option<Auxiliary>> {
        let Some(aux) = &file.coef.aux else {
            return Ok(None);
        };
        let keys = [Key::Group, Key::Family, Key::Label];
        let table = lookup(
            at,
            "coef.aux.table",
            &aux.table,
            None,
            &keys,
            ("coefficient", Unit::Factor),
        )?;
        Ok(Some(Auxiliary {
            kinds: aux.kinds.clone(),
            pick: aux.pick,
            table,
        }))
    }

    /// The families that count.
    pub(super) fn families(&self) -> &[String] {
        &self.kinds
    }

    /// Which of several counts.
    pub(super) const fn pick(&self) -> AuxPick {
        self.pick
    }

    /// The coefficient of a case's labels; a label without a row counts as none.
    pub(super) fn coefficient(
        &self,
        group: &str,
        labels: &[(&str, &str)],
    ) -> std::result::Result<Exact, Overflow> {
        let mut picked: Option<Exact> = None;
        for (family, label) in labels
            .iter()
            .filter(|(family, _)| self.kinds.iter().any(|kind| kind == family))
        {
            let asked = Asked {
                group,
                family,
                label,
                ..Asked::default()
            };
            let Some(factor) = self.table.get(&asked) else {
                continue;
            };
            picked = Some(match (picked, self.pick) {
                (None, _) => factor,
                (Some(so_far), AuxPick::Product) => so_far.mul(factor)?,
                (Some(so_far), AuxPick::Max) if so_far.compare(factor).is_lt() => factor,
                (Some(so_far), AuxPick::Max) => so_far,
            });
        }
        Ok(picked.unwrap_or(Exact::ONE))
    }
}
