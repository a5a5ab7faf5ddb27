//! What hospitals do about a reform (行为反应): upcoding, volume, intensity, cost, shifting,
//! splitting, stays that leave or are refused.
//!
//! What is the same for every case of a hospital becomes a factor; what touches single cases is a
//! seeded draw, one stream a response, one number a case in the order of ids: a larger share moves
//! the same cases and more.

use std::collections::BTreeMap;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::cases::{Form, HospitalOfRun, Prepared, Scored, SimCase, shape};
use super::levers::number;
use super::resolve::Whole;
use crate::codes::HospitalLevel;
use crate::diagnostics::{Error, Result, suggestion};
use crate::points::{Pack, Weights};
use crate::scenarios::price::Other;
use crate::units::{Exact, Overflow};

/// A share or factor by hospital, else by level, else for all (分级参数).
#[derive(Clone, Debug, Default)]
pub(super) struct Rates {
    all: Option<Exact>,
    level: BTreeMap<HospitalLevel, Exact>,
    hospital: BTreeMap<String, Exact>,
}

impl Rates {
    fn of(whole: &Whole, response: &str, scored: &Scored) -> Result<Rates> {
        let mut rates = Rates::default();
        for (path, leaf) in whole.document.below(&["behaviour", response]) {
            let Some(value) = leaf.value.as_str().and_then(number) else {
                continue;
            };
            let wrong = |message: String| Err(Error::at(leaf.place.clone(), message));
            let mut names = path.names().iter().skip(2).map(String::as_str);
            match (names.next(), names.next()) {
                (Some("all"), None) => rates.all = Some(value),
                (Some("level"), Some(level)) => match level.parse() {
                    Ok(level) => drop(rates.level.insert(level, value)),
                    Err(expected) => return wrong(format!("`{path}`: `{level}`; {expected}")),
                },
                (Some("hospital"), Some(code)) => {
                    if scored.hospital(code).is_none() {
                        let known = scored.hospitals.iter().map(|hospital| hospital.code.as_str());
                        let hint = suggestion(code, known);
                        return wrong(format!("`{path}`: no case is of hospital `{code}`{hint}"));
                    }
                    rates.hospital.insert(code.to_owned(), value);
                }
                _ => {}
            }
        }
        Ok(rates)
    }

    fn is_empty(&self) -> bool {
        self.all.is_none() && self.level.is_empty() && self.hospital.is_empty()
    }

    fn get(&self, code: &str, level: HospitalLevel) -> Exact {
        let own = self
            .hospital
            .get(code)
            .or_else(|| self.level.get(&level))
            .or(self.all.as_ref());
        own.copied().unwrap_or(Exact::ZERO)
    }
}

/// What a hospital's cases are multiplied by (机构系数).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Factors {
    /// Points of a case.
    pub(super) points: Exact,
    /// Number of cases.
    pub(super) times: Exact,
    /// Bill of a case.
    pub(super) cost: Exact,
    /// Share of the fund's part that others pay instead.
    pub(super) shift: Exact,
}

impl Factors {
    pub(super) const NONE: Factors = Factors {
        points: Exact::ONE,
        times: Exact::ONE,
        cost: Exact::ONE,
        shift: Exact::ZERO,
    };
}

/// Every response of a scenario (行为设定).
pub(super) struct Behaviour {
    seed: u64,
    pub(super) fixed_point: bool,
    by_cases: bool,
    upcoding: Rates,
    volume: Rates,
    elasticity: Rates,
    intensity: Rates,
    cost: Rates,
    shift: Rates,
    splitting: Rates,
    split: Split,
    outpatient: Rates,
    below_weight: Exact,
    refusal: Rates,
    from_weight: Exact,
    sorting: Rates,
    sort: Sort,
}

/// Which stays other hospitals take (分级诊疗).
#[derive(Clone, Copy)]
struct Sort {
    /// Stays of a lower weight may move.
    below_weight: Exact,
    /// To hospitals of this level, each by its number of cases.
    to_level: Option<HospitalLevel>,
}

