/* A site file, an overlay and changes ("key=value" lines, a key alone to remove), with a zero byte
 * between the three. What is accepted is saved and read again: it must mean the same. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../unit/model/config_testing.h"
#include "../unit/test_folder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libfyaml 0.7.12 loses a kilobyte in fy_atom_format_text for quoted text of very many pieces. */
const char *__lsan_default_suppressions(void)
{
    return "leak:libfyaml";
}

enum { CHANGES_MOST = 16 };

/* Files that live in memory; `path` names them for config_load. */
static int make_file(const char *text, size_t length, char *path, size_t size)
{
    int fd = memfd_create("fuzz", 0);
    assert(fd >= 0 && write(fd, text, length) == (ssize_t)length);
    snprintf(path, size, "/proc/self/fd/%d", fd);
    return fd;
}

static size_t split_changes(char *text, struct config_change *changes)
{
    size_t count = 0;
    for (char *line, *rest = text; count < CHANGES_MOST && (line = strsep(&rest, "\n"));) {
        char *value = strchr(line, '=');
        if (value)
            *value++ = '\0';
        changes[count++] = (struct config_change){line, value};
    }
    return count;
}

static void on_difference(void *user, const char *key, const struct config_key *before,
                          const struct config_key *after)
{
    (void)user, (void)key, (void)before, (void)after;
    abort();
}

static void on_key(void *user, const char *key, const struct config_key *found)
{
    struct config_key again;
    struct err err;
    char text[300];
    assert(config_key(user, key, &again, &err) == 0 && again.record == found->record);
    setting_format(found->row, found->record, text, sizeof text);
}

static void check_saved(const struct config *config, const char *site_path, const char *folder)
{
    char path[120];
    struct err_list errors = {0};
    snprintf(path, sizeof path, "%s/overlay.json", folder);
    assert(config_save_overlay(config, path, NULL) == 0);
    struct config *again = config_load(&demo_schema, site_path, path, NULL, 0, &errors);
    assert(again && errors.count == 0);
    config_diff(config, again, on_difference, NULL);
    config_free(again);
}

static const char *make_folder(void)
{
    static char folder[200];
    if (!*folder)
        test_folder_in_memory(folder, sizeof folder);
    return folder;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char text[1 << 16];
    if (size >= sizeof text - 3)
        return 0;
    memset(text + size, 0, 3);
    memcpy(text, data, size);
    char *overlay = text + strlen(text) + 1;
    char *edits = overlay - text > (ptrdiff_t)size ? overlay : overlay + strlen(overlay) + 1;
    if (edits - text > (ptrdiff_t)size)
        edits = text + size;
    char site_path[40], overlay_path[40];
    struct config_change changes[CHANGES_MOST];
    struct err_list errors = {0};
    int site = make_file(text, strlen(text), site_path, sizeof site_path);
    int over = overlay - text <= (ptrdiff_t)size && *overlay
                   ? make_file(overlay, strlen(overlay), overlay_path, sizeof overlay_path)
                   : -1;
    size_t count = *edits ? split_changes(edits, changes) : 0;
    struct config *config = config_load(&demo_schema, site_path, over < 0 ? NULL : overlay_path,
                                        changes, count, &errors);
    assert((config == NULL) == (errors.count > 0));
    for (size_t i = 0; i < errors.count; i++)
        assert(errors.list[i].code < 0 && errors.list[i].text[0]);
    if (config) {
        config_each(config, on_key, config);
        check_saved(config, site_path, make_folder());
    }
    config_free(config);
    err_list_deinit(&errors);
    close(site);
    if (over >= 0)
        close(over);
    return 0;
}
