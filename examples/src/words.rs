//! The words of texts, and the files of a folder.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// How often each word stands in a text. Words are letters, digits and apostrophes; capital letters count as small ones.
#[must_use]
pub fn count_words(text: &str) -> HashMap<String, u64> {
    let mut counts = HashMap::new();
    let between = |letter: char| !letter.is_alphanumeric() && letter != '\'';
    for word in text.split(between).filter(|word| !word.is_empty()) {
        *counts.entry(word.to_lowercase()).or_default() += 1;
    }
    counts
}

/// The files of a folder and of the folders in it.
///
/// # Errors
///
/// Where one of the folders can't be read.
pub fn files_of(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let named = |error| io::Error::other(format!("{}: {error}", folder.display()));
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(named)? {
        let entry = entry.map_err(named)?;
        // Links are not followed: they may lead back.
        let kind = entry.file_type().map_err(named)?;
        if kind.is_dir() {
            files.extend(files_of(&entry.path())?);
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
    Ok(files)
}

/// The text of a file; what is not UTF-8 in it stands between words.
///
/// # Errors
///
/// Where the file can't be read.
pub fn text_of(file: &Path) -> io::Result<String> {
    let bytes =
        fs::read(file).map_err(|error| io::Error::other(format!("{}: {error}", file.display())))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Prints how many words there are, and the most frequent ones with their counts.
pub fn print_most(counts: &HashMap<String, u64>, most: usize) {
    let mut words: Vec<_> = counts.iter().collect();
    words.sort_by(|(a, m), (b, n)| n.cmp(m).then(a.cmp(b)));
    println!(
        "{} words, {} different",
        counts.values().sum::<u64>(),
        counts.len()
    );
    for (word, count) in words.into_iter().take(most) {
        println!("{count:8} {word}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_letters_digits_and_apostrophes() {
        let counts = count_words("It's 7 o'clock; IT'S late. Straße\u{fffd}straße -- ");
        let expected = [
            ("it's", 2),
            ("7", 1),
            ("o'clock", 1),
            ("late", 1),
            ("straße", 2),
        ];
        let expected = expected.map(|(word, count)| (word.to_owned(), count));
        assert_eq!(counts, expected.into());
    }
}
