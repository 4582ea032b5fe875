"""What is done to clubs: they are set up, opened and changed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.numbers import list_currencies
from sqlalchemy import select
from sqlalchemy.orm import Session

from clubcrm.accounts.errors import AlreadySetUp, BadClubSetting, ClubCodeTaken
from clubcrm.accounts.events import ClubOpened, ClubSettingsChanged
from clubcrm.accounts.models import Club, RoleAssignment
from clubcrm.accounts.operations.staff import add_staff
from clubcrm.accounts.queries import is_set_up
from clubcrm.accounts.states import Role
from clubcrm.core.actor import Actor
from clubcrm.core.days import club_day
from clubcrm.core.events import record
from clubcrm.core.transactions import kept, on_violation

CALENDARS = ("gregorian", "jalali")

# Where a club speaks a language and its time zone is no country's.
TERRITORIES = {"fa": "IR", "ar": "AE", "ru": "RU", "en": "GB", "pt": "PT"}

on_violation("uq_club_code", ClubCodeTaken)


def set_up(
    session: Session,
    *,
    code: str,
    name: str,
    timezone: str,
    currency: str,
    language: str,
    calendar: str,
    owner_name: str,
    owner_email: str | None,
    owner_password: str | None,
    by: Actor,
    now: datetime,
    territory: str | None = None,
    is_demo: bool = False,
) -> int:
    """Open the first club here and give its owner access; returns the club's id.

    Raises AlreadySetUp when a club lives here, BadClubSetting, NotAnEmail, WeakPassword.
    """
    if is_set_up(session):
        raise AlreadySetUp
    club_id = open_club(
        session,
        code=code,
        name=name,
        timezone=timezone,
        currency=currency,
        language=language,
        calendar=calendar,
        territory=territory,
        by=by,
        now=now,
        is_demo=is_demo,
    )
    if owner_email:
        add_staff(
            session,
            full_name=owner_name or owner_email,
            email=owner_email,
            password=owner_password or "",
            role=Role.OWNER,
            club_id=club_id,
            by=by,
            now=now,
        )
    return club_id


def open_club(
    session: Session,
    *,
    code: str,
    name: str,
    timezone: str,
    currency: str,
    language: str,
    calendar: str,
    by: Actor,
    now: datetime,
    territory: str | None = None,
    is_demo: bool = False,
) -> int:
    """Open a club; everybody who owns a club here owns this one too. Returns its id.

    Without a territory it is the one the language names, or the one the time zone lies in.
    """
    zone, currency, locale = _checked(timezone, currency, language, calendar)
    club = Club(
        code=code.strip().lower(),
        name=name.strip(),
        timezone=zone,
        currency=currency,
        language=locale.language if not locale.script else str(locale),
        calendar=calendar,
        territory=territory or locale.territory or _territory(zone, locale.language),
        is_demo=is_demo,
        went_live_on=club_day(now, zone, 0),
        settings={},
        created_at=now,
    )
    session.add(club)
    session.flush()
    owners = select(RoleAssignment.user_id).where(RoleAssignment.role == Role.OWNER).distinct()
    for user_id in session.scalars(owners).all():
        session.add(RoleAssignment(user_id=user_id, role=Role.OWNER, club_id=club.id))
    record(session, ClubOpened(club_id=club.id, code=club.code), by=by, now=now)
    return club.id


def change_club(
    session: Session, club_id: int, changes: Mapping[str, Any], *, by: Actor, now: datetime
) -> list[str]:
    """Change what a club is and how it works; returns the names of what differs now.

    Names are `name`, `timezone`, `language`, `calendar`, `territory`, `day_cutoff_minutes` and
    `settings`, a mapping whose entries replace those of the same name (None takes one away). Raises
    BadClubSetting.
    """
    # Rows that refer to the club may be written meanwhile: nobody at the door waits for a setting.
    club = session.get_one(Club, club_id, with_for_update={"key_share": True})
    zone, _currency, locale = _checked(
        changes.get("timezone", club.timezone),
        club.currency,
        changes.get("language", club.language),
        changes.get("calendar", club.calendar),
    )
    wanted = {**changes, "timezone": zone}
    if "language" in changes:
        wanted["language"] = locale.language if not locale.script else str(locale)
    told = wanted.pop("settings", {})
    settings = {
        n: value for n, value in {**(club.settings or {}), **told}.items() if value is not None
    }
    names = [name for name, value in wanted.items() if getattr(club, name) != value]
    for name in names:
        setattr(club, name, wanted[name])
    names += [name for name in told if settings.get(name) != (club.settings or {}).get(name)]
    club.settings = settings
    kept(session).pop((Club, club_id), None)
    if names:
        record(session, ClubSettingsChanged(club_id=club_id, names=sorted(names)), by=by, now=now)
    return sorted(names)


def _territory(zone: str, language: str) -> str:
    """The country of a club that told only its time zone; of its language where no country has it."""
    country = get_global("zone_territories").get(zone, "")
    return country if len(country) == 2 else TERRITORIES.get(language, "GB")


def _checked(timezone: str, currency: str, language: str, calendar: str) -> tuple[str, str, Locale]:
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadClubSetting(value=timezone, what="time zone") from error
    currency = currency.strip().upper()
    if currency not in list_currencies():
        raise BadClubSetting(value=currency, what="currency")
    try:
        locale = Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError) as error:
        raise BadClubSetting(value=language, what="language") from error
    if calendar not in CALENDARS:
        raise BadClubSetting(value=calendar, what="calendar")
    return timezone, currency, locale
