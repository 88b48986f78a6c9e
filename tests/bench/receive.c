// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Attaches one of the compared XDP programs to a device, in native mode, for as long as its
 * standard input is open. Prints "ready"; then answers each line read with its counters.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "lib/contestant.h"

static const char usage[] = "usage: receive dev IF program NAME [config FILE]\n";

static int answer(const struct contestant *contestant)
{
	struct contestant_figures figures;
	int err;

	if (!contestant->counts) {
		printf("frames=0\n");
		return 0;
	}
	err = contestant_read(contestant, &figures);
	if (err) {
		fprintf(stderr, "receive: counters: %s\n", strerror(-err));
		return err;
	}
	printf("frames=%" PRIu64 " admitted=%" PRIu64 " source_limit=%" PRIu64
	       " site_limit=%" PRIu64 " listener_limit=%" PRIu64 " not_syn=%" PRIu64
	       " lossy=%llu evicted=%llu "
	       "memory=%" PRIu64 "\n",
	       figures.frames, figures.reasons[REASON_ADMITTED],
	       figures.reasons[REASON_SOURCE_LIMIT], figures.reasons[REASON_SITE_LIMIT],
	       figures.reasons[REASON_LISTENER_LIMIT], figures.reasons[REASON_NOT_SYN],
	       figures.table.evicted_in_debt, figures.table.evicted_full, figures.memory);
	return 0;
}

int main(int argc, char **argv)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = XDP_FLAGS_DRV_MODE);
	const char *dev = NULL, *program = NULL, *config = NULL;
	struct contestant contestant;
	int link, err = 0;
	char line[16];

	for (int i = 1; i + 1 < argc; i += 2) {
		if (!strcmp(argv[i], "dev"))
			dev = argv[i + 1];
		else if (!strcmp(argv[i], "program"))
			program = argv[i + 1];
		else if (!strcmp(argv[i], "config"))
			config = argv[i + 1];
	}
	if (!dev || !program) {
		fputs(usage, stderr);
		return 2;
	}
	if (contestant_load(&contestant, program, config))
		return 1;
	link = bpf_link_create(bpf_program__fd(contestant.program), if_nametoindex(dev), BPF_XDP,
			       &opts);
	if (link < 0) {
		fprintf(stderr, "receive: attaching to '%s': %s\n", dev, strerror(errno));
		return 1;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("ready");
	while (!err && fgets(line, sizeof(line), stdin))
		err = answer(&contestant);
	close(link);
	return err ? 1 : 0;
}
