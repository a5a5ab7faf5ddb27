//! Sentences about pools, months and readmissions (政策释义：基金池、结算期、再入院).

use super::file_money::PoolKey;
use super::file_stay::{CutHow, CutStay, ReadmitMatch, ReadmitWithin};
use super::file_time::{LateThen, MonthModel};
use super::words::{Talk, percent};
use crate::units::Exact;

/// The highest share of a deposit by the national procedure of 2025, in per cent.
const HIGHEST_DEPOSIT: i128 = 5;

impl Talk<'_> {
    /// Which cases share one budget.
    pub(super) fn pools(&mut self) {
        let money = &self.rules.money;
        let (key, merge) = (money.key.clone(), money.merge.clone());
        let en: Vec<&str> = key.iter().map(|part| part_words(*part).0).collect();
        let zh: Vec<&str> = key.iter().map(|part| part_words(*part).1).collect();
        self.say(
            "pool.key",
            format!("one budget each: {}", en.join(" × ")),
            format!("基金池划分：{}", zh.join("×")),
        );
        for together in merge {
            self.say(
                "pool.merge",
                format!("{} share one pool", together.join(" and ")),
                format!("{}合并为一个基金池", together.join("、")),
            );
        }
    }

    /// What a month is booked at, and a deposit that is higher than the national procedure has it.
    pub(super) fn months(&mut self) {
        let Some(month) = &self.rules.time.month else {
            return;
        };
        let (deposit, (en, zh)) = (month.deposit, model_words(month.model));
        let is_cash = month.is_cash;
        self.say(
            "month.model",
            format!("a month is booked at {en}"),
            format!("月度按{zh}入账"),
        );
        if !is_cash {
            self.say(
                "month.is_cash",
                "months are booked only, nothing is paid",
                "月度仅记账，不拨付",
            );
        }
        let highest = Exact::new(HIGHEST_DEPOSIT, 100).unwrap_or(Exact::ONE);
        if deposit.compare(highest).is_gt() {
            let deposit = percent(deposit);
            self.say(
                "month.deposit",
                format!(
                    "warning: {deposit} % is above the {HIGHEST_DEPOSIT} % that the procedure of 2025 allows"
                ),
                format!("警告：{deposit}%高于2025版规程规定的{HIGHEST_DEPOSIT}%上限"),
            );
        }
    }

    /// What a second stay within days costs, and which stay.
    pub(super) fn readmitted(&mut self) {
        let Some(rule) = &self.rules.stay.readmission else {
            return;
        };
        let (days, matching, within, how, stay) = rule.terms();
        let (same, same_zh) = match matching {
            ReadmitMatch::Group => ("group", "同病组"),
            ReadmitMatch::Adrg => ("core group", "同核心组"),
            ReadmitMatch::Diagnosis => ("principal diagnosis", "同主要诊断"),
        };
        let (place, place_zh) = match within {
            ReadmitWithin::Hospital => ("the same hospital", "同一医疗机构"),
            ReadmitWithin::Region => ("any hospital of the region", "统筹区内任一医疗机构"),
        };
        let (which, which_zh) = match stay {
            CutStay::First => ("first", "前一次"),
            CutStay::Second => ("second", "后一次"),
        };
        let (done, done_zh) = match how {
            CutHow::Half => (
                format!("the {which} stay has half its points"),
                format!("{which_zh}住院点数减半"),
            ),
            CutHow::Zero => (
                format!("the {which} stay has no points"),
                format!("{which_zh}住院点数为零"),
            ),
            CutHow::Merge => (
                "both are paid as one case, the first".to_owned(),
                "合并为一个病例，随第一次住院付费".to_owned(),
            ),
            CutHow::Flag => ("the stay is marked only".to_owned(), "仅作标记".to_owned()),
        };
        self.say(
            "readmit",
            format!("two stays of one {same} in {place} at most {days} days apart: {done}"),
            format!("{place_zh}{days}天内{same_zh}再入院：{done_zh}"),
        );
    }
}

const fn part_words(part: PoolKey) -> (&'static str, &'static str) {
    match part {
        PoolKey::Region => ("region", "统筹区"),
        PoolKey::InsuredScheme => ("insurance", "险种"),
        PoolKey::Fund => ("fund", "基金"),
        PoolKey::Level => ("hospital level", "医院等级"),
        PoolKey::District => ("district", "区县"),
        PoolKey::CountyGroup => ("county group", "县域医共体"),
        PoolKey::Care => ("kind of care", "诊疗类别"),
        PoolKey::Year => ("year", "年度"),
    }
}

const fn model_words(model: MonthModel) -> (&'static str, &'static str) {
    match model {
        MonthModel::Claim => ("what the funds paid by items", "项目记账额"),
        MonthModel::LastYearPrice => (
            "last year's price of a point, trued up at the clearing",
            "上年点值（清算时补差）",
        ),
        MonthModel::OwnMonthPv => (
            "the price that its share of the budget gives",
            "当月预算份额形成的点值",
        ),
        MonthModel::PresetPrice => ("the price that the pack knows", "预设价格"),
    }
}

/// What becomes of a late list.
pub(super) const fn late_words(then: LateThen) -> (&'static str, &'static str) {
    match then {
        LateThen::Reject => ("is not taken", "不予受理"),
        LateThen::NextMonth => ("is booked in that month", "计入受理月份"),
        LateThen::NoPoints => ("is taken without points", "受理但不计点数"),
        LateThen::Penalty => ("counts as a case in violation", "按违规病例处理"),
    }
}
