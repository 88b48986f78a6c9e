// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

#define DIGITS "0123456789"
#define BLANKS " \t"
#define NAME_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" DIGITS "_.@-"

/* ::ffff:0:0/96, which stands before the 32 bits of IPv4 */
#define MAPPED_BITS 96
static const uint8_t mapped_start[MAPPED_BITS / 8] = { [10] = 0xff, [11] = 0xff };

static int refuse(const char **why, const char *reason)
{
	*why = reason;
	return -EINVAL;
}

/* For reasons that hold a number. */
__attribute__((format(printf, 2, 3))) static int refuse_with(const char **why, const char *format,
							     ...)
{
	static _Thread_local char sentence[128];
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	return refuse(why, sentence);
}

/* The @len digits at @text, saturating above 2^32; -EINVAL if they are not digits, or none. */
static int parse_digits(const char *text, size_t len, uint64_t *value)
{
	uint64_t sum = 0;

	if (!len || strspn(text, DIGITS) < len)
		return -EINVAL;
	for (size_t i = 0; i < len && sum <= UINT32_MAX; i++)
		sum = sum * 10 + (uint64_t)(text[i] - '0');
	*value = sum;
	return 0;
}

int text_parse_number(const char *text, uint32_t min, uint32_t max, uint32_t *value,
		      const char **why)
{
	uint64_t parsed;

	if (parse_digits(text, strlen(text), &parsed))
		return refuse_with(why, "is not a whole number; write %u to %u", min, max);
	if (parsed < min || parsed > max)
		return refuse_with(why, "is out of range; write %u to %u", min, max);
	*value = (uint32_t)parsed;
	return 0;
}

int text_parse_burst(const char *text, uint32_t *burst, const char **why)
{
	return text_parse_number(text, 1, LIMIT_BURST_MAX, burst, why);
}

int text_parse_rate(const char *text, struct rate *rate, const char **why)
{
	size_t len = strcspn(text, "/");
	uint64_t count;
	uint16_t per_sec;

	if (!strcmp(text, "unlimited")) {
		*rate = (struct rate){ .unlimited = true };
		return 0;
	}
	if (parse_digits(text, len, &count)) {
		if (len > 1 && strspn(text, DIGITS ".") == len)
			return refuse(why, "is not a whole number; below 1/s write N/m or N/h");
		return refuse(why, "is not a rate; write N/s, N/m, N/h or unlimited");
	}
	if (!text[len])
		return refuse(why, "has no unit; write N/s, N/m or N/h");
	if (!strcmp(text + len, "/s"))
		per_sec = 1;
	else if (!strcmp(text + len, "/m"))
		per_sec = 60;
	else if (!strcmp(text + len, "/h"))
		per_sec = 3600;
	else
		return refuse(why, "has an unknown unit; write N/s, N/m or N/h");
	if (count > (uint64_t)LIMIT_RATE_MAX * per_sec)
		return refuse_with(why, "is too high; write at most %u/s, or unlimited",
				   LIMIT_RATE_MAX);
	*rate = (struct rate){ .count = (uint32_t)count, .per_sec = per_sec };
	return 0;
}

int text_list_next(const char **list, char *element, size_t size)
{
	const char *start = *list + strspn(*list, BLANKS);
	size_t len = strcspn(start, BLANKS ",");
	const char *next = start + len + strspn(start + len, BLANKS);

	if (!*start)
		return 0;
	if (*next == ',') {
		next += 1 + strspn(next + 1, BLANKS);
		if (!*next || *next == ',')
			return -EINVAL;
	}
	if (!len)
		return -EINVAL;
	if (len >= size)
		len = size - 1;
	memcpy(element, start, len);
	element[len] = '\0';
	*list = next;
	return 1;
}

int text_parse_ports(const char *text, uint64_t ports[PORTS / 64], const char **why)
{
	uint64_t found[PORTS / 64] = { 0 };
	unsigned int count = 0;
	char element[8];
	int more;

	while ((more = text_list_next(&text, element, sizeof(element))) > 0) {
		uint64_t port, bit;

		size_t len = strlen(element);

		if (parse_digits(element, len, &port))
			return refuse(why, "is not a list of ports; write each port, as in "
					   "1883, 8883");
		/* a longer one may have been cut */
		if (!port || port >= PORTS || len > sizeof("65535") - 1)
			return refuse(why, "holds a number that is no port; write 1 to 65535");
		bit = 1ULL << (port % 64);
		if (found[port / 64] & bit)
			return refuse_with(why, "names port %u twice; remove one", (uint16_t)port);
		found[port / 64] |= bit;
		count++;
	}
	if (more < 0)
		return refuse(why, "has a comma with nothing beside it; remove it");
	if (!count)
		return refuse(why, "is empty; write ports, as in 1883, 8883");
	memcpy(ports, found, sizeof(found));
	return 0;
}

