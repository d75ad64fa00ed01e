//! A question as it was understood: names that the registry has, numbers with what they may number, and the rest.

use super::{
    canon,
    names::{Found, Names},
};
use crate::Level;

/// What a text says about an address.
#[derive(Debug, Default)]
pub(crate) struct Question {
    /// Names, each with what it may mean.
    pub(crate) names: Vec<Mention>,
    /// Numbers.
    pub(crate) numbers: Vec<Number>,
    /// Characters that were not understood.
    pub(crate) unknown: usize,
    /// Characters in all.
    pub(crate) length: usize,
}

/// A stretch of the text that is a name, or nearly one.
#[derive(Debug)]
pub(crate) struct Mention {
    /// Which names it may be.
    pub(crate) means: Vec<Found>,
}

/// A number, and what it may number.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Number {
    /// As [`canon::part`] writes it.
    pub(crate) value: String,
    /// Levels, the likeliest first.
    pub(crate) of: &'static [Level],
}

/// Characters of a question that are looked at.
pub(crate) const LONGEST: usize = 120;

/// Words that say where something is beside an address, or nothing at all.
const NOISE: &[&str] = &[
    "斜对面",
    "正对面",
    "对面",
    "旁边",
    "附近",
    "隔壁",
    "交叉口",
    "路口",
    "门口",
    "楼上",
    "楼下",
    "后面",
    "前面",
    "里面",
    "左边",
    "右边",
    "位于",
    "地址",
    "住在",
    "送到",
    "靠近",
    "广东省",
    "广东",
    "中国",
    "这里",
    "那里",
    "旁",
    "内",
    "的",
    "在",
    "请",
    "侧",
    "第",
    "-",
    "#",
];

/// What a number is called after, and what it then numbers.
const CALLED: &[(&str, &[Level])] = &[
    ("号楼", &[Level::Building]),
    ("#楼", &[Level::Building]),
    ("号房", &[Level::Room]),
    ("号院", &[Level::Number]),
    ("号大院", &[Level::Number]),
    ("号门牌", &[Level::Number]),
    // What stands in a block of flats has a number too.
    ("号", &[Level::Number, Level::Building, Level::Room]),
    ("#", &[Level::Building, Level::Number]),
    ("栋", &[Level::Building]),
    ("幢", &[Level::Building]),
    ("座", &[Level::Building]),
    ("单元", &[Level::Unit]),
    ("梯", &[Level::Unit]),
    ("室", &[Level::Room]),
    ("房", &[Level::Room]),
    ("户", &[Level::Room]),
    ("楼", &[]),
    ("层", &[]),
];

/// What follows a number that belongs to a name that is not in the registry.
const OF_NAMES: &[&str] = &["路", "街", "巷", "里", "期", "区", "组", "队", "村", "大道", "横", "弄", "米"];

const ANY: &[Level] = &[Level::Number, Level::Room, Level::Building, Level::Unit];
const IN_BUILDING: &[Level] = &[Level::Room, Level::Unit];

// === impl Question ===

impl Question {
    /// Reads a text. What it does not understand it counts.
    pub(crate) fn read(text: &str, names: &Names) -> Self {
        let text: Vec<char> = canon::canonical(text).chars().take(LONGEST).collect();
        let mut free = vec![true; text.len()];
        let mut mentions = Vec::new();
        for (begin, end, means) in names.spot(&text) {
            take(&mut free, begin, end);
            mentions.push(Mention { means });
        }
        let numbers = numbers(&text, &mut free);
        drop_noise(&text, &mut free);
        let unknown = free.iter().filter(|free| **free).count();
        Self { names: mentions, numbers, unknown, length: text.len() }
    }
}

fn take(free: &mut [bool], begin: usize, end: usize) {
    free.iter_mut().skip(begin).take(end.saturating_sub(begin)).for_each(|free| *free = false);
}

