#!/usr/bin/env bash
# Make .venv and install the locked dependencies into it: `scripts/install.sh run` for those that
# Lotse runs with, `scripts/install.sh dev` for those and the tools of tests and checks.
# The environment variable PYTHON chooses the interpreter.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/say.sh
. scripts/say.sh

wanted=${1:?say run or dev}
python=${PYTHON:-python3}

check_python() {
  command -v "$python" >/dev/null ||
    fail "$python is missing. Lotse needs Python 3.11 or newer; on Debian or Ubuntu:" \
      "apt-get install python3 python3-venv"
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "Lotse needs Python 3.11 or newer, but $python is $("$python" --version 2>&1)." \
      "Choose another one like this: make install PYTHON=python3.12"
}

# Debian ships Python without ensurepip; then `python3 -m venv` stops halfway.
ensure_venv_module() {
  "$python" -c 'import ensurepip, venv' 2>/dev/null && return
  local package
  package=python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv
  if [[ $EUID -eq 0 ]] && command -v apt-get >/dev/null; then
    step "installing the Debian package $package" scripts/apt-install.sh "$package"
  else
    fail "this Python cannot make virtual environments. Install the package $package, on Debian" \
      "or Ubuntu: sudo apt-get install $package"
  fi
}

make_environment() {
  # An environment made by a Python that is gone or too old is made anew.
  if .venv/bin/python -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    return
  fi
  check_python
  ensure_venv_module
  step "making the environment .venv with $("$python" --version)" "$python" -m venv --clear .venv
}

install_uv() {
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
    --only-binary :all: -r requirements/uv.txt ||
    fail "uv could not be installed; the lines above say why. Is there a network connection?"
}

install_locked() {
  UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy .venv/bin/uv pip install --quiet --no-config \
    --python .venv/bin/python --require-hashes --compile-bytecode -r "requirements/$wanted.txt" ||
    fail "the dependencies could not be installed; the lines above say why."
}

make_environment
step "installing the installer (uv)" install_uv
step "installing the dependencies of requirements/$wanted.txt (about 20 s)" install_locked

# make compares these files with the locks; dev.txt includes everything in run.txt.
touch .venv/.installed-run
if [[ $wanted == dev ]]; then touch .venv/.installed-dev; fi
