from __future__ import annotations

import hashlib
import json
import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from mhc_lab.core.errors import NotFoundError, RefusedError
from mhc_lab.sources import manifest as manifests
from mhc_lab.sources.follow_lists import FollowList, RefusedList, read_lists, read_path

GOOD = {"file": "good.csv", "scraped_at": "2026-03-29T10:00:00+02:00", "complete": True}
AT = datetime(2026, 3, 29, 8, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "good.csv").write_text("username\nalice\nbob\n")
    return tmp_path


def manifest(folder: Path, *entries: object) -> Path:
    (folder / "manifest.json").write_text(json.dumps(entries))
    return folder


def why(offered: FollowList | RefusedList) -> str:
    assert isinstance(offered, RefusedList)
    return offered.why


def test_a_list_is_read_as_the_manifest_describes_it(folder: Path) -> None:
    manifest(folder, GOOD | {"direction": "following", "reported_total": 7, "scraper": "of some kind"})

    assert read_lists(folder) == (
        FollowList(
            file_name="good.csv",
            file_digest=hashlib.sha256(b"username\nalice\nbob\n").hexdigest(),
            direction="following",
            observed_at=AT,
            is_declared_complete=True,
            reported_total=7,
            names=("alice", "bob"),
            rejected_rows=(),
            duplicate_count=0,
            is_torn=False,
        ),
    )


@pytest.mark.parametrize(
    "entry",
    [
        {},
        "good.csv",
        None,
        GOOD | {"scraped_at": "2026-03-29T10:00:00"},
        GOOD | {"scraped_at": "yesterday"},
        GOOD | {"scraped_at": 1774771200},
        GOOD | {"scraped_at": "0001-01-01T00:00:00+14:00"},
        GOOD | {"complete": "yes"},
        GOOD | {"direction": "sideways"},
        GOOD | {"reported_total": -1},
        GOOD | {"reported_total": 10**12},
        GOOD | {"reported_total": True},
        GOOD | {"file": "../good.csv"},
        GOOD | {"file": "/etc/passwd"},
        GOOD | {"file": "a\0b"},
        GOOD | {"file": "\ud800.csv"},
        GOOD | {"file": 7},
        GOOD | {"file": "."},
        GOOD | {"file": []},
        GOOD | {"file": ["good.csv", "../good.csv"]},
        GOOD | {"account": "not a name"},
        GOOD | {"kind": "spell"},
        GOOD | {"kind": ["list"]},
        GOOD | {"kind": "profile"},
        GOOD | {"kind": "profile", "username": "alice", "file": ["a.html", "b.html"]},
        {"file": "page.html", "kind": "profile", "username": "alice", "scraped_at": "2026-03-29T10:00:00"},
        {"kind": "feed"},
    ],
)
def test_a_bad_entry_is_refused_by_name_and_the_others_are_read(folder: Path, entry: object) -> None:
    (folder / "other.csv").write_text("username\ncarol\n")
    manifest(folder, entry, GOOD | {"file": "other.csv"})

    bad, other = read_lists(folder)

    assert why(bad).startswith("manifest.json, entry 1: ")
    assert isinstance(other, FollowList)


def test_a_missing_file_is_refused_with_its_time(folder: Path) -> None:
    manifest(folder, GOOD | {"file": "gone.csv"})

    (gone,) = read_lists(folder)

    assert gone == RefusedList("gone.csv", "", "followers", AT, "It cannot be read: No such file or directory.")


def test_a_file_that_is_something_else_is_refused_with_its_digest(folder: Path) -> None:
    (folder / "page.csv").write_text("<html>Log in</html>")
    manifest(folder, GOOD | {"file": "page.csv"}, GOOD)

    page, good = read_lists(folder)

    assert (page.file_digest, "web page" in why(page)) == (hashlib.sha256(b"<html>Log in</html>").hexdigest(), True)
    assert isinstance(good, FollowList)


def test_a_file_named_twice_is_refused_because_nobody_knows_which_time_is_right(folder: Path) -> None:
    manifest(folder, GOOD, GOOD | {"file": "./good.csv", "scraped_at": "2026-03-30T10:00:00Z"})

    assert [why(one) for one in read_lists(folder)] == [
        "manifest.json names it 2 times; say once when it was taken."
    ] * 2


def test_a_link_a_pipe_and_a_folder_are_not_read(folder: Path) -> None:
    (folder / "link.csv").symlink_to(folder / "good.csv")
    (folder / "sub").mkdir()
    os.mkfifo(folder / "pipe.csv")
    manifest(folder, *(GOOD | {"file": name} for name in ("link.csv", "sub", "pipe.csv")))

    assert {why(one) for one in read_lists(folder)} == {"It is a link, or not a file."}


