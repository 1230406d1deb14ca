# Runs one operation to its end, in a session of its own, whatever becomes of those who wait for it.
# Begun by operation.sh under the node's lock (descriptor 9), which it lets go of once it can be found, and with
# the lock on `running` (descriptor 8), which goes with it.
here=${0%/*}
echo "$$" >"$here/pid"
exec 9>&-
trap : TERM # outlive those of the group that are asked to end, and note their status
(
    cd "$PITSTOP_ROOT/" && . "$here/environment" && exec /bin/sh "$here/script"
) 8<&-
status=$?
[ ! -d "$here/stage" ] || rm -rf "$here/stage"
echo "$status" 1<>"$here/exit" # no more room than it has
