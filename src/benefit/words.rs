//! A slip in words (结算单说明文字), Chinese and English: step, base, formula, parameters with their
//! clause, counters before and after.

use std::fmt;

use jiff::civil::Date;

use super::explain::{CounterMove, Explanation, ParamUsed, Step};
use super::file::{CapUnit, OnChange};
use super::slip::{Skipped, Slip, Why};
use crate::diagnostics::Lang;
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
        match lang {
            Lang::En => self.english(base),
            Lang::Zh => self.chinese(base),
        }
    }

    fn english(&self, base: Fen) -> String {
        match self {
            How::BorneFirst => "the part borne first out of the area, moved to pre-self-pay".to_owned(),
            How::Deductible { amount } => format!("{amount} for this bill, at most the in-scope cost"),
            How::Bands {
                deductible,
                items,
                floor,
            } => {
                let mut text = format!("ratio by band on {base} less the deductible {deductible}");
                if *items > Fen::ZERO {
                    text += &format!("; {items} of it at the ratios of its classes of items");
                }
                if let Some(floor) = floor {
                    text += &format!("; at least {floor}");
                }
                text
            }
            How::CapLeft { of } => format!("at most what is left, of {of}"),
            How::Cii {
                before,
                after,
                tilt,
                day,
                regime,
            } => {
                let scale = if *tilt { "tilt" } else { "ordinary" };
                format!(
                    "the year's base grows from {before} to {after}; {scale} scale of {day}, regime {}",
                    regime.as_str()
                )
            }
            How::Year {
                before,
                after,
                threshold,
            } => format!("the year's amount grows from {before} to {after}; paid above {threshold}"),
            How::Tier {
                threshold,
                due,
                cap_left,
                unit,
            } => format!(
                "ratio above {threshold} gives {due}; {}",
                english_cap(*cap_left, *unit)
            ),
            How::Scheme {
                deductible,
                due,
                cap_left,
            } => format!(
                "ratio on {base} less the deductible {deductible} gives {due}; {}",
                english_cap(*cap_left, CapUnit::Person)
            ),
            How::Rest => "the total less all payers".to_owned(),
        }
    }

    fn chinese(&self, base: Fen) -> String {
        match self {
            How::BorneFirst => "异地就医个人先行负担部分，计入先行自付".to_owned(),
            How::Deductible { amount } => format!("本次起付线{amount}，不超过政策范围内费用"),
            How::Bands {
                deductible,
                items,
                floor,
            } => {
                let mut text = format!("{base}减起付线{deductible}，按段计支付比例");
                if *items > Fen::ZERO {
                    text += &format!("；其中{items}按单列项目比例");
                }
                if let Some(floor) = floor {
                    text += &format!("；保底{floor}");
                }
                text
            }
            How::CapLeft { of } => format!("{of}，不超过剩余额度"),
            How::Cii {
                before,
                after,
                tilt,
                day,
                regime,
            } => {
                let scale = if *tilt { "倾斜" } else { "普通" };
                let regime = chinese_regime(*regime);
                format!("年内累计由{before}增至{after}；{day}的{scale}分段，{regime}")
            }
            How::Year {
                before,
                after,
                threshold,
            } => format!("年内累计由{before}增至{after}；超过{threshold}的部分支付"),
            How::Tier {
                threshold,
                due,
                cap_left,
                unit,
            } => format!(
                "超过{threshold}部分按比例应付{due}；{}",
                chinese_cap(*cap_left, *unit)
            ),
            How::Scheme {
                deductible,
                due,
                cap_left,
            } => format!(
                "{base}减起付线{deductible}按比例应付{due}；{}",
                chinese_cap(*cap_left, CapUnit::Person)
            ),
            How::Rest => "总额减各方支付".to_owned(),
        }
    }
}

fn english_cap(left: Option<Fen>, unit: CapUnit) -> String {
    let whose = match unit {
        CapUnit::Person => "",
        CapUnit::Family => " of the family",
        CapUnit::Kind => " of this kind of care",
    };
    left.map_or_else(
        || "no cap".to_owned(),
        |left| format!("the cap{whose} leaves {left}"),
    )
}

