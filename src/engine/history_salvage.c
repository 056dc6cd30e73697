#include "engine/history_salvage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "engine/history_cell.h"
#include "engine/history_row.h"
#include "engine/history_series.h"

/* File format, section 1.6: kinds of pages */
enum { INDEX_INTERIOR = 2, TABLE_INTERIOR = 5, INDEX_LEAF = 10, TABLE_LEAF = 13 };
#define LEAF_HEAD 8
#define INTERIOR_HEAD 12
#define FILE_HEAD 100 /* before the head of page 1 */
#define DEPTH_MOST 20
#define SERIES_MOST 300 /* bytes that a row of the table of series takes */
#define RECORD_LEAST 8  /* the shortest that any table of a history holds */

/* Where this program puts the trees of a file that it makes: the schema makes them in this order.
 */
static const uint32_t usual_roots[HISTORY_TABLES] = {
    [HISTORY_TABLE_SERIES] = 2,  [HISTORY_TABLE_TICK] = 4,  [HISTORY_TABLE_BLOCK] = 5,
    [HISTORY_TABLE_UNDATED] = 6, [HISTORY_TABLE_PIECE] = 7, [HISTORY_TABLE_BOOT] = 8,
    [HISTORY_TABLE_STATE] = 9,
};

struct salvage {
    const struct history_image *image;
    history_found_fn *fn;
    void *user;
    struct history_salvage_tally *tally;
    bool *seen; /* by page: some tree leads there, or it is free */
    uint32_t roots[HISTORY_TABLES];
    struct history_cell_reader cells;
    struct buf text;
};

/* ---- what a record is ------------------------------------------------------------------------ */

static const char *take_text(struct salvage *salvage, const struct history_cell *cell, int column)
{
    const struct history_record_column *from = &cell->shape.columns[column];
    buf_clear(&salvage->text);
    buf_add(&salvage->text, cell->bytes + from->at, from->length);
    salvage->cells.failed |= salvage->text.failed;
    return buf_text(&salvage->text);
}

static void take_blob(const struct history_cell *cell, int column, struct history_found *found)
{
    found->bytes = cell->bytes + cell->shape.columns[column].at;
    found->length = cell->shape.columns[column].length;
    found->whole =
        history_look(found->table, found->key, found->bytes, found->length, &found->look) == 0;
}

static void take_series(struct salvage *salvage, const struct history_cell *cell,
                        struct history_found *found)
{
    const struct history_record_column *columns = cell->shape.columns;
    found->text = take_text(salvage, cell, 1);
    found->quantity = columns[2].number;
    found->decimals = columns[3].number;
    found->first = columns[4].number;
    found->sum = columns[5].number;
    found->whole =
        strlen(found->text) == columns[1].length &&
        history_series_sum(found->key, found->text, found->quantity, found->decimals) == found->sum;
}

/* Fill `found` with a record of `found->table`; its `whole` tells whether it is one. */
static void take_record(struct salvage *salvage, const struct history_cell *cell,
                        struct history_found *found)
{
    static const char *const shapes[HISTORY_TABLES] = {
        [HISTORY_TABLE_SERIES] = "ntiiii", [HISTORY_TABLE_TICK] = "nb",
        [HISTORY_TABLE_BLOCK] = "nb",      [HISTORY_TABLE_UNDATED] = "ntib",
        [HISTORY_TABLE_PIECE] = "nb",      [HISTORY_TABLE_BOOT] = "ti",
        [HISTORY_TABLE_STATE] = "ti",
    };
    found->key = cell->rowid;
    found->text = "";
    found->whole = false;
    if (!history_cell_has(cell, shapes[found->table]))
        return;
    switch (found->table) {
    case HISTORY_TABLE_SERIES:
        take_series(salvage, cell, found);
        return;
    case HISTORY_TABLE_UNDATED:
        found->text = take_text(salvage, cell, 1);
        found->key = cell->shape.columns[2].number;
        take_blob(cell, 3, found);
        return;
    case HISTORY_TABLE_BOOT:
    case HISTORY_TABLE_STATE:
        found->text = take_text(salvage, cell, 0);
        found->key = cell->shape.columns[1].number;
        found->whole = true;
        return;
    default:
        take_blob(cell, 1, found);
    }
}

