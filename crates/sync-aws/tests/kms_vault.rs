//! The KMS vault keeps the promises of a vault, on a KMS that does as the real one: it gives a key back only for the
//! encryption context that it was made for.
#![expect(clippy::unwrap_used, reason = "a test that does not find what it expects has failed")]

use std::collections::{BTreeMap, HashMap};

use aws_config::BehaviorVersion;
use aws_credential_types::Credentials;
use aws_sdk_kms::Client;
use aws_sdk_kms::config::Region;
use aws_sdk_kms::error::ErrorMetadata;
use aws_sdk_kms::operation::decrypt::{DecryptError, DecryptOutput};
use aws_sdk_kms::operation::generate_data_key::{GenerateDataKeyError, GenerateDataKeyOutput};
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::error::{InvalidCiphertextException, KmsInternalException};
use aws_smithy_mocks::{
    MockResponse, MockResponseInterceptor, Rule, RuleMode, create_mock_http_client, mock,
};
use secrecy::ExposeSecret;
use sync_aws::KmsVault;
use sync_core::ports::{TokenVault, VaultError};
use sync_testkit::build::{tokens, user};

fn vault_on(rules: &[Rule]) -> KmsVault {
    let mut interceptor = MockResponseInterceptor::new().rule_mode(RuleMode::MatchAny);
    for rule in rules {
        interceptor = interceptor.with_rule(rule);
    }
    let config = aws_sdk_kms::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::from_keys("mocked", "mocked", None))
        .retry_config(aws_sdk_kms::config::retry::RetryConfig::disabled())
        .http_client(create_mock_http_client())
        .interceptor(interceptor)
        .build();
    KmsVault::new(Client::from_conf(config), "alias/tokens")
}

/// A "ciphertext" that names what it was made for.
fn wrapped(context: Option<&HashMap<String, String>>) -> Blob {
    let context: BTreeMap<_, _> = context.unwrap().iter().collect();
    Blob::new(format!("{context:?}"))
}

async fn vault() -> KmsVault {
    let generate = mock!(Client::generate_data_key)
        .match_requests(|request| {
            request.key_id() == Some("alias/tokens")
                && request.encryption_context().is_some_and(|context| {
                    context.len() == 2 && context["provider"] == "garmin" && !context["user_id"].is_empty()
                })
        })
        .then_compute_output(|request| {
            GenerateDataKeyOutput::builder()
                .plaintext(Blob::new([7; 32]))
                .ciphertext_blob(wrapped(request.encryption_context()))
                .build()
        });
    let decrypt = mock!(Client::decrypt)
        .match_requests(|request| request.key_id() == Some("alias/tokens"))
        .then_compute_response(|request| {
            if request.ciphertext_blob() == Some(&wrapped(request.encryption_context())) {
                MockResponse::Output(DecryptOutput::builder().plaintext(Blob::new([7; 32])).build())
            } else {
                let meta = ErrorMetadata::builder().code("InvalidCiphertextException").build();
                let refused = InvalidCiphertextException::builder().meta(meta).build();
                MockResponse::Error(DecryptError::InvalidCiphertextException(refused))
            }
        });
    vault_on(&[generate, decrypt])
}

mod promises {
    use super::vault;
    sync_testkit::token_vault_suite!(vault());
}

#[tokio::test]
async fn a_kms_that_fails_is_unavailable_and_not_unreadable() {
    let internal = || {
        let meta = ErrorMetadata::builder().code("KMSInternalException").build();
        KmsInternalException::builder().meta(meta).build()
    };
    let owner = user("owner");
    let sealed = vault().await.seal(&owner, &tokens("a", "r")).await.unwrap();
    let generate = mock!(Client::generate_data_key)
        .then_error(move || GenerateDataKeyError::KmsInternalException(internal()));
    let decrypt = mock!(Client::decrypt).then_error(move || DecryptError::KmsInternalException(internal()));
    let failing = vault_on(&[generate, decrypt]);
    let refused = failing.seal(&owner, &tokens("a", "r")).await;
    assert!(matches!(refused, Err(VaultError::Unavailable(_))));
    let refused = failing.open(&owner, &sealed).await;
    assert!(matches!(refused, Err(VaultError::Unavailable(_))));
}

#[tokio::test]
async fn a_refreshed_pair_asks_kms_for_no_new_key() {
    let owner = user("owner");
    let sealed = vault().await.seal(&owner, &tokens("a", "r")).await.unwrap();
    let refused = mock!(Client::generate_data_key).then_error(|| {
        let meta = ErrorMetadata::builder().code("AccessDeniedException").build();
        GenerateDataKeyError::generic(meta)
    });
    let decrypt =
        mock!(Client::decrypt).then_output(|| DecryptOutput::builder().plaintext(Blob::new([7; 32])).build());
    let of_worker = vault_on(&[refused, decrypt]);
    assert!(of_worker.seal(&owner, &tokens("b", "s")).await.is_err(), "it may not");
    let resealed = of_worker.reseal(&owner, &sealed, &tokens("b", "s")).await.unwrap();
    let opened = of_worker.open(&owner, &resealed).await.unwrap();
    assert_eq!(opened.access.expose_secret(), "b");
}

#[tokio::test]
async fn tokens_sealed_with_a_key_file_do_not_open_with_kms_nor_the_other_way_round() {
    let folder = tempfile::tempdir().unwrap();
    let file = sync_aws::KeyFileVault::open_or_create(&folder.path().join("tokens.key")).unwrap();
    let (kms, owner) = (vault().await, user("owner"));
    let of_file = file.seal(&owner, &tokens("a", "r")).await.unwrap();
    let of_kms = kms.seal(&owner, &tokens("a", "r")).await.unwrap();
    assert!(matches!(kms.open(&owner, &of_file).await, Err(VaultError::Unreadable(_))));
    assert!(matches!(file.open(&owner, &of_kms).await, Err(VaultError::Unreadable(_))));
}
