"""The rules of contacts. Pure: values in, values out."""

from clubcrm.messaging.policies.bounces import bounced_key
from clubcrm.messaging.policies.gate import Counted, GateFacts, barred, refusal
from clubcrm.messaging.policies.quiet import next_moment

__all__ = ["Counted", "GateFacts", "barred", "bounced_key", "next_moment", "refusal"]
