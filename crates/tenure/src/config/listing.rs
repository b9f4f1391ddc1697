//! One production address, as configured.

use std::num::NonZeroU32;
use std::path::PathBuf;

use anyhow::{Context, bail};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tenure_domain::{Family, ListingId, MerchantId, WhenAbsent};
use tenure_ingress::Listing;
use tenure_koogallery::v1::{self, EncryptType};
use tenure_koogallery::{AccessKey, KeyRing, Keys, Settings};

use super::kit::KitConfig;
use super::license_file::LicenseFile;
use super::login::LoginConfig;
use super::provisioning::{Provisioning, ProvisioningMode};
use super::secret::Secrets;
use super::word;

/// One production address of one merchant.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListingConfig {
    /// The last segment of the address.
    pub id: String,
    /// Whose it is.
    pub merchant: String,
    /// The keys of its interfaces.
    #[serde(default)]
    pub keys: KeysConfig,
    /// How instances come to be.
    #[serde(default)]
    pub provisioning: Provisioning,
    /// How license files of online licenses come to be.
    #[serde(default)]
    pub license_file: LicenseFile,
    /// What the joint-operation kit needs beside its key.
    #[serde(default)]
    pub kit: KitConfig,
    /// Access to the marketplace's open APIs.
    pub open_api: Option<OpenApi>,
    /// How the members of its buyers log in.
    pub login: Option<LoginConfig>,
    /// What the marketplace's guides leave open.
    #[serde(default)]
    pub protocol: Protocol,
}

/// Keys by interface type: every one verifies. No two types may share a key.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct KeysConfig {
    /// SaaS orders and online licenses.
    pub base: Vec<SecretString>,
    /// Or a file with one key a line.
    pub base_file: Option<PathBuf>,
    /// License authorization codes.
    pub license: Vec<SecretString>,
    /// Or a file with one key a line.
    pub license_file: Option<PathBuf>,
    /// Order notifications.
    pub general: Vec<SecretString>,
    /// Or a file with one key a line.
    pub general_file: Option<PathBuf>,
    /// The joint-operation kit.
    pub kit: Vec<SecretString>,
    /// Or a file with one key a line.
    pub kit_file: Option<PathBuf>,
}

/// Access to the marketplace's open APIs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpenApi {
    /// The AK.
    pub access_key_id: String,
    /// The SK.
    pub secret_access_key: Option<SecretString>,
    /// Or a file that holds it.
    pub secret_access_key_file: Option<PathBuf>,
    /// The marketplace's address.
    #[serde(default = "default_endpoint")]
    pub endpoint: String,
    /// The address for when that one cannot be reached.
    pub fallback: Option<String>,
    /// The edition of the interfaces that activate and query codes.
    #[serde(default, deserialize_with = "word::read")]
    pub activation: Activation,
    /// The interface that takes amounts of what was used.
    #[serde(default, deserialize_with = "word::read")]
    pub usage_push: UsagePush,
    /// Whether the details of orders are asked for.
    #[serde(default = "default_query_orders")]
    pub query_orders: bool,
    /// The most orders asked about a second.
    #[serde(default = "default_orders_per_second")]
    pub orders_per_second: NonZeroU32,
}

/// The edition of the interfaces that activate and query codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Activation {
    /// One code a call.
    #[default]
    V1,
    /// Up to 100 codes a call.
    V2,
}

/// The interface that takes amounts of what was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum UsagePush {
    /// The one that knows reports by their serials.
    #[default]
    New,
    /// The one before: every report is sent at most once.
    Old,
}

