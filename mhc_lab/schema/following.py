"""What was seen of following, what people decided about it, and what follows from all that.

``follow_scrapes``, ``follow_scrape_names`` and ``follow_observations`` are what was seen, ``follow_decisions`` what a person made of it;
none is ever changed. The verdicts with their numbers, ``follow_history`` and ``follow_spells`` can be computed from them again at any time.
"""

from __future__ import annotations

import sqlalchemy as sa

from mhc_lab.schema.base import Texts, flag, instant, key, metadata, one_of, person_reference, stamped

follow_scrapes = sa.Table(
    "follow_scrapes",
    metadata,
    key(),
    sa.Column("direction", sa.Text, nullable=False),
    instant("observed_at", required=True),
    sa.Column("listed_count", sa.Integer, nullable=False),
    sa.Column("reported_total", sa.Integer),
    flag("is_declared_complete"),
    sa.Column("verdict", sa.Text, nullable=False),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("file_name", sa.Text, nullable=False),
    sa.Column("file_digest", sa.Text, nullable=False),
    sa.Column("rejected_rows", Texts, nullable=False, server_default="{}"),
    sa.Column("duplicate_count", sa.Integer, nullable=False, server_default="0"),
    sa.Column(
        "doubts", Texts, nullable=False, server_default="{}", comment="Why it is not whole although it was said to be."
    ),
    sa.Column("at_risk_count", sa.Integer, comment="How many followed just before this list."),
    sa.Column("added_count", sa.Integer, comment="How many on it did not follow before."),
    sa.Column("missing_count", sa.Integer, comment="How many of those at risk are not on it."),
    sa.Column(
        "expected_missing", sa.Double, comment="How many of them the known rate lets expect; NULL before it is known."
    ),
    flag("is_folded"),
    stamped("imported_at"),
    sa.UniqueConstraint("direction", "observed_at", "file_digest"),
    one_of("direction", "followers", "following"),
    one_of("verdict", "complete", "partial", "held", "refused"),
    sa.Index(None, "direction", "observed_at"),
    comment="One row per follow list that was taken in; verdict says whether it may end anybody's spell.",
)

follow_scrape_names = sa.Table(
    "follow_scrape_names",
    metadata,
    sa.Column("scrape_id", sa.Uuid, sa.ForeignKey("follow_scrapes.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("person_id", sa.Uuid, sa.ForeignKey("persons.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("place", sa.Integer, nullable=False, comment="1 is the top of the list."),
    sa.Column("username", sa.Text, nullable=False, comment="The name as it stood on the list."),
    sa.UniqueConstraint("scrape_id", "place"),
    sa.Index(None, "person_id"),
    comment="One row per person on a follow list.",
)

follow_decisions = sa.Table(
    "follow_decisions",
    metadata,
    sa.Column("number", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("scrape_id", sa.Uuid, sa.ForeignKey("follow_scrapes.id", ondelete="CASCADE"), nullable=False),
    sa.Column("decision", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("decided_by", sa.Text, nullable=False),
    instant("decided_at", required=True),
    one_of("decision", "complete", "partial", "refused", "automatic"),
    sa.Index(None, "scrape_id", "number"),
    comment="One row per decision a person took about a list; the newest counts, and 'automatic' takes the others back.",
)

follow_observations = sa.Table(
    "follow_observations",
    metadata,
    key(),
    person_reference(),
    sa.Column("direction", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    flag("is_following"),
    instant("at", required=True),
    sa.Column("username", sa.Text, nullable=False, comment="The name as the source wrote it."),
    sa.Column("reference", sa.Text, nullable=False, comment="What tells it from others: the event's id, or a digest."),
    flag("is_folded"),
    stamped("imported_at"),
    one_of("direction", "followers", "following"),
    one_of("source", "events_api", "profile_scrape", "manual_import"),
    sa.UniqueConstraint("direction", "source", "reference"),
    sa.Index(None, "person_id", "direction", "at"),
    comment="One row per statement about one person: the event feed says when, a profile page says that it is so.",
)

follow_history = sa.Table(
    "follow_history",
    metadata,
    key(),
    person_reference(),
    sa.Column("direction", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    instant("at", required=True),
    flag("is_baseline"),
    instant("last_seen_at"),
    instant("first_missing_at"),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
    instant("recorded_at", required=True),
    one_of("direction", "followers", "following"),
    one_of("action", "follow", "unfollow"),
    one_of("source", "events_api", "profile_scrape", "list_scrape", "manual_import"),
    one_of("status", "provisional", "confirmed"),
    sa.CheckConstraint(
        "(action = 'unfollow') = (first_missing_at IS NOT NULL AND last_seen_at IS NOT NULL)", name="interval"
    ),
    sa.CheckConstraint("last_seen_at <= first_missing_at", name="order"),
    sa.UniqueConstraint("person_id", "direction", "at", "action"),
    sa.Index(None, "direction", "action", "at"),
    comment="One row per follow or unfollow; an unfollow lies between last_seen_at and first_missing_at; equal: it is known exactly.",
)

follow_spells = sa.Table(
    "follow_spells",
    metadata,
    person_reference(),
    sa.Column("direction", sa.Text, nullable=False),
    sa.Column("number", sa.Integer, nullable=False, comment="1 is the first spell of this person."),
    instant("started_at", required=True),
    instant("started_after"),
    instant("last_seen_at", required=True),
    instant("ended_at"),
    sa.Column("end_status", sa.Text),
    sa.PrimaryKeyConstraint("person_id", "direction", "number"),
    one_of("direction", "followers", "following"),
    one_of("end_status", "provisional", "confirmed"),
    sa.CheckConstraint("(ended_at IS NULL) = (end_status IS NULL)", name="end"),
    sa.CheckConstraint("ended_at > started_at", name="order"),
    sa.Index(None, "direction", "started_at"),
    comment="One row per unbroken stretch of following; started_after is NULL when it was open before we looked, "
    "and equals started_at when that is known exactly.",
)
