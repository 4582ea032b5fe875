"""People and their terms: persons, plans, memberships, freezes, closures and slow seasons.

One human is one person from the first enquiry to former member. A renewal is a new term linked to
the old one. The end of a term is always recomputed from its anchor, its length and its pauses,
never added up.
"""
