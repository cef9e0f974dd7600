// The part of Sallyport's guest ABI, version 1, that this example uses; the
// whole of it is in abi/ABI.md.
#ifndef SALLYPORT_H
#define SALLYPORT_H

typedef int i32;
typedef unsigned int u32;

#define HOST(name) __attribute__((import_module("sallyport"), import_name(#name)))
#define HOOK(name) __attribute__((export_name("sallyport_" #name)))

// Verdicts of a hook.
enum { CONTINUE = 0, RESPOND = 1 };

// Messages.
enum { REQUEST = 0, REPLY = 1 };

// Reads the first value of a header field. The result is its length,
// or negative. Nothing is written if the length exceeds the capacity.
HOST(header_get) i32 header_get(u32 message, const char *name, u32 name_len, char *buf, u32 cap);

// Replaces all fields of that name by one.
HOST(header_set) i32 header_set(u32 message, const char *name, u32 name_len, const char *value, u32 len);

// Removes all fields of that name.
HOST(header_del) i32 header_del(u32 message, const char *name, u32 name_len);

// Replaces the whole reply; return RESPOND afterwards.
HOST(reply_answer) i32 reply_answer(u32 status, const char *body, u32 len);

// A string literal and its length, as two arguments.
#define S(literal) literal, sizeof(literal) - 1

#endif
