"""A channel that goes nowhere, for tests: it keeps what it was given and answers as it is told."""

from collections.abc import Callable

from clubcrm.messaging.channels.port import Delivery, Fate, Mail

Answer = Callable[[Mail], Delivery]


class FakeChannel:
    """Keeps every message it took (`sent`) and every one it was asked for (`asked`)."""

    is_real = False

    def __init__(self, answer: Answer | None = None) -> None:
        self.answer: Answer = answer or (lambda _mail: Delivery(Fate.TAKEN))
        self.asked: list[Mail] = []
        self.sent: list[Mail] = []

    def send(self, mail: Mail) -> Delivery:
        """Answer as told."""
        self.asked.append(mail)
        delivery = self.answer(mail)
        if delivery.fate is Fate.TAKEN:
            self.sent.append(mail)
        return delivery
