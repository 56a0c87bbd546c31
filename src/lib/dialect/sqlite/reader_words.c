/* SPDX-License-Identifier: MIT */
/* reader_words.c - SQLite's keywords. A list of our own: what a definition means must not depend on the library that is
 * loaded, and sqlite3_keyword_check() does not tell where a keyword may be a name. */
#include <string.h>

#include "dialect/sqlite/reader_core.h"

typedef struct entry {
    const char *text;
    unsigned char length, use;
} entry;

#define ENTRY(word, use) {#word, sizeof #word - 1, MO_WORD_USE_##use},
static const entry words[MO_WORD_COUNT] = {{"", 0, MO_WORD_USE_NAME}, MO_SQLITE_WORDS(ENTRY)};
#undef ENTRY

/* The first word of each letter; those of a letter stand together. */
static const unsigned char first[27] = {
    MO_WORD_ABORT,     MO_WORD_BEFORE,  MO_WORD_CASCADE,   MO_WORD_DATABASE,  MO_WORD_EACH,  MO_WORD_FAIL,
    MO_WORD_GENERATED, MO_WORD_HAVING,  MO_WORD_IF,        MO_WORD_JOIN,      MO_WORD_KEY,   MO_WORD_LAST,
    MO_WORD_MATCH,     MO_WORD_NATURAL, MO_WORD_OF,        MO_WORD_PARTITION, MO_WORD_QUERY, MO_WORD_RAISE,
    MO_WORD_SAVEPOINT, MO_WORD_TABLE,   MO_WORD_UNBOUNDED, MO_WORD_VACUUM,    MO_WORD_WHEN,  MO_WORD_COUNT,
    MO_WORD_COUNT,     MO_WORD_COUNT,   MO_WORD_COUNT};

static int same(const char *text, const char *word, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (c >= 'a' && c <= 'z')
            c = (char)(c - ('a' - 'A'));
        if (c != word[i])
            return 0;
    }
    return 1;
}

mo_word mo_word_find(const char *text, size_t length)
{
    unsigned letter = (unsigned char)text[0] & ~0x20u;
    if (length < 2 || length > 17 || letter < 'A' || letter > 'Z')
        return MO_WORD_NONE;
    for (unsigned i = first[letter - 'A']; i < first[letter - 'A' + 1]; i++)
        if (words[i].length == length && same(text, words[i].text, length))
            return (mo_word)i;
    return MO_WORD_NONE;
}

const char *mo_word_text(mo_word word)
{
    return words[word].text;
}

mo_word_use mo_word_where(mo_word word)
{
    return (mo_word_use)words[word].use;
}
