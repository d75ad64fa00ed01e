//! The process that does the work. It has the fonts in memory, takes one order after the other, and needs neither files
//! nor network for it. A template can make it spin, grow or die, and the host then starts another.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use rustix::process::{Resource, Rlimit, setrlimit};
use typst::comemo;

use crate::{
    Order, Typeset,
    error::Refusal,
    fonts::Fonts,
    make::make,
    wire::{Answer, Setup, Started, put, take},
};

/// Templates may nest deeply before the typesetter says that they nest too deeply.
const STACK: usize = 64 << 20;

/// Serves the host that started this process, until it closes the pipe. This is all that a worker has to do.
pub fn run() -> ExitCode {
    // Layout goes on in a pool of threads; orders are laid out side by side by several workers instead.
    let pool = std::thread::Builder::new().stack_size(STACK).spawn(serve);
    match pool.map(std::thread::JoinHandle::join) {
        Ok(Ok(Ok(()))) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

fn serve() -> io::Result<()> {
    let (mut from, mut to) = (io::stdin().lock(), io::stdout().lock());
    let Some(setup) = take(&mut from)? else { return Ok(()) };
    let setup: Setup = serde_json::from_slice(&setup)?;
    let fonts = match Fonts::read(&setup.fonts) {
        Ok(fonts) => fonts,
        Err(problem) => return tell(&mut to, &Started::Fonts(problem)),
    };
    limit(setup.memory_mib + (fonts.bytes as u64 >> 20))?;
    tell(&mut to, &Started::Ready)?;
    while let Some(order) = take(&mut from)? {
        let order: Order = serde_json::from_slice(&order)?;
        answer(&mut to, make(&fonts, &order, setup.most_pages))?;
        // What is remembered speeds up the layout of one document. Nothing of it stays for the next one.
        comemo::evict(0);
    }
    Ok(())
}

fn answer(to: &mut impl Write, made: Result<Typeset, Refusal>) -> io::Result<()> {
    match made {
        Ok(Typeset { pdf, ofd, facts }) => {
            put(to, &serde_json::to_vec(&Answer::Made(facts))?)?;
            put(to, &pdf)?;
            put(to, &ofd)?;
            to.flush()
        }
        Err(refusal) => tell(to, &Answer::Refused(refusal)),
    }
}

fn tell(to: &mut impl Write, what: &impl serde::Serialize) -> io::Result<()> {
    put(to, &serde_json::to_vec(what)?)?;
    to.flush()
}

/// No more memory than that; no file; and no picture of the memory on a disk when this dies.
fn limit(memory_mib: u64) -> io::Result<()> {
    let limits = [(Resource::Data, memory_mib << 20), (Resource::Core, 0), (Resource::Fsize, 0)];
    for (resource, most) in limits {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    Ok(())
}
