from __future__ import annotations

import time
from collections.abc import Sequence

import pytest

from mhc_lab.core.errors import RefusedError
from mhc_lab.sources.follow_names import Direction, ListedNames
from mhc_lab.sources.follow_pages import names_in_pages

AROUND = """<!doctype html>
<html lang="en"><head><title>{title}</title>{head}<script>var next = "/mallory/";</script></head>
<body><header><a href="/cast_owner/">cast_owner</a> <a href="/tags/">Tags</a> <span>99 followers</span></header>
<div class="top-nav"><a href="/mallory/">featured</a></div>
<div id="main" class="page-followers"><h1>{heading}</h1>
{body}
<a href="/auth/logout/">Log out</a> <a href="/followed-cams/">Followed</a> <a href="/accounts/">Account</a>
</div>
<template><a href="/mallory/">x</a></template>
<footer><a href="/terms/">Terms</a> <a href="https://elsewhere.example/mallory/">us elsewhere</a></footer>
</body></html>
"""


def page(body: str, *, title: str = "Followers", heading: str = "Followers", head: str = "") -> str:
    return AROUND.format(title=title, heading=heading, head=head, body=body)


def rows(*names: str) -> str:
    return "<ul>" + "".join(f'<li><a href="/{name}/">{name}</a></li>' for name in names) + "</ul>"


def cards(*names: str) -> str:
    one = '<li class="room_list_room x"><a href="/{0}/" data-room="{0}"><img></a><ul><li><a href="/tag/x/">x</a></li></ul></li>'
    return "<ul>" + "".join(one.format(name) for name in names) + "</ul>"


def read(*texts: str, direction: Direction = "followers", owner: str | None = None) -> ListedNames:
    return names_in_pages(texts, direction=direction, owner=owner)


def test_followers_are_the_links_of_one_part_outside_of_navigation_header_footer_and_script() -> None:
    listed = read(page(rows("alice", "Bob")))

    assert (listed.names, listed.rejected_rows, listed.duplicate_count) == (("alice", "bob"), (), 0)


@pytest.mark.parametrize(
    "row",
    [
        '<a href="/alice/"><img></a> <a href="/alice/">alice</a>',
        "<a href=/alice>alice",
        '<a href="https://chaturbate.com/alice/?tour=x#top">alice</a>',
        '<a href="https://en.chaturbate.com/alice/">alice</a>',
        '<A HREF="//chaturbate.com/Alice">alice</A>',
        '<header><a href="/alice/">alice</a></header>',
        '<div class="header"><a href="/alice/">alice</a></div>',
        '<div hidden><a href="/alice/">alice</a></div>',
    ],
)
def test_a_row_is_one_name_however_the_link_is_written(row: str) -> None:
    listed = read(page(f"<ul><li>{row}</li></ul>"))

    assert (listed.names, listed.duplicate_count) == (("alice",), 0)


@pytest.mark.parametrize(
    "href",
    ["/", "#", "?page=1", "/tags/x/", "/followed-cams/", "/female-cams/", "javascript:void(0)", "mailto:a@b.example", "alice/", "",
     "https://elsewhere.example/mallory/", "//elsewhere.example/mallory/", "https://chaturbate.com.example/mallory/", "/auth/", "/p/",
     "data:text/html,x"],
)  # fmt: skip
def test_other_links_are_nobody(href: str) -> None:
    assert read(page(rows("alice") + f'<p><a href="{href}">x</a></p>')).names == ("alice",)


def test_links_to_the_site_the_page_was_saved_from_are_its_own() -> None:
    saved = "<!-- saved from url=(0040)https://site.invalid/followers/ -->"

    listed = read(saved + page('<li><a href="https://www.site.invalid/alice/">x</a></li>'))

    assert listed.names == ("alice",)


