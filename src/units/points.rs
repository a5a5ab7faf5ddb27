//! Points (点数) and the value of one point (点值).

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};

use super::exact::show_scaled;
use super::{Exact, Fen, Overflow};

/// Points of a case, a hospital or a pool (点数): an integer number of 10⁻¹² points.
///
/// A case's points are rounded once, by [`Exact::points_half_away`]; sums are then exact and do
/// not depend on their order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Points(i128);

impl Points {
    /// No points.
    pub const ZERO: Points = Points(0);
    /// How many units make one point.
    pub const PER_POINT: i128 = 1_000_000_000_000;

    /// From units of 10⁻¹² point.
    pub const fn new(units: i128) -> Points {
        Points(units)
    }

    /// Units of 10⁻¹² point.
    pub const fn units(self) -> i128 {
        self.0
    }

    /// The exact number of points.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn exact(self) -> Result<Exact, Overflow> {
        Exact::new(self.0, Points::PER_POINT)
    }
}

impl Add for Points {
    type Output = Points;
    fn add(self, other: Points) -> Points {
        Points(self.0 + other.0)
    }
}

impl AddAssign for Points {
    fn add_assign(&mut self, other: Points) {
        *self = *self + other;
    }
}

impl Sum for Points {
    fn sum<I: Iterator<Item = Points>>(points: I) -> Points {
        points.fold(Points::ZERO, Add::add)
    }
}

/// At least four decimals, more only where they are not zero.
impl fmt::Display for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = show_scaled(self.0, 12);
        let shortest = text.len() - 8;
        while text.len() > shortest && text.ends_with('0') {
            text.pop();
        }
        f.pad(&text)
    }
}

/// Fen per point (点值), exact: money over points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PointValue(Exact);

impl PointValue {
    /// The value at which `points` absorb `money`.
    ///
    /// # Errors
    /// [`Overflow`], also when there are no points.
    pub fn new(money: Fen, points: Points) -> Result<PointValue, Overflow> {
        money.exact().div(points.exact()?).map(PointValue)
    }

    /// Exact fen per point.
    pub const fn exact(self) -> Exact {
        self.0
    }

    /// Yuan per point with `decimals` places, for showing only: nobody is paid from it.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn show_yuan(self, decimals: u32) -> Result<String, Overflow> {
        self.0.div(Exact::integer(100))?.show(decimals)
    }
}
