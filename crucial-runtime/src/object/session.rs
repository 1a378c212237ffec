//! The name of a process in a job, as objects know it that lend something to it.

use std::fmt;
use std::fs;
use std::process;

use super::Namespace;

/// A process in a job. Its text has no spaces, as scripts ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Session {
    /// What no other has.
    number: u64,
    /// For people: which process of which machine.
    pub(crate) process: String,
    pub(crate) job: String,
}

impl Session {
    /// A new one of this process.
    pub(crate) fn here(job: &Namespace) -> Self {
        // The machine has a name of its own in a container or a function as well.
        let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let host = if host.trim().is_empty() {
            "?"
        } else {
            host.trim()
        };
        Self {
            number: crate::chance::number(),
            process: format!("{}@{host}", process::id()),
            job: job.as_str().to_owned(),
        }
    }

    /// The one of that text; `None` for the text of something else.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '!');
        Some(Self {
            number: u64::from_str_radix(parts.next()?, 16).ok()?,
            process: unescaped(parts.next()?)?,
            job: unescaped(parts.next()?)?,
        })
    }
}

impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [process, job] = [&self.process, &self.job].map(|part| escaped(part));
        write!(f, "{:016x}!{process}!{job}", self.number)
    }
}

/// Printable ASCII, without spaces and without what stands between the parts.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_graphic() && byte != b'%' && byte != b'!' {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

fn unescaped(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (code, rest) = part.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(code, 16).ok()?);
        bytes.extend(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_read_as_it_was_written() {
        for job in ["job-1", "a b", "100 %!", "ü\n{}", "!"] {
            let session = Session::here(&Namespace::new(job).unwrap());
            let text = session.to_string();
            assert!(text.bytes().all(|byte| byte.is_ascii_graphic()), "{text}");
            assert_eq!(Session::read(&text), Some(session));
        }
        for other in ["", "x", "0123456789abcdef", "0!a", "0!%f!b", "0!%ff!b"] {
            assert_eq!(Session::read(other), None, "{other:?}");
        }
    }
}
