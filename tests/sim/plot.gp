# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# In the directory of the series: herds.svg, step.svg. Files have the names of scenarios.
set datafile separator ","
set terminal svg size 900,420 background "white" font "sans,12"
set key outside right
set grid

set output "herds.svg"
set title "5000 devices, 220 set-ups/s, patience 5 s: devices connected"
set xlabel "seconds"
set xrange [0:60]
set yrange [0:5200]
plot "herd--nothing.csv" every ::1 using 1:2 with lines lw 2 lc "#888888" title "nothing", \
     "herd--300-s.csv" every ::1 using 1:2 with lines lw 2 lc "#cc4444" title "300/s", \
     "herd--200-s.csv" every ::1 using 1:2 with lines lw 2 lc "#dd9933" title "200/s", \
     "herd--drop.csv" every ::1 using 1:2 with lines lw 2 lc "#6688cc" title "the law, drop", \
     "herd--delay.csv" every ::1 using 1:2 with lines lw 3 lc "#224488" title "the law, delay", \
     220*x with lines dt 2 lc "black" title "capacity"

set output "step.svg"
set title "Authentication at a quarter of its speed from 20 s to 50 s"
set xrange [0:80]
set yrange [0:500]
set y2range [0:140]
set y2tics
set ylabel "1/s, ms"
set y2label "connections"
plot "4-a-quarter-for-30-s.csv" every ::1 using 1:7 smooth bezier lw 2 lc "#dd9933" title "set-ups finished, 1/s", \
     "4-a-quarter-for-30-s.csv" every ::1 using 1:5 with lines lw 2 lc "#cc4444" title "set-up p90, ms", \
     "4-a-quarter-for-30-s.csv" every ::1 using 1:4 axes x1y2 with steps lw 2 lc "#224488" title "window"
