// SPDX-License-Identifier: GPL-2.0
/*
 * JSON, by json-c
 */
#include <json-c/json.h>
#include <stdio.h>

#include "json.h"

/* Of all that is printed; a key may be added without another one. */
#define JSON_SCHEMA	1

bool json_is_there(void)
{
	return true;
}

struct json_object *json_begin(const char *subcommand)
{
	struct json_object *object = json_object_new_object();

	json_number(object, "schema", JSON_SCHEMA);
	json_text(object, "subcommand", subcommand);
	return object;
}

void json_end(struct json_object *object)
{
	puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_NOSLASHESCAPE));
	fflush(stdout);
	json_object_put(object);
}

void json_number(struct json_object *object, const char *key, uint64_t value)
{
	json_object_object_add(object, key, json_object_new_uint64(value));
}

void json_signed(struct json_object *object, const char *key, int64_t value)
{
	json_object_object_add(object, key, json_object_new_int64(value));
}

void json_text(struct json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, json_object_new_string(text));
}

void json_flag(struct json_object *object, const char *key, bool flag)
{
	json_object_object_add(object, key, json_object_new_boolean(flag));
}

struct json_object *json_object_in(struct json_object *object, const char *key)
{
	struct json_object *new = json_object_new_object();

	json_object_object_add(object, key, new);
	return new;
}

struct json_object *json_array_in(struct json_object *object, const char *key)
{
	struct json_object *new = json_object_new_array();

	json_object_object_add(object, key, new);
	return new;
}

struct json_object *json_item(struct json_object *array)
{
	struct json_object *new = json_object_new_object();

	json_object_array_add(array, new);
	return new;
}

void json_item_number(struct json_object *array, uint64_t value)
{
	json_object_array_add(array, json_object_new_uint64(value));
}
