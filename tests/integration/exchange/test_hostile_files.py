"""Files nobody means well with, or nobody looked at: each ends in words, and nothing is half-written.

Every file is refused as a whole, or taken in row by row with each rejected row named. Both are said in
words; no row is lost in silence, and a refused file leaves every table as it was.
"""

import io
import os
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from clubcrm.core.errors import DomainError
from clubcrm.exchange import errors
from clubcrm.exchange.models import ImportRow
from clubcrm.exchange.words import note_text, problem_text
from clubcrm.members.models import Membership, Person
from tests.integration.exchange.conftest import Desk

GOOD = "external_id,full_name,phone,email,birth_date\n"


def _refused(desk: Desk, kind: str, content: str | bytes | Path, error: type[DomainError]) -> str:
    """The words with which a file is refused; nothing may be written, and trying is no different."""
    before = desk.everything()
    with pytest.raises(error) as trying:
        desk.rehearse(kind, content)
    with pytest.raises(error) as refusal:
        desk.take_in(kind, content)
    assert trying.value.text() == refusal.value.text()
    assert desk.everything() == before
    words = refusal.value.text()
    assert words
    assert "%(" not in words
    return words


def _problems(desk: Desk) -> dict[int, str]:
    """What is said about rows, by line."""
    rows = desk.rows(select(ImportRow.line, ImportRow.problems).order_by(ImportRow.line))
    return {line: " ".join(problem_text(problem) for problem in found) for line, found in rows}


def _people(desk: Desk) -> dict[str, Any]:
    rows = desk.rows(select(Person).order_by(Person.id))
    return {row[0].external_id: row[0] for row in rows}


# --- files that are no table ------------------------------------------------------------------


def test_an_empty_file_is_refused(desk: Desk) -> None:
    assert "empty" in _refused(desk, "members", b"", errors.FileEmpty)


def test_a_file_of_blanks_is_refused(desk: Desk) -> None:
    assert "empty" in _refused(desk, "members", b"\xef\xbb\xbf \r\n\t\r\n\r\n", errors.FileEmpty)


def test_binary_junk_named_csv_is_refused(desk: Desk) -> None:
    junk = bytes(range(256)) * 40
    assert "binary" in _refused(desk, "members", junk, errors.NotATable)
    assert "no table" in _refused(desk, "members", os.urandom(4096), errors.FileRefused)


@pytest.mark.parametrize(
    ("start", "what"),
    [
        (b"%PDF-1.7 ", "PDF"),
        (b"\x89PNG\r\n\x1a\n", "picture"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Excel"),
        (b"SQLite format 3\0", "database"),
        (b"\x1f\x8b\x08\0", "archive"),
    ],
)
def test_a_file_of_another_sort_is_named(desk: Desk, start: bytes, what: str) -> None:
    assert what in _refused(desk, "members", start + b"\0" * 300, errors.NotATable)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("<html><table><tr><td>external_id</td></tr></table></html>", "web page"),
        ("\ufeff <!DOCTYPE html>\n<table>", "web page"),
        ('<?xml version="1.0"?><Workbook/>', "XML"),
        ('[{"external_id": 1, "full_name": "Ana"}]', "JSON"),
        ("BEGIN:VCARD\nFN:Ana Dias\nEND:VCARD\n", "vCard"),
    ],
)
def test_text_that_is_no_table_is_named(desk: Desk, content: str, what: str) -> None:
    assert what in _refused(desk, "members", content, errors.NotATable)


def test_a_zip_that_is_no_workbook_is_refused(desk: Desk) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("members.csv", GOOD)
    assert "archive" in _refused(desk, "members", packed.getvalue(), errors.NotATable)


# --- workbooks --------------------------------------------------------------------------------


def test_a_bomb_is_refused_before_it_is_unpacked(desk: Desk) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"<c><v>0</v></c>" * 5_000_000)
    assert len(packed.getvalue()) < 400_000
    words = _refused(desk, "members", packed.getvalue(), errors.WorkbookTooLarge)
    assert "75 MB" in words


