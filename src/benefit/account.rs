//! How the person pays (个人支付方式): own account, family account, cash, and the deposit.

use super::ShareError;
use super::explain::Sink;
use super::file::AccountPart;
use super::run::Run;
use crate::units::Fen;

/// The person's share by where it comes from.
pub struct Paid {
    pub own: Fen,
    pub family: Fen,
    pub cash: Fen,
    pub deposit_refund: Option<Fen>,
}

/// The own account first, then the family's, on the parts the policy lets them pay; the rest in
/// cash. A policy without the section has no accounts.
pub fn pay<S: Sink>(run: &mut Run<'_, S>) -> Result<Paid, ShareError> {
    let policy = run.policy;
    let payable = match &policy.account {
        None => Fen::ZERO,
        Some(parts) => {
            let parts = &run.period(parts)?.value;
            let left = |part: &AccountPart| match part {
                AccountPart::Scope => run.left.scope,
                AccountPart::Pre => run.left.pre,
                AccountPart::Oos => run.left.oos,
            };
            parts.iter().map(left).sum()
        }
    };
    let own = payable.min(run.claim.account);
    let family = (payable - own).min(run.claim.family_account);
    let cash = run.left.all() - own - family;
    Ok(Paid {
        own,
        family,
        cash,
        deposit_refund: refund(run, cash)?,
    })
}

/// What goes back of the deposit; below zero it is what is still to be paid. Who is treated first
/// owes no deposit, so all of one is returned.
fn refund<S: Sink>(run: &mut Run<'_, S>, cash: Fen) -> Result<Option<Fen>, ShareError> {
    let policy = run.policy;
    let deposit = run.claim.deposit;
    if deposit == Fen::ZERO {
        return Ok(None);
    }
    let first = match &policy.treat_first {
        Some(categories) => run.period(categories)?.value & run.person.categories != 0,
        None => false,
    };
    Ok(Some(if first { deposit } else { deposit - cash }))
}
