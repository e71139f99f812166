/* Swaps what an exec is asked for while it is asked: `swap path|argument N FINE DEED [PROGRAM]`.
 *
 * N times a child asks for FINE, while a thread of it puts DEED there and takes it away again: as the program's path, or
 * as PROGRAM's argument. Prints how often which of them ran, by their statuses (0 and 1), none did (denied), or the child
 * was killed. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static char word[4096];
static const char *fine, *deed;
static volatile int begun, span;

static void pause_for(int turns) {
    for (volatile int i = 0; i < turns; i++) continue;
    __asm__ volatile("" : : : "memory");
}

static void *swap(void *unused) {
    for (;;) {
        memcpy(word, deed, strlen(deed) + 1);
        pause_for(span);
        memcpy(word, fine, strlen(fine) + 1);
        begun = 1;
        pause_for(span);
    }
    return unused;
}

static void ask(const char *program) {
    char *const words[] = {"x", program ? word : "1", NULL};
    pthread_t thread;
    memcpy(word, fine, strlen(fine) + 1);
    if (pthread_create(&thread, NULL, swap, NULL)) _exit(98);
    while (!begun) usleep(10);
    usleep((useconds_t)(rand() % 500));
    execve(program ? program : word, words, environ);
    _exit(99);
}

int main(int count, char **words) {
    int is_path = count > 4 && !strcmp(words[1], "path"), ended[4] = {0};
    if (count < 5) return 2;
    fine = words[3];
    deed = words[4];
    for (int i = atoi(words[2]); i; i--) {
        int status;
        srand((unsigned)i);
        span = 1 + rand() % 2000;
        const pid_t pid = fork();
        if (!pid) ask(is_path ? NULL : words[5]);
        if (waitpid(pid, &status, 0) != pid) return 1;
        ended[WIFSIGNALED(status) ? 3 : WEXITSTATUS(status) == 99 ? 2 : WEXITSTATUS(status) != 0]++;
    }
    printf("fine=%d deed=%d denied=%d killed=%d\n", ended[0], ended[1], ended[2], ended[3]);
    return 0;
}
