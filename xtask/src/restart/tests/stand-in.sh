#!/bin/sh
# Stands in for the daemon's program, as a restart sees it. What runs stands in files below `world` of
# the home; a file `fails-<verb>` there makes a verb fail with what stands in it, `ends-<verb>` end with
# that code, `misses-<verb>` not answer once while a restart is pending.
world="$CLAUDE_ASSISTANT_HOME/world"
verb="$1"
[ "$verb" = launcher ] && verb="launcher-$2"
echo "$verb" >> "$world/calls"
if [ -f "$world/fails-$verb" ]; then cat "$world/fails-$verb" >&2; exit 1; fi
if [ -f "$world/ends-$verb" ]; then echo "failed to open it" >&2; exit "$(cat "$world/ends-$verb")"; fi
if [ -f "$world/misses-$verb" ] && [ -f "$world/pending" ]; then
    rm "$world/misses-$verb"
    echo "the daemon did not answer within 3 s" >&2
    exit 69
fi
if [ -f "$world/slow-$verb" ]; then exec sleep 30; fi
generation=$(cat "$world/generation")
slot=$(cat "$world/slot")
pid=$((100 + generation))

become() { # slot
    echo "$1" > "$world/slot"
    generation=$((generation + 1))
    pid=$((100 + generation))
    echo "$generation" > "$world/generation"
    ln -sfn "$1" "$CLAUDE_ASSISTANT_HOME/slots/current"
}
mark() { # slot standing
    printf '{"format":1,"standing":"%s","since":"2026-03-10T12:00:00Z","why":"w"}' "$2" \
        > "$CLAUDE_ASSISTANT_HOME/slots/marks/$1.json"
}
go_back() {
    become "$(cat "$world/previous")"
    rm -f "$world/pending" "$world/held"
}

case "$verb" in
status)
    held=
    [ -f "$world/owned" ] && held='"owner"'
    [ -f "$world/held" ] && held="${held:+$held,}\"restart\""
    sessions='[]'
    [ -f "$world/sessions" ] && sessions=$(cat "$world/sessions")
    counts='"accepted":0,"delivered":0'
    [ -f "$world/counts" ] && counts=$(cat "$world/counts")
    printf '{"version":"0.1.0","pid":%s,"generation":%s,"slot":"%s","held_by":[%s],' \
        "$pid" "$generation" "$slot" "$held"
    printf '"unsent":0,"rss_bytes":10000000,"sessions":%s,"counts":{%s}}\n' "$sessions" "$counts" ;;
launcher-status)
    pending=null
    [ -f "$world/pending" ] && pending=$(printf '{"id":"%s","target":"%s","phase":"%s"}' \
        "$(cat "$world/id")" "$(cat "$world/target")" "$(cat "$world/pending")")
    good=null
    [ -f "$world/good" ] && good='"good"'
    printf '{"pid":50,"slot":"%s","daemon":{"pid":%s,"generation":%s,"ready":true},"pending":%s,' \
        "$slot" "$pid" "$generation" "$pending"
    printf '"state":"running","slots":[{"name":"%s","standing":%s}]}\n' "$slot" "$good" ;;
drain)
    touch "$world/held"
    if [ -f "$world/sessions-drained" ]; then cp "$world/sessions-drained" "$world/sessions"; fi
    if [ -f "$world/busy" ]; then
        echo '{"quiet":false,"busy":[3],"unsent":0,"waited_ms":1}'
        exit 75
    fi
    echo '{"quiet":true,"busy":[],"unsent":0,"waited_ms":1}' ;;
hold) touch "$world/held" ;;
release) rm -f "$world/held" ;;
deliveries)
    if [ -f "$world/older" ]; then
        echo "error: unrecognized subcommand 'deliveries'" >&2
        echo >&2
        echo "For more information, try '--help'." >&2
        exit 64
    fi
    overtaken='[]'
    [ -f "$world/overtakes" ] && overtaken='[{"session":3,"row":17},{"session":3,"row":18}]'
    printf '{"generation":%s,"delivered":12,"overtaken":%s}\n' "$3" "$overtaken" ;;
backup) echo copy > "$2" ;;
candidate)
    if [ -f "$world/unfit" ]; then
        echo '{"steps":[],"failed":"see the answer: none came within 20 s"}'
        exit 1
    fi
    echo '{"steps":[{"name":"migrate","elapsed_ms":5}],"failed":null}' ;;
run) ;;
launcher-arm)
    echo armed > "$world/pending"
    echo "$4" > "$world/id"
    echo "$6" > "$world/target"
    echo "$slot" > "$world/previous" ;;
launcher-switch)
    become "$(cat "$world/target")"
    if [ -f "$world/stillborn" ]; then
        go_back
        mark "$(cat "$world/target")" bad
        echo '{"rolled_back":{"id":"x","target":"y","why":"no READY within 30 s"}}'
        exit 1
    fi
    if [ -f "$world/loses-runner" ]; then rm "$CLAUDE_ASSISTANT_HOME/slots/$(cat "$world/target")/bin/tier4"; fi
    echo started > "$world/pending"
    touch "$world/held"
    printf '{"pid":%s,"generation":%s,"ready_ms":30,' "$pid" "$generation"
    printf '"stop":{"elapsed_ms":12,"killed":false},"gap_ms":150}\n' ;;
launcher-confirm)
    rm -f "$world/pending" "$world/held"
    case "$*" in *--unproven) ;; *) mark "$slot" good; touch "$world/good" ;; esac ;;
launcher-disarm) rm -f "$world/pending" ;;
launcher-roll-back)
    echo "$*" > "$world/back"
    case "$*" in *--blameless) ;; *) mark "$slot" bad ;; esac
    go_back ;;
launcher-roll-back-to) become "$3" ;;
launcher-mark-bad) ;;
*) exit 64 ;;
esac
