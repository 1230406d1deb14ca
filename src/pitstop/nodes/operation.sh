# The node's side of acting: sent with every call, nothing is installed. POSIX sh, coreutils, tar, flock.
#
#   sh -c TEXT pitstop VERB MARK ROOT ID EPOCH          operate (parcel on standard input), attach, abandon
#   sh -c TEXT pitstop ask MARK ROOT SECONDS            ask (script on standard input)
#
# The answer is one line on standard output, "MARK WORD [NUMBER]", then the operation's output:
#   exit STATUS    it has ended            cut        it is gone and left no status
#   stale EPOCH    a newer worker acts     unknown    never started here
#   abandoned      it has been ended       begin      of ask: what follows is what the script says
# No such line: the node cannot do its part; standard error says why.
#
# Below ROOT/var/lib/pitstop-node: `lock` is held for each decision; `epoch` is the highest that was seen;
# `operations/ID` is there from the moment that ID may have started. In it `running` is locked by the runner
# for as long as it lives: a lock goes with its process, however that ends, so neither a process number that
# was given anew nor a restart of the machine can deceive. `exit` is read once that lock is free: whole, or
# the operation was cut short. It has its room on the disk before the operation begins, which may fill it.
#
# Each program that is started costs a small node a millisecond or two, as much as many a step itself. So what
# the shell can do alone it does alone; a test counts the programs.
verb=$1 mark=$2 root=$3 id=$4 epoch=$5
unset LANGUAGE
export LANG=C.UTF-8 LC_ALL=C.UTF-8
state=$root/var/lib/pitstop-node
operations=$state/operations
here=$operations/$id
export PITSTOP_ROOT="$root" PITSTOP_NOTES="$state/notes"
incoming='' runner='' said=''
days_kept=14
grace=5

fail() {
    echo "$1" >&2
    exit 70
}

make_state() {
    [ -d "$operations" ] && [ -d "$PITSTOP_NOTES" ] && return
    mkdir -p "$root/var/lib" && mkdir -p -m 700 "$state" && mkdir -p "$operations" "$PITSTOP_NOTES" ||
        fail "cannot make $state"
}

# Without the lock too: the file is only ever swapped whole, and what it holds only rises.
look() {
    seen=0
    [ ! -e "$state/epoch" ] || read -r seen <"$state/epoch"
}

# Take the node's lock; refuse the past; remember the newest epoch.
enter() {
    exec 9>>"$state/lock"
    flock 9 || fail "cannot lock $state/lock"
    look
    case $seen in '' | *[!0-9]*) fail "$state/epoch is damaged: it must hold one number" ;; esac
    if [ "$epoch" -lt "$seen" ]; then
        echo "$mark stale $seen"
        exit 0
    elif [ "$epoch" -gt "$seen" ]; then
        echo "$epoch" >"$state/epoch.new" && sync "$state/epoch.new" && mv "$state/epoch.new" "$state/epoch" ||
            fail "cannot write $state/epoch"
        prune
    fi
}

leave() {
    exec 9>&-
}

# Once per epoch, aside: what other runs left here long ago. An id begins with its run: RUN-STEP-ATTEMPT.
prune() {
    find "$operations" "$PITSTOP_NOTES" -mindepth 1 -maxdepth 1 -mtime "+$days_kept" ! -name "${id%-*-*}-*" \
        -exec rm -rf {} + </dev/null >/dev/null 2>&1 9>&- &
}

running() {
    ! flock -n -s "$here/running" true
}

# Wait for the end and tell it. Whose child it is needs no lock for that.
conclude() {
    exec </dev/null
    if [ -n "$runner" ]; then
        wait "$runner"
    else
        exec 8<>"$here/running"
        flock -s 8
    fi
    status=''
    [ ! -s "$here/exit" ] || read -r status <"$here/exit"
    case $status in
    '' | *[!0-9]*) echo "$mark cut" ;;
    *) echo "$mark exit $status" && show_output ;;
    esac
}

# The last thing that this shell does.
show_output() {
    discard
    [ ! -s "$here/output" ] || exec tail -c 65536 "$here/output"
}

# The parcel brings the folder, by the call's own mark: no two calls share it.
receive() {
    incoming=$operations/.incoming-$mark
    trap discard EXIT
    tar -x -m -p -o -f - -C "$operations" || fail "the operation could not be stored"
    [ -f "$incoming/script" ] || fail "the operation did not arrive whole"
}

discard() {
    [ ! -d "$incoming" ] || rm -rf "$incoming"
}

# Under the lock. The runner inherits it, and lets go when it has noted its number. It is born with the lock on
# `running`: a folder without that is an operation that was cut short, if only between these lines.
start() {
    end_earlier_attempts
    : >"$incoming/output" && : >"$incoming/running" && echo '    ' >"$incoming/exit" && mv "$incoming" "$here" || fail "cannot make $here"
    exec 8<"$here/running"
    flock 8 || fail "cannot lock $here/running"
    PITSTOP_STAGE=$here/stage setsid /bin/sh "$here/runner" </dev/null >>"$here/output" 2>&1 &
    runner=$!
    exec 8<&-
}

# End what runs in $here, with all its process group; under the lock, so that the number is still its own.
end() {
    [ -d "$here" ] && running || return 0
    pid=$(cat "$here/pid")
    kill -s TERM -- "-$pid" 2>/dev/null
    flock -s -w "$grace" "$here/running" true
    kill -s KILL -- "-$pid" 2>/dev/null
    flock -s -w "$grace" "$here/running" true || fail "process group $pid does not end"
}

# A new attempt of a step takes the place of an earlier one that was lost sight of: never two side by side.
end_earlier_attempts() {
    for here in "$operations/${id%-*}"-*; do
        end
    done
    here=$operations/$id
}

cd "$root/" || fail "the root folder $root/ of this node is not there"
for tool in flock setsid tar timeout; do
    command -v "$tool" >/dev/null || fail "the program $tool is missing on this node"
done

case $verb in
ask)
    echo "$mark begin"
    exec timeout -k 5 "$id" /bin/sh -c 'script=$(cat); eval "$script" </dev/null' 2>&1
    ;;
operate)
    make_state
    look
    if [ "$epoch" != "$seen" ]; then # a newer worker counts from before it sends, an older one need not send
        enter
        leave
    fi
    [ -d "$here" ] || receive
    enter
    [ -d "$here" ] || start
    leave
    conclude
    ;;
attach)
    make_state
    enter
    if [ -d "$here" ]; then
        leave
        conclude
    else
        echo "$mark unknown"
    fi
    ;;
abandon)
    make_state
    enter
    [ ! -s "$here/output" ] || said=$(tail -c 65536 "$here/output") # before the shell says that it is ended
    end
    echo "$mark abandoned"
    [ -z "$said" ] || printf '%s\n' "$said"
    ;;
*) fail "no such verb: $verb" ;;
esac
