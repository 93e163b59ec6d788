"""Every kind of fault at every request of every call: the right answer or an error of ours, never a wrong file, never a lost one.

`make test` has an eighth of the kinds for each call, another one for each; `make faults` has them all.
"""

from __future__ import annotations

import io
import os
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from mhc_lab.core.errors import IntegrityError, MhcError
from mhc_lab.core.ids import ByteId
from mhc_lab.storage.bucket import Bucket
from mhc_lab.storage.s3 import S3Store
from mhc_lab.storage.store import FoundFile, Put
from tests.support.fault_proxy import FAULTS, FaultProxy
from tests.support.object_servers import ACCESS_KEY, SECRET_KEY
from tests.support.store_contract import byte_id, content, put

OLD, NEW = b"what was there before", b"what comes new, and is longer than that"
ALL = bool(os.environ.get("ALL_FAULTS"))
EVERY = 1 if ALL else 8
STALLS = ("stall", "stall in the body")
pytestmark = pytest.mark.timeout(900 if ALL else 180)
"""Clients wait a little before they ask again, some hundred times over all faults."""
QUICK = tuple(fault for fault in FAULTS if fault not in STALLS)


@dataclass(frozen=True)
class Use:
    """One call with fresh paths; ``check`` looks at what is there afterwards, knowing whether the call said that all is well."""

    prepare: Callable[[S3Store, str], None]
    call: Callable[[S3Store, str], object]
    check: Callable[[S3Store, str, bool], bool]


def bytes_at(store: S3Store, path: str) -> bytes | None:
    try:
        return content(store, path)
    except FileNotFoundError:
        return None
    except IntegrityError:
        return b"damaged"


def _read(store: S3Store, path: str) -> None:
    if content(store, path) != OLD:
        raise AssertionError("wrong bytes were read")


def _stat(store: S3Store, path: str) -> None:
    if store.stat(path).size_bytes != len(OLD):
        raise AssertionError("a wrong size was told")


def _files(store: S3Store, path: str) -> None:
    if path not in [file.relative_path for file in store.files()]:
        raise AssertionError("a listing without the file")


def _put_many(store: S3Store, path: str) -> None:
    many = store.put_many([(path, io.BytesIO(NEW))])
    for _, failure in many.failed:
        raise failure


def _digests(store: S3Store, path: str) -> None:
    if len({*store.digests([store.stat(path)] * 2)} - {None}) > 1:
        raise AssertionError("two digests of one file")


def _anothers(store: S3Store, path: str) -> None:
    store._objects.put(store._prefix + path, io.BytesIO(OLD), len(OLD), {})


def _moved(store: S3Store, path: str, went_well: bool) -> bool:
    both = (bytes_at(store, path), bytes_at(store, f"moved/{path}"))
    return both in ({(None, OLD)} if went_well else {(None, OLD), (OLD, None), (OLD, OLD)})


def _there(store: S3Store, path: str) -> None:
    put(store, path, OLD)


def _both_there(store: S3Store, path: str) -> None:
    put(store, path, OLD)
    put(store, f"moved/{path}", NEW)


def _unchanged(store: S3Store, path: str, went_well: bool) -> bool:
    return bytes_at(store, path) == OLD


USES = {
    "put": Use(
        lambda store, path: None,
        lambda store, path: store.put(path, io.BytesIO(NEW)),
        lambda store, path, well: bytes_at(store, path) in ({NEW} if well else {NEW, None}),
    ),
    "put_many": Use(
        lambda store, path: None,
        _put_many,
        lambda store, path, well: bytes_at(store, path) in ({NEW} if well else {NEW, None}),
    ),
    "put over another": Use(_there, lambda store, path: store.put(path, io.BytesIO(NEW)), _unchanged),
    "put again": Use(_there, lambda store, path: store.put(path, io.BytesIO(OLD)), _unchanged),
    "read": Use(_there, _read, _unchanged),
    "stat": Use(_there, _stat, _unchanged),
    "files": Use(_there, _files, _unchanged),
    "digests": Use(_there, _digests, _unchanged),
    "move": Use(_there, lambda store, path: store.move(path, f"moved/{path}"), _moved),
    "move onto another": Use(
        _both_there,
        lambda store, path: store.move(path, f"moved/{path}"),
        lambda store, path, well: (bytes_at(store, path), bytes_at(store, f"moved/{path}")) == (OLD, NEW),
    ),
    "remove": Use(
        _there,
        lambda store, path: store.remove(path, expected=byte_id(OLD)),
        lambda store, path, well: bytes_at(store, path) in ({None} if well else {None, OLD}),
    ),
    "read what another stored": Use(_anothers, _read, _unchanged),
    "move what another stored": Use(_anothers, lambda store, path: store.move(path, f"moved/{path}"), _moved),
}
BLIND = {"read what another stored": "byte changed", "files": "list of one"}
"""Where nothing could tell: there is no digest beside it; each answer agrees with all others."""


