"""How the club works."""

from flask import flash, render_template, url_for
from flask_babel import gettext as _

from clubcrm.accounts.access import current_club, principal, requires
from clubcrm.accounts.operations import change_club
from clubcrm.accounts.queries import ClubRow, get_club
from clubcrm.accounts.states import Permission
from clubcrm.core import clock
from clubcrm.core.errors import DomainError
from clubcrm.core.fields import calendar_words, club_languages, zones
from clubcrm.core.money import Money
from clubcrm.core.transactions import transaction
from clubcrm.frontdesk.forms import put_refusal
from clubcrm.frontdesk.forms.settings import ClubForm
from clubcrm.frontdesk.views import blueprint, go_to
from clubcrm.frontdesk.views.settings import Answer, failed
from clubcrm.members.operations.notice import NOTICE_DAYS
from clubcrm.members.operations.pauses import FREEZE_DAYS
from clubcrm.visits.policies import entry_rules


@blueprint.route("/settings/club", methods=["GET", "POST"])
@requires(Permission.EDIT_CLUB)
def club_settings() -> Answer:
    """The club's name and zone, and the numbers its rules read."""
    club = current_club(Permission.EDIT_CLUB)
    form = _form(club)
    refusal = None
    if form.validate_on_submit():
        try:
            with transaction() as session:
                standing = get_club(session, club.id).settings
                changed = change_club(
                    session,
                    club.id,
                    {**form.changes(), "settings": form.settings(standing)},
                    by=principal().actor,
                    now=clock.now(),
                )
        except DomainError as error:
            refusal = put_refusal(form, error)
        else:
            flash(_("Changed.") if changed else _("Nothing was different."), "in")
            return go_to(url_for("frontdesk.club_settings"))
    page = render_template("frontdesk/settings/club.html", form=form, refusal=refusal, club=club)
    return failed(page)


def _form(club: ClubRow) -> ClubForm:
    rules = entry_rules(club.settings)
    hours, minutes = divmod(club.day_cutoff_minutes, 60)
    return ClubForm(
        club=club,
        zones=zones(also=club.timezone),
        languages=club_languages(also=club.language),
        calendars=calendar_words(),
        data={
            "name": club.name,
            "timezone": club.timezone,
            "territory": club.territory,
            "language": club.language,
            "calendar": club.calendar,
            "day_begins": f"{hours:02d}:{minutes:02d}",
            "shows_toman": bool(club.settings.get("shows_toman")),
            "ends_soon_days": rules.ends_soon_days,
            "few_visits": rules.few_visits,
            "debt_grace": Money(rules.debt_grace_minor, club.currency),
            "inside_hours": max(1, round(rules.inside.total_seconds() / 3600)),
            "notice_days": club.settings.get(NOTICE_DAYS),
            "freeze_days_a_term": club.settings.get(FREEZE_DAYS),
        },
    )
