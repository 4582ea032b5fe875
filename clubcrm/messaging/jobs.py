"""Background work of contacts: sending a message, and settling what was left in the middle."""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import current_app

from clubcrm.accounts.queries import clubs
from clubcrm.core import clock as clocks
from clubcrm.core.failpoints import fp
from clubcrm.core.jobs import Clock, Lease
from clubcrm.core.transactions import reading, transaction
from clubcrm.messaging.channels import Delivery, Fate, channel_for, is_resting, let_rest
from clubcrm.messaging.operations.sending import (
    Claim,
    Site,
    claim_message,
    note_delivery,
    settle_messages,
)

log = logging.getLogger(__name__)


def send_message(payload: Mapping[str, Any], lease: Lease) -> None:
    """Send one message, if it still waits: claim, hand over, write down.

    One that is being sent is left alone, even where its sender died: see `settle`.
    """
    fp("message.before_claim")
    with transaction() as session:
        claim = claim_message(session, payload["message_id"], this_site(), now=lease.clock())
    if claim is None:
        return
    fp("message.after_claim")
    delivery = _handed_over(claim, lease.clock())
    fp("message.after_send")
    with transaction() as session:
        is_noted = note_delivery(session, claim, delivery, now=lease.clock())
    fp("message.after_record")
    told = {"message_id": claim.message_id, "fate": delivery.fate.value, "why": delivery.why}
    log.info("A message was handed over", extra={**told, "noted": is_noted})


def _handed_over(claim: Claim, now: datetime) -> Delivery:
    channel = channel_for(claim.channel, is_demo=claim.is_demo)
    if channel is None:
        return Delivery(Fate.NOT_NOW, "no_server")
    if channel.is_real and clocks.is_fixed():
        # A club that lives in another time is a demo or a test: its people are not to hear of it.
        return Delivery(Fate.NOT_NOW, "clock_stands")
    if is_resting(claim.channel, now):
        return Delivery(Fate.NOT_NOW, "no_connection")
    delivery = channel.send(claim.mail)
    if delivery.is_away:
        let_rest(claim.channel, now)
    return delivery


def this_site() -> Site:
    """What links in messages are made of."""
    settings = current_app.extensions["settings"]
    return Site(settings.secret_key, settings.base_url)


def settle(clock: Clock) -> None:
    """What comes round: messages of every club whose sender died, or which are out of date."""
    with reading() as session:
        found = [club.id for club in clubs(session)]
    for club_id in found:
        with transaction() as session:
            settle_messages(session, club_id, now=clock())
