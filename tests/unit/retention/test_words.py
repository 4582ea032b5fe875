"""Every reason in words, with its figures, as of its day or as of today."""

from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask_babel import Babel, force_locale

from clubcrm.retention.states import Reason
from clubcrm.retention.words import reason_text

TODAY = date(2026, 3, 2)


@pytest.fixture
def words() -> Flask:
    app = Flask(__name__)
    Babel(app)
    return app


def said(app: Flask, code: Reason, today: date | None = TODAY, **figures: Any) -> str:
    with app.test_request_context(), force_locale("en"):
        return reason_text(code, figures, today=today)


@pytest.mark.parametrize(
    ("code", "figures", "text"),
    [
        (Reason.IMPORTED, {}, "as the imported list had it"),
        (Reason.STARTS_LATER, {"on": "2026-03-14", "days": 12}, "membership starts in 12 days"),
        (Reason.ENDED, {"on": "2026-02-18", "days": 1}, "membership ended 12 days ago"),
        (Reason.FREEZE, {"back_on": "2026-03-14"}, "frozen, back on Sat 14 Mar"),
        (Reason.NOTICE, {"on": "2026-03-31", "days": 29}, "gave notice, last day Tue 31 Mar"),
        (Reason.WINDOW, {"on": "2026-03-03", "days": 5}, "membership ends tomorrow"),
        (Reason.FEW_VISITS_LEFT, {"left": 1}, "1 visit left in the pack"),
        (Reason.FEW_VISITS_LEFT, {"left": 0}, "no visit left in the pack"),
        (
            Reason.CAME_BACK,
            {"on": "2026-03-01", "days": 1, "away": 90},
            "came back yesterday after 90 days away",
        ),
        (Reason.NEW, {"on": "2026-03-02", "days": 0}, "member since today"),
        (Reason.NEW, {"on": "2026-02-01", "days": 1}, "member for 29 days"),
        (
            Reason.NO_VISIT_YET,
            {"on": "2026-03-01", "days": 1},
            "member for 1 day, no visit yet",
        ),
        (Reason.LONG_GAP, {"gap": 60, "usual": 3, "seen_on": "2026-03-01"}, "no visit for 61 days"),
        (
            Reason.GAP,
            {"gap": 7, "usual": 2, "seen_on": "2026-03-02"},
            "usually every 2 days, now 7",
        ),
        (
            Reason.GAP,
            {"gap": 7, "usual": 1, "seen_on": "2026-03-02"},
            "usually every day, now 7 days away",
        ),
        (Reason.DROP, {"v28": 2, "usual": 8}, "usually 8 visits in four weeks, now 2"),
        (Reason.SLOW_START, {"v28": 1}, "a slow start: 1 visit in the last four weeks"),
        (Reason.SLOW_START, {"v28": 0}, "a slow start: no visit in the last four weeks"),
        (Reason.AT_OWN_PATTERN, {"v28": 9, "base": 2.1}, "9 visits in four weeks, as usual"),
        (Reason.AT_OWN_PATTERN, {"v28": 0, "base": 0.3}, "comes seldom, as always"),
    ],
)
def test_reasons_in_words(words: Flask, code: Reason, figures: dict[str, Any], text: str) -> None:
    assert said(words, code, **figures) == text


def test_without_today_the_figures_stand_as_they_were_kept(words: Flask) -> None:
    assert said(words, Reason.GAP, None, gap=7, usual=2, seen_on="2026-02-20") == (
        "usually every 2 days, now 7"
    )
    assert said(words, Reason.NEW, None, on="2026-02-20", days=3) == "member for 3 days"
    assert said(words, Reason.ENDED, None, on="2026-02-20", days=3) == (
        "membership ended 20 Feb 2026"
    )


def test_every_reason_has_its_words(words: Flask) -> None:
    figures: dict[str, Any] = {
        "on": "2026-02-20",
        "back_on": "2026-03-20",
        "seen_on": "2026-03-01",
        "days": 3,
        "left": 1,
        "away": 40,
        "gap": 9,
        "usual": 3,
        "v28": 2,
        "base": 1.5,
    }
    texts = {said(words, code, **figures) for code in Reason}
    assert len(texts) == len(Reason)
    assert not any("%(" in text for text in texts)
