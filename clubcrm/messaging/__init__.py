"""Every contact between a club and a person, whatever its channel: mails, calls, prompts at arrival.

Owns messages, tasks, suppressions, contact blocks and the sender of each club. Promises that a message
goes out at most once, that each ends in a final state or as `uncertain` and listed, and that none goes
out that the gate refuses. Why somebody is contacted is decided above, by `retention`.
"""
