"""Phone numbers as people and spreadsheets write them, in E.164."""

import re
from functools import lru_cache
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumberFormat

from clubcrm.core.folding.text import ascii_digits

_PHONE_SIGNS: Final = {
    **dict.fromkeys((0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0x061C, 0x00AD, 0x0640)),
    **dict.fromkeys((0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))),
    ord("＋"): "+",
    ord("﹢"): "+",
    ord("٫"): ".",
}
_PHONE_NOISE: Final = re.compile(r"[\s\-().·‐-―−]+")
_EXTENSION: Final = re.compile(
    r"\s*(?:داخلی|تحويلة|تحویله|ext\.?|extension|доб\.?|#)[\s.:]*\d+\s*$", re.IGNORECASE
)
_WHOLE_FLOAT: Final = re.compile(r"^\+?\d{5,15}[.,]0+$")
_SCIENTIFIC: Final = re.compile(r"^(?P<whole>\d)[.,](?P<decimals>\d+)[eE]\+?(?P<power>\d{1,2})$")
_SEVERAL_NUMBERS: Final = re.compile(r"[/;,،؛|\n\r]|\s-\s")


KEPT: Final = 4096
"""So many answers are kept: an import asks for each number again and again while it decides about a row."""


@lru_cache(maxsize=KEPT)
def phone_e164(text: str, territory: str | None) -> str | None:
    """A phone number in E.164 (``+989121234567``), or None where it is no valid number.

    Reads digits of every script, ``+98``, ``0098``, ``98...`` and national forms of the territory
    (ISO code of the club's country), spaces and signs, extensions (dropped), the first of several
    numbers in one cell. Mends what spreadsheets do: an eaten leading zero or plus, ``9121234567.0``
    and ``9.121234567E+9``, the latter only if it still holds every digit. Valid means valid in
    the numbering plan that ``phonenumbers`` carries.
    """
    if not text or len(text) > 200:
        return None
    written = _spreadsheet_number(_phone_characters(text))
    if written is None:
        return None
    region = territory.upper() if territory else None
    number = _mobile(written, region) or _parsed(written, region)
    if number is not None:
        return number
    parts = [part for part in _SEVERAL_NUMBERS.split(written) if part.strip()]
    if len(parts) > 1:
        found = (_mobile(part, region) or _parsed(part, region) for part in parts)
        return next((number for number in found if number is not None), None)
    return None


def _phone_characters(text: str) -> str:
    """Digits of all scripts as ASCII, invisible characters gone, a plus at the wrong end moved."""
    if text.isascii() and text.removeprefix("+").isdigit() and not text.startswith("00"):
        return text
    written = ascii_digits(text).translate(_PHONE_SIGNS).strip()
    if written.endswith("+") and not written.startswith("+"):
        written = "+" + written[:-1].strip()
    if written.startswith("00") and not written.startswith("000"):
        written = "+" + written[2:]
    return _EXTENSION.sub("", written)


def _spreadsheet_number(written: str) -> str | None:
    """Undo what a spreadsheet made of a number; None where digits are lost for good."""
    if written.isdigit():
        return written
    if _WHOLE_FLOAT.match(written):
        return written.partition(".")[0].partition(",")[0]
    scientific = _SCIENTIFIC.match(written)
    if scientific is None:
        return written
    mantissa = scientific["whole"] + scientific["decimals"]
    digits = int(scientific["power"]) + 1
    return mantissa if len(mantissa) == digits else None


def _mobile(written: str, region: str | None) -> str | None:
    """A plain mobile number of the territory, without the full parser; None says nothing.

    Imports meet a hundred thousand of these. Gives what the full parser gives, at a tenth of the
    time: a national number that fits the plan's mobile pattern is valid.
    """
    plan = _mobile_plan(region) if region else None
    if plan is None:
        return None
    code, trunk, mobile = plan
    digits = _PHONE_NOISE.sub("", written)
    if digits.startswith("+" + code):
        national = digits[len(code) + 1 :]
    elif trunk and digits.startswith(trunk):
        national = digits[len(trunk) :]
    else:
        national = digits
    return f"+{code}{national}" if mobile.fullmatch(national) else None


@lru_cache(maxsize=512)
def _mobile_plan(region: str) -> tuple[str, str, re.Pattern[str]] | None:
    """Country code, trunk prefix and mobile pattern where these alone decide; else None."""
    metadata = PhoneMetadata.metadata_for_region(region, None)
    if (
        metadata is None
        or metadata.mobile is None
        or metadata.mobile.national_number_pattern is None
    ):
        return None
    trunk = metadata.national_prefix or ""
    is_simple = (
        metadata.main_country_for_code or metadata.leading_digits is None
    ) and metadata.national_prefix_transform_rule is None
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(metadata.country_code or 0, ())
    if not is_simple or (metadata.national_prefix_for_parsing or "") != trunk or len(regions) > 1:
        return None
    pattern = re.compile(metadata.mobile.national_number_pattern)
    return str(metadata.country_code), trunk, pattern


def _parsed(written: str, region: str | None) -> str | None:
    for attempt in (written, f"0{written}" if written.isdigit() else None):
        if attempt is None:
            continue
        try:
            number = phonenumbers.parse(attempt, region)
        except NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return None


def national_digits(digits: str) -> str:
    """The digits as dialled inside the country: with its trunk prefix, without its code."""
    for length in (1, 2, 3):
        trunk = _trunk_prefix(digits[:length])
        if trunk is not None:
            return trunk + digits[length:]
    return digits


@lru_cache(maxsize=512)
def _trunk_prefix(country_code: str) -> str | None:
    """What is dialled before a national number; None for no country's code."""
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(country_code))
    if regions is None:
        return None
    metadata = PhoneMetadata.metadata_for_region(regions[0], None)
    return (metadata.national_prefix or "") if metadata is not None else ""
