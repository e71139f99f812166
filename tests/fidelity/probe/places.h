/* Where the process is: files, namespaces, control groups. */
#ifndef PROBE_PLACES_H
#define PROBE_PLACES_H

#include "files.h"

#include <dirent.h>
#include <sys/stat.h>

static void show_namespaces(void) {
    static const char *const names[] = {"cgroup", "ipc", "mnt", "net", "pid", "pid_for_children",
                                        "time",   "time_for_children", "user", "uts"};
    json_open("namespaces", '{');
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[64];
        snprintf(path, sizeof path, "/proc/self/ns/%s", names[i]);
        show_link(names[i], path);
    }
    json_close('}');
}

static void show_places(void) {
    struct stat root;
    mode_t mask = umask(0);
    umask(mask);
    json_open("places", '{');
    show_link("directory", "/proc/self/cwd");
    show_link("root", "/proc/self/root");
    if (stat("/", &root) == 0) json_format("root_inode", "%lld", (long long)root.st_ino);
    json_format("umask", "%04o", mask);
    show_file("cgroup", "/proc/self/cgroup");
    show_file("mounts", "/proc/self/mountinfo");
    show_file("user_map", "/proc/self/uid_map");
    show_file("group_map", "/proc/self/gid_map");
    show_file("time_offsets", "/proc/self/timens_offsets");
    show_namespaces();
    json_close('}');
}

#endif
