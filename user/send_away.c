// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "send_away.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "syn_frame.h"

/* It receives nothing, having no protocol. Frames do not wait in a qdisc, where nobody else's would be
 * reordered by them, nor do they pass the program that tracks set-ups. */
int send_away_open(void)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), yes = 1, err;

	if (fd < 0)
		return -errno;
	if (!setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &yes, sizeof(yes)))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int send_away(int fd, uint32_t ifindex, const void *frame, uint32_t len)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = (int)ifindex };
	uint8_t reply[SYN_FRAME_RESET_MAX];
	size_t reply_len = syn_frame_reset(reply, frame, len);

	if (!reply_len)
		return -EINVAL;
	return sendto(fd, reply, reply_len, 0, (struct sockaddr *)&to, sizeof(to)) < 0 ? -errno : 0;
}