def test_a_link_that_breaks_the_rule_of_names_is_rejected_by_itself() -> None:
    listed = read(page(rows("alice", "not a name!", "b" * 26, "bob")))

    assert (listed.names, listed.rejected_rows) == (("alice", "bob"), ("not a name!", "b" * 26))


def test_a_name_that_comes_again_further_down_is_counted() -> None:
    listed = read(page(rows("alice", "bob", "alice")))

    assert (listed.names, listed.duplicate_count) == (("alice", "bob"), 1)


def test_whose_list_it_is_and_who_owns_the_workbench_are_not_on_it() -> None:
    listed = read(
        page(
            '<a href="/quiet_river/">q</a><a href="/cast_owner/">c</a>' + rows("alice"),
            heading="quiet_river's followers",
        ),
        owner="cast_owner",
    )

    assert (listed.names, listed.account) == (("alice",), "quiet_river")


def test_rooms_that_a_page_of_followers_recommends_are_no_followers() -> None:
    assert read(page(rows("alice") + cards("mallory"))).names == ("alice",)


def test_followed_rooms_are_the_first_links_of_the_cards() -> None:
    body = (
        cards("alice", "Bob")
        + '<li class="room_list_room"><a href="https://chaturbate.com/carol/?x">c</a><a href="/x/">x</a></li>'
    )

    assert read(page(body, title="Following"), direction="following").names == ("alice", "bob", "carol")


def test_a_card_without_a_link_is_its_data_and_one_without_either_is_rejected() -> None:
    card = '<li class="room_list_room"{}>{}</li>'
    body = card.format(' data-room="alice"', "") + card.format("", '<a href="/a b/">x</a>') + card.format("", "")

    listed = read(page(body), direction="following")

    assert (listed.names, listed.rejected_rows) == (("alice",), ("/a b/", "a room card without a link"))


def test_followed_rooms_without_cards_are_those_that_are_named_as_data() -> None:
    body = '<div data-room="Alice"></div><nav><i data-room="mallory"></i></nav><a data-room=bob href="/x/">x</a>'

    assert read(page(body), direction="following").names == ("alice", "bob")


@pytest.mark.parametrize(
    "text",
    [
        page("<p>You have no followers yet.</p>"),
        page("", heading="0 followers"),
        "<h1>Followers</h1>",
        page("", title="Your page", heading="", head='<link rel="canonical" href="https://site.invalid/followers/">'),
    ],
)
def test_a_list_page_without_names_is_an_empty_list(text: str) -> None:
    assert read(text).names == ()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (page('<form><input type="password"></form>' + rows("alice")), "login page"),
        (page("<p>Please log in to see your followers.</p>"), "perhaps a login"),
        ("<html><title>Welcome</title><p>Hello</p></html>", "perhaps a login or an error page"),
        ("<!DOCTYPE html>", "perhaps a login or an error page"),
        ("<html><title>Just a moment...</title></html>", "reports an error: 'Just a moment...'"),
        ("<html><h1>404 Not Found</h1></html>", "reports an error"),
        (page(rows("alice"), title="Server Error", heading="Sorry"), "reports an error"),
        (page("", title="Error", heading="Your followers could not be loaded"), "reports an error"),
        (page("", heading="Verify you are human"), "reports an error"),
    ],
)
def test_a_page_that_is_no_list_is_refused(text: str, why: str) -> None:
    with pytest.raises(RefusedError, match=why):
        read(text)


def test_a_hidden_login_form_makes_no_login_page() -> None:
    hidden = '<div style="display:none"><input type="password"></div>'

    assert read(page(hidden + rows("alice"))).names == ("alice",)


@pytest.mark.parametrize("heading", ["Followers of error", "Followers of cast_owner (404)"])
def test_a_list_whose_heading_holds_an_ominous_word_is_a_list(heading: str) -> None:
    assert read(page(rows("alice"), heading=heading)).names == ("alice",)


