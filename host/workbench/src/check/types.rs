//! The types of expressions, as far as the schema tells: enough to know where an entity is asked for an attribute.

use std::collections::HashMap;

use cedar_policy::{RequestEnv, SchemaFragment, pst};
use pst::{Expr, Literal, Var};
use serde_json::Value;
use zhongtai_authz::{FileKind, PolicyTexts};

/// A type.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Type {
    /// An entity of this type.
    Entity(String),
    /// A record with these attributes, in the schema's JSON, read in this namespace.
    Record(Value, String),
    /// Anything else, or not known.
    Other,
}

/// What the schema declares, by full name.
#[derive(Default)]
pub(crate) struct Types {
    entities: HashMap<String, Value>,
    commons: HashMap<String, Value>,
    actions: HashMap<String, Value>,
}

// === impl Types ===

impl Types {
    /// Of every schema file.
    pub(crate) fn new(texts: &PolicyTexts) -> Self {
        let mut types = Self::default();
        for (_, text) in texts.of_kind(FileKind::Schema) {
            let Ok((fragment, _)) = SchemaFragment::from_cedarschema_str(text) else { continue };
            let Ok(Value::Object(namespaces)) = fragment.to_json_value() else { continue };
            for (namespace, declared) in namespaces {
                add(&mut types.entities, &namespace, declared.get("entityTypes"));
                add(&mut types.commons, &namespace, declared.get("commonTypes"));
                add(&mut types.actions, &namespace, declared.get("actions"));
            }
        }
        types
    }

    /// The type of `expr` in requests of one kind.
    pub(crate) fn of(&self, expr: &Expr, env: &RequestEnv) -> Type {
        match expr {
            Expr::Var(Var::Principal) => Type::Entity(env.principal().to_string()),
            Expr::Var(Var::Resource) => Type::Entity(env.resource().to_string()),
            Expr::Var(Var::Context) => self.context(env),
            Expr::Literal(Literal::EntityUID(uid)) => Type::Entity(uid.ty.to_string()),
            Expr::GetAttr { expr, attr } => self.attribute(&self.of(expr, env), attr),
            Expr::IfThenElse { then_expr, .. } => self.of(then_expr, env),
            _ => Type::Other,
        }
    }

    fn attribute(&self, of: &Type, name: &str) -> Type {
        let (shape, namespace) = match of {
            Type::Entity(kind) => {
                let shape = self.entities.get(kind).and_then(|entity| entity.get("shape"));
                (self.resolve(shape, &namespace_of(kind)), namespace_of(kind))
            }
            Type::Record(value, namespace) => (Type::Record(value.clone(), namespace.clone()), namespace.clone()),
            Type::Other => return Type::Other,
        };
        let Type::Record(attributes, _) = shape else { return Type::Other };
        self.resolve(attributes.get(name), &namespace)
    }

    fn context(&self, env: &RequestEnv) -> Type {
        let namespace = env.action().type_name().namespace();
        let name = full_name(&namespace, env.action().id().unescaped());
        let applies = self.actions.get(&name).and_then(|action| action.get("appliesTo"));
        self.resolve(applies.and_then(|applies| applies.get("context")), &namespace)
    }

    /// A type as the schema's JSON writes it.
    fn resolve(&self, written: Option<&Value>, namespace: &str) -> Type {
        let Some(written) = written else { return Type::Other };
        let text = |key: &str| written.get(key).and_then(Value::as_str);
        match text("type") {
            Some("Record") => {
                Type::Record(written.get("attributes").cloned().unwrap_or_default(), namespace.to_owned())
            }
            Some("Entity") => self.entity(text("name").unwrap_or_default(), namespace),
            Some("EntityOrCommon") => self.named(text("name").unwrap_or_default(), namespace),
            Some(common) => self.named(common, namespace),
            None => Type::Other,
        }
    }

    /// A common type goes before an entity type of the same name.
    fn named(&self, name: &str, namespace: &str) -> Type {
        for full in [full_name(namespace, name), name.to_owned()] {
            if let Some(common) = self.commons.get(&full) {
                return self.resolve(Some(common), &namespace_of(&full));
            }
        }
        self.entity(name, namespace)
    }

    fn entity(&self, name: &str, namespace: &str) -> Type {
        let full = [full_name(namespace, name), name.to_owned()];
        full.into_iter().find(|full| self.entities.contains_key(full)).map_or(Type::Other, Type::Entity)
    }
}

fn add(to: &mut HashMap<String, Value>, namespace: &str, declared: Option<&Value>) {
    let declared = declared.and_then(Value::as_object).into_iter().flatten();
    to.extend(declared.map(|(name, value)| (full_name(namespace, name), value.clone())));
}

fn full_name(namespace: &str, name: &str) -> String {
    if namespace.is_empty() { name.to_owned() } else { format!("{namespace}::{name}") }
}

fn namespace_of(full: &str) -> String {
    full.rsplit_once("::").map(|(namespace, _)| namespace.to_owned()).unwrap_or_default()
}
