// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The page that Prometheus reads. */
#include "sample.h"

#include <math.h>

#include "promtext.h"

static char *page_of(const struct snapshot *snapshots, unsigned int count, unsigned int unreadable)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	promtext_write(out, snapshots, count, unreadable);
	fclose(out);
	return text;
}

/* Times that the lines @part stand in @page. */
static unsigned int occurrences(const char *page, const char *part)
{
	unsigned int count = 0;

	for (const char *at = page; (at = strstr(at, part)); at += strlen(part))
		count++;
	return count;
}

static void expect_once(const char *page, const char *line)
{
	if (occurrences(page, line) != 1)
		fail_msg("%u times: %s", occurrences(page, line), line);
}

#define SYN(listener, verdict, reason, enforced)                                        \
	"\nweir_syn_total{shaper=\"eth0\",listener=\"" listener "\",verdict=\"" verdict \
	"\",reason=\"" reason "\",enforced=\"" enforced "\"} "
#define LIMIT(metric, listener, level, kind)                                               \
	"\nweir_limit_" metric "{shaper=\"eth0\",listener=\"" listener "\",level=\"" level \
	"\"" kind "} "
#define CONFIGURED ",kind=\"configured\""

static void test_samples(void **state)
{
	/* clang-format off */
	static const char *const lines[] = {
		SYN("mqtt", "pass", "admitted", "true") "12345\n",
		SYN("mqtt", "pass", "admitted", "false") "40\n",
		SYN("mqtt", "drop", "listener_limit", "true") "600\n",
		SYN("mqtt", "drop", "source_limit", "true") "78\n",
		SYN("mqtt", "drop", "site_limit", "false") "3\n",
		"\nweir_packets_total{shaper=\"eth0\",reason=\"not_syn\"} 1000000\n",
		"\nweir_packets_total{shaper=\"eth0\",reason=\"not_tcp\"} 7\n",
		"\nweir_packets_total{shaper=\"eth0\",reason=\"internal\"} 0\n",
		LIMIT("per_second", "", "host", CONFIGURED) "5000\n",
		LIMIT("per_second", "mqtt", "listener", CONFIGURED) "2000\n",
		LIMIT("per_second", "mqtt", "site", CONFIGURED) "+Inf\n",
		LIMIT("per_second", "mqtt", "source", CONFIGURED) "0.166666666667\n",
		LIMIT("per_second", "shut", "listener", CONFIGURED) "0\n",
		LIMIT("burst", "", "host", "") "5000\n",
		LIMIT("burst", "mqtt", "listener", "") "3000\n",
		LIMIT("burst", "mqtt", "site", "") "+Inf\n",
		LIMIT("burst", "shut", "listener", "") "0\n",
		"\nweir_source_table_fill_ratio{shaper=\"eth0\"} 0.125\n",
		"\nweir_source_table_slots{shaper=\"eth0\"} 1048576\n",
		"\nweir_source_evictions_total{shaper=\"eth0\",lossy=\"false\"} 71\n",
		"\nweir_source_evictions_total{shaper=\"eth0\",lossy=\"true\"} 0\n",
		"\nweir_source_claims_lost_total{shaper=\"eth0\"} 73\n",
		"\nweir_mode{shaper=\"eth0\",mode=\"observe\"} 0\n",
		"\nweir_mode{shaper=\"eth0\",mode=\"enforce\"} 1\n",
		"\nweir_rules{shaper=\"eth0\",family=\"ipv4\"} 2\n",
		"\nweir_rules{shaper=\"eth0\",family=\"ipv6\"} 1\n",
		"\nweir_device_attached{shaper=\"eth0\",device=\"eth0\"} 1\n",
		"\nweir_device_attached{shaper=\"eth0\",device=\"eth1\"} 1\n",
		"\nweir_device_attached{shaper=\"eth0\",device=\"eth2\"} 0\n",
		"\nweir_device_attached{shaper=\"eth0\",device=\"eth3\"} 0\n",
		"\nweir_device_xdp{shaper=\"eth0\",device=\"eth0\",xdp=\"native\"} 1\n",
		"\nweir_device_xdp{shaper=\"eth0\",device=\"eth0\",xdp=\"generic\"} 0\n",
		"\nweir_device_xdp{shaper=\"eth0\",device=\"eth1\",xdp=\"native\"} 0\n",
		"\nweir_device_xdp{shaper=\"eth0\",device=\"eth1\",xdp=\"generic\"} 1\n",
		"\nweir_device_xdp{shaper=\"eth0\",device=\"eth2\",xdp=\"native\"} 0\n",
		"\nweir_device_xdp{shaper=\"eth0\",device=\"eth2\",xdp=\"generic\"} 0\n",
		"\nweir_device_xdp{shaper=\"eth0\",device=\"eth3\",xdp=\"generic\"} 0\n",
		"\nweir_build_info{version=\"" WEIR_VERSION "\"} 1\n",
	};
	/* clang-format on */
	struct snapshot *snapshot = sample_make();
	char *page = page_of(snapshot, 1, 0);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(lines); i++)
		expect_once(page, lines[i]);
	free(page);
	sample_free(snapshot);
}

