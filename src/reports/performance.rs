//! Performance indicators as tables (绩效指标报表).

use super::calibration::faults_sheet;
use super::charts::Draw;
use super::sheets::{MISSING, RowBuilder, Sheet, SheetColumn};
use crate::diagnostics::{Lang, Place, Words};
use crate::points::calibration::{Missing, number};
use crate::scenarios::GroupedStays;
use crate::scenarios::performance::{IndicatorPlan, Indicators, Own, Unit, UnitKind, rate, two_sided_p};

const fn words(en: &'static str, zh: &'static str) -> Words {
    Words { en, zh }
}

const BARS: Draw = Draw::Bars {
    stacked: false,
    lying: true,
};

/// Points about 1, the reference.
fn dots() -> Draw {
    Draw::Dots {
        level: Some("1".to_owned()),
    }
}

/// What stands first in every row on a unit.
const UNIT: [SheetColumn; 3] = [
    ("kind", "kind", "单元类别"),
    ("hospital", "hospital; * is the region", "医疗机构，*为区域"),
    ("department", "department", "科室"),
];

/// What indicators are told of.
pub struct PerformanceTables<'i> {
    /// The records.
    pub read: &'i GroupedStays,
    /// The records of the region compared with, where they are others.
    pub region: Option<&'i GroupedStays>,
    /// The plan.
    pub plan: &'i IndicatorPlan,
    /// The indicators.
    pub made: &'i Indicators,
    /// Weights in order of the groups.
    pub weights: &'i [Option<f64>],
    /// Figures that others printed: place, and hospital, cases, total weight, case-mix index as written.
    pub published: &'i [(Place, Vec<String>)],
}

fn unit_row<'s>(sheet: &'s mut Sheet, unit: &Unit) -> RowBuilder<'s> {
    let kind = match unit.kind {
        UnitKind::Region => "region",
        UnitKind::Hospital => "hospital",
        UnitKind::Department => "department",
    };
    sheet.row().text(kind).text(&unit.hospital).text(&unit.department)
}

