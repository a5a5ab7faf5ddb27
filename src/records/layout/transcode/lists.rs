//! Lists over numbered columns: slots, and what runs beside them.

use super::*;

impl<'m, 't> Making<'m, 't> {
    pub(super) fn put_list(&mut self, step: &Step, slots: &Slots) {
        match step.leader {
            Some(leader) if self.of.close_gaps => {
                let kept = self.kept_slots(leader);
                self.put_slots(step, slots, kept.iter().copied());
                if let Some(known) = self.kept.get_mut(leader) {
                    *known = Some(kept);
                }
            }
            Some(leader) => {
                let count = self.slots_of(leader);
                self.put_slots(step, slots, 0..count);
            }
            None => {
                let filled = |slot: &Vec<usize>| !self.filled(slot).is_empty();
                let count = slots.iter().rposition(filled).map_or(0, |last| last + 1);
                self.put_slots(step, slots, 0..count);
            }
        }
    }

    /// Writes slots; nothing if all of them are empty.
    pub(super) fn put_slots(&mut self, step: &Step, slots: &Slots, wanted: impl Iterator<Item = usize>) {
        let start = self.text.len();
        let mut any = false;
        for (index, slot) in wanted.enumerate() {
            if index > 0 {
                self.text.push('|');
            }
            let cell = slots.get(slot).map_or("", |fields| self.filled(fields));
            if cell.is_empty() {
                continue;
            }
            any = true;
            match step.form {
                _ if step.table.is_some() => self.put_mapped(step, cell, Some(index)),
                Reading::Plain => self.put_item(cell, false),
                _ => self.put_dated(step, cell, Some(index)),
            }
        }
        if !any {
            self.text.truncate(start);
        }
    }

    /// How many slots a leading list has, gaps and all: up to the last with a code or a name.
    pub(super) fn slots_of(&self, leader: usize) -> usize {
        let Some(leader) = self.of.plan.leaders.get(leader) else {
            return 0;
        };
        let [codes, names] = &leader.fields;
        let last = |slots: &Slots, fields: &Option<Vec<usize>>| {
            let last = match fields {
                Some(fields) => fields.iter().rposition(|field| !self.cell(*field).is_empty()),
                None => slots.iter().rposition(|slot| !self.filled(slot).is_empty()),
            };
            last.map_or(0, |last| last + 1)
        };
        last(&leader.codes, codes).max(last(&leader.names, names))
    }

    /// The slots of a leading list that have a code or a name, and the first.
    pub(super) fn kept_slots(&mut self, leader: usize) -> Vec<usize> {
        if let Some(kept) = self.kept.get_mut(leader).and_then(Option::take) {
            return kept;
        }
        let count = self.slots_of(leader);
        let Some(leader) = self.of.plan.leaders.get(leader) else {
            return Vec::new();
        };
        let filled = |slots: &Slots, slot: usize| {
            let cell = slots.get(slot).map_or("", |fields| self.filled(fields));
            !cell.is_empty() && !is_placeholder(cell)
        };
        let kept = |slot: &usize| *slot == 0 || filled(&leader.codes, *slot) || filled(&leader.names, *slot);
        (0..count).filter(kept).collect()
    }

    /// Elements of several cells each.
    pub(super) fn put_each(&mut self, step: &Step, slots: &Slots) {
        let is_wound = step.form == Reading::By(Read::WoundClassAndHealing);
        let count = match step.leader {
            Some(leader) => self.slots_of(leader),
            None => slots.len(),
        };
        let start = self.text.len();
        let (mut any, mut first) = (false, true);
        for slot in slots.iter().take(count) {
            let cells: Vec<&str> = slot.iter().map(|field| self.cell(*field)).collect();
            let filled = cells.iter().any(|cell| !cell.is_empty());
            any |= filled;
            if !filled && step.leader.is_none() {
                continue;
            }
            if !std::mem::take(&mut first) {
                self.text.push('|');
            }
            match cells.as_slice() {
                [class, healing] if is_wound && filled => match wound(class, healing) {
                    Some(code) => self.text.push_str(&code.to_string()),
                    None => self.text.push_str(&cells.concat()),
                },
                _ if filled => self.put_parts_of(&cells),
                _ => {}
            }
        }
        if !any {
            self.text.truncate(start);
        }
    }

    pub(super) fn put_parts_of(&mut self, cells: &[&str]) {
        for (index, cell) in cells.iter().enumerate() {
            if index > 0 {
                self.text.push(';');
            }
            self.put_item(cell, true);
        }
    }
}
