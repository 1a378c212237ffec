//! The ways of serde to write enums.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{exact, shapes, shown};

macro_rules! plain {
    ($($item:item)+) => {
        $(#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)] $item)+
    };
}

plain! {
    enum Every {
        Unit,
        Newtype(u32),
        Tuple(u8, String),
        Struct { x: i8, y: Option<bool> },
        Empty {},
        Nested(Box<Every>),
    }

    #[serde(rename_all = "snake_case", rename_all_fields = "camelCase")]
    enum Named {
        Primary,
        #[serde(rename = "2nd")]
        SecondOne { inner_field: u8 },
        #[serde(alias = "drei")]
        ThirdOne(u8),
    }

    enum Step {
        Start,
        #[serde(skip)]
        #[allow(dead_code, reason = "it stays in the process")]
        Internal,
        Pay(u32),
        Refund(u32),
    }

    enum Sparse {
        Move {
            #[serde(default, skip_serializing_if = "Option::is_none")]
            from: Option<u8>,
            to: u8,
            #[serde(skip)]
            cost: u8,
        },
        Stay,
    }

    #[serde(untagged)]
    enum Untagged {
        Number(i64),
        Text(String),
        Both { number: i64, text: String },
        List(Vec<Untagged>),
    }

    #[serde(tag = "kind")]
    enum Internal {
        Buy { n: u32, limit: Option<u8> },
        Wrap(Fields),
        Cancel,
    }

    #[serde(tag = "t", content = "c")]
    enum Adjacent {
        Unit,
        Newtype(u32),
        Tuple(u8, String),
        Struct { x: u8 },
        List(Vec<Adjacent>),
    }

    #[serde(tag = "kind")]
    enum Open {
        Known { x: u8 },
        #[serde(other)]
        Unknown,
    }

    enum Mixed {
        Plain(u8),
        Struct { x: u8 },
        #[serde(untagged)]
        Rest(BTreeMap<String, u8>),
    }

    #[serde(tag = "kind", deny_unknown_fields)]
    enum Closed {
        One { x: u8 },
        Two,
    }

    #[serde(try_from = "u8", into = "u8")]
    enum Level {
        Low,
        High,
    }

    struct Fields {
        a: u8,
        b: String,
    }

    #[serde(rename_all = "SCREAMING-KEBAB-CASE")]
    enum Units {
        LeftSide,
        RightSide,
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Measured {
    Heat {
        degrees: f32,
        samples: Vec<f64>,
    },
    Sign {
        letter: char,
        unit: (),
        pair: (u8, i8),
    },
}

impl TryFrom<u8> for Level {
    type Error = &'static str;

    fn try_from(level: u8) -> Result<Self, Self::Error> {
        match level {
            0 => Ok(Self::Low),
            1 => Ok(Self::High),
            _ => Err("there are two levels"),
        }
    }
}

impl From<Level> for u8 {
    fn from(level: Level) -> Self {
        match level {
            Level::Low => 0,
            Level::High => 1,
        }
    }
}

fn fields() -> Fields {
    Fields {
        a: 1,
        b: "b".into(),
    }
}

shapes! {
    every, "enum with every kind of variant", key, exact, Every,
        [Every::Unit, Every::Newtype(7), Every::Tuple(1, "t".into()), Every::Struct { x: -1, y: None }, Every::Empty {},
         Every::Nested(Box::new(Every::Nested(Box::new(Every::Unit))))];
    units, "enum of units, `rename_all`", key, exact, Units, [Units::LeftSide, Units::RightSide];
    named, "`rename`, `alias` of variants, `rename_all_fields`", key, exact, Named,
        [Named::Primary, Named::SecondOne { inner_field: 1 }, Named::ThirdOne(3)];
    step, "`skip` of a variant", key further, exact, Step, [Step::Start, Step::Pay(7), Step::Refund(7)];
    sparse, "`skip` and `skip_serializing_if` in a variant", key, exact, Sparse,
        [Sparse::Move { from: None, to: 1, cost: 0 }, Sparse::Move { from: Some(1), to: 2, cost: 0 }, Sparse::Stay];
    untagged, "`untagged`", key, exact, Untagged,
        [Untagged::Number(-7), Untagged::Text("7".into()), Untagged::Both { number: 1, text: "t".into() },
         Untagged::List(vec![Untagged::Number(1), Untagged::List(vec![])])];
    internal, "internally tagged", key further, exact, Internal,
        [Internal::Buy { n: 1, limit: None }, Internal::Wrap(fields()), Internal::Cancel, Internal::Buy { n: u32::MAX, limit: Some(0) }];
    adjacent, "adjacently tagged", key further, exact, Adjacent,
        [Adjacent::Unit, Adjacent::Newtype(1), Adjacent::Tuple(1, "t".into()), Adjacent::Struct { x: 1 },
         Adjacent::List(vec![Adjacent::Unit, Adjacent::Newtype(0)])];
    open, "`other`", key, exact, Open, [Open::Known { x: 1 }, Open::Unknown];
    mixed, "`untagged` of a variant", hashed, exact, Mixed,
        [Mixed::Plain(1), Mixed::Struct { x: 1 }, Mixed::Rest([("a".into(), 1), ("b".into(), 2)].into())];
    closed, "tagged, `deny_unknown_fields`", key, exact, Closed, [Closed::One { x: 1 }, Closed::Two];
    level, "`try_from` of an enum", key, exact, Level, [Level::Low, Level::High];
    measured, "floats, letters and units in a tagged enum", value, shown, Measured,
        [Measured::Heat { degrees: f32::NAN, samples: vec![-0.0, f64::INFINITY] }, Measured::Heat { degrees: 0.1, samples: vec![] },
         Measured::Sign { letter: 'ß', unit: (), pair: (1, -1) }];
}
