//! Code blocks on facts of the test's own.

use proptest::prelude::*;

use super::{Facts, Outcome, Program};

/// A `tcp_info` with a congestion window of 10 and window scales 7 and 8.
fn facts() -> Facts {
    let mut tcp_info = vec![0; 280];
    tcp_info[0] = 1;
    tcp_info[6] = 0x87;
    tcp_info[80..84].copy_from_slice(&10u32.to_ne_bytes());
    tcp_info[168..176].copy_from_slice(&123_456u64.to_ne_bytes());
    Facts {
        tcp_info,
        ..Facts::default()
    }
}

fn run(text: &str) -> Outcome {
    Program::default().block(10, text, facts())
}

fn passes(text: &str) {
    assert_eq!(run(text), Outcome::Passed(String::new()), "{text}");
}

#[test]
fn fields_and_constants_have_their_values() {
    passes("assert tcpi_snd_cwnd == 10, tcpi_snd_cwnd");
    passes("assert tcpi_snd_wscale == 7 and tcpi_rcv_wscale == 8");
    passes("assert tcpi_state == TCP_ESTABLISHED; assert tcpi_busy_time == 123456");
    passes("\nassert (tcpi_options & TCPI_OPT_SYN_DATA) == 0, \\\n  tcpi_options\n");
}

#[test]
fn a_structure_that_ends_early_defines_less() {
    let facts = Facts {
        tcp_info: vec![1; 8],
        ..Facts::default()
    };
    let outcome = Program::default().block(1, "assert tcpi_rto > 0", facts);
    let Outcome::Failed { message, .. } = outcome else {
        panic!("it passes");
    };
    assert_eq!(message, "name 'tcpi_rto' is not defined");
}

#[test]
fn arithmetic_is_pythons() {
    passes("assert -7 // 2 == -4 and -7 % 2 == 1 and 7 % -2 == -1");
    passes("assert 7 / 2 == 3.5 and 2 ** 3 ** 2 == 512 and -2 ** 2 == -4");
    passes("assert 1 < 2 < 3 and not 1 < 2 > 3 and (1 or 0) == 1");
    passes("assert 0x7fffffff >> 4 == 0b111111111111111111111111111 and ~5 == -6");
    passes("assert abs(-3) == 3 and min(4, 2) == 2 and max((1, 5)) == 5 and int(3.9) == 3");
    passes("assert 1 if True else 0; assert True == 1 and 'a' + 'b' == 'ab'");
}

#[test]
fn variables_live_from_block_to_block() {
    let mut program = Program::default();
    program.block(1, "cwnd = 58", facts());
    let outcome = program.block(2, "cwnd += 1\nassert cwnd == 59", facts());
    assert_eq!(outcome, Outcome::Passed(String::new()));
}

#[test]
fn what_is_printed_is_kept() {
    let printed = Outcome::Passed("cwnd 10 and 50%\n".to_owned());
    assert_eq!(
        run("print('cwnd %d and %s%%' % (tcpi_snd_cwnd, 50))"),
        printed
    );
    assert_eq!(run("print 'cwnd', tcpi_snd_cwnd, 'and', '50%'"), printed);
}

#[test]
fn a_failed_assertion_names_its_values() {
    let outcome = run("\n\nassert tcpi_snd_cwnd == 11, 'cwnd=%d' % tcpi_snd_cwnd");
    insta::assert_debug_snapshot!(outcome, @r#"
    Failed {
        line: 12,
        message: "the assertion `tcpi_snd_cwnd == 11` does not hold",
        notes: [
            "tcpi_snd_cwnd is 10",
            "the script says: cwnd=10",
        ],
    }
    "#);
}

#[test]
fn wrong_code_is_told_with_its_line() {
    for (text, line, message) in [
        ("assert (1", 10, "the expression ends too early"),
        ("a = 1\nassert 1 +", 11, "the expression ends too early"),
        ("assert 1 2", 10, "`2` does not belong here"),
        ("assert tcpi_snd_cwnd = 10", 10, "`=` does not belong here"),
        ("x = 'a", 10, "a string that does not end on its line"),
        ("assert $", 10, "`$` has no meaning here"),
        ("assert 1 / 0", 10, "division by zero"),
    ] {
        let expected = Outcome::Failed {
            line,
            message: message.to_owned(),
            notes: Vec::new(),
        };
        assert_eq!(run(text), expected, "{text}");
    }
}

#[test]
fn the_rest_goes_to_python_or_is_a_reason_to_skip() {
    let mut program = Program::default();
    program.block(
        1,
        "for i in range(3):\n  total = i\nassert total == 2",
        facts(),
    );
    program.block(5, "assert tcpi_snd_cwnd == total + 8", facts());
    match program.finish() {
        Outcome::Passed(_) => {}
        Outcome::NeedsPython(reason) => assert!(reason.contains("line 1"), "{reason}"),
        Outcome::Failed { message, .. } => panic!("{message}"),
    }
    program.block(7, "\nassert tcpi_snd_cwnd == total", facts());
    match program.finish() {
        Outcome::Passed(_) => panic!("it passes"),
        Outcome::NeedsPython(reason) => assert!(reason.contains("python3"), "{reason}"),
        Outcome::Failed { line, message, .. } => {
            assert_eq!((line, &*message), (8, "AssertionError"))
        }
    }
}

#[test]
fn what_only_python_has_a_use_for_is_left_to_it() {
    for (text, what) in [
        (
            "assert tcpi_snd_cwnd == 10, f\"cwnd={tcpi_snd_cwnd}\"",
            "`f\"`",
        ),
        ("x = Rb'\\n'", "`Rb'`"),
        ("x = \"\"\"a\nb\"\"\"", "`\"\"\"`"),
        ("x = '''a'''", "`'''`"),
        ("x = {}", "`{`"),
        ("x = 1\nassert x not in (2, 3)", "`not`"),
        ("x = y = 1", "`=`"),
        ("x, y = 1, 2", "`,`"),
        ("x = 1, 2", "`,`"),
        ("print(tcpi_snd_cwnd, end='')", "`=`"),
    ] {
        match run(text) {
            Outcome::Passed(_) => {}
            Outcome::NeedsPython(reason) => assert!(reason.contains(what), "{reason}"),
            Outcome::Failed { message, .. } => panic!("{text}: {message}"),
        }
    }
    assert!(matches!(run("f = 1\nassert f, 'f'"), Outcome::Passed(_)));
}

proptest! {
    #[test]
    fn no_text_is_too_much(text in "[ -~\n]{0,120}") {
        run(&text);
    }

    #[test]
    fn no_expression_is_too_much(text in "[-+*/%&|^~()<>=0-9a. ,notrd]{0,60}") {
        run(&format!("assert {text}"));
    }
}