def test_a_page_of_the_other_direction_is_refused() -> None:
    head = '<link rel="canonical" href="https://site.invalid/followed-cams/">'

    with pytest.raises(RefusedError, match="a list of direction following, not followers"):
        read(page(rows("alice"), head=head))


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        ("Followers of cast_owner", "cast_owner"),
        ("Cast_Owner's Followers - Site", "cast_owner"),
        ("cast_owner’s followers", "cast_owner"),
        ("Your followers", None),
        ("Today's followers", None),
        ("Followers of all", None),
        ("Followers", None),
    ],
)
def test_whose_list_it_is_stands_in_the_heading(heading: str, expected: str | None) -> None:
    assert read(page(rows("alice"), heading=heading)).account == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/p/cast_owner/followers/", "cast_owner"), ("/followers/Cast_Owner", "cast_owner"), ("/followers/", None)],
)
def test_whose_list_it_is_stands_in_the_address(path: str, expected: str | None) -> None:
    head = f'<meta property="og:url" content="https://site.invalid{path}">'

    assert read(page(rows("alice"), head=head)).account == expected


def test_pages_of_two_accounts_are_no_list() -> None:
    with pytest.raises(RefusedError, match="of different accounts: amber, quiet"):
        read(page(rows("a"), heading="Followers of amber"), page(rows("b"), heading="Followers of quiet"))


@pytest.mark.parametrize(
    "line",
    [
        "<p>1,234 followers</p>",
        "<p>1.234 Followers.</p>",
        "<p>1\u202f234 followers in total</p>",
        "<p>Followers (1,234)</p>",
        "<p>Followers: <b>1234</b></p>",
        "<h2>Followers <span>(1,234)</span></h2>",
        "<h2>All 1,234 followers of cast_owner</h2>",
        "<p>You have 1,234 followers</p>",
        "<p>Showing 1–100 of 1,234</p>",
        "<p>1 - 100 of 1,234 followers</p>",
        "<p>1,234 people follow you</p>",
        "<ul><li><a href='/followers/'>Followers (1,234)</a></li><li><a href='/followed-cams/'>Following (56)</a></li></ul>",
        "<p>Total: 1,234</p>",
    ],
)
def test_the_total_that_a_page_reports_is_read(line: str) -> None:
    assert read(page(line + rows("alice", "bob"))).totals == (1234,)


@pytest.mark.parametrize(
    "line",
    [
        "<p>1.2k followers</p>",
        "<p>1,234 tokens</p>",
        "<p>I had 1,234 followers on another site before they closed it</p>",
        "<ul><li><a href='/carol/'>carol</a> <div>1,234 followers</div></li></ul>",
        "<nav><p>1,234 followers</p></nav>",
        "<p style='display: none'>1,234 followers</p>",
        "<p>Following (1,234)</p>",
        "<script>'<p>1,234 followers</p>'</script>",
        "<p>99999999999 followers</p>",
    ],
)
def test_other_numbers_are_no_total(line: str) -> None:
    assert read(page(line + rows("alice"))).totals == ()


def test_two_totals_are_both_told_and_pages_that_agree_tell_one() -> None:
    differ = read(page("<p>10 followers</p>" + rows("a")), page("<p>11 followers</p>" + rows("b")))
    agree = read(page("<p>10 followers</p>" + rows("a")), page("<p>10 followers</p>" + rows("b")))

    assert (differ.totals, agree.totals) == ((10, 11), (10,))


def test_the_total_of_a_following_page_is_that_of_following() -> None:
    body = "<p>Following (56)</p><p>1,234 followers</p>" + cards("alice")

    assert read(page(body), direction="following").totals == (56,)


def pager(*numbers: int, current: int = 0, following: str = "") -> str:
    links = "".join(f'<a href="?page={number}">{number}</a>' for number in numbers)
    return f'<nav class="pagination"><b class="active">{current or ""}</b>{links}{following}</nav>'


