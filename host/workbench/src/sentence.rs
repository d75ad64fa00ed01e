//! Conditions in plain words. What has no words yet is shown as Cedar writes it.
//!
//! To teach a new attribute, add it to [`NOUNS`]; a new value, to [`VALUES`]; a new `has`, to [`PRESENCE`].

use cedar_policy::pst;
use pst::{BinaryOp, Expr, Literal, Var};

use crate::{
    Words,
    condition::Condition,
    scope::{Bound, Part, readable},
};

/// Attributes, by path.
const NOUNS: [(&str, &str, &str); 36] = [
    ("principal", "调用方", "the caller"),
    ("principal.area", "部门所在区划", "the department's area"),
    ("principal.department", "插件所属部门", "the plugin's department"),
    ("principal.plugin", "插件", "the plugin"),
    ("principal.purposes", "插件声明的目的", "the purposes that the plugin declares"),
    ("principal.scenario", "本场景", "the scenario itself"),
    ("principal.component", "组件", "the component"),
    ("principal.subject.account", "人员的账号", "the person's account"),
    ("principal.subject.agent.actions", "委托的事项", "what the mandate is for"),
    ("principal.subject.agent.everywhere", "委托不限场景", "the mandate's being for every scenario"),
    ("principal.subject.agent.scenarios", "委托的场景", "the mandate's scenarios"),
    ("principal.subject.area", "人员所在区划", "the person's area"),
    ("principal.subject.assurance", "身份核验等级", "the identity's assurance"),
    ("principal.subject.clearance", "人员的涉密等级", "the person's clearance"),
    ("principal.subject.department", "人员所在部门", "the person's department"),
    ("principal.subject.kind", "人员", "the person"),
    ("principal.subject.roles", "人员的角色", "the person's roles"),
    ("resource", "资源", "the resource"),
    ("resource.access", "场景的开放范围", "whom the scenario is for"),
    ("resource.agent", "代办人", "the agent"),
    ("resource.applicant", "申请人", "the applicant"),
    ("resource.area", "资源所在区划", "the resource's area"),
    ("resource.handler", "处置人", "the handler"),
    ("resource.holder", "持有人", "the holder"),
    ("resource.inspector", "勘验人", "the inspector"),
    ("resource.level", "数据级别", "the data's level"),
    ("resource.owner", "资源的所有者", "the resource's owner"),
    ("resource.requester", "提出人", "the requester"),
    ("resource.sharing", "共享属性", "how it is shared"),
    ("resource.stage", "办件环节", "the case's stage"),
    ("resource.status", "状态", "its status"),
    ("context.basis", "依据", "the legal ground"),
    ("context.case", "办件", "the case"),
    ("context.channel", "渠道", "the channel"),
    ("context.consent", "授权书", "the consent"),
    ("context.purpose", "目的", "the purpose"),
];

/// Values of an attribute.
const VALUES: [(&str, &str, &str, &str); 13] = [
    ("principal.subject.kind", "officer", "政务人员", "an officer"),
    ("principal.subject.kind", "natural-person", "自然人", "a natural person"),
    ("principal.subject.kind", "legal-person", "法人", "a legal person"),
    ("resource.access", "public", "公开", "everybody"),
    ("resource.access", "signed-in", "已登录者", "whoever signed in"),
    ("resource.access", "officer", "政务人员", "officers"),
    ("context.channel", "web", "网上", "the web"),
    ("context.channel", "api", "接口", "a program"),
    ("context.channel", "internal", "系统", "the host itself"),
    ("context.basis", "consent", "同意", "consent"),
    ("context.basis", "statutory-duty", "履行法定职责", "a statutory duty"),
    ("context.basis", "emergency", "突发应急", "an emergency"),
    ("resource.sharing", "not-shared", "不予共享", "not shared"),
];

