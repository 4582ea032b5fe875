"""What an import says about files, headings and rows, in the reader's language."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from clubcrm.core.calendars import CalendarName
from clubcrm.core.errors import Words
from clubcrm.core.formats import format_day, format_number
from clubcrm.exchange.policies.columns import Form
from clubcrm.exchange.states import BatchState, HeadingFate, Kept, Kind, NoteCode, ProblemCode
from clubcrm.members.states import ConsentBasis

KINDS: Mapping[Kind, Words] = {
    Kind.MEMBERS: _l("Members"),
    Kind.MEMBERSHIPS: _l("Memberships, with their members"),
    Kind.VISITS: _l("Visits, or last visits and totals"),
    Kind.PAYMENTS: _l("Payments"),
    Kind.DEBTS: _l("Debts"),
    Kind.FREEZES: _l("Freezes"),
    Kind.CLOSURES: _l("Days the club is closed"),
}

COLUMN_WORDS: Mapping[str, Words] = {
    "external_id": _l("Number in the old system"),
    "first_name": _l("First name"),
    "last_name": _l("Last name"),
    "full_name": _l("Full name"),
    "phone": _l("Phone"),
    "email": _l("E-mail"),
    "birth_date": _l("Date of birth"),
    "gender": _l("Gender"),
    "national_id": _l("National identity number"),
    "address": _l("Address"),
    "city": _l("City"),
    "postcode": _l("Postcode"),
    "emergency_contact": _l("Emergency contact"),
    "guardian": _l("Guardian"),
    "payer": _l("Payer"),
    "trainer": _l("Trainer"),
    "joined_on": _l("Joined on"),
    "card_code": _l("Card"),
    "club": _l("Club"),
    "tags": _l("Tags"),
    "locale": _l("Language"),
    "consent_email": _l("Agrees to e-mails"),
    "consent_sms": _l("Agrees to SMS"),
    "notes": _l("Note"),
    "last_visit_on": _l("Last visit"),
    "visits_total": _l("Visits in all"),
    "visits_per_week": _l("Visits a week"),
    "member": _l("Member (number, card, phone or e-mail)"),
    "plan": _l("Plan"),
    "starts_on": _l("First day"),
    "ends_on": _l("Last day"),
    "sold_on": _l("Sold on"),
    "price": _l("Price"),
    "paid": _l("Paid so far"),
    "currency": _l("Currency"),
    "visits_left": _l("Visits left"),
    "auto_renew": _l("Renews by itself"),
    "previous": _l("Number of the membership before"),
    "renewals_before": _l("Renewals so far"),
    "status": _l("State"),
    "checked_in_at": _l("Came in at"),
    "checked_out_at": _l("Left at"),
    "access_point": _l("Door"),
    "direction": _l("In or out"),
    "paid_at": _l("Paid on"),
    "amount": _l("Amount"),
    "method": _l("Way of payment"),
    "for": _l("What for"),
    "due_on": _l("Due on"),
    "from": _l("From"),
    "until": _l("First day back"),
    "last_day": _l("Last day of it"),
    "reason": _l("Reason"),
    "share": _l("Share of the usual visits"),
    "name": _l("Occasion"),
    "extends_terms": _l("Days are given back"),
}
"""What each column is called on the screen."""

MEANING_WORDS: Mapping[Form, Mapping[str, Words]] = {
    Form.GENDER: {"female": _l("Female"), "male": _l("Male"), "other": _l("Other")},
    Form.YES_NO: {"yes": _l("Yes"), "no": _l("No")},
    Form.METHOD: {
        "cash": _l("Cash"),
        "card": _l("Card"),
        "transfer": _l("Transfer"),
        "cheque": _l("Cheque"),
        "direct_debit": _l("Direct debit"),
        "online": _l("Online"),
        "other": _l("Other"),
    },
    Form.STATUS: {
        "active": _l("Active, or paid"),
        "ended": _l("Ended"),
        "cancelled": _l("Cancelled"),
        "frozen": _l("Frozen"),
        "pending": _l("Not begun yet"),
        "trial": _l("Trial"),
        "refunded": _l("Refunded"),
        "transferred": _l("Passed on to somebody else"),
        "failed": _l("Not paid"),
        "died": _l("Died"),
    },
    Form.DIRECTION: {"in": _l("In"), "out": _l("Out")},
}
"""What a cell of a column can mean, where it is one of a few things."""

TABLE_WORDS: Mapping[str, Words] = {
    "person": _l("people"),
    "membership": _l("memberships"),
    "visit": _l("visits"),
    "payment": _l("payments"),
    "invoice": _l("debts"),
    "membership_freeze": _l("freezes"),
    "club_closure": _l("closures"),
    "credential": _l("cards"),
    "visit_opening_balance": _l("opening balances of visits"),
    "consent": _l("answers about contact"),
    "plan": _l("plans"),
}
"""What an undo calls the rows of a table."""

KEPT_WORDS: Mapping[Kept, Words] = {
    Kept.CHANGED: _l("somebody changed it since"),
    Kept.HANGS: _l("something hangs on it that stays"),
    Kept.PAID: _l("money was taken for it"),
}

ORDER_WORDS: Mapping[str, Words] = {
    "": _l("found out from the file"),
    "dmy": _l("day, month, year"),
    "mdy": _l("month, day, year"),
    "ymd": _l("year, month, day"),
}

CALENDAR_WORDS: Mapping[str, Words] = {
    "": _l("found out from the years"),
    "gregorian": _l("Gregorian"),
    "jalali": _l("Jalali"),
}

STATES: Mapping[BatchState, Words] = {
    BatchState.UPLOADED: _l("uploaded"),
    BatchState.CHECKING: _l("being checked"),
    BatchState.CHECKED: _l("checked, not yet imported"),
    BatchState.QUEUED: _l("waiting to be imported"),
    BatchState.RUNNING: _l("being imported"),
    BatchState.DONE: _l("imported"),
    BatchState.UNDOING: _l("being undone"),
    BatchState.UNDONE: _l("undone"),
    BatchState.FAILED: _l("stopped"),
}

CONSENTS: Mapping[ConsentBasis, Words] = {
    ConsentBasis.UNKNOWN: _l(
        "Not known: they get service messages only (receipts, changes of a class), no offers."
    ),
    ConsentBasis.FROM_FILE: _l("As the file says: only who agreed there gets offers."),
    ConsentBasis.OWN_MEMBERS: _l(
        "Own members: the law here lets the club write to its own members about similar services, "
        "each may object at any time, and nobody in the file has objected."
    ),
}
"""The question of consent, asked once an import; the words are kept with the answer."""

FATES: Mapping[HeadingFate, Words] = {
    HeadingFate.MAPPED: _l("imported"),
    HeadingFate.IGNORED: _l("left out, as chosen"),
    HeadingFate.BLANK: _l("no heading"),
    HeadingFate.REPEATED: _l("the same heading stands further left"),
    HeadingFate.TAKEN: _l("another heading fits better"),
    HeadingFate.AGE: _l("an age is no birth date: it changes by itself"),
    HeadingFate.DERIVED: _l("reckoned from other columns, and true on one day only"),
    HeadingFate.OTHER_KIND: _l("belongs in a file of another kind"),
    HeadingFate.UNKNOWN: _l("not recognised"),
}

PROBLEMS: Mapping[ProblemCode, Words] = {
    ProblemCode.BAD_PHONE: _l("“%(value)s” is no telephone number; kept as it is, not used."),
    ProblemCode.BAD_EMAIL: _l("“%(value)s” is no e-mail address; left out."),
    ProblemCode.BAD_DAY: _l("“%(value)s” in %(column)s is no day of the calendar."),
    ProblemCode.BAD_AMOUNT: _l("“%(value)s” in %(column)s is no amount of money."),
    ProblemCode.BAD_NUMBER: _l("“%(value)s” in %(column)s is no number that fits there."),
    ProblemCode.BAD_CURRENCY: _l(
        "“%(value)s” is no currency; the amounts of this row are left out."
    ),
    ProblemCode.BAD_WORD: _l("“%(value)s” means nothing in %(column)s; left out."),
    ProblemCode.BAD_LOCALE: _l("“%(value)s” is no language; left out."),
    ProblemCode.DIGITS_LOST: _l(
        "“%(value)s” in %(column)s: a spreadsheet has cut the last digits off. Format the column as "
        "text and export it again."
    ),
    ProblemCode.CUT: _l("%(column)s is longer than %(most)s characters; the rest was cut off."),
    ProblemCode.LOST_CHARACTERS: _l(
        "%(column)s holds characters that could not be read; export the file as UTF-8."
    ),
    ProblemCode.ROUNDED: _l("“%(value)s” in %(column)s was rounded to the currency's decimals."),
    ProblemCode.FAR_DAY: _l("“%(value)s” in %(column)s lies too far away; left out."),
    ProblemCode.NEGATIVE: _l("“%(value)s” in %(column)s is below zero; left out."),
    ProblemCode.NO_END: _l("“%(value)s” as the end means no end: month to month."),
    ProblemCode.END_ASSUMED: _l("It is over, but the last day is missing; %(day)s was taken."),
    ProblemCode.START_ASSUMED: _l("The first day is missing; %(source)s was taken."),
    ProblemCode.REST_OWED: _l("%(amount)s of the price is not paid; recorded as a debt."),
    ProblemCode.FROZEN_SINCE: _l(
        "It is frozen, but the days are missing; import a file of freezes."
    ),
    ProblemCode.PREVIOUS_UNKNOWN: _l(
        "The membership before, “%(value)s”, was not found; not linked."
    ),
    ProblemCode.UNKNOWN_CLUB: _l("No club is called “%(value)s”; taken for this club."),
    ProblemCode.CARD_TAKEN: _l("Somebody else holds the card “%(value)s”; not given."),
    ProblemCode.LIKELY_DUPLICATE: _l("May be the same person as %(other)s (same %(column)s)."),
    ProblemCode.LIKELY_SAME_AS_LINE: _l(
        "May be the same person as on line %(line)s (same %(column)s)."
    ),
    ProblemCode.SAME_AS_LINE: _l("Says the same as line %(line)s."),
    ProblemCode.KEPT_FIRST: _l("Line %(line)s says something else in %(columns)s; that was kept."),
    ProblemCode.IN_FUTURE: _l(
        "“%(value)s” in %(column)s lies after the day of the file; left out."
    ),
    ProblemCode.NO_HEADING: _l("“%(value)s” stands under no heading; left out."),
    ProblemCode.BAD_STAY: _l(
        "“%(value)s” in %(column)s is not within a day after coming in; left out."
    ),
    ProblemCode.MISSING: _l("%(column)s is missing, or cannot be read."),
    ProblemCode.NOBODY: _l("There is no number, name, phone or e-mail to know anybody by."),
    ProblemCode.TOO_MANY_CELLS: _l(
        "There are more cells than the %(headings)s headings; a delimiter or a quote is wrong."
    ),
    ProblemCode.CELL_TOO_LONG: _l("A cell is longer than any text should be."),
    ProblemCode.MEMBER_UNKNOWN: _l("No member has the number, card, phone or e-mail “%(value)s”."),
    ProblemCode.MEMBER_AMBIGUOUS: _l("“%(value)s” fits %(people)s people; give their numbers."),
    ProblemCode.OF_OTHER_MEMBER: _l("The membership “%(value)s” belongs to somebody else."),
    ProblemCode.CONFLICTS: _l("Line %(line)s tells the same thing otherwise (%(columns)s)."),
    ProblemCode.OTHER_CLUB: _l("It belongs to the club “%(value)s”; import it there (%(at)s)."),
    ProblemCode.ENDS_BEFORE_START: _l("The end %(value)s lies before the start %(start)s."),
    ProblemCode.NO_TERM_THEN: _l("The member has no membership on %(value)s to be frozen."),
    ProblemCode.FREEZES_OVERLAP: _l("The membership is frozen on some of these days already."),
    ProblemCode.NOT_PAID: _l("The status says that no money came in (%(value)s)."),
    ProblemCode.NOTHING_TO_SAY: _l("There is nothing in this row to be stored."),
    ProblemCode.NO_ENTRY: _l("Somebody left at %(value)s, but never came in before that."),
    ProblemCode.NOT_YET: _l("“%(value)s” lies in the future."),
    ProblemCode.STANDS: _l("“%(value)s” stands already and says otherwise; it cannot be changed."),
    ProblemCode.REFUSED: _l("%(why)s"),
}

NOTES: Mapping[NoteCode, Words] = {
    NoteCode.AMBIGUOUS_DAYS: _l(
        "The days in “%(column)s” can be read in two ways; %(order)s was taken, as is usual where the "
        "club is. Say order = … in the mapping if that is wrong."
    ),
    NoteCode.MISSING_HEADING: _l("The mapping names “%(heading)s”, which is not in the file."),
    NoteCode.REPEATED_HEADING: _l("“%(heading)s” stands twice; the first column was taken."),
    NoteCode.TAKEN_HEADING: _l("“%(heading)s” was left out: “%(other)s” is taken for %(column)s."),
    NoteCode.UNKNOWN_HEADING: _l("“%(heading)s” was not recognised and is left out."),
    NoteCode.USELESS_HEADING: _l("“%(heading)s” is left out: %(why)s."),
    NoteCode.OTHER_KIND_HEADING: _l(
        "“%(heading)s” is left out: it belongs in a file of another kind."
    ),
    NoteCode.OTHER_SHEETS: _l(
        "Only one sheet of the workbook is read. Not read: %(sheets)s. Save each list as a file of its "
        "own."
    ),
    NoteCode.LONG_BEFORE: _l(
        "The latest visit in the file is of %(day)s, but the file is taken to speak of %(as_of)s. If it "
        "was exported earlier, say so under “As of”: else all its members count as having stayed away "
        "since."
    ),
    NoteCode.NO_CONSENT: _l(
        "The file has columns of consent, but no basis was chosen: only refusals are recorded."
    ),
}


CONTRADICTS = _l("It contradicts what stands already.")


def column_text(column: str | None) -> str:
    """What a column is called: by its canonical heading, which stands in the file or the mapping."""
    return column or ""


def problem_text(problem: list[Any], *, on_page: bool = False) -> str:
    """One problem of a row in words: [code, column, figures] as it is kept.

    A file calls a column by its canonical heading, a page by the words of its choices.
    """
    code, column, figures = problem
    called = str(COLUMN_WORDS.get(column, column)) if on_page and column else column_text(column)
    # A column may be called anything; a figure never stands in for the words themselves.
    places = {"column": f"“{called}”" if on_page and column else called, **figures}
    return str(PROBLEMS[ProblemCode(code)]) % places


def note_text(note: list[Any], calendar: CalendarName | None = None) -> str:
    """One note about a file in words: [code, figures] as it is kept; days in the club's calendar."""
    code, figures = note
    places = dict(figures)
    for name in ("day", "as_of"):
        if name in places:
            places[name] = format_day(date.fromisoformat(places[name]), calendar=calendar)
    if "why" in places:
        places["why"] = str(FATES[HeadingFate(places["why"])])
    text = str(NOTES[NoteCode(code)]) % places
    likely = places.get("likely")
    return f"{text} {_('Did you mean %(column)s?', column=likely)}" if likely else text


def undone_text(done: Mapping[str, Any]) -> list[str]:
    """What an undo did, in sentences; what it did not do is not told."""
    told = {
        "removed": lambda n, count: ngettext(
            "%(count)s row was removed.", "%(count)s rows were removed.", n, count=count
        ),
        "restored": lambda n, count: ngettext(
            "%(count)s row got its old values back.",
            "%(count)s rows got their old values back.",
            n,
            count=count,
        ),
        "reversed": lambda n, count: ngettext(
            "%(count)s amount of money was reversed.",
            "%(count)s amounts of money were reversed.",
            n,
            count=count,
        ),
    }
    sentences = [
        words(done[name], format_number(done[name]))
        for name, words in told.items()
        if done[name] or name == "removed"
    ]
    lines = [" ".join(sentences)]
    if done["kept"]:
        lines.append(
            ngettext(
                "%(count)s row was kept, because somebody changed it since or something hangs on it.",
                "%(count)s rows were kept, because somebody changed them since or something hangs on "
                "them.",
                done["kept"],
                count=format_number(done["kept"]),
            )
        )
    return lines
