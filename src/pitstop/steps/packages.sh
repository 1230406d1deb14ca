# What is the same for packages of any form. Begins an operation of the kinds for packages, which set before it:
#
#   kept        folder of the node's notes that holds what is needed to go back
#   work        folder in memory for what is thrown away
#   patience    seconds to wait for the package database
#
# What follows says which form it is, and defines:
#
#   require_manager     refuses where the program is not here that is needed
#   holder              prints who holds the package database; fails where nobody does
#
# A failure ends with one of the statuses below, and says why in its last line.
HELD=61 LOCKED=62 FULL=63 BROKEN=64 UNFIT=66 GONE=67 OTHER=68
export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"

# Room first: a full disk may be what the failure is about, and the status must still be written.
refuse() {
    [ -z "$PITSTOP_STAGE" ] || rm -rf "$PITSTOP_STAGE"
    rm -rf "$work"
    echo "$2" >&2
    exit "$1"
}

begin() {
    [ -z "$PITSTOP_ROOT" ] || refuse 1 "packages are for machines of their own, and this node's root is $PITSTOP_ROOT"
    require_manager
    rm -rf "$work"
    mkdir -p -m 700 "$work" && mkdir -p "$kept" || refuse 1 "cannot make $work and $kept"
}

# The files that came along, under names that end as their form's do.
name_files() { # SUFFIX
    mkdir -p "$PITSTOP_STAGE"
    for file in "$PITSTOP_STAGE"/*; do
        [ ! -f "$file" ] || mv "$file" "$file$1"
    done
}

# Which of the other programs there are here.
other_manager() {
    for program in apt-get dnf5 dnf yum zypper; do
        ! command -v "$program" >/dev/null || { echo "; it has $program"; return; }
    done
}

# Prints who has a POSIX lock on one of these files.
lock_holder() { # FILE...
    for lock; do
        [ -e "$lock" ] || continue
        pid=$(awk -v inode="$(stat -c %i "$lock")" \
            '$2 == "POSIX" { split($6, place, ":"); if (place[3] == inode) { print $5; exit } }' /proc/locks)
        [ -z "$pid" ] || { named "$pid"; return; }
    done
    return 1
}

named() { # PROCESS
    echo "$(tr '\0\n' '  ' <"/proc/$1/cmdline" 2>/dev/null | cut -c 1-80)(process $1)"
}

await_database() {
    until=$(($(date +%s) + patience))
    while by=$(holder); do
        [ "$(date +%s)" -lt "$until" ] ||
            refuse "$LOCKED" "the package database has been in use for longer than $patience s, by $by"
        echo "held:$by" >"$work/progress"
        sleep 1
    done
}

end() {
    rm -rf "$work"
}
