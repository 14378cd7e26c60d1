"""Certificates for tests, made when they are needed."""

from __future__ import annotations

import datetime as dt
import ipaddress
from typing import TYPE_CHECKING, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

if TYPE_CHECKING:
    from pathlib import Path


class Pems(NamedTuple):
    """Paths of PEM files: a certificate for 127.0.0.1 that signed itself, its key, and what does not go with it."""

    both: str
    cert: str
    key: str
    #: The key with a passphrase.
    locked: str
    #: The key of somebody else.
    other: str
    empty: str


def make_pems(folder: Path) -> Pems:
    """Write the files into ``folder``."""
    key, plain = ec.generate_private_key(ec.SECP256R1()), serialization.NoEncryption()
    cert = _certificate(key).public_bytes(serialization.Encoding.PEM)
    contents = {
        "both": cert + _text(key, plain),
        "cert": cert,
        "key": _text(key, plain),
        "locked": _text(key, serialization.BestAvailableEncryption(b"a passphrase")),
        "other": _text(ec.generate_private_key(ec.SECP256R1()), plain),
        "empty": b"",
    }
    for name, content in contents.items():
        (folder / f"{name}.pem").write_bytes(content)
    return Pems(**{name: str(folder / f"{name}.pem") for name in contents})


def _text(key: ec.EllipticCurvePrivateKey, encryption: serialization.KeySerializationEncryption) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


def _certificate(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
