# Ends everything that a play has started on this machine: what has its mark in the environment (sent along by
# ssh) or in its command line (the folder of Ansible's modules), with all of its sessions.
#   MARK is set before it.
me=$$
sessions=''
for folder in /proc/[0-9]*; do
    pid=${folder#/proc/}
    [ "$pid" != "$me" ] && [ "$pid" != 1 ] || continue
    tr '\0' '\n' <"$folder/environ" 2>/dev/null | grep -qxF "LC_PITSTOP_PLAY=$MARK" ||
        tr '\0' ' ' <"$folder/cmdline" 2>/dev/null | grep -qF "/.pitstop-play-$MARK/" || continue
    stat=$(cat "$folder/stat" 2>/dev/null) || continue
    stat=${stat##*) }
    set -- $stat
    sessions="$sessions $4"
done
own=$(cat "/proc/$me/stat")
own=${own##*) }
set -- $own
own=$4
for session in $sessions; do
    [ "$session" != "$own" ] && [ "$session" != 0 ] || continue
    for folder in /proc/[0-9]*; do
        stat=$(cat "$folder/stat" 2>/dev/null) || continue
        stat=${stat##*) }
        set -- $stat
        [ "$4" != "$session" ] || kill -s KILL "${folder#/proc/}" 2>/dev/null
    done
done
rm -rf "/tmp/.pitstop-play-$MARK"
