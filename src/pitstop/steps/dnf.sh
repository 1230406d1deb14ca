# RPM packages on a node out of a folder of .rpm files and nothing else. Follows packages.sh; set before it:
#
#   told        what dnf's library is told, as on_node/dnf_packages.py has it

# Sets `python` to the one that dnf runs under; fails where dnf is no program of Python's, as dnf 5 is not.
find_python() {
    dnf=$(command -v dnf) && python=$(sed -n '1s/^#! *//p;1q' "$dnf" | tr -d '\0') && [ -n "$python" ]
} 2>/dev/null

require_manager() {
    find_python && command -v rpm >/dev/null || no_dnf
}

no_dnf() {
    refuse "$OTHER" "this node has no dnf 4, with which alone RPM packages are installed$(other_manager)"
}

# rpm's own lock; else that of a dnf, which names its process in a file.
holder() {
    lock_holder "$(rpm --eval '%{_rpmlock_path}')" && return
    process=$(cat /var/lib/dnf/rpmdb_lock.pid) && [ -e "/proc/$process/stat" ] && named "$process"
} 2>/dev/null

with_dnf() { # VERB
    export kept work
    on_node "$python" "$1" "$told" && return
    status=$?
    [ "$status" != "$OTHER" ] || no_dnf
    refuse "$status" "$(cat "$work/why" 2>/dev/null || echo "dnf's library has failed: see the step's output")"
}
