"""Hooks as real commands: success, failure, hanging, products that stay."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

import pytest

from makmal.bench.hook_commands import HookCommand
from makmal.bench.hooks import HookError, Hooks


def hooks(directory: Path, seconds: float = 20.0, **commands: str) -> Hooks:
    return Hooks(
        {
            name: HookCommand(name, (sys.executable, "-c", code), seconds)
            for name, code in commands.items()
        },
        directory,
    )


def test_output_and_place_are_kept(tmp_path: Path) -> None:
    made = hooks(
        tmp_path, start="import os,sys; print(os.getcwd()); print('beside', file=sys.stderr)"
    )
    run = asyncio.run(made.run("start"))
    assert run.output.strip() == str(tmp_path)
    assert run.errors.strip() == "beside"
    assert made.take_runs() == (run,)
    assert made.take_runs() == ()
    document = run.as_json()
    assert document["exit_code"] == 0
    assert document["hook"] == "start"


def test_a_failure_is_told_with_its_last_words(tmp_path: Path) -> None:
    made = hooks(tmp_path, stop="import sys; sys.exit('no such container')")
    with pytest.raises(HookError, match=r"hook stop .* exit code 1: no such container"):
        asyncio.run(made.run("stop"))
    assert made.runs[0].exit_code == 1


def test_a_hook_that_hangs_is_stopped_with_its_children(tmp_path: Path) -> None:
    code = (
        "import subprocess,sys,time; print('begun', flush=True); p = subprocess.Popen("
        "[sys.executable, '-c', 'import time; time.sleep(60)']); "
        "open('child','w').write(str(p.pid)); time.sleep(60)"
    )
    made = hooks(tmp_path, 1.0, start=code)
    began = time.monotonic()
    with pytest.raises(HookError, match=r"did not end within 1 s and was stopped"):
        asyncio.run(made.run("start"))
    assert time.monotonic() - began < 10
    assert made.runs[0].exit_code is None
    assert made.runs[0].output == "begun\n"
    child = int((tmp_path / "child").read_text())
    assert _ends(child)


def _ends(process: int) -> bool:
    for _ in range(50):
        try:
            stat = Path(f"/proc/{process}/stat").read_text()
        except OSError:
            return True
        if stat.rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.1)
    return False


def test_a_product_that_stays_is_not_waited_for(tmp_path: Path) -> None:
    code = (
        "import subprocess,sys; p = subprocess.Popen([sys.executable, '-c', "
        "'import time; time.sleep(30)']); print(p.pid)"
    )
    made = hooks(tmp_path, 20.0, start=code)
    run = asyncio.run(made.run("start"))
    assert run.seconds < 10
    os.kill(int(run.output), 9)


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    made = Hooks({"start": HookCommand("start", ("./no-such-program",), 1.0)}, tmp_path)
    with pytest.raises(HookError, match=r"cannot be run: ./no-such-program: No such file"):
        asyncio.run(made.run("start"))
    gone = Hooks({"start": HookCommand("start", ("true",), 1.0)}, tmp_path / "gone")
    with pytest.raises(HookError, match="cannot be run"):
        asyncio.run(gone.run("start"))


def test_alive_and_restart(tmp_path: Path) -> None:
    made = hooks(
        tmp_path,
        start="open('alive','w')",
        stop="import sys; sys.exit(3)",
        alive="import os,sys; sys.exit(not os.path.exists('alive'))",
    )

    async def work() -> None:
        assert "failed with exit code 1" in (await made.is_alive() or "")
        await made.restart(5)
        assert await made.is_alive() is None

    asyncio.run(work())
    assert [run.hook for run in made.runs] == ["alive", "stop", "start", "alive", "alive"]


def test_a_product_that_does_not_come_back(tmp_path: Path) -> None:
    made = hooks(tmp_path, start="pass", alive="import sys; sys.exit(1)")
    with pytest.raises(HookError, match=r"did not come back within 0.1 s"):
        asyncio.run(made.restart(0.1))
    with pytest.raises(HookError, match="no hook to start"):
        asyncio.run(hooks(tmp_path).restart(0.1))


def test_placeholders() -> None:
    hook = HookCommand("reconfigure", ("a", "{integrity};{{ciphering}}", "{ x }", "{}"), 1.0)
    assert hook.placeholders == {"integrity"}
    assert hook.filled({"integrity": "NIA2"}) == ("a", "NIA2;{ciphering}", "{ x }", "{}")
