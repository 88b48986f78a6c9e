// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Every message that a configuration file can cause. Those of its bounds: test_config_bounds.c. */
#include "reading.h"

#define L "[listener a]\n"
#define P "[listener a]\nports = 1883\n"
#define KEYS_OF_WEIR                                                                       \
	"devices, mode, xdp, sources, v4-prefix, v6-prefix, v4-site, v6-site, host-rate, " \
	"host-burst"
#define KEYS_OF_LISTENER                                                                    \
	"ports, addresses, excess, delay-max, queue-entries, reserve, setup, connack-max, " \
	"window, window-min, window-max, target, floor, fallback-rate, "                    \
	"reject-rate, reject-burst, rate, "                                                 \
	"burst, site-rate, site-burst, source-rate, source-burst"

/* clang-format off */
static const struct {
	const char *text;
	const char *messages;
} rows[] = {
	/* sections */
	{ "", "" },
	{ "[weir]\n", "" },
	{ P, "" },
	{ "[listen a]\nports = x\n",
	  "f:1: unknown section 'listen a': there is no such section; did you mean 'listener'?\n" },
	{ "[]\n", "f:1: unknown section '': there is no such section; write [weir], [listener "
		  "NAME], [prefix ADDRESS/LENGTH] or [signal NAME]\n" },
	{ "[weir\n", "f:1: section '[weir': has no ']'; write [weir] or [listener NAME]\n" },
	{ "[weir] mode = enforce\n",
	  "f:1: section '[weir] mode = enforce': has text behind its ']'; move it to a line of its "
	  "own\n" },
	{ "[weir x]\n", "f:1: section 'weir x': takes no name; write [weir]\n" },
	{ "[weir]\n\n[weir]\n",
	  "f:3: section 'weir': was begun in line 1 already; join the two\n" },
	{ "[listener]\n", "f:1: section 'listener': has no name; write [listener NAME]\n" },
	{ "[listener a b]\n",
	  "f:1: listener name 'a b': has a character that names may not have; use letters, digits "
	  "and _ . @ -\n" },
	{ "[listener all]\n", "f:1: listener name 'all': is reserved; choose another name\n" },
	{ "[listener site]\n",
	  "f:1: listener name 'site': is the word for a level of limits; choose another name\n" },
	{ "[listener a2345678901234567890123456789012]\n",
	  "f:1: listener name 'a2345678901234567890123456789012': is too long; use at most 31 "
	  "characters\n" },
	{ P "[listener b]\nports = 1\n" P,
	  "f:5: listener 'a': was begun in line 1 already; join the two or rename one\n" },
	{ P "[listener a]\nrate = 1\n",
	  "f:3: listener 'a': was begun in line 1 already; join the two or rename one\n"
	  "f:4: rate '1': has no unit; write N/s, N/m or N/h\n" },

	/* lines */
	{ "mode = enforce\n",
	  "f:1: key 'mode': stands in no section; begin with [weir] or [listener NAME]\n" },
	{ "[weir]\nenforce\n", "f:2: line 'enforce': has no '='; write KEY = VALUE\n" },
	{ "[weir]\nenforce", "f:2: line 'enforce': has no '='; write KEY = VALUE\n" },
	{ "[weir]\nenforce ; mode = x\n",
	  "f:2: line 'enforce ; mode = x': has no '='; write KEY = VALUE\n" },
	{ "[weir]\nmode = observe\rxdp = auto\r",
	  "f:2: line: holds a control character; is this a text file?\n" },
	{ "[weir]\nmode = \x1b[2J\n",
	  "f:2: line: holds a control character; is this a text file?\n" },

	/* keys */
	{ "[weir]\nmod = enforce\n",
	  "f:2: unknown key 'mod': [weir] has no such key; did you mean 'mode'?\n" },
	{ P "widths = 1\n",
	  "f:3: unknown key 'widths': [listener a] has no such key; write one of "
	  KEYS_OF_LISTENER "\n" },
	{ "[weir]\nx = 1\n",
	  "f:2: unknown key 'x': [weir] has no such key; write one of " KEYS_OF_WEIR "\n" },
	{ "[weir]\n= 1\n",
	  "f:2: unknown key '': [weir] has no such key; write one of " KEYS_OF_WEIR "\n" },
	{ "[weir]\nrate = 1/s\n",
	  "f:2: unknown key 'rate': it does not belong in [weir]; move it to [listener NAME]\n" },
	{ P "mode = enforce\n",
	  "f:3: unknown key 'mode': it does not belong in [listener a]; move it to [weir]\n" },
	{ "[weir]\nmode = observe\n\nmode = observe\n",
	  "f:4: key 'mode': was given in line 2 already; remove one\n" },
	{ "[weir]\nmode = x\nmode = observe\n",
	  "f:2: mode 'x': is not a mode; write observe or enforce\n"
	  "f:3: key 'mode': was given in line 2 already; remove one\n" },

	/* values */
	{ "[weir]\nmode =\n", "f:2: mode '': is empty; write a value or remove the key\n" },
	{ P "addresses = ; none\n",
	  "f:3: addresses '': is empty; write a value or remove the key\n" },
	{ "[weir]\nmode = on\n", "f:2: mode 'on': is not a mode; write observe or enforce\n" },
	{ "[weir]\nxdp = skb\n",
	  "f:2: xdp 'skb': is not a way to attach; write auto, native or generic\n" },
	{ "[weir]\ndevices = eth0, eth0\n",
	  "f:2: devices 'eth0, eth0': names a device twice; remove one\n" },
	{ "[weir]\ndevices = eth0,\n",
	  "f:2: devices 'eth0,': has a comma with nothing beside it; remove it\n" },
	{ "[weir]\ndevices = a23456789012345\n", "" },
	{ "[weir]\ndevices = a234567890123456\n",
	  "f:2: devices 'a234567890123456': is not a list of device names; write them as in eth0, "
	  "eth1\n" },
	{ "[weir]\ndevices = eth/0\n",
	  "f:2: devices 'eth/0': is not a list of device names; write them as in eth0, eth1\n" },
	{ "[weir]\ndevices = a b c d e f g h i j k l m n o p q\n",
	  "f:2: devices 'a b c d e f g h i j k l m n o p q': has too many devices; an instance has "
	  "at most 16\n" },
	{ "[weir]\nsources = 63\n",
	  "f:2: sources '63': must be 64 to 268435456; each takes 16 bytes of memory\n" },
	{ "[weir]\nsources = 268435457\n",
	  "f:2: sources '268435457': must be 64 to 268435456; each takes 16 bytes of memory\n" },
	{ "[weir]\nsources = 1M\n",
	  "f:2: sources '1M': must be 64 to 268435456; each takes 16 bytes of memory\n" },
	{ "[weir]\nv4-prefix = 33\n",
	  "f:2: v4-prefix '33': is out of range; write 8 to 32\n" },
	{ "[weir]\nv4-prefix = /24\n",
	  "f:2: v4-prefix '/24': is not a whole number; write 8 to 32\n" },
	{ "[weir]\nv6-site = 15\n", "f:2: v6-site '15': is out of range; write 16 to 128\n" },
	{ "[weir]\nhost-rate = fast\n",
	  "f:2: host-rate 'fast': is not a rate; write N/s, N/m, N/h or unlimited\n" },
	{ "[weir]\nhost-burst = 0\n",
	  "f:2: host-burst '0': is out of range; write 1 to 10000000\n" },
	{ P "rate = 10/s # ten\n", "f:3: rate '10/s # ten': has an unknown unit; write N/s, N/m or "
	  "N/h\n" },
	{ L "ports = mqtt\n",
	  "f:2: ports 'mqtt': is not a list of ports; write each port, as in 1883, 8883\n" },
	{ P "excess = dorp\nreject-rate = 1/s\n",
	  "f:3: excess 'dorp': is not known; did you mean 'drop'?\n" },
	{ P "excess = tarpit\n",
	  "f:3: excess 'tarpit': is not known; write delay, drop or reject\n" },
	{ P "delay-max = auto\nqueue-entries = 16\n", "" },
	{ P "delay-max = 100ms\nqueue-entries = 16777216\n", "" },
	{ P "delay-max = 1m\n", "" },
	{ P "delay-max = 500\n",
	  "f:3: delay-max '500': is not a time; write auto, or a time from 100ms to 60s\n" },
	{ P "delay-max = 99ms\n",
	  "f:3: delay-max '99ms': is out of range; write auto, or a time from 100ms to 60s\n" },
	{ P "delay-max = 61s\n",
	  "f:3: delay-max '61s': is out of range; write auto, or a time from 100ms to 60s\n" },
	{ P "delay-max = 0s\n",
	  "f:3: delay-max '0s': is not a time; write auto, or a time from 100ms to 60s\n" },
	{ P "window = off\nwindow-min = 1\nwindow-max = 20000\ntarget = 5ms\nfloor = auto\n"
	  "fallback-rate = auto\n", "" },
	{ P "window = 1\ntarget = 60s\nfloor = 1/h\nfallback-rate = 1000000/s\n", "" },
	{ P "window = 20000\nwindow-min = 9\nwindow-max = 9\n", "" },
	{ P "window = 0\n", "f:3: window '0': is not a window; write auto, off, or a number from 1 to "
	  "20000\n" },
	{ P "window = 20001\n", "f:3: window '20001': is not a window; write auto, off, or a number "
	  "from 1 to 20000\n" },
	{ P "window-min = 0\nwindow-max = 20001\n",
	  "f:3: window-min '0': must be 1 to 20000\nf:4: window-max '20001': must be 1 to 20000\n" },
	{ P "window-min = 10\nwindow-max = 9\n",
	  "f:1: listener 'a': window-min 10 is more than window-max 9; lower it\n" },
	{ P "target = 4ms\n", "f:3: target '4ms': is out of range; write a time from 5ms to 60s\n" },
	{ P "target = fast\n", "f:3: target 'fast': is not a time; write one from 5ms to 60s\n" },
	{ P "floor = 0/s\n", "f:3: floor '0/s': is no bound; write auto or a rate above 0\n" },
	{ P "fallback-rate = unlimited\n",
	  "f:3: fallback-rate 'unlimited': is no bound; write auto or a rate above 0\n" },
	{ P "rate = 10/s\nfloor = 600/m\nfallback-rate = 36000/h\n", "" },
	{ P "rate = 10/s\nfloor = 601/m\nfallback-rate = 36001/h\n",
	  "f:1: listener 'a': floor is more than rate; lower it, write auto, or raise rate\n"
	  "f:1: listener 'a': fallback-rate is more than rate; lower it, write auto, or raise rate\n" },
	{ P "rate = 0/s\nfloor = 9/s\nfallback-rate = 9/s\n", "" },
	{ P "rate = many\nfloor = 9/s\n",
	  "f:3: rate 'many': is not a rate; write N/s, N/m, N/h or unlimited\n" },
	{ P "queue-entries = 15\n",
	  "f:3: queue-entries '15': must be 16 to 16777216; each takes about 550 bytes of memory of "
	  "`weir run`\n" },
	{ P "queue-entries = 16777217\nqueue-entrys = 7\n",
	  "f:3: queue-entries '16777217': must be 16 to 16777216; each takes about 550 bytes of "
	  "memory of `weir run`\n"
	  "f:4: unknown key 'queue-entrys': [listener a] has no such key; did you mean "
	  "'queue-entries'?\n" },
	{ P "reject-rate = often\nreject-burst = 5\n",
	  "f:3: reject-rate 'often': is not a rate; write N/s, N/m, N/h or unlimited\n" },
	{ P "reject-burst = 0\n",
	  "f:3: reject-burst '0': is out of range; write 1 to 10000000\n" },
	{ "[weir]\nmode = enfroce\nxdp = Native\n",
	  "f:2: mode 'enfroce': is not a mode; did you mean 'enforce'?\n"
	  "f:3: xdp 'Native': is not a way to attach; did you mean 'native'?\n" },
	{ P "addresses = 192.0.2.1, 192.0.2.300\n",
	  "f:3: addresses '192.0.2.300': is not an address; write ADDRESS or ADDRESS/LENGTH\n" },
	{ P "addresses = 192.0.2.1, ::ffff:192.0.2.1\n",
	  "f:3: addresses '::ffff:192.0.2.1': is given twice; remove one\n" },
	{ P "addresses = 192.0.2.1,,192.0.2.2\n",
	  "f:3: addresses '192.0.2.1,,192.0.2.2': has a comma with nothing beside it; remove it\n" },
	{ P "addresses = ::1 ::2 ::3 ::4 ::5 ::6 ::7 ::8 ::9 ::a ::b ::c ::d ::e ::f ::10 ::11\n",
	  "f:3: addresses '::11': is one too many; a listener has at most 16 addresses, a prefix "
	  "covers several\n" },

	/* between keys */
	{ "[weir]\nv4-site = 24\nv4-prefix = 20\n",
	  "f:1: v4-site '24': is narrower than v4-prefix; write 20 or less\n" },
	{ "[weir]\nv4-site = 32\nv6-site = 64\n", "" },
	{ "\n[weir]\nv6-site = 65\n",
	  "f:2: v6-site '65': is narrower than v6-prefix; write 64 or less\n" },
	{ "[weir]\nhost-burst = 5\n",
	  "f:1: host-burst '5': has no rate that refills it; give the rate, too\n" },
	{ P "site-burst = 5\nsite-rate = unlimited\n",
	  "f:1: listener 'a' site-burst '5': has no rate that refills it; give the rate, too\n" },
	{ P "source-rate = 1/h\nsource-burst = 640511\n", "" },
	{ P "source-rate = 1/h\nsource-burst = 640512\n",
	  "f:1: listener 'a' source-burst '640512': takes more than 73 years to refill; lower the "
	  "burst or raise the rate\n" },
	{ P "rate = 0/s\nburst = 5\n", "" },
	{ P "excess = reject\nreject-burst = 5\n", "" },
	{ P "excess = reject\nreject-rate = unlimited\nreject-burst = 5\n",
	  "f:1: listener 'a' reject-burst '5': has no rate that refills it; give the rate, too\n" },
	{ P "reject-rate = 5/s\n", "" },
	{ L "rate = 5/s\n", "f:1: listener 'a': has no ports; write ports = 1883, 8883\n" },
	{ P "[listener b]\nports = 1, 1883\n",
	  "f:3: listener 'b': port 1883 to any address belongs to listener 'a' (line 1) already; "
	  "remove it from one\n" },
	{ P "addresses = 10.0.0.0/8, 192.0.2.0/24\n[listener b]\nports = 1883\naddresses = "
	  "192.0.2.0/24\n",
	  "f:4: listener 'b': port 1883 to 192.0.2.0/24 belongs to listener 'a' (line 1) already; "
	  "remove it from one\n" },
	{ P "[listener b]\nports = 1883\naddresses = ::/0\n",
	  "f:3: listener 'b': port 1883 to any address belongs to listener 'a' (line 1) already; "
	  "remove it from one\n" },
	{ P "addresses = 10.0.0.0/8\n[listener b]\nports = 1883\naddresses = 10.0.0.0/9\n"
	  "[listener c]\nports = 1883\n", "" },
	{ P "addresses = ::1 ::2 ::3 ::4 ::5 ::6 ::7 ::8 ::9 ::a ::b ::c ::d ::e ::f ::10\n"
	  "[listener b]\nports = 1883\n",
	  "f:4: listener 'b': port 1883 has more than 16 addresses over all listeners; join some "
	  "into wider prefixes\n" },

	/* all of them, and none that follows from another */
	{ "[weir]\nmode = x\nxdp = y\n" L "ports = z\n",
	  "f:2: mode 'x': is not a mode; write observe or enforce\n"
	  "f:3: xdp 'y': is not a way to attach; write auto, native or generic\n"
	  "f:5: ports 'z': is not a list of ports; write each port, as in 1883, 8883\n" },
	{ "[weir]\nxdp = y\nv4-site = 32\nv4-prefix = 24\nv6-site = 65\nv6-prefix = x\n"
	  "host-rate = x\nhost-burst = 5\n" P "rate = 5\nburst = 5\nsite-burst = 5\n"
	  "[listener b]\nrate = 5/s\n",
	  "f:2: xdp 'y': is not a way to attach; write auto, native or generic\n"
	  "f:6: v6-prefix 'x': is not a whole number; write 16 to 128\n"
	  "f:7: host-rate 'x': is not a rate; write N/s, N/m, N/h or unlimited\n"
	  "f:11: rate '5': has no unit; write N/s, N/m or N/h\n"
	  "f:1: v4-site '32': is narrower than v4-prefix; write 24 or less\n"
	  "f:9: listener 'a' site-burst '5': has no rate that refills it; give the rate, too\n"
	  "f:14: listener 'b': has no ports; write ports = 1883, 8883\n" },
	{ P "addresses = 192.0.2.300\n[listener b]\nports = 1883\n[listener c]\nprots = 1884\n"
	  "[listener d]\nports 1885\n[listener e]\nports = 1883\n",
	  "f:3: addresses '192.0.2.300': is not an address; write ADDRESS or ADDRESS/LENGTH\n"
	  "f:7: unknown key 'prots': [listener c] has no such key; did you mean 'ports'?\n"
	  "f:9: line 'ports 1885': has no '='; write KEY = VALUE\n"
	  "f:10: listener 'e': port 1883 to any address belongs to listener 'b' (line 4) already; "
	  "remove it from one\n" },
};
/* clang-format on */

static void test_messages(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		expect(rows[i].text, strlen(rows[i].text), rows[i].messages);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
