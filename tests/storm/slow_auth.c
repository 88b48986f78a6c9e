/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A plugin for mosquitto that asks auth_service for each client, and waits for the answer, as plugins
 * of its kind do: `plugin_opt_socket` is where.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>

static int service = -1;

static int ask(int event, void *event_data, void *user_data)
{
	char byte = '?';

	(void)event;
	(void)event_data;
	(void)user_data;
	return write(service, &byte, 1) == 1 && read(service, &byte, 1) == 1 ? MOSQ_ERR_SUCCESS
									     : MOSQ_ERR_AUTH;
}

int mosquitto_plugin_version(int versions_count, const int *versions)
{
	for (int i = 0; i < versions_count; i++)
		if (versions[i] == MOSQ_PLUGIN_VERSION)
			return MOSQ_PLUGIN_VERSION;
	return -1;
}

int mosquitto_plugin_init(mosquitto_plugin_id_t *id, void **user_data,
			  struct mosquitto_opt *options, int options_count)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	(void)user_data;
	for (int i = 0; i < options_count; i++)
		if (!strcmp(options[i].key, "socket"))
			snprintf(address.sun_path, sizeof(address.sun_path), "%s",
				 options[i].value);
	service = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (service < 0 || connect(service, (struct sockaddr *)&address, sizeof(address)))
		return MOSQ_ERR_ERRNO;
	return mosquitto_callback_register(id, MOSQ_EVT_BASIC_AUTH, ask, NULL, NULL);
}

int mosquitto_plugin_cleanup(void *user_data, struct mosquitto_opt *options, int options_count)
{
	(void)user_data;
	(void)options;
	(void)options_count;
	return close(service) ? MOSQ_ERR_ERRNO : MOSQ_ERR_SUCCESS;
}
