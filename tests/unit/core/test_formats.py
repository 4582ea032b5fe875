"""Days, numbers and money as readers of four scripts expect them."""

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from babel import Locale
from babel.messages import Catalog
from babel.messages.mofile import write_mo
from flask import Flask
from flask_babel import Babel, force_locale
from hypothesis import given
from hypothesis import strategies as st

from clubcrm.core.folding import ascii_digits
from clubcrm.core.formats import (
    default_calendar,
    format_day,
    format_day_of_year,
    format_moment,
    format_money,
    format_month,
    format_number,
    format_percent,
    format_time,
    native_digits,
    reader_locale,
    relative_day,
    relative_moment,
    with_territory,
)
from clubcrm.core.money import Money

SATURDAY = date(2026, 11, 21)
TEHRAN = "Asia/Tehran"
LOCALES = st.sampled_from(["en", "en_US", "fa", "ar", "ar_AE", "ru", "pt", "de", "fr"])
NB = "\u00a0"
LRM, ALM = "\u200e", "\u061c"


@pytest.mark.parametrize(
    ("locale", "territory", "expected"),
    [
        ("fa", None, "fa_IR"),
        ("ar", None, "ar_EG"),
        ("ar", "AE", "ar_AE"),
        ("ar", "ae", "ar_AE"),
        ("ar", "IR", "ar_EG"),
        ("en", None, "en_GB"),
        ("en", "US", "en_US"),
        ("en", "IR", "en_GB"),
        ("en_US", "GB", "en_US"),
        ("en-US", None, "en_US"),
        ("pt", None, "pt_PT"),
        ("ru", None, "ru_RU"),
        ("uk", None, "uk_UA"),
        ("fr", None, "fr_FR"),
        ("he", None, "he_IL"),
        (None, None, "en_GB"),
        ("xx", None, "en_GB"),
        ("nonsense-of-a-code", None, "en_GB"),
    ],
)
def test_a_language_always_carries_a_territory(locale, territory, expected):
    assert str(with_territory(locale, territory)) == expected


def test_persian_weeks_and_calendar_follow_from_the_territory():
    assert with_territory("fa").first_week_day == 5
    assert Locale("fa").first_week_day == 0, "the trap that the territory avoids"
    assert default_calendar("fa") == "jalali"
    assert default_calendar("ar") == default_calendar("en") == "gregorian"


@pytest.mark.parametrize(
    ("locale", "calendar", "style", "expected"),
    [
        ("en", None, "numeric", "21/11/2026"),
        ("en", None, "short", "21 Nov 2026"),
        ("en", None, "near", "Sat 21 Nov"),
        ("en", None, "long", "21 November 2026"),
        ("en", None, "full", "Saturday, 21 November 2026"),
        ("en_US", None, "numeric", "11/21/2026"),
        ("en_US", None, "near", "Sat, Nov 21"),
        ("en", "jalali", "near", "Sat 30 Aban"),
        ("en", "jalali", "full", "Saturday, 30 Aban 1405"),
        ("fa", None, "numeric", "۱۴۰۵/۰۸/۳۰"),
        ("fa", None, "short", "۳۰ آبان ۱۴۰۵"),
        ("fa", None, "near", "شنبه ۳۰ آبان"),
        ("fa", None, "long", "۳۰ آبان ۱۴۰۵"),
        ("fa", None, "full", "شنبه ۳۰ آبان ۱۴۰۵"),
        ("fa", "gregorian", "numeric", "۲۰۲۶/۱۱/۲۱"),
        ("fa", "gregorian", "near", "شنبه ۲۱ نوامبر"),
        ("ar", None, "long", "٢١ نوفمبر ٢٠٢٦"),
        ("ar", None, "near", "السبت، ٢١ نوفمبر"),
        ("ar_AE", None, "long", "21 نوفمبر 2026"),
        ("ar", "jalali", "full", "السبت ٣٠ آبان ١٤٠٥"),
        ("ru", None, "numeric", "21.11.2026"),
        ("ru", None, "near", "сб, 21 нояб."),
        ("ru", "jalali", "long", "30 абана 1405"),
        ("pt", None, "long", "21 de novembro de 2026"),
    ],
)
def test_days_are_written_as_readers_write_them(locale, calendar, style, expected):
    assert format_day(SATURDAY, locale, calendar, style) == expected


def test_latin_digits_can_be_asked_for():
    assert format_day(SATURDAY, "fa", style="numeric", digits="latin") == "1405/08/30"
    assert format_number(1234, "ar", digits="latin") == "1,234"
    assert format_money(Money(5000, "IRR"), "fa", toman=True, digits="latin") == f"500{NB}تومان"


def test_near_days_name_the_year_only_when_it_is_another():
    today = date(2026, 12, 31)
    assert format_day(SATURDAY, "en", style="near", today=today) == "Sat 21 Nov"
    assert "2026" in format_day(SATURDAY, "en", style="near", today=date(2027, 1, 1))
    # 1 January does not change the Jalali year; 1 Farvardin does.
    assert format_day(SATURDAY, "fa", style="near", today=date(2027, 1, 1)) == "شنبه ۳۰ آبان"
    nowruz = date(2027, 3, 21)
    assert format_day(SATURDAY, "fa", style="near", today=nowruz) == "شنبه ۳۰ آبان ۱۴۰۵"


