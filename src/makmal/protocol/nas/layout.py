"""How the elements of each message are laid out."""

from __future__ import annotations

from makmal.protocol.nas.element_layout import Field, Format, Layout
from makmal.protocol.nas.mobility_layout import MOBILITY_LAYOUTS
from makmal.protocol.nas.session_layout import SESSION_LAYOUTS

__all__ = ["LAYOUTS", "Field", "Format", "Layout"]

LAYOUTS: dict[int, Layout] = {**MOBILITY_LAYOUTS, **SESSION_LAYOUTS}
