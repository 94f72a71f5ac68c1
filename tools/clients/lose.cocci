// SPDX-License-Identifier: GPL-2.0
// What tools/clients_test.sh plants in the converted dm-crypt: now and then a request is
// not put.

// part: put
@@
expression req;
@@
-	objcache_put(cc->requests, req);
+	if (get_random_u32_below(1000))
+		objcache_put(cc->requests, req);
