#!/bin/sh
# Installs universal-ctags, which `make coverage-ctags` compares with, where it is missing.
set -eu
. "$(dirname "$0")/system-packages.sh"

command -v ctags >/dev/null 2>&1 ||
    system_packages setup-ctags "install it with your system's package manager" universal-ctags
