// A second source file of the plugin in sdk_test.c.
#include "../sallyport.h"

sp_str other_file_header(sp_str name);

sp_str other_file_header(sp_str name) { return sp_header_get(SP_REQUEST, name); }
