//! The words of the tables: where a cell starts, what arrives, and where its numbers lie.

mod ack;
mod segment;
mod seq;
mod start;

pub(crate) use ack::Ack;
pub(crate) use segment::Segment;
pub(crate) use seq::{GAP, RCV_WND, Seq};
pub(crate) use start::Start;

/// Makes an enum of words: each variant has one spelling in the tables.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum $name { $($(#[$inner])* $variant,)+ }

        impl $name {
            /// Every one, in the order of the tables.
            pub(crate) const ALL: &[Self] = &[$(Self::$variant,)+];

            /// As the tables spell it.
            pub(crate) const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// The one that is spelt so.
            pub(crate) fn of_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.word() == word)
            }
        }
    };
}
pub(crate) use words;
