wasmtime::component::bindgen!({
    inline: "
        package zhongtai:host-log;
        world host { import zhongtai:log/logging@0.1.0; }
    ",
    path: "../../../wit/log",
    world: "zhongtai:host-log/host",
    imports: { default: trappable },
});

use std::sync::Arc;

use wasmtime::component::{HasSelf, Linker};
use zhongtai::log::logging as wit;
use zhongtai_runtime::{Invocation, LogEvent};

use crate::{LogLine, LogTail};

/// Bytes of a message, a field's name or value, and how many fields: guests choose them.
const MESSAGE: usize = 2_048;
const FIELD: usize = 512;
const FIELDS: usize = 32;

pub(crate) fn add_to_linker(linker: &mut Linker<Invocation>) -> wasmtime::Result<()> {
    wit::add_to_linker::<_, HasSelf<Invocation>>(linker, |invocation| invocation)
}

impl wit::Host for Invocation {
    fn log(&mut self, event: wit::Event) -> wasmtime::Result<()> {
        match self.count_log_event() {
            LogEvent::Keep => write(self, event),
            LogEvent::FirstDropped => write(self, dropped()),
            LogEvent::Drop => Ok(()),
        }
    }

    fn panicked(&mut self, report: wit::PanicReport) -> wasmtime::Result<()> {
        let location = format!("{}:{}:{}", cut(&report.file, FIELD), report.line, report.column);
        self.note_panic(cut(&report.message, MESSAGE), location);
        Ok(())
    }
}

fn write(invocation: &Invocation, event: wit::Event) -> wasmtime::Result<()> {
    let line = LogLine {
        number: 0,
        at: invocation.now(),
        request: invocation.request_id().to_string(),
        level: level(event.level),
        target: cut(&event.target, FIELD).to_owned(),
        message: cut(&event.message, MESSAGE).to_owned(),
        fields: event
            .fields
            .iter()
            .take(FIELDS)
            .map(|(name, value)| (cut(name, FIELD).to_owned(), cut(value, FIELD).to_owned()))
            .collect(),
    };
    emit(invocation, &line, event.level);
    let tail = invocation.provider::<Arc<LogTail>>()?;
    tail.push(invocation.release().scenario(), line);
    Ok(())
}

/// Into the host's own log: one event of a fixed shape, whatever the guest sends.
fn emit(invocation: &Invocation, line: &LogLine, level: wit::Level) {
    macro_rules! event {
        ($level:ident) => {
            tracing::$level!(
                target: "guest",
                request = %line.request,
                scenario = %invocation.release().scenario(),
                module = %line.target,
                fields = ?line.fields,
                "{}",
                line.message
            )
        };
    }
    match level {
        wit::Level::Trace => event!(trace),
        wit::Level::Debug => event!(debug),
        wit::Level::Info => event!(info),
        wit::Level::Warn => event!(warn),
        wit::Level::Error => event!(error),
    }
}

fn dropped() -> wit::Event {
    wit::Event {
        level: wit::Level::Warn,
        target: "zhongtai".to_owned(),
        message: "more than 256 log events in one request: the rest is dropped".to_owned(),
        fields: Vec::new(),
    }
}

fn level(level: wit::Level) -> &'static str {
    match level {
        wit::Level::Trace => "trace",
        wit::Level::Debug => "debug",
        wit::Level::Info => "info",
        wit::Level::Warn => "warn",
        wit::Level::Error => "error",
    }
}

/// The first `most` bytes of a text, ending at a character.
fn cut(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(cut("路面坑洞", 7), "路面");
        assert_eq!(cut("ok", 7), "ok");
    }
}
