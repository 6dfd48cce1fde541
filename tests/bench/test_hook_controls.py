"""Configuration and log of a product by its hooks."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from makmal.bench.hook_controls import HookControls
from makmal.bench.hooks import Hooks
from makmal.bench.not_done import NotDoneError
from makmal.bench.target import parse_target

from .fakes import TARGET

LISTS = """
[algorithms]
integrity = ["128-NIA2", "128-NIA1"]
ciphering = ["128-NEA2", "NEA0"]
"""
SAVE = "import sys; open('configured', 'a').write(' '.join(sys.argv[1:]) + ';')"
SHOW = "import sys; print(open('log').read(), end='')"


def controls(directory: Path, hooks: str, lists: str = LISTS) -> HookControls:
    (directory / "log").write_text("old\n")
    target = parse_target(TARGET + lists + "[hooks]\n" + hooks, str(directory / "target.toml"))
    return HookControls(target, Hooks(target.hooks, target.directory))


def toml(name: str, code: str, *arguments: str) -> str:
    quoted = ", ".join(f'"""{each}"""' for each in (sys.executable, "-c", code, *arguments))
    return f"{name} = [{quoted}]\n"


def test_settings_fill_the_placeholders_and_are_restored(tmp_path: Path) -> None:
    made = controls(tmp_path, toml("reconfigure", SAVE, "{integrity}", "{ciphering}"))

    async def work() -> None:
        await made.configure({"integrity_priority": (1, 2)})
        await made.restore()

    asyncio.run(work())
    assert (tmp_path / "configured").read_text() == "NIA1,NIA2 NEA2,NEA0;NIA2,NIA1 NEA2,NEA0;"


def test_redirection_is_true_or_false(tmp_path: Path) -> None:
    made = controls(tmp_path, toml("reconfigure", SAVE, "{redirection_to_epc}"), "")

    async def work() -> None:
        await made.configure({"redirection_to_epc": True})
        await made.restore()

    asyncio.run(work())
    assert (tmp_path / "configured").read_text() == "true;false;"


@pytest.mark.parametrize(
    ("hooks", "lists", "expected"),
    [
        ("", LISTS, "the target has no hook reconfigure"),
        (toml("reconfigure", SAVE, "{ciphering}"), LISTS, "cannot set integrity_priority: its"),
        (
            toml("reconfigure", SAVE, "{integrity}", "{ciphering}"),
            "",
            "declares no ciphering algorithms",
        ),
        (toml("reconfigure", "import sys; sys.exit('no')", "{integrity}"), LISTS, "code 1: no"),
    ],
)
def test_what_cannot_be_configured_is_not_done(
    tmp_path: Path, hooks: str, lists: str, expected: str
) -> None:
    made = controls(tmp_path, hooks, lists)
    with pytest.raises(NotDoneError, match=expected):
        asyncio.run(made.configure({"integrity_priority": (1,)}))


def test_without_a_hook_nothing_is_restored_or_read(tmp_path: Path) -> None:
    made = controls(tmp_path, "")
    asyncio.run(made.restore())
    assert asyncio.run(made.log_lines()) is None


def test_only_what_was_logged_since_is_told(tmp_path: Path) -> None:
    made = controls(tmp_path, toml("logs", SHOW))

    async def work() -> None:
        await made.begin()
        assert await made.log_lines() == []
        with (tmp_path / "log").open("a") as log:
            log.write("new\n")
        assert await made.log_lines() == ["new"]
        # Begun anew: all of it.
        (tmp_path / "log").write_text("restarted\n")
        assert await made.log_lines() == ["restarted"]

    asyncio.run(work())


def test_a_log_can_be_asked_for_by_time(tmp_path: Path) -> None:
    made = controls(tmp_path, toml("logs", "import sys; print(sys.argv[1])", "{since}"))

    async def work() -> list[str] | None:
        await made.begin()
        return await made.log_lines()

    lines = asyncio.run(work())
    assert lines is not None
    assert lines[0].endswith("Z")


def test_a_log_that_cannot_be_had(tmp_path: Path) -> None:
    made = controls(tmp_path, toml("logs", "import sys; sys.exit(1)"))
    with pytest.raises(NotDoneError, match="the hook logs"):
        asyncio.run(made.begin())
