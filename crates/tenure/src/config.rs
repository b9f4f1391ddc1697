//! The configuration: one TOML file, with every value overridable from the environment.
//!
//! The environment is laid over the file ([`overlay`]), and both are parsed into [`Config`], which
//! refuses keys that it does not know and names the nearest one that it does. Secrets stay in [`SecretString`], and may stand in files of their own.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use secrecy::SecretString;
use serde::Deserialize;
use tracing_subscriber::EnvFilter;

mod kit;
mod license_file;
mod listing;
mod login;
mod overlay;
mod provisioning;
mod secret;
mod vault;
mod word;

pub(crate) use license_file::LicenseFileMode;
pub(crate) use listing::{Activation, InstanceFamily, ListingConfig, OpenApi, UsagePush};
pub(crate) use login::LoginConfig;
pub(crate) use provisioning::ProvisioningMode;
pub(crate) use secret::Secrets;
pub(crate) use vault::{Presence, VaultConfig, is_private};

/// The file that is read when none is named.
pub(crate) const FILE: &str = "tenure.toml";

/// The configuration that `tenure config example` prints: every setting.
pub(crate) const EXAMPLE: &str = include_str!("../../../deploy/tenure.example.toml");

/// Everything that can be configured.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    /// The listeners.
    pub http: Http,
    /// Who may ask.
    pub api: Api,
    /// The journal.
    pub journal: Journal,
    /// The keys that personal data is sealed with.
    pub vault: VaultConfig,
    /// The read models.
    pub projector: Projector,
    /// What is logged, and how.
    pub log: Log,
    /// The production addresses.
    pub listing: Vec<ListingConfig>,
}

/// The listeners.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Http {
    /// Where the marketplace calls. The only listener that has to face the internet.
    pub callbacks: SocketAddr,
    /// API and metrics. May equal `callbacks`.
    pub api: SocketAddr,
    /// Threads that answer, on each listener.
    pub workers: usize,
}

/// Who may ask.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Api {
    /// Bearer tokens, each of which opens the API. None: loopback only.
    pub tokens: Vec<SecretString>,
    /// A file with one token a line.
    pub tokens_file: Option<PathBuf>,
}

/// The journal.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Journal {
    /// `sqlite:PATH`.
    pub url: String,
    /// The most calls that wait for the writer; more are told to come again.
    pub queue: usize,
    /// The most receipts kept of calls that nobody authenticated.
    pub strangers: u64,
}

/// The read models.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Projector {
    /// Their file. It can be deleted at any time: it is folded anew.
    pub path: PathBuf,
}

/// What is logged, and how.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Log {
    /// A filter such as `info` or `tenure_journal=debug,warn`.
    pub filter: String,
    /// Text for people, or JSON for programs.
    #[serde(deserialize_with = "word::read")]
    pub format: LogFormat,
}

/// The forms of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            callbacks: SocketAddr::from(([127, 0, 0, 1], 8080)),
            api: SocketAddr::from(([127, 0, 0, 1], 8081)),
            workers: 2,
        }
    }
}

impl Default for Journal {
    fn default() -> Self {
        Self {
            url: "sqlite:data/journal.db".to_owned(),
            queue: 4_096,
            strangers: tenure_journal::sqlite::STRANGERS_MAX,
        }
    }
}

impl Default for Projector {
    fn default() -> Self {
        Self {
            path: PathBuf::from("data/read.db"),
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self {
            filter: "info".to_owned(),
            format: LogFormat::Text,
        }
    }
}

impl Config {
    /// Reads the configuration: the file that is named, or [`FILE`] if there is one, or a
    /// development set-up; with the environment laid over it.
    pub(crate) fn load(
        path: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
    ) -> anyhow::Result<Self> {
        let file = path
            .map(Path::to_owned)
            .or_else(|| Some(FILE.into()).filter(|it: &PathBuf| it.exists()));
        let text = match &file {
            Some(file) => std::fs::read_to_string(file)
                .with_context(|| format!("the configuration {} cannot be read", file.display()))?,
            None => String::new(),
        };
        let source = file
            .as_deref()
            .unwrap_or_else(|| Path::new("the environment"));
        let mut config = Self::parse(&text, environment).with_context(|| {
            format!(
                "the configuration in {}, or what TENURE__… adds to it, is not right",
                source.display()
            )
        })?;
        if file.is_none() && config.listing.is_empty() {
            config.listing.push(ListingConfig::development());
        }
        config.check()?;
        Ok(config)
    }

    fn parse(
        text: &str,
        environment: impl Iterator<Item = (String, String)>,
    ) -> anyhow::Result<Self> {
        let file = config::File::from_str(text, config::FileFormat::Toml);
        let builder = config::Config::builder().add_source(file);
        overlay::lay_over(builder, environment)?
            .build()?
            .try_deserialize()
            .map_err(|error| anyhow::anyhow!(explained(&error.to_string())))
    }

