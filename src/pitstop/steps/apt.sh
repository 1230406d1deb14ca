# Debian packages on a node out of a folder of .deb files and nothing else. Follows packages.sh; set before it:
#
#   as_told     what apt is told to bring about: NAME=VERSION to have, NAME- to be gone
#   may_go      names that may be removed;  held: `refuse` or `change`
#   keeps       `no` where there is nothing to keep;  purge: `--purge` or nothing
export DEBIAN_FRONTEND=noninteractive DEBCONF_NONINTERACTIVE_SEEN=true UCF_FORCE_CONFFOLD=1
export APT_LISTCHANGES_FRONTEND=none NEEDRESTART_MODE=l
database=/var/lib/dpkg

require_manager() {
    command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null ||
        refuse "$OTHER" "this node has no apt: its operating system is not of Debian's family$(other_manager)"
}

holder() {
    lock_holder "$database/lock-frontend" "$database/lock"
}

# --- what was cut short before

finish_interrupted() {
    [ -n "$(dpkg --audit)" ] || [ -n "$(ls -A "$database/updates")" ] || return 0
    echo "An earlier installation was interrupted; it is finished first."
    dpkg --force-confdef --force-confold --configure -a </dev/null
    for package in $(dpkg-query -W -f '${Package} ${db:Status-Status} ${db:Status-Eflag}\n' |
        awk '$2 ~ /^(half|unpacked|triggers)/ || $3 == "reinstreq" { print $1 }' | sort -u); do
        cut -d ' ' -f 1 "$work"/*.index | grep -qxF "$package" ||
            refuse "$BROKEN" "package $package was left half done before, and cannot be finished"
    done
}

# --- the repository: a folder whose files were checked; apt is told of no other

# Makes $1 a repository; $work/$2.index: a line NAME VERSION ARCHITECTURE FILE for each of its packages.
index() {
    : >"$1/Packages" && : >"$work/$2.index" || refuse "$FULL" "no room is left for the index of the packages"
    for deb in "$1"/*.deb; do
        [ -e "$deb" ] || continue
        fields=$(dpkg-deb -f "$deb") || refuse "$UNFIT" "a file of the package's content is no Debian package"
        set -- "$1" "$2" $(dpkg-deb --show --showformat '${Package} ${Version} ${Architecture}' "$deb")
        echo "$3 $4 $5 $deb" >>"$work/$2.index"
        printf '%s\nFilename: ./%s\nSize: %s\nSHA256: %s\n\n' "$fields" "${deb##*/}" "$(stat -c %s "$deb")" \
            "$(sha256sum <"$deb" | cut -c 1-64)" >>"$1/Packages" || refuse "$FULL" "no room is left on this node"
    done
    echo "deb [trusted=yes] file:$1 ./" >>"$work/sources.list"
}

apt() {
    mkdir -p "$work/lists" "$work/cache"
    apt-get -q -y --no-install-recommends --allow-downgrades --allow-change-held-packages \
        -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=/dev/null \
        -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
        -o Dir::State::Lists="$work/lists" -o Dir::Cache="$work/cache" -o Acquire::Languages=none \
        -o APT::Sandbox::User=root -o APT::Status-Fd=3 -o DPkg::Lock::Timeout="$patience" -o DPkg::Use-Pty=0 \
        -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@" </dev/null 3>>"$work/progress"
}

# What apt would do if it were told $@, into $work/changes: a line `Inst` or `Remv`, NAME, NEW or -, OLD or -.
work_out() {
    if ! apt -s "$@" >"$work/said" 2>&1; then
        cat "$work/said"
        why=$(grep -E ' (Depends|PreDepends|Breaks|Conflicts): ' "$work/said" || grep '^E: ' "$work/said")
        refuse "$UNFIT" "the packages do not fit together on this node: $(echo $why)"
    fi
    awk '$1 == "Inst" || $1 == "Remv" || $1 == "Purg" {
        old = $3 ~ /^\[/ ? substr($3, 2, length($3) - 2) : "-"
        new = "-"
        for (i = 3; i <= NF; i++) if ($i ~ /^\(/) { new = substr($i, 2); break }
        print ($1 == "Inst" ? "Inst" : "Remv"), $2, ($1 == "Inst" ? new : "-"), old
    }' "$work/said" >"$work/changes"
}

require_permitted() {
    while read -r act name new old; do
        [ "$act" = Inst ] || case " $may_go " in
        *" $name "*) ;;
        *) refuse "$UNFIT" "$name would have to be removed, and the plan does not say so" ;;
        esac
        [ "$held" = change ] || require_not_held "$name" "$old" "$new"
    done <"$work/changes"
}

