/* What ntk_data_inspect finds. */
#include "results/results.h"

#include "ntkit/data.h"

#define ROW ntk_data_moments
static const ntk_field moments[] = {
    FIELD(norm, "", "item 1: E||x||_2 / sqrt d, E the mean over the rows"),
    FIELD(square, "", "item 2: E||x||_2^2 / d"),
    FIELD(spread, "", "item 3: E||x - E x||_2^2 / d"),
    FIELD(danger, "", "items outside [1/100, 100], or 3 under 1/100 of 2; empty: none"),
};
const ntk_description ntk_table_data_moments =
    DESCRIPTION(moments, NULL, "The data against Assumption 2.1.");
#undef ROW

static ntk_field_value whole_if(bool known, size_t value) {
  return (ntk_field_value){.known = known, .whole = value};
}

static ntk_field_value first_of(const void *row) {
  const ntk_data_pair *pair = row;
  return whole_if(pair->found > 0, pair->first);
}

static ntk_field_value second_of(const void *row) {
  const ntk_data_pair *pair = row;
  return whole_if(pair->found > 0, pair->second);
}

#define ROW ntk_data_pair
static const ntk_field pair[] = {
    FIELD(searched, "", "rows among which they were sought"),
    FIELD(found, "", "of these, rows with an earlier one of the kind; nearest: 1"),
    COMPUTED("first", "first", NTK_TYPE_WHOLE, first_of,
             "the first such row that is the earlier one, in the file, from 0"),
    COMPUTED("second", "second", NTK_TYPE_WHOLE, second_of, "the first row that is like it"),
    FIELD(value, "", "equal: 1; multiples: c of x_second = c x_first; nearest: their distance"),
};
const ntk_description ntk_table_data_pair = DESCRIPTION(pair, NULL, "Rows that are alike.");
#undef ROW

#define ROW ntk_data_class
static const ntk_field class_count[] = {
    FIELD(value, "", "the label"),
    FIELD(count, "", "samples that have it"),
    FIELD(name, "", "of labels that are words: the word"),
};
const ntk_description ntk_table_data_class = DESCRIPTION(class_count, NULL, "A class of samples.");
#undef ROW

#define ROW ntk_data_remark
static const ntk_field remark[] = {
    FIELD(name, "", "denormal, features, missing, bytes, conflict"),
    FIELD(text, "", "one line"),
};
const ntk_description ntk_table_data_remark =
    DESCRIPTION(remark, NULL, "Something that is worth a word.");
#undef ROW

#define ROW ntk_inspect_result
static const ntk_field inspect[] = {
    FIELD(format, "", "of the file: npy, idx, text, ..."),
    FIELD(type, "", "of its numbers, as NumPy calls it"),
    FIELD(file_rows, "", "rows of the file"),
    FIELD(samples, "", "N: the rows that are looked at"),
    FIELD(dim, "", "d"),
    FIELD(least, "", "of all numbers"),
    FIELD(most, "", "of all numbers"),
    FIELD(smallest, "", "of |x| > 0; null: all are 0"),
    FIELD(zeros, "", "part of the numbers that is 0"),
    FIELD(whole, "", "whether every number is a whole one"),
    FIELD(constant_columns, "", "columns of one number alone"),
    OBJECT(moments, ntk_table_data_moments, "of the rows as they are"),
    OBJECT(scaled, ntk_table_data_moments, "after --scale; null: not asked"),
    FIELD(effective_rank, "", "(tr C)^2 / tr(C^2), C the covariance of the rows; null: not found"),
    OBJECT(equal, ntk_table_data_pair, "rows that are equal to the last bit"),
    OBJECT(multiples, ntk_table_data_pair, "rows that are multiples of others, and not equal"),
    OBJECT(nearest, ntk_table_data_pair, "the nearest two rows that differ"),
    FIELD(label_columns, "", "labels for each row; 0: none"),
    FIELD(label_least, "", "of all labels"),
    FIELD(label_most, "", "of all labels"),
    FIELD(classes, "", "different labels, where they look like classes; else 0"),
    OBJECTS("class_count", class_count, classes, ntk_table_data_class, "samples of each class"),
    OBJECTS("remarks", remark, remarks, ntk_table_data_remark, "what is worth a word"),
};
const ntk_description ntk_table_inspect = DESCRIPTION(
    inspect, NULL, "What is in a file of data (`ntk_data_inspect`; `ntkit data inspect`).");
#undef ROW
