//! The matrix of a made-up session, in each of its forms.

use std::fs;
use std::sync::Arc;

use halfopen_drill::{Outcome, ScriptFile, Standing};
use halfopen_reports::matrix::{Catalogue, Mark, Matrix, MatrixFormat, MatrixReport};
use halfopen_reports::{OutputFile, Style};
use halfopen_target::AddressMode;

use crate::common::{Page, late, outcome, play, wrong_ack};

const QUIET: Style = Style {
    colour: false,
    verbose: false,
    progress: false,
};

fn catalogue() -> Catalogue {
    Catalogue::parse(include_str!("../../test_data/requirements.tsv")).expect("it is right")
}

/// An outcome of a script that requires these.
fn of(
    requires: &[&str],
    name: &str,
    target: &str,
    mode: AddressMode,
    standing: Standing,
) -> Outcome {
    let mut outcome = outcome(name, target, mode, standing);
    let mut file = ScriptFile::clone(&outcome.file);
    file.script.front_matter.requires = requires.iter().map(|id| (*id).to_owned()).collect();
    outcome.file = Arc::new(file);
    outcome
}

fn deviates() -> Standing {
    Standing::ExpectedFail {
        failure: wrong_ack(),
        reason: "keeps <quiet> | does nothing (tcp_input.c)".to_owned(),
    }
}

/// Each mark at least once.
fn outcomes() -> Vec<Outcome> {
    use AddressMode::{V4, V6};
    let both = &["RFC9293-MUST-20", "RFC5961-3.2-2"][..];
    let lacks = || Standing::Skip("lacks IPv6: there is none here".to_owned());
    vec![
        of(both, "suites/a.pkt", "reference", V4, Standing::Pass),
        of(both, "suites/a.pkt", "reference", V6, lacks()),
        of(
            &["RFC5961-3.2-2"],
            "suites/b.pkt",
            "reference",
            V4,
            Standing::Fail(wrong_ack()),
        ),
        of(
            &["RFC9293-MUST-21"],
            "suites/c.pkt",
            "reference",
            V4,
            lacks(),
        ),
        of(
            &["RFC5961-3.2-3"],
            "suites/d.pkt",
            "reference",
            V4,
            Standing::Pass,
        ),
        of(both, "suites/a.pkt", "linux", V4, deviates()),
        of(both, "suites/a.pkt", "linux", V6, deviates()),
        of(
            &["RFC5961-3.2-2"],
            "suites/b.pkt",
            "linux",
            V4,
            Standing::Inconclusive(late()),
        ),
        of(
            &["RFC9293-MUST-21"],
            "suites/c.pkt",
            "linux",
            V4,
            Standing::Error("no veth".to_owned()),
        ),
        of(
            &["RFC5961-3.2-3"],
            "suites/d.pkt",
            "linux",
            V4,
            Standing::Pass,
        ),
    ]
}

fn matrix(outcomes: &[Outcome]) -> Matrix {
    let mut files: Vec<Arc<ScriptFile>> = Vec::new();
    for outcome in outcomes {
        if !files.iter().any(|known| known.path == outcome.file.path) {
            files.push(Arc::clone(&outcome.file));
        }
    }
    let targets = vec!["reference".to_owned(), "linux".to_owned()];
    Matrix::new(catalogue(), targets, &files)
}

fn console(style: Style) -> String {
    let page = Page::default();
    let outcomes = outcomes();
    let mut report = MatrixReport::new(matrix(&outcomes), page.clone(), style, Vec::new());
    play(outcomes, &mut report);
    page.text()
}

fn file(format: MatrixFormat) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("matrix");
    let file = OutputFile::create(&path).expect("it can be written");
    let outcomes = outcomes();
    let mut report = MatrixReport::new(
        matrix(&outcomes),
        Page::default(),
        QUIET,
        vec![(format, file)],
    );
    play(outcomes, &mut report);
    fs::read_to_string(&path).expect("the report is there")
}

/// How the reference stack stands to a requirement after these drills of a script that names it.
fn mark_after(standings: Vec<Standing>) -> Mark {
    let id = "RFC5961-3.2-3";
    let outcomes: Vec<_> = standings
        .into_iter()
        .map(|standing| of(&[id], "a.pkt", "reference", AddressMode::V4, standing))
        .collect();
    let mut matrix = matrix(&outcomes);
    for outcome in &outcomes {
        matrix.add(outcome);
    }
    let mut rows = matrix.rows().iter();
    let row = rows.find(|row| row.requirement.id == id).expect("the row");
    row.cells[0].mark
}

#[test]
fn a_cell_is_the_worst_of_its_drills() {
    let skip = || Standing::Skip("why".to_owned());
    let stale = || Standing::UnexpectedPass {
        reason: "why".to_owned(),
    };
    assert_eq!(mark_after(vec![]), Mark::Untested);
    assert_eq!(mark_after(vec![skip(), skip()]), Mark::Lacks);
    assert_eq!(mark_after(vec![Standing::Pass, skip()]), Mark::Pass);
    assert_eq!(
        mark_after(vec![skip(), deviates(), Standing::Pass]),
        Mark::Deviates
    );
    let busy = Standing::Inconclusive(late());
    assert_eq!(mark_after(vec![deviates(), busy]), Mark::Inconclusive);
    for bad in [
        Standing::Fail(wrong_ack()),
        stale(),
        Standing::Error("why".to_owned()),
    ] {
        let all = vec![Standing::Pass, bad, Standing::Inconclusive(late())];
        assert_eq!(mark_after(all), Mark::Fails);
    }
}

#[test]
fn a_script_that_names_what_cannot_be_tested_has_tested_it() {
    let id = "RFC9293-MUST-9";
    let drill = of(&[id], "a.pkt", "linux", AddressMode::V4, Standing::Pass);
    let mut matrix = matrix(std::slice::from_ref(&drill));
    matrix.add(&drill);
    let mut rows = matrix.rows().iter();
    let row = rows.find(|row| row.requirement.id == id).expect("the row");
    let marks: Vec<_> = row.cells.iter().map(|cell| cell.mark).collect();
    assert_eq!(marks, [Mark::NotTestable, Mark::Pass]);
}

#[test]
fn the_console_shows_rows_reasons_and_counts() {
    insta::assert_snapshot!(console(QUIET));
}

#[test]
fn the_verbose_console_names_the_scripts_of_each_row() {
    let style = Style {
        verbose: true,
        ..QUIET
    };
    insta::assert_snapshot!(console(style));
}

#[test]
fn markdown_has_tables_of_counts_and_rows() {
    insta::assert_snapshot!(file(MatrixFormat::Markdown));
}

#[test]
fn json_has_every_drill_behind_every_cell() {
    let text = file(MatrixFormat::Json);
    let object: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(object["requirements"].as_array().map(Vec::len), Some(6));
    insta::assert_snapshot!(text);
}

#[test]
fn html_is_one_page_that_escapes_what_it_shows() {
    let page = file(MatrixFormat::Html);
    for outside in ["src=", "<link", "@import", "url("] {
        assert!(!page.contains(outside), "{outside} loads something");
    }
    assert!(page.contains("keeps &#60;quiet&#62;"));
    // The style and the script of the page are read where they are written.
    let body = page.split_once("<body>").map_or("", |(_, body)| body);
    let body = body.split_once("<script>").map_or("", |(body, _)| body);
    insta::assert_snapshot!(body);
}
