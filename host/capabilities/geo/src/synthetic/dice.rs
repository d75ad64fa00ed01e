//! Numbers that look thrown and are the same for the same seed, on every machine.

/// SplitMix64 (Steele, Lea, Flood 2014): small, and good enough to lay out a town.
#[derive(Debug, Clone)]
pub struct Dice(u64);

// === impl Dice ===

impl Dice {
    /// Dice of their own for one thing: the same whatever was thrown for others before.
    pub fn of(seed: u64, what: u64) -> Self {
        let mut dice = Self(seed ^ what.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        dice.throw();
        dice
    }

    /// Any 64 bits.
    pub fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }

    /// 0 to `count` - 1; 0 when there is nothing to choose from.
    pub fn below(&mut self, count: usize) -> usize {
        let wide = u128::from(self.throw()) * count as u128;
        usize::try_from(wide >> 64).unwrap_or_default()
    }

    /// `from` to `to`, both inclusive.
    pub fn between(&mut self, from: u32, to: u32) -> u32 {
        from + u32::try_from(self.below((to.saturating_sub(from) as usize) + 1)).unwrap_or_default()
    }

    /// 0 to 1.
    pub fn share(&mut self) -> f64 {
        (self.throw() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// -1 to 1.
    pub fn either_way(&mut self) -> f64 {
        self.share() * 2.0 - 1.0
    }

    /// True in `percent` of 100 throws.
    pub fn percent(&mut self, percent: u32) -> bool {
        self.below(100) < percent as usize
    }

    /// One of them.
    pub fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> Option<&'a T> {
        from.get(self.below(from.len())).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_throws_the_same_and_another_does_not() {
        let throws = |seed, what| {
            let mut dice = Dice::of(seed, what);
            [dice.throw(), dice.throw(), dice.throw()]
        };
        assert_eq!(throws(1, 2), throws(1, 2));
        assert_ne!(throws(1, 2), throws(2, 2));
        assert_ne!(throws(1, 2), throws(1, 3));
    }

    #[test]
    fn every_number_below_comes_about_equally_often() {
        let mut dice = Dice::of(7, 0);
        let mut seen = [0_u32; 10];
        for _ in 0..10_000 {
            if let Some(count) = seen.get_mut(dice.below(10)) {
                *count += 1;
            }
        }
        assert!(seen.iter().all(|&count| (850..1_150).contains(&count)), "{seen:?}");
    }
}
