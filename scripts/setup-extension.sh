#!/bin/sh
# Installs what the VS Code extension is built with: Node.js 20 or later and npm from the system's packages where they
# are missing, and the extension's own packages as its lock file names them. Does nothing where all is there.
set -eu
. "$(dirname "$0")/system-packages.sh"

packages=
command -v node >/dev/null 2>&1 || packages="$packages nodejs"
command -v npm >/dev/null 2>&1 || packages="$packages npm"
# The names are separate words on purpose.
# shellcheck disable=SC2086
[ -z "$packages" ] || system_packages setup-extension "install Node.js 20 or later with npm" $packages
major=$(node -p 'process.versions.node.split(".")[0]')
if [ "$major" -lt 20 ]; then
    echo "setup-extension: Node.js $(node --version) is too old: the extension is built with 20 or later" >&2
    exit 1
fi

cd vscode-extension
if ! cmp -s package-lock.json node_modules/.installed-from; then
    npm ci --no-audit --no-fund --loglevel=error
    cp package-lock.json node_modules/.installed-from
fi
