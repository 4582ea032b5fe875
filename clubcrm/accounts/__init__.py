"""Who acts, and at which club: clubs, staff, roles, sign-in, API tokens and the log of access.

Everything hangs on this package; it hangs on nothing but `core`. It promises that a right is always
asked for one club: a role is held at a club, and nobody has a right at no club.
"""
