/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Memory that other CPUs write, too: one access, where the program says so. */
#ifndef WEIR_ONCE_BPF_H
#define WEIR_ONCE_BPF_H

#define READ_ONCE(x) (*(const volatile typeof(x) *)&(x))
#define WRITE_ONCE(x, value) (*(volatile typeof(x) *)&(x) = (value))

#endif