struct addr text_mask(uint8_t len)
{
	uint64_t hi = len >= 64 ? ~0ULL : ~(~0ULL >> len);
	uint64_t lo = len >= 128 ? ~0ULL : len > 64 ? ~(~0ULL >> (len - 64)) : 0;

	return (struct addr){ .hi = htobe64(hi), .lo = htobe64(lo) };
}

/* ADDRESS or ADDRESS/LENGTH as said, with whatever bits stand behind the length. */
static int parse_network(const char *text, struct addr *addr, uint8_t *len, const char **why)
{
	size_t address_len = strcspn(text, "/");
	char address[INET6_ADDRSTRLEN];
	uint8_t bytes[16], before = 0;
	uint64_t bits;

	if (address_len >= sizeof(address))
		return refuse(why, "is not an address; write ADDRESS or ADDRESS/LENGTH");
	memcpy(address, text, address_len);
	address[address_len] = '\0';
	if (inet_pton(AF_INET, address, bytes + sizeof(mapped_start)) == 1) {
		memcpy(bytes, mapped_start, sizeof(mapped_start));
		before = MAPPED_BITS;
	} else if (inet_pton(AF_INET6, address, bytes) != 1) {
		return refuse(why, "is not an address; write ADDRESS or ADDRESS/LENGTH");
	}
	bits = 128U - before;
	text += address_len;
	if (*text) {
		size_t digits = strlen(text + 1);

		if (digits > 3 || parse_digits(text + 1, digits, &bits) || bits > 128U - before)
			return refuse_with(why, "has a wrong prefix length; write /0 to /%d",
					   128 - before);
	}
	memcpy(addr, bytes, sizeof(*addr));
	*len = (uint8_t)(before + bits);
	return 0;
}

int text_parse_prefix(const char *text, struct addr *prefix, uint8_t *len, const char **why)
{
	struct addr parsed, mask;
	uint8_t bits;

	if (parse_network(text, &parsed, &bits, why))
		return -EINVAL;
	mask = text_mask(bits);
	if ((parsed.hi & ~mask.hi) || (parsed.lo & ~mask.lo))
		return refuse(why, "has bits set behind the prefix length; clear them or "
				   "lengthen the prefix");
	*prefix = parsed;
	*len = bits;
	return 0;
}

static bool is_mapped(const struct addr *addr)
{
	return !memcmp(addr, mapped_start, sizeof(mapped_start));
}

int text_parse_source(const char *text, struct addr *prefix, uint8_t *len, bool *masked,
		      const char **why)
{
	struct addr parsed, mask;
	uint8_t bits;

	if (parse_network(text, &parsed, &bits, why))
		return -EINVAL;
	if (is_mapped(&parsed) && bits < MAPPED_BITS)
		return refuse(why, "is wider than all of IPv4; write /96 to /128, or "
				   "0.0.0.0/0 and an IPv6 prefix");
	mask = text_mask(bits);
	*masked = (parsed.hi & ~mask.hi) || (parsed.lo & ~mask.lo);
	*prefix = (struct addr){ parsed.hi & mask.hi, parsed.lo & mask.lo };
	*len = bits;
	return 0;
}

enum family text_family(const struct addr *prefix, uint8_t len, uint8_t *family_len)
{
	bool v4 = len >= MAPPED_BITS && is_mapped(prefix);

	*family_len = v4 ? len - MAPPED_BITS : len;
	return v4 ? FAMILY_V4 : FAMILY_V6;
}

static const struct unit {
	const char *name;
	uint64_t ns;
} units[] = {
	{ "d", 86400000000000 }, { "h", 3600000000000 }, { "m", 60000000000 },
	{ "s", 1000000000 },	 { "ms", 1000000 },	 { NULL, 0 },
};

