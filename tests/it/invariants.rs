//! The invariants of ARCHITECTURE.md that can be seen in the source.

use std::fs;
use std::path::{Path, PathBuf};

fn sources(directory: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.ends_with("tests") || path.ends_with("tests.rs") {
            // Tests may look behind the scenes.
        } else if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

/// These words stand in no source file of the package but those.
fn check(package: &str, words: &[&str], allowed: impl Fn(&str) -> bool) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(package)
        .join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(!files.is_empty());
    let mut used = false;
    for file in files {
        let name = file.strip_prefix(&root).unwrap().to_str().unwrap();
        let text = fs::read_to_string(&file).unwrap();
        let code = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        for (line, word) in code.flat_map(|line| words.iter().map(move |word| (line, word))) {
            if line.contains(word) {
                used = true;
                assert!(allowed(name), "{package}/src/{name} names {word}: {line}");
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
    check(runtime, &["postcard::", "rmp_serde::"], |file| {
        file == "codec.rs" || file.starts_with("codec/")
    });
}
