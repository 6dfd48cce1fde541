"""The register: RFC 9162 trees on SQLite and PostgreSQL, exported, followed, damaged."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, inspect, text

from makmal.assurance.errors import AssuranceError
from makmal.assurance.register import merkle
from makmal.assurance.register.export import TileReader, export
from makmal.assurance.register.log import Register
from makmal.assurance.register.monitor import follow, read_state, write_state
from makmal.assurance.storage.database import Database, migrate, open_database
from makmal.assurance.storage.tables import APPEND_ONLY, METADATA
from makmal.assurance.verification.verifier import (
    Directory,
    VerificationError,
    check_consistency,
    check_inclusion,
    frontier_root,
    leaf_hash,
    node_hash,
    open_files,
    roots_at,
)

from .office import Clock, Office

MOST = 70


# The definitions of RFC 9162, 2.1, word for word: slow, and nothing to get wrong.


def split(size: int) -> int:
    k = 1
    while k * 2 < size:
        k *= 2
    return k


def reference_root(leaves: list[bytes]) -> bytes:
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return node_hash(reference_root(leaves[:k]), reference_root(leaves[k:]))


def reference_path(m: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*reference_path(m, leaves[:k]), reference_root(leaves[k:])]
    return [*reference_path(m - k, leaves[k:]), reference_root(leaves[:k])]


def reference_proof(m: int, leaves: list[bytes], whole: bool = True) -> list[bytes]:
    if m == len(leaves):
        return [] if whole else [reference_root(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*reference_proof(m, leaves[:k], whole), reference_root(leaves[k:])]
    return [*reference_proof(m - k, leaves[k:], False), reference_root(leaves[:k])]


LEAVES = [leaf_hash(str(number).encode()) for number in range(MOST)]


def node(level: int, number: int) -> bytes:
    return reference_root(LEAVES[number << level : (number + 1) << level])


def test_the_test_vectors_of_certificate_transparency() -> None:
    # The eight leaves that RFC 9162 logs are tested with since RFC 6962.
    entries = [
        bytes.fromhex(each)
        for each in (
            "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        )
    ]  # fmt: skip
    roots = roots_at(map(leaf_hash, entries), range(9))
    assert roots[0].hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert roots[1].hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert roots[8].hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


def test_roots_and_proofs_are_those_of_the_definitions() -> None:
    roots = roots_at(LEAVES, range(MOST + 1))
    for size in range(MOST + 1):
        assert roots[size] == reference_root(LEAVES[:size]) == merkle.root(size, node)
    for size in (1, 2, 3, 7, 8, 9, 31, 64, 70):
        for index in range(size):
            proof = merkle.inclusion_proof(index, size, node)
            assert proof == reference_path(index, LEAVES[:size])
            check_inclusion(index, size, LEAVES[index], proof, roots[size])
        for first in range(1, size + 1):
            proof = merkle.consistency_proof(first, size, node)
            assert proof == reference_proof(first, LEAVES[:size])
            check_consistency(first, roots[first], size, roots[size], proof)


@given(st.data())
def test_a_proof_that_is_altered_proves_nothing(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, MOST))
    index = data.draw(st.integers(0, size - 1))
    first = data.draw(st.integers(1, size - 1))
    roots = roots_at(LEAVES, (first, size))
    inclusion = merkle.inclusion_proof(index, size, node)
    consistency = merkle.consistency_proof(first, size, node)
    at = data.draw(st.integers(0, len(inclusion) - 1))
    spoiled = [*inclusion[:at], hashlib.sha256(inclusion[at]).digest(), *inclusion[at + 1 :]]
    other = data.draw(st.integers(0, size - 1).filter(lambda each: each != index))
    for proof, place in (
        (spoiled, index),
        (inclusion[:-1], index),
        ([*inclusion, bytes(32)], index),
        (inclusion, other),
    ):
        with pytest.raises(VerificationError):
            check_inclusion(place, size, LEAVES[index], proof, roots[size])
    at = data.draw(st.integers(0, len(consistency) - 1))
    spoiled = [*consistency[:at], bytes(32), *consistency[at + 1 :]]
    for proof in (spoiled, consistency[:-1], [*consistency, bytes(32)], []):
        with pytest.raises(VerificationError):
            check_consistency(first, roots[first], size, roots[size], proof)
    with pytest.raises(VerificationError, match="forked"):
        check_consistency(first, bytes(32), size, roots[size], consistency)


def test_nonsense_is_refused() -> None:
    for call in (
        partial(merkle.inclusion_proof, 3, 3, node),
        partial(merkle.consistency_proof, 4, 3, node),
    ):
        with pytest.raises(ValueError, match="a tree of 3 leaves"):
            call()
    assert frontier_root([]) == reference_root([])


# On both databases.


@pytest.fixture(params=["sqlite", "postgresql"])
def database(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[str, Callable[[], Database]]]:
    """A URL, and what opens it: an empty database of either kind."""
    if request.param == "sqlite":
        url = str(tmp_path / "a" / "assurance.db")
        yield url, lambda: open_database(url)
        return
    server = request.getfixturevalue("postgres")
    name = f"test_{abs(hash(request.node.nodeid)):x}"
    admin = create_engine(
        server.replace("postgresql://", "postgresql+pg8000://"), isolation_level="AUTOCOMMIT"
    )
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name}"))
        connection.execute(text(f"CREATE DATABASE {name}"))
    admin.dispose()
    url = server.replace("/postgres", f"/{name}")
    yield url, lambda: open_database(url)


KEY = Ed25519PrivateKey.generate()
Opened = tuple[str, Callable[[], Database]]


def test_appending_and_proving(database: Opened) -> None:
    opened = database[1]()
    register = Register(opened, KEY, Clock())
    for number in range(5):
        assert register.append({"n": number}) == range(number, number + 1)
    assert register.append_octets([b'{"n":%d}' % n for n in range(5, 300)]) == range(5, 300)
    assert register.size == 300
    leaves = [leaf_hash(each) for each in register.entries()]
    roots = roots_at(leaves, range(301))
    for index, size in ((0, 1), (3, 5), (255, 256), (255, 300), (299, 300)):
        proof = register.inclusion_proof(index, size)
        check_inclusion(index, size, leaves[index], proof, roots[size])
    for first, second in ((1, 5), (5, 300), (256, 300), (299, 300), (300, 300)):
        proof = register.consistency_proof(first, second)
        check_consistency(first, roots[first], second, roots[second], proof)
    assert [each["tree_size"] for each in register.heads()] == [1, 2, 3, 4, 5, 300]
    opened.close()
    again = Register(database[1]())
    assert again.size == 300
    with pytest.raises(AssuranceError, match="signed with its own key"):
        again.append({})
    with pytest.raises(AssuranceError, match="a register keeps its key"):
        Register(again._database, Ed25519PrivateKey.generate()).append({})
    assert again.size == 300
    again._database.close()


def test_the_database_itself_refuses_changes(database: Opened) -> None:
    opened = database[1]()
    Register(opened, KEY, Clock()).append({"n": 1})
    for table, change in (
        ("register_entry", "leaf = ''"),
        ("register_node", "level = 9"),
        ("register_head", "size = 9"),
    ):
        assert table in APPEND_ONLY
        for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET {change}"):  # noqa: S608
            with (
                pytest.raises(AssuranceError, match="what was recorded is never changed"),
                opened.writing() as connection,
            ):
                connection.execute(text(statement))
    assert Register(opened).size == 1
    opened.close()


def test_writers_wait_for_each_other(database: Opened) -> None:
    first = database[1]()
    Register(first, KEY).append({"n": "first"})
    failures: list[BaseException] = []

    def write(name: int) -> None:
        mine = database[1]()
        try:
            for number in range(8):
                Register(mine, KEY).append({"writer": name, "n": number})
        except BaseException as error:
            failures.append(error)
        finally:
            mine.close()

    threads = [threading.Thread(target=write, args=(name,)) for name in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    register = Register(first)
    assert register.size == 25
    leaves = [leaf_hash(each) for each in register.entries()]
    roots = roots_at(leaves, range(26))
    for head in register.heads():
        assert base64.b64decode(head["root_hash"]) == roots[head["tree_size"]]
    first.close()


def test_a_transaction_that_fails_leaves_nothing(database: Opened) -> None:
    opened = database[1]()
    register = Register(opened, KEY, Clock())
    register.append({"n": 1})
    with pytest.raises(AssuranceError, match="must be one line"):
        register.append_octets([b"1", b"2\n3"])

    def interrupted() -> None:
        with opened.writing() as connection:
            register.append_in(connection, {"n": 2})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        interrupted()
    assert register.size == 1
    assert len(register.heads()) == 1
    opened.close()


def test_migrations_bring_an_older_database_up_to_date(database: Opened) -> None:
    url, opener = database
    if "://" not in url:
        Path(url).parent.mkdir(parents=True)
    address = url if "://" in url else f"sqlite:///{url}"
    engine = create_engine(address.replace("postgresql://", "postgresql+pg8000://"))
    migrate(engine, "0001")
    tables = set(inspect(engine).get_table_names())
    assert tables == {"alembic_version", "action"}
    with engine.begin() as connection:
        row = "INSERT INTO action VALUES (1, 'people', 'appoint', '{}', 'x')"
        connection.execute(text(row))
    engine.dispose()
    opened = opener()
    with opened.reading() as connection:
        assert connection.execute(text("SELECT subject FROM action")).scalar() == "people"
        found = inspect(connection)
        # What the migrations make is what the code believes in.
        for table in METADATA.sorted_tables:
            columns = {each["name"] for each in found.get_columns(table.name)}
            assert columns == set(table.columns.keys())
    Register(opened, KEY, Clock()).append({"n": 1})
    with opened.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    opened.close()
    with pytest.raises(AssuranceError, match=r"of a newer Makmal \(revision 9999\)"):
        opener()


def test_databases_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("x" * 2000)
    for url, wanted in (
        (str(tmp_path / "letter.txt"), "file is not a database"),
        ("mysql://somewhere/x", "mysql is not supported"),
        ("postgresql://127.0.0.1:1/x", r"the database postgresql\+pg8000://\w+@127.0.0.1:1/x: "),
        ("://", "is no database"),
        (str(tmp_path / "letter.txt" / "x.db"), "Not a directory|File exists"),
    ):
        with pytest.raises(AssuranceError, match=wanted) as caught:
            open_database(url)
        assert "\n" not in str(caught.value)


# Exported.


def test_the_export_grows_by_what_is_new(office: Office) -> None:
    register = office.register
    register.append_octets([b'{"n":%d}' % n for n in range(300)])
    place = office.place / "public"
    assert export(register, place, "R") > 5
    assert export(register, place, "R") == 0
    whole = (place / "entries" / "000000.jsonl").stat().st_mtime_ns
    register.append({"n": 300})
    # The chunk, two tiles of level 0 and 1, the head twice, the page.
    assert export(register, place, "R") <= 7
    assert (place / "entries" / "000000.jsonl").stat().st_mtime_ns == whole
    node = TileReader(Directory(place))
    leaves = [leaf_hash(each) for each in register.entries()]
    assert merkle.root(301, node) == roots_at(leaves, [301])[301]
    for first in (1, 255, 256, 257, 300):
        assert merkle.consistency_proof(first, 301, node) == register.consistency_proof(first, 301)


def test_a_monitor_follows_over_the_web(office: Office) -> None:
    from .test_life import certify

    certify(office)
    public = office.export()

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *unused: object) -> None:
            pass

    web = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(public)))
    thread = threading.Thread(target=web.serve_forever)
    thread.start()
    try:
        files = open_files(f"http://127.0.0.1:{web.server_port}/")
        seen = follow(files, office.trust, office.clock(), None)
        assert seen.findings.exit_code == 0
        assert seen.head is not None
        state = office.place / "state.json"
        write_state(state, seen.head)
        assert read_state(state, office.trust) == seen.head
        office.body.suspend(office.keys["dec"], 1, "x")
        office.export()
        grown = follow(files, office.trust, office.clock(), read_state(state, office.trust))
        assert [each["event"] for each in grown.events] == ["suspended"]
        (public / "tiles" / "0" / "000000.bin").unlink()
        lost = follow(files, office.trust, office.clock(), seen.head)
        assert lost.findings.exit_code == 1
        assert "lacks tiles/0/000000.bin" in lost.findings.checks[-1].sentence
    finally:
        web.shutdown()
        thread.join()
        web.server_close()
    state.write_text(json.dumps({"format": 1}))
    with pytest.raises(AssuranceError, match="no tree head that was kept"):
        read_state(state, office.trust)


def test_a_clock_that_goes_back_signs_nothing(office: Office) -> None:
    office.register.append({"n": 1})
    office.clock.later(days=-1)
    with pytest.raises(AssuranceError, match="one of the two was wrong; set the clock first"):
        office.register.append({"n": 2})
    with pytest.raises(AssuranceError, match="set the clock first"):
        office.body.dismiss(office.keys["ada"], "Vic", "x")
