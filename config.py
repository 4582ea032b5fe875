"""Settings of an installation, read once from the environment when the program starts.

Every setting has a working default. A wrong value stops the start with one clear sentence.
"""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

HOME = Path(__file__).resolve().parent


class SettingError(Exception):
    """A setting that cannot be used; its text is the sentence the operator reads."""


@dataclass(frozen=True)
class Settings:
    """What an installation is told from outside."""

    data_dir: Path
    database_url: str
    redis_url: str | None
    secret_key: str
    base_url: str
    smtp_url: str | None
    now: datetime | None
    is_testing: bool = False

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> "Settings":
        """Read the settings; raises SettingError with one sentence when a value is wrong."""
        env = os.environ if env is None else env
        data_dir = Path(env.get("CLUBCRM_DATA_DIR") or HOME / "var").absolute()
        try:
            data_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SettingError(
                f"CLUBCRM_DATA_DIR: cannot make {data_dir} ({error.strerror})."
            ) from error
        return cls(
            data_dir=data_dir,
            database_url=_database_url(env.get("DATABASE_URL"), data_dir),
            redis_url=_url("REDIS_URL", env.get("REDIS_URL"), ("redis", "rediss", "unix")),
            secret_key=env.get("SECRET_KEY") or _kept_secret(data_dir),
            base_url=_url("CLUBCRM_BASE_URL", env.get("CLUBCRM_BASE_URL"), ("http", "https"))
            or "http://127.0.0.1:8000",
            smtp_url=_url("SMTP_URL", env.get("SMTP_URL"), ("smtp", "smtps")),
            now=_now(env.get("CLUBCRM_NOW")),
        )


def _database_url(value: str | None, data_dir: Path) -> str:
    if not value:
        return f"sqlite:///{data_dir / 'clubcrm.sqlite3'}"
    try:
        url = make_url(value)
    except (ArgumentError, ValueError) as error:
        raise SettingError(
            "DATABASE_URL is not a database address. Write postgresql://user:password@host/name or "
            "sqlite:////full/path/clubcrm.sqlite3."
        ) from error
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise SettingError(
            f"DATABASE_URL names {url.get_backend_name()}; use postgresql or sqlite."
        )
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    return url.render_as_string(hide_password=False)


def _url(name: str, value: str | None, schemes: tuple[str, ...]) -> str | None:
    if not value:
        return None
    try:
        parts = urlsplit(value)
        _ = parts.port  # reads it, and says when it is none
    except ValueError as error:
        raise SettingError(f"{name} is not an address: {error}.") from error
    if parts.scheme not in schemes:
        raise SettingError(f"{name} must start with {' or '.join(s + '://' for s in schemes)}.")
    # Redis without a host is the one on this machine.
    if not parts.hostname and parts.scheme not in ("redis", "rediss", "unix"):
        raise SettingError(f"{name} names no host: write {parts.scheme}://host.")
    return value.rstrip("/")


def _kept_secret(data_dir: Path) -> str:
    """The secret key made at the first run and kept, readable by this user alone."""
    path = data_dir / "secret_key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise SettingError(f"SECRET_KEY is not set and {path} cannot be written.") from error
    key = secrets.token_urlsafe(48)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key)
    return key


def _now(value: str | None) -> datetime | None:
    if not value:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise SettingError(
            "CLUBCRM_NOW must be an instant such as 2026-03-01T09:00:00+00:00."
        ) from error
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
