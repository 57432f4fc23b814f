/* Tables of fields (ntkit/describe.h) in the making. A type is taken from the struct itself, so
 * that the two cannot disagree. Before a table, ROW is the struct's name. */
#ifndef NTK_BASE_DESCRIBE_H
#define NTK_BASE_DESCRIBE_H

#include "base/status.h"

#include "ntkit/describe.h"

#include <stddef.h>

_Static_assert(sizeof(size_t) == sizeof(uint64_t), "NTK_TYPE_WHOLE is read as one of 64 bits");

/* clang-format off */
#define NTK_TYPE_OF(m)                                                                        \
  _Generic(((ROW *)0)->m, double: NTK_TYPE_REAL, unsigned long: NTK_TYPE_WHOLE,               \
           unsigned long long: NTK_TYPE_WHOLE, int: NTK_TYPE_INT, bool: NTK_TYPE_FLAG,        \
           const char *: NTK_TYPE_TEXT,                                                       \
           char *: sizeof(((ROW *)0)->m) == sizeof(char *) ? NTK_TYPE_TEXT : NTK_TYPE_LINE)
/* clang-format on */

/* A field by its own name, or by another; APART: not in the JSON object. */
#define NTK_NAMED(its_name, m, its_unit, ...)                                  \
  .name = (its_name), .member = #m, .unit = (its_unit), .help = (__VA_ARGS__), \
  .type = NTK_TYPE_OF(m), .offset = offsetof(ROW, m)
#define NAMED(its_name, m, its_unit, its_help) \
  { NTK_NAMED(its_name, m, its_unit, its_help) }
#define FIELD(m, its_unit, its_help) \
  { NTK_NAMED(#m, m, its_unit, its_help) }
#define APART(m, its_unit, its_help) \
  { NTK_NAMED(#m, m, its_unit, its_help), .apart = true }

/* low and high stand one after the other. */
#define PAIR(its_name, low, high, its_help)                                        \
  {                                                                                \
    .name = (its_name), .member = #low ", " #high, .unit = "", .help = (its_help), \
    .type = NTK_TYPE_PAIR, .offset = offsetof(ROW, low)                            \
  }
#define OBJECT(m, its_table, its_help)                                                 \
  {                                                                                    \
    .name = #m, .member = #m, .unit = "", .help = (its_help), .type = NTK_TYPE_OBJECT, \
    .offset = offsetof(ROW, m), .of = &(its_table)                                     \
  }
#define NTK_OBJECTS(its_name, m, counter, its_table, its_help)                           \
  .name = (its_name), .member = #m ", " #counter, .unit = "", .help = (its_help),        \
  .type = NTK_TYPE_OBJECTS, .offset = offsetof(ROW, m), .count = offsetof(ROW, counter), \
  .of = &(its_table)
#define OBJECTS(its_name, m, counter, its_table, its_help) \
  { NTK_OBJECTS(its_name, m, counter, its_table, its_help) }
#define REALS(m, counter, is_apart, its_help)                                         \
  {                                                                                   \
    .name = #m, .member = #m, .unit = "", .help = (its_help), .type = NTK_TYPE_REALS, \
    .apart = (is_apart), .offset = offsetof(ROW, m), .count = offsetof(ROW, counter)  \
  }
#define NTK_COMPUTED(its_name, members, its_type, function, its_help)                          \
  .name = (its_name), .member = (members), .unit = "", .help = (its_help), .type = (its_type), \
  .compute = (function)
#define COMPUTED(its_name, members, its_type, function, its_help) \
  { NTK_COMPUTED(its_name, members, its_type, function, its_help) }
/* A judgement, which was called status. */
#define VERDICT(members, function, its_help) \
  { NTK_COMPUTED("verdict", members, NTK_TYPE_TEXT, function, its_help), .former = "status" }

#define NTK_STRING_OF(x) #x
#define NTK_STRING(x) NTK_STRING_OF(x)
/* The description that a table of fields makes; place: ntk_description.position. */
#define DESCRIPTION(table, place, its_help)                                                \
  {                                                                                        \
    .name = NTK_STRING(ROW), .help = (its_help), .position = (place), .size = sizeof(ROW), \
    .fields = sizeof(table) / sizeof(table)[0], .field = (table)                           \
  }

/* What COMPUTED's functions return. */
ntk_field_value ntk_field_real(double value);
NTK_SIBLING ntk_field_value ntk_field_text(const char *text);
ntk_field_value ntk_field_flag(bool known, bool value);

/* The one of that name in a list, or NULL. */
NTK_SIBLING const ntk_description *ntk_description_find(const ntk_description *const *list,
                                                        size_t count, const char *name);

#endif
