//! Streams that were read or written lately and are kept at hand: the marketplace often has more
//! to say about the same license.

use std::collections::BTreeMap;

use crate::event::Event;
use crate::stream::StreamId;

/// Events that are kept at most.
const EVENTS_MAX: usize = 16_384;

/// Bytes that they take at most, as they are stored: license files stand in events.
const BYTES_MAX: usize = 32 * 1024 * 1024;

/// Events of the longest stream that is kept: one stream is not to push out all others.
const EVENTS_OF_ONE_MAX: usize = 1_024;

/// Bytes of the largest stream that is kept.
const BYTES_OF_ONE_MAX: usize = 4 * 1024 * 1024;

/// Whole streams. Nobody else writes, so what was read stays true.
#[derive(Debug, Default)]
pub(super) struct RecentStreams {
    streams: BTreeMap<StreamId, Recent>,
    events: usize,
    bytes: usize,
}

/// A stream at hand.
#[derive(Debug, Clone, Default)]
pub(super) struct Recent {
    /// The number of the stream.
    pub(super) number: i64,
    /// All its events.
    pub(super) events: Vec<Event>,
    /// The bytes that they take.
    pub(super) bytes: usize,
}

impl RecentStreams {
    pub(super) fn get(&self, stream: &StreamId) -> Option<&Recent> {
        self.streams.get(stream)
    }

    /// Takes a stream in hand, unless it is too long.
    pub(super) fn keep(&mut self, stream: &StreamId, recent: Recent) {
        if recent.is_long() {
            return;
        }
        self.make_room();
        self.events += recent.events.len();
        self.bytes += recent.bytes;
        self.streams.insert(stream.clone(), recent);
    }

    /// Adds an event that was appended, if its stream is at hand; returns whether it is.
    pub(super) fn push(&mut self, stream: &StreamId, event: &Event, bytes: usize) -> bool {
        let Some(recent) = self.streams.get_mut(stream) else {
            return false;
        };
        recent.events.push(event.clone());
        recent.bytes += bytes;
        self.events += 1;
        self.bytes += bytes;
        if recent.is_long() {
            self.events -= recent.events.len();
            self.bytes -= recent.bytes;
            self.streams.remove(stream);
        }
        true
    }

    pub(super) fn make_room(&mut self) {
        if self.events >= EVENTS_MAX || self.bytes >= BYTES_MAX {
            *self = Self::default();
        }
    }
}

impl Recent {
    /// Whether it is too long to be kept.
    pub(super) fn is_long(&self) -> bool {
        self.events.len() > EVENTS_OF_ONE_MAX || self.bytes > BYTES_OF_ONE_MAX
    }
}

#[cfg(test)]
mod tests {
    use tenure_domain::{LicenseId, MerchantId};

    use super::*;

    fn stream(number: usize) -> StreamId {
        let merchant = MerchantId::parse("acme").unwrap();
        StreamId::license(&merchant, &LicenseId::parse(&number.to_string()).unwrap())
    }

    fn recent(events: usize, bytes: usize) -> Recent {
        Recent {
            number: 1,
            events: vec![Event::License(tenure_domain::Event::Suspended); events],
            bytes,
        }
    }

    #[test]
    fn long_streams_are_not_kept_and_push_out_no_others() {
        let mut streams = RecentStreams::default();
        streams.keep(&stream(1), recent(1, 10));
        streams.keep(&stream(2), recent(EVENTS_OF_ONE_MAX + 1, 10));
        streams.keep(&stream(3), recent(1, BYTES_OF_ONE_MAX + 1));
        streams.keep(&stream(4), recent(EVENTS_OF_ONE_MAX, 10));
        let event = Event::License(tenure_domain::Event::Suspended);
        assert!(streams.push(&stream(4), &event, 1));
        assert!(!streams.push(&stream(4), &event, 1));
        let kept: Vec<_> = streams.streams.keys().cloned().collect();
        assert_eq!(kept, [stream(1)]);
        assert_eq!((streams.events, streams.bytes), (1, 10));
    }

    #[test]
    fn what_is_kept_is_bounded_by_events_and_by_bytes() {
        for (events, bytes) in [(EVENTS_OF_ONE_MAX, 0), (0, BYTES_OF_ONE_MAX)] {
            let mut streams = RecentStreams::default();
            let mut most = 0;
            for number in 0..40 {
                streams.keep(&stream(number), recent(events, bytes));
                most = most.max(streams.streams.len());
            }
            let room = (EVENTS_MAX / events.max(1)).min(BYTES_MAX / bytes.max(1));
            assert_eq!(most, room, "{events} {bytes}");
        }
    }
}
