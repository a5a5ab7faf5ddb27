//! Statistics (统计量): floating, named, with what is undefined said and not guessed.

/// Quantile of sorted values, type 7: h = (n − 1)p, linear between neighbours (分位数). None of
/// nothing.
pub fn quantile(sorted: &[f64], p: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let h = last as f64 * p.clamp(0.0, 1.0);
    let low = h.floor() as usize;
    let below = *sorted.get(low)?;
    let above = sorted.get(low + 1).copied().unwrap_or(below);
    Some(below + (h - h.floor()) * (above - below))
}

/// Arithmetic mean (均值). None of nothing.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Standard deviation over n − `ddof` (标准差). None with too few values.
pub fn deviation(values: &[f64], ddof: u32) -> Option<f64> {
    let mean = mean(values)?;
    let free = values.len() as f64 - f64::from(ddof);
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (free > 0.0).then(|| (squares / free).sqrt())
}

/// Gini coefficient of weighted values: ΣΣ wₐw_b|xₐ − x_b| ÷ (2μW²) (基尼系数). None where the mean
/// or the weights sum to nothing.
pub fn gini(values: &[(f64, f64)]) -> Option<f64> {
    let weight: f64 = values.iter().map(|(_, w)| w).sum();
    let mean: f64 = values.iter().map(|(x, w)| x * w).sum::<f64>() / weight;
    let pairs = values.iter().flat_map(|a| values.iter().map(move |b| (a, b)));
    let spread: f64 = pairs.map(|((x, w), (y, v))| w * v * (x - y).abs()).sum();
    let gini = spread / (2.0 * mean * weight * weight);
    gini.is_finite().then_some(gini)
}

/// σ of the logarithm of a lognormal variable, from its mean and median (对数正态参数). None where
/// the mean is not above the median, or the median not above zero.
pub fn lognormal_sigma(mean: f64, median: f64) -> Option<f64> {
    (median > 0.0 && mean >= median).then(|| (2.0 * (mean / median).ln()).sqrt())
}

/// Coefficient of variation of a lognormal variable of this σ (变异系数).
pub fn lognormal_cv(sigma: f64) -> f64 {
    (sigma * sigma).exp_m1().sqrt()
}

/// Cases for a ratio of pay to cost that is stable within `within` in 95 of 100 years, at this
/// coefficient of variation (T6): ⌈(1.96 · CV ÷ within)²⌉. None where it is not a number of cases.
pub fn cases_for_stable_ratio(cv: f64, within: f64) -> Option<u64> {
    let cases = (1.96 * cv / within).powi(2).ceil();
    (cases.is_finite() && (0.0..1e15).contains(&cases)).then_some(cases as u64)
}

/// Budget growth that holds the point value (T3): (1 + volume)(1 + case mix)(1 + coefficient) − 1
/// (维持点值的预算增长率).
pub fn growth_that_holds(volume: f64, case_mix: f64, coefficient: f64) -> f64 {
    (1.0 + volume) * (1.0 + case_mix) * (1.0 + coefficient) - 1.0
}

/// Gain of a hospital with this share of the points that raises them by `x`, and what every other
/// one loses (T2), as shares of what they had.
pub fn gain_of_inflating(share: f64, x: f64) -> (f64, f64) {
    let over = 1.0 + share * x;
    (x * (1.0 - share) / over, -share * x / over)
}

/// Coefficient of variation of a sum of Poisson(λ) cases whose weights vary by `cv` (T4).
pub fn poisson_sum_cv(lambda: f64, cv: f64) -> f64 {
    ((1.0 + cv * cv) / lambda).sqrt()
}
