// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The words of `herd relay` and `herd flood`. A row without a reason must parse. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "herd/amounts.h"
#include "herd/words.h"

/* clang-format off */
#define NO_SHARE "is not a share; write N%"
#define NO_SHARE_4 "is not a share; write N%, with four decimals at most"
#define NO_BITS "is not a rate of bits; write Nkbit, Nmbit or Ngbit"
#define NO_UNIT "has no unit of bits; write Nkbit, Nmbit or Ngbit"
static const struct {
	const char *text;
	uint64_t value;
	const char *why;
} shares[] = {
	{ "1%", 10000, NULL },
	{ "0%", 0, NULL },
	{ "100%", 1000000, NULL },
	{ "100.0000%", 1000000, NULL },
	{ "0.05%", 500, NULL },
	{ "0.0001%", 1, NULL },
	{ "12.5%", 125000, NULL },
	{ "0.00001%", 0, NO_SHARE_4 },
	{ "1.%", 0, NO_SHARE_4 },
	{ "1", 0, NO_SHARE_4 },
	{ "1 %", 0, NO_SHARE_4 },
	{ "%", 0, NO_SHARE },
	{ ".5%", 0, NO_SHARE },
	{ "-1%", 0, NO_SHARE },
	{ "", 0, NO_SHARE },
	{ "100.0001%", 0, "is more than everything; write at most 100%" },
	{ "101%", 0, "is more than everything; write at most 100%" },
	{ "4294967297%", 0, NO_SHARE_4 },
}, bits[] = {
	{ "1kbit", 1000, NULL },
	{ "10mbit", 10000000, NULL },
	{ "2gbit", 2000000000, NULL },
	{ "1000000gbit", 1000000000000000, NULL },
	{ "10", 0, NO_UNIT },
	{ "10Mbit", 0, NO_UNIT },
	{ "1.5mbit", 0, NO_UNIT },
	{ "0mbit", 0, "is out of range; write 1 to 1000000" },
	{ "1000001kbit", 0, "is out of range; write 1 to 1000000" },
	{ "99999999999999999mbit", 0, NO_BITS },
	{ "mbit", 0, NO_BITS },
	{ "-1mbit", 0, NO_BITS },
};
/* clang-format on */

static void shares_are_parts_in_a_million(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
		const char *why = NULL;
		uint32_t ppm = 77;
		int err = amounts_parse_share(shares[i].text, &ppm, &why);

		assert_int_equal(err, shares[i].why ? -EINVAL : 0);
		assert_int_equal(ppm, shares[i].why ? 77 : shares[i].value);
		if (shares[i].why)
			assert_string_equal(why, shares[i].why);
	}
}

static void bits_have_units(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		const char *why = NULL;
		uint64_t value = 77;
		int err = amounts_parse_bits(bits[i].text, &value, &why);

		assert_int_equal(err, bits[i].why ? -EINVAL : 0);
		assert_true(value == (bits[i].why ? 77 : bits[i].value));
		if (bits[i].why)
			assert_string_equal(why, bits[i].why);
	}
}

static void addresses_fill_their_prefix(void **state)
{
	const struct addr prefix = { 0, htobe64(0xffff0a630000ULL) };
	struct chance chance = chance_seed(1, 2);
	uint64_t or = 0, and = UINT64_MAX;
	struct addr whole;

	(void)state;
	for (int i = 0; i < 200; i++) {
		struct addr addr = amounts_address(&prefix, 96 + 16, &chance);

		assert_int_equal(addr.hi, 0);
		assert_int_equal(be64toh(addr.lo) >> 16, 0xffff0a63);
		or |= be64toh(addr.lo);
		and &= be64toh(addr.lo);
	}
	assert_int_equal(or &0xffff, 0xffff);
	assert_int_equal(and&0xffff, 0);
	whole = amounts_address(&prefix, 128, &chance);
	assert_memory_equal(&whole, &prefix, sizeof(whole));
}

/* What the words of one line came to. */
struct taken {
	uint64_t time_ns, seed, count, bits;
	uint32_t share;
	double per_sec;
	const char *text;
};

static int take(char **said, struct taken *taken, char *message)
{
	const struct word words[] = {
		{ "delay", words_time_ns, &taken->time_ns },
		{ "seed", words_seed, &taken->seed },
		{ "count", words_count, &taken->count },
		{ "rate", words_bits, &taken->bits },
		{ "loss", words_share, &taken->share },
		{ "speed", words_per_sec, &taken->per_sec },
		{ "json", words_text, &taken->text },
		{ 0 },
	};

	return words_take(words, said, message);
}

static void words_come_in_pairs(void **state)
{
	char *said[] = { "json",  "-",	"delay", "50ms",  "loss",  "2%",   "seed", "0",
			 "count", "10", "rate",	 "1mbit", "speed", "90/m", NULL };
	char message[WORDS_MESSAGE_MAX] = "";
	struct taken taken = { .seed = 9 };

	(void)state;
	assert_int_equal(take(said, &taken, message), 0);
	assert_true(taken.time_ns == 50000000 && taken.seed == 0 && taken.count == 10);
	assert_true(taken.bits == 1000000 && taken.share == 20000);
	assert_true(taken.per_sec > 1.49 && taken.per_sec < 1.51);
	assert_string_equal(taken.text, "-");
}

static void wrong_words_are_named(void **state)
{
	static const struct {
		char *said[5];
		const char *message;
	} rows[] = {
		{ { "dealy", "1s" }, "unknown word 'dealy': did you mean 'delay'?" },
		{ { "elephant", "1s" }, "unknown word 'elephant'" },
		{ { "delay" }, "'delay' needs a value after it" },
		{ { "delay", "1s", "delay", "2s" }, "'delay' is said twice; remove one" },
		{ { "loss", "2" }, "bad loss '2': " NO_SHARE_4 },
		{ { "speed", "unlimited" },
		  "bad speed 'unlimited': has no end or no beginning; write N/s" },
		{ { "speed", "0/s" }, "bad speed '0/s': has no end or no beginning; write N/s" },
		{ { "count", "0" }, "bad count '0': is out of range; write 1 to 4294967295" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char message[WORDS_MESSAGE_MAX] = "", *said[6] = { NULL };
		struct taken taken = { 0 };

		memcpy(said, rows[i].said, sizeof(rows[i].said));
		assert_int_equal(take(said, &taken, message), -EINVAL);
		assert_string_equal(message, rows[i].message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares_are_parts_in_a_million),
		cmocka_unit_test(bits_have_units),
		cmocka_unit_test(addresses_fill_their_prefix),
		cmocka_unit_test(words_come_in_pairs),
		cmocka_unit_test(wrong_words_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
