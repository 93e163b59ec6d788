"""The published case adds up to the published figures, as far as these add up."""

from __future__ import annotations

from fractions import Fraction

import pytest

from mhc_lab.demo.legacy.kinds import KINDS, Kind
from mhc_lab.demo.legacy.things import invent
from mhc_lab.demo.legacy.truth import Truth, truth


@pytest.fixture(scope="module")
def whole() -> Truth:
    return truth(invent(1, Fraction(1)), ())


def planted(*groups: str) -> int:
    return sum(kind.count for kind in KINDS if kind.group in groups)


def test_there_are_as_many_rows_as_published(whole: Truth) -> None:
    on_ssd = sum(kind.count for kind in KINDS if kind.has_row and kind.is_row_on_ssd)

    assert (whole.row_count, on_ssd) == (211_552, 4)


def test_there_are_as_many_snapshots_as_published(whole: Truth) -> None:
    assert whole.snapshot_count == 148_486
    assert whole.before["path"] == {"bare_name": 54_107, "should_be_reference": 128_691 - 54_107}


def test_there_are_as_many_objects_as_published(whole: Truth) -> None:
    assert whole.object_count == 483_245


@pytest.mark.parametrize(
    ("group", "count"),
    [("auto", 108_100), ("profile", 48_820), ("all", 41_837), ("migrated", 501), ("snaps", 70), ("litter", 6), ("wrong prefix", 21)],
)  # fmt: skip
def test_orphans_of_each_folder_are_as_many_as_published(whole: Truth, group: str, count: int) -> None:
    assert whole.groups[group] == count


def test_all_orphans_are_one_less_than_published_and_the_one_is_misspelt() -> None:
    assert planted("auto", "profile", "all", "migrated", "snaps", "litter") == 199_335 - 1


def test_twenty_of_the_linked_objects_are_the_other_misspelt_ones() -> None:
    assert planted("linked by a row", "linked by a snapshot") == 283_910 - 20


def test_paths_without_a_file_are_as_many_as_published(whole: Truth) -> None:
    rows, paths = whole.before["row"], whole.before["path"]
    nowhere, nameless = rows["missing"] + rows["other_spelling"], rows["bare_name"] + rows["absolute_path"]
    lost = (nowhere, rows["wrong_storage"], paths["bare_name"], nameless)

    assert (rows["missing"], rows["other_spelling"]) == (1_019, 20)
    assert lost == (1_039, 971, 54_107, 2)
    assert sum(lost) == 56_119


def test_files_of_former_times_on_the_ssd_are_as_many_as_published() -> None:
    assert sum(kind.count for kind in KINDS if kind.is_on_ssd and kind.place.startswith("profiles/")) == 3_155


def test_redundant_records_are_as_many_as_published() -> None:
    assert sum(kind.count for kind in KINDS if kind.has_row and kind.bytes_of) == 38_820


def test_a_world_of_any_scale_has_something_of_everything() -> None:
    assert min(truth(invent(1, Fraction(1, 100_000)), ()).planted.values()) == 1


def test_everything_has_a_place_of_its_own() -> None:
    places = [thing.place for thing in invent(1, Fraction(1, 100)).things() if thing.place]

    assert len(set(places)) == len(places)


def test_a_redundant_record_is_of_the_same_person_and_younger_than_the_one_that_stays() -> None:
    things = list(invent(1, Fraction(1, 100)).things())
    first = {thing.content: thing for thing in things if thing.kind.name == "profile picture"}
    pairs = [(thing, first[thing.content]) for thing in things if thing.kind.name == "duplicate"]

    assert len(pairs) == 388
    assert all(one.owner == kept.owner and one.at > kept.at for one, kept in pairs)


def test_a_count_is_divided_and_never_nothing() -> None:
    kind = Kind("any", 150, "nothing")

    assert [kind.at(Fraction(1, share)) for share in (1, 100, 1000)] == [150, 2, 1]
