"""Both object servers, each behind a proxy of its own, for the whole run; a bucket's prefix per test."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest

from mhc_lab.core.secrets import Secret
from mhc_lab.storage.bucket import Bucket
from mhc_lab.storage.s3 import S3Store
from tests.support.fault_proxy import FaultProxy
from tests.support.object_servers import ACCESS_KEY, BUCKET, SECRET_KEY, ObjectServer, moto, rclone


@pytest.fixture(scope="session")
def rclone_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectServer]:
    with rclone(tmp_path_factory.mktemp("rclone")) as server:
        yield server


@pytest.fixture(scope="session")
def moto_server() -> Iterator[ObjectServer]:
    with moto() as server:
        yield server


@pytest.fixture(params=["rclone", "moto"])
def server(request: pytest.FixtureRequest) -> ObjectServer:
    found: ObjectServer = request.getfixturevalue(f"{request.param}_server")
    return found


@pytest.fixture(scope="session")
def rclone_proxy(rclone_server: ObjectServer) -> Iterator[FaultProxy]:
    with FaultProxy(rclone_server.port).running() as running:
        yield running


@pytest.fixture(scope="session")
def moto_proxy(moto_server: ObjectServer) -> Iterator[FaultProxy]:
    with FaultProxy(moto_server.port).running() as running:
        yield running


@pytest.fixture
def proxy(server: ObjectServer, request: pytest.FixtureRequest) -> FaultProxy:
    found: FaultProxy = request.getfixturevalue(f"{server.name}_proxy")
    return found


@pytest.fixture
def prefix(server: ObjectServer) -> str:
    return f"{BUCKET}/{uuid.uuid4().hex[:8]}"


@pytest.fixture
def bucket(proxy: FaultProxy, prefix: str) -> Bucket:
    return Bucket(
        prefix,
        Secret(ACCESS_KEY),
        Secret(SECRET_KEY),
        endpoint=f"http://127.0.0.1:{proxy.port}",
        patience=timedelta(seconds=5),
    )


@pytest.fixture
def store(bucket: Bucket) -> S3Store:
    return S3Store.create(bucket)


@pytest.fixture
def behind(prefix: str, server: ObjectServer) -> S3Store:
    """The same store, reached without the proxy."""
    direct = f"http://127.0.0.1:{server.port}"
    return S3Store.open(Bucket(prefix, Secret(ACCESS_KEY), Secret(SECRET_KEY), endpoint=direct), marker=None)