/// What `has` says: there is, there is not.
const PRESENCE: [(&str, [&str; 2], [&str; 2]); 8] = [
    ("principal.subject", ["已登录", "somebody signed in"], ["无人登录", "nobody signed in"]),
    (
        "principal.subject.department",
        ["人员属于某个部门", "the person belongs to a department"],
        ["人员不属于任何部门", "the person belongs to no department"],
    ),
    (
        "principal.subject.area",
        ["人员有所在区划", "the person has an area"],
        ["人员没有所在区划", "the person has no area"],
    ),
    ("context.purpose", ["说明了目的", "a purpose is given"], ["未说明目的", "no purpose is given"]),
    ("context.basis", ["说明了依据", "a legal ground is given"], ["未说明依据", "no legal ground is given"]),
    ("context.consent", ["附有授权书", "a consent is named"], ["没有授权书", "no consent is named"]),
    ("context.case", ["关联了办件", "it is for a case"], ["没有关联办件", "it is for no case"]),
    ("resource.owner", ["资源有所有者", "the resource has an owner"], ["资源没有所有者", "the resource has no owner"]),
];

/// Verbs of comparisons: as wanted, and the opposite. Each in Chinese and English.
const VERBS: [(BinaryOp, [&str; 2], [&str; 2]); 7] = [
    (BinaryOp::Eq, ["是", "is"], ["不是", "is not"]),
    (BinaryOp::NotEq, ["不是", "is not"], ["是", "is"]),
    (BinaryOp::LessEq, ["不高于", "is at most"], ["高于", "is above"]),
    (BinaryOp::Less, ["低于", "is below"], ["不低于", "is at least"]),
    (BinaryOp::GreaterEq, ["不低于", "is at least"], ["低于", "is below"]),
    (BinaryOp::Greater, ["高于", "is above"], ["不高于", "is at most"]),
    (BinaryOp::In, ["属于", "is in"], ["不属于", "is not in"]),
];

/// What a condition asks, in plain words.
pub(crate) fn of(condition: &Condition) -> Words {
    if condition.alternatives.is_empty() {
        return sentence(&condition.expr, condition.wanted).unwrap_or_else(|| Words::same(&condition.cedar));
    }
    let parts: Vec<_> = condition.alternatives.iter().map(of).collect();
    let join = |words: fn(&Words) -> &str, or| parts.iter().map(words).collect::<Vec<_>>().join(or);
    Words::new(join(|part| &part.zh, "，或者"), join(|part| &part.en, ", or "))
}

/// What a part of a scope asks, in plain words.
pub(crate) fn of_bound(part: Part, bound: &Bound) -> Words {
    let [zh, en] = noun(part.as_str()).unwrap_or([part.as_str(); 2]);
    let is = |name: &str| Words::new(format!("{zh}是 {name}"), format!("{en} is {name}"));
    match bound {
        Bound::Any => Words::new(format!("{zh}不限"), format!("{en} may be any")),
        Bound::Eq(uid) => is(&readable(uid)),
        Bound::Is(kind) => Words::new(format!("{zh}是一个 {kind}"), format!("{en} is a {kind}")),
        Bound::In(uid) | Bound::IsIn(_, uid) => match (part, uid.ty.to_string().as_str()) {
            (Part::Principal, "Role") => {
                Words::new(format!("人员具有角色 {}", uid.eid), format!("the person has the role {}", uid.eid))
            }
            (Part::Principal, "Department") => Words::new(
                format!("插件属于部门 {}", uid.eid),
                format!("the plugin belongs to the department {}", uid.eid),
            ),
            _ => Words::new(format!("{zh}属于 {}", readable(uid)), format!("{en} is in {}", readable(uid))),
        },
    }
}

/// What is asked of the action.
pub(crate) fn of_actions(names: &[&str]) -> Words {
    Words::new(format!("操作是 {}", names.join("、")), format!("the action is {}", names.join(" or ")))
}

fn sentence(expr: &Expr, wanted: bool) -> Option<Words> {
    match expr {
        Expr::HasAttr { expr, attrs } => presence(expr, attrs, wanted),
        // `a && b` within an alternative.
        Expr::BinaryOp { op: BinaryOp::And, left, right } if wanted => {
            let (left, right) = (worded(left), worded(right));
            Some(Words::new(format!("{}且{}", left.zh, right.zh), format!("{} and {}", left.en, right.en)))
        }
        Expr::BinaryOp { op: BinaryOp::Contains, left, right } => contains(left, right, wanted),
        Expr::BinaryOp { op, left, right } => comparison(*op, left, right, wanted),
        _ => None,
    }
}