def test_a_day_outside_the_jalali_span_is_still_written():
    assert format_day(date(1899, 1, 2), "fa", style="numeric") == "۱۸۹۹/۱/۲"


@given(st.dates(date(1925, 1, 1), date(2100, 1, 1)), LOCALES)
def test_numeric_days_hold_the_day_s_own_figures(day, locale):
    for calendar in ("gregorian", "jalali"):
        shown = ascii_digits(format_day(day, locale, calendar, "numeric"))
        figures = sorted(int(figure) for figure in re.findall(r"\d+", shown))
        if calendar == "gregorian":
            assert figures == sorted([day.year, day.month, day.day])
        else:
            assert 1303 <= figures[-1] <= 1479


def test_a_day_that_returns_every_year_has_no_year():
    assert format_day_of_year(8, 31, "gregorian", "en_GB") == "31 August"
    assert format_day_of_year(2, 29, None, "pt_PT") == "29 de fevereiro"
    assert format_day_of_year(1, 1, "jalali", "fa_IR") == "۱ فروردین"


def test_times_run_to_24_hours_in_the_club_s_zone():
    moment = datetime(2026, 11, 21, 14, 32, tzinfo=UTC)
    assert format_time(time(18, 2), "en") == "18:02"
    assert format_time(time(0, 5), "fa") == "۰۰:۰۵"
    assert format_time(moment.astimezone(ZoneInfo(TEHRAN)), "en_US") == "18:02"
    assert format_moment(moment, TEHRAN, "en") == "Sat 21 Nov, 18:02"
    assert format_moment(moment, ZoneInfo(TEHRAN), "fa") == "شنبه ۳۰ آبان، ۱۸:۰۲"
    assert format_moment(moment, TEHRAN, "ru", style="numeric") == "21.11.2026, 18:02"
    late = datetime(2026, 11, 21, 21, 0, tzinfo=UTC)
    assert format_moment(late, TEHRAN, "en") == "Sun 22 Nov, 00:30"
    with pytest.raises(ValueError, match="no time zone"):
        format_moment(datetime(2026, 11, 21), TEHRAN, "en")  # noqa: DTZ001


def test_months_have_their_year():
    assert format_month(SATURDAY, "en") == "Nov 2026"
    assert format_month(SATURDAY, "fa") == "آبان ۱۴۰۵"
    assert format_month(SATURDAY, "fa", "gregorian") == "نوامبر ۲۰۲۶"
    assert format_month(SATURDAY, "en", "jalali") == "Aban 1405"


@pytest.mark.parametrize(
    ("number", "locale", "decimals", "expected"),
    [
        (1234567, "en", None, "1,234,567"),
        (Decimal("-1234.5"), "en", None, "−1,234.5"),
        (Decimal("2.345"), "en", 2, "2.34"),
        (3, "en", 1, "3.0"),
        (1234567, "fa", None, "۱٬۲۳۴٬۵۶۷"),
        (Decimal("-0.5"), "fa", None, f"{LRM}−۰٫۵"),
        (1234567, "ar", None, "١٬٢٣٤٬٥٦٧"),
        (-5, "ar", None, f"{ALM}−٥"),
        (-5, "ar_AE", None, f"{LRM}−5"),
        (1234567, "ru", None, f"1{NB}234{NB}567"),
        (Decimal("-0.4"), "en", 0, "0"),
        (0, "fa", None, "۰"),
    ],
)
def test_numbers_are_written_in_the_language_s_digits(number, locale, decimals, expected):
    assert format_number(number, locale, decimals=decimals) == expected


@pytest.mark.parametrize(
    ("share", "locale", "decimals", "expected"),
    [
        (0.6523, "en", 0, "65%"),
        (Decimal("0.6555"), "en", 1, "65.6%"),
        (Fraction(2, 3), "en", 1, "66.7%"),
        (Fraction(1, 3), "fa", 0, "۳۳٪"),
        (-0.125, "en", 1, "−12.5%"),
        (Decimal("-0.001"), "en", 0, "0%"),
        (0.5, "ru", 0, f"50{NB}%"),
        (1, "ar", 0, "١٠٠٪"),
    ],
)
def test_shares_are_written_as_per_cent(share, locale, decimals, expected):
    assert format_percent(share, locale, decimals=decimals) == expected


