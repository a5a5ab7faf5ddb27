//! Weights made by a plan: the tables told of them (权重测算报告).

use super::charts::Draw;
use super::sheets::{MISSING, Sheet, SheetColumn};
use crate::diagnostics::{Words, in_chinese};
use crate::points::calibration::{
    CalibrationPlan, Level, Made, Missing, Part, Stays, TrimPay, cases_for_five_per_cent, number, ratio,
    trim_pay,
};
use crate::scenarios::{Fault, GroupedStays, MOST_FAULTS};

const fn words(en: &'static str, zh: &'static str) -> Words {
    Words { en, zh }
}

const BARS: Draw = Draw::Bars {
    stacked: false,
    lying: true,
};

fn dots(level: Option<&str>) -> Draw {
    Draw::Dots {
        level: level.map(str::to_owned),
    }
}

const GROUP: SheetColumn = ("group", "group", "病组");
const CASES: SheetColumn = ("cases", "cases", "例数");
const KEPT: SheetColumn = ("kept", "kept cases", "裁剪后例数");

/// A remark on a calibration (测算提示): what it is about, how much, in both languages.
#[derive(Clone, Debug)]
pub struct Remark {
    /// Its code.
    pub code: &'static str,
    /// Group, file or rule.
    pub subject: String,
    /// How many or how much.
    pub value: String,
    words: Words,
}

impl Remark {
    fn new(code: &'static str, subject: &str, value: String, words: Words) -> Remark {
        Remark {
            code,
            subject: subject.to_owned(),
            value,
            words,
        }
    }
}

/// What a calibration is told of.
pub struct CalibrationTables<'m> {
    /// The records.
    pub read: &'m GroupedStays,
    /// The plan.
    pub plan: &'m CalibrationPlan,
    /// The weights.
    pub made: &'m Made,
    /// Levels of hospitals.
    pub levels: &'m [Level],
    /// Groups with an earlier weight and no case.
    pub gone: &'m [String],
}

/// Records with something wrong (病案问题).
pub(super) fn faults_sheet(faults: &[Fault]) -> Sheet {
    let columns = [
        ("file", "file", "文件"),
        ("line", "line", "行号"),
        ("column", "column", "列"),
        ("value", "value", "原值"),
        ("left_out", "left out because", "剔除原因"),
        ("expected", "expected", "应为（英文）"),
        ("expected_zh", "expected, in Chinese", "应为"),
    ];
    let mut sheet = Sheet::new("findings", words("Findings", "病案问题"), &columns);
    for fault in faults {
        let row = sheet
            .row()
            .text(&fault.file)
            .text(fault.line.to_string())
            .text(&fault.column);
        let left = fault.left.map_or("", |left| left.word());
        let row = row.text(&fault.value).text(left).text(fault.expected);
        row.text(in_chinese(fault.expected).unwrap_or_default()).end();
    }
    sheet
}

