//! What a scenario exports: the answer to requests and, if it likes, to events. Capabilities have bindings of their own.

wasmtime::component::bindgen!({
    inline: "
        package zhongtai:host-runtime;
        world scenario { export zhongtai:scenario/http@0.1.0; }
    ",
    path: [
        "../../wit/log",
        "../../wit/clock",
        "../../wit/random",
        "../../wit/config",
        "../../wit/keyvalue",
        "../../wit/credit",
        "../../wit/notify",
        "../../wit/files",
        "../../wit/subject",
        "../../wit/certificate",
        "../../wit/document",
        "../../wit/evidence",
        "../../wit/seal",
        "../../wit/geo",
        "../../wit/logistics",
        "../../wit/payment",
        "../../wit/scenario",
    ],
    world: "zhongtai:host-runtime/scenario",
    exports: { default: async },
});

pub(crate) use exports::zhongtai::scenario::http;

/// The export that a scenario may have.
pub(crate) mod listening {
    wasmtime::component::bindgen!({
        path: "../../wit/events",
        world: "zhongtai:events/listening",
        exports: { default: async },
    });
}
