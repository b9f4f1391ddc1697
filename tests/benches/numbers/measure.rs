//! Time, processor time and bytes written of a piece of work.

use std::fmt;
use std::time::{Duration, Instant};

/// What a piece of work cost this process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) work: u64,
    pub(crate) elapsed: Duration,
    pub(crate) processor: Duration,
    pub(crate) written: u64,
}

impl Cost {
    /// Measures `work`, which says how many pieces it did.
    pub(crate) fn of(work: impl FnOnce() -> u64) -> Self {
        let (started, processor, written) = (Instant::now(), processor_time(), bytes_written());
        let work = work();
        Self {
            work,
            elapsed: started.elapsed(),
            processor: processor_time().saturating_sub(processor),
            written: bytes_written() - written,
        }
    }

    pub(crate) fn per_second(&self) -> f64 {
        self.work as f64 / self.elapsed.as_secs_f64()
    }
}

/// A figure over several rounds.
#[derive(Debug, Clone)]
pub(crate) struct Rounds(Vec<f64>);

impl Rounds {
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        Self(values)
    }

    pub(crate) fn median(&self) -> f64 {
        self.0[self.0.len() / 2]
    }
}

impl fmt::Display for Rounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (least, greatest) = (self.0[0], self.0[self.0.len() - 1]);
        let digits = if greatest < 100.0 { 2 } else { 0 };
        write!(
            f,
            "{:.digits$} ({least:.digits$} to {greatest:.digits$})",
            self.median()
        )
    }
}

/// Prints a promise beside what was measured.
pub(crate) fn promise(what: &str, figure: &Rounds, bound: &str, kept: bool) {
    let verdict = if kept { "kept" } else { "MISSED" };
    println!("  {what:<62} {figure:<28} bound {bound:<14} {verdict}");
}

/// User and system time of this process, of `/proc/self/stat` (in hundredths of a second).
fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat[stat.rfind(')').unwrap()..].split(' ').collect();
    let ticks: u64 = fields[12].parse::<u64>().unwrap() + fields[13].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}

/// Bytes that this process caused to be written to disk, of `/proc/self/io`.
fn bytes_written() -> u64 {
    let io = std::fs::read_to_string("/proc/self/io").unwrap();
    let line = io
        .lines()
        .find_map(|line| line.strip_prefix("write_bytes: "))
        .unwrap();
    line.trim().parse().unwrap()
}
