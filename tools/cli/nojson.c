// SPDX-License-Identifier: GPL-2.0
/*
 * Where there is no json-c to build with: --json is refused, so none is called
 */
#include <stdlib.h>

#include "json.h"

bool json_is_there(void)
{
	return false;
}

struct json_object *json_begin(const char *subcommand)
{
	(void)subcommand;
	abort();
}

void json_end(struct json_object *object)
{
	(void)object;
}

void json_number(struct json_object *object, const char *key, uint64_t value)
{
	(void)object;
	(void)key;
	(void)value;
}

void json_signed(struct json_object *object, const char *key, int64_t value)
{
	(void)object;
	(void)key;
	(void)value;
}

void json_text(struct json_object *object, const char *key, const char *text)
{
	(void)object;
	(void)key;
	(void)text;
}

void json_flag(struct json_object *object, const char *key, bool flag)
{
	(void)object;
	(void)key;
	(void)flag;
}

struct json_object *json_object_in(struct json_object *object, const char *key)
{
	(void)key;
	return object;
}

struct json_object *json_array_in(struct json_object *object, const char *key)
{
	(void)key;
	return object;
}

struct json_object *json_item(struct json_object *array)
{
	return array;
}

void json_item_number(struct json_object *array, uint64_t value)
{
	(void)array;
	(void)value;
}
