"""What a store in a bucket promises beyond the contract."""

from __future__ import annotations

import io
import os
import re
import time
import unicodedata
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from mhc_lab.core.errors import ConfigurationError, IntegrityError, RefusedError
from mhc_lab.core.secrets import Secret
from mhc_lab.storage import bucket as bucket_module
from mhc_lab.storage.bucket import PART_BYTES, Bucket, Objects, Taken
from mhc_lab.storage.s3 import S3Store
from mhc_lab.storage.store import MARKER
from tests.support.fault_proxy import FaultProxy
from tests.support.object_servers import ACCESS_KEY, BUCKET, SECRET_KEY, ObjectServer, rclone
from tests.support.store_contract import PATH, byte_id, content, paths, put


def test_a_new_store_is_marked_once(bucket: Bucket) -> None:
    first = S3Store.create(bucket)

    assert S3Store.create(bucket).marker == first.marker
    assert S3Store.open(bucket, marker=first.marker).root == bucket.name


def test_no_answer_makes_a_store_get_another_marker(store: S3Store, bucket: Bucket, proxy: FaultProxy) -> None:
    with proxy.fault("none"):
        S3Store.create(bucket)
    count = len(proxy.requests)

    for number in range(count):
        with proxy.fault("404", at=number.__eq__), suppress(ConfigurationError):
            S3Store.create(bucket)

    assert count > 1
    assert S3Store.open(bucket, marker=store.marker)


def test_a_bucket_without_a_marker_is_offline_not_empty(bucket: Bucket) -> None:
    with pytest.raises(ConfigurationError, match="there is no marker"):
        S3Store.open(bucket, marker=None)


def test_another_store_in_the_same_place_is_offline(store: S3Store, bucket: Bucket) -> None:
    with pytest.raises(ConfigurationError, match=f"marked {store.marker}"):
        S3Store.open(bucket, marker=uuid4())


def test_a_store_whose_marker_went_is_offline_at_every_call(store: S3Store) -> None:
    put(store, PATH)
    store._objects.delete(store._prefix + MARKER)

    for use in (
        store.files,
        store.capacity,
        lambda: store.stat(PATH),
        lambda: store.read(PATH),
        lambda: put(store, "b.jpg"),
        lambda: store.put_many([]),
        lambda: store.move(PATH, "b.jpg"),
        lambda: store.remove(PATH, expected=byte_id(b"the bytes")),
    ):
        with pytest.raises(ConfigurationError, match="without a marker"):
            use()


def test_stores_do_not_nest(store: S3Store, bucket: Bucket) -> None:
    with pytest.raises(RefusedError, match="inside another store"):
        S3Store.create(replace(bucket, name=f"{bucket.name}/a/b"))


@pytest.mark.parametrize("server", ["rclone"], indirect=True)  # moto takes any key
def test_a_wrong_key_is_told_without_showing_it(bucket: Bucket) -> None:
    with pytest.raises(ConfigurationError, match="does not let us in") as refused:
        S3Store.open(replace(bucket, access_key=Secret("WRONGWRONGWRONG")), marker=None)

    assert refused.value.setting == "MHC_S3_ACCESS_KEY"
    assert "WRONG" not in str(refused.value)


def test_a_server_that_is_not_there_is_offline(bucket: Bucket) -> None:
    with pytest.raises(ConfigurationError, match="no usable answer"):
        S3Store.open(replace(bucket, endpoint="http://127.0.0.1:9"), marker=None)


def test_a_bucket_that_is_not_there_is_offline(bucket: Bucket) -> None:
    with pytest.raises(ConfigurationError, match="offline"):
        S3Store.create(replace(bucket, name="absent-bucket"))


