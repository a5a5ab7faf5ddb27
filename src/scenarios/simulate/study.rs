//! What a simulation looks into besides the reform itself (研究项): sweeps, tornado, heat map,
//! targets, draws.

use rust_decimal::Decimal;
use serde::Deserialize;
use toml::Value;

use super::document::{Document, KeyPath, Leaf};
use super::levers::{check, lever_of, nearest};
use crate::diagnostics::{Error, Place, Result, suggestion};

/// Most runs of a sweep or heat map, if the scenario says nothing else (扫描次数上限).
pub const MOST_RUNS: u64 = 10_000;

/// A key and the values it takes (扫描轴).
#[derive(Clone, Debug)]
pub struct Axis {
    /// The key.
    pub path: KeyPath,
    /// Its values, each as it would be written.
    pub values: Vec<Leaf>,
}

/// A key with a low and a high value (龙卷风参数).
#[derive(Clone, Debug)]
pub struct Swing {
    /// The key.
    pub path: KeyPath,
    /// Its low value.
    pub low: Leaf,
    /// Its high value.
    pub high: Leaf,
}

/// Two keys and what is measured (热图).
#[derive(Clone, Debug)]
pub struct Heat {
    /// Across.
    pub x: Axis,
    /// Up.
    pub y: Axis,
    /// The metric's name.
    pub metric: String,
    /// Where the metric is named.
    pub place: Place,
}

/// A value to be found (求解目标).
#[derive(Clone, Debug)]
pub struct Target {
    /// The key that is moved.
    pub path: KeyPath,
    /// What is to reach the target.
    pub metric: String,
    /// The value to be reached; none: that of the baseline.
    pub target: Option<f64>,
    /// Lower end of the bracket.
    pub low: Decimal,
    /// Upper end.
    pub high: Decimal,
    /// `%` or nothing.
    pub sign: &'static str,
    /// Where it is asked.
    pub place: Place,
}

/// A response that each level shows in turn (行为压力测试).
#[derive(Clone, Debug)]
pub struct Stress {
    /// The response, as below `behaviour`.
    pub response: String,
    /// How much, from little to much.
    pub values: Vec<Leaf>,
}

/// How a parameter is drawn (参数分布).
#[derive(Clone, Debug)]
pub struct Drawn {
    /// The key.
    pub path: KeyPath,
    /// Its distribution.
    pub shape: Shape,
    /// `%` or nothing.
    pub sign: &'static str,
    /// Where it is declared.
    pub place: Place,
}

/// A distribution (分布).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    /// Between two values, all alike.
    Uniform(f64, f64),
    /// Low, most likely, high.
    Triangular(f64, f64, f64),
    /// Mean and standard deviation.
    Normal(f64, f64),
}

/// Draws (蒙特卡洛设置).
#[derive(Clone, Debug)]
pub struct MonteCarlo {
    /// The seed of every stream.
    pub seed: u64,
    /// Number of draws.
    pub draws: u64,
    /// What is drawn, in the order asked.
    pub levels: Vec<DrawLevel>,
    /// Point value below which a draw counts, in yuan.
    pub floor: Option<f64>,
    /// Loss of a hospital above which a draw counts, as a share of its cost.
    pub loss: f64,
    /// Whether the point value is followed month by month.
    pub months: bool,
    /// Distributions of keys.
    pub parameters: Vec<Drawn>,
}

/// What is drawn with replacement (抽样层次).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DrawLevel {
    /// The cases of each hospital.
    CaseInHospital,
    /// The cases of each hospital and group.
    CaseInCell,
    /// Whole hospitals.
    HospitalBlock,
    /// Whole months.
    MonthBlock,
    /// Numbers of cases of each hospital and group, by Poisson.
    PoissonVolume,
    /// Values of keys, by Latin hypercube.
    Parameters,
}

impl DrawLevel {
    /// Every level.
    pub const ALL: [DrawLevel; 6] = [
        DrawLevel::CaseInHospital,
        DrawLevel::CaseInCell,
        DrawLevel::HospitalBlock,
        DrawLevel::MonthBlock,
        DrawLevel::PoissonVolume,
        DrawLevel::Parameters,
    ];

    /// The word used in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            DrawLevel::CaseInHospital => "case_in_hospital",
            DrawLevel::CaseInCell => "case_in_cell",
            DrawLevel::HospitalBlock => "hospital_block",
            DrawLevel::MonthBlock => "month_block",
            DrawLevel::PoissonVolume => "poisson_volume",
            DrawLevel::Parameters => "parameters",
        }
    }
}

