"""Reads that cross packages: renewals, the member list, the card and its timeline.

No operation depends on a report, and a report never writes.
"""
