"""The one table of who hears of what, which jobs there are, and which pages are served."""

from collections.abc import Mapping

from flask import Blueprint

from clubcrm.core.events import Wiring
from clubcrm.core.jobs import Work

WIRING: Wiring = {}
"""Event -> listeners; TOGETHER in the recording transaction, AFTERWARDS through a delivery row."""

JOBS: Mapping[str, Work] = {}
"""Kind of job -> function."""

BLUEPRINTS: tuple[Blueprint, ...] = ()
"""The pages and the API, in the order in which they are registered."""
