// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A name whose address changes between two look-ups, for LD_PRELOAD: getaddrinfo() of "twice" gives
 * $FIRST_ANSWER, and any time after that $SECOND_ANSWER.
 */
#include <dlfcn.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
		struct addrinfo **found)
{
	static int asked;
	/* a function pointer is not to be cast from an object pointer */
	union {
		void *symbol;
		int (*call)(const char *, const char *, const struct addrinfo *,
			    struct addrinfo **);
	} real = { dlsym(RTLD_NEXT, "getaddrinfo") };

	if (!real.symbol)
		return EAI_FAIL;
	if (name && !strcmp(name, "twice"))
		name = getenv(asked++ ? "SECOND_ANSWER" : "FIRST_ANSWER");
	return real.call(name, service, hints, found);
}
