"""What each fact does at each kind of entrance: for all plans, or for one."""

from flask import abort, flash, render_template, request, url_for
from flask_babel import gettext as _

from clubcrm.accounts.access import current_club, principal, requires
from clubcrm.accounts.operations import change_club
from clubcrm.accounts.queries import get_club
from clubcrm.accounts.states import Permission
from clubcrm.core import clock
from clubcrm.core.transactions import reading, transaction
from clubcrm.frontdesk.forms.door import POINTS, MatrixForm
from clubcrm.frontdesk.views import blueprint, go_to
from clubcrm.frontdesk.views.settings import Answer, failed
from clubcrm.members.queries import plans as plans_of
from clubcrm.visits.policies import entry_rules


@blueprint.route("/settings/door", methods=["GET", "POST"])
@requires(Permission.EDIT_CLUB)
def door() -> Answer:
    """The entry matrix of the club; with `plan` what is different for one plan."""
    club = current_club(Permission.EDIT_CLUB)
    plan_id = request.args.get("plan", type=int)
    with reading() as session:
        plans = [plan for plan in plans_of(session, club.id) if plan.is_access]
    plan = next((one for one in plans if one.id == plan_id), None)
    if plan_id is not None and plan is None:
        abort(404)
    rules = entry_rules(club.settings)
    form = MatrixForm.of(rules, plan_id)
    if form.validate_on_submit():
        with transaction() as session:
            standing = get_club(session, club.id).settings.get("entry") or {}
            changed = change_club(
                session,
                club.id,
                {"settings": {"entry": form.entry(standing) or None}},
                by=principal().actor,
                now=clock.now(),
            )
        flash(_("Changed.") if changed else _("Nothing was different."), "in")
        return go_to(url_for("frontdesk.door", plan=plan_id))
    page = render_template(
        "frontdesk/settings/door.html",
        form=form,
        plan=plan,
        plans=plans,
        points=POINTS,
        differ={one.id for one in plans if rules.by_plan.get(one.id)},
    )
    return failed(page)
