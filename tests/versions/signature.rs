//! Signatures that `ssh-keygen -Y sign -n git` made, so that the two agree.

use callout::base::Timestamp;
use callout::world::{AllowedSigners, Signature, Signed, judge};

const TEXT: &str = include_str!("signed/text");

fn verdict(armour: &str, text: &str, signers: &str) -> Signature {
    let at = Timestamp::from_seconds(1_767_323_045);
    let signed = Signed { armour: armour.to_owned(), data: text.as_bytes().to_vec(), at };
    judge(Some(&signed), Some(&AllowedSigners::parse(&format!("ada {signers}"))))
}

#[test]
fn what_openssh_signs_is_verified_and_one_letter_more_is_not() {
    for (public, armour) in [
        (include_str!("signed/ed25519.pub"), include_str!("signed/ed25519.sig")),
        (include_str!("signed/p256.pub"), include_str!("signed/p256.sig")),
        (include_str!("signed/p384.pub"), include_str!("signed/p384.sig")),
    ] {
        assert!(matches!(verdict(armour, TEXT, public), Signature::Verified { principals, .. } if principals == "ada"));
        assert!(matches!(verdict(armour, &format!("{TEXT} "), public), Signature::Bad { .. }));
        assert!(matches!(verdict(armour, TEXT, "no key"), Signature::NotAllowed { .. }));
        // Other programs break lines elsewhere.
        let (head, rest) = armour.split_once('\n').unwrap();
        let unwrapped = format!("{head}\n{}", rest.replace('\n', "").replace("-----END", "\n-----END"));
        assert!(matches!(verdict(&unwrapped, TEXT, public), Signature::Verified { .. }));
    }
}

#[test]
fn a_key_that_cannot_be_verified_is_never_taken_for_a_good_one() {
    for (public, armour, kind) in [
        (include_str!("signed/rsa.pub"), include_str!("signed/rsa.sig"), "an RSA key"),
        (include_str!("signed/p521.pub"), include_str!("signed/p521.sig"), "ecdsa-sha2-nistp521"),
    ] {
        let Signature::NotVerified { why } = verdict(armour, TEXT, public) else { panic!("{kind} is not verified") };
        assert!(why.contains(kind) && why.contains("not supported"), "{why}");
    }
}

#[test]
fn no_part_of_a_signature_can_be_changed() {
    let (public, armour) = (include_str!("signed/ed25519.pub"), include_str!("signed/ed25519.sig"));
    let letters: Vec<char> = armour.chars().collect();
    let body = armour.find('\n').unwrap()..armour.rfind("-----END").unwrap();
    // The last character before the padding holds bits that mean nothing.
    for at in body.filter(|at| letters[*at].is_ascii_alphanumeric()).take(380) {
        let mut changed = letters.clone();
        changed[at] = if letters[at] == 'A' { 'B' } else { 'A' };
        let changed: String = changed.into_iter().collect();
        let verdict = verdict(&changed, TEXT, public);
        assert!(!matches!(verdict, Signature::Verified { .. }), "at {at}: {verdict:?}");
    }
}
