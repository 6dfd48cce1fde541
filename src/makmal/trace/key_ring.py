"""Where the keys of a UE's security context can come from.

From the knowledge file (the long-term key, or any key below it), and from the trace itself where a
service-based interface in clear text shows KAUSF, KSEAF or the subscription to whoever listens.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from makmal.security import keys, milenage, suci, tuak
from makmal.trace.knowledge import Knowledge, Subscriber
from makmal.trace.user_equipment import Challenge, UserEquipment

_REMEMBERED = 50_000
_SERVING_NETWORK_NAMES = 16
_DEEPEST = 12

K = TypeVar("K")
V = TypeVar("V")


class _Recent(OrderedDict[K, V]):
    """A mapping that forgets its oldest entries, so that a long trace needs bounded memory."""

    def __setitem__(self, key: K, value: V) -> None:
        super().__setitem__(key, value)
        self.move_to_end(key)
        if len(self) > _REMEMBERED:
            self.popitem(last=False)


class KeyRing:
    """Key candidates for UEs; whether one is right, the MAC of the message tells."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._k_ausf_by_rand: _Recent[bytes, bytes] = _Recent()
        self._supi_by_rand: _Recent[bytes, str] = _Recent()
        self._k_seaf_by_supi: _Recent[str, bytes] = _Recent()
        self._seen_subscribers: _Recent[str, Subscriber] = _Recent()
        self._serving_network_names: dict[str, None] = {}
        self._revealed: _Recent[tuple[int, int, bytes], bytes | None] = _Recent()

    def learn(self, document: Any, supi: str | None) -> None:
        """Take what the JSON body of a service request or response shows.

        ``supi`` is the one that the resource path or the request names, if any.
        """
        if not isinstance(document, dict):
            return
        named = document.get("supi", document.get("supiOrSuci", supi))
        if isinstance(named, str) and named.startswith(("imsi-", "nai-")):
            supi = named
        for entry in _objects(document):
            self._learn_entry(entry, supi)

    def _learn_entry(self, entry: dict[str, Any], supi: str | None) -> None:
        name = entry.get("servingNetworkName")
        if isinstance(name, str) and len(self._serving_network_names) < _SERVING_NETWORK_NAMES:
            self._serving_network_names.setdefault(name)
        rand = _octets(entry.get("rand"), 16)
        if rand is not None and supi is not None:
            self._supi_by_rand[rand] = supi
        k_ausf = _octets(entry.get("kausf"), 32)
        if rand is not None and k_ausf is not None:
            self._k_ausf_by_rand[rand] = k_ausf
        k_seaf = _octets(entry.get("kseaf"), 32)
        if k_seaf is not None and supi is not None:
            self._k_seaf_by_supi[supi] = k_seaf
        key = _octets(entry.get("encPermanentKey"), 16)
        constant = _octets(entry.get("encOpcKey"), 16)
        if key is not None and constant is not None and supi is not None:
            self._seen_subscribers[supi] = Subscriber(supi, key, constant)

    def supi_of(self, concealed: str | None, challenge: Challenge | None) -> str | None:
        """The SUPI that the challenge was made for, if any source tells."""
        if challenge is None:
            return None
        supi = self._supi_by_rand.get(challenge.rand)
        if supi is not None:
            return supi
        for subscriber in self._knowledge.subscribers.values():
            if _made_challenge(subscriber, challenge):
                return subscriber.supi
        return None

    def reveal(self, scheme: int, key_identifier: int, scheme_output: bytes) -> bytes | None:
        """The plain scheme input of a SUCI, when its home network key is known and fits."""
        asked = (scheme, key_identifier, scheme_output)
        if asked not in self._revealed:
            self._revealed[asked] = self._reveal(scheme, key_identifier, scheme_output)
        return self._revealed[asked]

    def _reveal(self, scheme: int, key_identifier: int, scheme_output: bytes) -> bytes | None:
        for key in self._knowledge.home_network_keys:
            if (key.scheme, key.identifier) == (scheme, key_identifier):
                try:
                    return suci.deconceal(scheme, key.private_key, scheme_output)
                except suci.SuciError:
                    continue
        return None

    def k_amf(self, user_equipment: UserEquipment) -> Iterator[bytes]:
        """KAMF candidates for the UE (TS 33.501, A.6 and A.7), the likeliest first."""
        challenge = user_equipment.challenge
        supi = user_equipment.supi
        abba = challenge.abba if challenge is not None else b"\0\0"
        names = list(self._names(user_equipment))
        if challenge is not None and supi is not None:
            k_ausf = self._k_ausf_by_rand.get(challenge.rand)
            if k_ausf is not None:
                yield from _from_k_ausf(k_ausf, supi, names, abba)
            for source in (self._knowledge.subscribers, self._seen_subscribers):
                subscriber = source.get(supi)
                if subscriber is not None:
                    yield from _from_subscriber(subscriber, challenge, names)
        if supi is not None and supi in self._k_seaf_by_supi:
            yield keys.k_amf(self._k_seaf_by_supi[supi], supi, abba)
        if user_equipment.current is not None and user_equipment.current.k_amf is not None:
            yield user_equipment.current.k_amf
        for given in self._knowledge.nas_keys:
            if given.supi is not None and supi is not None and given.supi != supi:
                continue
            if given.k_amf is not None:
                yield given.k_amf
            if given.supi is None:
                continue
            if given.k_seaf is not None:
                yield keys.k_amf(given.k_seaf, given.supi, abba)
            if given.k_ausf is not None:
                yield from _from_k_ausf(given.k_ausf, given.supi, names, abba)

    def nas_keys(
        self, user_equipment: UserEquipment
    ) -> Iterator[tuple[bytes | None, bytes | None]]:
        """(KNASenc, KNASint) pairs that were given outright."""
        for given in self._knowledge.nas_keys:
            if given.supi in (None, user_equipment.supi) and (given.k_nas_enc or given.k_nas_int):
                yield given.k_nas_enc, given.k_nas_int

    def _names(self, user_equipment: UserEquipment) -> Iterable[str]:
        plmn = user_equipment.serving_plmn
        if plmn is not None:
            yield keys.serving_network_name(plmn[:3], plmn[3:])
        yield from self._serving_network_names


