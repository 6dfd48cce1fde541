"""RRC states of a UE (TS 38.331, 4.2.1), and the procedures between them."""

from __future__ import annotations

from enum import Enum, auto


class State(Enum):
    """Where a UE is."""

    IDLE = auto()
    SETTING_UP = auto()
    CONNECTED = auto()
    INACTIVE = auto()
    RESUMING = auto()
    # RRCSetup came in place of RRCResume: NAS is to say with what to go on.
    FALLING_BACK = auto()
    REESTABLISHING = auto()