def test_a_list_below_a_linked_folder_is_not_read(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "good.csv").write_text("username\nalice\n")
    (folder / "sub").symlink_to(outside)
    manifest(folder, GOOD | {"file": "sub/good.csv"})

    assert [why(one) for one in read_lists(folder)] == ["It is a link, or not a file."]


def test_a_file_beyond_the_limit_is_refused(folder: Path) -> None:
    with (folder / "good.csv").open("wb") as file:
        file.truncate(manifests.SIZE_LIMIT + 1)

    offered = read_lists(folder / "good.csv", observed_at=AT, complete=True)

    assert [why(one) for one in offered] == ["It cannot be read: it is larger than 64 MiB."]


@pytest.mark.parametrize("content", ["", "{", "[1", '{"file": "good.csv"}', "7", "[" * 100_000, "\xff"])
def test_a_manifest_that_cannot_be_read_is_said_so(folder: Path, content: str) -> None:
    (folder / "manifest.json").write_text(content, encoding="latin-1")

    with pytest.raises(RefusedError, match=r"manifest\.json .*import again"):
        read_lists(folder)


def test_a_folder_without_a_manifest_is_refused(folder: Path) -> None:
    with pytest.raises(RefusedError, match=r"has no manifest\.json"):
        read_lists(folder)


def test_a_single_file_is_told_its_time(folder: Path) -> None:
    local = AT.astimezone(timezone(timedelta(hours=2)))

    (one,) = read_lists(folder / "good.csv", observed_at=local, complete=False)

    assert isinstance(one, FollowList)
    assert (one.observed_at.tzinfo, one.observed_at, one.direction, one.is_declared_complete) == (
        UTC,
        AT,
        "followers",
        False,
    )


@pytest.mark.parametrize(
    "told",
    [
        {"complete": True},
        {"observed_at": AT},
        {"observed_at": AT.replace(tzinfo=None), "complete": True},
        {"observed_at": AT, "complete": True, "direction": "sideways"},
    ],
)
def test_a_single_file_without_its_circumstances_is_refused(folder: Path, told: dict[str, object]) -> None:
    with pytest.raises(RefusedError, match="Say when the list was taken, and whether it is complete or partial"):
        read_lists(folder / "good.csv", **told)  # type: ignore[arg-type]


def test_a_path_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="No file or folder named"):
        read_lists(tmp_path / "gone.csv", observed_at=AT, complete=True)


def test_times_on_both_sides_of_a_change_of_summer_time_are_read_by_their_offsets(folder: Path) -> None:
    (folder / "later.csv").write_text("username\nalice\n")
    manifest(
        folder,
        GOOD | {"scraped_at": "2026-10-25T02:30:00+02:00"},
        GOOD | {"file": "later.csv", "scraped_at": "2026-10-25T02:30:00+01:00"},
    )

    taken = [one.observed_at for one in read_lists(folder)]

    assert taken == [datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)]


def test_a_time_without_its_zone_is_refused_with_an_example(folder: Path) -> None:
    manifest(folder, GOOD | {"scraped_at": "2026-10-25T02:30:00"})

    assert [why(one) for one in read_lists(folder)] == [
        "manifest.json, entry 1: scraped_at is no time with its zone, such as 2026-03-29T10:00:00+02:00."
    ]


def page(*names: str, heading: str = "Followers", also: str = "") -> str:
    rows = "".join(f'<li><a href="/{name}/">{name}</a></li>' for name in names)
    return f"<html><head><title>{heading}</title></head><body><ul>{rows}</ul>{also}</body></html>"


def test_saved_pages_of_one_list_are_read_as_one_in_the_order_in_which_they_are_named(folder: Path) -> None:
    (folder / "p1.html").write_text(page("alice", "bob"))
    (folder / "p2.html").write_text(page("bob", "carol"))
    manifest(folder, GOOD | {"file": ["p2.html", "p1.html"]})

    (joined,) = read_lists(folder)

    assert isinstance(joined, FollowList)
    assert (joined.names, joined.duplicate_count, joined.format) == (("bob", "carol", "alice"), 1, "html")
    assert joined.file_name == "p2.html and 1 more"


def test_the_digest_of_several_pages_depends_on_each_and_on_their_order(folder: Path) -> None:
    (folder / "p1.html").write_text(page("alice"))
    (folder / "p2.html").write_text(page("bob"))
    manifest(folder, GOOD | {"file": ["p1.html", "p2.html"]})
    (forwards,) = read_lists(folder)
    manifest(folder, GOOD | {"file": ["p2.html", "p1.html"]})

    (backwards,) = read_lists(folder)

    digests = [hashlib.sha256(page(name).encode()).digest() for name in ("alice", "bob")]
    assert forwards.file_digest == hashlib.sha256(b"".join(digests)).hexdigest()
    assert forwards.file_digest != backwards.file_digest


