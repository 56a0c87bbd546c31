/* SPDX-License-Identifier: MIT */
/*
 * libpq.h - PostgreSQL's client library, loaded when its engine is first used.
 *
 * Merely starting with it costs some 4 ms and 5 MB, which a start on another engine shall not pay. Its functions are called
 * through one table, so nothing but the name of the library is different from linking it. A table was chosen over a module
 * of our own: a module would have to be found beside the library at run time, and a static program could not have one.
 */
#ifndef MO_PG_LIBPQ_H
#define MO_PG_LIBPQ_H

#include <libpq-fe.h>

#include "base/error.h"

/* What is used of it. */
#define MO_PQ_CALLS(X)                                                                                                 \
    X(PQconndefaults)                                                                                                  \
    X(PQconninfoFree)                                                                                                  \
    X(PQconnectStartParams)                                                                                            \
    X(PQconnectPoll)                                                                                                   \
    X(PQstatus)                                                                                                        \
    X(PQfinish)                                                                                                        \
    X(PQsocket)                                                                                                        \
    X(PQbackendPID)                                                                                                    \
    X(PQserverVersion)                                                                                                 \
    X(PQparameterStatus)                                                                                               \
    X(PQtransactionStatus)                                                                                             \
    X(PQdb)                                                                                                            \
    X(PQuser)                                                                                                          \
    X(PQhost)                                                                                                          \
    X(PQport)                                                                                                          \
    X(PQerrorMessage)                                                                                                  \
    X(PQsetnonblocking)                                                                                                \
    X(PQsetNoticeReceiver)                                                                                             \
    X(PQsendQuery)                                                                                                     \
    X(PQsendQueryParams)                                                                                               \
    X(PQsendPrepare)                                                                                                   \
    X(PQsendDescribePrepared)                                                                                          \
    X(PQflush)                                                                                                         \
    X(PQconsumeInput)                                                                                                  \
    X(PQisBusy)                                                                                                        \
    X(PQgetResult)                                                                                                     \
    X(PQgetCancel)                                                                                                     \
    X(PQcancel)                                                                                                        \
    X(PQfreeCancel)                                                                                                    \
    X(PQputCopyEnd)                                                                                                    \
    X(PQgetCopyData)                                                                                                   \
    X(PQfreemem)                                                                                                       \
    X(PQresultStatus)                                                                                                  \
    X(PQresultErrorMessage)                                                                                            \
    X(PQresultErrorField)                                                                                              \
    X(PQclear)                                                                                                         \
    X(PQntuples)                                                                                                       \
    X(PQnfields)                                                                                                       \
    X(PQfname)                                                                                                         \
    X(PQftype)                                                                                                         \
    X(PQgetvalue)                                                                                                      \
    X(PQgetlength)                                                                                                     \
    X(PQgetisnull)                                                                                                     \
    X(PQcmdTuples)                                                                                                     \
    X(PQunescapeBytea)

typedef struct mo_pq {
    void *library;
#define MO_PQ_MEMBER(name) __typeof__(&name) name;
    MO_PQ_CALLS(MO_PQ_MEMBER)
#undef MO_PQ_MEMBER
} mo_pq;

/* Loads it. UNSUPPORTED when it is not there, with what to install. It stays loaded: other libraries that it brings along
 * register what runs at the end of the process. */
int mo_pq_load(mo_pq *pq, mo_error *err);

#endif
