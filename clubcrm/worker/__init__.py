"""The worker: whatever is due gets done, by a thread of the server or by RQ on any number of hosts.

The rows in the database are the truth; a bell, be it an event of this process or Redis, only says
that looking now is worth while. So nothing is lost when Redis is flushed or away: the schedule looks
again soon. Two workers, or two schedules, do nothing twice.
"""

from flask import Flask

from clubcrm.app import create_app
from clubcrm.worker.bell import RedisBell, ring_through
from clubcrm.worker.embedded import EmbeddedWorker, embed, work_without_queue
from clubcrm.worker.queue import work_queue
from clubcrm.worker.turns import LockFile, Turns

__all__ = [
    "EmbeddedWorker",
    "LockFile",
    "RedisBell",
    "Turns",
    "embed",
    "ring_through",
    "serving_app",
    "work_queue",
    "work_without_queue",
]


def serving_app() -> Flask:
    """The application as a server process runs it: with its bell, and its worker if it needs one."""
    app = create_app()
    settings = app.extensions["settings"]
    if settings.redis_url:
        ring_through(settings.redis_url)
    else:
        embed(app)
    return app
