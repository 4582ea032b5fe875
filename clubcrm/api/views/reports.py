"""Figures of the clubs."""

from datetime import timedelta

from clubcrm.accounts.access import requires
from clubcrm.accounts.states import Permission as P
from clubcrm.api.queries import sight
from clubcrm.api.schemas.reports import RenewalLine, RenewalReport, RenewalsQuery
from clubcrm.api.views import api
from clubcrm.core import clock
from clubcrm.core.transactions import reading
from clubcrm.reports.queries.renewals import renewals

A_YEAR = timedelta(days=364)


@api.get("/reports/renewals")
@requires(P.SEE_REPORTS)
@api.input(RenewalsQuery, location="query", arg_name="query")
@api.output(RenewalReport)
@api.doc(tags=["Reports"])
def report_renewals(query: RenewalsQuery) -> RenewalReport:
    """Report which of the terms that ended were renewed, by month, plan, club, trainer or seller.

    A term counts on its last valid day. Rates are over final ends: those whose grace is past.
    """
    now = clock.now()
    with reading() as session:
        seen = sight(P.SEE_REPORTS).narrowed(query.club)
        today = seen.today(now)
        end = query.to or today
        rows = renewals(
            session,
            scope=seen.scope,
            start=query.from_ or end - A_YEAR,
            end=end,
            today=today,
            grace=query.grace,
            by=query.by,
        )
    return RenewalReport(rows=[RenewalLine.of(row) for row in rows])
