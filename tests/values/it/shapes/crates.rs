//! Types of other crates.

use bitflags::bitflags;
use bytes::Bytes;
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use indexmap::{IndexMap, IndexSet};
use ndarray::{Array1, Array2, arr1, arr2};
use rust_decimal::Decimal;
use serde_bytes::ByteBuf;
use serde_json::{Map, Number, Value as Json, json};
use smallvec::{SmallVec, smallvec};
use uuid::Uuid;

use super::{equal, exact, shapes};

bitflags! {
    #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
    struct Rights: u32 {
        const READ = 1;
        const WRITE = 2;
        const ALL = 3;
    }
}

pub(super) fn id() -> Uuid {
    Uuid::from_u128(0x67e5_5044_10b1_426f_9247_bb68_0e5f_e0c8)
}

pub(super) fn moment() -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 123_456_789).unwrap()
}

pub(super) fn decimal() -> Decimal {
    Decimal::new(-123_450, 4)
}

fn day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2024, 2, 29).unwrap()
}

shapes! {
    unique_id, "`uuid::Uuid`", key, exact, Uuid, [Uuid::nil(), id(), Uuid::max()];
    date_time, "`chrono::DateTime`", key, exact, DateTime<Utc>, [DateTime::UNIX_EPOCH, moment(), DateTime::<Utc>::MIN_UTC];
    date, "`chrono::NaiveDate`, `NaiveDateTime`", key, exact, (NaiveDate, NaiveDateTime), [(day(), moment().naive_utc())];
    fraction, "`rust_decimal::Decimal`", key further, exact, Decimal, [Decimal::ZERO, decimal(), Decimal::MAX, Decimal::MIN];
    buffer, "`bytes::Bytes`", key, exact, Bytes, [Bytes::new(), Bytes::from_static(b"\0\xff\x80")];
    byte_buf, "`serde_bytes::ByteBuf`", key, exact, ByteBuf, [ByteBuf::new(), ByteBuf::from(vec![0, 255, 128])];
    json, "`serde_json::Value`", hashed further, exact, Json,
        [Json::Null, json!(true), json!(-1), json!(u64::MAX), json!(1.5), json!("text"), json!([1, [null], {}]),
         json!({ "a": { "b": [1, 2.5, "c"] }, "": null })];
    json_map, "`serde_json::Map`", hashed, exact, Map<String, Json>, [Map::new(), json!({ "a": 1, "b": [null] }).as_object().unwrap().clone()];
    json_number, "`serde_json::Number`", hashed, exact, Number, [Number::from(u64::MAX), Number::from(-1), Number::from_f64(0.5).unwrap()];
    vector, "`ndarray::Array1`", value, exact, Array1<f64>, [arr1(&[]), arr1(&[1.0, -0.0, 2.5])];
    matrix, "`ndarray::Array2`", value, exact, Array2<f32>, [arr2(&[[1.0, 2.0], [3.0, 4.0]])];
    index_map, "`indexmap::IndexMap`", value, exact, IndexMap<String, u8>, [[("b".into(), 1), ("a".into(), 2)].into()];
    index_set, "`indexmap::IndexSet`", value, equal, IndexSet<u32>, [[3, 1, 2].into()];
    small_vec, "`smallvec::SmallVec`", key, exact, SmallVec<[u16; 2]>, [smallvec![], smallvec![1, 2], smallvec![1, 2, 3]];
    flags, "`bitflags`", key, exact, Rights, [Rights::empty(), Rights::READ, Rights::ALL];
}
