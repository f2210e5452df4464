"""A passkey in software: what a browser and its authenticator answer, without a browser."""

import hashlib
import json
import secrets
import struct
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, ATTESTED = 0x01, 0x40  # flags of the authenticator's data (WebAuthn, 6.1)


def packed(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


@dataclass
class PasskeyDevice:
    """One passkey for one site. origin: what its browser shows in the address bar."""

    origin: str = "http://localhost"
    name: str = "localhost"
    credential: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    signed: int = 0

    def __post_init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

    def create(self, options: dict[str, Any]) -> str:
        """Return the answer to the question for a new passkey."""
        numbers = self._key.public_key().public_numbers()
        public = cbor2.dumps(
            {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}
        )
        attested = bytes(16) + struct.pack(">H", len(self.credential)) + self.credential + public
        data = self._data(PRESENT | ATTESTED) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", options["challenge"])
        return self._answer(attestationObject=packed(attestation), clientDataJSON=packed(client))

    def get(self, options: dict[str, Any]) -> str:
        """Return the answer to the question for a proof."""
        self.signed += 1
        data = self._data(PRESENT)
        client = self._client("webauthn.get", options["challenge"])
        signature = self._key.sign(
            data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256())
        )
        return self._answer(
            authenticatorData=packed(data),
            clientDataJSON=packed(client),
            signature=packed(signature),
            userHandle=None,
        )

    def _data(self, flags: int) -> bytes:
        site = hashlib.sha256(self.name.encode()).digest()
        return site + struct.pack(">BI", flags, self.signed)

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _answer(self, **response: str | None) -> str:
        named = packed(self.credential)
        return json.dumps(
            {
                "id": named,
                "rawId": named,
                "type": "public-key",
                "clientExtensionResults": {},
                "response": response,
            }
        )
