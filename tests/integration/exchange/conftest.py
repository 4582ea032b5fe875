"""Files made in the test, taken in as the command line takes them."""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from flask import Flask
from sqlalchemy import Table, func, select

from clubcrm.core import clock
from clubcrm.core.actor import OPERATOR
from clubcrm.core.db import db
from clubcrm.core.transactions import reading
from clubcrm.exchange.jobs import Order, Outcome, import_file, rehearse, undo_import
from clubcrm.exchange.policies.mapping import ColumnMapping, mapping_of
from clubcrm.exchange.states import Kind
from clubcrm.members.states import ConsentBasis

AS_OF = date(2026, 3, 1)


class Desk:
    """Takes files in for one club, and looks at what is stored."""

    def __init__(self, club_id: int, folder: Path) -> None:
        self.club_id = club_id
        self.folder = folder

    def file(self, content: str | bytes, name: str = "list.csv") -> Path:
        """A file that holds this."""
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def workbook(self, rows: Iterable[Iterable[Any]], name: str = "list.xlsx") -> Path:
        """A workbook with these rows on its first sheet; days as days."""
        path = self.folder / name
        with xlsxwriter.Workbook(str(path)) as book:
            sheet = book.add_worksheet()
            day = book.add_format({"num_format": "dd/mm/yyyy"})
            for line, row in enumerate(rows):
                for column, cell in enumerate(row):
                    if isinstance(cell, date):
                        at = datetime(cell.year, cell.month, cell.day, tzinfo=UTC)
                        sheet.write_datetime(line, column, at.replace(tzinfo=None), day)
                    else:
                        sheet.write(line, column, cell)
        return path

    def take_in(self, kind: str, content: str | bytes | Path, **told: Any) -> Outcome:
        """Import a file."""
        return self._go(import_file, kind, content, **told)

    def rehearse(self, kind: str, content: str | bytes | Path, **told: Any) -> Outcome:
        """Go through a file without writing."""
        return self._go(rehearse, kind, content, **told)

    def undo(self, batch_id: int | None) -> dict[str, Any]:
        """Take an import back."""
        assert batch_id is not None
        return undo_import(batch_id, clock.now, by=OPERATOR, progress=_silent)

    def count(self, model: Any) -> int:
        """How many rows a table has."""
        with reading() as session:
            return session.scalar(select(func.count()).select_from(model)) or 0

    def rows(self, statement: Any) -> list[Any]:
        """The rows a query finds."""
        with reading() as session:
            return list(session.execute(statement).all())

    def everything(self) -> dict[str, int]:
        """How many rows each table has, save the notes of imports and the log."""
        with reading() as session:
            return {
                table.name: session.scalar(select(func.count()).select_from(table)) or 0
                for table in db.metadata.sorted_tables
                if not _is_a_note(table)
            }

    def _go(
        self,
        act: Callable[..., Outcome],
        kind: str,
        content: str | bytes | Path,
        *,
        mapping: dict[str, Any] | None = None,
        as_of: date = AS_OF,
        consent: ConsentBasis | None = None,
        rejects: Path | None = None,
    ) -> Outcome:
        path = content if isinstance(content, Path) else self.file(content)
        of_kind = Kind(kind)
        told = mapping_of(mapping, of_kind) if mapping else ColumnMapping()
        order = Order(path, of_kind, self.club_id, told, as_of, consent, OPERATOR)
        outcome = act(order, clock.now, progress=_silent, rejects=rejects)
        figures = outcome.figures
        assert figures.read == figures.stored + figures.unchanged + figures.rejected
        return outcome


def _is_a_note(table: Table) -> bool:
    return table.name.startswith("import_") or table.name in (
        *("event_log", "event_delivery", "field_change", "number_series", "closure_book"),
        *("invoice_series", "tag", "job", "access_log"),
    )


def _silent(_done: int, _total: int) -> None:
    """Nobody watches."""


@pytest.fixture
def desk(in_app: Flask, a_club: int, tmp_path: Path) -> Desk:
    """Somebody who takes files in for the club."""
    return Desk(a_club, tmp_path)
