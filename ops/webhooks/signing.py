"""Signatures of the Standard Webhooks specification: HMAC-SHA256 over id, timestamp and body.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hashlib
import hmac
import secrets

PREFIX = "whsec_"


def new_salt() -> str:
    """What makes one webhook's secret another than all others."""
    return secrets.token_hex(32)


def secret(installation_key: str, salt: str) -> str:
    """The secret of a webhook, which follows from the installation's key and the webhook's salt."""
    drawn = hmac.new(installation_key.encode(), f"webhook:{salt}".encode(), hashlib.sha256)
    return PREFIX + base64.b64encode(drawn.digest()).decode()


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """One signature as it stands in the header `webhook-signature`, with its version."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
