//! Policy texts that are wrong: each is named by file and line, and what is in force stays in force.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that can't go on must stop")]

use std::{collections::BTreeMap, path::Path};

use zhongtai_authz::{Authz, Case, Compiled, MAX_BYTES, PolicyError, PolicyFolder, PolicyTexts};
use zhongtai_kernel::ErrorKind;

const SCHEMA: &str = "\
entity Department;
entity Dataset in [Dataset] = { level: Long };
entity Caller in [Department];
action \"data\";
action \"data:read\" in [Action::\"data\"] appliesTo {
  principal: Caller, resource: Dataset, context: { purpose: String, channel: String, now: datetime }
};
";

const POLICIES: &str = "\
@id(\"read-public\")
permit (principal, action in Action::\"data\", resource)
when { resource.level == 1 };

@id(\"read-granted\")
permit (principal in ?principal, action, resource in ?resource);
";

const GRANTS: &str = r#"[
  { "id": "city", "template": "read-granted", "reason": "asked for in writing",
    "principal": "Department::\"441802-a\"", "resource": "Dataset::\"credit\"" }
]
"#;

const ENTITIES: &str = r#"[
  { "uid": { "type": "Dataset", "id": "credit" }, "attrs": { "level": 3 }, "parents": [] },
  { "uid": { "type": "Dataset", "id": "parks" }, "attrs": { "level": 1 }, "parents": [] }
]
"#;

fn files() -> BTreeMap<&'static str, String> {
    let texts =
        [("own.cedarschema", SCHEMA), ("own.cedar", POLICIES), ("grants.json", GRANTS), ("entities.json", ENTITIES)];
    texts.into_iter().map(|(path, text)| (path, text.to_owned())).collect()
}

fn compile(files: BTreeMap<&'static str, String>) -> Result<Compiled, PolicyError> {
    Compiled::new(&PolicyTexts::new(files.into_iter().map(|(path, text)| (path.to_owned(), text)))?)
}

/// A mistake: in `file`, `old` becomes `new`; the error must say all of `said`.
struct Mistake {
    file: &'static str,
    old: &'static str,
    new: &'static str,
    said: &'static [&'static str],
}

const MISTAKES: &[Mistake] = &[
    Mistake { file: "own.cedar", old: "resource.level", new: "resource.colour", said: &["own.cedar:3", "colour"] },
    Mistake { file: "own.cedar", old: "level == 1", new: "level == \"one\"", said: &["own.cedar:3", "type"] },
    Mistake {
        file: "own.cedar",
        old: "resource.level == 1",
        new: "context.purpose > 1",
        said: &["own.cedar:3", "String"],
    },
    Mistake {
        file: "own.cedar",
        old: "(principal, action in",
        new: "(principal is Ghost, action in",
        said: &["own.cedar:2", "Ghost"],
    },
    Mistake { file: "own.cedar", old: "Action::\"data\"", new: "Action::\"date\"", said: &["own.cedar:2", "date"] },
    Mistake {
        file: "own.cedar",
        old: "};\n\n@id(\"read-granted\")",
        new: "}\n\n@id(\"read-granted\")",
        said: &["own.cedar:5"],
    },
    Mistake {
        file: "own.cedar",
        old: "read-granted",
        new: "read-public",
        said: &["own.cedar:5", "duplicate", "read-public"],
    },
    Mistake {
        file: "own.cedar",
        old: "@id(\"read-public\")",
        new: "@id(\"read-public\") @mask(\"blur\")",
        said: &["own.cedar:1", "blur"],
    },
    Mistake {
        file: "own.cedar",
        old: "permit (principal, action in",
        new: "@mask(\"all\") forbid (principal, action in",
        said: &["own.cedar:1", "forbid"],
    },
    Mistake {
        file: "grants.json",
        old: "read-granted",
        new: "read-nothing",
        said: &["grants.json:2", "`read-nothing`"],
    },
    Mistake { file: "grants.json", old: "asked for in writing", new: " ", said: &["grants.json:2", "reason"] },
    Mistake { file: "grants.json", old: "Department::", new: "Ghost::", said: &["grants.json:2", "Ghost"] },
    Mistake { file: "grants.json", old: "Dataset::", new: "Data set::", said: &["grants.json:2", "Data set"] },
    Mistake { file: "grants.json", old: "\"principal\"", new: "\"principle\"", said: &["grants.json:3", "principle"] },
    Mistake {
        file: "grants.json",
        old: ",\n    \"principal\": \"Department::\\\"441802-a\\\"\"",
        new: "",
        said: &["grants.json:2", "?principal"],
    },
    Mistake {
        file: "grants.json",
        old: "\" }\n]",
        new: "\" },\n  { \"id\": \"city\", \"template\": \"read-granted\", \"reason\": \"again\",\n    \"principal\": \"Department::\\\"441802-b\\\"\", \"resource\": \"Dataset::\\\"credit\\\"\" }\n]",
        said: &["grants.json:4", "city"],
    },
    Mistake {
        file: "entities.json",
        old: "\"parks\" }, \"attrs\"",
        new: "\"parks\" } \"attrs\"",
        said: &["entities.json:3"],
    },
    Mistake {
        file: "entities.json",
        old: "\"type\": \"Dataset\", \"id\": \"parks\"",
        new: "\"type\": \"Ghost\", \"id\": \"parks\"",
        said: &["entities.json:3", "Ghost"],
    },
    Mistake {
        file: "entities.json",
        old: "\"level\": 1",
        new: "\"colour\": 1",
        said: &["entities.json:3", "Dataset::\"parks\""],
    },
    Mistake {
        file: "entities.json",
        old: "\"level\": 3",
        new: "\"level\": \"three\"",
        said: &["entities.json:2", "Dataset::\"credit\""],
    },
    Mistake {
        file: "entities.json",
        old: "\"level\": 1 }, \"parents\": []",
        new: "\"level\": 1 }, \"parents\": [{ \"type\": \"Dataset\", \"id\": \"parks\" }]",
        said: &["entities.json:3", "cycle", "parks"],
    },
    Mistake {
        file: "entities.json",
        old: "\"parks\" }, \"attrs\": { \"level\": 1 }",
        new: "\"credit\" }, \"attrs\": { \"level\": 1 }",
        said: &["entities.json:3", "duplicate", "credit"],
    },
    Mistake { file: "own.cedarschema", old: "level: Long", new: "level: Lung", said: &["Lung"] },
    Mistake {
        file: "own.cedarschema",
        old: "entity Department;",
        new: "entity Department",
        said: &["own.cedarschema:2"],
    },
];

