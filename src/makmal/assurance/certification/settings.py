"""The settings of an assurance office: where its database, keys and trust anchors are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from makmal.assurance.errors import AssuranceError
from makmal.trace.toml_file import TomlError, TomlFile, quoted, read_text
from makmal.trace.toml_file import text as toml_text

SETTINGS = "assurance.toml"
# Gives the passphrase of a key file, which it is told for the question.
Passphrase = Callable[[Path], str]


class SettingsError(TomlError):
    """The settings cannot be used: one sentence with the line, what is wrong, what to write."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Paths are relative to the file. ``database`` is a path or a URL."""

    body: str
    database: str
    trust: Path
    body_key: Path
    register_name: str
    register_key: Path
    time_stamps: Path


def load_settings(path: Path) -> Settings:
    """Read them. Raises AssuranceError."""
    if not path.exists():
        raise AssuranceError(
            f"{path} is not there: makmal certify init makes an office, and --settings names "
            "its file"
        )
    try:
        root = TomlFile(str(path), read_text(path, SettingsError), SettingsError).root
        root.only(
            "body", "database", "trust", "body_key", "register_name", "register_key", "time_stamps"
        )
        place = path.parent
        database = root.take("database", toml_text)
        return Settings(
            root.take("body", toml_text),
            database if "://" in database else str(place / database),
            place / root.take("trust", toml_text),
            place / root.take("body_key", toml_text),
            root.take("register_name", toml_text),
            place / root.take("register_key", toml_text),
            place / root.take("time_stamps", toml_text),
        )
    except SettingsError as error:
        raise AssuranceError(str(error)) from None


def settings_text(body: str, database: str, register_name: str) -> str:
    """The file of a new office."""
    return (
        f"# The office of {body}. Paths are relative to this file; docs/assurance.md describes "
        "it.\n"
        f"body = {quoted(body)}\n"
        "# A file for SQLite, or postgresql://user:password@host/name.\n"
        f"database = {quoted(database)}\n"
        'trust = "trust.toml"\n'
        'body_key = "keys/certification-body.key"\n'
        f"register_name = {quoted(register_name)}\n"
        'register_key = "keys/register.key"\n'
        "# The embedded time-stamp authority (RFC 3161).\n"
        'time_stamps = "keys/time-stamps.pem"\n'
    )