#[derive(Clone, Copy)]
struct Split {
    from_days: u32,
    second_points: Exact,
    second_cost: Exact,
}

/// Cases after the draws, and the factors of each hospital.
pub(super) struct Reacted {
    /// None: those that were scored.
    pub(super) cases: Option<Vec<Drawn>>,
    pub(super) factors: Vec<Factors>,
}

/// A case after the draws.
#[derive(Clone, Debug)]
pub(super) struct Drawn {
    pub(super) case: SimCase,
    pub(super) id: String,
    /// The fund's share of its standard, where the pack has a table of them.
    pub(super) ratio: Option<Exact>,
}

impl Behaviour {
    /// Reads the responses (读取行为设定).
    ///
    /// # Errors
    /// A hospital without a case, a level that is none, a response whose parameters are missing.
    pub(super) fn of(whole: &Whole, scored: &Scored) -> Result<Behaviour> {
        let rates = |response| Rates::of(whole, response, scored);
        let (splitting, outpatient, refusal) = (rates("splitting")?, rates("outpatient")?, rates("refusal")?);
        let sorting = rates("sorting")?;
        let to_level = level_sorted_to(whole, scored, !sorting.is_empty())?;
        let needed = |used: bool, response: &str, key: &str| {
            let written = whole.text(&["behaviour", response, key]).and_then(number);
            match (used, written) {
                (true, None) => Err(missing(whole, response, key)),
                (_, written) => Ok(written.unwrap_or(Exact::ZERO)),
            }
        };
        let splits = !splitting.is_empty();
        let days = whole.document.get(&["behaviour", "splitting", "from_days"]);
        let days = days
            .and_then(|leaf| leaf.value.as_integer())
            .and_then(|days| u32::try_from(days).ok());
        if splits && days.is_none() {
            return Err(missing(whole, "splitting", "from_days"));
        }
        let by_cases = whole.text(&["behaviour", "upcoding", "how"]) == Some("cases");
        let seed = whole
            .document
            .get(&["behaviour", "seed"])
            .and_then(|leaf| leaf.value.as_integer());
        let behaviour = Behaviour {
            fixed_point: whole.text(&["behaviour", "mode"]) == Some("fixed_point"),
            by_cases,
            upcoding: rates("upcoding")?,
            volume: rates("volume")?,
            elasticity: rates("volume_elasticity")?,
            intensity: rates("intensity")?,
            cost: rates("cost")?,
            shift: rates("shift")?,
            split: Split {
                from_days: days.unwrap_or(u32::MAX),
                second_points: needed(splits, "splitting", "second_points")?,
                second_cost: needed(splits, "splitting", "second_cost")?,
            },
            splitting,
            below_weight: needed(!outpatient.is_empty(), "outpatient", "below_weight")?,
            outpatient,
            from_weight: needed(!refusal.is_empty(), "refusal", "from_weight")?,
            refusal,
            sort: Sort {
                below_weight: needed(!sorting.is_empty(), "sorting", "below_weight")?,
                to_level,
            },
            sorting,
            seed: seed.and_then(|seed| u64::try_from(seed).ok()).unwrap_or(0),
        };
        if behaviour.draws() && seed.is_none() {
            let first = whole.document.below(&["behaviour"]).next();
            let message = "key `behaviour.seed` is missing; responses by case are drawn";
            return Err(first.map_or_else(
                || Error::new(message),
                |(_, leaf)| Error::at(leaf.place.clone(), message),
            ));
        }
        Ok(behaviour)
    }

    fn draws(&self) -> bool {
        let drawn = [&self.splitting, &self.outpatient, &self.refusal, &self.sorting];
        drawn.iter().any(|rates| !rates.is_empty()) || (self.by_cases && !self.upcoding.is_empty())
    }

    /// Whether numbers of cases follow pay and cost.
    pub(super) fn is_elastic(&self) -> bool {
        !self.elasticity.is_empty()
    }

    /// The volume response of a hospital to its pay over cost, less one.
    pub(super) fn elasticity(&self, code: &str, level: HospitalLevel) -> f64 {
        let (num, den) = self.elasticity.get(code, level).parts();
        num as f64 / den as f64
    }

