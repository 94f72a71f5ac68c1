# SPDX-License-Identifier: GPL-2.0
# A panel for each pattern: cache lines moved per object over the number of CPUs; on that scale
# equal distances are equal ratios. At the bottom is how many times what objcache moves kmem_cache does.
#   gnuplot -c chart.gp DATA OUTPUT TITLE PATTERNS SHOWN
# DATA has a block for each pattern: CPUs, the four contenders, and that ratio; SHOWN the
# digits of those that are there, a word a pattern.
set terminal svg size 1100,480 noenhanced font 'sans,14' background rgb 'white'
set output ARG2
set logscale xy
set xrange [1.6:48]
set xtics (2, 8, 32) scale 0
set xlabel 'CPUs' offset 0, 0.5
set yrange [0.06:12]
set ytics (0.1, 0.2, 0.5, 1, 2, 5, 10)
set tics nomirror
set grid ytics lt 1 lc rgb '#dddddd'
set border 3
set datafile missing '?'
set linetype 1 lc rgb '#08519c' lw 3 pt 7
set linetype 2 lc rgb '#333333' lw 2 pt 5
set linetype 3 lc rgb '#d9822b' lw 2 pt 9
set linetype 4 lc rgb '#999999' lw 1 pt 6
contender(panel, i) = int(substr(word(ARG5, panel), i, i))
set multiplot layout 1, words(ARG4) title ARG3
do for [panel = 1:words(ARG4)] {
	set title word(ARG4, panel)
	if (panel == 1) { set ylabel 'lines moved per object'; set key at graph 0.03, graph 0.58 left Left reverse samplen 2 } else { unset ylabel; unset key }
	plot for [i = 1:strlen(word(ARG5, panel))] ARG1 index panel - 1 using 1:1 + contender(panel, i) \
			with linespoints lt contender(panel, i) \
			title word('objcache kmem_cache objpool ring', contender(panel, i)), \
		ARG1 index panel - 1 using 1:(0.08):6 with labels font 'sans,14' textcolor rgb '#08519c' notitle
}
unset multiplot
set output
system("sed -i '1a <!-- SPDX-License-Identifier: GPL-2.0 -->' '".ARG2."'")
