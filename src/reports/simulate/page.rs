//! The report of a simulation: one page of charts, each drawn from a table that is written too.

use super::columns::column;
use super::{Named, Repeat, Simulated};
use crate::diagnostics::{Lang, Result};
use crate::reports::charts::{Chart, Draw, Section, chart_page};
use crate::reports::identity::program;
use crate::reports::table::{Cell, Column, Table};
use crate::scenarios::simulate::Metric;

/// A section of the report: the question, the table's file and its charts.
struct Question {
    en: &'static str,
    zh: &'static str,
    file: &'static str,
    /// Rows that are shown; none: all.
    only: Option<(&'static str, &'static str)>,
    charts: fn(&Simulated<'_>, Lang) -> Vec<Chart>,
}

const fn ask(
    en: &'static str,
    zh: &'static str,
    file: &'static str,
    only: Option<(&'static str, &'static str)>,
    charts: fn(&Simulated<'_>, Lang) -> Vec<Chart>,
) -> Question {
    Question {
        en,
        zh,
        file,
        only,
        charts,
    }
}

/// The questions of the report, in their order.
const QUESTIONS: [Question; 34] = [
    ask("What changes in one view?", "总体变化", "headline", None, cards),
    ask(
        "Who is affected by which lever?",
        "谁受哪项杠杆影响",
        "impact",
        None,
        no_chart,
    ),
    ask(
        "What does it do to each kind of patient?",
        "对各类患者有何影响",
        "patients",
        None,
        patient_bars,
    ),
    ask(
        "What happens to each hospital?",
        "各医疗机构的变化",
        "hospitals",
        None,
        hospital_bars,
    ),
    ask(
        "How many gain or lose how much?",
        "多少机构受益或受损",
        "winners_by_part",
        Some(("by", "level")),
        winner_bars,
    ),
    ask(
        "How does the baseline become the reform?",
        "由基线到改革",
        "waterfall",
        Some(("hospital", "all")),
        waterfall,
    ),
    ask(
        "What is each lever's fair part?",
        "各杠杆的公平份额",
        "shapley_by_hospital",
        None,
        shapley_bars,
    ),
    ask(
        "Which parameter matters most?",
        "哪个参数最重要",
        "tornado",
        None,
        tornado,
    ),
    ask(
        "Which pairs keep the value?",
        "哪些组合保持不变",
        "heatmap",
        None,
        heat,
    ),
    ask(
        "Where does it stay as it is?",
        "保持基线的等值线",
        "isoline",
        None,
        no_chart,
    ),
    ask(
        "Which value reaches the target?",
        "何值达到目标",
        "targets",
        None,
        no_chart,
    ),
    ask("What if a key is moved?", "参数扫描", "sweep", None, swept),
    ask(
        "How sure is it?",
        "有多大把握",
        "draws",
        Some(("scenario", "difference")),
        no_chart,
    ),
    ask(
        "How likely is a loss?",
        "亏损概率",
        "probabilities",
        Some(("scenario", "reform")),
        no_chart,
    ),
    ask(
        "Where will the point value end this year?",
        "全年点值走向",
        "fan",
        None,
        fan,
    ),
    ask(
        "Is pay in line with cost?",
        "支付与费用是否相称",
        "fairness",
        None,
        no_chart,
    ),
    ask("How evenly is it shared?", "分配是否均衡", "lorenz", None, lorenz),
    ask(
        "Who has the cost, who has the money?",
        "各等级费用与支付占比",
        "shares_by_level",
        Some(("scenario", "reform")),
        share_bars,
    ),
    ask(
        "What if hospitals react?",
        "机构反应后如何",
        "impact",
        Some(("by", "level")),
        behaviour_bars,
    ),
    ask(
        "What if one level behaves so?",
        "某一等级如此行为时",
        "stress",
        None,
        stressed,
    ),
    ask(
        "Is it worth it, whatever the others do?",
        "无论他人如何是否合算",
        "pay_off",
        None,
        no_chart,
    ),
    ask(
        "Which groups move most?",
        "变动最大的病组",
        "groups_moved",
        None,
        group_bars,
    ),
    ask(
        "Which groups move, and where is the money?",
        "病组变化与资金去向",
        "groups",
        None,
        portfolio,
    ),
    ask("Where do cases go?", "病例流向", "crosswalk", None, flow),
    ask(
        "What does it do to the case mix?",
        "病例组合变化",
        "case_mix",
        None,
        no_chart,
    ),
    ask(
        "Who gets the money of high multiples?",
        "倍率病例的资金",
        "multiples",
        Some(("scenario", "reform")),
        kinds,
    ),
    ask(
        "Which hospitals get it?",
        "哪些机构获得高倍率资金",
        "multiples_by_hospital",
        None,
        high_bars,
    ),
    ask(
        "Where are cliffs in the corridor?",
        "走廊的悬崖",
        "corridor",
        None,
        no_chart,
    ),
    ask(
        "Who stands near one?",
        "谁接近悬崖",
        "corridor_hospitals",
        None,
        corridor_points,
    ),
    ask(
        "What does the score return?",
        "得分返还多少",
        "quality_curve",
        None,
        return_curve,
    ),
    ask(
        "Who gets what by its score?",
        "各机构按得分所得",
        "quality",
        None,
        return_bars,
    ),
    ask("What differs?", "改动清单", "changes", None, no_chart),
    ask("What should be looked at?", "需要注意", "remarks", None, no_chart),
    ask("What is not known?", "尚不清楚的", "assumptions", None, no_chart),
];

/// The report as one page that needs nothing else (模拟报告).
///
/// # Errors
/// A chart names a column its table has not: a fault of the program.
pub fn simulation_page(
    found: &Simulated<'_>,
    tables: &[Named],
    repeat: &Repeat,
    lang: Lang,
) -> Result<String> {
    let asked = QUESTIONS.iter().filter_map(|question| {
        let named = tables.iter().find(|named| named.file == question.file)?;
        let shown = match question.only {
            Some((column, value)) => only(&named.table, column, value),
            None => named.table.clone(),
        };
        Some((question, shown, format!("{}.csv", named.file)))
    });
    let asked: Vec<(&Question, Table, String)> = asked.collect();
    let block = block(found, repeat, lang);
    let mut sections: Vec<Section<'_>> = asked
        .iter()
        .map(|(question, table, file)| Section {
            heading: lang.pick(question.en, question.zh).to_owned(),
            notes: notes(question, lang),
            charts: (question.charts)(found, lang),
            table,
            file,
        })
        .collect();
    sections.push(Section {
        heading: lang.pick("Can I get the same again?", "如何复现").to_owned(),
        notes: Vec::new(),
        charts: Vec::new(),
        table: &block,
        file: "run.json",
    });
    let resolved = found.resolved;
    let title = if resolved.title.is_empty() {
        resolved.id.clone()
    } else {
        resolved.title.clone()
    };
    chart_page(&title, &heads(found, lang), &sections, lang)
}

/// What stands above everything else.
fn heads(found: &Simulated<'_>, lang: Lang) -> Vec<String> {
    let resolved = found.resolved;
    let (id, baseline) = (&resolved.id, &resolved.baseline_id);
    let mut notes = vec![match lang {
        Lang::En => format!("scenario {id} against the baseline {baseline}"),
        Lang::Zh => format!("情景 {id}，对比基线 {baseline}"),
    }];
    notes.extend(
        [&resolved.purpose, &resolved.notice]
            .into_iter()
            .filter(|text| !text.is_empty())
            .cloned(),
    );
    let evidence = found.reform.pack.evidence();
    if evidence > crate::diagnostics::Evidence::Local {
        notes.push(match lang {
            Lang::En => format!("the policy rests on ground as weak as: {}", evidence.as_str()),
            Lang::Zh => format!("政策依据的最弱等级：{}", evidence.as_str()),
        });
    }
    notes
}

/// What must be known to read a section: which rows are left out.
fn notes(question: &Question, lang: Lang) -> Vec<String> {
    let Some((column, value)) = question.only else {
        return Vec::new();
    };
    let file = question.file;
    vec![match lang {
        Lang::En => format!("rows with {column} = {value}; all rows are in {file}.csv"),
        Lang::Zh => format!("仅显示 {column} = {value} 的行；全部行见 {file}.csv"),
    }]
}

/// The rows that have a value in a column.
fn only(table: &Table, column: &str, value: &str) -> Table {
    let at = table.columns.iter().position(|known| known.name == column);
    let has = |row: &&Vec<Cell>| {
        at.and_then(|at| row.get(at))
            .is_some_and(|cell| cell.shown() == value)
    };
    Table {
        rows: table.rows.iter().filter(has).cloned().collect(),
        ..table.clone()
    }
}

/// The reproducibility block as a table.
fn block(found: &Simulated<'_>, repeat: &Repeat, lang: Lang) -> Table {
    let field = |name: &str| column(name, lang);
    let content = Column {
        // hashes may be broken anywhere
        name: "content_hash".to_owned(),
        ..column("content", lang)
    };
    let mut table = Table::new(
        lang.pick("Reproducibility", "复现信息"),
        vec![field("field"), content],
    );
    let mut say = |name: &str, text: String| table.rows.push(vec![Cell::text(name), Cell::text(text)]);
    say("result_hash", repeat.result_hash.clone());
    say("input_hash", repeat.input_hash.clone());
    say("table_hash", repeat.table_hash.clone());
    say("policy_hash", repeat.policy_hash.clone());
    say("baseline_hash", repeat.baseline_hash.clone());
    if let Some((seed, draws)) = repeat.drawn {
        say("seed, draws", format!("{seed}, {draws}"));
    }
    for (name, text) in program() {
        say(name, text);
    }
    let counts = &found.reform.prepared.counts;
    say(
        "cases",
        format!(
            "{} read, {} rejected, {} without money",
            counts.read, counts.rejected, counts.without_money
        ),
    );
    for (path, hash) in &repeat.inputs {
        say(path, hash.clone());
    }
    table
}

fn chart(title: (&str, &str), draw: Draw, x: &str, ys: &[&str], lang: Lang) -> Vec<Chart> {
    vec![Chart::new(lang.pick(title.0, title.1), draw, x, ys)]
}

fn no_chart(_: &Simulated<'_>, _: Lang) -> Vec<Chart> {
    Vec::new()
}

const LYING: Draw = Draw::Bars {
    stacked: false,
    lying: true,
};

fn hospital_bars(_: &Simulated<'_>, lang: Lang) -> Vec<Chart> {
    let title = (
        "Change of what the fund pays, yuan: static and with behaviour",
        "基金应付变化（元）：静态与含行为",
    );
    chart(title, LYING, "hospital", &["static_delta", "delta"], lang)
}

fn winner_bars(_: &Simulated<'_>, lang: Lang) -> Vec<Chart> {
    let title = ("Hospitals in each bin, by level", "各档机构数，按等级");
    let draw = Draw::Bars {
        stacked: true,
        lying: true,
    };
    let bins = ["loses_much", "loses", "same", "gains", "gains_much", "new"];
    chart(title, draw, "part", &bins, lang)
}

fn behaviour_bars(_: &Simulated<'_>, lang: Lang) -> Vec<Chart> {
    let title = (
        "Change of what the fund pays by level, yuan",
        "各等级基金应付变化（元）",
    );
    chart(title, LYING, "part", &["static_delta", "behavioural_delta"], lang)
}

fn group_bars(_: &Simulated<'_>, lang: Lang) -> Vec<Chart> {
    chart(
        (
            "Change of what the fund pays by group, yuan",
            "各病组基金应付变化（元）",
        ),
        LYING,
        "group",
        &["delta"],
        lang,
    )
}

fn waterfall(_: &Simulated<'_>, lang: Lang) -> Vec<Chart> {
    chart(
        ("What all hospitals are due, yuan", "全部机构基金应付（元）"),
        Draw::Waterfall,
        "lever",
        &["delta", "running"],
        lang,
    )
}

/// The columns of the catalogue's levers.
const LEVER_VALUES: [&str; 10] = [
    "value.budget",
    "value.regime",
    "value.universe",
    "value.coef",
    "value.weights",
    "value.grouper",
    "value.fundside",
    "value.behaviour",
    "value.corridor",
    "value.quality",
];

fn shapley_bars(found: &Simulated<'_>, lang: Lang) -> Vec<Chart> {
    let is_changed = |column: &&str| {
        let mut levers = found.attribution.levers.iter();
        levers.any(|lever| column.strip_prefix("value.") == Some(lever))
    };
    let levers: Vec<&'static str> = LEVER_VALUES
        .into_iter()
        .filter(|column| is_changed(column))
        .collect();
    let draw = Draw::Bars {
        stacked: true,
        lying: true,
    };
    match levers.as_slice() {
        [] => Vec::new(),
        levers => chart(
            (
                "Each lever's part by hospital, yuan",
                "各杠杆对各机构的份额（元）",
            ),
            draw,
            "hospital",
            levers,
            lang,
        ),
    }
}

/// One chart a metric, each about its own value; a metric that no key moves has none.
fn tornado(found: &Simulated<'_>, lang: Lang) -> Vec<Chart> {
    let mut charts: Vec<(&str, Chart)> = Vec::new();
    for row in &found.studies.tornado {
        let moves = row.range().is_some_and(|range| range > 0.0);
        let (Some(base), true) = (row.base, moves) else {
            continue;
        };
        if charts.iter().any(|(metric, _)| *metric == row.metric) {
            continue;
        }
        let (metric, unit) = (&row.metric, row.unit);
        let title = match lang {
            Lang::En => format!(
                "{metric} ({unit}) at the low and the high value of each key; the line is the reform: {base:.6}"
            ),
            Lang::Zh => format!("各参数取低值与高值时的 {metric}（{unit}）；竖线为方案：{base:.6}"),
        };
        let draw = Draw::Tornado {
            base: format!("{base:.9}"),
        };
        let chart = Chart::new(title, draw, "key", &["low", "high"]).only("metric", metric);
        charts.push((metric, chart));
    }
    charts.into_iter().map(|(_, chart)| chart).collect()
}

fn heat(found: &Simulated<'_>, lang: Lang) -> Vec<Chart> {
    let line = found.studies.heat.as_ref().map(|grid| {
        let steps = grid
            .line
            .iter()
            .map(|(x, y)| Some((format!("{x:.9}"), format!("{y:.9}"))));
        (
            lang.pick("as in the baseline", "与基线相同").to_owned(),
            steps.collect(),
        )
    });
    let draw = Draw::Heat { over: line };
    chart(
        (
            "The metric over two keys; the line is the baseline's value",
            "两参数下的指标；线为基线值",
        ),
        draw,
        "x_number",
        &["y_number", "reform"],
        lang,
    )
}

/// One chart for each pool, of the baseline and of the reform.
fn fan(found: &Simulated<'_>, lang: Lang) -> Vec<Chart> {
    let rows = found.studies.draws.iter().flat_map(|draws| &draws.fan);
    let mut of: Vec<(&str, &str)> = rows.map(|row| (row.pool.as_str(), row.scenario)).collect();
    of.dedup();
    // both of a pool stand together
    of.sort_by_key(|(pool, _)| *pool);
    let chart = |(pool, scenario): (&str, &str)| {
        let name = scenario_name(scenario, lang);
        let title = match lang {
            Lang::En => {
                format!("{pool}, {name}: the year's point value as it is known after each month, yuan")
            }
            Lang::Zh => format!("{pool}，{name}：逐月所知的全年点值（元）"),
        };
        let draw = Draw::Fan {
            bands: vec![("p5", "p95"), ("p25", "p75")],
        };
        let chart = Chart::new(title, draw, "month", &["p50", "pre_settled"]);
        chart.only("pool", pool).only("scenario", scenario)
    };
    of.into_iter().map(chart).collect()
}

fn scenario_name(scenario: &str, lang: Lang) -> &str {
    match scenario {
        "baseline" => lang.pick("baseline", "基线"),
        "reform" => lang.pick("reform", "方案"),
        other => other,
    }
}

/// Lines of one table told apart by a column's words.
fn lines_by(column: &str, names: Vec<(String, String)>, diagonal: bool) -> Draw {
    Draw::Lines {
        steps: false,
        by: Some((column.to_owned(), names)),
        diagonal,
    }
}

fn lorenz(_: &Simulated<'_>, lang: Lang) -> Vec<Chart> {
    let names = ["baseline", "reform"].map(|name| (name.to_owned(), scenario_name(name, lang).to_owned()));
    let draw = lines_by("scenario", names.into(), true);
    chart(
        (
            "Cumulated share of pay over cumulated share of cost; dashed: the same share of both",
            "支付累计占比对费用累计占比；虚线为完全相称",
        ),
        draw,
        "cost_share",
        &["pay_share"],
        lang,
    )
}

fn cards(found: &Simulated<'_>, lang: Lang) -> Vec<Chart> {
    let ys = ["unit", "baseline", "reform", "delta"];
    let cards = Chart::new(lang.pick("What changes", "变化"), Draw::Cards, "metric", &ys);
    let metrics = Metric::usual(&found.base.outcome);
    let mut words: Vec<(String, String)> = metrics
        .iter()
        .map(|metric| {
            let name = metric.name(&found.base.outcome);
            let label = metric_label(&name, lang);
            (name, label)
        })
        .collect();
    words.extend(COUNTS.map(|(name, en, zh)| (name.to_owned(), lang.pick(en, zh).to_owned())));
    vec![cards.called(words)]
}

/// Rows of the headline that are no metrics.
const COUNTS: [(&str, &str, &str); 3] = [
    ("winners", "hospitals that gain", "受益机构"),
    ("losers", "hospitals that lose", "受损机构"),
    ("fund_deficit_probability", "chance of a deficit", "基金缺口概率"),
];

/// What metrics are called on the page.
const METRICS: [(&str, &str, &str); 7] = [
    ("point_value", "point value", "点值"),
    ("k", "factor of scaling", "折算系数"),
    ("pay", "what the funds pay", "基金支付"),
    ("margin", "margin of all hospitals", "机构盈亏合计"),
    ("points", "points", "点数"),
    ("fund_balance", "balance of the funds", "基金结余"),
    (
        "worst_level_margin",
        "margin of the worst level",
        "最差等级盈亏率",
    ),
];

/// `point_value.resident` in words.
fn metric_label(name: &str, lang: Lang) -> String {
    let (word, part) = name
        .split_once('.')
        .map_or((name, None), |(word, part)| (word, Some(part)));
    let label = METRICS.iter().find(|(known, ..)| *known == word);
    let label = label.map_or(word, |(_, en, zh)| lang.pick(en, zh));
    match part {
        Some(part) => format!("{label}: {part}"),
        None => label.to_owned(),
    }
}

/// Parts of breakdowns of patients that are no words of their own.
fn patient_words(by: &str, lang: Lang) -> Vec<(String, String)> {
    let mut words = vec![("unknown", lang.pick("not known", "未知"))];
    match by {
        "sex" => words.extend([("1", lang.pick("men", "男")), ("2", lang.pick("women", "女"))]),
        "insured_scheme" => words.extend([
            ("employee", lang.pick("employees", "职工医保")),
            ("resident", lang.pick("residents", "居民医保")),
        ]),
        _ => {}
    }
    let owned = |(word, name): (&str, &str)| (word.to_owned(), name.to_owned());
    words.into_iter().map(owned).collect()
}

/// What breakdowns of patients are called.
fn patient_label(by: &str, lang: Lang) -> &str {
    match by {
        "insured_scheme" => lang.pick("insurance", "险种"),
        "plan" => lang.pick("plan", "参保档次"),
        "sex" => lang.pick("sex", "性别"),
        "age_band" => lang.pick("age", "年龄段"),
        other => other,
    }
}

/// A chart for each breakdown of patients.
fn patient_bars(found: &Simulated<'_>, lang: Lang) -> Vec<Chart> {
    let mut breakdowns: Vec<&str> = found.patients.iter().map(|part| part.by).collect();
    breakdowns.dedup();
    let chart = |by: &str| {
        let title = match lang {
            Lang::En => format!(
                "Change of what the fund pays by {}, yuan",
                patient_label(by, lang)
            ),
            Lang::Zh => format!("按{}分的基金应付变化（元）", patient_label(by, lang)),
        };
        let chart = Chart::new(title, LYING, "part", &["delta"]).only("by", by);
        chart.called(patient_words(by, lang))
    };
    breakdowns.into_iter().map(chart).collect()
}

fn share_bars(_: &Simulated<'_>, lang: Lang) -> Vec<Chart> {
    let ys = ["share_of_cost", "share_of_weight", "share_of_pay"];
    chart(
        (
            "Shares of cost, weight and pay by level",
            "各等级费用、权重与支付占比",
        ),
        LYING,
        "level",
        &ys,
        lang,
    )
}

fn high_bars(_: &Simulated<'_>, lang: Lang) -> Vec<Chart> {
    chart(
        (
            "Due for cases above the high limit, yuan",
            "高倍率病例的基金应付（元）",
        ),
        LYING,
        "hospital",
        &["base_high_due", "reform_high_due"],
        lang,
    )
}

/// A line a metric, where one key is moved.
fn swept(found: &Simulated<'_>, lang: Lang) -> Vec<Chart> {
    let [axis] = found.resolved.study.sweep.as_slice() else {
        return Vec::new();
    };
    let mut metrics: Vec<(&str, &str)> = Vec::new();
    for row in &found.studies.sweep {
        if row.value.is_some() && !metrics.iter().any(|(metric, _)| *metric == row.metric) {
            metrics.push((&row.metric, row.unit));
        }
    }
    let chart = |(metric, unit): (&str, &str)| {
        let key = &axis.path;
        let title = match lang {
            Lang::En => format!("{metric} ({unit}) over {key}"),
            Lang::Zh => format!("{metric}（{unit}）随 {key} 的变化"),
        };
        let draw = Draw::Lines {
            steps: false,
            by: None,
            diagonal: false,
        };
        Chart::new(title, draw, "value", &["reform", "baseline"]).only("metric", metric)
    };
    metrics.into_iter().map(chart).collect()
}

/// A line a level, for each metric.
fn stressed(found: &Simulated<'_>, lang: Lang) -> Vec<Chart> {
    let rows = &found.studies.stressed.rows;
    let mut metrics: Vec<(&str, &str)> = Vec::new();
    let mut names: Vec<(String, String)> = Vec::new();
    for row in rows {
        if !metrics.iter().any(|(metric, _)| *metric == row.metric) {
            metrics.push((&row.metric, row.unit));
        }
        let level = row.level.as_str();
        if !names.iter().any(|(known, _)| known == level) {
            let name = match lang {
                Lang::En => format!("level {level} behaves so"),
                Lang::Zh => format!("{level}级如此行为"),
            };
            names.push((level.to_owned(), name));
        }
    }
    let chart = |(metric, unit): (&str, &str)| {
        let title = format!("{metric} ({unit})");
        let draw = lines_by("level", names.clone(), false);
        Chart::new(title, draw, "value", &["under_stress"]).only("metric", metric)
    };
    metrics.into_iter().map(chart).collect()
}

fn return_curve(_: &Simulated<'_>, lang: Lang) -> Vec<Chart> {
    let draw = Draw::Lines {
        steps: true,
        by: None,
        diagonal: false,
    };
    let title = ("Share returned by score", "各得分的返还比例");
    chart(title, draw, "score", &["share"], lang)
}

fn return_bars(_: &Simulated<'_>, lang: Lang) -> Vec<Chart> {
    let title = ("What the assessment changes, yuan", "考核引起的变化（元）");
    chart(title, LYING, "hospital", &["delta"], lang)
}

fn portfolio(_: &Simulated<'_>, lang: Lang) -> Vec<Chart> {
    let draw = Draw::Points {
        level: Some("0".to_owned()),
        over: None,
    };
    chart(
        (
            "Margin a case over cases, by group; size: weight",
            "各病组例均盈亏与病例数；面积为权重",
        ),
        draw,
        "reform_cases",
        &["margin_per_case", "weight"],
        lang,
    )
}

fn flow(_: &Simulated<'_>, lang: Lang) -> Vec<Chart> {
    chart(
        ("Cases from old to new groups", "病例由原病组流向新病组"),
        Draw::Flow,
        "old_group",
        &["new_group", "cases"],
        lang,
    )
}

fn kinds(_: &Simulated<'_>, lang: Lang) -> Vec<Chart> {
    chart(
        (
            "What the fund pays by kind of case, yuan",
            "各类病例的基金应付（元）",
        ),
        LYING,
        "kind",
        &["due"],
        lang,
    )
}

/// φ(q) of the bands as a line, hospitals as dots.
fn corridor_points(found: &Simulated<'_>, lang: Lang) -> Vec<Chart> {
    let farthest = found.corridor.hospitals.iter().map(|of| of.q).fold(1.2, f64::max) * 1.1;
    let mut steps: Vec<Option<(String, String)>> = Vec::new();
    let mut from = 0.0;
    for band in &found.corridor.bands {
        let to = band.to.unwrap_or(f64::INFINITY).min(farthest);
        if to <= from {
            break;
        }
        let step = |q: f64| Some((format!("{q:.6}"), format!("{:.6}", band.alpha * q + band.beta)));
        // strokes end at a limit, so that a cliff is seen
        steps.extend([step(from), step(to), None]);
        from = to;
    }
    let name = lang.pick("pay over due by the bands", "各段支付比").to_owned();
    let draw = Draw::Points {
        level: Some("1".to_owned()),
        over: Some((name, steps)),
    };
    chart(
        (
            "Pay over due against claims over due: the line of the bands, and where hospitals stand",
            "支付比与费用比：各段曲线与机构位置",
        ),
        draw,
        "q",
        &["phi"],
        lang,
    )
}
