//! `tenure serve` as a child process.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde_json::Value;
use tempfile::TempDir;
use tenure_sandbox::body::Body;
use tenure_sandbox::clock::real_now;
use tenure_sandbox::random::Random;
use tenure_sandbox::signer::{NonceStyle, SignedCall, Stamp, Style, sign};

use crate::process::{Ran, binary, own_address, terminate, without_environment};

/// The keys of all listings. They are looked for in everything that is printed.
pub(crate) const BASE_KEY: &str = "base-key-7d1f0c52-6f0e-4f6c-a8a3-1c9d7b3e5a10";
pub(crate) const LICENSE_KEY: &str = "license-key-3b8e4c1d-2a57-4e9b-9f60-8d2c6a7b1e43";
pub(crate) const GENERAL_KEY: &str = "general-key-c5a9e7f2-0b34-4d81-b6e5-7f1a2d9c8e06";

/// Stands in [`Setup::cad_pro`] for the address of the callbacks.
pub(crate) const CALLBACKS: &str = "CALLBACKS-ADDRESS";

/// How long a service may take to say what is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// A service in a folder of its own. When it goes, it is stopped, and its journal and read models
/// are verified.
///
/// Three listings: `cad-pro` of `acme` is ready at once; `cad-manual`, also of `acme`, when it is
/// told; `codes-only` of `globex` has a key for authorization codes and no other.
pub(crate) struct Service {
    folder: TempDir,
    pub(crate) callbacks: String,
    pub(crate) api: String,
    token: Option<&'static str>,
    running: Option<Running>,
    /// Everything that it wrote to standard error, over all its runs.
    pub(crate) log: Arc<Mutex<String>>,
    pub(crate) http: reqwest::Client,
    random: Mutex<Random>,
    verified_at_end: bool,
}

struct Running {
    child: Child,
    lines: Receiver<String>,
    reading: JoinHandle<()>,
}

/// How a service is set up, where it differs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Setup {
    /// What is logged; `info` if nothing is said.
    pub(crate) filter: Option<&'static str>,
    /// Opens the API; without one it is open.
    pub(crate) token: Option<&'static str>,
    /// More lines for the listing `cad-pro`.
    pub(crate) cad_pro: String,
}

/// What came back from a callback.
#[derive(Debug, Clone)]
#[must_use]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The `resultCode`; empty if there is none.
    pub(crate) code: String,
    pub(crate) json: Value,
}

impl Answer {
    pub(crate) fn read(status: u16, body: &[u8]) -> Self {
        let json: Value = serde_json::from_slice(body).unwrap_or_default();
        let code = json["resultCode"].as_str().unwrap_or_default().to_owned();
        Self { status, code, json }
    }

    /// Asserts what a call was answered.
    #[track_caller]
    pub(crate) fn is(&self, code: &str) {
        assert_eq!((self.status, self.code.as_str()), (200, code), "{self:?}");
    }
}

impl Service {
    /// Starts a service.
    pub(crate) fn start() -> Self {
        Self::of(&Setup::default())
    }

    /// Starts a service that is set up otherwise.
    pub(crate) fn of(setup: &Setup) -> Self {
        // An error says that another test of the process was first, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        let folder = tempfile::tempdir().unwrap();
        let (callbacks, api) = (own_address(), own_address());
        let mut service = Self {
            callbacks,
            api,
            token: setup.token,
            running: None,
            log: Arc::default(),
            http: reqwest::Client::builder()
                .no_proxy()
                // A connection of an earlier run would be found closed.
                .pool_max_idle_per_host(0)
                .timeout(PATIENCE)
                .build()
                .unwrap(),
            random: Mutex::new(Random::new(1)),
            verified_at_end: true,
            folder,
        };
        std::fs::write(service.config(), service.configuration(setup)).unwrap();
        service.run();
        service
    }

    fn configuration(&self, setup: &Setup) -> String {
        let mut text = format!(
            "[http]\ncallbacks = \"{}\"\napi = \"{}\"\n\
             [journal]\nurl = \"sqlite:{}\"\n[projector]\npath = \"{}\"\n\
             [log]\nfilter = \"{}\"\nformat = \"json\"\n",
            self.callbacks,
            self.api,
            self.file("journal.db").display(),
            self.file("read.db").display(),
            setup.filter.unwrap_or("info"),
        );
        if let Some(token) = setup.token {
            writeln!(text, "[api]\ntokens = [\"{token}\"]").unwrap();
        }
        let keys = format!(
            "keys.base = [\"{BASE_KEY}\"]\nkeys.license = [\"{LICENSE_KEY}\"]\n\
             keys.general = [\"{GENERAL_KEY}\"]\n\
             provisioning.front_end_url = \"https://app.example.com\"\n"
        );
        write!(
            text,
            "[[listing]]\nid = \"cad-pro\"\nmerchant = \"acme\"\n{keys}{}\
             [[listing]]\nid = \"cad-manual\"\nmerchant = \"acme\"\n{keys}\
             provisioning.mode = \"manual\"\n\
             [[listing]]\nid = \"codes-only\"\nmerchant = \"globex\"\n\
             keys.license = [\"{LICENSE_KEY}\"]\n",
            setup.cad_pro.replace(CALLBACKS, &self.callbacks)
        )
        .unwrap();
        text
    }

