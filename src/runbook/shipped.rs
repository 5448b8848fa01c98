/// The runbooks that are built in, by file name; they check without a finding.
pub const fn shipped() -> &'static [(&'static str, &'static str)] {
    &[
        ("key-rotation.yaml", include_str!("../../runbooks/key-rotation.yaml")),
        ("rollback.yaml", include_str!("../../runbooks/rollback.yaml")),
    ]
}
