#!/bin/sh
# The init of a machine in namespaces: process 1 on it. SIGUSR1 restarts the machine, SIGTERM ends it.
# Not SIGHUP: where the demo was begun so that it outlives its terminal, that one is ignored and cannot be caught.
# Files below /etc/machine make it come to grief as real ones do:
#   no-restart   it is told to restart and does not
#   no-return    it goes down and stays down while this is there
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH LC_ALL=C.UTF-8
wanted=''
trap 'wanted=restart' USR1
trap 'wanted=off' TERM
trap : CHLD

services() {
    grep -ls '^# Default-Start:.*2' /etc/init.d/* | grep -v '/ssh$'
}

up() {
    cat /proc/sys/kernel/random/uuid >/run/machine/boot_id
    rm -f /run/nologin
    mkdir -p /run/sshd
    for service in $(services); do
        "$service" start </dev/null >>/var/log/boot.log 2>&1
    done
    /usr/sbin/sshd
}

down() {
    : >/run/nologin
    for service in $(services); do
        "$service" stop </dev/null >>/var/log/boot.log 2>&1
    done
    kill -TERM -1 2>/dev/null
    sleep 0.3
    kill -KILL -1 2>/dev/null
    wait
}

while :; do
    up
    wanted=''
    while [ -z "$wanted" ]; do
        # Not longer: a signal between the look at it and the wait ends no wait.
        sleep 1 &
        wait "$!"
        [ "$wanted" != restart ] || [ ! -e /etc/machine/no-restart ] || wanted=''
    done
    down
    [ "$wanted" != off ] || exit 0
    while [ -e /etc/machine/no-return ]; do
        sleep 0.2
    done
done
