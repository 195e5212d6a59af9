#!/bin/sh
# Stands in for the tier 4 runner of a slot: leaves a report that a test has prepared, the failing one
# where the slot that runs is named in `unwell`, or in `unwell-later` and another one ran meanwhile. One
# that is named in `mute` does not answer alone; with `unserved` the API answers no later one.
world="$HARNESS_HOME/world"
name=whole
[ "$1" = -- ] && name="$2"
echo "tier4 $name soak $HARNESS_SOAK${HARNESS_DOWN_BEFORE:+ down $HARNESS_DOWN_BEFORE}${HARNESS_TRYING_BEFORE:+ trying $HARNESS_TRYING_BEFORE}${HARNESS_GATE:+ gated}${CI:+ ci}" >> "$world/calls"
echo "$name ${HARNESS_WATCHED_FROM##*/runs/}" >> "$world/watched"
if [ -n "$HARNESS_WATCHED_FROM" ]; then
    [ -f "$HARNESS_WATCHED_FROM" ] || cat "$world/slot" > "$HARNESS_WATCHED_FROM"
    cat "$HARNESS_WATCHED_FROM" >> "$world/watched-from"
fi
if [ -f "$world/slow-$name" ]; then sleep "$(cat "$world/slow-$name")"; fi
if [ -f "$world/dies-$name" ] && [ -f "$world/pending" ]; then exit 101; fi
later=$([ "$(cat "$world/generation")" -gt 7 ] && echo yes)
answers() { [ "$name" = tier4::status ] || ! named mute; }
named() { [ -f "$world/$1" ] && grep -qxF "$(cat "$world/slot")" "$world/$1"; }
if [ "$name" != tier4::status ] && [ -f "$world/unserved" ] && [ -n "$later" ]; then
    cp "$world/undecided-$name.json" "$HARNESS_REPORT"
    exit 40
fi
if named unwell || { named unwell-later && [ -n "$later" ]; } || ! answers; then
    cp "$world/failing-$name.json" "$HARNESS_REPORT"
    exit 20
fi
cp "$world/passing-$name.json" "$HARNESS_REPORT"
