use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::base::Digest;

/// The Merkle tree over all leaves so far, folded to what the next leaf needs (RFC 6962 §2.1): the roots of the perfect
/// subtrees that the size consists of, largest first. One for each set bit of the size, so never more than 64.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    roots: Vec<Digest>,
}

impl Frontier {
    /// The tree over the given leaves.
    pub fn over(leaves: impl IntoIterator<Item = Digest>) -> Self {
        let mut frontier = Self::default();
        leaves.into_iter().for_each(|leaf| frontier.push(leaf));
        frontier
    }

    /// Takes up what [`Frontier::roots`] gave for a tree of that size; none if it cannot be of that size.
    pub fn from_roots(size: u64, roots: Vec<Digest>) -> Option<Self> {
        (roots.len() == size.count_ones() as usize).then_some(Self { size, roots })
    }

    /// Adds the next leaf.
    pub fn push(&mut self, leaf: Digest) {
        let mut node = leaf;
        // Each trailing one of the size is a perfect subtree as large as the one being added: the two become one.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.roots.pop() {
                node = node_of(left, node);
            }
        }
        self.roots.push(node);
        self.size += 1;
    }

    /// How many leaves there are.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The roots of the perfect subtrees, largest first.
    pub fn roots(&self) -> &[Digest] {
        &self.roots
    }

    /// The Merkle tree hash; that of no leaves is the digest of nothing.
    pub fn root(&self) -> Digest {
        let mut right_to_left = self.roots.iter().rev().copied();
        let Some(last) = right_to_left.next() else { return Digest::of_parts(&[]) };
        right_to_left.fold(last, |right, left| node_of(left, right))
    }
}

/// The leaf of a line: `SHA256(0x00 || line)` (RFC 6962 §2.1), the line without its newline.
pub fn leaf_of(line: &[u8]) -> Digest {
    Digest::of_parts(&[&[0], line])
}

/// The checkpoint of a log: the body of a C2SP tlog-checkpoint, unsigned. Three lines, each ended by a newline: the
/// origin `callout/<log id>`, the size in decimal, the root in base64.
///
/// It claims nothing by itself; whoever keeps a copy elsewhere can tell later whether the log was rewritten.
pub fn checkpoint(log: impl fmt::Display, size: u64, root: Digest) -> String {
    format!("callout/{log}\n{size}\n{}\n", STANDARD.encode(root.as_bytes()))
}

fn node_of(left: Digest, right: Digest) -> Digest {
    Digest::of_parts(&[&[1], left.as_bytes(), right.as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(count: u8) -> Vec<Digest> {
        (0..count).map(|number| leaf_of(&[number])).collect()
    }

    /// RFC 6962 §2.1 to the letter.
    fn tree_hash(leaves: &[Digest]) -> Digest {
        match leaves {
            [] => Digest::of_parts(&[]),
            [one] => *one,
            _ => {
                let split = leaves.len().next_power_of_two() / 2;
                node_of(tree_hash(&leaves[..split]), tree_hash(&leaves[split..]))
            }
        }
    }

    #[test]
    fn the_frontier_gives_the_root_that_the_rfc_defines_at_every_size() {
        for count in 0..=130 {
            let leaves = leaves(count);
            let frontier = Frontier::over(leaves.iter().copied());
            assert_eq!(frontier.root(), tree_hash(&leaves), "{count} leaves");
            assert_eq!(frontier.size(), u64::from(count));
            assert_eq!(Frontier::from_roots(frontier.size(), frontier.roots().to_vec()), Some(frontier));
        }
    }

    #[test]
    fn the_roots_of_the_reference_implementation_come_out() {
        // Test vectors of certificate-transparency-go (merkle tree tests): the first inputs are "", 0x00, 0x10.
        let frontier = Frontier::over([leaf_of(b""), leaf_of(&[0]), leaf_of(&[0x10])]);
        assert_eq!(frontier.root().to_string(), "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77");
    }

    #[test]
    fn a_frontier_with_a_root_too_few_is_none() {
        assert_eq!(Frontier::from_roots(3, leaves(1)), None);
    }

    #[test]
    fn a_checkpoint_has_three_lines_and_ends_with_a_newline() {
        let text = checkpoint("the-log", 0, Frontier::default().root());
        assert_eq!(text, "callout/the-log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n");
    }
}
