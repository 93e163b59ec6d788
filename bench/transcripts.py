"""What reading pasted text costs: a chat log of every kind of line, four times as much of it, one line without end, and a tip menu."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable

from bench.figures import Figure
from mhc_lab.transcripts.chat_log import parse_chat
from mhc_lab.transcripts.tip_menu import parse_menu

SIZE = 10_000_000
ROUNDS = 5
PEOPLE = 400

_WORDS = (
    "hello", "there", "how", "are", "you", "love", "the", "show", "what", "a", "night", "thanks", "see", "tomorrow", "lol", "subscribed",
    "has", "shared", "100", "naïve", "❤️", "שלום", "مرحبا", "https://example.com/x", "@night_owl",
)  # fmt: skip


def measure() -> list[Figure]:
    """Seconds of processor time, in turn, so that both sizes meet the same machine."""
    small, large = chat_log(SIZE), chat_log(4 * SIZE)
    took = [(_seconds(small), _seconds(large)) for _ in range(ROUNDS)]
    ten = statistics.median(seconds for seconds, _ in took)
    ratio = statistics.median(much / little for little, much in took)
    one_line = _seconds("night_owl: " + "a line without end " * (SIZE // 19))
    events = len(parse_chat(small).events)
    menu = tip_menu(SIZE)
    return [
        Figure("a chat log of 10 MB", ten, 5.0, "s", f"{small.count(chr(10)):,} lines, {events:,} events"),
        Figure("a chat log of 40 MB", ratio, 4.4, "× 10 MB", "median of ratios in turn"),
        Figure("one line of 10,000,000 characters", one_line, 5.0, "s", "a message"),
        Figure("a tip menu of 10 MB", _seconds(menu, parse_menu), 5.0, "s", f"{menu.count(chr(10)):,} lines"),
    ]


def chat_log(size: int) -> str:
    """A room copy of about ``size`` bytes in UTF-8, with every kind of line in it; the same each time."""
    rng = random.Random(7)
    people = [
        f"{rng.choice('abcdefgnst')}{rng.choice(['', 'x_', 'night_'])}{rng.randrange(10**4)}" for _ in range(PEOPLE)
    ]
    lines: list[str] = []
    length = 0
    while length < size:
        line = _line(rng, rng.choice(people))
        lines.append(line)
        length += len(line.encode()) + 1
    return "\n".join(lines)


def _line(rng: random.Random, name: str) -> str:
    text = " ".join(rng.choices(_WORDS, k=rng.randint(1, 14)))
    shapes: list[tuple[int, Callable[[], str]]] = [
        (40, lambda: f"{name}: {text}"),
        (25, lambda: f"{name}{text}"),
        (10, lambda: f"{name}|{rng.randrange(100)}| {text}"),
        (6, lambda: f"{name} tipped {rng.randrange(1, 5000):,} tokens -- {text}"),
        (6, lambda: f"{name} has joined the room"),
        (3, lambda: f"User {name} has left the room."),
        (3, lambda: f"Notice: {text}"),
        (3, lambda: f"new{name}{text.capitalize()}"),
        (3, lambda: text),
        (1, lambda: ""),
    ]
    weights, makers = zip(*shapes, strict=True)
    return rng.choices(makers, weights)[0]()


def tip_menu(size: int) -> str:
    """A menu of about ``size`` characters in which no line is like another."""
    shapes = (
        "💋 Flash {0} of the evening - {1} tokens",
        "{1} - Dance the night away {0}",
        "Show me {0}: {1}",
        "Song {0} ({1})",
        "Menu {0}",
    )
    lines = (shapes[number % 5].format(number, number % 900 + 1) for number in range(size // 27))
    return "\n".join(lines)


def _seconds(text: str, read: Callable[[str], object] = parse_chat) -> float:
    began = time.process_time()
    read(text)
    return time.process_time() - began
