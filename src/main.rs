//! dianzhi (点值): from discharge records to money.

fn main() {}