@dataclass(frozen=True)
class Outcome:
    went_well: bool
    text: str = ""


def outcome(use: Use, store: S3Store, path: str) -> Outcome:
    try:
        use.call(store, path)
    except (MhcError, FileExistsError) as failure:
        return Outcome(went_well=False, text="".join(traceback.format_exception(failure)))
    return Outcome(went_well=True)


def injected(
    use: Use, fault: str, store: S3Store, behind: S3Store, proxy: FaultProxy
) -> Iterator[tuple[str, Outcome, bool]]:
    """The fault at each request of the call in turn, and at all of them: what came of it, and whether what is there is right."""
    use.prepare(behind, f"{fault}.jpg")
    with proxy.fault("none"):
        outcome(use, store, f"{fault}.jpg")
    number, asked = 0, len(proxy.requests)
    while number < asked:
        path = f"{fault}-{number}.jpg"
        use.prepare(behind, path)
        with proxy.fault(fault, at=number.__eq__):
            one = outcome(use, store, path)
        asked = max(asked, len(proxy.requests))
        yield f"{fault} at {number}", one, use.check(behind, path, one.went_well)
        number += 1
    path = f"{fault}-always.jpg"
    use.prepare(behind, path)
    with proxy.fault(fault):
        one = outcome(use, store, path)
    yield f"{fault} always", one, use.check(behind, path, one.went_well)


@pytest.mark.parametrize("name", USES)
def test_a_fault_never_makes_a_wrong_file_or_loses_one(
    name: str, store: S3Store, behind: S3Store, proxy: FaultProxy
) -> None:
    faults = [one for one in QUICK[list(USES).index(name) % EVERY :: EVERY] if one != BLIND.get(name)]

    results = [one for fault in faults for one in injected(USES[name], fault, store, behind, proxy)]

    assert len(results) > 2 * len(faults)
    assert [what for what, _, is_right in results if not is_right] == []
    assert [what for what, one, _ in results if SECRET_KEY in one.text or ACCESS_KEY in one.text] == []


@pytest.mark.parametrize("name", USES if ALL else ["read", "put"])
@pytest.mark.parametrize("server", ["rclone", "moto"] if ALL else ["rclone"], indirect=True)
def test_a_server_that_stalls_ends_in_an_error(
    name: str, store: S3Store, behind: S3Store, proxy: FaultProxy, bucket: Bucket
) -> None:
    hasty = S3Store.open(replace(bucket, patience=timedelta(seconds=0.2)), marker=store.marker)

    results = [one for fault in STALLS for one in injected(USES[name], fault, hasty, behind, proxy)]

    assert [what for what, _, is_right in results if not is_right] == []
    assert not results[-1][1].went_well


@pytest.mark.parametrize("server", ["moto"], indirect=True)
def test_a_store_that_believed_answers_would_be_found_out(
    store: S3Store, behind: S3Store, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    def believe(self: S3Store, path: str, key: str, size: int, byte_id: ByteId, token: str) -> Put:
        return Put(FoundFile(path, size, None), byte_id, is_new=True)

    monkeypatch.setattr(S3Store, "_proved", believe)

    results = [*injected(USES["put"], "sent byte changed", store, behind, proxy)]

    assert [what for what, one, is_right in results if one.went_well and not is_right] != []
