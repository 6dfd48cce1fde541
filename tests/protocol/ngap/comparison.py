"""Our value of an element against pycrate's, member by member, along pycrate's ASN.1 type."""

from __future__ import annotations

import dataclasses
from ipaddress import ip_address
from typing import Any

from makmal.protocol.errors import DecodeError
from makmal.protocol.ngap import ie, transfer
from makmal.protocol.ngap.types import PLMN, UnknownChoice
from makmal.protocol.ngap.values import Cause

_OTHER_NAMES = {"handoverRequestTransfer": "pDUSessionResourceSetupRequestTransfer"}
_EXTENSIONS = {"iE-Extensions", "iE-Extension", "choice-Extensions"}


def types_by_identifier(module: Any) -> dict[int, Any]:
    """pycrate's type of every protocol IE, out of all messages and the two request transfers."""
    found = {}
    for holder in (module.NGAP_PDU_Contents, module.NGAP_IEs):
        for name in dir(holder):
            values = getattr(getattr(holder, name), "_val", None)
            if name.endswith("IEs") and hasattr(values, "root"):
                for each in values.root:
                    if "Value" in each:
                        found.setdefault(each["id"], each["Value"])
    return found


class Comparison:
    """Compares values; every difference is told with the path to it."""

    def __init__(self, module: Any) -> None:
        self._module = module
        self.types = types_by_identifier(module)
        self.compared = 0

    def element(self, identifier: int, theirs: Any, ours: Any) -> None:
        """A whole element, transfer containers opened."""
        self._compare(self.types[identifier], theirs, ours, str(identifier), identifier)

    def _compare(self, kind: Any, theirs: Any, ours: Any, path: str, identifier: int) -> None:
        if isinstance(ours, Cause):
            assert theirs[1] == ours.name, path
            self.compared += 1
        elif kind.TYPE == "CHOICE":
            name, value = theirs
            if name == "choice-Extensions":
                assert isinstance(ours, UnknownChoice), path
                assert value["id"] == ours.element.identifier, path
            else:
                self._compare(kind._cont[name], value, ours, f"{path}.{name}", identifier)
        elif kind.TYPE == "SEQUENCE":
            self._sequence(kind, theirs, ours, path, identifier)
        elif kind.TYPE == "SEQUENCE OF":
            members = self._only_member(ours) if dataclasses.is_dataclass(ours) else ours
            assert len(theirs) == len(members), path
            for index, pair in enumerate(zip(theirs, members, strict=True)):
                self._compare(kind._cont, *pair, f"{path}[{index}]", identifier)
        else:
            self._scalar(kind, theirs, ours, path)

    def _sequence(self, kind: Any, theirs: Any, ours: Any, path: str, identifier: int) -> None:
        if isinstance(ours, transfer.RequestTransfer):
            for their_element, our_element in zip(
                theirs["protocolIEs"], ours.elements, strict=True
            ):
                assert their_element["id"] == our_element.identifier
            for their_element, (_, value) in zip(theirs["protocolIEs"], ours.items(), strict=True):
                self.element(their_element["id"], their_element["value"][1], value)
            return
        names = [name for name in kind._cont if name not in _EXTENSIONS]
        fields = [each.name for each in dataclasses.fields(ours) if each.name != "extensions"]
        if len(fields) == 1 != len(names):
            self._sequence(kind, theirs, getattr(ours, fields[0]), path, identifier)
            return
        assert len(names) == len(fields), (path, names, fields)
        # By name, or where we have another name for it by its place.
        fields_by_name = {field.replace("_", ""): field for field in fields}
        plain_names = [name.replace("-", "").lower() for name in names]
        if set(plain_names) == set(fields_by_name):
            fields = [fields_by_name[name] for name in plain_names]
        for name, field in zip(names, fields, strict=True):
            value = getattr(ours, field)
            if name not in theirs:
                assert value is None, f"{path}.{name}"
            elif field == "transfer":
                self._transfer(name, theirs[name], value, identifier)
            else:
                self._compare(kind._cont[name], theirs[name], value, f"{path}.{name}", identifier)

    def _transfer(self, name: str, theirs: Any, ours: bytes, identifier: int) -> None:
        aper = ie.transfer_type(identifier)
        assert aper is not None
        # TS 38.413, 9.4.5: a handover request carries the transfer of a setup.
        their_name = _OTHER_NAMES.get(name, name)
        container = getattr(self._module.NGAP_IEs, their_name[0].upper() + their_name[1:])
        container.from_aper(ours)
        read = container.get_val()
        # pycrate opens some containers by itself, and leaves others as octets.
        assert theirs == ours or theirs[1] == read
        try:
            value = aper.decode(ours)
        except DecodeError as error:
            raise AssertionError(f"{name}: {error}") from None
        assert aper.encode(value) == ours
        assert container.to_aper() == ours
        self._compare(container, read, value, name, identifier)

    def _scalar(self, kind: Any, theirs: Any, ours: Any, path: str) -> None:
        self.compared += 1
        if dataclasses.is_dataclass(ours):
            ours = self._only_member(ours)
        if kind.TYPE == "ENUMERATED":
            names = [*kind._root, *(kind._ext or ())]
            assert ours is None or names.index(theirs) == ours, path
        elif kind.TYPE == "BIT STRING":
            if isinstance(ours, str):
                packed = b"".join(ip_address(part).packed for part in ours.split(" "))
                assert theirs == (int.from_bytes(packed, "big"), len(packed) * 8), path
            elif isinstance(ours, bytes):
                assert theirs == (int.from_bytes(ours, "big"), len(ours) * 8), path
            else:
                assert theirs == ours or theirs[0] == ours, path
        elif isinstance(theirs, bytes) and isinstance(ours, int):
            assert int.from_bytes(theirs, "big") == ours, path
        elif isinstance(theirs, bytes) and isinstance(ours, str):
            assert PLMN.encode(ours) == theirs, path
        else:
            assert theirs == ours, path

    @staticmethod
    def _only_member(ours: Any) -> Any:
        """What a class that stands for a CHOICE holds of the alternative that was taken."""
        members = [
            getattr(ours, each.name)
            for each in dataclasses.fields(ours)
            if each.name != "extensions" and getattr(ours, each.name) is not None
        ]
        assert len(members) <= 1, ours
        return members[0] if members else None
