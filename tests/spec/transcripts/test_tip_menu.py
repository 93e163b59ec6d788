"""A pasted tip menu: items and prices in the order of the text; a line that cannot be read for certain is ignored and counted."""

from __future__ import annotations

import pytest

from mhc_lab.transcripts.tip_menu import parse_menu
from tests.support.chats import log, offered


def test_a_menu_is_read_line_by_line() -> None:
    text = log("""
        ~~~ Tip Menu ~~~
        💋 Blow a kiss - 15 tokens

        25 - Flash
        Dance: 1,000
        C2C (50)
        ask me anything
    """)

    menu = parse_menu(text)

    assert [(one.item, one.tokens, one.line) for one in menu.items] == [
        ("Blow a kiss", 15, 2), ("Flash", 25, 4), ("Dance", 1000, 5), ("C2C", 50, 6),
    ]  # fmt: skip
    assert menu.ignored == (1, 7)
    assert repr(menu) == "4 items; 2 lines ignored"


@pytest.mark.parametrize(
    "line",
    [
        "Flash - 50 tokens", "50 - Flash", "Flash: 50", "Flash (50)",
        "Flash-50", "Flash -50", "Flash- 50", "Flash – 50", "Flash–50", "Flash — 50", "Flash -- 50", "50-Flash", "50 — Flash",
        "Flash = 50", "Flash=50", "50 = Flash", "Flash | 50", "Flash|50", "50 | Flash", "| Flash | 50 |", "Flash : 50",
        "Flash:50", "50: Flash",
        "Flash\uff1a50",
        "Flash .... 50", "Flash....50", "Flash . . . . 50", "Flash…50", "50 .... Flash",
        "Flash ............................................. 50",
        "Flash ------------------------------------------------------------ 50", "Flash ==== 50",
        "Flash\xa0-\xa050", "Flash\u3000(50\xa0tk)", "Flash\t50 tk", "Flash\u300050 tokens", "Flash, 50 tokens", "Flash ___ 50 tokens",
        "Flash [50]", "Flash(50)", "Flash (50 tokens)", "Flash [50 tks]", "Flash - (50)", "(50) - Flash", "[50 tk] Flash",
        "Flash - 50tk", "Flash - 50 TOKENS", "Flash: 50 token", "Flash = 50 tks", "Flash - tokens 50", "50 tokens - Flash",
        "50tk: Flash", "50 tks | Flash",
        "Flash 50 tokens", "Flash 50tk", "Flash -> 50 tokens",
        "Flash - 50.", "Flash - 50 tokens!", "Notice: Flash - 50", "  Flash - 50\t",
    ],
)  # fmt: skip
def test_people_write_a_price_in_many_ways(line: str) -> None:
    assert offered(line) == [("Flash", 50)]


@pytest.mark.parametrize(
    "line",
    [
        "💋 Flash - 50", "Flash - 50 💋", "⭐⭐ Flash - 50 ⭐⭐", "❤️Flash - 50❤️", "👩🏽‍🦰 Flash - 50", "• Flash - 50",
        "* Flash - 50 *", "- Flash - 50",
        "-Flash - 50", "– Flash - 50", "► Flash - 50 ◄", "» Flash - 50 «", ":heart Flash - 50", ":heart: Flash - 50 :kiss2",
        ":a :b Flash (50) :c :d", ":heart:Flash - 50", "Flash - 50:heart:", ":red-heart Flash - 50 :red-heart", ":4you Flash - 50",
        "💋 50 - Flash 💋", "~ Flash (50) ~", "\u200bFlash - 50\u200b", "💋 :heart • Flash - 50 tokens",
    ],
)  # fmt: skip
def test_decoration_around_a_line_is_no_part_of_the_item(line: str) -> None:
    assert offered(line) == [("Flash", 50)]


@pytest.mark.parametrize(
    "item",
    [
        "Kiss 💋 the cam", "FLASH", "Flash :heart", "5 spanks", "2 songs", "Songs 2-3", "Top 10", "12:30 show", "3-some",
        "Show (5 min)", "Spanks (10)",
        "Flash, dance", "Flash/dance", "1) Flash", "Crème brûlée", "हिन्दी", "مرحبا", "Ⓕⓛⓐⓢⓗ", "a  b", "24/7 chat", "x < y & z",
    ],
)  # fmt: skip
def test_an_item_is_kept_as_typed(item: str) -> None:
    assert offered(f"{item} - 50") == [(item, 50)]


@pytest.mark.parametrize(
    ("line", "item", "price"),
    [
        ("2 songs - 50", "2 songs", 50),
        ("50 - 2 songs", "2 songs", 50),
        ("50 - Spanks (10)", "Spanks (10)", 50),
        ("5 minutes 100 tokens", "5 minutes", 100),
        ("Flash 5 seconds 100 tokens", "Flash 5 seconds", 100),
        ("69 - 100 tokens", "69", 100),
        ("50 tokens - 100", "100", 50),
        ("Snap 4 life = 500 tks", "Snap 4 life", 500),
    ],
)
def test_the_price_is_marked_by_its_unit_or_its_place(line: str, item: str, price: int) -> None:
    assert offered(line) == [(item, price)]


