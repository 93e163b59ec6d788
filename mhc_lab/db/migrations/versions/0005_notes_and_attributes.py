"""Notes and attributes of persons, each with its history."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_KEPT_TRIGGERS = (
    "CREATE TRIGGER {0}_sealed BEFORE UPDATE OR DELETE ON {0} FOR EACH ROW EXECUTE FUNCTION rows_kept()",
    "CREATE TRIGGER {0}_kept BEFORE TRUNCATE ON {0} FOR EACH STATEMENT EXECUTE FUNCTION rows_kept()",
)
_HISTORIES = ("profile_note_history", "attribute_history")

# A tsvector holds a megabyte, with the places of the words. Long pastes are read piece by piece and without places; pieces overlap by
# more than the longest word that counts. The configuration is named in full, because what an index is made of must not depend on settings.
_WORDS = """
    CREATE FUNCTION note_words(content text) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE STRICT AS $$
    DECLARE
        piece constant integer := 100000;
        words tsvector := '';
        place integer := 1;
    BEGIN
        IF length(content) <= piece THEN
            RETURN to_tsvector('pg_catalog.simple', content);
        END IF;
        WHILE place <= length(content) LOOP
            words := words || strip(to_tsvector('pg_catalog.simple', substr(content, place, piece + 2100)));
            place := place + piece;
        END LOOP;
        RETURN words;
    EXCEPTION WHEN program_limit_exceeded THEN
        RETURN words;
    END
    $$
