"""Terms: what a plan makes of them, which pauses they hold, how they are renewed and upgraded."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask import Flask

from clubcrm.core.actor import OPERATOR
from clubcrm.core.calendars import parse_jalali
from clubcrm.core.money import Money
from clubcrm.core.transactions import transaction
from clubcrm.members.errors import (
    AlreadyRenewed,
    BadTerm,
    HasSuccessor,
    MembershipIdTaken,
    MembershipIsOver,
    MembershipIsVoid,
    NothingToRenew,
    PlanHasNoLength,
    StartsTooEarly,
    TermIsFrozen,
    UnknownMembership,
    UnknownPerson,
    UnknownPlan,
    UpgradeIsOver,
)
from clubcrm.members.events import (
    MembershipEndedEarly,
    MembershipImported,
    MembershipRenewed,
    MembershipSold,
    MembershipUpgraded,
    MembershipVoided,
)
from clubcrm.members.operations import (
    TermValues,
    declare_closure,
    end_membership,
    freeze_membership,
    renew_membership,
    start_memberships,
    upgrade_membership,
    void_membership,
)
from clubcrm.members.queries import (
    freezes_of,
    get_term,
    memberships_of,
    memberships_of_many,
    shown_term,
    term_on,
)
from clubcrm.members.states import EndReason, Link, MembershipState, PlanKind
from tests.conftest import NOW
from tests.integration.members.desk import (
    TODAY,
    a_person,
    a_plan,
    a_term,
    days,
    happened,
    on,
    span,
    thirty_days,
)

ME: dict[str, Any] = {"by": OPERATOR, "now": NOW}


def test_the_end_is_counted_from_the_plan(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person = a_person(session, a_club)
        month = a_plan(session, a_club, "Month", months=1)
        jalali = a_plan(session, a_club, "ماهانه", months=1, calendar="jalali")
        rolling = a_plan(session, a_club, "Rolling", kind=PlanKind.ROLLING, months=1)
        pack = a_plan(session, a_club, "Pack", kind=PlanKind.PACK, visits=10, days=90)
        begin = date(2026, 1, 31)
        ends = {
            plan: get_term(session, a_term(session, a_club, person, plan, begin))
            for plan in (month, jalali, rolling, pack)
        }
    assert ends[month].until_on == date(2026, 2, 28)
    assert ends[month].ends_on == date(2026, 2, 27)
    assert ends[jalali].until_on == parse_jalali(1404, 12, 11), "from 11 Bahman 1404"
    assert ends[rolling].until_on is None
    assert (ends[pack].until_on, ends[pack].visits_left) == (date(2026, 5, 1), 10)
    assert ends[month].price is None, "a price is never guessed"


def test_a_sale_is_written_down(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person = a_person(session, a_club)
        plan = a_plan(session, a_club)
        term = a_term(session, a_club, person, plan, on(5), price=Money(0, "EUR"))
        (event,) = happened(session, MembershipSold)
    assert event.person_id == person
    assert event.payload == {
        "affects_from_on": TODAY.isoformat(),
        "membership_id": term,
        "plan_id": plan,
        "starts_on": "2026-03-07",
        "until_on": "2026-04-07",
        "price_minor": 0,
        "currency": "EUR",
    }


def test_an_imported_term_is_no_sale(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person = a_person(session, a_club)
        plan = a_plan(session, a_club, "Imported", is_imported=True, price=None)
        values = TermValues(
            person_id=person,
            plan_id=plan,
            starts_on=date(2025, 6, 1),
            until_on=date(2026, 6, 1),
            sold_at=datetime(2025, 5, 20, 10, tzinfo=UTC),
            external_id="M-1",
            renewals_before=2,
        )
        as_of = date(2026, 2, 28)
        (term,) = start_memberships(
            session, [values], club_id=a_club, imported=True, as_of_on=as_of, **ME
        )
        (event,) = happened(session, MembershipImported)
        assert happened(session, MembershipSold) == []
        row = get_term(session, term)
    assert (event.payload["as_of_on"], event.payload["affects_from_on"]) == (
        "2026-02-28",
        "2025-05-20",
    )
    assert (row.until_on, row.days, row.sold_here) == (date(2026, 6, 1), 365, False)
    assert (row.price, row.kind, row.renewals_before) == (None, PlanKind.TERM, 2)


def test_a_blank_end_is_month_to_month(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person = a_person(session, a_club)
        plan = a_plan(session, a_club, "Imported", is_imported=True)
        term = a_term(session, a_club, person, plan, TODAY, until_on=None)
        row = get_term(session, term)
        assert (row.kind, row.until_on, row.state_on(on(999))) == (
            PlanKind.ROLLING,
            None,
            MembershipState.ACTIVE,
        )
        with pytest.raises(PlanHasNoLength):
            a_term(session, a_club, person, plan, TODAY)


def test_what_makes_no_term_is_refused(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person = a_person(session, a_club)
        plan = a_plan(session, a_club)
        a_term(session, a_club, person, plan, TODAY, external_id="M-1")
        told: dict[str, Any] = {"until_on": TODAY, "previous_id": 99}
        for wrong, refusal in (
            ("until_on", BadTerm),
            ("previous_id", UnknownMembership),
        ):
            with pytest.raises(refusal):
                a_term(session, a_club, person, plan, TODAY, **{wrong: told[wrong]})
        with pytest.raises(UnknownPlan):
            a_term(session, a_club, person, 99, TODAY)
        with pytest.raises(UnknownPerson):
            a_term(session, a_club, 99, plan, TODAY)
    with pytest.raises(MembershipIdTaken), transaction() as session:
        a_term(session, a_club, person, plan, TODAY, external_id="M-1")


def test_a_new_term_holds_the_closures_declared_before(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        declare_closure(session, a_club, days(10, 15), extends_terms=True, **ME)
        declare_closure(session, a_club, days(20, 22), extends_terms=False, **ME)
        assert span(session, thirty_days(session, a_club)) == (0, 35)


def test_an_imported_end_holds_the_closures_declared_before(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        declare_closure(session, a_club, days(10, 15), extends_terms=True, **ME)
        person = a_person(session, a_club)
        plan = a_plan(session, a_club, "Imported", is_imported=True)
        term = a_term(session, a_club, person, plan, TODAY, until_on=on(30))
        assert span(session, term) == (0, 30)
        # Later ones are given back, and only they.
        declare_closure(session, a_club, days(20, 22), extends_terms=True, **ME)
        assert span(session, term) == (0, 32)


def test_a_renewal_follows_when_the_old_term_ends(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        old = thirty_days(session, a_club)
        new = renew_membership(session, old, **ME)
        row = get_term(session, new)
        (event,) = happened(session, MembershipRenewed)
    assert (row.starts_on, row.until_on) == (on(30), on(60))
    assert (row.previous_id, row.link) == (old, Link.RENEWAL)
    assert row.price == Money(4000, "EUR"), "at the plan's price"
    assert row.state_on(TODAY) == MembershipState.PENDING
    assert event.payload["previous_id"] == old
    assert event.payload["affects_from_on"] == TODAY.isoformat()


def test_a_late_renewal_leaves_its_gap_visible(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        old = thirty_days(session, a_club, on(-50))
        new = renew_membership(session, old, **ME)
        assert (span(session, old), span(session, new)) == ((-50, -20), (0, 30))


def test_a_term_is_renewed_once(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        old = thirty_days(session, a_club)
        new = renew_membership(session, old, **ME)
        with pytest.raises(AlreadyRenewed):
            renew_membership(session, old, **ME)
        void_membership(session, new, reason="wrong", **ME)
        assert renew_membership(session, old, **ME) != new


def test_a_renewal_does_not_begin_before_the_end(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        old = thirty_days(session, a_club)
        with pytest.raises(StartsTooEarly):
            renew_membership(session, old, starts_on=on(29), **ME)
        new = renew_membership(session, old, starts_on=on(33), **ME)
        assert span(session, new) == (33, 63)


def test_what_runs_on_by_itself_is_not_renewed(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person = a_person(session, a_club)
        plan = a_plan(session, a_club, "Rolling", kind=PlanKind.ROLLING)
        term = a_term(session, a_club, person, plan, TODAY)
        with pytest.raises(NothingToRenew):
            renew_membership(session, term, **ME)
        with pytest.raises(UnknownMembership):
            renew_membership(session, 99, **ME)


def test_a_used_up_pack_is_renewed_at_once(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person = a_person(session, a_club)
        plan = a_plan(session, a_club, "Ten", kind=PlanKind.PACK, visits=10, days=90)
        used_up = a_term(session, a_club, person, plan, on(-10), visits_left=0)
        some_left = a_term(session, a_club, person, plan, on(-10), visits_left=3)
        assert span(session, renew_membership(session, used_up, **ME)) == (0, 90)
        assert span(session, renew_membership(session, some_left, **ME)) == (80, 170)


def test_a_chain_of_months_keeps_its_day(in_app: Flask, a_club: int) -> None:
    """31 Jan, 28 Feb, 31 Mar, 30 Apr: counted from the first start, never from a clamped day."""
    with transaction() as session:
        person = a_person(session, a_club)
        plan = a_plan(session, a_club, months=1)
        term = a_term(session, a_club, person, plan, date(2026, 1, 31))
        ends = [get_term(session, term).until_on]
        for _ in range(3):
            term = renew_membership(session, term, starts_on=ends[-1], **ME)
            ends.append(get_term(session, term).until_on)
    assert ends == [date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30), date(2026, 5, 31)]


def test_an_imported_term_without_a_known_length_is_renewed_at_its_own(
    in_app: Flask, a_club: int
) -> None:
    with transaction() as session:
        person = a_person(session, a_club)
        plan = a_plan(session, a_club, "Imported", is_imported=True, price=None)
        year = a_term(
            session,
            a_club,
            person,
            plan,
            date(2025, 4, 1),
            until_on=date(2026, 4, 1),
            price=Money(30000, "EUR"),
        )
        new = get_term(session, renew_membership(session, year, **ME))
        assert (new.starts_on, new.until_on) == (date(2026, 4, 1), date(2027, 4, 1))
        assert new.price == Money(30000, "EUR"), "at the price of the term before"


def test_an_upgrade_stays_inside_the_cycle(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person = a_person(session, a_club)
        quarter = a_plan(session, a_club, "Quarter", months=3)
        year = a_plan(session, a_club, "Year", months=12)
        old = a_term(session, a_club, person, quarter, date(2026, 1, 15))
        new = upgrade_membership(session, old, year, on=on(3), **ME)
        before, after = get_term(session, old), get_term(session, new)
        (event,) = happened(session, MembershipUpgraded)
        assert term_on(session, person, on(2)) == before
        assert term_on(session, person, on(3)) == after
    assert (before.until_on, before.end_reason) == (on(3), EndReason.UPGRADED)
    assert (after.starts_on, after.until_on) == (on(3), date(2027, 1, 15))
    assert (after.link, after.previous_id) == (Link.UPGRADE, old)
    assert event.payload["affects_from_on"] == "2026-01-15"


def test_an_upgrade_keeps_the_days_given_back(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person = a_person(session, a_club)
        thirty = a_plan(session, a_club, "Thirty", days=30)
        sixty = a_plan(session, a_club, "Sixty", days=60)
        old = a_term(session, a_club, person, thirty, on(-20))
        freeze_membership(session, old, days(-15, -10), **ME)
        freeze_membership(session, old, days(5, 8), **ME)
        declare_closure(session, a_club, days(-2, 4), extends_terms=True, **ME)
        new = upgrade_membership(session, old, sixty, on=on(1), **ME)
        # 60 days from day -20, and 5 + 3 + 6 days given back.
        assert span(session, new) == (1, 54)
        assert [f.period for f in freezes_of(session, [new])[new]] == [days(5, 8)]
        void_membership(session, new, reason="", **ME)
        assert span(session, old) == (-20, 24)
        assert get_term(session, old).end_reason is None
        assert [f.period for f in get_term(session, old).freezes] == [days(-15, -10), days(5, 8)]


def test_upgrades_that_make_no_sense_are_refused(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        old = thirty_days(session, a_club, on(-20))
        longer = a_plan(session, a_club, "Year", months=12)
        shorter = a_plan(session, a_club, "Week", days=7)
        with pytest.raises(MembershipIsOver):
            upgrade_membership(session, old, longer, on=on(10), **ME)
        with pytest.raises(MembershipIsOver):
            upgrade_membership(session, old, longer, on=on(-20), **ME)
        with pytest.raises(UpgradeIsOver):
            upgrade_membership(session, old, shorter, on=TODAY, **ME)
        with pytest.raises(UnknownPlan):
            upgrade_membership(session, old, 99, on=TODAY, **ME)
        freeze_membership(session, old, days(0, 3), **ME)
        with pytest.raises(TermIsFrozen):
            upgrade_membership(session, old, longer, on=TODAY, **ME)
        renew_membership(session, old, **ME)
        with pytest.raises(HasSuccessor):
            upgrade_membership(session, old, longer, on=on(5), **ME)


def test_a_term_sold_by_mistake_counts_nowhere(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        term = thirty_days(session, a_club)
        person = get_term(session, term).person_id
        void_membership(session, term, reason="typed twice", **ME)
        assert memberships_of(session, person) == []
        assert term_on(session, person, TODAY) is None
        (row,) = memberships_of(session, person, with_voided=True)
        (event,) = happened(session, MembershipVoided)
        with pytest.raises(MembershipIsVoid):
            void_membership(session, term, reason="", **ME)
        with pytest.raises(MembershipIsVoid):
            renew_membership(session, term, **ME)
    assert (row.end_note, row.state_on(TODAY)) == ("typed twice", MembershipState.ENDED)
    assert "typed twice" not in str(event.payload)


def test_the_earlier_term_stays_while_a_later_one_hangs_on_it(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        term = thirty_days(session, a_club)
        renew_membership(session, term, **ME)
        with pytest.raises(HasSuccessor):
            void_membership(session, term, reason="", **ME)


def test_a_term_ends_early_for_good(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        term = thirty_days(session, a_club)
        refunded: dict[str, Any] = {"end_reason": EndReason.REFUNDED, "note": "cooling-off"}
        end_membership(session, term, on=on(3), **refunded, **ME)
        assert span(session, term) == (0, 3)
        declare_closure(session, a_club, days(1, 2), extends_terms=True, **ME)
        assert span(session, term) == (0, 3), "what was ended early is not made longer"
        (event,) = happened(session, MembershipEndedEarly)
        assert event.payload["end_reason"] == "refunded"
        with pytest.raises(MembershipIsOver):
            end_membership(session, term, on=on(3), **refunded, **ME)
        with pytest.raises(ValueError, match="not ended early"):
            end_membership(session, term, on=on(2), end_reason=EndReason.UPGRADED, **ME)


def test_terms_come_newest_first_with_state_and_plan(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        first = thirty_days(session, a_club, on(-40))
        second = renew_membership(session, first, **ME)
        freeze_membership(session, second, days(1, 4), **ME)
        person = get_term(session, first).person_id
        rows = memberships_of(session, person)
        assert [row.id for row in rows] == [second, first]
        assert rows[0].plan_name == f"Thirty days {person}"
        assert [row.state_on(on(2)) for row in rows] == [
            MembershipState.FROZEN,
            MembershipState.ENDED,
        ]
        assert rows[0].freeze_on(on(3)) is not None
        assert rows[0].freeze_on(on(4)) is None
        assert rows[0].days_left(TODAY) == 32
        assert rows[1].days_left(TODAY) == 0
        assert shown_term(rows, on(500)) == rows[0]
        assert set(memberships_of_many(session, [person, 99])) == {person}
        with pytest.raises(UnknownMembership):
            get_term(session, 99)


def test_many_terms_start_at_once(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person = a_person(session, a_club)
        plan = a_plan(session, a_club, months=1)
        values = [
            TermValues(person_id=person, plan_id=plan, starts_on=on(n), external_id=f"M{n}")
            for n in range(300)
        ]
        ids = start_memberships(session, values, club_id=a_club, imported=True, **ME)
        assert get_term(session, ids[200]).external_id == "M200"
        assert len(happened(session, MembershipImported)) == 300
