"""Which contacts the club makes, how many calls fit into a day, and whether it learns what works."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from flask import flash, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from clubcrm.accounts.access import current_club, principal, requires
from clubcrm.accounts.operations import change_club
from clubcrm.accounts.queries import ClubRow
from clubcrm.accounts.states import Permission
from clubcrm.core import clock
from clubcrm.core.money import Money
from clubcrm.core.transactions import reading, transaction
from clubcrm.frontdesk.forms.settings import ContactsForm, RampForm
from clubcrm.frontdesk.views import blueprint, go_to
from clubcrm.frontdesk.views.settings import Answer, failed
from clubcrm.messaging.queries import sender_of
from clubcrm.messaging.states import Channel, Purpose
from clubcrm.messaging.words import CHANNEL_WORDS
from clubcrm.retention.operations.contacts import switch_play
from clubcrm.retention.policies.arms import share_held_out, suggested
from clubcrm.retention.policies.choices import Choices, choices_of
from clubcrm.retention.policies.plays import PlayRules
from clubcrm.retention.queries import (
    PlayCount,
    PlayWords,
    RampSight,
    StandingPlay,
    active_members,
    play_counts,
    ramp_sight,
    sample_words,
    standing_plays,
)
from clubcrm.retention.words import goal_words, occasion_words, play_words, step_words

COUNTED: Final = timedelta(days=30)


@dataclass(frozen=True)
class StepLine:
    """A later step of a contact: when, how, and what it says."""

    when: str
    channels: list[str]
    is_service: bool
    words: PlayWords


@dataclass(frozen=True)
class PlayLine:
    """A contact as the page shows it."""

    play: StandingPlay
    name: str
    occasion: str
    channels: list[str]
    goal: str
    share: int
    count: PlayCount
    words: PlayWords
    steps: list[StepLine]


@blueprint.route("/settings/contacts", methods=["GET", "POST"])
@requires(Permission.EDIT_CONTACTS)
def contacts() -> Answer:
    """The contacts of the club, each with what became of it lately, and the choices that hold for all."""
    club = current_club(Permission.EDIT_CONTACTS)
    with reading() as session:
        active = active_members(session, club.id)
    form = _form(club, active)
    if form.validate_on_submit():
        price = form.price.data
        wanted = Choices(
            form.learning.data or "",
            form.calls_per_day.data or 0,
            None if price is None else price.minor,
        )
        with transaction() as session:
            changed = change_club(
                session,
                club.id,
                {"settings": wanted.as_setting()},
                by=principal().actor,
                now=clock.now(),
            )
        flash(_("Changed.") if changed else _("Nothing was different."), "in")
        return go_to(url_for("frontdesk.contacts"))
    return failed(page_of(club, form))


def _form(club: ClubRow, active: int) -> ContactsForm:
    standing = choices_of(club.settings)
    minor = standing.price_minor
    price = None if minor is None else Money(minor, club.currency)
    form = ContactsForm(obj=standing, data={"price": price}, suggested=suggested(active))
    form.price.currency, form.price.in_toman = club.currency, club.shows_toman
    return form


def page_of(
    club: ClubRow, form: ContactsForm | None = None, ramp_form: RampForm | None = None
) -> str:
    """The page, with a form that was not taken where one was sent."""
    now = clock.now()
    with reading() as session:
        active = active_members(session, club.id)
        ramp = ramp_sight(session, club, now)
        counts = play_counts(session, club.id, club.today(now) - COUNTED)
        sender = sender_of(session, club.id, Channel.EMAIL)
        lines = [
            _line(club, play, counts.get(play.code, PlayCount()), active, club.today(now))
            for play in standing_plays(session, club.id)
        ]
    return render_template(
        "frontdesk/settings/contacts.html",
        form=form or _form(club, active),
        ramp=ramp,
        ramp_form=ramp_form or RampForm(formdata=None, per_day=ramp.per_day),
        ramp_price=_price(club, ramp),
        ways=[(str(CHANNEL_WORDS[way]), count) for way, count in ramp.messages.items()],
        lines=lines,
        is_mail_on=sender.is_on,
        days=COUNTED.days,
    )


def _price(club: ClubRow, ramp: RampSight) -> Money | None:
    """What the messages of the backlog cost at most; None where the price of one is not known."""
    minor = choices_of(club.settings).price_minor
    return None if minor is None else Money(minor * ramp.message_count, club.currency)


def _line(
    club: ClubRow, play: StandingPlay, count: PlayCount, active: int, today: date
) -> PlayLine:
    choices = choices_of(club.settings)
    return PlayLine(
        play=play,
        name=play_words(play.code),
        occasion=occasion_words(play.rules),
        channels=_channels(play.rules),
        goal=goal_words(play.rules),
        share=share_held_out(play.rules, choices.learning, active),
        count=count,
        words=sample_words(club, play.code, today),
        steps=[
            StepLine(
                when=step_words(step),
                channels=_channels(step),
                is_service=step.purpose is Purpose.SERVICE,
                words=sample_words(club, play.code, today, step.variant),
            )
            for step in play.rules.steps
        ],
    )


def _channels(rules: PlayRules) -> list[str]:
    return [str(CHANNEL_WORDS[channel]) for channel in rules.channels]


@blueprint.post("/settings/contacts/<code>")
@requires(Permission.EDIT_CONTACTS)
def switch_contact(code: str) -> Response:
    """Switch a contact on or off."""
    club = current_club(Permission.EDIT_CONTACTS)
    is_on = request.form.get("is_on") == "yes"
    with transaction() as session:
        switch_play(session, club.id, code, is_on=is_on, by=principal().actor, now=clock.now())
    words = _("%(name)s is made again.") if is_on else _("%(name)s is not made any more.")
    flash(words % {"name": play_words(code)}, "in")
    return go_to(url_for("frontdesk.contacts"))