fn size(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

impl PerformanceTables<'_> {
    /// All tables in reading order (指标报表).
    pub fn sheets(&self) -> Vec<Sheet> {
        let always = [
            self.indicators(),
            self.efficiency(),
            self.mortality(),
            self.grades(),
        ];
        let if_any = [
            self.composite(),
            self.unweighted(),
            self.checks(),
            faults_sheet(&self.read.faults),
        ];
        always
            .into_iter()
            .chain(if_any.into_iter().filter(|sheet| !sheet.is_empty()))
            .collect()
    }

    /// What stands above the tables of the page.
    pub fn notes(&self, lang: Lang) -> Vec<String> {
        let (trim, own) = (
            self.plan.reference.trim.to_string(),
            self.plan.reference.own_hospital,
        );
        let cases = self.region.unwrap_or(self.read).stays.all.len();
        let own = match (own, lang) {
            (Own::In, Lang::En) => "a hospital is part of what it is compared with",
            (Own::Out, Lang::En) => "a hospital is not part of what it is compared with",
            (Own::In, Lang::Zh) => "参照含本院",
            (Own::Out, Lang::Zh) => "参照不含本院",
        };
        vec![
            match lang {
                Lang::En => format!("Reference: {cases} cases, trim {trim}; {own}. Deaths are counted of all cases."),
                Lang::Zh => format!("参照：{cases}例，裁剪{trim}；{own}。死亡按全部病例计。"),
            },
            lang.pick(
                "norm: mean of the ratios of means by cases; o_over_e: observed over expected. They are different numbers.",
                "norm为各组均值比的病例加权平均，o_over_e为实际与期望之比，两者数值不同。",
            )
            .to_owned(),
            lang.pick(
                "Grades of risk: only the low cut (mean − 1 SD) is confirmed, the others are assumptions. A hospital outside the \
                 limits is a question, not a verdict.",
                "死亡风险分级：仅低风险界（均值减1个标准差）有正式依据，其余为假设。超出控制限只是线索，不是结论。",
            )
            .to_owned(),
        ]
    }

    /// How often what must be known of the result (提示计数).
    pub fn warnings(&self) -> Vec<(&'static str, u64)> {
        let whole = self.made.units.first();
        let all = [
            (
                "cases_without_weight",
                whole.map_or(0, |unit| unit.without_weight),
            ),
            (
                "cases_without_reference",
                whole.map_or(0, |unit| unit.efficiency.without_reference),
            ),
            ("findings", self.read.faulty),
            ("torn_group", self.read.torn.len() as u64),
        ];
        all.into_iter().filter(|(_, count)| *count > 0).collect()
    }

    fn indicators(&self) -> Sheet {
        let first = [
            ("discharged", "discharged", "出院例数"),
            ("grouped", "grouped", "入组例数"),
            ("grouping_rate", "grouping rate", "入组率"),
            ("cases", "grouped cases with a cost", "有费用入组例数"),
        ];
        let groups = self.plan.counts.groups_of.iter().map(|least| {
            (
                format!("groups_of_{least}"),
                format!("groups with {least} cases or more"),
                format!("病组数（≥{least}例）"),
            )
        });
        let owned = |(name, en, zh): SheetColumn| (name.to_owned(), en.to_owned(), zh.to_owned());
        let rest = [
            ("total_weight", "total weight", "总权重"),
            ("without_weight", "cases without a weight", "无权重例数"),
            ("cmi", "case-mix index", "CMI"),
            ("heavy_share", "share of heavy cases", "高权重病例占比"),
            ("mean_cost", "mean cost (yuan)", "例均费用（元）"),
            ("mean_stay", "mean days", "平均住院日"),
            ("deaths", "deaths", "死亡例数"),
            ("mortality", "deaths ÷ cases", "病死率"),
            MISSING,
        ];
        let columns: Vec<SheetColumn> = UNIT.into_iter().chain(first).collect();
        let sheet = Sheet::new("indicators", words("Indicators", "绩效指标"), &columns);
        let mut sheet = sheet.with(groups).with(rest.map(owned));
        for (title, column) in [
            (words("Case-mix index of hospitals", "各医院病例组合指数"), "cmi"),
            (
                words("Grouping rate of hospitals", "各医院入组率"),
                "grouping_rate",
            ),
        ] {
            sheet = sheet
                .drawn(title, BARS, "hospital", &[column])
                .only("kind", "hospital");
        }
        for unit in &self.made.units {
            let row = unit_row(&mut sheet, unit).count(size(unit.discharged.all));
            let row = row
                .count(size(unit.discharged.grouped))
                .statistic(unit.grouping_rate, 6);
            let mut row = row.count(size(unit.totals.cases));
            for groups in &unit.groups_of {
                row = row.count(*groups);
            }
            let row = row
                .number(Some(unit.total_weight), 6)
                .count(size(unit.without_weight));
            let row = row.statistic(unit.cmi, 6).statistic(unit.heavy_share, 6);
            let row = row.statistic(unit.mean_cost(), 2).statistic(unit.mean_stay(), 4);
            let row = row.count(size(unit.totals.deaths));
            row.statistic(rate(unit.totals.deaths, unit.totals.cases), 8)
                .end();
        }
        sheet
    }

    fn efficiency(&self) -> Sheet {
        let own = [
            ("cases", "grouped cases", "入组例数"),
            ("without_reference", "cases without a reference", "无参照例数"),
            ("cost_norm", "cost index, norm", "费用消耗指数 norm"),
            ("cost_o_over_e", "cost index, o_over_e", "费用消耗指数 o_over_e"),
            ("time_norm", "time index, norm", "时间消耗指数 norm"),
            ("time_o_over_e", "time index, o_over_e", "时间消耗指数 o_over_e"),
            (
                "cost_norm_adjusted",
                "cost, norm, by the region's categories",
                "MDC调整费用指数 norm",
            ),
            (
                "cost_o_over_e_adjusted",
                "cost, o_over_e, the same",
                "MDC调整费用指数 o_over_e",
            ),
            (
                "time_norm_adjusted",
                "time, norm, the same",
                "MDC调整时间指数 norm",
            ),
            (
                "time_o_over_e_adjusted",
                "time, o_over_e, the same",
                "MDC调整时间指数 o_over_e",
            ),
            ("reference_trim", "trim of the reference", "参照裁剪"),
            ("reference_own", "own hospital in the reference", "参照是否含本院"),
            MISSING,
        ];
        let columns: Vec<SheetColumn> = UNIT.into_iter().chain(own).collect();
        let mut sheet = Sheet::new("efficiency", words("Efficiency", "效率指数"), &columns)
            .drawn(
                words(
                    "Cost index over time index, hospitals; 1 is the reference",
                    "医院费用消耗指数与时间消耗指数；1为参照",
                ),
                Draw::Points {
                    level: Some("1".to_owned()),
                    over: None,
                },
                "time_norm",
                &["cost_norm"],
            )
            .only("kind", "hospital")
            .drawn(
                words("Indices of hospitals", "各医院指数"),
                dots(),
                "hospital",
                &["cost_norm", "cost_o_over_e", "time_norm", "time_o_over_e"],
            )
            .only("kind", "hospital");
        let trim = self.plan.reference.trim.to_string();
        for unit in &self.made.units {
            let of = &unit.efficiency;
            let row = unit_row(&mut sheet, unit).count(size(unit.totals.cases));
            let mut row = row.count(size(of.without_reference));
            for index in [of.cost, of.time, of.cost_adjusted, of.time_adjusted] {
                row = row.statistic(index.norm, 6).statistic(index.o_over_e, 6);
            }
            row.text(&trim)
                .text(self.plan.reference.own_hospital.word())
                .end();
        }
        sheet
    }

    fn mortality(&self) -> Sheet {
        let own = [
            ("cases", "grouped cases", "入组例数"),
            ("deaths", "deaths", "死亡例数"),
            ("expected", "expected deaths", "期望死亡例数"),
            ("death_ratio", "deaths ÷ expected", "实际与期望之比"),
            ("shrunk_ratio", "the same, pulled towards θ", "收缩后之比"),
            ("p_two_sided", "exact p, both sides", "双侧精确P值"),
            ("p_upper", "exact p, upper tail", "上尾精确P值"),
            ("p_upper_mid", "mid-p, upper tail", "上尾中P值"),
            ("p_adjusted", "p, adjusted for several units", "校正P值"),
            ("alarm", "below the share of false alarms", "是否提示"),
            ("low_risk_cases", "cases of low-risk groups", "低风险组例数"),
            ("low_risk_deaths", "deaths of low-risk groups", "低风险组死亡例数"),
            ("low_risk_mortality", "their mortality", "低风险组病死率"),
            ("low_risk_p", "exact p of it, both sides", "其双侧精确P值"),
            (
                "low_diagnosis_cases",
                "cases of low-risk diagnoses",
                "低风险病种例数",
            ),
            (
                "low_diagnosis_deaths",
                "deaths of low-risk diagnoses",
                "低风险病种死亡例数",
            ),
        ];
        let limits = self.plan.mortality.limits.iter().flat_map(|share| {
            let per_cent = number(*share) * 100.0;
            let column = |end: &str, en: &str, zh: &str| {
                (
                    format!("funnel_{per_cent}_{end}"),
                    format!("{en} limit of {per_cent} %"),
                    format!("{per_cent}%控制{zh}"),
                )
            };
            let outside = (
                format!("outside_{per_cent}"),
                format!("outside {per_cent} %"),
                format!("超出{per_cent}%控制限"),
            );
            [
                column("low", "lower", "下限"),
                column("high", "upper", "上限"),
                outside,
            ]
        });
        let columns: Vec<SheetColumn> = UNIT.into_iter().chain(own).collect();
        let sheet = Sheet::new("mortality", words("Mortality", "死亡"), &columns);
        let (name, en, zh) = MISSING;
        let sheet = sheet
            .with(limits)
            .with([(name.to_owned(), en.to_owned(), zh.to_owned())]);
        let mut sheet = self.with_funnel(sheet);
        for unit in &self.made.units {
            self.mortality_row(&mut sheet, unit);
        }
        sheet
    }

    /// Ratios of hospitals between the first limits of the plan.
    fn with_funnel(&self, sheet: Sheet) -> Sheet {
        let Some(share) = self.plan.mortality.limits.first() else {
            return sheet;
        };
        let per_cent = number(*share) * 100.0;
        let (low, high) = (
            format!("funnel_{per_cent}_low"),
            format!("funnel_{per_cent}_high"),
        );
        let title = words(
            "Deaths over expected deaths of hospitals, and the first limits of the funnel",
            "各医院实际与期望死亡之比及第一控制限",
        );
        let ys = ["death_ratio", &low, &high];
        sheet
            .drawn(title, dots(), "hospital", &ys)
            .only("kind", "hospital")
    }

    fn mortality_row(&self, sheet: &mut Sheet, unit: &Unit) {
        let (deaths, low) = (unit.deaths, unit.low_risk);
        let row = unit_row(sheet, unit)
            .count(size(unit.totals.cases))
            .count(size(deaths.observed));
        let row = row
            .number(Some(deaths.expected), 6)
            .statistic(unit.death_ratio(), 6);
        let mut row = row.statistic(unit.shrunk(self.plan), 6);
        for p in unit.p_values() {
            row = row.statistic(p.ok_or(Missing::NoDeaths), 8);
        }
        let limit = number(self.plan.mortality.false_discovery);
        let alarm = unit
            .adjusted_p
            .map_or("", |p| if p <= limit { "yes" } else { "no" });
        let row = row
            .number(unit.adjusted_p, 8)
            .text(alarm)
            .count(size(low.0))
            .count(size(low.1));
        let p = two_sided_p(unit.low_risk_deaths).ok_or(Missing::NoDeaths);
        let row = row.statistic(rate(low.1, low.0), 8).statistic(p, 8);
        let mut row = row
            .count(size(unit.totals.low_diagnoses))
            .count(size(unit.totals.low_diagnosis_deaths));
        for limits in unit.funnel(self.plan) {
            let ratio = unit.death_ratio().ok();
            let outside = limits
                .zip(ratio)
                .map(|((low, high), ratio)| ratio < low || ratio > high);
            let outside = outside.map_or("", |outside| if outside { "yes" } else { "no" });
            row = row.statistic(limits.map(|(low, _)| low).ok_or(Missing::NoDeaths), 6);
            row = row
                .statistic(limits.map(|(_, high)| high).ok_or(Missing::NoDeaths), 6)
                .text(outside);
        }
        row.end();
    }

    fn grades(&self) -> Sheet {
        let columns = [
            ("group", "group", "病组"),
            ("cases", "cases of the reference", "参照例数"),
            ("deaths", "deaths", "死亡例数"),
            ("mortality", "deaths ÷ cases", "病死率"),
            ("grade", "grade of risk, 0 to 4", "死亡风险分级"),
            MISSING,
        ];
        let mut sheet = Sheet::new("grades", words("Grades of risk", "死亡风险分级"), &columns);
        for (group, cases, deaths) in &self.made.group_deaths {
            let grade = self.made.grades.groups.get(group);
            let row = sheet.row().text(group).count(size(*cases)).count(size(*deaths));
            let row = row.statistic(rate(*deaths, *cases), 8);
            row.text(grade.map_or_else(String::new, |grade| grade.number().to_string()))
                .end();
        }
        sheet
    }

    fn composite(&self) -> Sheet {
        let columns = [
            ("hospital", "hospital", "医疗机构"),
            ("rsr", "rank-sum ratio", "秩和比"),
            ("class", "class, the best last", "等级（由低到高）"),
            MISSING,
        ];
        let title = words("Rank-sum ratio", "秩和比综合评价");
        let mut sheet = Sheet::new("composite", title, &columns).drawn(title, BARS, "hospital", &["rsr"]);
        let units = self.made.units.iter();
        for (unit, (rsr, class)) in units.filter_map(|unit| Some((unit, unit.composite?))) {
            let class = rsr.map_or_else(|_| String::new(), |_| class.to_string());
            sheet
                .row()
                .text(&unit.hospital)
                .statistic(rsr, 6)
                .text(class)
                .end();
        }
        sheet
    }

    /// Groups that the weights do not have.
    fn unweighted(&self) -> Sheet {
        let columns = [
            ("group", "group without a weight", "无权重病组"),
            ("cases", "cases", "例数"),
        ];
        let title = words("Groups without a weight", "无权重病组");
        let mut sheet = Sheet::new("without-weight", title, &columns);
        let stays = &self.read.stays;
        for ((group, weight), cases) in stays.groups.iter().zip(self.weights).zip(stays.all.groups()) {
            if weight.is_none() {
                sheet.row().text(&group.code).count(cases.len()).end();
            }
        }
        sheet
    }

    /// Printed figures held against their own rounding: |total − CMI × cases| ≤ half a unit × cases.
    fn checks(&self) -> Sheet {
        let columns = [
            ("hospital", "hospital", "医疗机构"),
            ("line", "line", "行号"),
            ("cases", "cases", "例数"),
            ("total_weight", "total weight as printed", "公布总权重"),
            ("cmi", "case-mix index as printed", "公布CMI"),
            ("difference", "total − CMI × cases", "差额"),
            ("allowed", "explained by rounding", "舍入允许"),
            ("fits", "whether it fits", "是否相符"),
        ];
        let mut sheet = Sheet::new("published", words("Printed figures", "公布指标核对"), &columns);
        let Some(plan) = &self.plan.published else {
            return sheet;
        };
        for (place, cells) in self.published {
            let cell = |at: usize| cells.get(at).map_or("", String::as_str);
            let value = |at: usize| cell(at).parse::<f64>().ok().filter(|value| value.is_finite());
            let values = value(1).zip(value(2)).zip(value(3));
            let row = sheet
                .row()
                .text(cell(0))
                .text(place.line.unwrap_or(0).to_string());
            let row = row.text(cell(1)).text(cell(2)).text(cell(3));
            match values {
                None => row.number(None, 6).number(None, 6).text("unreadable").end(),
                Some(((cases, total), cmi)) => {
                    let (difference, unit) = (total - cmi * cases, 10_f64.powf(-f64::from(plan.decimals)));
                    let allowed = 0.5 * unit * cases;
                    // decimals as printed are not exact in binary
                    let fits = difference.abs() <= allowed * (1.0 + 1e-9);
                    row.number(Some(difference), 6)
                        .number(Some(allowed), 6)
                        .yes(fits)
                        .end();
                }
            }
        }
        sheet
    }
}
