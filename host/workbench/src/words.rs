//! What people read, in Chinese and in English.

pub use zhongtai_kernel::{Lang, Words};
