"""Keys that never leave their token, on SoftHSM: the same signatures, a sentence for each error."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from makmal.assurance.errors import AssuranceError
from makmal.assurance.signing.keys import load_key, load_public
from makmal.assurance.signing.pkcs11_key import MODULE, TokenKey, read_uri

LIBRARY = Path("/usr/lib/softhsm/libsofthsm2.so")
LABEL, PIN = "Makmal lab", "4711-0815"
URI = f"pkcs11:token=Makmal%20lab;object=signing?module-path={LIBRARY}"


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> str:
    pkcs11 = pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed")
    tool = shutil.which("softhsm2-util")
    if tool is None or not LIBRARY.exists():
        pytest.skip("SoftHSM is not installed (Debian: softhsm2)")
    place = tmp_path_factory.mktemp("token")
    configuration = place / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {place}\nobjectstore.backend = file\n")
    with pytest.MonkeyPatch.context() as patch:
        # Read once, when the library is loaded: for all tests of this process.
        patch.setenv("SOFTHSM2_CONF", str(configuration))
        subprocess.run(
            [tool, "--init-token", "--free", "--label", LABEL, "--pin", PIN, "--so-pin", PIN],
            check=True,
            capture_output=True,
        )
        from pkcs11.util.ec import encode_named_curve_parameters

        with (
            pkcs11.lib(str(LIBRARY))
            .get_token(token_label=LABEL)
            .open(rw=True, user_pin=PIN) as session
        ):
            parameters = session.create_domain_parameters(
                pkcs11.KeyType.EC_EDWARDS,
                {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters("1.3.101.112")},
                local=True,
            )
            parameters.generate_keypair(
                store=True, label="signing", mechanism=pkcs11.Mechanism.EC_EDWARDS_KEY_PAIR_GEN
            )
    return URI


def test_a_wrong_pin(token: str) -> None:
    # Before any other: a login holds for all sessions of a process.
    with pytest.raises(AssuranceError, match="cannot be opened: pin incorrect"):
        TokenKey(token, "0000-0000")


def test_what_the_token_signs_verifies(token: str) -> None:
    key = load_key(Path(token), PIN)
    key.public_key().verify(key.sign(b"evidence"), b"evidence")
    with pytest.raises(AssuranceError, match="does not leave its token"):
        key.private_bytes_raw()


def test_a_key_that_is_not_there(token: str) -> None:
    with pytest.raises(AssuranceError, match="cannot be opened: no such key"):
        TokenKey(token.replace("signing", "nothing"), PIN)


def test_its_public_half_needs_no_pin(token: str) -> None:
    octets = load_public(Path(token)).public_bytes_raw()
    assert octets == TokenKey(token, PIN).public_key().public_bytes_raw()


def test_a_token_is_opened_more_than_once(token: str) -> None:
    one, other = TokenKey(token, PIN), TokenKey(token, PIN)
    other.public_key().verify(one.sign(b"twice"), b"twice")


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("pkcs11:object=signing?module-path=x", "name the token"),
        ("pkcs11:token=lab?module-path=x", "name the object"),
        ("pkcs11:token=lab;object=signing", "which module"),
    ],
)
def test_a_uri_that_names_no_key(uri: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(MODULE, raising=False)
    with pytest.raises(AssuranceError, match=said):
        read_uri(uri)


def test_a_module_that_is_not_there() -> None:
    pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed")
    with pytest.raises(AssuranceError, match="cannot be opened"):
        TokenKey("pkcs11:token=lab;object=signing?module-path=/nowhere.so", PIN)
