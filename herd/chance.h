/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Seeded randomness: the same seed gives the same numbers on every machine. Each device has a state
 * of its own, so that what it draws does not depend on the order in which events arrive. Pure.
 * The generator is splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators).
 */
#ifndef HERD_CHANCE_H
#define HERD_CHANCE_H

#include <stdint.h>

struct chance {
	uint64_t state;
};

static inline uint64_t chance_next(struct chance *chance)
{
	uint64_t z = chance->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

/* The state of number @number among those of one @seed. */
static inline struct chance chance_seed(uint64_t seed, uint64_t number)
{
	struct chance chance = { .state = seed };

	chance.state = chance_next(&chance) ^ number * 0xd1342543de82ef95ULL;
	return chance;
}

/* In [0, 1). */
static inline double chance_unit(struct chance *chance)
{
	return (double)(chance_next(chance) >> 11) * 0x1p-53;
}

/* In [min, max]; @min if @max is not above it. */
static inline uint64_t chance_between(struct chance *chance, uint64_t min, uint64_t max)
{
	if (max <= min)
		return min;
	return min + (uint64_t)(chance_unit(chance) * (double)(max - min + 1));
}

#endif
