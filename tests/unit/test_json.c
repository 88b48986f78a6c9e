// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a program reads of a snapshot, and that no byte of a name spoils it. */
#include "sample.h"

#include <jansson.h>

#include "json_instance.h"
#include "json_queue.h"
#include "json_value.h"

#define EMPTY_QUEUE                                                                                \
	"'queue':{'served':false,'entries':16384,'delay_max':{'auto':true},'held':{'retransmits':" \
	"0,'new':0},'sites':{'retransmits':0,'new':0},'results':{'queued':0,'replaced':0,'duplica" \
	"te':0,'refused_half_full':0,'refused_full':0,'refused_frame':0,'refused_away':0},'ends':" \
	"{'retransmits':{'"                                                                        \
	"released':0,'expired':0,'silent':0,'evicted':0,'forgotten':0,'sent_away':0},'new':{'"     \
	"released':0,'expir"                                                                       \
	"ed':0,'silent':0,'evicted':0,'forgotten':0,'sent_away':0}},'time_held':{'count':0,'sum_"  \
	"us':0},'latenes"                                                                          \
	"s':{'count':0,'sum_us':0},'failed':0,'outdated':0,'unheld':{'no_consumer':0,'queue_full'" \
	":0,'ring_full':0,'too_long':0,'over_budget':0,'vlan_hidden':0}},"

static const char whole[] =
	"{'name':'eth0','mode':'enforce','mode_origin':'file','version':'0.1.0','created_ns':"
	"266400000000000,"
	"'age_seconds':93600,'devices':["
	"{'name':'eth0','attached_as':'eth0','state':'attached','ifindex':2,'xdp':'native'},"
	"{'name':'eth1','attached_as':'eth9','state':'attached','ifindex':3,'xdp':'generic'},"
	"{'name':'eth2','attached_as':'eth2','state':'link_lost'},"
	"{'name':'eth3','attached_as':'eth3','state':'moved'}],"
	"'vlan_hidden':false,'source_prefix':{'v4':32,'v6':64},'site_prefix':{'v4':24,'v6':48},'"
	"limits':{'host':"
	"{'kind':'bucket','origin':'file','rate':5000,'per_seconds':1,'burst':5000,'tokens':4999}},"
	"'listeners':["
	"{'id':0,'name':'mqtt','ports':[1883,8883],'addresses':[],'excess':'drop',"
	"'reserve':{'auto':true,'permille':500},'again':{'refused':250,'admitted':3,'doubled':1,"
	"'new':12000,'unremembered':4},'limits':{"
	"'listener':{'kind':'bucket','origin':'file','rate':2000,'per_seconds':1,'burst':3000,'"
	"tokens':2900},"
	"'site':{'kind':'unlimited','origin':'file'},"
	"'source':{'kind':'bucket','origin':'file','rate':10,'per_seconds':60,'burst':20}},"
	"'syns':{'admitted':12345,'held':0,'refused':678},'observed':{'admitted':40,'held':0,'"
	"refused':3},'counters':"
	"["
	"{'reason':'admitted','verdict':'pass','enforced':false,'count':40},"
	"{'reason':'admitted','verdict':'pass','enforced':true,'count':12345},"
	"{'reason':'listener_limit','verdict':'drop','enforced':true,'count':600},"
	"{'reason':'site_limit','verdict':'drop','enforced':false,'count':3},"
	"{'reason':'source_limit','verdict':'drop','enforced':true,'count':78}]},"
	"{'id':1,'name':'lab','ports':[1883],'addresses':['2001:db8::1','192.0.2.0/24'],"
	"'excess':'delay'," EMPTY_QUEUE
	"'reserve':{'auto':true,'permille':0},'again':{'refused':0,'admitted':0,'doubled':0,'new':"
	"0,"
	"'unremembered':0},"
	"'limits':{'listener':{'kind':'unlimited','origin':'file'},'site':{'kind':"
	"'unlimited','origin':'file'},"
	"'source':{'kind':'unlimited','origin':'file'}},'syns':{'admitted':0,'held':0,'refused':0},"
	"'observed':{'admitted':0,'held':0,'refused':0},'counters':[]},"
	"{'id':2,'name':'shut','ports':[8084],'addresses':[],'excess':'drop',"
	"'reserve':{'auto':true,'permille':0},'again':{'refused':0,'admitted':0,'doubled':0,'new':"
	"0,"
	"'unremembered':0},'limits':{"
	"'listener':{'kind':'closed','origin':'file','rate':0,'per_seconds':1},'site':{'kind':'"
	"unlimited','origin':'file'},"
	"'source':{'kind':'unlimited','origin':'file'}},'syns':{'admitted':0,'held':0,'refused':0},"
	"'observed':{'admitted':0,'held':0,'refused':0},'counters':[]}],"
	"'rules':[{'prefix':'10.0.0.0/8','action':'allow','origin':'file'},"
	"{'prefix':'10.1.0.0/16','action':'limit','origin':'runtime','expires_in_ms':3661000,"
	"'limit':{'kind':'bucket','origin':'file','rate':5,'per_seconds':1,'burst':5}},"
	"{'prefix':'2001:db8::/32','action':'block','listener':'lab','origin':'file'}],"
	"'sources_refused_most':[{'prefix':'192.0.2.10','listener':'mqtt','own_limit':true,"
	"'refused':410,'at_least':400,'at_most':420}],'sites_refused_most':[],"
	"'others_refused_at_most':12,'former_listeners':[],'not_judged':["
	"{'reason':'not_tcp','verdict':'pass','enforced':true,'count':7},"
	"{'reason':'not_syn','verdict':'pass','enforced':true,'count':1000000}],"
	"'frames':1013073,'table':{'slots':1048576,'slots_in_debt':131072,'evicted_full':71,"
	"'evicted_in_debt':0,'lost_claims':73,'evicted_waiting':79}}";

