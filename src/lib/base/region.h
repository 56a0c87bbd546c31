/* SPDX-License-Identifier: MIT */
/* region.h - a region of memory: many small objects, freed as a whole. A schema or a plan is one region. */
#ifndef MO_REGION_H
#define MO_REGION_H

#include <stdarg.h>
#include <stddef.h>

typedef struct mo_region mo_region;

/* NULL when there is no memory. */
mo_region *mo_region_new(void);
void mo_region_free(mo_region *r); /* takes NULL */

/* Zeroed, aligned for any type; NULL when there is no memory. A size of 0 gives a valid pointer. */
void *mo_region_alloc(mo_region *r, size_t size);
char *mo_region_dup(mo_region *r, const char *s); /* NULL for NULL, or when there is no memory */
char *mo_region_dupn(mo_region *r, const char *s, size_t n);
char *mo_region_printf(mo_region *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A growing array inside a region. Declare with MO_VEC(T) name; zeroed is empty. */
#define MO_VEC(T)                                                                                                      \
    struct {                                                                                                           \
        T *items;                                                                                                      \
        size_t count, capacity;                                                                                        \
    }
/* Makes room for one more. 0, or -1 when there is no memory (the array is as it was). */
int mo_vec_grow(mo_region *r, void **items, size_t *capacity, size_t count, size_t item_size);
/* Appends; an int expression: 0, or -1 when there is no memory. */
#define mo_vec_push(r, vec, item)                                                                                      \
    (mo_vec_grow((r), (void **)&(vec)->items, &(vec)->capacity, (vec)->count, sizeof *(vec)->items)                    \
         ? -1                                                                                                          \
         : ((vec)->items[(vec)->count++] = (item), 0))

#endif
