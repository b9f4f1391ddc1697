//! Tenure from outside: the real binary, over HTTP and its command line only.
//!
//! * [`service`]: the binary as a child process, which is checked once more when a test ends.
//! * [`callbacks`], [`rejections`], [`limits`]: what the marketplace sends, and what it gets back.
//! * [`v1`]: the same in the older protocols.
//! * [`kit`]: what it tells about enterprises and their members.
//! * [`conformance`]: the marketplace's debugging page, of every family.
//! * [`usage`], [`provisioning`]: what the merchant's software reports, and how its buyers get in.
//! * [`kill`], [`faults`], [`stopping`]: the service is killed, its disk fails, it is told to stop.
//! * [`orders`]: what the marketplace tells of orders when it is asked.
//! * [`license_files`]: what a buyer's desktop software asks for, and gets through the marketplace.
//! * [`codes`]: the other editions of the open APIs, and what the marketplace says of a code.
//! * [`cli`], [`activation`], [`secrets`]: the command line, and what it must never print.
//! * [`mod@fuzz`]: what a fuzzer begins with, and what it found.
//! * [`tidy`]: rules about the repository that no lint can check.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod activation;
mod audit;
mod backups;
mod callbacks;
mod cli;
mod codes;
mod conformance;
mod faults;
mod fuzz;
mod kill;
mod kit;
mod license_files;
mod limits;
mod orders;
mod process;
mod provisioning;
mod rejections;
mod secrets;
mod service;
mod stopping;
mod tidy;
mod usage;
mod v1;
