//! Corridors (结余留用、超支分担): φ(q) by bands, cliffs between them, hospitals that stand near one.

use super::outcome::{Outcome, float};
use super::statistics::quantile;
use crate::points::Pack;
use crate::units::Exact;

/// Half width of the zone around a cliff (聚集区间).
pub const BUNCHING: f64 = 0.02;

/// A limit between two bands (走廊界限).
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// Claims over due at which it lies.
    pub at: f64,
    /// Pay over due just below.
    pub below: f64,
    /// And just above.
    pub above: f64,
    /// Whether pay jumps there.
    pub is_cliff: bool,
    /// What the jump is to a hospital of median due, in yuan.
    pub jump_yuan: f64,
}

/// A band (走廊分段).
#[derive(Clone, Debug, PartialEq)]
pub struct BandOfRun {
    /// Upper limit; none is infinity.
    pub to: Option<f64>,
    /// Share of the claim.
    pub alpha: f64,
    /// Share of the due.
    pub beta: f64,
    /// The share of the claim is below 0 or above 1.
    pub slope_out_of_range: bool,
}

/// Where a hospital stands (医院位置).
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// Pool.
    pub pool: String,
    /// Hospital.
    pub hospital: String,
    /// Claims over due.
    pub q: f64,
    /// Pay over due.
    pub phi: f64,
    /// Within the zone around a cliff.
    pub bunching: bool,
}

/// The corridor of a run (走廊).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CorridorOfRun {
    /// Bands from low to high.
    pub bands: Vec<BandOfRun>,
    /// Limits between them.
    pub limits: Vec<Limit>,
    /// Hospitals, by pool and code.
    pub hospitals: Vec<Standing>,
}

/// A fraction as a number for showing.
fn shown(value: Exact) -> f64 {
    let (num, den) = value.parts();
    num as f64 / den as f64
}

/// The corridor of a pack and where hospitals stand in it; empty without one (走廊分析).
pub fn corridor(pack: &Pack, outcome: &Outcome) -> CorridorOfRun {
    let Some(rules) = &pack.rules.money.corridor else {
        return CorridorOfRun::default();
    };
    let band = |band: &crate::points::Band| BandOfRun {
        to: band.to.map(shown),
        alpha: shown(band.alpha),
        beta: shown(band.beta),
        slope_out_of_range: band.alpha.parts().0 < 0 || band.alpha.compare(Exact::ONE).is_gt(),
    };
    let bands: Vec<BandOfRun> = rules.bands.iter().map(band).collect();
    let mut dues: Vec<f64> = outcome
        .corridor
        .iter()
        .map(|of| float(of.before) / 100.0)
        .collect();
    dues.sort_by(f64::total_cmp);
    let limits = limits(&bands, quantile(&dues, 0.5).unwrap_or(0.0));
    let standing = |of: &super::outcome::InPool| {
        let q = float(of.claim) / float(of.before);
        let near = |limit: &&Limit| limit.is_cliff && (q / limit.at - 1.0).abs() <= BUNCHING;
        q.is_finite().then(|| Standing {
            pool: of.pool.clone(),
            hospital: of.hospital.clone(),
            q,
            phi: float(of.after) / float(of.before),
            bunching: limits.iter().any(|limit| near(&limit)),
        })
    };
    CorridorOfRun {
        hospitals: outcome.corridor.iter().filter_map(standing).collect(),
        bands,
        limits,
    }
}

/// Limits between neighbouring bands; a jump above 10⁻⁹ is a cliff (悬崖).
pub fn limits(bands: &[BandOfRun], median_due_yuan: f64) -> Vec<Limit> {
    let limit = |pair: &[BandOfRun]| {
        let [low, high] = pair else { return None };
        let at = low.to?;
        let (below, above) = (low.alpha * at + low.beta, high.alpha * at + high.beta);
        Some(Limit {
            at,
            below,
            above,
            is_cliff: (above - below).abs() > 1e-9,
            jump_yuan: (above - below) * median_due_yuan,
        })
    };
    bands.windows(2).filter_map(limit).collect()
}
