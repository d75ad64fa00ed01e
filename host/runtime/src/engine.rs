//! The wasmtime engine: one configuration, chosen for a fresh instance per request.
//!
//! What each setting gains is in docs/performance.md.

use std::{thread, time::Duration};

use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::LoadError;

/// How often a running guest is interrupted to look at its deadline and to let others run.
pub(crate) const EPOCH_TICK: Duration = Duration::from_millis(5);

/// The largest memory that a manifest can ask for.
const MAX_MEMORY: usize = 256 << 20;

/// Core instances, memories and tables that one component may have. The SDK's have one memory.
const CORE_INSTANCES: u32 = 16;
const MEMORIES: u32 = 4;
const TABLES: u32 = 8;

/// Slots that go back to the pool together. An allocation that finds none free takes them back before that.
const DECOMMIT_BATCH: usize = 64;

/// How large the instance pool may be.
#[derive(Debug, Clone, Copy)]
pub struct EngineOptions {
    /// Instances wanted at once. Fewer are taken when the address space does not allow as many.
    pub instances: u32,
    /// Scan for dirty pages instead of resetting whole memories. Turn off where swap is on: a dirty page that was
    /// swapped out may not be reset.
    pub pagemap_scan: bool,
}

impl Default for EngineOptions {
    fn default() -> Self {
        let swap_on = std::fs::read_to_string("/proc/swaps").is_ok_and(|swaps| swaps.lines().count() > 1);
        Self { instances: 512, pagemap_scan: !swap_on }
    }
}

/// How many instances the pool really has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolSize(pub u32);

/// Makes the engine, halving the pool until the address space takes it.
pub(crate) fn engine(options: EngineOptions) -> Result<(Engine, PoolSize), LoadError> {
    let mut instances = options.instances.max(1);
    loop {
        match Engine::new(&config(instances, options.pagemap_scan)) {
            Ok(engine) => return Ok((engine, PoolSize(instances))),
            Err(error) if instances <= 8 => return Err(LoadError::Compile(error.to_string())),
            Err(error) => {
                tracing::warn!(instances, %error, "the instance pool does not fit the address space; trying half");
                instances /= 2;
            }
        }
    }
}

fn config(instances: u32, pagemap_scan: bool) -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .concurrency_support(false)
        .memory_init_cow(true)
        .async_stack_size(256 << 10)
        .max_wasm_stack(128 << 10)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool(instances, pagemap_scan)));
    config
}

fn pool(instances: u32, pagemap_scan: bool) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    // Room for every instance to have all it may: otherwise a guest with many memories would leave none to others.
    pool.total_component_instances(instances)
        .total_core_instances(instances.saturating_mul(CORE_INSTANCES))
        .total_memories(instances.saturating_mul(MEMORIES))
        .total_tables(instances.saturating_mul(TABLES))
        .total_stacks(instances)
        .max_memory_size(MAX_MEMORY)
        .max_memories_per_component(MEMORIES)
        .max_tables_per_component(TABLES)
        .max_core_instances_per_component(CORE_INSTANCES)
        .max_unused_warm_slots(instances)
        // Slots are cleaned at once, but go back to the free list together.
        .decommit_batch_size(DECOMMIT_BATCH)
        .linear_memory_keep_resident(256 << 10)
        .table_keep_resident(16 << 10)
        .async_stack_keep_resident(16 << 10)
        .pagemap_scan(if pagemap_scan { Enabled::Auto } else { Enabled::No });
    pool
}

/// Ticks the engine's epoch from a thread of its own, until the engine is gone. It can't be a task: a spinning
/// guest would keep the task from running.
pub(crate) fn start_ticker(engine: &Engine) {
    let engine = engine.weak();
    thread::spawn(move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            thread::sleep(EPOCH_TICK);
        }
    });
}
