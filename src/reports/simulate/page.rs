//! The report of a simulation: one page of charts, each drawn from a table that is written too.

use super::columns::column;
use super::{Named, Repeat, Simulated};
use crate::diagnostics::{Lang, Result};
use crate::reports::charts::{Chart, Draw, Section, chart_page};
use crate::reports::table::{Cell, Column, Table};

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
const QUESTIONS: [Question; 27] = [
    ask(
        "What changes in one view?",
        "总体变化",
        "headline",
        None,
        no_chart,
    ),
    ask(
        "Who is affected by which lever?",
        "谁受哪项杠杆影响",
        "impact",
        None,
        no_chart,
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
        Some(("metric", "")),
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
    ask("What if a key is moved?", "参数扫描", "sweep", None, no_chart),
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
        Some(("pool", "")),
        fan,
    ),
    ask(
        "Is pay in line with cost?",
        "支付与费用是否相称",
        "fairness",
        None,
        no_chart,
    ),
    ask(
        "How evenly is it shared?",
        "分配是否均衡",
        "lorenz",
        Some(("scenario", "reform")),
        lorenz,
    ),
    ask(
        "What if hospitals react?",
        "机构反应后如何",
        "impact",
        Some(("by", "level")),
        behaviour_bars,
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
    let value = if value.is_empty() {
        lang.pick("the first", "首个")
    } else {
        value
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
    // an empty word stands for the first there is
    let first = table
        .rows
        .first()
        .and_then(|row| row.get(at?))
        .map(Cell::shown)
        .unwrap_or_default();
    let value = if value.is_empty() { &first } else { value };
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
    say("version", env!("CARGO_PKG_VERSION").to_owned());
    say("lock_hash", repeat.lock_hash.clone());
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

fn chart(title: (&str, &str), draw: Draw, x: &'static str, ys: &[&'static str], lang: Lang) -> Vec<Chart> {
    vec![Chart {
        title: lang.pick(title.0, title.1).to_owned(),
        draw,
        x,
        ys: ys.to_vec(),
    }]
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
        .filter(|column| is_changed(&column))
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

fn tornado(found: &Simulated<'_>, lang: Lang) -> Vec<Chart> {
    let metric = found.studies.tornado.first();
    let base = metric.and_then(|row| {
        let usual = crate::scenarios::simulate::Metric::usual(&found.reform.outcome);
        let of = usual
            .into_iter()
            .find(|metric| metric.name(&found.reform.outcome) == row.metric)?;
        of.of(&found.reform.outcome)
    });
    match base {
        Some(base) => {
            let draw = Draw::Tornado {
                base: format!("{base:.9}"),
            };
            chart(
                (
                    "At the low and the high value of each key",
                    "各参数取低值与高值时",
                ),
                draw,
                "key",
                &["low", "high"],
                lang,
            )
        }
        None => Vec::new(),
    }
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

fn fan(_: &Simulated<'_>, lang: Lang) -> Vec<Chart> {
    let draw = Draw::Fan {
        bands: vec![("p5", "p95"), ("p25", "p75")],
    };
    chart(
        (
            "The year's point value as it is known after each month, yuan",
            "逐月所知的全年点值（元）",
        ),
        draw,
        "month",
        &["p50", "pre_settled"],
        lang,
    )
}

fn lorenz(_: &Simulated<'_>, lang: Lang) -> Vec<Chart> {
    let draw = Draw::Lines { steps: false };
    chart(
        (
            "Cumulated share of pay over cumulated share of cost",
            "支付累计占比对费用累计占比",
        ),
        draw,
        "cost_share",
        &["pay_share"],
        lang,
    )
}

fn portfolio(_: &Simulated<'_>, lang: Lang) -> Vec<Chart> {
    let draw = Draw::Points {
        level: Some("0".to_owned()),
    };
    chart(
        (
            "Margin a case over cases, by group; size: what the fund pays",
            "各病组例均盈亏与病例数；面积为基金应付",
        ),
        draw,
        "reform_cases",
        &["margin_per_case", "reform_due"],
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

fn corridor_points(_: &Simulated<'_>, lang: Lang) -> Vec<Chart> {
    let draw = Draw::Points {
        level: Some("1".to_owned()),
    };
    chart(
        ("Pay over due against claims over due", "支付比与费用比"),
        draw,
        "q",
        &["phi"],
        lang,
    )
}
