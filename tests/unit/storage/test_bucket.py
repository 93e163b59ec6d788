from __future__ import annotations

import pytest

from mhc_lab.core.errors import ConfigurationError
from mhc_lab.core.secrets import Secret
from mhc_lab.core.settings import Settings
from mhc_lab.storage.bucket import Bucket

KEYS = {"s3_access_key": Secret("hunter1"), "s3_secret_key": Secret("hunter2")}


def test_a_bucket_is_what_the_settings_say() -> None:
    settings = Settings(s3_bucket="media/stage", s3_endpoint="http://127.0.0.1:9000", **KEYS)

    bucket = Bucket.of(settings)

    assert (bucket.name, bucket.address, bucket.region) == ("media/stage", "http://127.0.0.1:9000", "us-east-1")
    assert Bucket.of(settings, name="other").name == "other"
    assert "hunter" not in repr(bucket)


def test_without_an_address_it_is_amazons() -> None:
    bucket = Bucket.of(Settings(s3_bucket="media", s3_region="eu-north-1", **KEYS))

    assert bucket.address == "https://s3.eu-north-1.amazonaws.com"


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({}, "MHC_S3_BUCKET"),
        ({"s3_bucket": "media"}, "MHC_S3_ACCESS_KEY"),
        ({"s3_bucket": "media", "s3_access_key": Secret("hunter1")}, "MHC_S3_SECRET_KEY"),
    ],
)
def test_a_missing_setting_is_named(given: dict[str, object], missing: str) -> None:
    with pytest.raises(ConfigurationError, match=f"needs {missing}") as refused:
        Bucket.of(Settings(**given))

    assert refused.value.setting == missing
