/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The JSON that subcommands print: one object a line, "schema" first, integers only,
 * units in the names of keys. By json-c.
 */
#ifndef OBJCACHE_CLI_JSON_H
#define OBJCACHE_CLI_JSON_H

#include <stdbool.h>
#include <stdint.h>

struct json_object;

bool json_is_there(void);

struct json_object *json_begin(const char *subcommand);
void json_end(struct json_object *object);

void json_number(struct json_object *object, const char *key, uint64_t value);
void json_signed(struct json_object *object, const char *key, int64_t value);
void json_text(struct json_object *object, const char *key, const char *text);
void json_flag(struct json_object *object, const char *key, bool flag);

/* Owned by what they are in. */
struct json_object *json_object_in(struct json_object *object, const char *key);
struct json_object *json_array_in(struct json_object *object, const char *key);
struct json_object *json_item(struct json_object *array);
void json_item_number(struct json_object *array, uint64_t value);

#endif /* OBJCACHE_CLI_JSON_H */
