//! `Body-Sign`: the header with which a V1.0 or License 1.0 answer is signed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::Mac;

use crate::key::AccessKey;
use crate::signature::keyed;

/// The name of the header. The marketplace's check looks for this very spelling.
pub const HEADER: &str = "Body-Sign";

/// Makes the header's value for the bytes of a body, all of them and as they are sent. The quotes
/// around both values are mandatory.
pub fn value(key: &AccessKey, body: &[u8]) -> String {
    let code = keyed(key.bytes()).chain_update(body).finalize();
    let signature = STANDARD.encode(code.as_bytes());
    format!("sign_type=\"HMAC-SHA256\", signature=\"{signature}\"")
}
