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
    surgical: i64,
    medical: i64,
    class_b: i64,
    /// By the number of the item there.
    front: &'static [(usize, i64)],
}

const fn item(
    list: &'static str,
    (surgical, medical): (i64, i64),
    class_b: i64,
    front: &'static [(usize, i64)],
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
    item("01", (4, 6), 100, &[(11, 1)]),
    item("02", (2, 4), 0, &[(11, 1)]),
    item("03", (9, 14), 400, &[(17, 6), (18, 3), (15, 1)]),
    item("04", (10, 17), 150, &[(16, 1)]),
    item("05", (11, 13), 200, &[(12, 5), (19, 4), (21, 1)]),
    item("06", (17, 0), 150, &[(20, 1)]),
    item("07", (3, 4), 0, &[(13, 1)]),
    item("08", (22, 6), 500, &[(33, 5), (32, 3), (31, 2)]),
    item("09", (18, 29), 550, &[(23, 1)]),
    item("10", (1, 2), 100, &[(25, 1)]),
    item("11", (1, 3), 500, &[(24, 1)]),
    item("14", (2, 2), 0, &[(34, 3), (14, 1)]),
];

/// Items of the front sheet, from the eleventh on.
const FRONT: [&str; 24] = [
    "D11", "D12", "D13", "D14", "D15", "D16", "D17", "D18", "D19", "D20", "D21", "D22", "D23", "D24", "D25",
    "D26", "D27", "D28", "D29", "D30", "D31", "D32", "D33", "D34",
];
const FIRST_FRONT: usize = 11;

/// Items of the front sheet by number, with their sub-items and weights, the last of what is in none.
const SUB_ITEMS: [(usize, [&str; 3], [i64; 3]); 3] = [
    (19, ["D19x01", "", ""], [1, 0, 2]),
    (20, ["D20x01", "D20x02", ""], [3, 7, 0]),
    (23, ["D23x01", "", ""], [1, 0, 4]),
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
    let mut weight = |low: i64, high: i64| rng.random_range(low..=high);
    let weights = [weight(0, 120), weight(0, 40), weight(20, 140), weight(700, 900)];
    let [own, over, pre, scope] = split(total, weights);
    Parts {
        own,
        over,
        pre,
        scope,
    }
}

/// The parts of an amount; an amount with nothing to split by is the first part's.
fn split<const N: usize>(total: Fen, weights: [i64; N]) -> [Fen; N] {
    total.split_over(weights).unwrap_or_else(|_| {
        let mut parts = [Fen::ZERO; N];
        parts.iter_mut().take(1).for_each(|part| *part = total);
        parts
    })
}

/// Class A, B, own and other amount of every item: each column is split over the items, so that the
/// rows and the columns close. Other is what stands above a price limit.
fn write_items(sheet: &mut Sheet, parts: Parts, surgical: bool, rng: &mut ChaCha8Rng) {
    let weights = ITEMS.map(|item| {
        let weight = if surgical { item.surgical } else { item.medical };
        (weight * rng.random_range(50_i64..=150), item.class_b)
    });
    // of class B a fifth is the first own payment (assumption)
    let in_scope = parts.pre + parts.scope;
    let class_b = Fen::new(parts.pre.fen().saturating_mul(5).min(in_scope.fen()));
    let by_b = weights.map(|(weight, class_b)| weight * class_b);
    let of_a = split(
        in_scope - class_b,
        weights.map(|(weight, class_b)| weight * (1000 - class_b)),
    );
    let (of_b, of_own, of_other) = (
        split(class_b, by_b),
        split(parts.own, by_b),
        split(parts.over, by_b),
    );
    let columns = of_a.into_iter().zip(of_b).zip(of_own.into_iter().zip(of_other));
    let mut front = [Fen::ZERO; FRONT.len()];
    sheet.fill(Column::ListFees, |text| {
        let start = text.len();
        for (item, ((a, b), (own, other))) in ITEMS.iter().zip(columns) {
            let amount = a + b + own + other;
            if amount > Fen::ZERO {
                put_item(text, start, item.list, [amount, a, b, own, other]);
                add_to_front(item, amount, &mut front);
            }
        }
    });
    write_front(sheet, &front);
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

/// Adds an item to those of the front sheet that it falls into.
fn add_to_front(item: &Item, amount: Fen, front: &mut [Fen; FRONT.len()]) {
    let mut weights = [0; 3];
    for (weight, (_, of_front)) in weights.iter_mut().zip(item.front) {
        *weight = *of_front;
    }
    for ((number, _), part) in item.front.iter().zip(split(amount, weights)) {
        if let Some(sum) = front.get_mut(number - FIRST_FRONT) {
            *sum += part;
        }
    }
}

/// The items of the front sheet in their order, sub-items behind their item.
fn write_front(sheet: &mut Sheet, front: &[Fen; FRONT.len()]) {
    sheet.fill(Column::FrontFees, |text| {
        let start = text.len();
        let mut put = |name: &str, amount: Fen| {
            if amount > Fen::ZERO {
                put_item(text, start, name, [amount]);
            }
        };
        for ((place, name), amount) in FRONT.iter().enumerate().zip(front) {
            put(name, *amount);
            let subs = SUB_ITEMS.iter().find(|(item, ..)| *item == place + FIRST_FRONT);
            if let Some((_, names, weights)) = subs {
                let named = names.iter().zip(split(*amount, *weights));
                named
                    .filter(|(name, _)| !name.is_empty())
                    .for_each(|(name, part)| put(name, part));
            }
        }
    });
}

/// Who pays: the patient all but a share of the scope part (65 to 85 %, assumption), of it some from
/// the personal account of employees.
fn write_payers(sheet: &mut Sheet, total: Fen, parts: Parts, employee: bool, rng: &mut ChaCha8Rng) {
    let fund_share = rng.random_range(65_i64..=85);
    let [_, own_scope] = split(parts.scope, [fund_share, 100 - fund_share]);
    let copay = parts.pre + own_scope;
    let self_paid = parts.own + parts.over;
    let patient = copay + self_paid;
    let account_share = if employee {
        rng.random_range(0_i64..=100)
    } else {
        0
    };
    let [account, _] = split(patient, [account_share, 100 - account_share]);
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
