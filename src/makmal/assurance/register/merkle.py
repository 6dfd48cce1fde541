"""Proofs of a Merkle tree (RFC 9162, 2.1) from the hashes of its full subtrees.

``node(level, number)`` gives the hash of the full subtree of ``2 ** level`` leaves that begins at
leaf ``number << level``. A proof asks for about as many of them as the tree is high.
"""

from __future__ import annotations

from collections.abc import Callable

from makmal.assurance.verification.verifier import frontier_root, node_hash

Node = Callable[[int, int], bytes]


def root(size: int, node: Node) -> bytes:
    """The root hash of the tree of the first leaves (RFC 9162, 2.1.1)."""
    return range_hash(0, size, node) if size else frontier_root(())


def inclusion_proof(index: int, size: int, node: Node) -> list[bytes]:
    """RFC 9162, 2.1.3.1. Raises ValueError for a leaf that the tree does not have."""
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    proof: list[bytes] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            proof.append(range_hash(middle, high, node))
            high = middle
        else:
            proof.append(range_hash(low, middle, node))
            low = middle
    return proof[::-1]


def consistency_proof(first: int, second: int, node: Node) -> list[bytes]:
    """RFC 9162, 2.1.4.1. Raises ValueError for sizes that do not follow each other."""
    if not 0 <= first <= second:
        raise ValueError(f"a tree of {second} leaves continues none of {first}")
    if first in (0, second):
        return []
    proof: list[bytes] = []
    low, high, is_whole = 0, second, True
    while first != high - low:
        middle = _split(high - low)
        if first <= middle:
            proof.append(range_hash(low + middle, high, node))
            high = low + middle
        else:
            proof.append(range_hash(low, low + middle, node))
            low, first, is_whole = low + middle, first - middle, False
    if not is_whole:
        proof.append(range_hash(low, high, node))
    return proof[::-1]


def range_hash(low: int, high: int, node: Node) -> bytes:
    """The root hash over leaves ``low`` to ``high`` of a tree, a range that the tree has as one."""
    size = high - low
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return node(level, low >> level)
    middle = low + _split(size)
    return node_hash(range_hash(low, middle, node), range_hash(middle, high, node))


def _split(size: int) -> int:
    """The greatest power of two below a size."""
    return 1 << (size - 1).bit_length() - 1
