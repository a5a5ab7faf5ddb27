//! Which pool a case belongs to (基金池划分): one for every combination of the pack's keys.

use super::Pack;
use super::file_money::PoolKey;
use super::rules_event::Effect;

/// What a pool may depend on (分池要素).
#[derive(Clone, Copy, Debug, Default)]
pub struct PoolParts<'a> {
    /// Insurance of the person.
    pub insurance: &'a str,
    /// Hospital level.
    pub level: &'a str,
    /// District of the hospital; empty: not known.
    pub district: &'a str,
    /// Group of counties of the hospital; empty: not known.
    pub county_group: &'a str,
    /// Kind of care: `inpatient` or `day_care`.
    pub care: &'a str,
    /// Day of discharge, for events that have a budget of their own.
    pub day: &'a str,
    /// Group code.
    pub group: Option<&'a str>,
}

impl Pack {
    /// The name of a case's pool (所属基金池): the parts of `pool.key` that differ within one region and
    /// year, joined by `/`; insurances that `pool.merge` joins, by `+`; `region` where nothing differs.
    ///
    /// # Errors
    /// The part that is not known of the case.
    pub fn pool_of(&self, parts: &PoolParts) -> Result<String, &'static str> {
        let mut name: Vec<String> = Vec::new();
        for key in &self.rules.money.key {
            let (part, column) = match key {
                PoolKey::Region | PoolKey::Year => continue,
                PoolKey::InsuredScheme | PoolKey::Fund => (self.merged(parts.insurance), "insured_scheme"),
                PoolKey::Level => (parts.level.to_owned(), "level"),
                PoolKey::District => (parts.district.to_owned(), "district"),
                PoolKey::CountyGroup => (parts.county_group.to_owned(), "county_group"),
                PoolKey::Care => (parts.care.to_owned(), "day_surgery"),
            };
            if part.is_empty() {
                return Err(column);
            }
            if !name.contains(&part) {
                name.push(part);
            }
        }
        let event = self.rules.event(parts.day, parts.group);
        if let Some(event) = event.filter(|event| matches!(event.what, Effect::Separate)) {
            name.push(event.id.clone());
        }
        if name.is_empty() {
            return Ok("region".to_owned());
        }
        Ok(name.join("/"))
    }

    /// The insurances that share one pool with this one, or it alone.
    fn merged(&self, insurance: &str) -> String {
        let joined = self
            .rules
            .money
            .merge
            .iter()
            .find(|of| of.iter().any(|name| name == insurance));
        joined.map_or_else(|| insurance.to_owned(), |of| of.join("+"))
    }

    /// Whether its pools are one an insurance of one region and year (是否按险种分池).
    pub fn pools_by_insurance(&self) -> bool {
        let money = &self.rules.money;
        let insured = |part: &PoolKey| matches!(part, PoolKey::InsuredScheme | PoolKey::Fund);
        let constant = |part: &PoolKey| matches!(part, PoolKey::Region | PoolKey::Year);
        let events = &self.rules.events;
        money.key.iter().any(insured)
            && money.key.iter().all(|part| insured(part) || constant(part))
            && money.merge.is_empty()
            && !events.iter().any(|event| matches!(event.what, Effect::Separate))
    }
}