/* Compares with JSON that has ' for ", and frees @value. */
static void expect_json(json_t *value, const char *expected)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_ENSURE_ASCII);

	assert_non_null(text);
	for (char *c = text; *c; c++)
		if (*c == '"')
			*c = '\'';
	assert_string_equal(text, expected);
	free(text);
	json_decref(value);
}

static void test_whole_instance(void **state)
{
	struct snapshot *snapshot = sample_make();
	struct top_row *row = &snapshot->top.sources.rows[snapshot->top.sources.count++];

	(void)state;
	*row = (struct top_row){
		.prefix = { 0, htobe64(0xffffc000020aULL) },
		.prefix_len = 128,
		.level = LEVEL_RULE,
		.serial = snapshot->policy->listeners[0].serial,
		.refused = 410,
		.at_least = 400,
		.at_most = 420,
	};
	snapshot->top.others_at_most = 12;
	expect_json(json_instance(snapshot), whole);
	expect_json(json_instances(snapshot, 0), "[]");
	sample_free(snapshot);
}

/* As bytes and as what a reader of the document gets. */
static void test_any_bytes(void **state)
{
	static const struct {
		const char *bytes;
		const char *read;
	} rows[] = {
		{ "", "" },
		{ "eth0", "eth0" },
		{ "a\"b\\c/d", "a\"b\\c/d" },
		{ "\x01\t\n\x1f\x7f", "\x01\t\n\x1f\x7f" },
		{ "\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x9f", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x9f" },
		{ "\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf",
		  "\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf" },
#define WRONG "\xef\xbf\xbd"
		{ "\xff", WRONG },
		{ "a\x80z", "a" WRONG "z" },
		{ "\xc3", WRONG },	/* cut short */
		{ "\xc3(", WRONG "(" }, /* the next is another */
		{ "\xe2\x82", WRONG WRONG },
		{ "\xf0\x9f\x90", WRONG WRONG WRONG },
		{ "\xc0\xaf", WRONG WRONG }, /* longer than need be */
		{ "\xe0\x9f\xbf", WRONG WRONG WRONG },
		{ "\xf0\x8f\xbf\xbf", WRONG WRONG WRONG WRONG },
		{ "\xed\xa0\x80", WRONG WRONG WRONG },		 /* a surrogate */
		{ "\xf4\x90\x80\x80", WRONG WRONG WRONG WRONG }, /* above U+10FFFF */
		{ "\xf5\x80\x80\x80", WRONG WRONG WRONG WRONG },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		json_t *value = json_text(rows[i].bytes), *read;
		char *text = json_dumps(value, JSON_ENCODE_ANY);

		assert_non_null(text);
		read = json_loads(text, JSON_DECODE_ANY, NULL);
		assert_non_null(read);
		assert_string_equal(json_string_value(read), rows[i].read);
		json_decref(value);
		json_decref(read);
		free(text);
	}
}

static void test_odd_values(void **state)
{
	struct snapshot *snapshot = sample_make();
	json_t *object;

	(void)state;
	memcpy(snapshot->devices[0].name, "e\"\xff", 4);
	snapshot->policy->listeners[0].excess = 200;
	/* a listener that is gone, counted by a newer packet path */
	sample_count(snapshot, 64, true, VERDICT_REJECT, 31, UINT64_MAX);
	snapshot->control.created_ns = SAMPLE_NOW + 1;
	object = json_instance(snapshot);
	expect_json(
		json_incref(json_object_get(object, "former_listeners")),
		"[{'id':63,'counters':[{'reason':'reason_31','verdict':'reject','enforced':true,"
		"'count':9223372036854775807}]}]");
	expect_json(json_incref(json_object_get(object, "age_seconds")), "0");
	expect_json(json_incref(json_object_get(
			    json_array_get(json_object_get(object, "devices"), 0), "name")),
		    "'e\\'\\uFFFD'");
	expect_json(json_incref(json_object_get(
			    json_array_get(json_object_get(object, "listeners"), 0), "excess")),
		    "'unknown'");
	json_decref(object);
	expect_json(json_count(0), "0");
	expect_json(json_count((uint64_t)INT64_MAX + 1), "9223372036854775807");
	sample_free(snapshot);
}

/* Any address beside others is said; alone it is said by none. */
static void test_any_address(void **state)
{
	static const char text[] = "[listener a]\nports = 1\naddresses = ::/0, 192.0.2.1\n"
				   "[listener b]\nports = 2\naddresses = ::/0\n";
	struct snapshot *snapshot = sample_make();
	struct config config;
	json_t *object, *listeners;
	char *messages;

	(void)state;
	assert_int_equal(read_bytes(&config, text, strlen(text), &messages), 0);
	policy_build(snapshot->policy, &config);
	config_free(&config);
	free(messages);
	object = json_instance(snapshot);
	listeners = json_object_get(object, "listeners");
	expect_json(json_incref(json_object_get(json_array_get(listeners, 0), "addresses")),
		    "['192.0.2.1','::/0']");
	expect_json(json_incref(json_object_get(json_array_get(listeners, 1), "addresses")), "[]");
	json_decref(object);
	sample_free(snapshot);
}

/* A queue in the middle of a storm. */
static void test_queue(void **state)
{
	static const char served[] =
		"{'served':true,'entries':500,'delay_max':{'auto':true,'ms':750},"
		"'held':{'retransmits':3,'new':4},'sites':{'retransmits':2,'new':1},"
		"'results':{'queued':20,'replaced':5,'duplicate':0,'refused_half_full':6,"
		"'refused_full':0,'refused_frame':0,'refused_away':0},'ends':{'retransmits':{'"
		"released':9,"
		"'expired':0,'silent':0,'evicted':0,'forgotten':0,'sent_away':0},'new':{'released':"
		"1,"
		"'expired':2,'silent':0,'evicted':0,'forgotten':0,'sent_away':0}},"
		"'time_held':{'count':10,'sum_us':3000000,'p50_us':225000,'p99_us':493750},"
		"'lateness':{'count':10,'sum_us':400,'p50_us':25,'p99_us':49},"
		"'failed':1,'outdated':2,'unheld':{'no_consumer':0,'queue_full':7,'ring_full':0,"
		"'too_long':0,'over_budget':0,'vlan_hidden':0}}";
	struct snapshot *snapshot = sample_make();
	json_t *queue;

	(void)state;
	sample_queue(snapshot);
	expect_json(json_queue(snapshot, SAMPLE_LAB), served);
	/* a fixed delay-max is known without anybody who serves */
	snapshot->queues[SAMPLE_LAB] = (struct queue_state){};
	snapshot->policy->listeners[SAMPLE_LAB].delay_max_ns = 1500000000;
	queue = json_queue(snapshot, SAMPLE_LAB);
	expect_json(json_incref(json_object_get(queue, "delay_max")), "{'auto':false,'ms':1500}");
	json_decref(queue);
	sample_free(snapshot);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_instance), cmocka_unit_test(test_any_bytes),
		cmocka_unit_test(test_odd_values),     cmocka_unit_test(test_queue),
		cmocka_unit_test(test_any_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
