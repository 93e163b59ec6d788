from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from mhc_lab.analytics.cohorts import cohorts
from mhc_lab.analytics.kept import asked_of_every
from mhc_lab.analytics.survival import survival
from mhc_lab.analytics.window import EVER, Window
from mhc_lab.core.errors import MirrorError
from mhc_lab.mirror import answers, proof
from mhc_lab.mirror.answers import Question
from mhc_lab.mirror.connection import Mirror
from mhc_lab.mirror.manifest import POINTER, Manifest, publish
from tests.support.histories import small_history

LENGTHS = "followers/spell_lengths"


def keeping(mirror: Mirror) -> Mirror:
    """The same mirror with the answers that a refresh keeps."""
    rows = answers.keep(mirror._connection, mirror.query, asked_of_every(mirror))
    return Mirror(mirror._connection, replace(mirror.manifest, answers=rows))


@pytest.fixture
def kept() -> Mirror:
    """A mirror that has nothing but its kept answers to say who stayed how long."""
    mirror = keeping(small_history())
    mirror._connection.execute("DROP TABLE follow_spells")
    return mirror


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A published mirror of one kept answer with two rows."""
    path = tmp_path / "mirror-1.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"CREATE TABLE \"{LENGTHS}\" AS FROM (VALUES ('followers', 1), ('followers', 2))")
    size, digest = path.stat().st_size, proof.digest(path)
    made_at = datetime(2026, 7, 1, 4, tzinfo=UTC)
    publish(tmp_path, Manifest(1, path.name, made_at, "0001", {}, digest, size, proved=True, answers={LENGTHS: 2}))
    return tmp_path


def test_how_long_people_stay_is_read_from_what_was_kept(kept: Mirror) -> None:
    worked_out = survival(small_history())

    stays = survival(kept)

    assert stays.frame.equals(worked_out.frame)
    assert (stays.spells, stays.left_truncated) == (worked_out.spells, worked_out.left_truncated) == (2, 2)


@pytest.mark.parametrize("every", ["1w", "1mo"])
def test_cohorts_are_read_from_what_was_kept(kept: Mirror, every: str) -> None:
    matrix = cohorts(kept, every=every)  # type: ignore[arg-type]

    assert matrix.members == 2
    assert matrix.frame.equals(cohorts(small_history(), every=every).frame)  # type: ignore[arg-type]


def test_the_same_question_in_other_words_is_worked_out() -> None:
    mirror, window = keeping(small_history()), Window.parse("2026-01-03", "2026-02-01")

    stays, still_open = survival(mirror, window=window), survival(mirror, provisional="open")

    assert stays.frame.equals(survival(small_history(), window=window).frame)
    assert still_open.frame.equals(survival(small_history(), provisional="open").frame)


def test_who_asks_in_words_that_were_not_kept_asks_the_spells(kept: Mirror) -> None:
    with pytest.raises(duckdb.Error, match="follow_spells"):
        survival(kept, provisional="open")


def test_an_answer_as_long_as_the_rows_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "MOST_ROWS", 2)

    mirror = keeping(small_history())

    assert mirror.manifest.answers == {"followers/cohorts": 2}


def test_a_question_that_fails_is_left_to_who_asks_it_and_the_next_is_kept() -> None:
    mirror = small_history()
    ever = {"direction": "followers", "since": EVER.start, "until": EVER.end, "provisional": "ended"}

    rows = answers.keep(mirror._connection, mirror.query, [Question("media/verdicts", {}), Question(LENGTHS, ever)])

    assert rows == {LENGTHS: mirror.query(LENGTHS, **ever).height}


def test_a_mirror_that_cannot_say_what_to_ask_keeps_what_it_could() -> None:
    mirror = small_history()

    def questions() -> Iterator[Question]:
        yield Question(
            LENGTHS, {"direction": "followers", "since": EVER.start, "until": EVER.end, "provisional": "ended"}
        )
        raise MirrorError("There are no lists.")

    rows = answers.keep(mirror._connection, mirror.query, questions())

    assert list(rows) == [LENGTHS]


def test_a_kept_answer_that_lost_rows_is_damage(folder: Path) -> None:
    pointer = folder / POINTER
    pointer.write_text(pointer.read_text().replace(f'"{LENGTHS}": 2', f'"{LENGTHS}": 3'))

    findings = proof.verify(folder).findings

    assert findings == (f'"{LENGTHS}" has 2 rows and should have 3.',)
    with pytest.raises(MirrorError, match="has 2 rows and should have 3"):
        Mirror.open(folder)


def test_a_mirror_from_before_answers_were_kept_is_still_read(folder: Path) -> None:
    pointer = folder / POINTER
    said = json.loads(pointer.read_text())
    del said["answers"]
    pointer.write_text(json.dumps(said))

    with Mirror.open(folder) as mirror:
        answered = mirror.manifest.answers

    assert answered == {}