/// All numbers outside of names, from left to right.
fn numbers(text: &[char], free: &mut [bool]) -> Vec<Number> {
    let mut numbers = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let run = run(text, free, at);
        if run == 0 {
            at += 1;
            continue;
        }
        let end = at + run;
        let value: String = text.iter().skip(at).take(run).collect();
        let rest: String =
            text.iter().zip(free.iter()).skip(end).take(4).take_while(|(_, f)| **f).map(|(c, _)| *c).collect();
        let next = understand(&value, &rest, &mut numbers);
        if let Some(taken) = next {
            take(free, at, end + taken);
            at = end + taken;
        } else {
            at = end;
        }
    }
    numbers
}

/// How many characters from `at` on are a number: digits, with single letters and dashes.
fn run(text: &[char], free: &[bool], at: usize) -> usize {
    let stretch =
        text.iter().zip(free).skip(at).take_while(|(c, free)| **free && (c.is_ascii_alphanumeric() || **c == '-'));
    let run: Vec<char> = stretch.map(|(c, _)| *c).collect();
    let letters = run.iter().filter(|c| c.is_ascii_alphabetic()).count();
    let begins = run.first().is_some_and(char::is_ascii_alphanumeric);
    // Words in Latin letters are no numbers; `a12` and `b` are.
    let is_number = begins && letters <= 2 && (run.iter().any(char::is_ascii_digit) || run.len() == 1);
    let trailing = run.iter().rev().take_while(|c| **c == '-').count();
    if is_number { run.len() - trailing } else { 0 }
}

/// Adds what a run of digits and dashes, followed by `rest`, says. Returns how many characters of `rest` it took;
/// nothing when the number belongs to something else.
fn understand(value: &str, rest: &str, numbers: &mut Vec<Number>) -> Option<usize> {
    if OF_NAMES.iter().any(|name| rest.starts_with(name)) {
        return None;
    }
    let has_building = numbers.iter().any(|number| number.of.first() == Some(&Level::Building));
    let is_letter = value.chars().all(|c| c.is_ascii_alphabetic());
    let Some((ending, of)) = CALLED.iter().find(|(ending, _)| rest.starts_with(ending)) else {
        if is_letter {
            return None;
        }
        dashed(value, has_building, numbers);
        return Some(0);
    };
    let taken = ending.chars().count();
    match of {
        [] => Some(taken),
        [Level::Number, ..] => {
            let taken = taken + suffix(rest, taken, value, numbers);
            Some(taken)
        }
        [Level::Room] | [Level::Building] if value.contains('-') => {
            before_last(value, of, has_building, numbers);
            Some(taken)
        }
        _ => {
            numbers.push(Number { value: value.to_owned(), of });
            Some(taken)
        }
    }
}

/// `12号之1` and `12号-1` are `12-1`.
fn suffix(rest: &str, taken: usize, value: &str, numbers: &mut Vec<Number>) -> usize {
    let (called, of) = CALLED.iter().find(|(ending, _)| rest.starts_with(ending)).copied().unwrap_or(("", ANY));
    let after: Vec<char> = rest.chars().skip(taken).collect();
    let of = if called == "号" { of } else { &[Level::Number] };
    if let ['之', digit @ '0'..='9', ..] = after.as_slice() {
        numbers.push(Number { value: format!("{value}-{digit}"), of: &[Level::Number] });
        return 2;
    }
    numbers.push(Number { value: value.to_owned(), of });
    0
}

/// Numbers with no word after them: `3-2-501` in a block of flats, `3-501`, `501`.
fn dashed(value: &str, has_building: bool, numbers: &mut Vec<Number>) {
    let parts: Vec<&str> = value.split('-').filter(|part| !part.is_empty()).collect();
    let levels: &[&'static [Level]] = match (parts.len(), has_building) {
        (1, true) => &[IN_BUILDING],
        (1, false) => &[ANY],
        (2, true) => &[&[Level::Unit], &[Level::Room]],
        (2, false) => &[&[Level::Building, Level::Number, Level::Unit], &[Level::Room, Level::Building, Level::Unit]],
        (3, _) => &[&[Level::Building, Level::Number], &[Level::Unit, Level::Building], &[Level::Room]],
        (4, _) => &[&[Level::Number], &[Level::Building], &[Level::Unit], &[Level::Room]],
        _ => &[],
    };
    let read = parts.iter().zip(levels).map(|(part, of)| Number { value: (*part).to_owned(), of });
    numbers.extend(read);
}