/* A record of unknown origin. False when it is none of a history, or not whole. */
static bool tell_record(struct salvage *salvage, const struct history_cell *cell,
                        struct history_found *found)
{
    *found = (struct history_found){.stray = true};
    if (history_cell_has(cell, "ntiiii"))
        found->table = HISTORY_TABLE_SERIES;
    else if (history_cell_has(cell, "ntib"))
        found->table = HISTORY_TABLE_UNDATED;
    else if (!history_cell_has(cell, "nb") ||
             !history_look_tell(cell->rowid, cell->bytes + cell->shape.columns[1].at,
                                cell->shape.columns[1].length, &found->table))
        return false;
    take_record(salvage, cell, found);
    return found->whole;
}

/* ---- pages ----------------------------------------------------------------------------------- */

/* The record turned out to be whole: its further pages are no strays. */
static void keep_chain(struct salvage *salvage)
{
    for (size_t at = 0; at < salvage->cells.chain.length; at += sizeof(uint32_t)) {
        uint32_t number;
        memcpy(&number, salvage->cells.chain.data + at, sizeof number);
        salvage->seen[number] = true;
    }
}

/* Every byte may be the begin of a record. */
static int search_page(struct salvage *salvage, const uint8_t *page)
{
    int result = 0;
    for (size_t at = 0; at + RECORD_LEAST < salvage->image->page_size && result == 0; at++) {
        struct history_cell cell;
        struct history_found found;
        if (history_cell_read(&salvage->cells, page, at, true, &cell) &&
            tell_record(salvage, &cell, &found))
            result = salvage->fn(salvage->user, &found);
    }
    return result;
}

/* A record that a tree leads to. One that is whole but of another table was reached by a pointer
 * that is damaged. */
static int take_cell(struct salvage *salvage, const struct history_cell *cell,
                     enum history_table table)
{
    struct history_found found = {.table = table}, told;
    take_record(salvage, cell, &found);
    if (!found.whole && tell_record(salvage, cell, &told))
        found = told;
    else if (!found.whole)
        take_record(salvage, cell, &found);
    if (found.whole)
        keep_chain(salvage);
    return salvage->fn(salvage->user, &found);
}

/* Where the cells of a page begin; false when the head cannot be true. */
static bool cells_of(const struct history_image *image, const uint8_t *page, size_t head,
                     size_t head_length, const uint8_t **pointers, size_t *count)
{
    *pointers = page + head + head_length;
    *count = (size_t)page[head + 3] << 8 | page[head + 4];
    return head + head_length + 2 * *count <= image->page_size;
}

static size_t pointer_at(const uint8_t *pointers, size_t i)
{
    return (size_t)pointers[2 * i] << 8 | pointers[2 * i + 1];
}

/* Whether what the cells take, what the list of free stretches says and what is too small for it
 * make up all of the page behind its pointers, as they do on a page that SQLite wrote: else a cell
 * is missing. */
static bool is_accounted(const struct history_image *image, const uint8_t *page, size_t cells)
{
    size_t content = (size_t)page[5] << 8 | page[6], taken = cells + page[7];
    size_t free = (size_t)page[1] << 8 | page[2];
    for (int i = 0; free != 0 && i < (int)image->page_size / 4; i++) {
        if (free + 4 > image->page_size)
            return false;
        taken += (size_t)page[free + 2] << 8 | page[free + 3];
        free = (size_t)page[free] << 8 | page[free + 1];
    }
    return taken + (content ? content : 65536) == image->page_size;
}

/* All the past of a series hangs on its name: turn the one bit with which its row fits its check
 * sum, if there is one. True and `result` when there was. */
