//! Sends a signed call of V1.0 and judges the answer.

use secrecy::SecretString;
use tokio::time::{Instant, timeout};

use super::judge::judge;
use super::reply;
use super::signer::SignedCall;
use crate::client::{Client, Exchange, Failure, chain};

impl Client {
    /// Sends a call of V1.0 once; the answer is verified with the merchant's key. Whatever goes
    /// wrong is in the exchange.
    pub async fn get(&self, call: &SignedCall, key: &SecretString) -> Exchange {
        let started_at = Instant::now();
        let answered = timeout(self.timeout(), reply::get(&call.url(), self.tls())).await;
        let elapsed = started_at.elapsed();
        let mut exchange = Exchange::begun(call.activity.clone(), call.query(), elapsed);
        match answered {
            Err(_elapsed) => exchange.failure = Some(Failure::TooLate(self.timeout())),
            Ok(Err(error)) => exchange.failure = Some(Failure::Unreachable(chain(&error))),
            Ok(Ok(reply)) => {
                let judged = judge(&call.activity, key, &reply);
                exchange.status = Some(reply.status);
                exchange.result_code = judged.result_code;
                exchange.failure = judged.failure;
                exchange.answer = Some(String::from_utf8_lossy(&reply.body).into_owned());
            },
        }
        exchange
    }
}
