#!/bin/sh
# Install torch as constraints.txt pins it, and say beforehand what will be downloaded.
#
#   torch.sh PYTHON [auto|cpu|any]
#
# cpu: the build for CPUs, which is gigabytes smaller, or what pip finds where it cannot be had.
# any: what pip finds. auto: the build for CPUs on Linux without a GPU, else what pip finds.
set -eu
python=$1
wanted=${2:-auto}
cd "$(dirname "$0")/.."
pin=$(grep '^torch==' constraints.txt)

version() { # of what pip would install; nothing if that is there already
    "$python" -m pip install --quiet --dry-run --no-deps --report - "$pin" 2>/dev/null |
        "$python" -c 'import json, sys
for found in json.load(sys.stdin)["install"]: print(found["metadata"]["version"])'
}

cpu_build() { # from where uv knows that it is; a network that does not answer is given up soon
    uv=$(command -v uv || echo "$(dirname "$python")/uv")
    [ -x "$uv" ] || timeout 120 "$python" -m pip install --quiet --timeout 15 uv || return 1
    export UV_HTTP_TIMEOUT=15 UV_HTTP_RETRIES=1
    set -- pip install --quiet --python "$python" --torch-backend cpu "$pin"
    timeout 60 "$uv" "$@" --dry-run 2>/dev/null || return 1
    echo "torch: the build for CPUs, about 200 MB to download; TORCH=any takes what pip finds"
    "$uv" "$@"
}

if [ "$wanted" = auto ]; then
    wanted=any
    if [ "$(uname -s)" = Linux ] && ! [ -e /dev/nvidiactl ] && ! [ -e /dev/kfd ]; then
        wanted=cpu
    fi
fi
found=$(version || true)
case "$found" in
"" | *+cpu) ;; # it is installed, pip says why it cannot be, or pip finds the build for CPUs itself
*)
    if [ "$wanted" = cpu ]; then
        cpu_build && exit
        echo "torch: the build for CPUs cannot be had from here"
    fi
    ;;
esac
[ -z "$found" ] || echo "torch: $found, as pip finds it$(
    case "$found" in *+*) ;; *) [ "$(uname -s)" != Linux ] || \
        echo "; CUDA's libraries come with it, gigabytes to download" ;; esac
)"
"$python" -m pip install --quiet --constraint constraints.txt "$pin"
