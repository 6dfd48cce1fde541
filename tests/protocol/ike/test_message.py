"""IKEv2: what is built is read back, also by tshark; what is damaged raises DecodeError only."""

from __future__ import annotations

import subprocess
from io import BytesIO
from pathlib import Path
from shutil import which

import pytest
from hypothesis import given
from hypothesis import strategies as st

from makmal.network.frame_recorder import FrameRecorder
from makmal.protocol import ike
from makmal.protocol.errors import DecodeError
from makmal.trace.frame import Endpoint

KIND = ike.TransformType
WEAK = (
    ike.Transform(KIND.ENCRYPTION, ike.Encryption.ENCR_DES),
    ike.Transform(KIND.PSEUDO_RANDOM_FUNCTION, ike.PseudoRandomFunction.PRF_HMAC_MD5),
    ike.Transform(KIND.INTEGRITY, ike.Integrity.AUTH_HMAC_MD5_96),
    ike.Transform(KIND.DIFFIE_HELLMAN, ike.DiffieHellmanGroup.MODP_768),
)
STRONG = (
    ike.Transform(KIND.ENCRYPTION, ike.Encryption.ENCR_AES_GCM_16, 128),
    ike.Transform(KIND.PSEUDO_RANDOM_FUNCTION, ike.PseudoRandomFunction.PRF_HMAC_SHA2_256),
    ike.Transform(KIND.DIFFIE_HELLMAN, ike.DiffieHellmanGroup.MODP_2048),
)
SPI, RANDOM = bytes(range(1, 9)), bytes(range(32))


@pytest.mark.parametrize("transforms", [WEAK, STRONG])
def test_an_offer_is_read_back(transforms: tuple[ike.Transform, ...]) -> None:
    message = ike.decode(ike.initial_request(SPI, transforms, RANDOM))
    assert (message.initiator_spi, message.responder_spi) == (SPI, bytes(8))
    assert message.name == "IKE_SA_INIT request"
    (proposal,) = message.proposals
    assert (proposal.protocol, proposal.transforms) == (1, transforms)
    assert message.notifications == ()


def test_what_nobody_may_use_is_told_from_what_is_sound() -> None:
    assert all(each.is_forbidden for each in WEAK)
    assert not any(each.is_forbidden for each in STRONG)
    assert STRONG[0].name == "ENCR_AES_GCM_16-128"
    assert ike.transform_name(1, 1000) == "transform 1/1000"


def test_a_group_without_a_made_up_value_is_refused() -> None:
    curve = ike.Transform(KIND.DIFFIE_HELLMAN, ike.DiffieHellmanGroup.ECP_256)
    with pytest.raises(ValueError, match="group 19"):
        ike.initial_request(SPI, (curve,), RANDOM)


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"", "cut short"),
        (bytes(17) + b"\x10" + bytes(10), "version 1"),
        (bytes(16) + b"\x21\x20" + bytes(6) + b"\0\0\0\x40", "a length of 64 in 28"),
    ],
)
def test_what_is_no_message_raises(octets: bytes, reason: str) -> None:
    with pytest.raises(DecodeError, match=reason):
        ike.decode(octets)


@given(st.data())
def test_damage_raises_nothing_else(data: st.DataObject) -> None:
    octets = bytearray(ike.initial_request(SPI, WEAK, RANDOM))
    for _ in range(data.draw(st.integers(1, 4))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    try:
        message = ike.decode(bytes(octets[: data.draw(st.integers(0, len(octets)))]))
        assert message.name
        assert isinstance(message.proposals, tuple)
        assert isinstance(message.notifications, tuple)
    except DecodeError as error:
        assert 0 <= error.offset <= len(octets)


def test_tshark_reads_the_same(tmp_path: Path) -> None:
    if which("tshark") is None:
        pytest.skip("tshark is not installed")
    stream = BytesIO()
    ends = Endpoint("198.18.9.1", 40000), Endpoint("198.18.9.2", 500)
    FrameRecorder(stream).datagram(1, *ends, ike.initial_request(SPI, WEAK, RANDOM))
    file = tmp_path / "ike.pcapng"
    file.write_bytes(stream.getvalue())
    fields = ("isakmp.exchangetype", "isakmp.tf.id.encr", "isakmp.tf.id.prf", "isakmp.tf.id.dh")
    command = ["tshark", "-r", str(file), "-T", "fields"]
    for each in (*fields, "_ws.malformed"):
        command += ["-e", each]
    read = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert read.rstrip("\n").split("\t")[:4] == ["34", "2", "1", "1"]
    assert "alformed" not in read
