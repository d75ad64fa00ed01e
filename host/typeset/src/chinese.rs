//! What the typesetter says, for clerks. It says it in English; what comes up often is said in Chinese here, and all
//! else stays as it is.

/// How an English sentence begins, and what stands for that beginning.
const SENTENCES: &[(&str, &str)] = &[
    ("unknown variable: ", "未知变量 "),
    ("dictionary does not contain key ", "数据中没有字段 "),
    ("unknown font family: ", "没有这种字体："),
    ("unclosed delimiter", "括号或引号没有闭合"),
    ("unclosed string", "引号没有闭合"),
    ("unexpected argument: ", "多余的参数 "),
    ("missing argument: ", "缺少参数 "),
    ("file not found (searched at ", "模板中没有这个文件 ("),
    ("failed to load package", "不能使用软件包，请把需要的内容放进模板"),
    ("maximum ", "嵌套过深 "),
    ("no font could be found", "没有可用的字体"),
    ("no font has the character ", "所有字体都没有这个字："),
    ("label ", "标签 "),
    ("expected ", "应为 "),
    ("cannot ", "不能 "),
    ("a transparent colour", "不能使用透明颜色，请改用较浅的颜色"),
    ("a gradient or a tiling", "不能使用渐变或图案填充"),
    ("a dashed line", "不能使用虚线"),
    ("cut-off content (clip)", "不能裁切内容（clip）"),
    ("a seal place that", "印章位置 <seal> 必须完整地位于页面上，且不能旋转"),
    ("a second seal place", "印章位置的名称重复"),
    ("assertion failed", "模板检查没有通过"),
    ("panicked with: ", "模板报告："),
];

pub(crate) fn of(english: &str) -> String {
    for (beginning, chinese) in SENTENCES {
        if let Some(rest) = english.strip_prefix(beginning) {
            // A whole sentence stands for all that follows; a beginning that ends in a blank takes what is named.
            return if beginning.ends_with(' ') { format!("{chinese}{rest}") } else { (*chinese).to_owned() };
        }
    }
    english.to_owned()
}