    /// The file of the journal.
    pub(crate) fn journal_path(&self) -> anyhow::Result<PathBuf> {
        match self.journal.url.split_once(':') {
            Some(("sqlite", path)) if !path.is_empty() => Ok(PathBuf::from(path)),
            Some(("postgres" | "postgresql", _)) => {
                bail!("this version keeps its journal in SQLite: set journal.url = \"sqlite:PATH\"")
            },
            _ => bail!(
                "journal.url must be \"sqlite:PATH\", not {:?}",
                self.journal.url
            ),
        }
    }

    /// The file of the sessions of members who logged in.
    pub(crate) fn sessions_path(&self) -> anyhow::Result<PathBuf> {
        Ok(self.journal_path()?.with_file_name("login.db"))
    }

    /// The tokens that open the API, from the configuration and from their file.
    pub(crate) fn tokens(&self) -> anyhow::Result<Vec<SecretString>> {
        Secrets {
            inline: &self.api.tokens,
            file: self.api.tokens_file.as_deref(),
        }
        .read("api.tokens")
    }

    /// Looks for what parses, but cannot be meant.
    fn check(&self) -> anyhow::Result<()> {
        self.journal_path()?;
        if self.http.workers == 0 || self.journal.queue == 0 {
            bail!("http.workers and journal.queue must be at least 1");
        }
        EnvFilter::try_new(&self.log.filter).with_context(|| {
            format!(
                "log.filter = {:?} is none, such as info,tenure_ingress=debug",
                self.log.filter
            )
        })?;
        if self.tokens()?.is_empty() && !self.http.api.ip().is_loopback() {
            bail!(
                "http.api = \"{}\" faces the network, but no API token is set: set api.tokens, or \
                 listen on 127.0.0.1",
                self.http.api
            );
        }
        for (index, listing) in self.listing.iter().enumerate() {
            listing
                .parse()
                .with_context(|| format!("listing {} ({:?})", index + 1, listing.id))?;
            if self.listing[..index]
                .iter()
                .any(|other| other.id == listing.id)
            {
                bail!("two listings have the id {:?}", listing.id);
            }
        }
        Ok(())
    }
}

/// The parser writes `listing[0]provisioning.mode`, without a dot.
fn with_dots(message: &str) -> String {
    let mut pieces = message.split(']');
    let mut whole = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let dot = if piece.starts_with(char::is_lowercase) {
            "."
        } else {
            ""
        };
        whole.extend(["]", dot, piece]);
    }
    whole
}

