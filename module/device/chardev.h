/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The char device /dev/objcache, as the rest of the module sees it
 */
#ifndef _OBJCACHE_CHARDEV_H
#define _OBJCACHE_CHARDEV_H

int objcache_chardev_init(void);
void objcache_chardev_exit(void);

#endif /* _OBJCACHE_CHARDEV_H */
