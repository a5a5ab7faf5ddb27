//! What a pack means, in sentences (政策释义): one for each rule, with the key that says it.

use super::file::{
    Approval, AuxPick, BaseIncludes, Compose, ExtremePay, FormulaClass, HighPay, LowPay, LowRule,
    UnstablePay, ZeroPay,
};
use super::file_money::{
    AddonFunding, AddonPosition, AssessEffect, Denominator, FundFormula, PenaltyMode, Reflow, Step,
};
use super::file_stay::{IncompletePay, Newborn};
use super::pack::Pack;
use super::rules::Rules;
use super::rules_money::{FundRatio, corridor_jumps};
use super::rules_outlier::{Base, Blank, High, Ungrouped};
use super::rules_price::{Known, One};
use super::rules_stay::DayCare;
use crate::codes::HospitalLevel;
use crate::diagnostics::{Lang, Words};
use crate::units::Exact;

/// One sentence about a pack (政策语句).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// The key that says it.
    pub key: &'static str,
    /// In the language asked for.
    pub text: String,
}

impl Pack {
    /// The pack's meaning, formula by formula, in the order in which a case meets it (政策释义).
    pub fn sentences(&self, lang: Lang) -> Vec<Sentence> {
        let mut talk = Talk {
            rules: &self.rules,
            lang,
            said: Vec::new(),
        };
        talk.class(self.class());
        talk.points();
        talk.coefficients();
        talk.stays();
        talk.joined_stays();
        talk.outliers();
        talk.without_weight();
        talk.pools();
        talk.fund();
        talk.shares();
        talk.clearing();
        talk.time();
        talk.times();
        talk.said
    }
}

pub(super) struct Talk<'a> {
    pub(super) rules: &'a Rules,
    lang: Lang,
    said: Vec<Sentence>,
}

/// A number as people write it: no more decimals than it has.
pub(super) fn show(value: Exact) -> String {
    let text = value.show(6).unwrap_or_else(|_| "?".to_owned());
    let cut = text.trim_end_matches('0').trim_end_matches('.');
    cut.to_owned()
}

pub(super) fn percent(value: Exact) -> String {
    value
        .mul(Exact::integer(100))
        .map_or_else(|_| "?".to_owned(), show)
}

pub(super) fn yuan(fen: Exact) -> String {
    fen.div(Exact::integer(100)).map_or_else(|_| "?".to_owned(), show)
}

