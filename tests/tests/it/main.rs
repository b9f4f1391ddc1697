//! Tenure from outside: the real binary, over HTTP and its command line only.
//!
//! * [`service`]: the binary as a child process, which is checked once more when a test ends.
//! * [`callbacks`], [`rejections`], [`limits`]: what the marketplace sends, and what it gets back.
//! * [`v1`]: the same in the older protocols.
//! * [`kill`], [`faults`], [`stopping`]: the service is killed, its disk fails, it is told to stop.
//! * [`orders`]: what the marketplace tells of orders when it is asked.
//! * [`cli`], [`activation`], [`secrets`]: the command line, and what it must never print.
//! * [`tidy`]: rules about the repository that no lint can check.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod activation;
mod callbacks;
mod cli;
mod faults;
mod kill;
mod limits;
mod orders;
mod process;
mod rejections;
mod secrets;
mod service;
mod stopping;
mod tidy;
mod v1;
