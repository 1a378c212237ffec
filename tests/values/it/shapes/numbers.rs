//! Numbers, and what is as plain as they are.

use std::cmp::Reverse;
use std::num::{NonZeroI16, NonZeroU32, Saturating, Wrapping};

use super::{equal, exact, shapes, shown};

type Unsigned = (u8, u16, u32, u64, usize);
type Signed = (i8, i16, i32, i64, isize);
type NonZero = (NonZeroU32, NonZeroI16, Option<NonZeroU32>);

const QUIET: f64 = f64::NAN;

shapes! {
    unsigned, "`u8` … `u64`, `usize`", key further, exact, Unsigned,
        [(0, 0, 0, 0, 0), (1, 200, 70_000, 1 << 40, 7), (u8::MAX, u16::MAX, u32::MAX, u64::MAX, usize::MAX)];
    signed, "`i8` … `i64`, `isize`", key, exact, Signed,
        [(-1, -1, -1, -1, -1), (-33, -200, -70_000, -1 << 40, 0), (i8::MIN, i16::MIN, i32::MIN, i64::MIN, isize::MIN),
         (i8::MAX, i16::MAX, i32::MAX, i64::MAX, isize::MAX)];
    plain_u64, "`u64` alone", key atomic, exact, u64, [0, 1, u64::MAX];
    plain_i64, "`i64` alone", key atomic, exact, i64, [0, -1, i64::MIN, i64::MAX];
    wide_unsigned, "`u128`", key atomic, exact, u128, [0, 1, 1 << 64, u128::MAX];
    wide_signed, "`i128`", key atomic, exact, i128, [0, -1, i128::MIN, i128::MAX, 1 << 100, -1 << 63];
    wide_in_a_list, "`Vec<u128>`, `Option<i128>`", key, exact, (Vec<u128>, Option<i128>),
        [(vec![u128::MAX, 3], Some(i128::MIN)), (vec![], None)];
    single, "`f32`", value atomic, shown, f32,
        [0.0, -0.0, 1.5, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MIN_POSITIVE / 2.0, f32::MAX, 0.1];
    double, "`f64`", value atomic, shown, f64,
        [0.0, -0.0, 1.5, QUIET, f64::INFINITY, f64::NEG_INFINITY, f64::MIN_POSITIVE / 2.0, f64::MAX, 0.1, 1e300, 3.0];
    doubles, "`Vec<f64>`", value, shown, Vec<f64>, [vec![], vec![-0.0, QUIET, f64::INFINITY, 1.0, 0.1]];
    truth, "`bool`", key atomic, exact, bool, [true, false];
    letter, "`char`", key atomic, exact, char, ['a', '\0', 'ß', '\u{10ffff}'];
    text, "`String`", key further, exact, String,
        [String::new(), "text".into(), "Grüße\0\n\u{10ffff}".into(), "x".repeat(300), "7".into(), "null".into()];
    non_zero, "`NonZero`", key, exact, NonZero,
        [(NonZeroU32::MIN, NonZeroI16::MIN, None), (NonZeroU32::MAX, NonZeroI16::MAX, Some(NonZeroU32::MIN))];
    wrapping, "`Wrapping`, `Saturating`", key, exact, (Wrapping<u8>, Saturating<i8>), [(Wrapping(255), Saturating(-128))];
    reverse, "`Reverse`", key, exact, Reverse<u32>, [Reverse(0), Reverse(u32::MAX)];
    unit, "`()`", key, exact, (), [()];
    lengths, "texts of every kind of length", hashed, equal, Vec<String>,
        [[0, 31, 32, 255, 256, 65_535, 65_536].map(|length| "y".repeat(length)).to_vec()];
}
