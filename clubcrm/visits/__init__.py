"""Who came in, by which door, and what the door decided.

The door answers fast and never waits for other work. It promises at most one visit for one device
record, and one row a person and club day in `visit_day`, which is what everything that counts
visits reads.
"""
