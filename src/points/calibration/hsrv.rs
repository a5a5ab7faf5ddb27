//! Weights free of the hospitals' price levels (医院相对值, HSRV): costs relative to the hospital's mean,
//! brought up by its case mix, until weights and case mix agree.

use super::estimate::{Drawn, Total};
use super::statistics::{Missing, ratio};
use super::stays::Stays;
use crate::diagnostics::Error;

/// How the fixed point is sought.
#[derive(Clone, Copy, Debug)]
pub struct Hsrv {
    /// Largest change of a weight in the last round.
    pub tolerance: f64,
    /// Rounds at most.
    pub rounds: u32,
    /// How many hospitals.
    pub hospitals: usize,
    /// What every hospital's case mix starts from; the result does not depend on it.
    pub start: f64,
}

/// A fixed point.
#[derive(Clone, Debug)]
pub struct FixedPoint {
    /// By group; none without cases.
    pub weights: Vec<Option<f64>>,
    /// By hospital; none without cases.
    pub case_mix: Vec<Option<f64>>,
    /// Rounds that were needed.
    pub rounds: u32,
}

/// Why there is no fixed point; groups and hospitals by their places.
#[derive(Clone, Debug, PartialEq)]
pub enum NoFixedPoint {
    /// Parts that share neither group nor hospital: the hospitals of each.
    NotConnected(Vec<Vec<usize>>),
    /// No cost at all, or none in this hospital.
    NoCost(Option<usize>),
    /// The change of the last round is still above the tolerance.
    DoesNotEnd(f64),
}

impl NoFixedPoint {
    /// In the user's words.
    pub fn named(&self, stays: &Stays) -> Error {
        let name = |place: &usize| stays.hospitals.get(*place).map_or("", String::as_str);
        Error::new(match self {
            NoFixedPoint::NotConnected(parts) => {
                let parts: Vec<String> = parts
                    .iter()
                    .map(|part| format!("[{}]", part.iter().map(name).collect::<Vec<_>>().join(", ")))
                    .collect();
                format!(
                    "method `hsrv`: hospitals that share no group cannot be compared; their parts are {}; expected \
                     hospitals that are all connected by common groups",
                    parts.join(" and ")
                )
            }
            NoFixedPoint::NoCost(None) => {
                "no case with a cost above zero: there is nothing to make weights from".to_owned()
            }
            NoFixedPoint::NoCost(Some(place)) => format!(
                "method `hsrv`: the kept cases of hospital `{}` cost nothing; expected costs above zero",
                name(place)
            ),
            NoFixedPoint::DoesNotEnd(change) => format!(
                "method `hsrv`: weights still change by {change:e} in the last round; expected a larger \
                 `tolerance` or more `rounds`"
            ),
        })
    }
}

/// Cases and costs of a hospital in a group.
struct Cell {
    group: usize,
    hospital: usize,
    total: Total,
}

/// Cells with cases, by group and hospital.
fn cells(groups: usize, hospitals: usize, drawn: &impl Drawn) -> Vec<Cell> {
    let mut totals = vec![Total::default(); groups * hospitals];
    drawn.each(|group, stay| {
        if let Some(total) = totals.get_mut(group * hospitals + stay.hospital as usize) {
            total.add(stay.cost);
        }
    });
    let cells = totals
        .into_iter()
        .enumerate()
        .filter(|(_, total)| total.cases > 0);
    cells
        .map(|(at, total)| Cell {
            group: at / hospitals.max(1),
            hospital: at % hospitals.max(1),
            total,
        })
        .collect()
}

/// Repeats relative values and case mix until the weights stand still.
///
/// # Errors
/// The hospitals are not connected by groups; a hospital without costs; too many rounds.
pub fn fixed_point(
    groups: usize,
    drawn: &impl Drawn,
    hsrv: &Hsrv,
) -> std::result::Result<FixedPoint, NoFixedPoint> {
    let cells = cells(groups, hsrv.hospitals, drawn);
    connected(&cells, groups, hsrv.hospitals)?;
    let mut sums = Sums::of(&cells, groups, hsrv)?;
    let mut change = f64::INFINITY;
    for round in 1..=hsrv.rounds {
        change = sums.round(&cells);
        if change < hsrv.tolerance {
            return Ok(sums.finish(round));
        }
    }
    Err(NoFixedPoint::DoesNotEnd(change))
}

/// What a round reads and writes.
struct Sums {
    cases_of_group: Vec<f64>,
    cases_of_hospital: Vec<f64>,
    /// Mean cost of each hospital.
    means: Vec<f64>,
    weights: Vec<f64>,
    case_mix: Vec<f64>,
}

