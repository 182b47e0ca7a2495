//! The known word that somebody probably meant.

use strsim::levenshtein;

/// The known word that `word` probably stands for: at most a third of its letters differ.
pub(crate) fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    known
        .iter()
        .map(|candidate| (levenshtein(word, candidate), *candidate))
        .filter(|(distance, candidate)| *distance * 3 <= candidate.len().max(word.chars().count()))
        .min()
        .map(|(_, candidate)| candidate)
}