    /// Cases and factors of one reaction; `volumes` are the responses to pay, by hospital.
    ///
    /// # Errors
    /// A case cannot be priced in the group it moves to; a number out of range.
    pub(super) fn react(
        &self,
        prepared: &Prepared,
        scored: &Scored,
        (pack, weights): (&Pack, &Weights),
        volumes: &[f64],
    ) -> Result<Reacted> {
        let factors = scored.hospitals.iter().enumerate().map(|(at, hospital)| {
            let volume = volumes.get(at).copied().unwrap_or(0.0);
            self.factors(&hospital.code, hospital.level, volume).map_err(|_| {
                Error::new(format!(
                    "hospital `{}`: its behaviour leaves the range that can be settled",
                    hospital.code
                ))
            })
        });
        Ok(Reacted {
            factors: factors.collect::<Result<_>>()?,
            cases: if self.draws() {
                Some(self.drawn_cases(prepared, scored, (pack, weights))?)
            } else {
                None
            },
        })
    }

    fn factors(
        &self,
        code: &str,
        level: HospitalLevel,
        volume: f64,
    ) -> std::result::Result<Factors, Overflow> {
        let one_and = |rates: &Rates| Exact::ONE.add(rates.get(code, level));
        let intensity = one_and(&self.intensity)?;
        let upcoding = if self.by_cases {
            Exact::ONE
        } else {
            one_and(&self.upcoding)?
        };
        let less = Exact::ONE.sub(self.cost.get(code, level))?;
        Ok(Factors {
            points: upcoding.mul(intensity)?,
            times: one_and(&self.volume)?.add(from_float(volume)?)?,
            cost: less.mul(intensity)?,
            shift: self.shift.get(code, level),
        })
    }

    fn drawn_cases(&self, prepared: &Prepared, scored: &Scored, by: (&Pack, &Weights)) -> Result<Vec<Drawn>> {
        let drawing = Drawing {
            of: self,
            prepared,
            scored,
            by,
            heavier: heavier_groups(scored),
            takers: Takers::of(scored, self.sort.to_level),
        };
        let mut streams: Vec<ChaCha8Rng> = (0..STREAMS).map(|stream| stream_of(self.seed, stream)).collect();
        let mut drawn = Vec::with_capacity(scored.cases.len());
        for at in 0..scored.cases.len() {
            let numbers: Vec<f64> = streams.iter_mut().map(uniform).collect();
            drawing.case(at, &numbers, &mut drawn)?;
        }
        Ok(drawn)
    }
}

/// Streams of numbers: leaving, refusing, upcoding, splitting, moving, and where to.
const STREAMS: u64 = 6;

/// What a draw of cases stands on.
struct Drawing<'d> {
    of: &'d Behaviour,
    prepared: &'d Prepared,
    scored: &'d Scored,
    by: (&'d Pack, &'d Weights),
    heavier: Vec<Option<u32>>,
    takers: Takers,
}

