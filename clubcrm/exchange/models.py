"""Tables of import: one batch a file, one row a line, and what each line made."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, PrimaryKeyConstraint, String, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from clubcrm.core.db import Id, Model, words_of
from clubcrm.exchange.states import BatchState, Kind, RowOutcome, Touch
from clubcrm.members.states import ConsentBasis


class ImportBatch(Model):
    """One file being imported, or imported.

    The figures stand as of the last transaction; `read` is also the place at which an import that was
    cut off goes on. `notes` are about the file as a whole: [[code, {figures}], ...].
    """

    __tablename__ = "import_batch"
    __table_args__ = (Index("ix_import_batch_club_id_id", "club_id", "id"),)

    id: Mapped[Id]
    club_id: Mapped[int] = mapped_column(ForeignKey("club.id"))
    kind: Mapped[Kind] = mapped_column(words_of(Kind, 16))
    state: Mapped[BatchState] = mapped_column(words_of(BatchState, 12))
    file_name: Mapped[str] = mapped_column(String(240))
    file_sha256: Mapped[str] = mapped_column(String(64))
    stored_as: Mapped[str | None] = mapped_column(String(120))  # name inside the upload folder
    mapping: Mapped[dict[str, Any]]
    as_of_on: Mapped[date]
    consent_basis: Mapped[ConsentBasis] = mapped_column(words_of(ConsentBasis, 16))
    consent_wording: Mapped[str] = mapped_column(Text, default="")
    total: Mapped[int] = mapped_column(default=0)  # rows of the file, once it was looked at
    read: Mapped[int] = mapped_column(default=0)
    stored: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    rejected: Mapped[int] = mapped_column(default=0)
    warnings: Mapped[int] = mapped_column(default=0)
    notes: Mapped[list[Any]] = mapped_column(default=list)
    message: Mapped[str] = mapped_column(Text, default="")  # why it failed, in words
    started_by: Mapped[str] = mapped_column(String(120), default="")
    started_by_id: Mapped[int | None]  # the employee; None = the command line
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]
    undone: Mapped[dict[str, Any] | None]  # what the undo did, in figures


class ImportRow(Model):
    """One line of a file that was rejected or has something to say."""

    __tablename__ = "import_row"
    __table_args__ = (PrimaryKeyConstraint("batch_id", "line"),)

    batch_id: Mapped[int] = mapped_column(ForeignKey("import_batch.id"))
    line: Mapped[int]
    outcome: Mapped[RowOutcome] = mapped_column(words_of(RowOutcome, 12))
    problems: Mapped[list[Any]]  # [[code, column, {figures}], ...]


class ImportTouch(Model):
    """A row of another table that an import made or changed, with its revision right after.

    Undo deletes what the batch made and nobody touched since (same revision, nothing new hangs on
    it), and gives changed rows their old values back.
    """

    __tablename__ = "import_touch"
    __table_args__ = (
        PrimaryKeyConstraint("batch_id", "table_name", "row_id"),
        Index("ix_import_touch_table_name_row_id", "table_name", "row_id"),
    )

    batch_id: Mapped[int] = mapped_column(ForeignKey("import_batch.id"))
    table_name: Mapped[str] = mapped_column(String(40))
    row_id: Mapped[int]
    touch: Mapped[Touch] = mapped_column(words_of(Touch, 8))
    revision: Mapped[int | None]
    # Old values of a changed row, for the undo.
    before: Mapped[dict[str, Any] | None] = mapped_column(
        JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
    )


class RowKey(Model):
    """What a file last said about one thing: the identity of its row, and a mark of every cell.

    A row that says what it said before is unchanged, whatever the staff did with it since; one that
    says something new changes only the cells that are new. `digest` is of the identity (an external
    id; else phone or e-mail with the name; else all that the row says).
    """

    __tablename__ = "import_row_key"
    __table_args__ = (PrimaryKeyConstraint("club_id", "kind", "digest"),)

    club_id: Mapped[int] = mapped_column(ForeignKey("club.id"))
    kind: Mapped[Kind] = mapped_column(words_of(Kind, 16))
    digest: Mapped[str] = mapped_column(String(32))
    batch_id: Mapped[int] = mapped_column(ForeignKey("import_batch.id"), index=True)
    row_id: Mapped[int]
    cells: Mapped[dict[str, Any]]  # column -> mark of what it said
