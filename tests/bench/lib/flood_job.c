// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "flood_job.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "words.h"

#define SECONDS_DEFAULT 10.0
#define SECONDS_MAX 600.0
#define RATE_MAX 10000000 /* times SECONDS_MAX in ns fits 64 bits */

static const char usage[] =
	"usage: flood dev IF dst ADDR dport N src PREFIX [sources N] [order random|sequential]\n"
	"             [count N] [rate PPS|max] [seconds S] [mix established PERCENT]\n"
	"             [dmac MAC] [vlan ID [vlan ID]] [seed N] [cpu N]\n"
	"Sends SYNs with right checksums to ADDR, each from one of the addresses of PREFIX (of N "
	"of\n"
	"them; for IPv6 one in each /64 if PREFIX is shorter), until count or seconds (10) is "
	"reached.\n"
	"PERCENT of the frames are ACKs instead. dmac defaults to the other end of a veth.\n"
	"Prints one line: sent=FRAMES refused=FRAMES seconds=S pps=N cpu_seconds=S. Frames that "
	"the\n"
	"device refused (ring full) are replaced; status 1 if fewer than count were sent.\n";

/* Sets spec->v6; both addresses must agree in it. */
static int parse_addr(struct job *job, const char *text, struct in6_addr *addr)
{
	bool v6 = strchr(text, ':');

	if ((job->has_dst || job->has_src) && v6 != job->spec.v6)
		return -EINVAL;
	job->spec.v6 = v6;
	return inet_pton(v6 ? AF_INET6 : AF_INET, text, addr) == 1 ? 0 : -EINVAL;
}

static int parse_prefix(struct job *job, const char *text)
{
	char copy[INET6_ADDRSTRLEN + 4], *slash;
	uint64_t len;

	if (strlen(text) >= sizeof(copy))
		return -EINVAL;
	strcpy(copy, text);
	slash = strchr(copy, '/');
	if (slash)
		*slash = 0;
	if (parse_addr(job, copy, &job->spec.src))
		return -EINVAL;
	len = job->spec.v6 ? 128 : 32;
	if (slash && parse_whole(slash + 1, 0, len, &len))
		return -EINVAL;
	job->spec.src_len = len;
	cut_to_prefix(&job->spec.src, len);
	return 0;
}

static int parse_word(struct job *job, const char *word, const char *value)
{
	struct frame_spec *spec = &job->spec;
	uint64_t number;
	double percent;
	int err;

	if (!strcmp(word, "dev")) {
		job->dev = value;
		return 0;
	}
	if (!strcmp(word, "dst")) {
		err = parse_addr(job, value, &spec->dst);
		job->has_dst = true;
		return err;
	}
	if (!strcmp(word, "src")) {
		err = parse_prefix(job, value);
		job->has_src = true;
		return err;
	}
	if (!strcmp(word, "dmac")) {
		job->has_dmac = true;
		return parse_mac(value, spec->dmac);
	}
	if (!strcmp(word, "dport")) {
		err = parse_whole(value, 1, 65535, &number);
		spec->dport = number;
		return err;
	}
	if (!strcmp(word, "vlan")) {
		err = parse_whole(value, 0, 4094, &number);
		if (err || spec->vlans_count == FRAME_VLANS_MAX)
			return -EINVAL;
		spec->vlan[spec->vlans_count++] = number;
		return 0;
	}
	if (!strcmp(word, "order")) {
		job->sequential = !strcmp(value, "sequential");
		return job->sequential || !strcmp(value, "random") ? 0 : -EINVAL;
	}
	if (!strcmp(word, "rate")) {
		job->rate = 0;
		return !strcmp(value, "max") ? 0 : parse_number(value, 1, RATE_MAX, &job->rate);
	}
	if (!strcmp(word, "established")) {
		err = parse_number(value, 0, 100, &percent);
		job->established = percent / 100;
		return err;
	}
	if (!strcmp(word, "sources"))
		return parse_whole(value, 1, 1ULL << 32, &spec->sources);
	if (!strcmp(word, "count"))
		return parse_whole(value, 1, 1e12, &job->count);
	if (!strcmp(word, "seconds"))
		return parse_number(value, 0.001, SECONDS_MAX, &job->seconds);
	if (!strcmp(word, "seed"))
		return parse_whole(value, 0, 1e15, &job->seed);
	if (!strcmp(word, "cpu")) {
		err = parse_whole(value, 0, CPU_SETSIZE - 1, &number);
		job->cpu = number;
		return err;
	}
	return -ENOENT;
}

int job_parse(struct job *job, int argc, char **argv)
{
	*job = (struct job){ .seconds = SECONDS_DEFAULT, .cpu = -1 };
	for (int i = 1; i < argc; i += 2) {
		int err;

		if (!strcmp(argv[i], "mix") && ++i == argc)
			return -EINVAL;
		if (i + 1 == argc) {
			fprintf(stderr, "flood: '%s': a value is missing\n%s", argv[i], usage);
			return -EINVAL;
		}
		err = parse_word(job, argv[i], argv[i + 1]);
		if (err) {
			fprintf(stderr, "flood: '%s %s': %s\n%s", argv[i], argv[i + 1],
				err == -ENOENT ? "no such word" : "not understood", usage);
			return -EINVAL;
		}
	}
	if (job->dev && job->has_dst && job->has_src && job->spec.dport)
		return 0;
	fprintf(stderr, "flood: dev, dst, dport and src are needed\n%s", usage);
	return -EINVAL;
}
