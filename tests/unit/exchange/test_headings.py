"""Headings of many programs in many languages, and which column each is taken for."""

import pytest

from clubcrm.exchange.policies.headings import guess_columns, heading_key
from clubcrm.exchange.states import Kind


def _columns(kind: Kind, *headings: str) -> list[str | None]:
    return [guess.column for guess in guess_columns(headings, kind)]


@pytest.mark.parametrize(
    "headings",
    [
        ("N.º de sócio", "Nº sócio", "n. º de sócio", "Número de sócio"),
        ("Member #", "Member No.", "Member Nr", "member number", "Member №"),
        ("N° d'adhérent", "n°adhérent", "Numéro d'adhérent"),
    ],
)
def test_a_number_is_written_in_many_ways(headings: tuple[str, ...]) -> None:
    assert len({heading_key(heading) for heading in headings}) == 1


@pytest.mark.parametrize(
    ("headings", "columns"),
    [
        (
            ("N.º do contrato", "N.º de sócio", "Plano", "Data de início", "N.º de renovações"),
            ["external_id", "member", "plan", "starts_on", "renewals_before"],
        ),
        (
            ("N.º de contrato", "N.º de socio", "Tarifa", "Fecha de inicio", "Fecha de fin"),
            ["external_id", "member", "plan", "starts_on", "ends_on"],
        ),
        (
            ("N° de contrat", "N° d'adhérent", "Formule", "Date de début", "Date de fin"),
            ["external_id", "member", "plan", "starts_on", "ends_on"],
        ),
        (
            ("رقم العقد", "رقم العضو", "نوع الاشتراك", "تاريخ البدء", "الاشتراك السابق"),
            ["external_id", "member", "plan", "starts_on", "previous"],
        ),
        (
            ("شماره قرارداد", "کد عضویت", "نوع عضویت", "تاریخ شروع", "تعداد تمدیدها"),
            ["external_id", "member", "plan", "starts_on", "renewals_before"],
        ),
    ],
)
def test_lists_of_terms(headings: tuple[str, ...], columns: list[str]) -> None:
    assert _columns(Kind.MEMBERSHIPS, *headings) == columns


def test_a_debt_is_what_is_left_and_a_payment_what_came_in() -> None:
    assert _columns(Kind.DEBTS, "Member", "Total", "Paid", "Outstanding") == [
        "member",
        None,
        None,
        "amount",
    ]
    assert _columns(Kind.PAYMENTS, "Member", "Date", "Balance", "Amount")[2:] == [None, "amount"]
    assert _columns(Kind.PAYMENTS, "Customer", "Date", "Card", "Total") == [
        "member",
        "paid_at",
        None,
        "amount",
    ]


def test_a_day_and_a_time_of_visits_stand_apart() -> None:
    assert _columns(Kind.VISITS, "Datum", "Uhrzeit", "Mitglied") == [
        "checked_in_at",
        "checked_in_at",
        "member",
    ]
    assert _columns(Kind.VISITS, "Check-in", "Member", "Name") == ["checked_in_at", "member", None]
