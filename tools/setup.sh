#!/bin/sh
# Create .venv and install the project, editable and under the pinned versions. uv does it in seconds; where it cannot be had, or
# cannot reach the packages, pip does the same more slowly. Usage: tools/setup.sh '.[dev]'
set -eu
what=${1:-.}
python=${PYTHON:-python3}

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "Python 3.11 or later is needed; $python is $("$python" --version 2>&1). Set PYTHON=… and try again." >&2
    exit 1
}
if [ ! -x .venv/bin/python ]; then
    "$python" -m venv .venv 2>/dev/null || { rm -rf .venv; uv venv -q --seed --python "$python" .venv 2>/dev/null; } || {
        echo "$python cannot make a virtual environment. Install its venv module (Debian: apt-get install python3-venv)." >&2
        exit 1
    }
fi
uv=.venv/bin/uv
[ -x "$uv" ] || uv=$(command -v uv || true)
if [ -z "$uv" ]; then
    .venv/bin/python -m pip install --quiet --disable-pip-version-check uv 2>/dev/null && uv=.venv/bin/uv || uv=
fi
echo "Installing $what …"
if [ -n "$uv" ] && "$uv" pip install --quiet --python .venv/bin/python -c constraints.txt -e "$what"; then
    :
else
    echo "Installing with pip, which takes a little longer …"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e "$what"
fi
# Now and once: else the first kernel does it, and every one where Python may write no bytecode. Examples that are no Python may fail.
.venv/bin/python -m compileall -q -j 0 .venv/lib mhc_lab widgets >/dev/null 2>&1 || :
