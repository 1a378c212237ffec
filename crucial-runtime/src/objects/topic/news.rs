//! What the announcement of a publication carries: the number of its first message and, if they are small, the messages.

use bytes::Bytes;

/// How many bytes of messages an announcement carries at the most, and how many messages; others are fetched.
const CARRIED: (usize, usize) = (8 * 1024, 64);

/// What has been published.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct News {
    /// The number of the first message.
    pub(super) first: u64,
    /// The messages, unless they are to be fetched.
    pub(super) messages: Vec<Bytes>,
}

/// The first number, the length of each message, and the messages: `7 2 3\nabcde`.
pub(super) fn write(first: u64, messages: &[Bytes]) -> Bytes {
    let size: usize = messages.iter().map(Bytes::len).sum();
    let mut header = first.to_string();
    if size > CARRIED.0 || messages.len() > CARRIED.1 {
        return header.into();
    }
    for message in messages {
        header.push(' ');
        header.push_str(&message.len().to_string());
    }
    header.push('\n');
    [header.as_bytes(), &messages.concat()].concat().into()
}

/// `None` where it is no news.
pub(super) fn read(news: &Bytes) -> Option<News> {
    let end = news.iter().position(|byte| *byte == b'\n');
    let header = std::str::from_utf8(&news[..end.unwrap_or(news.len())]).ok()?;
    let mut numbers = header.split(' ').map(str::parse::<u64>);
    let first = numbers.next()?.ok()?;
    let mut messages = Vec::new();
    let mut at = end.map_or(news.len(), |end| end + 1);
    for length in numbers {
        let next = at.checked_add(usize::try_from(length.ok()?).ok()?)?;
        if next > news.len() {
            return None;
        }
        messages.push(news.slice(at..next));
        at = next;
    }
    (at == news.len()).then_some(News { first, messages })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_are_read_as_they_were_written() {
        let many = vec![Bytes::from_static(b"x"); CARRIED.1 + 1];
        let large = vec![Bytes::from(vec![b'\n'; CARRIED.0 + 1])];
        // Messages, and whether they are carried.
        for (messages, carried) in [
            (vec![Bytes::new()], true),
            (
                vec![Bytes::from_static(b"1 2\n"), Bytes::from_static(b"\0")],
                true,
            ),
            (many[1..].to_vec(), true),
            (many, false),
            (vec![large[0].slice(1..)], true),
            (large, false),
        ] {
            let news = read(&write(1 << 40, &messages)).unwrap();
            assert_eq!(news.first, 1 << 40);
            assert_eq!(news.messages, if carried { messages } else { vec![] });
        }
    }

    #[test]
    fn what_is_no_news_is_left_alone() {
        for other in [
            "",
            "x",
            "1 2",
            "1 2\nabc",
            "1 9\nabc",
            "1 -1\n",
            "1 99999999999999999999\n",
        ] {
            assert_eq!(read(&Bytes::from(other)), None, "{other:?}");
        }
    }
}