/* rate() needs a sample before the first increase. */
static void test_zeros_from_the_start(void **state)
{
	static const char *const lines[] = {
		SYN("lab", "pass", "admitted", "true") "0\n",
		SYN("lab", "pass", "admitted", "false") "0\n",
		SYN("lab", "drop", "host_limit", "true") "0\n",
		SYN("lab", "drop", "host_limit", "false") "0\n",
		SYN("lab", "drop", "listener_limit", "true") "0\n",
		SYN("lab", "drop", "listener_limit", "false") "0\n",
		SYN("lab", "drop", "reserved", "true") "0\n",
		SYN("lab", "drop", "reserved", "false") "0\n",
		SYN("lab", "pass", "retransmit", "true") "0\n",
		SYN("lab", "pass", "retransmit", "false") "0\n",
		SYN("lab", "drop", "site_limit", "true") "0\n",
		SYN("lab", "drop", "site_limit", "false") "0\n",
		SYN("lab", "drop", "source_limit", "true") "0\n",
		SYN("lab", "drop", "source_limit", "false") "0\n",
		SYN("lab", "drop", "contended", "true") "0\n",
		SYN("lab", "drop", "contended", "false") "0\n",
		SYN("lab", "pass", "allowed", "true") "0\n",
		SYN("lab", "pass", "allowed", "false") "0\n",
		SYN("lab", "drop", "blocked", "true") "0\n",
		SYN("lab", "drop", "blocked", "false") "0\n",
	};
	/* where excess is held */
	static const char *const held[] = {
		SYN("lab", "delay", "host_limit", "true") "0\n",
		SYN("lab", "delay", "host_limit", "false") "0\n",
		SYN("lab", "delay", "listener_limit", "true") "0\n",
		SYN("lab", "delay", "listener_limit", "false") "0\n",
		SYN("lab", "delay", "reserved", "true") "0\n",
		SYN("lab", "delay", "reserved", "false") "0\n",
		SYN("lab", "delay", "behind_queue", "true") "0\n",
		SYN("lab", "delay", "behind_queue", "false") "0\n",
		SYN("lab", "drop", "behind_queue", "true") "0\n",
		SYN("lab", "drop", "behind_queue", "false") "0\n",
		SYN("lab", "pass", "released", "true") "0\n",
		SYN("lab", "pass", "released", "false") "0\n",
	};
	struct snapshot *snapshot = sample_make();
	char *page = page_of(snapshot, 1, 0);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(lines); i++)
		expect_once(page, lines[i]);
	for (size_t i = 0; i < COUNT_OF(held); i++)
		expect_once(page, held[i]);
	assert_int_equal(occurrences(page, "\nweir_syn_total{"),
			 3 * COUNT_OF(lines) + COUNT_OF(held));
	assert_int_equal(occurrences(page, "\nweir_packets_total{"), 10);
	free(page);
	sample_free(snapshot);
}