@pytest.mark.parametrize(
    ("written", "price"),
    [("1", 1), ("1,000", 1000), ("12,345,678", 12_345_678), ("2147483647", 2**31 - 1), ("2,147,483,647", 2**31 - 1)],
)
def test_a_price_is_whole_with_or_without_commas(written: str, price: int) -> None:
    assert offered(f"Flash - {written}") == [("Flash", price)]
    assert offered(f"{written} - Flash") == [("Flash", price)]
    assert offered(f"Flash ({written})") == [("Flash", price)]
    assert offered(f"Flash {written} tokens") == [("Flash", price)]


@pytest.mark.parametrize(
    "price",
    [
        "0", "00", "-5", "- 5", "1.5", "10.50", ".5", "1,5", "1,00", "10,00", "1000,000", "0,100", "1/2", "½", "fifty",
        "fifty tokens", "2147483648",
        "2,147,483,648", "99999999999999999999", "9" * 5000, "5k", "1e3", "50+", "50%", "$50", "50€", "50-100", "50 - 100",
        "50 to 100", "50/100",
        "50 or 60", "50 tokens each", "50 60", "1 500", "1 500 tokens", "1.500", "٥٠", "x", "", "tokens",
    ],
)  # fmt: skip
@pytest.mark.parametrize("form", ["Flash - {}", "Flash: {}", "Flash ({})"])
def test_no_other_price_is_stored(form: str, price: str) -> None:
    menu = parse_menu(form.format(price))

    assert (menu.items, menu.ignored) == ((), (1,))


@pytest.mark.parametrize("price", ["0", "-5", "1.5", "1,5", "½", "2147483648", "50-100", "50 - 100", "12:30"])
def test_nor_before_the_item(price: str) -> None:
    menu = parse_menu(f"{price} - Flash")

    assert (menu.items, menu.ignored) == ((), (1,))


@pytest.mark.parametrize(
    "line",
    [
        "Tip Menu",
        "Flash",
        "50",
        "Flash 50",
        "50 Flash",
        "- 50",
        "50 -",
        "(50)",
        "💋 - 50",
        "12:30 show",
        "Show 12:30",
        "Songs 2-3",
        "https://example.com/menu-50",
        "see http://example.com:8080",
        "Flash == -50",
        "Flash - --50",
        "100 - 50",
        "100: 50",
    ],
)
def test_a_line_in_no_form_is_ignored(line: str) -> None:
    menu = parse_menu(line)

    assert (menu.items, menu.ignored) == ((), (1,))


@pytest.mark.parametrize(
    "line",
    [
        "Flash - 50 | Dance - 100", "Flash - 50, Dance - 100", "Flash - 50; Dance - 100", "Flash (50) / Dance (100)",
        "Flash: 50 • Dance: 100",
        "50 - Flash, 100 - Dance", "💋 Flash - 50 💋 Dance - 100 💋", "Flash 50 tokens, Dance 100 tokens", "Flash - 50\tDance - 100",
    ],
)  # fmt: skip
def test_several_items_on_a_line_are_split(line: str) -> None:
    assert offered(line) == [("Flash", 50), ("Dance", 100)]


@pytest.mark.parametrize(
    "line",
    [
        "Flash - 50 Dance - 100", "Flash-50 Dance-100", "Flash: 50 Dance: 100", "Flash (50) Dance (100)",
        "Flash 50 tokens Dance 100 tokens", "Kiss 10 Flash 50 Dance 100 tokens",
        "50 - Flash 100 - Dance", "50-Flash 100-Dance", "Flash | 50 | Dance | 100", "Flash 50, Dance - 100", "Flash - 50 & Dance - 100",
        "Flash - 50, Dance - 0", "Flash [50] Dance - 100", "Flash = 50 Dance = 100", "Flash .. 50 Dance .. 100",
    ],
)  # fmt: skip
def test_or_ignored_and_never_joined(line: str) -> None:
    menu = parse_menu(line)

    assert (menu.items, menu.ignored) == ((), (1,))


def test_the_same_item_at_the_same_price_counts_once_and_the_order_of_the_text_holds() -> None:
    menu = parse_menu("Zebra - 9\nApple - 5\n💋 Zebra: 9 tokens\nZebra - 10")

    assert [(one.item, one.tokens, one.line) for one in menu.items] == [
        ("Zebra", 9, 1),
        ("Apple", 5, 2),
        ("Zebra", 10, 4),
    ]
    assert menu.ignored == ()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_line_ends_at_lf_cr_lf_or_cr(end: str) -> None:
    assert parse_menu(end.join(["Flash - 50", "", "what"])).ignored == (3,)