static bool mend_series(struct salvage *salvage, uint8_t *page, size_t at, int *result)
{
    size_t end = at + SERIES_MOST;
    if (end > salvage->image->page_size)
        end = salvage->image->page_size;
    for (size_t bit = 8 * at; bit < 8 * end; bit++) {
        struct history_cell cell;
        struct history_found found = {.table = HISTORY_TABLE_SERIES};
        page[bit / 8] ^= (uint8_t)(1u << bit % 8);
        bool read = history_cell_read(&salvage->cells, page, at, true, &cell);
        page[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (read)
            take_record(salvage, &cell, &found);
        if (found.whole) {
            *result = salvage->fn(salvage->user, &found);
            return true;
        }
    }
    return false;
}

/* One cell of a leaf, and how long it is there. False when it makes no sense. */
static bool take_leaf_cell(struct salvage *salvage, uint8_t *page, size_t at, bool table_leaf,
                           enum history_table table, size_t *size, int *result)
{
    struct history_cell cell;
    *size = 0;
    if (at < LEAF_HEAD || at >= salvage->image->page_size)
        return false;
    bool read = history_cell_read(&salvage->cells, page, at, table_leaf, &cell);
    *size = read ? cell.size : 0;
    if (table == HISTORY_TABLE_SERIES) {
        struct history_found found = {.table = table};
        if (read)
            take_record(salvage, &cell, &found);
        if (!found.whole && mend_series(salvage, page, at, result))
            return read;
        read = read && history_cell_read(&salvage->cells, page, at, table_leaf, &cell);
    }
    if (read)
        *result = take_cell(salvage, &cell, table);
    return read;
}

static int walk_leaf(struct salvage *salvage, uint8_t *page, bool table_leaf,
                     enum history_table table)
{
    const uint8_t *pointers;
    size_t count, taken = 0;
    bool sound = cells_of(salvage->image, page, 0, LEAF_HEAD, &pointers, &count);
    int result = 0;
    for (size_t i = 0; sound && i < count && result == 0; i++) {
        size_t size;
        sound = take_leaf_cell(salvage, page, pointer_at(pointers, i), table_leaf, table, &size,
                               &result);
        taken += size;
    }
    if (result || (sound && is_accounted(salvage->image, page, taken)))
        return result;
    salvage->tally->damaged++;
    return search_page(salvage, page);
}

static int walk(struct salvage *salvage, uint32_t number, enum history_table table, int depth);

/* Bytes of the cell of an interior page: a page and the varint of a key. */
static size_t interior_cell(const struct history_image *image, const uint8_t *page, size_t at)
{
    const uint8_t *key = page + at + 4;
    uint64_t value;
    return at + 4 < image->page_size && history_record_varint(&key, page + image->page_size, &value)
               ? (size_t)(key - page) - at
               : 0;
}

static int walk_interior(struct salvage *salvage, const uint8_t *page, enum history_table table,
                         int depth)
{
    const uint8_t *pointers;
    size_t count, taken = 0;
    int result = 0;
    bool sound = cells_of(salvage->image, page, 0, INTERIOR_HEAD, &pointers, &count);
    for (size_t i = 0; sound && i < count && result == 0; i++) {
        size_t at = pointer_at(pointers, i), size = interior_cell(salvage->image, page, at);
        taken += size;
        if (size)
            result = walk(salvage, history_image_u32(page + at), table, depth + 1);
    }
    if (result == 0)
        result = walk(salvage, history_image_u32(page + 8), table, depth + 1);
    if (result || (sound && is_accounted(salvage->image, page, taken)))
        return result;
    /* it may be a leaf that calls itself otherwise */
    salvage->tally->damaged++;
    return search_page(salvage, page);
}

/* The tree below page `number`. What a damaged pointer misses is found among the strays. */
static int walk(struct salvage *salvage, uint32_t number, enum history_table table, int depth)
{
    const struct history_image *image = salvage->image;
    if (number < 2 || number > image->pages || salvage->seen[number] || depth > DEPTH_MOST)
        return 0;
    salvage->seen[number] = true;
    uint8_t *page = malloc(image->page_size);
    if (!page)
        return -ENOMEM;
    bool index = table == HISTORY_TABLE_BOOT || table == HISTORY_TABLE_STATE;
    int result = 0;
    if (!history_image_page(image, number, page))
        salvage->tally->unreadable++;
    else if (page[0] == TABLE_INTERIOR)
        result = walk_interior(salvage, page, table, depth);
    else if (page[0] == (index ? INDEX_LEAF : TABLE_LEAF))
        result = walk_leaf(salvage, page, !index, table);
    else {
        salvage->tally->damaged++;
        result = search_page(salvage, page);
    }
    free(page);
    return result;
}

/* ---- page 1 ---------------------------------------------------------------------------------- */

/* A row of the schema: type, name, table, root, text. */
static void take_root(struct salvage *salvage, const struct history_cell *cell)
{
    if (!history_cell_has(cell, "tttit") || strcmp(take_text(salvage, cell, 0), "table") != 0)
        return;
    int64_t root = cell->shape.columns[3].number;
    const char *name = take_text(salvage, cell, 1);
    for (int table = 0; table < HISTORY_TABLES; table++) {
        if (strcmp(name, history_table_name((enum history_table)table)) == 0 && root > 1 &&
            root <= salvage->image->pages)
            salvage->roots[table] = (uint32_t)root;
    }
}

static void read_roots(struct salvage *salvage, const uint8_t *page)
{
    const uint8_t *pointers;
    size_t count;
    memcpy(salvage->roots, usual_roots, sizeof salvage->roots);
    if (page[FILE_HEAD] != TABLE_LEAF ||
        !cells_of(salvage->image, page, FILE_HEAD, LEAF_HEAD, &pointers, &count))
        return;
    for (size_t i = 0; i < count; i++) {
        struct history_cell cell;
        size_t at = pointer_at(pointers, i);
        if (at < salvage->image->page_size &&
            history_cell_read(&salvage->cells, page, at, true, &cell))
            take_root(salvage, &cell);
    }
}

/* Note the pages that one page of the list of free ones names; false when it cannot be true. */
static bool note_free(const struct history_image *image, const uint8_t *page, bool *is_free,
                      uint32_t *left)
{
    uint32_t count = history_image_u32(page + 4);
    if (count > image->page_size / 4 - 2 || count > *left)
        return false;
    *left -= count;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t number = history_image_u32(page + 8 + 4 * (size_t)i);
        if (number < 2 || number > image->pages || is_free[number])
            return false;
        is_free[number] = true;
    }
    return true;
}