def test_a_folder_of_pages_is_one_list_with_the_second_page_before_the_tenth(folder: Path) -> None:
    (folder / "pages").mkdir()
    (folder / "pages" / "page-10.html").write_text(page("carol"))
    (folder / "pages" / "page-2.html").write_text(page("bob"))
    (folder / "pages" / "page-1.HTM").write_text(page("alice"))
    (folder / "pages" / "notes.txt").write_text("not a page")
    manifest(folder, GOOD | {"file": "pages"})

    (joined,) = read_lists(folder)

    assert isinstance(joined, FollowList)
    assert joined.names == ("alice", "bob", "carol")


def test_one_page_that_is_no_list_refuses_the_whole_list(folder: Path) -> None:
    (folder / "p1.html").write_text(page("alice"))
    (folder / "p2.html").write_text("<html><h1>Log in</h1><input type=password></html>")
    manifest(folder, GOOD | {"file": ["p1.html", "p2.html"]}, GOOD)

    refused, good = read_lists(folder)

    assert "Page 2 of 2 is a web page with a password field" in why(refused)
    assert isinstance(good, FollowList)


@pytest.mark.parametrize("files", [["p1.html", "gone.html"], ["p1.html", "link.html"]])
def test_a_page_that_cannot_be_read_refuses_the_whole_list_by_name(folder: Path, files: list[str]) -> None:
    (folder / "p1.html").write_text(page("alice"))
    (folder / "link.html").symlink_to(folder / "p1.html")
    manifest(folder, GOOD | {"file": files})

    assert why(read_lists(folder)[0]).startswith(f"{files[1]}: it ")


def test_a_page_in_two_lists_or_twice_in_one_is_refused(folder: Path) -> None:
    (folder / "pages").mkdir()
    (folder / "pages" / "p1.html").write_text(page("alice"))
    (folder / "p2.html").write_text(page("bob"))
    manifest(
        folder, GOOD | {"file": "pages"}, GOOD | {"file": "pages/p1.html"}, GOOD | {"file": ["p2.html", "p2.html"]}
    )

    assert ["names" in why(one) and "2 times" in why(one) for one in read_lists(folder)] == [True] * 3


def test_files_of_different_formats_are_not_joined(folder: Path) -> None:
    (folder / "p1.html").write_text(page("alice"))
    manifest(folder, GOOD | {"file": ["good.csv", "p1.html"]})

    assert why(read_lists(folder)[0]) == "Its files are of different formats: csv, html."


def test_several_files_of_names_are_joined_with_their_rejected_and_repeated_rows(folder: Path) -> None:
    (folder / "a.json").write_text('[{"name": "alice", "id": 900}, "not a name"]')
    (folder / "b.json").write_text('[{"name": "alice", "id": 900}, {"name": "bob", "id": 901}]')
    manifest(folder, GOOD | {"file": ["a.json", "b.json"]})

    (joined,) = read_lists(folder)

    assert isinstance(joined, FollowList)
    assert (joined.names, joined.rejected_rows, joined.duplicate_count) == (("alice", "bob"), ("not a name",), 1)
    assert joined.numeric_ids == {"alice": 900, "bob": 901}


def test_two_totals_make_a_list_that_was_called_complete_a_partial_one(folder: Path) -> None:
    (folder / "page.html").write_text(page("alice", also="<p>1,234 followers</p><p>Followers (1,235)</p>"))
    manifest(folder, GOOD | {"file": "page.html"})

    (read,) = read_lists(folder)

    assert isinstance(read, FollowList)
    assert (read.is_declared_complete, read.reported_total) == (False, None)
    assert read.notes == ("It says that it has 1,234 and 1,235 names; nobody knows which is right.",)


def test_a_total_in_the_manifest_and_another_on_the_page_are_two_totals(folder: Path) -> None:
    (folder / "page.html").write_text(page("alice", also="<p>2 followers</p>"))
    manifest(folder, GOOD | {"file": "page.html", "reported_total": 3})

    (read,) = read_lists(folder)

    assert isinstance(read, FollowList)
    assert (read.is_declared_complete, read.reported_total, len(read.notes)) == (False, None, 1)


def test_one_total_is_the_reported_one(folder: Path) -> None:
    (folder / "page.html").write_text(page("alice", also="<p>2 followers</p>"))
    manifest(folder, GOOD | {"file": "page.html", "reported_total": 2})

    (read,) = read_lists(folder)

    assert isinstance(read, FollowList)
    assert (read.is_declared_complete, read.reported_total, read.notes) == (True, 2, ())


def test_a_list_of_another_account_is_refused_with_both_names(folder: Path) -> None:
    (folder / "page.html").write_text(page("alice", heading="Followers of quiet_river"))
    manifest(folder, GOOD | {"file": "page.html"}, GOOD | {"account": "quiet_river"})

    assert [why(one) for one in read_lists(folder, broadcaster="cast_owner")] == [
        "It is the list of quiet_river, not of cast_owner."
    ] * 2