impl Drawing<'_> {
    /// Draws what becomes of one case: nothing, one stay or two.
    fn case(&self, at: usize, numbers: &[f64], drawn: &mut Vec<Drawn>) -> Result<()> {
        let scored = self.scored;
        let (Some(case), Some(id)) = (scored.cases.get(at), scored.ids.get(at)) else {
            return Ok(());
        };
        let Some(hospital) = scored.hospitals.get(case.hospital as usize) else {
            return Ok(());
        };
        let number = |stream: usize| numbers.get(stream).copied().unwrap_or(1.0);
        let hit = |rates: &Rates, stream| {
            let u = Exact::new((number(stream) * 1e15) as i128, 1_000_000_000_000_000).unwrap_or(Exact::ONE);
            u.compare(rates.get(&hospital.code, hospital.level)).is_lt()
        };
        let group = scored.groups.get(case.group as usize);
        let weight = group.map_or(0, |group| group.weight_units);
        let weight = Exact::new(weight, 1_000_000_000_000).unwrap_or(Exact::ZERO);
        let is_light = weight.compare(self.of.below_weight).is_lt();
        let is_heavy = weight.compare(self.of.from_weight).is_ge();
        if (is_light && hit(&self.of.outpatient, 0)) || (is_heavy && hit(&self.of.refusal, 1)) {
            return Ok(());
        }
        let mut to = Elsewhere::default();
        if self.of.by_cases && hit(&self.of.upcoding, 2) {
            to.group = self.heavier.get(case.group as usize).copied().flatten();
        }
        let may_move = weight.compare(self.of.sort.below_weight).is_lt();
        if may_move && self.takers.take_from(hospital.level) && hit(&self.of.sorting, 4) {
            to.hospital = self.takers.pick(number(5));
        }
        let ratio = scored.ratios.get(at).copied().flatten();
        let (case, ratio) = match to {
            Elsewhere {
                group: None,
                hospital: None,
            } => (*case, ratio),
            to => self.moved(*case, to, ratio)?,
        };
        let put = |case, id| Drawn { case, id, ratio };
        if case.los >= self.of.split.from_days && hit(&self.of.splitting, 3) {
            let halves = self.of.split.of(case);
            let (first, second) = halves.map_err(|_| Error::new(format!("case `{id}` cannot be split")))?;
            drawn.push(put(first, format!("{id}/1")));
            drawn.push(put(second, format!("{id}/2")));
        } else {
            drawn.push(put(case, id.clone()));
        }
        Ok(())
    }

    /// The case, scored in another group or hospital at the same cost.
    fn moved(&self, case: SimCase, to: Elsewhere, ratio: Option<Exact>) -> Result<(SimCase, Option<Exact>)> {
        let group = to.group.and_then(|at| self.scored.groups.get(at as usize));
        let hospital = to.hospital.and_then(|at| self.scored.hospitals.get(at as usize));
        let other = Other {
            group: group.map(|group| group.code.as_str()),
            hospital: hospital.map(|of: &HospitalOfRun| (of.code.as_str(), of.level)),
        };
        let Some(score) = self.prepared.score_as(case.source, self.by, other)? else {
            return Ok((case, ratio));
        };
        let (form, units, amount) = shape(&score).map_err(|_| {
            Error::new("a case that moves to another group or hospital leaves the range that can be settled")
        })?;
        let moved = SimCase {
            group: to.group.unwrap_or(case.group),
            hospital: to.hospital.unwrap_or(case.hospital),
            kind: score.kind,
            form,
            units,
            amount,
            ..case
        };
        Ok((moved, score.fund_ratio))
    }
}

/// Where a case moves to, by number.
#[derive(Clone, Copy, Default)]
struct Elsewhere {
    group: Option<u32>,
    hospital: Option<u32>,
}

/// Hospitals that take stays from higher levels (接收机构), each as often as it has cases.
struct Takers {
    level: Option<HospitalLevel>,
    /// Cases up to and with each hospital, and its number.
    upto: Vec<(u64, u32)>,
}

impl Takers {
    fn of(scored: &Scored, level: Option<HospitalLevel>) -> Takers {
        let mut cases = vec![0_u64; scored.hospitals.len()];
        for case in &scored.cases {
            let count = cases.get_mut(case.hospital as usize);
            count.into_iter().for_each(|count| *count += 1);
        }
        let mut sum = 0;
        let hospitals = (0_u32..).zip(&scored.hospitals).zip(cases);
        let takers = hospitals.filter(|((_, hospital), _)| Some(hospital.level) == level);
        let upto = takers.map(|((number, _), cases)| {
            sum += cases;
            (sum, number)
        });
        Takers {
            level,
            upto: upto.collect(),
        }
    }

    /// Stays go to hospitals of a lower level than their own.
    fn take_from(&self, level: HospitalLevel) -> bool {
        self.level.is_some_and(|taking| level > taking) && !self.upto.is_empty()
    }

    fn pick(&self, u: f64) -> Option<u32> {
        let (all, _) = self.upto.last()?;
        let at = (u * *all as f64) as u64;
        let found = self.upto.iter().find(|(upto, _)| at < *upto);
        found.or(self.upto.last()).map(|(_, number)| *number)
    }
}

