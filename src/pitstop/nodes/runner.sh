# Runs one operation to its end, in a session of its own, whatever becomes of those who wait for it.
# Begun by operation.sh under the node's lock (descriptor 9), which it lets go of once it can be found.
here=${0%/*}
exec 8<"$here/running"
flock 8
echo "$$" >"$here/pid"
exec 9>&-
trap : TERM # outlive those of the group that are asked to end, and note their status
(
    cd "$PITSTOP_ROOT/" && . "$here/environment" && exec /bin/sh "$here/script"
) 8<&-
status=$?
rm -rf "$here/stage"
echo "$status" >"$here/exit.new" && sync "$here/exit.new" && mv "$here/exit.new" "$here/exit"
