//! One bill, split so that every sum closes to the fen.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::sheet::Sheet;
use crate::records::Column;
use crate::units::Fen;

/// What is billed: item of the settlement list, weight in a surgical and in another stay, share of
/// class B in per mille (乙类), and the items of the front sheet it falls into with their weights.
/// Weights and shares are assumptions; the pairs follow the names of the items.
struct Item {
    list: &'static str,
    surgical: i128,
    medical: i128,
    class_b: i128,
    front: &'static [(&'static str, i128)],
}

const fn item(
    list: &'static str,
    (surgical, medical): (i128, i128),
    class_b: i128,
    front: &'static [(&'static str, i128)],
) -> Item {
    Item {
        list,
        surgical,
        medical,
        class_b,
        front,
    }
}

const ITEMS: [Item; 12] = [
    item("01", (4, 6), 100, &[("D11", 1)]),
    item("02", (2, 4), 0, &[("D11", 1)]),
    item("03", (9, 14), 400, &[("D17", 6), ("D18", 3), ("D15", 1)]),
    item("04", (10, 17), 150, &[("D16", 1)]),
    item("05", (11, 13), 200, &[("D12", 5), ("D19", 4), ("D21", 1)]),
    item("06", (17, 0), 150, &[("D20", 1)]),
    item("07", (3, 4), 0, &[("D13", 1)]),
    item("08", (22, 6), 500, &[("D33", 5), ("D32", 3), ("D31", 2)]),
    item("09", (18, 29), 550, &[("D23", 1)]),
    item("10", (1, 2), 100, &[("D25", 1)]),
    item("11", (1, 3), 500, &[("D24", 1)]),
    item("14", (2, 2), 0, &[("D34", 3), ("D14", 1)]),
];

