"""How driver, scheduler and workers recognise each other: TLS with a certificate authority of one's own. Needs dask.distributed."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distributed import Security

from ..errors import UsageError

__all__ = ["Tls", "security"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """PEM files. authority: whose signature the others' certificates must have. certificate, key: our own."""

    authority: Path
    certificate: Path
    key: Path


def security(address: str, tls: Tls | None) -> Security | None:
    """What dask needs to know; None for a connection in the clear.

    Raises: UsageError if address and files do not go together, or a file is not there or not what it has to be.
    """
    if not address.startswith(("tls://", "tcp://")):
        raise UsageError(f"{address}: expected an address like tls://host:8786")
    if address.startswith("tls://") != (tls is not None):
        wants = "needs" if tls is None else "takes no"
        raise UsageError(
            f"{address}: {wants} --tls-ca, --tls-cert and --tls-key; tls:// and the three go together"
        )
    if tls is None:
        return None
    for path in (tls.authority, tls.certificate, tls.key):
        if not path.is_file():
            raise UsageError(f"{path}: no such file; expected a PEM file")
    _try_files(tls)
    make: Any = Security  # distributed has no types here
    made: Security = make(
        tls_ca_file=str(tls.authority),
        tls_client_cert=str(tls.certificate),
        tls_client_key=str(tls.key),
        tls_worker_cert=str(tls.certificate),
        tls_worker_key=str(tls.key),
        require_encryption=True,
    )
    return made


def _try_files(tls: Tls) -> None:
    """Read the files as a connection would, which tells of them what nobody understands, or waits for a minute."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(tls.authority)
    except (ssl.SSLError, OSError) as exc:
        raise UsageError(
            f"{tls.authority}: no certificate of an authority ({exc}); expected a PEM file"
        ) from exc
    try:
        context.load_cert_chain(tls.certificate, tls.key)
    except (ssl.SSLError, OSError) as exc:
        raise UsageError(
            f"{tls.certificate}, {tls.key}: not a certificate and its own key ({exc}); expected PEM files that belong together"
        ) from exc
