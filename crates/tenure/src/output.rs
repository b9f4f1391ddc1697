//! What commands print: results on standard output, everything else on standard error.

use std::fmt::Display;
use std::io::{BufWriter, ErrorKind, IsTerminal, Write, stderr, stdout};

use anyhow::Context;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{ContentArrangement, Table};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use tenure_journal::Position;

/// How records are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Table,
    /// For programs.
    Json,
    /// For programs, a line each: histories and timelines only.
    Jsonl,
    /// For spreadsheets: histories and timelines only.
    Csv,
    /// For build servers: reports of `sandbox check` only.
    Junit,
}

/// Standard output.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    format: Format,
}

impl Output {
    /// Prints in a format.
    pub(crate) fn stdout(format: Format) -> Self {
        Self { format }
    }

    /// Whether a program reads.
    pub(crate) fn is_json(self) -> bool {
        self.format == Format::Json
    }

    /// Whether a build server reads.
    pub(crate) fn is_junit(self) -> bool {
        self.format == Format::Junit
    }

    /// Whether rows are wanted one by one: as lines of JSON, or of a spreadsheet.
    pub(crate) fn exports(self) -> bool {
        matches!(self.format, Format::Jsonl | Format::Csv)
    }

    /// Prints rows one by one, with a head where the format has one.
    pub(crate) fn export<const N: usize, T: Serialize>(
        self,
        head: [&str; N],
        rows: impl IntoIterator<Item = T>,
        cells: impl Fn(&T) -> [String; N],
    ) -> anyhow::Result<()> {
        let written = self.write_rows(head, rows, cells);
        match written {
            // As in `tenure … | head`.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            written => written.context("the export is not whole: it could not be written"),
        }
    }

    fn write_rows<const N: usize, T: Serialize>(
        self,
        head: [&str; N],
        rows: impl IntoIterator<Item = T>,
        cells: impl Fn(&T) -> [String; N],
    ) -> std::io::Result<()> {
        let mut out = BufWriter::new(stdout().lock());
        if self.format == Format::Jsonl {
            for row in rows {
                serde_json::to_writer(&mut out, &row)?;
                out.write_all(b"\n")?;
            }
            return out.flush();
        }
        let mut out = csv::Writer::from_writer(out);
        out.write_record(head.map(|name| name.replace(' ', "_")))?;
        for row in rows {
            out.write_record(cells(&row))?;
        }
        out.flush()
    }

    /// Prints a line. That nobody reads any more, as in `tenure … | head`, is no failure.
    #[expect(
        clippy::unused_self,
        reason = "results go through whoever knows their format"
    )]
    pub(crate) fn line(self, line: impl Display) {
        drop(writeln!(stdout().lock(), "{line}"));
    }

    /// Prints a value as JSON.
    pub(crate) fn json(self, value: &serde_json::Value) {
        self.line(format_args!("{value:#}"));
    }

    /// Prints rows under a head.
    pub(crate) fn table<const N: usize>(
        self,
        head: [&str; N],
        rows: impl IntoIterator<Item = [String; N]>,
    ) {
        let mut table = Table::new();
        table
            .load_style(UTF8_FULL_CONDENSED)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_header(head);
        for row in rows {
            table.add_row(row);
        }
        self.line(table);
    }

    /// Says on standard error what went wrong.
    pub(crate) fn complain(what: impl Display) {
        drop(writeln!(stderr().lock(), "tenure: {what}"));
    }
}

/// How far long work is: a bar on a terminal, a line every tenth otherwise.
#[derive(Debug)]
pub(crate) struct Progress {
    what: &'static str,
    bar: Option<ProgressBar>,
    tenths: u64,
}

impl Progress {
    /// Begins.
    pub(crate) fn of(what: &'static str) -> Self {
        let bar = stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template(
                "{msg} [{bar:40}] {human_pos}/{human_len} records, {eta} left",
            );
            let bar = ProgressBar::new(0).with_message(what);
            match style {
                Ok(style) => bar.with_style(style),
                Err(_) => bar,
            }
        });
        Self {
            what,
            bar,
            tenths: 0,
        }
    }

    /// Tells how far it is.
    pub(crate) fn tell(&mut self, position: Position, head: Position) {
        let (done, all) = (position.number(), head.number());
        if let Some(bar) = &self.bar {
            bar.set_length(all);
            bar.set_position(done);
            return;
        }
        let tenths = (done * 10).checked_div(all).unwrap_or(10);
        if tenths > self.tenths {
            self.tenths = tenths;
            drop(writeln!(
                stderr().lock(),
                "{}: {done} of {all} records",
                self.what
            ));
        }
    }

    /// Ends.
    pub(crate) fn end(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}
