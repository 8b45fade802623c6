#include <sqlite3.h>

/// Brings the main database file to stable storage through SQLite's own handle. A descriptor of our own will not do:
/// closing it would release the POSIX locks that the whole process holds on the file.
static inline int ovm_sync_database_file(sqlite3 *database) {
    sqlite3_file *file = 0;
    int code = sqlite3_file_control(database, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (code != SQLITE_OK) return code;
    if (file == 0 || file->pMethods == 0) return SQLITE_IOERR_FSYNC;
    return file->pMethods->xSync(file, SQLITE_SYNC_FULL);
}

/// Keeps closing from checkpointing, as an fsync that failed must not be tried again in passing.
/// sqlite3_db_config is variadic, so Swift cannot call it.
static inline int ovm_disable_checkpoint_on_close(sqlite3 *database) {
    return sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)0);
}
