"""A store in a bucket keeps the promises of every store, on two servers that forgive different things."""

from __future__ import annotations

from tests.support.store_contract import Contract


class TestS3Store(Contract):
    pass