impl CalibrationTables<'_> {
    /// All tables in reading order (测算报表).
    pub fn sheets(&self) -> Vec<Sheet> {
        let always = [
            self.summary(),
            self.remarks_sheet(),
            self.groups(),
            self.steps(),
            self.categories(),
            self.trims(),
            self.trim_weights(),
            self.trim_pay_sheet(),
            self.split_list(),
        ];
        let if_any = [
            self.hospitals(),
            self.ladder(),
            self.drift(),
            self.drifted(),
            self.years(),
            self.uncertainty(),
            self.coverage(),
            self.gates(),
            self.splits(),
            self.levels(),
            faults_sheet(&self.read.faults),
        ];
        always
            .into_iter()
            .chain(if_any.into_iter().filter(|sheet| !sheet.is_empty()))
            .collect()
    }

    fn stays(&self) -> &Stays {
        &self.read.stays
    }

    fn code(&self, group: usize) -> &str {
        self.stays()
            .groups
            .get(group)
            .map_or("", |group| group.code.as_str())
    }

    fn with_weight(&self) -> usize {
        self.made
            .weights
            .rows()
            .iter()
            .filter(|(_, row)| row.weight.is_some())
            .count()
    }

    // ---- the whole ----------------------------------------------------------------------------

    fn summary(&self) -> Sheet {
        let columns = [("figure", "figure", "指标"), ("value", "value", "数值"), MISSING];
        let mut sheet = Sheet::new("summary", words("Summary", "汇总"), &columns);
        self.put_counts(&mut sheet);
        self.put_quality(&mut sheet);
        self.put_thresholds(&mut sheet);
        if let Some(rounds) = self.made.estimated.rounds {
            put(
                &mut sheet,
                "rounds",
                usize::try_from(rounds).unwrap_or(usize::MAX),
            );
        }
        for step in &self.made.steps {
            if let Some((name, value)) = step.figure {
                let figure = format!("{}_{name}", step.name);
                sheet.row().text(figure).number(Some(value), 9).end();
            }
        }
        sheet
    }

    fn put_counts(&self, sheet: &mut Sheet) {
        let (read, made, plan) = (self.read, self.made, self.plan);
        put(
            sheet,
            "records_read",
            usize::try_from(read.read).unwrap_or(usize::MAX),
        );
        for (why, n) in &read.left {
            let n = usize::try_from(*n).unwrap_or(usize::MAX);
            put(sheet, &format!("left_out_{}", why.word()), n);
        }
        put(sheet, "cases", self.stays().all.len());
        put(sheet, "cases_kept", made.kept.len());
        put(sheet, "hospitals", self.stays().hospitals.len());
        put(sheet, "groups", self.stays().groups.len());
        put(sheet, "groups_with_weight", self.with_weight());
        let stable = made.quality.iter().filter(|group| group.stable);
        put(sheet, "groups_stable", stable.count());
        let cost = self.stays().all.cost();
        sheet.row().text("cost").money(cost).end();
        let trimmed = cost - made.kept.cost();
        sheet.row().text("cost_trimmed").money(trimmed).end();
        sheet.row().text("method").text(plan.estimator().word()).end();
        sheet.row().text("trim").text(plan.weights.trim.to_string()).end();
        put(sheet, "cv_ddof", usize::from(plan.quality.deviation.ddof()));
    }

    fn put_quality(&self, sheet: &mut Sheet) {
        let (made, plan) = (self.made, self.plan);
        for (figure, value) in made.parts.first().into_iter().flat_map(riv_of) {
            sheet.row().text(figure).statistic(value, 6).end();
        }
        let target = number(plan.quality.riv_target);
        sheet.row().text("riv_target").number(Some(target), 6).end();
        let with_cv = made.quality.iter().filter_map(|group| group.cv.ok());
        for limit in plan.quality.cv_below.iter().map(|limit| number(*limit)) {
            let below = with_cv.clone().filter(|cv| *cv < limit).count();
            let share = ratio(float(below), float(with_cv.clone().count()), Missing::NoCases);
            let figure = format!("share_of_groups_cv_below_{limit}");
            sheet.row().text(figure).statistic(share, 6).end();
        }
    }

    /// The least and the largest threshold at which packets cover enough.
    fn put_thresholds(&self, sheet: &mut Sheet) {
        let wanted = self
            .plan
            .packets
            .as_ref()
            .map_or(1.0, |plan| number(plan.coverage));
        let made = self.made.coverage.iter();
        let mut meets = made.filter(|at| at.share.is_ok_and(|share| share >= wanted));
        let least = meets.clone().next();
        for (name, at) in [("least", least), ("largest", meets.next_back())] {
            if let Some(at) = at {
                let figure = format!("{name}_threshold_that_covers");
                sheet.row().text(figure).text(at.threshold.to_string()).end();
            }
        }
    }

    /// What a reader must know of the result (提示).
    pub fn remarks(&self) -> Vec<Remark> {
        let of_quality = self.remarks_on_quality().into_iter();
        of_quality
            .chain(self.remarks_on_groups())
            .chain(self.remarks_on_records())
            .collect()
    }

    fn remarks_on_quality(&self) -> Vec<Remark> {
        let (made, plan) = (self.made, self.plan);
        let words_of = words(
            "weights rest on evidence `assumption`",
            "权重的证据等级为 assumption",
        );
        let mut found = vec![Remark::new("evidence", "assumption", String::new(), words_of)];
        let riv = made.parts.first().and_then(|part| part.cost_kept.riv().ok());
        if let Some(riv) = riv.filter(|riv| *riv < number(plan.quality.riv_target)) {
            let words = words("RIV of kept costs is below the target", "裁剪后费用RIV低于目标");
            found.push(Remark::new("riv_below_target", "*", format!("{riv:.6}"), words));
        }
        if crate::points::calibration::trimmed_is_lower(made, self.stays()) {
            let words = words(
                "RIV of kept cases is below that of all cases, against expectation",
                "裁剪后RIV低于未裁剪，与通常预期不符",
            );
            found.push(Remark::new("trimmed_riv_lower", "*", String::new(), words));
        }
        let blocks = plan.blocks.as_ref().map_or(&[][..], |plan| &plan.block);
        for block in made
            .estimated
            .empty_blocks
            .iter()
            .filter_map(|block| blocks.get(*block))
        {
            let words = words(
                "nothing was spent on this block: its share went to the others",
                "该费用块无费用，其份额归入其余各块",
            );
            found.push(Remark::new("empty_block", &block.name, String::new(), words));
        }
        if let Some(uncertain) = made.uncertain.as_ref().filter(|uncertain| uncertain.failed > 0) {
            let words = words(
                "draws of which no weights could be made",
                "无法得出权重的抽样次数",
            );
            found.push(Remark::new(
                "failed_draws",
                "*",
                uncertain.failed.to_string(),
                words,
            ));
        }
        found
    }

    fn remarks_on_groups(&self) -> Vec<Remark> {
        let mut found = Vec::new();
        if self.plan.weights.previous.is_some() {
            let weights = self.made.last().iter().zip(&self.made.groups).enumerate();
            let new = weights.filter(|(_, (weight, group))| weight.is_some() && group.previous.is_none());
            let no_earlier = words(
                "no earlier weight: no step compares it",
                "无既往权重，各步骤不与之比较",
            );
            found.extend(
                new.map(|(place, _)| Remark::new("new_group", self.code(place), String::new(), no_earlier)),
            );
            let no_case = words("an earlier weight, and no case", "有既往权重而无病例");
            let gone = self.gone.iter();
            found.extend(gone.map(|group| Remark::new("group_without_cases", group, String::new(), no_case)));
        }
        found
    }

    fn remarks_on_records(&self) -> Vec<Remark> {
        let torn = words(
            "stands under several categories or adjacent groups; counted under the first",
            "见于多个MDC或ADRG，按排序第一个计",
        );
        let groups = self.read.torn.iter();
        let mut found: Vec<Remark> = groups
            .map(|group| Remark::new("torn_group", group, String::new(), torn))
            .collect();
        if self.read.faulty > MOST_FAULTS as u64 {
            let words = words(
                "records with something wrong; the first of them are listed",
                "有问题的病案数，仅列出前面部分",
            );
            found.push(Remark::new(
                "more_findings",
                "*",
                self.read.faulty.to_string(),
                words,
            ));
        }
        found
    }

    fn remarks_sheet(&self) -> Sheet {
        let columns = [
            ("code", "code", "代码"),
            ("subject", "about", "对象"),
            ("value", "value", "数值"),
            ("words", "in English", "英文说明"),
            ("words_zh", "in Chinese", "中文说明"),
        ];
        let mut sheet = Sheet::new("remarks", words("Remarks", "提示"), &columns);
        for remark in self.remarks() {
            let row = sheet
                .row()
                .text(remark.code)
                .text(remark.subject)
                .text(remark.value);
            row.text(remark.words.en).text(remark.words.zh).end();
        }
        sheet
    }

    // ---- by group -----------------------------------------------------------------------------

    fn groups(&self) -> Sheet {
        let columns = [
            GROUP,
            ("mdc", "category", "MDC"),
            ("adrg", "adjacent group", "ADRG"),
            ("severity", "least severity of its cases", "病例最低严重程度"),
            CASES,
            KEPT,
            ("trimmed_cost", "cost of trimmed cases (yuan)", "裁剪费用（元）"),
            ("mean_cost", "mean cost (yuan)", "例均费用（元）"),
            ("median_cost", "median cost (yuan)", "费用中位数（元）"),
            ("sd_cost", "standard deviation (yuan)", "标准差（元）"),
            ("cv", "coefficient of variation, kept", "变异系数（裁剪后）"),
            ("cv_untrimmed", "the same, all cases", "变异系数（未裁剪）"),
            ("mean_stay", "mean days", "平均住院日"),
            (
                "hospital_effect",
                "share of the spread between hospitals",
                "医院间变异占比",
            ),
            ("stable", "stable", "是否稳定"),
            ("cases_for_5_percent", "cases for ±5 %", "±5%稳定所需例数"),
            ("weight", "weight as written", "写出权重"),
            MISSING,
        ];
        let mut sheet = Sheet::new("groups", words("Groups", "病组质量"), &columns);
        for ((group, quality), place) in self.stays().groups.iter().zip(&self.made.quality).zip(0..) {
            let weight = self.made.weights.get(self.code(place)).and_then(|row| row.weight);
            let row = sheet.row().text(&group.code).text(&group.mdc).text(&group.adrg);
            let row = row
                .text(group.severity.word())
                .count(quality.cases)
                .count(quality.kept);
            let row = row.money(quality.trimmed_cost).statistic(quality.mean, 2);
            let row = row.statistic(quality.median, 2).statistic(quality.deviation, 2);
            let row = row.statistic(quality.cv, 6).statistic(quality.cv_untrimmed, 6);
            let row = row
                .statistic(quality.stay, 4)
                .statistic(quality.hospital_effect, 6);
            let needed = quality.cv.map(|cv| cases_for_five_per_cent(cv).to_string());
            let row = row.yes(quality.stable).text(needed.unwrap_or_default());
            row.text(weight.map_or_else(String::new, |weight| weight.to_string()))
                .end();
        }
        sheet
    }

    fn steps(&self) -> Sheet {
        let made = self.made;
        let name = |name: &str, en: &str, zh: &str| (name.to_owned(), en.to_owned(), zh.to_owned());
        let mut more = vec![name("estimator", "estimator", "估计权重")];
        if made.arithmetic.is_some() {
            more.push(name("arithmetic", "arithmetic mean beside it", "算术均值法对照"));
        }
        for step in &made.steps {
            let zh = match step.name {
                "shrink" => "收缩后",
                "blend" => "平滑后",
                "cap" => "封顶后",
                _ => "归一后",
            };
            more.push(name(step.name, &format!("after {}", step.name), zh));
            let change = (
                format!("{}_effect", step.name),
                format!("effect of {}", step.name),
            );
            more.push((change.0, change.1, format!("{zh}变化")));
        }
        more.push(name("previous", "earlier weight", "既往权重"));
        more.push(name("change", "change against it", "较既往变化"));
        let title = words("Steps", "各步骤的影响");
        let mut sheet = Sheet::new("steps", title, &[GROUP, KEPT]).with(more);
        for (place, group) in made.groups.iter().enumerate() {
            let at = |weights: &[Option<f64>]| weights.get(place).copied().flatten();
            let mut before = at(&made.estimated.weights);
            let row = sheet.row().text(self.code(place));
            let mut row = row
                .count(usize::try_from(group.kept).unwrap_or(usize::MAX))
                .number(before, 9);
            if let Some(arithmetic) = &made.arithmetic {
                row = row.number(at(arithmetic), 9);
            }
            for step in &made.steps {
                let after = at(&step.weights);
                let effect = after.zip(before).map(|(after, before)| after - before);
                row = row.number(after, 9).number(effect, 9);
                before = after;
            }
            let previous = group.previous.filter(|previous| *previous > 0.0);
            let change = before.zip(previous).map(|(now, previous)| now / previous - 1.0);
            row.number(group.previous, 9).number(change, 6).end();
        }
        sheet
    }

    fn uncertainty(&self) -> Sheet {
        let columns = [
            GROUP,
            KEPT,
            ("weight", "weight", "权重"),
            ("error", "standard error (ddof 1)", "标准误（ddof 1）"),
            ("low", "interval from", "区间下限"),
            ("high", "to", "区间上限"),
            (
                "relative_half_width",
                "half the interval ÷ weight",
                "半区间与权重之比",
            ),
            ("small", "few cases", "例数偏少"),
            MISSING,
        ];
        let mut sheet = Sheet::new("uncertainty", words("Uncertainty", "权重不确定性"), &columns).drawn(
            words("Weight and its interval, by group", "各病组权重与区间"),
            dots(None),
            "group",
            &["low", "weight", "high"],
        );
        let Some(uncertain) = &self.made.uncertain else {
            return sheet;
        };
        let small = self.plan.bootstrap().map_or(0, |bootstrap| bootstrap.small);
        for (place, (of, group)) in uncertain.groups.iter().zip(&self.made.groups).enumerate() {
            let weight = self.made.last().get(place).copied().flatten();
            let of = of.ok_or(if group.kept == 1 {
                Missing::OneCase
            } else {
                Missing::NoCases
            });
            let half =
                of.and_then(|of| ratio((of.high - of.low) / 2.0, weight.unwrap_or(0.0), Missing::NoWeight));
            let row = sheet.row().text(self.code(place));
            let row = row
                .count(usize::try_from(group.kept).unwrap_or(usize::MAX))
                .number(weight, 6);
            let row = row
                .statistic(of.map(|of| of.error), 6)
                .statistic(of.map(|of| of.low), 6);
            let row = row.statistic(of.map(|of| of.high), 6).statistic(half, 6);
            row.yes(group.kept < small).end();
        }
        sheet
    }

    fn split_list(&self) -> Sheet {
        let columns = [
            ("rank", "rank", "序号"),
            GROUP,
            KEPT,
            ("cv", "coefficient of variation", "变异系数"),
            ("share", "share of the spread within groups", "占组内变异之比"),
            MISSING,
        ];
        let mut sheet = Sheet::new("split-list", words("Candidates to split", "拆分候选"), &columns).drawn(
            words("Share of the spread within groups", "占组内变异之比"),
            BARS,
            "group",
            &["share"],
        );
        for (rank, (place, share)) in self.made.split_list.iter().enumerate() {
            let Some(quality) = self.made.quality.get(*place) else {
                continue;
            };
            let row = sheet
                .row()
                .count(rank + 1)
                .text(self.code(*place))
                .count(quality.kept);
            row.statistic(quality.cv, 6).number(Some(*share), 6).end();
        }
        sheet
    }

    // ---- what it is held against --------------------------------------------------------------

    fn categories(&self) -> Sheet {
        let columns = [
            ("mdc", "category; * is all", "MDC，*为总体"),
            CASES,
            ("riv_cost", "RIV of costs, all cases", "费用RIV（未裁剪）"),
            KEPT,
            ("riv_cost_kept", "RIV of costs, kept", "费用RIV（裁剪后）"),
            ("cases_with_stay", "cases of known stay", "有住院日例数"),
            ("riv_stay", "RIV of stays, all cases", "住院日RIV（未裁剪）"),
            ("kept_with_stay", "kept of known stay", "裁剪后有住院日例数"),
            ("riv_stay_kept", "RIV of stays, kept", "住院日RIV（裁剪后）"),
            ("groups", "groups with kept cases", "病组数"),
            ("f_cost", "F of costs, kept", "费用F值（裁剪后）"),
            MISSING,
        ];
        let mut sheet = Sheet::new("categories", words("RIV by category", "分类RIV"), &columns).drawn(
            words("RIV of costs, all cases and kept", "费用RIV：未裁剪与裁剪后"),
            BARS,
            "mdc",
            &["riv_cost", "riv_cost_kept"],
        );
        for part in &self.made.parts {
            let row = sheet.row().text(&part.mdc);
            let row = row.count(part.cost.cases).statistic(part.cost.riv(), 6);
            let row = row.count(part.cost_kept.cases).statistic(part.cost_kept.riv(), 6);
            let row = row.count(part.stay.cases).statistic(part.stay.riv(), 6);
            let row = row.count(part.stay_kept.cases).statistic(part.stay_kept.riv(), 6);
            row.count(part.cost_kept.groups)
                .statistic(part.cost_kept.f(), 4)
                .end();
        }
        sheet
    }

    fn trims(&self) -> Sheet {
        let columns = [
            ("rule", "rule of trimming", "裁剪规则"),
            KEPT,
            ("removed", "trimmed cases", "裁剪例数"),
            ("removed_cost", "their cost (yuan)", "裁剪费用（元）"),
            ("riv_cost", "RIV of costs", "费用RIV"),
            ("riv_stay", "RIV of stays", "住院日RIV"),
            ("common", "cases that every rule keeps", "各规则共同保留例数"),
            ("riv_cost_common", "RIV of costs on these", "共同病例费用RIV"),
            (
                "point_value_change",
                "point value against the plan's rule",
                "点值较方案规则的变化",
            ),
            MISSING,
        ];
        let title = words("Rules of trimming", "裁剪规则比较");
        let mut sheet = Sheet::new("trims", title, &columns)
            .drawn(
                words("RIV of costs by rule", "各裁剪规则费用RIV"),
                BARS,
                "rule",
                &["riv_cost", "riv_cost_common"],
            )
            .drawn(
                words(
                    "Point value against the plan's rule, as a ratio of change",
                    "点值较方案规则的变化率",
                ),
                BARS,
                "rule",
                &["point_value_change"],
            );
        for ((effect, _), pay) in self.made.trims.iter().zip(self.trim_pay()) {
            let row = sheet
                .row()
                .text(&effect.rule)
                .count(effect.kept)
                .count(effect.removed);
            let row = row.money(effect.removed_cost).statistic(effect.cost.riv(), 6);
            let row = row.statistic(effect.stay.riv(), 6).count(effect.on_common.cases);
            row.statistic(effect.on_common.riv(), 6)
                .statistic(pay.point_value, 6)
                .end();
        }
        sheet
    }

    /// Against arithmetic weights of the cases that the plan's rule keeps.
    fn trim_pay(&self) -> Vec<TrimPay> {
        let own = self.made.arithmetic.as_ref();
        let own = own.unwrap_or(&self.made.estimated.weights);
        trim_pay(self.stays(), own, &self.made.trims)
    }

    /// What each rule would do to each hospital at the same money.
    fn trim_pay_sheet(&self) -> Sheet {
        let pays = self.trim_pay();
        let rules = pays.iter().map(|pay| {
            let rule = pay.rule.clone();
            (rule.clone(), rule.clone(), rule)
        });
        let names: Vec<&str> = pays.iter().map(|pay| pay.rule.as_str()).collect();
        let title = words("Change of pay by rule", "各裁剪规则下的支付变化");
        let (name, en, zh) = MISSING;
        let mut sheet = Sheet::new("trim-pay", title, &[("hospital", "hospital", "医疗机构")])
            .with(rules)
            .with([(name.to_owned(), en.to_owned(), zh.to_owned())])
            .drawn(
                words(
                    "Change of each hospital's pay against the plan's rule, at the same money of all",
                    "总额不变时各机构支付较方案规则的变化率",
                ),
                dots(Some("0")),
                "hospital",
                &names,
            );
        for (place, hospital) in self.stays().hospitals.iter().enumerate() {
            let mut row = sheet.row().text(hospital);
            for pay in &pays {
                let change = pay.hospitals.get(place).copied();
                row = row.statistic(change.unwrap_or(Err(Missing::NoWeight)), 6);
            }
            row.end();
        }
        sheet
    }

    fn trim_weights(&self) -> Sheet {
        let rules = self.made.trims.iter().map(|(effect, _)| {
            let rule = effect.rule.clone();
            (rule.clone(), rule.clone(), rule)
        });
        let title = words("Arithmetic weights by rule", "各裁剪规则下的算术权重");
        let names: Vec<&str> = self.made.trims.iter().map(|(of, _)| of.rule.as_str()).collect();
        let mut sheet = Sheet::new("trim-weights", title, &[GROUP, CASES])
            .with(rules)
            .drawn(
                words("Weight of each group by rule", "各裁剪规则下的病组权重"),
                dots(None),
                "group",
                &names,
            );
        for (place, quality) in self.made.quality.iter().enumerate() {
            let mut row = sheet.row().text(self.code(place)).count(quality.cases);
            for (_, weights) in &self.made.trims {
                row = row.number(weights.get(place).copied().flatten(), 6);
            }
            row.end();
        }
        sheet
    }

    /// Hospitals by the chosen estimator and by arithmetic means: who gains, who loses.
    fn hospitals(&self) -> Sheet {
        let columns = [
            ("hospital", "hospital", "医疗机构"),
            KEPT,
            ("cmi", "case-mix index", "CMI"),
            ("cmi_arithmetic", "by arithmetic means", "算术均值法CMI"),
            ("change", "change", "变化"),
            MISSING,
        ];
        let mut sheet = Sheet::new("hospitals", words("Hospitals", "医院CMI对照"), &columns).drawn(
            words("Case-mix index", "病例组合指数"),
            dots(Some("1")),
            "hospital",
            &["cmi", "cmi_arithmetic"],
        );
        let (made, stays) = (self.made, self.stays());
        let mut cases = vec![0; stays.hospitals.len()];
        for stay in made.kept.stays() {
            if let Some(count) = cases.get_mut(stay.hospital as usize) {
                *count += 1;
            }
        }
        let own = made.case_mix(stays, made.last());
        let plain = made.arithmetic.as_ref().unwrap_or(&made.estimated.weights);
        let plain = made.case_mix(stays, plain);
        for (((hospital, cases), own), plain) in stays.hospitals.iter().zip(cases).zip(own).zip(plain) {
            let change = own
                .and_then(|own| ratio(own, plain?, Missing::ZeroMean))
                .map(|of| of - 1.0);
            let row = sheet.row().text(hospital).count(cases);
            row.statistic(own, 6)
                .statistic(plain, 6)
                .statistic(change, 6)
                .end();
        }
        sheet
    }

    fn ladder(&self) -> Sheet {
        let columns = [
            ("adrg", "adjacent group", "ADRG"),
            ("group", "more severe group", "较重病组"),
            ("below", "less severe group", "较轻病组"),
            ("weight", "weight of the more severe", "较重病组权重"),
            ("weight_below", "weight of the less severe", "较轻病组权重"),
            ("gap", "how much heavier", "权重差幅"),
            ("finding", "finding", "问题"),
            MISSING,
        ];
        let title = words("Severity and weight", "严重程度与权重倒挂");
        let mut sheet = Sheet::new("ladder", title, &columns);
        for rung in &self.made.ladder {
            let adrg = self
                .stays()
                .groups
                .get(rung.groups.0)
                .map_or("", |group| group.adrg.as_str());
            let row = sheet
                .row()
                .text(adrg)
                .text(self.code(rung.groups.0))
                .text(self.code(rung.groups.1));
            let row = row
                .number(Some(rung.weights.0), 6)
                .number(Some(rung.weights.1), 6);
            let finding = if rung.reversed { "reversed" } else { "small_gap" };
            row.statistic(rung.gap, 6).text(finding).end();
        }
        sheet
    }

    fn drift(&self) -> Sheet {
        let columns = [
            ("figure", "figure", "分位"),
            ("change", "W ÷ W₀ − 1", "较既往变化"),
        ];
        let title = words("Change of weights", "权重变动分布");
        let mut sheet = Sheet::new("drift", title, &columns);
        for (name, change) in &self.made.drift.quantiles {
            sheet.row().text(*name).number(Some(*change), 6).end();
        }
        sheet
    }

    fn drifted(&self) -> Sheet {
        let columns = [GROUP, ("change", "W ÷ W₀ − 1", "较既往变化"), KEPT];
        let title = words("Weights that moved far", "变动超限病组");
        let mut sheet = Sheet::new("drift-list", title, &columns).drawn(title, BARS, "group", &["change"]);
        let band = number(self.plan.quality.drift_band);
        for (place, change) in self
            .made
            .drift
            .changes
            .iter()
            .filter(|(_, change)| change.abs() > band)
        {
            let kept = self.made.quality.get(*place).map_or(0, |group| group.kept);
            sheet
                .row()
                .text(self.code(*place))
                .number(Some(*change), 6)
                .count(kept)
                .end();
        }
        sheet
    }

    fn years(&self) -> Sheet {
        let columns = [
            GROUP,
            ("year", "year", "年度"),
            KEPT,
            ("mean_cost", "mean cost (yuan)", "例均费用（元）"),
            ("cv", "coefficient of variation", "变异系数"),
            ("weight", "mean over the year's mean", "当年相对权重"),
            ("change", "change against its year before", "较上年变化"),
            MISSING,
        ];
        let mut sheet = Sheet::new("years", words("Stability over years", "分年稳定性"), &columns);
        for year in &self.made.years {
            let row = sheet
                .row()
                .text(self.code(year.group))
                .text(year.year.to_string())
                .count(year.cases);
            let row = row.number(Some(year.mean), 2).statistic(year.cv, 6);
            row.statistic(year.weight, 6).statistic(year.change, 6).end();
        }
        sheet
    }

    // ---- packets ------------------------------------------------------------------------------

    fn coverage(&self) -> Sheet {
        let columns = [
            ("threshold", "fewest cases", "例数阈值"),
            ("groups", "groups", "病种数"),
            CASES,
            ("share", "share of all cases", "覆盖率"),
            ("meets", "covers enough", "是否达标"),
            MISSING,
        ];
        let mut sheet = Sheet::new(
            "coverage",
            words("Coverage by threshold", "例数阈值与覆盖率"),
            &columns,
        )
        .drawn(
            words("Share of all cases by threshold", "各阈值的覆盖率"),
            Draw::Lines {
                steps: true,
                by: None,
                diagonal: false,
            },
            "threshold",
            &["share"],
        );
        let wanted = self
            .plan
            .packets
            .as_ref()
            .map_or(1.0, |plan| number(plan.coverage));
        for at in &self.made.coverage {
            let row = sheet
                .row()
                .text(at.threshold.to_string())
                .count(at.groups)
                .count(at.cases);
            row.statistic(at.share, 6)
                .yes(at.share.is_ok_and(|share| share >= wanted))
                .end();
        }
        sheet
    }

    /// Which groups meet what is asked of comprehensive ones.
    fn gates(&self) -> Sheet {
        let columns = [
            GROUP,
            CASES,
            ("cv", "coefficient of variation, kept", "变异系数（裁剪后）"),
            ("enough_cases", "enough cases", "例数是否足够"),
            ("cv_within", "CV within the limit", "变异系数是否达标"),
            MISSING,
        ];
        let title = words("Gates of comprehensive groups", "综合病种条件");
        let mut sheet = Sheet::new("gates", title, &columns);
        let Some(plan) = &self.plan.packets else {
            return sheet;
        };
        for (place, quality) in self.made.quality.iter().enumerate() {
            let row = sheet
                .row()
                .text(self.code(place))
                .count(quality.cases)
                .statistic(quality.cv, 6);
            let within = quality.cv.is_ok_and(|cv| cv <= number(plan.comprehensive_cv));
            row.yes(quality.cases as u64 >= plan.comprehensive_cases)
                .yes(within)
                .end();
        }
        sheet
    }

    fn splits(&self) -> Sheet {
        let columns = [
            GROUP,
            ("dimension", "dimension", "细分维度"),
            ("label", "label", "类型"),
            CASES,
            ("coefficient", "mean ÷ mean of the group", "系数"),
            ("cv_before", "CV before (ddof 0)", "细分前变异系数"),
            ("cv_behind", "pooled CV behind", "细分后合并变异系数"),
            ("fall", "fall of it", "降幅"),
            ("passes", "meets the conditions", "是否满足条件"),
            ("chosen", "chosen of several", "是否采用"),
            MISSING,
        ];
        let mut sheet = Sheet::new("splits", words("Auxiliary splits", "辅助细分"), &columns);
        let dimensions = self.plan.packets.as_ref().map_or(&[][..], |plan| &plan.split);
        for split in &self.made.splits {
            let dimension = dimensions
                .get(split.dimension)
                .map_or("", |plan| plan.column.as_str());
            for (label, cases, coefficient) in &split.labels {
                let name = self
                    .stays()
                    .side
                    .names
                    .get(*label as usize)
                    .map_or("", String::as_str);
                let row = sheet
                    .row()
                    .text(self.code(split.group))
                    .text(dimension)
                    .text(name);
                let row = row
                    .count(*cases)
                    .statistic(*coefficient, 6)
                    .statistic(split.before, 6);
                let row = row.statistic(split.behind, 6).statistic(split.fall, 6);
                row.yes(split.passes).yes(split.chosen).end();
            }
        }
        sheet
    }

    fn levels(&self) -> Sheet {
        let columns = [
            ("level", "hospital level", "医院等级"),
            ("hospitals", "hospitals", "医疗机构数"),
            KEPT,
            ("mean_cost", "mean cost (yuan)", "例均费用（元）"),
            ("coefficient", "mean ÷ mean of all", "系数"),
            MISSING,
        ];
        let mut sheet = Sheet::new("levels", words("Hospital levels", "机构等级系数"), &columns).drawn(
            words("Mean of the level over that of all", "等级均费与总均费之比"),
            BARS,
            "level",
            &["coefficient"],
        );
        for level in self.levels {
            let row = sheet
                .row()
                .text(&level.level)
                .count(level.hospitals)
                .count(level.cases);
            row.statistic(level.mean, 2).statistic(level.coefficient, 6).end();
        }
        sheet
    }
}

/// A figure that is a count.
fn put(sheet: &mut Sheet, figure: &str, count: usize) {
    sheet.row().text(figure).count(count).end();
}

fn riv_of(part: &Part) -> [(&'static str, crate::points::calibration::Statistic); 4] {
    [
        ("riv_cost", part.cost.riv()),
        ("riv_cost_kept", part.cost_kept.riv()),
        ("riv_stay", part.stay.riv()),
        ("riv_stay_kept", part.stay_kept.riv()),
    ]
}

#[allow(clippy::cast_precision_loss, reason = "counts far below 2^53")]
fn float(count: usize) -> f64 {
    count as f64
}
