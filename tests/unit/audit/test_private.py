"""What is taken out of everything that leaves the machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from mhc_lab.audit.private import Censor
from mhc_lab.core.secrets import Secret
from mhc_lab.core.settings import Settings


def test_folders_are_replaced_by_their_settings(tmp_path: Path) -> None:
    censor = Censor.of(Settings(home=tmp_path / "home", media_root=tmp_path / "disk"))

    assert censor(f"{tmp_path}/home/mirror and {tmp_path}/disk/a.jpg") == "MHC_HOME/mirror and MHC_MEDIA_ROOT/a.jpg"


def test_a_folder_below_another_keeps_its_own_name(tmp_path: Path) -> None:
    censor = Censor.of(Settings(home=tmp_path, media_root=tmp_path / "disk"))

    assert censor(str(tmp_path / "disk" / "a.jpg")) == "MHC_MEDIA_ROOT/a.jpg"


def test_secrets_of_the_environment_are_hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATBATE_TOKEN", "canary-in-the-mine")

    assert Censor.of(Settings(home=tmp_path))("sent canary-in-the-mine along") == "sent *** along"


def test_the_database_address_is_hidden_and_so_is_its_password(tmp_path: Path) -> None:
    censor = Censor.of(Settings(home=tmp_path, database_url=Secret("postgresql://owner:canary%40mine@db.example/mhc")))

    assert censor("postgresql://owner:canary%40mine@db.example/mhc refused canary@mine") == "*** refused ***"


def test_any_password_in_an_address_is_hidden(tmp_path: Path) -> None:
    censor = Censor.of(Settings(home=tmp_path))

    assert censor("s3://key:canary@bucket.example") == "s3://key:***@bucket.example"


def test_lists_and_mappings_are_searched_through(tmp_path: Path) -> None:
    censor = Censor.of(Settings(home=tmp_path))

    assert censor({"text": [f"{tmp_path}/a", 3, None]}) == {"text": ["MHC_HOME/a", 3, None]}
