//! The page of a run.

use std::fs;
use std::sync::Arc;

use halfopen_drill::{Outcome, ScriptFile, Standing};
use halfopen_reports::Html;
use halfopen_target::AddressMode;

use crate::common::{outcome, outcomes, play, wrong_ack};

fn page(outcomes: Vec<Outcome>) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("new/page");
    let mut html = Html::create(&path).expect("it can be made");
    assert!(!path.join("index.html").exists());
    play(outcomes, &mut html);
    fs::read_to_string(path.join("index.html")).expect("the page is there")
}

/// What a reader sees, without style and script.
fn body(page: &str) -> &str {
    let body = page.split_once("<body>").map_or("", |(_, body)| body);
    body.split_once("<script>").map_or("", |(body, _)| body)
}

#[test]
fn the_page_shows_every_drill_and_the_failures_in_full() {
    insta::assert_snapshot!(body(&page(outcomes())));
}

#[test]
fn the_page_loads_nothing() {
    let page = page(outcomes());
    for outside in ["src=", "<link", "@import", "url(", "http:", "https:"] {
        assert!(!page.contains(outside), "{outside} loads something");
    }
}

#[test]
fn nothing_that_is_shown_is_markup() {
    let evil = "</script><script>alert(1)</script>\"' <img>";
    let mut outcome = outcome(evil, evil, AddressMode::V4, Standing::Fail(wrong_ack()));
    let mut file = ScriptFile::clone(&outcome.file);
    file.script.front_matter.title = Some(evil.to_owned());
    file.script.front_matter.requires = vec![evil.to_owned()];
    outcome.file = Arc::new(file);
    let page = page(vec![outcome]);
    assert_eq!(page.matches("<script>").count(), 1);
    assert_eq!(page.matches("</script>").count(), 1);
    assert!(!page.contains("<img>"));
    assert!(page.contains("&#60;img&#62;"));
}

#[test]
fn a_page_that_cannot_be_written_is_found_out_before_anything_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    fs::write(&file, "kept").expect("a file");
    for wrong in [file.clone(), file.join("below")] {
        let error = Html::create(&wrong).expect_err("a file is no folder");
        assert!(error.to_string().contains("choose another path"));
    }
    assert_eq!(fs::read_to_string(&file).expect("the file"), "kept");
}
