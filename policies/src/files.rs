//! The policy texts as the caller read them. Where they lie and how they are read is not known here.

use std::collections::BTreeMap;

use domain::digest::Digest;

/// Texts by their path relative to the rules folder, with `/` between folders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files(pub BTreeMap<String, String>);

impl Files {
    /// The text of one file.
    pub fn get(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }

    /// The digest of all names and texts. Lengths stand before both, so that no two sets of files write alike.
    pub fn digest(&self) -> Digest {
        let mut bytes = Vec::new();
        for part in self.0.iter().flat_map(|(path, text)| [path, text]) {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        Digest::of(bytes)
    }
}

impl<P: Into<String>, T: Into<String>> FromIterator<(P, T)> for Files {
    fn from_iter<I: IntoIterator<Item = (P, T)>>(files: I) -> Self {
        Self(files.into_iter().map(|(path, text)| (path.into(), text.into())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_covers_names_texts_and_their_borders() {
        let digest = |files: &[(&str, &str)]| files.iter().copied().collect::<Files>().digest();
        let original = digest(&[("a", "bc"), ("d", "")]);
        assert_eq!(original, digest(&[("d", ""), ("a", "bc")]));
        for other in
            [&[("ab", "c"), ("d", "")], &[("a", "bcd"), ("", "")], &[("a", "b"), ("d", "c")]]
        {
            assert_ne!(original, digest(other), "{other:?}");
        }
    }
}
