"""One-to-one sessions of trainers: planned, held or missed, logged, and taken from packages.

Promises that a trainer is never at two sessions at once, and that a session takes one from the member's
package at most once, whoever taps how often, and gives it back when the outcome is taken back.
"""
