"""What was done: runs of jobs with their journal, audit runs, the hash-chained log; and forms that are half filled in."""

from __future__ import annotations

import sqlalchemy as sa

from mhc_lab.schema.base import Json, instant, key, metadata, one_of, stamped

job_runs = sa.Table(
    "job_runs",
    metadata,
    key(),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("plan", Json, nullable=False),
    sa.Column("plan_hash", sa.Text, nullable=False),
    sa.Column("approved_by", sa.Text, nullable=False),
    sa.Column("restores", sa.Uuid, sa.ForeignKey("job_runs.id", ondelete="RESTRICT")),
    stamped("started_at"),
    instant("finished_at"),
    sa.UniqueConstraint("plan_hash"),
    sa.UniqueConstraint("restores"),
    one_of("state", "running", "done", "restored"),
    comment="One row per applied plan; restores names the run that this one undid.",
)

job_steps = sa.Table(
    "job_steps",
    metadata,
    sa.Column("run_id", sa.Uuid, sa.ForeignKey("job_runs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("ordinal", sa.Integer, primary_key=True),
    sa.Column("action", Json, nullable=False),
    sa.Column("before", Json, comment="What a restore puts back."),
    sa.Column("state", sa.Text, nullable=False),
    instant("done_at"),
    one_of("state", "intended", "done"),
    comment="One row per single action of a run, written before it is done.",
)

audit_runs = sa.Table(
    "audit_runs",
    metadata,
    key(),
    sa.Column("notebook", sa.Text, nullable=False),
    sa.Column("parameters", Json, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("recorded", Json, nullable=False, comment="The values the notebook recorded, by name."),
    sa.Column("message", sa.Text, nullable=False, server_default=""),
    sa.Column("mirror_version", sa.Integer),
    sa.Column("code_version", sa.Text, nullable=False),
    sa.Column("data_fingerprint", sa.Text, nullable=False, server_default=""),
    instant("started_at", required=True),
    instant("finished_at", required=True),
    one_of("outcome", "passed", "findings", "broken"),
    sa.Index(None, "notebook", "started_at"),
    comment="One row per notebook run by papermill.",
)

audit_log = sa.Table(
    "audit_log",
    metadata,
    sa.Column("number", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    stamped("at"),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("details", Json, nullable=False, server_default="{}"),
    sa.Column("previous_hash", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
    comment="One row per change worth remembering; each hash covers the row and the hash before it. Append only.",
)

form_drafts = sa.Table(
    "form_drafts",
    metadata,
    sa.Column("user_name", sa.Text, primary_key=True),
    sa.Column("form", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True, comment="What the form is about, when there is one for each."),
    sa.Column("fields", Json, nullable=False),
    stamped("saved_at"),
    comment="One row per form that somebody began and did not save yet; never mirrored.",
)
