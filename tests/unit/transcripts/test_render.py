"""A log and a menu as HTML: nothing that was pasted becomes markup, and a page is never as long as its log."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mhc_lab.core.errors import RefusedError
from mhc_lab.transcripts import render
from mhc_lab.transcripts.chat_log import parse_chat
from mhc_lab.transcripts.events import ChatEvent, MenuItem
from mhc_lab.transcripts.tip_menu import TipMenu

HOSTILE = "\"'><img src=x onerror=alert(1)></span></details><script>alert(2)</script>&lt;javascript:"
OURS = {"bdi", "details", "div", "p", "span", "strong", "summary"}


class Seen(HTMLParser):
    """The tags, attributes and text of a page, and whether its tags are closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def messages(*said: tuple[str, str]) -> list[ChatEvent]:
    return [ChatEvent("message", name, text, None, number) for number, (name, text) in enumerate(said, 1)]


def test_nothing_that_was_pasted_becomes_markup() -> None:
    event = ChatEvent("tip", HOSTILE, HOSTILE, 5, 1, is_guessed=True, time=HOSTILE, is_broadcaster=True)
    message = event._replace(kind="message", text=f"@bob {HOSTILE}")

    seen = Seen(render.chat([event, message]))

    assert seen.tags <= OURS
    assert seen.attributes <= {"aria-label", "class", "dir", "role", "style", "title"}
    assert seen.text.count(HOSTILE) == 5  # once as a name, and each time and text
    assert seen.open == []


@given(
    st.lists(st.tuples(st.sampled_from(["alice", "bob"]), st.text(alphabet=st.characters(), max_size=60)), max_size=10)
)
@settings(max_examples=300, deadline=None)
def test_any_text_is_shown_and_none_is_markup(said: list[tuple[str, str]]) -> None:
    page = render.chat(messages(*said))

    seen = Seen(page)
    page.encode()  # no half of a character is left
    assert seen.tags <= OURS
    assert seen.open == []
    assert all(render.readable(text) in seen.text for _, text in said)
    assert not any(ord(char) < 32 and char not in "\t\n" for char in page)


def test_a_menu_is_a_table_in_which_nothing_is_markup() -> None:
    page = TipMenu((MenuItem(HOSTILE, 50, 1), MenuItem("Flash\x00 \ud800", 1000, 2)), ignored=())._repr_html_()

    assert Seen(page).tags <= {"div", "table", "caption", "thead", "tbody", "tr", "th", "td", "p"}
    assert HOSTILE in Seen(page).text
    assert "Flash␀ �" in page
    assert "1,000" in page


def test_a_name_has_the_same_colour_in_every_log_and_where_it_is_mentioned() -> None:
    colour = f"style='--mhc-hue: {render.hue('bob')}'"

    first = render.chat(messages(("alice", "x"), ("bob", "y")))
    second = render.chat(messages(("zoe", "hi @Bob!")))

    assert f"<bdi class='mhc-name' {colour}>bob</bdi>" in first
    assert f"<bdi class='mhc-name' {colour}>@Bob</bdi>!" in second
    assert render.hue("bob") == render.hue("Bob") != render.hue("alice")


def test_the_hues_of_names_are_spread_over_the_circle() -> None:
    hues = {render.hue(f"name_{number}") for number in range(3_000)}

    assert len(hues) > 350
    assert hues <= set(range(360))


@pytest.mark.parametrize("text", ["a@bob.example", "@@bob", "@", f"@{'a' * 26}", "@bobé"])
def test_an_address_is_no_mention(text: str) -> None:
    assert render.chat(messages(("alice", text))).count("mhc-name") == 1


def test_what_somebody_says_in_a_row_stands_under_one_name() -> None:
    page = render.chat(messages(("alice", "1"), ("alice", "2"), ("bob", "3"), ("alice", "4")))

    assert page.count("mhc-who") == 3
    assert page.count("mhc-line") == 4


def test_a_tip_stands_in_its_place_with_its_amount() -> None:
    page = parse_chat("alice: before\nbob tipped 1,000 tokens - <3\nalice: after")._repr_html_()

    assert (
        page.index("before") < page.index("<strong>1,000 tokens</strong>") < page.index("&lt;3") < page.index("after")
    )
    assert page.count("mhc-tip") == 1


def test_a_guess_is_marked_in_words() -> None:
    page = render.chat(parse_chat("aliceHello").events)

    assert ">guessed</span>" in page
    assert "title='The copy has no sign between name and text" in page
    assert "guessed" not in render.chat(parse_chat("alice: Hello").events)


def test_text_from_right_to_left_is_set_apart() -> None:
    assert "<span dir='auto'>שלום</span>" in render.chat(messages(("alice", "שלום")))


def test_of_a_page_the_first_groups_stand_open() -> None:
    events = messages(*((f"user_{number}", "x") for number in range(render.OPEN_GROUPS + 3)))

    page = render.chat(events)

    assert page.split("<details")[0].count("mhc-who") == render.OPEN_GROUPS
    assert "<summary>3 more</summary>" in page
    assert "<details" not in render.chat(events[: render.OPEN_GROUPS])


def test_a_long_log_has_pages_and_says_which_one_is_shown() -> None:
    transcript = parse_chat("alice: hello\n" * (2 * render.PAGE_EVENTS + 1))

    assert transcript.page(1).count("mhc-line") == render.PAGE_EVENTS
    assert transcript.page(3).count("mhc-line") == 1
    assert "Events 1,001 to 1,001 of 1,001; page 3 of 3." in transcript.page(3)
    with pytest.raises(RefusedError, match="no page 4: the log has 3 pages"):
        transcript.page(4)


def test_a_page_of_a_long_log_is_short() -> None:
    log = "".join(f"user_{number}: {'<' * 5_000}\n" for number in range(2_000))

    page = parse_chat(log)._repr_html_()

    assert len(page) < 5 * render.PAGE_EVENTS * render.SHOWN_CHARACTERS
    assert "… 4,000 more characters" not in page
    assert page.count("… 4,000 more</span>") == render.PAGE_EVENTS


def test_an_empty_log_has_one_empty_page() -> None:
    assert Seen(render.chat([])).text == ""
    assert Seen(render.menu([MenuItem("x", 1, 1)])).open == []
