"""How days, times, numbers and money are written in the reader's language.

Every function takes its locale; without one it writes for the reader of the present request
(``reader_locale``). Babel writes neither Jalali dates nor Persian digits: days of the Jalali
calendar are put together here, and digits are translated after formatting. Negative figures carry
a true minus sign. Figures may stand in lines of the other direction: templates isolate them with
``<bdi>``.
"""

from clubcrm.core.formats.days import (
    DayStyle,
    format_day,
    format_day_of_year,
    format_moment,
    format_month,
    format_time,
    weekday_names,
)
from clubcrm.core.formats.figures import MINUS, format_money, format_number, format_percent
from clubcrm.core.formats.languages import (
    Digits,
    default_calendar,
    native_digits,
    reader_locale,
    with_territory,
)
from clubcrm.core.formats.relative import relative_day, relative_moment

__all__ = [
    "MINUS",
    "DayStyle",
    "Digits",
    "default_calendar",
    "format_day",
    "format_day_of_year",
    "format_moment",
    "format_money",
    "format_month",
    "format_number",
    "format_percent",
    "format_time",
    "native_digits",
    "reader_locale",
    "relative_day",
    "relative_moment",
    "weekday_names",
    "with_territory",
]
