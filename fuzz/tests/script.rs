//! The body of the fuzz target `script` over every script that there is, right or wrong, and cut off anywhere.

use std::fs;
use std::path::{Path, PathBuf};

use halfopen_fuzz::script::assert_faithful;

fn scripts(folder: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut folders = vec![root];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)
            .expect("the folder is there")
            .flatten()
        {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "pkt") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn every_script_is_read_and_written_faithfully() {
    let folders = [
        "../suites",
        "../harness/script/tests",
        "../harness/script/test_data",
    ];
    let paths: Vec<_> = folders.into_iter().flat_map(scripts).collect();
    assert!(paths.len() > 400, "only {} scripts", paths.len());
    for path in paths {
        assert_faithful(&fs::read(&path).expect("the script can be read"));
    }
}

#[test]
fn a_script_cut_off_anywhere_is_no_trouble() {
    for path in scripts("../harness/script/test_data") {
        let octets = fs::read(&path).expect("the script can be read");
        for end in (0..octets.len()).step_by(5) {
            assert_faithful(&octets[..end]);
        }
    }
}

#[test]
fn what_the_fuzzer_found_is_mended() {
    let odd_option_value = "--non_fatal=pR.etack\\\n+0 listen(2, 1) = 0\n";
    assert_faithful(odd_option_value.as_bytes());
}

/// A word that is new in the language belongs into the dictionary, too.
#[test]
fn the_dictionary_knows_the_words_of_the_language() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("dictionaries/script.dict");
    let dictionary = fs::read_to_string(path).expect("the dictionary is there");
    let options = halfopen_script::symbols::option_names();
    for word in halfopen_script::symbols::syscall_names().chain(options) {
        assert!(dictionary.contains(word), "{word} is missing");
    }
}
