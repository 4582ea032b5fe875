"""A child process that unpacks one Excel sheet into lines of JSON, within limits of memory and time.

Run as a script, alone: it imports nothing of clubcrm, and whatever a hostile workbook does to it happens
to no other work. Exit codes: 0 read, 3 damaged, 4 password, 5 no sheet with cells; anything else = too
large for its limits.
"""

import json
import sys
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

DAMAGED, LOCKED, EMPTY = 3, 4, 5


def main(
    source: str, target: str, most_memory: int, most_seconds: int, most_rows: int, number: int
) -> int:
    """Write the visible sheet of this number, of those that hold cells; returns the exit code.

    The first line written names all visible sheets, and the one that follows.
    """
    _limit(most_memory, most_seconds)
    # After the limits, so that they hold while the library itself is loaded.
    import python_calamine  # noqa: PLC0415

    try:
        workbook = python_calamine.load_workbook(source)
        names = _visible(workbook, python_calamine)
        sheet = _sheet(workbook, names, number)
        if sheet is None:
            return EMPTY
        with Path(target).open("w", encoding="utf-8") as out:
            out.write(json.dumps([names, sheet.name]) + "\n")
            for at, row in enumerate(sheet.iter_rows()):
                if at > most_rows + 50:
                    break
                cells = [_text(cell) for cell in row]
                while cells and not cells[-1]:
                    cells.pop()
                out.write(json.dumps([at + 1, cells]) + "\n")
    except python_calamine.PasswordError:
        return LOCKED
    except (python_calamine.CalamineError, OSError, ValueError):
        return DAMAGED
    return 0


def _limit(most_memory: int, most_seconds: int) -> None:
    try:
        import resource  # noqa: PLC0415
    except ImportError:  # not on Windows; the time limit of the parent still holds
        return
    resource.setrlimit(resource.RLIMIT_AS, (most_memory, most_memory))
    resource.setrlimit(resource.RLIMIT_CPU, (most_seconds, most_seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _visible(workbook: Any, calamine: Any) -> list[str]:
    return [
        about.name
        for about in workbook.sheets_metadata
        if about.visible == calamine.SheetVisibleEnum.Visible
        and about.typ == calamine.SheetTypeEnum.WorkSheet
    ]


def _sheet(workbook: Any, names: list[str], number: int) -> Any:
    for name in names:
        sheet = workbook.get_sheet_by_name(name)
        if sheet.height and sheet.width:
            if not number:
                return sheet
            number -= 1
    return None


def _text(cell: Any) -> str:
    """A cell as text: days in ISO form, whole numbers without a point, the rest as Excel shows it."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, time | timedelta):
        return str(cell)
    if isinstance(cell, float):
        if cell.is_integer() and abs(cell) < 1e15:
            return str(int(cell))
        return format(cell, ".15g")
    return "" if cell is None else str(cell)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], *(int(limit) for limit in sys.argv[3:7])))
