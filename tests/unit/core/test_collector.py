"""The collector looks seldom inside the block, and as before when the last block is over."""

import gc

import pytest

from clubcrm.core.collector import SELDOM, looking_seldom


def test_the_thresholds_come_back_after_the_last_block() -> None:
    before = gc.get_threshold()
    with looking_seldom():
        with looking_seldom():
            assert gc.get_threshold()[0] == SELDOM
        assert gc.get_threshold() == (SELDOM, *before[1:])
    assert gc.get_threshold() == before


def test_they_come_back_after_an_error() -> None:
    before = gc.get_threshold()
    with pytest.raises(ValueError, match="torn"), looking_seldom():
        raise ValueError("torn")
    assert gc.get_threshold() == before
