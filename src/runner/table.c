/* SPDX-License-Identifier: MIT */
#include "runner/table.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/text.h"

#define CELL_MAXIMUM 1024 /* bytes */
#define GAP 3             /* columns of the screen between two cells */

void table_add(struct table *table, const char *cell)
{
    strlist_add_owned(&table->cells, str_printable(cell, CELL_MAXIMUM));
}

void table_add_owned(struct table *table, char *cell)
{
    table_add(table, cell);
    str_free(&cell);
}

/* Characters, not bytes; bytes that go on a character begin with the bits 10. */
static size_t width_of(const char *text)
{
    size_t width = 0;
    for (; *text; text++)
        if (((unsigned char)*text & 0xC0) != 0x80)
            width++;
    return width;
}

static size_t column_width(const struct table *table, size_t column)
{
    size_t widest = 0;
    for (size_t i = column; i < table->cells.count; i += table->columns) {
        size_t width = width_of(table->cells.items[i]);
        if (width > widest)
            widest = width;
    }
    return widest;
}

char *table_format(const struct table *table)
{
    CLEANUP(mem_free) size_t *widths = xcalloc(table->columns + 1, sizeof(*widths));
    CLEANUP(buf_clear) struct buf text;
    buf_init(&text, BUF_UNBOUNDED);
    if (table->columns == 0 || table->cells.count % table->columns)
        error_bug("a row of a table is not full");
    for (size_t i = 0; i < table->columns; i++)
        widths[i] = column_width(table, i);
    for (size_t i = 0; i < table->cells.count; i++) {
        const char *cell = table->cells.items[i];
        size_t column = i % table->columns;
        bool is_last = column + 1 == table->columns;
        size_t padding = is_last ? 0 : widths[column] - width_of(cell) + GAP;
        buf_addf(&text, "%s%*s%s", cell, (int)padding, "", is_last ? "\n" : "");
    }
    return buf_take_str(&text);
}

void table_clear(struct table *table)
{
    strlist_clear(&table->cells);
}