def test_the_environment_has_no_say(store: S3Store, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert S3Store.open(bucket, marker=store.marker).files() == ()


def test_large_files_travel_in_parts(store: S3Store) -> None:
    given = os.urandom(PART_BYTES + 1)

    done = store.put(PATH, io.BytesIO(given))

    assert (done.is_new, done.byte_id) == (True, byte_id(given))
    assert content(store, PATH) == given
    store.move(PATH, "b.mp4")
    assert content(store, "b.mp4") == given
    with pytest.raises(FileExistsError):
        store.put("b.mp4", io.BytesIO(given[1:]))


@pytest.fixture
def objects(bucket: Bucket) -> Objects:
    """Those of a bucket whose name could be taken for an answer."""
    odd = Objects(replace(bucket, name="media-2501"))
    with suppress(odd._client.exceptions.ClientError):
        odd._client.create_bucket(Bucket="media-2501")
    return odd


@pytest.mark.parametrize("server", ["moto"], indirect=True)  # rclone knows no conditions
@pytest.mark.parametrize(("answer", "lasts"), [("503", 100), ("501", 3)])
def test_a_server_that_knows_conditions_is_asked_for_them_whatever_it_answered_once(
    objects: Objects, proxy: FaultProxy, answer: str, lasts: int
) -> None:
    key = uuid4().hex
    objects.put(key, io.BytesIO(b"there"), 5, {})
    with proxy.fault(answer, at=lambda number: number < lasts), suppress(ConfigurationError):
        objects.put(f"{key}.other", io.BytesIO(b"other"), 5, {})

    with pytest.raises(Taken):
        objects.put(key, io.BytesIO(b"later"), 5, {})

    assert b"".join(objects.get(key)[1]) == b"there"


@pytest.mark.parametrize("server", ["moto"], indirect=True)
@pytest.mark.parametrize(("size", "sent"), [(5, r"PUT"), (PART_BYTES + 1, r"POST .*uploadId")])
def test_a_server_that_knows_no_conditions_gets_files_without_and_overwrites_none(
    objects: Objects, proxy: FaultProxy, size: int, sent: str
) -> None:
    new, old = uuid4().hex, uuid4().hex
    objects.put(old, io.BytesIO(bytes(size)), size, {})

    def is_conditional(number: int) -> bool:  # the first time, and when a client does it again by itself
        asked = [re.match(sent, one) is not None for one in proxy.requests]
        return asked[-1] and all(asked[asked.index(True) :])

    with proxy.fault("501", at=is_conditional):
        objects.put(new, io.BytesIO(b"n" * size), size, {})
    with proxy.fault("501", at=is_conditional), pytest.raises(Taken):
        objects.put(old, io.BytesIO(b"n" * size), size, {})

    assert [next(objects.get(key)[1])[:1] for key in (new, old)] == [b"n", b"\0"]


@pytest.mark.parametrize("server", ["moto"], indirect=True)
def test_a_file_that_came_while_another_was_moved_onto_it_is_not_overwritten(
    store: S3Store, behind: S3Store, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, PATH)
    copy = store._objects.copy

    def late(*given: object) -> None:
        put(behind, "b.jpg", b"another")
        copy(*given)  # type: ignore[arg-type]

    def is_conditional_copy(number: int) -> bool:
        asked = proxy.last.headers if proxy.last else {}
        return "x-amz-copy-source" in asked and asked.get("if-none-match") == "*"

    monkeypatch.setattr(store._objects, "copy", late)

    with proxy.fault("412", at=is_conditional_copy), pytest.raises(FileExistsError):  # moto knows none for copies
        store.move(PATH, "b.jpg")

    assert (content(store, PATH), content(store, "b.jpg")) == (b"the bytes", b"another")


@pytest.mark.parametrize("server", ["moto"], indirect=True)  # rclone tells no time of an upload
def test_an_upload_that_a_killed_process_left_is_ended_by_a_later_one(
    store: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, target = store._objects._client, {"Bucket": BUCKET, "Key": store._prefix + PATH}
    client.create_multipart_upload(**target)
    other = client.create_multipart_upload(Bucket=BUCKET, Key=f"{target['Key']}.other")
    monkeypatch.setattr(bucket_module, "_LEFT_OVER", timedelta(seconds=-1))

    store.put(PATH, io.BytesIO(bytes(PART_BYTES + 1)))

    left = client.list_multipart_uploads(Bucket=BUCKET, Prefix=target["Key"])["Uploads"]
    assert [one["UploadId"] for one in left] == [other["UploadId"]]


def test_many_files_are_put_at_once_and_each_is_told(store: S3Store) -> None:
    put(store, "a/7.jpg", b"another")
    sources = [io.BytesIO(b"%d" % number) for number in range(40)]

    many = store.put_many((f"a/{number}.jpg", source) for number, source in enumerate(sources))

    assert [one.file.relative_path for one in many.done] == [f"a/{n}.jpg" for n in range(40) if n != 7]
    assert [(path, type(failure)) for path, failure in many.failed] == [("a/7.jpg", FileExistsError)]
    assert all(source.closed for source in sources)
    assert content(store, "a/39.jpg") == b"39"


def test_many_files_again_write_nothing(store: S3Store) -> None:
    store.put_many((f"{number}.jpg", io.BytesIO(b"same")) for number in range(20))

    again = store.put_many((f"{number}.jpg", io.BytesIO(b"same")) for number in range(20))

    assert [one.is_new for one in again.done] == [False] * 20


def test_an_error_of_the_pairs_themselves_is_raised(store: S3Store) -> None:
    def pairs():  # type: ignore[no-untyped-def]
        yield "a.jpg", io.BytesIO(b"a")
        raise OSError("the other disk was pulled")

    with pytest.raises(OSError, match="pulled"):
        store.put_many(pairs())


def test_a_byte_that_changes_on_the_way_once_is_not_taken_for_another_file(store: S3Store, proxy: FaultProxy) -> None:
    put(store, PATH)
    file = store.stat(PATH)

    with proxy.fault("byte changed", at=lambda number: number == 1):  # after the marker
        found = next(store.digests([file]))
    with proxy.fault("byte changed", at=lambda number: number == 2):  # after the marker and a look
        again = store.put(PATH, io.BytesIO(b"the bytes"))

    assert (found, again.is_new) == (byte_id(b"the bytes"), False)


def test_an_object_that_reads_differently_each_time_has_no_digest(store: S3Store, proxy: FaultProxy) -> None:
    put(store, PATH)
    file = store.stat(PATH)

    with proxy.fault("byte changed", at=lambda number: number > 0):
        assert list(store.digests([file])) == [None]


def test_bytes_that_are_not_those_stored_beside_them_are_told_at_the_end(store: S3Store) -> None:
    store._objects.put(store._prefix + PATH, io.BytesIO(b"rotten"), 6, {"sha256": byte_id(b"the bytes")})

    with store.read(PATH) as stream, pytest.raises(IntegrityError, match="belong there"):
        stream.read()


def test_a_damaged_object_is_moved_as_it_is_and_still_told(store: S3Store) -> None:
    store._objects.put(store._prefix + PATH, io.BytesIO(b"rotten"), 6, {"sha256": byte_id(b"the bytes")})

    store.move(PATH, "b.jpg")

    assert paths(store) == ["b.jpg"]
    assert list(store.digests([store.stat("b.jpg")])) == [byte_id(b"rotten")]
    with store.read("b.jpg") as stream, pytest.raises(IntegrityError, match="belong there"):
        stream.read()


def test_what_somebody_else_stored_is_read_as_it_is(store: S3Store) -> None:
    store._objects.put(store._prefix + PATH, io.BytesIO(b"foreign"), 7, {})

    assert content(store, PATH) == b"foreign"
    store.move(PATH, "b.jpg")
    assert content(store, "b.jpg") == b"foreign"


@pytest.mark.parametrize("server", ["moto"], indirect=True)  # rclone has real folders
def test_the_empty_objects_that_stand_for_folders_are_no_files(store: S3Store) -> None:
    put(store, "a/b.jpg")
    put(store, "empty.jpg", b"")
    store._objects._client.put_object(Bucket=BUCKET, Key=f"{store._prefix}a/", Body=b"")

    assert paths(store) == ["a/b.jpg", "empty.jpg"]
    assert store.unreadable == ()


@pytest.mark.parametrize("server", ["moto"], indirect=True)  # rclone refuses such keys itself
def test_keys_that_are_no_paths_are_named_and_left_out(store: S3Store) -> None:
    put(store, "fine.jpg")
    for key in ("a//b.jpg", "a/../c.jpg", "a/./d.jpg", "a\tb.jpg"):
        store._objects._client.put_object(Bucket=BUCKET, Key=f"{store._prefix}{key}", Body=b"x")

    assert paths(store) == ["fine.jpg"]
    assert store.unreadable == ("a\tb.jpg", "a/../c.jpg", "a/./d.jpg", "a//b.jpg")


@pytest.mark.parametrize("server", ["rclone"], indirect=True)
def test_a_listing_of_empty_files_only_has_every_one(store: S3Store, server: ObjectServer) -> None:
    wanted = make_files(store, server, 1100, b"")

    assert paths(store) == wanted


@pytest.fixture
def many(store: S3Store, server: ObjectServer) -> list[str]:
    return make_files(store, server, 2500, b"x")


def make_files(store: S3Store, server: ObjectServer, count: int, content: bytes) -> list[str]:
    """Their paths; made where rclone keeps its objects, which takes no time."""
    assert server.folder is not None
    folder = server.folder / store._prefix / "many"
    folder.mkdir()
    for number in range(count):
        (folder / f"{number:05d}.jpg").write_bytes(content)
    server.look_again()
    while not store._objects.page(f"{store._prefix}many", None):  # it looks in its own time
        time.sleep(0.01)
    return [f"many/{number:05d}.jpg" for number in range(count)]


@pytest.mark.parametrize("server", ["rclone"], indirect=True)
def test_a_listing_of_many_pages_has_every_file(store: S3Store, proxy: FaultProxy, many: list[str]) -> None:
    with proxy.fault("none"):
        found = paths(store)

    assert found == many
    assert len([one for one in proxy.requests if "list-type" in one]) == 5


@pytest.mark.parametrize("server", ["rclone"], indirect=True)
@pytest.mark.parametrize(
    "fault", ["page repeated", "page missing", "list ends early", "list of one", "page", "nothing", "body cut"]
)
def test_a_listing_without_one_of_its_pages_is_an_error_or_whole(
    store: S3Store, proxy: FaultProxy, many: list[str], fault: str
) -> None:
    for number in range(1, 6):
        with proxy.fault(fault, at=number.__eq__):
            found = paths_or_offline(store)

        assert found in (many, OFFLINE)


OFFLINE = ["no usable listing"]


def paths_or_offline(store: S3Store) -> list[str]:
    try:
        return paths(store)
    except ConfigurationError:
        return OFFLINE


def test_a_gateway_that_takes_twins_for_one_overwrites_neither(tmp_path: Path) -> None:
    one, two = unicodedata.normalize("NFC", "ü.jpg"), unicodedata.normalize("NFD", "ü.jpg")
    with rclone(tmp_path, folds=True) as folding:
        store = S3Store.create(_bucket(folding.port))
        put(store, one, b"one")

        for given in (b"two", b"one"):
            with pytest.raises(FileExistsError):
                put(store, two, given)

        assert paths(store) == [one]
        assert content(store, one) == b"one"


def _bucket(port: int) -> Bucket:
    endpoint = f"http://127.0.0.1:{port}"
    return Bucket(BUCKET, Secret(ACCESS_KEY), Secret(SECRET_KEY), endpoint=endpoint, patience=timedelta(seconds=2))
