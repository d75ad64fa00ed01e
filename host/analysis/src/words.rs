//! A counterexample and what changed, in plain words, Chinese and English.

use cedar_policy::{Entities, EntityUid};
use serde_json::Value;
use zhongtai_kernel::{Effect, Mask};

use crate::{Counterexample, DeclaredChange, PolicyChange, PolicyEdit, Shown, Words, replay::Replayed};

/// Names of attributes and facts that the platform's schema has; others are shown as they are.
const NAMES: &[(&str, &str, &str)] = &[
    ("access", "access", "开放范围"),
    ("area", "area", "区划"),
    ("assurance", "assurance", "实名等级"),
    ("basis", "legal basis", "法律依据"),
    ("case", "case", "办件"),
    ("channel", "channel", "渠道"),
    ("clearance", "clearance", "数据级别权限"),
    ("consent", "consent", "授权书"),
    ("department", "department", "部门"),
    ("kind", "kind", "身份"),
    ("level", "level", "数据级别"),
    ("now", "time", "时间"),
    ("owner", "owner", "归属"),
    ("plugin", "plugin", "插件"),
    ("purpose", "purpose", "目的"),
    ("purposes", "purposes", "声明的目的"),
    ("roles", "roles", "角色"),
    ("scenario", "scenario", "场景"),
];

/// Attributes that tell people nothing.
const SILENT: &[&str] = &["component", "account"];

/// The lines of one counterexample.
pub(crate) fn lines(found: &Counterexample, replayed: &Replayed) -> Vec<Words> {
    let uid = |uid: Option<&EntityUid>| uid.map(|uid| described(uid, &replayed.entities)).unwrap_or_default();
    let who = uid(replayed.request.principal());
    let what = uid(replayed.request.resource());
    let action = &found.case.action;
    let mut lines = vec![
        Words::new(format!("例如：{}", who.zh), format!("someone like:  {}", who.en)),
        Words::new(format!("请求：{action}，{}", what.zh), format!("asks for:      {action} on {}", what.en)),
    ];
    let facts = facts(&found.case.context);
    if !facts.zh.is_empty() {
        lines.push(Words::new(format!("条件：{}", facts.zh), format!("with:          {}", facts.en)));
    }
    for change in &found.because {
        let why = change.words();
        lines.push(Words::new(format!("原因：{}", why.zh), format!("because:       {}", why.en)));
    }
    let (today, draft) = (decision(&found.today), decision(&found.draft));
    lines.push(Words::new(
        format!("现在：{}；采用草案后：{}（两者均已重放）", today.zh, draft.zh),
        format!("today:         {}     with the draft:  {}     (both replayed)", today.en, draft.en),
    ));
    lines.push(Words::new(format!("用例：{}", found.path), format!("as a case:     {}", found.path)));
    lines
}

fn decision(shown: &Shown) -> Words {
    match (shown.effect, shown.mask) {
        (Effect::Deny, _) => Words::new("拒绝", "denied"),
        (Effect::Allow, None) => Words::new("允许", "allowed"),
        (Effect::Allow, Some(mask)) => {
            Words::new(format!("允许，按 {mask} 脱敏"), format!("allowed, masked as {mask}"))
        }
    }
}

/// An entity with what is known of it.
fn described(uid: &EntityUid, entities: &Entities) -> Words {
    let name = format!("{} {}", uid.type_name(), uid.id().unescaped());
    let Some(json) = entities.get(uid).and_then(|entity| entity.to_json_value().ok()) else {
        return Words::new(name.clone(), name);
    };
    let mut parts = vec![Words::new(name.clone(), name)];
    attributes(json.get("attrs").unwrap_or(&Value::Null), &mut parts);
    let parents = json.get("parents").and_then(Value::as_array).into_iter().flatten();
    let parents: Vec<String> = parents.map(shown_value).filter(|text| !text.is_empty()).collect();
    if !parents.is_empty() {
        parts.push(Words::new(format!("属于 {}", parents.join("、")), format!("in {}", parents.join(", "))));
    }
    joined(&parts)
}

fn facts(context: &serde_json::Map<String, Value>) -> Words {
    let mut parts = Vec::new();
    attributes(&Value::Object(context.clone()), &mut parts);
    joined(&parts)
}

