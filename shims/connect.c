/* Where the daemon listens, and reaching it. */
#include "client.h"

#define SOCKET_PATH_MAX (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)

/* Adds to the socket's path; counts what does not fit, too. */
static void add_path(struct client *client, const char *text, size_t size) {
    if (client->home_length + size <= SOCKET_PATH_MAX) memcpy(client->address.sun_path + client->home_length, text, size);
    client->home_length += size;
}

/* With an empty environment the home is the parent of the directory that holds this program. */
static void add_own_home(struct client *client) {
    const char *execfn = client->process->execfn, *base = base_name(execfn);
    size_t size = (size_t)(base - execfn);
    if (size > 7 && *execfn == '/' && starts_with(base - 7, own_place)) {
        add_path(client, execfn, size - 7);
        return;
    }
    add_path(client, execfn, size);
    add_path(client, size ? ".." : "./..", size ? 2 : 4);
}

/* Ends the path, and with it the home's; 0 where it doesn't fit. */
static int end_path(struct client *client) {
    size_t length = client->home_length;
    add_path(client, "/daemon.sock", 12);
    if (client->home_length > SOCKET_PATH_MAX) return 0;
    client->address.sun_path[client->home_length] = 0;
    client->home_length = length;
    return 1;
}

static int is_there(const char *path) {
    struct statx found;
    return sys_statx(path, &found) == 0;
}

/* Whether the address is one of a home: there is a socket, or what says how to start a daemon. */
static int is_home(const struct client *client) {
    char path[sizeof client->address.sun_path];
    memcpy(path, client->address.sun_path, client->home_length);
    memcpy(path + client->home_length, "/client.conf", 13);
    return is_there(client->address.sun_path) || is_there(path);
}

/* Where $HOME's home can't be connected to: sets the address to the home that this shim stands in, if it is in one.
 * Whoever gives a command another $HOME, as tests do, doesn't mean another guard. */
int locate_beside(struct client *client) {
    struct client other = *client;
    if (!client->is_users_home) return 0;
    other.home_length = other.is_users_home = 0;
    other.is_beside = 1;
    add_own_home(&other);
    if (!end_path(&other) || !is_home(&other)) return 0;
    *client = other;
    return 1;
}

/* Sets the daemon's address: $SAFESHELL_HOME, else $HOME/.safeshell, else by the shim's own place. */
void locate_daemon(struct client *client) {
    const char *home = variable(client->process->envp, "SAFESHELL_HOME");
    const char *user = variable(client->process->envp, "HOME");
    client->address.sun_family = AF_UNIX;
    client->home_length = client->is_users_home = client->is_beside = 0;
    if (home && *home) {
        add_path(client, home, strlen(home));
    } else if (user && *user) {
        client->is_users_home = 1;
        add_path(client, user, strlen(user));
        add_path(client, "/.safeshell", 11);
    } else {
        add_own_home(client);
    }
    if (end_path(client) || locate_beside(client)) return;
    char room[NUMBER_ROOM];
    FAIL("the socket's path is ", decimal(client->home_length, room),
         " bytes, a Unix socket takes 107: set SAFESHELL_HOME to a shorter path");
}

/* What listens may be another user's, whose orders must not be taken; root could give any others. */
static long check_peer(struct client *client, int fd) {
    struct ucred peer;
    socklen_t size = sizeof peer;
    long failed = sys_getsockopt(fd, SO_PEERCRED, &peer, &size);
    if (failed < 0) return failed;
    client->daemon = peer.pid;
    return peer.uid && peer.uid != client->process->euid ? -ANOTHERS : 0;
}

/* Connects; returns 0, or -errno. The socket does not block, so that a full backlog says so. */
long connect_daemon(struct client *client) {
    long fd = keep_clear(sys_socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (fd < 0) return fd;
    long failed;
    do failed = sys_connect((int)fd, &client->address);
    while (failed == -EINTR);
    if (!failed) failed = check_peer(client, (int)fd);
    if (failed) sys_close((int)fd);
    client->socket = failed ? -1 : (int)fd;
    return failed;
}
