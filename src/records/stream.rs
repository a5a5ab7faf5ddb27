//! Records through any number of threads, out in the order they came in.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use super::check::{Checked, Checker, Depth, Ready};
use super::columns::Header;
use super::door::Door;
use super::encoding::Encoding;
use super::frame::{COMMA, Frame};
use super::layout::{Mark, NeutralRows, Note};
use super::plain::{PlainReader, PlainRow, PlainRows};
use super::reader::{Facts, Portion, RowReader};
use super::recode::Recoder;
use crate::diagnostics::{Error, Finding, Lang, Result};

/// What became of the records read (记录计数): `read = grouped + ambiguous + ungrouped + rejected`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records read, blank lines not counted.
    pub read: u64,
    /// Rejected with their findings.
    pub rejected: u64,
}

/// What one chunk of records gave.
#[derive(Debug)]
pub struct Batch<T> {
    /// What was made of its rows.
    pub output: T,
    /// Its findings, in order; records numbered from 1 in the file.
    pub findings: Vec<Finding>,
    /// Bytes of the file newly read for it, before unpacking.
    pub bytes: u64,
    /// Number of the file in the run, from 0.
    pub file: usize,
    /// Records of the file before it.
    pub before: u64,
}

impl Counts {
    fn note(&mut self, checked: Checked) {
        self.read += 1;
        self.rejected += u64::from(checked != Checked::Case);
    }
}

impl<T> Batch<T> {
    fn new(output: T, checker: &mut Checker<'_>, portion: &Portion) -> Batch<T> {
        Batch {
            output,
            findings: checker.take_findings(),
            bytes: portion.chunk.taken,
            file: portion.facts.number,
            before: 0,
        }
    }
}

/// Checks every record of `reader` on `threads` threads and hands the results to `sink` in file
/// order, so that nothing depends on the number of threads.
///
/// For each chunk `make` gives a fresh output; `row` is called for each of its rows with the
/// checker holding the row and, if [`Checked::Case`], the case.
///
/// # Errors
/// Reading fails, or `sink` does.
pub fn in_order<T: Send>(
    mut reader: RowReader,
    depth: Depth<'_>,
    lang: Lang,
    threads: usize,
    make: impl Fn() -> T + Sync,
    row: impl Fn(&mut T, Checked, &Checker<'_>) + Sync,
    mut sink: impl FnMut(Batch<T>) -> Result<()>,
) -> Result<Counts> {
    let asked = Asked::new(depth, lang);
    let check_chunk = |portion: Portion| {
        let mut output = make();
        let noted = |checked: Checked, checker: &Checker<'_>| row(&mut output, checked, checker);
        let (mut checker, counts) = check_portion(&portion, &asked, noted);
        (Batch::new(output, &mut checker, &portion), counts)
    };
    collect_batches(&mut reader, threads, check_chunk, &mut sink)
}

/// What is asked of all files of a run, and what was worked out for the present one.
struct Asked<'l> {
    depth: Depth<'l>,
    lang: Lang,
    /// By the number of the file; chunks of two files may be at work at once.
    ready: Mutex<Vec<(usize, Arc<Ready<'l>>)>>,
}

/// Files of which something is kept: those whose chunks are at work.
const FILES_AT_WORK: usize = 64;

impl<'l> Asked<'l> {
    fn new(depth: Depth<'l>, lang: Lang) -> Asked<'l> {
        Asked {
            depth,
            lang,
            ready: Mutex::default(),
        }
    }

    /// A checker of rows of a file under `header`, always the same one.
    fn checker(&self, facts: &Facts, header: &Arc<Header>, encoding: Encoding) -> Checker<'l> {
        let ready = self.ready_for(facts.number, header);
        let (file, header) = (Arc::clone(&facts.file), Arc::clone(header));
        Checker::of_ready(ready, file, header, encoding, self.depth, self.lang).of_file(facts.number)
    }

    fn ready_for(&self, number: usize, header: &Arc<Header>) -> Arc<Ready<'l>> {
        let mut all = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, ready)) = all.iter().find(|(known, _)| *known == number) {
            return Arc::clone(ready);
        }
        let ready = Arc::new(Ready::of(self.depth, header));
        if all.len() == FILES_AT_WORK {
            all.remove(0);
        }
        all.push((number, Arc::clone(&ready)));
        ready
    }
}