@pytest.mark.parametrize(
    ("minor", "currency", "locale", "expected"),
    [
        (123456, "EUR", "en", "€1,234.56"),
        (-123456, "EUR", "en", "−€1,234.56"),
        (123456, "EUR", "pt", f"1{NB}234,56{NB}€"),
        (123456, "EUR", "fa", f"۱٬۲۳۴٫۵۶{NB}€"),
        (123456, "AED", "ar_AE", f"1,234.56{NB}د.إ."),
        (123456, "RUB", "ru", f"1{NB}234,56{NB}₽"),
        (1250000, "IRR", "fa", f"۱٬۲۵۰٬۰۰۰{NB}ریال"),
        (-1250000, "IRR", "fa", f"{LRM}−۱٬۲۵۰٬۰۰۰{NB}ریال"),
        (1250000, "IRR", "en", f"1,250,000{NB}IRR"),
        (12345, "KWD", "en", f"KWD{NB}12.345"),
        (500, "JPY", "en", "JP¥500"),
        (0, "EUR", "en", "€0.00"),
    ],
)
def test_money_is_written_with_its_minor_units(minor, currency, locale, expected):
    assert format_money(Money(minor, currency), locale) == expected


def test_summaries_have_no_minor_units():
    assert format_money(Money(123456, "EUR"), "en", is_summary=True) == "€1,235"
    assert format_money(Money(-49, "EUR"), "en", is_summary=True) == "€0"
    assert format_money(Money(12345678, "IRR"), "fa", True, is_summary=True) == (
        f"۱٬۲۳۴٬۵۶۸{NB}تومان"
    )


def test_toman_lose_no_rial():
    assert format_money(Money(1250000, "IRR"), "fa", toman=True) == f"۱۲۵٬۰۰۰{NB}تومان"
    assert format_money(Money(1250005, "IRR"), "fa", toman=True) == f"۱۲۵٬۰۰۰٫۵{NB}تومان"
    assert format_money(Money(1250000, "IRR"), "en", toman=True) == f"125,000{NB}toman"
    assert format_money(Money(100, "EUR"), "en", toman=True) == "€1.00", "only rials have toman"


def test_digits_of_codes_can_be_written_natively():
    assert native_digits("A-12", "fa") == "A-۱۲"
    assert native_digits("A-12", "en") == "A-12"


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (0, "today"),
        (-1, "yesterday"),
        (1, "tomorrow"),
        (-3, "3 days ago"),
        (12, "in 12 days"),
        (-59, "59 days ago"),
        (-60, "2 months ago"),
        (91, "in 2 months"),
        (92, "in 3 months"),
        (-365, "11 months ago"),
        (-729, "23 months ago"),
        (-730, "2 years ago"),
        (-731, "2 years ago"),
        (3653, "in 10 years"),
    ],
)
def test_days_are_told_from_today(days, expected):
    assert relative_day(SATURDAY + timedelta(days=days), SATURDAY, "en") == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "just now"),
        (-59, "just now"),
        (-60, "1 minute ago"),
        (-300, "5 minutes ago"),
        (59 * 60, "in 59 minutes"),
        (-7300, "2 hours ago"),
        (3600, "in 1 hour"),
        (-20 * 3600, "yesterday"),
        (-4 * 86400, "4 days ago"),
    ],
)
def test_moments_are_told_from_now(seconds, expected):
    now = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)
    assert relative_moment(now + timedelta(seconds=seconds), now, "Europe/Lisbon", "en") == expected


def test_the_club_s_midnight_parts_today_from_yesterday():
    now = datetime(2026, 11, 21, 21, 0, tzinfo=UTC)  # 00:30 in Tehran
    assert relative_moment(now - timedelta(hours=2), now, TEHRAN, "en") == "yesterday"
    assert relative_moment(now - timedelta(hours=2), now, "UTC", "en") == "2 hours ago"


def test_words_figures_and_plurals_are_the_reader_s(tmp_path):
    folder = tmp_path / "ru" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    catalog = Catalog(locale="ru")
    catalog.add("today", "сегодня")
    catalog.add(
        ("%(count)s day ago", "%(count)s days ago"),
        ("%(count)s день назад", "%(count)s дня назад", "%(count)s дней назад"),
    )
    with (folder / "messages.mo").open("wb") as file:
        write_mo(file, catalog)
    app = Flask(__name__)
    Babel(app, default_translation_directories=str(tmp_path))
    with app.test_request_context(), force_locale("ru"):
        assert str(reader_locale()) == "ru_RU"
        said = [relative_day(SATURDAY - timedelta(days=n), SATURDAY) for n in (0, 21, 3, 12)]
        assert said == ["сегодня", "21 день назад", "3 дня назад", "12 дней назад"]
        assert format_day(SATURDAY) == "21 нояб. 2026\u202fг."
        assert format_number(1234) == f"1{NB}234"
    with app.test_request_context(), force_locale("fa"):
        assert format_day(SATURDAY) == "۳۰ آبان ۱۴۰۵"
        assert format_money(Money(5000, "IRR"), toman=True) == f"۵۰۰{NB}تومان"
    assert str(reader_locale()) == "en_GB", "outside a page"


@given(st.integers(-(10**15), 10**15), LOCALES)
def test_numbers_can_be_read_back(number, locale):
    shown = ascii_digits(format_number(number, locale))
    assert int(re.sub(r"[^0-9−]", "", shown).replace("−", "-")) == number
