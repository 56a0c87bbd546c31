/* SPDX-License-Identifier: MIT */
/* out.c - messages, events, the progress bar, questions, JSON strings, colours. */
#include "out.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define RED "\033[31m"
#define GREEN "\033[32m"
#define YELLOW "\033[33m"
#define BOLD "\033[1m"
#define PLAIN "\033[0m"

void out_init(output *o, int color)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    int may = !(no_color && no_color[0]) && term && strcmp(term, "dumb") != 0;

    o->terminal_err = isatty(STDERR_FILENO);
    o->can_ask = o->terminal_err && isatty(STDIN_FILENO);
    o->color_out = color >= 0 ? color : may && isatty(STDOUT_FILENO);
    o->color_err = color >= 0 ? color : may && o->terminal_err;
}

/* --- JSON ------------------------------------------------------------------------------------------------------- */

/* The length of the UTF-8 character at `p`, which ends in NUL; 0: it is none. */
static size_t utf8(const unsigned char *p)
{
    size_t n = p[0] < 0x80 ? 1 : p[0] < 0xC2 ? 0 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : p[0] < 0xF5 ? 4 : 0;

    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    if ((p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F) || (p[0] == 0xF0 && p[1] < 0x90) ||
        (p[0] == 0xF4 && p[1] > 0x8F)) {
        return 0;
    }
    return n;
}

void out_json(FILE *f, const char *text)
{
    if (!text) {
        fputs("null", f);
        return;
    }
    fputc('"', f);
    for (const unsigned char *p = (const unsigned char *)text; *p;) {
        size_t n = utf8(p);
        if (*p == '"' || *p == '\\') {
            fprintf(f, "\\%c", *p);
        } else if (*p == '\n') {
            fputs("\\n", f);
        } else if (*p < 0x20 || *p == 0x7F) {
            fprintf(f, "\\u%04x", *p);
        } else if (n == 0) {
            fputs("\\ufffd", f);
        } else {
            fwrite(p, 1, n, f);
        }
        p += n ? n : 1;
    }
    fputc('"', f);
}

/* The beginning of a line for operators: {"time":…,"event":… */
static void begin_line(const char *event)
{
    struct timespec now;
    struct tm utc;
    char text[32];

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    fprintf(stderr, "{\"time\":\"%s.%03ldZ\",\"event\":\"%s\"", text, now.tv_nsec / 1000000, event);
}

static void add_text(const char *name, const char *text)
{
    if (text) {
        fprintf(stderr, ",\"%s\":", name);
        out_json(stderr, text);
    }
}

/* --- errors ----------------------------------------------------------------------------------------------------- */

static void error_as_json(const moult_error *e)
{
    begin_line("error");
    add_text("code", moult_code_name(e->code));
    add_text("message", e->message);
    add_text("detail", e->detail);
    add_text("hint", e->hint);
    add_text("engine_code", e->engine_code);
    add_text("object", e->object);
    add_text("file", e->file);
    if (e->line > 0) {
        fprintf(stderr, ",\"line\":%d,\"column\":%d", e->line, e->column);
    }
    fputs("}\n", stderr);
}

/* Lines of text, each after `before`. */
static void indented(const char *before, const char *text)
{
    while (*text) {
        size_t n = strcspn(text, "\n");
        fprintf(stderr, "%s%.*s\n", before, (int)n, text);
        text += n + (text[n] == '\n');
    }
}

void out_error(output *o, const moult_error *e)
{
    out_bar_end(o);
    if (o->json) {
        error_as_json(e);
        return;
    }
    fprintf(stderr, "%smoult: error:%s ", o->color_err ? RED BOLD : "", o->color_err ? PLAIN : "");
    if (e->file) {
        fprintf(stderr, "%s:", e->file);
        if (e->line > 0) {
            fprintf(stderr, "%d:%d:", e->line, e->column);
        }
        fputc(' ', stderr);
    }
    fputs(e->message ? e->message : moult_code_text(e->code), stderr);
    fprintf(stderr, e->engine_code ? " (%s)\n" : "\n", e->engine_code);
    if (e->detail) {
        indented("  ", e->detail);
    }
    if (e->hint) {
        indented("  hint: ", e->hint);
    }
}

