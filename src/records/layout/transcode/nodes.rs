//! Lists of messages: their elements, filtered and put in order.

use super::*;

impl<'m, 't> Making<'m, 't> {
    /// The elements of a message's list.
    pub(super) fn put_node(&mut self, step: &Step, take: &NodeTake) {
        let nodes = self.cells.nodes;
        for (index, node) in take.nodes.iter().enumerate() {
            let (Some(elements), Some(fields)) = (nodes.get(*node), take.fields.get(index)) else {
                continue;
            };
            let (elements, flagged) = ordered(elements, take, index);
            let start = self.text.len();
            match take.make {
                Make::Sum => {
                    let cells: Vec<&str> = elements
                        .iter()
                        .map(|element| first_filled(element, fields))
                        .collect();
                    self.put_sum(&cells);
                }
                Make::One => self.put_ones(step, &elements, flagged, fields),
                Make::Each => self.put_eaches(&elements, fields),
            }
            if self.text.len() > start {
                return;
            }
        }
    }

    pub(super) fn put_ones(&mut self, step: &Step, elements: &[&Element], flagged: bool, fields: &[usize]) {
        let start = self.text.len();
        let mut any = false;
        if !flagged && step.leader == Some(0) && !elements.is_empty() {
            self.text.push('|'); // none or several are said to be the principal: the first is empty
        }
        for (index, element) in elements.iter().enumerate() {
            if index > 0 {
                self.text.push('|');
            }
            let cell = first_filled(element, fields);
            any |= !cell.is_empty();
            match step.form {
                _ if cell.is_empty() => {}
                Reading::Plain => self.put_item(cell, false),
                form => self.put_read(form, cell),
            }
        }
        if !any {
            self.text.truncate(start);
        }
    }

    pub(super) fn put_eaches(&mut self, elements: &[&Element], fields: &[usize]) {
        let mut first = true;
        for element in elements {
            let cells: Vec<&str> = fields.iter().map(|field| value(element, *field)).collect();
            if cells.iter().all(|cell| cell.is_empty()) {
                continue;
            }
            if !std::mem::take(&mut first) {
                self.text.push('|');
            }
            self.put_parts_of(&cells);
        }
    }
}

/// The elements that are wanted, the flagged one first; and whether just one is flagged, where a
/// flag is asked for.
fn ordered<'e>(elements: &'e [Element], take: &NodeTake, index: usize) -> (Vec<&'e Element>, bool) {
    let filter = take.filter.get(index).map_or(&[][..], Vec::as_slice);
    let wanted = |element: &&Element| {
        let passes = |(field, values): &(usize, Vec<String>)| {
            values.iter().any(|wanted| wanted == value(element, *field))
        };
        filter.iter().all(passes)
    };
    let mut elements: Vec<&Element> = elements.iter().filter(wanted).collect();
    let Some((field, flag)) = take.first.get(index).and_then(Option::as_ref) else {
        return (elements, true);
    };
    let is_flagged = |element: &&Element| value(element, *field) == flag;
    let flagged = elements.iter().filter(|element| is_flagged(element)).count();
    if let Some(first) = elements.iter().position(is_flagged) {
        let front = elements.get_mut(..=first);
        front.into_iter().for_each(|front| front.rotate_right(1));
    }
    (elements, flagged == 1)
}

fn value(element: &Element, field: usize) -> &str {
    element.get(field).map_or("", |value| value.trim())
}

fn first_filled<'e>(element: &'e Element, fields: &[usize]) -> &'e str {
    let values = fields.iter().map(|field| value(element, *field));
    values.into_iter().find(|value| !value.is_empty()).unwrap_or("")
}
