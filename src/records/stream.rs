//! Records through any number of threads, out in the order they came in.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};

use super::check::{Checked, Checker, Depth};
use super::frame::Chunk;
use super::reader::RowReader;
use crate::diagnostics::{Error, Finding, Lang, Result};

/// What became of the records read (记录计数): `read = grouped + ambiguous + ungrouped + rejected`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records read, blank lines not counted.
    pub read: u64,
    /// Rejected with their findings.
    pub rejected: u64,
}

/// One chunk's outcome.
struct Done<T> {
    number: u64,
    output: T,
    findings: Vec<Finding>,
    counts: Counts,
}

/// Checks every record of `reader` on `threads` threads and hands the results to `sink` in file
/// order, so that nothing depends on the number of threads.
///
/// For each chunk `make` gives a fresh output; `row` is called for each of its rows with the
/// checker holding the row and, if [`Checked::Case`], the case; `sink` gets the output and the
/// findings, records numbered from 1 in the file.
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
    mut sink: impl FnMut(T, Vec<Finding>) -> Result<()>,
) -> Result<Counts> {
    let file = std::sync::Arc::clone(reader.file());
    let header = std::sync::Arc::clone(reader.header());
    let encoding = reader.encoding();
    let work = |number: u64, chunk: &Chunk| {
        let mut checker = Checker::new(
            std::sync::Arc::clone(&file),
            std::sync::Arc::clone(&header),
            encoding,
            depth,
            lang,
        );
        let mut output = make();
        let mut counts = Counts::default();
        for frame in chunk.frames() {
            let checked = checker.check(frame);
            counts.read += 1;
            counts.rejected += u64::from(checked != Checked::Case);
            row(&mut output, checked, &checker);
        }
        let findings = checker.take_findings();
        Done {
            number,
            output,
            findings,
            counts,
        }
    };
    let mut total = Counts::default();
    let mut collect = |done: Done<T>| {
        let mut findings = done.findings;
        findings
            .iter_mut()
            .for_each(|finding| finding.record += total.read);
        total.read += done.counts.read;
        total.rejected += done.counts.rejected;
        sink(done.output, findings)
    };
    if threads <= 1 {
        while let Some(chunk) = reader.next_chunk()? {
            collect(work(0, &chunk))?;
        }
        return Ok(total);
    }
    let (to_workers, work_queue) = sync_channel::<(u64, Chunk)>(threads);
    let (to_collector, results) = sync_channel::<Done<T>>(2 * threads); // holds all under way: never blocks
    let work_queue = Mutex::new(work_queue);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let to_collector = to_collector.clone();
            let (queue, work) = (&work_queue, &work);
            scope.spawn(move || work_off(queue, &to_collector, work));
        }
        drop(to_collector);
        feed_and_collect(&mut reader, to_workers, &results, threads, &mut collect)
    })?;
    Ok(total)
}

fn work_off<T>(
    queue: &Mutex<Receiver<(u64, Chunk)>>,
    results: &SyncSender<Done<T>>,
    work: &(impl Fn(u64, &Chunk) -> Done<T> + Sync),
) {
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((number, chunk)) = next else { return };
        if results.send(work(number, &chunk)).is_err() {
            return; // the collector stopped on an error
        }
    }
}

/// Keeps at most twice as many chunks under way as there are threads, so memory stays flat.
fn feed_and_collect<T>(
    reader: &mut RowReader,
    to_workers: SyncSender<(u64, Chunk)>,
    results: &Receiver<Done<T>>,
    threads: usize,
    collect: &mut impl FnMut(Done<T>) -> Result<()>,
) -> Result<()> {
    let most_under_way = 2 * threads as u64;
    let mut to_workers = Some(to_workers);
    let mut waiting: BTreeMap<u64, Done<T>> = BTreeMap::new();
    let (mut sent, mut collected) = (0_u64, 0_u64);
    loop {
        while sent - collected < most_under_way
            && let Some(sender) = &to_workers
        {
            match reader.next_chunk()? {
                Some(chunk) => {
                    sender.send((sent, chunk)).map_err(|_| worker_lost())?;
                    sent += 1;
                }
                None => to_workers = None,
            }
        }
        if collected == sent {
            return Ok(());
        }
        let done = results.recv().map_err(|_| worker_lost())?;
        waiting.insert(done.number, done);
        while let Some(done) = waiting.remove(&collected) {
            collect(done)?;
            collected += 1;
        }
    }
}

fn worker_lost() -> Error {
    Error::new("a worker thread stopped before its work was done; this is a defect of the program")
}
