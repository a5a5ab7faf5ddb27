//! The yardstick of `group`: a bare scan of a CSV file with the `csv` crate, nothing else done.
//!
//! `cargo run --release --example bare_csv_scan -- records.csv` says how many records and bytes
//! it read; compare its processor time with that of `dianzhi group --threads 1`.

use std::error::Error;
use std::io::Write;

fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args().nth(1).ok_or("which file is to be scanned?")?;
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_path(file)?;
    let mut record = csv::ByteRecord::new();
    let (mut records, mut bytes) = (0_u64, 0_u64);
    while reader.read_byte_record(&mut record)? {
        records += 1;
        bytes += record.as_slice().len() as u64;
    }
    writeln!(std::io::stdout(), "{records} records, {bytes} bytes of fields")?;
    Ok(())
}
