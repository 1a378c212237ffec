//! A job in which all goes well warns of nothing, wherever it runs.

use crate::ways::Ways;

/// Those lines of a program that are warnings or errors, of its own or of its processes.
async fn warnings(what: &str) -> Vec<(&'static str, String, Vec<String>)> {
    let ways = Ways::new().await;
    let mut all = Vec::new();
    for way in ways.all("loud").await {
        let output = way.run("loud", &[what]).await;
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{}: {errors}", way.name);
        let warns = |line: &&str| {
            ["WARN ", "ERROR ", "warning: ", "error: "]
                .iter()
                .any(|sign| line.contains(sign))
        };
        let lines = errors.lines().filter(warns).map(str::to_owned).collect();
        all.push((way.name, String::from_utf8(output.stdout).unwrap(), lines));
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_ends_well_warns_of_nothing() {
    for (way, printed, warnings) in warnings("work").await {
        assert_eq!(printed, "8 12\n", "{way}");
        assert!(warnings.is_empty(), "{way}: {warnings:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn warnings_of_the_driver_and_of_its_processes_are_seen() {
    for (way, _, warnings) in warnings("warn").await {
        // The processes of a function of Lambda's print elsewhere: here, in the emulator of this test.
        let expected = ["the driver warns", "a thread warns"];
        let seen = if way.contains("lambda") { 1 } else { 2 };
        for words in &expected[..seen] {
            assert!(
                warnings.iter().any(|line| line.contains(words)),
                "{way}: {warnings:?}"
            );
        }
        assert_eq!(warnings.len(), seen, "{way}: {warnings:?}");
    }
}
