//! The component's allocator: the arena first, the standard allocator once the arena is full.

#![expect(unsafe_code, reason = "a global allocator is an unsafe trait")]

use core::{
    alloc::{GlobalAlloc, Layout},
    ptr,
};
use std::alloc::System;

use crate::arena::Arena;

/// Enough for a request and an answer of some tens of kilobytes without a `memory.grow`. It is address space, not
/// memory: only pages that are written to count.
const ARENA: usize = 256 * 1024;

struct Allocator(Arena<ARENA>);

// SAFETY: a component has one thread.
#[cfg(not(target_feature = "atomics"))]
unsafe impl Sync for Allocator {}

#[global_allocator]
static ALLOCATOR: Allocator = Allocator(Arena::new());

// SAFETY: blocks of the arena never overlap and stay where they are; all others are the standard allocator's.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match self.0.allocate(layout) {
            // SAFETY: the caller's promises are passed on.
            block if block.is_null() => unsafe { System.alloc(layout) },
            block => block,
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        match self.0.allocate_zeroed(layout) {
            // SAFETY: the caller's promises are passed on.
            block if block.is_null() => unsafe { System.alloc_zeroed(layout) },
            block => block,
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        match self.0.contains(block) {
            // SAFETY: the block goes back to the one it came from.
            true => unsafe { self.0.deallocate(block, layout) },
            false => unsafe { System.dealloc(block, layout) },
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if !self.0.contains(block) {
            // SAFETY: the block is the standard allocator's.
            return unsafe { System.realloc(block, layout, size) };
        }
        // SAFETY: the block is the arena's; the caller promises a valid size.
        let moved = unsafe { self.0.reallocate(block, layout, size) };
        if !moved.is_null() {
            return moved;
        }
        // SAFETY: as above; a block that the arena could not resize grows, so the old content fits the new block.
        unsafe {
            let moved = System.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !moved.is_null() {
                ptr::copy_nonoverlapping(block, moved, layout.size());
            }
            moved
        }
    }
}
