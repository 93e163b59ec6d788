#!/bin/sh
# See that there is a Chromium for the browser tests; install Debian's when we may. Never fails: the tests say loudly what is missing.
for name in chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null && exit 0
done
if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    echo "Installing Chromium for the browser tests …"
    apt-get update -qq >/dev/null 2>&1
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null 2>&1 && exit 0
fi
echo "No Chromium found: the browser tests will be skipped. Install it with your system's package manager." >&2
exit 0
