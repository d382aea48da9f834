#ifndef JINMU_GATEWAY_THROTTLE_H
#define JINMU_GATEWAY_THROTTLE_H

/* Slows down who guesses passwords: after some failures of a key (a name, an address) each further
 * try has to wait, longer and longer. Any thread. Remembers some thousands of keys, the latest. */
struct throttle;
struct throttle *throttle_new(void);
void throttle_destroy(struct throttle **throttle);

/* Seconds until this key may try again, 0 when it may now. */
int throttle_wait_s(struct throttle *throttle, const char *key);
/* It failed; the first `free` times cost nothing. */
void throttle_failed(struct throttle *throttle, const char *key, int free_tries);
void throttle_forget(struct throttle *throttle, const char *key);

#endif
