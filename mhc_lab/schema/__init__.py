"""The tables of the workbench as SQLAlchemy sees them, one module per noun.

Importing this package fills :data:`mhc_lab.schema.base.metadata`. Triggers, functions and views live in the migrations.
"""

from mhc_lab.schema import (
    attributes,
    following,
    happenings,
    media,
    notes,
    operations,
    pairs,
    people,
    relationships,
    sources,
)
from mhc_lab.schema.base import metadata

__all__ = [
    "attributes",
    "following",
    "happenings",
    "media",
    "metadata",
    "notes",
    "operations",
    "pairs",
    "people",
    "relationships",
    "sources",
]
