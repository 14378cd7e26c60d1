"""Fixtures with certificates and a netrc file."""

from __future__ import annotations

import ssl

import pytest

from tests.unit.certificates import Pems, make_pems


@pytest.fixture(scope="session")
def pems(tmp_path_factory: pytest.TempPathFactory) -> Pems:
    """Create a certificate for 127.0.0.1 and keys."""
    return make_pems(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="session")
def certificate(pems: Pems) -> tuple[str, ssl.SSLContext]:
    """Return the path of a certificate for 127.0.0.1 and the TLS context of a server with it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pems.both)
    return pems.both, context


@pytest.fixture(scope="session")
def demanding(pems: Pems) -> ssl.SSLContext:
    """Return the TLS context of a server that requires a client certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pems.both)
    context.load_verify_locations(pems.both)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


@pytest.fixture
def netrc(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Create a netrc file with credentials for every host."""
    path = tmp_path / "netrc"
    path.write_text("machine 127.0.0.1 login eve password wrong\ndefault login eve password wrong\n", encoding="utf-8")
    path.chmod(0o600)
    monkeypatch.setenv("NETRC", str(path))
