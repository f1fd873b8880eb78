"""Writes a link as link-account would, for a rehearsal of what comes after linking.

The format is that of sync-aws's KmsVault: a data key of the tokens' key, given out for this user only, AES-256-GCM with the
owner as additional data, in a JSON envelope in Base64.
"""

import base64
import hashlib
import json
import os
from datetime import datetime, timezone

from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def moment(seconds):
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def claims(token):
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def seal(kms, key, user, tokens):
    made = kms.generate_data_key(KeyId=key, KeySpec="AES_256", EncryptionContext={"user_id": user, "provider": "garmin"})
    inside = json.dumps({
        "access": tokens["di_token"],
        "refresh": tokens["di_refresh_token"],
        "client_id": tokens["di_client_id"],
        "expires_at": moment(claims(tokens["di_token"])["exp"]),
    }).encode()
    nonce = os.urandom(12)
    owner = f"garmin-sync tokens v1\nkms\ngarmin\n{user}".encode()
    text = lambda value: base64.b64encode(value).decode()
    envelope = {
        "v": 1,
        "key": {"kind": "kms", "data_key": text(made["CiphertextBlob"])},
        "nonce": text(nonce),
        "ciphertext": text(AESGCM(made["Plaintext"]).encrypt(nonce, inside, owner)),
    }
    return text(json.dumps(envelope).encode())


def put_link(dynamodb, table, kms, key, user, tokens, now):
    account = hashlib.sha256(claims(tokens["di_token"])["garmin_guid"].encode()).hexdigest()[:32]
    dynamodb.put_item(TableName=table, Item={
        "user_id": {"S": user},
        "provider_type": {"S": "garmin"},
        "external_user_id": {"S": account},
        "display_name": {"S": "demo-runs"},
        "time_zone": {"S": "Europe/Berlin"},
        "tokens": {"S": seal(kms, key, user, tokens)},
        "tokens_version": {"N": "1"},
        "token_expires_at": {"S": moment(claims(tokens["di_token"])["exp"])},
        "is_active": {"BOOL": True},
        "reauth_required": {"BOOL": False},
        "linked_at": {"S": moment(now)},
        "updated_at": {"S": moment(now)},
    })
