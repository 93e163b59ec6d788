"""Leaves out one slow import, for whoever imports this before altair, nbformat or papermill.

They all bring jsonschema, which looks for ``rfc3987_syntax`` to check addresses with letters beyond ASCII. Finding it costs more than all
of altair, because it builds a grammar on import: over a second in every kernel. Nothing here has such addresses; without it jsonschema
leaves out that check and nothing else.
"""

from __future__ import annotations

import sys

sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # None is Python's own word for "not to be imported"