/// Checks every row of a portion.
fn check_portion<'l>(
    portion: &Portion,
    asked: &Asked<'l>,
    mut row: impl FnMut(Checked, &Checker<'_>),
) -> (Checker<'l>, Counts) {
    let facts = &*portion.facts;
    let mut counts = Counts::default();
    let mut noted = |checked: Checked, checker: &mut Checker<'_>| {
        counts.note(checked);
        if checked != Checked::Case {
            checker.set_place(portion.place_of(checker.line()));
        }
        row(checked, checker);
    };
    let checker = match &facts.transcoder {
        None => {
            let mut checker = asked.checker(facts, &facts.header, facts.encoding);
            for frame in portion.chunk.frames(COMMA) {
                let checked = checker.check(frame);
                noted(checked, &mut checker);
            }
            checker
        }
        Some(transcoder) => {
            let rows = facts.neutral_rows(transcoder, portion, asked.lang);
            let mut checker = asked.checker(facts, &facts.header, Encoding::Utf8);
            check_marked(&rows, &mut checker, &mut noted);
            checker
        }
    };
    (checker, counts)
}

/// Checks the rows of a foreign chunk, each under its own line.
fn check_marked(
    rows: &NeutralRows,
    checker: &mut Checker<'_>,
    noted: &mut impl FnMut(Checked, &mut Checker<'_>),
) {
    let mut marked = Marked::of(rows);
    let mut rest = rows.text.as_bytes();
    loop {
        marked.pass_unreadable(checker, noted);
        if rest.is_empty() {
            return;
        }
        let line = marked.line();
        let (frame, length, _) = Frame::first_of(rest, line, COMMA);
        rest = rest.get(length..).unwrap_or_default();
        let checked = checker.check_noted(frame, marked.early());
        marked.pass_row(checker);
        noted(checked, checker);
    }
}

/// The marks of a foreign chunk, taken one by one along its text.
struct Marked<'r> {
    marks: std::slice::Iter<'r, Mark>,
    notes: std::slice::Iter<'r, Note>,
}

impl<'r> Marked<'r> {
    fn of(rows: &'r NeutralRows) -> Marked<'r> {
        Marked {
            marks: rows.marks.iter(),
            notes: rows.notes.iter(),
        }
    }

    fn next(&self) -> Option<&'r Mark> {
        self.marks.as_slice().first()
    }

    /// The line of the row that stands next in the text.
    fn line(&self) -> u64 {
        self.next().map_or(0, |mark| mark.line)
    }

    /// Whether something was noted of it.
    fn has_notes(&self) -> bool {
        self.next().is_some_and(|mark| mark.notes > 0)
    }

    /// Counts the rows without shape that stand before the next one of the text.
    fn pass_unreadable(
        &mut self,
        checker: &mut Checker<'_>,
        noted: &mut impl FnMut(Checked, &mut Checker<'_>),
    ) {
        while let Some(mark) = self.next().filter(|mark| mark.unreadable) {
            self.marks.next();
            for note in self.notes.by_ref().take(mark.notes) {
                let checked = checker.unreadable(mark.line, note);
                noted(checked, checker);
            }
        }
    }

    /// What was noted of it that is told before anything else.
    fn early(&self) -> &'r [Note] {
        let early = self.next().map_or(0, |mark| mark.early);
        self.notes.as_slice().get(..early).unwrap_or_default()
    }

