//! The summary a clerk reads at the end of a run.

use std::collections::BTreeMap;

use comfy_table::{CellAlignment, Table, presets};

use super::coverage::indicator_words;
use super::statements::{gains, points_shown, prices_shown};
use crate::benefit::Payer;
use crate::diagnostics::{Evidence, Lang};
use crate::grouper::Status;
use crate::points::Kind;
use crate::scenarios::{Inputs, Money, RunResult, Settled, Statement};
use crate::units::{Fen, Overflow};

/// How many hospitals with gains, and with losses, are shown.
const SHOWN: usize = 3;
/// How many assumed keys are named.
const SHOWN_KEYS: usize = 8;

/// Counts in and out, groups, point values, who pays what, gains and losses, what was assumed
/// (运行摘要).
///
/// # Errors
/// A number that cannot be shown.
pub fn run_summary(inputs: &Inputs, result: &RunResult, lang: Lang) -> Result<String, Overflow> {
    let scenario = &inputs.scenario;
    let mut parts = vec![format!(
        "{} ({}, {})",
        scenario.title, scenario.name, scenario.year
    )];
    if !scenario.notice.is_empty() {
        parts.push(format!("!! {}", scenario.notice));
    }
    parts.push(counts_words(inputs, result, lang));
    parts.extend(kept_out_warning(result, lang));
    parts.extend(inputs.scores_differ().map(|differ| differ.words(lang)));
    parts.push(kinds_words(result, lang));
    parts.push(pools_table(result, lang)?);
    parts.push(payers_table(result, lang));
    parts.extend(indicator_words(inputs, result, lang)?);
    parts.push(hospitals_words(result, lang));
    parts.push(assumed_words(inputs, lang));
    Ok(parts.join("\n"))
}

/// `read 3000 = grouped 2894 + …`: records in are records out (病例数勾稽); fall-back groups where there are any.
pub fn sum_of_cases(read: u64, counts: [u64; Status::ALL.len()], rejected: u64, lang: Lang) -> String {
    let of_status = Status::ALL.into_iter().zip(counts);
    let shown = of_status.filter(|(status, count)| *status != Status::Fallback || *count > 0);
    let mut parts: Vec<String> = shown
        .map(|(status, count)| format!("{} {count}", status.words().in_lang(lang)))
        .collect();
    parts.push(format!("{} {rejected}", lang.pick("rejected", "退回")));
    format!("{} {read} = {}", lang.pick("read", "读入"), parts.join(" + "))
}

fn counts_words(inputs: &Inputs, result: &RunResult, lang: Lang) -> String {
    let scheme = inputs.grouper.scheme();
    let with = |status| {
        result
            .statements
            .iter()
            .filter(|s| s.grouping.status(scheme) == status)
            .fold(0, |count, _| count + 1)
    };
    let sum = sum_of_cases(
        result.counts.read,
        Status::ALL.map(with),
        result.counts.rejected,
        lang,
    );
    let groups: std::collections::BTreeSet<&str> = result
        .statements
        .iter()
        .filter(|s| s.grouping.status(scheme).has_group())
        .map(|s| s.grouping.code(scheme))
        .collect();
    let priced = result.statements.iter().filter_map(Statement::settled).count();
    let mut kept_out: BTreeMap<&str, u64> = BTreeMap::new();
    for statement in &result.statements {
        if let Money::KeptOut(code) = statement.money {
            *kept_out.entry(code).or_default() += 1;
        }
    }
    let kept: Vec<String> = kept_out
        .iter()
        .map(|(code, count)| format!("{code} {count}"))
        .collect();
    let (groups, findings) = (groups.len(), result.findings.len());
    let mut text = match lang {
        Lang::En => format!(
            "{sum}\n{} {}: {groups} groups; priced {priced}; {findings} findings",
            scheme.id(),
            scheme.name()
        ),
        Lang::Zh => format!(
            "{sum}\n{} {}：{groups}个病组；参与结算 {priced}；质控问题 {findings}",
            scheme.id(),
            scheme.name()
        ),
    };
    if !kept.is_empty() {
        let label = lang.pick("grouped but kept out of money", "已分组但不参与结算");
        text.push_str(&format!("; {label}: {}", kept.join(", ")));
    }
    text
}

