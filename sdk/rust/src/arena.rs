//! A bump allocator in a fixed block of memory.
//!
//! Every request gets a fresh instance, so memory need not be reused within one: a pointer that moves forward is
//! enough. What matters is to stay in few pages (each one touched is reset after the request) and never to call
//! `memory.grow` (it doubles the cost of a small request). Only the last block can be freed, grown or shrunk in
//! place, which is what a `Vec` or a `String` being filled needs.

#![expect(unsafe_code, reason = "an allocator hands out raw memory")]

use core::{alloc::Layout, cell::Cell, cell::UnsafeCell, mem::MaybeUninit, ptr};

/// `N` bytes, handed out from the front.
#[repr(C)]
pub(crate) struct Arena<const N: usize> {
    /// Offset of the first free byte.
    next: Cell<usize>,
    /// Offset of the first byte that was never handed out, so is still zero.
    clean: Cell<usize>,
    bytes: UnsafeCell<Bytes<N>>,
}

/// Aligned for everything that a Rust program commonly allocates.
#[repr(C, align(16))]
struct Bytes<const N: usize>(MaybeUninit<[u8; N]>);

impl<const N: usize> Arena<N> {
    /// An arena of zeros.
    pub(crate) const fn new() -> Self {
        Self { next: Cell::new(0), clean: Cell::new(0), bytes: UnsafeCell::new(Bytes(MaybeUninit::zeroed())) }
    }

    /// A block for `layout`, or null when it doesn't fit.
    pub(crate) fn allocate(&self, layout: Layout) -> *mut u8 {
        match self.place(layout) {
            Some(offset) => self.at(offset),
            None => ptr::null_mut(),
        }
    }

    /// A block of zeros for `layout`, or null when it doesn't fit. Memory that was never used is zero already, and
    /// stays untouched.
    pub(crate) fn allocate_zeroed(&self, layout: Layout) -> *mut u8 {
        let clean = self.clean.get();
        let Some(offset) = self.place(layout) else { return ptr::null_mut() };
        let block = self.at(offset);
        let used = clean.saturating_sub(offset).min(layout.size());
        // SAFETY: the block was just handed out and is at least `used` bytes long.
        unsafe { ptr::write_bytes(block, 0, used) };
        block
    }

    /// Takes the block at `offset` out of the free part.
    fn place(&self, layout: Layout) -> Option<usize> {
        let base = self.base().addr();
        let address = base.checked_add(self.next.get())?.checked_next_multiple_of(layout.align())?;
        let offset = address - base;
        let end = offset.checked_add(layout.size())?;
        (end <= N).then(|| {
            self.set_next(end);
            offset
        })
    }

    /// Gives a block back. Only the last one becomes free again.
    ///
    /// # Safety
    /// `block` came from this arena with the size of `layout` and is not used any more.
    pub(crate) unsafe fn deallocate(&self, block: *mut u8, layout: Layout) {
        let offset = self.offset(block);
        if offset + layout.size() == self.next.get() {
            self.next.set(offset);
        }
    }

    /// Resizes a block, in place where possible; null when it doesn't fit, and then the old block is as it was.
    ///
    /// # Safety
    /// `block` came from this arena with `layout`; `size` is not 0 and, rounded up to the alignment, fits `isize`.
    pub(crate) unsafe fn reallocate(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let offset = self.offset(block);
        let last = offset + layout.size() == self.next.get();
        if last && size <= N - offset {
            self.set_next(offset + size);
            return block;
        }
        if size <= layout.size() {
            return block;
        }
        // SAFETY: the caller promises that `size` is a valid size for this alignment.
        let grown = self.allocate(unsafe { Layout::from_size_align_unchecked(size, layout.align()) });
        if !grown.is_null() {
            // SAFETY: both blocks are at least `layout.size()` long, and a new block overlaps no other.
            unsafe { ptr::copy_nonoverlapping(block, grown, layout.size()) };
        }
        grown
    }

    /// Whether `block` lies in this arena.
    pub(crate) fn contains(&self, block: *mut u8) -> bool {
        self.offset(block) < N
    }

