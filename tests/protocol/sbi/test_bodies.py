"""Bodies and paths: multipart, JSON as it is, and the names of services."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from makmal.protocol.errors import DecodeError
from makmal.protocol.sbi import PRODUCERS, HttpMessage, Observer, parse_json, service_of
from makmal.protocol.sbi.multipart import Part, boundary_of, decode, encode
from makmal.trace.frame import TcpChunk

OPENAPI = Path(__file__).parents[3].parent / "shared" / "openapi"
PART = st.builds(
    Part,
    st.just((("Content-Type", "application/octet-stream"), ("Content-Id", "n1"))),
    st.binary(max_size=60),
)


def multipart_bodies(chunks: list[TcpChunk]) -> list[HttpMessage]:
    observers: dict[int, Observer] = {}
    found = []
    for chunk in chunks:
        observer = observers.setdefault(chunk.connection, Observer())
        found += observer.feed(chunk.source, chunk.payload, lost=chunk.lost)
    # One core announces multipart over bodies that are plain JSON.
    return [message for message in found if message.body.lstrip(b"\r\n").startswith(b"--")]


def test_bodies_of_real_cores_come_back(open5gs: list[TcpChunk], oai: list[TcpChunk]) -> None:
    found = multipart_bodies(open5gs) + multipart_bodies(oai)
    assert len(found) >= 9
    for message in found:
        boundary = boundary_of(message.content_type)
        assert boundary is not None
        kinds = [part.content_type for part in message.parts]
        assert kinds[0].startswith("application/json")
        assert all(kind.startswith("application/vnd.3gpp.") for kind in kinds[1:])
        again = encode(message.parts, boundary)
        # One core puts an empty line before the first boundary, or none after the last.
        assert again.strip(b"\r\n") == message.body.strip(b"\r\n")
        assert decode(again, message.content_type) == message.parts
        assert message.json().value


@given(st.lists(PART, min_size=1, max_size=5))
def test_parts_come_back(parts: list[Part]) -> None:
    boundary = "a-boundary-that-no-body-holds"
    body = encode(tuple(parts), boundary)
    assert decode(body, f"multipart/related; boundary={boundary}") == tuple(parts)


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        ("multipart/related; boundary=----Boundary", "----Boundary"),
        ('multipart/related; boundary="=-w/A+I==" ; type=x', "=-w/A+I=="),
        ("multipart/related;BOUNDARY = b", "b"),
        ("application/json", None),
    ],
)
def test_boundaries(content_type: str, boundary: str | None) -> None:
    assert boundary_of(content_type) == boundary


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "does not occur"),
        (b"--b\r\nA: b\r\n\r\nx", "closing boundary"),
        (b"--b\r\nno empty line\r\n--b--", "without an empty line"),
        (b"--b\r\nno colon\r\n\r\nx\r\n--b--", "without a colon"),
    ],
)
def test_what_is_no_multipart(body: bytes, reason: str) -> None:
    with pytest.raises(DecodeError, match=reason):
        decode(body, "multipart/related; boundary=b")
    with pytest.raises(DecodeError, match="names no boundary"):
        decode(body, "multipart/related")


@given(st.binary(max_size=200))
def test_any_octets_as_multipart(body: bytes) -> None:
    for octets in (body, b"--b\r\n" + body + b"\r\n--b--"):
        try:
            decode(octets, "multipart/related; boundary=b")
        except DecodeError as error:
            assert 0 <= error.offset <= len(octets)


@pytest.mark.parametrize(
    ("text", "duplicates"),
    [
        ('{"a": 1, "b": {"a": 1}}', ()),
        ('{"a": 1, "a": 1}', ("a",)),
        ('{"x": [{"b": {"c": 1, "c": 2}}], "x": 0}', ("c", "x")),
        ("[]", ()),
        ('"text"', ()),
    ],
)
def test_duplicate_keys_are_told(text: str, duplicates: tuple[str, ...]) -> None:
    assert parse_json(text.encode()).duplicate_keys == duplicates


@pytest.mark.parametrize(
    ("octets", "offset", "reason"),
    [
        (b"", 0, "Expecting value"),
        (b'{"a": NaN}', 0, "no JSON value"),
        (b'{"\xff": 1}', 2, "UTF-8"),
        ('{"ä": 1,}'.encode(), 9, "Expecting property name"),
        (b"[" * 100_000, 0, "nested"),
        (b"1" * 5000, 0, "digits"),
    ],
)
def test_what_is_no_json(octets: bytes, offset: int, reason: str) -> None:
    with pytest.raises(DecodeError, match=reason) as raised:
        parse_json(octets)
    assert raised.value.offset == offset


@given(st.binary(max_size=100) | st.text(max_size=100).map(str.encode))
def test_any_octets_as_json(octets: bytes) -> None:
    try:
        parse_json(octets)
    except DecodeError as error:
        assert 0 <= error.offset <= len(octets)


def test_a_message_with_several_content_types_is_read_by_the_one_with_a_boundary() -> None:
    body = encode((Part((("Content-Type", "application/json"),), b'{"a": 1}'),), "b")
    message = HttpMessage(
        True,
        "1.1",
        headers=(
            ("Content-Type", "application/json"),
            ("content-type", "multipart/related; boundary=b"),
        ),
        body=body,
    )
    assert message.json().value == {"a": 1}


@pytest.mark.parametrize(
    ("authorization", "token"),
    [
        ("Bearer abc", "abc"),
        ("bearer  abc ", "abc"),
        ("Basic abc", None),
        ("Bearer", None),
        (None, None),
        ("Bearer �", None),
    ],
)
def test_bearer_tokens(authorization: str | None, token: str | None) -> None:
    headers = () if authorization is None else (("Authorization", authorization),)
    assert HttpMessage(True, "2", headers=headers).bearer_token == token


@pytest.mark.parametrize(
    ("path", "service", "producer", "is_callback"),
    [
        ("/nudm-sdm/v2/imsi-1/am-data?x=/nausf-auth/v1", "nudm-sdm", "UDM", False),
        ("/prefix/of/root/namf-comm/v1/ue-contexts/a/n1-n2-messages", "namf-comm", "AMF", False),
        ("http://10.0.0.1:80/nnrf-nfm/v1/nf-instances", "nnrf-nfm", "NRF", False),
        ("/oauth2/token", "oauth2", "NRF", False),
        ("/nudr-dr/v1/subscription-data/subs-to-notify", "nudr-dr", "UDR", False),
        ("/namf-callback/v1/imsi-1/dereg-notify", "namf-callback", None, True),
        ("/nnrf-nfm/v1/nf-status-notify", "nnrf-nfm", None, True),
    ],
)
def test_paths_name_services(
    path: str, service: str, producer: str | None, is_callback: bool
) -> None:
    operation = service_of(path)
    assert operation is not None
    assert (operation.service, operation.producer) == (service, producer)
    assert operation.is_callback is is_callback


@pytest.mark.parametrize("path", ["/", "/index.html", "/api/v1/users", "/nudm", "/n" * 5000])
def test_paths_that_are_no_service(path: str) -> None:
    assert service_of(path) is None


def test_every_service_of_the_openapi_files_is_known() -> None:
    files = sorted(OPENAPI.glob("TS29*_N*.yaml"))
    if not files:
        pytest.skip("the 3GPP OpenAPI files are not here")
    names = set()
    for path in files:
        for line in path.read_text(encoding="utf-8").splitlines():
            if "{apiRoot}/n" in line:
                names.add(line.split("{apiRoot}/")[1].split("/")[0])
    assert len(names) > 40
    assert names <= set(PRODUCERS)
