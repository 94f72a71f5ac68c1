# SPDX-License-Identifier: GPL-2.0
# How many times less than kmem_cache: a group of bars for each pattern, a bar a contender.
#   gnuplot -c chart.gp DATA OUTPUT TITLE COLUMNS
# DATA has for each contender two columns: the logarithm of the ratio, and the ratio.
set terminal svg size 1100,500 noenhanced font 'sans,14' background rgb 'white'
set output ARG2
set title ARG3
set ylabel 'times less than kmem_cache'
set ytics ('1/10' -1, '1/5' -0.699, '1/2' -0.301, '1' 0, '2' 0.301, '5' 0.699, '10' 1, '20' 1.301, '50' 1.699, \
	'100' 2, '200' 2.301, '500' 2.699, '1000' 3)
set tics nomirror
set grid ytics lt 1 lc rgb '#dddddd'
set border 3
set offsets 0, 0.3, graph 0.08, graph 0.02
set key top left horizontal reverse Left samplen 1
set style fill solid 1 noborder
set xtics scale 0
set datafile missing '?'
set linetype 1 lc rgb '#08519c'
set linetype 2 lc rgb '#6baed6'
set linetype 3 lc rgb '#f0a04b'
set linetype 4 lc rgb '#999999'
n = int(ARG4)
name(i) = word(system('head -n 1 '.ARG1), 2 * i)
width = 0.8 / n
at(i) = (i - (n + 1) / 2.0) * width
set boxwidth width * 0.92
set arrow from graph 0, first 0 to graph 1, first 0 nohead lw 2 lc rgb '#333333' front
set label 'kmem_cache' at graph 0, first 0 left offset 0.5, 0.6 textcolor rgb '#333333' front
set xrange [-1.3:*]
set yrange [*<-0.2:*]
# What costs more than kmem_cache hangs from its line, and has its number above that.
above(x) = x > 0 ? x : 0
plot ARG1 using 0:(0):xtic(1) every ::1 with dots lc rgb '#333333' notitle, \
	for [i=1:n] ARG1 using ($0 + at(i)):(column(2 * i)) every ::1 with boxes lt i title name(i), \
	for [i=1:n] ARG1 using ($0 + at(i)):(above(column(2 * i))):(stringcolumn(2 * i + 1)) every ::1 \
		with labels font 'sans,11' offset 0, 0.6 notitle
set output
system("sed -i '1a <!-- SPDX-License-Identifier: GPL-2.0 -->' '".ARG2."'")
