/* Writing JSON as it is found. Bytes are written as the code points of their values, so all are told apart. */
#ifndef PROBE_JSON_H
#define PROBE_JSON_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static FILE *out;
static int needs_comma;

static void json_bytes(const char *bytes, size_t size) {
    fputc('"', out);
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if (byte < ' ' || byte > '~' || byte == '"' || byte == '\\') fprintf(out, "\\u%04x", byte);
        else fputc(byte, out);
    }
    fputc('"', out);
}

static void json_next(const char *key) {
    if (needs_comma) fputc(',', out);
    needs_comma = 1;
    if (key) fprintf(out, "\"%s\":", key);
}

static void json_open(const char *key, char bracket) {
    json_next(key);
    fputc(bracket, out);
    needs_comma = 0;
}

static void json_close(char bracket) {
    fputc(bracket, out);
    needs_comma = 1;
}

static void json_number(const char *key, long long value) {
    json_next(key);
    fprintf(out, "%lld", value);
}

static void json_text(const char *key, const char *text) {
    json_next(key);
    json_bytes(text, strlen(text));
}

static __attribute__((format(printf, 2, 3))) void json_format(const char *key, const char *format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    json_text(key, text);
}

#endif
