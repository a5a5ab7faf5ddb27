//! The two shapes of the pack's language: tables that name their document, and words (政策包语法).

/// A table of the pack: its own keys, and where they come from.
macro_rules! table {
    ($(#[$doc:meta])* $name:ident { $($(#[$attr:meta])* $field:ident: $type:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        #[allow(dead_code, reason = "a key with one legal value is checked by its type alone")]
        pub(super) struct $name {
            pub(super) meta: String,
            #[serde(default)]
            pub(super) weaker: Weaker,
            $($(#[$attr])* pub(super) $field: $type),*
        }
    };
}

/// Words of the language, spelled as in the file.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$attr:meta])* $word:ident),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub(crate) enum $name { $($(#[$attr])* $word),* }
    };
}
