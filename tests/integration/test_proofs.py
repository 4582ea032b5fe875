"""The long proofs in a small form, so that they still run when they are needed."""

import pytest

from tests.proofs import pages


def test_the_pages_of_a_club_are_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # What a page costs is asked of a big club on a quiet machine; here, whether each is answered.
    monkeypatch.setattr(pages, "MOST", 60_000.0)
    asked = ["--db", "sqlite", "--members", "60", "--visits", "600", "--times", "1"]
    assert pages.main(asked) == 0
    told = capsys.readouterr().out
    assert "owner /people?q=silva" in told
    assert "api POST /check-ins" in told