/// An item, its sub-items with weights, what of it is in none.
type SubItems = (&'static str, &'static [(&'static str, i128)], i128);

/// Sub-items of the front sheet.
const SUB_ITEMS: [SubItems; 3] = [
    ("D19", &[("D19x01", 1)], 2),
    ("D20", &[("D20x01", 3), ("D20x02", 7)], 0),
    ("D23", &[("D23x01", 1)], 4),
];

/// What a bill comes to (费用构成).
#[derive(Clone, Copy, Debug, Default)]
struct Parts {
    own: Fen,
    over: Fen,
    pre: Fen,
    scope: Fen,
}

/// Writes the bill of `total` into the sheet; `items` also the itemised columns.
pub(super) fn write_bill(
    sheet: &mut Sheet,
    total: Fen,
    (surgical, employee, items): (bool, bool, bool),
    rng: &mut ChaCha8Rng,
) {
    let parts = split_by_policy(total, rng);
    sheet.set_fen(Column::TotalFee, total);
    sheet.set_fen(Column::FeeOwn, parts.own);
    sheet.set_fen(Column::FeeOver, parts.over);
    sheet.set_fen(Column::FeePre, parts.pre);
    sheet.set_fen(Column::FeeScope, parts.scope);
    if items {
        write_items(sheet, parts, surgical, rng);
        write_payers(sheet, total, parts, employee, rng);
    }
}

/// Own, over, pre and scope parts; they sum to the total (shares: assumption).
fn split_by_policy(total: Fen, rng: &mut ChaCha8Rng) -> Parts {
    let mut weight = |low: i128, high: i128| rng.random_range(low..=high);
    let weights = [weight(0, 120), weight(0, 40), weight(20, 140), weight(700, 900)];
    let parts = split(total, &weights);
    Parts {
        own: at(&parts, 0),
        over: at(&parts, 1),
        pre: at(&parts, 2),
        scope: at(&parts, 3),
    }
}

/// The parts of an amount; an amount with nothing to split by is the first part's.
fn split(total: Fen, weights: &[i128]) -> Vec<Fen> {
    total.split(weights).unwrap_or_else(|_| {
        let parts = weights.iter().enumerate();
        parts
            .map(|(place, _)| if place == 0 { total } else { Fen::ZERO })
            .collect()
    })
}

fn at(parts: &[Fen], place: usize) -> Fen {
    parts.get(place).copied().unwrap_or(Fen::ZERO)
}

/// Class A, B, own and other amount of every item: each column is split over the items, so that the
/// rows and the columns close. Other is what stands above a price limit.
fn write_items(sheet: &mut Sheet, parts: Parts, surgical: bool, rng: &mut ChaCha8Rng) {
    let weights = ITEMS.map(|item| {
        let weight = if surgical { item.surgical } else { item.medical };
        weight * rng.random_range(50_i128..=150)
    });
    // of class B a fifth is the first own payment (assumption)
    let in_scope = parts.pre + parts.scope;
    let class_b = Fen::new(parts.pre.fen().saturating_mul(5).min(in_scope.fen()));
    let class_a = in_scope - class_b;
    let by = |share: fn(&Item) -> i128| -> Vec<i128> {
        weights
            .iter()
            .zip(&ITEMS)
            .map(|(weight, item)| weight * share(item))
            .collect()
    };
    let of_a = split(class_a, &by(|item| 1000 - item.class_b));
    let of_b = split(class_b, &by(|item| item.class_b));
    let of_own = split(parts.own, &by(|item| item.class_b));
    let of_other = split(parts.over, &by(|item| item.class_b));
    let mut front = Vec::with_capacity(24);
    sheet.fill(Column::ListFees, |text| {
        let start = text.len();
        for (place, item) in ITEMS.iter().enumerate() {
            let columns = [&of_a, &of_b, &of_own, &of_other].map(|column| at(column, place));
            let amount: Fen = columns.into_iter().sum();
            if amount == Fen::ZERO {
                continue;
            }
            put_item(text, start, item.list, std::iter::once(amount).chain(columns));
            front.extend(front_items(item, amount));
        }
    });
    write_front(sheet, front);
}

/// An element `key;amount;…` of a list that begins at `start`.
fn put_item(text: &mut String, start: usize, key: &str, amounts: impl IntoIterator<Item = Fen>) {
    if text.len() > start {
        text.push('|');
    }
    text.push_str(key);
    for amount in amounts {
        text.push(';');
        amount.push_to(text);
    }
}

fn front_items(item: &Item, amount: Fen) -> impl Iterator<Item = (&'static str, Fen)> {
    let weights: Vec<i128> = item.front.iter().map(|(_, weight)| *weight).collect();
    let parts = split(amount, &weights);
    let names = item.front.iter().map(|(name, _)| *name);
    names.zip(parts)
}

/// The items of the front sheet in the order of their keys, sub-items behind their item.
fn write_front(sheet: &mut Sheet, mut front: Vec<(&'static str, Fen)>) {
    front.sort_by_key(|(name, _)| *name);
    let mut merged: Vec<(&str, Fen)> = Vec::with_capacity(front.len() + 4);
    for (name, amount) in front {
        match merged.last_mut() {
            Some((last, sum)) if *last == name => *sum += amount,
            _ => merged.push((name, amount)),
        }
    }
    sheet.fill(Column::FrontFees, |text| {
        let start = text.len();
        let mut put = |name: &str, amount: Fen| {
            if amount > Fen::ZERO {
                put_item(text, start, name, [amount]);
            }
        };
        for (name, amount) in merged {
            put(name, amount);
            if let Some((_, subs, rest)) = SUB_ITEMS.iter().find(|(item, ..)| *item == name) {
                let mut weights: Vec<i128> = subs.iter().map(|(_, weight)| *weight).collect();
                weights.push(*rest);
                let parts = split(amount, &weights);
                subs.iter().zip(parts).for_each(|((sub, _), part)| put(sub, part));
            }
        }
    });
}

/// Who pays: the patient all but a share of the scope part (65 to 85 %, assumption), of it some from
/// the personal account of employees.
fn write_payers(sheet: &mut Sheet, total: Fen, parts: Parts, employee: bool, rng: &mut ChaCha8Rng) {
    let fund_share = rng.random_range(65_i128..=85);
    let scope = split(parts.scope, &[fund_share, 100 - fund_share]);
    let copay = parts.pre + at(&scope, 1);
    let self_paid = parts.own + parts.over;
    let patient = copay + self_paid;
    let account_share = if employee {
        rng.random_range(0_i128..=100)
    } else {
        0
    };
    let account = at(&split(patient, &[account_share, 100 - account_share]), 0);
    sheet.set_fen(Column::PatientPaid, patient);
    sheet.set_fen(Column::Copay, copay);
    sheet.set_fen(Column::SelfPaid, self_paid);
    sheet.set_fen(Column::AccountPaid, account);
    sheet.set_fen(Column::CashPaid, patient - account);
    let fund = if employee { "310100" } else { "390100" };
    sheet.fill(Column::FundPaid, |text| {
        text.push_str(fund);
        text.push(';');
        (total - patient).push_to(text);
    });
}
