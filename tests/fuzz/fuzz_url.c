/* SPDX-License-Identifier: MIT */
/* fuzz_url.c - the URL reader: any text is a URL, a path or a clear error, and no password is ever shown. */
#include <string.h>

#include "base/url.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    mo_region *region = mo_region_new();
    if (text && region) {
        memcpy(text, data, size);
        text[size] = '\0';
        mo_url url = {0};
        mo_error error = {0};
        mo_url_is(text);
        int code = mo_url_parse(region, text, &url, &error);
        PROMISE(code == MOULT_OK || (error.pub.code == code && error.pub.message && *error.pub.message));
        if (code == MOULT_OK) {
            PROMISE(url.scheme && *url.scheme && url.display);
            PROMISE(url.port >= 0 && url.port <= 65535);
            for (size_t i = 0; i < url.params.count; i++)
                PROMISE(mo_url_param_get(&url, url.params.items[i].name));
            /* What stands in the text once, as the password, must not stand in what people see. */
            const char *at = url.password && strlen(url.password) > 2 ? strstr(text, url.password) : NULL;
            PROMISE(!at || strstr(at + 1, url.password) || !strstr(url.display, url.password));
        }
        mo_error_clear(&error);
    }
    mo_region_free(region);
    free(text);
    return 0;
}
