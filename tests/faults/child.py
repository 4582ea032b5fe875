"""A worker process as `clubcrm worker` runs it, on the pieces of work of the tests."""

import os
from datetime import timedelta
from pathlib import Path

from clubcrm.app import create_app
from clubcrm.core import jobs
from clubcrm.core.logs import set_up_logs
from clubcrm.core.schedule import Scheduled
from clubcrm.worker import bell, embedded, work_queue, work_without_queue
from tests.faults.pieces import wire_pieces

if __name__ == "__main__":
    set_up_logs()
    # Short, so that the tests need not wait as long as a club may.
    jobs.LEASE = timedelta(seconds=2)
    bell.SWEEP = Scheduled("sweep", timedelta(seconds=2), lambda _clock: None)
    embedded.LOOK_EVERY = 0.2
    app = create_app()
    wire_pieces()
    Path(os.environ["HOLD_UP_FOLDER"], f"up-{os.getpid()}").touch()
    if os.environ.get("REDIS_URL"):
        work_queue(app)
    else:
        work_without_queue(app)
