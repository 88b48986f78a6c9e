// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <inttypes.h>
#include <stdio.h>

#include "herd/commands.h"
#include "herd/flood.h"
#include "herd/json_file.h"
#include "herd/json_raw.h"
#include "herd/segment.h"
#include "herd/words.h"
#include "text.h"

#define ADDRESS_BITS 128

static int take_target(char **argv, struct flood_plan *plan)
{
	const char *why;
	uint32_t port;
	uint8_t len;

	if (!argv[0] || !argv[1])
		return command_usage(&command_flood, "whom? write HOST PORT");
	if (text_parse_prefix(argv[0], &plan->to, &len, &why) || len != ADDRESS_BITS)
		return command_usage(&command_flood,
				     "bad address '%s': is not one; write 192.0.2.1 or 2001:db8::1",
				     argv[0]);
	if (text_parse_number(argv[1], 1, UINT16_MAX, &port, &why))
		return command_usage(&command_flood, "bad port '%s': %s", argv[1], why);
	plan->port = (uint16_t)port;
	return 0;
}

static int check(const struct flood_plan *plan, const char *sources)
{
	if (!sources || plan->per_sec <= 0 || !plan->duration_ns)
		return command_usage(&command_flood, "sources, rate and duration must be said");
	if (segment_is_v4(&plan->to) != segment_is_v4(&plan->sources))
		return command_usage(&command_flood,
				     "bad sources '%s': are of the other family than the address",
				     sources);
	if (plan->per_sec * (double)plan->duration_ns / 1e9 > (double)FLOOD_SYNS_MAX)
		return command_usage(&command_flood,
				     "too much: rate x duration may be %llu SYNs at most",
				     FLOOD_SYNS_MAX);
	return 0;
}

static void print_report(const struct flood_plan *plan, const struct flood_report *report)
{
	printf("%s: %" PRIu64 " SYNs sent, %" PRIu64 " refused by the device, in %.3f s: %.0f/s "
	       "of %.0f/s\n",
	       report->dev, report->sent, report->failed, report->seconds,
	       report->seconds > 0 ? (double)report->sent / report->seconds : 0, plan->per_sec);
}

static enum herd_status run(int argc, char **argv)
{
	struct flood_plan plan = { .seed = 1 };
	struct flood_report report;
	const char *json = NULL, *sources = NULL, *why;
	struct json_file json_file;
	char message[WORDS_MESSAGE_MAX];
	const struct word words[] = {
		{ "sources", words_text, &sources },
		{ "rate", words_per_sec, &plan.per_sec },
		{ "duration", words_time_ns, &plan.duration_ns },
		{ "count", words_count, &plan.count },
		{ "seed", words_seed, &plan.seed },
		{ "json", words_text, &json },
		{ 0 },
	};

	(void)argc;
	if (take_target(argv, &plan))
		return STATUS_USAGE;
	if (words_take(words, argv + 2, message))
		return command_usage(&command_flood, "%s", message);
	if (sources && text_parse_prefix(sources, &plan.sources, &plan.sources_len, &why))
		return command_usage(&command_flood, "bad sources '%s': %s", sources, why);
	if (check(&plan, sources))
		return STATUS_USAGE;
	if (json_file_open(&json_file, json))
		return STATUS_FAILED;
	if (flood_run(&plan, &report)) {
		json_file_drop(&json_file);
		return STATUS_FAILED;
	}
	if (!json_file_is_stdout(&json_file))
		print_report(&plan, &report);
	if (json && json_file_write(&json_file, json_raw_flood(&plan, &report), JSON_RAW_FLAGS))
		return STATUS_FAILED;
	return STATUS_DONE;
}

const struct herd_command command_flood = {
	.name = "flood",
	.usage = "flood HOST PORT sources PREFIX rate N/s duration TIME [count N] [seed N] [json "
		 "FILE]",
	.summary = "SYNs from spoofed sources, over a veth in a closed network namespace only",
	.run = run,
};
