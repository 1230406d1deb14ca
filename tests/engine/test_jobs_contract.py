"""The jobs' contract, embedded and shared; and what only several workers can show."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest

import postgresql
from contracts.jobs import KEY, Hire, Hired, JobsContract, Log, played, until, working
from pitstop.daemon.clock import MachineClock
from pitstop.engine.breaks import Pauses
from pitstop.engine.jobs import EmbeddedJobs
from pitstop.engine.shared_jobs import Pulse, SharedJobs
from pitstop.engine.shared_queue import SCHEMA, prepare
from pitstop.model.errors import StateUnusable
from pitstop.ports.jobs import Job, Recurring
from pitstop.store.database import Database, open_database
from pitstop.store.turns import SqlTurns

PULSE = Pulse(beat=0.2, dead_after=1.5, look=0.5)
PAUSES = Pauses(first=timedelta(seconds=0.1))


class TestEmbeddedJobs(JobsContract):
    @pytest.fixture
    def hire(self) -> Hire:
        return lambda: EmbeddedJobs(MachineClock(), PAUSES, look=0.1)


@pytest.fixture
def address() -> str:
    return postgresql.new_database()


@pytest.fixture
def database(address: str) -> Iterator[Database]:
    opened = open_database(address)
    yield opened
    opened.close()


@pytest.fixture
def hire(address: str, database: Database) -> Hire:
    turns = SqlTurns(database)
    return lambda: SharedJobs(address, MachineClock(), turns, pulse=PULSE, pauses=PAUSES)


def run(address: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(address, autocommit=True, options=f"-c search_path={SCHEMA}") as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


async def run_beside(address: str, statement: str) -> list[tuple[object, ...]]:
    """Run it while the workers go on: what they hold locked, they can let go."""
    return await asyncio.to_thread(run, address, statement)


async def until_nothing_is_queued(address: str) -> None:
    """What has ended is marked so: without this, a loss would have it done again, as it should."""
    await until(lambda: run(address, "SELECT id FROM procrastinate_jobs") == [])


@pytest.mark.slow
@pytest.mark.xdist_group("postgresql")
class TestSharedJobs(JobsContract):
    def test_a_key_is_worked_on_once_at_a_time_over_all_workers(self, hire: Hire) -> None:
        async def scene(log: Log) -> None:
            log.goes_on.clear()
            one, other = (Hired(hire(), [Job("job", log.do)]) for _ in range(2))
            async with working(one, other):
                one.worker.submit("job", KEY)
                await until(lambda: log.begun == [KEY])
                other.worker.submit("job", KEY)
                await asyncio.sleep(1)
                assert log.begun == [KEY]
                log.goes_on.set()
                await until(lambda: log.ended == [KEY, KEY])

        played(scene)

    def test_what_a_worker_that_stops_was_doing_goes_on_in_another(self, hire: Hire) -> None:
        async def scene(log: Log) -> None:
            log.goes_on.clear()
            jobs = [Job("job", log.do)]
            async with working(Hired(hire(), jobs)) as first:
                first.submit("job", KEY)
                await until(lambda: log.begun == [KEY])
            log.goes_on.set()
            async with working(Hired(hire(), jobs)):
                await until(lambda: log.ended == [KEY])

        played(scene)

    def test_what_recurs_is_done_once_for_all(self, hire: Hire) -> None:
        async def scene(log: Log) -> None:
            recurring = Recurring(Job("look", log.do), timedelta(hours=1))
            async with working(*(Hired(hire(), [], [recurring]) for _ in range(3))):
                await until(lambda: log.ended == [""])
                await asyncio.sleep(1)

        assert played(scene).begun == [""]

    def test_what_is_of_each_machine_is_done_by_each(self, hire: Hire) -> None:
        async def scene(log: Log) -> None:
            recurring = Recurring(Job("tidy", log.do, here=True), timedelta(hours=1))
            async with working(*(Hired(hire(), [], [recurring]) for _ in range(3))):
                await until(lambda: log.ended == [""] * 3)

        played(scene)

    def test_a_worker_that_was_forgotten_works_on(self, hire: Hire, address: str) -> None:
        """Its row is gone: it was paused for so long that another one has removed it."""

        async def scene(log: Log) -> None:
            async with working(Hired(hire(), [Job("job", log.do)])) as worker:
                worker.submit("job", "a")
                await until(lambda: log.ended == ["a"])
                await until_nothing_is_queued(address)
                await run_beside(address, "DELETE FROM procrastinate_workers")
                worker.submit("job", "b")
                await until(lambda: log.ended == ["a", "b"])

        played(scene)

    def test_a_worker_outlives_the_loss_of_its_connections(self, hire: Hire, address: str) -> None:
        async def scene(log: Log) -> None:
            async with working(Hired(hire(), [Job("job", log.do)])) as worker:
                worker.submit("job", "a")
                await until(lambda: log.ended == ["a"])
                await until_nothing_is_queued(address)
                await run_beside(
                    address,
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE pid <> pg_backend_pid() AND datname = current_database()",
                )
                worker.submit("job", "b")
                await until(lambda: log.ended == ["a", "b"])

        played(scene)

    def test_a_paused_workers_end_of_a_job_that_was_taken_over_ends_nothing(
        self, hire: Hire, address: str
    ) -> None:
        """The first worker's job is put back, as if it had been silent; its own end comes too late."""

        async def scene(log: Log) -> None:
            log.goes_on.clear()
            async with working(Hired(hire(), [Job("job", log.do)])) as first:
                first.submit("job", KEY)
                await until(lambda: log.begun == [KEY])
                await run_beside(address, "UPDATE procrastinate_jobs SET worker_id = NULL")
                async with working(Hired(hire(), [Job("job", log.do)])):
                    await until(lambda: log.begun == [KEY, KEY])
                    jobs = await run_beside(address, "SELECT id, status FROM procrastinate_jobs")
                    assert [status for _, status in jobs] == ["doing"]
                    log.goes_on.set()
                    await until(lambda: log.ended == [KEY, KEY])
                    await until_nothing_is_queued(address)

        played(scene)

    def test_a_dead_workers_beat_from_before_the_clock_was_set_back_does_not_count(
        self, hire: Hire, address: str
    ) -> None:
        async def scene(log: Log) -> None:
            log.goes_on.clear()
            async with working(Hired(hire(), [Job("job", log.do)])) as first:
                first.submit("job", KEY)
                await until(lambda: log.begun == [KEY])
                await run_beside(
                    address,
                    "WITH dead AS (INSERT INTO procrastinate_workers (last_heartbeat) "
                    "VALUES (now() + interval '1 hour') RETURNING id) "
                    "UPDATE procrastinate_jobs SET worker_id = (SELECT id FROM dead)",
                )
                async with working(Hired(hire(), [Job("job", log.do)])):
                    await until(lambda: log.begun == [KEY, KEY])
                    log.goes_on.set()
                    await until(lambda: log.ended == [KEY, KEY])

        played(scene)

    def test_what_waits_for_its_next_try_does_not_wait_for_a_clock_that_was_set_back(
        self, hire: Hire, address: str
    ) -> None:
        async def scene(log: Log) -> None:
            prepare(address)
            await run_beside(
                address,
                "INSERT INTO procrastinate_jobs "
                "(queue_name, task_name, lock, queueing_lock, args, scheduled_at) "
                "VALUES ('default', 'job', 'job a', 'job a', '{\"key\": \"a\", \"breaks\": 1}', "
                "now() + interval '1 hour')",
            )
            async with working(Hired(hire(), [Job("job", log.do)])):
                await until(lambda: log.ended == ["a"])

        played(scene)

    def test_a_job_whose_end_cannot_be_marked_does_not_hold_its_key(self, hire: Hire, address: str) -> None:
        """The database refused it for a moment; the worker beats on."""
        rename = "ALTER FUNCTION procrastinate_finish_job_v1 RENAME TO gone"

        async def scene(log: Log) -> None:
            log.goes_on.clear()
            async with working(Hired(hire(), [Job("job", log.do)])) as worker:
                worker.submit("job", KEY)
                await until(lambda: log.begun == [KEY])
                await run_beside(address, rename)
                log.goes_on.set()
                await until(lambda: log.ended == [KEY])
                await asyncio.sleep(0.5)
                await run_beside(address, "ALTER FUNCTION gone RENAME TO procrastinate_finish_job_v1")
                worker.submit("job", KEY)
                await until(lambda: len(log.ended) >= 2)

        played(scene)

    def test_nothing_is_left_in_the_queue(self, hire: Hire, address: str) -> None:
        async def scene(log: Log) -> None:
            async with working(Hired(hire(), [Job("job", log.do)])) as worker:
                for number in range(20):
                    worker.submit("job", str(number))
                await until(lambda: len(log.ended) == 20)

        played(scene)
        assert run(address, "SELECT count(*) FROM procrastinate_jobs") == [(0,)]
        assert run(address, "SELECT count(*) FROM procrastinate_events") == [(0,)]
        assert run(address, "SELECT count(*) FROM procrastinate_workers") == [(0,)]

    def test_the_queue_of_another_version_is_made_anew_and_that_of_a_newer_one_left_alone(
        self, address: str
    ) -> None:
        prepare(address)
        run(address, f"COMMENT ON SCHEMA {SCHEMA} IS 'procrastinate 3.0.0 other'")
        run(address, "CREATE TABLE left_over (a int)")
        prepare(address)
        assert run(address, "SELECT to_regclass('left_over')") == [(None,)]
        run(address, f"COMMENT ON SCHEMA {SCHEMA} IS 'procrastinate 999.0 other'")
        with pytest.raises(StateUnusable, match="newer Pitstop"):
            prepare(address)

    def test_a_database_that_cannot_be_reached_is_said(self, address: str) -> None:
        with pytest.raises(StateUnusable, match="cannot be used"):
            prepare(address.split("?", maxsplit=1)[0].replace("/test", "/none") + "?host=/nowhere")
