/* For the client that is counted. valgrind reads the symbols of a program once it sees a segment of it that is writable,
 * and the client has none. */
static char writable[8] __attribute__((used, section(".data"))) = "symbols";
