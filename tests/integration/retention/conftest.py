"""The club that lives in the tests of the life cycle."""

import pytest
from flask import Flask

from tests.integration.retention.life import Life


@pytest.fixture
def life(in_app: Flask, a_club: int) -> Life:
    """A club on its first day."""
    return Life(a_club)