def _made_challenge(subscriber: Subscriber, challenge: Challenge) -> bool:
    verifies = (
        milenage.verifies_autn if subscriber.algorithm_set == "milenage" else tuak.verifies_autn
    )
    return verifies(subscriber.key, subscriber.operator_constant, challenge.rand, challenge.autn)


def _from_subscriber(
    subscriber: Subscriber, challenge: Challenge, names: list[str]
) -> Iterator[bytes]:
    derive = milenage.ck_ik if subscriber.algorithm_set == "milenage" else tuak.ck_ik
    ck, ik = derive(subscriber.key, subscriber.operator_constant, challenge.rand)
    for name in names:
        k_ausf = keys.k_ausf(ck, ik, name, challenge.autn[:6])
        yield from _from_k_ausf(k_ausf, subscriber.supi, [name], challenge.abba)


def _from_k_ausf(k_ausf: bytes, supi: str, names: list[str], abba: bytes) -> Iterator[bytes]:
    for name in names:
        yield keys.k_amf(keys.k_seaf(k_ausf, name), supi, abba)


def _objects(document: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    if depth > _DEEPEST:
        return
    if isinstance(document, dict):
        yield document
        for value in document.values():
            if isinstance(value, dict | list):
                yield from _objects(value, depth + 1)
    elif isinstance(document, list):
        for value in document:
            if isinstance(value, dict | list):
                yield from _objects(value, depth + 1)


def _octets(value: Any, length: int) -> bytes | None:
    if value is None or not isinstance(value, str) or len(value) != length * 2:
        return None
    try:
        octets = bytes.fromhex(value)
    except ValueError:
        return None
    # Python passes over spaces between the digits.
    return octets if len(octets) == length else None
