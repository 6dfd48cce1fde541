"""Which subscribers a test case gets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from makmal.network.subscription import Subscription


class SubscriberRow:
    """Who is next: a product may still know something of those that an earlier test case used."""

    def __init__(self) -> None:
        self._next = 0

    def of_one_bench(self, subscriptions: Sequence[Subscription]) -> Iterator[Subscription]:
        """All of them, those first that were used longest ago."""
        for _ in subscriptions:
            self._next += 1
            yield subscriptions[(self._next - 1) % len(subscriptions)]
