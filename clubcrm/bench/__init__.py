"""How dear the product is, as ratios to a floor that does the unavoidable SQL and nothing else.

A club of any size is made in minutes, served as in production, and asked by a small load driver over
loopback. Each page is measured in turns with its floor, so that a busy machine slows both. Nothing here
touches a real club.
"""
