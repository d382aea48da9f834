#include "common/places.h"

const char places_data[] = JINMU_DATA_DIR;
const char places_page[] = JINMU_PAGE_DIR;
