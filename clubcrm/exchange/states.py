"""The vocabularies of import and export."""

from enum import StrEnum


class Kind(StrEnum):
    """What a file holds."""

    MEMBERS = "members"
    MEMBERSHIPS = "memberships"
    VISITS = "visits"
    PAYMENTS = "payments"
    DEBTS = "debts"
    FREEZES = "freezes"
    CLOSURES = "closures"


class BatchState(StrEnum):
    """How far an import is: see `STEPS` for what may follow what."""

    UPLOADED = "uploaded"  # the file is here, its columns are guessed
    CHECKING = "checking"  # a dry run is queued or under way
    CHECKED = "checked"  # the dry run's figures stand; nothing of the file is stored
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    UNDOING = "undoing"
    UNDONE = "undone"
    FAILED = "failed"


STEPS: dict[BatchState, frozenset[BatchState]] = {
    BatchState.UPLOADED: frozenset({BatchState.CHECKING, BatchState.RUNNING}),
    BatchState.CHECKING: frozenset({BatchState.CHECKING, BatchState.CHECKED, BatchState.FAILED}),
    BatchState.CHECKED: frozenset({BatchState.CHECKING, BatchState.QUEUED}),
    BatchState.QUEUED: frozenset({BatchState.RUNNING, BatchState.FAILED}),
    BatchState.RUNNING: frozenset({BatchState.RUNNING, BatchState.DONE, BatchState.FAILED}),
    BatchState.DONE: frozenset({BatchState.UNDOING}),
    BatchState.UNDOING: frozenset({BatchState.UNDOING, BatchState.UNDONE}),
    BatchState.UNDONE: frozenset(),
    BatchState.FAILED: frozenset({BatchState.CHECKING, BatchState.UNDOING}),
}
"""State -> states that may follow. What stands in no row is refused."""


class RowOutcome(StrEnum):
    """What became of one row."""

    STORED = "stored"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"


class Touch(StrEnum):
    """What an import did to a row of another table."""

    CREATED = "created"
    CHANGED = "changed"


class Kept(StrEnum):
    """Why an undo left a row as it is."""

    CHANGED = "changed"  # somebody changed it since
    HANGS = "hangs"  # something hangs on it that stays: a visit, a document, another import
    PAID = "paid"


class HeadingFate(StrEnum):
    """What becomes of one heading of a file."""

    MAPPED = "mapped"
    IGNORED = "ignored"  # the mapping says to leave it out
    BLANK = "blank"  # a column without a heading
    REPEATED = "repeated"  # the same heading stands further left
    TAKEN = "taken"  # another heading is surer for that column
    OURS = "ours"  # line and reason of our own file of rejected rows
    AGE = "age"  # an age is not a birth date: it changes by itself
    DERIVED = "derived"  # reckoned from other columns, and only true on one day
    OTHER_KIND = "other_kind"  # belongs into a file of another kind
    UNKNOWN = "unknown"


OWN_COLUMNS = ("line", "reason")
"""Headings our own file of rejected rows puts in front; an import of that file passes over them."""


class ExportFormat(StrEnum):
    """How exported tables are written."""

    CSV = "csv"
    XLSX = "xlsx"
    JSONL = "jsonl"


class NoteCode(StrEnum):
    """What there is to say about a file as a whole."""

    AMBIGUOUS_DAYS = "ambiguous_days"
    MISSING_HEADING = "missing_heading"  # the mapping names it, the file does not have it
    REPEATED_HEADING = "repeated_heading"
    TAKEN_HEADING = "taken_heading"
    UNKNOWN_HEADING = "unknown_heading"
    USELESS_HEADING = "useless_heading"
    OTHER_KIND_HEADING = "other_kind_heading"
    OTHER_SHEETS = "other_sheets"  # of a workbook only one sheet is read
    LONG_BEFORE = "long_before"  # the latest visit lies long before the day the file speaks of
    NO_CONSENT = "no_consent"  # a yes in the file that no basis lets count


