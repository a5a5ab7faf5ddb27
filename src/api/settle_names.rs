//! Names that come with money (名称核对): pools, hospitals and cases that are typed must be known, each
//! once, and have a rule of the pack to go by.

use std::path::Path;

use hashbrown::HashMap;

use super::settle::spellings;
use super::settle_year::{PoolAmount, YearRequest};
use crate::budget::{CaseName, Decision, Verdict};
use crate::diagnostics::{Error, Place, Result, read_text, suggestion};
use crate::ledger::CaseKey;
use crate::scenarios::Inputs;
use crate::units::{Exact, Fen, Rate, Ratio};

/// Who did it and why is never left open.
pub(super) fn refuse_blank(option: &str, text: &str) -> Result<()> {
    match text.trim().is_empty() {
        false => Ok(()),
        true => Err(Error::new(format!(
            "`--{option}` is empty; expected a word that others can go by"
        ))),
    }
}

/// Last year's price of a point by pool, in fen.
pub(super) fn last_prices(inputs: &Inputs, prices: &[(String, Rate)]) -> Result<Vec<(String, Exact)>> {
    refuse_twice("--price", prices.iter().map(|(pool, _)| pool.clone()))?;
    let of = |(pool, price): &(String, Rate)| {
        refuse_unknown_pool(inputs, "--price", pool)?;
        let fen = price.exact_fen().ok().filter(|fen| fen.parts().0 > 0);
        let fen =
            fen.ok_or_else(|| Error::new(format!("`--price {pool}={price}`; expected yuan above zero")))?;
        Ok((pool.clone(), fen))
    };
    prices.iter().map(of).collect()
}

/// What a year is cleared with besides its cases, each name known.
pub(super) struct Terms {
    scores: Vec<(String, Exact)>,
    /// Name of the case and verdict, in the order of the file.
    decisions: Vec<(String, Verdict)>,
}

impl Terms {
    pub(super) fn of(request: &YearRequest, inputs: &Inputs) -> Result<Terms> {
        let amounts = |amounts: &[PoolAmount]| {
            let names = amounts.iter().map(|of| format!("{}:{}", of.pool, of.kind));
            names.collect::<Vec<_>>()
        };
        refuse_twice("--change", amounts(&request.changes))?;
        refuse_twice("--carveout", amounts(&request.carveouts))?;
        refuse_twice("--reserve", request.reserves.iter().map(|(pool, _)| pool.clone()))?;
        refuse_twice(
            "--assess",
            request.assessments.iter().map(|(hospital, _)| hospital.clone()),
        )?;
        refuse_twice("--violation", request.violations.iter().cloned())?;
        for of in &request.changes {
            refuse_unknown_pool(inputs, "--change", &of.pool)?;
        }
        for of in &request.carveouts {
            refuse_unknown_pool(inputs, "--carveout", &of.pool)?;
        }
        reserves(inputs, &request.reserves)?;
        Ok(Terms {
            scores: scores(inputs, &request.assessments)?,
            decisions: request.decisions.as_deref().map_or(Ok(Vec::new()), decisions)?,
        })
    }

    /// Assessment scores by hospital.
    pub(super) fn scores(&self) -> Vec<(&str, Exact)> {
        let scores = self.scores.iter();
        scores
            .map(|(hospital, score)| (hospital.as_str(), *score))
            .collect()
    }
}

fn reserves(inputs: &Inputs, reserves: &[(String, Fen)]) -> Result<()> {
    for (pool, amount) in reserves {
        refuse_unknown_pool(inputs, "--reserve", pool)?;
        if amount.is_negative() {
            return Err(Error::new(format!(
                "`--reserve {pool}={amount}`; expected yuan not below zero"
            )));
        }
        if !inputs.pack.draws_on_a_reserve() {
            return Err(Error::new(format!(
                "`--reserve {pool}={amount}`: pack `{}` has no `clear.corridor.region` that could draw on it",
                inputs.pack.name()
            )));
        }
    }
    Ok(())
}

