"""How long was each list, and may it be believed?"""

from __future__ import annotations

import pytest
from polars.testing import assert_frame_equal

from mhc_lab.analytics import followers
from tests.support.tables import mirror_of, table


def test_every_list_of_the_direction_is_a_row_in_order_of_time() -> None:
    mirror = mirror_of(
        follow_scrapes="""
            id | direction | observed_at | listed_count | reported_total | verdict  | why      | file_name
            2  | followers | 2026-01-02  | 40           | 120            | partial  | Cut off. | b.csv
            1  | followers | 2026-01-01  | 120          | -              | complete | Whole.   | a.csv
            3  | following | 2026-01-01  | 9            | -              | complete | Whole.   | c.csv
        """
    )

    lists = mirror.query("followers/follower_count", direction="followers")

    expected = table("""
        observed_at | listed_count | reported_total | verdict  | why
        2026-01-01  | 120          | -              | complete | Whole.
        2026-01-02  | 40           | 120            | partial  | Cut off.
    """)
    assert_frame_equal(lists, expected)


@pytest.mark.parametrize(
    ("days", "since", "until", "shown"),
    [
        (["01-05", "01-01", "01-09"], "", "", "2026-01-01 – 2026-01-09 UTC"),
        (["01-05", "01-01", "01-09"], "2026-01-03", "", "2026-01-03 – 2026-01-09 UTC"),
        (["01-05", "01-01", "01-09"], "", "2026-01-04", "2026-01-01 – 2026-01-04 UTC"),
        (["01-05"], "", "", "2026-01-04 – 2026-01-05 UTC"),
        ([], "", "", "1969-12-31 – 1970-01-01 UTC"),
    ],
)
def test_what_is_not_said_of_a_window_is_what_the_lists_cover(
    days: list[str], since: str, until: str, shown: str
) -> None:
    head = "id: int | direction | observed_at | listed_count | reported_total: int | verdict | why | file_name"
    rows = [f"{n} | followers | 2026-{day} | 1 | - | complete | . | {n}.csv" for n, day in enumerate(days)]
    mirror = mirror_of(follow_scrapes="\n".join([head, *rows]))

    window = followers.covered(mirror, since=since, until=until)

    assert repr(window) == shown
