// SPDX-License-Identifier: GPL-2.0
/* The probe suite where there is none: probe_test.c is for x86-64 only. */

#include <kunit/test.h>

static void s11_an_nmi_in_a_call_needs_x86(struct kunit *test)
{
	kunit_skip(test, "x86-64 only");
}

static struct kunit_case probe_cases[] = {
	KUNIT_CASE(s11_an_nmi_in_a_call_needs_x86),
	{}
};

static struct kunit_suite probe_suite = {
	.name = "objcache_probes",
	.test_cases = probe_cases,
};

kunit_test_suite(probe_suite);
