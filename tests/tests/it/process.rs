//! The binary, and what it says.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::{Child, Command, Output};
use std::sync::atomic::{AtomicU16, Ordering};

use serde_json::Value;

/// A command that has ended.
#[derive(Debug)]
pub(crate) struct Ran {
    /// The exit code.
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Standard output as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The command, if it ended with this exit code.
    #[track_caller]
    pub(crate) fn exited(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        self
    }

    /// Asserts that standard error says this.
    #[track_caller]
    pub(crate) fn complains(&self, part: &str) {
        assert!(self.stderr.contains(part), "{part:?} is not in {self:?}");
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// The binary stands beside the folder of the test binaries: cargo builds it for its own package
/// only.
pub(crate) fn binary() -> PathBuf {
    let this = std::env::current_exe().unwrap();
    let binary = this.parent().unwrap().parent().unwrap().join("tenure");
    assert!(
        binary.exists(),
        "there is no {}: run `cargo build -p tenure` first (`make test` does)",
        binary.display()
    );
    binary
}

/// Keeps configuration of the developer's environment away from a command.
pub(crate) fn without_environment(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TENURE") {
            command.env_remove(name);
        }
    }
    command
}

/// Asks a process to end.
pub(crate) fn terminate(child: &Child) {
    let kill = Command::new("sh")
        .args(["-c", "kill -TERM \"$0\"", &child.id().to_string()])
        .status();
    assert!(kill.unwrap().success());
}

/// An address of the loopback network that is this process's alone: tests run side by side, and
/// a service must come back at the address that it had.
pub(crate) fn own_address() -> String {
    static NEXT: AtomicU16 = AtomicU16::new(8_000);
    let [_, high, middle, low] = std::process::id().to_be_bytes();
    // Linux counts processes up to 2^22: the bit keeps away from 127.0.x.x.
    let ip = Ipv4Addr::new(127, 0x40 | (high & 0x3f), middle, low);
    format!("{ip}:{}", NEXT.fetch_add(1, Ordering::Relaxed))
}
