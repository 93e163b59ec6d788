"""What is refused before it is written down, and what is let through."""

from __future__ import annotations

import pytest

from mhc_lab.audit import confidential


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://owner:hunter2@db.example/mhc",
        "host=db.example password=hunter2",
        "https://bucket.example/a.jpg?X-Amz-Signature=0f9d8e7c",
        "Authorization: Bearer abcdefghijklmnop.qrst",
        "-----BEGIN PRIVATE KEY-----",
        "AKIAABCDEFGH23456789",
        "q7Rz0pW2mK9xT4vB8nL3",
        "9b1c07f2e4a85d3690be7f18c2d4a6e5",
    ],
)
def test_passwords_tokens_and_signed_links_look_confidential(text: str) -> None:
    assert confidential.why_confidential(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-29T10:00:00+02:00",
        "who_left_and_when",
        "people/luna_44_moon/auto/2026-01-01T04-00-00Z_0001.jpg",
        "/media/Studio2026/Some_Long_Folder_Name_2026",
        "6f1ed002ab5595859014ebf0951522d9b1c07f2e4a85d3690be7f18c2d4a6e5f",
        "0b2f4c1e-7d1a-4d6c-9a54-3f0c8f1f7b21",
        "https://example.org/page?id=4",
        "basic information, no secret",
    ],
)
def test_names_times_paths_digests_and_ids_do_not(text: str) -> None:
    assert confidential.why_confidential(text) is None


@pytest.mark.parametrize("name", ["PASSWORD", "api_key", "AWS_SECRET_ACCESS_KEY", "session_cookie", "STATBATE_TOKEN"])
def test_names_of_secrets_are_known(name: str) -> None:
    assert confidential.name_is_confidential(name)


@pytest.mark.parametrize(
    "name",
    ["SINCE", "MIN_TOKENS", "tokens_per_hour", "tokens_received", "MAX_GROUPS", "median_days_followed", "keyword"],
)
def test_names_of_figures_are_not_taken_for_secrets(name: str) -> None:
    assert not confidential.name_is_confidential(name)
