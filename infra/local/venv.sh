#!/bin/sh
# Fill .venv from a hash-pinned lock: venv.sh LOCK. Run from the project's folder by the Makefile.
# Everything that can go wrong is one sentence with its cure; pip's own words go to a log.
set -u
lock=$1
log=.venv/pip.log
needed_mb=800

fail() { # zh, en
    printf '✗ %s\n  %s\n' "$1" "$2" >&2
    exit 2
}

version_of() { "$1" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null; }
new_enough() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; }
can_venv() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }

choose_python() {
    if [ -n "${PYTHON:-}" ]; then
        candidates=$PYTHON
    else
        candidates='python3 python3.13 python3.12 python3.11'
    fi
    [ -n "${PYTHON:-}" ] && IFS='
'
    for candidate in $candidates; do
        if new_enough "$candidate" && can_venv "$candidate"; then
            chosen=$candidate
            return
        fi
    done
    for candidate in $candidates; do
        if new_enough "$candidate"; then
            fail "$candidate 缺少 venv 模块。请安装它（Debian、Ubuntu：apt install python3-venv）后重试。" \
                "$candidate lacks the venv module. Install it (Debian, Ubuntu: apt install python3-venv) and try again."
        fi
    done
    found=
    for candidate in $candidates; do
        found=$(version_of "$candidate") && [ -n "$found" ] && break
    done
    fail "需要 Python 3.11 至 3.13，找到的是 ${found:-无}。请安装后重试，或指明：make PYTHON=/路径/python3.12 …" \
        "Python 3.11 to 3.13 is needed, found ${found:-none}. Install one and try again, or name it: make PYTHON=/path/to/python3.12 …"
}

disk_full() {
    fail "磁盘空间不足，无法安装依赖。请清理磁盘后重试（约需 $needed_mb MB）。" \
        "The disk is too full for the packages. Free about $needed_mb MB and try again."
}
free_mb() { df -Pm . 2>/dev/null | awk 'NR == 2 { print $4 }'; }

explain_pip() {
    if [ "$(free_mb)" -lt 20 ] || grep -qiE 'No space left|Errno 28|Errno 122' "$log" 2>/dev/null; then
        disk_full
    elif grep -qE 'DO NOT MATCH THE HASHES' "$log"; then
        fail "下载的软件包校验和不符，可能被代理或镜像改动。请更换网络或软件源后重试。详见 $log" \
            "A package has the wrong hash: a proxy or mirror may alter it. Try another network or index. See $log"
    elif grep -qE 'Retrying|[Cc]onnection|NameResolution|Temporary failure|SSLError|timed out' "$log"; then
        fail "无法连接 Python 软件源。请检查网络后重试，或用 PIP_INDEX_URL 指定可访问的镜像。详见 $log" \
            "The Python package index cannot be reached. Check the network and try again, or set PIP_INDEX_URL to a mirror you can reach. See $log"
    elif grep -qE 'No matching distribution' "$log"; then
        fail "软件源中没有本机可用的软件包：$(missing)。请检查 PIP_INDEX_URL 指定的源是否可达、完整，或换一个 Python（make PYTHON=…）。详见 $log" \
            "The package index has no wheel for this machine: $(missing). Check that the index (PIP_INDEX_URL) is reachable and complete, or try another Python (make PYTHON=…). See $log"
    fi
    fail "依赖安装失败，原因见 $log（末行：$(tail -n 1 "$log" | cut -c 1-200)）" \
        "The packages could not be installed; $log tells why."
}

missing() { sed -n 's/.*No matching distribution found for \([^ ]*\).*/\1/p' "$log" | head -n 1; }

make_venv() {
    choose_python
    [ "$(free_mb)" -ge "$needed_mb" ] || disk_full
    printf '· 建立 .venv（Python %s），约半分钟  making .venv, about half a minute\n' "$(version_of "$chosen")"
    rm -rf .venv
    if ! output=$("$chosen" -m venv .venv 2>&1); then
        fail "无法建立 .venv：$(printf '%s' "$output" | tail -n 1)" ".venv cannot be made: $(printf '%s' "$output" | tail -n 1)"
    fi
}

# A moved or half-made environment, or one whose Python is gone, is made anew.
if ! .venv/bin/python -c 'import sys, pip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
    make_venv
fi
printf '· 安装 %s  installing, hashes checked\n' "$lock"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input --retries 2 \
    --only-binary :all: --require-hashes -r "$lock" >"$log" 2>&1 || explain_pip
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input \
    --no-deps --no-build-isolation --editable . >>"$log" 2>&1 || explain_pip
