//! The characters that names are made of, and how people get them wrong.

/// What names begin with and go on with: places, plants, weather, wishes.
pub(super) const SYLLABLES: &str = "凤云龙翠金银锦玉明清新兴华丰义乐庆宝广阳荣莲兰湾岗岭桥鹏鹤鸿鸣凯万创达远运进钟铁铜长陆顺飞马骏鱼鲤\
麦黄齐观贤贵辉农叶启围坝坛学宁宾实岛峡庙庄开归怀时显晓杨松枫栋树标桂汇汉沟泽洁济涛润涌渔滨潇灵爱环珑画矿离穗竹红纬绍\
经绿维罗联胜芦苏营蓝虾誉诚语跃轮里钓东西南北中上下前大小高平福禄寿喜安康泰和顺昌盛景春夏秋冬梅荷菊柳榕樟杉桃李杏梨柚橘\
茶稻禾谷米石岩沙泥水泉溪河江海湖塘池井洲堤岸田坡坪坑山峰林森木花草香月星日光霞露雪雨风晨夕朝暮青白紫朱赤碧丹墨文武礼智\
信仁忠孝廉和睦友善美佳嘉祥瑞吉利富裕丽雅静幽怡悦欣欢笑乔梁柏桐槐楠枣榆柿葵蓉芳芬蕙芝菱藕蒲苇鹭雁燕鹊莺雀鸥鹿象狮虎牛羊";

/// Characters with the same or nearly the same sound: what an input method offers next to the right one.
const SOUNDS: &[&str] = &[
    "凤风丰峰枫",
    "清青轻",
    "源园圆元原",
    "塘堂唐糖",
    "湖胡狐葫",
    "龙隆珑",
    "荷河和禾合",
    "石时实拾",
    "金锦津",
    "明名鸣铭",
    "新欣星馨",
    "华花画桦",
    "安岸按",
    "桥乔侨",
    "岭领玲灵",
    "东冬栋",
    "阳洋羊杨扬",
    "景井京",
    "福富付",
    "佳家嘉",
    "城成诚程",
    "里李理",
    "兰蓝岚",
    "莲连联涟",
    "竹烛逐",
    "梅美媒",
    "林琳临霖",
    "山珊衫杉",
    "溪西夕惜",
    "柏白百",
    "鱼渔榆雨",
    "月悦跃粤",
    "晓小笑",
    "平坪萍苹",
    "泉全权",
    "胜盛圣",
    "达大答",
    "池迟持",
    "松嵩淞",
    "春椿纯",
    "海亥",
    "香乡湘",
    "光广",
    "贤闲弦",
    "桃涛陶",
    "怡宜仪",
    "朝潮",
    "庆沁",
    "康糠",
    "泰太态",
    "昌常长",
    "红鸿宏虹",
    "玉裕誉域",
    "万湾",
    "岗冈刚",
    "宝保堡",
    "学雪",
    "泽择则",
    "文纹闻",
    "瑞锐睿",
    "芳方坊",
    "雁燕艳",
    "鹏朋棚",
    "江姜疆",
    "田甜恬",
    "利力丽立",
    "坑吭",
    "沙莎纱",
    "水谁",
    "永咏泳",
    "翠脆粹",
    "云芸匀",
    "银吟寅",
    "兴星幸",
    "义意艺",
    "乐悦",
    "荣容蓉榕",
    "马码玛",
    "麦卖脉",
    "辉晖灰",
    "宁凝",
    "绿律",
    "苏酥",
    "谷古鼓",
];

/// Characters that look alike: what a clerk copies wrong from a paper.
const SHAPES: &[&str] = &[
    "塘糖搪",
    "湖潮",
    "清情晴",
    "桃挑",
    "江汪",
    "村材杆",
    "林材",
    "白自百",
    "田由甲",
    "石右古",
    "大太犬",
    "日曰目",
    "土士",
    "未末",
    "東束",
    "凤风",
    "洲州",
    "岗岚",
    "坪坏",
    "坑坊",
    "泉皇",
    "泽译",
    "涛铸",
    "滨宾",
    "梅海",
    "柳抑",
    "杨扬",
    "枫讽",
    "桥娇",
    "岭岑",
    "银根",
    "铜钢",
    "明朋",
    "晓晚",
    "春舂",
    "荣荣菜",
    "莲连",
    "蓝篮",
    "青责",
    "禾木",
    "米来",
    "井并",
    "月用",
    "鸣呜",
    "鸟乌",
    "贤坚",
    "学字",
    "宝宅",
    "安女",
    "富宫",
];