    /// Goes behind the row of the text that was just checked, and adds what was noted of it.
    fn pass_row(&mut self, checker: &mut Checker<'_>) {
        if let Some(mark) = self.marks.next() {
            self.notes
                .by_ref()
                .take(mark.notes)
                .skip(mark.early)
                .for_each(|note| checker.add_note(note));
        }
    }
}

/// What is done with the rows of a file on the quick way (逐行处理).
pub trait RowWork: Sync {
    /// What is made of the rows of one chunk.
    type Output: Send;
    /// Before the first row of a chunk.
    fn start(&self) -> Self::Output;
    /// Plain rows to come, before the first of them.
    fn prepare(&self, output: &mut Self::Output, rows: &PlainRows<'_>);
    /// The next of them; `false` to have it checked after all.
    fn plain(&self, output: &mut Self::Output, row: &PlainRow<'_>) -> bool;
    /// A row that went through the checker.
    fn checked(&self, output: &mut Self::Output, checked: Checked, checker: &Checker<'_>);
}

/// As [`in_order`] at [`Depth::Grouping`], but plain rows are not taken through the checker.
///
/// # Errors
/// Reading fails, or `sink` does.
pub fn quickly_in_order<W: RowWork>(
    reader: RowReader,
    lang: Lang,
    threads: usize,
    work: &W,
    sink: impl FnMut(Batch<W::Output>) -> Result<()>,
) -> Result<Counts> {
    quickly_behind(reader, Door::nothing(), lang, threads, work, sink)
}

/// As [`quickly_in_order`], behind a door that changes the rows; only where it replaces numbers of
/// persons all rows go through the checker.
///
/// # Errors
/// Reading fails, or `sink` does.
pub fn quickly_behind<W: RowWork>(
    mut reader: RowReader,
    door: &Door,
    lang: Lang,
    threads: usize,
    work: &W,
    mut sink: impl FnMut(Batch<W::Output>) -> Result<()>,
) -> Result<Counts> {
    let asked = Asked::new(Depth::Grouping, lang);
    let behind = Asked::new(Depth::Behind(door), lang);
    let read_chunk = |portion: Portion| {
        if door.pseudonyms.is_some() {
            return check_all(&portion, &behind, work);
        }
        let facts = &*portion.facts;
        let recoder = facts.recoder(door);
        let header = recoder.map_or(&facts.header, Recoder::header);
        if facts.transcoder.is_some() || recoder.is_some() {
            let rows = facts.rows_behind(&portion, recoder, lang);
            let mut checker = asked.checker(facts, header, Encoding::Utf8);
            let read = |plain: &mut PlainReader| read_marked(&rows, plain, &mut checker, work);
            let (output, counts) = facts.with_plain_reader(header, read);
            return (Batch::new(output, &mut checker, &portion), counts);
        }
        let chunk = &portion.chunk;
        match facts.encoding.decode(&chunk.bytes) {
            Some(text) if !has_lone_return(text.as_bytes()) => {
                let mut checker = asked.checker(facts, header, Encoding::Utf8);
                let read = |plain: &mut PlainReader| read_text(&text, chunk.line, plain, &mut checker, work);
                let (output, counts) = facts.with_plain_reader(header, read);
                (Batch::new(output, &mut checker, &portion), counts)
            }
            // some row is no text, the checker says which; or holds what must be quoted when written
            _ => check_all(&portion, &asked, work),
        }
    };
    collect_batches(&mut reader, threads, read_chunk, &mut sink)
}

/// Takes every row of a portion through the checker.
fn check_all<W: RowWork>(portion: &Portion, asked: &Asked<'_>, work: &W) -> (Batch<W::Output>, Counts) {
    let mut output = work.start();
    let row = |checked, checker: &Checker<'_>| work.checked(&mut output, checked, checker);
    let (mut checker, counts) = check_portion(portion, asked, row);
    (Batch::new(output, &mut checker, portion), counts)
}

/// Whether a carriage return stands anywhere but at the end of a line.
fn has_lone_return(text: &[u8]) -> bool {
    memchr::memchr_iter(b'\r', text).any(|at| text.get(at + 1) != Some(&b'\n'))
}

/// Reads the rows of a decoded chunk: the plain ones here, the others by the checker.
fn read_text<W: RowWork>(
    text: &str,
    first_line: u64,
    plain: &mut PlainReader,
    checker: &mut Checker<'_>,
    work: &W,
) -> (W::Output, Counts) {
    let (mut output, mut counts) = (work.start(), Counts::default());
    let (mut at, mut line) = (0, first_line);
    while at < text.len() {
        let rows = plain.rows(text, at);
        work.prepare(&mut output, &rows);
        for row in rows.iter() {
            if work.plain(&mut output, &row) {
                checker.pass_over();
                counts.read += 1;
            } else {
                let checked = checker.check_text(row.written(), line);
                counts.note(checked);
                work.checked(&mut output, checked, checker);
            }
            line += 1;
        }
        at = rows.end();
        if !rows.odd_row_follows() {
            continue;
        }
        let rest = text.as_bytes().get(at..).unwrap_or_default();
        let (frame, length, lines) = Frame::first_of(rest, line, COMMA);
        if !frame.is_blank() {
            let checked = checker.check(frame);
            counts.note(checked);
            work.checked(&mut output, checked, checker);
        }
        at += length;
        line += lines;
    }
    (output, counts)
}

/// Reads the rows of a foreign chunk as [`read_text`] does those of a neutral one, each under its
/// own line; a row of which something was noted goes through the checker.
fn read_marked<W: RowWork>(
    rows: &NeutralRows,
    plain: &mut PlainReader,
    checker: &mut Checker<'_>,
    work: &W,
) -> (W::Output, Counts) {
    let text = rows.text.as_str();
    let (mut output, mut counts) = (work.start(), Counts::default());
    let mut marked = Marked::of(rows);
    let mut at = 0;
    while at < text.len() {
        let stretch = plain.rows(text, at);
        work.prepare(&mut output, &stretch);
        for row in stretch.iter() {
            let mut noted = |checked, checker: &mut Checker<'_>| {
                counts.note(checked);
                work.checked(&mut output, checked, checker);
            };
            marked.pass_unreadable(checker, &mut noted);
            if !marked.has_notes() && work.plain(&mut output, &row) {
                checker.pass_over();
                counts.read += 1;
                marked.pass_row(checker);
            } else {
                let checked =
                    checker.check_noted(Frame::of_row(row.written(), marked.line()), marked.early());
                marked.pass_row(checker);
                counts.note(checked);
                work.checked(&mut output, checked, checker);
            }
        }
        at = stretch.end();
        if !stretch.odd_row_follows() {
            continue;
        }
        let mut noted = |checked, checker: &mut Checker<'_>| {
            counts.note(checked);
            work.checked(&mut output, checked, checker);
        };
        marked.pass_unreadable(checker, &mut noted);
        let rest = text.as_bytes().get(at..).unwrap_or_default();
        let (frame, length, _) = Frame::first_of(rest, marked.line(), COMMA);
        let checked = checker.check_noted(frame, marked.early());
        marked.pass_row(checker);
        noted(checked, checker);
        at += length;
    }
    let mut noted = |checked, checker: &mut Checker<'_>| {
        counts.note(checked);
        work.checked(&mut output, checked, checker);
    };
    marked.pass_unreadable(checker, &mut noted);
    (output, counts)
}

