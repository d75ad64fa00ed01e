//! One way of writing for what people write in many: the registry's texts and the questions both go through it.

use std::{collections::HashMap, sync::LazyLock};

use unicode_normalization::UnicodeNormalization;

use crate::Level;

/// Simplified by traditional character.
static SIMPLIFIED: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
    let lines = include_str!("../../data/simplified.txt").lines().filter(|line| !line.starts_with('#'));
    let pairs = |line: &'static str| {
        let mut characters = line.chars();
        let simplified = characters.next().unwrap_or_default();
        characters.map(move |traditional| (traditional, simplified))
    };
    lines.flat_map(pairs).collect()
});

/// Half width, simplified, lower case, numerals in Arabic digits, without spaces and punctuation. Between digits, a
/// separator becomes `-`: `12 3栋` is not `123栋`.
pub(crate) fn canonical(text: &str) -> String {
    let folded: Vec<char> =
        text.nfkc().flat_map(char::to_lowercase).map(|c| SIMPLIFIED.get(&c).copied().unwrap_or(c)).collect();
    numerals(&separated(&folded))
}

/// Drops what separates, but keeps a dash where digits would run together.
fn separated(text: &[char]) -> Vec<char> {
    let mut kept: Vec<char> = Vec::with_capacity(text.len());
    let mut separator = false;
    for &c in text {
        if !(c.is_alphanumeric() || c == '#') {
            separator = true;
            continue;
        }
        let joins = |c: char| c.is_ascii_alphanumeric() || numeral(c).is_some();
        if separator && joins(c) && kept.last().is_some_and(|last| joins(*last)) {
            kept.push('-');
        }
        separator = false;
        kept.push(c);
    }
    kept
}

/// What a numeral counts: a digit, or ten and the like.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Numeral {
    Digit(u32),
    Unit(u32),
}

fn numeral(c: char) -> Option<Numeral> {
    Some(match c {
        '零' | '〇' => Numeral::Digit(0),
        '一' | '壹' => Numeral::Digit(1),
        '二' | '贰' => Numeral::Digit(2),
        '三' | '叁' => Numeral::Digit(3),
        '四' | '肆' => Numeral::Digit(4),
        '五' | '伍' => Numeral::Digit(5),
        '六' | '陆' => Numeral::Digit(6),
        '七' | '柒' => Numeral::Digit(7),
        '八' | '捌' => Numeral::Digit(8),
        '九' | '玖' => Numeral::Digit(9),
        '十' | '拾' => Numeral::Unit(10),
        '百' | '佰' => Numeral::Unit(100),
        '千' | '仟' => Numeral::Unit(1000),
        _ => return None,
    })
}

/// Numerals of cheques: alone, and with no word behind them that is numbered, they are a slip or a surname.
const FORMAL: &str = "壹贰叁肆伍陆柒捌玖拾佰仟";

/// What is numbered.
const NUMBERED: &str = "号栋幢座单室房层楼巷路街里组期区";

/// Chinese numerals as digits, wherever they stand: `北江一路十二号` is `北江1路12号`.
fn numerals(text: &[char]) -> String {
    let mut out = String::with_capacity(text.len() * 3);
    let mut run: Vec<char> = Vec::new();
    for &c in text.iter().chain([&' ']) {
        if numeral(c).is_some() {
            run.push(c);
            continue;
        }
        flush(&mut run, c, &mut out);
        out.push(c);
    }
    out.pop();
    out
}

/// Writes what was read as a number, before `next`.
fn flush(run: &mut Vec<char>, next: char, out: &mut String) {
    let numerals: Vec<Numeral> = run.iter().filter_map(|c| numeral(*c)).collect();
    match run.as_slice() {
        [] => {}
        [alone] if FORMAL.contains(*alone) && !NUMBERED.contains(next) => out.push(*alone),
        // 二〇一 is 201.
        _ if numerals.iter().all(|numeral| matches!(numeral, Numeral::Digit(_))) => {
            numerals.iter().for_each(|numeral| out.push_str(&value(std::slice::from_ref(numeral)).to_string()));
        }
        _ => out.push_str(&value(&numerals).to_string()),
    }
    run.clear();
}

