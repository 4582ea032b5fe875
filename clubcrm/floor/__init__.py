"""The trainer's phone: today's sessions, planning and writing them up, own clients.

A face: it owns no tables. Its pages are made for a thumb and a poor network: a tap that could not be sent
stays on the phone with its key and is sent again, and counts once.
"""
