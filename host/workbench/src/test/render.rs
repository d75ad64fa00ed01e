use std::fmt::Write as _;

use zhongtai_kernel::{Effect, Mask};

use super::{Failure, Mutation, Outcome, PolicyCoverage, Share, TestReport};
use crate::Lang;

// === impl TestReport ===

impl TestReport {
    /// The report as people read it: failures first, then what no case reaches, then what none would notice.
    pub fn render(&self, lang: Lang) -> String {
        let mut text = String::new();
        for failure in &self.failures {
            failure.render(lang, &mut text);
        }
        self.policies.iter().for_each(|policy| policy.render(lang, &mut text));
        self.mutation.render(lang, &mut text);
        // Writing to a String can't fail.
        let _ = writeln!(text, "{}", self.summary(lang));
        text
    }

    /// One line.
    pub fn summary(&self, lang: Lang) -> String {
        let (cases, failed) = (self.cases, self.failures.len());
        let share = |Share { some, all }: Share| format!("{some}/{all}");
        let (policies, conditions) = (share(self.policies_decided()), share(self.conditions_seen()));
        let (killed, tried, percent) = (self.mutation.killed, self.mutation.tried, self.mutation.percent());
        lang.pick(
            format!(
                "用例 {cases} 个，失败 {failed} 个；策略 {policies} 起过作用；条件真假 {conditions} 出现过；变异 {killed}/{tried} 被发现（{percent}%）"
            ),
            format!(
                "{cases} cases, {failed} failed; {policies} policies decided a case; {conditions} truth values seen; \
                 {killed}/{tried} mutants noticed ({percent} %)"
            ),
        )
    }
}

// === impl Failure ===

impl Failure {
    fn render(&self, lang: Lang, text: &mut String) {
        let Self { path, title, .. } = self;
        let expected = outcome(lang, self.expected, self.mask);
        let _ = match &self.outcome {
            Outcome::CannotBeAsked(problem) => {
                writeln!(text, "{} {path}\n  {title}\n  {}", lang.pick("失败", "FAILED"), cannot(lang, problem))
            }
            Outcome::Verdict(verdict) => {
                let found = outcome(lang, verdict.effect, verdict.mask);
                let reasons = match verdict.reasons.as_slice() {
                    [] => lang.pick("没有策略适用", "no policy applies").to_owned(),
                    reasons => reasons.join(", "),
                };
                let label = lang.pick("失败", "FAILED");
                let line = lang.pick(
                    format!("应为{expected}，实为{found}：{reasons}"),
                    format!("expected {expected}, found {found}: {reasons}"),
                );
                writeln!(text, "{label} {path}\n  {title}\n  {line}")
            }
        };
        if let Outcome::Verdict(verdict) = &self.outcome {
            for error in &verdict.errors {
                let _ = writeln!(text, "  {}: {error}", lang.pick("出错", "error"));
            }
        }
    }
}

fn cannot(lang: Lang, problem: &str) -> String {
    lang.pick(format!("这个用例无法提问：{problem}"), format!("this case can't be asked: {problem}"))
}

fn outcome(lang: Lang, effect: Effect, mask: Option<Mask>) -> String {
    let word = match effect {
        Effect::Allow => lang.pick("允许", "allow"),
        Effect::Deny => lang.pick("拒绝", "deny"),
    };
    match mask {
        Some(mask) => {
            lang.pick(format!("{word}（脱敏 {}）", mask.as_str()), format!("{word} masked as {}", mask.as_str()))
        }
        None => word.to_owned(),
    }
}

// === impl PolicyCoverage ===

impl PolicyCoverage {
    /// Says only what is missing.
    fn render(&self, lang: Lang, text: &mut String) {
        let Self { policy, place, .. } = self;
        if self.matched == 0 {
            let line = lang.pick("没有用例在其范围之内", "no case is within its scope");
            let _ = writeln!(text, "{place} {policy}: {line}");
            return;
        }
        if self.decided == 0 {
            let line = lang.pick("从未决定过任何用例", "decided no case");
            let _ = writeln!(text, "{place} {policy}: {line}");
        }
        for condition in &self.conditions {
            let line = match (condition.met, condition.unmet) {
                (0, 0) => lang.pick("从未能判断", "could never be told"),
                (0, _) => lang.pick("从未满足过", "was never met"),
                (_, 0) => lang.pick("从未不满足过", "was never unmet"),
                _ => continue,
            };
            let _ = writeln!(text, "{} {policy}: `{}` {line}", condition.place, condition.cedar);
        }
    }
}

// === impl Mutation ===

impl Mutation {
    fn render(&self, lang: Lang, text: &mut String) {
        for survivor in &self.survivors {
            let change = survivor.change.get(lang);
            let missing = survivor.missing.get(lang);
            let line = lang.pick(
                format!("{change}，没有用例发现；{missing}"),
                format!("{change}: no case notices; write {missing}"),
            );
            let _ = writeln!(text, "{} {}: {line}", survivor.place, survivor.policy);
        }
    }
}
