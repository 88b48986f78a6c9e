// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "attach.h"
#include "commands.h"
#include "file.h"
#include "json_instance.h"
#include "log.h"
#include "output.h"
#include "survey.h"
#include "text.h"
#include "unserved.h"

#define PORTS_DEFAULT "1883,8883"

/* The words as said. */
struct words {
	const char *devices;
	const char *name;
	const char *config;
	const char *xdp;
	const char *ports;
	const char *rate;
	const char *window;
	const char *mode;
};

static const char **word_slot(struct words *words, const char *key)
{
	if (!strcmp(key, "name"))
		return &words->name;
	if (!strcmp(key, "config"))
		return &words->config;
	if (!strcmp(key, "xdp"))
		return &words->xdp;
	if (!strcmp(key, "ports"))
		return &words->ports;
	if (!strcmp(key, "rate"))
		return &words->rate;
	if (!strcmp(key, "window"))
		return &words->window;
	return NULL;
}

static bool is_mode(const char *word)
{
	return !strcmp(word, mode_names[MODE_OBSERVE]) || !strcmp(word, mode_names[MODE_ENFORCE]);
}

static enum exit_status unknown_word(const char *word)
{
	static const char *const known[] = { "name",   "config",  "xdp",     "ports", "rate",
					     "window", "enforce", "observe", NULL };
	const char *nearest = text_nearest(word, known);

	return command_usage(&command_attach, "unknown word '%s'%s%s%s", word,
			     nearest ? "; did you mean '" : "", nearest ? nearest : "",
			     nearest ? "'?" : "");
}

static enum exit_status collect_words(struct words *words, int argc, char **argv)
{
	const char *listener_word;
	int i = 0;

	if (argc && !word_slot(words, argv[0]) && !is_mode(argv[0]))
		words->devices = argv[i++];
	while (i < argc) {
		const char **slot = is_mode(argv[i]) ? &words->mode : word_slot(words, argv[i]);

		if (!slot)
			return unknown_word(argv[i]);
		if (*slot)
			return command_usage(&command_attach, "'%s' is said twice", argv[i]);
		if (slot == &words->mode) {
			*slot = argv[i++];
			continue;
		}
		if (i + 1 == argc)
			return command_usage(&command_attach, "nothing follows '%s'", argv[i]);
		*slot = argv[i + 1];
		i += 2;
	}
	listener_word = words->ports ? "ports" : words->rate ? "rate" : "window";
	if (words->config && (words->ports || words->rate || words->window))
		return command_usage(&command_attach,
				     "'%s' and 'config': the file says it, or the words do",
				     listener_word);
	if (!words->devices && !words->config)
		return command_usage(&command_attach, "which device? DEV is missing");
	return STATUS_DONE;
}

static enum exit_status bad_word(const char *what, const char *value, const char *why)
{
	return command_usage(&command_attach, "bad %s '%s': %s", what, value, why);
}

static void report_word(const char *name, int line, const char *message)
{
	(void)name;
	(void)line;
	log_error("%s", message);
}

/* The short form: one listener called default. */
static enum exit_status add_default_listener(struct config *config, const struct words *words)
{
	struct wanted_listener *listener = config_add_listener(config, "default");
	const char *ports = words->ports ? words->ports : PORTS_DEFAULT, *why;
	struct config_errors errors = { .report = report_word };

	if (!listener) {
		log_error("cannot attach: no memory");
		return STATUS_FAILED;
	}
	if (text_parse_ports(ports, listener->ports, &why))
		return bad_word("ports", ports, why);
	if (words->rate &&
	    text_parse_rate(words->rate, &listener->limits[LEVEL_LISTENER].rate, &why))
		return bad_word("rate", words->rate, why);
	if (words->window && text_parse_window(words->window, &listener->window, &why))
		return bad_word("window", words->window, why);
	return config_check(config, "", &errors) ? STATUS_USAGE : STATUS_DONE;
}

/* A device has one program, however many names it has. */
static enum exit_status check_distinct(const struct config *config)
{
	unsigned int index[DEVICES_MAX];

	for (unsigned int i = 0; i < config->devices_count; i++) {
		index[i] = if_nametoindex(config->devices[i]);
		for (unsigned int j = 0; j < i; j++)
			if (index[i] && index[i] == index[j])
				return command_usage(&command_attach,
						     "'%s' and '%s' are one device: name it once",
						     config->devices[j], config->devices[i]);
	}
	return STATUS_DONE;
}

