# SPDX-License-Identifier: GPL-2.0
# A panel for each pattern: cache lines moved per object over the number of CPUs.
# report.py fills in what stands between two @.
set terminal svg size 1200,640 noenhanced font 'sans,12' background rgb 'white'
set output '@OUTPUT@'
title = '@TITLE@'
set logscale x 2
set xrange [1.8:36]
set xtics (2, 4, 8, 16, 32)
set grid
set key top left Left reverse samplen 2
set offsets graph 0, graph 0, graph 0.4, 0
@PLOTS@
