//! Pseudo-random numbers from a seed, for nonces and faults; nothing secret is made of them.

/// `SplitMix64`: a counter and a mixing function, the same numbers for the same seed everywhere.
#[derive(Debug, Clone)]
pub struct Random {
    state: u64,
}

impl Random {
    /// Starts the sequence of a seed.
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next number of the sequence.
    pub fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.state)
    }

    /// A text of `length` characters of the alphabet, which must not be empty.
    pub fn text(&mut self, alphabet: &[u8], length: usize) -> String {
        let letters = alphabet.len().max(1) as u64;
        (0..length)
            .filter_map(|_| {
                let index = usize::try_from(self.number() % letters).ok()?;
                alphabet.get(index).copied().map(char::from)
            })
            .collect()
    }
}

/// Spreads every bit of the number over all bits of the result.
pub fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn the_sequence_is_that_of_the_published_generator() {
        // First outputs of Vigna's reference implementation for the seed 1234567.
        let mut random = Random::new(1_234_567);
        assert_eq!(random.number(), 6_457_827_717_110_365_317);
        assert_eq!(random.number(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn a_text_uses_its_alphabet_only() {
        let text = Random::new(1).text(b"AB", 64);
        assert_eq!(text.len(), 64);
        assert!(text.bytes().all(|byte| byte == b'A' || byte == b'B'));
    }
}
