//! "Did you mean": the nearest of the words that could stand at a place.

/// The known word nearest to `word`, where one is near enough to be meant.
pub fn suggest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    /// Nobody means a symbol by a word this long.
    const LONGEST: usize = 48;
    if word.is_empty() || word.len() > LONGEST {
        return None;
    }
    let fold = |text: &str| text.to_ascii_lowercase().replace('-', "_");
    let wanted = fold(word);
    let allowed = wanted.len() / 4 + 1;
    known
        .into_iter()
        .map(|candidate| (strsim::osa_distance(&wanted, &fold(candidate)), candidate))
        // A short word is not near to another one of which nothing is left.
        .filter(|(distance, candidate)| *distance <= allowed && *distance < candidate.len())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_is_recognised() {
        assert_eq!(suggest("sackok", ["sack", "sackOK", "mss"]), Some("sackOK"));
        assert_eq!(
            suggest("SO_REUSEADR", crate::symbols::names()),
            Some("SO_REUSEADDR")
        );
        assert_eq!(suggest("zebra", ["sack", "sackOK"]), None);
        assert_eq!(suggest("", ["a"]), None);
    }
}
