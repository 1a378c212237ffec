//! The invariants of ARCHITECTURE.md that can be seen in the source.

use std::fs;
use std::path::{Path, PathBuf};

fn sources(directory: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

/// The source files of a package, by their paths in `src`, with their texts.
fn texts(package: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(package)
        .join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(!files.is_empty());
    let texts = files.iter().map(|file| {
        let name = file.strip_prefix(&root).unwrap().to_str().unwrap();
        (name.to_owned(), fs::read_to_string(file).unwrap())
    });
    texts.collect()
}

/// These words stand in no source file of the package but those.
fn check(package: &str, words: &[&str], allowed: impl Fn(&str) -> bool) {
    let mut used = false;
    for (name, text) in texts(package) {
        let code = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        for (line, word) in code.flat_map(|line| words.iter().map(move |word| (line, word))) {
            if line.contains(word) {
                used = true;
                assert!(allowed(&name), "{package}/src/{name} names {word}: {line}");
            }
        }
    }
    assert!(used, "nobody names {words:?} any more");
}

#[test]
fn backends_formats_and_the_environment_are_named_in_their_own_files_alone() {
    let runtime = "crucial-runtime";
    check(
        runtime,
        &["redis::cmd", "redis::aio", "redis::Client"],
        |file| file.starts_with("store/redis"),
    );
    check(
        runtime,
        &["aws_config::", "aws_sdk_lambda::", "lambda_runtime::"],
        |file| file.ends_with("lambda.rs"),
    );
    check(runtime, &["env::var"], |file| {
        file == "config/environment.rs"
    });
    check(runtime, &["postcard::", "rmp::", "rmp_serde::"], |file| {
        file == "codec.rs" || file.starts_with("codec/")
    });
}

/// The name of the module that a line declares and whose text is in another file.
fn declared(line: &str) -> Option<&str> {
    let (before, name) = line.strip_suffix(';')?.rsplit_once("mod ")?;
    (before.is_empty() || before.starts_with("pub")).then_some(name)
}

#[test]
fn the_source_of_the_runtime_is_the_product() {
    for (name, text) in texts("crucial-runtime") {
        for part in Path::new(&name).with_extension("").iter() {
            let part = part.to_str().unwrap();
            assert!(
                !["spec", "tests"].contains(&part),
                "src/{name} is a file of tests: it belongs in unit/"
            );
        }
        let mut attributes = Vec::new();
        for line in text.lines().map(str::trim) {
            if line.starts_with("#[") {
                attributes.push(line);
                continue;
            }
            let attributes = std::mem::take(&mut attributes);
            let Some(module) = declared(line) else {
                continue;
            };
            let any = |begins: &[&str]| {
                let mut attributes = attributes.iter();
                attributes.any(|attribute| begins.iter().any(|begin| attribute.starts_with(begin)))
            };
            let is_elsewhere = attributes.iter().any(|attribute| {
                attribute.starts_with("#[path = \"../") && attribute.contains("/unit/")
            });
            assert_eq!(
                any(&["#[cfg(test)]", "#[cfg(all(test,"]),
                is_elsewhere,
                "src/{name}: `mod {module}` must be in unit/ if it is for tests, and only then"
            );
        }
    }
}