/// Everything a scenario looks into (研究项).
#[derive(Clone, Debug, Default)]
pub struct Study {
    /// Axes of the sweep, in declared order.
    pub sweep: Vec<Axis>,
    /// Keys of the tornado.
    pub tornado: Vec<Swing>,
    /// What the tornado measures; empty: the point value.
    pub tornado_metric: String,
    /// The heat map.
    pub heat: Option<Heat>,
    /// Targets.
    pub solve: Vec<Target>,
    /// The stress test.
    pub stress: Option<Stress>,
    /// Draws.
    pub mc: Option<MonteCarlo>,
    /// Order of the waterfall; levers it leaves out come after, by name.
    pub order: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AxisFile {
    key: String,
    values: Option<Vec<Value>>,
    from: Option<String>,
    to: Option<String>,
    step: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SwingFile {
    key: String,
    low: Value,
    high: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HeatFile {
    x: AxisFile,
    y: AxisFile,
    metric: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StressFile {
    response: String,
    values: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TargetFile {
    key: String,
    metric: String,
    target: Option<String>,
    low: String,
    high: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DrawnFile {
    key: String,
    uniform: Option<[String; 2]>,
    triangular: Option<[String; 3]>,
    normal: Option<[String; 2]>,
}

impl Study {
    /// From a document's study keys.
    ///
    /// # Errors
    /// A key that is no lever, a value it may not have, a grid with more points than are run; each
    /// with the place.
    pub fn of(document: &Document) -> Result<Study> {
        let most = match document.get(&["sweep_max_runs"]).map(|leaf| &leaf.value) {
            Some(Value::Integer(most)) => u64::try_from(*most).unwrap_or(MOST_RUNS),
            _ => MOST_RUNS,
        };
        let mut study = Study {
            tornado_metric: text(document, &["tornado_metric"]),
            ..Study::default()
        };
        if let Some(leaf) = document.get(&["sweep"]) {
            let files: Vec<AxisFile> = typed(leaf)?;
            study.sweep = axes(files, leaf, most)?;
        }
        if let Some(leaf) = document.get(&["tornado"]) {
            let files: Vec<SwingFile> = typed(leaf)?;
            study.tornado = files
                .into_iter()
                .map(|file| swing(file, leaf))
                .collect::<Result<_>>()?;
        }
        study.heat = heat(document, most)?;
        if let Some(leaf) = document.get(&["solve"]) {
            let files: Vec<TargetFile> = typed(leaf)?;
            study.solve = files
                .into_iter()
                .map(|file| target(file, leaf))
                .collect::<Result<_>>()?;
        }
        if let Some(leaf) = document.get(&["attribution", "order"]) {
            study.order = typed(leaf)?;
        }
        study.stress = stress(document)?;
        study.mc = monte_carlo(document)?;
        Ok(study)
    }
}

fn text(document: &Document, names: &[&str]) -> String {
    let leaf = document.get(names);
    leaf.and_then(|leaf| leaf.value.as_str()).unwrap_or("").to_owned()
}

/// The value as the study's own table.
fn typed<T: serde::de::DeserializeOwned>(leaf: &Leaf) -> Result<T> {
    // through text, so that messages are put into words as those of every other file
    let text = format!("value = {}", super::document::inline(&leaf.value));
    #[derive(Deserialize)]
    struct Whole<T> {
        value: T,
    }
    let read: Result<Whole<T>> = crate::diagnostics::parse_toml(&leaf.place, &text);
    read.map(|whole| whole.value).map_err(|error| {
        let messages: Vec<&str> = error.messages().map(|(_, message)| message).collect();
        Error::at(leaf.place.clone(), messages.join("; "))
    })
}

fn path_of(key: &str, at: &Leaf) -> Result<KeyPath> {
    let path = KeyPath::parse(key).map_err(|message| Error::at(at.place.clone(), message))?;
    let lever = lever_of(&path).filter(|lever| lever.is_lever());
    match lever {
        Some(_) => Ok(path),
        None => Err(Error::at(
            at.place.clone(),
            format!("there is no lever `{path}`{}", nearest(&path)),
        )),
    }
}

fn value_at(path: &KeyPath, value: Value, at: &Leaf) -> Result<Leaf> {
    let leaf = Leaf {
        value,
        place: at.place.clone(),
    };
    check(path, &leaf)?;
    Ok(leaf)
}

fn axes(files: Vec<AxisFile>, at: &Leaf, most: u64) -> Result<Vec<Axis>> {
    let mut runs: u64 = 1;
    let mut axes = Vec::new();
    for file in files {
        let key = file.key.clone();
        let path = path_of(&file.key, at)?;
        let (count, values) = values_of(file, at, most)?;
        runs = runs.saturating_mul(count);
        if runs > most {
            let message = format!("`{key}` makes the sweep {runs} runs; at most {most} are run");
            return Err(Error::at(at.place.clone(), message));
        }
        let values = values.into_iter().map(|value| value_at(&path, value, at));
        let values = values.collect::<Result<Vec<Leaf>>>()?;
        axes.push(Axis { path, values });
    }
    Ok(axes)
}

/// How many values, and the values unless they are too many.
fn values_of(file: AxisFile, at: &Leaf, most: u64) -> Result<(u64, Vec<Value>)> {
    let wrong = |message: String| Error::at(at.place.clone(), message);
    let key = &file.key;
    match (file.values, file.from, file.to, file.step) {
        (Some(values), None, None, None) if !values.is_empty() => Ok((values.len() as u64, values)),
        (None, Some(from), Some(to), Some(step)) => {
            let read = |text: &str| {
                decimal(text).ok_or_else(|| {
                    wrong(format!(
                        "`{key}`: `{text}` is no decimal; expected e.g. \"3%\" or \"0.85\""
                    ))
                })
            };
            let ((from, sign), (to, to_sign), (step, step_sign)) = (read(&from)?, read(&to)?, read(&step)?);
            if sign != to_sign || sign != step_sign {
                return Err(wrong(format!(
                    "`{key}`: from, to and step have different signs of unit"
                )));
            }
            if step <= Decimal::ZERO || to < from {
                return Err(wrong(format!(
                    "`{key}` goes from {from} to {to} by {step}; expected a step above zero and an end not before the start"
                )));
            }
            let steps = ((to - from) / step).floor();
            let count = u64::try_from(steps).unwrap_or(u64::MAX).saturating_add(1);
            if count > most {
                return Ok((count, Vec::new()));
            }
            let value = |step_number: u64| {
                let value = from + step * Decimal::from(step_number);
                Value::String(format!("{}{sign}", value.normalize()))
            };
            Ok((count, (0..count).map(value).collect()))
        }
        _ => Err(wrong(format!(
            "`{key}`: expected either `values` or all of `from`, `to` and `step`"
        ))),
    }
}

/// A decimal and its sign of unit.
pub(super) fn decimal(text: &str) -> Option<(Decimal, &'static str)> {
    let (digits, sign) = match text.strip_suffix('%') {
        Some(digits) => (digits, "%"),
        None => (text, ""),
    };
    Some((digits.parse().ok()?, sign))
}

fn swing(file: SwingFile, at: &Leaf) -> Result<Swing> {
    let path = path_of(&file.key, at)?;
    Ok(Swing {
        low: value_at(&path, file.low, at)?,
        high: value_at(&path, file.high, at)?,
        path,
    })
}

/// The heat map's keys stand as leaves or as one table.
fn heat(document: &Document, most: u64) -> Result<Option<Heat>> {
    let part = document.part("heatmap");
    let nested = Value::Table(part.nested());
    let Some((_, first)) = part.leaves().next() else {
        return Ok(None);
    };
    let leaf = Leaf {
        value: nested,
        place: first.place.clone(),
    };
    let file: HeatFile = typed(&leaf)?;
    let both = axes(vec![file.x, file.y], &leaf, most)?;
    let [x, y]: [Axis; 2] = both
        .try_into()
        .map_err(|_| Error::at(leaf.place.clone(), "a heat map has two keys"))?;
    Ok(Some(Heat {
        x,
        y,
        metric: file.metric,
        place: leaf.place,
    }))
}

fn stress(document: &Document) -> Result<Option<Stress>> {
    let part = document.part("stress");
    let Some((_, first)) = part.leaves().next() else {
        return Ok(None);
    };
    let leaf = Leaf {
        value: Value::Table(part.nested()),
        place: first.place.clone(),
    };
    let file: StressFile = typed(&leaf)?;
    let path = path_of(&format!("behaviour.{}.level.1", file.response), &leaf)?;
    if file.values.is_empty() {
        let message = "`stress.values` is empty; expected shares such as \"5%\"";
        return Err(Error::at(leaf.place, message));
    }
    let values = file.values.into_iter();
    let values = values
        .map(|value| value_at(&path, value, &leaf))
        .collect::<Result<_>>()?;
    Ok(Some(Stress {
        response: file.response,
        values,
    }))
}

fn target(file: TargetFile, at: &Leaf) -> Result<Target> {
    let path = path_of(&file.key, at)?;
    let wrong = |what: &str, text: &str| {
        Error::at(
            at.place.clone(),
            format!(
                "`{what}` of the target for `{path}` is `{text}`; expected a decimal such as \"3%\" or \"0.85\""
            ),
        )
    };
    let (low, sign) = decimal(&file.low).ok_or_else(|| wrong("low", &file.low))?;
    let (high, high_sign) = decimal(&file.high).ok_or_else(|| wrong("high", &file.high))?;
    if sign != high_sign || high <= low {
        return Err(wrong("high", &file.high));
    }
    for text in [&file.low, &file.high] {
        value_at(&path, Value::String(text.clone()), at)?;
    }
    let goal = |text: &String| text.parse::<f64>().ok().filter(|goal| goal.is_finite());
    let reached = file
        .target
        .as_ref()
        .map(|text| goal(text).ok_or_else(|| wrong("target", text)));
    Ok(Target {
        metric: file.metric,
        target: reached.transpose()?,
        low,
        high,
        sign,
        place: at.place.clone(),
        path,
    })
}

fn monte_carlo(document: &Document) -> Result<Option<MonteCarlo>> {
    let part = document.part("mc");
    let Some((_, first)) = part.leaves().next() else {
        return Ok(None);
    };
    let missing = |key: &str| {
        let message = format!("key `mc.{key}` is missing; draws need `mc.seed` and `mc.draws`");
        Error::at(first.place.clone(), message)
    };
    let whole = |key: &str| part.get(&[key]).and_then(|leaf| leaf.value.as_integer());
    let seed = whole("seed").ok_or_else(|| missing("seed"))?;
    let draws = whole("draws").ok_or_else(|| missing("draws"))?;
    let number = |key: &str| {
        let leaf = part.get(&[key])?;
        let (value, sign) = decimal(leaf.value.as_str()?)?;
        let value: f64 = value.to_string().parse().ok()?;
        Some(if sign == "%" { value / 100.0 } else { value })
    };
    let months = part.get(&["months"]).and_then(|leaf| leaf.value.as_bool());
    Ok(Some(MonteCarlo {
        seed: u64::try_from(seed).unwrap_or(0),
        draws: u64::try_from(draws).unwrap_or(0),
        levels: levels(&part)?,
        floor: number("floor"),
        loss: number("loss").unwrap_or(0.05),
        months: months.unwrap_or(false),
        parameters: parameters(&part)?,
    }))
}

fn levels(part: &Document) -> Result<Vec<DrawLevel>> {
    let Some(leaf) = part.get(&["levels"]) else {
        return Ok(vec![DrawLevel::CaseInHospital]);
    };
    let words: Vec<String> = typed(leaf)?;
    let level = |word: &String| {
        let found = DrawLevel::ALL.into_iter().find(|level| level.as_str() == word);
        found.ok_or_else(|| {
            let known = DrawLevel::ALL.map(DrawLevel::as_str);
            let hint = suggestion(word, known);
            let message = format!(
                "`mc.levels` names `{word}`; expected some of {}{hint}",
                known.join(", ")
            );
            Error::at(leaf.place.clone(), message)
        })
    };
    words.iter().map(level).collect()
}

fn parameters(part: &Document) -> Result<Vec<Drawn>> {
    let Some(leaf) = part.get(&["parameters"]) else {
        return Ok(Vec::new());
    };
    let files: Vec<DrawnFile> = typed(leaf)?;
    files.into_iter().map(|file| drawn(file, leaf)).collect()
}

fn drawn(file: DrawnFile, at: &Leaf) -> Result<Drawn> {
    let path = path_of(&file.key, at)?;
    let mut sign = "";
    let mut read = |text: &String| -> Result<f64> {
        let wrong = || {
            let message = format!(
                "the distribution of `{path}` has `{text}`; expected a decimal such as \"3%\" or \"0.85\""
            );
            Error::at(at.place.clone(), message)
        };
        let (value, found) = decimal(text).ok_or_else(wrong)?;
        sign = found;
        value.to_string().parse().map_err(|_| wrong())
    };
    let shape = match (&file.uniform, &file.triangular, &file.normal) {
        (Some([low, high]), None, None) => Shape::Uniform(read(low)?, read(high)?),
        (None, Some([low, mode, high]), None) => Shape::Triangular(read(low)?, read(mode)?, read(high)?),
        (None, None, Some([mean, sd])) => Shape::Normal(read(mean)?, read(sd)?),
        _ => {
            let message = format!("`{path}`: expected one of `uniform`, `triangular` and `normal`");
            return Err(Error::at(at.place.clone(), message));
        }
    };
    let sound = match shape {
        Shape::Uniform(low, high) => low <= high,
        Shape::Triangular(low, mode, high) => low <= mode && mode <= high && low < high,
        Shape::Normal(_, sd) => sd >= 0.0,
    };
    if !sound {
        let message = format!("the numbers of the distribution of `{path}` are not in order");
        return Err(Error::at(at.place.clone(), message));
    }
    Ok(Drawn {
        path,
        shape,
        sign,
        place: at.place.clone(),
    })
}
