"""A token server for docker-registry (`auth: token`): who may do what is a table.

https://distribution.github.io/distribution/spec/auth/token/
"""

from __future__ import annotations

import base64
import datetime
import json
import time
import urllib.parse
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from tests.registry.gate import Answer, Request

SERVICE, ISSUER = "registry of the tests", "token server of the tests"


def certificate(folder: Path, host: str = "127.0.0.1") -> tuple[Path, Path]:
    """A self-signed certificate and its key, as files."""
    import ipaddress

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]), False
        )
        .sign(key, hashes.SHA256())
    )
    folder.mkdir(parents=True, exist_ok=True)
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths


@dataclass
class TokenServer:
    """Gives tokens for what `rights` allows: user ("" is anybody) -> repository -> actions.

    It is a rule of a `gate`. `passwords` by user; an identity token is `identity-USER`.
    """

    folder: Path
    rights: dict[str, dict[str, set[str]]]
    passwords: dict[str, str]
    lifetime: int = 300
    asked: list[dict[str, list[str]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.certificate, self._key = certificate(self.folder)

    def settings(self, realm: str) -> dict[str, Any]:
        """The registry's `auth`."""
        return {
            "auth": {
                "token": {
                    "realm": realm,
                    "service": SERVICE,
                    "issuer": ISSUER,
                    "rootcertbundle": str(self.certificate),
                }
            }
        }

    def __call__(self, request: Request) -> Answer | None:
        """What it answers; None to what is none of its business."""
        path, _, query = request.path.partition("?")
        if path != "/token":
            return None
        if request.method == "POST":
            form = urllib.parse.parse_qs(request.body.decode())
            user = form["refresh_token"][0].removeprefix("identity-")
            known = user in self.passwords
            scopes = form["scope"][0].split()
        else:
            form = urllib.parse.parse_qs(query)
            user, known = self._login(request.headers.get("Authorization", ""))
            scopes = form.get("scope", [])
        self.asked.append(form)
        if not known:
            return Answer(401, body=b'{"errors": [{"code": "UNAUTHORIZED"}]}')
        return Answer(200, body=json.dumps(self._token(user, scopes)).encode())

    def _login(self, header: str) -> tuple[str, bool]:
        if not header:
            return "", True
        user, _, password = base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")
        return user, self.passwords.get(user) == password

    def _token(self, user: str, scopes: list[str]) -> dict[str, Any]:
        access = []
        for scope in scopes:
            kind, name, actions = scope.split(":")
            allowed = self.rights.get(user, {}).get(name, set()) | self.rights[""].get(name, set())
            access.append(
                {"type": kind, "name": name, "actions": sorted(allowed & set(actions.split(",")))}
            )
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "sub": user,
            "aud": SERVICE,
            "nbf": now - 10,
            "iat": now,
            "exp": now + self.lifetime,
            "jti": str(now),
            "access": access,
        }
        loaded = x509.load_pem_x509_certificate(self.certificate.read_bytes())
        der = loaded.public_bytes(serialization.Encoding.DER)
        headers = {"x5c": [base64.b64encode(der).decode()]}
        token = jwt.encode(claims, self._key.read_bytes(), "RS256", headers=headers)
        return {"token": token, "expires_in": self.lifetime}
