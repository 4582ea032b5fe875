"""How gunicorn runs the processes of `clubcrm serve --workers`: its settings are these names."""

import gc
import os
from typing import Any

from prometheus_client import multiprocess

from clubcrm.core.logs import set_up_logs

accesslog = None
errorlog = "-"
loglevel = "warning"
graceful_timeout = 30
timeout = 120
# A process that has answered this much makes room for a fresh one.
max_requests = 200_000
max_requests_jitter = 20_000


def post_fork(_server: Any, _worker: Any) -> None:
    """Log as the rest does."""
    set_up_logs()


def post_worker_init(_worker: Any) -> None:
    """Leave what is loaded by now out of the search for rubbish, as the single process does."""
    gc.freeze()


def child_exit(_server: Any, worker: Any) -> None:
    """Take the figures of an ended process out of those of the living."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        multiprocess.mark_process_dead(worker.pid)