fn scores(inputs: &Inputs, written: &[(String, Ratio)]) -> Result<Vec<(String, Exact)>> {
    let hospitals = &inputs.lists.hospitals;
    let of = |(hospital, score): &(String, Ratio)| {
        if !inputs.pack.asks_for_scores() {
            return Err(Error::new(format!(
                "`--assess {hospital}={score}`: pack `{}` has no table `assess` whose `effect` is on",
                inputs.pack.name()
            )));
        }
        if !hospitals.contains_key(hospital) {
            let hint = suggestion(hospital, hospitals.keys().map(String::as_str));
            let list = inputs.scenario.hospitals.display();
            return Err(Error::new(format!(
                "`--assess` names hospital `{hospital}`; expected one of {list}{hint}"
            )));
        }
        let score = score
            .exact()
            .map_err(|_| Error::new(format!("the score of `{hospital}` is out of range")))?;
        Ok((hospital.clone(), score))
    };
    written.iter().map(of).collect()
}

fn refuse_unknown_pool(inputs: &Inputs, option: &str, pool: &str) -> Result<()> {
    let pools = &inputs.scenario.budgets;
    if pools.contains_key(pool) {
        return Ok(());
    }
    let known = || pools.keys().map(String::as_str);
    let hint = suggestion(pool, known());
    let names: Vec<&str> = known().collect();
    Err(Error::new(format!(
        "`{option}` names the pool `{pool}`; expected one of the scenario's: {}{hint}",
        names.join(", ")
    )))
}

/// The same name twice could mean the sum or the last one.
fn refuse_twice(option: &str, names: impl IntoIterator<Item = String>) -> Result<()> {
    let mut names: Vec<String> = names.into_iter().collect();
    names.sort_unstable();
    let twice = names.windows(2).find_map(|pair| match pair {
        [a, b] if a == b => Some(a),
        _ => None,
    });
    match twice {
        None => Ok(()),
        Some(name) => Err(Error::new(format!(
            "`{option}` names `{name}` twice; expected each once"
        ))),
    }
}

/// The cases that were judged, each found.
pub(super) struct Judged {
    decisions: Vec<(usize, CaseKey, Verdict)>,
    violations: Vec<(usize, CaseKey)>,
}

impl Judged {
    /// Finds every case that is named by its number, `hospital/number` or `hospital/number/day`.
    pub(super) fn of(request: &YearRequest, terms: &Terms, cases: &[(usize, &CaseKey)]) -> Result<Judged> {
        let named = terms
            .decisions
            .iter()
            .map(|(name, _)| name)
            .chain(&request.violations);
        let mut found: HashMap<&str, Vec<(usize, &CaseKey)>> =
            named.map(|name| (name.as_str(), Vec::new())).collect();
        if !found.is_empty() {
            for (pool, key) in cases {
                for name in spellings(key) {
                    if let Some(found) = found.get_mut(name.as_str()) {
                        found.push((*pool, *key));
                    }
                }
            }
        }
        let one = |what: &str, name: &str| match found.get(name).map_or(&[][..], Vec::as_slice) {
            [(pool, key)] => Ok((*pool, (*key).clone())),
            [] => Err(no_case(what, name, cases)),
            many => Err(several(what, name, many)),
        };
        let decisions = terms.decisions.iter().map(|(name, verdict)| {
            let (pool, key) = one("a decision", name)?;
            Ok((pool, key, *verdict))
        });
        let violations = request.violations.iter().map(|name| one("`--violation`", name));
        Ok(Judged {
            decisions: decisions.collect::<Result<_>>()?,
            violations: violations.collect::<Result<_>>()?,
        })
    }

    /// Those of one pool.
    pub(super) fn of_pool(&self, pool: usize) -> (Vec<Decision<'_>>, Vec<CaseName<'_>>) {
        let decisions = self.decisions.iter().filter(|(of, ..)| *of == pool);
        let decisions = decisions.map(|(_, key, verdict)| Decision {
            case: name_of(key),
            verdict: *verdict,
        });
        let violations = self.violations.iter().filter(|(of, _)| *of == pool);
        (
            decisions.collect(),
            violations.map(|(_, key)| name_of(key)).collect(),
        )
    }
}