/// `name value` of every attribute; a record's are shown as if they were the entity's own.
fn attributes(value: &Value, parts: &mut Vec<Words>) {
    let Value::Object(members) = value else { return };
    for (name, inner) in members {
        match inner {
            Value::Object(record) if !record.contains_key("__entity") && !record.contains_key("__extn") => {
                attributes(inner, parts);
            }
            _ if SILENT.contains(&name.as_str()) => {}
            _ => {
                let text = shown_value(inner);
                if text.is_empty() {
                    continue;
                }
                let (en, zh) = NAMES
                    .iter()
                    .find(|(known, ..)| known == name)
                    .map_or((name.as_str(), name.as_str()), |(_, en, zh)| (en, zh));
                parts.push(Words::new(format!("{zh} {text}"), format!("{en} {text}")));
            }
        }
    }
}

/// A value without Cedar's escapes.
fn shown_value(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(elements) => elements.iter().map(shown_value).collect::<Vec<_>>().join("/"),
        Value::Object(members) => {
            let escaped = members.get("__entity").or_else(|| members.get("__extn"));
            let Some(Value::Object(inner)) = escaped.or(Some(value)) else { return String::new() };
            let text = |name: &str| inner.get(name).and_then(Value::as_str);
            match (text("type"), text("id"), text("arg")) {
                (Some(kind), Some(id), _) => format!("{kind} {id}"),
                (_, _, Some(argument)) => argument.to_owned(),
                _ => escaped.map(ToString::to_string).unwrap_or_default(),
            }
        }
        other => other.to_string(),
    }
}

fn joined(parts: &[Words]) -> Words {
    let all = |text: fn(&Words) -> &str, between: &str| parts.iter().map(text).collect::<Vec<_>>().join(between);
    Words::new(all(|part| &part.zh, "，"), all(|part| &part.en, ", "))
}

// === impl PolicyChange ===

impl PolicyChange {
    /// What happened to the policy, in a line.
    pub fn words(&self) -> Words {
        let place = self.source.as_ref().map(|source| format!(" ({source})")).unwrap_or_default();
        let (id, what) = (&self.policy, self.what.words());
        Words::new(format!("策略 {id}{place} {}", what.zh), format!("policy {id}{place} {}", what.en))
    }
}

// === impl PolicyEdit ===

impl PolicyEdit {
    fn words(&self) -> Words {
        match self {
            Self::Added { forbid: false } => Words::new("是新增的许可", "is a new permit"),
            Self::Added { forbid: true } => Words::new("是新增的禁止", "is a new forbid"),
            Self::Removed { forbid: false } => Words::new("（许可）被删除", "is a permit that is gone"),
            Self::Removed { forbid: true } => Words::new("（禁止）被删除", "is a forbid that is gone"),
            Self::Edited { dropped, added, scope, mask, .. } => edited(dropped, added, scope.as_ref(), *mask),
        }
    }
}

fn edited(
    dropped: &[String],
    added: &[String],
    scope: Option<&(String, String)>,
    mask: Option<(Option<Mask>, Option<Mask>)>,
) -> Words {
    let mut parts = Vec::new();
    for condition in dropped {
        parts.push(Words::new(format!("不再要求 {condition}"), format!("no longer asks  {condition}")));
    }
    for condition in added {
        parts.push(Words::new(format!("现在要求 {condition}"), format!("now asks  {condition}")));
    }
    if let Some((was, is)) = scope {
        parts.push(Words::new(format!("范围由 {was} 改为 {is}"), format!("had the scope ({was}), has now ({is})")));
    }
    if let Some((was, is)) = mask {
        let name = |mask: Option<Mask>| mask.map_or("-", Mask::as_str);
        let (was, is) = (name(was), name(is));
        parts.push(Words::new(format!("脱敏由 {was} 改为 {is}"), format!("masked as {was}, masks now as {is}")));
    }
    let all = |text: fn(&Words) -> &str, between: &str| parts.iter().map(text).collect::<Vec<_>>().join(between);
    Words::new(all(|part| &part.zh, "；"), all(|part| &part.en, "; "))
}

// === impl DeclaredChange ===

impl DeclaredChange {
    /// What happened to the declaration, in a line.
    pub fn words(&self) -> Words {
        let entity = &self.entity;
        match (&self.today, &self.draft) {
            (None, _) => Words::new(format!("新声明 {entity}"), format!("{entity} is declared for the first time")),
            (_, None) => Words::new(format!("不再声明 {entity}"), format!("{entity} is no longer declared")),
            _ => Words::new(format!("{entity} 的声明有改动"), format!("{entity} is declared otherwise")),
        }
    }
}
