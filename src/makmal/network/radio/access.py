"""The access of gNBs to UEs by RRC and PDCP over the air of a world (gnb/access.py)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from makmal.network.gnb import handover_containers
from makmal.network.gnb.access import RadioChange
from makmal.network.radio import gnb_mobility, ue_mobility
from makmal.network.radio.air import Air
from makmal.network.radio.cell import RADIO_PORT, RadioCell
from makmal.network.radio.gnb_rrc import GnbRrc
from makmal.network.radio.state import State
from makmal.network.radio.ue_rrc import UeRrc
from makmal.network.ue.access import ConnectionRequest, RadioConnection, Terminal
from makmal.network.world import World
from makmal.protocol import nas, ngap, rrc
from makmal.protocol.errors import DecodeError
from makmal.protocol.ngap.handover_containers import TARGET_TO_SOURCE
from makmal.protocol.rrc import establishment, mobility, security
from makmal.trace.frame import Endpoint

if TYPE_CHECKING:
    from makmal.network.gnb.context import UeContext
    from makmal.network.gnb.gnb import Gnb
    from makmal.network.ue.ue import Ue

_Cause = ngap.RrcEstablishmentCause
_BY_NAME: dict[str, _Cause] = dict(_Cause.__members__)
_CAUSES = {_BY_NAME[each.name]: each for each in establishment.Cause if each.name in _BY_NAME}
_NGAP_CAUSES = {str(rrc_cause): ngap_cause for ngap_cause, rrc_cause in _CAUSES.items()}


class RadioAccess:
    """Who is on the air of a world: cells and UEs."""

    def __init__(self, world: World) -> None:
        self.air = Air(world)
        self._cells: dict[str, RadioCell] = {}
        self._ues: dict[int, UeRrc] = {}
        self._by_endpoint: dict[Endpoint, UeRrc] = {}

    # Who is who.

    def cell(self, gnb: Gnb) -> RadioCell:
        """The cell of a gNB; a gNB that takes another's place in the plan takes its cell, too."""
        found = self._cells.get(gnb.name)
        if found is None or found.gnb is not gnb:
            found = self._cells[gnb.name] = RadioCell(self, gnb)
        return found

    def cell_of(self, identity: rrc.Cell) -> RadioCell | None:
        """The cell that a reconfiguration with sync names."""
        for each in self._cells.values():
            if each.identity == identity:
                return each
        return None

    def ue(self, ue: Terminal) -> UeRrc:
        """RRC of a UE."""
        found = self._ues.get(id(ue))
        if found is None:
            number = len(self._ues) + 1
            # RFC 2544 addresses: frames of Uu need some, and go nowhere.
            address = f"198.18.{number >> 8}.{number & 0xFF}"
            endpoint = Endpoint(address, RADIO_PORT)
            found = UeRrc(self, ue, endpoint)  # type: ignore[arg-type] # a UE, as gNBs see it
            self._ues[id(ue)] = self._by_endpoint[endpoint] = found
        return found

    def ue_at(self, endpoint: Endpoint) -> UeRrc | None:
        """The UE of an address."""
        return self._by_endpoint.get(endpoint)

    @staticmethod
    def rrc_cause(cause: _Cause) -> str:
        """Why a connection is wanted, in RRC's words."""
        return str(_CAUSES.get(cause, establishment.Cause.MO_SIGNALLING))

    @staticmethod
    def ngap_cause(cause: str) -> _Cause:
        """The same in NGAP's."""
        return _NGAP_CAUSES.get(cause, _Cause.MO_SIGNALLING)

    # The procedures of gNBs: Access.

    def is_of(self, terminal: Terminal | None, ue: Terminal) -> bool:
        """Whether the UE at the other end of a gNB's RRC is this one."""
        if not isinstance(terminal, GnbRrc):
            return False
        found = self._by_endpoint.get(terminal.endpoint)
        return found is not None and found.ue is ue

    def connect(self, gnb: Gnb, ue: Terminal, request: ConnectionRequest) -> RadioConnection:
        """The UE asks for a connection."""
        end = self.ue(ue)
        end.establish(self.cell(gnb), request)
        return end

    def resume(self, gnb: Gnb, ue: Terminal) -> None:
        """The UE was called, and resumes."""
        end = self.ue(ue)
        end.cell = self.cell(gnb)
        ue_mobility.resume(end, establishment.Cause.MT_ACCESS)

    def page(self, gnb: Gnb, ues: Sequence[Terminal], identity: nas.FiveGSTmsi) -> None:
        """Paging by the core."""
        for ue in ues:
            self.ue(ue)
        s_tmsi = rrc.STmsi(identity.amf_set_id, identity.amf_pointer, identity.tmsi)
        self.cell(gnb).broadcast(establishment.paging([s_tmsi]))

    def called(self, cell: RadioCell, identity: rrc.STmsi | int) -> None:
        """Everybody who listens to a cell hears who is paged."""
        for end in list(self._ues.values()):
            ue: Ue = end.ue
            if ue.cell is not cell.gnb:
                continue
            if isinstance(identity, rrc.STmsi):
                ue.paged(nas.FiveGSTmsi(identity.amf_set_id, identity.amf_pointer, identity.tmsi))
            elif end.suspended is not None and end.suspended.config.full_i_rnti == identity:
                ue_mobility.resume(end, establishment.Cause.MT_ACCESS)

    def secure(self, gnb: Gnb, context: UeContext, then: Callable[[bool], None]) -> None:
        """Security mode command on Uu."""
        terminal = context.terminal
        if isinstance(terminal, GnbRrc):
            terminal.secure(then)
        else:
            then(False)
            gnb.log.append("no UE is there to be secured")

    def configure(
        self, gnb: Gnb, context: UeContext, change: RadioChange, then: Callable[[], None]
    ) -> None:
        """RRC reconfiguration."""
        del gnb
        terminal = context.terminal
        if isinstance(terminal, GnbRrc):
            terminal.configure(change, then)
        else:
            then()

    def prepare(self, source: Gnb, context: UeContext, target: Gnb) -> bytes:
        """HandoverPreparationInformation, with the shortMAC-I of the UE for the target cell."""
        terminal = context.terminal
        capability, mac = security.nr_capability(), 0
        here = self.cell(source).identity
        if isinstance(terminal, GnbRrc) and terminal.security is not None:
            octets = mobility.short_mac_input(
                here.pci, terminal.bearers.ue_id, target.cell_identity
            )
            mac = terminal.security.short_mac(octets)
            capability = terminal.capability or capability
        self.cell(target)
        preparation = mobility.handover_preparation(capability, here.pci, mac)
        return handover_containers.source_to_target(context, source.cell, target.cell, preparation)

    def admit(
        self, target: Gnb, context: UeContext, source_context: UeContext, container: bytes
    ) -> bytes:
        """HandoverCommand with the RRCReconfiguration of the target."""
        del container
        source = source_context.terminal
        if not isinstance(source, GnbRrc):
            return handover_containers.target_to_source()
        message = gnb_mobility.admit(
            self.cell(target), source.endpoint, context, source, by_core=True
        )
        return handover_containers.target_to_source(mobility.handover_command(message))

    async def move(
        self,
        source: Gnb,
        context: UeContext,
        target: Gnb,
        arrived: UeContext,
        container: bytes | None,
    ) -> bool:
        """The command at the source, the UE at the target."""
        old = context.terminal
        if not isinstance(old, GnbRrc):
            return False
        try:
            if container is None:
                message = gnb_mobility.admit(
                    self.cell(target), old.endpoint, arrived, old, by_core=False
                )
            else:
                command = TARGET_TO_SOURCE.decode(container).rrc_container
                message = mobility.commanded(command)
        except DecodeError as error:
            source.log.append(f"a handover command that cannot be read: {error}")
            return False
        new = arrived.terminal
        if not isinstance(new, GnbRrc) or new.arrival is None:
            return False
        arrival = new.arrival
        old.send_message(message)
        try:
            async with asyncio.timeout(target.policy.patience):
                await arrival
        except TimeoutError:
            target.log.append("a UE that was handed over did not arrive")
            new.cell.forget(new)
            arrived.terminal = None
            return False
        context.terminal = None
        old.cell.forget(old)
        return True

    # What a test procedure asks for.

    def end(self, gnb: Gnb, ue: Terminal) -> GnbRrc:
        """RRC of a gNB with a UE. Raises LookupError."""
        terminal = gnb.context(ue).terminal
        if not isinstance(terminal, GnbRrc):
            raise LookupError(f"the UE has no RRC connection with {gnb.name}")
        return terminal

    def deactivate(self, gnb: Gnb, ue: Terminal) -> None:
        """Make a UE inactive. Raises LookupError."""
        gnb_mobility.deactivate(self.end(gnb, ue))

    def is_inactive(self, ue: Terminal) -> bool:
        """Whether a UE is inactive."""
        return self.ue(ue).state is State.INACTIVE


_ACCESSES: WeakKeyDictionary[World, RadioAccess] = WeakKeyDictionary()


def radio_access(world: World) -> RadioAccess:
    """The radio access of a world: one air for all of its cells."""
    found = _ACCESSES.get(world)
    if found is None:
        rrc.load()
        found = _ACCESSES[world] = RadioAccess(world)
    return found
