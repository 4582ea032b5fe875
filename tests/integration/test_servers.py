"""The real servers behind the tests start, answer, and leave nothing behind."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import redis
from playwright.sync_api import Playwright
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from tests import servers


@pytest.fixture(autouse=True)
def _no_servers_of_the_contributor(monkeypatch: pytest.MonkeyPatch) -> None:
    for setting in (servers.POSTGRESQL_URL_SETTING, servers.REDIS_URL_SETTING):
        monkeypatch.delenv(setting, raising=False)


@pytest.mark.postgresql
def test_postgresql_answers_and_goes_away() -> None:
    with servers.postgresql_server() as url:
        folder = Path(str(make_url(url).query["host"]))
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text("CREATE DATABASE first_club"))
            pid = int(folder.joinpath("data/postmaster.pid").read_text().splitlines()[0])
            names = ["Zoe", "anna", "Émile"]
            ordered = connection.scalars(
                text("SELECT n FROM unnest(CAST(:names AS text[])) AS n ORDER BY n"),
                {"names": names},
            ).all()
            knows_icu = int(str(connection.scalar(text("SHOW server_version_num")))) >= 150000
            assert connection.scalar(text("SHOW fsync")) == "off"
            assert connection.scalar(text("SHOW listen_addresses")) == ""
        engine.dispose()
        assert ordered == (["anna", "Émile", "Zoe"] if knows_icu else ["Zoe", "anna", "Émile"])
        club = create_engine(make_url(url).set(database="first_club"))
        with club.connect() as connection:
            assert connection.scalar(text("SELECT current_database()")) == "first_club"
        club.dispose()
        assert psutil.pid_exists(pid)
    assert not psutil.pid_exists(pid)
    assert not folder.exists()


@pytest.mark.postgresql
def test_two_postgresql_servers_know_nothing_of_each_other() -> None:
    with servers.postgresql_server() as first, servers.postgresql_server() as second:
        assert first != second
        engines = [create_engine(url) for url in (first, second)]
        with engines[0].begin() as connection:
            connection.execute(text("CREATE TABLE visit (id integer)"))
        with engines[1].connect() as connection:
            assert connection.scalar(text("SELECT to_regclass('visit')")) is None
        for engine in engines:
            engine.dispose()


def test_redis_answers_and_goes_away() -> None:
    with servers.redis_server() as url:
        client = redis.Redis.from_url(url)
        assert client.set("bell", "rung")
        assert client.get("bell") == b"rung"
        pid = int(client.info("server")["process_id"])
        client.close()
        assert psutil.pid_exists(pid)
    assert not psutil.pid_exists(pid)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
def test_a_server_goes_down_with_tests_that_are_killed() -> None:
    script = (
        "import redis, sys\n"
        "from tests.servers import redis_server\n"
        "with redis_server() as url:\n"
        "    client = redis.Redis.from_url(url)\n"
        "    print(client.info('server')['process_id'], flush=True)\n"
        "    print(client.config_get('dir')['dir'], flush=True)\n"
        "    sys.stdin.read()\n"
    )
    root = Path(servers.__file__).parent.parent
    with subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as tests:
        assert tests.stdout is not None
        server = psutil.Process(int(tests.stdout.readline()))
        folder = Path(tests.stdout.readline().strip())
        tests.kill()
    server.wait(timeout=30)
    assert not server.is_running()
    shutil.rmtree(folder)  # the killed tests could not


def test_a_program_that_is_missing_is_an_error_with_the_cure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(servers, "POSTGRESQL_PLACES", ())
    monkeypatch.setattr(servers, "CHROMIUM_PLACES", ())
    monkeypatch.delenv(servers.CHROMIUM_SETTING, raising=False)
    with pytest.raises(servers.ServerMissingError, match="apt-get install redis-server"):
        servers.redis_program()
    with pytest.raises(servers.ServerMissingError, match="apt-get install postgresql"):
        servers.postgresql_programs()
    with pytest.raises(servers.ServerMissingError, match="apt-get install chromium"):
        servers.chromium_path()


def test_a_server_that_ends_at_once_is_reported_with_its_words(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "print('no room on the disk')"]
    with (
        pytest.raises(servers.ServerStartError, match="no room on the disk"),
        servers._running(command, "ready", tmp_path, None, signal.SIGTERM),
    ):
        pytest.fail("entered a server that never was ready")


@pytest.mark.journey
def test_chromium_shows_a_page(playwright: Playwright) -> None:
    browser = playwright.chromium.launch(**servers.chromium_launch_options())
    page = browser.new_page()
    page.set_content("<title>clubcrm</title><button>Check in</button>")
    assert page.title() == "clubcrm"
    assert page.get_by_role("button", name="Check in").is_visible()
    browser.close()
