// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "abi.h"
#include "commands.h"
#include "json_value.h"
#include "log.h"
#include "output.h"
#include "text.h"

const struct command *const commands[] = {
	&command_attach,  &command_detach, &command_show,    &command_limit,
	&command_mode,	  &command_allow,  &command_block,   &command_forget,
	&command_check,	  &command_diff,   &command_apply,   &command_run,
	&command_metrics, &command_help,   &command_version, NULL,
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
	log_usage(command->name, command->usage, reason);
	return STATUS_USAGE;
}

enum exit_status command_bad_word(const struct command *command, const char *what, const char *word,
				  const char *const *list)
{
	const char *nearest = text_nearest(word, list);
	char all[128] = "";

	if (nearest)
		return command_usage(command, "bad %s '%s': did you mean '%s'?", what, word,
				     nearest);
	for (int i = 0; list[i]; i++) {
		const char *separator = !i ? "" : list[i + 1] ? ", " : " or ";
		size_t used = strlen(all);

		snprintf(all + used, sizeof(all) - used, "%s%s", separator, list[i]);
	}
	return command_usage(command, "bad %s '%s': %s", what, word, all);
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

static json_t *describe(const struct command *command)
{
	json_t *object = json_object();

	json_object_set_new(object, "name", json_text(command->name));
	json_object_set_new(object, "usage", json_text(command->usage));
	json_object_set_new(object, "summary", json_text(command->summary));
	if (command->details)
		json_object_set_new(object, "details", json_text(command->details));
	return object;
}

static enum exit_status help_of(const struct command *command)
{
	if (output_is_json()) {
		output_append("commands", describe(command));
		return STATUS_DONE;
	}
	printf("usage: weir %s%s%s\n\n%s.\n", command->name, *command->usage ? " " : "",
	       command->usage, command->summary);
	if (command->details)
		printf("\n%s", command->details);
	return STATUS_DONE;
}

static enum exit_status help_command(int argc, char **argv)
{
	const struct command *command = argc ? command_find(argv[0]) : NULL;

	if (argc > 1)
		return command_usage(&command_help, "unexpected word '%s'", argv[1]);
	if (argc)
		return command ? help_of(command) : unknown_command(argv[0]);
	for (int i = 0; output_is_json() && commands[i]; i++)
		output_append("commands", describe(commands[i]));
	if (output_is_json())
		return STATUS_DONE;
	puts("weir holds back the reconnect flood in front of an MQTT broker.\n\n"
	     "usage: weir [-j] [-q|-v] COMMAND\n");
	for (int i = 0; commands[i]; i++)
		printf("  weir %s%s%s\n      %s\n", commands[i]->name,
		       *commands[i]->usage ? " " : "", commands[i]->usage, commands[i]->summary);
	puts("\n  RATE := N/s | N/m | N/h | unlimited     0/s refuses every new connection\n"
	     "  PREFIX := ADDRESS[/LENGTH] | -         DURATION := N(ms|s|m|h|d)\n"
	     "  -j  print one JSON document, whatever happens\n"
	     "  -q  say nothing but errors and warnings\n"
	     "  -v  show what libbpf and the kernel say\n\n"
	     "Exit status: 0 done, 1 failed, 2 usage, 3 not attached, 4 `diff` found "
	     "changes.");
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
	output_put("version", json_text(WEIR_VERSION));
	output_put("abi", json_integer(WEIR_ABI));
	if (!output_is_json())
		printf("weir %s (ABI %d)\n", WEIR_VERSION, WEIR_ABI);
	return STATUS_DONE;
}

const struct command command_version = {
	.name = "version",
	.usage = "",
	.summary = "The version of weir and of its pinned state",
	.run = version_command,
};

static void unknown_option(const char *word)
{
	static const char *const options[] = { "--json", "--quiet",   "--verbose",
					       "--help", "--version", NULL };
	const char *nearest = text_nearest(word, options);

	if (nearest)
		log_error("unknown option '%s'; did you mean '%s'?", word, nearest);
	else
		log_error("unknown option '%s'; options are -j, -q and -v, see `weir help`", word);
}

static bool parse_option(const char *word)
{
	if (!strcmp(word, "-q") || !strcmp(word, "--quiet"))
		log_level = LOG_QUIET;
	else if (!strcmp(word, "-v") || !strcmp(word, "--verbose"))
		log_level = LOG_VERBOSE;
	else if (!strcmp(word, "-j") || !strcmp(word, "--json"))
		output_begin_json();
	else
		return false;
	return true;
}

/* A closed one would go to the next file that is opened, and weir's words into that. What is
 * written to it still fails. */
static void open_standard_files(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

static bool is_help(const char *word)
{
	return !strcmp(word, "-h") || !strcmp(word, "--help");
}

/* What was changed is changed, whether or not it could be said; any other command has only words to
 * give. A reader that has left wants no more of them, here either. */
static enum exit_status finish_output(const struct command *command, enum exit_status status)
{
	bool is_answer = status == STATUS_DONE || status == STATUS_CHANGES;
	bool was_json = output_is_json(); /* then nobody has heard of an error, either */
	int err = -output_finish(command ? command->name : NULL, status);

	if (!err || (!is_answer && !was_json))
		return status;
	if (err != EPIPE && is_answer && command->changes)
		log_warning("done, but cannot write to standard output: %s", strerror(err));
	else if (err != EPIPE)
		log_error("cannot write to standard output: %s", strerror(err));
	return !is_answer || command->changes ? status : STATUS_FAILED;
}

/* The command called @word, or NULL after saying that there is none. */
static const struct command *pick_command(const char *word)
{
	const struct command *command = command_find(word);

	if (command)
		return command;
	if (is_help(word))
		return &command_help;
	if (!strcmp(word, "--version"))
		return &command_version;
	if (*word == '-')
		unknown_option(word);
	else
		unknown_command(word);
	return NULL;
}

/* Even a wrong option before it is to be said in JSON. */
static bool wants_json(char **words)
{
	for (; *words && **words == '-'; words++)
		if (!strcmp(*words, "-j") || !strcmp(*words, "--json"))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	const struct command *command = &command_show;
	enum exit_status status;
	int i = 1;

	open_standard_files();
	/* a reader that has gone is an error of the write, not an end in the middle of a change */
	signal(SIGPIPE, SIG_IGN);
	if (argc && wants_json(argv + 1))
		output_begin_json();
	while (i < argc && parse_option(argv[i]))
		i++;
	log_init();
	if (i < argc)
		command = pick_command(argv[i++]);
	if (!command) {
		status = STATUS_USAGE;
	} else if (i < argc && is_help(argv[i])) {
		status = help_of(command);
		command = &command_help;
	} else {
		status = command->run(argc - i, argv + i);
	}
	return finish_output(command, status);
}
