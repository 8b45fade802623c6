/* The system's OpenSSL 3, as Swift sees it.
 *
 * Swift cannot import function-like macros, variadic functions or OpenSSL's typed stacks. Each wrapper below makes one of them callable and
 * decides nothing. All bear the prefix `ovm_`, followed by the name that OpenSSL's manual pages use.
 */
#pragma once

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#if OPENSSL_VERSION_NUMBER < 0x30000000L
#error "OpenSSL 3.0 or later is needed: install libssl-dev from a distribution of 2022 or later."
#endif

/* Contexts. */
static inline int ovm_SSL_CTX_set_min_proto_version(SSL_CTX *context, int version) { return (int)SSL_CTX_set_min_proto_version(context, version); }
static inline int ovm_SSL_CTX_set_max_proto_version(SSL_CTX *context, int version) { return (int)SSL_CTX_set_max_proto_version(context, version); }
static inline long ovm_SSL_CTX_set_mode(SSL_CTX *context, long mode) { return SSL_CTX_set_mode(context, mode); }
static inline long ovm_SSL_CTX_set_session_cache_mode(SSL_CTX *context, long mode) { return SSL_CTX_set_session_cache_mode(context, mode); }
static inline int ovm_SSL_CTX_set1_groups_list(SSL_CTX *context, const char *list) { return (int)SSL_CTX_set1_groups_list(context, list); }
static inline void ovm_SSL_CTX_set_max_cert_list(SSL_CTX *context, long bytes) { SSL_CTX_set_max_cert_list(context, bytes); }
static inline int ovm_SSL_CTX_add1_chain_cert(SSL_CTX *context, X509 *certificate) { return (int)SSL_CTX_add1_chain_cert(context, certificate); }
static inline uint64_t ovm_SSL_OP_hardening(void) {
    return SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE;
}

/* Memory BIOs. */
static inline int ovm_BIO_set_mem_eof_return(BIO *bio, int value) { return (int)BIO_set_mem_eof_return(bio, value); }
static inline long ovm_BIO_get_mem_data(BIO *bio, char **data) { return BIO_get_mem_data(bio, data); }

/* Errors. */
static inline int ovm_ERR_GET_REASON(unsigned long code) { return ERR_GET_REASON(code); }
static inline int ovm_ERR_GET_LIB(unsigned long code) { return ERR_GET_LIB(code); }

/* Keys. */
static inline EVP_PKEY *ovm_EVP_EC_gen_P256(void) { return EVP_EC_gen("P-256"); }
static inline void ovm_OPENSSL_free(void *memory) { OPENSSL_free(memory); }

/* Typed stacks. */
static inline int ovm_sk_X509_num(const STACK_OF(X509) *stack) { return sk_X509_num(stack); }
static inline X509 *ovm_sk_X509_value(const STACK_OF(X509) *stack, int index) { return sk_X509_value(stack, index); }
static inline STACK_OF(X509) *ovm_sk_X509_new_null(void) { return sk_X509_new_null(); }
static inline int ovm_sk_X509_push(STACK_OF(X509) *stack, X509 *certificate) { return sk_X509_push(stack, certificate); }
/* Frees the stack and leaves its certificates to their owners. */
static inline void ovm_sk_X509_free(STACK_OF(X509) *stack) { sk_X509_free(stack); }

static inline int ovm_sk_GENERAL_NAME_num(const STACK_OF(GENERAL_NAME) *stack) { return sk_GENERAL_NAME_num(stack); }
static inline const GENERAL_NAME *ovm_sk_GENERAL_NAME_value(const STACK_OF(GENERAL_NAME) *stack, int index) { return sk_GENERAL_NAME_value(stack, index); }
static inline STACK_OF(GENERAL_NAME) *ovm_sk_GENERAL_NAME_new_null(void) { return sk_GENERAL_NAME_new_null(); }
static inline int ovm_sk_GENERAL_NAME_push(STACK_OF(GENERAL_NAME) *stack, GENERAL_NAME *name) { return sk_GENERAL_NAME_push(stack, name); }
static inline void ovm_sk_GENERAL_NAME_pop_free(STACK_OF(GENERAL_NAME) *stack) { sk_GENERAL_NAME_pop_free(stack, GENERAL_NAME_free); }

static inline void ovm_sk_X509_EXTENSION_pop_free(STACK_OF(X509_EXTENSION) *stack) { sk_X509_EXTENSION_pop_free(stack, X509_EXTENSION_free); }
