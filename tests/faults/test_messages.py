"""The steps at which a message can be interrupted; the kills themselves are `run.py prove once`."""

from tests.proofs import once


def test_every_step_of_a_message_can_be_killed() -> None:
    assert once.fail_points() == [
        "message.after_claim",
        "message.after_record",
        "message.after_send",
        "message.before_claim",
        "message.in_data",
    ]
