"""Refusals: a stable code, words in the reader's language, a status."""

import pytest
from flask_babel import lazy_gettext as _l

from clubcrm.core import errors
from clubcrm.core.errors import DomainError, Forbidden, Invalid, NotFound


class SeatTaken(DomainError):
    code = "seat_taken"
    message = _l("Seat %(seat)s is taken.")


def every_refusal(base: type[DomainError] = DomainError) -> list[type[DomainError]]:
    found = [base]
    for refusal in base.__subclasses__():
        found += every_refusal(refusal)
    return [refusal for refusal in found if refusal.__module__ == errors.__name__]


def test_a_refusal_says_its_words_with_its_values():
    refused = SeatTaken(seat=12)
    assert refused.text() == str(refused) == "Seat 12 is taken."
    assert refused.params == {"seat": 12}
    assert (refused.code, refused.status) == ("seat_taken", 409)
    assert repr(refused) == "SeatTaken(code='seat_taken', params={'seat': 12})"


def test_words_may_be_given_where_the_class_has_too_few():
    assert DomainError("Closed on %(day)s.", day="Friday").text() == "Closed on Friday."
    assert DomainError("100% sure").text() == "100% sure"
    assert SeatTaken("Too late.").text() == "Too late."
    assert SeatTaken.message == "Seat %(seat)s is taken."


def test_words_are_looked_up_when_they_are_read():
    language = {"now": "en"}
    words = _SpokenIn(language)
    refused = DomainError(words)
    assert refused.text() == "no"
    language["now"] = "fa"
    assert refused.text() == "نه"


class _SpokenIn:
    def __init__(self, language: dict[str, str]) -> None:
        self.language = language

    def __str__(self) -> str:
        return {"en": "no", "fa": "نه"}[self.language["now"]]


@pytest.mark.parametrize(
    ("refusal", "status"), [(NotFound, 404), (Forbidden, 403), (Invalid, 422), (DomainError, 409)]
)
def test_statuses_are_those_of_http(refusal, status):
    assert refusal.status == status
    assert refusal().text()


def test_invalid_entries_name_their_fields():
    refused = Invalid(fields={"phone": "Too short.", "email": ["No @.", _l("No domain.")]})
    assert refused.field_texts() == {"phone": ["Too short."], "email": ["No @.", "No domain."]}
    assert refused.text() == "Some entries are not right."
    assert Invalid().field_texts() == {}
    assert Invalid("Bad %(what)s.", what="row", fields={"a": "b"}).text() == "Bad row."


def test_every_refusal_has_a_code_of_its_own_and_words():
    refusals = every_refusal()
    codes = [refusal.code for refusal in refusals]
    assert len(set(codes)) == len(codes) >= 9
    assert all(str(refusal.message) for refusal in refusals)


def test_entries_that_cannot_be_read_are_value_errors_too():
    for refusal in (errors.NotAnAmount, errors.NotADay, errors.DayOutOfRange, errors.EmptyPeriod):
        assert issubclass(refusal, ValueError)
        assert refusal.status == 422
