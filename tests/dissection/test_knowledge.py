"""The keys file: what it holds, and what it says about mistakes."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import pytest

from makmal.trace.knowledge import (
    HomeNetworkKey,
    Knowledge,
    KnowledgeError,
    NasKeys,
    Subscriber,
    knowledge_text,
    load_knowledge,
    parse_knowledge,
)

SUBSCRIBER = """
[[subscriber]]
supi = "imsi-999700000000001"
k = "465b5ce8b199b49faa5f0a2ee238a6bc"
opc = "cd63cb71954a9f4e48a5994e37a02baf"
"""


def test_an_empty_file_knows_nothing() -> None:
    assert parse_knowledge("") == Knowledge()


def test_op_gives_the_opc_of_ts_35_208_test_set_1() -> None:
    given = parse_knowledge(SUBSCRIBER)
    by_op = parse_knowledge(
        SUBSCRIBER.replace("opc", "op").replace(
            "cd63cb71954a9f4e48a5994e37a02baf", "cdc202d5123e20f62b6d676ac72cb318"
        )
    )
    assert given == by_op
    assert given.subscribers["imsi-999700000000001"] == Subscriber(
        "imsi-999700000000001",
        bytes.fromhex("465b5ce8b199b49faa5f0a2ee238a6bc"),
        bytes.fromhex("cd63cb71954a9f4e48a5994e37a02baf"),
    )


def test_interfaces_are_known_by_both_ends() -> None:
    knowledge = parse_knowledge(
        '[interface_addresses]\nn3 = ["192.0.2.0/24", "2001:db8::1"]\nn4 = ["198.51.100.1"]\n'
    )
    assert knowledge.interface_between("192.0.2.7", "192.0.2.9") == "n3"
    assert knowledge.interface_between("192.0.2.7", "2001:db8::1") == "n3"
    assert knowledge.interface_between("192.0.2.7", "198.51.100.1") is None
    assert knowledge.interface_between("198.51.100.1", "198.51.100.1") == "n4"


def test_the_document_describes_every_entry(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "keys.md").read_text(encoding="utf-8")
    example = text.split("```toml\n")[1].split("```")[0]
    example = example.replace('"..."', f'"{"00" * 32}"').replace('# or op = "..."', "")
    path = tmp_path / "keys.toml"
    path.write_text(example, encoding="utf-8")
    (tmp_path / "sslkeys.log").write_text(f"CLIENT_RANDOM {'00' * 32} {'11' * 48}\n")
    knowledge = load_knowledge(path)
    assert "11" * 48 in knowledge.tls_key_log
    assert len(knowledge.subscribers) == 1
    assert len(knowledge.nas_keys) == 1
    assert len(knowledge.home_network_keys) == 1
    assert knowledge.integrity_algorithms == (2, 1)
    assert knowledge.ciphering_algorithms == (2, 1)
    assert set(knowledge.declared_protection) == {"n3"}
    assert set(knowledge.interface_addresses) == {"n2", "n3", "sbi"}


def test_what_is_written_reads_as_what_was_known() -> None:
    subscribers = (
        Subscriber("imsi-999700000000001", bytes(range(16)), bytes(range(16, 32))),
        Subscriber('nai-a"b\\c\x7f@example.org', bytes(32), bytes(range(32)), "tuak"),
    )
    knowledge = Knowledge(
        subscribers={each.supi: each for each in subscribers},
        nas_keys=(
            NasKeys(k_amf=bytes(range(32))),
            NasKeys("imsi-999700000000001", k_ausf=b"a" * 32, k_seaf=b"s" * 32),
            NasKeys(k_nas_enc=b"e" * 16, k_nas_int=b"i" * 16),
        ),
        home_network_keys=(HomeNetworkKey(1, 1, bytes(32)), HomeNetworkKey(255, 2, b"k" * 32)),
        integrity_algorithms=(2, 1, 3, 0),
        ciphering_algorithms=(0,),
        declared_protection={"n2": "IPsec", "sbi": 'a "mesh"\nof TLS'},
        interface_addresses={"n3": (ip_network("192.0.2.0/24"), ip_network("2001:db8::1"))},
    )
    assert parse_knowledge(knowledge_text(knowledge)) == knowledge
    assert parse_knowledge(knowledge_text(Knowledge())) == Knowledge()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[[subscriber", "line 1: not valid TOML"),
        ("a = " + "[" * 5000, "nested too deeply"),
        ("amf = { integrity = [] }\n", "line 1: integrity: no such entry"),
        ("\namf.ciphering_algorithms = 3\n", "line 2: ciphering_algorithms: must be a list"),
        ("[interface_addresses]\nn3 = [5]\n", "line 2: n3: must be a list of addresses"),
        ("[[subscribers]]\n", "line 1: subscribers: no such entry"),
        (SUBSCRIBER.replace("465b", "46"), "line 4: k: must be 32 hexadecimal digits, and has 30"),
        (SUBSCRIBER.replace("465b", "zz5b"), "line 4: k: must be 32 hexadecimal digits"),
        (SUBSCRIBER.replace("imsi-9", "9"), "line 3: supi: must be a SUPI"),
        (SUBSCRIBER + 'op = "00"\n', "line 5: opc: give either opc or op"),
        (SUBSCRIBER + "colour = 1\n", "line 6: colour: no such entry"),
        (SUBSCRIBER.replace('k = "', "k = 4 #"), "line 4: k: must be 32 hexadecimal digits"),
        (SUBSCRIBER + SUBSCRIBER.replace("465b", "46"), "line 9: k"),
        ("subscriber = 3\n", "line 1: subscriber: must be tables"),
        ("[amf]\nintegrity_algorithms = []\n", "line 2: integrity_algorithms: must be a list"),
        ('[amf]\nciphering_algorithms = ["NIA2"]\n', "is not an algorithm of this list"),
        ('[[nas_keys]]\nk_seaf = "' + "00" * 32 + '"\n', "supi: is missing"),
        ("[[home_network_key]]\nidentifier = 999\n", "profile: is missing"),
        ('[declared_protection]\nn3 = ""\n', "line 2: n3: must be a text in quotes"),
        ('[interface_addresses]\nn3 = ["nowhere"]\n', "line 2: n3: 'nowhere' does not appear"),
        ('[interface_addresses]\nn7 = ["192.0.2.1"]\n', "line 2: n7: no such entry"),
        ("[[subscriber]]\n", "line 1: k: is missing in [subscriber]"),
    ],
)
def test_a_mistake_is_answered_with_its_line(text: str, expected: str) -> None:
    with pytest.raises(KnowledgeError) as raised:
        parse_knowledge(text, "keys.toml")
    assert str(raised.value).startswith("keys.toml")
    assert expected in str(raised.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match="No such file"):
        load_knowledge(tmp_path / "absent.toml")
    with pytest.raises(KnowledgeError, match="Is a directory"):
        load_knowledge(tmp_path)
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(KnowledgeError, match="not a text file"):
        load_knowledge(tmp_path / "binary")
