/* Any text as access.json. What is accepted is written and read again: it must be the same. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../unit/test_folder.h"
#include "base/log.h"
#include "model/access_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct access *make_access(char *path)
{
    struct access *access = calloc(1, sizeof *access);
    access->path = path;
    access->accounts = calloc(LIMIT_USERS, sizeof *access->accounts);
    access->tokens = calloc(LIMIT_TOKENS, sizeof *access->tokens);
    return access;
}

static void free_access(struct access *access)
{
    free(access->accounts);
    free(access->tokens);
    free(access);
}

static void check_saved(struct access *access, char *path)
{
    struct err err = ERR_EMPTY;
    struct access *again = make_access(path);
    access->path = path;
    assert(access_store_save(access, &err) == 0);
    assert(access_store_load(again, &err) == 0);
    assert(again->account_count == access->account_count);
    assert(again->token_count == access->token_count);
    for (size_t i = 0; i < access->account_count; i++) {
        const struct access_account *a = &access->accounts[i], *b = &again->accounts[i];
        assert(strcmp(a->name, b->name) == 0 && strcmp(a->hash, b->hash) == 0);
        assert(a->role == b->role && a->must_change == b->must_change && a->created == b->created);
    }
    for (size_t i = 0; i < access->token_count; i++) {
        const struct access_token_entry *a = &access->tokens[i], *b = &again->tokens[i];
        assert(strcmp(a->id, b->id) == 0 && strcmp(a->name, b->name) == 0 && a->role == b->role);
        assert(memcmp(a->hash, b->hash, sizeof a->hash) == 0 && a->expires == b->expires);
    }
    free_access(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char folder[200], path[240], saved[240];
    if (!*path) {
        log_open(LOG_SINK_STDERR, LOG_LEVEL_ERROR);
        test_folder_in_memory(folder, sizeof folder);
        snprintf(path, sizeof path, "%s/access.json", folder);
        snprintf(saved, sizeof saved, "%s/saved.json", folder);
    }
    FILE *file = fopen(path, "w");
    assert(file && fwrite(data, 1, size, file) == size && fclose(file) == 0);
    struct err err = ERR_EMPTY;
    struct access *access = make_access(path);
    if (access_store_load(access, &err) == 0)
        check_saved(access, saved);
    else
        assert(err.code < 0 && err.text[0]);
    free_access(access);
    return 0;
}
