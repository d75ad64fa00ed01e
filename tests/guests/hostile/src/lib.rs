//! A guest that misbehaves on demand: one route per misdeed. `/` is its good side.
#![cfg(target_arch = "wasm32")]

mod answers;
mod floods;
mod looks;
mod traps;

use answers::*;
use floods::*;
use looks::*;
use traps::*;

zhongtai::plugin!(
    good,
    echo,
    echo_post,
    remember,
    slow,
    spin,
    memory_bomb,
    recursion,
    panics,
    trap,
    cry_wolf,
    log_flood,
    random_flood,
    keyvalue_flood,
    keep,
    huge_log,
    bad_status,
    bad_header,
    many_headers,
    big_header,
    huge_response,
);