impl Sums {
    fn of(cells: &[Cell], groups: usize, hsrv: &Hsrv) -> std::result::Result<Sums, NoFixedPoint> {
        let mut of_group = vec![Total::default(); groups];
        let mut of_hospital = vec![Total::default(); hsrv.hospitals];
        for cell in cells {
            let group = of_group.get_mut(cell.group).into_iter();
            for total in group.chain(of_hospital.get_mut(cell.hospital)) {
                total.cases += cell.total.cases;
                total.cost += cell.total.cost;
            }
        }
        if cells.is_empty() {
            return Err(NoFixedPoint::NoCost(None));
        }
        let free = of_hospital
            .iter()
            .position(|total| total.cases > 0 && total.cost <= 0);
        if free.is_some() {
            return Err(NoFixedPoint::NoCost(free));
        }
        let cases = |totals: &[Total]| totals.iter().map(|total| total.cases as f64).collect();
        Ok(Sums {
            cases_of_group: cases(&of_group),
            cases_of_hospital: cases(&of_hospital),
            means: of_hospital
                .iter()
                .map(|total| total.cost as f64 / total.cases.max(1) as f64)
                .collect(),
            weights: vec![1.0; groups],
            case_mix: vec![hsrv.start; hsrv.hospitals],
        })
    }

    /// One round; the largest change of a weight.
    fn round(&mut self, cells: &[Cell]) -> f64 {
        let mut weights = vec![0.0; self.weights.len()];
        for cell in cells {
            let mean = self.means.get(cell.hospital).copied().unwrap_or(1.0);
            let mix = self.case_mix.get(cell.hospital).copied().unwrap_or(1.0);
            if let Some(weight) = weights.get_mut(cell.group) {
                *weight += cell.total.cost as f64 / mean * mix;
            }
        }
        // sums of relative values: over all cases they are the mean by cases
        let mean = weights.iter().sum::<f64>() / self.cases_of_group.iter().sum::<f64>();
        for (weight, cases) in weights.iter_mut().zip(&self.cases_of_group) {
            *weight = ratio(*weight, cases * mean, Missing::NoCases).unwrap_or(0.0);
        }
        let mut points = vec![0.0; self.case_mix.len()];
        for cell in cells {
            let weight = weights.get(cell.group).copied().unwrap_or(0.0);
            if let Some(sum) = points.get_mut(cell.hospital) {
                *sum += cell.total.cases as f64 * weight;
            }
        }
        for ((mix, sum), cases) in self.case_mix.iter_mut().zip(points).zip(&self.cases_of_hospital) {
            *mix = ratio(sum, *cases, Missing::NoCases).unwrap_or(*mix);
        }
        let changes = self
            .weights
            .iter()
            .zip(&weights)
            .map(|(old, new)| (new - old).abs());
        let change = changes.fold(0.0, f64::max);
        self.weights = weights;
        change
    }

    fn finish(self, rounds: u32) -> FixedPoint {
        let with = |values: Vec<f64>, cases: &[f64]| {
            let values = values.into_iter().zip(cases);
            values
                .map(|(value, cases)| (*cases > 0.0).then_some(value))
                .collect()
        };
        FixedPoint {
            weights: with(self.weights, &self.cases_of_group),
            case_mix: with(self.case_mix, &self.cases_of_hospital),
            rounds,
        }
    }
}

/// # Errors
/// Hospitals and groups fall into several parts.
fn connected(cells: &[Cell], groups: usize, hospitals: usize) -> std::result::Result<(), NoFixedPoint> {
    let mut parents: Vec<usize> = (0..hospitals + groups).collect();
    for cell in cells {
        let hospital = root(&mut parents, cell.hospital);
        let group = root(&mut parents, hospitals + cell.group);
        // the smaller number is the root, so that parts come in order
        if let Some(parent) = parents.get_mut(hospital.max(group)) {
            *parent = hospital.min(group);
        }
    }
    let mut treated: Vec<usize> = cells.iter().map(|cell| cell.hospital).collect();
    treated.sort_unstable();
    treated.dedup();
    let mut parts: std::collections::BTreeMap<usize, Vec<usize>> = std::collections::BTreeMap::new();
    for hospital in treated {
        let of = root(&mut parents, hospital);
        parts.entry(of).or_default().push(hospital);
    }
    match parts.len() {
        0 | 1 => Ok(()),
        _ => Err(NoFixedPoint::NotConnected(parts.into_values().collect())),
    }
}

/// The root of a place, its path made shorter on the way.
fn root(parents: &mut [usize], mut place: usize) -> usize {
    loop {
        let Some(parent) = parents.get(place).copied().filter(|parent| *parent != place) else {
            return place;
        };
        let above = parents.get(parent).copied().unwrap_or(parent);
        if let Some(slot) = parents.get_mut(place) {
            *slot = above;
        }
        place = above;
    }
}