"""
_NOTE_CHANGED = (
    """
    CREATE FUNCTION note_changed() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        kept constant text[] := '{category,content,source_url,noted_at,deleted_at}';
        before jsonb;
    BEGIN
        SELECT jsonb_object_agg(key, value) INTO before FROM jsonb_each(to_jsonb(OLD)) WHERE key = ANY(kept);
        NEW.version := OLD.version;
        IF to_jsonb(NEW) @> before THEN
            RETURN NEW;
        END IF;
        NEW.version := OLD.version + 1;
        NEW.updated_at := now();
        INSERT INTO public.profile_note_history (note_id, person_id, version, before, changed_by)
        VALUES (OLD.id, OLD.person_id, OLD.version, before, public.mhc_actor());
        RETURN NEW;
    END
    $$
    """,
    "CREATE TRIGGER profile_notes_changed BEFORE UPDATE ON profile_notes FOR EACH ROW EXECUTE FUNCTION note_changed()",
    "CREATE TRIGGER profile_notes_sealed BEFORE DELETE ON profile_notes FOR EACH ROW EXECUTE FUNCTION rows_kept()",
    "CREATE TRIGGER profile_notes_kept BEFORE TRUNCATE ON profile_notes FOR EACH STATEMENT EXECUTE FUNCTION rows_kept()",
)

_SYSTEM_ATTRIBUTES = (
    ("watch_list", "Watchlist", "yellow", False, False),
    ("banned_me", "Banned Me", "red", False, True),
    ("banned_by_me", "Banned User", "orange", False, False),
    ("room_banned", "Room Banned", "red", False, False),
    ("smoke_on_cam", "Smoking", "gray", False, False),
    ("leather_fetish", "Fetish Gear", "purple", False, False),
    ("had_interaction", "Interaction", "emerald", False, False),
    ("profile_smoke", "Profile Smoke", "amber", True, True),
)
"""Key, label, colour, whether it is derived, whether it is a badge; in their order."""

_DEFINITION_KEPT = (
    """
    CREATE FUNCTION attribute_definition_kept() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' THEN
            IF NOT OLD.is_system THEN
                RETURN OLD;
            END IF;
        ELSIF (NEW.key, NEW.is_system, NEW.is_auto_derived) = (OLD.key, OLD.is_system, OLD.is_auto_derived) THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'The attribute % stays what it is: its key and kind are fixed, and a system one is not deleted', OLD.key;
    END
    $$
    """,
    """
    CREATE TRIGGER attribute_definitions_kept BEFORE UPDATE OR DELETE ON attribute_definitions
    FOR EACH ROW EXECUTE FUNCTION attribute_definition_kept()
    """,
)

# Nobody sets what is derived: only another trigger does, or a merge, which moves it.
_ATTRIBUTE_GUARDED = (
    """
    CREATE FUNCTION attribute_guarded() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF pg_trigger_depth() = 1 AND current_setting('mhc.job', true) IS DISTINCT FROM 'merge' AND EXISTS (
            SELECT FROM public.attribute_definitions
            WHERE is_auto_derived AND key IN (
                CASE WHEN TG_OP <> 'INSERT' THEN OLD.attribute_key END, CASE WHEN TG_OP <> 'DELETE' THEN NEW.attribute_key END
            )
        ) THEN
            RAISE EXCEPTION 'This attribute is derived: nobody sets it';
        END IF;
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END
    $$
    """,
    """
    CREATE TRIGGER attribute_lookup_guarded BEFORE INSERT OR UPDATE OR DELETE ON attribute_lookup
    FOR EACH ROW EXECUTE FUNCTION attribute_guarded()
    """,
)

# A row that gets another person or key is one value that ends and one that begins. In the cascade from a person there is nobody left
# to keep a history for; a merge moves the history itself.
_ATTRIBUTE_CHANGED = (
    """
    CREATE FUNCTION attribute_changed() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        is_other constant boolean := TG_OP = 'UPDATE'
            AND (OLD.person_id, OLD.attribute_key) IS DISTINCT FROM (NEW.person_id, NEW.attribute_key);
    BEGIN
        IF current_setting('mhc.job', true) = 'merge' THEN
            RETURN NULL;
        END IF;
        IF TG_OP = 'DELETE' OR is_other THEN
            INSERT INTO public.attribute_history (person_id, attribute_key, old_value, new_value, changed_by)
            SELECT OLD.person_id, OLD.attribute_key, OLD.value, false, public.mhc_actor()
            FROM public.persons WHERE id = OLD.person_id;
        END IF;
        IF TG_OP = 'INSERT' OR is_other THEN
            INSERT INTO public.attribute_history (person_id, attribute_key, old_value, new_value, changed_by)
            VALUES (NEW.person_id, NEW.attribute_key, NULL, NEW.value, public.mhc_actor());
        ELSIF TG_OP = 'UPDATE' AND OLD.value <> NEW.value THEN
            INSERT INTO public.attribute_history (person_id, attribute_key, old_value, new_value, changed_by)
            VALUES (NEW.person_id, NEW.attribute_key, OLD.value, NEW.value, public.mhc_actor());
        END IF;
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE TRIGGER attribute_lookup_changed AFTER INSERT OR UPDATE OR DELETE ON attribute_lookup
    FOR EACH ROW EXECUTE FUNCTION attribute_changed()
    """,
    "CREATE TRIGGER attribute_lookup_kept BEFORE TRUNCATE ON attribute_lookup FOR EACH STATEMENT EXECUTE FUNCTION rows_kept()",
)

# The first part of what the profile says, before a slash. A profile that says nothing leaves what was known.
_SMOKE_DERIVED = (
    """
    CREATE FUNCTION profile_smoke_derived() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF current_setting('mhc.job', true) = 'merge' THEN
            RETURN NULL;
        ELSIF upper(btrim(split_part(NEW.smoke_drink, '/', 1))) IN ('YES', 'YEAH', 'SOMETIMES') THEN
            INSERT INTO public.attribute_lookup AS known (person_id, attribute_key) VALUES (NEW.person_id, 'profile_smoke')
            ON CONFLICT (person_id, attribute_key) DO UPDATE SET value = true WHERE NOT known.value;
        ELSE
            DELETE FROM public.attribute_lookup WHERE person_id = NEW.person_id AND attribute_key = 'profile_smoke';
        END IF;
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE TRIGGER profiles_smoke_derived AFTER INSERT OR UPDATE OF smoke_drink ON profiles
    FOR EACH ROW WHEN (NEW.smoke_drink IS NOT NULL) EXECUTE FUNCTION profile_smoke_derived()
    """,
)


def upgrade() -> None:
    op.execute(_WORDS)
    _create_profile_notes()
    _create_profile_note_history()
    _create_attribute_definitions()
    _create_attribute_lookup()
    _create_attribute_history()
    for table in _HISTORIES:
        for trigger in _KEPT_TRIGGERS:
            op.execute(trigger.format(table))
    _seed_attributes()
    for statement in (*_NOTE_CHANGED, *_DEFINITION_KEPT, *_ATTRIBUTE_GUARDED, *_ATTRIBUTE_CHANGED, *_SMOKE_DERIVED):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TRIGGER profiles_smoke_derived ON profiles")
    for table in (
        "attribute_history",
        "attribute_lookup",
        "attribute_definitions",
        "profile_note_history",
        "profile_notes",
    ):
        op.drop_table(table)
    for function in (
        "profile_smoke_derived()", "attribute_changed()", "attribute_guarded()", "attribute_definition_kept()",
        "note_changed()", "note_words(text)",
    ):  # fmt: skip
        op.execute(f"DROP FUNCTION {function}")


def _seed_attributes() -> None:
    definitions = sa.table(
        "attribute_definitions",
        *map(sa.column, ("key", "label", "color", "is_system", "is_auto_derived", "show_as_badge", "sort_order")),
    )
    for place, (key, label, color, is_derived, is_badge) in enumerate(_SYSTEM_ATTRIBUTES, start=1):
        op.execute(
            sa.insert(definitions).values(
                key=key,
                label=label,
                color=color,
                is_system=True,
                is_auto_derived=is_derived,
                show_as_badge=is_badge,
                sort_order=place,
            )
        )


def _create_profile_notes() -> None:
    op.create_table(
        "profile_notes",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("category", sa.Text(), server_default="note", nullable=False),
        sa.Column("content", sa.Text(), nullable=False, comment="As it was typed or pasted; never markup."),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("source_url", sa.Text(), nullable=True),
        sa.Column(
            "noted_at", sa.DateTime(timezone=True), nullable=False, comment="The date it is about; can be edited."
        ),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False, comment="One more with every change."),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "category IN ('note', 'pm', 'dm', 'public_chat', 'tip_menu', 'tips')",
            name=op.f("profile_notes_category_check"),
        ),
        sa.CheckConstraint("content ~ '\\S' AND length(content) <= 4000000", name=op.f("profile_notes_content_check")),
        sa.CheckConstraint("source_url ~* '^https?://[^[:space:]]+$'", name=op.f("profile_notes_source_url_check")),
        sa.CheckConstraint("(deleted_at IS NULL) = (deleted_by IS NULL)", name=op.f("profile_notes_deletion_check")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name=op.f("profile_notes_person_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("profile_notes_pkey")),
        comment="One row per note about a person; a deleted one stays, marked.",
    )
    op.create_index(op.f("profile_notes_person_id_noted_at_idx"), "profile_notes", ["person_id", "noted_at"])
    op.create_index(
        "profile_notes_search_idx", "profile_notes", [sa.text("note_words(content)")], postgresql_using="gin"
    )


def _create_profile_note_history() -> None:
    op.create_table(
        "profile_note_history",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("note_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, comment="The version that was replaced."),
        sa.Column(
            "before",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="Category, content, source_url, noted_at, deleted_at until then.",
        ),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["note_id"], ["profile_notes.id"], name=op.f("profile_note_history_note_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name=op.f("profile_note_history_person_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("profile_note_history_pkey")),
        sa.UniqueConstraint("note_id", "version", name=op.f("profile_note_history_note_id_version_key")),
        comment="One row per replaced version of a note, written by a trigger. Append only.",
    )
    op.create_index(op.f("profile_note_history_person_id_idx"), "profile_note_history", ["person_id"])


def _create_attribute_definitions() -> None:
    op.create_table(
        "attribute_definitions",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("color", sa.Text(), server_default="gray", nullable=False),
        sa.Column(
            "icon", sa.Text(), server_default="", nullable=False, comment="A character or two shown before the label."
        ),
        sa.Column("is_system", sa.Boolean(), server_default=sa.false(), nullable=False, comment="Cannot be deleted."),
        sa.Column(
            "is_auto_derived", sa.Boolean(), server_default=sa.false(), nullable=False, comment="Nobody sets it."
        ),
        sa.Column("show_as_badge", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("sort_order", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "color IN ('gray', 'red', 'orange', 'amber', 'yellow', 'green', 'emerald', 'teal', 'blue', 'indigo', 'purple', 'pink')",
            name=op.f("attribute_definitions_color_check"),
        ),
        sa.CheckConstraint("key ~ '^[a-z][a-z0-9_]{0,49}$'", name=op.f("attribute_definitions_key_check")),
        sa.CheckConstraint("label ~ '\\S' AND length(label) <= 100", name=op.f("attribute_definitions_label_check")),
        sa.CheckConstraint("length(icon) <= 8", name=op.f("attribute_definitions_icon_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("attribute_definitions_pkey")),
        sa.UniqueConstraint("key", name=op.f("attribute_definitions_key_key")),
        comment="One row per attribute that a person may have.",
    )


def _create_attribute_lookup() -> None:
    op.create_table(
        "attribute_lookup",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("attribute_key", sa.Text(), nullable=False),
        sa.Column("value", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["attribute_key"],
            ["attribute_definitions.key"],
            name=op.f("attribute_lookup_attribute_key_fkey"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name=op.f("attribute_lookup_person_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("attribute_lookup_pkey")),
        sa.UniqueConstraint("person_id", "attribute_key", name=op.f("attribute_lookup_person_id_attribute_key_key")),
        comment="One row per person and attribute that is set; no row means no.",
    )
    op.create_index(op.f("attribute_lookup_attribute_key_idx"), "attribute_lookup", ["attribute_key"])


def _create_attribute_history() -> None:
    op.create_table(
        "attribute_history",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("attribute_key", sa.Text(), nullable=False, comment="Also of definitions that are gone."),
        sa.Column("old_value", sa.Boolean(), nullable=True, comment="NULL: it was not set before."),
        sa.Column("new_value", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name=op.f("attribute_history_person_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("attribute_history_pkey")),
        comment="One row per change of a value, written by a trigger. Append only.",
    )
    op.create_index(op.f("attribute_history_attribute_key_idx"), "attribute_history", ["attribute_key"])
    op.create_index(op.f("attribute_history_person_id_id_idx"), "attribute_history", ["person_id", "id"])
