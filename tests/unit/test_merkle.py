"""Merkle trees against a plain reading of RFC 6962 and its published test vectors."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops import merkle

entries = st.lists(st.binary(max_size=8), min_size=1, max_size=40)
# The inputs and roots of Certificate Transparency's own test suite, for trees of 1 to 8 leaves.
VECTOR_LEAVES = [
    bytes.fromhex(h)
    for h in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
VECTOR_ROOTS = {
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


def by_definition(leaves: list[bytes]) -> bytes:
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + by_definition(leaves[:k]) + by_definition(leaves[k:])).digest()


@pytest.mark.parametrize("n", VECTOR_ROOTS)
def test_published_vectors(n: int):
    assert merkle.root(VECTOR_LEAVES[:n]).hex() == VECTOR_ROOTS[n]


@given(st.lists(st.binary(max_size=8), max_size=70))
def test_root_is_that_of_the_definition(leaves):
    assert merkle.root(iter(leaves)) == by_definition(leaves)


@given(entries, st.data())
def test_every_entry_can_be_proved(leaves, data):
    index = data.draw(st.integers(0, len(leaves) - 1))
    path = merkle.proof(leaves, index)
    assert merkle.root_from(leaves[index], index, len(leaves), path) == merkle.root(leaves)
    other = leaves[index] + b"x"
    assert merkle.root_from(other, index, len(leaves), path) != merkle.root(leaves)


def test_no_such_entry():
    with pytest.raises(IndexError):
        merkle.proof([b"a"], 1)
    with pytest.raises(ValueError, match="path"):
        merkle.root_from(b"a", 0, 2, [])
    with pytest.raises(ValueError, match="path"):
        merkle.root_from(b"a", 0, 1, [b""])