impl Talk<'_> {
    pub(super) fn say(&mut self, key: &'static str, en: impl Into<String>, zh: impl Into<String>) {
        let text = match self.lang {
            Lang::En => en.into(),
            Lang::Zh => zh.into(),
        };
        self.said.push(Sentence { key, text });
    }

    fn pick(&self, words: Words) -> String {
        words.in_lang(self.lang).to_owned()
    }

    fn class(&mut self, class: FormulaClass) {
        let (en, zh) = match class {
            FormulaClass::V1 => (
                "points buy the fund's money: point value = fund ÷ points of all cases; a hospital is due its points × point value",
                "点数分配基金：点值＝清算基金÷全部点数；医院应付＝点数×点值",
            ),
            FormulaClass::V2 => (
                "points buy the total fees: point value = (fund + what others paid) ÷ points of all cases; a hospital is due points × point value less what others paid",
                "点数分配总费用：点值＝（清算基金＋非基金支付）÷全部点数；医院应付＝点数×点值－非基金支付",
            ),
            FormulaClass::V3 => (
                "points are priced at the fund grossed up by the payment ratio, or at a preset price; the fund's part of each standard is due",
                "点值按支付比例放大后的基金或预设点值确定；按支付标准中的基金部分应付",
            ),
            FormulaClass::V4 => (
                "a case's standard is its points at a known price; the fund's part of it is due",
                "支付标准＝点数×已定价格；按其中基金部分应付",
            ),
        };
        self.say("formula_class", en, zh);
        match &self.rules.price.known {
            Known::Floating => {}
            Known::Rates(super::rules_price::Rates::One(rate)) => {
                let rate = yuan(*rate);
                self.say(
                    "price.rate",
                    format!("weight 1.0 is worth {rate} yuan"),
                    format!("权重1.0为{rate}元"),
                );
            }
            Known::Rates(_) => self.say(
                "price.rate",
                "the rate depends on pool and level",
                "费率按基金池和等级分别确定",
            ),
            Known::Preset(prices, _) => self.table("price.table", "the price of a point", "点值", prices),
            Known::Table(prices, _) => {
                self.table("price.table", "the standard of a case", "病例支付标准", prices)
            }
        }
    }

    fn table(&mut self, key: &'static str, en: &str, zh: &str, lookup: &super::lookup::Lookup) {
        let ways: Vec<String> = lookup.ways().collect();
        let (rows, en_ways, zh_ways) = (lookup.len(), ways.join(", then "), ways.join("，再"));
        self.say(
            key,
            format!("{en} is looked up by {en_ways} ({rows} rows)"),
            format!("{zh}依次按{zh_ways}查表（{rows}行）"),
        );
    }

    fn points(&mut self) {
        let (scale, printed) = (
            show(self.rules.price.scale),
            show(self.rules.weight.catalogue_scale),
        );
        self.say(
            "price.scale",
            format!("base points = printed weight ÷ {printed} × {scale}"),
            format!("基准点数＝目录值÷{printed}×{scale}"),
        );
        self.weights();
        self.rounding();
    }

    fn weights(&mut self) {
        let columns: Vec<String> = self
            .rules
            .weight
            .columns
            .iter()
            .map(|(level, name)| format!("{level}: `{name}`"))
            .collect();
        if !columns.is_empty() {
            let columns = columns.join(", ");
            self.say(
                "weight.columns",
                format!("weights by hospital level: {columns}"),
                format!("按医院等级取权重列：{columns}"),
            );
        }
        match &self.rules.weight.one {
            One::CityMean => {}
            One::Fen(fen) => {
                let yuan = yuan(*fen);
                self.say(
                    "weight.parameter",
                    format!("weight 1.0 stands for a cost of {yuan} yuan"),
                    format!("权重1.0对应费用{yuan}元"),
                );
            }
            One::Group(group) => self.say(
                "weight.reference",
                format!("weight 1.0 stands for the mean cost of group `{group}`"),
                format!("权重1.0对应基准病组`{group}`的次均费用"),
            ),
        }
    }

    fn rounding(&mut self) {
        let decimals = self.rules.points_decimals;
        let (en, zh) = match decimals {
            12 => (
                "points of a case are not rounded (twelve decimals are kept)".to_owned(),
                "病例点数不取整（保留12位小数）".to_owned(),
            ),
            _ => (
                format!("points of a case are rounded once, half away from zero, to {decimals} decimals"),
                format!("病例点数四舍五入一次，保留{decimals}位小数"),
            ),
        };
        self.say("round.points_dp", en, zh);
        let (en, zh) = if self.rules.net_cost {
            (
                "a case's cost is the sum of all lines of its bill, refunds included",
                "住院总费用为全部明细之和（含退费）",
            )
        } else {
            (
                "a case's cost is the sum of the lines above zero; refunds are kept apart",
                "住院总费用只计正数明细，退费另记",
            )
        };
        self.say("cost.basis", en, zh);
    }

    fn coefficients(&mut self) {
        let rule = &self.rules.coefficients;
        let kinds: Vec<&str> = rule.factors.iter().map(|(kind, _)| kind.as_str()).collect();
        let joined = match rule.compose {
            Compose::Product => kinds.join(" × "),
            Compose::BasePlusAddons => kinds.join(" + "),
        };
        match kinds.is_empty() {
            true => self.say(
                "coef.hospital",
                "hospitals have no coefficient",
                "不设医疗机构系数",
            ),
            false => self.say(
                "coef.hospital",
                format!("the hospital's coefficient c = {joined}"),
                format!("医疗机构系数c＝{joined}"),
            ),
        }
        if self.rules.coefficients.one_if_missing {
            self.say(
                "coef.missing",
                "a coefficient that is missing counts as 1 in previews; nothing is settled with it",
                "缺失系数在预览中按1处理，不得用于结算",
            );
        }
        let same = self.rules.groups.same_price_groups();
        if same > 0 {
            self.say(
                "group.same_price",
                format!("{same} groups have one price: their own coefficient, or 1, stands in place of c"),
                format!("{same}个病组同病同价：以自有系数或1代替c"),
            );
        }
        self.auxiliary();
        self.say(
            "case.method",
            "a normal case has base points × c × a",
            "正常病例点数＝基准点数×c×a",
        );
    }

    fn auxiliary(&mut self) {
        if let Some(auxiliary) = &self.rules.auxiliary {
            let families = auxiliary.families().join(", ");
            let (en, zh) = match auxiliary.pick() {
                AuxPick::Max => ("the largest of several counts", "取最大值"),
                AuxPick::Product => ("several are multiplied", "连乘"),
            };
            self.say(
                "coef.aux",
                format!("auxiliary coefficient a by the labels {families}; {en}; without a label a = 1"),
                format!("辅助系数a按标签{families}取值，{zh}；无标签时a＝1"),
            );
        }
    }

    fn stays(&mut self) {
        let stay = &self.rules.stay;
        let (excluded, incomplete) = (stay.days.is_some(), stay.incomplete.as_ref().map(|rule| rule.pay));
        if excluded {
            self.say(
                "scope.days",
                "stays of an excluded length leave the points",
                "住院天数不在范围的病例不按点数付费",
            );
        }
        if let Some(pay) = incomplete {
            let (en, zh) = match pay {
                IncompletePay::RatioCappedAtBase => (
                    "an incomplete stay has base points × min(1, cost ÷ the group's mean), without coefficients",
                    "未完整治疗病例点数＝基准点数×min(1，费用÷病组次均费用)，不乘系数",
                ),
                IncompletePay::ByItem => ("an incomplete stay is paid by items", "未完整治疗病例按项目付费"),
                IncompletePay::Full => (
                    "an incomplete stay is paid as a normal case",
                    "未完整治疗病例按正常病例付费",
                ),
                IncompletePay::Off => ("incomplete stays are not told apart", "不区分未完整治疗病例"),
            };
            self.say("scope.incomplete", en, zh);
        }
        self.days_and_gates();
    }

    fn days_and_gates(&mut self) {
        let stay = &self.rules.stay;
        let (bed_day, day_care, gate) = (stay.bed_day.is_some(), stay.day_care.clone(), stay.gate.clone());
        let newborn = stay.newborn;
        if bed_day {
            self.say(
                "bedday",
                "listed cases have points by the day; days behind the last phase have none",
                "列入床日的病例按床日点数累计，末段之后的天数不计",
            );
        }
        match day_care {
            Some(DayCare::Share(share)) => {
                let share = percent(share);
                self.say(
                    "daycare",
                    format!("day care has {share} % of the inpatient points"),
                    format!("日间病例按住院点数的{share}%计"),
                );
            }
            Some(DayCare::Own(_)) => self.say(
                "daycare",
                "day care has points of its own list",
                "日间病例按专用目录计点",
            ),
            Some(DayCare::ByItem) => self.say("daycare", "day care is paid by items", "日间病例按项目付费"),
            Some(DayCare::InDrg) => self.say("daycare", "day care is paid as any stay", "日间病例同住院病例"),
            None => {}
        }
        if let Some(gate) = gate {
            let (least, groups) = (percent(gate.min_ratio), gate.groups.len());
            self.say(
                "tcm",
                format!("{groups} groups ask for at least {least} % of traditional medicine; a case below goes to the group named beside them"),
                format!("{groups}个中医病组要求中医费用占比不低于{least}%，不足者改入所列病组"),
            );
        }
        if newborn == Newborn::Coef {
            let factor = show(self.rules.stay.newborn_factor);
            self.say(
                "scope.newborn",
                format!("a newborn with its mother has its points × {factor}"),
                format!("随母新生儿点数×{factor}"),
            );
        }
        self.readmitted();
    }

    fn base(&self) -> String {
        let (en, zh) = match &self.rules.outlier.base {
            Base::Standard => ("the case's own standard", "本病例支付标准"),
            Base::GroupMean => ("the group's mean cost", "病组次均费用"),
            Base::MeanPrice(_) => ("base points × mean price", "基准点数×平均点价"),
            Base::Means(_) => ("the mean cost of a table", "查表均费"),
        };
        let mut text = self.pick(Words { en, zh });
        for included in &self.rules.outlier.base_includes {
            text.push_str(match included {
                BaseIncludes::Aux => " × a",
                BaseIncludes::OwnCoef => " × own",
                BaseIncludes::Coef => " × c",
            });
        }
        text
    }

    fn outliers(&mut self) {
        let cost = if self.rules.outlier.net_of_denied {
            "(C − denied)"
        } else {
            "C"
        };
        let base = self.base();
        self.say(
            "outlier.base",
            format!("r = {cost} ÷ {base}"),
            format!("倍率r＝{cost}÷{base}"),
        );
        self.low();
        self.high();
        self.extreme();
    }

    /// The auxiliary coefficient, where outliers have it.
    pub(super) fn aux(&self) -> &'static str {
        if self.rules.outlier.aux_on { " × a" } else { "" }
    }

    fn low(&mut self) {
        let rule = &self.rules.outlier;
        let below = if rule.edge.low_owns_limit { "<=" } else { "<" };
        let mut limit = show(rule.low);
        if rule.low_rule == LowRule::MinOneCoef {
            limit.push_str(" × min(1, c)");
        }
        let (a, c) = (self.aux(), if rule.low_coef { " × c" } else { "" });
        let pay = match rule.low_pay {
            LowPay::Actual => "S = C".to_owned(),
            LowPay::BaseXRatio => format!("P = b × r{c}{a}"),
            LowPay::CostXControl => "P = C ÷ mean cost of a point".to_owned(),
            LowPay::CostAtPrice => "P = C ÷ price of a point".to_owned(),
            LowPay::ByItem => self.pick(Words {
                en: "by items",
                zh: "按项目",
            }),
        };
        self.say(
            "outlier.low",
            format!("low multiple: r {below} {limit}; {pay}"),
            format!("低倍率：r {below} {limit}；{pay}"),
        );
    }

    fn high(&mut self) {
        let rule = &self.rules.outlier;
        let above = if rule.edge.high_owns_limit { ">=" } else { ">" };
        let k = match &rule.high {
            High::Flat(k) => show(*k),
            High::Bands {
                by_weight,
                limit_is_inside,
                bands,
            } => bands_shown(*by_weight, *limit_is_inside, bands),
            High::Top(top) => return self.dearest(percent(top.share)),
        };
        let approval = rule.approval;
        let pay = self.high_pay(rule.high_pay, self.aux());
        self.say(
            "outlier.high",
            format!("high multiple: r {above} K, K = {k}; {pay}"),
            format!("高倍率：r {above} K，K＝{k}；{pay}"),
        );
        if approval == Approval::Review {
            self.say(
                "outlier.approval",
                "more than the standard is paid after a review only; until then b × c × a",
                "高倍率追加点数须经审核，审核前按b×c×a",
            );
        }
    }

    fn extreme(&mut self) {
        let rule = &self.rules.outlier;
        let Some((x, pay)) = rule.extreme else { return };
        let above = if rule.edge.extreme_owns_limit { ">=" } else { ">" };
        let (x, a) = (show(x), self.aux());
        let pay = match pay {
            ExtremePay::CoefOnly => format!("P = b × c{a}"),
            ExtremePay::ByItem => self.pick(Words {
                en: "by items",
                zh: "按项目",
            }),
            ExtremePay::Review | ExtremePay::Off => self.pick(Words {
                en: "reviewed; until then b × c",
                zh: "送审，审核前按b×c",
            }),
        };
        self.say(
            "outlier.extreme",
            format!("extreme multiple, tested first: r {above} {x}; {pay}"),
            format!("极高倍率（先判）：r {above} {x}；{pay}"),
        );
    }

    pub(super) fn high_pay(&self, pay: HighPay, a: &str) -> String {
        match pay {
            HighPay::ExcessCoef => format!("P = b × (r − K + 1) × c{a}"),
            HighPay::ExcessPlain => format!("P = b × (r − K + c){a}"),
            HighPay::Deduct => "P = C ÷ mean cost of a point − (K − 1) × b × c".to_owned(),
            HighPay::Cap => "P = b × K × c".to_owned(),
            HighPay::Standard => "P = b × c × a".to_owned(),
            HighPay::ByItem => self.pick(Words {
                en: "by items",
                zh: "按项目",
            }),
            HighPay::Review => self.pick(Words {
                en: "reviewed; until then b × c × a",
                zh: "送审，审核前按b×c×a",
            }),
        }
    }

    fn without_weight(&mut self) {
        let (en, zh) = ungrouped_words(&self.rules.ungrouped);
        self.say("ungrouped.pay", en, zh);
        match &self.rules.blank {
            Some(Blank::Ungrouped) => self.say(
                "ungrouped.blank",
                "a case that only the blank group took is paid as one without a group",
                "仅入空白病组的病例按未入组病例付费",
            ),
            Some(Blank::Group) => self.say(
                "ungrouped.blank",
                "a case that only the blank group took is paid by that group's score",
                "仅入空白病组的病例按空白病组分值付费",
            ),
            Some(Blank::Own(own)) => {
                let (en, zh) = ungrouped_words(own);
                let en = en.replace("a case without a group", "a case that only the blank group took");
                self.say(
                    "ungrouped.blank",
                    en,
                    zh.replace("未入组病例", "仅入空白病组的病例"),
                );
            }
            None => {}
        }
        let (en, zh) = match self.rules.unstable_pay {
            UnstablePay::CostRatio => (
                "a group without a stable weight: P = C ÷ mean cost of a point",
                "不稳定组：点数＝费用÷每点费用",
            ),
            UnstablePay::ByItem => (
                "a group without a stable weight is paid by items",
                "不稳定组按项目付费",
            ),
        };
        self.say("group.unstable_pay", en, zh);
        let (en, zh) = match self.rules.zero_pay {
            ZeroPay::Actual => ("a group of score zero is paid its cost", "零分值组按实际费用"),
            ZeroPay::Zero => ("a group of score zero has no points", "零分值组计0点"),
            ZeroPay::Error => ("a group of score zero is an error", "出现零分值组即报错"),
        };
        self.say("group.zero_score_pay", en, zh);
    }

    fn fund(&mut self) {
        let money = &self.rules.money;
        let (clamp, correct, split) = (money.clamp, money.v3_correct, !money.order.is_empty());
        let ratio = match &money.ratio {
            None => String::new(),
            Some(FundRatio::PoolRealised) => "F ÷ (F + ΣN)".to_owned(),
            Some(FundRatio::Case) => "A ÷ (A + N)".to_owned(),
            Some(FundRatio::Fixed(ratio)) => show(*ratio),
            Some(FundRatio::Table(_)) => "`fund.table`".to_owned(),
        };
        match money.formula {
            FundFormula::None => {}
            FundFormula::Subtract => self.say(
                "fund.formula",
                "the fund's part: standard − what others paid (N)",
                "基金部分＝支付标准－非基金支付N",
            ),
            FundFormula::Ratio => self.say(
                "fund.formula",
                format!("the fund's part: standard × ρ, ρ = {ratio}"),
                format!("基金部分＝支付标准×ρ，ρ＝{ratio}"),
            ),
        }
        match clamp {
            true => self.say(
                "fund.negative",
                "a due below zero becomes zero; the books show what that adds",
                "应付为负时归零，归零额单列",
            ),
            false => self.say("fund.negative", "a due below zero is kept", "应付为负时保留负值"),
        }
        if correct {
            self.say(
                "fund.v3_correct",
                "dues that do not sum to the fund are brought to it, pro rata",
                "应付合计不等于基金时按比例校正",
            );
        }
        if split {
            self.say(
                "fund.split",
                "each due is split over the funds of the pool",
                "应付按各基金拆分",
            );
        }
        if self.rules.money.reference_price.is_none() {
            self.say(
                "pool.amount_cases",
                "cases paid by amount leave the pool first; the rest is shared by points",
                "按金额付费的病例先行扣除，其余按点数分配",
            );
        }
    }

    fn clearing(&mut self) {
        let money = &self.rules.money;
        let steps: Vec<&str> = money.steps.iter().map(|step| step.as_str()).collect();
        let steps = steps.join(" → ");
        let (reserve, may_exceed) = (money.reserve, money.k_may_exceed_one);
        self.say(
            "clear.steps",
            format!("a year is cleared in the order {steps}"),
            format!("年度清算顺序：{steps}"),
        );
        if let Some(rate) = reserve {
            let rate = percent(rate);
            self.say(
                "budget.reserve",
                format!("{rate} % of the budget is kept back"),
                format!("预算提取{rate}%风险金"),
            );
        }
        let scales = self.rules.money.steps.contains(&Step::Scale);
        if !may_exceed && scales {
            self.say(
                "price.k_may_exceed_one",
                "standards are never scaled up: what is left stays in the pool",
                "折算系数不超过1，结余留在基金池",
            );
        }
        self.cap();
        self.corridors();
        let (addons, special) = (self.rules.money.addons.clone(), self.rules.money.special.clone());
        if let Some(addons) = addons {
            self.addons(&addons);
        }
        if let Some(special) = special {
            self.special(&special);
        }
        let money = &self.rules.money;
        self.judged(
            money.assess.as_ref().map(|a| a.effect),
            money.penalty.as_ref().map(|p| p.mode),
        );
    }

    fn cap(&mut self) {
        let Some(cap) = &self.rules.money.cap else { return };
        let rate = percent(cap.rate);
        let (en, zh) = match cap.reflow {
            Reflow::Stay => ("what is above stays in the pool", "超出部分留在基金池"),
            Reflow::Once => (
                "what is above flows back once to hospitals below theirs",
                "超出部分一次性回补未封顶医院",
            ),
            Reflow::Iterate => (
                "what is above flows back until nothing is left or all are at theirs",
                "超出部分反复回补，直至用完或全部封顶",
            ),
        };
        self.say(
            "clear.cap",
            format!("no hospital is due more than {rate} % of its claims; {en}"),
            format!("医院应付不超过记账基金的{rate}%；{zh}"),
        );
    }

    fn corridors(&mut self) {
        let money = &self.rules.money;
        let jumps = money.corridor.as_ref().map(corridor_jumps);
        if let Some(region) = &money.region {
            let (over, under) = (percent(region.over_share), percent(region.under_keep));
            self.say(
                "clear.corridor.region",
                format!("of a region's overrun {over} % is added, as far as the reserve goes; of its surplus {under} % is kept"),
                format!("区域超支按{over}%补助（以风险金为限），结余留存{under}%"),
            );
        }
        let Some(jumps) = jumps else { return };
        self.say(
            "clear.corridor.hospital",
            "each hospital's surplus and overrun: alpha × claim + beta × due of its band",
            "医院结余留用、超支分担：所在区间的alpha×记账＋beta×应付",
        );
        for jump in jumps {
            self.say(
                "clear.corridor.hospital",
                format!("WARNING: {jump}"),
                format!("注意（跳变）：{jump}"),
            );
        }
    }

    fn special(&mut self, special: &super::rules_money::Special) {
        let mut shares: Vec<(HospitalLevel, Exact)> = special
            .quota
            .iter()
            .map(|(level, share)| (*level, *share))
            .collect();
        shares.sort_by_key(|(level, _)| std::cmp::Reverse(*level));
        let shown = shares.iter().map(|(level, share)| {
            let share = share.mul(Exact::integer(1000)).unwrap_or(Exact::ZERO);
            format!("{level}: {}‰", show(share))
        });
        let shares = shown.collect::<Vec<_>>().join(", ");
        let (en, zh) = match special.denominator {
            Denominator::HospitalDischarges => ("the hospital's discharges", "本院出院人次"),
            Denominator::PoolDischarges => ("all discharges of the pool", "全池出院人次"),
        };
        self.say(
            "special.quota",
            format!(
                "reviews of single cases by level ({shares}) of {en}; beyond that a case is paid as its kind"
            ),
            format!("特例单议限额（按等级 {shares}）以{zh}计，超限按原类型付费"),
        );
    }

    fn addons(&mut self, addons: &super::rules_money::Addons) {
        let names: Vec<&str> = addons.items.iter().map(|(name, _)| name.as_str()).collect();
        let names = names.join(", ");
        let (en, zh) = match (addons.position, addons.funded_by) {
            (AddonPosition::BeforeScale, _) => {
                ("as part of the standard, scaled with it", "并入支付标准一并折算")
            }
            (_, AddonFunding::Pool) => (
                "from the pool's own money, which leaves first",
                "由基金池先行列支",
            ),
            (_, AddonFunding::CarveOut) => ("from money of its own", "由专项资金列支"),
            (_, AddonFunding::Reserve) => ("from the reserve", "由风险金列支"),
        };
        self.say(
            "addon",
            format!("add-ons {names}: {en}"),
            format!("加项 {names}：{zh}"),
        );
    }

    fn judged(&mut self, assess: Option<AssessEffect>, penalty: Option<PenaltyMode>) {
        match assess {
            Some(AssessEffect::DepositShare) => self.say(
                "assess",
                "the assessment decides which share of the deposit is returned",
                "考核决定质量保证金返还比例",
            ),
            Some(AssessEffect::PayableMultiplier) => self.say(
                "assess",
                "the assessment multiplies what is due",
                "应付金额乘以考核系数",
            ),
            Some(AssessEffect::PointsDeduction) => self.say(
                "assess",
                "the assessment multiplies the points",
                "点数乘以考核系数",
            ),
            Some(AssessEffect::Off) | None => {}
        }
        match penalty {
            Some(PenaltyMode::ZeroPoints) => {
                self.say("penalty", "a case in violation has no points", "违规病例点数清零")
            }
            Some(PenaltyMode::PointsMultiple) => self.say(
                "penalty",
                "a case in violation loses a multiple of its points",
                "违规病例按倍数扣减点数",
            ),
            Some(PenaltyMode::ReturnFund) => self.say(
                "penalty",
                "what a case in violation was due goes back to the fund",
                "违规病例应付退回基金",
            ),
            None => {}
        }
    }

    fn time(&mut self) {
        let Some(month) = &self.rules.time.month else {
            return;
        };
        let deposit = percent(month.deposit);
        self.say(
            "month.deposit",
            format!("of what a month is booked at, {deposit} % is kept as a deposit, the rest is paid"),
            format!("月度预结算额中提留{deposit}%质量保证金，其余拨付"),
        );
        self.months();
    }
}

