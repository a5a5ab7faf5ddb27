//! The two formulas a threshold may be written as (起付线公式).

/// A formula (公式); the year is always written out, never "last year".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Formula {
    /// `floor_yuan(income[2019]/2)`: half of that year's income, cut to whole yuan.
    FloorYuanHalfIncome(u16),
    /// `half(cii.ordinary.threshold)`: exact half of the value in force that day, not cut.
    HalfOrdinaryThreshold,
}

impl Formula {
    pub fn parse(text: &str) -> Result<Formula, String> {
        if text == "half(cii.ordinary.threshold)" {
            return Ok(Formula::HalfOrdinaryThreshold);
        }
        let year = text
            .strip_prefix("floor_yuan(income[")
            .and_then(|rest| rest.strip_suffix("]/2)"));
        year.and_then(|year| year.parse().ok()).map(Formula::FloorYuanHalfIncome).ok_or_else(|| {
            format!(
                "`{text}` is no formula; expected `floor_yuan(income[2019]/2)` or `half(cii.ordinary.threshold)`"
            )
        })
    }
}
