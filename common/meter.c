#include "common/meter.h"

#include <math.h>
#include <string.h>

/* Bucket i holds what is at most 2^(i/4) microseconds and more than the bucket before. */
static int bucket_of(int64_t microseconds)
{
    if (microseconds <= 1)
        return 0;
    int bucket = (int)ceil(4 * log2((double)microseconds));
    return bucket < METER_BUCKETS ? bucket : METER_BUCKETS - 1;
}

void meter_add(struct meter_durations *durations, int64_t microseconds)
{
    durations->buckets[bucket_of(microseconds)]++;
    durations->count++;
    durations->sum_us += microseconds;
    if (microseconds > durations->longest_us)
        durations->longest_us = microseconds;
}

int64_t meter_quantile(const struct meter_durations *durations, double quantile)
{
    uint64_t wanted = (uint64_t)ceil(quantile * (double)durations->count);
    uint64_t seen = 0;
    for (int i = 0; i < METER_BUCKETS; i++) {
        seen += durations->buckets[i];
        if (seen >= wanted && seen > 0) {
            int64_t bound = (int64_t)ceil(exp2(i / 4.0));
            return bound < durations->longest_us ? bound : durations->longest_us;
        }
    }
    return 0;
}

static struct jv *describe_buckets(const struct meter_durations *durations)
{
    struct jv *list = jv_array();
    uint64_t seen = 0;
    for (int i = 0; i < METER_BUCKETS && seen < durations->count; i++) {
        seen += durations->buckets[i];
        if (i % 4 != 0)
            continue;
        struct jv *bucket = jv_array();
        jv_push(bucket, jv_of_number(exp2(i / 4.0)));
        jv_push(bucket, jv_of_number((double)seen));
        jv_push(list, bucket);
    }
    return list;
}

struct jv *meter_describe(const struct meter_durations *durations)
{
    struct jv *description = jv_object();
    jv_set_number(description, "count", (double)durations->count);
    jv_set_number(description, "sum_us", (double)durations->sum_us);
    jv_set_number(description, "p50_us", (double)meter_quantile(durations, 0.5));
    jv_set_number(description, "p99_us", (double)meter_quantile(durations, 0.99));
    jv_set_number(description, "longest_us", (double)durations->longest_us);
    jv_set(description, "buckets", describe_buckets(durations));
    return description;
}

static void turn_to(struct meter_rate *rate, int64_t second)
{
    if (second - rate->second >= METER_SECONDS)
        memset(rate->slots, 0, sizeof rate->slots);
    else
        for (int64_t s = rate->second + 1; s <= second; s++)
            rate->slots[s % METER_SECONDS] = 0;
    if (second > rate->second)
        rate->second = second;
}

void meter_count(struct meter_rate *rate, uint64_t how_many, int64_t now_ms)
{
    turn_to(rate, now_ms / 1000);
    rate->slots[rate->second % METER_SECONDS] += how_many;
}

double meter_per_second(struct meter_rate *rate, int64_t now_ms)
{
    turn_to(rate, now_ms / 1000);
    uint64_t sum = 0;
    for (int i = 0; i < METER_SECONDS; i++)
        if (i != rate->second % METER_SECONDS)
            sum += rate->slots[i];
    return (double)sum / (METER_SECONDS - 1);
}
