"""The target file: what it says, and what is said about mistakes in it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from makmal.bench.end_target import END_CLASSES
from makmal.bench.target import NETWORK_FUNCTIONS, Target, TargetError, load_target, parse_target
from makmal.network.plan import FUNCTIONS, NetworkPlan
from makmal.network.scope import OutOfScopeError, Scope
from makmal.trace.frame import Endpoint
from makmal.trace.knowledge import knowledge_text, parse_knowledge

ROOT = Path(__file__).parents[2]
EMBEDDED = '[product]\nclass = "AMF"\nattachment = "embedded"\n'
SURROUNDED = """
[product]
name = "An AMF"
vendor = "Its vendor"
version = "1.0"
class = "AMF"
attachment = "surrounded"
[network]
mcc = "999"
mnc = "70"
tac = 1
slices = ["1"]
dnns = ["internet"]
[addresses]
n2 = "10.77.0.2"
sbi = "10.77.0.3:7778"
[laboratory]
first_address = "10.77.0.10"
[scope]
networks = ["10.77.0.0/24"]
"""
SUBSCRIBER = """[[subscriber]]
supi = "imsi-999700000000001"
k = "465b5ce8b199b49faa5f0a2ee238a6bc"
opc = "e8ed289deba952e4283b54e88e6183ca"
"""
SURROUNDED += SUBSCRIBER


def documented() -> Target:
    text = (ROOT / "docs" / "target.md").read_text(encoding="utf-8")
    return parse_target(text.split("```toml\n")[1].split("```")[0], "target.md")


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.toml")), ids=lambda p: p.name)
def test_every_example_is_valid(path: Path) -> None:
    if "[product]" in path.read_text(encoding="utf-8"):
        target = load_target(path)
        assert target.subscriptions or target.product.product_class in END_CLASSES


def test_the_document_describes_every_field() -> None:
    target = documented()
    assert target.product.product_class == "AMF"
    assert target.network.absent == {"AMF"}
    assert target.network.addresses["NRF"] == "10.77.0.200"
    assert target.network.addresses["gNB"] == "10.77.0.10"
    assert len(target.subscriptions) == 20
    assert target.subscriptions[19].supi == "imsi-999700000000020"
    assert target.features == {"emergency", "nssaa", "oauth2"}
    assert target.integrity_algorithms == (2, 1)
    assert target.ciphering_algorithms == (2, 1, 0)
    assert target.authenticated_slice == (2, "000002")
    assert set(target.hooks) == {"start", "stop", "logs", "alive", "reconfigure"}
    assert target.hooks["reconfigure"].seconds == 90
    assert target.declarations["guti-generator"].endswith("(A. Vendor, 2026-01-31)")
    assert target.laboratory.network_namespace == "lab"


def test_the_embedded_network_needs_three_lines() -> None:
    target = parse_target(EMBEDDED)
    assert target.plan().absent == frozenset()
    assert target.laboratory.world == "simulated"
    assert target.plan().slices == ((1, None), (2, "000002"))
    assert len(target.subscriptions) == 16
    on_the_wire = parse_target(EMBEDDED + '[laboratory]\nworld = "wire"\n')
    assert set(on_the_wire.plan().addresses) == set(FUNCTIONS)
    assert all(each.startswith("127.0.1.") for each in on_the_wire.plan().addresses.values())
    assert on_the_wire.sha256 != target.sha256


def test_a_surrounded_product_stands_in_the_plan() -> None:
    target = parse_target(SURROUNDED)
    plan = target.plan()
    assert plan.n2("AMF") == Endpoint("10.77.0.2", 38412)
    assert plan.service("AMF") == Endpoint("10.77.0.3", 7778)
    assert plan.service("NRF").port == 7777
    assert plan.n2("AMF-2").port == 38412
    assert plan.absent == {"AMF"}
    assert target.addresses.all == {"10.77.0.2", "10.77.0.3"}
    assert not plan.oauth
    assert len(set(plan.addresses.values())) == len(FUNCTIONS)


def test_of_a_whole_core_only_the_access_network_is_ours() -> None:
    text = SURROUNDED.replace('"surrounded"', '"whole core"').replace(
        "[laboratory]", 'n3 = "[2001:db8::7]:2153"\n[laboratory]'
    )
    plan = parse_target(text.replace('0/24"]', '0/24", "2001:db8::/64"]')).plan()
    assert plan.absent == set(FUNCTIONS) - {"gNB", "gNB-2"}
    assert plan.n2() == Endpoint("10.77.0.2", 38412)
    assert plan.n3("UPF") == Endpoint("2001:db8::7", 2153)
    assert plan.service("NRF") == Endpoint("10.77.0.3", 7778)


def test_knowledge_of_a_target_can_be_written_and_read() -> None:
    knowledge = documented().knowledge()
    assert len(knowledge.subscribers) == 20
    assert len(knowledge.home_network_keys) == 1
    assert parse_knowledge(knowledge_text(knowledge)) == knowledge


def test_ends_of_a_plan_are_its_addresses_unless_given() -> None:
    plan = NetworkPlan()
    assert plan.n3("UPF").port == 2152
    assert plan.n4("UPF").port == 8805


def test_the_scope_permits_its_own_addresses_only() -> None:
    scope = parse_target(SURROUNDED).scope
    scope.check("10.77.0.2")
    scope.check("::ffff:10.77.0.2")
    for address in ("10.77.1.2", "example.org", "", "::1", "127.0.0.1"):
        with pytest.raises(OutOfScopeError, match=r"outside the scope \(10.77.0.0/24\)"):
            scope.check(address)
    assert Scope().permits("127.8.8.8")


def changed(old: str, new: str) -> str:
    assert old in SURROUNDED
    return SURROUNDED.replace(old, new)


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("", 1, "attachment: is missing in [product]"),
        ("product = 3", 1, "product: must be a table, written [product]"),
        (EMBEDDED + "[netwerk]\n", 4, "netwerk: no such entry; did you mean network?"),
        (EMBEDDED + "[colours]\n", 4, "colours: no such entry; known here: addresses, algo"),
        (changed('vendor = "', 'vendr = "'), 4, "vendr: no such entry; did you mean vendor?"),
        (changed('"An AMF"', '" "'), 3, "name: must be a text in quotes"),
        (changed('"1.0"', "1.0"), 5, "version: must be a text in quotes"),
        (changed('class = "AMF"', 'class = "amf"'), 6, 'class: must be "gNB", "AMF"'),
        (changed('"surrounded"', '"sorrounded"'), 7, 'attachment: must be "surrounded", "whole'),
        (changed('"surrounded"', '"surrounded"\nfaults=["x"]'), 8, "faults: can only be brought"),
        (EMBEDDED + 'faults = ["nul-integrity"]', 4, "no fault nul-integrity; did you mean null-i"),
        (EMBEDDED + "faults = [1]", 4, "faults: must be a list of names"),
        (changed('mcc = "999"', "mcc = 999"), 9, "mcc: must be 3 digits in quotes"),
        (changed('mnc = "70"', 'mnc = "7x"'), 10, "mnc: must be 2 or 3 digits in quotes"),
        (changed('mnc = "70"', 'mnc = "٧٠"'), 10, "mnc: must be 2 or 3 digits in quotes"),
        (changed('mnc = "70"\n', ""), 8, "mnc: is missing in [network]"),
        (changed("tac = 1", "tac = 16777216"), 11, "tac: must be a number from 0 to 16777215"),
        (changed("tac = 1", "tac = true"), 11, "tac: must be a number"),
        (changed('["1"]', '["256"]'), 12, "slices: must be a list of slices such as"),
        (changed('["1"]', "[]"), 12, "slices: must be a list of slices"),
        (changed('["1"]', '["1"]\nauthenticated_slice = "2"'), 13, "is not one of the slices"),
        (changed('["1"]', '["1"]\nguami = { pointr = 1 }'), 13, "pointr: no such entry; did you"),
        (changed('["internet"]', '"internet"'), 13, "dnns: must be a list of data network names"),
        (changed('["internet"]', '["in ternet"]'), 13, "dnns: must be a list"),
        (changed('"10.77.0.2"', '"amf.example"'), 15, "n2: must be an IP address with or without"),
        (changed('"10.77.0.2"', '"10.77.0.2:70000"'), 15, "n2: must be an IP address"),
        (changed('"10.77.0.2"', '"0.0.0.0"'), 15, "n2: must be an IP address"),
        (changed('"10.77.0.2"', "3"), 15, "n2: must be an IP address"),
        (changed('"10.77.0.2"', '"10.78.0.2"'), 15, "n2: 10.78.0.2 is outside the scope (10.77.0."),
        (changed('n2 = "10.77.0.2"\n', ""), 14, "n2: is missing in [addresses]: a surrounded AMF"),
        (changed("n2 =", "n6 ="), 15, "n6: no such entry; known here: n2, n3, n4, n9, sbi"),
        (
            changed("first_address", 'world = "simulated"\nfirst_address'),
            18,
            'world: must be "wire"',
        ),
        (changed("first_address", 'sctp = "tcp"\nfirst_address'), 18, 'sctp: must be "automatic"'),
        (
            changed("first_address", "service_port = 0\nfirst_address"),
            18,
            "service_port: must be a",
        ),
        (changed('"10.77.0.10"', '"lab"'), 18, "first_address: must be the IP address of one host"),
        (
            changed('"10.77.0.10"', '"255.255.255.250"'),
            18,
            "first_address: 15 addresses from it on",
        ),
        (changed('"10.77.0.10"', '"10.77.0.250"'), 18, "first_address: 10.77.1.0 is outside"),
        (changed('"10.77.0.10"', '"10.77.0.1"'), 18, "first_address: 10.77.0.2 is the product's"),
        (changed('first_address = "10.77.0.10"\n', ""), 17, "gNB: is missing in [laboratory.addr"),
        (
            changed("[scope]", '[laboratory.addresses]\nNRF = "10.77.0.10"\n[scope]'),
            20,
            "NRF: 10.77.0.10 is the address of gNB already",
        ),
        (
            changed("[scope]", '[laboratory.addresses]\nAMF = "10.77.0.9"\n[scope]'),
            20,
            "AMF: is the product's, not ours",
        ),
        (
            changed("[scope]", '[laboratory.addresses]\nNFR = "10.77.0.9"\n[scope]'),
            20,
            "NFR: no such entry",
        ),
        (
            changed('["10.77.0.0/24"]', '["10.77.0.1/24"]'),
            20,
            "networks: 10.77.0.1/24 has host bits",
        ),
        (
            changed('["10.77.0.0/24"]', '["0.0.0.0/0"]'),
            20,
            "networks: 0.0.0.0/0 is the whole world",
        ),
        (changed('networks = ["10.77.0.0/24"]', ""), 19, "networks: is missing in [scope]"),
        (SURROUNDED.partition("[[sub")[0], 1, "subscriber: is missing: name the UEs"),
        (
            changed('"imsi-99970', '"imsi-99971'),
            22,
            "supi: imsi-999710000000001 is not of the netw",
        ),
        (changed('k = "465b', 'k = "46'), 23, "k: must be 32 hexadecimal digits, and has 30"),
        (SURROUNDED + 'op = "00"', 24, "opc: give either opc or op"),
        (SURROUNDED + 'suci_scheme = "A"', 25, "suci_scheme: profile A needs a key of the home"),
        (SURROUNDED + 'suci_scheme = "C"', 25, 'suci_scheme: must be "null", "A" or "B"'),
        (SURROUNDED + 'authentication_method = "AKA"', 25, 'must be "5G AKA" or "EAP-AKA\'"'),
        (SURROUNDED + "count = 0", 25, "count: must be a number from 1 to"),
        (
            changed("imsi-999700000000001", "imsi-999709999999999") + "count = 2",
            22,
            "supi: imsi-999710000000000 is not of the network 99970",
        ),
        (
            changed("imsi-999700000000001", "imsi-999999999999999") + "count = 2",
            25,
            "count: 2 SUPIs from imsi-999999999999999 on do not fit its digits",
        ),
        (SURROUNDED + SUBSCRIBER, 26, "supi: imsi-999700000000001 is named twice"),
        (changed("imsi-999700000000001", "nai-a@b") + "count = 2", 25, "count: needs a SUPI that"),
        (
            SURROUNDED + '[[home_network_key]]\nprofile = "A"\nidentifier = 256',
            27,
            "identifier: must be a number",
        ),
        (
            SURROUNDED
            + '[[home_network_key]]\nidentifier = 1\nprofile = "B"\nprivate_key = "'
            + "00" * 32
            + '"',
            28,
            "private_key: is no private key of this profile",
        ),
        (
            SURROUNDED + "[features]\nemergencey = true",
            26,
            "emergencey: no such entry; did you mean",
        ),
        (SURROUNDED + '[features]\nnssaa = "yes"', 26, "nssaa: must be true or false"),
        (SURROUNDED + '[algorithms]\nintegrity = ["NEA2"]', 26, "integrity: 'NEA2' is not an algo"),
        (SURROUNDED + "[algorithms]\nciphering = []", 26, "ciphering: must be a list such as"),
        (SURROUNDED + "[timers]\nanswer = 0", 26, "answer: must be a number of seconds"),
        (SURROUNDED + "[timers]\nquiet = nan", 26, "quiet: must be a number of seconds"),
        (SURROUNDED + "[timers]\nquite = 1", 26, "quite: no such entry; did you mean quiet?"),
        (SURROUNDED + '[hooks]\nstart = "amf start"', 26, "start: must be a list of the program"),
        (SURROUNDED + "[hooks]\nstart = []", 26, "start: must be a list of the program"),
        (SURROUNDED + '[hooks]\nstrat = ["amf"]', 26, "strat: no such entry; did you mean start?"),
        (
            SURROUNDED + '[hooks.stop]\n\ncommand = ["amf"]\nseconds = -1',
            28,
            "seconds: must be a number of seconds",
        ),
        (SURROUNDED + "[hooks.stop]\nseconds = 1", 25, "command: is missing in [hooks.stop]"),
        (
            SURROUNDED + '[hooks]\nstop = {command = ["amf"], sec = 1}',
            26,
            "sec: no such entry; did you mean seconds?",
        ),
        (
            SURROUNDED + '[hooks]\nreconfigure = ["amf", "{integrty}"]',
            26,
            "reconfigure: {integrty} stands for nothing here; did you mean integrity?",
        ),
        (SURROUNDED + '[hooks]\nalive = ["{since}"]', 26, "alive: {since} stands for nothing here"),
        (EMBEDDED + '[hooks]\nalive = ["true"]', 5, "alive: the embedded network needs no hooks"),
        (EMBEDDED + '[addresses]\nn2 = "127.0.0.1"', 5, "n2: the embedded network has its addr"),
        (
            EMBEDDED + '[laboratory]\nworld = "wire"\nfirst_address = "10.0.0.1"',
            6,
            "first_address: 10.0.0.1 is outside the scope (127.0.0.0/8, ::1/128)",
        ),
        (
            SURROUNDED + '[declarations.x]\nby = "me"',
            25,
            "statement: is missing in [declarations.x]",
        ),
        (
            SURROUNDED + '[declarations.x]\nstatement = "s"\nby = "me"\ndate = "today"',
            28,
            "date: must be a date without quotes",
        ),
        (
            SURROUNDED + '[declarations]\nx = "me"',
            26,
            "x: must be a table, written [declarations.x]",
        ),
        (changed("tac = 1", "tac = "), 11, "not valid TOML: Invalid value (column 7)"),
    ],
)
def test_a_mistake_is_answered_with_its_line(text: str, line: int, expected: str) -> None:
    with pytest.raises(TargetError) as raised:
        parse_target(text, "target.toml")
    said = str(raised.value)
    assert said.startswith(f"target.toml, line {line}: ")
    assert expected in said
    assert "\n" not in said


# Of a gNB, there is only the embedded one.
@pytest.mark.parametrize("product_class", [each for each in NETWORK_FUNCTIONS if each != "gNB"])
def test_every_class_can_be_surrounded(product_class: str) -> None:
    text = changed('class = "AMF"', f'class = "{product_class}"')
    text = text.replace("n2 =", 'n3 = "10.77.0.4"\nn4 = "10.77.0.4"\nn2 =')
    plan = parse_target(text).plan()
    assert product_class in plan.absent
    # Around a UPF stand the neighbours that it has.
    assert plan.absent == {product_class} or product_class == "UPF"


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for path, expected in (
        (tmp_path / "absent.toml", "No such file"),
        (tmp_path, "Is a directory"),
        (Path("a\0b"), "no name of a file"),
    ):
        with pytest.raises(TargetError, match=expected):
            load_target(path)


def test_any_octets_are_a_target_or_one_sentence() -> None:
    """Words, lines and characters of the documented target, mixed at random."""
    text = (ROOT / "docs" / "target.md").read_text(encoding="utf-8")
    example = text.split("```toml\n")[1].split("```")[0]
    lines = example.splitlines()
    values = ["[]", "{}", '""', "-1", "1e999", "nan", "true", "[[1]]", '["\\u0000"]', '"٣"', "3:"]
    source = random.Random(5)
    refused = 0
    for _ in range(3000):
        mixed = list(lines)
        for _ in range(source.randint(1, 3)):
            at = source.randrange(len(mixed))
            kind = source.randrange(4)
            if kind == 0:
                del mixed[at]
            elif kind == 1:
                mixed.insert(at, source.choice(lines))
            elif kind == 2 and "=" in mixed[at]:
                mixed[at] = f"{mixed[at].partition('=')[0]}= {source.choice(values)}"
            elif mixed[at]:
                place = source.randrange(len(mixed[at]))
                character = chr(source.choice([0, 9, 34, 39, 45, 49, 91, 93, 123, 125, 0x663]))
                mixed[at] = mixed[at][:place] + character + mixed[at][place + 1 :]
        try:
            target = parse_target("\n".join(mixed), "target.toml")
        except TargetError as error:
            refused += 1
            assert str(error).startswith("target.toml, line ")
            assert "\n" not in str(error)
        else:
            assert parse_knowledge(knowledge_text(target.knowledge())) == target.knowledge()
    assert 500 < refused < 2900


def test_ours_demand_no_tokens_where_the_target_says_so(tmp_path: Path) -> None:
    text = (ROOT / "examples" / "open5gs-pcf.toml").read_text()
    path = tmp_path / "target.toml"
    path.write_text(text)
    plan = load_target(path).plan()
    assert plan.oauth
    assert not plan.demands_tokens
    path.write_text(text.replace("demands_tokens = false\n", ""))
    assert load_target(path).plan().demands_tokens


def test_the_embedded_product_has_no_choice_of_tokens(tmp_path: Path) -> None:
    path = tmp_path / "target.toml"
    path.write_text(
        '[product]\nclass = "UDM"\nattachment = "embedded"\n[laboratory]\ndemands_tokens = false\n'
    )
    with pytest.raises(TargetError, match="demands_tokens"):
        load_target(path)
