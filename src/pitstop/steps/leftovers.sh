# Ends everything that a play has started on this machine: what has its mark in the environment (sent along by
# ssh) or in its command line (the folder of Ansible's modules), with all of its sessions.
#   MARK is set before it.
session_of() { # PID
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return
    set -- ${stat##*) }
    session=$4
}
session_of $$ || exit
own=$session
sessions=' '
for file in $(grep -lszxF "LC_PITSTOP_PLAY=$MARK" /proc/[0-9]*/environ) \
    $(grep -lszF "/.pitstop-play-$MARK/" /proc/[0-9]*/cmdline); do
    pid=${file#/proc/}
    pid=${pid%/*}
    [ "$pid" != 1 ] && session_of "$pid" || continue
    [ "$session" = "$own" ] || [ "$session" = 0 ] || sessions="$sessions$session "
done
for folder in /proc/[0-9]*; do
    session_of "${folder#/proc/}" || continue
    case $sessions in
    *" $session "*) kill -s KILL "${folder#/proc/}" 2>/dev/null ;;
    esac
done
rm -rf "/tmp/.pitstop-play-$MARK"
