# SPDX-License-Identifier: GPL-2.0
# One client's rows of the table, of what its VM has counted (results.log). What was also
# counted with a third variant is compared with that too, which it may exceed by three in
# a thousand. Exit status 1 where a figure is missing.
#
#   awk -v client=NAME -v lines="+N -N" -f table.awk results.log

function row(what, a, b, aim, most)
{
	if (!a || !b)
		exit 1
	printf "%-9s %-10s %-30s %10.1f %10.1f %+8.1f %7s  %s\n", client, lines, what, a, b, b - a,
		aim, aim == "-" ? "" : b <= most ? "met" : "missed"
	lines = ""
}

$1 == "counted" {
	variant = $2
	number = $3
	aim = $4
	$1 = $2 = $3 = $4 = ""
	sub(/^ +/, "")
	value[$0, variant] = number
	target[$0] = aim
	if (!seen[$0]++)
		order[++n] = $0
}

END {
	for (i = 1; i <= n; i++) {
		what = order[i]
		a = value[what, "original"]
		b = value[what, "converted"]
		aim = target[what]
		row(what, a, b, aim == "-" ? aim : "+" aim, a + aim)
		if ((what, "percpu") in value) {
			a = value[what, "percpu"]
			row(what ", per CPU", a, b, "+0.3 %", a * 1.003)
		}
	}
	exit !n
}
