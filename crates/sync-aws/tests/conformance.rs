//! The adapters keep every promise of the ports, on an embedded AWS.
#![expect(clippy::unwrap_used, reason = "a test that does not find what it expects has failed")]

mod jobs {
    sync_testkit::job_store_suite!(sync_testkit::embedded::EmbeddedStores::start());
}

mod links {
    sync_testkit::link_store_suite!(sync_testkit::embedded::EmbeddedStores::start());
}

mod records {
    sync_testkit::record_store_suite!(sync_testkit::embedded::EmbeddedStores::start());
}

mod erasures {
    sync_testkit::erasure_store_suite!(sync_testkit::embedded::EmbeddedStores::start());
}

mod sign_ins {
    sync_testkit::sign_in_store_suite!(sync_testkit::embedded::EmbeddedStores::start());
}

mod queues {
    sync_testkit::chunk_queue_suite!(sync_testkit::embedded::EmbeddedQueues::start());
}

mod key_file_vault {
    use sync_aws::KeyFileVault;

    async fn vault() -> KeyFileVault {
        let folder = tempfile::tempdir().unwrap();
        KeyFileVault::open_or_create(&folder.path().join("tokens.key")).unwrap()
    }

    sync_testkit::token_vault_suite!(vault());
}