fn bands_shown(by_weight: bool, limit_is_inside: bool, bands: &[(Option<Exact>, Exact)]) -> String {
    let (by, op) = (
        if by_weight { "RW" } else { "b" },
        if limit_is_inside { "<=" } else { "<" },
    );
    let shown = bands.iter().map(|(limit, k)| match limit {
        Some(limit) => format!("{} ({by} {op} {})", show(*k), show(*limit)),
        None => show(*k),
    });
    shown.collect::<Vec<_>>().join(", ")
}

/// What a case without a group is paid, English and Chinese.
fn ungrouped_words(rule: &Ungrouped) -> (String, String) {
    match rule {
        Ungrouped::ByItem => (
            "a case without a group is paid by items".to_owned(),
            "未入组病例按项目付费".to_owned(),
        ),
        Ungrouped::Zero => (
            "a case without a group has no points".to_owned(),
            "未入组病例计0点".to_owned(),
        ),
        Ungrouped::Actual => (
            "a case without a group is paid its cost".to_owned(),
            "未入组病例按实际费用".to_owned(),
        ),
        Ungrouped::Return => (
            "a case without a group is given back and not settled".to_owned(),
            "未入组病例退回，不予结算".to_owned(),
        ),
        Ungrouped::Fixed(points) => {
            let points = show(*points);
            (
                format!("a case without a group has {points} points"),
                format!("未入组病例计{points}点"),
            )
        }
        Ungrouped::Ratio(factor, _) => {
            let factor = show(*factor);
            (
                format!(
                    "a case without a group has its cost ÷ the cost of a point × {factor}, without coefficients"
                ),
                format!("未入组病例点数＝费用÷每点费用×{factor}，不乘系数"),
            )
        }
    }
}
