#!/bin/sh
# Install the packages of requirements.lock up to the section $1 into /layer/opt/site.
# Wheels only, each with its hash: nothing is compiled but Python, whose bytecode goes by the
# source's digest, not by its time.
set -eu
sed "/^# --- $1/,\$d" /tmp/requirements.lock > /tmp/service.lock
python3 -m pip install --no-cache-dir --disable-pip-version-check --root-user-action=ignore \
  --no-compile --only-binary=:all: --require-hashes --target=/layer/opt/site \
  --requirement=/tmp/service.lock
rm -rf /layer/opt/site/bin
find /layer/opt/site -name tests -type d -prune -exec rm -rf {} +
PYTHONHASHSEED=0 python3 -m compileall -q --invalidation-mode=unchecked-hash -s /layer /layer/opt/site
find /layer -exec touch --no-dereference --date=@0 {} +
