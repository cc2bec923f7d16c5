//! `suites/matrix` is what its tables say.

use halfopen_matrix_suite::{generate, written};
use halfopen_tidy::{assert_none, root};

#[test]
fn the_matrix_is_what_its_tables_say_byte_for_byte() {
    let folder = root().join("suites/matrix");
    let wanted = generate(&folder).unwrap_or_else(|error| panic!("{error}"));
    let found = written(&folder).unwrap_or_else(|error| panic!("{error}"));
    let mut complaints: Vec<String> = Vec::new();
    for (name, text) in &wanted {
        match found.get(name) {
            None => complaints.push(format!("{name} is missing")),
            Some(other) if other != text => complaints.push(format!("{name} differs")),
            Some(_) => {}
        }
    }
    let strays = found.keys().filter(|name| !wanted.contains_key(*name));
    complaints.extend(strays.map(|name| format!("{name} is not from the tables")));
    assert_none(
        "suites/matrix is not what its tables say (cargo run -p halfopen-matrix-suite writes it)",
        &complaints,
    );
    assert!(
        wanted.len() > 1000,
        "the matrix has shrunk to {} scripts",
        wanted.len()
    );
}
