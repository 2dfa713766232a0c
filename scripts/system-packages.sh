# Installs packages of the system, for the setup scripts, which read this with `.`: as root, or where sudo asks for no
# password, as on a runner of CI. Elsewhere it says what is missing, and the script ends.
# shellcheck shell=sh

# system_packages SCRIPT ADVICE PACKAGE...: ADVICE is what to do where they cannot be installed.
system_packages() {
    script=$1 advice=$2
    shift 2
    as_root=
    [ "$(id -u)" -eq 0 ] || as_root="sudo -n"
    # Two words on purpose, here and below.
    # shellcheck disable=SC2086
    if ! command -v apt-get >/dev/null 2>&1 || ! $as_root true 2>/dev/null; then
        echo "$script: missing: $* - $advice" >&2
        exit 1
    fi
    # `env`, since sudo passes no variables on.
    apt="$as_root env DEBIAN_FRONTEND=noninteractive apt-get -o Dpkg::Use-Pty=0 -qq -y --no-install-recommends"
    # A machine that never ran `update` knows no packages at all, one without a network may have them.
    # shellcheck disable=SC2086
    $apt install "$@" >/dev/null 2>&1 || { $apt update >/dev/null && $apt install "$@" >/dev/null; }
}
