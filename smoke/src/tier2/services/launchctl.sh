#!/bin/sh
# A stand-in of launchctl, as asynchronous as that is: what was told to go is still there for a while,
# and nothing takes its place before it has gone, nor at the first try.
at=$(dirname "$0")
echo "$*" >> "$at/asked"
pid() {
    p=$(cat "$at/pid" 2>/dev/null) || return 1
    case $(ps -o stat= -p "$p") in '' | Z*) return 1 ;; esac
    echo "$p"
}
begin() {
    pid > /dev/null && return
    "$CLAUDE_ASSISTANT_HOME/launcher/claude-assistant" launch < /dev/null > /dev/null 2>> "$at/words" &
    echo $! > "$at/pid"
}
case "$1 $2" in
'print gui/'*/*)
    if [ -e "$at/going" ] && ! pid > /dev/null; then rm -f "$at/going" "$at/loaded"; fi
    [ -e "$at/loaded" ] || exit 113
    echo "	state = $(pid > /dev/null && echo running || echo 'not running')"
    p=$(pid) && echo "	pid = $p" || :
    ;;
'print gui/'*) ;;
'bootstrap gui/'*)
    if [ -e "$at/loaded" ] || [ -e "$at/late" ]; then
        rm -f "$at/late"
        echo 'Bootstrap failed: 5: Input/output error' >&2
        exit 5
    fi
    touch "$at/loaded"
    begin
    ;;
'bootout gui/'*)
    touch "$at/going" "$at/late"
    p=$(pid) && kill "$p"
    echo 'Boot-out failed: 36: Operation now in progress' >&2
    exit 36
    ;;
'kickstart gui/'*) begin ;;
*) exit 1 ;;
esac
