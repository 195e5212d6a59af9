#!/bin/sh
# A stand-in of systemctl: it starts and ends one launcher, and knows its process.
at=$(dirname "$0")
shift
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
'show --property=MainPID') echo "MainPID=$(pid || echo 0)" ;;
'show --property=Version' | 'daemon-reload ') ;;
'start '* | 'enable --now') begin ;;
'stop '* | 'disable --now') p=$(pid) && kill "$p" || : ;;
*) exit 1 ;;
esac
