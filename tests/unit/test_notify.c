// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a service manager is told, and when it is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "notify.h"

#define SEC 1000000000ULL

static int manager = -1;

/* A manager's socket in the abstract namespace, of which nothing is left behind. */
static int start(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char name[64];
	int len;

	(void)state;
	len = snprintf(name, sizeof(name), "@weir-test-notify-%d", getpid());
	memcpy(address.sun_path + 1, name + 1, (size_t)len - 1);
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	setenv("NOTIFY_SOCKET", name, 1);
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	return bind(manager, (const struct sockaddr *)&address,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)len));
}

static int end(void **state)
{
	(void)state;
	return close(manager);
}

static void expect_told(const char *wanted)
{
	char got[128] = "";
	ssize_t len = recv(manager, got, sizeof(got) - 1, 0);

	if (wanted)
		assert_string_equal(got, wanted);
	else
		assert_int_equal(len, -1);
}

static void test_states(void **state)
{
	(void)state;
	notify("READY=1");
	expect_told("READY=1");
	notify_reloading(5 * SEC + 1999);
	expect_told("RELOADING=1\nMONOTONIC_USEC=5000001");
	expect_told(NULL);
}

static void test_nobody_asks(void **state)
{
	char path[200];

	(void)state;
	unsetenv("NOTIFY_SOCKET");
	notify("READY=1");
	setenv("NOTIFY_SOCKET", "", 1);
	notify("READY=1");
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	setenv("NOTIFY_SOCKET", path, 1);
	notify("READY=1");
	expect_told(NULL);
}

/* Twice as often as the manager waits for it, and only if this process is meant. */
static void test_alive(void **state)
{
	char pid[24];

	(void)state;
	notify_alive(100 * SEC);
	expect_told(NULL);
	setenv("WATCHDOG_USEC", "10000000", 1);
	setenv("WATCHDOG_PID", "1", 1);
	notify_alive(100 * SEC);
	expect_told(NULL);
	snprintf(pid, sizeof(pid), "%d", getpid());
	setenv("WATCHDOG_PID", pid, 1);
	notify_alive(100 * SEC);
	expect_told("WATCHDOG=1");
	notify_alive(105 * SEC - 1);
	expect_told(NULL);
	notify_alive(105 * SEC);
	expect_told("WATCHDOG=1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_states, start, end),
		cmocka_unit_test_setup_teardown(test_nobody_asks, start, end),
		cmocka_unit_test_setup_teardown(test_alive, start, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