fn chinese_cap(left: Option<Fen>, unit: CapUnit) -> String {
    let whose = match unit {
        CapUnit::Person => "",
        CapUnit::Family => "家庭",
        CapUnit::Kind => "本类医疗",
    };
    left.map_or_else(
        || "不设封顶".to_owned(),
        |left| format!("{whose}封顶线剩余{left}"),
    )
}

fn chinese_regime(regime: OnChange) -> &'static str {
    match regime {
        OnChange::Difference => "按新标准差额",
        OnChange::Grandfather => "已过起付线者沿用旧标准",
        OnChange::Consumed => "只补足起付线差额",
        OnChange::Recompute => "全年重算",
    }
}

impl Skipped {
    /// Which tier was left out, and why, in words (未计算的层及原因).
    pub fn words(&self, lang: Lang) -> String {
        match (&self.why, lang) {
            (Why::NotInForce, Lang::En) => format!("{}: no row is in force on the day", self.tier),
            (Why::NotInForce, Lang::Zh) => format!("{}：当日无此规定", self.tier),
            (Why::Unknown { path }, Lang::En) => format!("{}: `{path}` is unknown", self.tier),
            (Why::Unknown { path }, Lang::Zh) => format!("{}：`{path}`未知", self.tier),
        }
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
        for skipped in &self.slip.skipped {
            let left_out = if lang == Lang::En {
                "left out: "
            } else {
                "未计算："
            };
            text += &format!("{left_out}{}\n", skipped.words(lang));
        }
        let slip = &self.slip;
        text += &standing_words(slip, lang);
        text + &match lang {
            Lang::En => format!("person: {} of {}\n", slip.person, slip.total),
            Lang::Zh => format!("个人负担：{}，总额{}\n", slip.person, slip.total),
        }
    }
}

/// What a reader of the slip must know of its ground: a draft, and a scale that changed.
fn standing_words(slip: &Slip, lang: Lang) -> String {
    let mut text = String::new();
    let evidence = slip.evidence.as_str();
    if slip.draft {
        text += &match lang {
            Lang::En => format!("DRAFT; weakest evidence used: {evidence}\n"),
            Lang::Zh => format!("草案；所用参数最弱依据：{evidence}\n"),
        };
    }
    if let Some(regime) = slip.regime {
        text += &match lang {
            Lang::En => format!("the scale changed inside the year: settled by `{regime}`\n"),
            Lang::Zh => format!("年内标准变动：按`{regime}`处理\n"),
        };
    }
    text
}

fn step_words(step: &Step, lang: Lang) -> String {
    let formula = step.formula(lang);
    match lang {
        Lang::En => format!("{}: {} on {}: {formula}\n", step.step, step.amount, step.base),
        Lang::Zh => format!(
            "{}：{}，基数{}：{formula}\n",
            chinese_step(&step.step),
            step.amount,
            step.base
        ),
    }
}

/// Steps every policy has have a Chinese name; a tier of the file has its id.
fn chinese_step(step: &str) -> &str {
    match step {
        "first_bear" => "先行负担",
        "deductible" => "起付线",
        "basic_before_cap" => "基本医保（封顶前）",
        "basic" => "基本医保",
        "cii" => "大病保险",
        "special_drug" => "大病特效药",
        "quota" => "门诊定额",
        "general" => "门诊统筹",
        "two_disease" => "两病门诊",
        "chronic" => "门诊慢性病",
        "person" => "个人负担",
        tier => tier,
    }
}

fn param_words(param: &ParamUsed, lang: Lang) -> String {
    let mut text = format!("{} = {}", param.path, param.value);
    if let Some(from) = param.from {
        text += &match lang {
            Lang::En => format!(" from {from}"),
            Lang::Zh => format!("，自{from}"),
        };
    }
    text += &format!(" ({}", param.evidence.as_str());
    for word in param.doc.iter().chain(&param.clause) {
        text += &format!(", {word}");
    }
    text + ")"
}

fn counter_words(counter: &CounterMove) -> String {
    let number = |value: i64| match counter.id.starts_with("admissions") {
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
