//! The example programs give the same figures wherever they run.

use crate::ways::{Ways, embedded, printed};

/// scikit-learn 1.9.1 on the same rows, from the same centroids.
const INERTIA: f64 = 1_167_859.384_006_6;

fn check_kmeans(what: &str, text: &str) {
    let figures = text.trim_end().split_once(" iterations, inertia ");
    let (iterations, inertia) = figures.unwrap_or_else(|| panic!("{what}: {text}"));
    let inertia: f64 = inertia.parse().unwrap();
    assert_eq!(iterations, "14", "{what}");
    assert!((inertia / INERTIA - 1.0).abs() < 1e-9, "{what}: {inertia}");
}

#[tokio::test(flavor = "multi_thread")]
async fn kmeans_finds_the_known_clusters_everywhere() {
    let ways = Ways::new().await;
    for way in ways.all("kmeans").await {
        let output = way.run("kmeans", &[]).await;
        check_kmeans(way.name, &printed(way.name, output));
    }
    let plain = embedded().run("plain_kmeans", &[]).await;
    check_kmeans("threads of std", &printed("threads of std", plain));
}

#[tokio::test]
async fn kmeans_finds_the_known_clusters_with_any_number_of_threads() {
    for threads in ["1", "7", "80"] {
        let output = embedded().run("kmeans", &["--threads", threads]).await;
        check_kmeans(threads, &printed(threads, output));
    }
}

#[tokio::test]
async fn kmeans_draws_the_centroids() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("digits.png");
    let flags = ["--png", path.to_str().unwrap()];
    let output = embedded().run("kmeans", &flags).await;
    check_kmeans("png", &printed("png", output));
    let picture = std::fs::read(&path).unwrap();
    assert!(picture.starts_with(b"\x89PNG"));
}

#[tokio::test(flavor = "multi_thread")]
async fn pi_counts_the_same_twice_everywhere() {
    let ways = Ways::new().await;
    let flags = ["--threads", "100", "--points", "1000000"];
    // The seeds are the threads' numbers, so the points are the same in each way.
    let expected = "counter 785599, returned 785599\npi is about 3.142396\n";
    for way in ways.all("pi").await {
        let text = printed(way.name, way.run("pi", &flags).await);
        assert_eq!(text, expected, "{}", way.name);
    }
    let plain = embedded().run("plain_pi", &flags).await;
    assert_eq!(printed("threads of std", plain), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn words_of_a_folder_are_counted_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("deeper")).unwrap();
    for n in 0..40 {
        let name = if n % 2 == 0 {
            format!("{n}.txt")
        } else {
            format!("deeper/{n}")
        };
        let text = format!("Every file, and file {n} {}", "again ".repeat(n));
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let flags = [folder.path().to_str().unwrap(), "--most", "2"];
    let expected = "980 words, 44 different\n     780 again\n      80 file\n";
    let ways = Ways::new().await;
    for program in ["word_count", "word_count_blocking"] {
        for way in ways.all(program).await {
            let text = printed(way.name, way.run(program, &flags).await);
            assert_eq!(text, expected, "{program}, {}", way.name);
        }
    }
    let plain = embedded().run("plain_word_count", &flags).await;
    assert_eq!(printed("threads of std", plain), expected);
}

/// scikit-learn 1.9.1 on the same rows.
const OBJECTIVE: f64 = 37.758_946_0;

fn check_regression(what: &str, text: &str) {
    let (iterations, rest) = text.split_once(" iterations, objective ").unwrap();
    let (objective, rest) = rest.split_once('\n').unwrap();
    assert!(iterations.parse::<u32>().is_ok(), "{what}: {text}");
    let objective: f64 = objective.parse().unwrap();
    assert!(
        (objective / OBJECTIVE - 1.0).abs() < 1e-6,
        "{what}: {objective}"
    );
    assert_eq!(rest, "accuracy 0.98770, intercept 0.2145\n", "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn logistic_regression_finds_the_known_optimum_everywhere() {
    let ways = Ways::new().await;
    let plain = embedded().run("plain_logistic_regression", &[]).await;
    let plain = printed("threads of std", plain);
    check_regression("threads of std", &plain);
    for way in ways.all("logistic_regression").await {
        let output = way.run("logistic_regression", &[]).await;
        assert_eq!(printed(way.name, output), plain, "{}", way.name);
    }
}

#[tokio::test]
async fn logistic_regression_gives_the_same_with_any_number_of_threads() {
    let mut texts = Vec::new();
    for threads in ["1", "7", "80"] {
        for program in ["logistic_regression", "plain_logistic_regression"] {
            let output = embedded().run(program, &["--threads", threads]).await;
            texts.push(printed(threads, output));
        }
    }
    check_regression("1", &texts[0]);
    assert!(texts.iter().all(|text| *text == texts[0]), "{texts:?}");
}

#[tokio::test]
async fn logistic_regression_fits_rows_that_it_makes_up_and_draws_how() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("objective.svg");
    let mut texts = Vec::new();
    for program in ["logistic_regression", "plain_logistic_regression"] {
        let picture = path.to_str().unwrap();
        let flags = ["--rows", "2000", "--features", "20", "--picture", picture];
        texts.push(printed(program, embedded().run(program, &flags).await));
        let svg = std::fs::read_to_string(&path).unwrap();
        assert!(svg.starts_with("<svg ") && svg.contains("<polyline "));
        std::fs::remove_file(&path).unwrap();
    }
    assert_eq!(texts[0], texts[1]);
}
