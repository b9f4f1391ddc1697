//! The `tenure` binary: configuration, commands, signals. The only crate that reads files,
//! environment and arguments.

mod commands;
mod config;
mod failure;
mod files;
mod login;
mod output;
mod pending;
mod provisioning;
mod service;
mod when;
mod workers;

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::anyhow;
use clap::{CommandFactory, Parser, Subcommand};

use crate::config::{Config, LogFormat};
use crate::failure::{Classify, Failure};
use crate::output::{Format, Output};

/// Every call allocates some dozens of small pieces on one thread and frees them on another, which
/// is what this allocator is made for.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A self-hosted, event-sourced license lifecycle service for cloud marketplace merchants.
#[derive(Debug, Parser)]
#[command(name = "tenure", version, propagate_version = true)]
#[command(
    after_help = "Exit codes: 0 done, 1 refused or found wrong, 2 usage, 3 unavailable.\n\n\
    Example: tenure demo --exit"
)]
struct Arguments {
    /// The configuration file; `tenure.toml` if there is one, else a development set-up
    #[arg(long, global = true, value_name = "PATH", env = "TENURE_CONFIG")]
    config: Option<PathBuf>,
    /// How records are printed
    #[arg(long, global = true, value_enum, default_value_t = Format::Table)]
    format: Format,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answer the marketplace's callbacks and the merchant's questions
    #[command(after_help = "Example: tenure serve --config /etc/tenure/tenure.toml")]
    Serve,
    /// Play a marketplace against a service in a fresh folder, and print what happened
    #[command(after_help = "Example: tenure demo --exit")]
    Demo(commands::demo::Demo),
    /// The marketplace's side: check a production address, or serve a marketplace to develop against
    #[command(subcommand)]
    Sandbox(commands::sandbox::Sandbox),
    /// Licenses: show one, its history, its timeline; activate or check a code
    #[command(subcommand)]
    License(commands::license::License),
    /// Customers: what happened to one, and what its licenses were
    #[command(subcommand)]
    Customer(commands::customer::Customer),
    /// Orders: what happened to one
    #[command(subcommand)]
    Order(commands::order::Order),
    /// Enterprises on the buyers' side, their members and departments
    #[command(subcommand)]
    Tenant(commands::tenant::Tenant),
    /// Every call ever received, with its verdict
    #[command(subcommand)]
    Receipts(commands::receipts::Receipts),
    /// Rebuild the read models, or compare them with a fresh fold
    #[command(after_help = "Example: tenure replay --verify")]
    Replay(commands::replay::Replay),
    /// The journal itself
    #[command(subcommand)]
    Journal(commands::journal::Journal),
    /// Copy journal and vault into a folder, or on from where the last backup there ended
    #[command(after_help = "Example: tenure backup /backup/tenure")]
    Backup(commands::backup::Backup),
    /// Put a backup in the place of journal and vault, once it has proved itself
    #[command(after_help = "Example: tenure restore /backup/tenure --drill")]
    Restore(commands::restore::Restore),
    /// The configuration: look it over, or print an example
    #[command(subcommand)]
    Config(commands::config::ConfigCommand),
    /// Check configuration, clock, disk, keys, journal and reachability, and say how to mend each
    #[command(after_help = "Example: tenure doctor --config tenure.toml")]
    Doctor,
    /// Print completions for a shell
    #[command(after_help = "Example: tenure completions bash > /etc/bash_completion.d/tenure")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

impl Command {
    /// Whether its rows can be had one by one.
    fn is_exported(&self) -> bool {
        match self {
            Self::License(license) => license.is_exported(),
            Self::Customer(_) | Self::Order(_) => true,
            Self::Serve
            | Self::Demo(_)
            | Self::Sandbox(_)
            | Self::Tenant(_)
            | Self::Receipts(_)
            | Self::Replay(_)
            | Self::Journal(_)
            | Self::Backup(_)
            | Self::Restore(_)
            | Self::Config(_)
            | Self::Doctor
            | Self::Completions { .. } => false,
        }
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // One provider of cryptography for TLS, named here and nowhere else. It fails only where one
    // was installed before.
    drop(rustls::crypto::ring::default_provider().install_default());
    let output = Output::stdout(arguments.format);
    match run(arguments, output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            Output::complain(&failure);
            failure.exit_code()
        },
    }
}

fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    if output.is_junit() && !matches!(&arguments.command, Command::Sandbox(it) if it.reports()) {
        return Err(anyhow!("--format junit is for `tenure sandbox check`")).usage();
    }
    if output.exports() && !arguments.command.is_exported() {
        let advice = "--format jsonl and csv are for histories and timelines";
        return Err(anyhow!(advice)).usage();
    }
    let path = arguments.config.as_deref();
    let load = || Config::load(path, std::env::vars()).usage();
    match arguments.command {
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "tenure", &mut script);
            output.line(String::from_utf8_lossy(&script).trim_end());
            Ok(())
        },
        Command::Config(command) => command.run(load, output),
        Command::Serve => {
            let config = load()?;
            log_to_stderr(&config.log.filter, config.log.format);
            commands::serve::run(&config)
        },
        Command::Demo(demo) => {
            log_to_stderr("warn", LogFormat::Text);
            demo.run(output)
        },
        Command::Doctor => {
            log_to_stderr("error", LogFormat::Text);
            commands::doctor::run(path, output)
        },
        Command::Sandbox(sandbox) => {
            log_to_stderr("warn", LogFormat::Text);
            sandbox.run(load, output)
        },
        Command::License(license) => {
            log_to_stderr("warn", LogFormat::Text);
            license.run(&load()?, output)
        },
        Command::Backup(backup) => backup.run(&load()?, output),
        Command::Restore(restore) => restore.run(&load()?, output),
        Command::Customer(customer) => customer.run(&load()?, output),
        Command::Order(order) => order.run(&load()?, output),
        Command::Tenant(tenant) => tenant.run(&load()?, output),
        Command::Receipts(receipts) => receipts.run(&load()?, output),
        Command::Replay(replay) => {
            log_to_stderr("warn", LogFormat::Text);
            replay.run(&load()?, output)
        },
        Command::Journal(journal) => journal.run(&load()?, output),
    }
}

/// Logs go to standard error, so that standard output holds results only.
fn log_to_stderr(filter: &str, format: LogFormat) {
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::new(filter))
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Text => subscriber.init(),
        LogFormat::Json => subscriber.json().init(),
    }
}
