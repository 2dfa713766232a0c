#!/bin/sh
# Indexes the sources of an installed package (click, which the command line stands on) and asks about them.
# Usage: sh scripts/demo.sh VENV/bin
set -eu
bin=$1
# An index of its own, so that a demo leaves nothing in the user's cache.
CASCODE_INDEX_DIR=$PWD/.work/demo
export CASCODE_INDEX_DIR
sources=$("$bin/python" -c 'import click, pathlib; print(pathlib.Path(click.__file__).parent)')

run() {
    printf '\n$ cascode'
    for word in "$@"; do
        case $word in *' '*) printf ' "%s"' "$word" ;; *) printf ' %s' "$word" ;; esac
    done
    printf '\n'
    "$bin/cascode" "$@"
}

run index "$sources"
run search "ask for a password without showing what is typed" --workspace "$sources" --limit 3
run search "open the user's editor and return what was written" --workspace "$sources" --limit 3
run search "ask the user a yes or no question" --workspace "$sources" --limit 3
