"""What the library holds: by storage and source, month by month, by person, and what is wrong or set aside."""

from __future__ import annotations

from polars.testing import assert_frame_equal

from mhc_lab.mirror.connection import Mirror
from tests.support.tables import mirror_of, table

STORAGES = """
    id | name  | is_active
    s  | ssd   | yes
    t  | attic | no
"""
PERSONS = """
    id | username | is_excluded
    a  | ann      | no
    b  | bo       | no
    c  | cy       | yes
"""
FILES = """
storage_id | person_id | relative_path | source | size_bytes | modified_at | created_at | deleted_at | verified_at | problem    | problem_at
s          | a         | a.jpg         | upload | 100        | 2026-01-05  | 2026-03-05 | -          | 2026-05-01  | -          | -
s          | a         | b.jpg         | upload | 50         | 2026-02-28  | 2026-01-31 | -          | -           | missing    | 2026-05-02
s          | b         | c.jpg         | auto   | 30         | -           | 2026-03-01 | -          | 2026-05-01  | missing    | 2026-05-01
t          | c         | d.mp4         | auto   | 900        | 2026-03-02  | 2026-03-02 | -          | -           | unreadable | 2026-05-03
t          | -         | e.jpg         | auto   | 7          | 2026-02-01  | 2026-02-01 | 2026-04-01 | -           | -          | -
"""


def mirror() -> Mirror:
    return mirror_of(file_storages=STORAGES, persons=PERSONS, media_locator=FILES)


def test_each_storage_and_source_says_what_is_live_missing_and_never_verified() -> None:
    contents = mirror().query("media/contents")

    expected = table("""
        storage | is_active | source  | file_count | size_bytes | deleted_count | problem_count | missing_bytes | unverified_count
        attic   | no        | auto    | 1          | 900        | 1             | 1             | 0             | 1
        ssd     | yes       | auto    | 1          | 30         | 0             | 1             | 30            | 0
        ssd     | yes       | upload  | 2          | 150        | 0             | 1             | 50            | 1
    """)
    assert_frame_equal(contents, expected)


def test_growth_adds_up_over_the_months_in_which_files_were_written_or_were_known() -> None:
    growth = mirror().query("media/growth")

    expected = table("""
        month_on   | file_count | size_bytes | total_count | total_bytes
        2026-01-01 | 2          | 150        | 2           | 150
        2026-03-01 | 2          | 930        | 4           | 1080
    """)
    assert_frame_equal(growth, expected)


def test_the_largest_come_first_and_an_excluded_person_is_not_named() -> None:
    largest = mirror().query("media/largest", shown=2)

    expected = table("""
        storage | relative_path | username | source  | size_bytes
        attic   | d.mp4         | -        | auto    | 900
        ssd     | a.jpg         | ann      | upload  | 100
    """)
    assert_frame_equal(largest, expected)


def test_everybody_near_the_limit_is_listed_beside_the_first() -> None:
    few = mirror().query("media/persons", limit_bytes=35, near_share=0.8, shown=1)
    first = mirror().query("media/persons", limit_bytes=300, near_share=0.8, shown=1)

    assert_frame_equal(
        few.drop("limit_share"),
        table("""
            username | file_count | size_bytes | is_near_limit
            ann      | 2          | 150        | yes
            bo       | 1          | 30         | yes
        """),
    )
    assert first.rows() == [("ann", 2, 150, 0.5, False)]


def test_without_a_limit_nobody_is_near_it() -> None:
    persons = mirror().query("media/persons", limit_bytes=None, near_share=0.8, shown=9)

    assert persons.rows() == [("ann", 2, 150, None, False), ("bo", 1, 30, None, False)]


def test_problems_are_counted_by_storage_and_kind_since_the_first() -> None:
    problems = mirror().query("media/problems")

    expected = table("""
        storage | problem      | file_count | size_bytes | first_found_at
        attic   | unreadable   | 1          | 900        | 2026-05-03
        ssd     | missing      | 2          | 80         | 2026-05-01
    """)
    assert_frame_equal(problems, expected)


def test_what_came_back_or_was_purged_is_not_in_quarantine() -> None:
    held = mirror_of(
        file_storages=STORAGES,
        quarantined_files="""
            storage_id | state   | size_bytes | keeper_id | set_aside_at
            s          | aside   | 10         | k         | 2026-03-01
            s          | aside   | 20         | -         | 2026-02-01
            s          | leaving | 5          | k         | 2026-04-01
            s          | back    | 40         | k         | 2026-01-01
            t          | purged  | 80         | k         | 2026-01-01
        """,
    )

    quarantined = held.query("media/quarantined")

    expected = table("""
        storage | state   | file_count | size_bytes | kept_elsewhere_count | first_set_aside_at
        ssd     | aside   | 2          | 30         | 1                    | 2026-02-01
        ssd     | leaving | 1          | 5          | 1                    | 2026-04-01
    """)
    assert_frame_equal(quarantined, expected)
