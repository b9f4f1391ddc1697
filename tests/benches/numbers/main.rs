//! The figures that Tenure promises, measured: `make bench`.
//!
//! Machines are shared and noisy, so every promise is a ratio of two measurements of one run, taken
//! in turns, and what is printed is the median of the rounds with the least and the greatest.
//! Nothing here fails on a slow machine: the bound stands beside the figure.

#![expect(
    clippy::disallowed_methods,
    clippy::float_arithmetic,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a benchmark reads the clock, computes with what it read, prints it, and fails by panicking"
)]

/// The allocator of the program that is measured.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod append;
mod http;
mod journal;
mod measure;
mod rebuild;
mod startup;

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|it| !it.starts_with('-'))
        .collect();
    if let [child, models, journal] = arguments.as_slice()
        && child == rebuild::CHILD
    {
        return rebuild::once(models, journal);
    }
    let measures: [(&str, fn()); 4] = [
        ("append", append::run),
        ("http", http::run),
        ("rebuild", rebuild::run),
        ("startup", startup::run),
    ];
    for (name, run) in measures {
        if arguments.is_empty() || arguments.iter().any(|it| it == name) {
            run();
        }
    }
}
