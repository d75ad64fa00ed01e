//! What `wit-bindgen` makes of the world `zhongtai:scenario/plugin`. Only a component has these; everything else in
//! the crate goes through [`crate::host`].

#![allow(unsafe_code, missing_docs, clippy::all, clippy::restriction, reason = "generated")]
#![allow(unused_qualifications, reason = "generated")]

wit_bindgen::generate!({
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
    world: "zhongtai:scenario/plugin",
    generate_all,
    pub_export_macro: true,
    export_macro_name: "export_component",
    default_bindings_module: "zhongtai::__private::bindings",
});

/// The world `zhongtai:events/listening`, for plugins that hear of events.
pub mod listening {
    wit_bindgen::generate!({
        path: "../../wit/events",
        world: "zhongtai:events/listening",
        generate_all,
        pub_export_macro: true,
        export_macro_name: "export_listener",
        default_bindings_module: "zhongtai::__private::bindings::listening",
    });
}
