//! The waiting period and its exemptions (等待期).

use jiff::civil::Date;

use super::super::finance::{FinancePolicy, Span, WaitingDays};

/// Somebody who enrols (参保申请).
#[derive(Clone, Copy, Debug)]
pub struct Enrolling<'a> {
    /// The day.
    pub on: Date,
    /// The window of the period.
    pub window: Option<Span>,
    /// Day of birth.
    pub birth: Option<Date>,
    /// The last day that employee insurance was paid for.
    pub employee_to: Option<Date>,
    /// Categories held on that day.
    pub categories: &'a [&'a str],
}

/// Words of the exemptions.
pub const IN_WINDOW: &str = "in_window";
pub const EMPLOYEE_LAPSED: &str = "employee_lapsed";
pub const NEWBORN: &str = "newborn";
pub const CATEGORY: &str = "category";

impl FinancePolicy {
    /// How long somebody waits (等待天数): not at all in the window, within the grace after employee
    /// insurance, as a newborn, or of an exempt category; else the local days.
    pub fn waiting_days(&self, who: &Enrolling<'_>) -> WaitingDays {
        let Some(rule) = self.waiting_on(who.on) else {
            return WaitingDays::NoRule;
        };
        let rule = &rule.value;
        let within = |from: Option<Date>, length: super::super::finance::Length| {
            from.is_some_and(|from| from <= who.on && who.on <= length.after(from))
        };
        if who.window.is_some_and(|window| window.holds(who.on)) {
            return WaitingDays::Exempt(IN_WINDOW);
        }
        if within(who.employee_to, rule.employee_grace) {
            return WaitingDays::Exempt(EMPLOYEE_LAPSED);
        }
        if within(who.birth, rule.newborn) {
            return WaitingDays::Exempt(NEWBORN);
        }
        if who
            .categories
            .iter()
            .any(|held| rule.categories.iter().any(|exempt| exempt == held))
        {
            return WaitingDays::Exempt(CATEGORY);
        }
        match rule.length {
            Some(length) => WaitingDays::Until(length.after(who.on)),
            None => WaitingDays::Unknown,
        }
    }
}