    /// A file in the service's folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn config(&self) -> PathBuf {
        self.file("tenure.toml")
    }

    /// Starts the service again, where it was.
    pub(crate) fn run(&mut self) {
        self.run_under(&[]);
    }

    /// Starts the service under another command, whose child it must be in our place.
    pub(crate) fn run_under(&mut self, wrapper: &[&str]) {
        assert!(self.running.is_none(), "it runs already");
        let binary = binary();
        let mut words = wrapper.iter().map(AsRef::as_ref).chain([binary.as_path()]);
        let first: &Path = words.next().unwrap();
        let stdout = File::options()
            .create(true)
            .append(true)
            .open(self.file("stdout"))
            .unwrap();
        let mut child = without_environment(&mut Command::new(first))
            .args(words)
            .arg("serve")
            .arg("--config")
            .arg(self.config())
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| {
                panic!(
                    "{} does not start: {error} (see `make deps`)",
                    first.display()
                )
            });
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let log = Arc::clone(&self.log);
        let (told, lines) = channel();
        let reading = std::thread::spawn(move || {
            for line in stderr.lines() {
                let line = line.unwrap();
                writeln!(log.lock().unwrap(), "{line}").unwrap();
                // Nobody listens any more once the service was stopped.
                drop(told.send(line));
            }
        });
        self.running = Some(Running {
            child,
            lines,
            reading,
        });
        self.await_line("\"message\":\"ready\"");
    }

    /// Waits until the service logs a line with this part.
    #[track_caller]
    pub(crate) fn await_line(&self, part: &str) {
        let running = self.running.as_ref().expect("it runs");
        while let Ok(line) = running.lines.recv_timeout(PATIENCE) {
            if line.contains(part) {
                return;
            }
        }
        panic!("{part:?} was not logged: {}", self.log.lock().unwrap());
    }

    /// Kills the service: it gets no chance to do anything more.
    pub(crate) fn kill(&mut self) {
        let mut running = self.running.take().expect("it runs");
        running.child.kill().unwrap();
        running.child.wait().unwrap();
        running.reading.join().unwrap();
    }

    /// Asks the service to stop.
    pub(crate) fn terminate(&self) {
        terminate(&self.running.as_ref().expect("it runs").child);
    }

    /// Waits until the service has stopped, which must be without a complaint.
    pub(crate) fn await_end(&mut self) {
        let mut running = self.running.take().expect("it runs");
        let status = running.child.wait().unwrap();
        running.reading.join().unwrap();
        assert!(status.success(), "{status}: {}", self.log.lock().unwrap());
    }

    /// Stops the service in good order.
    pub(crate) fn stop(&mut self) {
        self.terminate();
        self.await_end();
    }

    /// Stops the service and starts it again.
    pub(crate) fn restart(&mut self) {
        self.stop();
        self.run();
    }

    /// Says that journal or read models were damaged on purpose.
    pub(crate) fn leave_unverified(&mut self) {
        self.verified_at_end = false;
    }

    /// A command of the command line on this service's configuration.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        without_environment(&mut command)
            .arg("--config")
            .arg(self.config())
            .args(arguments)
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        command
    }

    /// Runs a command of the command line.
    #[must_use]
    pub(crate) fn tenure(&self, arguments: &[&str]) -> Ran {
        self.command(arguments).output().unwrap().into()
    }

    /// Runs a command that prints JSON and succeeds.
    #[track_caller]
    pub(crate) fn tenure_json(&self, arguments: &[&str]) -> Value {
        let arguments = [arguments, &["--format", "json"]].concat();
        self.tenure(&arguments).exited(0).json()
    }

    /// A production address.
    pub(crate) fn address(&self, listing: &str) -> String {
        format!("http://{}/koogallery/{listing}", self.callbacks)
    }

    /// A stamp of this moment with a new nonce.
    pub(crate) fn stamp(&self) -> Stamp {
        let mut random = self.random.lock().unwrap();
        Stamp::fresh(
            real_now().timestamp_millis(),
            NonceStyle::Short,
            &mut random,
        )
    }

    /// A call to a listing, signed as the marketplace signs.
    pub(crate) fn signed(&self, listing: &str, body: &Body) -> SignedCall {
        let key = SecretString::from(key_of(body.activity()));
        let (address, stamp) = (self.address(listing), self.stamp());
        sign(&address, &key, body, &Style::default(), &stamp)
    }

    /// Makes a call to the listing `cad-pro`.
    pub(crate) async fn call(&self, body: &Body) -> Answer {
        self.call_to("cad-pro", body).await
    }

    /// Makes a call.
    pub(crate) async fn call_to(&self, listing: &str, body: &Body) -> Answer {
        self.send(&self.signed(listing, body)).await
    }

    /// Sends a call as it is.
    pub(crate) async fn send(&self, call: &SignedCall) -> Answer {
        send(&self.http, call).await.unwrap()
    }

    /// Asks the API, with the token if there is one.
    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        self.ask(self.http.get(format!("http://{}{path}", self.api)))
            .await
    }

    /// Gives the API a command.
    pub(crate) async fn post(&self, path: &str) -> (u16, String) {
        self.ask(self.http.post(format!("http://{}{path}", self.api)))
            .await
    }

    /// Gives the API a command with a body.
    pub(crate) async fn post_json(&self, path: &str, body: &Value) -> (u16, Value) {
        let request = self.http.post(format!("http://{}{path}", self.api));
        let (status, text) = self.ask(request.json(body)).await;
        (status, serde_json::from_str(&text).unwrap_or_default())
    }

    async fn ask(&self, mut request: reqwest::RequestBuilder) -> (u16, String) {
        if let Some(token) = self.token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    /// Asks the API for what there is.
    pub(crate) async fn get_json(&self, path: &str) -> Value {
        let (status, text) = self.get(path).await;
        assert_eq!(status, 200, "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// A license as the API shows it.
    pub(crate) async fn license(&self, id: &str) -> Value {
        self.get_json(&format!("/v1/licenses/{id}")).await
    }

    /// The events of a license, oldest first.
    pub(crate) async fn events(&self, id: &str) -> Vec<String> {
        let history = self.get_json(&format!("/v1/licenses/{id}/records")).await;
        texts(&history["records"], "event")
    }

    /// All records after a position.
    pub(crate) async fn records_after(&self, mut after: u64) -> Vec<Value> {
        let mut records = Vec::new();
        loop {
            let path = format!("/v1/records?after={after}&limit=1000");
            let mut page = self.get_json(&path).await;
            let found = page["records"].as_array_mut().unwrap();
            if found.is_empty() {
                return records;
            }
            records.append(found);
            after = page["next_after"].as_u64().unwrap();
        }
    }

    /// What became of every call so far, oldest first: verdict, and reason if there is one. Read
    /// from the journal itself.
    pub(crate) fn verdicts(&self) -> Vec<String> {
        let receipts = self.tenure_json(&["receipts", "list", "--limit", "1000000"]);
        let receipts = receipts.as_array().unwrap().iter().rev();
        receipts
            .map(|receipt| {
                let verdict = receipt["verdict"].as_str().unwrap();
                match receipt["reason"].as_str() {
                    Some(reason) => format!("{verdict}: {reason}"),
                    None => verdict.to_owned(),
                }
            })
            .collect()
    }

    fn verify(&self) {
        self.tenure(&["journal", "verify"]).exited(0);
        self.tenure(&["replay", "--verify"]).exited(0);
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if std::thread::panicking() {
            if let Some(running) = &mut self.running {
                drop(running.child.kill());
                drop(running.child.wait());
            }
            return;
        }
        if self.running.is_some() {
            self.stop();
        }
        if self.verified_at_end {
            self.verify();
        }
    }
}

/// Sends a call; an error says that no whole answer came.
pub(crate) async fn send(http: &reqwest::Client, call: &SignedCall) -> reqwest::Result<Answer> {
    let mut request = http.post(call.url()).body(call.body.clone());
    for (name, value) in &call.headers {
        request = request.header(*name, value);
    }
    let response = request.send().await?;
    let status = response.status().as_u16();
    Ok(Answer::read(status, &response.bytes().await?))
}

/// The key of an activity's interface type.
pub(crate) fn key_of(activity: &str) -> &'static str {
    match activity {
        "orderNotify" => GENERAL_KEY,
        code if code.contains("LicenseCode") => LICENSE_KEY,
        _instance => BASE_KEY,
    }
}

/// One member of every row, which must be a text.
pub(crate) fn texts(rows: &Value, member: &str) -> Vec<String> {
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| row[member].as_str().unwrap().to_owned())
        .collect()
}

/// The first instant of a day.
pub(crate) fn day(text: &str) -> DateTime<Utc> {
    format!("{text}T00:00:00Z").parse().unwrap()
}
