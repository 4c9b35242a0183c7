#!/bin/sh
# Install the first section of requirements.lock and the section $1 into /layer/opt/site.
# Wheels only, each with its hash: nothing is compiled but Python, whose bytecode goes by the
# source's digest, not by its time.
set -eu
awk -v service="$1" '/^# --- / { section = $3 } section == "" || section == service' \
  /tmp/requirements.lock > /tmp/service.lock
python3 -m pip install --no-cache-dir --disable-pip-version-check --root-user-action=ignore \
  --no-compile --only-binary=:all: --require-hashes --target=/layer/opt/site \
  --requirement=/tmp/service.lock
rm -rf /layer/opt/site/bin
find /layer/opt/site -name tests -type d -prune -exec rm -rf {} +
PYTHONHASHSEED=0 python3 -m compileall -q --invalidation-mode=unchecked-hash -s /layer /layer/opt/site
find /layer -exec touch --no-dereference --date=@0 {} +
