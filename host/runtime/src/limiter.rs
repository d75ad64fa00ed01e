use wasmtime::ResourceLimiter;

/// Bytes of an instance that are no linear memory: its fiber stack. Counted, so that a small budget means what it
/// says.
const STACK: usize = 256 << 10;
/// Bytes of a table element.
const ELEMENT: usize = 16;

/// One budget for all memories, tables and stacks of an instance. A limit per memory would not hold a guest that
/// makes many.
#[derive(Debug)]
pub(crate) struct MemoryBudget {
    left: usize,
    used: usize,
    exceeded: bool,
}

// === impl MemoryBudget ===

impl MemoryBudget {
    pub(crate) fn new(mib: u32) -> Self {
        let bytes = (mib as usize) << 20;
        Self { left: bytes.saturating_sub(STACK), used: STACK, exceeded: false }
    }

    /// True once something was refused.
    pub(crate) fn exceeded(&self) -> bool {
        self.exceeded
    }

    /// Bytes taken, most at any time: memories never shrink.
    pub(crate) fn used(&self) -> usize {
        self.used
    }

    fn take(&mut self, bytes: usize) -> bool {
        match self.left.checked_sub(bytes) {
            Some(left) => {
                self.left = left;
                self.used += bytes;
                true
            }
            None => {
                self.exceeded = true;
                false
            }
        }
    }
}

impl ResourceLimiter for MemoryBudget {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(within(desired, maximum) && self.take(desired.saturating_sub(current)))
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(within(desired, maximum) && self.take(desired.saturating_sub(current).saturating_mul(ELEMENT)))
    }
}

/// Growth beyond a declared maximum fails anyway, so it must not be counted.
fn within(desired: usize, maximum: Option<usize>) -> bool {
    maximum.is_none_or(|maximum| desired <= maximum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_and_tables_share_one_budget() {
        let mut budget = MemoryBudget::new(1);
        assert!(budget.memory_growing(0, 512 << 10, None).unwrap());
        assert!(budget.table_growing(0, 1024, None).unwrap());
        assert!(!budget.exceeded());
        assert!(!budget.memory_growing(0, 512 << 10, None).unwrap());
        assert!(budget.exceeded());
    }

    #[test]
    fn growth_beyond_a_declared_maximum_costs_nothing() {
        let mut budget = MemoryBudget::new(1);
        assert!(!budget.memory_growing(65_536, 131_072, Some(65_536)).unwrap());
        assert_eq!((budget.used(), budget.exceeded()), (STACK, false));
    }
}
