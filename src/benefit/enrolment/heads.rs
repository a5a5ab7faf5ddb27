//! Paid heads (缴费人头): one fee a person and period, one subsidy to one of them.

use jiff::civil::Date;

use super::super::finance::{
    CoverPeriod, EnrolSubsidy, FinancePolicy, Parameter, Refund, person_fee, refund,
};
use super::person::{Payment, PersonFile, Subsidy};
use crate::units::Fen;

/// A paid head with the subsidy that belongs to it (人费对应).
#[derive(Clone, Debug)]
pub struct Head<'a> {
    /// The fee paid.
    pub payment: &'a Payment,
    /// What the fee is, before any subsidy.
    pub fee: Fen,
    /// What the person is entitled to: category, row, amount.
    pub entitled: Option<(&'a str, &'a Parameter<EnrolSubsidy>, Fen)>,
    /// The subsidy that was granted for it.
    pub subsidy: Option<&'a Subsidy>,
    /// The first day of cover.
    pub cover_begins: Date,
    /// What is given back, if the person died before that day; such a head counts nowhere.
    pub refund: Option<Refund>,
}

impl Head<'_> {
    /// The subsidy the person should have had.
    pub fn due_subsidy(&self) -> Fen {
        self.entitled.map_or(Fen::ZERO, |(_, _, amount)| amount)
    }

    /// What somebody else pays of what the subsidy leaves, and who.
    pub fn rest(&self) -> Option<(&str, Fen)> {
        let (_, row, amount) = self.entitled?;
        let payer = row.value.rest.as_deref()?;
        Some((payer, person_fee(self.fee, amount)))
    }

    /// What the person should have paid.
    pub fn due_fee(&self) -> Fen {
        match self.rest() {
            Some(_) => Fen::ZERO,
            None => person_fee(self.fee, self.due_subsidy()),
        }
    }

    /// Subsidy granted, or none.
    pub fn granted(&self) -> Fen {
        self.subsidy.map_or(Fen::ZERO, |subsidy| subsidy.amount)
    }
}

/// What belongs to a year of one person: heads, and rows that belong to none.
#[derive(Clone, Debug, Default)]
pub struct Matched<'a> {
    /// One a period.
    pub heads: Vec<Head<'a>>,
    /// Payments of a period that is paid already.
    pub paid_twice: Vec<&'a Payment>,
    /// Subsidies without a paid head.
    pub unmatched: Vec<&'a Subsidy>,
    /// Subsidies of a head that has one already.
    pub granted_twice: Vec<&'a Subsidy>,
}

/// Matches a person's payments and subsidies of the periods that count to a year (人费对应).
///
/// # Errors
/// The policy lacks a fee, or the year of an academic period.
pub fn matched<'a>(
    policy: &'a FinancePolicy,
    person: &'a PersonFile,
    year: i16,
) -> Result<Matched<'a>, String> {
    let mut found = Matched::default();
    let mut payments: Vec<&Payment> = Vec::new();
    for payment in &person.payments {
        if policy.year_of(payment.benefit)? == year {
            payments.push(payment);
        }
    }
    payments.sort_by_key(|payment| (payment.benefit, payment.paid_on, payment.line));
    for payment in payments {
        match found.heads.last() {
            Some(head) if head.payment.benefit == payment.benefit => found.paid_twice.push(payment),
            _ => found.heads.push(head(policy, person, payment)?),
        }
    }
    let mut subsidies: Vec<&Subsidy> = Vec::new();
    for subsidy in &person.subsidies {
        if policy.year_of(subsidy.benefit)? == year {
            subsidies.push(subsidy);
        }
    }
    subsidies.sort_by_key(|subsidy| (subsidy.benefit, subsidy.granted_on, subsidy.line));
    for subsidy in subsidies {
        let head = found
            .heads
            .iter_mut()
            .find(|head| head.payment.benefit == subsidy.benefit);
        match head {
            None => found.unmatched.push(subsidy),
            Some(head) if head.subsidy.is_some() => found.granted_twice.push(subsidy),
            Some(head) => head.subsidy = Some(subsidy),
        }
    }
    found
        .heads
        .iter_mut()
        .for_each(|head| give_back(policy, person, head));
    Ok(found)
}

fn head<'a>(
    policy: &'a FinancePolicy,
    person: &'a PersonFile,
    payment: &'a Payment,
) -> Result<Head<'a>, String> {
    let categories = person.categories_on(payment.paid_on);
    let entitled = match policy.subsidy_row(payment.benefit, &categories) {
        None => None,
        Some((category, row)) => {
            let amount = policy.granted(&row.value, payment.student, &payment.plan)?;
            Some((category, row, amount))
        }
    };
    Ok(Head {
        payment,
        fee: policy.fee(payment.benefit, payment.student, &payment.plan)?,
        entitled,
        subsidy: None,
        cover_begins: cover_begins(person, payment.benefit),
        refund: None,
    })
}

/// The first day of the cover that was bought, or of its period where there is none yet.
fn cover_begins(person: &PersonFile, benefit: CoverPeriod) -> Date {
    let covers = person
        .covers
        .iter()
        .filter(|cover| cover.benefit == Some(benefit));
    let begins = covers.filter_map(|cover| Some(cover.days?.from)).min();
    begins.unwrap_or(benefit.span().from)
}

fn give_back(policy: &FinancePolicy, person: &PersonFile, head: &mut Head<'_>) {
    let Some(window) = policy.window(head.payment.benefit, head.payment.student) else {
        return;
    };
    head.refund = refund(
        head.payment.paid_on,
        window.value.days,
        person.died_on(),
        head.cover_begins,
        head.payment.amount,
        head.granted(),
    );
}