static void test_what_comes_again(void **state)
{
	struct snapshot *snapshot = sample_make();
	char *page = page_of(snapshot, 1, 0);

	(void)state;
	expect_once(page,
		    "\nweir_retransmits_total{shaper=\"eth0\",listener=\"mqtt\",of=\"refused\"} "
		    "250\n");
	expect_once(page,
		    "\nweir_retransmits_total{shaper=\"eth0\",listener=\"mqtt\",of=\"admitted\"} "
		    "3\n");
	expect_once(page, "\nweir_syn_unremembered_total{shaper=\"eth0\",listener=\"mqtt\"} 4\n");
	expect_once(page, "\nweir_reserve_ratio{shaper=\"eth0\",listener=\"mqtt\"} 0.5\n");
	expect_once(page, "\nweir_reserve_ratio{shaper=\"eth0\",listener=\"lab\"} 0\n");
	expect_once(page, "\nweir_waiting_evictions_total{shaper=\"eth0\"} 79\n");
	free(page);
	sample_free(snapshot);
}

/* RSTs have series and a limit where they can be sent, and only there. */
static void test_reject(void **state)
{
	struct snapshot *snapshot = sample_make();
	char *page = page_of(snapshot, 1, 0);

	(void)state;
	assert_int_equal(occurrences(page, "\"reject\""), 0);
	free(page);
	snapshot->policy->listeners[1].excess = EXCESS_REJECT;
	page = page_of(snapshot, 1, 0);
	expect_once(page, SYN("lab", "reject", "host_limit", "true") "0\n");
	expect_once(page, SYN("lab", "reject", "host_limit", "false") "0\n");
	expect_once(page, SYN("lab", "reject", "listener_limit", "true") "0\n");
	expect_once(page, SYN("lab", "reject", "listener_limit", "false") "0\n");
	expect_once(page, SYN("lab", "drop", "listener_limit", "true") "0\n");
	expect_once(page,
		    "\nweir_limit_per_second{shaper=\"eth0\",listener=\"lab\",level=\"reject\","
		    "kind=\"configured\"} 1000\n");
	expect_once(page, "\nweir_limit_burst{shaper=\"eth0\",listener=\"lab\",level=\"reject\"} "
			  "1000\n");
	assert_int_equal(occurrences(page, "\"reject\""), 8);
	free(page);
	sample_free(snapshot);
}

/* Two counts of one unused listener, and reasons of a newer packet path, stay apart. */
static void test_counts_without_a_name(void **state)
{
	struct snapshot *snapshot = sample_make();
	char *page;

	(void)state;
	sample_count(snapshot, 1 + 9, true, VERDICT_REJECT, REASON_HOST_LIMIT, 5);
	sample_count(snapshot, 1, true, VERDICT_DROP, 30, 6);
	sample_count(snapshot, 1, true, VERDICT_DROP, 31, 7);
	sample_count(snapshot, 0, true, VERDICT_PASS, 31, 8);
	page = page_of(snapshot, 1, 0);
	expect_once(page, SYN("id:9", "reject", "host_limit", "true") "5\n");
	assert_int_equal(occurrences(page, "listener=\"id:"), 1);
	expect_once(page, SYN("mqtt", "drop", "reason_30", "true") "6\n");
	expect_once(page, SYN("mqtt", "drop", "reason_31", "true") "7\n");
	expect_once(page, "\nweir_packets_total{shaper=\"eth0\",reason=\"reason_31\"} 8\n");
	free(page);
	sample_free(snapshot);
}

static void test_escapes(void **state)
{
	struct snapshot *snapshot = sample_make();
	char *page;

	(void)state;
	strcpy(snapshot->devices[0].name, "a\"b\\c\nd\x01\xff");
	page = page_of(snapshot, 1, 0);
	expect_once(page, "\nweir_device_attached{shaper=\"eth0\",device=\"a\\\"b\\\\c\\nd??\"} ");
	free(page);
	sample_free(snapshot);
}

