// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <inttypes.h>
#include <stdio.h>

#include "herd/commands.h"
#include "herd/json_file.h"
#include "herd/json_raw.h"
#include "herd/relay.h"
#include "herd/words.h"
#include "text.h"

#define NS_PER_MS 1e6
#define DELAY_MAX_NS 60000000000ULL

static int take_ends(char **argv, struct relay_plan *plan)
{
	for (int i = 0; i < 2; i++) {
		const char *why;

		if (!argv[i])
			return command_usage(&command_relay, "the relay joins two TUN devices");
		if (tun_parse(argv[i], &plan->ends[i], &why))
			return command_usage(&command_relay, "bad device '%s': %s", argv[i], why);
	}
	return 0;
}

static void print_report(const struct relay_plan *plan, const struct relay_report *report)
{
	for (int i = 0; i < 2; i++)
		printf("%s to %s: %" PRIu64 " packets, %" PRIu64 " lost, %" PRIu64
		       " dropped for want of room, %" PRIu64 " refused\n",
		       plan->ends[i].said, plan->ends[!i].said, report->ways[i].taken,
		       report->ways[i].lost, report->ways[i].full, report->ways[i].refused);
	printf("late by %.3f ms at the median, %.3f ms at 99 %%, %.3f ms at most\n",
	       (double)hist_quantile(&report->late_ns, 500) / NS_PER_MS,
	       (double)hist_quantile(&report->late_ns, 990) / NS_PER_MS,
	       (double)report->late_ns.max / NS_PER_MS);
}

static enum herd_status run(int argc, char **argv)
{
	static struct relay_report report;
	struct relay_plan plan = { .seed = 1 };
	const char *json = NULL;
	struct json_file json_file;
	char message[WORDS_MESSAGE_MAX];
	const struct word words[] = {
		{ "delay", words_time_ns, &plan.rule.delay_ns },
		{ "jitter", words_time_ns, &plan.rule.jitter_ns },
		{ "loss", words_share, &plan.rule.loss_ppm },
		{ "rate", words_bits, &plan.rule.bit_per_sec },
		{ "seed", words_seed, &plan.seed },
		{ "duration", words_time_ns, &plan.duration_ns },
		{ "json", words_text, &json },
		{ 0 },
	};

	(void)argc;
	if (take_ends(argv, &plan))
		return STATUS_USAGE;
	if (words_take(words, argv + 2, message))
		return command_usage(&command_relay, "%s", message);
	if (!plan.rule.delay_ns || plan.rule.delay_ns > DELAY_MAX_NS ||
	    plan.rule.jitter_ns > DELAY_MAX_NS)
		return command_usage(&command_relay, "bad delay: write delay TIME, of 60s at most; "
						     "it is that of one way");
	if (json_file_open(&json_file, json))
		return STATUS_FAILED;
	if (relay_run(&plan, &report)) {
		json_file_drop(&json_file);
		return STATUS_FAILED;
	}
	if (!json_file_is_stdout(&json_file))
		print_report(&plan, &report);
	if (json && json_file_write(&json_file, json_raw_relay(&plan, &report), JSON_RAW_FLAGS))
		return STATUS_FAILED;
	return STATUS_DONE;
}

const struct herd_command command_relay = {
	.name = "relay",
	.usage = "relay DEV[@NETNS] DEV[@NETNS] delay TIME [jitter TIME] [loss N%] [rate Nmbit]\n"
		 "            [seed N] [duration TIME] [json FILE]",
	.summary = "A wire with delay between two TUN devices, for round trips of 20 to 800 ms",
	.run = run,
};
