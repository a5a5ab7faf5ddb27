//! Splitting an amount so that the parts sum to it (最大余额法).

use super::Fen;

/// Why an amount cannot be split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApportionError {
    /// The denominator of the shares is not above zero.
    NoDenominator,
    /// The exact shares do not sum to the amount to be split, give or take less than one fen.
    DoesNotSum,
    /// A share leaves the range of fen.
    Overflow,
}

impl std::fmt::Display for ApportionError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            ApportionError::NoDenominator => "there is nothing to split by: the shares sum to zero or less",
            ApportionError::DoesNotSum => "the exact shares do not sum to the amount to be split",
            ApportionError::Overflow => "a share leaves the range of money",
        })
    }
}

impl std::error::Error for ApportionError {}

/// Splits `total` over exact shares by the largest remainder (最大余额法).
///
/// Share `i` is `numerators[i] / denominator` fen. Each part is its share rounded toward minus
/// infinity; the fen still missing go one each to the largest fractional parts, ties to the
/// earlier share. So the caller decides ties by the order it passes, e.g. hospital code
/// ascending. Negative shares are legal.
///
/// The parts sum to `total` exactly and each lies within one fen of its share.
///
/// ```
/// use dianzhi::units::{Fen, apportion};
/// let parts = apportion(Fen::new(100), &[100, 100, 100], 3).unwrap();
/// assert_eq!(parts, [Fen::new(34), Fen::new(33), Fen::new(33)]);
/// ```
///
/// # Errors
/// See [`ApportionError`]; an empty list is legal only for a zero total.
pub fn apportion(total: Fen, numerators: &[i128], denominator: i128) -> Result<Vec<Fen>, ApportionError> {
    if denominator <= 0 {
        return Err(ApportionError::NoDenominator);
    }
    let mut parts = Vec::with_capacity(numerators.len());
    let mut order: Vec<(i128, usize)> = Vec::with_capacity(numerators.len());
    let mut floors: i128 = 0;
    for (index, numerator) in numerators.iter().enumerate() {
        let floor = numerator.div_euclid(denominator);
        floors = floors.checked_add(floor).ok_or(ApportionError::Overflow)?;
        parts.push(Fen::new(
            i64::try_from(floor).map_err(|_| ApportionError::Overflow)?,
        ));
        order.push((numerator.rem_euclid(denominator), index));
    }
    let missing = i128::from(total.fen()) - floors;
    let missing = usize::try_from(missing).map_err(|_| ApportionError::DoesNotSum)?;
    if missing > parts.len() {
        return Err(ApportionError::DoesNotSum);
    }
    order.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    for (_, index) in order.into_iter().take(missing) {
        if let Some(part) = parts.get_mut(index) {
            *part += Fen::new(1);
        }
    }
    Ok(parts)
}

impl Fen {
    /// This amount split by integer weights: shares `self × wᵢ / Σw`, see [`apportion`].
    ///
    /// # Errors
    /// As [`apportion`].
    pub fn split(self, weights: &[i128]) -> Result<Vec<Fen>, ApportionError> {
        let amount = i128::from(self.fen());
        let sum = weights
            .iter()
            .try_fold(0_i128, |sum, w| sum.checked_add(*w))
            .ok_or(ApportionError::Overflow)?;
        let shares: Option<Vec<i128>> = weights.iter().map(|w| w.checked_mul(amount)).collect();
        apportion(self, &shares.ok_or(ApportionError::Overflow)?, sum)
    }

    /// The same over a fixed number of weights, without memory of its own (定长拆分): for bills of
    /// millions of records.
    ///
    /// ```
    /// use dianzhi::units::Fen;
    /// let parts = Fen::new(100).split_over([1, 1, 1]).unwrap();
    /// assert_eq!(parts, [Fen::new(34), Fen::new(33), Fen::new(33)]);
    /// ```
    ///
    /// # Errors
    /// As [`apportion`].
    pub fn split_over<const N: usize>(self, weights: [i64; N]) -> Result<[Fen; N], ApportionError> {
        let sum = weights.iter().try_fold(0_i64, |sum, w| sum.checked_add(*w));
        let sum = sum.ok_or(ApportionError::Overflow)?;
        if sum <= 0 {
            return Err(ApportionError::NoDenominator);
        }
        let mut parts = [Fen::ZERO; N];
        let mut order = [(0_i64, 0_usize); N];
        let mut missing = self.fen();
        let places = weights.iter().zip(&mut parts).zip(&mut order).enumerate();
        for (index, ((weight, part), rest)) in places {
            let Some(share) = weight.checked_mul(self.fen()) else {
                return self.split_widely(weights);
            };
            let floor = share.div_euclid(sum);
            missing = missing.checked_sub(floor).ok_or(ApportionError::Overflow)?;
            (*part, *rest) = (Fen::new(floor), (share - floor * sum, index));
        }
        if missing == 0 {
            return Ok(parts);
        }
        order.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        let missing = usize::try_from(missing).map_err(|_| ApportionError::DoesNotSum)?;
        for (_, index) in order.into_iter().take(missing) {
            if let Some(part) = parts.get_mut(index) {
                *part += Fen::new(1);
            }
        }
        Ok(parts)
    }

    /// Where products leave 64 bits.
    fn split_widely<const N: usize>(self, weights: [i64; N]) -> Result<[Fen; N], ApportionError> {
        let split = self.split(&weights.map(i128::from))?;
        let mut parts = [Fen::ZERO; N];
        parts
            .iter_mut()
            .zip(split)
            .for_each(|(part, split)| *part = split);
        Ok(parts)
    }
}
