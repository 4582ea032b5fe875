"""A club that is lived day by day: people with habits, a desk, a door, and the daily run.

Everything goes through the real operations and the real daily run, with the clock set to each
moment; nothing is inserted past them. What somebody does on a day is a pure function of who it is,
the day, and the facts of the club (`habits`, `dice`), so a life can be stopped and lived on from the
database alone, and the same seed on the same days gives the same club.
"""
