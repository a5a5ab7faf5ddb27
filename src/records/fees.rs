//! Items of a bill as one cell holds them.

use super::cells::read_number;

/// The sum of some items of a bill (分项费用合计), in fen: a cell `D11;420.00|D23;96.50`, of the column
/// `front_fees`. A bill that lists other items costs nothing of these; nothing at all is known of a
/// cell without a single item, or of one whose wanted item has no number.
pub fn sum_of_items(cell: &str, wanted: &[String]) -> Option<i64> {
    let mut listed = false;
    let mut sum = 0_i64;
    for item in cell.split('|').map(str::trim).filter(|item| !item.is_empty()) {
        let (key, rest) = item.split_once(';')?;
        listed = true;
        if wanted.iter().any(|wanted| wanted == key.trim()) {
            let amount = rest.split(';').next().unwrap_or("");
            sum = sum.checked_add(read_number(amount.trim())?)?;
        }
    }
    listed.then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_of_a_bill_are_summed() {
        let drugs = ["D23".to_owned(), "D24".to_owned()];
        for (cell, expected) in [
            ("D11;420.00|D23;96.50|D24;3.5", Some(10_000)),
            (" D23 ; 96.50 | D11;1", Some(9_650)),
            ("D11;420.00", Some(0)),
            ("", None),
            ("|", None),
            ("D23", None),
            ("D23;many|D11;4", None),
            ("D11;many|D23;4", Some(400)),
            ("D23x01;50.00", Some(0)),
        ] {
            assert_eq!(sum_of_items(cell, &drugs), expected, "{cell}");
        }
    }
}
