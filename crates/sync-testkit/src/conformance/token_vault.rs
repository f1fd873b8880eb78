//! What every [`TokenVault`] promises.

use secrecy::ExposeSecret;
use sync_core::link::SealedTokens;
use sync_core::ports::{TokenVault, VaultError};
use sync_core::sign_in::{PendingSignIn, SealedSignIn, SignInVault};

use crate::build::{tokens, user};

/// The owner gets back what was sealed. A link can be larger than what KMS encrypts by itself.
pub async fn sealed_tokens_open_for_their_owner(vault: &impl TokenVault) {
    let owner = user("owner");
    let access = "a".repeat(6_000);
    let sent = tokens(&access, "refresh ☂");
    let sealed = vault.seal(&owner, &sent).await.expect("it is sealed");
    let opened = vault.open(&owner, &sealed).await.expect("it opens");
    assert_eq!(opened.access.expose_secret(), access);
    assert_eq!(opened.refresh.expose_secret(), "refresh ☂");
    assert_eq!((opened.client_id, opened.expires_at), (sent.client_id, sent.expires_at));
}

/// A record copied to another user is worthless to that user.
pub async fn a_record_copied_to_another_user_does_not_open(vault: &impl TokenVault) {
    let sealed = vault.seal(&user("owner"), &tokens("a", "r")).await.expect("it is sealed");
    let opened = vault.open(&user("thief"), &sealed).await;
    assert!(matches!(opened, Err(VaultError::Unreadable(_))));
}

/// Whatever is not an envelope is refused, not guessed at.
pub async fn damaged_tokens_do_not_open(vault: &impl TokenVault) {
    let owner = user("owner");
    let sealed = vault.seal(&owner, &tokens("a", "r")).await.expect("it is sealed");
    let half = sealed.0[..sealed.0.len() / 2].to_owned();
    for damaged in [String::new(), "e30=".to_owned(), "no base64!".to_owned(), half] {
        let opened = vault.open(&owner, &SealedTokens(damaged)).await;
        assert!(matches!(opened, Err(VaultError::Unreadable(_))));
    }
}

/// What a refresh gave opens as what was sealed anew; the pair before it opens no other way than before.
pub async fn a_refreshed_pair_is_sealed_under_the_key_of_the_one_it_replaces(vault: &impl TokenVault) {
    let owner = user("owner");
    let first = vault.seal(&owner, &tokens("a", "r")).await.expect("it is sealed");
    let second = vault.reseal(&owner, &first, &tokens("b", "s")).await.expect("it is sealed");
    let third = vault.reseal(&owner, &second, &tokens("c", "t")).await.expect("it is sealed");
    for (sealed, access) in [(first, "a"), (second, "b"), (third, "c")] {
        let opened = vault.open(&owner, &sealed).await.expect("it opens");
        assert_eq!(opened.access.expose_secret(), access);
        let stolen = vault.open(&user("thief"), &sealed).await;
        assert!(matches!(stolen, Err(VaultError::Unreadable(_))));
    }
}

/// Nobody's key seals for somebody else.
pub async fn nothing_is_sealed_under_a_key_that_does_not_open(vault: &impl TokenVault) {
    let sealed = vault.seal(&user("owner"), &tokens("a", "r")).await.expect("it is sealed");
    for replaced in [sealed, SealedTokens::default()] {
        let resealed = vault.reseal(&user("thief"), &replaced, &tokens("b", "s")).await;
        assert!(matches!(resealed, Err(VaultError::Unreadable(_))));
    }
}

/// A session opens for its owner, and as nothing but a session.
pub async fn a_sealed_sign_in_opens_for_its_owner_alone(vault: &(impl TokenVault + SignInVault)) {
    let owner = user("owner");
    let sealed = vault.seal_sign_in(&owner, &PendingSignIn("cookies ☂".into())).await.expect("it is sealed");
    let opened = vault.open_sign_in(&owner, &sealed).await.expect("it opens");
    assert_eq!(opened.0.expose_secret(), "cookies ☂");
    let stolen = vault.open_sign_in(&user("thief"), &sealed).await;
    assert!(matches!(stolen, Err(VaultError::Unreadable(_))));
    let tokens = vault.open(&owner, &SealedTokens(sealed.0)).await;
    assert!(matches!(tokens, Err(VaultError::Unreadable(_))));
    let tokens = vault.seal(&owner, &self::tokens("a", "r")).await.expect("it is sealed");
    let session = vault.open_sign_in(&owner, &SealedSignIn(tokens.0)).await;
    assert!(matches!(session, Err(VaultError::Unreadable(_))));
}

/// Equal tokens do not look equal.
pub async fn the_same_tokens_never_seal_to_the_same_text(vault: &impl TokenVault) {
    let owner = user("owner");
    let one = vault.seal(&owner, &tokens("a", "r")).await.expect("it is sealed");
    let other = vault.seal(&owner, &tokens("a", "r")).await.expect("it is sealed");
    assert!(one != other);
}

/// Every promise of a [`TokenVault`] as a test. Takes an expression that gives the future of the vault.
#[macro_export]
macro_rules! token_vault_suite {
    ($vault:expr) => {
        $crate::suite!(
            token_vault,
            $vault,
            [
                sealed_tokens_open_for_their_owner,
                a_record_copied_to_another_user_does_not_open,
                damaged_tokens_do_not_open,
                a_sealed_sign_in_opens_for_its_owner_alone,
                a_refreshed_pair_is_sealed_under_the_key_of_the_one_it_replaces,
                nothing_is_sealed_under_a_key_that_does_not_open,
                the_same_tokens_never_seal_to_the_same_text,
            ]
        );
    };
}