def test_a_page_that_contradicts_the_manifest_about_the_account_is_refused(folder: Path) -> None:
    (folder / "page.html").write_text(page("alice", heading="Followers of quiet_river"))
    manifest(folder, GOOD | {"file": "page.html", "account": "cast_owner"})

    assert why(read_lists(folder)[0]) == "It is the list of quiet_river, not of cast_owner."


def test_a_list_of_the_broadcaster_is_taken_in_any_case_of_its_name(folder: Path) -> None:
    (folder / "page.html").write_text(page("alice", heading="Followers of Cast_Owner"))
    manifest(folder, GOOD | {"file": "page.html", "account": "@CAST_OWNER"})

    (read,) = read_lists(folder, broadcaster="cast_owner")

    assert isinstance(read, FollowList)


FEED = json.dumps(
    [
        {
            "method": "follow",
            "id": "1767900000000-0",
            "object": {"broadcaster": "cast_owner", "user": {"username": "x"}},
        },
        {"method": "tip", "id": "1767900000001-0", "object": {"broadcaster": "cast_owner"}},
        {
            "method": "follow",
            "id": "1767900000000-0",
            "object": {"broadcaster": "cast_owner", "user": {"username": "x"}},
        },
        {"method": "unfollow", "id": "1767900000002-0", "object": {"broadcaster": "else", "user": {"username": "y"}}},
    ]
)
PROFILE = '<html><div class="followButton" style="display:none"></div><div class="unfollowButton"></div></html>'


def test_a_folder_holds_lists_feeds_and_profile_pages_together(folder: Path) -> None:
    (folder / "feed.json").write_text(FEED)
    (folder / "alice.html").write_text(PROFILE)
    (folder / "bob.html").write_text("<html></html>")
    profile = {"kind": "profile", "scraped_at": "2026-03-29T10:00:00Z"}
    manifest(
        folder,
        GOOD,
        {"file": "feed.json", "kind": "feed"},
        profile | {"file": "alice.html", "username": "Alice"},
        profile | {"file": "bob.html", "username": "bob"},
    )

    offered = read_path(folder, broadcaster="cast_owner")

    assert [one.file_name for one in offered.lists] == ["good.csv"]
    assert [(one.username, one.direction, one.is_following, one.source) for one in offered.observations] == [
        ("x", "followers", True, "events_api"),
        ("alice", "following", True, "profile_scrape"),
    ]
    assert offered.rejected_rows == (
        "event 1767900000002-0: of the room else, not of cast_owner",
        "bob.html: does not show whether bob is followed",
    )
    assert (offered.duplicate_count, len(offered.events)) == (1, 3)


def test_a_feed_is_told_by_its_content_and_needs_no_time(folder: Path) -> None:
    (folder / "feed.csv").write_text(FEED)

    offered = read_path(folder / "feed.csv", broadcaster="cast_owner")

    assert (len(offered.lists), len(offered.observations)) == (0, 1)


def test_a_feed_that_a_manifest_calls_a_list_is_read_as_a_feed(folder: Path) -> None:
    (folder / "feed.json").write_text(FEED)
    manifest(folder, GOOD | {"file": "feed.json"})

    offered = read_path(folder, broadcaster="cast_owner")

    assert (len(offered.lists), len(offered.observations)) == (0, 1)


def test_a_feed_that_cannot_be_read_is_refused_by_name_and_the_list_is_read(folder: Path) -> None:
    (folder / "feed.json").write_text(FEED[:-40])
    manifest(folder, {"file": "feed.json", "kind": "feed"}, GOOD)

    refused, good = read_path(folder).lists

    assert (refused.file_name, refused.observed_at, "cut off" in why(refused)) == ("feed.json", None, True)
    assert isinstance(good, FollowList)


def test_a_single_page_is_of_the_person_it_is_said_to_be_of(folder: Path) -> None:
    (folder / "page.html").write_text(PROFILE)

    offered = read_path(folder / "page.html", observed_at=AT, profile_of="Alice")

    assert [(one.username, one.at) for one in offered.observations] == [("alice", AT)]


def test_a_login_page_instead_of_a_profile_is_refused(folder: Path) -> None:
    (folder / "page.html").write_text("<html><input type=password></html>")

    offered = read_path(folder / "page.html", observed_at=AT, profile_of="alice")

    assert "login page" in why(offered.lists[0])


def test_a_single_path_that_is_no_file_is_not_opened(folder: Path) -> None:
    os.mkfifo(folder / "pipe.csv")

    with pytest.raises(NotFoundError, match="is no file"):
        read_path(folder / "pipe.csv", observed_at=AT, complete=True)
