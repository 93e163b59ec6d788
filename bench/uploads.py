"""5,000 small files into a local S3 server: processor time of checked uploads beside boto3's, one after the other and unchecked."""

from __future__ import annotations

import io
import os
import random
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import boto3

from bench.figures import Figure, medians
from mhc_lab.core.secrets import Secret
from mhc_lab.storage.bucket import Bucket, Objects
from mhc_lab.storage.s3 import AT_ONCE, S3Store
from tests.support.object_servers import ACCESS_KEY, BUCKET, SECRET_KEY, rclone

FILES, SMALLEST, LARGEST = 5_000, 2_000, 40_000
ROUNDS = 1
"""After one that does not count; each is three times 5,000 files, and processor time varies little."""


def measure() -> list[Figure]:
    """The promise, with everything `put_many` checks; what sending alone costs is said beside it."""
    rng = random.Random(1)
    files = [rng.randbytes(rng.randint(SMALLEST, LARGEST)) for _ in range(FILES)]
    with tempfile.TemporaryDirectory() as folder, rclone(Path(folder)) as server:
        bucket = Bucket(BUCKET, Secret(ACCESS_KEY), Secret(SECRET_KEY), endpoint=f"http://127.0.0.1:{server.port}")
        rounds = count()
        actions = [_checked(bucket, files, rounds), _unchecked(bucket, files, rounds), _boto3(bucket, files, rounds)]
        checked, unchecked, plain = medians(actions, rounds=ROUNDS)
    detail = (
        f"{checked:.1f} s of processor time against {plain:.1f}, each file looked for, sent and read again; "
        f"sending alone {unchecked / plain:.2f} ×"
    )
    return [Figure(f"{FILES:,} small files to an S3 server", checked / plain, 0.5, "× boto3", detail)]


def _checked(bucket: Bucket, files: list[bytes], rounds: Iterator[int]) -> Callable[[], float]:
    store = S3Store.create(bucket)

    def timed() -> float:
        place = next(rounds)
        began = _processor_time()
        many = store.put_many((f"checked-{place}/{number}.jpg", io.BytesIO(file)) for number, file in enumerate(files))
        assert len(many.done) == FILES
        return _processor_time() - began

    return timed


def _unchecked(bucket: Bucket, files: list[bytes], rounds: Iterator[int]) -> Callable[[], float]:
    """The same requests without a look before and after."""
    objects = Objects(bucket)

    def timed() -> float:
        place = next(rounds)
        began = _processor_time()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            sent = [
                pool.submit(objects.put, f"unchecked-{place}/{number}.jpg", io.BytesIO(file), len(file), {})
                for number, file in enumerate(files)
            ]
            for one in sent:
                one.result()
        return _processor_time() - began

    return timed


def _boto3(bucket: Bucket, files: list[bytes], rounds: Iterator[int]) -> Callable[[], float]:
    client = boto3.session.Session().client(
        "s3",
        endpoint_url=bucket.endpoint,
        region_name=bucket.region,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
    )

    def timed() -> float:
        place = next(rounds)
        began = _processor_time()
        for number, file in enumerate(files):
            client.put_object(Bucket=BUCKET, Key=f"boto3-{place}/{number}.jpg", Body=file)
        return _processor_time() - began

    return timed


def _processor_time() -> float:
    """Of this process with all its threads; the server's is another's."""
    times = os.times()
    return times.user + times.system


if __name__ == "__main__":
    from bench.figures import show

    print(show(measure()))
