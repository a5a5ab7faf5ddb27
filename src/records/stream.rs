//! Records through any number of threads, out in the order they came in.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

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

/// What one chunk of records gave.
#[derive(Debug)]
pub struct Batch<T> {
    /// What was made of its rows.
    pub output: T,
    /// Its findings, in order; records numbered from 1 in the file.
    pub findings: Vec<Finding>,
    /// Bytes read for it.
    pub bytes: u64,
    /// Records of the file before it.
    pub before: u64,
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
    let (file, header, encoding) = (
        Arc::clone(reader.file()),
        Arc::clone(reader.header()),
        reader.encoding(),
    );
    let check_chunk = |chunk: Chunk| {
        let mut checker = Checker::new(Arc::clone(&file), Arc::clone(&header), encoding, depth, lang);
        let mut output = make();
        let mut counts = Counts::default();
        for frame in chunk.frames() {
            let checked = checker.check(frame);
            counts.read += 1;
            counts.rejected += u64::from(checked != Checked::Case);
            row(&mut output, checked, &checker);
        }
        let findings = checker.take_findings();
        (
            Batch {
                output,
                findings,
                bytes: chunk.bytes.len() as u64,
                before: 0,
            },
            counts,
        )
    };
    let mut total = Counts::default();
    let next = || reader.next_chunk();
    ordered(threads, next, check_chunk, |(mut batch, counts)| {
        batch
            .findings
            .iter_mut()
            .for_each(|finding| finding.record += total.read);
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