/// The level that light stays move to; some hospital must be of it.
fn level_sorted_to(whole: &Whole, scored: &Scored, is_used: bool) -> Result<Option<HospitalLevel>> {
    let leaf = whole.document.get(&["behaviour", "sorting", "to_level"]);
    let Some(leaf) = leaf else {
        return match is_used {
            true => Err(missing(whole, "sorting", "to_level")),
            false => Ok(None),
        };
    };
    let written = leaf.value.as_str().unwrap_or("");
    let level: HospitalLevel = written.parse().map_err(|expected| {
        let message = format!("`behaviour.sorting.to_level`: `{written}`; {expected}");
        Error::at(leaf.place.clone(), message)
    })?;
    if !scored.hospitals.iter().any(|hospital| hospital.level == level) {
        let message = format!("`behaviour.sorting.to_level`: no case is of a hospital of level {written}");
        return Err(Error::at(leaf.place.clone(), message));
    }
    Ok(Some(level))
}

/// A response without one of its parameters.
fn missing(whole: &Whole, response: &str, key: &str) -> Error {
    let message = format!("key `behaviour.{response}.{key}` is missing; `behaviour.{response}` needs it");
    match whole.document.below(&["behaviour", response]).next() {
        Some((_, leaf)) => Error::at(leaf.place.clone(), message),
        None => Error::new(message),
    }
}

/// The next heavier group of the same adjacent group, by group (升级一档).
fn heavier_groups(scored: &Scored) -> Vec<Option<u32>> {
    let heavier = |at: usize| {
        let own = scored.groups.get(at).filter(|group| !group.adrg.is_empty())?;
        let others = (0_u32..).zip(&scored.groups);
        let above =
            others.filter(|(_, group)| group.adrg == own.adrg && group.weight_units > own.weight_units);
        above
            .min_by_key(|(number, group)| (group.weight_units, *number))
            .map(|(number, _)| number)
    };
    (0..scored.groups.len()).map(heavier).collect()
}

impl Split {
    /// Two stays of one: the first keeps its points, the second has a share of them; the bill is
    /// divided.
    fn of(&self, case: SimCase) -> std::result::Result<(SimCase, SimCase), Overflow> {
        let part = |fen: i64| {
            Exact::integer(fen.into())
                .mul(self.second_cost)?
                .fen_half_away()
                .map(crate::units::Fen::fen)
        };
        let second_los = case.los / 2;
        let sharing = matches!(case.form, Form::Points | Form::Standard);
        let (cost, claim) = (part(case.cost)?, part(case.claim)?);
        let amount = part(case.amount)?;
        let second = SimCase {
            los: second_los,
            units: if sharing {
                Exact::integer(case.units).mul(self.second_points)?.half_away()?
            } else {
                0
            },
            amount,
            cost,
            claim,
            nonfund: cost - claim,
            ..case
        };
        let first = SimCase {
            los: case.los - second_los,
            amount: case.amount - amount,
            cost: case.cost - cost,
            claim: case.claim - claim,
            nonfund: case.nonfund - (cost - claim),
            ..case
        };
        Ok((first, second))
    }
}

/// The generator of a stream: the same numbers for the same seed and stream, whoever asks.
pub(super) fn stream_of(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(stream);
    random
}

/// A number inside (0, 1): ((next_u64 >> 11) + 0.5) · 2⁻⁵³.
pub(super) fn uniform(random: &mut ChaCha8Rng) -> f64 {
    const STEP: f64 = 1.0 / (1_u64 << 53) as f64;
    ((random.next_u64() >> 11) as f64 + 0.5) * STEP
}

/// A statistic as a fraction with nine decimals: from here on it is exact.
pub(super) fn from_float(value: f64) -> std::result::Result<Exact, Overflow> {
    if !value.is_finite() || value.abs() > 1e9 {
        return Err(Overflow);
    }
    Exact::new((value * 1e9).round() as i128, 1_000_000_000)
}
