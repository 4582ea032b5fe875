"""The tests cannot reach beyond this machine, and can reach everything on it."""

import socket
import urllib.request

import pytest

from tests.loopback import OutsideWorldError, stay_on_this_machine

# An address of the documentation range and a name that can never exist: nobody is called even if
# the guard fails.
ELSEWHERE = "192.0.2.1"


@pytest.fixture(autouse=True)
def _guarded() -> None:
    stay_on_this_machine()


@pytest.mark.parametrize("host", [ELSEWHERE, "2001:db8::1"])
def test_no_connection_leaves(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as caller, pytest.raises(OutsideWorldError, match=host):
        caller.connect((host, 9))


def test_no_name_is_looked_up() -> None:
    with pytest.raises(OutsideWorldError, match=r"sms\.invalid"):
        urllib.request.urlopen("http://sms.invalid/", timeout=1)


def test_this_machine_is_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("localhost", port), timeout=10) as caller:
            assert caller.getpeername()[1] == port
