"""What reading a pasted chat log costs: every kind of line, four times as many of them, and a single line of ten million characters."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable

from bench.figures import Figure
from mhc_lab.transcripts.chat_log import parse_chat

SIZE = 10_000_000
ROUNDS = 3
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
    return [
        Figure("a chat log of 10 MB", ten, 5.0, "s", f"{small.count(chr(10)):,} lines, {events:,} events"),
        Figure("a chat log of 40 MB", ratio, 4.4, "× 10 MB", "median of ratios in turn"),
        Figure("one line of 10,000,000 characters", one_line, 5.0, "s", "a message"),
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


def _seconds(text: str) -> float:
    began = time.process_time()
    parse_chat(text)
    return time.process_time() - began
