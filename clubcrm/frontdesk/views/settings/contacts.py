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
from clubcrm.core.transactions import reading, transaction
from clubcrm.frontdesk.forms.settings import ContactsForm
from clubcrm.frontdesk.views import blueprint, go_to
from clubcrm.frontdesk.views.settings import Answer, failed
from clubcrm.messaging.queries import sender_of
from clubcrm.messaging.states import Channel
from clubcrm.messaging.words import CHANNEL_WORDS
from clubcrm.retention.operations.contacts import switch_play
from clubcrm.retention.policies.arms import share_held_out, suggested
from clubcrm.retention.policies.choices import Choices, choices_of
from clubcrm.retention.queries import (
    PlayCount,
    PlayWords,
    StandingPlay,
    active_members,
    play_counts,
    sample_words,
    standing_plays,
)
from clubcrm.retention.words import goal_words, occasion_words, play_words

COUNTED: Final = timedelta(days=30)


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


@blueprint.route("/settings/contacts", methods=["GET", "POST"])
@requires(Permission.EDIT_CONTACTS)
def contacts() -> Answer:
    """The contacts of the club, each with what became of it lately, and the choices that hold for all."""
    club = current_club(Permission.EDIT_CONTACTS)
    with reading() as session:
        active = active_members(session, club.id)
    standing = choices_of(club.settings)
    form = ContactsForm(obj=standing, suggested=suggested(active))
    if form.validate_on_submit():
        wanted = Choices(form.learning.data or "", form.calls_per_day.data or 0)
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
    return failed(_page(club, form, active))


def _page(club: ClubRow, form: ContactsForm, active: int) -> str:
    now = clock.now()
    with reading() as session:
        counts = play_counts(session, club.id, club.today(now) - COUNTED)
        sender = sender_of(session, club.id, Channel.EMAIL)
        lines = [
            _line(club, play, counts.get(play.code, PlayCount()), active, club.today(now))
            for play in standing_plays(session, club.id)
        ]
    return render_template(
        "frontdesk/settings/contacts.html",
        form=form,
        lines=lines,
        is_mail_on=sender.is_on,
        days=COUNTED.days,
    )


def _line(
    club: ClubRow, play: StandingPlay, count: PlayCount, active: int, today: date
) -> PlayLine:
    choices = choices_of(club.settings)
    return PlayLine(
        play=play,
        name=play_words(play.code),
        occasion=occasion_words(play.rules),
        channels=[str(CHANNEL_WORDS[channel]) for channel in play.rules.channels],
        goal=goal_words(play.rules),
        share=share_held_out(play.rules, choices.learning, active),
        count=count,
        words=sample_words(club, play.code, today),
    )


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
