"""Settings: defaults, refusals, and secrets that stay secret."""

from __future__ import annotations

import errno
import os
import pickle
from pathlib import Path

import pytest

from mhc_lab.core.errors import ConfigurationError
from mhc_lab.core.home import prepare
from mhc_lab.core.secrets import Secret
from mhc_lab.core.settings import read_settings


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MHC_HOME", str(tmp_path))
    monkeypatch.setenv("MHC_BROADCASTER", "Studio_One")

    settings = read_settings()

    assert (settings.home, settings.broadcaster, settings.database_url) == (tmp_path, "studio_one", None)


def test_the_keys_of_an_object_store_are_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MHC_S3_BUCKET", "media/stage")
    monkeypatch.setenv("MHC_S3_ACCESS_KEY", "hunter1")
    monkeypatch.setenv("MHC_S3_SECRET_KEY", "hunter2")

    settings = read_settings()

    assert (settings.s3_bucket, settings.s3_endpoint, settings.s3_region) == ("media/stage", None, "us-east-1")
    assert settings.s3_secret_key is not None
    assert settings.s3_secret_key.reveal() == "hunter2"
    assert "hunter" not in repr(settings)


def test_an_empty_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MHC_DATABASE_URL", "")

    assert read_settings().database_url is None


def test_a_broadcaster_that_is_no_name_is_refused_by_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MHC_BROADCASTER", "not a name")

    with pytest.raises(ConfigurationError, match="MHC_BROADCASTER cannot be used") as refused:
        read_settings()

    assert refused.value.setting == "MHC_BROADCASTER"


def test_a_secret_prints_as_three_stars_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MHC_DATABASE_URL", "postgresql://u:hunter2@h/d")

    settings = read_settings()

    assert isinstance(settings.database_url, Secret)
    shown = [str(settings), repr(settings), f"{settings.database_url:>5}", "%s" % settings.database_url]  # noqa: UP031
    assert not any("hunter2" in text for text in shown)
    assert settings.database_url.reveal() == "postgresql://u:hunter2@h/d"


def test_a_secret_survives_pickling_without_showing() -> None:
    secret = pickle.loads(pickle.dumps(Secret("hunter2")))

    assert (secret.reveal(), str(secret)) == ("hunter2", "***")


def test_a_home_that_is_a_file_is_refused_with_the_next_step(tmp_path: Path) -> None:
    path = tmp_path / "home"
    path.write_text("x")

    with pytest.raises(ConfigurationError, match=r"is a file, not a folder\. Free it, or set MHC_HOME"):
        prepare(path)


def test_a_home_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")

    with pytest.raises(ConfigurationError, match="lies below something that is a file"):
        prepare(tmp_path / "file" / "home")


def test_a_home_that_cannot_be_written_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="MHC_HOME"):
        prepare(Path("/proc/mhc"))


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.ENOSPC, "has no space left"),
        (errno.EROFS, "is on a read-only file system"),
        (errno.EIO, "cannot be used"),
    ],
)
def test_what_the_system_says_of_a_disk_is_said_in_words(
    number: int, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(handle: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)

    with pytest.raises(ConfigurationError, match=reason):
        prepare(tmp_path / "home")
