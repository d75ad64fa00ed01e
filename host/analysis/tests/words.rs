//! What people read.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that can't go on must stop")]

mod support;

use support::edit;
use zhongtai_analysis::Lang;

/// Any level above the clearance will do; which one it is, is the solver's choice.
fn without_numbers(text: &str) -> String {
    let mut text = text.to_owned();
    for name in ["budget", "clearance", "level", "price", "数据级别权限", "数据级别"] {
        for number in -9..10 {
            text = text.replace(&format!("{name} {number},"), &format!("{name} N,"));
            text = text.replace(&format!("{name} {number}，"), &format!("{name} N，"));
            text = text.replace(&format!("{name} {number}\n"), &format!("{name} N\n"));
        }
    }
    text
}

#[tokio::test]
async fn a_report_says_in_both_languages_who_could_do_what_and_why() {
    let report = edit(" && resource.level <= principal.clearance", "").await;
    insta::assert_snapshot!(without_numbers(&report.text(Lang::En)), @r"
    1 of 3 policies change. Comparing what they can grant, for every kind of request:
      policy detail (credit/credit.cedar:5) no longer asks  resource.level <= principal.clearance
      credit:read-detail  Caller -> Field
        NEW ACCESS
          someone like:  Caller someone, area 441802, budget N, clearance N, officer true
          asks for:      credit:read-detail on Field some-field, level N, price N
          because:       policy detail (credit/credit.cedar:5) no longer asks  resource.level <= principal.clearance
          today:         denied     with the draft:  allowed     (both replayed)
          as a case:     credit/tests/deny/credit-read-detail-detail.json
        proved: denies nothing new
      2 other kinds of request: proved, nothing new, nothing lost
    Not safe to activate without a named approver.
    ");
    insta::assert_snapshot!(without_numbers(&report.text(Lang::Zh)), @r"
    3 条策略中有 1 条变化。逐类请求比较可能的授权：
      策略 detail (credit/credit.cedar:5) 不再要求 resource.level <= principal.clearance
      credit:read-detail  Caller -> Field
        新增权限
          例如：Caller someone，区划 441802，budget N，数据级别权限 N，officer true
          请求：credit:read-detail，Field some-field，数据级别 N，price N
          原因：策略 detail (credit/credit.cedar:5) 不再要求 resource.level <= principal.clearance
          现在：拒绝；采用草案后：允许（两者均已重放）
          用例：credit/tests/deny/credit-read-detail-detail.json
        已证明：不拒绝原有权限
      其余 2 类请求：已证明，不多也不少
    没有具名批准人不得启用。
    ");
}

#[tokio::test]
async fn a_comparison_is_told_as_it_was_written() {
    let clearance = "resource.level <= principal.clearance";
    let report = edit(clearance, &format!("{clearance} && principal.clearance >= 2 && resource.price != 7")).await;
    let text = report.text(Lang::En);
    assert!(text.contains("now asks  principal.clearance >= 2; now asks  resource.price != 7"), "{text}");
}