/// A loud line when so many cases take no part in money that something is wrong with the inputs.
fn kept_out_warning(result: &RunResult, lang: Lang) -> Option<String> {
    let cases = result.statements.len();
    let kept_out = result.statements.iter().filter(|s| s.settled().is_none()).count();
    (kept_out * 10 > cases).then(|| match lang {
        Lang::En => format!(
            "!! {kept_out} of {cases} cases take no part in money: check year, lists and pools of the scenario"
        ),
        Lang::Zh => format!("!! {cases}个病例中有{kept_out}个不参与结算：请核对情景的年度、名单和基金池"),
    })
}

/// How many cases of each kind were priced.
fn kinds_words(result: &RunResult, lang: Lang) -> String {
    let counts = Kind::ALL.map(|kind| {
        let settled = result.statements.iter().filter_map(Statement::settled);
        (kind, settled.filter(|settled| settled.score.kind == kind).count())
    });
    let shown = counts.iter().filter(|(_, count)| *count > 0);
    let shown: Vec<String> = shown
        .map(|(kind, count)| format!("{} {count}", kind.words().in_lang(lang)))
        .collect();
    format!(
        "{}: {}",
        lang.pick("priced by kind", "病例类型"),
        shown.join(", ")
    )
}

/// A table whose columns from the second on are numbers.
fn number_table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    table.set_header(header.to_vec());
    table
        .column_iter_mut()
        .skip(1)
        .for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    table
}

fn pools_table(result: &RunResult, lang: Lang) -> Result<String, Overflow> {
    let mut table = number_table(match lang {
        Lang::En => &[
            "pool",
            "cases",
            "points",
            "point value",
            "k",
            "budget",
            "due",
            "unallocated",
            "difference",
        ],
        Lang::Zh => &[
            "基金池",
            "病例",
            "点数",
            "点值",
            "系数k",
            "预算",
            "应付",
            "未分配",
            "差额",
        ],
    });
    for pool in &result.pools {
        let settlement = &pool.settlement;
        let [point_value, k] = prices_shown(settlement)?;
        let due: Fen = settlement.cases.iter().map(|case| case.due).sum();
        let unallocated = settlement.uses.iter().find(|(name, _)| *name == "unallocated");
        table.add_row([
            settlement.pool.clone(),
            settlement.cases.len().to_string(),
            points_shown(settlement, settlement.points)
                .map_or(String::new(), |points| thousands(&points.to_string())),
            point_value,
            k,
            thousands(&pool.budget.to_string()),
            thousands(&due.to_string()),
            thousands(&unallocated.map_or(Fen::ZERO, |(_, amount)| *amount).to_string()),
            settlement.difference.to_string(),
        ]);
    }
    Ok(table.to_string())
}

/// Who pays the bills, by pool.
fn payers_table(result: &RunResult, lang: Lang) -> String {
    let mut table = number_table(match lang {
        Lang::En => &[
            "who pays (yuan)",
            "total fee",
            "basic",
            "critical illness",
            "assistance",
            "others",
            "person",
        ],
        Lang::Zh => &[
            "谁支付（元）",
            "总费用",
            "基本医保",
            "大病保险",
            "医疗救助",
            "其他",
            "个人",
        ],
    });
    for pool in &result.pools {
        let name = &pool.settlement.pool;
        let of_pool = || {
            let members = result.statements.iter().filter(|s| s.pool == *name);
            members.filter_map(Statement::settled)
        };
        let sum =
            |amount: &dyn Fn(&Settled) -> Fen| thousands(&of_pool().map(amount).sum::<Fen>().to_string());
        let apart = [Payer::Basic, Payer::Cii, Payer::Ma];
        let others = Payer::ALL.into_iter().filter(|payer| !apart.contains(payer));
        let others: Vec<Payer> = others.collect();
        table.add_row([
            name.clone(),
            sum(&|s| s.slip.total),
            sum(&|s| s.slip.fund(Payer::Basic)),
            sum(&|s| s.slip.fund(Payer::Cii)),
            sum(&|s| s.slip.fund(Payer::Ma)),
            sum(&|s| others.iter().map(|payer| s.slip.fund(*payer)).sum()),
            sum(&|s| s.slip.person),
        ]);
    }
    table.to_string()
}

