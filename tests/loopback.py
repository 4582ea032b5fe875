"""Keeps the tests on this machine: any connection or look-up beyond the loopback is an error.

An audit hook, so that no library can go round it by having imported `socket` earlier. It covers
this process, not the servers and browsers it starts.
"""

import ipaddress
import sys
from typing import Any

ALLOWED_NAMES = {"", "localhost", "localhost.localdomain", "ip6-localhost"}

_state = {"installed": False}


class OutsideWorldError(RuntimeError):
    """A test tried to reach a machine other than its own."""


def stay_on_this_machine() -> None:
    """Refuse connections and look-ups beyond the loopback until this process ends."""
    if not _state["installed"]:
        _state["installed"] = True
        sys.addaudithook(_refuse_elsewhere)


def _refuse_elsewhere(event: str, arguments: tuple[Any, ...]) -> None:
    if event in {"socket.connect", "socket.sendto"}:
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None  # a Unix socket has a path
    elif event in {"socket.getaddrinfo", "socket.gethostbyname"}:
        host = arguments[0]
    else:
        return
    if not _is_here(host):
        raise OutsideWorldError(f"a test tried to reach {host!r}")


def _is_here(host: object) -> bool:
    if host is None:
        return True
    name = host.decode() if isinstance(host, bytes | bytearray) else str(host)
    try:
        return ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return name.lower() in ALLOWED_NAMES
