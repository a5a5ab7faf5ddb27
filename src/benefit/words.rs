//! A slip in words (结算单说明文字), Chinese and English: step, base, formula, parameters with their
//! clause, counters before and after.

use std::fmt;

use jiff::civil::Date;

use super::counters::is_number;
use super::explain::{CounterMove, Explanation, ParamUsed, Step};
use super::file::{CapUnit, OnChange};
use super::slip::{Skipped, Slip, Uncovered, Why};
use crate::diagnostics::{Lang, Told};
use crate::units::Fen;

/// How an amount comes about (算法): what the words of a step are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum How {
    /// A part of the in-scope cost is borne first.
    BorneFirst,
    /// The deductible of this admission, at most the in-scope cost.
    Deductible { amount: Fen },
    /// Ratio by band, items by their own, at least the floor.
    Bands {
        deductible: Fen,
        items: Fen,
        floor: Option<Fen>,
    },
    /// At most what a cap or a quota leaves.
    CapLeft { of: Fen },
    /// The year's base of critical illness insurance on a scale.
    Cii {
        before: Fen,
        after: Fen,
        tilt: bool,
        day: Date,
        regime: OnChange,
    },
    /// A year's amount on a scale.
    Year { before: Fen, after: Fen, threshold: Fen },
    /// A tier on a residual.
    Tier {
        threshold: Fen,
        due: Fen,
        cap_left: Option<Fen>,
        unit: CapUnit,
    },
    /// An outpatient scheme.
    Scheme {
        deductible: Fen,
        due: Fen,
        cap_left: Option<Fen>,
    },
    /// What all payers leave.
    Rest,
}

impl How {
    /// In words (文字).
    pub fn words(&self, base: Fen, lang: Lang) -> String {
        self.told(base).in_lang(lang)
    }

    /// The kind of rule (规则种类), as in JSON.
    pub const fn rule(&self) -> &'static str {
        match self {
            How::BorneFirst => "first_bear",
            How::Deductible { .. } => "deductible",
            How::Bands { .. } => "bands",
            How::CapLeft { .. } => "cap",
            How::Cii { .. } | How::Year { .. } => "scale_of_the_year",
            How::Tier { .. } => "tier",
            How::Scheme { .. } => "outpatient_scheme",
            How::Rest => "rest",
        }
    }

    fn told(&self, base: Fen) -> Told {
        match self {
            How::BorneFirst => Told::new(
                "the part borne first out of the area, moved to pre-self-pay",
                "异地就医个人先行负担部分，计入先行自付",
                [],
            ),
            How::Deductible { amount } => Told::new(
                "{0} for this bill, at most the in-scope cost",
                "本次起付线{0}，不超过政策范围内费用",
                [amount],
            ),
            How::Bands {
                deductible,
                items,
                floor,
            } => Told::new(
                "ratio by band on {0} less the deductible {1}{2}{3}",
                "{0}减起付线{1}，按段计支付比例{2}{3}",
                [&base, deductible],
            )
            .and(own_ratios(*items))
            .and(at_least(*floor)),
            How::CapLeft { of } => Told::new("at most what is left, of {0}", "{0}，不超过剩余额度", [of]),
            How::Cii {
                before,
                after,
                tilt,
                day,
                regime,
            } => Told::new(
                "the year's base grows from {0} to {1}; {3} scale of {2}, regime {4}",
                "年内累计由{0}增至{1}；{2}的{3}分段，{4}",
                [before, after, day],
            )
            .and(scale_named(*tilt))
            .and(regime.told()),
            How::Year {
                before,
                after,
                threshold,
            } => Told::new(
                "the year's amount grows from {0} to {1}; paid above {2}",
                "年内累计由{0}增至{1}；超过{2}的部分支付",
                [before, after, threshold],
            ),
            How::Tier {
                threshold,
                due,
                cap_left,
                unit,
            } => Told::new(
                "ratio above {0} gives {1}; {2}",
                "超过{0}部分按比例应付{1}；{2}",
                [threshold, due],
            )
            .and(cap_words(*cap_left, *unit)),
            How::Scheme {
                deductible,
                due,
                cap_left,
            } => Told::new(
                "ratio on {0} less the deductible {1} gives {2}; {3}",
                "{0}减起付线{1}按比例应付{2}；{3}",
                [&base, deductible, due],
            )
            .and(cap_words(*cap_left, CapUnit::Person)),
            How::Rest => Told::new("the total less all payers", "总额减各方支付", []),
        }
    }
}

fn own_ratios(items: Fen) -> Told {
    match items > Fen::ZERO {
        true => Told::new(
            "; {0} of it at the ratios of its classes of items",
            "；其中{0}按单列项目比例",
            [&items],
        ),
        false => Told::same(""),
    }
}

fn at_least(floor: Option<Fen>) -> Told {
    floor.map_or_else(
        || Told::same(""),
        |floor| Told::new("; at least {0}", "；保底{0}", [&floor]),
    )
}

fn scale_named(tilt: bool) -> Told {
    match tilt {
        true => Told::new("tilt", "倾斜", []),
        false => Told::new("ordinary", "普通", []),
    }
}

fn cap_words(left: Option<Fen>, unit: CapUnit) -> Told {
    let Some(left) = left else {
        return Told::new("no cap", "不设封顶", []);
    };
    let whose = match unit {
        CapUnit::Person => Told::same(""),
        CapUnit::Family => Told::new(" of the family", "家庭", []),
        CapUnit::Kind => Told::new(" of this kind of care", "本类医疗", []),
    };
    Told::new("the cap{1} leaves {0}", "{1}封顶线剩余{0}", [&left]).and(whose)
}

