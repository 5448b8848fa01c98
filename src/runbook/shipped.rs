/// The runbooks that are built in, by file name; they check without a finding.
pub const fn shipped() -> &'static [(&'static str, &'static str)] {
    &[
        ("db-cleanup.yaml", include_str!("../../runbooks/db-cleanup.yaml")),
        ("db-restore.yaml", include_str!("../../runbooks/db-restore.yaml")),
        ("drill-cleanup.yaml", include_str!("../../runbooks/drill-cleanup.yaml")),
        ("index-restore.yaml", include_str!("../../runbooks/index-restore.yaml")),
        ("key-rotation.yaml", include_str!("../../runbooks/key-rotation.yaml")),
        ("key-rotation-leaked.yaml", include_str!("../../runbooks/key-rotation-leaked.yaml")),
        ("rollback.yaml", include_str!("../../runbooks/rollback.yaml")),
        ("setting-change.yaml", include_str!("../../runbooks/setting-change.yaml")),
    ]
}

/// The playbooks that are built in, by file name; beside the built-in runbooks they check without a finding.
pub const fn shipped_playbooks() -> &'static [(&'static str, &'static str)] {
    &[
        ("bad-release.yaml", include_str!("../../playbooks/bad-release.yaml")),
        ("database-corrupted.yaml", include_str!("../../playbooks/database-corrupted.yaml")),
        ("quarterly-dr.yaml", include_str!("../../playbooks/quarterly-dr.yaml")),
        ("rotation-drill.yaml", include_str!("../../playbooks/rotation-drill.yaml")),
        ("search-empty.yaml", include_str!("../../playbooks/search-empty.yaml")),
        ("secret-leaked.yaml", include_str!("../../playbooks/secret-leaked.yaml")),
    ]
}