@pytest.mark.parametrize(
    ("pages", "expected"),
    [
        ([pager(2, 3, current=1)], ("The list has further pages that were not saved: 2, 3.",)),
        ([pager(2)], ("The list has further pages that were not saved: 2.",)),
        ([pager(1, 2, current=3)], ("The list has further pages that were not saved: 1, 2.",)),
        ([pager(2, current=1), pager(1, current=2)], ()),
        ([pager(2, 3, current=1), pager(1, 3, current=2)], ("The list has further pages that were not saved: 3.",)),
        ([pager(2, 3, current=1), pager(1, 2, current=3)], ("The list has further pages that were not saved: 2.",)),
        ([pager(2, 3), pager(1, 3), pager(1, 2)], ()),
        ([pager(1)], ()),
        ([pager(following='<a rel="next" href="/next">></a>')], ("The list has a further page after page 1 that was not saved.",)),
        ([pager(following='<a rel="next" href="?page=2">Next</a>'), pager(1)], ()),
        ([pager(following='<a rel="prev" href="/back"><</a>')], ("The list has a page before the first one that was saved.",)),
        ([pager(9)], ("The list has further pages that were not saved: 2, 3, 4, 5, 6 and 3 more.",)),
        (['<a href="/tags/?page=7">more tags</a>'], ()),
    ],
)  # fmt: skip
def test_pages_that_nobody_saved_are_noticed(pages: Sequence[str], expected: tuple[str, ...]) -> None:
    texts = [page(rows(f"name_{place}") + one) for place, one in enumerate(pages)]

    assert read(*texts).doubts == expected


def test_a_page_that_is_cut_off_is_not_the_whole_list() -> None:
    whole = page(rows("alice", "bob", "carol"))

    listed = read(whole[: whole.index("carol") + 3])

    assert (listed.names, listed.is_torn) == (("alice", "bob"), True)
    assert listed.doubts == ("The saved page is cut off: number 1 of 1.",)


def test_bytes_that_are_no_utf_8_spoil_their_own_row_only() -> None:
    text = page(rows("alice", "b@b", "carol")).encode().replace(b"b@b", b"b\xf6b").decode("utf-8", errors="replace")

    listed = read(text)

    assert (listed.names, len(listed.rejected_rows)) == (("alice", "carol"), 1)


def test_a_large_page_costs_a_microsecond_for_each_character_at_most() -> None:
    row = (
        '<li class="row"><div><a href="/u{0}/"><img src="https://img.invalid/{0}.jpg" alt=""></a>'
        '<a class="name" href="/u{0}/">u{0}</a><span class="since">since 2026</span></div></li>'
    )
    text = page("".join(row.format(number) for number in range(17_000)))

    start = time.process_time()
    listed = read(text)
    seconds = time.process_time() - start

    assert len(listed.names) == 17_000
    assert seconds / len(text) < 1e-6


def test_a_page_of_the_site_that_is_no_list_of_following_is_refused() -> None:
    front = '<title>Free cams</title><link rel="canonical" href="https://site.invalid/">'

    with pytest.raises(RefusedError, match="the page / of the site, which is no list of direction following"):
        read(front + cards("mallory", "trent"), direction="following")


def part(path: str, *names: str) -> str:
    head = f'<link rel="canonical" href="https://site.invalid{path}">'
    tabs = '<nav><a href="/followed-cams/">Online</a><a href="/followed-cams/offline/">Offline</a></nav>'
    return page(tabs + cards(*names), head=head, title="Following")


def test_a_list_that_the_site_shows_in_two_parts_needs_both() -> None:
    online, offline = part("/followed-cams/", "alice"), part("/followed-cams/offline/", "bob")

    half = read(online, direction="following")
    whole = read(online, offline, direction="following")

    assert half.doubts == ("The list has another part that was not saved: /followed-cams/offline/.",)
    assert (whole.names, whole.doubts, whole.account) == (("alice", "bob"), (), None)
