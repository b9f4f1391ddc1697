//! Sends a signed call of the kit and judges the answer.

use secrecy::SecretString;
use tokio::time::{Instant, timeout};

use super::judge::judge;
use super::signer::SignedCall;
use crate::client::{Client, Exchange, Failure, chain};
use crate::v1::reply;

impl Client {
    /// Sends a call of the kit once; an answer of V1.0 is verified with the key. Whatever goes wrong
    /// is in the exchange.
    pub async fn tell(&self, call: &SignedCall, key: &SecretString) -> Exchange {
        let started_at = Instant::now();
        let asked = reply::post(&call.url, &call.headers, &call.body, self.tls());
        let answered = timeout(self.timeout(), asked).await;
        let elapsed = started_at.elapsed();
        let name = call.interface.name().to_owned();
        let mut exchange = Exchange::begun(name, call.body.clone(), elapsed);
        match answered {
            Err(_elapsed) => exchange.failure = Some(Failure::TooLate(self.timeout())),
            Ok(Err(error)) => exchange.failure = Some(Failure::Unreachable(chain(&error))),
            Ok(Ok(reply)) => {
                let judged = judge(call.version, key, &reply);
                exchange.status = Some(reply.status);
                exchange.result_code = judged.result_code;
                exchange.failure = judged.failure;
                exchange.answer = Some(String::from_utf8_lossy(&reply.body).into_owned());
            },
        }
        exchange
    }
}
