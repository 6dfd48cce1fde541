"""AS security and radio bearers of a UE at the gNB, as the policy has them (TS 38.331, 5.3.4 to
5.3.6; TS 33.501, 6.6, 6.7.4 and 6.9.4).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from makmal.network.gnb import causes, connections
from makmal.network.gnb.access import RadioChange
from makmal.network.radio import algorithms, gnb_keys
from makmal.network.radio.bearers import signalling_bearer
from makmal.network.radio.gnb_end import GnbEnd
from makmal.protocol import rrc
from makmal.protocol.ngap.enumerations import ProtectionIndication
from makmal.protocol.pdcp import Protection
from makmal.protocol.rrc import establishment, reconfiguration, security
from makmal.security.as_security import AsSecurity
from makmal.trace.frame import Endpoint

if TYPE_CHECKING:
    from makmal.network.gnb.context import SessionResources
    from makmal.network.radio.cell import RadioCell

_REQUIRED, _PREFERRED = ProtectionIndication.REQUIRED, ProtectionIndication.PREFERRED
_LAST_DRB = 32


class GnbBearers(GnbEnd):
    """``chaining_count`` is the NCC that the present key belongs to; ``used_drbs`` are the
    identities of DRBs that this key has protected.
    """

    def __init__(self, cell: RadioCell, endpoint: Endpoint, c_rnti: int) -> None:
        super().__init__(cell, endpoint, c_rnti)
        self.security: AsSecurity | None = None
        self.chaining_count = 0
        self.capability: bytes | None = None
        self.used_drbs: set[int] = set()

    @abstractmethod
    def rename(self, c_rnti: int) -> None:
        """Go on under this C-RNTI, with no bearer left."""

    def send_nas(self, octets: bytes) -> None:
        """A downlink NAS message, on the SRB for it."""
        message = establishment.downlink_nas(self.next_transaction(), octets)
        self.send_message(message, signalling_bearer(self.bearers))

    # AS security (5.3.4; TS 33.501, 6.7.4).

    def protect(self, srb: int, *, activating: bool = False) -> None:
        """Protect an SRB as the policy has it; while security is activated, without ciphering."""
        if self.security is None:
            return
        policy = self.gnb.policy
        self.bearers.protect_srb(
            srb,
            self.security,
            ciphers_sent=policy.ciphers_rrc and not activating,
            deciphers_received=not activating,
            protects_sent=activating or policy.protects_rrc_integrity,
        )

    def add_srb(self, identity: int) -> None:
        """An SRB, protected from the first PDU on."""
        self.bearers.add_srb(identity)
        self.protect(identity)

    def secure(self, then: Callable[[bool], None]) -> None:
        """Security mode command, and the UE's capabilities where they are not known."""

        async def work() -> None:
            then(await self._secure())

        self.enqueue(work)

    async def _secure(self) -> bool:
        context = self.context
        if context is None or self.leaving:
            return False
        if self.security is not None:
            return True
        chosen = algorithms.select(self.gnb.policy, context.security_capabilities)
        self.security = AsSecurity(context.security_key, chosen.ciphering, chosen.integrity)
        self.chaining_count = 0
        # The command itself is protected, and read before it can be verified.
        self.protect(1, activating=True)
        answer = await self.ask(
            lambda transaction: security.security_mode_command(transaction, chosen),
            "securityModeComplete",
        )
        if answer is None:
            return False
        if self.gnb.policy.sends_radio_capability and self.capability is None:
            answer = await self.ask(security.capability_enquiry, "ueCapabilityInformation")
            if answer is not None:
                self.capability = security.nr_capability_of(answer)
        return True

    # Bearers (5.3.5).

    def configure(self, change: RadioChange, then: Callable[[], None]) -> None:
        """Set up and release bearers, and deliver NAS with that."""

        async def work() -> None:
            if self.leaving:
                return
            if await self._configure(change):
                then()
            else:
                self._noted("no answer to an RRCReconfiguration")
                if self.context is not None and not self.leaving:
                    connections.ask_for_release(self.gnb, self.context, causes.CONNECTION_LOST)

        self.enqueue(work)

    async def _configure(self, change: RadioChange) -> bool:
        released = [
            each.drb.identity
            for session in change.released
            if (each := self.bearers.drb_of_session(session)) is not None and each.drb is not None
        ]
        protection = self.security
        if protection is None or not (change.added or released or self._lacks_srb2):
            for octets in change.nas:
                self.send_nas(octets)
            return True
        drbs = []
        for resources in change.added:
            identity = self._free_drb()
            if identity is None:
                if not await self.refresh_key():
                    return False
                identity = self._free_drb()
            if identity is None:
                self._noted("every DRB identity is in use")
                continue
            self.used_drbs.add(identity)
            drbs.append(self.signalled_drb(identity, resources))
        wanted = rrc.Reconfiguration(
            srbs=(2,) if self._lacks_srb2 else (),
            drbs=tuple(drbs),
            released_drbs=tuple(released),
            nas=change.nas,
        )
        for drb in drbs:
            self.add_drb(drb)
        for identity in released:
            self.bearers.remove_drb(identity)

        def sent() -> None:
            if self._lacks_srb2:
                self.add_srb(2)

        answer = await self.ask(
            lambda transaction: reconfiguration.reconfiguration(transaction, wanted),
            "rrcReconfigurationComplete",
            sent=sent,
        )
        return answer is not None

    @property
    def _lacks_srb2(self) -> bool:
        return self.bearers.srb(2) is None

    def _free_drb(self) -> int | None:
        """An identity that the present key has not protected; with the fault, any that is free."""
        taken = set(self.bearers.drbs)
        if self.gnb.policy.refreshes_key_before_drb_reuse:
            taken |= self.used_drbs
        return next((each for each in range(1, _LAST_DRB + 1) if each not in taken), None)

    def signalled_drb(self, identity: int, resources: SessionResources) -> rrc.Drb:
        """How a session's DRB is to be protected: as the SMF's policy has it (33.501, 6.6.1)."""
        policy, wish = self.gnb.policy, resources.security
        integrity = ciphering = policy.protects_if_preferred
        if wish is not None:
            integrity = _active(
                wish.integrity_protection_indication,
                policy.integrity,
                policy.protects_if_preferred,
                policy.obeys_required_integrity,
                policy.obeys_unneeded_integrity,
            )
            ciphering = _active(
                wish.confidentiality_protection_indication,
                policy.confidentiality,
                policy.protects_if_preferred,
                policy.obeys_required_ciphering,
                policy.obeys_unneeded_ciphering,
            )
        return rrc.Drb(
            identity,
            resources.identity,
            resources.flows,
            integrity,
            ciphering,
            uplink_header=len(resources.flows) > 1,
        )

    def add_drb(self, drb: rrc.Drb) -> None:
        """The entities of a DRB: protected as signalled, unless the policy is faulty."""
        if self.security is None:
            return
        made = self.bearers.add_drb(drb, self.security)
        policy, protection = self.gnb.policy, made.transmitter.protection
        if not policy.protects_user_data_as_signalled:
            protection = Protection(None, protection.cipher)
        if not policy.ciphers_user_data_as_signalled:
            protection = Protection(protection.mac, None)
        made.transmitter.protection = protection

    # Keys.

    async def refresh_key(self) -> bool:
        """A new key in the same cell: reconfiguration with sync (33.501, 6.9.4.4)."""
        old = self.security
        if old is None:
            return False
        key, chaining_count = gnb_keys.next_key(self, self.cell.identity)
        drbs = tuple(
            replace(each.drb, reestablished=True)
            for each in self.bearers.drbs.values()
            if each.drb is not None
        )
        srbs = (1,) if self._lacks_srb2 else (1, 2)
        wanted = rrc.Reconfiguration(
            reestablished_srbs=srbs,
            drbs=drbs,
            key_update=rrc.KeyUpdate(chaining_count),
            sync=rrc.Sync(self.cell.identity, self.cell.random_access()),
        )

        def sent() -> None:
            self.chaining_count = chaining_count
            renewed = AsSecurity(key, old.ciphering, old.integrity)
            self.take_key(renewed, wanted, srbs)

        answer = await self.ask(
            lambda transaction: reconfiguration.reconfiguration(transaction, wanted),
            "rrcReconfigurationComplete",
            sent=sent,
        )
        return answer is not None

    def take_key(
        self, renewed: AsSecurity, wanted: rrc.Reconfiguration, srbs: tuple[int, ...]
    ) -> None:
        """Everything begins anew under a new key, and C-RNTI where the message gave one."""
        self.security = renewed
        c_rnti = self.bearers.ue_id if wanted.sync is None else wanted.sync.c_rnti
        self.rename(c_rnti)
        for identity in srbs:
            self.add_srb(identity)
        for drb in wanted.drbs:
            self.add_drb(drb)
        self.used_drbs = {each.identity for each in wanted.drbs}

    async def counter_check(self) -> tuple[rrc.DrbCount, ...] | None:
        """The DRBs whose COUNTs differ at the UE (5.3.6; TS 33.501, 6.13); None for no answer."""
        counts = [
            rrc.DrbCount(
                identity,
                max(each.receiver.next_count - 1, 0),
                max(each.transmitter.next_count - 1, 0),
            )
            for identity, each in self.bearers.drbs.items()
        ]
        answer = await self.ask(
            lambda transaction: security.counter_check(transaction, counts),
            "counterCheckResponse",
        )
        return None if answer is None else security.differing_counts(answer)


def _active(
    wish: int, possible: bool, if_preferred: bool, obeys_required: bool, obeys_unneeded: bool
) -> bool:
    if wish == _REQUIRED:
        return obeys_required
    if wish == _PREFERRED:
        return possible and if_preferred
    return not obeys_unneeded
