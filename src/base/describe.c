#include "base/describe.h"

#include <math.h>
#include <string.h>

ntk_field_value ntk_field_real(double value) {
  return (ntk_field_value){.known = isfinite(value), .real = value};
}

ntk_field_value ntk_field_text(const char *text) {
  return (ntk_field_value){.known = text != NULL, .text = text};
}

ntk_field_value ntk_field_flag(bool known, bool value) {
  return (ntk_field_value){.known = known, .flag = value};
}

static size_t whole_at(const void *place) {
  size_t value;
  memcpy(&value, place, sizeof value);
  return value;
}

ntk_field_value ntk_field_read(const ntk_field *field, const void *result) {
  const char *row = result, *place = row + field->offset;
  if (field->compute != NULL)
    return field->compute(result);
  switch (field->type) {
  case NTK_TYPE_REAL:
    return ntk_field_real(*(const double *)(const void *)place);
  case NTK_TYPE_WHOLE:
    return (ntk_field_value){.known = true, .whole = whole_at(place)};
  case NTK_TYPE_INT:
    return (ntk_field_value){.known = true, .whole = (uint64_t) * (const int *)(const void *)place};
  case NTK_TYPE_FLAG:
    return ntk_field_flag(true, *(const bool *)place);
  case NTK_TYPE_TEXT:
    return ntk_field_text(*(const char *const *)(const void *)place);
  case NTK_TYPE_LINE:
    return ntk_field_text(place);
  case NTK_TYPE_PAIR:
    return (ntk_field_value){.known = true, .at = place, .count = 2};
  case NTK_TYPE_OBJECT:
    return (ntk_field_value){.known = true, .at = place, .count = 1};
  case NTK_TYPE_REALS:
  case NTK_TYPE_WHOLES:
  case NTK_TYPE_OBJECTS:
    break;
  }
  const void *at = *(const void *const *)(const void *)place;
  const bool known = at != NULL || field->type == NTK_TYPE_OBJECTS;
  return (ntk_field_value){.known = known, .at = at, .count = whole_at(row + field->count)};
}

const ntk_description *ntk_description_find(const ntk_description *const *list, size_t count,
                                            const char *name) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(list[i]->name, name) == 0)
      return list[i];
  return NULL;
}