fn hospitals_words(result: &RunResult, lang: Lang) -> String {
    let of_hospitals = gains(result).into_iter();
    let mut gains: Vec<(Fen, &str, &str)> = of_hospitals
        .map(|((pool, hospital), gain)| (gain, hospital, pool))
        .collect();
    gains.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)).then(a.2.cmp(b.2)));
    let line = |(gain, hospital, pool): &(Fen, &str, &str)| {
        let sign = if *gain > Fen::ZERO { "+" } else { "" };
        format!("{hospital} ({pool}) {sign}{}", thousands(&gain.to_string()))
    };
    let best = gains
        .iter()
        .take(SHOWN)
        .filter(|(gain, ..)| *gain > Fen::ZERO)
        .map(line);
    let worst = gains
        .iter()
        .rev()
        .take(SHOWN)
        .filter(|(gain, ..)| gain.is_negative())
        .map(line);
    let (best, worst): (Vec<_>, Vec<_>) = (best.collect(), worst.collect());
    let none = || lang.pick("none", "无").to_owned();
    let shown = |list: Vec<String>| if list.is_empty() { none() } else { list.join(", ") };
    let (gain, loss) = (
        lang.pick("largest gains", "结余最多"),
        lang.pick("largest losses", "超支最多"),
    );
    format!("{gain}: {}\n{loss}: {}", shown(best), shown(worst))
}

/// What the numbers stand on, weakest first.
fn assumed_words(inputs: &Inputs, lang: Lang) -> String {
    let mut lines = Vec::new();
    let scheme = inputs.grouper.scheme();
    let evidence = |what: String, evidence: Evidence| format!("  {what}: {}", evidence.as_str());
    lines.push(evidence(
        format!("{} {}", lang.pick("grouping tables", "分组表"), scheme.id()),
        scheme.evidence(),
    ));
    let weaker = scheme.weaker().iter();
    lines.extend(weaker.map(|(file, ground)| format!("    {file}: {}", ground.as_str())));
    lines.push(evidence(
        format!(
            "{} ({})",
            lang.pick("weights", "权重"),
            inputs.scenario.weights.display()
        ),
        inputs.weights.evidence(),
    ));
    let pack = &inputs.pack;
    let assumed: Vec<&str> = pack
        .assumed()
        .filter(|p| p.evidence == Evidence::Assumption)
        .map(|p| p.key.as_str())
        .collect();
    lines.push(evidence(
        format!("{} {}", lang.pick("policy pack", "结算政策"), pack.name()),
        pack.evidence(),
    ));
    if !assumed.is_empty() {
        let shown: Vec<&str> = assumed.iter().take(SHOWN_KEYS).copied().collect();
        let more = assumed.len().saturating_sub(SHOWN_KEYS);
        let more = if more == 0 {
            String::new()
        } else {
            format!(" … +{more}")
        };
        lines.push(format!(
            "    {}: {}{more}",
            lang.pick("assumed", "假设"),
            shown.join(", ")
        ));
    }
    for (pool, policy) in &inputs.benefits {
        let draft = if policy.is_draft() {
            lang.pick(" (draft)", "（草案）")
        } else {
            ""
        };
        let what = format!(
            "{} {pool}: {}{draft}",
            lang.pick("benefits of", "待遇"),
            policy.name()
        );
        lines.push(evidence(what, policy.weakest_evidence()));
        lines.extend(
            policy
                .bounds_said()
                .map(|said| format!("    !! {}", said.in_lang(lang))),
        );
    }
    let head = lang.pick(
        "what this stands on (official > local > secondary > assumption); every key in run.json:",
        "依据（official官方 > local本地 > secondary二手 > assumption假设），逐项见run.json：",
    );
    format!("{head}\n{}", lines.join("\n"))
}

/// `1234567.89` → `1,234,567.89`.
fn thousands(number: &str) -> String {
    let (sign, digits) = match number.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", number),
    };
    let (whole, part) = match digits.split_once('.') {
        Some((whole, part)) => (whole, format!(".{part}")),
        None => (digits, String::new()),
    };
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}{part}")
}
