//! Commands that only set sysctls: a target can do that without a shell.

use crate::tree::Command;

impl Command {
    /// The sysctls that the command sets, in order, when it does nothing else: `sysctl [-q] [-w] a.b=v …` and
    /// `echo v > /proc/sys/a/b`, separated by newlines, `;` or `&&`.
    ///
    /// Names have dots. `None` when the command does anything more, or anything that a shell would have to work out.
    pub fn sysctls(&self) -> Option<Vec<(String, String)>> {
        let mut settings = Vec::new();
        for command in split(&self.text)? {
            match command.split_first() {
                None => {}
                Some((Word::Text(name), rest)) if is_sysctl(name) => sysctl(rest, &mut settings)?,
                Some((Word::Text(name), rest)) if name == "echo" => {
                    settings.push(echo(rest)?);
                }
                Some(_) => return None,
            }
        }
        (!settings.is_empty()).then_some(settings)
    }
}

/// A word of a shell command.
enum Word {
    Text(String),
    /// `>`
    Into,
}

fn is_sysctl(name: &str) -> bool {
    matches!(name, "sysctl" | "/sbin/sysctl" | "/usr/sbin/sysctl")
}

fn sysctl(words: &[Word], settings: &mut Vec<(String, String)>) -> Option<()> {
    for word in words {
        let Word::Text(text) = word else {
            return None;
        };
        if let Some(flags) = text.strip_prefix('-') {
            // -e (ignore unknown names) is left to the shell: here an unknown name is an error.
            if flags.is_empty() || !flags.bytes().all(|flag| matches!(flag, b'q' | b'w')) {
                return None;
            }
            continue;
        }
        let (name, value) = text.split_once('=')?;
        settings.push((dotted(name)?, value.to_owned()));
    }
    Some(())
}

fn echo(words: &[Word]) -> Option<(String, String)> {
    let [values @ .., Word::Into, Word::Text(path)] = words else {
        return None;
    };
    let values: Option<Vec<&str>> = values
        .iter()
        .map(|word| match word {
            Word::Text(text) => Some(text.as_str()),
            Word::Into => None,
        })
        .collect();
    let values = values?;
    let values = match values.as_slice() {
        ["-n", rest @ ..] => rest,
        all => all,
    };
    if values.is_empty() || values[0].starts_with('-') && values[0].parse::<i64>().is_err() {
        return None;
    }
    let name = path.strip_prefix("/proc/sys/")?;
    Some((dotted(name)?, values.join(" ")))
}

/// `net/ipv4/tcp_sack` or `net.ipv4.tcp_sack` with dots.
fn dotted(name: &str) -> Option<String> {
    let belongs = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    let is_name = !name.is_empty() && name.chars().all(belongs) && !name.contains("..");
    is_name.then(|| name.replace('/', "."))
}

/// The commands of a shell text as words; `None` where a shell would do more than split and unquote.
fn split(text: &str) -> Option<Vec<Vec<Word>>> {
    let mut commands = vec![Vec::new()];
    let mut word: Option<String> = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let ends_word = matches!(c, ' ' | '\t' | '\r' | '\n' | ';' | '>')
            || (c == '&' && chars.peek() == Some(&'&'));
        if ends_word && let (Some(done), Some(command)) = (word.take(), commands.last_mut()) {
            command.push(Word::Text(done));
        }
        match c {
            ' ' | '\t' | '\r' => {}
            '\n' | ';' => commands.push(Vec::new()),
            '&' => {
                chars.next_if_eq(&'&')?;
                commands.push(Vec::new());
            }
            // `2>` and `>>` redirect otherwise.
            '>' if chars.peek() != Some(&'>') => commands.last_mut()?.push(Word::Into),
            '#' if word.is_none() => while chars.next_if(|c| *c != '\n').is_some() {},
            '\\' => match chars.next()? {
                '\n' => {}
                other => word.get_or_insert_default().push(other),
            },
            '\'' => loop {
                match chars.next()? {
                    '\'' => {
                        word.get_or_insert_default();
                        break;
                    }
                    other => word.get_or_insert_default().push(other),
                }
            },
            '"' => loop {
                match chars.next()? {
                    '"' => {
                        word.get_or_insert_default();
                        break;
                    }
                    '$' | '`' | '\\' => return None,
                    other => word.get_or_insert_default().push(other),
                }
            },
            '$' | '`' | '|' | '<' | '>' | '(' | ')' | '{' | '}' | '*' | '?' | '[' | ']' | '!' => {
                return None;
            }
            other => word.get_or_insert_default().push(other),
        }
    }
    if let (Some(done), Some(command)) = (word, commands.last_mut()) {
        command.push(Word::Text(done));
    }
    Some(commands)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::Span;

    fn sysctls(text: &str) -> Option<Vec<(String, String)>> {
        let span = Span::default();
        let text = text.to_owned();
        Command { span, text }.sysctls()
    }

    fn pairs(list: &[(&str, &str)]) -> Option<Vec<(String, String)>> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Some(list.iter().map(owned).collect())
    }

    #[test]
    fn one_command_sets_several() {
        assert_eq!(
            sysctls("sysctl -q net.ipv4.tcp_sack=0 \\\n  net.ipv4.tcp_ecn=1"),
            pairs(&[("net.ipv4.tcp_sack", "0"), ("net.ipv4.tcp_ecn", "1")])
        );
    }

    #[test]
    fn commands_are_separated_as_in_a_shell() {
        assert_eq!(
            sysctls("\n sysctl -qw a.b=1; sysctl a/c=2 && echo 3 > /proc/sys/a/d # why\n"),
            pairs(&[("a.b", "1"), ("a.c", "2"), ("a.d", "3")])
        );
    }

    #[test]
    fn quotes_hold_values_together() {
        let expected = pairs(&[("net.ipv4.tcp_wmem", "4096 50000 4194304")]);
        assert_eq!(
            sysctls("sysctl net.ipv4.tcp_wmem=\"4096 50000 4194304\""),
            expected
        );
        assert_eq!(
            sysctls("sysctl 'net.ipv4.tcp_wmem=4096 50000 4194304'"),
            expected
        );
        assert_eq!(
            sysctls("echo 4096 50000 4194304 > /proc/sys/net/ipv4/tcp_wmem"),
            expected
        );
        assert_eq!(sysctls("echo -1 > /proc/sys/a"), pairs(&[("a", "-1")]));
    }

    #[test]
    fn whatever_needs_a_shell_is_left_to_it() {
        for text in [
            "",
            "./defaults.sh\nsysctl -q a=1",
            "sysctl -q a=$X",
            "sysctl -q a=1 > /dev/null 2>&1",
            "sysctl -e -q a=1",
            "sysctl -p",
            "sysctl a",
            "echo 1 > /sys/x",
            "echo 1 >> /proc/sys/x",
            "echo 1 > /proc/sys/../x",
            "sysctl a=1 &",
            "sysctl a=1 | cat",
            "sysctl a='1",
        ] {
            assert_eq!(sysctls(text), None, "{text}");
        }
    }
}
