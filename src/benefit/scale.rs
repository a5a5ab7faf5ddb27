//! What a scale pays (分段计算): the one place where a ratio meets an amount.

use super::file::{Basis, Edge, Kind, Shape};
use super::literal::{Band, Change, Limit};
use super::load::changed;
use super::resolve::edge;
use crate::units::{Exact, Fen, Overflow};

/// A threshold, bands and a cap (起付线, 分段, 封顶线): what an insurance pays on a year's amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale<'p> {
    pub(super) shape: Shape,
    pub(super) threshold: Exact,
    pub(super) bands: &'p [Band],
    pub(super) cap: Limit,
}

impl Scale<'_> {
    /// The threshold (起付线), exact: half of 16 901 yuan is not cut.
    pub fn threshold(&self) -> Exact {
        self.threshold
    }

    /// Paid on an amount that grew from `before` to `before + amount` (本次支付).
    ///
    /// The difference of two rounded totals, so that the payments of a year sum to what the
    /// year's total alone would have been paid.
    ///
    /// # Errors
    /// [`Overflow`], for amounts beyond any bill.
    pub fn pays(&self, before: Fen, amount: Fen) -> Result<Fen, Overflow> {
        Ok(self.total(before + amount)? - self.total(before)?)
    }

    /// Paid on `amount` in all (累计应付), rounded half up to the fen, at most the cap.
    ///
    /// # Errors
    /// [`Overflow`], for amounts beyond any bill.
    pub fn total(&self, amount: Fen) -> Result<Fen, Overflow> {
        self.total_exact(amount.exact())
    }

    pub(super) fn total_exact(&self, amount: Exact) -> Result<Fen, Overflow> {
        let paid = self.exact(amount)?.fen_half_away()?;
        Ok(self.cap.0.map_or(paid, |cap| paid.min(cap)))
    }

    fn exact(&self, amount: Exact) -> Result<Exact, Overflow> {
        let above = amount.sub(self.threshold)?;
        if above.compare(Exact::ZERO).is_le() {
            return Ok(Exact::ZERO);
        }
        let (from, to) = match self.shape.basis {
            Basis::Gross => (self.threshold, amount),
            Basis::Excess => (Exact::ZERO, above),
        };
        match self.shape.kind {
            Kind::Marginal => along(self.bands, from, to, None),
            Kind::Slab => ratio_at(self.bands, to, edge(self.shape), None)?.mul(above),
        }
    }
}

/// Σ ratio × the part of (from, to] inside each band, exact.
pub fn along(bands: &[Band], from: Exact, to: Exact, change: Option<Change>) -> Result<Exact, Overflow> {
    let mut sum = Exact::ZERO;
    let mut low = from;
    for band in bands {
        let high = match band.upper {
            Some(upper) => upper.exact().min(to),
            None => to,
        };
        if high.compare(low).is_gt() {
            sum = sum.add(moved(band.ratio, change)?.mul(high.sub(low)?)?)?;
            low = high;
        }
    }
    Ok(sum)
}

/// The one ratio of the band that `amount` lies in; nothing above the last band.
pub fn ratio_at(
    bands: &[Band],
    amount: Exact,
    edge: Edge,
    change: Option<Change>,
) -> Result<Exact, Overflow> {
    for band in bands {
        let inside = match band.upper {
            None => true,
            Some(upper) => match edge {
                Edge::UpperIn => amount.compare(upper.exact()).is_le(),
                Edge::UpperOut => amount.compare(upper.exact()).is_lt(),
            },
        };
        if inside {
            return moved(band.ratio, change);
        }
    }
    Ok(Exact::ZERO)
}

fn moved(ratio: Exact, change: Option<Change>) -> Result<Exact, Overflow> {
    change.map_or(Ok(ratio), |change| changed(ratio, change))
}