fn name_of(key: &CaseKey) -> CaseName<'_> {
    CaseName {
        id: &key.case_id,
        hospital: Some(&key.hospital),
        discharge: Some(&key.discharge),
    }
}

fn no_case(what: &str, name: &str, cases: &[(usize, &CaseKey)]) -> Error {
    let near = suggestion(
        name,
        cases.iter().take(10_000).map(|(_, key)| key.case_id.as_str()),
    );
    Error::new(format!(
        "{what} names case `{name}`, which stands in no month of the ledger{near}"
    ))
}

fn several(what: &str, name: &str, found: &[(usize, &CaseKey)]) -> Error {
    let names = found.iter().map(|(_, key)| {
        let [_, _, whole] = spellings(key);
        format!("`{whole}`")
    });
    let names: Vec<String> = names.collect();
    Error::new(format!(
        "{what} names case `{name}`, which {} cases are called; expected one of {}",
        names.len(),
        names.join(", ")
    ))
}

/// What may name a case in a file of decisions.
const NAMED_BY: [&[&str]; 3] = [
    &["case_id"],
    &["hospital", "case_id"],
    &["hospital", "case_id", "discharge_date"],
];

/// Decisions on single cases from a file, in its order.
fn decisions(path: &Path) -> Result<Vec<(String, Verdict)>> {
    let text = read_text(path)?;
    let place = Place::file(path);
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let not_csv = |e: csv::Error| Error::at(place.clone(), format!("this is not CSV: {e}"));
    let header = reader.headers().map_err(not_csv)?.clone();
    let columns: Vec<&str> = header.iter().collect();
    let (name, rest) = columns
        .split_at_checked(columns.len().saturating_sub(2))
        .unwrap_or_default();
    if !NAMED_BY.contains(&name) || rest != ["outcome", "value"] {
        return Err(Error::at(
            place.line(1),
            "expected the columns case_id,outcome,value, or with hospital,case_id or hospital,case_id,discharge_date \
             instead of case_id",
        ));
    }
    let mut decisions = Vec::new();
    let mut errors = Vec::new();
    for record in reader.records() {
        let record = record.map_err(not_csv)?;
        let line = place.line(record.position().map_or(1, csv::Position::line));
        let cell = |at: usize| record.get(at).unwrap_or("");
        let name: Vec<&str> = record.iter().take(columns.len() - 2).collect();
        match verdict(cell(name.len()), cell(name.len() + 1)) {
            Ok(verdict) => decisions.push((name.join("/"), verdict)),
            Err(message) => errors.push(Error::at(line, message)),
        }
    }
    Error::all(errors)?;
    Ok(decisions)
}

fn verdict(outcome: &str, value: &str) -> std::result::Result<Verdict, String> {
    let number = || {
        let ratio: Option<Ratio> = value.parse().ok();
        let exact = ratio
            .and_then(|ratio| ratio.exact().ok())
            .filter(|exact| exact.parts().0 >= 0);
        exact.ok_or_else(|| format!("`value` is `{value}`; expected a number not below zero"))
    };
    match outcome {
        "by_item_rate" => number().map(Verdict::ByItemRate),
        "uplift" => number().map(Verdict::Uplift),
        "extra_points" => number().map(Verdict::ExtraPoints),
        "agreed" => {
            let fen = Fen::parse_yuan(value);
            fen.map(Verdict::Agreed)
                .map_err(|e| format!("`value` is `{value}`; {e}"))
        }
        other => {
            let known = ["by_item_rate", "uplift", "extra_points", "agreed"];
            let hint = suggestion(other, known);
            Err(format!(
                "`outcome` is `{other}`; expected one of {}{hint}",
                known.join(", ")
            ))
        }
    }
}
