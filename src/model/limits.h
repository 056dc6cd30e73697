/* limits - the fixed bounds of the program, in one place. */
#pragma once

#define LIMIT_DEVICES 4096
#define LIMIT_POINTS (1u << 20) /* what a point_id can address */
#define LIMIT_POINTS_PER_DEVICE 4096
#define LIMIT_LINES 2048
#define LIMIT_NAME 63       /* bytes in the name of a device, line, user */
#define LIMIT_PATH 95       /* bytes in the path of a component, DEVICE/COMPONENT */
#define LIMIT_TEXT_VALUE 64 /* bytes of a text point, with its end */
#define LIMIT_USERS 256
#define LIMIT_TOKENS 256
#define LIMIT_SESSIONS 256
#define LIMIT_CONNECTIONS 1100 /* HTTP clients at once, live streams included */
#define LIMIT_STREAMS 1000
#define LIMIT_REQUEST_BODY (256u * 1024)
#define LIMIT_HISTORY_PATHS 128     /* points in one history question */
#define LIMIT_HISTORY_BUCKETS 20000 /* buckets of one point in one answer */
#define LIMIT_HISTORY_ANSWER 320000 /* buckets of all points in one answer: 16 MB */
#define LIMIT_HISTORY_ASKS 16       /* history questions under way */
#define LIMIT_HISTORY_ASKS_CLIENT 6 /* of them of one user at one address */
#define LIMIT_EVENT_ASKS 16         /* questions about events under way */
#define LIMIT_EVENT_ASKS_CLIENT 4   /* of them from one address or token */
#define LIMIT_EVENT_ROWS 1000       /* events in one answer */
#define LIMIT_EVENT_CSV 20000       /* rows in one CSV file, 5 MB */
#define LIMIT_ALARMS_LISTED 1000    /* alarms in one answer */
#define LIMIT_COMMANDS_KEPT 1000    /* commands that can be asked about, those under way included */
#define LIMIT_COMMANDS_UNDERWAY 256 /* commands at once */
#define LIMIT_COMMAND_TARGETS 4096  /* steps of one command */
#define LIMIT_COMMANDS_RECALLED 64  /* ended commands whose keys are known after a restart */
#define LIMIT_COMMAND_STEPS_RECALLED 512 /* of all of them */
#define LIMIT_COMMAND_STEPS_KEPT 20000   /* of all commands that are kept: 8 MB */
#define LIMIT_ALARMS 200000              /* a rule at a point each: 60 MB */
#define LIMIT_GATEWAY_CLIENTS 1024       /* Modbus clients at once of one gateway */
#define LIMIT_NUT_CLIENTS 1024           /* NUT clients at once */
