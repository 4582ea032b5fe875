"""What cells mean: every meaning that is offered is one that is understood when it comes back."""

import pytest

from clubcrm.exchange.policies.columns import COLUMNS, Column, Form
from clubcrm.exchange.policies.meanings import (
    MEANINGS,
    MOST_COUNTED,
    CellTally,
    meaning_of,
    takes_meanings,
)
from clubcrm.exchange.states import Kind
from clubcrm.exchange.words import MEANING_WORDS

GENDER = COLUMNS[Kind.MEMBERS]["gender"]
PLAN = COLUMNS[Kind.MEMBERSHIPS]["plan"]


@pytest.mark.parametrize("form", list(MEANINGS))
def test_every_meaning_is_read_as_itself_and_has_words(form: Form) -> None:
    column = Column("any", form)
    tally = CellTally(1)
    for meaning in MEANINGS[form]:
        tally.add([meaning])
        assert meaning_of(column, meaning) == meaning
    assert {one.read for one in tally.said(0, column)} == set(MEANINGS[form])
    assert list(MEANING_WORDS[form]) == list(MEANINGS[form])


def test_cells_are_counted_by_what_they_say() -> None:
    tally = CellTally(1)
    for cell in ("1", "1.0", " 1 ", "f", "", "-", "NULL", "f", "f"):
        tally.add([cell])
    said = [(one.text, one.key, one.count, one.read) for one in tally.said(0, GENDER)]
    assert said == [("1", "1", 3, None), ("f", "f", 3, "female")]
    names = [(one.text, one.count, one.read) for one in tally.said(0, PLAN)]
    assert names[:2] == [("1", 3, None), ("f", 3, None)]


def test_the_m_of_a_spanish_list_is_a_woman() -> None:
    tally = CellTally(1)
    for cell in "HMHM":
        tally.add([cell])
    assert {one.text: one.read for one in tally.said(0, GENDER)} == {"H": "male", "M": "female"}


def test_yes_and_no_are_noticed() -> None:
    tally = CellTally(4)
    for cells in (["1", "ja", "x", ""], ["0", "nein", "", ""], ["", "?", "", ""]):
        tally.add(cells)
    assert [tally.is_yes_or_no(place) for place in range(4)] == [True, False, False, False]


def test_a_column_of_names_is_not_counted_for_ever() -> None:
    tally = CellTally(1)
    for number in range(1000):
        tally.add([f"name {number}"])
    assert len(tally.said(0, PLAN)) == MOST_COUNTED + 1


def test_who_takes_meanings() -> None:
    taking = {name for name, column in COLUMNS[Kind.MEMBERSHIPS].items() if takes_meanings(column)}
    assert taking == {"plan", "gender", "status", "auto_renew", "consent_email", "consent_sms"}