/* A device that went away may have its name here on another one, which is attached. */
static void test_namesakes(void **state)
{
	struct snapshot *snapshot = sample_make();
	char *page;

	(void)state;
	strcpy(snapshot->devices[0].name, "eth3"); /* [3] has moved */
	strcpy(snapshot->devices[1].name, "eth3");
	page = page_of(snapshot, 1, 0);
	assert_int_equal(
		occurrences(page, "\nweir_device_attached{shaper=\"eth0\",device=\"eth3\""), 1);
	expect_once(page, "\nweir_device_attached{shaper=\"eth0\",device=\"eth3\"} 1\n");
	expect_once(page, "\nweir_device_xdp{shaper=\"eth0\",device=\"eth3\",xdp=\"native\"} 1\n");
	expect_once(page, "\nweir_device_xdp{shaper=\"eth0\",device=\"eth3\",xdp=\"generic\"} 0\n");
	assert_int_equal(occurrences(page, "\nweir_device_xdp{"), 4);
	free(page);
	sample_free(snapshot);
}

static void test_held(void **state)
{
	struct snapshot *snapshot = sample_make();
	unsigned int id = 0;
	char *page;

	(void)state;
	while (strcmp(snapshot->policy->listeners[id].name, "lab"))
		id++;
	snapshot->unheld[id].n[UNHELD_RING_FULL] = 7;
	snapshot->queues[id].length = 9;
	snapshot->queues[id].lease_until_ns = snapshot->now_ns + 1;
	page = page_of(snapshot, 1, 0);
	expect_once(page, "\nweir_syn_unheld_total{shaper=\"eth0\",listener=\"lab\","
			  "cause=\"ring_full\"} 7\n");
	expect_once(page, "\nweir_queue_length{shaper=\"eth0\",listener=\"lab\"} 9\n");
	assert_int_equal(occurrences(page, "\nweir_queue_length{"), 1);
	free(page);
	/* nobody holds them any more */
	snapshot->queues[id].lease_until_ns = snapshot->now_ns;
	page = page_of(snapshot, 1, 0);
	expect_once(page, "\nweir_queue_length{shaper=\"eth0\",listener=\"lab\"} 0\n");
	free(page);
	sample_free(snapshot);
}

/* Each metric's samples stand together under one head, whatever the number of instances. */
static void test_several_instances(void **state)
{
	struct snapshot *one = sample_make(), *two = sample_make();
	struct snapshot both[2] = { *one, *two };
	char *page, *empty = page_of(NULL, 0, 2);

	(void)state;
	strcpy(both[1].control.name, "eth1");
	both[1].policy->mode = MODE_OBSERVE;
	page = page_of(both, 2, 0);
	assert_int_equal(occurrences(page, "# HELP "), 33);
	assert_int_equal(occurrences(page, "# TYPE "), 33);
	expect_once(page, "\nweir_mode{shaper=\"eth0\",mode=\"observe\"} 0\n"
			  "weir_mode{shaper=\"eth0\",mode=\"enforce\"} 1\n"
			  "weir_mode{shaper=\"eth1\",mode=\"observe\"} 1\n"
			  "weir_mode{shaper=\"eth1\",mode=\"enforce\"} 0\n");
	assert_int_equal(occurrences(empty, "# HELP "), 2);
	expect_once(page, "\nweir_instances_unreadable 0\n");
	expect_once(empty, "\nweir_instances_unreadable 2\n");
	assert_non_null(strstr(empty, "weir_build_info{version=\"" WEIR_VERSION "\"} 1\n"));
	free(page);
	free(empty);
	sample_free(one);
	sample_free(two);
}

static void test_promtool(void **state)
{
	struct snapshot *snapshot;
	FILE *promtool;
	char *page;

	(void)state;
	if (system("command -v promtool >/dev/null") != 0) {
		print_message("SKIP: promtool is not installed\n");
		skip();
	}
	snapshot = sample_make();
	sample_queue(snapshot);
	snapshot->table_fill = NAN;
	strcpy(snapshot->devices[0].name, "a\"b\\c\nd\x01\xff");
	page = page_of(snapshot, 1, 0);
	promtool = popen("promtool check metrics 2>&1", "w");
	assert_non_null(promtool);
	fputs(page, promtool);
	assert_int_equal(pclose(promtool), 0);
	free(page);
	sample_free(snapshot);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_zeros_from_the_start),
		cmocka_unit_test(test_counts_without_a_name),
		cmocka_unit_test(test_what_comes_again),
		cmocka_unit_test(test_reject),
		cmocka_unit_test(test_held),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_namesakes),
		cmocka_unit_test(test_several_instances),
		cmocka_unit_test(test_promtool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
