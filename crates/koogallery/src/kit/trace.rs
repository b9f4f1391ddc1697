//! What a receipt keeps of the headers of a call.
//!
//! Not the proof: a signature is a digest of the body under a key that the merchant has, and would
//! outlive what an erasure took away. Whether it was right is the receipt's to say.

/// The headers of a call, as its receipt keeps them, in the form of a query string:
/// `x-timestamp=1680508066618&x-nonce=50D83FDE…&body-bytes=177&call=0f1e…`. Persisted: names are
/// never changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace {
    /// `x-timestamp`, version 2.0.
    pub timestamp: Option<String>,
    /// `x-nonce`, version 2.0.
    pub nonce: Option<String>,
    /// The length of the body as it was received: nothing else is kept of a stranger's.
    pub body_bytes: Option<u64>,
    /// By what the call is known again: a digest with the key of its enterprise. Only calls have
    /// it whose nonce was used up by them.
    pub call: Option<[u8; 16]>,
}

const TIMESTAMP: &str = "x-timestamp";
const NONCE: &str = "x-nonce";
const BODY_BYTES: &str = "body-bytes";
const CALL: &str = "call";

impl Trace {
    /// The form that a receipt keeps.
    pub fn to_text(&self) -> String {
        let pairs = [
            (TIMESTAMP, self.timestamp.clone()),
            (NONCE, self.nonce.clone()),
            (BODY_BYTES, self.body_bytes.map(|bytes| bytes.to_string())),
            (CALL, self.call.map(hex::encode)),
        ];
        let present = pairs
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(present)
            .finish()
    }

    /// Reads the form back; what is not in it is not there.
    pub fn from_text(text: &str) -> Self {
        let mut trace = Self::default();
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            match name.as_ref() {
                TIMESTAMP => trace.timestamp = Some(value.into_owned()),
                NONCE => trace.nonce = Some(value.into_owned()),
                BODY_BYTES => trace.body_bytes = value.parse().ok(),
                CALL => {
                    let digest = hex::decode(value.as_ref()).ok();
                    trace.call = digest.and_then(|digest| digest.try_into().ok());
                },
                _ => {},
            }
        }
        trace
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_stored_form_stays_as_it_is() {
        let trace = Trace {
            timestamp: Some("1680508066618".to_owned()),
            nonce: Some("a+b &=企".to_owned()),
            body_bytes: Some(177),
            call: Some([0x0f; 16]),
        };
        let text = "x-timestamp=1680508066618&x-nonce=a%2Bb+%26%3D%E4%BC%81&body-bytes=177\
                    &call=0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f";
        assert_eq!(trace.to_text(), text);
        assert_eq!(Trace::default().to_text(), "");
    }

    proptest! {
        #[test]
        fn traces_survive_the_round_trip(
            timestamp in any::<Option<String>>(),
            nonce in any::<Option<String>>(),
            body_bytes in any::<Option<u64>>(),
            call in any::<Option<[u8; 16]>>(),
        ) {
            let trace = Trace { timestamp, nonce, body_bytes, call };
            prop_assert_eq!(Trace::from_text(&trace.to_text()), trace);
        }

        #[test]
        fn no_text_panics(text in any::<String>()) {
            Trace::from_text(&text);
        }
    }
}
