/* fuzz_nut - what a NUT client says: lines taken apart and put together again, and a whole
 * conversation with a server over a site made by hand. */
#include <stdint.h>

#include "../unit/face/nut_testing.h"
#include "../unit/test_folder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char yaml[] = "devices: {ups-1: {}, pdu: {}}\n"
                           "nut_ups: {ups: {shows: ups-1, low_charge: 50}}\n"
                           "nut_users: {a: {password: b, networks: 192.0.2.0/24}}\n";

static struct nut_rig *rig; /* one for all inputs: making it costs more than a conversation */

/* Each word comes back from its quotes as it was. */
static void check_line(const char *bytes, size_t length)
{
    struct nut_line line, again;
    struct buf out = BUF_EMPTY;
    if (nut_line_split(&line, bytes, length) < 0) {
        if (line.count)
            abort();
        return;
    }
    for (size_t i = 0; i < line.count; i++) {
        buf_clear(&out);
        nut_line_quote(&out, line.words[i]);
        if (out.length > NUT_LINE_MOST || strchr(line.words[i], '\t'))
            continue;
        if (nut_line_split(&again, out.data, out.length) < 0 || again.count != 1 ||
            strcmp(again.words[0], line.words[i]) != 0)
            abort();
    }
    buf_deinit(&out);
}

/* An answer is lines of printable text. */
static void check_answer(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < 0x20 && *text != '\n')
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char folder[] = "/tmp/fuzz_nut_XXXXXX";
    const char *bytes = (const char *)data, *end;
    if (!rig) {
        if (!mkdtemp(folder))
            abort();
        rig = nut_rig_new(folder, yaml);
        test_folder_remove(folder); /* nothing in it is read again */
    }
    for (const char *at = bytes; (end = memchr(at, '\n', size - (size_t)(at - bytes)));
         at = end + 1)
        check_line(at, (size_t)(end - at));
    int fd = nut_rig_connect(rig);
    check_answer(nut_rig_ask(rig, fd, bytes, size));
    close(fd);
    while (rig->nut->clients)
        nut_client_end(rig->nut->clients);
    return 0;
}
