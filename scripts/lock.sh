#!/usr/bin/env bash
# Write the locks in requirements/ anew from pyproject.toml. Existing pins stay unless the range
# forbids them; `UPGRADE=1 make lock` takes the newest. Universal: one lock for every Python from
# 3.11 on (3.11.2 on Debian 12 needs packages that 3.11.7 does not).
set -euo pipefail
cd "$(dirname "$0")/.."

compile() {
  UV_PYTHON_DOWNLOADS=never .venv/bin/uv pip compile --quiet --universal --python-version 3.11 \
    --generate-hashes --no-header --no-annotate ${UPGRADE:+--upgrade} "$@"
}

compile --output-file requirements/run.txt pyproject.toml
compile --output-file requirements/dev.txt --constraints requirements/run.txt --group dev \
  pyproject.toml
uv_version=$(.venv/bin/uv --version | cut -d ' ' -f 2)
compile --output-file requirements/uv.txt - <<<"uv==$uv_version"
