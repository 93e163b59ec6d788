"""Settings from the environment, read once by whoever opens the workbench.

======================  =====================================================================
``MHC_HOME``            everything the workbench keeps; default: the platform's data folder
``MHC_DATABASE_URL``    your PostgreSQL (15 or later), as its owner; default: an embedded server
``MHC_MEDIA_ROOT``      the folder or disk that holds the pictures and videos
``MHC_S3_BUCKET``       the bucket, or bucket/prefix, that holds files in an object store
``MHC_S3_ENDPOINT``     the address of that object store; default: Amazon's
``MHC_S3_REGION``       its region; default: us-east-1
``MHC_S3_ACCESS_KEY``   the key to it
``MHC_S3_SECRET_KEY``   and the secret that goes with the key
``MHC_BROADCASTER``     your own account name: who "me" is
``MHC_USER``            who sits at the keyboard; signs approvals; default: the login name
======================  =====================================================================
"""

from __future__ import annotations

import getpass
import os
from pathlib import Path

import platformdirs
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from mhc_lab.core.errors import ConfigurationError, UserError
from mhc_lab.core.names import username
from mhc_lab.core.secrets import Secret


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no entry in the password database, as in some containers
        return f"uid-{os.getuid()}"


class Settings(BaseSettings):
    """What ``MHC_*`` says, checked."""

    model_config = SettingsConfigDict(
        env_prefix="MHC_", frozen=True, env_ignore_empty=True, arbitrary_types_allowed=True, hide_input_in_errors=True
    )

    home: Path = Field(default_factory=lambda: Path(platformdirs.user_data_dir("mhc_lab")))
    database_url: Secret | None = None
    media_root: Path | None = None
    s3_bucket: str | None = None
    s3_endpoint: str | None = None
    s3_region: str = "us-east-1"
    s3_access_key: Secret | None = None
    s3_secret_key: Secret | None = None
    broadcaster: str | None = None
    user: str = Field(default_factory=_login_name)

    @field_validator("home", "media_root")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        return path.expanduser().absolute() if path is not None else None

    @field_validator("database_url", "s3_access_key", "s3_secret_key", mode="before")
    @classmethod
    def _hidden(cls, text: object) -> object:
        return Secret(text) if isinstance(text, str) else text

    @field_validator("broadcaster")
    @classmethod
    def _named(cls, name: str | None) -> str | None:
        try:
            return username(name) if name is not None else None
        except UserError as refused:
            raise ValueError(str(refused)) from refused


def read_settings() -> Settings:
    """The settings of this process.

    Raises
    ------
    ConfigurationError
        One of them cannot be used; the message names it and never repeats a secret.
    """
    try:
        return Settings()
    except ValidationError as invalid:
        first = invalid.errors(include_input=False, include_url=False)[0]
        setting = f"MHC_{'_'.join(str(part) for part in first['loc'])}".upper()
        raise ConfigurationError(f"{setting} cannot be used: {first['msg']}.", setting=setting) from None
