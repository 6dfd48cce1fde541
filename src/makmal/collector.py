"""How often a process of ours looks for garbage.

What is done for one UE or one message is freed as it ends; garbage that only the collector finds is
rare. By Python's own measure it looks after every 700 objects, through all that a network of many
UEs keeps, and that took a tenth of the processor time of registrations on the wire.
"""

from __future__ import annotations

import gc

_YOUNG, _MIDDLE, _OLD = 50_000, 20, 20


def collect_rarely() -> None:
    """For this process from now on: what is there already is not looked through again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
