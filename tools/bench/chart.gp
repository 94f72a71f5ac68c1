# SPDX-License-Identifier: GPL-2.0
# A group of bars for each pattern, one bar a contender.
#   gnuplot -c chart.gp DATA OUTPUT TITLE UNIT COLUMNS
set terminal svg size 1100,480 noenhanced font 'sans,13' background rgb 'white'
set output ARG2
set title ARG3
set ylabel ARG4
set logscale y
set yrange [1:*]
set grid ytics
set key outside right top autotitle columnhead
set style data histograms
set style histogram clustered gap 1.5
set style fill solid 0.85 border -1
set datafile missing '?'
set xtics nomirror
plot for [i=2:int(ARG5) + 1] ARG1 using i:xtic(1)