/// What the marketplace's guides leave open, or contradict each other about.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Protocol {
    /// Whether a `timestamp` of ten digits counts as seconds. The pages disagree.
    pub accept_timestamp_in_seconds: bool,
    /// How far the zone of `expireTime` is ahead of UTC. Not stated for License 2.0.
    pub expire_time_offset_minutes: i32,
    /// How long a license serves after its term. The guides speak of a grace and name no length.
    pub grace_seconds: u32,
    /// What becomes of a call about a code that was never activated here.
    #[serde(deserialize_with = "word::read")]
    pub unknown_code: UnknownCode,
    /// What the base interfaces deliver.
    #[serde(deserialize_with = "word::read")]
    pub family: InstanceFamily,
    /// How V1.0 answers encrypt an account: `1` for AES-256, `2` for AES-128.
    pub encrypt_type: u8,
    /// How far the time of a V1.0 call may lie from its arrival. The guides have no such rule.
    pub v1_freshness_seconds: Option<u32>,
}

/// What becomes of a call about a code that was never activated here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum UnknownCode {
    /// It is kept, and answered with success.
    Remember,
    /// It is answered with `000003`; a release is kept all the same.
    Refuse,
}

/// What the base interfaces deliver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum InstanceFamily {
    /// SaaS instances.
    Saas,
    /// Licenses of desktop software.
    OnlineLicense,
}

fn default_endpoint() -> String {
    "https://mkt.myhuaweicloud.com".to_owned()
}

fn default_query_orders() -> bool {
    true
}

fn default_orders_per_second() -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(4)
}

impl Default for Protocol {
    fn default() -> Self {
        let settings = Settings::default();
        Self {
            accept_timestamp_in_seconds: settings.accept_timestamp_in_seconds,
            expire_time_offset_minutes: settings.expire_time_offset_minutes,
            grace_seconds: settings.grace_seconds,
            unknown_code: UnknownCode::Remember,
            family: InstanceFamily::Saas,
            encrypt_type: 1,
            v1_freshness_seconds: None,
        }
    }
}

impl ListingConfig {
    /// What answers when nothing is configured: keys that everybody can read here, on loopback.
    pub(crate) fn development() -> Self {
        let key = |name: &str| vec![SecretString::from(format!("development-{name}-key"))];
        Self {
            id: "demo".to_owned(),
            merchant: "demo".to_owned(),
            keys: KeysConfig {
                base: key("base"),
                license: key("license"),
                general: key("general"),
                ..KeysConfig::default()
            },
            provisioning: Provisioning {
                front_end_url: Some("https://app.example.com".to_owned()),
                ..Provisioning::default()
            },
            license_file: LicenseFile::default(),
            kit: KitConfig::default(),
            open_api: None,
            login: None,
            protocol: Protocol::default(),
        }
    }

    /// The listing, with its keys read.
    pub(crate) fn parse(&self) -> anyhow::Result<Listing> {
        let keys = self.keys.read()?;
        // Whoever makes applications ready may tell where each of them is.
        let is_static = self.provisioning.mode == ProvisioningMode::Static;
        if is_static && self.provisioning.front_end_url.is_none() && !keys.base.is_empty() {
            bail!(
                "provisioning.front_end_url is missing: the marketplace asks for it when a buyer \
                 opens an instance"
            );
        }
        self.provisioning.webhook()?;
        self.license_file.webhook(&self.provisioning)?;
        if let Some(login) = &self.login {
            login.parse().context("its login cannot be used")?;
            if keys.kit.is_empty() {
                bail!("login needs keys.kit: the kit tells who may log in, and with which client");
            }
        }
        Ok(Listing {
            id: ListingId::parse(&self.id)?,
            merchant: MerchantId::parse(&self.merchant)?,
            keys,
            settings: self.settings(),
            app_info: self.provisioning.app_info(),
            change_check: self.provisioning.change_check()?,
            file_rules: self.license_file.rules(),
            v1: v1::Settings {
                freshness_seconds: self.protocol.v1_freshness_seconds,
                encrypt_type: self.protocol.encrypt_type()?,
                account: self.provisioning.account()?,
            },
            kit: self.kit.parse()?,
        })
    }

    /// Whether its licenses have files.
    pub(crate) fn has_files(&self) -> bool {
        self.protocol.family == InstanceFamily::OnlineLicense
    }

