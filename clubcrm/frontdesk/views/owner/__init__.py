"""The owner's page, the names behind its figures, and the calls that are assigned from them."""

from clubcrm.frontdesk.views.owner import calls, names, page

__all__ = ["calls", "names", "page"]
