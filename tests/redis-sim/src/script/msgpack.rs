//! `MessagePack` as scripts speak it.

use mlua::{Error, Lua, Result, Table, Value};

/// Appends a value in the shortest form.
pub(super) fn pack(value: &Value, out: &mut Vec<u8>) -> Result<()> {
    match value {
        Value::Boolean(flag) => out.push(0xc2 + u8::from(*flag)),
        Value::Integer(number) => pack_int(*number, out),
        Value::Number(number) if number.fract() == 0.0 && number.abs() < 9e15 => {
            pack_int(*number as i64, out);
        }
        Value::Number(number) => {
            let single = *number as f32;
            if f64::from(single) == *number {
                out.push(0xca);
                out.extend(single.to_be_bytes());
            } else {
                out.push(0xcb);
                out.extend(number.to_be_bytes());
            }
        }
        Value::String(text) => {
            let text = text.as_bytes();
            pack_len(text.len(), [(31, 0xa0), (0xff, 0xd9)], (0xda, 0xdb), out);
            out.extend_from_slice(&text);
        }
        Value::Table(table) => pack_table(table, out)?,
        _ => out.push(0xc0),
    }
    Ok(())
}

fn pack_table(table: &Table, out: &mut Vec<u8>) -> Result<()> {
    let pairs = table.pairs::<Value, Value>().collect::<Result<Vec<_>>>()?;
    let count = table.raw_len();
    if count == pairs.len() {
        pack_len(count, [(15, 0x90), (0, 0)], (0xdc, 0xdd), out);
        for index in 1..=count {
            pack(&table.raw_get(index)?, out)?;
        }
    } else {
        pack_len(pairs.len(), [(15, 0x80), (0, 0)], (0xde, 0xdf), out);
        for (key, value) in &pairs {
            pack(key, out)?;
            pack(value, out)?;
        }
    }
    Ok(())
}

/// A length: within the tag up to a limit, in one byte after a tag, in two, in four.
fn pack_len(len: usize, short: [(usize, u8); 2], (two, four): (u8, u8), out: &mut Vec<u8>) {
    let [(fixed, tag), (one, one_tag)] = short;
    let bytes = u32::try_from(len).unwrap().to_be_bytes();
    if len <= fixed {
        out.push(tag | bytes[3]);
    } else if len <= one {
        out.extend([one_tag, bytes[3]]);
    } else if len <= 0xffff {
        out.push(two);
        out.extend(&bytes[2..]);
    } else {
        out.push(four);
        out.extend(bytes);
    }
}

fn pack_int(number: i64, out: &mut Vec<u8>) {
    let bytes = number.to_be_bytes();
    let (tag, count) = match number {
        -32..=127 => {
            out.push(bytes[7]);
            return;
        }
        128..=0xff => (0xcc, 1),
        0x100..=0xffff => (0xcd, 2),
        0x1_0000..=0xffff_ffff => (0xce, 4),
        0x1_0000_0000.. => (0xcf, 8),
        -0x80..=-33 => (0xd0, 1),
        -0x8000..=-0x81 => (0xd1, 2),
        -0x8000_0000..=-0x8001 => (0xd2, 4),
        _ => (0xd3, 8),
    };
    out.push(tag);
    out.extend(&bytes[8 - count..]);
}

/// Takes one value from the front.
pub(super) fn unpack(lua: &Lua, rest: &mut &[u8]) -> Result<Value> {
    let tag = take(rest, 1)?[0];
    Ok(match tag {
        0..0x80 => Value::Integer(tag.into()),
        0xe0.. => Value::Integer(tag.cast_signed().into()),
        0x80..0x90 => map(lua, rest, usize::from(tag & 15))?,
        0x90..0xa0 => array(lua, rest, usize::from(tag & 15))?,
        0xa0..0xc0 => string(lua, rest, usize::from(tag & 31))?,
        0xc2 | 0xc3 => Value::Boolean(tag == 0xc3),
        0xca => {
            let bits = u32::try_from(number(rest, 4)?).unwrap();
            Value::Number(f32::from_bits(bits).into())
        }
        0xcb => Value::Number(f64::from_bits(number(rest, 8)?)),
        0xcc..=0xcf => Value::Number(number(rest, 1 << (tag - 0xcc))? as f64),
        0xd0..=0xd3 => {
            let bytes = 1 << (tag - 0xd0);
            // The sign fills the upper bytes.
            let shift = 64 - 8 * bytes;
            let number = (number(rest, bytes)? << shift).cast_signed() >> shift;
            Value::Number(number as f64)
        }
        0xd9..=0xdb => {
            let len = length(rest, 1 << (tag - 0xd9))?;
            string(lua, rest, len)?
        }
        0xdc | 0xdd => {
            let len = length(rest, 2 << (tag - 0xdc))?;
            array(lua, rest, len)?
        }
        0xde | 0xdf => {
            let len = length(rest, 2 << (tag - 0xde))?;
            map(lua, rest, len)?
        }
        _ => Value::Nil,
    })
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Result<&'a [u8]> {
    let missing = || Error::runtime("Missing bytes in input.");
    let (head, tail) = rest.split_at_checked(count).ok_or_else(missing)?;
    *rest = tail;
    Ok(head)
}

fn number(rest: &mut &[u8], bytes: usize) -> Result<u64> {
    let digits = take(rest, bytes)?;
    Ok(digits
        .iter()
        .fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
}

fn length(rest: &mut &[u8], bytes: usize) -> Result<usize> {
    Ok(usize::try_from(number(rest, bytes)?).unwrap())
}

fn string(lua: &Lua, rest: &mut &[u8], len: usize) -> Result<Value> {
    lua.create_string(take(rest, len)?).map(Value::String)
}

fn array(lua: &Lua, rest: &mut &[u8], len: usize) -> Result<Value> {
    let table = lua.create_table_with_capacity(len, 0)?;
    for index in 1..=len {
        table.raw_set(index, unpack(lua, rest)?)?;
    }
    Ok(Value::Table(table))
}

fn map(lua: &Lua, rest: &mut &[u8], len: usize) -> Result<Value> {
    let table = lua.create_table_with_capacity(0, len)?;
    for _ in 0..len {
        let key = unpack(lua, rest)?;
        table.raw_set(key, unpack(lua, rest)?)?;
    }
    Ok(Value::Table(table))
}
