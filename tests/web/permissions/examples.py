"""A request of each route that does its work at the own club; what stands in braces are ids of it.

A route without ids that is only read needs none. `ids` name the thing that fits where another one of its
kind does: a notice is withdrawn from a term that has one.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from clubcrm.reports.states import By, Group
from tests.conftest import PASSWORD

PART = re.compile(r"<(?:\w+:)?(\w+)>")
NAMED = re.compile(r"\{(\w+)\}")

WORDS = {
    "group": "members",
    "place": "0",
    "code": "K13",
    "token": "{unsubscribe}",
    "filename": "src/card.css",
}
"""Parts of paths that name no thing of a club."""

NOT_WORDS = {"place": "99", "filename": "nothing.css"}
"""What stands for such a part where there is nothing; else a word nobody knows."""


@dataclass(frozen=True)
class Example:
    """A request. `also` are ids that a form may name besides, for whoever may do everything."""

    ids: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, Any] | None = None
    json: Mapping[str, Any] | None = None
    also: Mapping[str, str] = field(default_factory=dict)
    is_upload: bool = False

    def told(self) -> Iterator[tuple[str, str]]:
        """The fields that hold an id, each with the name of that id: `("plan", "plan_id")`."""
        for part in (self.query, self.form or {}, self.json or {}, self.also):
            for name, value in part.items():
                found = NAMED.fullmatch(value) if isinstance(value, str) else None
                if found is not None:
                    yield name, found[1]

    def sent(self, ids: Mapping[str, str], more: Mapping[str, str] | None = None) -> dict[str, Any]:
        """What a client is told to send, with these ids; `more` are further fields."""
        sent: dict[str, Any] = {}
        if self.query:
            sent["query_string"] = filled(self.query, ids)
        if self.json is not None:
            sent["json"] = {**filled(self.json, ids), **(more or {})}
        elif self.form is not None or more:
            sent["data"] = {**filled(self.form or {}, ids), **(more or {})}
        if self.is_upload:
            sent["data"]["file"] = (BytesIO(b"Member ID,Name\n7,Ana\n"), "new.csv")
        return sent


def named(rule: str, ids: Mapping[str, str]) -> str:
    """A path about things with these ids."""
    return PART.sub(lambda part: ids[part[1]], rule)


def filled(part: Any, ids: Mapping[str, str]) -> Any:
    """The same with ids in place of their names."""
    if isinstance(part, Mapping):
        return {name: filled(value, ids) for name, value in part.items()}
    return NAMED.sub(lambda found: ids[found[1]], part) if isinstance(part, str) else part


_PERSON = "/people/<int:person_id>"
_TERM = "/memberships/<int:membership_id>"
_SESSION = "/floor/sessions/<int:appointment_id>"
_BATCH = "/import/<int:batch_id>"
_API_TERM = "/api/v1/memberships/<membership_id>"
_SALE = {"plan": "{plus_plan_id}", "starts_on": "2027-04-20", "pays": "nothing", "method": "cash"}
_WHEN = {"day": "2026-03-20", "time": "10:00"}

EXAMPLES: Mapping[str, Example] = {
    # accounts
    "POST /account/club": Example(form={"club_id": "{club_id}"}),
    "POST /account/language": Example(form={"language": "qps"}),
    "POST /account/password": Example(
        form={"old": PASSWORD, "new": "another long password", "again": "another long password"}
    ),
    # With the right password clerks have a PIN from then on, and nobody else: see test_switch.
    "POST /account/pin": Example(form={"pin": "4711", "again": "4711", "password": "wrong"}),
    "POST /account/pin/remove": Example(form={"password": PASSWORD}),
    "POST /switch/<int:user_id>": Example(form={"password": PASSWORD}),
    "POST /switch/lock": Example(form={}),
    "POST /account/theme": Example(form={"theme": "dark"}),
    "POST /set-up": Example(form={"name": "Third", "code": "third"}),
    "POST /sign-in": Example(form={"email": "nobody@example.com", "password": "wrong"}),
    "POST /sign-out": Example(form={}),
    "POST /unsubscribe/<token>": Example(form={}),
    # the desk
    "POST /desk/check-ins": Example(form={"person_id": "{person_id}"}),
    "POST /desk/entries/<int:entry_id>/reply": Example(
        form={"prompt": "contact", "reply": "said", "task": "{arrival_id}"}
    ),
    "POST /desk/visits/<int:visit_id>/check-out": Example(form={"entry": "{entry_id}"}),
    "POST /desk/visits/<int:visit_id>/undo": Example(form={"entry": "{entry_id}"}),
    "POST /visits/<int:visit_id>/undo": Example(form={"person_id": "1"}),
    # people
    "POST /daily-runs/allow": Example(form={"club_id": "{club_id}", "on": "2026-03-01"}),
    "POST /people/new": Example(form={"first_name": "New", "last_name": "Comer"}),
    f"POST {_PERSON}/card": Example(form={"code": "NEW 77", "replaces": "y"}),
    f"POST {_PERSON}/consents": Example(form={"may_call": "y"}),
    f"POST {_PERSON}/edit": Example(form={"first_name": "Ann"}),
    f"POST {_PERSON}/note": Example(form={"note": "Another note"}),
    f"POST {_PERSON}/pay": Example(
        form={"amount": "0.05", "invoice": "{invoice_id}", "method": "cash"}
    ),
    f"POST {_PERSON}/sell": Example(form=_SALE),
    f"POST {_PERSON}/task": Example(
        form={"kind": "call", "title": "Ring", "due_on": "2026-03-05"},
        also={"assigned_to": "{user_id}"},
    ),
    # terms and money
    "POST /freezes/<int:freeze_id>/cancel": Example(form={}),
    "POST /freezes/<int:freeze_id>/end": Example(ids={"freeze_id": "running_freeze_id"}, form={}),
    f"POST {_TERM}/cancel": Example(ids={"membership_id": "rolling_id"}, form={"reason": "Moves"}),
    f"POST {_TERM}/freeze": Example(form={"from_on": "2026-05-01", "through": "2026-05-08"}),
    f"POST {_TERM}/renew": Example(ids={"membership_id": "ends_soon_id"}, form=_SALE),
    f"POST {_TERM}/take-back": Example(form={"reason": "By mistake"}),
    f"POST {_TERM}/upgrade": Example(
        ids={"membership_id": "ends_soon_id"},
        form={**_SALE, "plan": "{plan_id}", "starts_on": "2026-03-02"},
    ),
    f"POST {_TERM}/withdraw": Example(ids={"membership_id": "noticed_id"}, form={}),
    "POST /payments/<int:payment_id>/reverse": Example(form={"reason": "By mistake"}),
    # tasks and the owner's lists
    "POST /home/calls/take-back": Example(query={"batch": "{calls}"}, form={}),
    "POST /home/names/<group>/calls": Example(
        form={"title": "Ring", "due_on": "2026-03-05", "whom": "ticked", "person": "{free_id}"},
        also={"doers": "{user_id}"},
    ),
    "POST /tasks/<int:task_id>/outcome": Example(form={"outcome": "reached_no", "note": "Later"}),
    "POST /tasks/<int:task_id>/reopen": Example(ids={"task_id": "closed_task_id"}, form={}),
    "POST /tasks/assign": Example(form={"staff": "{user_id}", "task": "{task_id}"}),
    # settings
    "POST /settings/closures/<int:closure_id>/withdraw": Example(form={}),
    "POST /settings/closures/new": Example(
        form={"name": "Paint", "from_on": "2026-10-01", "through": "2026-10-02", "share": "0"}
    ),
    "POST /settings/club": Example(
        form={
            "name": "Aurora Two",
            "timezone": "Europe/Lisbon",
            "territory": "PT",
            "language": "en",
            "calendar": "gregorian",
            "day_begins": "00:00",
            "ends_soon_days": "9",
            "few_visits": "2",
            "inside_hours": "4",
        }
    ),
    "POST /settings/contacts": Example(form={"learning": "", "calls_per_day": "7"}),
    "POST /settings/contacts/ramp": Example(form={"per_day": "3"}),
    "POST /settings/contacts/ramp/begin": Example(form={}),
    "POST /settings/contacts/ramp/end": Example(form={}),
    "POST /settings/contacts/<code>": Example(form={"is_on": "no"}),
    "POST /settings/door": Example(query={"plan": "{plan_id}"}, form={"debt_at_desk": "block"}),
    "POST /settings/messages": Example(form={"address": "new@aurora.example"}),
    "POST /settings/messages/<int:message_id>/decide": Example(form={"decision": "leave"}),
    "POST /settings/messages/test": Example(form={}),
    "POST /settings/plans/<int:plan_id>": Example(
        form={"name": "Annual two", "kind": "term", "length": "12", "unit": "months"}
        | {"debt_grace_days": "7", "price": "1", "is_access": "y"}
    ),
    "POST /settings/plans/new": Example(
        form={"name": "New", "kind": "term", "length": "1", "unit": "months"}
        | {"debt_grace_days": "7"}
    ),
    "POST /settings/seasons/<int:season_id>/remove": Example(form={}),
    "POST /settings/seasons/new": Example(
        form={"name": "Slow", "calendar": "gregorian", "share_percent": "50"}
        | {"start_month": "7", "start_day": "1", "end_month": "7", "end_day": "31"}
    ),
    "POST /settings/staff/<int:user_id>/take-role": Example(
        form={"club_id": "{club_id}", "role": "desk"}
    ),
    "POST /settings/staff/new": Example(
        form={"full_name": "New", "email": "n@example.com", "password": PASSWORD, "role": "desk"}
    ),
    "POST /settings/tokens": Example(form={"name": "Kiosk", "role": "kiosk"}),
    "POST /settings/tokens/<int:token_id>/revoke": Example(form={}),
    # import and export
    f"POST {_BATCH}/columns": Example(
        form={"kind": "members", "as_of_on": "2026-03-02", "consent": "unknown"}
        | {"order": "", "calendar": "", "column-0": "external_id", "column-1": "full_name"}
    ),
    f"POST {_BATCH}/forget": Example(ids={"batch_id": "spare_batch_id"}, form={}),
    "GET /renewals/names/<group>": Example(ids={"group": "due"}),
    f"GET {_BATCH}/rejected.csv": Example(ids={"batch_id": "done_batch_id"}),
    f"POST {_BATCH}/run": Example(ids={"batch_id": "checked_batch_id"}, form={}),
    f"GET {_BATCH}/undo": Example(ids={"batch_id": "done_batch_id"}),
    f"POST {_BATCH}/undo": Example(ids={"batch_id": "done_batch_id"}, form={}),
    "POST /import/export": Example(form={"format": "csv"}),
    "POST /import/new": Example(form={"kind": ""}, is_upload=True),
    # the trainer's phone
    "POST /floor/clients/<int:person_id>/plan": Example(
        form={**_WHEN, "minutes": "60", "package": "{package_id}"}, also={"trainer": "{coach_id}"}
    ),
    f"POST {_SESSION}/log": Example(form={"log": "Bench press"}),
    f"POST {_SESSION}/next": Example(form=_WHEN),
    f"POST {_SESSION}/outcome": Example(form={"outcome": "came"}),
    f"POST {_SESSION}/undo": Example(ids={"appointment_id": "held_id"}, form={}),
    # the API
    "POST /api/v1/check-ins": Example(json={"member_id": "{member_id}"}, also={"club": "{club}"}),
    "DELETE /api/v1/freezes/<freeze_id>": Example(),
    "POST /api/v1/members": Example(json={"name": "New", "club": "{club}"}),
    "PATCH /api/v1/members/<member_id>": Example(json={"city": "Faro"}),
    "POST /api/v1/memberships": Example(
        json={"member_id": "{member_id}", "plan": "{plan_id}"}, also={"club": "{club}"}
    ),
    f"POST {_API_TERM}/cancellation": Example(ids={"membership_id": "rolling_id"}, json={}),
    f"POST {_API_TERM}/freezes": Example(json={"from": "2026-03-09", "until": "2026-03-12"}),
    f"POST {_API_TERM}/renewals": Example(json={}, also={"plan": "{plan_id}"}),
    "POST /api/v1/payments": Example(
        json={
            "member_id": "{member_id}",
            "invoice_id": "{invoice_id}",
            "amount": {"minor": 5, "currency": "EUR"},
            "method": "cash",
        }
    ),
    "DELETE /api/v1/visits/<visit_id>": Example(),
}


SPAN = "from=2025-01-01&to=2027-12-31"
PROBES = (
    "/people?club={other_club_id}",
    "/people?plan={other_plan_id}",
    "/people?q=zzf",
    "/people?order=newest",
    "/people/duplicates?first_name=Ana&last_name=zzf",
    "/people/duplicates?phone=351912000222",
    "/people/find?q=zzf",
    "/people/{person_id}?terms=all",
    "/people/{person_id}/timeline?kind=contact",
    "/desk?entry={other_entry_id}",
    "/desk?inside=1",
    "/desk?q=zzf",
    "/desk/find?q=zzf",
    "/floor?trainer={other_coach_id}",
    "/floor/clients?trainer={other_coach_id}",
    "/floor/plan?q=zzf",
    "/tasks?who=all",
    "/tasks?who=all&kind=arrival",
    "/tasks?who=all&late=1",
    "/tasks?who=all&of={other_user_id}",
    *(f"/home/names/{group}" for group in Group),
    "/home/names/due?days=7&part=high",
    *(f"/renewals?by={by}&{SPAN}" for by in By),
    f"/renewals?by=plan&club={{other_club_id}}&{SPAN}",
    f"/renewals/names/due?{SPAN}",
    f"/renewals/names/due?by=club&key={{other_club_id}}&{SPAN}",
    f"/renewals/names/due?by=plan&key={{other_plan_id}}&{SPAN}",
    f"/renewals/names/due?club={{other_club_id}}&{SPAN}",
    "/settings/door?plan={other_plan_id}",
    "/import/?before={other_done_batch_id}",
    "/import/{done_batch_id}?only=rejected",
    "/api/v1/members?club={other_club}",
    "/api/v1/members?q=zzf",
    "/api/v1/members?status=potential",
    "/api/v1/plans?club={other_club}",
    "/api/v1/invoices?club={other_club}",
    "/api/v1/invoices?member_id={other_member_id}",
    "/api/v1/touchpoints?club={other_club}",
    "/api/v1/touchpoints?member_id={other_member_id}",
    "/api/v1/reports/renewals?club={other_club}",
    *(f"/api/v1/reports/renewals?by={by}&{SPAN}" for by in By),
)
"""Lists asked so that a forgotten club would show: searched, filtered, and with ids of the other club."""

QUOTED = (
    "POST /memberships/<int:membership_id>/cancel",
    "POST /memberships/<int:membership_id>/freeze",
    "POST /memberships/<int:membership_id>/renew",
    "POST /memberships/<int:membership_id>/upgrade",
    "POST /people/<int:person_id>/sell",
    "POST /settings/closures/new",
)
"""What can be asked to be tried, with `?quote=1`."""
