#!/bin/sh
# Every line of the folded text fits, and no word is lost.
set -eu
width=${WIDTH:-20}
text='the quick brown fox jumps over the lazy dog and then goes home to its bellows'

folded=$(echo "$text" | sh wrap.sh "$width")
echo "$folded"

longest=$(echo "$folded" | awk '{ if (length($0) > most) most = length($0) } END { print most }')
[ "$longest" -le "$width" ] || { echo "a line has $longest columns, expected at most $width"; exit 1; }

words=$(echo "$folded" | tr '\n' ' ' | sed 's/ $//')
[ "$words" = "$text" ] || { echo "words were lost: $words"; exit 1; }
echo "ok: $(echo "$folded" | wc -l | tr -d ' ') lines, none longer than $width"
