"""What fits a type has no problem, and what has none fits."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from makmal.network import data_types as t
from makmal.network.request_bodies import _DEMANDS

BODIES = [each.body for each in _DEMANDS.values() if each.body is not None]
NAMES = ("supi", "dnn", "plmnId", "mcc", "mnc", "amfId", "sst", "sd", "guami", "pduSessionId")
SINGLE = (
    st.none()
    | st.booleans()
    | st.integers(-1, 300)
    | st.sampled_from(
        ["imsi-001010000000001", "internet", "001", "01", "cafe00", "0a0b0c", "", "/"]
    )
)
VALUES = st.recursive(
    SINGLE,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5)
    ),
)


@given(VALUES)
def test_a_value_fits_when_nothing_is_wrong_with_it(value: object) -> None:
    for check in (*BODIES, t.SNSSAI, t.GUAMI, t.TRUTH, t.array(t.PLMN_ID, least=1)):
        assert check.fits(value) == (not list(check.problems(value, "")))


def test_both_answers_occur() -> None:
    guami = {"plmnId": {"mcc": "001", "mnc": "01"}, "amfId": "cafe00"}
    assert t.GUAMI.fits(guami)
    assert not t.GUAMI.fits({**guami, "amfId": "cafe0"})
    (problem,) = t.GUAMI.problems({**guami, "amfId": "cafe0"}, "/guami")
    assert (problem.kind, problem.path) == (t.RANGE, "/guami/amfId")
