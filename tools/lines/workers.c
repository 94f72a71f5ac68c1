// SPDX-License-Identifier: GPL-2.0
/*
 * The benchmark's threads, one on each CPU
 */
#include "bench.h"

bool bench_cycles = true;

#include "../bench/workers.c"
