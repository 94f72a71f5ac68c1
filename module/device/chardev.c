// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/objcache: the device and the dispatch of its commands
 *
 * What the commands do is told in objcache_uapi.h. A structure is copied in
 * before its handler runs and copied out after it, also when it failed: what
 * was done before the failure must be known. The handler's error comes first.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/uaccess.h>

#include "chardev.h"
#include "request.h"
#include "session.h"

/**
 * struct command - an ioctl command
 * @cmd: its number
 * @handle: does it
 * @settle: if not NULL: is told afterwards whether @handle succeeded and its
 *	results were copied out
 */
struct command {
	unsigned int cmd;
	int (*handle)(struct request *req);
	void (*settle)(struct request *req, bool delivered);
};

static const struct command commands[] = {
	{ OBJCACHE_IOC_CREATE,	 session_create },
	{ OBJCACHE_IOC_OPEN,	 session_open },
	{ OBJCACHE_IOC_GET,	 handles_get,		handles_settle },
	{ OBJCACHE_IOC_TRY_GET,	 handles_try_get,	handles_settle },
	{ OBJCACHE_IOC_PUT,	 handles_put },
	{ OBJCACHE_IOC_DISCARD,	 handles_discard },
	{ OBJCACHE_IOC_STAMP,	 handles_stamp },
	{ OBJCACHE_IOC_CHECK,	 handles_check },
	{ OBJCACHE_IOC_STATS,	 session_stats },
	{ OBJCACHE_IOC_AGE,	 session_age },
	{ OBJCACHE_IOC_DRAIN,	 session_drain },
	{ OBJCACHE_IOC_RUN,	 workload_run },
	{ OBJCACHE_IOC_PROGRESS, workload_progress },
};

static const struct command *command_find(unsigned int cmd)
{
	unsigned int nr = _IOC_NR(cmd);

	if (nr >= ARRAY_SIZE(commands))
		return NULL;
	nr = array_index_nospec(nr, ARRAY_SIZE(commands));
	return commands[nr].cmd == cmd ? &commands[nr] : NULL;
}

static long command_run(const struct command *command, struct request *req)
{
	void __user *user = (void __user *)req->value;
	unsigned int size = _IOC_SIZE(command->cmd);
	int ret;

	if (_IOC_DIR(command->cmd) & _IOC_WRITE &&
	    copy_from_user(req->arg, user, size))
		return -EFAULT;
	ret = command->handle(req);
	if (_IOC_DIR(command->cmd) & _IOC_READ &&
	    copy_to_user(user, req->arg, size))
		ret = ret ?: -EFAULT;
	if (command->settle)
		command->settle(req, !ret);
	return ret;
}

static long chardev_ioctl(struct file *file, unsigned int cmd,
			  unsigned long value)
{
	const struct command *command = command_find(cmd);
	struct request *req;
	long ret;

	if (!command)
		return -ENOTTY;
	req = request_get(file->private_data);
	if (!req)
		return -ENOMEM;
	req->value = value;
	ret = command_run(command, req);
	request_put(req);
	return ret;
}

static int chardev_open(struct inode *inode, struct file *file)
{
	struct session *session = session_new();

	if (!session)
		return -ENOMEM;
	file->private_data = session;
	return 0;
}

static int chardev_release(struct inode *inode, struct file *file)
{
	struct session *session = file->private_data;

	if (session_devcache(session))
		handles_put_all(session);
	session_free(session);
	return 0;
}

static const struct file_operations chardev_fops = {
	.owner		= THIS_MODULE,
	.open		= chardev_open,
	.release	= chardev_release,
	.unlocked_ioctl	= chardev_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
};

static struct miscdevice chardev = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "objcache",
	.mode	= 0600,
	.fops	= &chardev_fops,
};

int objcache_chardev_init(void)
{
	int ret = requests_init();

	if (ret)
		return ret;
	ret = misc_register(&chardev);
	if (ret)
		goto err_register;
	return 0;

err_register:
	requests_exit();
	return ret;
}

/* The last file is closed: each held a reference to the module. */
void objcache_chardev_exit(void)
{
	misc_deregister(&chardev);
	requests_exit();
}