impl Facts {
    /// The rows of a portion as neutral text, in codes of the lists.
    fn rows_behind(&self, portion: &Portion, recoder: Option<&Recoder>, lang: Lang) -> NeutralRows {
        let rows = self
            .transcoder
            .as_ref()
            .map(|transcoder| self.neutral_rows(transcoder, portion, lang));
        match (rows, recoder) {
            (Some(rows), None) => rows,
            (Some(rows), Some(recoder)) => recoder.recoded(rows),
            (None, Some(recoder)) => self.recoded_rows(recoder, &portion.chunk, lang),
            (None, None) => NeutralRows::default(),
        }
    }
}

/// Hands the batches of all chunks to `sink`, their findings numbered through.
fn collect_batches<T: Send>(
    reader: &mut RowReader,
    threads: usize,
    read_chunk: impl Fn(Portion) -> (Batch<T>, Counts) + Sync,
    sink: &mut impl FnMut(Batch<T>) -> Result<()>,
) -> Result<Counts> {
    let mut total = Counts::default();
    let next = || reader.next_chunk();
    let (mut file, mut before_file) = (0, 0);
    ordered(threads, next, read_chunk, |(mut batch, counts)| {
        if batch.file != file {
            (file, before_file) = (batch.file, total.read); // records are counted from 1 in each file
        }
        batch.before = total.read - before_file;
        let findings = batch.findings.iter_mut();
        findings.for_each(|finding| finding.record += batch.before);
        total.read += counts.read;
        total.rejected += counts.rejected;
        sink(batch)
    })?;
    Ok(total)
}

