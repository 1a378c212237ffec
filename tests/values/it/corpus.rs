//! Every shape in every place on every store.

use std::fs;
use std::path::Path;

use crate::fate::Fate;
use crate::places::{At, Place};
use crate::shapes::rows;
use crate::stage::{Stage, Store};
use crate::table::{Line, table};

/// The page of the guide that keeps the table, between these lines.
const PAGE: &str = "../../crucial-runtime/docs/values.md";
const BEGIN: &str = "<!-- table: begin -->\n";
const END: &str = "<!-- table: end -->\n";
/// Set to anything, it has the table of the guide written anew.
const VARIABLE: &str = "CRUCIAL_TEST_WRITE_TABLE";

/// So many shapes are tried at the least, and one cell of so many is refused at the most.
const SHAPES: usize = 60;
const REFUSED: usize = 20;

#[tokio::test(flavor = "multi_thread")]
async fn every_value_is_the_same_or_refused_as_the_guide_says() {
    let lines = tried().await;
    assert!(lines.len() >= SHAPES);
    let tables = format!(
        "{}\n{}",
        table(&Place::FIRST, &lines),
        table(&Place::FURTHER, &lines)
    );
    println!("{tables}");

    let cells = || {
        lines.iter().flat_map(|line| {
            let cells = line.cells.iter();
            cells.map(|cell| (line.shape, cell.place, cell.store, &cell.fate))
        })
    };
    let others: Vec<_> = cells()
        .filter(|(.., fate)| matches!(fate, Fate::Other(_)))
        .map(|(shape, place, store, fate)| {
            format!("{shape} as {}, {store:?}: {fate}", place.title())
        })
        .collect();
    assert!(
        others.is_empty(),
        "{} cells:\n{}",
        others.len(),
        others.join("\n")
    );
    let refused = cells().filter(|(.., fate)| matches!(fate, Fate::Refused(_)));
    let (refused, cells) = (refused.count(), cells().count());
    println!(
        "{} shapes, {cells} cells, of which {refused} are refused",
        lines.len()
    );
    assert!(
        refused * REFUSED <= cells,
        "{refused} of {cells} cells are refused"
    );

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the page has a table");
    let (kept, after) = rest.split_once(END).expect("the table ends");
    if std::env::var_os(VARIABLE).is_some() {
        fs::write(path, format!("{before}{BEGIN}{tables}{END}{after}")).unwrap();
        return;
    }
    assert!(
        kept == tables,
        "the table in {PAGE} is another one: it is now\n{tables}\nLook whether that is meant, and set {VARIABLE}=1 to have it written there"
    );
}

/// All shapes in all places on all stores.
async fn tried() -> Vec<Line> {
    let rows = rows();
    let lines = rows.iter().map(|row| Line {
        shape: row.shape,
        cells: Vec::new(),
    });
    let mut lines: Vec<_> = lines.collect();
    for store in Store::ALL {
        let stage = Stage::on(store).await;
        let stranger = stage.stranger().await;
        let mut number = 0;
        for (row, line) in rows.iter().zip(&mut lines) {
            for (place, run) in &row.cells {
                number += 1;
                let at = At {
                    stage: &stage,
                    stranger: &stranger,
                    name: format!("x{number}x"),
                };
                let fate = stage.runtime.scope(run(&at)).await;
                line.cells.push(crate::table::Cell {
                    place: *place,
                    store,
                    fate,
                });
            }
        }
    }
    lines
}
