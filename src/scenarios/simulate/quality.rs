//! What an assessment returns (考核与质量保证金): the share of each score, and what hospitals have by it.

use super::levers::number;
use super::outcome::Outcome;
use super::resolve::Whole;
use crate::points::Pack;
use crate::units::{Exact, Fen};

/// A hospital's score and what it is worth (机构考核结果).
#[derive(Clone, Debug, PartialEq)]
pub struct Assessed {
    /// The hospital.
    pub hospital: String,
    /// Its score as written.
    pub score: String,
    /// The share that its score returns.
    pub share: Option<f64>,
    /// What all pools owed it before the assessment and after, where it changes dues and not points.
    pub due: Option<(Fen, Fen)>,
}

/// The assessment of a run (考核).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QualityOfRun {
    /// From which score on which share, from low to high.
    pub bands: Vec<(f64, f64)>,
    /// Hospitals with a score, by code.
    pub hospitals: Vec<Assessed>,
}

fn shown(value: Exact) -> f64 {
    let (num, den) = value.parts();
    num as f64 / den as f64
}

/// The assessment of a pack and what its hospitals have by it; empty without one (考核分析).
pub fn quality(whole: &Whole, pack: &Pack, outcome: &Outcome) -> QualityOfRun {
    let Some(assess) = &pack.rules.money.assess else {
        return QualityOfRun::default();
    };
    let share = |score: Exact| {
        let mut bands = assess.bands.iter();
        bands
            .find(|(from, _)| score.compare(*from).is_ge())
            .map(|(_, share)| shown(*share))
    };
    let mut bands: Vec<(f64, f64)> = assess
        .bands
        .iter()
        .map(|(from, share)| (shown(*from), shown(*share)))
        .collect();
    bands.reverse();
    let scores = whole.document.below(&["quality", "scores"]);
    let hospitals = scores.filter_map(|(path, leaf)| {
        let (code, score) = (path.names().last()?, leaf.value.as_str()?);
        let steps = outcome.assessed.iter().filter(|of| of.hospital == *code);
        let due = steps.fold(None, |sum: Option<(Fen, Fen)>, of| {
            let (before, after) = sum.unwrap_or((Fen::ZERO, Fen::ZERO));
            Some((before + of.before, after + of.after))
        });
        Some(Assessed {
            hospital: code.clone(),
            score: score.to_owned(),
            share: number(score).and_then(share),
            due,
        })
    });
    QualityOfRun {
        hospitals: hospitals.collect(),
        bands,
    }
}
