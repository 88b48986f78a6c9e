// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "inject.h"

#include <errno.h>

#include <linux/bpf.h>
#include <bpf/bpf.h>

int inject_open(void)
{
	/* return XDP_PASS: too little for a program of its own under bpf/ */
	static const struct bpf_insn pass[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "weir_inject", "Dual BSD/GPL", pass,
			       sizeof(pass) / sizeof(pass[0]), NULL);

	return fd < 0 ? -errno : fd;
}

int inject_frame(int fd, uint32_t ifindex, const void *frame, uint32_t len)
{
	struct xdp_md md = { .data_end = len, .ingress_ifindex = ifindex };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = len, .ctx_in = &md,
		    .ctx_size_in = sizeof(md), .repeat = 1, .flags = BPF_F_TEST_XDP_LIVE_FRAMES,
		    .batch_size = 1);

	return bpf_prog_test_run_opts(fd, &opts) ? -errno : 0;
}
