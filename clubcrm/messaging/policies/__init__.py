"""The rules of contacts. Pure: values in, values out."""

from clubcrm.messaging.policies.gate import Counted, GateFacts, refusal
from clubcrm.messaging.policies.quiet import next_moment

__all__ = ["Counted", "GateFacts", "next_moment", "refusal"]
