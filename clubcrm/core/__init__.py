"""The mechanisms every package stands on, and no domain.

Owns the event log with its deliveries and the idempotency keys. Holds the database binding, the one
function that commits, events and jobs, the clock, days and periods, months in two calendars, money,
the folding of text for search, presentation by language, and the base of all refusals. Imports
nothing from the other packages.
"""