impl OnChange {
    fn told(self) -> Told {
        match self {
            OnChange::Difference => Told::new("difference", "按新标准差额", []),
            OnChange::Grandfather => Told::new("grandfather", "已过起付线者沿用旧标准", []),
            OnChange::Consumed => Told::new("consumed", "只补足起付线差额", []),
            OnChange::Recompute => Told::new("recompute", "全年重算", []),
        }
    }
}

impl Skipped {
    /// Which tier was left out, and why, in words (未计算的层及原因).
    pub fn words(&self, lang: Lang) -> String {
        let told = match &self.why {
            Why::NotInForce => Told::new(
                "{0}: no row is in force on the day",
                "{0}：当日无此规定",
                [&self.tier],
            ),
            Why::Unknown { path } => Told::new("{0}: `{1}` is unknown", "{0}：`{1}`未知", [&self.tier, path]),
        };
        told.in_lang(lang)
    }
}

impl Uncovered {
    /// Which days are not paid, in words (未参保日说明).
    pub fn words(&self, lang: Lang) -> String {
        let told = Told::new(
            "days from {0} on are not covered: {1} to the person",
            "自{0}起未参保：{1}由个人负担",
            [&self.from, &self.amount],
        );
        told.in_lang(lang)
    }
}

impl Slip {
    /// What was left out of the slip, in words (未计算内容), one after the other.
    pub fn left_out(&self, lang: Lang) -> Vec<String> {
        let uncovered = self.uncovered.iter().map(|part| part.words(lang));
        let skipped = self.skipped.iter().map(|skipped| skipped.words(lang));
        uncovered.chain(skipped).collect()
    }
}

impl Explanation {
    /// One line a step, its parameters and counters indented below (逐步说明).
    pub fn words(&self, lang: Lang) -> String {
        let mut text = String::new();
        for step in &self.steps {
            text += &step_words(step, lang);
            for param in &step.params {
                text += &format!("    {}\n", param_words(param, lang));
            }
            for counter in &step.counters {
                text += &format!("    {}\n", counter_words(counter));
            }
        }
        for left_out in self.slip.left_out(lang) {
            text += &format!("{}{left_out}\n", lang.pick("left out: ", "未计算："));
        }
        let slip = &self.slip;
        text += &standing_words(slip, lang);
        let rest = Told::new(
            "person: {0} of {1}\n",
            "个人负担：{0}，总额{1}\n",
            [&slip.person, &slip.total],
        );
        text + &rest.in_lang(lang)
    }
}

/// What a reader of the slip must know of its ground: a draft, and a scale that changed.
fn standing_words(slip: &Slip, lang: Lang) -> String {
    let draft = slip.draft.then(|| {
        let evidence = slip.evidence.as_str();
        Told::new(
            "DRAFT; weakest evidence used: {0}\n",
            "草案；所用参数最弱依据：{0}\n",
            [&evidence],
        )
    });
    let changed = slip.regime.map(|regime| {
        Told::new(
            "the scale changed inside the year: settled by `{0}`\n",
            "年内标准变动：按`{0}`处理\n",
            [&regime],
        )
    });
    let said = draft.into_iter().chain(changed);
    said.map(|told| told.in_lang(lang)).collect()
}

fn step_words(step: &Step, lang: Lang) -> String {
    let formula = step.formula(lang);
    let told = Told::new(
        "{3}: {0} on {1}: {2}\n",
        "{3}：{0}，基数{1}：{2}\n",
        [&step.amount, &step.base, &formula],
    );
    told.and(step_named(&step.step)).in_lang(lang)
}

/// Steps every policy has, and their Chinese names.
const STEPS: [(&str, &str); 11] = [
    ("first_bear", "先行负担"),
    ("deductible", "起付线"),
    ("basic_before_cap", "基本医保（封顶前）"),
    ("basic", "基本医保"),
    ("cii", "大病保险"),
    ("special_drug", "大病特效药"),
    ("quota", "门诊定额"),
    ("general", "门诊统筹"),
    ("two_disease", "两病门诊"),
    ("chronic", "门诊慢性病"),
    ("person", "个人负担"),
];

/// A tier of the file has its id.
fn step_named(step: &str) -> Told {
    match STEPS.into_iter().find(|(known, _)| *known == step) {
        Some((en, zh)) => Told::new(en, zh, []),
        None => Told::same(step),
    }
}

fn param_words(param: &ParamUsed, lang: Lang) -> String {
    let mut text = format!("{} = {}", param.path, param.value);
    if let Some(from) = param.from {
        text += &Told::new(" from {0}", "，自{0}", [&from]).in_lang(lang);
    }
    text += &format!(" ({}", param.evidence.as_str());
    for word in param.documents.iter().chain(&param.clause) {
        text += &format!(", {word}");
    }
    text + ")"
}

fn counter_words(counter: &CounterMove) -> String {
    let number = |value: i64| match is_number(&counter.id) {
        true => value.to_string(),
        false => Fen::new(value).to_string(),
    };
    format!(
        "{}: {} → {}",
        counter.id,
        number(counter.before),
        number(counter.after)
    )
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words(Lang::En))
    }
}
