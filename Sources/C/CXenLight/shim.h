/* Xen's libxl, libxentoollog and libxenstore, as Swift sees them: headers only.
 *
 * There is no link directive: the program must start where these libraries are missing. They are loaded at run time, by the exact names that
 * belong to these headers, as libxl's structures change between versions. The tables below take their types from the headers' prototypes, so
 * that no signature is written by hand. What is inline decides nothing; all of it bears the prefix `ovm_`.
 */
#pragma once

#include <dlfcn.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The newest that libxl.h of Xen 4.17 accepts: it refuses 0x041700. */
#define LIBXL_API_VERSION 0x041400

#include <libxl.h>
#include <libxl_event.h>
#include <libxl_utils.h>
#include <xenstore.h>
#include <xentoollog.h>

#if defined(__x86_64__)
_Static_assert(
    sizeof(libxl_domain_config) == 1288 && sizeof(libxl_device_disk) == 144 && sizeof(libxl_physinfo) == 128 && sizeof(libxl_dominfo) == 120,
    "These are not the headers of Xen 4.17, whose libxenlight.so.4.17 is loaded: install libxen-dev of Debian 12.");
#endif

#define OVM_LIBXL_FUNCTIONS(X) \
    X(libxl_ctx_alloc) X(libxl_ctx_free) X(libxl_childproc_setmode) X(libxl_error_to_string) \
    X(libxl_list_domain) X(libxl_dominfo_list_free) X(libxl_domain_info) X(libxl_dominfo_dispose) \
    X(libxl_get_physinfo) X(libxl_physinfo_init) X(libxl_physinfo_dispose) X(libxl_get_version_info) \
    X(libxl_get_cpu_topology) X(libxl_cputopology_list_free) X(libxl_get_free_memory) \
    X(libxl_domain_config_init) X(libxl_domain_config_dispose) X(libxl_domain_config_to_json) X(libxl_domain_build_info_init_type) \
    X(libxl_device_disk_init) X(libxl_device_nic_init) X(libxl_device_vfb_init) X(libxl_device_vkb_init) \
    X(libxl_defbool_set) X(libxl_cpuid_parse_config) X(libxl_cpuid_parse_config_xend) X(libxl_ms_vm_genid_generate) \
    X(libxl_domain_need_memory) X(libxl_domain_create_new) X(libxl_domain_unpause) X(libxl_domain_pause) \
    X(libxl_domain_shutdown) X(libxl_domain_reboot) X(libxl_send_trigger) X(libxl_domain_destroy) \
    X(libxl_set_memory_target) X(libxl_set_vcpuonline) X(libxl_domain_core_dump) \
    X(libxl_domain_suspend) X(libxl_domain_resume) X(libxl_domain_create_restore) \
    X(libxl_domain_restore_params_init) X(libxl_domain_restore_params_dispose) \
    X(libxl_primary_console_get_tty) \
    X(libxl_device_disk_add) X(libxl_device_disk_safe_remove) X(libxl_device_disk_destroy) X(libxl_cdrom_insert) \
    X(libxl_device_disk_getinfo) X(libxl_diskinfo_init) X(libxl_diskinfo_dispose) \
    X(libxl_device_disk_list) X(libxl_device_disk_list_free) X(libxl_device_disk_dispose) X(libxl_device_disk_to_json) \
    X(libxl_device_nic_add) X(libxl_device_nic_remove) X(libxl_device_nic_destroy) \
    X(libxl_device_nic_list) X(libxl_device_nic_list_free) X(libxl_device_nic_dispose) X(libxl_device_nic_to_json)

#define OVM_XENSTORE_FUNCTIONS(X) \
    X(xs_open) X(xs_close) X(xs_read) X(xs_write) X(xs_get_permissions) X(xs_watch) X(xs_unwatch) X(xs_check_watch) X(xs_fileno) \
    X(xs_rm)

