// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "herd/commands.h"
#include "herd/plan_ini.h"
#include "herd/plan_words.h"
#include "herd/say.h"
#include "text.h"

static enum herd_status run_plan(struct plan_reading *reading)
{
	const struct plan *plan = reading->plan;
	const char *names[16], *nearest;
	size_t count = 0;

	if (plan_finish(reading))
		return command_usage(&command_run, "%s", reading->message);
	for (const struct herd_stack *stack = herd_stacks; stack->name; stack++) {
		if (!strcmp(stack->name, plan->stack))
			return stack->run(plan);
		names[count++] = stack->name;
	}
	names[count] = NULL;
	nearest = text_nearest(plan->stack, names);
	if (nearest)
		return command_usage(&command_run, "bad stack '%s': did you mean '%s'?",
				     plan->stack, nearest);
	return command_usage(&command_run,
			     "bad stack '%s': see `herd help run` for those there are",
			     plan->stack);
}

static enum herd_status run_words(struct plan_reading *reading, char **argv)
{
	reading->group = plan_add_group(reading->plan, "devices");
	reading->scopes = SCOPE_RUN | SCOPE_GROUP;
	if (plan_take_target(reading, argv[0], argv[1]) ||
	    plan_take_words(reading, (const char *const *)argv + 2))
		return command_usage(&command_run, "%s", reading->message);
	return run_plan(reading);
}

/* Words after the file are about the whole run, and win. */
static enum herd_status run_file(struct plan_reading *reading, char **argv)
{
	unsigned int line;
	FILE *file = fopen(argv[0], "re");
	int err;

	if (!file) {
		say_error("cannot read '%s': %s", argv[0], strerror(errno));
		return STATUS_FAILED;
	}
	err = plan_read_ini(reading, file, &line);
	fclose(file);
	if (err && line)
		fprintf(stderr, "%s:%u: %s\n", argv[0], line, reading->message);
	else if (err)
		fprintf(stderr, "%s: %s\n", argv[0], reading->message);
	if (err)
		return STATUS_USAGE;
	reading->scopes = SCOPE_RUN;
	reading->seen = 0;
	if (plan_take_words(reading, (const char *const *)argv + 1))
		return command_usage(&command_run, "%s", reading->message);
	return run_plan(reading);
}

static enum herd_status run_command(int argc, char **argv)
{
	static struct plan plan;
	struct plan_reading reading = { .plan = &plan };
	const char *dot = argc ? strrchr(argv[0], '.') : NULL;

	plan_init(&plan);
	if (argc && (strchr(argv[0], '/') || (dot && !strcmp(dot, ".ini"))))
		return run_file(&reading, argv);
	if (argc < 2)
		return command_usage(&command_run, "no broker; write HOST PORT, or a FILE.ini");
	return run_words(&reading, argv);
}

const struct herd_command command_run = {
	.name = "run",
	.usage = "HOST PORT devices N [WORD...] | FILE.ini [WORD...]",
	.summary = "Connect a fleet to a broker, all at once or as said, and report what it saw",
	.details =
		"  tls [1.2|1.3] [resume] [ca FILE] [cert FILE key FILE] [sni NAME]\n"
		"  mqtt 3.1.1|5   user NAME [password-file FILE]   client-id PATTERN   keepalive "
		"TIME\n"
		"  sources PREFIX\n"
		"  start impulse | uniform TIME | exponential TIME | schedule FILE |\n"
		"        closed N (the next begins when an attempt of the N has ended)\n"
		"  timeout TIME   connect-timeout TIME   tls-timeout TIME   connack-timeout TIME\n"
		"  backoff fixed TIME | uniform RANGE | exponential RANGE | full-jitter RANGE |\n"
		"          decorrelated RANGE | PRESET          RANGE := TIME..TIME\n"
		"  attempts N     of one device at most\n"
		"  work [topics N] [retained N] [hello BYTES] [topic PATTERN]\n"
		"  duration TIME (120s at most)   hold TIME (goes on after all are connected)\n"
		"  bystanders K [every TIME]      seed N   first N   ideal N/s\n"
		"  json FILE   label TEXT   quiet   stack STACK   anywhere\n\n"
		"PRESET := mosquitto | mosquitto-bridge | paho-c | paho-python | paho-java | "
		"paho-go |\n"
		"          mqttjs | hivemq | aws-iot-mqtt5 | aws-iot-mqtt3 | azure-c | esp-mqtt\n"
		"STACK := linux | linux-old | linux-new | lwip | esp-idf | freertos | zephyr | "
		"windows-7\n"
		"         all but linux: sources that are routed to a TUN device, plain MQTT\n"
		"TIME := N(ms|s|m|h)   PATTERN: %d is the number of the device\n\n"
		"A target behind a router is refused unless `anywhere` is said. herd(8) has it "
		"all.\n",
	.run = run_command,
};

static enum herd_status capacity_command(int argc, char **argv)
{
	(void)argc, (void)argv;
	return command_usage(&command_capacity, "capacity stands after HOST PORT");
}

const struct herd_command command_capacity = {
	.name = "capacity",
	.usage = "HOST PORT capacity [WORD...]",
	.summary =
		"Measure how many set-ups a second the broker sustains: a closed loop to the knee",
	.details = "  devices N      most at once (512)\n"
		   "  duration TIME  at the latest (40s)\n"
		   "  and the words of `herd help run`, but start, backoff, attempts, work, hold,\n"
		   "  bystanders, every and ideal\n",
	.run = capacity_command,
};
