//! Records through any number of threads, out in the order they came in.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use super::check::{Checked, Checker, Depth};
use super::columns::Header;
use super::frame::{Chunk, Frame};
use super::plain::{PlainReader, PlainRow, PlainRows};
use super::reader::{Encoding, RowReader};
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
    fn new(output: T, checker: &mut Checker<'_>, chunk: &Chunk) -> Batch<T> {
        Batch {
            output,
            findings: checker.take_findings(),
            bytes: chunk.taken,
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
    let checkers = Checkers::of(&reader, depth, lang);
    let check_chunk = |chunk: Chunk| {
        let mut checker = checkers.checker(checkers.encoding);
        let mut output = make();
        let mut counts = Counts::default();
        for frame in chunk.frames() {
            let checked = checker.check(frame);
            counts.note(checked);
            row(&mut output, checked, &checker);
        }
        (Batch::new(output, &mut checker, &chunk), counts)
    };
    collect_batches(&mut reader, threads, check_chunk, &mut sink)
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
    mut reader: RowReader,
    lang: Lang,
    threads: usize,
    work: &W,
    mut sink: impl FnMut(Batch<W::Output>) -> Result<()>,
) -> Result<Counts> {
    let checkers = Checkers::of(&reader, Depth::Grouping, lang);
    // memory of plain readers not at work
    let plain_readers = Mutex::new(Vec::new());
    let read_chunk = |chunk: Chunk| match checkers.encoding.decode(&chunk.bytes) {
        Some(text) if !has_lone_return(text.as_bytes()) => {
            let mut checker = checkers.checker(Encoding::Utf8);
            let idle = plain_readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let mut plain = idle.unwrap_or_else(|| PlainReader::new(&checkers.header));
            let (output, counts) = read_text(&text, chunk.line, &mut plain, &mut checker, work);
            plain_readers
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(plain);
            (Batch::new(output, &mut checker, &chunk), counts)
        }
        // some row is no text, the checker says which; or holds what must be quoted when written
        _ => {
            let mut checker = checkers.checker(checkers.encoding);
            let (mut output, mut counts) = (work.start(), Counts::default());
            for frame in chunk.frames() {
                let checked = checker.check(frame);
                counts.note(checked);
                work.checked(&mut output, checked, &checker);
            }
            (Batch::new(output, &mut checker, &chunk), counts)
        }
    };
    collect_batches(&mut reader, threads, read_chunk, &mut sink)
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
        let (frame, length, lines) = Frame::first_of(rest, line);
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

/// Makes the checkers of one file's chunks.
struct Checkers<'l> {
    file: Arc<str>,
    header: Arc<Header>,
    encoding: Encoding,
    depth: Depth<'l>,
    lang: Lang,
}

impl<'l> Checkers<'l> {
    fn of(reader: &RowReader, depth: Depth<'l>, lang: Lang) -> Checkers<'l> {
        Checkers {
            file: Arc::clone(reader.file()),
            header: Arc::clone(reader.header()),
            encoding: reader.encoding(),
            depth,
            lang,
        }
    }

    fn checker(&self, encoding: Encoding) -> Checker<'l> {
        let (file, header) = (Arc::clone(&self.file), Arc::clone(&self.header));
        Checker::new(file, header, encoding, self.depth, self.lang)
    }
}

/// Hands the batches of all chunks to `sink`, their findings numbered through.
fn collect_batches<T: Send>(
    reader: &mut RowReader,
    threads: usize,
    read_chunk: impl Fn(Chunk) -> (Batch<T>, Counts) + Sync,
    sink: &mut impl FnMut(Batch<T>) -> Result<()>,
) -> Result<Counts> {
    let mut total = Counts::default();
    let next = || reader.next_chunk();
    ordered(threads, next, read_chunk, |(mut batch, counts)| {
        let findings = batch.findings.iter_mut();
        findings.for_each(|finding| finding.record += total.read);
        batch.before = total.read;
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