/* Words over a file, where both may say it. */
static enum exit_status apply_words(struct attach_request *request, const struct words *words)
{
	struct config *config = &request->config;
	const char *why;

	if (words->devices && config_parse_devices(config, words->devices, &why))
		return bad_word("device", words->devices, why);
	if (!config->devices_count)
		return command_usage(&command_attach,
				     "which device? neither the words nor '%s' name one",
				     words->config);
	if (words->mode)
		config->mode = strcmp(words->mode, mode_names[MODE_ENFORCE]) ? MODE_OBSERVE
									     : MODE_ENFORCE;
	if (words->xdp) {
		int mode = 0;

		while (xdp_names[mode] && strcmp(words->xdp, xdp_names[mode]))
			mode++;
		if (!xdp_names[mode])
			return command_bad_word(&command_attach, "xdp mode", words->xdp, xdp_names);
		config->xdp = mode;
	}
	request->name = words->name ? words->name : config->devices[0];
	request->is_named = words->name;
	request->overrides_mode = words->config && words->mode;
	request->said = words->config ? SAYS_ALL : SAYS_DEVICES;
	request->said |= words->xdp ? SAYS_XDP : 0;
	request->said |= words->ports ? SAYS_PORTS : 0;
	request->said |= words->rate ? SAYS_RATE : 0;
	request->said |= words->window ? SAYS_WINDOW : 0;
	request->said |= words->mode ? SAYS_MODE : 0;
	if (command_check_name(&command_attach, request->name))
		return STATUS_USAGE;
	return check_distinct(config);
}

static void say_what_happens(const struct attach_request *request)
{
	const struct config *config = &request->config;

	if (config->mode == MODE_ENFORCE)
		log_done("%s: mode enforce: new connections over a limit are refused",
			 request->name);
	else
		log_done("%s: mode observe: nothing is refused, only counted; `weir mode %s "
			 "enforce` when the numbers are right",
			 request->name, request->name);
}

static int attach_locked(const struct attach_request *request)
{
	struct pins pins;
	bool made = false;
	int err;

	err = pins_lock(&pins, true, true);
	if (err)
		return err;
	err = attach_run(&pins, request, &made);
	pins_unlock(&pins);
	if (!err && made)
		say_what_happens(request);
	/* a `weir run` can come only after it */
	if (!err)
		unserved_report(request->name, log_done);
	return err;
}

/* For programs, as `weir show` gives it. */
static void put_instance(const char *name)
{
	struct survey survey;

	survey_take(&survey, name);
	output_put("instances", json_instances(survey.snapshots, survey.count));
	survey_free(&survey);
}

static enum exit_status attach(int argc, char **argv)
{
	struct attach_request request = {};
	struct words words = {};
	enum exit_status status = collect_words(&words, argc, argv);

	if (status)
		return status;
	if (words.config) {
		if (file_read_config(&request.config, words.config))
			return STATUS_FAILED;
	} else {
		config_init(&request.config);
		status = add_default_listener(&request.config, &words);
	}
	if (!status)
		status = apply_words(&request, &words);
	if (!status && attach_locked(&request))
		status = STATUS_FAILED;
	if (!status && output_is_json())
		put_instance(request.name);
	config_free(&request.config);
	return status;
}

const struct command command_attach = {
	.name = "attach",
	.usage = "[DEV[,DEV...]] [name NAME] [config FILE] [xdp auto|native|generic]\n"
		 "              [ports 1883,8883] [rate 2000/s] [window auto|off|N]\n"
		 "              [observe|enforce]",
	.summary = "Put weir on the NICs that the clients' connections arrive on",
	.details =
		"Without a file it makes one listener, 'default', on ports " PORTS_DEFAULT ".\n"
		"Devices share one instance, called NAME or like the first device. DEV may be "
		"left\n"
		"out when the file names devices. It observes until told to enforce. With window\n"
		"auto a `weir run` finds out how many may come at once.\n"
		"\n"
		"On a running instance the program is replaced between two frames; limits, mode,\n"
		"buckets and counters stay as they are. It never replaces another XDP program.\n",
	.changes = true,
	.run = attach,
};
