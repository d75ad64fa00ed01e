//! A whole report as text.

use std::fmt::Write as _;

use crate::{Lang, Outcome, Presence, Report, RequestOutcome, Words};

// === impl Report ===

impl Report {
    /// The whole report for people, in one language.
    pub fn text(&self, lang: Lang) -> String {
        let mut text = self.head().get(lang).to_owned();
        for change in &self.changed {
            push(&mut text, 1, change.words().get(lang));
        }
        for change in &self.declared {
            push(&mut text, 1, change.words().get(lang));
        }
        for request in self.requests.iter().filter(|request| !request.is_untouched()) {
            request.write(lang, &mut text);
        }
        let untouched = self.requests.iter().filter(|request| request.is_untouched()).count();
        let rest = Words::new(
            format!("其余 {untouched} 类请求：已证明，不多也不少"),
            format!("{untouched} other kinds of request: proved, nothing new, nothing lost"),
        );
        push(&mut text, 1, rest.get(lang));
        if let Some(reason) = &self.stopped {
            let stopped = Words::new(format!("分析提前结束：{}", reason.zh), format!("ended early: {}", reason.en));
            push(&mut text, 0, stopped.get(lang));
        }
        push(&mut text, 0, self.verdict().get(lang));
        text.push('\n');
        text
    }

    fn head(&self) -> Words {
        let (changed, all) = (self.changed.len(), self.policies);
        Words::new(
            format!("{all} 条策略中有 {changed} 条变化。逐类请求比较可能的授权："),
            format!("{changed} of {all} policies change. Comparing what they can grant, for every kind of request:"),
        )
    }

    fn verdict(&self) -> Words {
        if self.is_equivalent() {
            Words::new("已证明两套策略等价。", "Proved: both sets decide alike.")
        } else if self.is_proved_safe() {
            Words::new("已证明：草案不授予任何新权限。", "Proved: the draft grants nothing new.")
        } else {
            Words::new("没有具名批准人不得启用。", "Not safe to activate without a named approver.")
        }
    }
}

// === impl RequestOutcome ===

impl RequestOutcome {
    fn is_untouched(&self) -> bool {
        self.presence == Presence::Both && self.grants.is_proved() && self.denies.is_proved()
    }

    fn write(&self, lang: Lang, text: &mut String) {
        let presence = match self.presence {
            Presence::Both => Words::new("", ""),
            Presence::Added => Words::new("（新增）", "  (new)"),
            Presence::Removed => Words::new("（移除）", "  (gone)"),
        };
        let kind = format!("{}  {} -> {}", self.kind.action, self.kind.principal, self.kind.resource);
        push(text, 1, &format!("{kind}{}", presence.get(lang)));
        let [granted, lost] = [
            (Words::new("新增权限", "NEW ACCESS"), Words::new("不授予新权限", "grants nothing new")),
            (Words::new("失去权限", "LOST ACCESS"), Words::new("不拒绝原有权限", "denies nothing new")),
        ];
        self.grants.write(&granted, lang, text);
        self.denies.write(&lost, lang, text);
    }
}

// === impl Outcome ===

impl Outcome {
    fn write(&self, (found, claim): &(Words, Words), lang: Lang, text: &mut String) {
        let claim = claim.get(lang);
        let word = |proved: Words| format!("{}{}{claim}", proved.get(lang), lang.pick("：", ": "));
        match self {
            Self::Proved => push(text, 2, &word(Words::new("已证明", "proved"))),
            Self::Unknown { reason } => {
                push(text, 2, &format!("{} ({})", word(Words::new("未知", "unknown")), reason.get(lang)));
            }
            Self::Unsupported { reason } => {
                push(text, 2, &format!("{} ({})", word(Words::new("不支持", "unsupported")), reason.get(lang)));
            }
            Self::Counterexample(example) => {
                push(text, 2, found.get(lang));
                example.words.iter().for_each(|line| push(text, 3, line.get(lang)));
            }
        }
    }
}

fn push(text: &mut String, depth: usize, line: &str) {
    // Writing to a String can't fail.
    let _ = write!(text, "\n{}{line}", "  ".repeat(depth));
}
