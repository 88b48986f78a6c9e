// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "abi.h"
#include "commands.h"
#include "log.h"
#include "text.h"

const struct command *const commands[] = {
	&command_attach, &command_detach,  &command_show, &command_limit,   &command_mode,
	&command_check,	 &command_metrics, &command_help, &command_version, NULL,
};

#define COMMANDS_COUNT (sizeof(commands) / sizeof(commands[0]))

const struct command *command_find(const char *name)
{
	for (int i = 0; commands[i]; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

enum exit_status command_usage(const struct command *command, const char *format, ...)
{
	char reason[512];
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	log_error("%s\nusage: weir %s %s", reason, command->name, command->usage);
	return STATUS_USAGE;
}

enum exit_status command_status(int err)
{
	if (!err)
		return STATUS_DONE;
	return err == -ENOENT ? STATUS_NOT_ATTACHED : STATUS_FAILED;
}

int command_check_name(const struct command *command, const char *name)
{
	const char *why;
	int err = text_parse_name(name, INSTANCE_NAME_MAX, &why);

	if (err)
		command_usage(command, "bad name '%s': %s", name, why);
	return err;
}

static enum exit_status help_command(int argc, char **argv)
{
	const struct command *command = argc ? command_find(argv[0]) : NULL;

	if (argc > 1)
		return command_usage(&command_help, "too many words after '%s'", argv[0]);
	if (argc && !command)
		return command_usage(&command_help, "unknown command '%s'; see `weir help`",
				     argv[0]);
	if (command) {
		printf("usage: weir %s %s\n\n%s.\n", command->name, command->usage,
		       command->summary);
		if (command->details)
			printf("\n%s", command->details);
		return STATUS_DONE;
	}
	puts("weir holds back the reconnect flood in front of an MQTT broker.\n\n"
	     "usage: weir [-q|-v] COMMAND\n");
	for (int i = 0; commands[i]; i++)
		printf("  weir %s %s\n      %s\n", commands[i]->name, commands[i]->usage,
		       commands[i]->summary);
	puts("\n  RATE := N/s | N/m | N/h | unlimited     0/s refuses every new connection\n"
	     "  -q  say nothing but errors     -v  show what libbpf and the kernel say\n\n"
	     "Exit status: 0 done, 1 failed, 2 usage, 3 not attached.");
	return STATUS_DONE;
}

const struct command command_help = {
	.name = "help",
	.usage = "[COMMAND]",
	.summary = "This page, or more about one command",
	.run = help_command,
};

static enum exit_status version_command(int argc, char **argv)
{
	if (argc)
		return command_usage(&command_version, "unexpected word '%s'", argv[0]);
	printf("weir %s (ABI %d)\n", WEIR_VERSION, WEIR_ABI);
	return STATUS_DONE;
}

const struct command command_version = {
	.name = "version",
	.usage = "",
	.summary = "The version of weir and of its pinned state",
	.run = version_command,
};

static enum exit_status unknown_command(const char *word)
{
	const char *names[COMMANDS_COUNT], *nearest;

	for (size_t i = 0; i < COMMANDS_COUNT; i++)
		names[i] = commands[i] ? commands[i]->name : NULL;
	nearest = text_nearest(word, names);
	if (nearest)
		log_error("unknown command '%s'; did you mean '%s'?", word, nearest);
	else
		log_error("unknown command '%s'; see `weir help`", word);
	return STATUS_USAGE;
}

static bool parse_option(const char *word)
{
	if (!strcmp(word, "-q") || !strcmp(word, "--quiet"))
		log_level = LOG_QUIET;
	else if (!strcmp(word, "-v") || !strcmp(word, "--verbose"))
		log_level = LOG_VERBOSE;
	else
		return false;
	return true;
}

int main(int argc, char **argv)
{
	const struct command *command = &command_show;
	enum exit_status status;
	int i = 1;

	/* a reader that has gone is an error of the write, not an end without a word */
	signal(SIGPIPE, SIG_IGN);
	while (i < argc && argv[i][0] == '-') {
		if (!strcmp(argv[i], "-h") || !strcmp(argv[i], "--help"))
			return help_command(0, NULL);
		if (!strcmp(argv[i], "--version"))
			return version_command(0, NULL);
		if (!parse_option(argv[i])) {
			log_error("unknown option '%s'; options are -q and -v, see `weir help`",
				  argv[i]);
			return STATUS_USAGE;
		}
		i++;
	}
	log_init();
	if (i < argc) {
		command = command_find(argv[i]);
		if (!command)
			return unknown_command(argv[i]);
		i++;
	}
	status = command->run(argc - i, argv + i);
	if ((fflush(stdout) || ferror(stdout)) && status == STATUS_DONE) {
		log_error("cannot write to standard output: %s", strerror(errno));
		status = STATUS_FAILED;
	}
	return status;
}
