#!/bin/sh
# Folds standard input at word breaks, to a width in columns.
# usage: wrap.sh WIDTH
width=${1:?usage: wrap.sh WIDTH}
awk -v width="$width" '
  {
    for (i = 1; i <= NF; i++) {
      if (line != "" && length(line) + 1 + length($i) > width) { print line; line = "" }
      line = line == "" ? $i : line " " $i
    }
  }
  END { if (line != "") print line }
'