#[test]
fn a_mistake_is_named_by_file_and_line_and_what_is_in_force_stays() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &files());
    let folders = [PolicyFolder(folder.path().to_owned())];
    let authz = Authz::load(&folders).unwrap();
    let in_force = authz.active();
    let mut missed = Vec::new();
    for Mistake { file, old, new, said } in MISTAKES {
        let mut files = files();
        let text = &files[file];
        assert!(text.contains(old), "{old}");
        files.insert(file, text.replacen(old, new, 1));
        write(folder.path(), &files);
        let Err(error) = authz.reload(&folders) else {
            missed.push(format!("{old} -> {new}: no error"));
            continue;
        };
        assert_eq!(error.kind(), ErrorKind::Invalid);
        let text = error.to_string();
        if !said.iter().all(|part| text.contains(part)) {
            missed.push(format!("{old} -> {new}: {text}"));
        }
        assert!(std::sync::Arc::ptr_eq(&in_force, &authz.active()), "{file} with {new}");
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

fn write(folder: &Path, files: &BTreeMap<&str, String>) {
    for (path, text) in files {
        std::fs::write(folder.join(path), text).unwrap();
    }
}

#[test]
fn a_hierarchy_over_two_files_that_is_cyclic_is_refused() {
    let mut files = files();
    let parent = |id: &str| format!("\"parents\": [{{ \"type\": \"Dataset\", \"id\": \"{id}\" }}]");
    files.insert("entities.json", ENTITIES.replacen("\"parents\": []", &parent("more"), 1));
    let more = "[{ \"uid\": { \"type\": \"Dataset\", \"id\": \"more\" }, \"attrs\": { \"level\": 1 }, ";
    files.insert("more/entities.json", format!("{more}{} }}]", parent("credit")));
    let error = compile(files).err().unwrap().to_string();
    assert!(error.contains("more/entities.json") && error.contains("cycle"), "{error}");
}

#[test]
fn a_set_of_five_megabytes_is_refused_before_it_is_parsed() {
    let mut files = files();
    files.insert("large.cedar", format!("// {}\npermit (", "x".repeat(5 << 20)));
    let error = compile(files).err().unwrap();
    assert!(matches!(error, PolicyError::TooLarge { bytes, most: MAX_BYTES } if bytes > 5 << 20), "{error}");
    assert_eq!(error.kind(), ErrorKind::TooLarge);
}

#[test]
fn a_context_of_the_wrong_type_is_refused_by_name() {
    let texts = PolicyTexts::new(files().into_iter().map(|(path, text)| (path.to_owned(), text))).unwrap();
    let compiled = Compiled::new(&texts).unwrap();
    let request = |purpose: &str| {
        let case = format!(
            "{{ \"title\": \"t\", \"principal\": \"Caller::\\\"a\\\"\", \"action\": \"data:read\", \
             \"resource\": \"Dataset::\\\"parks\\\"\", \"context\": {{ {purpose} }} }}"
        );
        Case::parse(&case).unwrap().request(&compiled, &texts).map(|_| ())
    };
    assert_eq!(request("\"purpose\": \"road-repair\""), Ok(()));
    for (wrong, said) in [("\"purpose\": 7", "purpose"), ("", "purpose"), ("\"purpose\": \"a\", \"mood\": 1", "mood")] {
        let problem = request(wrong).unwrap_err();
        assert!(problem.contains("context") && problem.contains(said), "{problem}");
    }
}

#[test]
fn a_group_of_actions_is_known_also_where_no_entity_is_declared() {
    let mut files = files();
    files.remove("entities.json");
    let compiled = compile(files).unwrap();
    let read = "Action::\"data:read\"".parse().unwrap();
    let groups: Vec<_> = compiled.entities().ancestors(&read).unwrap().map(ToString::to_string).collect();
    assert_eq!(groups, ["Action::\"data\""]);
}
