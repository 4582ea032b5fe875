"""Places at which a test lets a process die, fail or wait. In ordinary life they do nothing.

`CLUBCRM_FP=name:kill` ends the process there as `kill -9` would, `name:raise` raises, `name:sleep`
waits. The tests find the names in the source and go through all of them.
"""

import os
import signal
import sys
import time
from typing import Final

SETTING: Final = "CLUBCRM_FP"
SLEEP_SECONDS: Final = 3.0


class FailPointError(Exception):
    """Raised where a test asked for it."""


def fp(name: str) -> None:
    """A place at which a test may interfere."""
    asked = os.environ.get(SETTING)
    if not asked:
        return
    where, _, what = asked.partition(":")
    if where != name:
        return
    if what == "kill":
        if sys.platform == "win32":
            os._exit(9)
        else:
            os.kill(os.getpid(), signal.SIGKILL)
    elif what == "sleep":
        time.sleep(SLEEP_SECONDS)
    else:
        raise FailPointError(name)
