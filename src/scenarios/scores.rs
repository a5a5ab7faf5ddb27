//! The weights of a run beside the scores of the scheme's own catalogue (分值核对).

use std::fmt::Write;

use super::chain::Inputs;
use crate::diagnostics::{Lang, Place};
use crate::units::Exact;

/// Groups named in words.
const SHOWN: usize = 5;

/// A score's unit in tables of packets.
const MILLION: i128 = 1_000_000;

/// Weights that are not the scores the catalogue prints (权重与目录分值不一致): meant so by a simulation, a slip
/// anywhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScoresDiffer {
    /// The file of weights.
    pub place: Place,
    /// Groups that have a score in the catalogue.
    pub scored: usize,
    /// Those whose weight is another number: code, weight, score of the catalogue.
    pub other: Vec<(String, String, String)>,
    /// Those without a weight.
    pub missing: Vec<String>,
}

impl Inputs {
    /// How the weights differ from the scheme's own scores; `None` where they do not, and where the
    /// scheme has none.
    pub fn scores_differ(&self) -> Option<ScoresDiffer> {
        let scheme = self.grouper.scheme();
        let packets = scheme.packets()?;
        let mut found = ScoresDiffer {
            place: Place::file(&self.scenario.weights),
            scored: 0,
            other: Vec::new(),
            missing: Vec::new(),
        };
        for (at, rule) in scheme.rules().iter().enumerate() {
            let score = packets.of(at).and_then(|packet| packet.score);
            let score = score.and_then(|score| Exact::new(score.into(), MILLION).ok());
            let Some(score) = score else { continue };
            found.scored += 1;
            let weight = self.weights.get(&rule.code).and_then(|row| row.weight);
            match weight.map(|weight| (weight, weight.exact())) {
                None => found.missing.push(rule.code.clone()),
                Some((_, Ok(exact))) if exact == score => {}
                Some((weight, _)) => {
                    let score = score.show_shortest(6).unwrap_or_default();
                    found.other.push((rule.code.clone(), weight.to_string(), score));
                }
            }
        }
        let differ = !found.other.is_empty() || !found.missing.is_empty();
        differ.then_some(found)
    }
}

impl ScoresDiffer {
    /// In one line.
    pub fn words(&self, lang: Lang) -> String {
        let (place, scored, other, missing) =
            (&self.place, self.scored, self.other.len(), self.missing.len());
        let mut text = match lang {
            Lang::En => format!("!! {place}: of {scored} groups with a score in the scheme's catalogue"),
            Lang::Zh => format!("!! {place}：方案目录中有分值的{scored}个病种，"),
        };
        if other > 0 {
            let shown = self.other.iter().take(SHOWN);
            let shown: Vec<String> = shown
                .map(|(code, weight, score)| match lang {
                    Lang::En => format!("{code} {weight}, not {score}"),
                    Lang::Zh => format!("{code} {weight}（目录{score}）"),
                })
                .collect();
            let more = if other > SHOWN { ", …" } else { "" };
            let shown = shown.join("; ");
            let _ = match lang {
                Lang::En => write!(text, " {other} have another weight here ({shown}{more})"),
                Lang::Zh => write!(text, "有{other}个的权重与目录不同（{shown}{more}）"),
            };
        }
        if missing > 0 {
            let shown: Vec<&str> = self.missing.iter().take(SHOWN).map(String::as_str).collect();
            let more = if missing > SHOWN { ", …" } else { "" };
            let shown = shown.join(", ");
            let and = if other > 0 { lang.pick(" and", "，") } else { "" };
            let _ = match lang {
                Lang::En => write!(text, "{and} {missing} have none ({shown}{more})"),
                Lang::Zh => write!(text, "{and}有{missing}个没有权重（{shown}{more}）"),
            };
        }
        text
    }
}
