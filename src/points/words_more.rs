//! Sentences about keys that only some packs have (政策释义：选用条款).

use super::file_money::{Allocate, Residual};
use super::file_stay::Newborn;
use super::file_time::{Attribution, Version};
use super::rules_event::Effect;
use super::words::{Talk, show, yuan};
use super::words_time::late_words;

impl Talk<'_> {
    /// High multiples without a threshold.
    pub(super) fn dearest(&mut self, share: String) {
        let pay = self.high_pay(self.rules.outlier.high_pay, self.aux());
        self.say(
            "outlier.high",
            format!("high multiple: the dearest {share} % of cases, as `outlier.high` ranks them; {pay}"),
            format!("高倍率：按`outlier.high`排名费用最高的{share}%病例；{pay}"),
        );
    }

    /// Stays that belong together.
    pub(super) fn joined_stays(&mut self) {
        if self.rules.stay.newborn == Newborn::Merged {
            self.say(
                "scope.newborn",
                "a newborn is paid with its mother: cost, claim and what others paid join hers",
                "新生儿并入母亲病例：费用、记账与非基金支付合并计算",
            );
        }
        if self.rules.stay.transfer.is_some() {
            self.say(
                "transfer",
                "along a chain of transfers each stay gives up the points that earlier ones have, not below zero",
                "转院链中每次住院扣减此前各次已计点数，至零为止",
            );
        }
        let tilted = self
            .rules
            .stay
            .gate
            .as_ref()
            .is_some_and(|gate| gate.tilt.is_some());
        if tilted {
            self.say(
                "tcm.tilt",
                "a case that keeps its group of traditional medicine gains the tilt of `tcm.tilt`",
                "保留中医病组的病例按`tcm.tilt`加成点数",
            );
        }
    }

    /// Where amounts and fen go.
    pub(super) fn shares(&mut self) {
        let money = &self.rules.money;
        let (allocate, residual, reference) = (money.allocate, money.residual, money.reference_price);
        if let Some(price) = reference {
            let price = yuan(price);
            self.say(
                "pool.amount_cases",
                format!("cases paid by amount have points: their amount ÷ {price} yuan"),
                format!("按金额付费的病例折算点数：金额÷{price}元"),
            );
        }
        match allocate {
            Allocate::CaseSum => self.say(
                "round.allocate",
                "each case is rounded for itself, a hospital is due the sum",
                "逐例取整，医院应付为各例之和",
            ),
            Allocate::HospitalThenCase => self.say(
                "round.allocate",
                "a hospital's due is rounded once, then split over its cases",
                "先计医院应付，再分摊至各病例",
            ),
        }
        match residual {
            Residual::LargestRemainder => self.say(
                "round.residual",
                "the fen that rounding leaves go to the largest remainders, ties by hospital code",
                "分厘差按最大余数法分配，相同者按医院代码",
            ),
            Residual::ToReserve => self.say(
                "round.residual",
                "the fen that rounding leaves go to the reserve, or come from it",
                "分厘差归入风险金或由风险金补足",
            ),
            Residual::ToLast => self.say(
                "round.residual",
                "the fen that rounding leaves go to the last hospital by code",
                "分厘差计入代码排序最末的医院",
            ),
        }
    }

    /// Months, late lists and events.
    pub(super) fn times(&mut self) {
        let time = &self.rules.time;
        let (late, deadline) = (time.late, time.deadline);
        let over = time.advance.as_ref().and_then(|advance| advance.over);
        let month = time.month.as_ref();
        let pattern = month.is_some_and(|month| !month.pattern.is_empty());
        let clock = month
            .and_then(|month| month.clock.as_ref())
            .map(|clock| (clock.working_days, clock.declared_by));
        self.belonging();
        if let Some((days, then)) = late {
            let (en, zh) = late_words(then);
            self.say(
                "time.late",
                format!(
                    "a list whose discharge lies more than {days} days before the month that takes it {en}"
                ),
                format!("出院日距受理月份首日超过{days}天的清单{zh}"),
            );
        }
        if let Some((month, day)) = deadline {
            self.say(
                "clear.deadline",
                format!("a year is cleared by {month:02}-{day:02} of the next"),
                format!("次年{month}月{day}日前完成年度清算"),
            );
        }
        if let Some(over) = over {
            self.say(
                "advance.offset",
                format!("an advance is taken back from the cash of {over} months"),
                format!("预付金分{over}个月从拨付额中冲抵"),
            );
        }
        if pattern {
            self.say(
                "month.share",
                "a month's share of the budget follows the pattern of last year",
                "月度预算份额按上年分布确定",
            );
        }
        if let Some((days, declared)) = clock {
            self.say(
                "month.clock",
                format!("a month is paid within {days} working days from the day after day {declared} of the next month"),
                format!("自次月{declared}日申报截止次日起{days}个工作日内拨付"),
            );
        }
        self.events();
    }

    /// The month that a case belongs to, and the one whose prices it has.
    fn belonging(&mut self) {
        let (attribution, version) = (self.rules.time.attribution, self.rules.time.version);
        match attribution {
            Attribution::Discharge => self.say(
                "time.attribution",
                "a case belongs to the month of its discharge",
                "病例归属出院月份",
            ),
            Attribution::SettlementDate => self.say(
                "time.attribution",
                "a case belongs to the month of `settle_date`",
                "病例归属`settle_date`所在月份",
            ),
            Attribution::SettlementMonth => self.say(
                "time.attribution",
                "a case belongs to the period `settle_month`",
                "病例归属结算期`settle_month`",
            ),
        }
        if version == Version::SettlementMonth {
            self.say(
                "time.version",
                "prices are those of the period `settle_month`",
                "价格取结算期`settle_month`的版本",
            );
        }
    }

    fn events(&mut self) {
        let rules = self.rules;
        for event in &rules.events {
            let (id, what) = (&event.id, &event.what);
            let (en, zh) = match what {
                Effect::Freeze(price) => {
                    let price = show(price.div(crate::units::Exact::integer(100)).unwrap_or(*price));
                    (
                        format!("a point is worth {price} yuan"),
                        format!("点值固定为{price}元"),
                    )
                }
                Effect::Separate => (
                    "its cases share a budget of their own".to_owned(),
                    "病例单列预算".to_owned(),
                ),
                Effect::Exclude(_) => ("its cases have no points".to_owned(), "病例不计点数".to_owned()),
            };
            self.say(
                "override.events",
                format!("event `{id}`: {en}"),
                format!("事件`{id}`：{zh}"),
            );
        }
    }
}
