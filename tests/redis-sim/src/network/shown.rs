//! Commands and replies as traces show them.

use bytes::Bytes;

use crate::reply::Reply;

/// Commands.
pub(super) fn shown(commands: &[Vec<Bytes>]) -> String {
    let shown = commands.iter().map(|command| {
        let words: Vec<String> = command.iter().map(word).collect();
        words.join(" ")
    });
    shown.collect::<Vec<_>>().join(" | ")
}

/// One word of them.
pub(super) fn word(bytes: &Bytes) -> String {
    let text = bytes.escape_ascii().to_string();
    match text.char_indices().nth(100) {
        Some((end, _)) => format!("{}…({} bytes)", &text[..end], bytes.len()),
        None if text.is_empty() => "''".to_owned(),
        None => text,
    }
}

/// A reply.
pub(super) fn told(reply: &Reply) -> String {
    match reply {
        Reply::Bulk(bytes) => word(bytes),
        Reply::List(replies) | Reply::Set(replies) => {
            let told: Vec<String> = replies.iter().map(told).collect();
            format!("[{}]", told.join(", "))
        }
        other => format!("{other:?}"),
    }
}
