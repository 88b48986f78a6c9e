// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "herd/commands.h"
#include "herd/say.h"
#include "text.h"

const struct herd_command *const herd_commands[] = {
	&command_run,	&command_capacity, &command_join,    &command_relay,
	&command_flood, &command_help,	   &command_version, NULL,
};

#define COMMANDS_COUNT (sizeof(herd_commands) / sizeof(herd_commands[0]))

const struct herd_command *command_find(const char *name)
{
	for (int i = 0; herd_commands[i]; i++)
		if (!strcmp(herd_commands[i]->name, name))
			return herd_commands[i];
	return NULL;
}

enum herd_status command_usage(const struct herd_command *command, const char *format, ...)
{
	char reason[768];
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	say_error("%s\nusage: herd %s", reason, command->usage);
	return STATUS_USAGE;
}

static enum herd_status unknown_command(const char *word)
{
	const char *names[COMMANDS_COUNT], *nearest;
	char quote[64];

	for (size_t i = 0; i < COMMANDS_COUNT; i++)
		names[i] = herd_commands[i] ? herd_commands[i]->name : NULL;
	nearest = text_nearest(word, names);
	text_quote(quote, sizeof(quote), word);
	if (nearest)
		say_error("unknown command '%s'; did you mean '%s'?", quote, nearest);
	else
		say_error("unknown command '%s'; write HOST PORT, FILE.ini or a command, see "
			  "`herd help`",
			  quote);
	return STATUS_USAGE;
}

static enum herd_status help_of(const struct herd_command *command)
{
	printf("usage: herd %s\n\n%s.\n", command->usage, command->summary);
	if (command->details)
		printf("\n%s", command->details);
	return STATUS_DONE;
}

static enum herd_status help_command(int argc, char **argv)
{
	const struct herd_command *command = argc ? command_find(argv[0]) : NULL;

	if (argc > 1)
		return command_usage(&command_help, "unexpected word '%s'", argv[1]);
	if (argc)
		return command ? help_of(command) : unknown_command(argv[0]);
	puts("herd plays a fleet of devices that all reconnect to an MQTT broker, and reports what "
	     "they saw.\n");
	for (int i = 0; herd_commands[i]; i++)
		printf("  herd %s\n      %s\n", herd_commands[i]->usage, herd_commands[i]->summary);
	puts("\n`herd help run` has the words. Exit status: 0 done, 1 failed, 2 usage.");
	return STATUS_DONE;
}

const struct herd_command command_help = {
	.name = "help",
	.usage = "help [COMMAND]",
	.summary = "This page, or more about one command",
	.run = help_command,
};

static enum herd_status version_command(int argc, char **argv)
{
	if (argc)
		return command_usage(&command_version, "unexpected word '%s'", argv[0]);
	printf("herd %s\n", WEIR_VERSION);
	return STATUS_DONE;
}

const struct herd_command command_version = {
	.name = "version",
	.usage = "version",
	.summary = "The version of herd",
	.run = version_command,
};

/* A closed one would go to the next file that is opened, and herd's words into that. */
static void open_standard_files(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

static bool is_file(const char *word)
{
	size_t len = strlen(word);

	return strchr(word, '/') || (len > 4 && !strcmp(word + len - 4, ".ini"));
}

/* A host if a port follows: so no host can be mistaken for a word. */
static bool is_run(int argc, char **argv)
{
	if (is_file(argv[0]))
		return true;
	return argc > 1 && !command_find(argv[0]) && strspn(argv[1], "0123456789") &&
	       !argv[1][strspn(argv[1], "0123456789")];
}

static enum herd_status dispatch(int argc, char **argv)
{
	const struct herd_command *command;

	if (!argc)
		return help_command(0, argv);
	if (is_run(argc, argv))
		return command_run.run(argc, argv);
	if (!strcmp(argv[0], "-h") || !strcmp(argv[0], "--help"))
		return help_command(argc - 1, argv + 1);
	if (!strcmp(argv[0], "--version"))
		return version_command(argc - 1, argv + 1);
	command = command_find(argv[0]);
	if (!command)
		return unknown_command(argv[0]);
	if (argc > 1 && (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help")))
		return help_of(command);
	return command->run(argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	enum herd_status status;

	open_standard_files();
	signal(SIGPIPE, SIG_IGN);
	status = dispatch(argc - 1, argv + 1);
	if (fflush(stdout) || ferror(stdout)) {
		if (status == STATUS_DONE && errno != EPIPE)
			say_error("cannot write to standard output: %s", strerror(errno));
		if (status == STATUS_DONE)
			status = STATUS_FAILED;
	}
	return status;
}
