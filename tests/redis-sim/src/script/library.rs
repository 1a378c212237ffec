//! The libraries of scripts that are not Lua's own: `cmsgpack`, `struct`, `bit` and `sha1hex`.

use mlua::{Function, Lua, LuaString, MultiValue, Result, Table, Value, Variadic};
use sha1_smol::Sha1;

use super::msgpack;

/// The libraries by name.
pub(super) fn tables(lua: &Lua) -> Result<Table> {
    let format: Function = lua.globals().get::<Table>("string")?.get("format")?;
    lua.set_named_registry_value("format", format)?;

    let cmsgpack = lua.create_table()?;
    cmsgpack.set(
        "pack",
        lua.create_function(|lua, values: Variadic<Value>| {
            let mut bytes = Vec::new();
            for value in &*values {
                msgpack::pack(value, &mut bytes)?;
            }
            lua.create_string(bytes)
        })?,
    )?;
    cmsgpack.set(
        "unpack",
        lua.create_function(|lua, bytes: LuaString| {
            let bytes = bytes.as_bytes();
            let mut rest = &bytes[..];
            let mut values = MultiValue::new();
            while !rest.is_empty() {
                values.push_back(msgpack::unpack(lua, &mut rest)?);
            }
            Ok(values)
        })?,
    )?;

    let bit = lua.create_table()?;
    bit.set("band", bits(lua, |a, b| a & b)?)?;
    bit.set("bor", bits(lua, |a, b| a | b)?)?;
    bit.set("bxor", bits(lua, |a, b| a ^ b)?)?;
    bit.set("lshift", bits(lua, |a, by| a << (by & 31))?)?;
    bit.set(
        "rshift",
        bits(lua, |a, by| (a.cast_unsigned() >> (by & 31)).cast_signed())?,
    )?;

    let structs = lua.create_table()?;
    structs.set("pack", lua.create_function(pack)?)?;
    structs.set("unpack", lua.create_function(unpack)?)?;

    let sha1hex =
        lua.create_function(|_, text: LuaString| Ok(Sha1::from(&text.as_bytes()[..]).hexdigest()))?;
    let tables = lua.create_table()?;
    tables.set("cmsgpack", cmsgpack)?;
    tables.set("struct", structs)?;
    tables.set("bit", bit)?;
    tables.set("sha1hex", sha1hex)?;
    Ok(tables)
}

/// An operation on the lowest 32 bits of its operands, whose result is signed.
fn bits(lua: &Lua, operation: fn(i32, i32) -> i32) -> Result<Function> {
    lua.create_function(move |_, operands: Variadic<f64>| {
        let wrapped = operands.iter().map(|operand| *operand as i64 as i32);
        Ok(f64::from(wrapped.reduce(operation).unwrap_or_default()))
    })
}

/// One place of a `struct` format.
enum Place {
    Float,
    Double,
    Whole { signed: bool, bytes: usize },
}

/// The places of a format, and whether the lowest byte comes first.
fn places(format: &LuaString) -> Result<(bool, Vec<Place>)> {
    let format = format.to_string_lossy();
    let mut little = true;
    let mut places = Vec::new();
    let mut letters = format.chars().peekable();
    while let Some(letter) = letters.next() {
        let mut digits = String::new();
        while let Some(digit) = letters.next_if(char::is_ascii_digit) {
            digits.push(digit);
        }
        let whole = |signed, bytes| Place::Whole { signed, bytes };
        places.push(match letter {
            '<' | '>' => {
                little = letter == '<';
                continue;
            }
            'f' => Place::Float,
            'd' => Place::Double,
            'b' => whole(true, 1),
            'B' => whole(false, 1),
            'h' => whole(true, 2),
            'H' => whole(false, 2),
            'l' => whole(true, 8),
            'L' => whole(false, 8),
            'i' | 'I' => whole(letter == 'i', digits.parse().unwrap_or(4)),
            other => return Err(mlua::Error::runtime(format!("invalid format {other:?}"))),
        });
    }
    Ok((little, places))
}

fn pack(lua: &Lua, (format, values): (LuaString, Variadic<f64>)) -> Result<LuaString> {
    let (little, places) = places(&format)?;
    let mut packed = Vec::new();
    for (place, value) in places.iter().zip(values.iter()) {
        let mut bytes = match place {
            Place::Float => (*value as f32).to_le_bytes().to_vec(),
            Place::Double => value.to_le_bytes().to_vec(),
            Place::Whole { bytes, .. } => (*value as i64).to_le_bytes()[..*bytes].to_vec(),
        };
        if !little {
            bytes.reverse();
        }
        packed.extend(bytes);
    }
    lua.create_string(packed)
}

fn unpack(_: &Lua, (format, packed): (LuaString, LuaString)) -> Result<Variadic<f64>> {
    let (little, places) = places(&format)?;
    let packed = packed.as_bytes();
    let mut rest = &packed[..];
    let mut values = Variadic::new();
    for place in &places {
        let size = match place {
            Place::Float => 4,
            Place::Double => 8,
            Place::Whole { bytes, .. } => *bytes,
        };
        let Some((head, tail)) = rest.split_at_checked(size) else {
            return Err(mlua::Error::runtime("data string too short"));
        };
        rest = tail;
        let mut bytes = head.to_vec();
        if !little {
            bytes.reverse();
        }
        let negative = bytes.last().is_some_and(|top| *top >= 128);
        let mut wide = [0; 8];
        wide[..size].copy_from_slice(&bytes);
        values.push(match place {
            Place::Float => f64::from(f32::from_le_bytes([wide[0], wide[1], wide[2], wide[3]])),
            Place::Double => f64::from_le_bytes(wide),
            Place::Whole { signed, bytes } => {
                if *signed && negative {
                    wide[*bytes..].fill(255);
                }
                if *signed {
                    i64::from_le_bytes(wide) as f64
                } else {
                    u64::from_le_bytes(wide) as f64
                }
            }
        });
    }
    // Where the next place would begin.
    values.push((packed.len() - rest.len() + 1) as f64);
    Ok(values)
}
