#ifndef JINMU_PLACES_H
#define JINMU_PLACES_H

/* Where the programs find what belongs to them, as make was told: in the source tree, or below PREFIX
 * in those that `make install` links. */
extern const char places_data[]; /* the catalog's data */
extern const char places_page[]; /* the review page */

#endif
