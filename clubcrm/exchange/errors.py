"""What getting in and out refuses, in the words of the screen."""

from flask_babel import lazy_gettext as _l

from clubcrm.core.errors import DomainError, Invalid, NotFound


class FileRefused(Invalid):
    """The file as a whole cannot be read; nothing of it was stored."""

    code = "file_refused"
    message = _l("This file cannot be read.")


class FileEmpty(FileRefused):
    """There is nothing in the file."""

    code = "file_empty"
    message = _l("The file is empty. Export it again and check that it holds rows.")


class FileTooLarge(FileRefused):
    """More bytes than an import takes."""

    code = "file_too_large"
    message = _l("The file has %(size)s MB; at most %(most)s MB are read. Cut it into parts.")


class TooManyRows(FileRefused):
    """More rows than an import takes."""

    code = "too_many_rows"
    message = _l("The file has more than %(most)s rows. Cut it into parts and import each.")


class TooManyColumns(FileRefused):
    """More columns than an import takes."""

    code = "too_many_columns"
    message = _l("Line %(line)s has %(columns)s columns; at most %(most)s are read.")


class NotATable(FileRefused):
    """The content is neither delimited text nor an Excel workbook."""

    code = "not_a_table"
    message = _l(
        "This is no table of text: it looks like %(what)s. Save the list as CSV or as an Excel "
        "workbook (.xlsx) and try again."
    )


class OpenQuote(FileRefused):
    """A quote opens and never closes, so that rows would run together."""

    code = "open_quote"
    message = _l(
        "The quote that opens on line %(line)s is not closed, so the rows after it run together. "
        "Mend that line and try again."
    )


class NoHeadings(FileRefused):
    """There are headings, but none that an import of this kind knows."""

    code = "no_headings"
    message = _l(
        "No column was recognised for “%(kind)s”. The first line read is: %(found)s. Put headings "
        "on the first line, or say in a mapping file what each column is."
    )


class ColumnsMissing(FileRefused):
    """A column without which no row of this kind can be stored is not there."""

    code = "columns_missing"
    message = _l(
        "A file of “%(kind)s” needs the column %(missing)s. Columns found: %(found)s. Name it in "
        "the file or in the mapping."
    )


class WorkbookDamaged(FileRefused):
    """The Excel file is cut short or broken."""

    code = "workbook_damaged"
    message = _l(
        "The Excel file is damaged or cut short. Open it in Excel, save it again as .xlsx and try "
        "again."
    )


class WorkbookLocked(FileRefused):
    """The Excel file asks for a password."""

    code = "workbook_locked"
    message = _l("The Excel file has a password. Save a copy without one and try again.")


class WorkbookTooLarge(FileRefused):
    """The Excel file unpacks to far more than its size says, or needs too much memory or time."""

    code = "workbook_too_large"
    message = _l(
        "The Excel file unpacks to more than is read safely (%(why)s). Save the list as CSV, or in "
        "parts, and try again."
    )


class BadMapping(Invalid):
    """The mapping file or the choices on the page make no sense."""

    code = "bad_mapping"
    message = _l("The mapping cannot be used: %(why)s")


class UnknownBatch(NotFound):
    """No import has this number, or the asker may not see it."""

    code = "unknown_batch"
    message = _l("There is no import with this number.")


class NotReady(DomainError):
    """The import is not at the step at which this can be done."""

    code = "import_not_ready"
    message = _l("This import is %(state)s now; that cannot be done at this step.")


class RunsElsewhere(DomainError):
    """Another process is importing the same batch right now."""

    code = "import_runs_elsewhere"
    message = _l("This import is being run by somebody else right now.")


class FileGone(DomainError):
    """The uploaded file was removed, as the rules for uploads say."""

    code = "file_gone"
    status = 410
    message = _l("The uploaded file is no longer kept. Upload it again.")