WARNING_NOTES = frozenset(
    {
        NoteCode.AMBIGUOUS_DAYS,
        NoteCode.LONG_BEFORE,
        NoteCode.MISSING_HEADING,
        NoteCode.OTHER_SHEETS,
        NoteCode.REPEATED_HEADING,
    }
)
"""Notes that count as warnings; the others are for the reader's information."""


class ProblemCode(StrEnum):
    """What there is to say about a row; each has its words in `exchange/words.py`."""

    # about a cell
    BAD_PHONE = "bad_phone"
    BAD_EMAIL = "bad_email"
    BAD_DAY = "bad_day"
    BAD_AMOUNT = "bad_amount"
    BAD_NUMBER = "bad_number"
    BAD_CURRENCY = "bad_currency"
    BAD_WORD = "bad_word"  # a word that means nothing in this column
    BAD_LOCALE = "bad_locale"
    DIGITS_LOST = "digits_lost"  # a spreadsheet wrote a long number in short form
    CUT = "cut"
    LOST_CHARACTERS = "lost_characters"
    ROUNDED = "rounded"
    FAR_DAY = "far_day"
    NEGATIVE = "negative"
    # about a row that is stored all the same
    NO_END = "no_end"  # an end in the year 9999 or so: month to month
    END_ASSUMED = "end_assumed"
    START_ASSUMED = "start_assumed"
    REST_OWED = "rest_owed"
    FROZEN_SINCE = "frozen_since"
    PREVIOUS_UNKNOWN = "previous_unknown"
    UNKNOWN_CLUB = "unknown_club"
    CARD_TAKEN = "card_taken"
    LIKELY_DUPLICATE = "likely_duplicate"
    LIKELY_SAME_AS_LINE = "likely_same_as_line"
    SAME_AS_LINE = "same_as_line"
    KEPT_FIRST = "kept_first"
    IN_FUTURE = "in_future"
    NO_HEADING = "no_heading"  # a cell further right than the headings
    BAD_STAY = "bad_stay"
    # why a row is rejected
    MISSING = "missing"
    NOBODY = "nobody"
    TOO_MANY_CELLS = "too_many_cells"
    CELL_TOO_LONG = "cell_too_long"
    MEMBER_UNKNOWN = "member_unknown"
    MEMBER_AMBIGUOUS = "member_ambiguous"
    OF_OTHER_MEMBER = "of_other_member"
    CONFLICTS = "conflicts"
    OTHER_CLUB = "other_club"
    ENDS_BEFORE_START = "ends_before_start"
    NO_TERM_THEN = "no_term_then"
    FREEZES_OVERLAP = "freezes_overlap"
    NOT_PAID = "not_paid"
    NOTHING_TO_SAY = "nothing_to_say"
    NO_ENTRY = "no_entry"
    NOT_YET = "not_yet"
    STANDS = "stands"
    REFUSED = "refused"


REJECTING = frozenset(
    {
        ProblemCode.MISSING,
        ProblemCode.NOBODY,
        ProblemCode.TOO_MANY_CELLS,
        ProblemCode.CELL_TOO_LONG,
        ProblemCode.MEMBER_UNKNOWN,
        ProblemCode.MEMBER_AMBIGUOUS,
        ProblemCode.OF_OTHER_MEMBER,
        ProblemCode.CONFLICTS,
        ProblemCode.OTHER_CLUB,
        ProblemCode.ENDS_BEFORE_START,
        ProblemCode.NO_TERM_THEN,
        ProblemCode.FREEZES_OVERLAP,
        ProblemCode.NOT_PAID,
        ProblemCode.NOTHING_TO_SAY,
        ProblemCode.NO_ENTRY,
        ProblemCode.NOT_YET,
        ProblemCode.STANDS,
        ProblemCode.REFUSED,
    }
)
"""Problems for which a row cannot be stored; all others are warnings."""
