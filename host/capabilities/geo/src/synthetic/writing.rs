//! How an address is written down: as the standard has it, or in one of the ways that people have.

use super::{
    characters::{counted, spelt},
    places::Parts,
};

/// How numbers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Numerals {
    /// 120
    Digits,
    /// 一百二十, and 二〇一 for a room
    Chinese,
}

/// The words of one way to write.
#[derive(Debug, Clone, Copy)]
pub(super) struct Writing {
    pub(super) numerals: Numerals,
    /// Instead of the word that the estate uses.
    pub(super) building: Option<&'static str>,
    pub(super) unit: &'static str,
    pub(super) room: Option<&'static str>,
}

/// An address in three pieces: area, road with house number, estate with building and room.
#[derive(Debug, Clone, Default)]
pub(super) struct Pieces {
    pub(super) area: Vec<String>,
    pub(super) street: Vec<String>,
    pub(super) estate: Vec<String>,
}

// === impl Writing ===

impl Writing {
    pub(super) const STANDARD: Self = Self { numerals: Numerals::Digits, building: None, unit: "单元", room: None };

    pub(super) fn pieces(self, parts: &Parts) -> Pieces {
        Pieces { area: area(parts), street: self.street(parts), estate: self.estate(parts) }
    }

    fn street(self, parts: &Parts) -> Vec<String> {
        let lane = parts.lane.map(|lane| match self.numerals {
            // The standard name of a lane is in Chinese numerals; otherwise it would be the other way round.
            Numerals::Digits if self.is_standard() => format!("{}巷", counted(lane)),
            Numerals::Digits => format!("{lane}巷"),
            Numerals::Chinese => format!("{}巷", counted(lane)),
        });
        let number = parts.number.map(|number| format!("{}号", self.count(number)));
        parts.road.clone().into_iter().chain(lane).chain(number).collect()
    }

    fn estate(self, parts: &Parts) -> Vec<String> {
        let building =
            parts.building.map(|(number, word)| format!("{}{}", self.count(number), self.building.unwrap_or(word)));
        let unit = parts.unit.map(|unit| format!("{}{}", self.count(unit), self.unit));
        let room = parts.room.map(|(room, word)| {
            let number = if self.numerals == Numerals::Chinese { spelt(room) } else { room.to_string() };
            format!("{number}{}", self.room.unwrap_or(word))
        });
        parts.estate.clone().into_iter().chain(building).chain(unit).chain(room).collect()
    }

    fn count(self, number: u32) -> String {
        match self.numerals {
            Numerals::Digits => number.to_string(),
            Numerals::Chinese => counted(number),
        }
    }

    fn is_standard(self) -> bool {
        self.building.is_none() && self.room.is_none()
    }
}

fn area(parts: &Parts) -> Vec<String> {
    [&parts.city, &parts.district, &parts.town, &parts.community]
        .into_iter()
        .filter(|part| !part.is_empty())
        .cloned()
        .collect()
}

// === impl Pieces ===

impl Pieces {
    /// All of it, the largest part first.
    pub(super) fn in_order(&self) -> Vec<String> {
        [&self.area, &self.street, &self.estate].into_iter().flatten().cloned().collect()
    }

    pub(super) fn text(&self) -> String {
        self.in_order().concat()
    }
}

// === impl Parts ===

impl Parts {
    /// The standard text, such as 清远市清城区凤城街道城西社区翠湖路12号龙泉花园3栋2单元501房.
    pub fn text(&self) -> String {
        Writing::STANDARD.pieces(self).text()
    }
}