require_not_held() { # NAME OLD NEW; NEW is - where it is to go
    [ "$3" != - ] || set -- "$1" "$2" "it gone"
    ! apt-mark showhold "$1" 2>/dev/null | grep -q . ||
        refuse "$HELD" "package $1 is held at $2 on this node, and the plan wants $3"
}

# --- room

# Bytes that the files of these packages take, by their top folder.
sizes() {
    for deb; do
        dpkg-deb -c "$deb"
    done | awk '/^-/ { split($6, part, "/"); size[part[2]] += $3 } END { for (top in size) print top, size[top] }'
}

require_room() {
    debs=$(awk '$1 == "Inst" { print $2 "=" $3 }' "$work/changes" | while IFS='=' read -r name new; do
        awk -v name="${name%:*}" -v new="$new" '$1 == name && $2 == new { print $4; exit }' "$work"/*.index
    done)
    [ -n "$debs" ] || return 0
    { sizes $debs; echo "var $(($(awk '$4 != "-" { print $2 }' "$work/changes" |
        xargs -r dpkg-query -W -f '${Installed-Size}\n' | awk '{ sum += $1 } END { print sum + 0 }') * 1024))"; } |
        while read -r top bytes; do
            echo "$(stat -c %d "/$top" 2>/dev/null || stat -c %d /) /$top $bytes"
        done | awk '{ need[$1] += $3; at[$1] = $2 } END { for (d in need) print at[d], need[d] }' >"$work/needed"
    while read -r at bytes; do
        [ -d "$at" ] || at=/
        free=$(($(df -Pk "$at" | awk 'NR == 2 { print $4 }') * 1024))
        [ "$free" -gt "$((bytes + 8388608))" ] ||
            refuse "$FULL" "$at has $((free >> 20)) MB free, and $(((bytes >> 20) + 9)) MB are needed"
    done <"$work/needed"
}

# --- what is needed to go back: a line NAME VERSION MARKS for each package, and its .deb

keep() {
    [ -e "$kept/before" ] || ls -d $(conffiles_beside) >"$kept/beside" 2>/dev/null
    mkdir -p "$kept/debs" && touch "$kept/before" || refuse "$FULL" "no room is left to keep what is replaced"
    while read -r act name new old; do
        grep -q "^$name " "$kept/before" && continue
        marks=no
        if [ "$old" != - ]; then
            marks=$(apt-mark showauto "$name" | sed 's/.*/auto/'),$(apt-mark showhold "$name" | sed 's/.*/hold/')
            keep_deb "$name" "$old" || refuse "$FULL" "$name $old cannot be kept for the way back"
        fi
        echo "$name $old $marks" >>"$kept/before" || refuse "$FULL" "no room is left to keep what is replaced"
    done <"$work/changes"
    sync -f "$kept"
}

# The very .deb where it was brought along or apt has it still; else made anew of what is installed.
keep_deb() {
    architecture=$(dpkg-query -W -f '${Architecture}' "$1")
    target=$kept/debs/$(echo "$1_$2" | tr ':~' '__').deb
    [ ! -e "$target" ] || return 0
    for deb in $(awk -v name="${1%:*}" -v old="$2" -v arch="$architecture" \
        '$1 == name && $2 == old && $3 == arch { print $4 }' "$work/brought.index") \
        /var/cache/apt/archives/"${1%:*}_"*.deb; do
        [ -e "$deb" ] && [ "$(dpkg-deb --show --showformat '${Package} ${Version} ${Architecture}' "$deb")" = \
            "${1%:*} $2 $architecture" ] || continue
        cp "$deb" "$target.new" && sync "$target.new" && mv "$target.new" "$target"
        return
    done
    repack "$1" "$target.new" && sync "$target.new" && mv "$target.new" "$target"
}

# Makes the .deb $2 of package $1 as it is installed. Configuration files that were edited here are not put in:
# they stay as they are when it is installed, and stay known as edited.
repack() {
    tree=$kept/tree
    rm -rf "$tree" && mkdir -p "$tree/DEBIAN" || return
    dpkg-query -W -f '${Conffiles}\n' "$1" | while read -r file sum more; do
        [ -z "$file" ] || [ "$(md5sum <"$file" 2>/dev/null)" = "$sum  -" ] || echo "$file"
    done >"$work/edited"
    dpkg-query -L "$1" >"$work/files"
    ! grep -q 'diverted by' "$work/files" || { echo "files of $1 are diverted by another package" >&2; return 1; }
    grep '^/.' "$work/files" | grep -vx '/\.' | grep -vxFf "$work/edited" | while IFS= read -r file; do
        if [ -L "$file" ] && [ -d "$file" ]; then
            grep -q "^$file/" "$work/files" && continue # a folder that was merged into another
        elif [ ! -e "$file" ] && [ ! -L "$file" ]; then
            continue
        fi
        printf '.%s\0' "$file"
    done >"$work/list"
    tar -c -C / --no-recursion --null -T "$work/list" -f - | tar -x -p -C "$tree" -f - || return
    for file in $(dpkg-query --control-path "$1"); do
        cp -p "$file" "$tree/DEBIAN/${file##*.}" || return
    done
    dpkg-query -s "$1" | awk '/^[^ ]/ { skip = /^(Status|Conffiles|Config-Version):/ } !skip' >"$tree/DEBIAN/control"
    dpkg-deb --nocheck -Zgzip -z1 -b "$tree" "$2" >/dev/null && rm -rf "$tree"
}

# --- bringing it about

bring_about() {
    apt update >"$work/said" 2>&1 || { cat "$work/said"; refuse "$UNFIT" "what was brought cannot be read"; }
    if [ -n "$(dpkg --audit)" ] && ! apt -s $purge install $as_told >/dev/null 2>&1; then
        settle --fix-broken install # what was cut short lacks what it needs
    fi
    settle $purge install $as_told
}

settle() {
    work_out "$@"
    require_permitted
    require_room
    [ "$keeps" = no ] || keep
    do_it "$@"
}

do_it() {
    said=$(apt "$@" 2>&1)
    status=$?
    printf '%s\n' "$said"
    [ "$status" != 0 ] || return 0
    case $said in
    *'No space left on device'*) refuse "$FULL" "the disk became full while packages were unpacked" ;;
    *'is locked by another process'* | *'Could not get lock'*)
        refuse "$LOCKED" "the package database is in use, by $(holder || echo 'somebody who has let go of it now')" ;;
    esac
    why=$(printf '%s\n' "$said" | grep -E '^(dpkg: error|dpkg: dependency|E: )' -A 1 | head -n 2)
    [ -n "$why" ] || why=$(printf '%s\n' "$said" | tail -n 2)
    refuse 1 "$(echo $why)"
}

# As they were before: installed by hand or for another's sake, held or not.
mark_as_before() {
    while read -r name old marks; do
        case $marks in *auto*) apt-mark auto "$name" ;; esac
        case $marks in *hold*) apt-mark hold "$name" ;; esac
    done <"$kept/before" >/dev/null
}

require_clean() {
    left=$(dpkg --audit)
    [ -z "$left" ] || { printf '%s\n' "$left"; refuse "$BROKEN" "the package database is not as it should be"; }
}

# New versions of configuration files that lie beside the edited ones.
conffiles_beside() {
    dpkg-query -W -f '${Conffiles}\n' | awk '$1 != "" { print $1 ".dpkg-dist" }'
}
