"""How to call this program from where the user is."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path


def program_name() -> str:
    """``makmal`` where the path has it, else the path to it."""
    if shutil.which("makmal") is not None:
        return "makmal"
    beside = Path(sys.executable).parent / "makmal"
    return str(beside.relative_to(Path.cwd()) if beside.is_relative_to(Path.cwd()) else beside)
