// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "json_plan.h"

#include "json_value.h"

json_t *json_changes(const struct change *changes, unsigned int count)
{
	json_t *array = json_array();

	for (unsigned int i = 0; i < count; i++) {
		const struct change *change = &changes[i];
		json_t *object = json_object();

		json_object_set_new(object, "kind",
				    json_string(text_word(change_kind_names, change->kind)));
		json_object_set_new(object, "where", json_text(change->where));
		json_object_set_new(object, "what", json_text(change->what));
		json_object_set_new(object, "in_force", json_text(change->in_force));
		json_object_set_new(object, "wanted", json_text(change->wanted));
		if (change->todo)
			json_object_set_new(object, "todo", json_text(change->todo));
		json_array_append_new(array, object);
	}
	return array;
}
