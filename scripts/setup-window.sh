#!/usr/bin/env bash
# Install a real VS Code that a test can drive: code-server (VS Code in a browser), Chromium, ripgrep, playwright-core.
# Everything goes into a cache folder outside git; a second run only checks it. Prints the folder on stdout.
#
#   CASCODE_WINDOW_CACHE   the folder (default: ${XDG_CACHE_HOME:-~/.cache}/cascode-window-test)
set -euo pipefail
# shellcheck source=scripts/system-packages.sh
. "$(dirname "$0")/system-packages.sh"

CODE_SERVER=4.100.3 # VS Code 1.100, the newest that runs on Node 20
PLAYWRIGHT=1.65.1   # only drives the browser: it brings none
RECIPE=1            # raise it when the steps below change, so that older caches are rebuilt

CACHE=${CASCODE_WINDOW_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cascode-window-test}
say() { printf 'setup-window: %s\n' "$*" >&2; }
fail() { say "$*"; exit 2; }

node_major=$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null) || fail "Node.js is missing: install Node 20 and npm"
[ "$node_major" = 20 ] || fail "Node $(node --version) found: code-server $CODE_SERVER runs on Node 20 only"

missing=()
command -v chromium >/dev/null || missing+=(chromium)
command -v rg >/dev/null || missing+=(ripgrep)
command -v make >/dev/null && command -v g++ >/dev/null || missing+=(build-essential)
if [ ${#missing[@]} != 0 ]; then
    say "installing ${missing[*]} with apt"
    system_packages setup-window "install it with the system's package manager" "${missing[@]}"
fi

mkdir -p "$CACHE"
exec 9>"$CACHE/.lock"
command -v flock >/dev/null && flock 9

stamp="code-server $CODE_SERVER, playwright-core $PLAYWRIGHT, recipe $RECIPE, node $(node -p process.versions.modules)"
target=$CACHE/vscode
if [ "$(cat "$target/.stamp" 2>/dev/null)" != "$stamp" ]; then
    say "installing $stamp into $target (once, about a minute)"
    log=$CACHE/setup.log
    : >"$log"
    trap 'say "failed; the last lines of $log:"; tail -n 15 "$log" >&2' ERR
    rm -rf "$target" "$CACHE"/vscode.new.*
    work=$(mktemp -d "$CACHE/vscode.new.XXXXXX")
    # Node's own headers: without it node-gyp downloads them. An npm of another layout falls back to that.
    [ -e /usr/include/node/node.h ] && export npm_config_nodedir=/usr
    export npm_config_audit=false npm_config_fund=false npm_config_loglevel=error
    gyp=$(npm root -g)/npm/node_modules/node-gyp/bin/node-gyp.js
    [ -e "$gyp" ] || gyp=$(dirname "$(dirname "$(realpath "$(command -v npm)")")")/node_modules/node-gyp/bin/node-gyp.js
    [ -e "$gyp" ] || fail "npm's own node-gyp was not found beside $(command -v npm)"

    # Scripts stay off: code-server's own postinstall wants Kerberos headers and downloads that fail offline.
    # What really needs compiling is compiled one by one below.
    cd "$work"
    npm install "code-server@$CODE_SERVER" "playwright-core@$PLAYWRIGHT" --ignore-scripts --no-save >>"$log" 2>&1
    vscode=$work/node_modules/code-server/lib/vscode
    (cd "$vscode" && npm install --omit=dev --ignore-scripts >>"$log" 2>&1)
    (cd "$vscode/extensions" && npm install --omit=dev --ignore-scripts >>"$log" 2>&1)
    cd "$vscode"
    npm rebuild @vscode/spdlog native-watchdog >>"$log" 2>&1
    (cd node_modules/node-pty && node "$gyp" rebuild >>"$log" 2>&1)
    ln -sfn node_modules node_modules.asar
    [ -e bin/remote-cli/code-linux.sh ] && ln -sfn code-linux.sh bin/remote-cli/code-server
    [ -e bin/helpers/browser-linux.sh ] && ln -sfn browser-linux.sh bin/helpers/browser.sh
    mkdir -p node_modules/@vscode/ripgrep/bin
    ln -sfn "$(command -v rg)" node_modules/@vscode/ripgrep/bin/rg
    cd "$work"
    npm rebuild argon2 >>"$log" 2>&1

    printf '%s' "$stamp" >"$work/.stamp"
    mv "$work" "$target"
    trap - ERR
fi

# The folder for its configuration is named, or it writes one into the home of whoever runs this.
found=$(XDG_CONFIG_HOME="$CACHE/config" node "$target/node_modules/code-server/out/node/entry.js" --version 9>&- |
    tail -n 1 | cut -d' ' -f1)
[ "$found" = "$CODE_SERVER" ] || fail "$target holds code-server '$found', not $CODE_SERVER: delete the folder and run again"
printf '%s\n' "$target"
