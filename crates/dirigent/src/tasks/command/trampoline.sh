# Runs between `dirigent` and a command. Everything that differs from command to command arrives
# as an argument: nothing is ever written into this text.
#
# $1 the file that the command reads   $2 address space in KiB   $3 seconds of processor time
# $4 open files   $5 blocks of 512 bytes that one file may have   $6 $7 what to join: files of
# control groups   $8 … the command; a limit that is empty is not set.
stdin=$1 memory=$2 cpu=$3 files=$4 blocks=$5 group=$6 other=$7
shift 7

# Nothing runs that is not held as it was asked for.
give_up() {
    echo "dirigent: cannot be held to its limits" >&2
    exit 125
}

# Standard input is a pipe that only `dirigent` holds open and never writes to. It ends when
# `dirigent` does, however that ends, and then the watcher kills the whole process group. The
# watcher is nobody's child, so a command that waits for all of its children does not wait for it.
exec 3<&0
( { trap '' HUP INT QUIT TERM; read -r _; kill -KILL 0; } <&3 >/dev/null 2>&1 3<&- & )

# From here on this shell, and what it becomes, is held by the groups; the watcher is not. `0` is
# whoever writes.
for group in "$group" "$other"; do
    [ -z "$group" ] || echo 0 >"$group" || give_up
done

# The soft limit of processor time comes first and is told by its signal; the hard one kills. A
# hard limit that is there already and may not be raised is the stricter one.
ulimit -c 0 &&
    { [ -z "$memory" ] || ulimit -v "$memory"; } &&
    { [ -z "$files" ] || ulimit -n "$files"; } &&
    { [ -z "$blocks" ] || ulimit -f "$blocks"; } &&
    { [ -z "$cpu" ] || ulimit -S -t "$cpu"; } || give_up
[ -z "$cpu" ] || ulimit -H -t "$((cpu + 1))" 2>/dev/null || :
unset OLDPWD SHLVL

exec "$@" <"$stdin" 3<&-
