# SPDX-License-Identifier: GPL-2.0
# A group of bars for each kind of call, two contenders by p50, p99.9 and max.
#   gnuplot -c tails.gp DATA OUTPUT TITLE UNIT
set terminal svg size 1100,500 noenhanced font 'sans,14' background rgb 'white'
set output ARG2
set title ARG3
set ylabel ARG4
set logscale y
set yrange [10:200000]
set format y '%.0f'
set grid ytics lt 1 lc rgb '#dddddd'
set border 3
set tics nomirror
set key top left maxrows 3 reverse Left samplen 1 autotitle columnhead
set style data histograms
set style histogram clustered gap 2
set style fill solid 1 noborder
set datafile missing '?'
set xtics scale 0
# The same colour for the same contender, darker towards the maximum.
set linetype 1 lc rgb '#9ecae1'
set linetype 2 lc rgb '#4292c6'
set linetype 3 lc rgb '#08519c'
set linetype 4 lc rgb '#fdbe85'
set linetype 5 lc rgb '#fd8d3c'
set linetype 6 lc rgb '#a63603'
plot for [i=2:7] ARG1 using i:xtic(1)
set output
system("sed -i '1a <!-- SPDX-License-Identifier: GPL-2.0 -->' '".ARG2."'")