/// Says what to do about what is not right, where the parser's own words do not.
fn explained(message: &str) -> String {
    let message = &with_dots(message);
    if message.contains("invalid socket address syntax") {
        return format!("{message}: write an IP address and a port, such as 127.0.0.1:8080");
    }
    if !message.contains("unknown field") {
        return message.to_owned();
    }
    // Behind it stands where the key was found.
    let told = message.split(" for key ").next().unwrap_or(message);
    let words: Vec<&str> = told.split('`').skip(1).step_by(2).collect();
    let Some((unknown, known)) = words.split_first() else {
        return message.to_owned();
    };
    let nearest = known.iter().max_by(|one, other| {
        strsim::jaro_winkler(unknown, one).total_cmp(&strsim::jaro_winkler(unknown, other))
    });
    match nearest {
        Some(nearest) => format!(
            "there is no key `{unknown}`: did you mean `{nearest}`? ({})",
            message.trim()
        ),
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn parse(text: &str, environment: &[(&str, &str)]) -> anyhow::Result<Config> {
        let environment = environment
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::parse(text, environment)
    }

    #[test]
    fn the_example_holds_and_names_the_defaults() {
        let config = parse(EXAMPLE, &[]).unwrap();
        let defaults = Config::default();
        assert_eq!(config.http.callbacks, defaults.http.callbacks);
        assert_eq!(config.http.api, defaults.http.api);
        assert_eq!(config.http.workers, defaults.http.workers);
        assert_eq!(config.journal.url, defaults.journal.url);
        assert_eq!(config.journal.queue, defaults.journal.queue);
        assert_eq!(config.journal.strangers, defaults.journal.strangers);
        assert_eq!(config.projector.path, defaults.projector.path);
        assert_eq!(config.vault_path().unwrap(), defaults.vault_path().unwrap());
        assert_eq!(
            config.master_key_path().unwrap(),
            defaults.master_key_path().unwrap()
        );
        assert_eq!(config.log.filter, defaults.log.filter);
        assert_eq!(config.listing.len(), 1);
        config.check().unwrap();
    }

    #[test]
    fn what_is_not_right_is_told_with_what_to_do() {
        for (text, expected) in [
            (
                "[http]\ncallback = \"127.0.0.1:1\"",
                "did you mean `callbacks`?",
            ),
            ("[projector]\nurl = \"x\"", "did you mean `path`?"),
            (
                "[http]\napi = \"localhost:80\"",
                "write an IP address and a port",
            ),
            ("[log]\nformat = \"xml\"", "expected `text` or `json`"),
        ] {
            let error = parse(text, &[]).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        let unreadable = parse("[log]\nfilter = \"====\"", &[]).unwrap().check();
        assert!(unreadable.unwrap_err().to_string().contains("log.filter"));
    }

    #[test]
    fn a_wrong_word_is_told_with_its_place_and_the_right_ones() {
        for (key, words) in [
            ("provisioning.mode", "`static`, `manual`, `webhook`"),
            ("provisioning.change_check", "`allow`, `deny`, `webhook`"),
            ("provisioning.change_check_default", "`allow` or `deny`"),
            ("license_file.mode", "`static`, `webhook`, `manual`"),
            ("license_file.quota", "`quantity` or `unlimited`"),
            ("kit.departments", "`merge` or `replace`"),
            ("open_api.activation", "`v1` or `v2`"),
            ("open_api.usage_push", "`new` or `old`"),
            ("protocol.unknown_code", "`remember` or `refuse`"),
            ("protocol.family", "`saas` or `online_license`"),
        ] {
            let listing = "[[listing]]\nid = \"a\"\nmerchant = \"b\"\n\
                open_api.access_key_id = \"AKEXAMPLE00000000001\"\n";
            let error = parse(&format!("{listing}{key} = \"auto\""), &[]).unwrap_err();
            let error = error.to_string();
            assert!(error.contains(&format!("listing[0].{key}")), "{error}");
            assert!(error.contains("`auto`"), "{error}");
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn the_environment_wins_and_reaches_into_listings() {
        let text = "[[listing]]\nid = \"cad-pro\"\nmerchant = \"acme\"\nkeys.base = [\"one\"]";
        let environment = [
            ("TENURE__HTTP__WORKERS", "7"),
            ("TENURE__JOURNAL__URL", "sqlite:/var/lib/tenure/journal.db"),
            ("TENURE__LISTING__0__KEYS__BASE", "[\"two\", \"three\"]"),
            ("TENURE_SERVICE_HOST", "10.0.0.1"),
            ("PATH", "/bin"),
        ];
        let config = parse(text, &environment).unwrap();
        assert_eq!(config.http.workers, 7);
        assert_eq!(config.journal.url, "sqlite:/var/lib/tenure/journal.db");
        let keys = &config.listing[0].keys.base;
        assert_eq!(
            keys.iter()
                .map(ExposeSecret::expose_secret)
                .collect::<Vec<_>>(),
            ["two", "three"]
        );
    }

    #[test]
    fn a_text_that_looks_like_a_number_stays_a_text_where_a_text_is_expected() {
        let config = parse(
            "",
            &[
                ("TENURE__API__TOKENS", "[\"123\"]"),
                ("TENURE__LOG__FILTER", "1"),
            ],
        );
        assert_eq!(config.unwrap().log.filter, "1");
    }

    #[test]
    fn orders_are_asked_about_unless_that_is_turned_off() {
        let listing = "[[listing]]\nid = \"cad-pro\"\nmerchant = \"acme\"\n\
            open_api.access_key_id = \"AKEXAMPLE00000000001\"\n";
        let open_api = |more: &str| {
            let config = parse(&format!("{listing}{more}"), &[])?;
            anyhow::Ok(config.listing[0].open_api.clone().unwrap())
        };
        let default = open_api("").unwrap();
        assert!(default.query_orders);
        assert_eq!(default.orders_per_second.get(), 5);
        assert!(
            !open_api("open_api.query_orders = false")
                .unwrap()
                .query_orders
        );
        assert!(open_api("open_api.orders_per_second = 0").is_err());
    }

    #[test]
    fn an_open_api_needs_a_token() {
        let config = parse("[http]\napi = \"0.0.0.0:8081\"", &[]).unwrap();
        assert!(
            config
                .check()
                .unwrap_err()
                .to_string()
                .contains("api.tokens")
        );
        let text = "[http]\napi = \"0.0.0.0:8081\"\n[api]\ntokens = [\"t-0123456789abcdef\"]";
        parse(text, &[]).unwrap().check().unwrap();
    }

    #[test]
    fn no_secret_is_ever_shown() {
        let shown = format!("{:?}", parse(EXAMPLE, &[]).unwrap());
        assert!(!shown.contains("d0c5a1b2"), "{shown}");
    }
}
