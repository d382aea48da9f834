#ifndef JINMU_SEVERITY_H
#define JINMU_SEVERITY_H

/* How grave a finding is: what must be mended, what a person should look at, what is good to know. */
enum severity { SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_INFO };
const char *severity_word(enum severity severity); /* "error", "warning", "info" */

#endif