/// Runs `work` on everything `next` gives, on `threads` threads, and hands the results to
/// `collect` in the order of the inputs (保序并行). At most twice as many inputs are under way
/// as there are threads, so memory stays flat.
///
/// # Errors
/// Those of `next` and `collect`; the first stops everything.
pub fn ordered<I: Send, O: Send>(
    threads: usize,
    mut next: impl FnMut() -> Result<Option<I>>,
    work: impl Fn(I) -> O + Sync,
    mut collect: impl FnMut(O) -> Result<()>,
) -> Result<()> {
    if threads <= 1 {
        while let Some(input) = next()? {
            collect(work(input))?;
        }
        return Ok(());
    }
    let (to_workers, queue) = sync_channel::<(u64, I)>(threads);
    let (to_collector, results) = sync_channel::<(u64, O)>(2 * threads); // holds all under way: never blocks
    let queue = Mutex::new(queue);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let to_collector = to_collector.clone();
            let (queue, work) = (&queue, &work);
            scope.spawn(move || work_off(queue, &to_collector, work));
        }
        drop(to_collector);
        feed_and_collect(&mut next, to_workers, &results, threads, &mut collect)
    })
}

fn work_off<I, O>(queue: &Mutex<Receiver<(u64, I)>>, results: &SyncSender<(u64, O)>, work: &impl Fn(I) -> O) {
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((number, input)) = next else { return };
        if results.send((number, work(input))).is_err() {
            return; // the collector stopped on an error
        }
    }
}

fn feed_and_collect<I, O>(
    next: &mut impl FnMut() -> Result<Option<I>>,
    to_workers: SyncSender<(u64, I)>,
    results: &Receiver<(u64, O)>,
    threads: usize,
    collect: &mut impl FnMut(O) -> Result<()>,
) -> Result<()> {
    let most_under_way = 2 * threads as u64;
    let mut to_workers = Some(to_workers);
    let mut waiting: BTreeMap<u64, O> = BTreeMap::new();
    let (mut sent, mut collected) = (0_u64, 0_u64);
    loop {
        while sent - collected < most_under_way
            && let Some(sender) = &to_workers
        {
            match next()? {
                Some(input) => {
                    sender.send((sent, input)).map_err(|_| worker_lost())?;
                    sent += 1;
                }
                None => to_workers = None,
            }
        }
        if collected == sent {
            return Ok(());
        }
        let (number, output) = results.recv().map_err(|_| worker_lost())?;
        waiting.insert(number, output);
        while let Some(output) = waiting.remove(&collected) {
            collect(output)?;
            collected += 1;
        }
    }
}

fn worker_lost() -> Error {
    Error::new("a worker thread stopped before its work was done; this is a defect of the program")
}
