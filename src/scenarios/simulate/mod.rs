//! Simulation (情景模拟): a baseline, reforms that hold only differences, and what they change for
//! every hospital, group and kind of patient.
//!
//! [`Resolved`] is what the files say; [`Engine`] runs it by the same functions that settle, stage by
//! stage; the other parts look at what came out. Nothing here has a formula of points or money of
//! its own.
//!
//! Money is exact to the fen. Ratios, quantiles, indices and everything drawn are floating, and
//! columns that hold them say so.

mod attribution;
mod behaviour;
mod calibrated;
mod cases;
mod compact;
mod corridor;
mod crosswalk;
mod document;
mod draw;
mod engine;
mod idle;
mod impact;
mod levers;
mod metrics;
mod outcome;
mod patients;
mod quality;
mod resolve;
mod sampler;
pub mod statistics;
mod stress;
mod study;
mod sweep;
mod table;

pub use attribution::{Attribution, Parts, attribute};
pub use cases::{Counted, Form, GroupOfRun, HospitalOfRun, How, Prepared, Scored, SimCase};
pub use corridor::{BUNCHING, BandOfRun, CorridorOfRun, Limit, Standing, corridor, limits};
pub use crosswalk::{CaseMix, Crosswalk, Mix, Moved, case_mix, crosswalk, mixes};
pub use document::{Canonical, Document, KeyPath, Leaf};
pub use draw::{Draws, FanRow, Probability, Spread, draws};
pub use engine::{Engine, Run, StageRun};
pub use idle::without_effect;
pub use impact::{Attributes, Bin, Fairness, Slice, Total, bins, change_rate, fairness, slices, total};
pub use levers::{Lever, Stage, lever_of, levers};
pub use metrics::{Metric, NotDefined};
pub use outcome::{GroupSum, HospitalSum, InPool, Outcome, PoolSum};
pub use patients::{KindOfPatient, PatientPart, PatientSum, patients};
pub use quality::{Assessed, QualityOfRun, quality};
pub use resolve::{Change, Remark, Resolved, Whole};
pub use stress::{PayOff, StressRow, Stressed, stress};
pub use study::{Axis, DrawLevel, Drawn, Heat, MOST_RUNS, MonteCarlo, Shape, Stress, Study, Swing, Target};
pub use sweep::{
    HeatGrid, Solved, SweepRow, TornadoRow, bisect, heat_map, level_line, solve, sweep, tornado,
};

use crate::diagnostics::Result;

/// What a scenario looked into besides the reform (研究结果); empty where it asks for nothing.
#[derive(Clone, Debug, Default)]
pub struct Studies {
    /// Runs of the sweep.
    pub sweep: Vec<SweepRow>,
    /// The tornado.
    pub tornado: Vec<TornadoRow>,
    /// The heat map.
    pub heat: Option<HeatGrid>,
    /// Targets.
    pub solved: Vec<Solved>,
    /// The stress test.
    pub stressed: Stressed,
    /// Draws.
    pub draws: Option<Draws>,
}

impl Studies {
    /// Everything a scenario asks for (运行研究项).
    ///
    /// # Errors
    /// As each of them.
    pub fn of(engine: &mut Engine<'_>, resolved: &Resolved, base: &Run, reform: &Run) -> Result<Studies> {
        Ok(Studies {
            sweep: sweep::sweep(engine, resolved, &base.outcome)?,
            tornado: sweep::tornado(engine, resolved, &base.outcome, &reform.outcome)?,
            heat: heat_map(engine, resolved, &base.outcome)?,
            solved: solve(engine, resolved, &base.outcome)?,
            stressed: stress(engine, resolved, &reform.outcome)?,
            draws: draws(engine, resolved, base, reform)?,
        })
    }
}
