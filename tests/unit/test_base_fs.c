/* SPDX-License-Identifier: MIT */
/* Files: reading and writing whole, and what a path stands for. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"

static char folder[64];
static mo_region *region;
static mo_error err;

static void setup(void)
{
    snprintf(folder, sizeof folder, "/tmp/moult-fs-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    cr_assert_eq(chdir(folder), 0);
    region = mo_region_new();
}

static void teardown(void)
{
    char command[256];
    mo_region_free(region);
    mo_error_clear(&err);
    snprintf(command, sizeof command, "chmod -R u+w %s; rm -rf %s", folder, folder);
    cr_assert_eq(system(command), 0);
}

TestSuite(fs, .init = setup, .fini = teardown);

static void put(const char *path, const char *text)
{
    cr_assert_eq(mo_fs_write(path, text, strlen(text), &err), MOULT_OK, "%s", err.pub.message);
}

static void check_content(const char *path, const char *text)
{
    char *data;
    size_t n;
    cr_assert_eq(mo_fs_read(path, (mo_patience){0}, 1 << 20, &data, &n, &err), MOULT_OK, "%s", err.pub.message);
    cr_assert_eq(n, strlen(text));
    cr_assert_str_eq(data, text);
    free(data);
}

static void check_error(int code, int expected, const char *in_message)
{
    cr_assert_eq(code, expected, "%d", code);
    cr_assert(strstr(err.pub.message, in_message), "%s", err.pub.message);
}

Test(fs, what_is_written_is_read)
{
    put("a", "text");
    check_content("a", "text");
    put("a", "other");
    check_content("a", "other");
    put("a", "");
    check_content("a", "");
    char path[128];
    snprintf(path, sizeof path, "%s/b", folder);
    put(path, "x");
    check_content("b", "x");
}

Test(fs, nothing_is_left_beside)
{
    mo_path_list list;
    put("a", "1");
    put("a", "2");
    cr_assert_eq(mkdir("d", 0777), 0);
    check_error(mo_fs_write("d", "x", 1, &err), MOULT_IO, "cannot write 'd'");
    check_error(mo_fs_write("none/x", "x", 1, &err), MOULT_IO, "cannot write 'none/x'");
    cr_assert_str_eq(err.pub.engine_code, "ENOENT");
    cr_assert_eq(mo_fs_expand(region, "*", &list, &err), MOULT_OK);
    cr_assert_eq(list.count, 2);
}

Test(fs, rights_and_links_stay)
{
    struct stat st;
    put("a", "1");
    cr_assert_eq(chmod("a", 0640), 0);
    cr_assert_eq(symlink("a", "link"), 0);
    put("link", "2");
    check_content("a", "2");
    cr_assert_eq(lstat("link", &st), 0);
    cr_assert(S_ISLNK(st.st_mode));
    cr_assert_eq(stat("a", &st), 0);
    cr_assert_eq(st.st_mode & 07777, 0640);
}

Test(fs, what_is_no_regular_file_is_written_through)
{
    put("/dev/null", "x");
    cr_assert(mo_fs_exists("/dev/null"));
}

Test(fs, bytes_are_kept)
{
    static char data[300000];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (char)(i * 7);
    cr_assert_eq(mo_fs_write("a", data, sizeof data, &err), MOULT_OK);
    char *back;
    size_t n;
    cr_assert_eq(mo_fs_read("a", (mo_patience){0}, sizeof data, &back, &n, &err), MOULT_OK);
    cr_assert_eq(n, sizeof data);
    cr_assert_eq(memcmp(back, data, n), 0);
    free(back);
}

Test(fs, reading_has_a_limit)
{
    char *data = (char *)&err;
    size_t n = 7;
    put("a", "12345");
    cr_assert_eq(mo_fs_read("a", (mo_patience){0}, 5, &data, &n, &err), MOULT_OK);
    free(data);
    check_error(mo_fs_read("a", (mo_patience){0}, 4, &data, &n, &err), MOULT_IO, "longer than 4 bytes");
    cr_assert_null(data);
    cr_assert_eq(n, 0);
    check_error(mo_fs_read("/dev/zero", (mo_patience){0}, 100000, &data, &n, &err), MOULT_IO, "longer than");
    put("empty", "");
    cr_assert_eq(mo_fs_read("empty", (mo_patience){0}, 0, &data, &n, &err), MOULT_OK);
    cr_assert_str_eq(data, "");
    free(data);
}

Test(fs, what_cannot_be_read_is_named)
{
    char *data;
    size_t n;
    check_error(mo_fs_read("none", (mo_patience){0}, 10, &data, &n, &err), MOULT_IO, "cannot read 'none'");
    cr_assert_str_eq(err.pub.engine_code, "ENOENT");
    check_error(mo_fs_read(".", (mo_patience){0}, 10, &data, &n, &err), MOULT_IO, "cannot read '.'");
    cr_assert_str_eq(err.pub.engine_code, "EISDIR");
}

Test(fs, standard_input_is_a_file)
{
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(write(ends[1], "piped", 5), 5);
    close(ends[1]);
    cr_assert_neq(dup2(ends[0], STDIN_FILENO), -1);
    check_content("-", "piped");
}

static void check_expand(const char *path, const char *expected)
{
    mo_path_list list;
    char text[512] = "";
    cr_assert_eq(mo_fs_expand(region, path, &list, &err), MOULT_OK, "%s", err.pub.message);
    for (size_t i = 0; i < list.count; i++) {
        strcat(text, list.items[i]);
        strcat(text, " ");
    }
    cr_assert_str_eq(text, expected);
}

Test(fs, paths_folders_and_patterns_are_expanded)
{
    cr_assert_eq(mkdir("s", 0777), 0);
    put("s/b.sql", "");
    put("s/B.sql", "");
    put("s/a.sql", "");
    put("s/10.sql", "");
    put("s/.hidden.sql", "");
    put("s/c.txt", "");
    put("s/.sql", "");
    put("x[1].sql", "");
    check_expand("s", "s/10.sql s/B.sql s/a.sql s/b.sql ");
    check_expand("s/", "s/10.sql s/B.sql s/a.sql s/b.sql ");
    check_expand("s/c.txt", "s/c.txt ");
    check_expand("s/*.sql", "s/10.sql s/B.sql s/a.sql s/b.sql ");
    check_expand("s/[ab].*", "s/a.sql s/b.sql ");
    check_expand("x[1].sql", "x[1].sql "); /* a file of that very name */
    check_expand("-", "- ");
}

Test(fs, what_stands_for_nothing_is_an_error)
{
    mo_path_list list;
    cr_assert_eq(mkdir("empty", 0777), 0);
    check_error(mo_fs_expand(region, "empty", &list, &err), MOULT_NOTFOUND, "holds no .sql file");
    check_error(mo_fs_expand(region, "none.sql", &list, &err), MOULT_NOTFOUND, "no file 'none.sql'");
    check_error(mo_fs_expand(region, "*.none", &list, &err), MOULT_NOTFOUND, "no file matches");
    check_error(mo_fs_expand(region, "", &list, &err), MOULT_NOTFOUND, "no file ''");
    cr_assert_not_null(err.pub.hint);
}

Test(fs, looks_at_paths)
{
    put("a", "");
    cr_assert(mo_fs_is_directory("."));
    cr_assert_not(mo_fs_is_directory("a"));
    cr_assert_not(mo_fs_is_directory("none"));
    cr_assert(mo_fs_exists("a"));
    cr_assert(mo_fs_exists("."));
    cr_assert_not(mo_fs_exists("none"));
}
