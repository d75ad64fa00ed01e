use std::fmt::Write as _;

use zhongtai_kernel::Effect;

use super::{ConditionView, Explanation, Nearest, PolicyView, Summary};
use crate::{Lang, condition::Truth};

// === impl Explanation ===

impl Explanation {
    /// 为什么被拒绝: one line per condition, true or false, and the nearest permit.
    pub fn render(&self, lang: Lang) -> String {
        let mut text = String::new();
        self.head(lang, &mut text);
        self.request.render(lang, &mut text);
        for error in &self.verdict.errors {
            line(&mut text, &format!("{}: {error}", lang.pick("出错", "error")));
        }
        for view in self.policies.iter().filter(|view| view.decided) {
            text.push('\n');
            view.render(lang, lang.pick("决定", "decided by"), &mut text);
        }
        if let Some(nearest) = &self.nearest {
            text.push('\n');
            nearest.render(lang, &mut text);
        }
        let nearest = self.nearest.as_ref().map(|nearest| &nearest.view.policy);
        let rest = self.policies.iter().filter(|view| !view.decided && nearest != Some(&view.policy));
        for view in rest {
            text.push('\n');
            let label = lang.pick("也看过", "also looked at");
            view.render(lang, label, &mut text);
        }
        text
    }

    fn head(&self, lang: Lang, text: &mut String) {
        let because = match (self.verdict.effect, self.verdict.reasons.as_slice(), &self.verdict.errors) {
            (Effect::Deny, _, errors) if !errors.is_empty() => {
                lang.pick("判断时出错，一律拒绝", "something went wrong while deciding, which always denies")
            }
            (Effect::Deny, [], _) => lang.pick("没有许可适用", "no permit applies"),
            (Effect::Deny, ..) => lang.pick("有禁止适用", "a forbid applies"),
            (Effect::Allow, ..) => lang.pick("有许可适用", "a permit applies"),
        };
        let effect = match self.verdict.effect {
            Effect::Allow => lang.pick("允许", "allowed"),
            Effect::Deny => lang.pick("拒绝", "denied"),
        };
        let mask = self
            .verdict
            .mask
            .map(|mask| lang.pick(format!("，脱敏 {}", mask.as_str()), format!(", masked as {}", mask.as_str())));
        let mask = mask.unwrap_or_default();
        line(text, &lang.pick(format!("{effect}{mask}：{because}"), format!("{effect}{mask}: {because}")));
    }
}

// === impl Summary ===

impl Summary {
    fn render(&self, lang: Lang, text: &mut String) {
        let [action, resource, principal] = lang.pick(["操作", "资源", "主体"], ["action", "resource", "principal"]);
        line(text, &format!("  {action} {}", self.action));
        line(text, &format!("  {resource} {}", self.resource));
        line(text, &format!("  {principal} {}", self.principal));
        for (name, value) in &self.context {
            line(text, &format!("  {name} {value}"));
        }
    }
}

// === impl PolicyView ===

impl PolicyView {
    fn render(&self, lang: Lang, label: &str, text: &mut String) {
        let effect = match self.permits {
            true => lang.pick("许可", "permit"),
            false => lang.pick("禁止", "forbid"),
        };
        line(text, &format!("{label} {effect} {}  {}", self.policy, self.place));
        if let Some(reason) = &self.reason {
            line(text, &format!("  {}", reason.get(lang)));
        }
        if self.conditions.is_empty() {
            line(text, &format!("  {}", lang.pick("没有条件", "no conditions")));
        }
        self.conditions.iter().for_each(|condition| condition.render(lang, 1, text));
    }
}

// === impl ConditionView ===

impl ConditionView {
    fn render(&self, lang: Lang, depth: usize, text: &mut String) {
        let mark = match &self.truth {
            Truth::True => lang.pick("真", "true "),
            Truth::False => lang.pick("假", "false"),
            Truth::Unreached => lang.pick("－", "-    "),
            Truth::Error(_) => lang.pick("错", "error"),
        };
        let indent = "  ".repeat(depth);
        line(text, &format!("{indent}{mark} {}", self.both(lang)));
        if let Truth::Error(problem) = &self.truth {
            line(text, &format!("{indent}  {problem}"));
        }
        self.alternatives.iter().for_each(|alternative| alternative.render(lang, depth + 1, text));
    }

    /// Words, and Cedar's text where that says more.
    fn both(&self, lang: Lang) -> String {
        let words = self.words.get(lang);
        if words == self.cedar || words.contains(&self.cedar) {
            words.to_owned()
        } else {
            format!("{words}  [{}]", self.cedar)
        }
    }
}

// === impl Nearest ===

impl Nearest {
    fn render(&self, lang: Lang, text: &mut String) {
        self.view.render(lang, lang.pick("最接近的", "nearest"), text);
        line(text, lang.pick("  还差：", "  missing:"));
        for (index, missing) in self.missing.iter().enumerate() {
            let number = index + 1;
            line(text, &format!("  {number}. {}", missing.words.get(lang)));
        }
    }
}

fn line(text: &mut String, content: &str) {
    // Writing to a String can't fail.
    let _ = writeln!(text, "{content}");
}
