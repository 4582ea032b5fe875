"""The owner's page: who renews, who slips, what changed, and what is late."""

from typing import Any

from flask import render_template, url_for
from flask_babel import get_locale

from clubcrm.accounts.access import current_club, requires
from clubcrm.accounts.queries import ClubRow
from clubcrm.accounts.states import Permission
from clubcrm.core import clock
from clubcrm.core.money import Money
from clubcrm.core.transactions import reading
from clubcrm.frontdesk.charts import sliced_bar
from clubcrm.frontdesk.views import blueprint
from clubcrm.frontdesk.views.owner.names import PART_WORDS, why_at_risk
from clubcrm.frontdesk.views.tasks import late_tasks
from clubcrm.messaging.queries import task_counts
from clubcrm.reports.queries.owner import SPANS, AtRisk, at_risk, most_at_risk, renewals_due
from clubcrm.reports.states import DuePart

SHOWN = 5


@blueprint.get("/home")
@requires(Permission.SEE_HOME)
def owner() -> str:
    """The page: a dozen statements on roll-ups and indexes, however large the club is."""
    club = current_club(Permission.SEE_HOME)
    now = clock.now()
    today = club.today(now)
    with reading() as session:
        risk = at_risk(session, club.id)
        most = most_at_risk(session, club.id, limit=SHOWN)
        due = renewals_due(session, club.id, today)
        counts = task_counts(session, club.id, today)
    return render_template(
        "frontdesk/owner/page.html",
        section="home",
        risk=risk,
        risk_value=_value(risk, club),
        most=most,
        due=due,
        due_bar=sliced_bar(
            [(str(row.part), row.counts[-1]) for row in due[1:]],
            from_right=get_locale().text_direction == "rtl",
        ),
        to_call=next(row.counts[-1] for row in due if row.part is DuePart.HIGH),
        part_words=PART_WORDS,
        late=late_tasks(counts),
        spans=SPANS,
        money=lambda minor: Money(minor, club.currency),
        names_url=names_url,
        why_at_risk=why_at_risk,
    )


def _value(risk: AtRisk, club: ClubRow) -> Money | None:
    """What those at risk bring a year; None where nobody's price is known."""
    return Money(risk.value_minor, club.currency) if risk.known else None


def names_url(group: str, **more: Any) -> str:
    """The address of the names behind a figure."""
    return url_for("frontdesk.owner_names", group=group, **more)