/// Simplified characters of names and of the words around them, each with its traditional form.
const TRADITIONAL: &str = "凤鳳云雲龙龍锦錦兴興华華丰豐义義乐樂庆慶宝寶广廣阳陽荣榮莲蓮兰蘭湾灣岗崗岭嶺桥橋鹏鵬鹤鶴鸿鴻鸣鳴凯凱万萬创創\
达達远遠运運进進钟鐘铁鐵铜銅长長陆陸顺順飞飛马馬骏駿鱼魚鲤鯉麦麥黄黃齐齊观觀贤賢贵貴辉輝农農叶葉启啟围圍坝壩坛壇学學宁寧宾賓\
实實岛島峡峽庙廟庄莊开開归歸怀懷时時显顯晓曉杨楊枫楓栋棟树樹标標汇匯汉漢沟溝泽澤洁潔济濟涛濤润潤涌湧渔漁滨濱潇瀟灵靈爱愛环環\
珑瓏画畫矿礦离離红紅纬緯绍紹经經绿綠维維罗羅联聯胜勝芦蘆苏蘇营營蓝藍虾蝦誉譽诚誠语語跃躍轮輪钓釣东東礼禮丽麗静靜欢歡乔喬苇葦\
鹭鷺鹊鵲莺鶯鸥鷗狮獅银銀园園区區镇鎮号號楼樓单單号號门門号號层層厦廈广廣场場厂廠苑苑际際寿壽泾涇柿柿级級团團队隊岚嵐枣棗户戶";

/// Another character that somebody may write for it, by sound or by look.
pub(super) fn mistaken(character: char, by_look: bool) -> impl Iterator<Item = char> {
    let groups = if by_look { SHAPES } else { SOUNDS };
    let group = groups.iter().filter(move |group| group.contains(character));
    group.flat_map(|group| group.chars()).filter(move |other| *other != character)
}

/// Its traditional form, where that is another character.
pub(super) fn traditional(character: char) -> Option<char> {
    let mut pairs = TRADITIONAL.chars();
    while let (Some(simplified), Some(other)) = (pairs.next(), pairs.next()) {
        if simplified == character && other != character {
            return Some(other);
        }
    }
    None
}

/// A number as one writes it out: 一百二十, 三千零五. Below 10,000.
pub(super) fn counted(number: u32) -> String {
    if number == 0 {
        return "零".to_owned();
    }
    let mut text = String::new();
    let mut gap = false;
    for (unit, name) in [(1_000, "千"), (100, "百"), (10, "十"), (1, "")] {
        let digit = number / unit % 10;
        if digit == 0 {
            gap = !text.is_empty();
            continue;
        }
        if gap {
            text.push('零');
            gap = false;
        }
        // 十二, not 一十二, at the beginning.
        if !(digit == 1 && unit == 10 && text.is_empty()) {
            text.extend(DIGITS.chars().nth(digit as usize));
        }
        text.push_str(name);
    }
    text
}

/// A number digit by digit: 二〇一.
pub(super) fn spelt(number: u32) -> String {
    number.to_string().chars().filter_map(|digit| DIGITS.chars().nth(digit.to_digit(10)? as usize)).collect()
}

const DIGITS: &str = "〇一二三四五六七八九";

/// Digits, letters and marks in full width (U+FF01 to U+FF5E).
pub(super) fn full_width(text: &str) -> String {
    let wide = |character: char| match character {
        ' ' => '\u{3000}',
        '!'..='~' => char::from_u32(u32::from(character) + 0xFEE0).unwrap_or(character),
        other => other,
    };
    text.chars().map(wide).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_people_count() {
        let cases = [
            (1, "一"),
            (10, "十"),
            (12, "十二"),
            (20, "二十"),
            (105, "一百零五"),
            (110, "一百一十"),
            (120, "一百二十"),
            (1_005, "一千零五"),
            (1_050, "一千零五十"),
            (2_026, "二千零二十六"),
        ];
        for (number, text) in cases {
            assert_eq!(counted(number), text);
        }
        assert_eq!(spelt(2_010), "二〇一〇");
        assert_eq!(full_width("3栋A座-201"), "３栋Ａ座－２０１");
    }

    #[test]
    fn the_table_of_traditional_characters_is_made_of_pairs() {
        assert_eq!(TRADITIONAL.chars().count() % 2, 0);
        assert_eq!(traditional('凤'), Some('鳳'));
        assert_eq!(traditional('镇'), Some('鎮'));
        assert_eq!(traditional('苑'), None);
        // Every simplified character of a name is written right, or has no other form.
        for pair in ["龙龍", "楼樓", "号號", "单單", "栋棟"] {
            let mut pair = pair.chars();
            assert_eq!(pair.next().and_then(traditional), pair.next());
        }
    }
}
