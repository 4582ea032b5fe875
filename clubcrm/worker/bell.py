"""The bell in Redis: rung after a commit that left work, heard by the RQ workers."""

import logging
import time
from datetime import timedelta

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.serializers import JSONSerializer

from clubcrm.core.schedule import Scheduled
from clubcrm.core.transactions import set_doorbell

log = logging.getLogger(__name__)

SWEEP = Scheduled("sweep", timedelta(seconds=20), lambda _clock: None)
"""How often the queue's schedule rings without a reason."""

PATIENCE = 0.5
"""Seconds a request may wait for Redis; the bell is not worth more."""

REST = 10.0
"""Seconds for which a Redis that did not answer is left alone."""

QUEUE = "clubcrm"
BELL = "clubcrm:bell"
TURN = "clubcrm:turn:"

DRAIN = "clubcrm.worker.queue.drain_all"
RUN_SCHEDULED = "clubcrm.worker.queue.run_scheduled"

LONGEST_DRAIN = 1800
BACKLOG = 50


class RedisBell:
    """Rings for the RQ workers: at most one job waits, however often it is rung.

    Never raises and never makes a request wait for long: a Redis that is away is left alone for a
    while, and the work is found by the workers' own sweep.
    """

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE)
        self._queue = queue_on(self._redis)
        self._rest_until = 0.0

    def ring(self) -> None:
        """Ask for a drain, unless one is waiting to begin already."""
        # A job id of RQ's own would stay taken for minutes after a worker was killed; this mark is
        # taken away when the drain begins, and goes away by itself if it never does.
        if self._is_resting():
            return
        try:
            if self._redis.set(BELL, "1", nx=True, ex=SWEEP.every):
                enqueue(self._queue, DRAIN)
        except RedisError as error:
            self._rest(error)

    def take_turn(self, entry: Scheduled) -> bool:
        """Ask for one piece of the schedule, if no other schedule has just done so."""
        if self._is_resting():
            return False
        hold = max(1, int(entry.every.total_seconds() * 900))
        try:
            if not self._redis.set(TURN + entry.name, "1", nx=True, px=hold):
                return False
            if entry is SWEEP:
                # Whatever the mark says: a worker that was killed may have left it behind.
                enqueue(self._queue, DRAIN)
            else:
                enqueue(self._queue, RUN_SCHEDULED, entry.name)
        except RedisError as error:
            self._rest(error)
            return False
        return True

    def answered(self) -> None:
        """Say that a drain has begun: what is rung for from now on needs another one."""
        try:
            self._redis.delete(BELL)
        except RedisError as error:
            self._rest(error)

    def _is_resting(self) -> bool:
        return time.monotonic() < self._rest_until

    def _rest(self, error: RedisError) -> None:
        self._rest_until = time.monotonic() + REST
        log.warning("Redis did not answer", extra={"kind": type(error).__name__})


def ring_through(url: str) -> RedisBell:
    """Let the transactions of this process ring through Redis."""
    bell = RedisBell(url)
    set_doorbell(bell.ring)
    return bell


def queue_on(connection: Redis) -> Queue:
    """The one queue; its jobs are JSON, so that nobody's pickle is ever opened here."""
    return Queue(QUEUE, connection=connection, serializer=JSONSerializer)


def enqueue(queue: Queue, work: str, *values: str) -> None:
    """Put one coarse job on the queue; how it ended stands in the rows, not in Redis.

    Does nothing while many wait already: without workers the queue would grow for ever.
    """
    if queue.count >= BACKLOG:
        return
    queue.enqueue(work, *values, job_timeout=LONGEST_DRAIN, result_ttl=0, failure_ttl=3600)
