//! The list of production messages: every call to a merchant, repeated until it succeeds.
//!
//! The marketplace's License 2.0 guide says: a failed call is repeated 60 times, once every two
//! minutes; then the merchant mends the fault and re-sends it by hand. Calls of V1.0 are repeated
//! as its guides say: [`Retries`].

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use secrecy::SecretString;
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::call::Call;
use crate::client::{Client, Exchange, Failure};
use crate::clock::real_now;
use crate::disorder::{Disorder, Fault};
use crate::random::Random;

mod retries;

pub use retries::{RETRIES_MAX, Retries};

/// The marketplace's distance between two attempts of V2.0.
pub const RETRY_INTERVAL: Duration = Duration::from_mins(2);

/// How far a message has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It is on its way, or waits for its next attempt.
    Pending,
    /// The merchant has taken it.
    Delivered,
    /// All attempts failed; only [`Messages::resend`] starts it again.
    Stopped,
}

/// Where a message goes, and the key it is signed with.
#[derive(Debug, Clone)]
pub struct Destination {
    /// The production address.
    pub url: String,
    /// The access key of the interface type.
    pub key: SecretString,
}

/// One message of the list.
#[derive(Debug, Clone, Serialize)]
pub struct Message {
    /// Counts from 1.
    pub id: u64,
    /// What the call is about.
    pub activity: String,
    /// The order that it names, if it names one.
    pub order: Option<String>,
    /// The body as it is sent; of V1.0 the query string, but for stamp and token.
    pub body: String,
    /// The production address.
    pub url: String,
    /// How often it was sent since it was posted or re-sent.
    pub attempts: u32,
    /// How far it has come.
    pub state: State,
    /// The last attempt.
    pub last: Option<Exchange>,
}

/// The messages and their retries.
#[derive(Debug)]
pub struct Messages {
    client: Client,
    interval: Duration,
    disorder: Disorder,
    board: Mutex<Board>,
    /// The highest message that was sent so far: what a call that is held back waits for.
    overtaken_by: watch::Sender<u64>,
}

#[derive(Debug)]
struct Board {
    entries: Vec<Entry>,
    random: Random,
}

#[derive(Debug)]
struct Entry {
    message: Message,
    destination: Destination,
    call: Call,
}

impl Messages {
    /// An empty list; `interval` is the distance between two attempts of V2.0.
    pub fn new(client: Client, interval: Duration, disorder: Disorder) -> Self {
        let seed = disorder.seed ^ real_now().timestamp_micros().unsigned_abs();
        let board = Mutex::new(Board {
            entries: Vec::new(),
            random: Random::new(seed),
        });
        Self {
            client,
            interval,
            disorder,
            board,
            overtaken_by: watch::Sender::new(0),
        }
    }

    /// Puts a call on the list and names it; [`Messages::deliver`] sends it.
    pub fn post(&self, destination: Destination, call: impl Into<Call>) -> u64 {
        let call = call.into();
        let mut board = self.board();
        let id = board.entries.len() as u64 + 1;
        let message = Message {
            id,
            activity: call.activity().to_owned(),
            order: call.value_of("orderId").map(str::to_owned),
            body: call.written(),
            url: destination.url.clone(),
            attempts: 0,
            state: State::Pending,
            last: None,
        };
        board.entries.push(Entry {
            message,
            destination,
            call,
        });
        id
    }

    /// Sends a pending message until it is delivered or has stopped, and says how it stands then.
    /// Nothing for a message that does not exist.
    pub async fn deliver(&self, id: u64) -> Option<Message> {
        loop {
            let message = self.find(id)?;
            if message.state != State::Pending {
                return Some(message);
            }
            if message.attempts > 0 {
                sleep(self.interval * self.retries(id)?.steps).await;
            }
            let attempt = message.attempts + 1;
            let exchange = self.attempt(id, attempt).await?;
            self.note(id, attempt, exchange);
        }
    }

    /// Makes a stopped or delivered message pending again, for another [`Messages::deliver`].
    /// False for one that does not exist or still is on its way.
    pub fn resend(&self, id: u64) -> bool {
        let mut board = self.board();
        let Some(Entry { message, .. }) = entry(&mut board.entries, id) else {
            return false;
        };
        if message.state == State::Pending {
            return false;
        }
        message.state = State::Pending;
        message.attempts = 0;
        true
    }

    /// One message.
    pub fn find(&self, id: u64) -> Option<Message> {
        let mut board = self.board();
        let entry = entry(&mut board.entries, id)?;
        Some(entry.message.clone())
    }

    /// All messages, oldest first.
    pub fn list(&self) -> Vec<Message> {
        self.board()
            .entries
            .iter()
            .map(|entry| entry.message.clone())
            .collect()
    }

    async fn attempt(&self, id: u64, attempt: u32) -> Option<Exchange> {
        let fault = self.disorder.fault(id, attempt);
        if fault == Fault::HoldBack {
            let mut sent = self.overtaken_by.subscribe();
            // It goes out when its time is over, too: there may be no later message.
            let overtaken = timeout(self.interval, sent.wait_for(|latest| *latest > id)).await;
            tracing::debug!(
                message = id,
                overtaken = overtaken.is_ok(),
                "held a call back"
            );
        }
        let mut exchange = self.send(id).await?;
        match fault {
            Fault::Duplicate => exchange = self.send(id).await?,
            Fault::LoseAnswer => exchange.failure = Some(Failure::AnswerLost),
            Fault::HoldBack | Fault::None => {},
        }
        Some(exchange)
    }

    /// Signs afresh and sends once.
    async fn send(&self, id: u64) -> Option<Exchange> {
        let call = {
            let mut board = self.board();
            let Board { entries, random } = &mut *board;
            let entry = entry(entries, id)?;
            entry.call = entry.call.clone().with_new_business_id(random);
            entry.message.body = entry.call.written();
            entry.call.sign(&entry.destination, random)
        };
        let exchange = call.send(&self.client).await;
        self.overtaken_by
            .send_modify(|latest| *latest = id.max(*latest));
        Some(exchange)
    }

    fn note(&self, id: u64, attempt: u32, exchange: Exchange) {
        let mut board = self.board();
        let Some(entry) = entry(&mut board.entries, id) else {
            return;
        };
        entry.message.attempts = attempt;
        entry.message.state = match exchange.failure {
            None => State::Delivered,
            Some(_) if attempt > Retries::of(&entry.call).times => State::Stopped,
            Some(_) => State::Pending,
        };
        entry.message.last = Some(exchange);
    }

    fn retries(&self, id: u64) -> Option<Retries> {
        let mut board = self.board();
        let entry = entry(&mut board.entries, id)?;
        Some(Retries::of(&entry.call))
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        // Every change of the board is complete before anything can panic.
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn entry(entries: &mut [Entry], id: u64) -> Option<&mut Entry> {
    let index = usize::try_from(id.checked_sub(1)?).ok()?;
    entries.get_mut(index)
}
