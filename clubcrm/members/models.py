"""Tables of people and terms."""

from datetime import date, datetime

from sqlalchemy import (
    DDL,
    CheckConstraint,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    String,
    Text,
    UniqueConstraint,
    event,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from clubcrm.core.db import Id, Model, words_of
from clubcrm.members.states import ConsentChannel, EndReason, Link, PlanKind, TokenKind


def _in_byte_order(length: int) -> String:
    """Text that sorts by its bytes on both databases, so that a prefix is one range of an index."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


class Person(Model):
    """One human, at home at one club.

    `visits_known_from` is the first day from which this person's visits are known one by one; earlier days
    are unknown, never zero. None = known from the beginning (the person first came under this system).
    `revision` grows with every change and lets an import's undo see what was touched since.
    """

    __tablename__ = "person"
    __table_args__ = (
        UniqueConstraint("home_club_id", "external_id"),
        Index("ix_person_home_club_id_sort_name", "home_club_id", "sort_name"),
        Index("ix_person_sort_name_id", "sort_name", "id"),
        Index("ix_person_phone", "phone"),
        Index("ix_person_email", "email"),
        Index("ix_person_birth_date", "birth_date"),  # an import asks who else was born that day
        Index(
            "ix_person_merged_into_id",
            "merged_into_id",
            sqlite_where=text("merged_into_id IS NOT NULL"),
            postgresql_where=text("merged_into_id IS NOT NULL"),
        ),
        {"sqlite_autoincrement": True},  # the log names people by id, so no id is given out twice
    )

    id: Mapped[Id]
    home_club_id: Mapped[int] = mapped_column(ForeignKey("club.id"))
    number: Mapped[str] = mapped_column(String(20), unique=True)
    external_id: Mapped[str | None] = mapped_column(String(120))
    first_name: Mapped[str] = mapped_column(String(120), default="")
    last_name: Mapped[str] = mapped_column(String(120), default="")
    full_name: Mapped[str] = mapped_column(String(240), default="")
    # A key, not for reading: the folded name in the order of its alphabet. Lists are ordered by it.
    sort_name: Mapped[str] = mapped_column(_in_byte_order(240), default="")
    phone: Mapped[str | None] = mapped_column(String(20))  # E.164
    phone_as_given: Mapped[str | None] = mapped_column(String(60))
    email: Mapped[str | None] = mapped_column(String(254))  # lower case
    birth_date: Mapped[date | None]
    gender: Mapped[str | None] = mapped_column(String(12))  # female | male | other
    national_id: Mapped[str | None] = mapped_column(String(40))
    address: Mapped[str | None] = mapped_column(String(240))
    city: Mapped[str | None] = mapped_column(String(120))
    postcode: Mapped[str | None] = mapped_column(String(20))
    emergency_contact: Mapped[str | None] = mapped_column(String(240))
    guardian: Mapped[str | None] = mapped_column(String(240))
    payer: Mapped[str | None] = mapped_column(String(240))
    trainer: Mapped[str | None] = mapped_column(String(120))
    joined_on: Mapped[date | None]
    locale: Mapped[str | None] = mapped_column(String(12))
    note: Mapped[str] = mapped_column(Text, default="")  # the one note the desk sees
    visits_known_from: Mapped[date | None]
    no_contact: Mapped[bool] = mapped_column(default=False)  # erased, deceased or banned: phase 0
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    revision: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]


class PersonClub(Model):
    """A club at which a person may be seen: the home club, and each with a term or a visit."""

    __tablename__ = "person_club"
    __table_args__ = (
        PrimaryKeyConstraint("person_id", "club_id"),
        Index("ix_person_club_club_id_person_id", "club_id", "person_id"),
    )

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    club_id: Mapped[int] = mapped_column(ForeignKey("club.id"))


class NumberSeries(Model):
    """The last number given out in a series. Its row is the lock under which numbers are taken."""

    __tablename__ = "number_series"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    last_number: Mapped[int]


class PersonSearch(Model):
    """The search index: folded words, numbers, card codes and phone endings, found by prefix.

    The index stands in the order in which a search answers. `name_key` is empty where the token is the
    member number or belongs to a card, "!" for other numbers, phones and e-mail, and the beginning of the
    person's `sort_name` for a word of the name: so that whoever has exactly this number comes first, and of
    a thousand people called Ana the first by name.
    """

    __tablename__ = "person_search"
    __table_args__ = (
        PrimaryKeyConstraint("token", "name_key", "person_id", "kind"),
        Index("ix_person_search_person_id_token", "person_id", "token"),
        {"sqlite_with_rowid": False},
    )

    token: Mapped[str] = mapped_column(_in_byte_order(40))
    name_key: Mapped[str] = mapped_column(_in_byte_order(24), default="")
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    kind: Mapped[TokenKind] = mapped_column(words_of(TokenKind, 8))


class Tag(Model):
    """A word a club puts on people."""

    __tablename__ = "tag"
    __table_args__ = (UniqueConstraint("club_id", "folded"),)

    id: Mapped[Id]
    club_id: Mapped[int] = mapped_column(ForeignKey("club.id"))
    name: Mapped[str] = mapped_column(String(60))
    folded: Mapped[str] = mapped_column(String(60))


class PersonTag(Model):
    """A tag on a person."""

    __tablename__ = "person_tag"
    __table_args__ = (PrimaryKeyConstraint("person_id", "tag_id"),)

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    tag_id: Mapped[int] = mapped_column(ForeignKey("tag.id"), index=True)


class Consent(Model):
    """What a person agreed to or withdrew, for one channel. Append-only: the newest row counts."""

    __tablename__ = "consent"
    __table_args__ = (Index("ix_consent_person_id_channel_id", "person_id", "channel", "id"),)

    id: Mapped[Id]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    channel: Mapped[ConsentChannel] = mapped_column(words_of(ConsentChannel, 8))
    is_given: Mapped[bool]
    source: Mapped[str] = mapped_column(String(60))
    wording: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]


class Plan(Model):
    """What a club sells: how it runs, how long, how many visits, at which price."""

    __tablename__ = "plan"
    __table_args__ = (
        UniqueConstraint("club_id", "folded_name"),
        CheckConstraint(
            "kind != 'pack' OR visits IS NOT NULL OR is_imported", name="pack_has_visits"
        ),
    )

    id: Mapped[Id]
    club_id: Mapped[int] = mapped_column(ForeignKey("club.id"))
    name: Mapped[str] = mapped_column(String(120))
    folded_name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[PlanKind] = mapped_column(words_of(PlanKind, 8))
    months: Mapped[int | None]  # length of a term in the plan's calendar
    days: Mapped[int | None]  # or in days
    visits: Mapped[int | None]  # of a pack or a limited term; None = no limit
    calendar: Mapped[str] = mapped_column(String(12))
    is_access: Mapped[bool] = mapped_column(default=True)  # opens the door and forms the cycle
    is_trial: Mapped[bool] = mapped_column(
        default=False
    )  # trial, guest or staff pass: outside renewals
    auto_renew: Mapped[bool] = mapped_column(default=False)
    hours: Mapped[str | None] = mapped_column(String(120))  # e.g. "mon-fri 06:00-16:00"; None = any
    debt_grace_days: Mapped[int] = mapped_column(default=7)
    price_minor: Mapped[int | None]
    currency: Mapped[str] = mapped_column(String(3))
    is_imported: Mapped[bool] = mapped_column(default=False)  # made by an import, limits unknown
    is_on_sale: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]


class Membership(Model):
    """One term of one person. What was sold is copied here, so that a plan may change later.

    `starts_on` .. `until_on` is half-open; `until_on` None = open (month to month). `agreed_until_on` is the
    end before pauses, reckoned from `starts_on` (an upgrade's from where its cycle began), `months` or
    `days` and `anchor_on`; `until_on` is recomputed from it and the pauses (`policies.end_with_pauses`),
    and never lies after `cancel_until_on` or `cut_until_on`. `previous_id` links a renewal or
    an upgrade to the term before; at most one term that counts follows another.
    """

    __tablename__ = "membership"
    __table_args__ = (
        UniqueConstraint("club_id", "external_id"),
        Index(
            "uq_membership_previous_id",
            "previous_id",
            unique=True,
            sqlite_where=text("voided_at IS NULL"),
            postgresql_where=text("voided_at IS NULL"),
        ),
        # Of all terms: whoever removes a term must know at once whether another follows it.
        Index("ix_membership_previous_id", "previous_id"),
        CheckConstraint("until_on IS NULL OR until_on > starts_on", name="ends_after_start"),
        CheckConstraint("visits_left IS NULL OR visits_left >= 0", name="visits_left_not_negative"),
        Index("ix_membership_person_id_starts_on", "person_id", "starts_on"),
        Index("ix_membership_club_id_until_on", "club_id", "until_on"),
        Index(
            "ix_membership_running",
            *("plan_id", "until_on", "starts_on", "person_id"),
            sqlite_where=text("voided_at IS NULL"),
            postgresql_where=text("voided_at IS NULL"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    club_id: Mapped[int] = mapped_column(ForeignKey("club.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"), index=True)
    external_id: Mapped[str | None] = mapped_column(String(120))
    kind: Mapped[PlanKind] = mapped_column(words_of(PlanKind, 8))
    calendar: Mapped[str] = mapped_column(String(12))
    months: Mapped[int | None]
    days: Mapped[int | None]
    is_access: Mapped[bool] = mapped_column(default=True)
    is_trial: Mapped[bool] = mapped_column(default=False)
    starts_on: Mapped[date]
    anchor_on: Mapped[date]  # months are counted from here: the start of the chain's first term
    agreed_until_on: Mapped[date | None]
    cut_until_on: Mapped[date | None]  # first day without it, where something ended it early
    until_on: Mapped[date | None]
    closures_after_no: Mapped[int] = mapped_column(
        default=0
    )  # earlier closures are in the agreed end
    visits_total: Mapped[int | None]
    visits_left: Mapped[int | None]
    auto_renew: Mapped[bool] = mapped_column(default=False)
    price_minor: Mapped[int | None]  # None = unknown (imported without a price)
    paid_before_minor: Mapped[int | None]  # what an import says was paid; history, never a payment
    currency: Mapped[str] = mapped_column(String(3))
    sold_at: Mapped[datetime]
    sold_here: Mapped[bool] = mapped_column(default=True)  # False = came in by an import
    seller: Mapped[str] = mapped_column(String(120), default="")
    previous_id: Mapped[int | None] = mapped_column(ForeignKey("membership.id"))
    link: Mapped[Link | None] = mapped_column(words_of(Link, 8))
    renewals_before: Mapped[int] = mapped_column(default=0)  # before this system knew the person
    cancel_requested_at: Mapped[datetime | None]
    cancel_until_on: Mapped[date | None]  # first day without the contract, once notice was given
    end_reason: Mapped[EndReason | None] = mapped_column(words_of(EndReason, 12))
    end_note: Mapped[str] = mapped_column(String(240), default="")  # why, in words
    voided_at: Mapped[datetime | None]  # sold by mistake and taken back: counts nowhere
    revision: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]


class Freeze(Model):
    """A pause of one term, half-open: `until_on` is the first day back."""

    __tablename__ = "membership_freeze"
    __table_args__ = (
        CheckConstraint("until_on > from_on", name="not_empty"),
        Index("ix_membership_freeze_membership_id", "membership_id"),
        Index("ix_membership_freeze_person_id", "person_id"),
    )

    id: Mapped[Id]
    club_id: Mapped[int] = mapped_column(ForeignKey("club.id"))
    membership_id: Mapped[int] = mapped_column(ForeignKey("membership.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    from_on: Mapped[date]
    until_on: Mapped[date]
    reason: Mapped[str] = mapped_column(String(240), default="")
    cancelled_at: Mapped[datetime | None]
    revision: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]


# PostgreSQL is the last judge of freezes that overlap. Ranges of one id stand in for equality, so that
# no extension is needed; on SQLite the one writer cannot race.
NO_OVERLAPPING_FREEZES = """
ALTER TABLE membership_freeze ADD CONSTRAINT ex_membership_freeze_overlap EXCLUDE USING gist (
    int8range(membership_id, membership_id, '[]') WITH &&,
    daterange(from_on, until_on) WITH &&
) WHERE (cancelled_at IS NULL)
"""
event.listen(
    Freeze.__table__,
    "after_create",
    DDL(NO_OVERLAPPING_FREEZES).execute_if(dialect="postgresql"),
)


class ClosureBook(Model):
    """One row a club: held in share while terms are written, alone while closures change.

    So no term is sold past a closure that is being declared. `last_no` counts the club's closures.
    """

    __tablename__ = "closure_book"

    club_id: Mapped[int] = mapped_column(ForeignKey("club.id"), primary_key=True)
    last_no: Mapped[int] = mapped_column(default=0)


class Closure(Model):
    """Days on which a club is closed, or expects only a share of its visits (half-open).

    `share_percent` 0 = closed; `extends_terms` says whether running terms are given the closed days back.
    """

    __tablename__ = "club_closure"
    __table_args__ = (
        CheckConstraint("until_on > from_on", name="not_empty"),
        CheckConstraint("share_percent BETWEEN 0 AND 100", name="share"),
        UniqueConstraint("club_id", "from_on", "until_on", "share_percent"),
    )

    id: Mapped[Id]
    club_id: Mapped[int] = mapped_column(ForeignKey("club.id"))
    no: Mapped[int] = mapped_column(default=0)  # grows within the club, never given twice
    name: Mapped[str] = mapped_column(String(120), default="")
    from_on: Mapped[date]
    until_on: Mapped[date]
    share_percent: Mapped[int] = mapped_column(default=0)
    extends_terms: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


class Season(Model):
    """A slow season that returns every year in its own calendar, with the share of normal visits expected.

    Days of start and end are inclusive and counted in `calendar` (gregorian, jalali or hijri); an end before
    the start reaches into the next year.
    """

    __tablename__ = "slow_season"
    __table_args__ = (
        Index(
            "uq_slow_season_club_id_name",
            "club_id",
            "name",
            unique=True,
            sqlite_where=text("valid_until_on IS NULL"),
            postgresql_where=text("valid_until_on IS NULL"),
        ),
        CheckConstraint("share_percent BETWEEN 0 AND 100", name="share"),
    )

    id: Mapped[Id]
    club_id: Mapped[int] = mapped_column(ForeignKey("club.id"))
    name: Mapped[str] = mapped_column(String(120))
    calendar: Mapped[str] = mapped_column(String(12))
    start_month: Mapped[int]
    start_day: Mapped[int]
    end_month: Mapped[int]
    end_day: Mapped[int]
    share_percent: Mapped[int]
    quiet_from: Mapped[str | None] = mapped_column(String(5))  # HH:MM, the season's own quiet hours
    quiet_until: Mapped[str | None] = mapped_column(String(5))
    valid_from_on: Mapped[date]  # the first day it is counted: a season never rewrites the past
    valid_until_on: Mapped[date | None]  # removed: from this day on it is counted no longer
    created_at: Mapped[datetime]