/* Free pages hold only what was removed: pass over them, provided that their list is whole. */
static void skip_free(struct salvage *salvage, const uint8_t *first)
{
    const struct history_image *image = salvage->image;
    uint32_t next = history_image_u32(first + 32), left = history_image_u32(first + 36);
    bool *is_free = calloc((size_t)image->pages + 1, sizeof *is_free);
    bool sound = is_free;
    while (sound && left > 0) {
        sound = next >= 2 && next <= image->pages && !is_free[next] &&
                history_image_page(image, next, salvage->cells.page);
        if (sound) {
            is_free[next] = true;
            left--;
            sound = note_free(image, salvage->cells.page, is_free, &left);
            next = history_image_u32(salvage->cells.page);
        }
    }
    for (uint32_t i = 1; sound && next == 0 && i <= image->pages; i++)
        salvage->seen[i] |= is_free[i];
    free(is_free);
}

/* ---- all of it ------------------------------------------------------------------------------- */

static int search_strays(struct salvage *salvage, uint8_t *page)
{
    const struct history_image *image = salvage->image;
    int result = 0;
    for (uint32_t i = 2; i <= image->pages && result == 0; i++) {
        if (salvage->seen[i])
            continue;
        if (!history_image_page(image, i, page)) {
            salvage->tally->unreadable++;
            continue;
        }
        salvage->tally->stray += page[0] != INDEX_LEAF && page[0] != INDEX_INTERIOR;
        result = search_page(salvage, page);
    }
    for (uint32_t i = 0; i < image->frames - image->intact && result == 0; i++) {
        if (history_image_loose(image, i, page))
            result = search_page(salvage, page);
    }
    return result;
}

static int salvage_all(struct salvage *salvage, uint8_t *page)
{
    if (history_image_page(salvage->image, 1, page)) {
        read_roots(salvage, page);
        skip_free(salvage, page);
    } else {
        memcpy(salvage->roots, usual_roots, sizeof salvage->roots);
        salvage->tally->unreadable++;
    }
    int result = 0;
    for (int table = 0; table < HISTORY_TABLES && result == 0; table++)
        result = walk(salvage, salvage->roots[table], (enum history_table)table, 0);
    return result ? result : search_strays(salvage, page);
}

int history_salvage(const struct history_image *image, history_found_fn *fn, void *user,
                    struct history_salvage_tally *tally, struct err *err)
{
    *tally = (struct history_salvage_tally){.pages = image->pages};
    struct salvage salvage = {.image = image, .fn = fn, .user = user, .tally = tally};
    salvage.seen = calloc((size_t)image->pages + 1, sizeof *salvage.seen);
    uint8_t *page = malloc(image->page_size);
    int result = -ENOMEM;
    if (history_cell_open(&salvage.cells, image) && salvage.seen && page)
        result = salvage_all(&salvage, page);
    if (result == 0 && salvage.cells.failed)
        result = -ENOMEM;
    if (result == -ENOMEM)
        err_set(err, result, "there is no memory to read the damaged history");
    free(salvage.seen);
    free(page);
    history_cell_close(&salvage.cells);
    buf_deinit(&salvage.text);
    return result;
}