fn worded(expr: &Expr) -> Words {
    sentence(expr, true).unwrap_or_else(|| Words::same(expr.to_string()))
}

fn presence(of: &Expr, attrs: &pst::NonEmpty<pst::SmolStr>, wanted: bool) -> Option<Words> {
    let attrs: Vec<_> = attrs.iter().map(|attr| attr.as_str()).collect();
    let full = format!("{}.{}", path(of)?, attrs.join("."));
    let (_, there, absent) = PRESENCE.iter().find(|(name, ..)| *name == full)?;
    let [zh, en] = if wanted { there } else { absent };
    Some(Words::new(*zh, *en))
}

fn contains(set: &Expr, element: &Expr, wanted: bool) -> Option<Words> {
    if path(set).as_deref() == Some("principal.purposes") && path(element).as_deref() == Some("context.purpose") {
        return Some(match wanted {
            true => Words::new("目的已在插件清单中声明", "the purpose is declared by the plugin"),
            false => Words::new("目的未在插件清单中声明", "the purpose is not declared by the plugin"),
        });
    }
    let (element_words, set_words) = (term(element, set)?, term(set, element)?);
    let [zh, en] = if wanted { ["属于", "is among"] } else { ["不属于", "is not among"] };
    Some(Words::new(
        format!("{}{zh}{}", element_words.zh, set_words.zh),
        format!("{} {en} {}", element_words.en, set_words.en),
    ))
}

fn comparison(op: BinaryOp, left: &Expr, right: &Expr, wanted: bool) -> Option<Words> {
    let (_, as_wanted, opposite) = VERBS.iter().find(|(verb, ..)| *verb == op)?;
    let [zh, en] = if wanted { as_wanted } else { opposite };
    let (left, right) = (term(left, right)?, term(right, left)?);
    // A number or quotation stands apart from Chinese characters.
    let gap = if right.zh.starts_with(|first: char| first.is_ascii()) { " " } else { "" };
    Some(Words::new(format!("{}{zh}{gap}{}", left.zh, right.zh), format!("{} {en} {}", left.en, right.en)))
}

/// What an expression stands for; `beside` tells which attribute a value is of.
fn term(expr: &Expr, beside: &Expr) -> Option<Words> {
    match expr {
        Expr::Literal(Literal::Long(number)) => Some(Words::same(number.to_string())),
        Expr::Literal(Literal::Bool(flag)) => {
            Some(if *flag { Words::new("真", "true") } else { Words::new("假", "false") })
        }
        Expr::Literal(Literal::EntityUID(uid)) => Some(Words::same(readable(uid))),
        Expr::Literal(Literal::String(value)) => {
            let attribute = path(beside).unwrap_or_default();
            let known = VALUES.iter().find(|(of, text, ..)| *of == attribute && value == text);
            Some(known.map_or_else(
                || Words::new(format!("“{value}”"), format!("\"{value}\"")),
                |(.., zh, en)| Words::new(*zh, *en),
            ))
        }
        Expr::Set(elements) => {
            let elements: Option<Vec<_>> = elements.iter().map(|element| term(element, beside)).collect();
            let elements = elements?;
            let join = |words: fn(&Words) -> &str, by| elements.iter().map(words).collect::<Vec<_>>().join(by);
            Some(Words::new(join(|word| &word.zh, "、"), join(|word| &word.en, ", ")))
        }
        _ => {
            let path = path(expr)?;
            noun(&path).map(|[zh, en]| Words::new(zh, en))
        }
    }
}

fn noun(path: &str) -> Option<[&'static str; 2]> {
    NOUNS.iter().find(|(name, ..)| *name == path).map(|(_, zh, en)| [*zh, *en])
}

/// `principal.subject.kind`
fn path(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Var(Var::Principal) => Some("principal".to_owned()),
        Expr::Var(Var::Resource) => Some("resource".to_owned()),
        Expr::Var(Var::Context) => Some("context".to_owned()),
        Expr::GetAttr { expr, attr } => Some(format!("{}.{attr}", path(expr)?)),
        _ => None,
    }
}
