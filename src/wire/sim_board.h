/* sim_board - what a simulated board and its line say to each other: how its contacts were left,
 * and how they shall be. Header only; the line's side is field/sim_contacts, the board's
 * driver/sim.
 */
#pragma once

enum {
    SIM_BOARD_CONTACTS = 60, /* of a board, most */
    SIM_BOARD_ASK = 4,       /* bytes of a question: the board's number, the high byte first */
    SIM_BOARD_TELL = 6, /* of an order: also the contact, from 0, and 1 to close or 0 to open */
};

/* What is said of a contact, a byte each. */
enum sim_contact { SIM_CONTACT_NEW, SIM_CONTACT_OPEN, SIM_CONTACT_CLOSED };