def test_a_sheet_with_one_cell_in_the_farthest_corner_is_refused(desk: Desk) -> None:
    path = desk.workbook([["external_id", "full_name"], ["1", "Ana"]])
    import xlsxwriter  # noqa: PLC0415 - only this test writes so far out

    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "external_id")
        sheet.write(1_048_575, 16_383, "far")
    _refused(desk, "members", path, errors.WorkbookTooLarge)


def test_a_workbook_cut_short_is_refused(desk: Desk) -> None:
    path = desk.workbook([["external_id", "full_name"], *([str(n), "Ana"] for n in range(500))])
    whole = path.read_bytes()
    assert "damaged" in _refused(desk, "members", whole[: len(whole) // 2], errors.WorkbookDamaged)


def test_a_workbook_with_a_broken_sheet_is_refused(desk: Desk) -> None:
    path = desk.workbook([["external_id", "full_name"], ["1", "Ana"]])
    broken = io.BytesIO()
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(broken, "w") as target:
        for part in source.infolist():
            content = source.read(part)
            is_sheet = part.filename.endswith("sheet1.xml")
            target.writestr(part, content[: len(content) // 2] if is_sheet else content)
    _refused(desk, "members", broken.getvalue(), errors.WorkbookDamaged)


def test_an_empty_workbook_is_refused(desk: Desk) -> None:
    _refused(desk, "members", desk.workbook([]), errors.FileEmpty)


def test_formula_cells_bring_their_values(desk: Desk) -> None:
    path = desk.folder / "formulas.xlsx"
    import xlsxwriter  # noqa: PLC0415

    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["external_id", "full_name", "visits_total"])
        sheet.write(1, 0, "A1")
        sheet.write_formula(1, 1, '=CONCATENATE("Ana"," Dias")', None, "Ana Dias")
        sheet.write_formula(1, 2, "=6*7", None, 42)
        sheet.write(2, 0, "A2")
        sheet.write_formula(2, 1, "=NA()", None, "#N/A")
    outcome = desk.take_in("members", path)
    assert (outcome.figures.stored, outcome.figures.rejected) == (2, 0)
    people = _people(desk)
    assert people["A1"].full_name == "Ana Dias"
    assert people["A2"].full_name == ""


def test_a_cover_sheet_before_the_list_is_passed_over(desk: Desk) -> None:
    path = desk.folder / "cover.xlsx"
    import xlsxwriter  # noqa: PLC0415

    with xlsxwriter.Workbook(str(path)) as book:
        book.add_worksheet("About").write(0, 0, "Made for the owner on 1 March")
        sheet = book.add_worksheet("Members")
        sheet.write_row(0, 0, ["external_id", "full_name"])
        sheet.write_row(1, 0, ["1", "Ana"])
        book.add_worksheet("Old members").write_row(0, 0, ["external_id", "full_name"])
    outcome = desk.take_in("members", path)
    assert (outcome.figures.stored, outcome.figures.warnings) == (1, 1)
    assert "Not read: About, Old members" in note_text(outcome.notes[0])


def test_a_word_beside_the_table_does_not_cost_the_row(desk: Desk) -> None:
    path = desk.workbook([["external_id", "full_name"], ["1", "Ana", "", "call her"], ["2", "Eva"]])
    outcome = desk.take_in("members", path)
    assert (outcome.figures.stored, outcome.figures.warnings) == (2, 1)
    assert "“call her” stands under no heading" in _problems(desk)[2]


# --- text as it should not be -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-8", "علی رضایی"),
        ("utf-8-sig", "علی رضایی"),
        ("utf-16", "علی رضایی"),
        ("utf-16-le", "علی رضایی"),
        ("utf-16-be", "علی رضایی"),
        ("cp1256", "علي رضائي"),
        ("cp1251", "Иван Петрович Сидоров"),
        ("cp1252", "João Müller da Conceição"),
    ],
)
def test_names_survive_every_encoding(desk: Desk, encoding: str, name: str) -> None:
    heading = {"cp1256": "کد;الاسم", "cp1251": "Код клиента;ФИО", "cp1252": "Nº sócio;Nome"}
    text = f"{heading.get(encoding, 'external_id;full_name')}\r\nM1;{name}\r\n"
    if encoding == "cp1256":
        text = text.replace("کد", "رقم العضو")
    outcome = desk.take_in("members", text.encode(encoding))
    assert outcome.figures.stored == 1
    assert _people(desk)["M1"].full_name == name


def test_one_line_in_another_encoding_does_not_spoil_the_rest(desk: Desk) -> None:
    rows = "".join(f"Z{n},Zoë Ångström\n" for n in range(20))
    content = (GOOD.split(",", maxsplit=1)[0] + ",full_name\n" + rows).encode() + b"M1,Ren\xe9e\n"
    outcome = desk.take_in("members", content)
    assert outcome.figures.stored == 21
    assert outcome.figures.warnings == 1
    assert _people(desk)["Z3"].full_name == "Zoë Ångström"
    assert "could not be read" in _problems(desk)[22]


def test_a_file_that_says_utf8_and_is_not_quite(desk: Desk) -> None:
    rows = "".join(f"Z{n},Zoe\n" for n in range(9000)).encode()
    outcome = desk.take_in(
        "members", b"\xef\xbb\xbfexternal_id,full_name\n" + rows + b"M1,Ren\xe9e\n"
    )
    assert (outcome.figures.stored, outcome.figures.warnings) == (9001, 1)
    assert "could not be read" in _problems(desk)[9002]


def test_utf16_that_is_damaged_far_down_is_refused(desk: Desk) -> None:
    rows = "external_id\tfull_name\r\n" + "".join(f"{n}\tJoão\r\n" for n in range(20_000))
    damaged = rows.encode("utf-16") + b"\x00\xd8\x00\xd8" + "\r\nX\tEva\r\n".encode("utf-16-le")
    assert "UTF-16" in _refused(desk, "members", damaged, errors.NotATable)


def test_mixed_line_ends_and_quotes_in_quotes(desk: Desk) -> None:
    content = (
        b'external_id,full_name,notes\r\n1,"Ana ""Nita"" Dias","first\nsecond"\r2,"Rui\n3,Eva,\n'
    )
    words = _refused(desk, "members", content, errors.OpenQuote)
    assert "line 4" in words
    mended = content.replace(b'"Rui', b"Rui")
    outcome = desk.take_in("members", mended)
    assert outcome.figures.stored == 3
    people = _people(desk)
    assert people["1"].full_name == 'Ana "Nita" Dias'
    assert people["1"].note == "first\nsecond"


def test_a_quote_that_swallows_the_file_is_found(desk: Desk) -> None:
    rows = "".join(f"{n},Name {n}\n" for n in range(2, 9000))
    content = f'external_id,full_name\n1,"open\n{rows}'
    assert "line 2" in _refused(desk, "members", content, errors.OpenQuote)


def test_a_cell_of_ten_megabytes_rejects_its_row_alone(desk: Desk, tmp_path: Path) -> None:
    content = b"external_id,full_name\n1,Ana\n2," + b"x" * 10_000_000 + b"\n3,Eva\n"
    rejects = tmp_path / "rejects.csv"
    outcome = desk.take_in("members", content, rejects=rejects)
    assert (outcome.figures.stored, outcome.figures.rejected) == (2, 1)
    assert "longer than any text" in _problems(desk)[3]
    assert rejects.stat().st_size < 1000


def test_names_of_a_hundred_thousand_letters_are_cut(desk: Desk) -> None:
    outcome = desk.take_in("members", f"external_id,full_name\n1,{'ñ' * 100_000}\n")
    assert (outcome.figures.stored, outcome.figures.warnings) == (1, 1)
    assert _people(desk)["1"].full_name == "ñ" * 240
    assert "240 characters" in _problems(desk)[2]


def test_zero_width_and_bidi_characters_are_taken_out(desk: Desk) -> None:
    name = "\u202eevil\u202c \u200bAna\ufeff\u2066 Dias\u2069"
    outcome = desk.take_in(
        "members", f"\ufeffexternal_id,full_name,phone\n\u200fM1,{name},\u200e+351 912 345 678\n"
    )
    assert outcome.figures.stored == 1
    person = _people(desk)["M1"]
    assert person.full_name == "evil Ana Dias"
    assert person.phone == "+351912345678"


def test_nul_characters_are_taken_out(desk: Desk) -> None:
    outcome = desk.take_in("members", b"external_id,full_name\nM\x001,A\x00na\nM2,Eva\n")
    assert outcome.figures.stored == 2
    assert _people(desk)["M1"].full_name == "Ana"


def test_columns_filled_up_with_nul_and_the_old_mark_of_the_end(desk: Desk) -> None:
    rows = b"".join(b"%d,Ana\x00\x00\n" % n for n in range(50))
    outcome = desk.take_in("members", b"external_id,full_name\n" + rows + b"\x1a")
    assert (outcome.figures.read, outcome.figures.stored) == (50, 50)


def test_lists_that_were_joined_tell_their_headings_again(desk: Desk) -> None:
    part = "\ufeffexternal_id,full_name\n"
    outcome = desk.take_in("members", f"{part}1,Ana\n{part}2,Eva\n")
    assert (outcome.figures.read, outcome.figures.stored) == (2, 2)
    assert set(_people(desk)) == {"1", "2"}


def test_semicolons_tabs_and_pipes_part_cells(desk: Desk) -> None:
    for number, sign in enumerate((";", "\t", "|", ",")):
        content = f"external_id{sign}full_name\nS{number}{sign}Ana Dias\n"
        assert desk.take_in("members", content).figures.stored == 1
    assert {person.full_name for person in _people(desk).values()} == {"Ana Dias"}


def test_a_row_with_too_many_cells_is_rejected_and_comes_back_whole(
    desk: Desk, tmp_path: Path
) -> None:
    rejects = tmp_path / "rejects.csv"
    content = "external_id,full_name,city\n1,Ana,Porto\n2,Dias, Eva,Lisboa\n3,Rui\n"
    outcome = desk.take_in("members", content, rejects=rejects)
    assert (outcome.figures.stored, outcome.figures.rejected) == (2, 1)
    lines = rejects.read_text("utf-8-sig").splitlines()
    assert lines[0] == "line,reason,external_id,full_name,city"
    assert lines[1].startswith("3,")
    assert lines[1].endswith("2,Dias, Eva,Lisboa")


# --- headings ---------------------------------------------------------------------------------


def test_headings_only_stores_nothing_and_says_so(desk: Desk) -> None:
    outcome = desk.take_in("members", GOOD)
    assert outcome.figures.as_dict() == dict.fromkeys(outcome.figures.as_dict(), 0)


def test_repeated_headings_are_named_and_the_first_counts(desk: Desk) -> None:
    content = "external_id,full_name,phone,phone\n1,Ana,912345678,not this\n"
    outcome = desk.take_in("members", content)
    assert (outcome.figures.stored, outcome.figures.warnings) == (1, 1)
    assert any("stands twice" in note_text(note) for note in outcome.notes)
    assert _people(desk)["1"].phone == "+351912345678"


def test_a_cell_under_a_blank_heading_is_left_out_and_said(desk: Desk) -> None:
    outcome = desk.take_in("members", "external_id,full_name,,\n1,Ana,,\n2,Eva,call her,\n")
    assert (outcome.figures.stored, outcome.figures.warnings) == (2, 1)
    assert "“call her” stands under no heading" in _problems(desk)[3]


def test_headings_nobody_knows_are_refused_with_what_was_found(desk: Desk) -> None:
    words = _refused(desk, "members", "foo,bar\n1,2\n", errors.NoHeadings)
    assert "foo, bar" in words


def test_a_needed_column_that_is_missing_is_named(desk: Desk) -> None:
    words = _refused(desk, "payments", "member,amount\nA,5\n", errors.ColumnsMissing)
    assert "paid_at" in words


def test_more_columns_than_any_list_has_are_refused(desk: Desk) -> None:
    content = ",".join(f"c{n}" for n in range(2000)) + "\n" + ",".join("x" * 2000) + "\n"
    _refused(desk, "members", content, errors.TooManyColumns)


# --- cells ------------------------------------------------------------------------------------


def test_phones_eaten_by_a_spreadsheet(desk: Desk) -> None:
    content = (
        "external_id,full_name,phone\n"
        "1,Ana,912345678.0\n"  # a number
        "2,Eva,9.12345679E+8\n"  # every digit still there
        "3,Rui,9.12E+08\n"  # digits gone
        "4,Ivo,351912345680\n"  # the plus gone
        "5,Lia,hello\n"
    )
    outcome = desk.take_in("members", content)
    assert (outcome.figures.stored, outcome.figures.rejected) == (5, 0)
    assert outcome.figures.warnings == 2
    phones = {number: person.phone for number, person in _people(desk).items()}
    assert phones == {
        "1": "+351912345678",
        "2": "+351912345679",
        "3": None,
        "4": "+351912345680",
        "5": None,
    }
    problems = _problems(desk)
    assert "cut the last digits" in problems[4]
    assert "no telephone number" in problems[6]


def test_an_identity_whose_digits_are_gone_is_rejected(desk: Desk) -> None:
    content = "external_id,full_name\n1.23457E+15,Ana\n1.23457E+15,Eva\n7.0,Rui\n"
    outcome = desk.take_in("members", content)
    assert (outcome.figures.stored, outcome.figures.rejected) == (1, 2)
    assert list(_people(desk)) == ["7"]


def test_impossible_days(desk: Desk) -> None:
    content = (
        "external_id,full_name,birth_date,starts_on,ends_on\n"
        "1,Ana,31/02/1990,01/01/2026,31/12/2026\n"  # no birthday, but a member
        "2,Eva,,31/02/2026,31/12/2026\n"  # a term that cannot be placed
        "3,Rui,,01/01/2026,31/04/2026\n"  # an end that must not read as none
        "4,Ivo,,01/05/2026,01/02/2026\n"  # the wrong way round
        "5,Lia,30/02/2190,15/01/2026,\n"
    )
    outcome = desk.take_in("memberships", content)
    assert (outcome.figures.stored, outcome.figures.rejected) == (2, 3)
    assert set(_people(desk)) == {"1", "5"}
    problems = _problems(desk)
    assert "31/02/1990" in problems[2]
    assert "starts_on is missing, or cannot be read" in problems[3]
    assert "ends_on is missing, or cannot be read" in problems[4]
    assert "before the start" in problems[5]


def test_the_thirtieth_of_esfand_exists_in_leap_years_only(desk: Desk) -> None:
    content = "کد عضویت,نام,تاریخ شروع\n۱,آنا,۱۴۰۳/۱۲/۳۰\n۲,اوا,۱۴۰۴/۱۲/۳۰\n"
    outcome = desk.take_in("memberships", content)
    assert (outcome.figures.stored, outcome.figures.rejected) == (1, 1)
    (term,) = desk.rows(select(Membership.starts_on))
    assert term.starts_on == date(2025, 3, 20)
    assert "۱۴۰۴/۱۲/۳۰" in _problems(desk)[3]


def test_years_of_two_digits(desk: Desk) -> None:
    content = (
        "external_id,full_name,birth_date,starts_on,ends_on\n"
        "1,Ana,05/06/71,15/01/26,14/01/27\n2,Eva,13/12/08,20/01/26,19/01/27\n"
    )
    desk.take_in("memberships", content)
    born = {number: person.birth_date for number, person in _people(desk).items()}
    assert born == {"1": date(1971, 6, 5), "2": date(2008, 12, 13)}
    terms = desk.rows(select(Membership.starts_on, Membership.until_on).order_by(Membership.id))
    assert [tuple(term) for term in terms] == [
        (date(2026, 1, 15), date(2027, 1, 15)),
        (date(2026, 1, 20), date(2027, 1, 20)),
    ]


def test_days_that_can_be_read_two_ways_are_said(desk: Desk) -> None:
    outcome = desk.take_in("memberships", "external_id,starts_on\n1,03/04/2025\n2,05/06/2025\n")
    assert outcome.figures.warnings == 1
    assert "two ways" in note_text(outcome.notes[0])
    assert desk.rows(select(Membership.starts_on).order_by(Membership.id))[0][0] == date(2025, 4, 3)


def test_text_that_would_be_a_formula_is_text(desk: Desk, tmp_path: Path) -> None:
    name = '=HYPERLINK("http://evil.example";"Ana")'
    rejects = tmp_path / "rejects.csv"
    content = f'external_id;full_name;starts_on\nF1;"{name.replace(chr(34), chr(34) * 2)}";never\n'
    outcome = desk.take_in("memberships", content, rejects=rejects)
    assert outcome.figures.rejected == 1
    assert "'=HYPERLINK" in rejects.read_text("utf-8-sig")
    mended = rejects.read_text("utf-8-sig").replace("never", "2026-01-01")
    assert desk.take_in("memberships", mended).figures.stored == 1
    assert _people(desk)["F1"].full_name == name


def test_amounts_that_are_none(desk: Desk) -> None:
    desk.take_in("members", "external_id,full_name\nA,Ana\n")
    content = (
        "member,paid_at,amount,currency\n"
        "A,2026-01-05,'=1+1,EUR\n"
        "A,2026-01-05,1.2.3,EUR\n"
        "A,2026-01-05,12 apples,EUR\n"
        "A,2026-01-05,5,doubloons\n"
        "A,2026-01-05,99999999999999999999999999,EUR\n"
        "A,2026-01-05,0,EUR\n"
    )
    outcome = desk.take_in("payments", content)
    assert outcome.figures.rejected == 6
    assert len(_problems(desk)) == 6


def test_amounts_nobody_pays_are_none(desk: Desk) -> None:
    desk.take_in("members", "external_id,full_name\nA,Ana\n")
    content = (
        "member,paid_at,amount,currency\n"
        "A,2026-01-05,351912345678,EUR\n"  # a phone in the wrong column
        "A,2026-01-05,5,XXX\n"
        "A,2026-01-05,900000000,EUR\n"
        "A,2026-01-05,900000000000,IRR\n"
    )
    outcome = desk.take_in("payments", content)
    assert (outcome.figures.stored, outcome.figures.rejected) == (2, 2)
    assert set(_problems(desk)) == {2, 3}


def test_years_of_the_hijra_are_not_taken_for_others(desk: Desk) -> None:
    content = (
        "external_id,full_name,starts_on,ends_on\n"
        "1,Ana,1447/09/01,1448/08/30\n"
        "2,Eva,2026-01-01,1448/08/30\n"
        "3,Rui,2062-01-01,\n"
        "4,Zoe,2026-01-01,2099-12-31\n"
        "5,Leo,2026-01-01,9999-12-31\n"
    )
    outcome = desk.take_in("memberships", content)
    assert (outcome.figures.stored, outcome.figures.rejected) == (2, 3)
    problems = _problems(desk)
    assert "“1447/09/01” in starts_on lies too far away" in problems[2]
    assert "“1448/08/30” in ends_on lies too far away" in problems[3]
    terms = desk.rows(select(Membership.until_on).order_by(Membership.id))
    assert [term.until_on for term in terms] == [date(2100, 1, 1), None]


def test_days_programs_write_for_none_are_none(desk: Desk) -> None:
    content = (
        "external_id,full_name,joined_on,last_visit_on\n"
        "1,Ana,1900-01-01,1970-01-01\n2,Eva,2019-02-03,2026-02-03\n"
    )
    outcome = desk.take_in("members", content)
    assert (outcome.figures.stored, outcome.figures.warnings) == (2, 2)
    joined = {number: person.joined_on for number, person in _people(desk).items()}
    assert joined == {"1": None, "2": date(2019, 2, 3)}
