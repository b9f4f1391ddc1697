//! What the demonstration plays on: a service in a folder of its own, with two listings, and how the
//! marketplace knows them.

use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroU32;
use std::path::Path;

use secrecy::SecretString;
use tenure_journal::vault::MasterKey;
use tenure_sandbox::kit::Version;
use tenure_sandbox::kit::secret::PublicKey;
use tenure_sandbox::market::{Founding, Listing};
use tenure_sandbox::sdk::Credentials;

use crate::commands::sandbox::listing;
use crate::config::{
    Activation, Config, InstanceFamily, ListingConfig, LoginConfig, OpenApi, UsagePush,
};

/// The application whose members log in.
pub(super) const APPLICATION: &str = "app-demo";

/// The listing that sells online licenses.
pub(super) const ONLINE: &str = "demo-online";

/// A key pair that everybody can read here: of no use but for this demonstration.
const PRIVATE_KEY: &str = include_str!("kit-private.pem");
const PUBLIC_KEY: &str = include_str!("kit-public.pem");

/// Where marketplace and service find one another. Both are told before either is there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Addresses {
    pub(super) marketplace: SocketAddr,
    pub(super) callbacks: SocketAddr,
}

impl Addresses {
    /// Two that are free now.
    pub(super) fn free() -> std::io::Result<Self> {
        let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
        let (one, other) = (TcpListener::bind(loopback)?, TcpListener::bind(loopback)?);
        Ok(Self {
            marketplace: one.local_addr()?,
            callbacks: other.local_addr()?,
        })
    }
}

/// A service in a folder of its own, on ports that are free.
pub(super) fn config(
    folder: &Path,
    addresses: Addresses,
    credentials: &Credentials,
) -> anyhow::Result<Config> {
    let Addresses {
        marketplace,
        callbacks,
    } = addresses;
    let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
    let mut config = Config::default();
    config.http.callbacks = callbacks;
    config.http.api = loopback;
    config.journal.url = format!("sqlite:{}", folder.join("journal.db").display());
    config.projector.path = folder.join("read.db");
    // Gone with the folder: nobody has to be told to keep it.
    let key = MasterKey::generate()?.to_hex();
    config.vault.master_key = Some(SecretString::from(key.as_str()));
    let open_api = OpenApi {
        access_key_id: credentials.access_key_id.clone(),
        secret_access_key: Some(credentials.secret_access_key.clone()),
        secret_access_key_file: None,
        endpoint: format!("http://{marketplace}"),
        fallback: None,
        activation: Activation::default(),
        usage_push: UsagePush::default(),
        query_orders: true,
        orders_per_second: NonZeroU32::MIN.saturating_add(49),
    };
    config.listing = vec![demo(addresses, open_api.clone()), online(open_api)];
    Ok(config)
}

fn demo(addresses: Addresses, open_api: OpenApi) -> ListingConfig {
    let mut listing = ListingConfig::development();
    // V1.0 hands an account to the buyer, encrypted.
    listing.provisioning.user_name = Some(SecretString::from("admin"));
    listing.provisioning.password = Some(SecretString::from("example-password"));
    listing.keys.kit = vec![SecretString::from("development-kit-key")];
    listing.kit.private_keys = vec![SecretString::from(PRIVATE_KEY)];
    listing.open_api = Some(open_api);
    let Addresses {
        marketplace,
        callbacks,
    } = addresses;
    listing.login = Some(LoginConfig {
        trusted_centres: vec![format!("http://{marketplace}")],
        ..LoginConfig::of(
            APPLICATION,
            &format!("http://{callbacks}"),
            "https://app.example.com",
        )
    });
    listing
}

fn online(open_api: OpenApi) -> ListingConfig {
    let mut listing = ListingConfig::development();
    ONLINE.clone_into(&mut listing.id);
    listing.keys.base = vec![SecretString::from("development-online-key")];
    listing.keys.license = Vec::new();
    listing.keys.general = Vec::new();
    listing.protocol.family = InstanceFamily::OnlineLicense;
    listing.open_api = Some(open_api);
    listing
}

/// The listings as the marketplace sees them.
pub(super) fn listings(config: &Config, callbacks: SocketAddr) -> anyhow::Result<Vec<Listing>> {
    let public_key = PublicKey::parse(PUBLIC_KEY)?;
    let listings = config.listing.iter().map(|it| {
        let mut listing = listing(it, callbacks)?;
        listing.keys.kit_public_key = Some(public_key.clone());
        Ok(listing)
    });
    listings.collect()
}

/// An enterprise that uses an instance.
pub(super) fn founding(instance: String) -> Founding {
    Founding {
        listing: "demo".to_owned(),
        version: Version::V2,
        is_test: false,
        instance,
        application: APPLICATION.to_owned(),
        login_address: String::new(),
        code: "example".to_owned(),
        name: "Example".to_owned(),
    }
}
