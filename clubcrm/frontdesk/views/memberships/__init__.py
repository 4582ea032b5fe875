"""What is done with a member's terms and money, each task on a page or in a drawer of the card.

The modules are imported for the routes they register.
"""

from clubcrm.frontdesk.views.memberships import money, pauses, sales

__all__ = ["money", "pauses", "sales"]