int text_parse_duration(const char *text, uint64_t *ns, const char **why)
{
	size_t len = strspn(text, DIGITS);
	const struct unit *unit = units;
	uint64_t count;

	while (unit->name && strcmp(text + len, unit->name))
		unit++;
	if (!unit->name || parse_digits(text, len, &count))
		return refuse(why, "is not a duration; write Nms, Ns, Nm, Nh or Nd");
	if (!count || count > DURATION_MAX_NS / unit->ns)
		return refuse(why, "is out of range; write 1ms to 3650d");
	*ns = count * unit->ns;
	return 0;
}

int text_parse_name(const char *text, size_t max, const char **why)
{
	if (!*text)
		return refuse(why, "is empty; choose a name");
	if (text[strspn(text, NAME_CHARS)])
		return refuse(why, "has a character that names may not have; use letters, digits "
				   "and _ . @ -");
	if (*text == '-')
		return refuse(why, "begins with '-'; begin with another character");
	if (strlen(text) >= max)
		return refuse_with(why, "is too long; use at most %zu characters", max - 1);
	if (!strcmp(text, "all") || !strcmp(text, ".") || !strcmp(text, ".."))
		return refuse(why, "is reserved; choose another name");
	return 0;
}

char *text_rate(char *buf, size_t size, const struct limit *limit)
{
	char unit = limit->rate_per_sec == 3600 ? 'h' : limit->rate_per_sec == 60 ? 'm' : 's';

	if (limit->kind == LIMIT_UNLIMITED)
		snprintf(buf, size, "unlimited");
	else
		snprintf(buf, size, "%u/%c", limit->rate, unit);
	return buf;
}

char *text_prefix(char *buf, size_t size, const struct addr *prefix, uint8_t len)
{
	char address[INET6_ADDRSTRLEN] = "";
	uint8_t bytes[16];
	int before = 0;

	if (!len) {
		snprintf(buf, size, "any");
		return buf;
	}
	memcpy(bytes, prefix, sizeof(bytes));
	if (len >= MAPPED_BITS && !memcmp(bytes, mapped_start, sizeof(mapped_start))) {
		before = MAPPED_BITS;
		inet_ntop(AF_INET, bytes + sizeof(mapped_start), address, sizeof(address));
	} else {
		inet_ntop(AF_INET6, bytes, address, sizeof(address));
	}
	if (len >= 128)
		snprintf(buf, size, "%s", address);
	else
		snprintf(buf, size, "%s/%d", address, len - before);
	return buf;
}

char *text_source(char *buf, size_t size, const struct addr *prefix, uint8_t len)
{
	if (len)
		return text_prefix(buf, size, prefix, len);
	snprintf(buf, size, "::/0");
	return buf;
}

char *text_duration(char *buf, size_t size, uint64_t ns)
{
	const struct unit *unit = units;

	while (unit[1].name && ns < unit->ns)
		unit++;
	if (unit[1].name && ns % unit->ns >= unit[1].ns)
		snprintf(buf, size, "%" PRIu64 "%s %" PRIu64 "%s", ns / unit->ns, unit->name,
			 ns % unit->ns / unit[1].ns, unit[1].name);
	else
		snprintf(buf, size, "%" PRIu64 "%s", ns / unit->ns, unit->name);
	return buf;
}

char *text_ports(char *buf, size_t size, const uint64_t ports[PORTS / 64])
{
	static const char more[] = "...";
	char number[16];
	size_t used = 0, len;

	buf[0] = '\0';
	for (unsigned int port = 0; port < PORTS; port++) {
		if (!(ports[port / 64] & 1ULL << (port % 64)))
			continue;
		len = (size_t)snprintf(number, sizeof(number), "%s%u", used ? ", " : "", port);
		if (used + len + sizeof(", ...") > size) {
			snprintf(buf + used, size - used, "%s%s", used ? ", " : "", more);
			break;
		}
		memcpy(buf + used, number, len + 1);
		used += len;
	}
	return buf;
}

char *text_quote(char *buf, size_t size, const char *text)
{
	static const char more[] = "...";
	char shown[5];
	size_t used = 0, len;

	buf[0] = '\0';
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		len = (size_t)snprintf(shown, sizeof(shown), c < ' ' || c > '~' ? "\\x%02x" : "%c",
				       c);
		if (used + len + sizeof(more) > size) {
			snprintf(buf + used, size - used, "%s", more);
			break;
		}
		memcpy(buf + used, shown, len + 1);
		used += len;
	}
	return buf;
}
