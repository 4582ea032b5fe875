"""CRM for sports clubs: members, their terms, their visits and who comes back."""

__version__ = "0.1.0"