#define OVM_DECLARE(name) __typeof__(name) *_Nonnull name;
#define OVM_LOAD(name) \
    if (!(*(void **)&table->name = dlsym(library, #name))) { *missing = #name; return false; }

typedef struct ovm_libxl_table { OVM_LIBXL_FUNCTIONS(OVM_DECLARE) } ovm_libxl_table;
typedef struct ovm_xenstore_table { OVM_XENSTORE_FUNCTIONS(OVM_DECLARE) } ovm_xenstore_table;

/* Opens a library for good; null, and dlerror() says why, where it cannot be opened. */
static inline void *_Nullable ovm_open_library(const char *_Nonnull name) { return dlopen(name, RTLD_NOW | RTLD_LOCAL); }

/* Fill a table; where a function is missing, answer false and name it. */
static inline bool ovm_load_libxl(void *_Nonnull library, ovm_libxl_table *_Nonnull table, const char *_Nullable *_Nonnull missing) {
    OVM_LIBXL_FUNCTIONS(OVM_LOAD)
    return true;
}

static inline bool ovm_load_xenstore(void *_Nonnull library, ovm_xenstore_table *_Nonnull table, const char *_Nullable *_Nonnull missing) {
    OVM_XENSTORE_FUNCTIONS(OVM_LOAD)
    return true;
}

#undef OVM_DECLARE
#undef OVM_LOAD

/* A logger that hands each line, formatted, to `line`. Swift cannot take a va_list. */
typedef struct ovm_logger {
    xentoollog_logger vtable;
    void (*_Nonnull line)(void *_Nullable context, int level, int errnoval, const char *_Nonnull text);
    void *_Nullable context;
} ovm_logger;

static inline void ovm_logger_vmessage(
    xentoollog_logger *logger, xentoollog_level level, int errnoval, const char *source, const char *format, va_list arguments) {
    ovm_logger *self = (ovm_logger *)logger;
    char text[1024];
    (void)source;
    if (vsnprintf(text, sizeof text, format, arguments) < 0) return;
    self->line(self->context, (int)level, errnoval, text);
}

/* The memory is the caller's. */
static inline void ovm_logger_destroy(xentoollog_logger *logger) { (void)logger; }

static inline void ovm_logger_init(
    ovm_logger *_Nonnull logger, void (*_Nonnull line)(void *_Nullable, int, int, const char *_Nonnull), void *_Nullable context) {
    memset(logger, 0, sizeof *logger);
    logger->vtable.vmessage = ovm_logger_vmessage;
    logger->vtable.destroy = ovm_logger_destroy;
    logger->line = line;
    logger->context = context;
}

/* libxl reaps its own children alone, and keeps the signal handler for as long as the program runs. The hooks must outlast every context. */
static const libxl_childproc_hooks ovm_childproc_hooks = {.chldowner = libxl_sigchld_owner_libxl_always_selective_reap};
static inline const libxl_childproc_hooks *_Nonnull ovm_childproc(void) { return &ovm_childproc_hooks; }

/* Macros that Swift does not see. */
static inline uint64_t ovm_memory_default(void) { return LIBXL_MEMKB_DEFAULT; }
static inline uint32_t ovm_no_domain(void) { return (uint32_t)INVALID_DOMID; }

/* What close_range(2) takes to mark descriptors in place of closing them; linux/close_range.h. */
#define OVM_CLOSE_RANGE_CLOEXEC 4u

static inline void ovm_prepare_child(void) {
    static const int ended_by[] = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM};
    sigset_t none;
    syscall(SYS_close_range, 3u, ~0u, OVM_CLOSE_RANGE_CLOEXEC);
    for (size_t i = 0; i < sizeof(ended_by) / sizeof(ended_by[0]); i++) signal(ended_by[i], SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In each child that fork() makes, has every descriptor but the standard three marked, so that an exec there closes it, and lets signals end
 * it. Libxl unmarks, in the child, those descriptors that it hands on. False where the kernel (before 5.11) cannot, or there is no memory. */
static inline bool ovm_prepare_children(void) {
    return syscall(SYS_close_range, ~0u, ~0u, OVM_CLOSE_RANGE_CLOEXEC) == 0 && pthread_atfork(NULL, NULL, ovm_prepare_child) == 0;
}
