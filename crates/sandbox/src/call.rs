//! One call to a merchant, in the words of either version of the protocol, or of the kit.

use secrecy::SecretString;

use crate::body::Body;
use crate::client::{Client, Exchange};
use crate::clock::real_now;
use crate::kit;
use crate::messages::Destination;
use crate::random::Random;
use crate::signer::{self, NonceStyle, Stamp};
use crate::v1;

/// What is said to a merchant, before it is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// By POST, as JSON: V2.0 and all that is younger.
    V2(Body),
    /// By GET, as parameters: SaaS V1.0 and License 1.0.
    V1(v1::call::Call),
    /// By POST on an interface of its own: the joint-operation kit, in both versions.
    Kit(kit::call::Call),
}

impl From<Body> for Call {
    fn from(body: Body) -> Self {
        Self::V2(body)
    }
}

impl From<v1::call::Call> for Call {
    fn from(call: v1::call::Call) -> Self {
        Self::V1(call)
    }
}

impl From<kit::call::Call> for Call {
    fn from(call: kit::call::Call) -> Self {
        Self::Kit(call)
    }
}

impl Call {
    /// The `activity`, of the kit the name of the interface; or an empty text.
    pub fn activity(&self) -> &str {
        match self {
            Self::V2(_) | Self::V1(_) => self.value_of("activity").unwrap_or_default(),
            Self::Kit(call) => call.interface.name(),
        }
    }

    /// The text of a member or of a parameter.
    pub fn value_of(&self, name: &str) -> Option<&str> {
        match self {
            Self::V2(body) => body.text_of(name),
            Self::V1(call) => call.value_of(name),
            Self::Kit(call) => call.body.text_of(name),
        }
    }

    /// The activity with its scene or status, or with what becomes of what it is about.
    pub fn title(&self) -> String {
        if let Self::Kit(call) = self {
            return call.title();
        }
        let scene = ["scene", "status", "instanceStatus"]
            .into_iter()
            .find_map(|name| self.value_of(name));
        match scene {
            Some(scene) => format!("{} {scene}", self.activity()),
            None => self.activity().to_owned(),
        }
    }

    /// The body as it is sent, or the query string as it is sent but for stamp and token.
    pub fn written(&self) -> String {
        match self {
            Self::V2(body) => body.sorted(),
            Self::V1(call) => v1::signer::query(call),
            Self::Kit(call) => call.text(),
        }
    }

    /// The call with another `businessId`, if it has one: the marketplace's guides say that it
    /// differs on every call, also on repeats.
    #[must_use]
    pub(crate) fn with_new_business_id(self, random: &mut Random) -> Self {
        if self.value_of("businessId").is_none() {
            return self;
        }
        let id = random.text(b"0123456789abcdef", 32);
        match self {
            Self::V2(body) => Self::V2(body.with("businessId", id)),
            Self::V1(call) => Self::V1(call.with("businessId", id)),
            Self::Kit(call) => Self::Kit(call),
        }
    }

    /// Signs the call, now.
    pub(crate) fn sign(&self, to: &Destination, random: &mut Random) -> SignedCall {
        let (now, key) = (real_now(), to.key.clone());
        match self {
            Self::V2(body) => {
                let style = signer::Style::default();
                let stamp = Stamp::fresh(now.timestamp_millis(), style.nonce, random);
                SignedCall::V2(signer::sign(&to.url, &key, body, &style, &stamp))
            },
            Self::V1(call) => {
                let style = v1::signer::Style::default();
                let call = v1::signer::sign(&to.url, &key, call, now, style);
                SignedCall::V1 { call, key }
            },
            Self::Kit(call) => {
                let style = kit::signer::Style::default();
                let stamp = Stamp::fresh(now.timestamp_millis(), NonceStyle::Hex, random);
                let call = kit::signer::sign(&to.url, &key, call, style, &stamp);
                SignedCall::Kit { call, key }
            },
        }
    }
}

/// A [`Call`] that is ready to be sent.
#[derive(Debug)]
pub(crate) enum SignedCall {
    V2(signer::SignedCall),
    V1 {
        call: v1::signer::SignedCall,
        /// Verifies the answer.
        key: SecretString,
    },
    Kit {
        call: kit::signer::SignedCall,
        /// Verifies the answer of V1.0.
        key: SecretString,
    },
}

impl SignedCall {
    /// Sends it once.
    pub(crate) async fn send(&self, client: &Client) -> Exchange {
        match self {
            Self::V2(call) => client.send(call).await,
            Self::V1 { call, key } => client.get(call, key).await,
            Self::Kit { call, key } => client.tell(call, key).await,
        }
    }
}
