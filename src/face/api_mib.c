#include "face/api_operations.h"
#include "face/snmp_mib.h"
#include "face/snmp_settings.h"
#include "face/web_private.h"

void api_mib_show(struct request *request)
{
    const struct web_context *context = &request->web->context;
    const struct snmp_settings *snmp =
        config_record(context->config(context->user), &snmp_settings_table);
    struct buf text = BUF_EMPTY;
    snmp_mib_write(&text, (uint32_t)snmp->enterprise);
    request_add_header(request, "Content-Disposition", "inline; filename=\"BUSBAR-MIB.txt\"");
    request_answer_take(request, 200, "text/plain; charset=utf-8", &text);
}
