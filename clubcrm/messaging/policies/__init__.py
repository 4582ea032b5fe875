"""The rules of contacts. Pure: values in, values out."""

from clubcrm.messaging.policies.gate import Counted, GateFacts, barred, refusal
from clubcrm.messaging.policies.quiet import next_moment

__all__ = ["Counted", "GateFacts", "barred", "next_moment", "refusal"]