/// 一百二十三 is 123, 十二 is 12.
fn value(run: &[Numeral]) -> u32 {
    let (mut total, mut pending) = (0_u32, None);
    for numeral in run {
        match numeral {
            Numeral::Digit(digit) => pending = Some(pending.unwrap_or(0_u32).saturating_mul(10).saturating_add(*digit)),
            Numeral::Unit(unit) => {
                total = total.saturating_add(pending.take().unwrap_or(1).saturating_mul(*unit));
            }
        }
    }
    total.saturating_add(pending.unwrap_or(0))
}

/// Endings of a part that say what it is, not which.
const ENDINGS: [(Level, &[&str]); 4] = [
    (Level::Number, &["号门牌", "号大院", "号院", "号", "#"]),
    (Level::Building, &["号楼", "栋楼", "栋", "幢", "座", "棟", "楼", "#"]),
    (Level::Unit, &["单元", "梯", "门"]),
    (Level::Room, &["号房", "室", "房", "号", "户"]),
];

/// The value of a numbered part: `第12号` is `12`, `三幢` is `3`. Of the others, the canonical text.
pub(crate) fn part(level: Level, text: &str) -> String {
    let mut text = canonical(text);
    if let Some((_, endings)) = ENDINGS.iter().find(|(of, _)| *of == level) {
        if let Some(rest) = text.strip_prefix('第') {
            text = rest.to_owned();
        }
        if let Some(rest) = endings.iter().find_map(|ending| text.strip_suffix(ending)).filter(|rest| !rest.is_empty())
        {
            text = rest.to_owned();
        }
        text = text.replace("号之", "-").replace("之", "-").replace("号-", "-");
    }
    text
}

/// Endings that people leave out of a name.
const SHORTENED: &[&str] = &[
    "街道办事处",
    "街道",
    "社区居委会",
    "居委会",
    "村委会",
    "社区",
    "住宅小区",
    "小区",
    "花园",
    "家园",
    "佳园",
    "豪庭",
    "豪苑",
    "名苑",
    "雅苑",
    "花苑",
    "公馆",
    "名城",
    "雅居",
    "新村",
    "华府",
    "华庭",
    "华苑",
    "名都",
    "山庄",
    "大厦",
    "大楼",
    "广场",
    "公寓",
    "苑",
    "市",
    "区",
    "县",
    "镇",
    "乡",
    "村",
];

/// A name without its ending, if it has one of those and two characters are left.
pub(crate) fn short(name: &str) -> Option<&str> {
    let rest = SHORTENED.iter().find_map(|ending| name.strip_suffix(ending))?;
    (rest.chars().count() >= 2 && rest.chars().any(|c| !c.is_ascii_alphanumeric())).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_the_same_is_written_the_same() {
        for (written, expected) in [
            ("北江一路十二号", "北江1路12号"),
            ("北江 １路１２號", "北江1路12号"),
            ("清遠市清城區鳳城街道", "清远市清城区凤城街道"),
            ("一百二十号，三栋", "120号3栋"),
            ("12 3栋", "12-3栋"),
            ("12号 3栋", "12号3栋"),
            ("A座二〇一室", "a座201室"),
            ("二十 三栋", "20-3栋"),
            ("十栋", "10栋"),
            ("3＃楼", "3#楼"),
            (" ，。", ""),
            ("拾康雁豪庭", "拾康雁豪庭"),
            ("陆家镇壹号院", "陆家镇1号院"),
        ] {
            assert_eq!(canonical(written), expected, "{written}");
        }
    }

    #[test]
    fn a_numbered_part_is_its_number() {
        assert_eq!(part(Level::Number, "第十二号"), "12");
        assert_eq!(part(Level::Number, "12号之1"), "12-1");
        assert_eq!(part(Level::Number, "12-1号"), "12-1");
        assert_eq!(part(Level::Building, "三幢"), "3");
        assert_eq!(part(Level::Building, "3号楼"), "3");
        assert_eq!(part(Level::Building, "A座"), "a");
        assert_eq!(part(Level::Unit, "二单元"), "2");
        assert_eq!(part(Level::Room, "501房"), "501");
        assert_eq!(part(Level::Road, "北江一路"), "北江1路");
    }

    #[test]
    fn a_name_is_shortened_only_to_what_still_is_one() {
        assert_eq!(short("凤城街道"), Some("凤城"));
        assert_eq!(short("碧桂园小区"), Some("碧桂园"));
        assert_eq!(short("东区"), None);
        assert_eq!(short("北江1路"), None);
    }
}
