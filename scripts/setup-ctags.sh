#!/bin/sh
# Installs universal-ctags, which `make coverage-ctags` compares with, where it is missing.
set -eu

if ! command -v ctags >/dev/null 2>&1; then
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends universal-ctags >/dev/null
    else
        echo "setup-ctags: missing: universal-ctags - install it with your system's package manager" >&2
        exit 1
    fi
fi
