//! Numbers, texts and instants as bytes, and back.

use tenure_domain::{Instant, Quantity};

pub(super) fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}

pub(super) fn put_text(out: &mut Vec<u8>, text: &str) {
    put_number(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

pub(super) fn put_optional<T: ?Sized>(
    out: &mut Vec<u8>,
    value: Option<&T>,
    put: fn(&mut Vec<u8>, &T),
) {
    out.push(u8::from(value.is_some()));
    if let Some(value) = value {
        put(out, value);
    }
}

pub(super) fn put_optional_text(out: &mut Vec<u8>, text: Option<&str>) {
    put_optional(out, text, put_text);
}

pub(super) fn put_instant(out: &mut Vec<u8>, instant: Option<Instant>) {
    out.push(u8::from(instant.is_some()));
    if let Some(instant) = instant {
        let micros = instant.micros();
        put_number(out, ((micros << 1) ^ (micros >> 63)).cast_unsigned());
    }
}

/// No quantity is zero, so zero stands for none.
pub(super) fn put_quantity(out: &mut Vec<u8>, quantity: Option<Quantity>) {
    put_number(out, quantity.map_or(0, |it| u64::from(it.units())));
}

/// Bytes that are still to be read.
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl<'a> Bytes<'a> {
    pub(super) fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            // The tenth byte has room for one bit.
            if shift == 63 && bits > 1 {
                return None;
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        let length = usize::try_from(self.number()?).ok()?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        str::from_utf8(text).ok()
    }

    #[expect(
        clippy::option_option,
        reason = "unreadable, or readable and not there"
    )]
    pub(super) fn optional<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<Option<T>> {
        match self.byte()? {
            0 => Some(None),
            1 => read(self).map(Some),
            _ => None,
        }
    }

    #[expect(
        clippy::option_option,
        reason = "unreadable, or readable and not there"
    )]
    pub(super) fn instant(&mut self) -> Option<Option<Instant>> {
        self.optional(|bytes| {
            let folded = bytes.number()?;
            let micros = (folded >> 1).cast_signed() ^ -(folded & 1).cast_signed();
            Some(Instant::from_micros(micros))
        })
    }

    pub(super) fn code<T: Copy, const N: usize>(
        &mut self,
        all: [T; N],
        code: fn(T) -> u8,
    ) -> Option<T> {
        let byte = self.byte()?;
        all.into_iter().find(|value| code(*value) == byte)
    }

    #[expect(
        clippy::option_option,
        reason = "unreadable, or readable and not there"
    )]
    pub(super) fn quantity(&mut self) -> Option<Option<Quantity>> {
        match u32::try_from(self.number()?).ok()? {
            0 => Some(None),
            units => Quantity::parse(units).ok().map(Some),
        }
    }
}
