"""The channel of demo clubs: whatever it is given counts as sent and goes nowhere.

The people of a demo are invented, but an invented address may be somebody's. So a demo writes to nobody,
whatever server is set.
"""

from clubcrm.messaging.channels.port import Delivery, Fate, Mail


class Nowhere:
    """Takes everything, keeps nothing."""

    is_real = False

    def send(self, _mail: Mail) -> Delivery:
        """Take a message."""
        return Delivery(Fate.TAKEN)
