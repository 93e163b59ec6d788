#!/bin/sh
# See that there is an strace for the tests that kill; install Debian's when we may. Never fails: the tests say loudly what is missing.
command -v strace >/dev/null && exit 0
[ "$(uname)" = Linux ] || exit 0
if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    echo "Installing strace for the tests that kill …"
    apt-get update -qq >/dev/null 2>&1
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq strace >/dev/null 2>&1 && exit 0
fi
echo "No strace found: the tests that kill will be skipped. Install it with your system's package manager." >&2
exit 0
