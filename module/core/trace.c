// SPDX-License-Identifier: GPL-2.0
/*
 * The trace events' code; trace.h has their fields
 */
#define CREATE_TRACE_POINTS
#include "trace.h"