    fn base(&self) -> *mut u8 {
        self.bytes.get().cast()
    }

    /// `offset` must be at most `N`.
    fn at(&self, offset: usize) -> *mut u8 {
        self.base().wrapping_add(offset)
    }

    fn offset(&self, block: *mut u8) -> usize {
        block.addr().wrapping_sub(self.base().addr())
    }

    fn set_next(&self, next: usize) {
        self.next.set(next);
        self.clean.set(self.clean.get().max(next));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(size: usize, align: usize) -> Layout {
        Layout::from_size_align(size, align).unwrap()
    }

    #[test]
    fn blocks_follow_each_other_and_are_aligned() {
        let arena = Arena::<256>::new();
        let first = arena.allocate(layout(3, 1));
        let second = arena.allocate(layout(8, 8));
        assert_eq!(second.addr() % 8, 0);
        assert_eq!(second.addr() - first.addr(), 8);
        assert_eq!(arena.allocate(layout(1, 64)).addr() % 64, 0);
    }

    #[test]
    fn a_block_that_does_not_fit_is_refused_and_takes_nothing() {
        let arena = Arena::<64>::new();
        assert!(arena.allocate(layout(65, 1)).is_null());
        assert!(arena.allocate(layout(isize::MAX as usize - 63, 1)).is_null());
        assert!(!arena.allocate(layout(64, 1)).is_null());
        assert!(arena.allocate(layout(1, 1)).is_null());
    }

    #[test]
    fn the_last_block_is_freed_and_others_are_not() {
        let arena = Arena::<64>::new();
        let (first, second) = (arena.allocate(layout(16, 16)), arena.allocate(layout(16, 16)));
        unsafe { arena.deallocate(first, layout(16, 16)) };
        assert_ne!(arena.allocate(layout(16, 16)), first);
        let third = second.wrapping_add(16);
        unsafe { arena.deallocate(third, layout(16, 16)) };
        assert_eq!(arena.allocate(layout(16, 16)), third);
    }

    #[test]
    fn the_last_block_grows_and_shrinks_in_place() {
        let arena = Arena::<64>::new();
        let block = arena.allocate(layout(8, 8));
        assert_eq!(unsafe { arena.reallocate(block, layout(8, 8), 40) }, block);
        assert_eq!(unsafe { arena.reallocate(block, layout(40, 8), 16) }, block);
        assert_eq!(arena.allocate(layout(48, 16)).addr() - block.addr(), 16);
    }

    #[test]
    fn an_earlier_block_moves_with_its_content_when_it_grows() {
        let arena = Arena::<64>::new();
        let block = arena.allocate(layout(4, 1));
        unsafe { block.copy_from(b"abcd".as_ptr(), 4) };
        arena.allocate(layout(4, 1));
        assert_eq!(unsafe { arena.reallocate(block, layout(4, 1), 2) }, block);
        let grown = unsafe { arena.reallocate(block, layout(4, 1), 8) };
        assert_ne!(grown, block);
        assert_eq!(unsafe { core::slice::from_raw_parts(grown, 4) }, b"abcd");
        assert!(unsafe { arena.reallocate(block, layout(4, 1), 64) }.is_null());
    }

    #[test]
    fn zeroed_memory_is_zero_after_reuse_too() {
        let arena = Arena::<64>::new();
        let block = arena.allocate(layout(8, 1));
        unsafe { block.write_bytes(0xff, 8) };
        unsafe { arena.deallocate(block, layout(8, 1)) };
        let zeroed = arena.allocate_zeroed(layout(16, 1));
        assert_eq!(zeroed, block);
        assert_eq!(unsafe { core::slice::from_raw_parts(zeroed, 16) }, [0; 16]);
    }

    #[test]
    fn only_its_own_blocks_are_contained() {
        let arena = Arena::<64>::new();
        let mut elsewhere = 0_u8;
        assert!(arena.contains(arena.allocate(layout(1, 1))));
        assert!(!arena.contains(&raw mut elsewhere));
        assert!(!arena.contains(arena.base().wrapping_add(64)));
    }
}
