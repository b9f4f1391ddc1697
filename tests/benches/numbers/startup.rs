//! From the start of the program to its readiness, and its memory at rest.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use crate::measure::{Rounds, promise};

const ROUNDS: usize = 5;

pub(crate) fn run() {
    println!("Start on an empty journal");
    let binary = std::env::current_exe()
        .unwrap()
        .parent()
        .unwrap()
        .parent()
        .unwrap()
        .join("tenure");
    assert!(
        binary.exists(),
        "{}: build it with `cargo build --release -p tenure`",
        binary.display()
    );
    let rounds: Vec<(f64, f64)> = (0..ROUNDS).map(|_| start(&binary)).collect();
    let seconds = Rounds::of(rounds.iter().map(|(seconds, _)| *seconds));
    let memory = Rounds::of(rounds.iter().map(|(_, memory)| *memory));
    promise("start to ready, s", &seconds, "< 1", seconds.median() < 1.0);
    promise(
        "memory at rest, MiB",
        &memory,
        "< 64",
        memory.median() < 64.0,
    );
}

/// Seconds to readiness, and MiB then.
fn start(binary: &Path) -> (f64, f64) {
    let folder = tempfile::tempdir_in(".").unwrap();
    let free = || {
        TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
    };
    let (callbacks, api) = (free(), free());
    let started = Instant::now();
    let mut service = Command::new(binary)
        .arg("serve")
        .current_dir(folder.path())
        .env("TENURE__HTTP__CALLBACKS", callbacks.to_string())
        .env("TENURE__HTTP__API", api.to_string())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while !is_ready(api) {
        assert!(service.try_wait().unwrap().is_none(), "the service ended");
        std::thread::yield_now();
    }
    let seconds = started.elapsed().as_secs_f64();
    let memory = memory(&service);
    service.kill().unwrap();
    service.wait().unwrap();
    (seconds, memory)
}

fn is_ready(api: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(api) else {
        return false;
    };
    let request = b"GET /health/ready HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
    let mut answer = String::new();
    let asked = stream
        .write_all(request)
        .and_then(|()| stream.read_to_string(&mut answer));
    asked.is_ok() && answer.starts_with("HTTP/1.1 200")
}

fn memory(service: &Child) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", service.id())).unwrap();
    let resident = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    resident
        .trim()
        .trim_end_matches(" kB")
        .parse::<f64>()
        .unwrap()
        / 1_024.0
}
