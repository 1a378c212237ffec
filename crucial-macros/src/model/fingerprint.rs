//! A number that changes with what a thread takes and returns.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;

/// FNV-1a over tokens: spaces, line breaks and comments don't count.
#[derive(Debug)]
pub(crate) struct Fingerprint(u64);

impl Default for Fingerprint {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fingerprint {
    /// Takes in one more part.
    pub(crate) fn feed(&mut self, part: &impl ToTokens) {
        self.tokens(part.to_token_stream());
        self.bytes(b";");
    }

    pub(crate) fn value(&self) -> u64 {
        self.0
    }

    fn tokens(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => {
                    self.bytes(format!("{:?}(", group.delimiter()).as_bytes());
                    self.tokens(group.stream());
                    self.bytes(b")");
                }
                other => self.bytes(other.to_string().as_bytes()),
            }
            self.bytes(b" ");
        }
    }

    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    fn of(parts: &[TokenStream]) -> u64 {
        let mut fingerprint = Fingerprint::default();
        for part in parts {
            fingerprint.feed(part);
        }
        fingerprint.value()
    }

    #[test]
    fn layout_does_not_count_and_types_do() {
        let spaced: TokenStream = "HashMap < u32,\n Vec<u8> >".parse().unwrap();
        assert_eq!(of(&[spaced]), of(&[quote!(HashMap<u32, Vec<u8>>)]));
        let different = [
            of(&[]),
            of(&[quote!(u8), quote!(u16)]),
            of(&[quote!(u16), quote!(u8)]),
            of(&[quote!(u8 u16)]),
            of(&[quote!((u8, u16))]),
            of(&[quote!([u8, u16])]),
        ];
        for (place, one) in different.iter().enumerate() {
            assert!(!different[..place].contains(one), "{place}");
        }
    }
}