    /// The first key of each interface type, with which a marketplace would sign: base, license,
    /// general, kit.
    pub(crate) fn signing_keys(&self) -> anyhow::Result<[Option<SecretString>; 4]> {
        let KeysConfig {
            base,
            license,
            general,
            kit,
            ..
        } = &self.keys;
        let first = |inline: &[SecretString], file: &Option<PathBuf>, name: &str| {
            let secrets = Secrets {
                inline,
                file: file.as_deref(),
            }
            .read(name)?;
            anyhow::Ok(secrets.into_iter().next())
        };
        Ok([
            first(base, &self.keys.base_file, "keys.base")?,
            first(license, &self.keys.license_file, "keys.license")?,
            first(general, &self.keys.general_file, "keys.general")?,
            first(kit, &self.keys.kit_file, "keys.kit")?,
        ])
    }

    fn settings(&self) -> Settings {
        Settings {
            accept_timestamp_in_seconds: self.protocol.accept_timestamp_in_seconds,
            expire_time_offset_minutes: self.protocol.expire_time_offset_minutes,
            grace_seconds: self.protocol.grace_seconds,
            when_absent: match self.protocol.unknown_code {
                UnknownCode::Remember => WhenAbsent::Remember,
                UnknownCode::Refuse => WhenAbsent::Refuse,
            },
            instance_family: match self.protocol.family {
                InstanceFamily::Saas => Family::Saas,
                InstanceFamily::OnlineLicense => Family::OnlineLicense,
            },
            ready_at_once: self.provisioning.mode == ProvisioningMode::Static,
        }
    }
}

impl Protocol {
    fn encrypt_type(&self) -> anyhow::Result<EncryptType> {
        let wire = self.encrypt_type.to_string();
        EncryptType::from_wire(&wire)
            .context("protocol.encrypt_type must be 1 (AES-256) or 2 (AES-128)")
    }
}

impl KeysConfig {
    fn read(&self) -> anyhow::Result<Keys> {
        let read = |inline, file: &Option<PathBuf>, name: &str| {
            Secrets {
                inline,
                file: file.as_deref(),
            }
            .read(name)
        };
        let base = read(&self.base, &self.base_file, "keys.base")?;
        let license = read(&self.license, &self.license_file, "keys.license")?;
        let general = read(&self.general, &self.general_file, "keys.general")?;
        let kit = read(&self.kit, &self.kit_file, "keys.kit")?;
        let all = [
            ("base", &base),
            ("license", &license),
            ("general", &general),
            ("kit", &kit),
        ];
        for (index, (name, keys)) in all.iter().enumerate() {
            for (other, others) in &all[..index] {
                if keys.iter().any(|key| others.iter().any(|it| same(key, it))) {
                    bail!(
                        "keys.{name} and keys.{other} share a key: the marketplace binds a key to \
                         one interface type"
                    );
                }
            }
        }
        if all.iter().all(|(_, keys)| keys.is_empty()) {
            bail!("it has no key: set keys.base, keys.license, keys.general or keys.kit");
        }
        Ok(Keys {
            base: ring(base),
            license: ring(license),
            general: ring(general),
            kit: ring(kit),
        })
    }
}

impl OpenApi {
    /// The SK, from the configuration or from its file.
    pub(crate) fn secret(&self) -> anyhow::Result<SecretString> {
        let inline: Vec<_> = self.secret_access_key.iter().cloned().collect();
        let secrets = Secrets {
            inline: &inline,
            file: self.secret_access_key_file.as_deref(),
        };
        secrets
            .read("open_api.secret_access_key")?
            .into_iter()
            .next()
            .context("open_api.secret_access_key is missing")
    }
}

fn same(one: &SecretString, other: &SecretString) -> bool {
    one.expose_secret() == other.expose_secret()
}

fn ring(keys: Vec<SecretString>) -> KeyRing {
    KeyRing::new(
        keys.iter()
            .map(|key| AccessKey::new(key.expose_secret().to_owned()))
            .collect(),
    )
}
