#!/usr/bin/env bash
# Fail if a file names the address of a package registry: which mirror is used is the machine's
# choice, never the project's.
set -euo pipefail
cd "$(dirname "$0")/.."

hosts='(pypi|pythonhosted|npmjs|yarnpkg|deb[.]debian|archive[.]ubuntu|crates)[.](org|com|io)'
skip=(.git .venv build var node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis)

! grep -rInE "$hosts" . "${skip[@]/#/--exclude-dir=}"
