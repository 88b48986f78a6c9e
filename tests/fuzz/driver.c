// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Runs a fuzz target without libFuzzer's runtime.
 *
 *	fuzz_NAME FILE...	once with each
 *	fuzz_NAME		with random bytes for FUZZ_SECONDS (default 5), from FUZZ_SEED if given
 *
 * An input that fails is left in ./crash-NUMBER, as libFuzzer does.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"

#define SIZE_MAX_BYTES 4096

static uint8_t input[SIZE_MAX_BYTES];
static size_t input_size;
static uint64_t number; /* seed of the input */
static char crash_path[64];

/* Sanitizers exit without a signal unless told otherwise. */
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);

const char *__asan_default_options(void)
{
	return "abort_on_error=1";
}

const char *__ubsan_default_options(void)
{
	return "abort_on_error=1";
}

/* Only what a signal handler may call; abort() goes on when it returns. */
static void leave_input(int signal_number)
{
	int fd = open(crash_path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	bool left;

	(void)signal_number;
	if (fd < 0)
		return;
	left = write(fd, input, input_size) == (ssize_t)input_size &&
	       write(STDERR_FILENO, crash_path, strlen(crash_path)) > 0 &&
	       write(STDERR_FILENO, "\n", 1) > 0;
	close(fd);
	if (!left)
		_exit(1);
}

static int replay(const char *path)
{
	FILE *file = fopen(path, "rb");

	if (!file) {
		fprintf(stderr, "fuzz: cannot open '%s': %s\n", path, strerror(errno));
		return 1;
	}
	input_size = fread(input, 1, sizeof(input), file);
	fclose(file);
	LLVMFuzzerTestOneInput(input, input_size);
	return 0;
}

/* splitmix64 */
static uint64_t draw(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static void run_random(void)
{
	uint64_t state = number;

	input_size = draw(&state) % SIZE_MAX_BYTES;
	for (size_t i = 0; i < input_size; i += 8) {
		uint64_t bytes = draw(&state);

		memcpy(input + i, &bytes, sizeof(bytes));
	}
	snprintf(crash_path, sizeof(crash_path), "crash-%llu", (unsigned long long)number);
	LLVMFuzzerTestOneInput(input, input_size);
}

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
	const char *value = getenv(name);

	return value && *value ? strtoull(value, NULL, 0) : otherwise;
}

int main(int argc, char **argv)
{
	time_t end = time(NULL) + (time_t)from_environment("FUZZ_SECONDS", 5);
	uint64_t runs = 0, first = from_environment("FUZZ_SEED", (uint64_t)time(NULL) << 24);
	int status = 0;

	for (int i = 1; i < argc; i++)
		status |= replay(argv[i]);
	if (argc > 1)
		return status;
	signal(SIGABRT, leave_input);
	do {
		number = first + runs++;
		run_random();
	} while (time(NULL) < end);
	printf("%llu inputs, from seed %llu on\n", (unsigned long long)runs,
	       (unsigned long long)first);
	return 0;
}