/// `3-2-501室` and `12-3栋`: the word is about the last one.
fn before_last(value: &str, of: &'static [Level], has_building: bool, numbers: &mut Vec<Number>) {
    let Some((before, last)) = value.rsplit_once('-') else { return };
    let before: Vec<&str> = before.split('-').filter(|part| !part.is_empty()).collect();
    let levels: &[&'static [Level]] = match (of.first(), before.len(), has_building) {
        (Some(Level::Building), _, _) => &[&[Level::Number]],
        (_, 1, true) => &[&[Level::Unit]],
        (_, 1, false) => &[&[Level::Building, Level::Unit, Level::Number]],
        (_, 2, _) => &[&[Level::Building, Level::Number], &[Level::Unit, Level::Building]],
        _ => &[&[Level::Number], &[Level::Building], &[Level::Unit]],
    };
    let read = before.iter().zip(levels).map(|(part, of)| Number { value: (*part).to_owned(), of });
    numbers.extend(read);
    numbers.push(Number { value: last.to_owned(), of });
}

fn drop_noise(text: &[char], free: &mut [bool]) {
    for at in 0..text.len() {
        for word in NOISE {
            let length = word.chars().count();
            let here = text.iter().zip(free.iter()).skip(at).take(length);
            let is_here =
                here.clone().count() == length && here.zip(word.chars()).all(|((c, free), w)| *free && *c == w);
            if is_here {
                take(free, at, at + length);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers_of(text: &str) -> Vec<(String, Level)> {
        let question = Question::read(text, &Names::default());
        question.numbers.into_iter().map(|number| (number.value, number.of[0])).collect()
    }

    fn expect(text: &str, expected: &[(&str, Level)]) {
        let expected: Vec<_> = expected.iter().map(|(value, level)| ((*value).to_owned(), *level)).collect();
        assert_eq!(numbers_of(text), expected, "{text}");
    }

    #[test]
    fn numbers_are_told_by_what_follows_them() {
        use Level::{Building, Number, Room, Unit};
        expect("12号3栋2单元501室", &[("12", Number), ("3", Building), ("2", Unit), ("501", Room)]);
        expect("十二号三幢二单元五〇一房", &[("12", Number), ("3", Building), ("2", Unit), ("501", Room)]);
        expect("12号A座501", &[("12", Number), ("a", Building), ("501", Room)]);
        expect("3#501", &[("3", Building), ("501", Room)]);
        expect("3-2-501", &[("3", Building), ("2", Unit), ("501", Room)]);
        expect("12号之1", &[("12-1", Number)]);
        expect("12-1号", &[("12-1", Number)]);
        expect("12 3栋", &[("12", Number), ("3", Building)]);
        expect("3栋5楼", &[("3", Building)]);
        expect("3号楼2-501室", &[("3", Building), ("2", Unit), ("501", Room)]);
        expect("不知名1路12号", &[("12", Number)]);
        expect("wtc大厦", &[]);
    }

    #[test]
    fn noise_is_no_unknown_text() {
        let unknown = |text: &str| Question::read(text, &Names::default()).unknown;
        assert_eq!(unknown("12号旁边的"), 0);
        assert_eq!(unknown("12号某某"), 2);
    }

    #[test]
    fn a_long_text_is_read_up_to_a_limit() {
        let question = Question::read(&"某".repeat(10_000), &Names::default());
        assert_eq!(question.length, LONGEST);
    }
}
