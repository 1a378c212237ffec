//! The walks of ARCHITECTURE.md name files and functions that exist.

use std::fs;
use std::path::Path;

/// The words of a line that stand in backticks.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

fn check(root: &Path, file: &str, functions: &[&str]) {
    let path = match file.split_once('/') {
        Some((package @ ("crucial-macros" | "crucial-runtime"), _)) => {
            root.join(package).join(&file[package.len() + 1..])
        }
        _ => root.join("crucial-runtime/src").join(file),
    };
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
    for function in functions {
        let named = [format!("fn {function}("), format!("fn {function}<")];
        assert!(
            named.iter().any(|named| text.contains(named)),
            "{file} has no function `{function}`"
        );
    }
}

#[test]
fn the_walks_of_the_architecture_name_what_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let text = fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    let mut walks = text.split("\n## ").filter(|section| {
        let title = section.lines().next().unwrap_or_default();
        title.ends_with(", step by step")
    });
    let (call, spawn) = (walks.next().unwrap(), walks.next().unwrap());
    for (walk, least) in [(call, 16), (spawn, 13)] {
        let mut steps = 0;
        for line in walk.lines() {
            let Some((number, step)) = line.split_once(". ") else {
                continue;
            };
            if number.parse() != Ok(steps + 1) {
                continue;
            }
            steps += 1;
            let (names, _) = step.split_once(": ").unwrap();
            let mut names = quoted(names);
            let file = names.next().unwrap();
            let functions: Vec<_> = names.collect();
            assert!(!functions.is_empty(), "{line}");
            check(&root, file, &functions);
        }
        assert_eq!(steps, least);
        // Files that are named around the steps.
        for file in quoted(walk).filter(|name| name.ends_with(".rs")) {
            check(&root, file, &[]);
        }
    }
}