int out_problem(output *o, const char *hint, const char *format, ...)
{
    char message[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    moult_error e = {.code = MOULT_INVALID, .message = message, .hint = hint && hint[0] ? hint : NULL};
    out_error(o, &e);
    return moult_code_exit(MOULT_INVALID);
}

/* --- events ----------------------------------------------------------------------------------------------------- */

static const char *level_name(int level)
{
    return level <= 0 ? "debug" : level == 1 ? "info" : "warning";
}

static void say(output *o, int level, const char *message)
{
    if (o->json) {
        begin_line("log");
        add_text("level", level_name(level));
        add_text("message", message);
        fputs("}\n", stderr);
        return;
    }
    if (level < 2 && (o->quiet || (level <= 0 && !o->verbose))) {
        return;
    }
    out_bar_end(o);
    fprintf(stderr, "%smoult:%s %s%s\n", o->color_err ? BOLD : "", o->color_err ? PLAIN : "",
            level > 1 ? "warning: " : "", message);
}

void out_log(output *o, int level, const char *format, ...)
{
    char message[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    say(o, level, message);
}

static void step_as_json(const moult_event *e)
{
    begin_line(e->kind == MOULT_EVENT_STEP ? "step" : "progress");
    fprintf(stderr, ",\"step\":%zu,\"steps\":%zu", e->step, e->step_count);
    add_text("title", e->message);
    if (e->kind == MOULT_EVENT_STEP) {
        fprintf(stderr, ",\"finished\":%s", e->finished ? "true" : "false");
    } else {
        fprintf(stderr, ",\"done\":%lld,\"total\":%lld", (long long)e->done, (long long)e->total);
    }
    fprintf(stderr, ",\"seconds\":%.3f}\n", e->seconds);
}

void out_bar_end(output *o)
{
    if (o->bar) {
        fputs("\r\033[K", stderr);
        o->bar = 0;
    }
}

/* "12 s", "3 min", "2 h" */
static void rest_of_time(double seconds, char *text, size_t size)
{
    if (seconds < 100) {
        snprintf(text, size, "%.0f s", seconds);
    } else if (seconds < 6000) {
        snprintf(text, size, "%.0f min", seconds / 60);
    } else {
        snprintf(text, size, "%.1f h", seconds / 3600);
    }
}

/* One line that is written over: what, how far, how long still. */
static void draw_bar(output *o, const moult_event *e)
{
    enum { CELLS = 24 };
    char rest[32];

    if (e->total <= 0) {
        fprintf(stderr, "\r\033[K%.60s  %.0f s", e->message ? e->message : "", e->seconds);
    } else {
        double part = (double)e->done / (double)e->total;
        part = part > 1 ? 1 : part < 0 ? 0 : part;
        int full = (int)(part * CELLS);
        rest_of_time(part > 0 ? e->seconds * (1 - part) / part : 0, rest, sizeof rest);
        fprintf(stderr, "\r\033[K[%.*s%*s] %3.0f%%  %s left  %.60s", full, "########################", CELLS - full, "",
                part * 100, part > 0 ? rest : "?", e->message ? e->message : "");
    }
    fflush(stderr);
    o->bar = 1;
}

int out_event(void *user, const moult_event *event)
{
    output *o = user;

    if (event->kind == MOULT_EVENT_LOG) {
        say(o, event->level, event->message ? event->message : "");
    } else if (o->json) {
        step_as_json(event);
    } else if (event->kind == MOULT_EVENT_PROGRESS) {
        if (o->terminal_err && !o->quiet && event->seconds >= 1) {
            draw_bar(o, event);
        }
    } else {
        out_bar_end(o);
        if (event->finished) {
            out_log(o, 0, "step %zu of %zu: %s (%.2f s)", event->step, event->step_count,
                    event->message ? event->message : "", event->seconds);
        }
    }
    return 0;
}

/* --- people ----------------------------------------------------------------------------------------------------- */

int out_ask(output *o, const char *question)
{
    char answer[16];

    if (!o->can_ask) {
        return 0;
    }
    out_bar_end(o);
    fflush(stdout);
    fprintf(stderr, "%s [y/N] ", question);
    fflush(stderr);
    if (!fgets(answer, sizeof answer, stdin)) {
        fputc('\n', stderr);
        return 0;
    }
    answer[strcspn(answer, "\r\n")] = '\0';
    return strcmp(answer, "y") == 0 || strcmp(answer, "Y") == 0 || strcmp(answer, "yes") == 0;
}

/* The colour of a row of changes, by its sign; NULL: it is none. */
static const char *row_color(const char *line, size_t n)
{
    if (n < 4 || line[0] != ' ' || line[1] != ' ' || line[3] != ' ') {
        return NULL;
    }
    return line[2] == '+' ? GREEN : line[2] == '-' ? RED : line[2] == '~' ? YELLOW : NULL;
}

/* Where a word stands between blanks in a line; NULL: nowhere. */
static const char *find_word(const char *line, size_t n, const char *word)
{
    size_t m = strlen(word);

    for (size_t i = 1; i + m <= n; i++) {
        if (line[i - 1] == ' ' && memcmp(line + i, word, m) == 0 && (i + m == n || line[i + m] == ' ')) {
            return line + i;
        }
    }
    return NULL;
}

static void print_row(const char *line, size_t n, const char *color)
{
    static const char *const risks[] = {"high", "medium"};

    printf("  %s%c%s", color, line[2], PLAIN);
    for (size_t i = 0; i < sizeof risks / sizeof risks[0]; i++) {
        const char *at = find_word(line + 3, n - 3, risks[i]);
        if (at) {
            size_t m = strlen(risks[i]);
            printf("%.*s%s%s%s%.*s\n", (int)(at - line - 3), line + 3, i == 0 ? RED BOLD : YELLOW BOLD, risks[i], PLAIN,
                   (int)(n - (size_t)(at - line) - m), at + m);
            return;
        }
    }
    printf("%.*s\n", (int)(n - 3), line + 3);
}

void out_plan_text(output *o, const char *text)
{
    if (!o->color_out) {
        fputs(text, stdout);
        return;
    }
    while (*text) {
        size_t n = strcspn(text, "\n");
        const char *color = row_color(text, n);
        if (color) {
            print_row(text, n, color);
        } else {
            printf("%.*s%s", (int)n, text, text[n] == '\n' ? "\n" : "");
        }
        text += n + (text[n] == '\n');
    }
}

int out_finish(output *o)
{
    if (fflush(stdout) != 0 || ferror(stdout) || fclose(stdout) != 0) {
        out_problem(o, "see whether there is room, and whether who reads is still there", "cannot write the result: %s",
                    strerror(errno));
        return -1;
    }
    return 0;
}
