"""Which task comes first."""

from clubcrm.retention.policies.plays import play_rules
from clubcrm.retention.policies.ranks import rank_of
from clubcrm.retention.shipped import shipped_plays
from clubcrm.retention.states import Risk


def test_high_risk_with_a_renewal_due_comes_before_all() -> None:
    plays = {code: play_rules(code, rules) for code, rules in shipped_plays().items()}
    renewal, absent, greeting = plays["K14"], plays["K08"], plays["K18"]
    order = [
        rank_of(renewal, Risk.HIGH),
        rank_of(absent, Risk.HIGH),
        rank_of(absent, Risk.WATCH),
        rank_of(absent, Risk.NONE),
        rank_of(greeting, None),
    ]
    assert order == sorted(order, reverse=True)
    assert len(set(order)) == len(order)
    assert rank_of(renewal, Risk.NONE) == rank_of(absent, Risk.WATCH)
